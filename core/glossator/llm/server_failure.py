"""What it comes to when a server of language models does not answer.

Some failures pass by themselves, some stay the same for every prompt, and some are of
one prompt alone.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from glossator.llm.error_text import error_text, excerpt
from glossator.llm.refused_parameters import refused_in
from glossator.web_answer import told_pause

if TYPE_CHECKING:
    import anthropic
    import httpx2
    import openai

Kind = Literal["busy", "server", "timeout", "connection", "body"]
"""Of failures that may pass."""

_PASSING: dict[int, Kind] = {408: "server", 409: "server", 425: "server", 429: "busy"}
_LASTING = frozenset({401, 402, 403, 404})
_LONGEST_TOLD = 300.0
"""Seconds; a server that wants to be left alone for longer is asked nothing more."""


class ServerFailure(Exception):
    """A request that brought no reply."""

    def __init__(
        self,
        why: str,
        said: str = "",
        *,
        kind: Kind | None = None,
        status: int = 0,
        after: float | None = None,
        lasting: bool = False,
    ) -> None:
        """Tell what happened.

        Parameters
        ----------
        said : what the server says of it.
        kind : None is of a failure that does not pass.
        after : seconds that the server asks to wait.
        lasting : whether other prompts would fare the same.
        """
        super().__init__(why)
        self.why = why
        self.said = said
        self.kind = kind
        self.status = status
        self.after = after
        self.lasting = lasting

    @property
    def is_overload(self) -> bool:
        """Whether fewer requests at once would help."""
        return self.kind in ("busy", "timeout") or self.status in (503, 529)

    def line(self, secret: str, note: str = "") -> str:
        """Tell it in one line, without the key."""
        why = f"{self.why}, {note}" if note else self.why
        said = excerpt(self.said, secret)
        return f"{why}: {said}" if said else why


class ParameterRefused(Exception):
    """A request that would go better without some of its parameters."""

    def __init__(self, parameters: frozenset[str]) -> None:
        super().__init__(", ".join(sorted(parameters)))
        self.parameters = parameters


def may_pass(error: BaseException) -> bool:
    return isinstance(error, ServerFailure) and error.kind is not None


@contextmanager
def told_as_failures(
    status_error: "type[openai.APIStatusError | anthropic.APIStatusError]",
    connection_error: "type[openai.APIConnectionError | anthropic.APIConnectionError]",
    sent: Iterable[str] = (),
) -> Iterator[None]:
    """Raise ServerFailure and ParameterRefused in place of what an SDK raises.

    Parameters
    ----------
    sent : optional parameters of the request.
    """
    try:
        yield
    except status_error as error:
        response = error.response
        if refused := refused_in(response.status_code, response.content, sent):
            raise ParameterRefused(refused) from error
        raise _of_response(response) from error
    except connection_error as error:
        raise _of_connection(error.__cause__) from error


def of_status(status: int, body: bytes, after: float | None = None) -> ServerFailure:
    """What a status other than success comes to."""
    why = f"status {status}"
    kind = _PASSING.get(status, "server" if status >= 500 else None)
    # A moderated prompt is refused alone, though with 403.
    lasting = status in _LASTING and b'"flagged_input"' not in body
    if kind and b"insufficient_quota" in body:
        kind, lasting = None, True
    if kind and after is not None and after > _LONGEST_TOLD:
        why += f" (it asks to be left alone for {after / 60:.0f} min)"
        kind, lasting = None, True
    return ServerFailure(
        why, error_text(body), kind=kind, status=status, after=after, lasting=lasting
    )


def _of_response(response: "httpx2.Response") -> ServerFailure:
    status = response.status_code
    if 300 <= status < 400:
        why = f"status {status}, a redirection, which is not followed"
        where = response.headers.get("location", "")
        return ServerFailure(why, where, status=status, lasting=True)
    return of_status(status, response.content, _after(response))


def _after(response: "httpx2.Response") -> float | None:
    """Seconds to wait; None where the server does not tell, or tells of none."""
    told = response.headers.get("retry-after-ms", "").strip()
    after = float(told) / 1000 if told.isdecimal() else told_pause(response)
    return after or None


def _of_connection(cause: BaseException | None) -> ServerFailure:
    import httpx2

    told = str(cause) or type(cause).__name__
    match cause:
        case httpx2.ConnectError():
            why = "no server answers there; is it running?"
        case httpx2.ConnectTimeout():
            return ServerFailure("no server answers there", told, kind="timeout")
        case httpx2.DecodingError():
            return ServerFailure("the answer is broken", told, kind="body")
        case _:
            why = "the connection broke off"
    return ServerFailure(why, told, kind="connection")
