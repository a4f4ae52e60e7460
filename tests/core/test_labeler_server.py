"""What every method gets of a server that answers, fails and comes round again."""

from collections.abc import Callable, Iterator
from typing import TypeAlias, get_args

import pytest

from glossator.labelers.label import Label
from glossator.llm.open_chat_model import open_chat_model
from glossator.llm.server_address import ProtocolName
from tests.core.labelled_features import labelled
from tests.core.llm_server import (
    MODEL,
    Act,
    ChatServer,
    broken,
    chat_server,
    fails,
    hangs,
    resets,
    says,
    takes_no,
)
from tests.core.test_labeler_methods import LIST, MARKER, NAMES, PROSE, made, trees

GOOD, LISTED = "names of trees", "Oaks, Elms"

Said: TypeAlias = Callable[[str], list[Act]]
"""By name of a method: what the server does when it is asked about a feature."""


def _good(name: str) -> Act:
    return says(f"{MARKER[name]}{GOOD}")


ANSWERS: dict[str, tuple[Said, str]] = {
    "good": (lambda name: [_good(name)], GOOD),
    "list over lines": (lambda name: [says(f"{MARKER[name]}\n{LIST}")], LISTED),
    "too short": (lambda name: [says(f"{MARKER[name]}…")], "which holds no word."),
    "prose": (lambda name: [says(f"{MARKER[name]}{PROSE}")], "which is prose"),
    "empty": (lambda name: [says("")], "the answer is empty"),
    "refusal": (lambda name: [says("I'm sorry, but I can't.")], "which refuses."),
    "401": (lambda name: [fails(401)], "status 401"),
    "429 that passes": (lambda name: [fails(429), _good(name)], GOOD),
    "500 that passes": (lambda name: [fails(500), _good(name)], GOOD),
    "reset": (lambda name: [resets, _good(name)], GOOD),
    "broken JSON": (lambda name: [broken, _good(name)], GOOD),
    "stall": (lambda name: [hangs, _good(name)], GOOD),
}
"""What is done, and the label or the reason that comes of it."""


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with chat_server() as server:
        yield server


def outcome(server: ChatServer, protocol: ProtocolName, name: str) -> str:
    """Of the second of two features; the first is answered, as in any run."""
    model = open_chat_model(
        server.named(protocol), MODEL, at_once=1, patience=1.0, first_pause=0.01
    )
    batch = [trees(name), trees(name, 18)]
    first, second = labelled(made(name, model), *batch)
    assert isinstance(first, Label)
    return second.text if isinstance(second, Label) else second.reason


@pytest.mark.parametrize("protocol", get_args(ProtocolName))
@pytest.mark.parametrize("kind", ANSWERS)
def test_every_method_gets_what_it_should(
    server: ChatServer, protocol: ProtocolName, kind: str
) -> None:
    said, told = ANSWERS[kind]
    # A stall takes as long as a server may; what waits is the same of every method.
    for name in list(NAMES)[:2] if kind == "stall" else NAMES:
        server.acts = [_good(name), *said(name)]
        found = outcome(server, protocol, name)
        if told in (GOOD, LISTED):
            assert (name, found) == (name, told)
        else:
            assert told in found, name
        assert server.acts == []


@pytest.mark.parametrize("protocol", get_args(ProtocolName))
def test_a_parameter_that_is_refused_is_left_out(
    server: ChatServer, protocol: ProtocolName
) -> None:
    server.rule = takes_no("temperature")
    for name in NAMES:
        server.default = _good(name)
        assert (name, outcome(server, protocol, name)) == (name, GOOD)
    sent = [seen for seen in server.asked if "temperature" in seen.body]
    assert len(sent) == len(NAMES), "each client learns it once"
