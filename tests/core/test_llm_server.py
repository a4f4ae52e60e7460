"""Chat models behind a real server, through the real client."""

import asyncio
import threading
from collections.abc import Iterator, Sequence

import pytest

from glossator.errors import Cancelled, InputError, ModelError, WebError
from glossator.llm.chat_model import Answer, ChatPrompt, NoAnswer, Reply, Turn
from glossator.llm.open_chat_model import open_chat_model
from glossator.llm.openai_server import ServerModel
from glossator.llm.server_address import is_loopback, server_address
from glossator.progress import CancelToken, Progress, drive
from tests.core.llm_server import (
    MODEL,
    Act,
    ChatServer,
    chat_server,
    fails,
    hangs,
    lists,
    page,
    resets,
    says,
    sends,
    unused_address,
)

KEY = "sk-very-secret-key"
ELSEWHERE = "http://192.0.2.1:8080/v1"


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with chat_server() as server:
        yield server


def prompt(text: str) -> ChatPrompt:
    return ChatPrompt(
        (
            Turn("system", "Name it."),
            Turn("user", "oak"),
            Turn("assistant", "trees"),
            Turn("user", text),
        )
    )


def ask(
    server: ChatServer, *texts: str, cancel: CancelToken | None = None
) -> list[Reply]:
    model = ServerModel.open(server.url, MODEL)
    prompts = [prompt(text) for text in texts]
    work = model.complete(prompts, cancel or CancelToken(), max_tokens=32)
    return drive(work, lambda _: None)


# -- answers ---------------------------------------------------------------------------


def test_answers_come_in_the_order_of_the_prompts(server: ChatServer) -> None:
    names = [f"number {n}." for n in range(20)]
    server.by_prompt = {name: says(f"answer to {name}") for name in names}
    assert ask(server, *names) == [Answer(f"answer to {n}", "stop") for n in names]
    assert server.most_at_once <= 8


def test_what_is_sent(server: ChatServer) -> None:
    ask(server, "hammer, saw")
    (sent,) = server.asked
    assert sent.body["model"] == MODEL
    assert sent.body["temperature"] == 0
    assert sent.body["max_tokens"] > 32, "some models think before they answer"
    assert [tuple(turn.values()) for turn in sent.body["messages"]] == [
        ("system", "Name it."),
        ("user", "oak"),
        ("assistant", "trees"),
        ("user", "hammer, saw"),
    ]


def test_progress_counts_answers(server: ChatServer) -> None:
    model = ServerModel.open(server.url, MODEL)
    steps: list[Progress] = []
    work = model.complete([prompt("a")] * 12, CancelToken(), max_tokens=32)
    drive(work, lambda step: steps.append(step))
    assert {step.total for step in steps} == {12}
    done = [step.done for step in steps]
    assert done == sorted(done)
    assert done[0] == 0


def test_nothing_to_ask(server: ChatServer) -> None:
    assert ask(server) == []
    assert server.asked == []


ATTEMPTS = 3


@pytest.mark.parametrize(
    ("act", "reply"),
    [
        (says("  tools \n"), Answer("tools", "stop")),
        (says("tools\nand more\n"), Answer("tools\nand more", "stop")),
        (says("tools and", "length"), Answer("tools and", "length")),
        (says("<think>a</think>\ntools"), Answer("<think>a</think>\ntools", "stop")),
        (says(""), "the answer is empty"),
        (says(" \n "), "the answer is empty"),
        (says(None), "the answer is empty"),
        (says("", "length"), "all tokens went into thoughts"),
        (says(None, refusal="I will\nnot."), "the model refuses: I will not."),
        (says("too", "content_filter"), "content filter"),
        (sends({"choices": []}), "no choice"),
        (sends({"choices": "tools"}), "no chat completion"),
        (sends({"choices": [{"message": {"content": ["tools"]}}]}), "no chat compl"),
        (sends({"error": {"message": "no"}}), "no chat completion"),
        (sends("tools"), "no chat completion"),
        (page(), "no chat completion"),
        (fails(400, "bad\nparameter"), "status 400: bad parameter"),
        (fails(422), "status 422: no"),
        (lambda talk: talk.send(b"", status=418), "status 418"),
        (
            lambda talk: talk.send(b"", status=302, headers={"Location": ELSEWHERE}),
            "status 302",
        ),
    ],
)
def test_what_an_answer_comes_to(
    server: ChatServer, act: Act, reply: Answer | str
) -> None:
    server.acts = [act]
    (found,) = ask(server, "a")
    if isinstance(reply, Answer):
        assert found == reply
    else:
        assert isinstance(found, NoAnswer)
        assert reply in found.reason
        assert not found.lasting
        assert "\n" not in found.reason
    assert len(server.asked) == 1


