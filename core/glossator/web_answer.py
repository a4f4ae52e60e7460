"""What is asked of a web server, and how its answer is judged."""

import os
import re
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import msgspec

from glossator.errors import WebError

if TYPE_CHECKING:
    import httpx2

MAX_BYTES = 256 * 2**20
_LONGEST_TOLD = 300.0
"""Seconds; a server that wants to be left alone for longer is asked nothing more."""
_PASSES = frozenset({429, 500, 502, 503, 504})
_EXCERPT = 160
_PAGE = re.compile(r"(?is)<(script|style)\b.*?</\1\s*>|<[^>]*>")


class Unavailable(WebError):
    """The server as a whole gives nothing now: it makes no sense to ask for more."""


class NotFound(WebError):
    """The server says that there is no such thing (404, 410)."""


class Passing(WebError):
    """What may go better another time; `WebClient` tries again and never raises it."""

    def __init__(
        self,
        message: str,
        *,
        after: float | None = None,
        at_last: type[WebError] = WebError,
    ) -> None:
        """Tell what happened.

        Parameters
        ----------
        after : seconds that the server asks to wait.
        at_last : what it is if it never goes better.
        """
        super().__init__(message)
        self.after = after
        self.at_last = at_last


class Wanted(NamedTuple):
    """What an answer has to be."""

    what: str
    types: re.Pattern[str]
    """Its content type."""
    is_json: bool


JSON = Wanted("JSON", re.compile(r"(application|text)/([\w.-]+\+)?json"), is_json=True)
_FILE = re.compile(r"((application|binary)/(?!xhtml)[\w.+-]+|text/(plain|json))?")
"""Hosts do not always know what their files are; no file is a page."""
JSON_FILE = Wanted("a JSON file", _FILE, is_json=True)
BINARY_FILE = Wanted("a file", _FILE, is_json=False)


@dataclass(frozen=True)
class ApiKey:
    """Sent as a header to the host that is asked, and to no other; never shown."""

    header: str
    value: str = field(repr=False)

    @classmethod
    def from_environment(cls, header: str, variable: str) -> "ApiKey | None":
        """Read a key; None where the variable is not set.

        Raises
        ------
        Unavailable
            if it holds what no header can; its value is not told.
        """
        value = os.environ.get(variable, "").strip()
        if not value:
            return None
        if not (value.isascii() and value.isprintable()):
            raise Unavailable(f"{variable}: holds characters that no key has")
        return cls(header, value)


@dataclass(frozen=True)
class Request:
    url: str
    wanted: Wanted
    limit: int = MAX_BYTES
    """Bytes, unzipped, beyond which an answer is refused."""
    key: ApiKey | None = None
    body: bytes | None = None
    """JSON to send; None to get."""
    part: range | None = None
    """Which bytes of the file."""

    @property
    def method(self) -> str:
        return "GET" if self.body is None else "POST"

    def headers(self, *, with_key: bool) -> dict[str, str]:
        headers = {
            "Accept": "application/json" if self.wanted is JSON else "*/*",
            "Accept-Encoding": "gzip" if self.wanted.is_json else "identity",
        }
        if self.body is not None:
            headers["Content-Type"] = "application/json"
        if self.part is not None:
            headers["Range"] = f"bytes={self.part.start}-{self.part.stop - 1}"
        if self.key and with_key:
            headers[self.key.header] = self.key.value
        return headers

    def told(self, why: str) -> str:
        """A message that names the address."""
        return f"{shown_address(self.url)}: {why}"


def shown_address(url: str) -> str:
    """An address without what may be secret in it: user, password and query."""
    try:
        place = urlsplit(url)
    except ValueError:
        return repr(url[:_EXCERPT])
    host = place.netloc.rpartition("@")[2]
    return _printable(f"{place.scheme}://{host}{place.path}")


