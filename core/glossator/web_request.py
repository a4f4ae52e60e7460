"""Ask a web server: again after what passes by itself, and whole or not at all.

One request at a time. Redirects go to https, or stay on their host; there are no
cookies; proxies are those of the system.
"""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from glossator import __version__
from glossator.errors import WebError
from glossator.progress import CancelToken
from glossator.web_answer import (
    BINARY_FILE,
    JSON,
    MAX_BYTES,
    ApiKey,
    Passing,
    Request,
    Unavailable,
    Wanted,
    check_end,
    check_type,
    failure,
    redirected,
    unzipped,
)

if TYPE_CHECKING:
    import httpx2

_ATTEMPTS = 5
_LONGEST_PAUSE = 60.0
"""Seconds between two attempts, where the server does not tell."""
_NAP = 0.2
"""Seconds after which a pause looks whether it is still wanted."""
_REDIRECTS = 5
_WITHOUT_PARTS = 64 * 2**20
"""Bytes read, at most, of a whole file that is sent in place of a part of it."""


class Sleep(Protocol):
    def __call__(self, seconds: float, /) -> None: ...


class WebClient:
    """Asks servers, one request at a time.

    Every method raises `NotFound`, `Unavailable` or another WebError, which names the
    address, the status and the beginning of what was answered; and Cancelled, also
    while it waits to ask again.
    """

    def __init__(
        self,
        cancel: CancelToken | None = None,
        *,
        timeout: float = 30.0,
        sleep: Sleep = time.sleep,
    ) -> None:
        """Make a client; nothing is connected yet.

        Parameters
        ----------
        timeout : seconds without a byte after which an attempt has failed.
        """
        from http.cookiejar import CookieJar, DefaultCookiePolicy

        import httpx2

        self._cancel = cancel or CancelToken()
        self._timeout = timeout
        self._sleep = sleep
        self._spent: set[str] = set()  # hosts with paths
        self._client = httpx2.Client(
            timeout=timeout,
            headers={"User-Agent": f"glossator/{__version__} (labels graph features)"},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    def __enter__(self) -> "WebClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def get(
        self,
        url: str,
        wanted: Wanted = JSON,
        *,
        key: ApiKey | None = None,
        limit: int = MAX_BYTES,
    ) -> bytes:
        """The body, unzipped where the server zipped it for the transfer."""
        return self._persist(Request(url, wanted, limit, key))

    def post(
        self,
        url: str,
        body: bytes,
        wanted: Wanted = JSON,
        *,
        key: ApiKey | None = None,
        limit: int = MAX_BYTES,
    ) -> bytes:
        """Send JSON; the answer is as of `get`."""
        return self._persist(Request(url, wanted, limit, key, body))

    def get_part(self, url: str, start: int, stop: int) -> bytes:
        """Bytes start..stop of a file, `stop` excluded."""
        part = range(start, stop)
        return self._persist(Request(url, BINARY_FILE, len(part), part=part))

    # -- attempts -------------------------------------------------------------------

    def _persist(self, request: Request) -> bytes:
        from tenacity import (
            RetryCallState,
            Retrying,
            retry_if_exception_type,
            stop_after_attempt,
            wait_exponential_jitter,
        )

        growing = wait_exponential_jitter(initial=1, max=_LONGEST_PAUSE)

        def pause(state: RetryCallState) -> float:
            failed = state.outcome.exception() if state.outcome else None
            told = failed.after if isinstance(failed, Passing) else None
            return growing(state) if told is None else told

        attempts = Retrying(
            stop=stop_after_attempt(_ATTEMPTS),
            retry=retry_if_exception_type(Passing),
            wait=pause,
            sleep=self._wait,
            reraise=True,
        )
        try:
            return attempts(self._once, request)
        except Passing as last:
            raise last.at_last(f"{last} (asked {_ATTEMPTS} times)") from last

    def _wait(self, seconds: float) -> None:
        while seconds > 0:
            self._cancel.check()
            self._sleep(min(seconds, _NAP))
            seconds -= _NAP
        self._cancel.check()

    def _once(self, request: Request) -> bytes:
        import httpx2

        self._cancel.check()
        try:
            return self._follow(request)
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            raise WebError(request.told(f"cannot be asked ({error})")) from error
        except (
            httpx2.ConnectError,
            httpx2.ConnectTimeout,
            httpx2.ProxyError,
        ) as error:
            why = request.told(f"cannot be reached ({error})")
            raise Passing(why, at_last=Unavailable) from error
        except httpx2.TimeoutException as error:
            why = request.told(f"no answer within {self._timeout:g} s")
            raise Passing(why) from error
        except httpx2.TransportError as error:
            why = request.told(f"the connection broke off ({error})")
            raise Passing(why) from error

    def _follow(self, request: Request) -> bytes:
        import httpx2

        first = url = httpx2.URL(request.url)
        for _ in range(_REDIRECTS + 1):
            place = url.host + url.path
            if place in self._spent:
                told = "no requests are left for now (x-limit-remaining: 0)"
                raise Unavailable(request.told(told))
            headers = request.headers(with_key=_origin(url) == _origin(first))
            with self._client.stream(
                request.method, url, content=request.body, headers=headers
            ) as answer:
                if answer.headers.get("x-limit-remaining", "").strip() == "0":
                    self._spent.add(place)
                if not answer.has_redirect_location:
                    return self._body(request, answer)
                url = redirected(request, url, answer)
        raise WebError(request.told(f"redirects more than {_REDIRECTS} times"))

    # -- the answer -----------------------------------------------------------------

    def _body(self, request: Request, answer: "httpx2.Response") -> bytes:
        if answer.status_code != 200 and not (request.part and _is_part(answer)):
            raise failure(request, answer)
        check_type(request, answer)
        if request.part is not None:
            return self._part(request, request.part, answer)
        data = self._read(request, answer)
        data = unzipped(request, data, answer.headers.get("content-encoding", ""))
        if request.wanted.is_json:
            check_end(request, data)
        return data

    def _part(self, request: Request, part: range, answer: "httpx2.Response") -> bytes:
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise WebError(request.told("the part is zipped, and cannot be placed"))
        if not _is_part(answer):
            return self._cut_out(request, part, answer)
        wanted = f"bytes {part.start}-{part.stop - 1}"
        sent = answer.headers.get("content-range", "")
        if not sent.startswith(f"{wanted}/"):
            raise WebError(request.told(f"sends {sent!r} and not {wanted}"))
        data = self._read(request, answer)
        if len(data) < len(part):
            raise Passing(request.told("the part is cut off"))
        return data

    def _cut_out(
        self, request: Request, part: range, answer: "httpx2.Response"
    ) -> bytes:
        """The part, of a server that sends files whole; no more is read of it."""
        if part.stop > _WITHOUT_PARTS:
            raise WebError(
                request.told(
                    "the server sends no parts of files; the one wanted ends after "
                    f"{part.stop:,} bytes, and at most {_WITHOUT_PARTS:,} are read"
                )
            )
        data = bytearray()
        for piece in self._pieces(answer):
            data += piece
            if len(data) >= part.stop:
                return bytes(data[part.start : part.stop])
        told = f"the file ends after {len(data):,} bytes, before {part.stop:,}"
        raise WebError(request.told(told))

    def _read(self, request: Request, answer: "httpx2.Response") -> bytes:
        data = bytearray()
        for piece in self._pieces(answer):
            data += piece
            if len(data) > request.limit:
                raise WebError(request.told(f"sends more than {request.limit:,} bytes"))
        return bytes(data)

    def _pieces(self, answer: "httpx2.Response") -> Iterator[bytes]:
        """The body as sent: unzipped by httpx, it would not tell that it is cut off."""
        for piece in answer.iter_raw():
            if self._cancel.cancelled:
                self._cancel.check()
            yield piece


def _is_part(answer: "httpx2.Response") -> bool:
    return answer.status_code == 206


def _origin(url: "httpx2.URL") -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
