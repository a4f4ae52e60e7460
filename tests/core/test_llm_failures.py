"""Servers that fail: what is asked again, what ends it, and what a person is told."""

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from glossator.errors import Cancelled
from glossator.llm.chat_model import Answer, NoAnswer, Reply
from glossator.llm.server_address import ProtocolName
from glossator.progress import CancelToken, Progress, drive
from tests.core.ask_server import PROTOCOLS, WANTED, ask, opened, prompt, replied
from tests.core.llm_server import (
    MODEL,
    Act,
    ChatServer,
    Talk,
    answers,
    broken,
    chat_server,
    cut_off,
    fails,
    hangs,
    lists,
    page,
    resets,
    says,
    sends,
)

ATTEMPTS = 8
ELSEWHERE = "http://192.0.2.1:8080/v1"


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with chat_server() as server:
        yield server


@pytest.fixture(params=PROTOCOLS)
def protocol(request: pytest.FixtureRequest) -> ProtocolName:
    name: ProtocolName = request.param
    return name


def texts(replies: list[Reply]) -> list[str]:
    return [reply.text if isinstance(reply, Answer) else "" for reply in replies]


# -- what may pass ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "reason", "lasting"),
    [
        (fails(408, "late"), "status 408: late", False),
        (fails(409), "status 409: no", False),
        (fails(425), "status 425: no", False),
        (fails(429, "slower"), "status 429: slower", True),
        (fails(500, "out of order"), "status 500: out of order", False),
        (fails(503), "status 503: no", False),
        (fails(529, "overloaded"), "status 529: overloaded", False),
        (resets, "the connection broke off", False),
        (broken, "this is no ", False),
        (page("<html><p>One moment</p>"), "One moment", False),
        (lambda talk: talk.send(b""), "this is no ", False),
        (cut_off, "the connection broke off", False),
    ],
)
def test_what_may_pass_is_asked_again(
    server: ChatServer, protocol: ProtocolName, act: Act, reason: str, lasting: bool
) -> None:
    model = opened(server, protocol)
    server.acts = [act] * (ATTEMPTS - 1)
    (passed,) = replied(model, ["a"])
    assert isinstance(passed.reply, Answer)
    assert passed.attempts == ATTEMPTS
    server.acts = [act] * ATTEMPTS
    (failed,) = replied(model, ["a"])
    assert isinstance(failed.reply, NoAnswer)
    assert reason in failed.reply.reason
    assert failed.reply.lasting is lasting
    assert failed.attempts == ATTEMPTS
    assert len(server.asked) == 2 * ATTEMPTS


def test_a_server_that_keeps_silent(server: ChatServer, protocol: ProtocolName) -> None:
    """On this machine it has time to load its model, and no more time after that."""
    model = opened(server, protocol, patience=0.1)
    server.latency = 0.3
    assert texts(ask(model, ["a"])) == ["tools"]
    server.acts = [says("tools"), *[hangs] * ATTEMPTS]
    server.latency = 0
    first, stalled = replied(opened(server, protocol, at_once=1, patience=0.1), "ab")
    assert isinstance(first.reply, Answer)
    assert stalled.reply == NoAnswer("no answer within 0.1 s")
    assert stalled.attempts == ATTEMPTS


def test_an_answer_that_drips_is_given_up(
    server: ChatServer, protocol: ProtocolName
) -> None:
    def drips(talk: Talk) -> None:
        talk.send(b" ", missing=1000)
        while not talk.server.chat.released.wait(0.02):
            talk.wfile.write(b" ")

    server.acts = [says("tools"), drips]
    model = opened(server, protocol, at_once=1, patience=0.1)
    assert texts(ask(model, "ab")) == ["tools", "tools"]
    assert len(server.asked) > 2


@pytest.mark.parametrize("act", [fails(500), resets, broken])
def test_a_dead_server_does_not_take_hours(
    server: ChatServer, protocol: ProtocolName, act: Act
) -> None:
    server.default = act
    found = ask(opened(server, protocol, at_once=1), "a" * 50)
    assert all(isinstance(reply, NoAnswer) for reply in found)
    assert [isinstance(r, NoAnswer) and r.lasting for r in found] == (
        [False] * 4 + [True] * 46
    )
    assert len(server.asked) == 5 * ATTEMPTS
    assert "(5 prompts failed like this, one after another)" in str(found[4])


