"""A server misbehaves: it is asked again, or an error tells; no answer is half."""

import json
import logging
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from glossator import web_answer, web_request
from glossator.errors import Cancelled, WebError
from glossator.progress import CancelToken
from glossator.web_answer import (
    BINARY_FILE,
    JSON_FILE,
    ApiKey,
    NotFound,
    Unavailable,
    shown_address,
)
from glossator.web_request import WebClient
from tests.core.feature_server import (
    Fault,
    FeatureServer,
    Talk,
    broken_gzip,
    cut_gzip,
    feature_server,
    hang,
    instead,
    page,
    reset,
    short_body,
    status,
    unannounced_short_body,
    unused_address,
    zipped,
)

DOCUMENT = json.dumps({"words": ["pumpkin"] * 500}).encode()
KEY = ApiKey("x-api-key", "sk-secret-2718")


class Naps(list[float]):
    """Sleeps no time, and remembers how much it was asked to."""

    def __call__(self, seconds: float, /) -> None:
        self.append(seconds)

    @property
    def total(self) -> float:
        return round(sum(self), 3)


@pytest.fixture
def server() -> Iterator[FeatureServer]:
    with feature_server() as server:
        server.files = {"/x.json": DOCUMENT, "/x.bin": bytes(range(256)) * 40}
        yield server


@pytest.fixture(scope="module")
def clients() -> Iterator[tuple[WebClient, Naps]]:
    naps = Naps()
    with WebClient(sleep=naps) as web:
        yield web, naps


@pytest.fixture
def web(clients: tuple[WebClient, Naps]) -> WebClient:
    return clients[0]


@pytest.fixture
def naps(clients: tuple[WebClient, Naps]) -> Naps:
    clients[1].clear()
    return clients[1]


def _refused(ask: Callable[[], bytes], kind: type[WebError] = WebError) -> str:
    with pytest.raises(WebError) as refused:
        ask()
    assert type(refused.value) is kind
    return str(refused.value)


# Asked again


def test_json_is_fetched_in_one_request(
    server: FeatureServer, web: WebClient, naps: Naps
) -> None:
    assert web.get(f"{server.url}/x.json") == DOCUMENT
    assert server.paths() == ["GET /x.json"]
    assert server.seen[0].headers["user-agent"].startswith("glossator/")
    assert naps == []


def test_json_that_is_zipped_for_the_transfer(
    server: FeatureServer, web: WebClient
) -> None:
    server.order(zipped)
    assert web.get(f"{server.url}/x.json") == DOCUMENT
    assert server.seen[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize(
    "fault",
    [
        status(429),
        status(500),
        status(502),
        status(503),
        status(504),
        reset,
        short_body,
        unannounced_short_body,
        cut_gzip,
        broken_gzip,
        instead(b""),
    ],
    ids=[
        "429",
        "500",
        "502",
        "503",
        "504",
        "reset",
        "short body",
        "unannounced short body",
        "cut gzip",
        "broken gzip",
        "empty",
    ],
)
def test_what_passes_is_asked_for_again(
    server: FeatureServer, web: WebClient, naps: Naps, fault: Fault
) -> None:
    server.order(fault, fault)
    assert web.get(f"{server.url}/x.json") == DOCUMENT
    assert server.paths() == ["GET /x.json"] * 3
    # One second and up to one more, then two and up to one more.
    assert 3 <= naps.total <= 5


def test_a_server_that_does_not_answer_is_asked_again(server: FeatureServer) -> None:
    server.order(hang)
    with WebClient(timeout=0.5, sleep=Naps()) as web:
        assert web.get(f"{server.url}/x.json") == DOCUMENT
        assert len(server.seen) == 2
        server.order(*[hang] * 5)
        told = _refused(lambda: web.get(f"{server.url}/x.json"))
    assert told == f"{server.url}/x.json: no answer within 0.5 s (asked 5 times)"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "7"}, 7),
        ({"Retry_After": "0"}, 0),
        (
            {
                "Date": "Wed, 21 Oct 2026 07:28:00 GMT",
                "Retry_After": "Wed, 21 Oct 2026 07:28:09 GMT",
            },
            9,
        ),
        ({"Retry_After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
    ],
)
def test_the_server_tells_how_long_to_wait(
    server: FeatureServer,
    web: WebClient,
    naps: Naps,
    headers: dict[str, str],
    seconds: float,
) -> None:
    server.order(status(429, b"{}", **headers))
    assert web.get(f"{server.url}/x.json") == DOCUMENT
    assert naps.total == seconds