# -- failures --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "reason", "lasting"),
    [
        (fails(500, "out of order"), "status 500: out of order", False),
        (fails(503), "status 503", False),
        (fails(429, "slower"), "status 429: slower", True),
        (resets, "the connection broke off", False),
    ],
)
def test_what_may_pass_is_asked_again(
    server: ChatServer, act: Act, reason: str, lasting: bool
) -> None:
    server.acts = [act] * (ATTEMPTS - 1)
    assert ask(server, "a") == [Answer("tools", "stop")]
    server.acts = [act] * ATTEMPTS
    (found,) = ask(server, "a")
    assert isinstance(found, NoAnswer)
    assert reason in found.reason
    assert found.lasting is lasting
    assert len(server.asked) == 2 * ATTEMPTS


def test_a_pause_that_the_server_asks_for_is_kept(server: ChatServer) -> None:
    server.acts = [fails(429, retry_after_ms="", retry_after="0.05")]
    assert ask(server, "a") == [Answer("tools", "stop")]


def test_a_pause_that_is_too_long_ends_it(server: ChatServer) -> None:
    server.acts = [fails(429, "tomorrow", retry_after_ms="", retry_after="90000")]
    (found,) = ask(server, "a")
    assert found == NoAnswer("status 429: tomorrow", lasting=True)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (fails(401, "who?"), "status 401, OPENAI_API_KEY is not set: who?"),
        (fails(403, "not you"), "status 403: not you"),
        (fails(404), f"it has no model '{MODEL}', but llama, qwen"),
    ],
)
def test_after_a_lasting_failure_nothing_more_is_asked(
    server: ChatServer, act: Act, reason: str
) -> None:
    server.default, server.models = act, lists("llama", "qwen")
    found = ask(server, *"abcdefghijklmnopqrstuvwxyz")
    assert found == [NoAnswer(reason, lasting=True)] * 26
    assert len(server.asked) <= 8


def test_the_wrong_path_of_a_server(server: ChatServer) -> None:
    server.default = server.models = fails(404, "page not found")
    (found,) = ask(server, "a")
    assert isinstance(found, NoAnswer)
    assert found.lasting
    assert "page not found" in found.reason
    assert "ends in /v1" in found.reason


