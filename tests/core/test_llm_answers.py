"""What servers answer, in both protocols and through the real clients."""

import asyncio
from collections.abc import Iterator

import pytest

from glossator.llm.chat_model import (
    Answer,
    AnswerProgress,
    ChatPrompt,
    NoAnswer,
    Reply,
    Turn,
    Wanted,
)
from glossator.llm.server_address import ProtocolName
from glossator.progress import CancelToken, Progress, drive
from tests.core.ask_server import PROTOCOLS, WANTED, ask, opened, prompt
from tests.core.llm_server import (
    MODEL,
    Act,
    Charged,
    ChatServer,
    answers,
    chat_server,
    page,
    says,
    sends,
)


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with chat_server() as server:
        yield server


@pytest.fixture(params=PROTOCOLS)
def protocol(request: pytest.FixtureRequest) -> ProtocolName:
    name: ProtocolName = request.param
    return name


def said(replies: list[Reply]) -> list[str]:
    return [reply.text if isinstance(reply, Answer) else "" for reply in replies]


# -- asking ----------------------------------------------------------------------------


def test_answers_come_in_the_order_of_the_prompts(
    server: ChatServer, protocol: ProtocolName
) -> None:
    names = [f"number {n}." for n in range(20)]
    server.default = answers(lambda question: f"answer to {question}")
    replies = ask(opened(server, protocol), names)
    assert said(replies) == [f"answer to {name}" for name in names]
    assert server.most_at_once <= 8


def test_as_many_are_under_way_as_is_said(
    server: ChatServer, protocol: ProtocolName
) -> None:
    server.latency = 0.05
    ask(opened(server, protocol, at_once=3), "abcdefghi")
    assert server.most_at_once == 3


def test_what_is_sent_to_openai(server: ChatServer) -> None:
    ask(opened(server, "openai"), ["hammer, saw"], Wanted(32, temperature=0.5))
    (sent,) = server.asked
    assert sent.path == "/v1/chat/completions"
    assert sent.body.keys() == {"model", "messages", "temperature", "max_tokens"}
    assert sent.body["model"] == MODEL
    assert sent.body["temperature"] == 0.5
    assert sent.body["max_tokens"] > 32, "some models think before they answer"
    assert [tuple(turn.values()) for turn in sent.body["messages"]] == [
        ("system", "Name it."),
        ("user", "oak"),
        ("assistant", "trees"),
        ("user", "hammer, saw"),
    ]


def test_what_is_sent_to_anthropic(server: ChatServer) -> None:
    ask(opened(server, "anthropic"), ["hammer, saw"])
    (sent,) = server.asked
    assert sent.path == "/v1/messages"
    assert sent.body.keys() == {
        "model",
        "system",
        "messages",
        "temperature",
        "max_tokens",
    }
    assert sent.body["system"] == "Name it."
    assert sent.body["temperature"] == 0
    assert sent.body["max_tokens"] > 32
    assert [turn["role"] for turn in sent.body["messages"]] == [
        "user",
        "assistant",
        "user",
    ]
    assert sent.headers["anthropic-version"]