def redirected(
    request: Request, url: "httpx2.URL", answer: "httpx2.Response"
) -> "httpx2.URL":
    """Where an answer points to; raises WebError where that is not followed."""
    import httpx2

    try:
        target = url.join(answer.headers["location"])
    except httpx2.InvalidURL as error:
        raise WebError(request.told(f"redirects to no address ({error})")) from error
    where = shown_address(str(target))
    if request.body is not None and answer.status_code not in (307, 308):
        raise WebError(request.told(f"redirects what is sent to {where}"))
    stays = target.scheme == url.scheme and target.host == url.host
    if not (target.scheme == "https" or stays) or target.userinfo:
        raise WebError(request.told(f"redirects to {where}, which is not followed"))
    return target


def failure(request: Request, answer: "httpx2.Response") -> WebError:
    """What a status other than success comes to."""
    status = answer.status_code
    why = request.told(f"status {status}{excerpt(request, answer)}")
    if status in (404, 410):
        return NotFound(why)
    if status == 401:
        return Unavailable(why)
    if status not in _PASSES:
        return WebError(why)
    after = told_pause(answer)
    if after is not None and after > _LONGEST_TOLD:
        return Unavailable(f"{why} (asks to be left alone for {after / 60:.0f} min)")
    at_last = Unavailable if status in (429, 503) else WebError
    return Passing(why, after=after, at_last=at_last)


def told_pause(answer: "httpx2.Response") -> float | None:
    """Seconds to wait by ``Retry-After``, a number or a date; None if it tells none."""
    told = answer.headers.get("retry-after", "").strip()
    if told.isdecimal():
        return float(told)
    at = _date(told)
    if at is None:
        return None
    # By the server's own clock, where it tells the time.
    now = _date(answer.headers.get("date", "")) or datetime.now(UTC)
    return max(0.0, (at - now).total_seconds())


def _date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def check_type(request: Request, answer: "httpx2.Response") -> None:
    """Refuse a page that says in words, and with success, that there is no file."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not request.wanted.types.fullmatch(kind):
        told = f"the answer is {_printable(kind) or 'of no type'}"
        said = excerpt(request, answer)
        raise WebError(request.told(f"{told}, not {request.wanted.what}{said}"))


def unzipped(request: Request, data: bytes, encoding: str) -> bytes:
    """Undo how the server zipped the body for the transfer."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return data
    if encoding not in ("gzip", "x-gzip"):
        raise WebError(request.told(f"is encoded as {_printable(encoding)!r}"))
    member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        plain = member.decompress(data, request.limit + 1)
    except zlib.error as error:
        raise Passing(request.told(f"the zipped data is broken ({error})")) from error
    if len(plain) > request.limit:
        raise WebError(request.told(f"unzips to more than {request.limit:,} bytes"))
    if not member.eof:
        raise Passing(request.told("the zipped data is cut off"))
    return plain


def check_end(request: Request, data: bytes) -> None:
    """Refuse JSON that is cut off; what else is wrong with it the reader tells."""
    with suppress(RecursionError):
        try:
            msgspec.json.decode(data, type=msgspec.Raw)
        except msgspec.DecodeError as error:
            if "truncated" in str(error):
                raise Passing(request.told("the JSON is cut off")) from error


def excerpt(request: Request, answer: "httpx2.Response") -> str:
    """The beginning of what was answered, as plain text behind a colon."""
    import httpx2

    sent = b""
    with suppress(httpx2.TransportError):
        for piece in answer.iter_raw():
            sent += piece
            if len(sent) > 2**14:
                break
    if answer.headers.get("content-encoding", "") == "gzip":
        with suppress(zlib.error):
            member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            sent = member.decompress(sent, 2**16)
    text = without_tags(sent.decode(errors="replace"))
    if request.key:
        text = text.replace(request.key.value, "***")
    text = _printable(" ".join(text.split()))
    if len(text) > _EXCERPT:
        text = text[: _EXCERPT - 1] + "…"
    return f": {text}" if text else ""


def without_tags(page: str) -> str:
    """What a page says, in place of its markup."""
    return _PAGE.sub(" ", page)


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