def test_failures_of_single_prompts_do_not_end_it(
    server: ChatServer, protocol: ProtocolName
) -> None:
    """Nor do failures of several kinds, as a server has that comes up again."""
    server.by_prompt = {"x": fails(500)}
    found = ask(opened(server, protocol, at_once=1), "xxxx.xxxx.")
    assert "".join(texts(found)) == "toolstools"
    server.by_prompt = {"x": fails(500), "y": resets}
    found = ask(opened(server, protocol, at_once=1), "xxxxyyyy.")
    assert "".join(texts(found)) == "tools"


def test_a_fifth_of_requests_fails(server: ChatServer, protocol: ProtocolName) -> None:
    server.failing = 0.2
    server.default = answers(lambda question: f"to {question}")
    names = [f"{at}." for at in range(60)]
    found = ask(opened(server, protocol, at_once=16), names)
    assert texts(found) == [f"to {name}" for name in names]
    assert server.charged.calls == 60, "nothing is asked again that was answered"
    assert len(server.asked) > 65


def test_an_error_in_place_of_an_answer(server: ChatServer) -> None:
    """As routers send it once they have said that all is well."""
    error = {"error": {"code": 502, "message": "upstream is gone"}}
    choice = {"message": {"content": "to"}, "finish_reason": "error"}
    server.acts = [sends(error), sends({"choices": [choice]})]
    (found,) = replied(opened(server, "openai"), ["a"])
    assert isinstance(found.reply, Answer)
    assert found.attempts == 3


# -- pauses ----------------------------------------------------------------------------


def date_in(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("status", "told"), [(429, "seconds"), (503, "date"), (529, "milliseconds")]
)
def test_a_pause_that_the_server_asks_for_is_kept_by_all(
    server: ChatServer, protocol: ProtocolName, status: int, told: str
) -> None:
    """Once it has asked, no request comes before it is over."""
    over = threading.Event()
    timers: list[threading.Timer] = []
    early: list[str] = []

    def busy(talk: Talk) -> None:
        headers = {
            "seconds": {"retry_after_ms": "", "retry_after": "1"},
            "date": {"retry_after_ms": "", "retry_after": date_in(2.0)},
            "milliseconds": {"retry_after_ms": "1000"},
        }
        timers.append(threading.Timer(0.5, over.set))
        timers[0].start()
        fails(status, **headers[told])(talk)

    def answer(talk: Talk) -> None:
        if timers and not over.is_set():
            early.append(talk.seen.question)
            # The client has read by then that it is to wait.
            talk.server.chat.released.wait(0.2)
        says("tools")(talk)

    server.acts, server.default = [busy], answer
    model = opened(server, protocol, at_once=2)
    found = ask(model, "abcdefgh")
    for timer in timers:
        timer.join()
    assert texts(found) == ["tools"] * 8
    assert len(early) <= 1, "one may have been under way"


def test_a_pause_that_is_too_long_ends_it(
    server: ChatServer, protocol: ProtocolName
) -> None:
    server.default = fails(429, "tomorrow", retry_after_ms="", retry_after="90000")
    found = ask(opened(server, protocol, at_once=1), "ab")
    told = "status 429 (it asks to be left alone for 1500 min): tomorrow"
    assert found == [NoAnswer(told, lasting=True)] * 2
    assert len(server.asked) == 1


def test_a_server_that_takes_few_at_once_is_asked_less(
    server: ChatServer, protocol: ProtocolName
) -> None:
    """With 16 at a time and 2 taken, each prompt would else fail again and again."""

    def few(talk: Talk) -> None:
        act = says("tools") if talk.server.chat.at_once <= 2 else fails(429)
        act(talk)

    server.default, server.latency = few, 0.01
    found = replied(opened(server, protocol, at_once=16), "a" * 60)
    assert all(isinstance(one.reply, Answer) for one in found)
    assert sum(one.attempts for one in found) < 3 * 60


# -- what stays ------------------------------------------------------------------------