def test_headers_tell_no_more_than_they_have_to(
    server: ChatServer, protocol: ProtocolName, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the machine, nor what the environment holds for another server."""
    monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Mine: secret")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "secret")
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "Authorization: secret")
    ask(opened(server, protocol), ["a"])
    for seen in server.seen:
        assert "secret" not in str(seen.headers)
        assert seen.headers["user-agent"].startswith("glossator/")
        own = {name for name in seen.headers if name.startswith("x-")}
        assert own <= {"x-stainless-raw-response"}
        assert "authorization" not in seen.headers


def test_prompts_without_a_system_turn(
    server: ChatServer, protocol: ProtocolName
) -> None:
    model = opened(server, protocol)
    work = model.complete([ChatPrompt((Turn("user", "a"),))], CancelToken(), WANTED)
    assert said(drive(work, lambda _: None)) == ["tools"]
    assert "system" not in server.asked[0].body


def test_half_a_character_is_sent_as_a_sign(
    server: ChatServer, protocol: ProtocolName
) -> None:
    server.default = answers(lambda question: question)
    assert said(ask(opened(server, protocol), ["caf\ud83d, café"])) == ["caf?, café"]


def test_nothing_to_ask(server: ChatServer, protocol: ProtocolName) -> None:
    assert ask(opened(server, protocol), []) == []
    assert server.asked == []


def test_it_works_where_a_loop_runs(server: ChatServer, protocol: ProtocolName) -> None:
    """As in a notebook."""

    async def cell() -> list[Reply]:
        return ask(opened(server, protocol), ["a"])

    assert said(asyncio.run(cell())) == ["tools"]


# -- progress --------------------------------------------------------------------------


def test_every_reply_goes_ahead_once(
    server: ChatServer, protocol: ProtocolName
) -> None:
    server.default = answers(lambda question: f"{question}!")
    steps: list[AnswerProgress] = []

    def note(progress: Progress) -> None:
        assert isinstance(progress, AnswerProgress)
        steps.append(progress)

    prompts = [prompt(text) for text in "abcdefghijkl"]
    work = opened(server, protocol).complete(prompts, CancelToken(), WANTED)
    found = drive(work, note)
    ahead = [one for step in steps for one in step.replied]
    assert sorted(one.at for one in ahead) == list(range(12))
    assert all(found[one.at] == one.reply for one in ahead)
    assert {one.attempts for one in ahead} == {1}
    assert all(one.seconds > 0 for one in ahead)
    assert {step.total for step in steps} == {12}
    done = [step.done for step in steps]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 12)


def test_prompts_are_taken_as_late_as_possible(
    server: ChatServer, protocol: ProtocolName
) -> None:
    """Whoever gives them knows of all replies but those that are under way."""
    known = taken = 0

    def prompts() -> Iterator[ChatPrompt]:
        nonlocal taken
        for at in range(20):
            assert taken - known < 4
            taken += 1
            yield prompt(str(at))

    work = opened(server, protocol, at_once=4).complete(
        prompts(), CancelToken(), WANTED
    )
    for step in work:
        assert isinstance(step, AnswerProgress)
        assert step.total == 0, "nobody knows yet"
        known += len(step.replied)
    assert known == taken == 20


# -- answers ---------------------------------------------------------------------------

LIST = "tools:\n- saw\n- hammer"
THOUGHTS = "all tokens went into thoughts"


@pytest.mark.parametrize(
    ("act", "reply"),
    [
        (says("  tools \n"), Answer("tools", "stop")),
        (says(LIST), Answer(LIST, "stop")),
        (says("too"), Answer("too", "stop")),
        (
            says("Sure! The answer is tools."),
            Answer("Sure! The answer is tools.", "stop"),
        ),
        (says("tools and", "length"), Answer("tools and", "length")),
        (says("<think>a</think>\ntools"), Answer("<think>a</think>\ntools", "stop")),
        (says(""), NoAnswer("the answer is empty")),
        (says(" \n "), NoAnswer("the answer is empty")),
        (says(None), NoAnswer("the answer is empty")),
        (says("", "length"), NoAnswer(f"{THOUGHTS} before an answer")),
    ],
)
def test_what_an_answer_comes_to(
    server: ChatServer, protocol: ProtocolName, act: Act, reply: Answer | NoAnswer
) -> None:
    server.acts = [act]
    (found,) = ask(opened(server, protocol), ["a"])
    assert isinstance(found, type(reply))
    assert found.usage is not None, "what was paid for is told"
    assert charged(found) == server.charged
    if isinstance(found, Answer) and isinstance(reply, Answer):
        assert (found.text, found.ended) == (reply.text, reply.ended)
    elif isinstance(found, NoAnswer) and isinstance(reply, NoAnswer):
        assert (found.reason, found.lasting) == (reply.reason, False)


def charged(reply: Reply) -> Charged:
    assert reply.usage is not None
    return Charged(1, reply.usage.prompt_tokens, reply.usage.answer_tokens)


@pytest.mark.parametrize(
    ("protocol", "act", "reason"),
    [
        (
            "openai",
            says(None, refusal="I will\nnot."),
            "the model refuses: I will not.",
        ),
        (
            "openai",
            says("too", "content_filter"),
            "the server's content filter holds the answer back",
        ),
        ("anthropic", says("I will", "content_filter"), "the model refuses"),
    ],
)
def test_a_refusal_is_no_answer(
    server: ChatServer, protocol: ProtocolName, act: Act, reason: str
) -> None:
    server.acts = [act]
    (found,) = ask(opened(server, protocol), ["a"])
    assert isinstance(found, NoAnswer)
    assert found.reason == reason
    assert charged(found) == server.charged


def test_thoughts_are_no_part_of_an_answer(server: ChatServer) -> None:
    server.acts = [
        says("tools", thoughts="Is it ...?"),
        says("", "length", thoughts="a"),
    ]
    found, none = ask(opened(server, "anthropic", at_once=1), "ab")
    assert said([found]) == ["tools"]
    assert isinstance(none, NoAnswer)
    assert none.reason.startswith(THOUGHTS)


def test_blocks_of_other_kinds_are_no_part_of_an_answer(server: ChatServer) -> None:
    content = [{"type": "note", "text": "a"}, {"type": "text", "text": "tools"}]
    server.default = sends({"content": [*content, {"type": "tool_use", "id": "1"}]})
    assert said(ask(opened(server, "anthropic"), ["a"])) == ["tools"]


@pytest.mark.parametrize(
    ("protocol", "document", "reason"),
    [
        ("openai", {"choices": []}, "no chat completion: it holds no choice"),
        ("openai", {"choices": "tools"}, "this is no chat completion"),
        (
            "openai",
            {"choices": [{"message": {"content": ["a"]}}]},
            "no chat completion",
        ),
        ("openai", {"error": {"message": "no"}}, "no chat completion"),
        ("openai", "tools", "no chat completion"),
        ("anthropic", {"content": "tools"}, "this is no message"),
        ("anthropic", {"type": "error", "error": {"message": "no"}}, "no message"),
    ],
)
def test_another_document_is_no_answer(
    server: ChatServer, protocol: ProtocolName, document: object, reason: str
) -> None:
    server.default = sends(document)
    (found,) = ask(opened(server, protocol), ["a"])
    assert isinstance(found, NoAnswer)
    assert reason in found.reason
    assert not found.lasting
    assert len(server.asked) == 1, "it would be the same again"


def test_a_page_is_no_answer(server: ChatServer, protocol: ProtocolName) -> None:
    """A login or an error page may be another time's answer."""
    server.default = page()
    (found,) = ask(opened(server, protocol), ["a"])
    assert isinstance(found, NoAnswer)
    assert found.reason.endswith(": Log in")
    assert len(server.asked) == 8
