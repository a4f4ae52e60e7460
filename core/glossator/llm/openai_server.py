"""OpenAI's chat protocol, which most servers speak: ollama, llama.cpp, vLLM, others."""

from collections.abc import Set
from math import exp
from typing import TYPE_CHECKING

import msgspec

from glossator.llm.chat_model import (
    Answer,
    ChatPrompt,
    NoAnswer,
    Reply,
    TokenOdds,
    Turn,
    Usage,
    Wanted,
)
from glossator.llm.encodable import encodable
from glossator.llm.error_text import excerpt
from glossator.llm.refused_parameters import OPTIONAL
from glossator.llm.server_address import host_of
from glossator.llm.server_connection import (
    ServedModel,
    http_client,
    read_body,
    read_models,
    read_part,
)
from glossator.llm.server_failure import (
    ServerFailure,
    of_status,
    told_as_failures,
)

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionMessageParam

_LIKELY = 5
"""Tokens whose odds are asked for; some servers tell no more."""
_LIMITS = ("max_tokens", "max_completion_tokens")
"""One and the same, by its old and by its new name."""


class _Odds(msgspec.Struct):
    token: str
    logprob: float
    top_logprobs: "list[_Odds]" = []


class _Logprobs(msgspec.Struct):
    content: list[_Odds] | None = None


class _Message(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None
    logprobs: msgspec.Raw = msgspec.Raw()


class _Usage(msgspec.Struct):
    prompt_tokens: int
    completion_tokens: int
    cost: float | None = None
    """As OpenRouter tells it."""


class _Error(msgspec.Struct):
    code: int


class _Completion(msgspec.Struct):
    choices: list[_Choice] = []
    usage: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()
    """In place of a status, once a server has begun to answer."""


class OpenAIConnection:
    """Asks through the `openai` SDK."""

    def __init__(self, served: ServedModel) -> None:
        from openai import AsyncOpenAI

        self._served = served
        self._client = AsyncOpenAI(
            base_url=served.server.address,
            api_key="none",
            max_retries=0,
            http_client=http_client(served),
        )

    async def ask(self, prompt: ChatPrompt, wanted: Wanted, refused: Set[str]) -> Reply:
        """Ask as `Connection.ask` says.

        `Wanted.one_line` is without effect: a stop sign would end answers that begin
        with an empty line, and the thoughts of models that think.
        """
        from openai import APIConnectionError, APIStatusError

        prompt = encodable(prompt)
        if "system" in refused:
            prompt = prompt.without_system()
        optional = self._optional(wanted, refused)
        sent = OPTIONAL.keys() & {*optional, prompt.turns[0].role}
        with told_as_failures(APIStatusError, APIConnectionError, sent):
            answer = await self._client.chat.completions.with_raw_response.create(
                model=self._served.model,
                messages=[_message(turn) for turn in prompt.turns],
                extra_body=optional,
            )
        return _read(answer.content, self._served.secret)

    async def models(self) -> list[str]:
        from openai import APIConnectionError, APIStatusError

        with told_as_failures(APIStatusError, APIConnectionError):
            answer = await self._client.models.with_raw_response.list()
        return read_models(answer.content)

    async def close(self) -> None:
        await self._client.close()

    def _optional(self, wanted: Wanted, refused: Set[str]) -> dict[str, object]:
        limits = [name for name in _LIMITS if name not in refused]
        if host_of(self._served.server.address) == "api.openai.com":
            limits.reverse()
        optional: dict[str, object] = {}
        if "temperature" not in refused:
            optional["temperature"] = wanted.temperature
        if limits:
            optional[limits[0]] = wanted.max_tokens + self._served.thinking
        if wanted.odds and "logprobs" not in refused:
            optional |= {"logprobs": True, "top_logprobs": _LIKELY}
        return optional


def _message(turn: Turn) -> "ChatCompletionMessageParam":
    match turn.role:
        case "system":
            return {"role": "system", "content": turn.text}
        case "user":
            return {"role": "user", "content": turn.text}
        case "assistant":
            return {"role": "assistant", "content": turn.text}


def _read(body: bytes, secret: str) -> Reply:
    """The text of an answer; all that is not one has a reason."""
    completion = read_body(body, _Completion, "chat completion")
    if failed := read_part(completion.error, _Error):
        raise of_status(failed.code, body)
    if not completion.choices:
        return NoAnswer("this is no chat completion: it holds no choice")
    choice = completion.choices[0]
    usage = _usage(completion.usage)
    text = (choice.message.content or "").strip()
    if refusal := choice.message.refusal:
        return NoAnswer(f"the model refuses: {excerpt(refusal, secret)}", usage=usage)
    match choice.finish_reason:
        case "content_filter":
            why = "the server's content filter holds the answer back"
            return NoAnswer(why, usage=usage)
        case "error":
            raise ServerFailure("the server broke off its answer", kind="server")
        case "length" if not text:
            return NoAnswer(
                "all tokens went into thoughts before an answer", usage=usage
            )
        case ended:
            if not text:
                return NoAnswer("the answer is empty", usage=usage)
            odds = _odds(choice.logprobs)
            return Answer(text, "length" if ended == "length" else "stop", usage, odds)


def _usage(raw: msgspec.Raw) -> Usage | None:
    used = read_part(raw, _Usage)
    if used is None:
        return None
    return Usage(used.prompt_tokens, used.completion_tokens, used.cost)


def _odds(raw: msgspec.Raw) -> tuple[TokenOdds, ...]:
    told = read_part(raw, _Logprobs)
    return tuple(
        TokenOdds(
            one.token,
            tuple((top.token, exp(min(0.0, top.logprob))) for top in one.top_logprobs),
        )
        for one in (told.content if told else None) or ()
    )