NO_MODEL = f"status 404, it has no model '{MODEL}', but llama, qwen: no"
NO_CREDIT = b'{"error": {"message": "no credit", "code": "insufficient_quota"}}'


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (fails(401, "who?"), r"status 401, \w+_API_KEY is not set, and .*: who\?"),
        (fails(402, "no credit"), "status 402: no credit"),
        (fails(403, "not you"), "status 403: not you"),
        (fails(404), NO_MODEL),
        (lambda talk: talk.send(NO_CREDIT, status=429), "status 429: no credit"),
        (
            lambda talk: talk.send(b"", status=307, headers={"Location": ELSEWHERE}),
            f"status 307, a redirection, which is not followed: {ELSEWHERE}",
        ),
    ],
)
def test_after_a_lasting_failure_nothing_more_is_asked(
    server: ChatServer, protocol: ProtocolName, act: Act, reason: str
) -> None:
    model = opened(server, protocol)
    server.default, server.models = act, lists("llama", "qwen")
    found = replied(model, "abcdefghijklmnopqrstuvwxyz")
    assert len({one.reply for one in found}) == 1
    last = max(found, key=lambda one: one.at)
    assert isinstance(last.reply, NoAnswer)
    assert last.reply.lasting
    assert re.fullmatch(reason, last.reply.reason)
    assert len(server.asked) <= 8
    assert last.attempts == 0, "it was never asked"


def test_nobody_waits_for_a_server_that_is_given_up(
    server: ChatServer, protocol: ProtocolName
) -> None:
    paused = fails(500, retry_after_ms="", retry_after="6")
    server.by_prompt = {"paused": paused, "refused": fails(401)}
    prompts = [prompt(text) for text in ("paused", "tools", "refused")]
    model = opened(server, protocol, at_once=2)
    work = model.complete(prompts, CancelToken(), WANTED)
    steps: list[Progress] = []
    first, second, last = drive(work, lambda progress: steps.append(progress))
    assert isinstance(second, Answer)
    assert first == last
    assert len(steps) < 20, "there is one every fifth of a second"


FLAGGED = b'{"error": {"message": "flagged", "metadata": {"flagged_input": "a"}}}'


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (fails(400, "bad\nrequest"), "status 400: bad request"),
        (fails(413, "too long"), "status 413: too long"),
        (fails(422), "status 422: no"),
        (lambda talk: talk.send(b"", status=418), "status 418"),
        (
            lambda talk: talk.send(FLAGGED, status=403),
            "status 403: flagged",
        ),
    ],
)
def test_a_failure_of_one_prompt(
    server: ChatServer, protocol: ProtocolName, act: Act, reason: str
) -> None:
    server.by_prompt = {"bad": act}
    found = ask(opened(server, protocol, at_once=1), ["bad", "good"])
    assert found[0] == NoAnswer(reason)
    assert texts(found) == ["", "tools"]
    assert len(server.asked) == 2


def test_the_wrong_path_of_a_server(server: ChatServer, protocol: ProtocolName) -> None:
    model = opened(server, protocol)
    server.default = server.models = fails(404, "page not found")
    (found,) = ask(model, ["a"])
    assert isinstance(found, NoAnswer)
    assert found.lasting
    assert "page not found" in found.reason
    assert "ends in /v1" in found.reason


def test_a_server_that_is_gone(protocol: ProtocolName) -> None:
    with chat_server() as server:
        model = opened(server, protocol)
    found = ask(model, "a" * 9)
    assert all(isinstance(reply, NoAnswer) for reply in found)
    assert "no server answers there; is it running?" in str(found[0])
    assert isinstance(found[-1], NoAnswer)
    assert found[-1].lasting


# -- stopping --------------------------------------------------------------------------


def connected() -> bool:
    return any(thread.name == "chat server" for thread in threading.enumerate())


@pytest.mark.parametrize(
    "act", [hangs, fails(429, retry_after_ms="", retry_after="200"), fails(500)]
)
def test_a_job_stops_whatever_it_waits_for(
    server: ChatServer, protocol: ProtocolName, act: Act
) -> None:
    """A server that is silent, a pause that it asked for, or one of our own."""
    server.default = act
    cancel = CancelToken()
    model = opened(server, protocol)
    work = model.complete([prompt("a")] * 20, cancel, WANTED)

    def cancel_in_time(progress: Progress) -> None:
        if len(server.asked) >= 8:
            cancel.cancel()

    with pytest.raises(Cancelled):
        drive(work, cancel_in_time)
    assert not connected()


def test_a_job_that_is_dropped_leaves_no_thread(
    server: ChatServer, protocol: ProtocolName
) -> None:
    model = opened(server, protocol)
    work = model.complete([prompt("a")] * 20, CancelToken(), WANTED)
    next(work)
    assert connected()
    work.close()
    assert not connected()
