"""A language model that a server runs, here or elsewhere."""

import asyncio
import threading
from collections.abc import Coroutine, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from operator import length_hint
from typing import NamedTuple, TypeVar

from glossator.errors import ModelError, WebError
from glossator.llm.api_keys import ServerKey, find_key
from glossator.llm.chat_model import (
    AnswerProgress,
    ChatPrompt,
    Replied,
    Reply,
    Wanted,
)
from glossator.llm.providers import Server
from glossator.llm.refused_parameters import RefusedParameters
from glossator.llm.server_batch import (
    Manners,
    ServerBatch,
    enumerated,
    listed_models,
)
from glossator.llm.server_connection import Connection, ServedModel
from glossator.llm.server_failure import ServerFailure
from glossator.progress import CancelToken, Progress
from glossator.web_answer import shown_address

_NAP = 0.2
"""Seconds after which waiting looks whether it is still wanted."""
_NO_LIST = frozenset({404, 405, 501})
"""Statuses of servers that keep no list of their models."""

ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class ServerModel:
    """Asks several prompts at a time, in the protocol of its server."""

    _served: ServedModel
    _manners: Manners
    _refused: RefusedParameters

    @classmethod
    def open(
        cls,
        server: Server,
        model: str,
        manners: Manners,
        refused: RefusedParameters,
    ) -> "ServerModel":
        """Ask a server which models it has.

        Parameters
        ----------
        model : as the server names it; "" is its only one.
        refused : what is known of parameters that models refuse, and is added to.

        Raises
        ------
        InputError
            if a key would be sent unencrypted, or is none.
        WebError
            if the server does not answer, or wants another key.
        ModelError
            if it has several models and none is named.
        """
        address = shown_address(server.address)
        key = find_key(server)
        served = ServedModel(server, model, key)
        is_open = server.address.startswith("http:") and not served.is_here
        if isinstance(key, ServerKey) and is_open:
            raise ModelError(
                f"the key of {key.origin} would go over the network unencrypted; use "
                "https, or take the key away",
                source=address,
            )
        listed = _listed(served, manners)
        if not model:
            if len(listed) != 1:
                shown = enumerated(listed, served.secret)
                raise ModelError(
                    f"name one of the server's models: {shown}",
                    source=address,
                    field="llm_model",
                )
            served = ServedModel(server, listed[0], key)
        return cls(served, manners, refused)

    @property
    def name(self) -> str:
        return f"{self.model} at {shown_address(self.address)}"

    @property
    def model(self) -> str:
        """As the server names it."""
        return self._served.model

    @property
    def address(self) -> str:
        return self._served.server.address

    @property
    def thinking(self) -> int:
        """Tokens that it may use on top of an answer's."""
        return self._served.thinking

    def complete(
        self, prompts: Iterable[ChatPrompt], cancel: CancelToken, wanted: Wanted
    ) -> Generator[Progress, None, list[Reply]]:
        """Answer as `ChatModel.complete` says; to be called off at any time."""
        total = length_hint(prompts)
        coming = enumerate(prompts)
        under_way: set[Future[Replied]] = set()
        found: dict[int, Reply] = {}
        replied: tuple[Replied, ...] = ()
        refused = self._refused.known(self.name)
        with _connected(self._served) as line:
            batch = ServerBatch(
                line.connection, self._served, self._manners, wanted, refused
            )
            while True:
                found.update((one.at, one.reply) for one in replied)
                yield AnswerProgress(
                    len(found), total, "asking the language model", replied
                )
                cancel.check()
                while len(under_way) < self._manners.at_once:
                    if (taken := next(coming, None)) is None:
                        break
                    under_way.add(line.start(batch.replied(*taken)))
                if not under_way:
                    break
                done, under_way = wait(under_way, _NAP, FIRST_COMPLETED)
                replied = tuple(future.result() for future in done)
                while batch.found_refused:
                    self._refused.add(self.name, batch.found_refused.popleft())
        return [found[at] for at in range(len(found))]


class _Line(NamedTuple):
    """A connection, and the loop that serves it."""

    connection: Connection
    loop: asyncio.AbstractEventLoop

    def start(self, work: Coroutine[None, None, ResultT]) -> Future[ResultT]:
        return asyncio.run_coroutine_threadsafe(work, self.loop)


@contextmanager
def _connected(served: ServedModel) -> Iterator[_Line]:
    """Work in a thread, since the caller's may have a loop, as a notebook's has.

    On the way out, what is still under way is called off.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="chat server", daemon=True)
    thread.start()
    try:
        line = _Line(_connection(served), loop)
        try:
            yield line
        finally:
            line.start(_hang_up(line.connection)).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _connection(served: ServedModel) -> Connection:
    match served.server.protocol:
        case "openai":
            from glossator.llm.openai_server import OpenAIConnection

            return OpenAIConnection(served)
        case "anthropic":
            from glossator.llm.anthropic_server import AnthropicConnection

            return AnthropicConnection(served)


async def _hang_up(connection: Connection) -> None:
    """Call off what is under way, and wait until that is done."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await connection.close()


def _listed(served: ServedModel, manners: Manners) -> list[str]:
    """Models of the server by its list; none where it keeps no such list.

    Raises
    ------
    WebError
        if it cannot be asked.
    """
    with _connected(served) as line:
        try:
            return line.start(listed_models(line.connection, manners)).result()
        except ServerFailure as failure:
            if served.model and failure.status in _NO_LIST:
                return []
            note = served.key_note if failure.status == 401 else ""
            why = failure.line(served.secret, note)
    raise WebError(f"{shown_address(served.server.address)}: {why}")
