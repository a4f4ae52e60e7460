"""Anthropic's Messages protocol."""

from collections.abc import Set
from typing import TYPE_CHECKING

import msgspec

from glossator.llm.chat_model import (
    Answer,
    ChatPrompt,
    NoAnswer,
    Reply,
    Turn,
    Usage,
    Wanted,
)
from glossator.llm.encodable import encodable
from glossator.llm.refused_parameters import OPTIONAL
from glossator.llm.server_connection import (
    ServedModel,
    http_client,
    read_body,
    read_models,
    read_part,
)
from glossator.llm.server_failure import told_as_failures

if TYPE_CHECKING:
    from anthropic.types import MessageParam

_LISTED = 1000
"""Models on a page of their list; the most that is allowed."""


class _Block(msgspec.Struct):
    type: str
    text: str = ""


class _Usage(msgspec.Struct):
    input_tokens: int
    output_tokens: int
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None

    @property
    def prompt_tokens(self) -> int:
        """With those that were written to the cache or read from it."""
        cached = (self.cache_creation_input_tokens, self.cache_read_input_tokens)
        return self.input_tokens + sum(tokens or 0 for tokens in cached)


class _Message(msgspec.Struct):
    content: list[_Block]
    stop_reason: str | None = None
    usage: msgspec.Raw = msgspec.Raw()


class AnthropicConnection:
    """Asks through the `anthropic` SDK."""

    def __init__(self, served: ServedModel) -> None:
        from anthropic import AsyncAnthropic

        self._served = served
        self._client = AsyncAnthropic(
            base_url=served.server.address,
            api_key="none",
            max_retries=0,
            http_client=http_client(served),
            open_telemetry=False,
        )

    async def ask(self, prompt: ChatPrompt, wanted: Wanted, refused: Set[str]) -> Reply:
        """Ask as `Connection.ask` says; the protocol tells no odds."""
        from anthropic import APIConnectionError, APIStatusError, omit

        prompt = encodable(prompt)
        if "system" in refused:
            prompt = prompt.without_system()
        first, *rest = prompt.turns
        system = first.text if first.role == "system" else omit
        turns = rest if first.role == "system" else prompt.turns
        # Newer models take no temperature, and so their SDK has none any more.
        takes = "temperature" not in refused
        optional = {"temperature": wanted.temperature} if takes else {}
        sent = OPTIONAL.keys() & {*optional, first.role}
        with told_as_failures(APIStatusError, APIConnectionError, sent):
            answer = await self._client.messages.with_raw_response.create(
                model=self._served.model,
                max_tokens=wanted.max_tokens + self._served.thinking,
                system=system,
                messages=[_message(turn) for turn in turns],
                extra_body=optional,
            )
        return _read(answer.http_response.content)

    async def models(self) -> list[str]:
        from anthropic import APIConnectionError, APIStatusError

        with told_as_failures(APIStatusError, APIConnectionError):
            answer = await self._client.models.with_raw_response.list(limit=_LISTED)
        return read_models(answer.http_response.content)

    async def close(self) -> None:
        await self._client.close()


def _message(turn: Turn) -> "MessageParam":
    if turn.role == "assistant":
        return {"role": "assistant", "content": turn.text}
    return {"role": "user", "content": turn.text}


def _read(body: bytes) -> Reply:
    """The text of an answer, without thoughts; all that is not one has a reason."""
    message = read_body(body, _Message, "message")
    used = read_part(message.usage, _Usage)
    usage = Usage(used.prompt_tokens, used.output_tokens) if used else None
    said = (block.text for block in message.content if block.type == "text")
    text = "".join(said).strip()
    match message.stop_reason:
        case "refusal":
            return NoAnswer("the model refuses", usage=usage)
        case "max_tokens" if not text:
            return NoAnswer(
                "all tokens went into thoughts before an answer", usage=usage
            )
        case ended:
            if not text:
                return NoAnswer("the answer is empty", usage=usage)
            return Answer(text, "length" if ended == "max_tokens" else "stop", usage)