@pytest.mark.parametrize("told", ["soon", "-3", "", "²"])
def test_a_pause_that_cannot_be_read_is_chosen(
    server: FeatureServer, web: WebClient, naps: Naps, told: str
) -> None:
    server.order(status(503, Retry_After=told))
    assert web.get(f"{server.url}/x.json") == DOCUMENT
    assert 1 <= naps.total <= 2


def test_a_server_that_wants_an_hour_is_left_alone(
    server: FeatureServer, web: WebClient, naps: Naps
) -> None:
    server.order(status(429, Retry_After="3600"))
    told = _refused(lambda: web.get(f"{server.url}/x.json"), Unavailable)
    assert "left alone for 60 min" in told
    assert len(server.seen) == 1
    assert naps == []


def test_a_server_without_requests_left_is_not_asked(server: FeatureServer) -> None:
    with WebClient() as web:
        server.headers = {"x-limit-remaining": "1"}
        web.get(f"{server.url}/x.json")
        server.headers = {"x-limit-remaining": "0"}
        assert web.get(f"{server.url}/x.json") == DOCUMENT
        told = _refused(lambda: web.get(f"{server.url}/x.json"), Unavailable)
        assert "no requests are left" in told
        assert len(server.seen) == 2
        # What is counted is of one address.
        assert web.get(f"{server.url}/x.bin", BINARY_FILE)


# Given up


@pytest.mark.parametrize(
    ("fault", "kind", "told"),
    [
        (status(500), WebError, 'status 500: {"error": "no"}'),
        (status(503), Unavailable, "status 503"),
        (status(429), Unavailable, "status 429"),
        (reset, WebError, "the connection broke off"),
        (cut_gzip, WebError, "the zipped data is cut off"),
        (unannounced_short_body, WebError, "the JSON is cut off"),
    ],
)
def test_what_does_not_pass_is_told(
    server: FeatureServer,
    web: WebClient,
    fault: Fault,
    kind: type[WebError],
    told: str,
) -> None:
    server.order(*[fault] * 5)
    refused = _refused(lambda: web.get(f"{server.url}/x.json"), kind)
    assert refused.startswith(f"{server.url}/x.json: {told}")
    assert refused.endswith("(asked 5 times)")
    assert len(server.seen) == 5


def test_where_nothing_listens(web: WebClient) -> None:
    address = unused_address()
    told = _refused(lambda: web.get(f"{address}/x.json"), Unavailable)
    assert told.startswith(f"{address}/x.json: cannot be reached")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (404, NotFound),
        (410, NotFound),
        (401, Unavailable),
        (403, WebError),
        (204, WebError),
    ],
)
def test_what_stays_is_asked_for_once(
    server: FeatureServer, web: WebClient, code: int, kind: type[WebError]
) -> None:
    body = b"" if code == 204 else b"<h1>Gone\nfishing</h1>"
    server.order(status(code, body))
    told = _refused(lambda: web.get(f"{server.url}/x.json"), kind)
    assert f"status {code}" in told
    assert code == 204 or told.endswith(": Gone fishing")
    assert len(server.seen) == 1


@pytest.mark.parametrize("url", ["ftp://x/y", "nonsense", "http://"])
def test_no_web_address(web: WebClient, url: str) -> None:
    assert "cannot be asked" in _refused(lambda: web.get(url))


# Not what was asked for


def test_a_page_with_success_is_refused(server: FeatureServer, web: WebClient) -> None:
    for wanted, name in ((web_answer.JSON, "JSON"), (BINARY_FILE, "a file")):
        server.order(page)
        told = _refused(partial(web.get, f"{server.url}/x.json", wanted))
        expected = f"the answer is text/html, not {name}: Checking your browser"
        assert told == f"{server.url}/x.json: {expected}"
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    ("kind", "as_json", "as_file"),
    [
        ("application/json", True, True),
        ("application/problem+json; charset=utf-8", True, True),
        ("text/plain", False, True),
        ("binary/octet-stream", False, True),
        ("application/gzip", False, True),
        ("", False, True),
        ("text/html", False, False),
        ("application/xhtml+xml", False, False),
        ("multipart/byteranges", False, False),
        ("image/png", False, False),
    ],
)
def test_content_types(
    server: FeatureServer, web: WebClient, kind: str, as_json: bool, as_file: bool
) -> None:
    for wanted, fits in ((web_answer.JSON, as_json), (JSON_FILE, as_file)):
        server.order(instead(DOCUMENT, kind))
        if fits:
            assert web.get(f"{server.url}/x.json", wanted) == DOCUMENT
        else:
            told = _refused(partial(web.get, f"{server.url}/x.json", wanted))
            assert f"not {wanted.what}" in told


