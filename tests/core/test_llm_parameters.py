"""Parameters that a server refuses are left out, at once and from then on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from glossator.llm.answer_store import AnswerStore
from glossator.llm.api_keys import NoKey
from glossator.llm.chat_model import Answer, NoAnswer, Reply, Wanted
from glossator.llm.openai_server import OpenAIConnection
from glossator.llm.providers import Server
from glossator.llm.refused_parameters import RefusedHere, refused_in
from glossator.llm.server_address import ProtocolName
from glossator.llm.server_connection import ServedModel
from tests.core.ask_server import PROTOCOLS, ask, opened, prompt, replied
from tests.core.graph_documents import as_bytes
from tests.core.llm_server import ChatServer, Seen, chat_server, fails, takes_no

ODDS = Wanted(32, odds=True)


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


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize(
    ("protocol", "parameter"),
    [
        ("openai", "temperature"),
        ("openai", "max_tokens"),
        ("openai", "logprobs"),
        ("openai", "top_logprobs"),
        ("openai", "system"),
        ("anthropic", "temperature"),
        ("anthropic", "system"),
    ],
)
def test_a_parameter_that_is_refused_is_left_out(
    server: ChatServer, protocol: ProtocolName, parameter: str, status: int
) -> None:
    server.rule = takes_no(parameter, status=status)
    model = opened(server, protocol, at_once=1)
    assert texts(ask(model, "ab", ODDS)) == ["tools", "tools"]
    refused, *others = server.asked
    assert len(others) == 2, "it is refused once"
    assert has(refused, parameter)
    assert not any(has(one, parameter) for one in others)
    assert texts(ask(model, "c", ODDS)) == ["tools"]
    assert len(server.asked) == 4, "the model is known by then"


def has(seen: Seen, parameter: str) -> bool:
    roles = [turn["role"] for turn in seen.body["messages"]]
    return parameter in seen.body or parameter in roles


def test_that_does_not_count_as_an_attempt(server: ChatServer) -> None:
    server.rule = takes_no("temperature", "max_tokens", "logprobs", "system")
    (found,) = replied(opened(server, "openai"), ["a"])
    assert isinstance(found.reply, Answer)
    assert found.attempts == 1
    assert len(server.asked) == 4
    assert server.asked[-1].body.keys() == {
        "model",
        "messages",
        "max_completion_tokens",
    }


def test_the_length_goes_by_its_other_name(server: ChatServer) -> None:
    server.rule = takes_no("max_tokens")
    ask(opened(server, "openai"), ["a"])
    before, after = (seen.body for seen in server.asked)
    assert after["max_completion_tokens"] == before["max_tokens"]
    server.rule = takes_no("max_tokens", "max_completion_tokens")
    assert texts(ask(opened(server, "openai"), ["a"])) == ["tools"]
    assert "max_completion_tokens" not in server.asked[-1].body


def test_openai_gets_the_new_name_first() -> None:
    theirs = Server("https://api.openai.com/v1")
    connection = OpenAIConnection(ServedModel(theirs, "gpt", NoKey("")))
    assert "max_completion_tokens" in connection._optional(Wanted(9), frozenset())


def test_a_system_turn_that_is_refused_goes_before_the_first_question(
    server: ChatServer, protocol: ProtocolName
) -> None:
    server.rule = takes_no("system")
    ask(opened(server, protocol), ["a"])
    assert server.asked[-1].body["messages"] == [
        {"role": role, "content": text}
        for role, text in prompt("a").without_system().turns
    ]


def test_what_is_under_way_when_it_is_found_is_asked_again(
    server: ChatServer, protocol: ProtocolName
) -> None:
    server.rule, server.latency = takes_no("temperature"), 0.05
    found = replied(opened(server, protocol, at_once=8), "a" * 16)
    assert all(isinstance(one.reply, Answer) for one in found)
    assert {one.attempts for one in found} == {1}
    assert len(server.asked) == 8 + 16


def test_it_is_remembered_for_another_run(
    server: ChatServer, protocol: ProtocolName, tmp_path: Path
) -> None:
    server.rule = takes_no("temperature")
    store = AnswerStore(tmp_path / "answers.sqlite")
    model = opened(server, protocol, refused=store)
    ask(model, ["a"])
    assert store.known(model.name) == {"temperature"}
    ask(opened(server, protocol, refused=store), ["a"])
    assert len(server.asked) == 3
    ask(opened(server, protocol, refused=RefusedHere()), ["a"])
    assert len(server.asked) == 5


def test_an_error_that_names_none_is_of_one_prompt(
    server: ChatServer, protocol: ProtocolName
) -> None:
    server.acts = [fails(400, "the prompt is not to be answered", "messages")]
    found = ask(opened(server, protocol, at_once=1), "ab")
    assert found[0] == NoAnswer("status 400: the prompt is not to be answered messages")
    assert texts(found) == ["", "tools"]
    assert len(server.asked) == 2


ALL = ("temperature", "logprobs", "max_tokens", "system")


@pytest.mark.parametrize(
    ("error", "named"),
    [
        ({"message": "`temperature` is deprecated for this model."}, {"temperature"}),
        ({"message": "Logprobs is not enabled for models/x"}, {"logprobs"}),
        ({"message": "x", "param": "top_logprobs"}, {"logprobs"}),
        (
            {"message": "Unknown name 'max_tokens': use 'max_completion_tokens'."},
            {"max_tokens"},
        ),
        ({"message": "max_tokens is too large: 9000 > 4096"}, set()),
        ({"message": "maximum context length exceeded by max_tokens"}, set()),
        ({"message": "System role not supported"}, {"system"}),
        ({"message": "Developer instruction is not enabled for x"}, {"system"}),
        ({"message": "Conversation roles must alternate user/assistant"}, {"system"}),
        ({"message": "Only user roles are supported, got system"}, {"system"}),
        (
            {
                "message": "Provider returned error",
                "metadata": {"raw": '{"error": "unsupported: temperature"}'},
            },
            {"temperature"},
        ),
        ({"message": "no", "input": {"content": "temperature"}}, set()),
    ],
)
def test_how_errors_name_parameters(error: object, named: set[str]) -> None:
    assert refused_in(400, as_bytes({"error": error}), ALL) == named


@pytest.mark.parametrize(
    ("status", "body", "named"),
    [
        (
            422,
            as_bytes(
                {
                    "detail": [
                        {
                            "loc": ["body", "temperature"],
                            "msg": "Extra inputs are not permitted",
                            "input": {"content": "logprobs"},
                        }
                    ]
                }
            ),
            {"temperature"},
        ),
        (400, b"<p>unknown field temperature</p>", {"temperature"}),
        (500, as_bytes({"message": "System role not supported"}), {"system"}),
        (500, as_bytes({"message": "temperature of the server too high"}), set()),
        (503, as_bytes({"message": "System role not supported"}), set()),
        (400, b"[" * 100_000, set()),
        (400, b"", set()),
    ],
)
def test_errors_of_other_shapes(status: int, body: bytes, named: set[str]) -> None:
    assert refused_in(status, body, ALL) == named
    assert refused_in(status, body, ()) == frozenset()
