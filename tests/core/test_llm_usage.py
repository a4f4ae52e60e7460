"""What an answer used, what it cost, and how likely its tokens were."""

from collections.abc import Iterator
from math import exp

import pytest

from glossator.llm.chat_model import Answer, Reply, TokenOdds, Usage, Wanted
from glossator.llm.server_address import ProtocolName
from tests.core.ask_server import PROTOCOLS, ask, opened
from tests.core.llm_server import ChatServer, chat_server, says, sends


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with chat_server() as server:
        yield server


def said(replies: list[Reply]) -> list[str]:
    return [reply.text if isinstance(reply, Answer) else "" for reply in replies]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_server_that_does_not_tell_usage(
    server: ChatServer, protocol: ProtocolName
) -> None:
    server.default = says("tools", usage=False)
    assert ask(opened(server, protocol), ["a"]) == [Answer("tools", "stop", None)]


def test_the_cost_that_a_server_tells(server: ChatServer) -> None:
    usage = {"prompt_tokens": 7, "completion_tokens": 2, "cost": 0.00095}
    choice = {"message": {"content": "tools"}, "finish_reason": "stop"}
    server.default = sends({"choices": [choice], "usage": usage})
    (found,) = ask(opened(server, "openai"), ["a"])
    assert found.usage == Usage(7, 2, 0.00095)


def test_tokens_of_the_cache_count_as_the_prompts(server: ChatServer) -> None:
    usage = {
        "input_tokens": 7,
        "output_tokens": 2,
        "cache_creation_input_tokens": None,
        "cache_read_input_tokens": 100,
    }
    content = [{"type": "text", "text": "tools"}]
    server.default = sends({"content": content, "stop_reason": None, "usage": usage})
    (found,) = ask(opened(server, "anthropic"), ["a"])
    assert found.usage == Usage(107, 2)


ODDS = {
    "content": [
        {
            "token": "1",
            "logprob": -0.25,
            "top_logprobs": [
                {"token": "1", "logprob": -0.25},
                {"token": "0", "logprob": -9999.0},
            ],
        },
        {"token": ".", "logprob": 0.0, "top_logprobs": []},
    ]
}


def test_odds_are_told_where_they_are_wanted(server: ChatServer) -> None:
    server.default = says("1.", odds=ODDS)
    model = opened(server, "openai")
    (plain,) = ask(model, ["a"])
    assert isinstance(plain, Answer)
    assert plain.odds == ()
    (found,) = ask(model, ["a"], Wanted(32, odds=True))
    assert isinstance(found, Answer)
    assert found.odds == (
        TokenOdds("1", (("1", exp(-0.25)), ("0", 0.0))),
        TokenOdds(".", ()),
    )
    assert server.asked[-1].body["logprobs"] is True
    assert server.asked[-1].body["top_logprobs"] == 5


@pytest.mark.parametrize("odds", [None, {"content": None}, {"content": [{"token": 1}]}])
def test_odds_that_are_none(server: ChatServer, odds: dict[str, object] | None) -> None:
    server.default = says("1.", odds=odds)
    (found,) = ask(opened(server, "openai"), ["a"], Wanted(32, odds=True))
    assert said([found]) == ["1."]
    assert isinstance(found, Answer)
    assert found.odds == ()


def test_one_protocol_tells_no_odds(server: ChatServer) -> None:
    (found,) = ask(opened(server, "anthropic"), ["a"], Wanted(32, odds=True))
    assert isinstance(found, Answer)
    assert found.odds == ()
    assert "logprobs" not in server.asked[0].body