def test_an_encoding_that_was_not_asked_for(
    server: FeatureServer, web: WebClient
) -> None:
    server.order(instead(DOCUMENT, Content_Encoding="br"))
    assert "encoded as 'br'" in _refused(lambda: web.get(f"{server.url}/x.json"))


@pytest.mark.parametrize("fault", [None, zipped])
def test_a_body_that_is_too_large(
    server: FeatureServer, web: WebClient, fault: Fault | None
) -> None:
    if fault:
        server.order(fault)
    told = _refused(lambda: web.get(f"{server.url}/x.json", limit=len(DOCUMENT) - 1))
    assert f"more than {len(DOCUMENT) - 1:,} bytes" in told
    assert len(server.seen) == 1


# Redirects, cookies, keys


def test_redirects_on_the_same_host_are_followed(
    server: FeatureServer, web: WebClient
) -> None:
    server.order(status(302, location="/y"), status(307, location="/x.json"))
    assert web.get(f"{server.url}/start", key=KEY) == DOCUMENT
    assert server.paths() == ["GET /start", "GET /y", "GET /x.json"]
    assert [seen.headers.get("x-api-key") for seen in server.seen] == [KEY.value] * 3


def test_a_key_does_not_follow_to_another_server(
    server: FeatureServer, web: WebClient
) -> None:
    with feature_server() as other:
        other.files = {"/x.json": DOCUMENT}
        server.order(status(302, location=f"{other.url}/x.json"))
        assert web.get(f"{server.url}/x.json", key=KEY) == DOCUMENT
        assert "x-api-key" in server.seen[0].headers
        assert "x-api-key" not in other.seen[0].headers


@pytest.mark.parametrize(
    "location",
    [
        "http://localhost:{port}/x.json",
        "ftp://127.0.0.1/x",
        "http://u:p@127.0.0.1:{port}/",
    ],
)
def test_redirects_to_elsewhere_are_refused(
    server: FeatureServer, web: WebClient, location: str
) -> None:
    port = server.url.rpartition(":")[2]
    server.order(status(302, location=location.format(port=port)))
    told = _refused(lambda: web.get(f"{server.url}/x.json"))
    assert "which is not followed" in told
    assert "u:p" not in told
    assert len(server.seen) == 1


def test_redirects_to_https_are_tried(server: FeatureServer, web: WebClient) -> None:
    location = unused_address().replace("http:", "https:")
    server.order(*[status(302, location=f"{location}/x.json")] * 5)
    told = _refused(lambda: web.get(f"{server.url}/x.json"), Unavailable)
    assert "cannot be reached" in told


def test_redirects_without_end(server: FeatureServer, web: WebClient) -> None:
    server.order(*[status(302, location="/x.json")] * 6)
    assert "more than 5 times" in _refused(lambda: web.get(f"{server.url}/x.json"))
    assert len(server.seen) == 6


def test_what_is_sent_is_not_sent_elsewhere_as_a_question(
    server: FeatureServer, web: WebClient
) -> None:
    server.order(status(303, location="/x.json"))
    told = _refused(lambda: web.post(f"{server.url}/ask", b"{}"))
    assert "redirects what is sent" in told
    server.order(status(308, location="/x.json"))
    assert web.post(f"{server.url}/ask", b'{"a": 1}') == DOCUMENT
    assert (server.seen[-1].method, server.seen[-1].body) == ("POST", b'{"a": 1}')
    assert server.seen[-1].headers["content-type"] == "application/json"


def test_what_is_sent_may_ask_for_more_than_json(
    server: FeatureServer, web: WebClient
) -> None:
    server.order(instead(b"a", "text/plain"), instead(b"b", "text/plain"))
    assert web.post(f"{server.url}/ask", b"{}", BINARY_FILE) == b"a"
    assert "not JSON" in _refused(lambda: web.post(f"{server.url}/ask", b"{}"))


def test_cookies_are_not_kept(server: FeatureServer, web: WebClient) -> None:
    web.get(f"{server.url}/x.json")
    web.get(f"{server.url}/x.json")
    assert ["cookie" in seen.headers for seen in server.seen] == [False, False]