def test_a_server_that_keeps_silent(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glossator.llm.openai_server._PATIENCE", 0.1)
    server.default = hangs
    assert ask(server, "a") == [NoAnswer("no answer within 0.1 s")]
    assert len(server.asked) == ATTEMPTS
    monkeypatch.setattr("glossator.llm.openai_server._SHORT_PATIENCE", 0.1)
    server.models = hangs
    with pytest.raises(WebError, match=r"no answer within 0\.1 s"):
        open_chat_model(server.url, MODEL)


def test_a_server_that_is_gone(server: ChatServer) -> None:
    gone = ServerModel(unused_address(), MODEL, None)
    work = gone.complete([prompt("a")] * 9, CancelToken(), max_tokens=32)
    found = drive(work, lambda _: None)
    assert all(isinstance(one, NoAnswer) and one.lasting for one in found)
    assert "is it running?" in str(found[0])


# -- stopping --------------------------------------------------------------------------


def test_a_job_stops_while_the_server_is_silent(server: ChatServer) -> None:
    server.default = hangs
    cancel = CancelToken()
    model = ServerModel.open(server.url, MODEL)
    work = model.complete([prompt("a")] * 20, cancel, max_tokens=32)

    def cancel_in_time(progress: Progress) -> None:
        if len(server.asked) == 8:
            cancel.cancel()

    with pytest.raises(Cancelled):
        drive(work, cancel_in_time)
    assert len(server.asked) == 8
    assert not connected()


def connected() -> bool:
    return any(thread.name == "chat server" for thread in threading.enumerate())


def test_a_job_that_is_dropped_leaves_no_thread(server: ChatServer) -> None:
    model = ServerModel.open(server.url, MODEL)
    work = model.complete([prompt("a")] * 20, CancelToken(), max_tokens=32)
    next(work)
    assert connected()
    work.close()
    assert not connected()


def test_it_works_where_a_loop_runs(server: ChatServer) -> None:
    """As in a notebook."""

    async def cell() -> list[Reply]:
        return ask(server, "a")

    assert asyncio.run(cell()) == [Answer("tools", "stop")]


# -- opening ---------------------------------------------------------------------------


def test_the_only_model_needs_no_name(server: ChatServer) -> None:
    model = open_chat_model(server.url)
    assert model.name == f"{MODEL} at {server.url}"
    assert drive(
        model.complete([prompt("a")], CancelToken(), max_tokens=9), lambda _: None
    )
    assert server.asked[0].body["model"] == MODEL


def test_an_address_without_a_path(server: ChatServer) -> None:
    model = open_chat_model(f" {server.url.removesuffix('/v1')}/ ", "other")
    assert model.name == f"other at {server.url}"


def test_one_of_several_models_has_to_be_named(server: ChatServer) -> None:
    server.models = lists("llama", "qwen\n3")
    with pytest.raises(ModelError, match=r"llm_model: name one .*: llama, qwen 3$"):
        open_chat_model(server.url)
    assert open_chat_model(server.url, "qwen").name.startswith("qwen at ")


def test_a_server_without_a_list_of_models(server: ChatServer) -> None:
    server.models = fails(404, "page not found")
    assert open_chat_model(server.url, "any").name.startswith("any at ")
    with pytest.raises(WebError, match="status 404: page not found"):
        open_chat_model(server.url)


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (fails(401), "status 401, OPENAI_API_KEY is not set"),
        (fails(500), "status 500"),
        (page(), "no server of the OpenAI protocol"),
        (sends({"models": []}), "no server of the OpenAI protocol"),
        (resets, "broke off"),
    ],
)
def test_a_server_that_is_of_no_use(server: ChatServer, act: Act, reason: str) -> None:
    server.models = act
    with pytest.raises(WebError, match=reason) as raised:
        open_chat_model(server.url, MODEL)
    assert str(raised.value).startswith(server.url)


def test_no_server() -> None:
    address = unused_address()
    with pytest.raises(WebError, match="no server answers there") as raised:
        open_chat_model(address, MODEL)
    assert str(raised.value).startswith(address)


# -- keys and addresses ----------------------------------------------------------------


def test_a_key_is_sent_and_never_told(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server.acts = [says("tools"), fails(401, f"wrong key {KEY}"), fails(400, KEY)]
    for _ in range(3):
        found = ask(server, "a")
        assert KEY not in str(found)
    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in repr(ServerModel.open(server.url, MODEL))
    server.models = fails(401, KEY)
    with pytest.raises(WebError, match="OPENAI_API_KEY is not accepted") as raised:
        open_chat_model(server.url, MODEL)
    assert KEY not in str(raised.value)


def test_a_key_goes_nowhere_unencrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(ModelError, match="unencrypted") as raised:
        open_chat_model(ELSEWHERE, MODEL)
    assert KEY not in str(raised.value)


def test_a_server_here_is_asked_past_the_proxy(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, unused_address())
    assert ask(server, "a") == [Answer("tools", "stop")]


@pytest.mark.parametrize(
    "address",
    [
        "ftp://localhost/v1",
        "file:///etc/passwd",
        "http://",
        "http://localhost:port/v1",
        "http://ann:secret@localhost/v1",
        "http://localhost/v1?key=secret",
        "http://localhost/v1#secret",
        "http://[::1/v1",
    ],
)
def test_no_address(address: str) -> None:
    with pytest.raises(InputError, match="llm: ") as raised:
        open_chat_model(address, MODEL)
    if "@" in address or "?" in address:
        assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("http://localhost:11434", "http://localhost:11434/v1"),
        ("http://localhost:11434/", "http://localhost:11434/v1"),
        ("https://host/api/v1/", "https://host/api/v1"),
    ],
)
def test_addresses(text: str, address: str) -> None:
    assert server_address(text) == address


def test_what_is_on_this_machine() -> None:
    here: Sequence[str] = ("localhost:1", "127.0.0.1", "127.1.2.3:8080", "[::1]:80")
    assert all(is_loopback(f"http://{host}/v1") for host in here)
    there = ("192.168.1.4", "localhost.example.org", "0.0.0.0", "host")
    assert not any(is_loopback(f"http://{host}/v1") for host in there)
