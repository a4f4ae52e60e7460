"""A connection to a server of language models, whatever protocol it speaks."""

from collections.abc import Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

from glossator import __version__
from glossator.llm.api_keys import NoKey, ServerKey
from glossator.llm.chat_model import ChatPrompt, Reply, Wanted
from glossator.llm.error_text import error_text
from glossator.llm.providers import Server
from glossator.llm.server_address import host_of, is_loopback
from glossator.llm.server_failure import ServerFailure

if TYPE_CHECKING:
    import httpx2

_CONNECT = 10.0
"""Seconds until a server has taken up a connection."""
_THINKING_HERE, _THINKING = 1024, 3072
"""Tokens on top of an answer's, for models that think before they answer. On this
machine fewer, since a small model that does not end takes minutes for them. Elsewhere
so many that some models' limit of 4096 holds the answer, too.
"""
_SENT = frozenset(
    {
        "host",
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "anthropic-version",
        "x-stainless-raw-response",  # An SDK asks its own requests for it.
    }
)
_ACCOUNT = frozenset({"openai-organization", "openai-project"})
"""Sent to OpenAI alone."""

BodyT = TypeVar("BodyT")


class _Model(msgspec.Struct):
    id: str


class _Models(msgspec.Struct):
    data: list[_Model]


@dataclass(frozen=True)
class ServedModel:
    """A model, where it is served, and with which key."""

    server: Server
    model: str
    key: ServerKey | NoKey

    @property
    def secret(self) -> str:
        return self.key.value if isinstance(self.key, ServerKey) else ""

    @property
    def key_note(self) -> str:
        """Why the server may not accept who asks."""
        if isinstance(self.key, ServerKey):
            return f"the key of {self.key.origin} is not accepted"
        return self.key.reason

    @property
    def is_here(self) -> bool:
        """Whether it is served on this machine."""
        return is_loopback(self.server.address)

    @property
    def thinking(self) -> int:
        """Tokens that it may think on top of its answer."""
        return _THINKING_HERE if self.is_here else _THINKING


class Connection(Protocol):
    """Asks in one protocol; belongs to the loop in which it was made."""

    async def ask(self, prompt: ChatPrompt, wanted: Wanted, refused: Set[str]) -> Reply:
        """Ask once.

        Parameters
        ----------
        refused : parameters to leave out, see `refused_parameters.OPTIONAL`.

        Raises
        ------
        ServerFailure, ParameterRefused
            if that brings no reply.
        """
        ...

    async def models(self) -> list[str]:
        """What the server lists. Raises ServerFailure."""
        ...

    async def close(self) -> None: ...


def http_client(served: ServedModel) -> "httpx2.AsyncClient":
    """The client below an SDK's.

    Prompts go to the address that was given and to no other, and on this machine past
    every proxy. An SDK's own headers stay here, as do those that the environment gives
    it for another server.
    """
    import httpx2

    host = host_of(served.server.address)
    allowed = _SENT | _ACCOUNT if host == "api.openai.com" else _SENT
    own = {"user-agent": f"glossator/{__version__}"}
    if secret := served.secret:
        match served.server.protocol:
            case "openai":
                own["authorization"] = f"Bearer {secret}"
            case "anthropic":
                own["x-api-key"] = secret

    async def keep_to_ours(request: httpx2.Request) -> None:
        for name in set(request.headers) - allowed:
            del request.headers[name]
        request.headers.update(own)

    return httpx2.AsyncClient(
        follow_redirects=False,
        trust_env=not served.is_here,
        # How many requests there are at once is for others to say, and how long each
        # may take: a server that sends a byte now and then is to be given up, too.
        limits=httpx2.Limits(max_connections=None),
        timeout=httpx2.Timeout(None, connect=_CONNECT),
        event_hooks={"request": [keep_to_ours]},
    )


def read_body(body: bytes, kind: type[BodyT], what: str) -> BodyT:
    """Decode an answer.

    Raises
    ------
    ServerFailure
        if it is broken, which may pass; or another document, which does not.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise ServerFailure(f"this is no {what} ({error})") from error
    except (msgspec.DecodeError, RecursionError) as error:
        said = error_text(body)
        raise ServerFailure(f"this is no {what}", said, kind="body") from error


def read_models(body: bytes) -> list[str]:
    """Decode a list of models, alike in both protocols. Raises ServerFailure."""
    listed = read_body(body, _Models, "list of models")
    return [model.id for model in listed.data]


def read_part(raw: msgspec.Raw, kind: type[BodyT]) -> BodyT | None:
    """Decode what an answer may lack; None where it does, or has something else."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, RecursionError):
        return None