def test_a_key_is_sent_and_never_shown(
    server: FeatureServer, web: WebClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.order(status(403, f"the key {KEY.value} is refused".encode()))
    told = _refused(lambda: web.get(f"{server.url}/x.json", key=KEY))
    assert server.seen[0].headers["x-api-key"] == KEY.value
    assert told.endswith("the key *** is refused")
    assert caplog.text
    assert KEY.value not in told + repr(KEY) + caplog.text


def test_keys_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOME_KEY", raising=False)
    assert ApiKey.from_environment("x-key", "SOME_KEY") is None
    monkeypatch.setenv("SOME_KEY", " abc\n")
    assert ApiKey.from_environment("x-key", "SOME_KEY") == ApiKey("x-key", "abc")
    monkeypatch.setenv("SOME_KEY", "abc\r\nHost: x")
    with pytest.raises(Unavailable) as refused:
        ApiKey.from_environment("x-key", "SOME_KEY")
    assert "SOME_KEY" in str(refused.value)
    assert "abc" not in str(refused.value)


def test_secrets_in_addresses_are_not_shown() -> None:
    shown = shown_address("https://me:pass@host.org:8080/a/b?token=1#x")
    assert shown == "https://host.org:8080/a/b"
    assert shown_address("http://[x") == "'http://[x'"


# Cancelling


def test_cancelled_while_it_waits(server: FeatureServer) -> None:
    cancel = CancelToken()
    slept = Naps()

    def sleep(seconds: float, /) -> None:
        slept.append(seconds)
        if slept.total > 20:
            cancel.cancel()

    server.order(status(429, Retry_After="100"))
    with WebClient(cancel, sleep=sleep) as web, pytest.raises(Cancelled):
        web.get(f"{server.url}/x.json")
    assert 20 < slept.total < 21
    assert len(server.seen) == 1


def test_cancelled_before_and_amid(server: FeatureServer) -> None:
    cancel = CancelToken()

    def fault(talk: Talk, data: bytes) -> None:
        cancel.cancel()
        zipped(talk, data)

    server.order(fault)
    with WebClient(cancel) as web:
        for _ in range(2):
            with pytest.raises(Cancelled):
                web.get(f"{server.url}/x.json")
    assert len(server.seen) == 1


# Parts of files


def test_a_part(server: FeatureServer, web: WebClient) -> None:
    assert web.get_part(f"{server.url}/x.bin", 250, 260) == bytes(
        [*range(250, 256), *range(4)]
    )
    assert server.seen[0].headers["range"] == "bytes=250-259"


def test_a_part_of_a_server_that_knows_none(
    server: FeatureServer, web: WebClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.ignores_range = True
    assert web.get_part(f"{server.url}/x.bin", 3, 7) == bytes([3, 4, 5, 6])
    told = _refused(lambda: web.get_part(f"{server.url}/x.bin", 3, 99999))
    assert "ends after 10,240 bytes, before 99,999" in told
    monkeypatch.setattr(web_request, "_WITHOUT_PARTS", 1000)
    told = _refused(lambda: web.get_part(f"{server.url}/x.bin", 996, 1001))
    assert "sends no parts of files" in told


def test_no_more_of_a_whole_file_is_read_than_is_wanted(
    server: FeatureServer, web: WebClient
) -> None:
    # The file never ends; the part is there all the same.
    def endless(talk: Talk, _: bytes) -> None:
        talk.send(bytes(4096), kind="application/octet-stream", length=2**40)
        talk.server.features.released.wait()

    server.order(endless)
    assert web.get_part(f"{server.url}/x.bin", 2, 4000) == bytes(3998)
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("start", "stop", "told"),
    [(10_230, 10_250, "sends 'bytes 10230-10239/10240'"), (99_999, 100_000, "416")],
)
def test_a_part_beyond_the_end(
    server: FeatureServer, web: WebClient, start: int, stop: int, told: str
) -> None:
    assert told in _refused(lambda: web.get_part(f"{server.url}/x.bin", start, stop))


def test_a_part_that_is_cut_off_is_asked_for_again(
    server: FeatureServer, web: WebClient
) -> None:
    def cut(talk: Talk, _: bytes) -> None:
        talk.send(
            b"abc",
            status=206,
            kind="application/octet-stream",
            headers={"Content-Range": "bytes 0-9/10240"},
        )

    server.order(cut)
    assert web.get_part(f"{server.url}/x.bin", 0, 10) == bytes(range(10))
    assert len(server.seen) == 2


def test_a_part_that_is_zipped_or_too_long(
    server: FeatureServer, web: WebClient
) -> None:
    server.order(instead(b"x" * 99, "application/gzip", Content_Encoding="gzip"))
    assert "zipped" in _refused(lambda: web.get_part(f"{server.url}/x.bin", 0, 9))

    def long(talk: Talk, _: bytes) -> None:
        talk.send(
            bytes(99),
            status=206,
            kind="application/octet-stream",
            headers={"Content-Range": "bytes 0-8/10240"},
        )

    server.order(long)
    assert "more than 9" in _refused(lambda: web.get_part(f"{server.url}/x.bin", 0, 9))
