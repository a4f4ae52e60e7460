"""A server that speaks OpenAI's chat protocol: ollama, llama.cpp, vLLM, and others.

The key, where a server wants one, is read from the environment, sent to that server and
kept nowhere else.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from glossator.errors import ModelError, WebError
from glossator.llm.chat_model import Answer, ChatPrompt, NoAnswer, Reply, Turn
from glossator.llm.server_address import is_loopback, server_address
from glossator.progress import CancelToken, Progress
from glossator.web_answer import ApiKey, shown_address

if TYPE_CHECKING:
    from openai import APIConnectionError, APIStatusError, AsyncOpenAI
    from openai.types.chat import ChatCompletionMessageParam

KEY_VARIABLE = "OPENAI_API_KEY"

_AT_ONCE = 8
"""Requests under way: local servers answer a few side by side and queue the others."""
_RETRIES = 2
_PATIENCE = 300.0
"""Seconds: some servers load the model when they are first asked."""
_SHORT_PATIENCE = 10.0
"""For a list of models."""
_THINKING = 1024
"""Tokens on top of an answer's, for models that think before they answer."""
_NAP = 0.2
"""Seconds after which waiting looks whether it is still wanted."""
_TOLD = 200
_LISTED = 12


class _Message(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Completion(msgspec.Struct):
    choices: list[_Choice]


class _Model(msgspec.Struct):
    id: str


class _Models(msgspec.Struct):
    data: list[_Model]


class _Line(NamedTuple):
    """A connection, and the loop that serves it."""

    client: "AsyncOpenAI"
    loop: asyncio.AbstractEventLoop


@dataclass(frozen=True)
class ServerModel:
    """Asks a few prompts at a time, each again after what passes by itself."""

    address: str
    model: str
    _key: ApiKey | None = field(repr=False)

    @classmethod
    def open(cls, address: str, model: str = "") -> "ServerModel":
        """Ask a server which models it has.

        Parameters
        ----------
        address : as in ``http://localhost:11434/v1``; without a path it is ``/v1``.
        model : as the server names it; "" is its only one.

        Raises
        ------
        InputError
            if that is no address, or a key would be sent unencrypted.
        WebError
            if the server does not answer, or wants another key.
        ModelError
            if it has several models and none is named.
        """
        address = server_address(address)
        key = ApiKey.from_environment("Authorization", KEY_VARIABLE)
        if key and address.startswith("http:") and not is_loopback(address):
            raise ModelError(
                f"the key in {KEY_VARIABLE} would go over the network unencrypted; "
                "use https, or unset the variable",
                source=shown_address(address),
            )
        server = cls(address, model, key)
        listed = server._listed()
        if model:
            return server
        if len(listed) != 1:
            raise ModelError(
                f"name one of the server's models: {_enumerated(listed)}",
                source=shown_address(address),
                field="llm_model",
            )
        return cls(address, listed[0], key)

    @property
    def name(self) -> str:
        return f"{self.model} at {shown_address(self.address)}"

    def complete(
        self,
        prompts: Sequence[ChatPrompt],
        cancel: CancelToken,
        *,
        max_tokens: int,
        one_line: bool = False,
    ) -> Generator[Progress, None, list[Reply]]:
        """Answer as `ChatModel.complete` says; to be called off at any time.

        Once a failure is lasting, nothing more is asked.

        Parameters
        ----------
        one_line : without effect: a stop sign would end answers that begin with an
            empty line, and the thoughts of models that think.
        """
        waiting = deque(enumerate(prompts))
        asked: dict[Future[Reply], int] = {}
        found: dict[int, Reply] = {}
        with self._connected() as line:
            while waiting or asked:
                yield Progress(len(found), len(prompts), "asking the language model")
                cancel.check()
                while waiting and len(asked) < _AT_ONCE:
                    at, prompt = waiting.popleft()
                    coming = self._reply(line.client, prompt, max_tokens)
                    asked[asyncio.run_coroutine_threadsafe(coming, line.loop)] = at
                done, _ = wait(asked, timeout=_NAP, return_when=FIRST_COMPLETED)
                for future in done:
                    reply = found[asked.pop(future)] = future.result()
                    if isinstance(reply, NoAnswer) and reply.lasting:
                        found.update((at, reply) for at, _ in waiting)
                        waiting.clear()
        return [found[at] for at in range(len(prompts))]

    @contextmanager
    def _connected(self) -> Iterator[_Line]:
        """Work in a thread, since the caller's may have a loop, as a notebook's has.

        On the way out, what is still under way is called off.
        """
        import httpx2
        from openai import AsyncOpenAI, DefaultAsyncHttpxClient

        client = AsyncOpenAI(
            base_url=self.address,
            api_key=self._key.value if self._key else "none",
            max_retries=_RETRIES,
            timeout=httpx2.Timeout(_PATIENCE, connect=5.0),
            # Prompts go to the address that was given, and to no other.
            http_client=DefaultAsyncHttpxClient(
                follow_redirects=False, trust_env=not is_loopback(self.address)
            ),
        )
        loop = asyncio.new_event_loop()
        thread = threading.Thread(
            target=loop.run_forever, name="chat server", daemon=True
        )
        thread.start()
        try:
            yield _Line(client, loop)
        finally:
            asyncio.run_coroutine_threadsafe(_hang_up(client), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    # -- one request ----------------------------------------------------------------

    async def _reply(
        self, client: "AsyncOpenAI", prompt: ChatPrompt, max_tokens: int
    ) -> Reply:
        import openai

        try:
            answer = await client.chat.completions.with_raw_response.create(
                model=self.model,
                messages=[_message(turn) for turn in prompt.turns],
                max_tokens=max_tokens + _THINKING,
                temperature=0,
            )
        except openai.NotFoundError as error:
            return NoAnswer(await self._not_found(client, error), lasting=True)
        except openai.APIStatusError as error:
            lasting = error.status_code in (401, 403, 429)
            return NoAnswer(self._refused(error), lasting=lasting)
        except openai.APITimeoutError:
            return NoAnswer(f"no answer within {_PATIENCE:g} s")
        except openai.APIConnectionError as error:
            return self._not_connected(error)
        return _read(answer.content)

    def _listed(self) -> list[str]:
        """Models of the server by its list; none where it keeps no such list."""
        import openai

        with self._connected() as line:
            try:
                coming = self._models(line.client)
                return asyncio.run_coroutine_threadsafe(coming, line.loop).result()
            except openai.APIStatusError as error:
                if self.model and error.status_code in (404, 405, 501):
                    return []
                why = self._refused(error)
            except openai.APITimeoutError:
                why = f"no answer within {_SHORT_PATIENCE:g} s"
            except openai.APIConnectionError as error:
                why = self._not_connected(error).reason
            except msgspec.MsgspecError:
                why = "this is no server of the OpenAI protocol"
        raise WebError(f"{shown_address(self.address)}: {why}")

    async def _models(self, client: "AsyncOpenAI") -> list[str]:
        """Raises what the client raises, and MsgspecError."""
        impatient = client.with_options(max_retries=1, timeout=_SHORT_PATIENCE)
        answer = await impatient.models.with_raw_response.list()
        listed = msgspec.json.decode(answer.content, type=_Models)
        return [model.id for model in listed.data]

    # -- what failures are told as --------------------------------------------------

    async def _not_found(self, client: "AsyncOpenAI", error: "APIStatusError") -> str:
        import openai

        try:
            listed = await self._models(client)
        except (openai.OpenAIError, msgspec.MsgspecError):
            return (
                f"{self._refused(error)} (an address mostly ends in /v1, as in "
                "http://localhost:11434/v1)"
            )
        return f"it has no model {self.model!r}, but {_enumerated(listed)}"

    def _refused(self, error: "APIStatusError") -> str:
        """A status, with what the server says of it; a key is never told."""
        why = f"status {error.status_code}"
        if error.status_code == 401:
            state = "is not accepted" if self._key else "is not set"
            why += f", {KEY_VARIABLE} {state}"
        body = error.body
        told = body.get("message") if isinstance(body, dict) else None
        said = told if isinstance(told, str) else error.response.text
        if self._key:
            said = said.replace(self._key.value, "***")
        said = _excerpt(said)
        return f"{why}: {said}" if said else why

    def _not_connected(self, error: "APIConnectionError") -> NoAnswer:
        import httpx2

        cause = error.__cause__
        if isinstance(cause, httpx2.ConnectError):
            told = f"no server answers there ({_excerpt(str(cause))}); is it running?"
            return NoAnswer(told, lasting=True)
        return NoAnswer(f"the connection broke off ({_excerpt(str(cause))})")


def _message(turn: Turn) -> "ChatCompletionMessageParam":
    match turn.role:
        case "system":
            return {"role": "system", "content": turn.text}
        case "user":
            return {"role": "user", "content": turn.text}
        case "assistant":
            return {"role": "assistant", "content": turn.text}


def _read(body: bytes) -> Reply:
    """The text of an answer; all that is not one has a reason."""
    try:
        completion = msgspec.json.decode(body, type=_Completion)
    except (msgspec.MsgspecError, RecursionError) as error:
        return NoAnswer(f"this is no chat completion ({error})")
    if not completion.choices:
        return NoAnswer("the answer holds no choice")
    choice = completion.choices[0]
    text = (choice.message.content or "").strip()
    if choice.message.refusal:
        return NoAnswer(f"the model refuses: {_excerpt(choice.message.refusal)}")
    match choice.finish_reason:
        case "content_filter":
            return NoAnswer("the server's content filter holds the answer back")
        case "length" if not text:
            return NoAnswer("all tokens went into thoughts before an answer")
        case ended:
            if not text:
                return NoAnswer("the answer is empty")
            return Answer(text, "length" if ended == "length" else "stop")


async def _hang_up(client: "AsyncOpenAI") -> None:
    """Call off what is under way, and wait until that is done."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await client.close()


def _enumerated(models: Sequence[str]) -> str:
    shown = ", ".join(_excerpt(model) for model in models[:_LISTED])
    more = len(models) - _LISTED
    return (f"{shown} and {more} more" if more > 0 else shown) or "none"


def _excerpt(text: str) -> str:
    """The beginning of what a server says, on one line and without control signs."""
    line = " ".join(text.split())
    line = line if len(line) <= _TOLD else f"{line[: _TOLD - 1]}…"
    return "".join(c if c.isprintable() else "\ufffd" for c in line)
