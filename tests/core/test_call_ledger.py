"""Through the real client to a server that fails: nothing lost, nothing paid twice."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from glossator.llm.answer_store import AnswerStore
from glossator.llm.budget import Budget
from glossator.llm.call import Call, call_key
from glossator.llm.estimate import tokens_of_prompt
from glossator.project.project import Project
from tests.core.ask_prompts import (
    AT_ONCE,
    PRICE,
    WANTED,
    Told,
    asked,
    prompts,
    questions,
    recorded,
)
from tests.core.drawn_failures import DrawnFailures, answer_to, flaky
from tests.core.llm_server import Act, ChatServer, Seen, Talk, chat_server, says

N = 1000
KILLED_AT = 400
"""Answers that the server has given by then."""
EXPECTED = [answer_to(question) for question in questions(N)]


@pytest.fixture
def chat() -> Iterator[ChatServer]:
    with chat_server() as chat:
        yield chat


def check_account(calls: list[Call], chat: ChatServer) -> None:
    """Whether the ledger is within 2 % of what the server charges."""
    charged = chat.charged
    prompt_tokens = sum(call.prompt_tokens for call in calls)
    answer_tokens = sum(call.answer_tokens for call in calls)
    assert prompt_tokens == pytest.approx(charged.prompt_tokens, rel=0.02)
    assert answer_tokens == pytest.approx(charged.answer_tokens, rel=0.02)
    cost = PRICE.cost(charged.prompt_tokens, charged.answer_tokens)
    assert sum(call.cost or 0 for call in calls) == pytest.approx(cost, rel=0.02)


def test_a_thousand_prompts_of_which_a_fifth_of_requests_fails(
    chat: ChatServer, tmp_path: Path
) -> None:
    server = flaky(chat, 0.2)
    model = recorded(chat.url, tmp_path / "answers.sqlite")
    told = asked(model, N)
    assert told.answers == EXPECTED
    assert 0.15 < server.share_of_failed < 0.25
    assert set(server.answered.values()) == {1}
    assert chat.charged.calls == N
    assert chat.most_at_once <= AT_ONCE
    assert sum(call.attempts - 1 for call in told.calls) == server.failed.total()
    check_account(told.calls, chat)
    check_log(tmp_path / "log.gloss", told.calls, chat)
    again = asked(recorded(chat.url, tmp_path / "answers.sqlite"), N)
    assert (again.answers, chat.charged.calls) == (EXPECTED, N)
    by_id = {call.id: call for call in told.calls}
    assert {call.id: call for call in again.calls} == by_id, "told of as they were"


def check_log(path: Path, calls: list[Call], chat: ChatServer) -> None:
    """Whether a project's log comes to the server's own count."""
    project = Project(path)
    project.log_calls(calls)
    (spent,) = project.spent()
    assert (spent.calls, spent.prompt_tokens, spent.answer_tokens) == chat.charged
    assert project.verify() == []
    project.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_killed_in_the_middle_and_started_again(
    chat: ChatServer, tmp_path: Path
) -> None:
    server = flaky(chat, 0.2)
    store = tmp_path / "answers.sqlite"
    halfway = threading.Event()
    watch(chat, server, halfway)
    with asking(chat.url, store) as first:
        assert halfway.wait(120), "it asks nothing"
        first.kill()
    answers = AnswerStore(store)
    name = recorded(chat.url, store).name
    stored = {
        prompt.turns[-1].text
        for prompt in prompts(N)
        if answers.holds(call_key(name, prompt, WANTED))
    }
    assert 0 < len(stored) < N, "it was killed in the middle"
    assert stored <= set(server.answered)
    before = len(chat.asked)

    with asking(chat.url, store) as second:
        output, _ = second.communicate()
    told = msgspec.json.decode(output, type=Told)
    assert told.answers == EXPECTED
    assert stored.isdisjoint(seen.question for seen in chat.asked[before:])
    twice = {question for question, n in server.answered.items() if n > 1}
    assert stored.isdisjoint(twice)
    assert len(twice) <= AT_ONCE, "what was under way when it was killed"
    assert chat.charged.calls == N + len(twice)
    assert len({call.id for call in told.calls}) == N
    check_account(told.calls, chat)


def watch(chat: ChatServer, server: DrawnFailures, halfway: threading.Event) -> None:
    """Tell when the server has given a number of answers."""

    def rule(seen: Seen) -> Act | None:
        act = server(seen)
        if server.answered.total() >= KILLED_AT:
            halfway.set()
        return act

    chat.rule = rule


def asking(url: str, store: Path) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.core.ask_prompts", url, str(store), str(N)],
        stdout=subprocess.PIPE,
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
    )


@pytest.mark.parametrize("limit", ["tokens", "dollars"])
def test_the_budget_holds_with_requests_side_by_side(
    chat: ChatServer, tmp_path: Path, limit: str
) -> None:
    """Each call takes a share of its worst, so that 16 at once may not add up to it."""
    n = 300
    chat.default = answer = says("a label", thoughts="hm. " * 500)
    all_here = threading.Barrier(AT_ONCE)

    def wait_for_others(talk: Talk) -> None:
        all_here.wait(120)
        answer(talk)

    chat.acts = [wait_for_others] * AT_ONCE
    prompt = prompts(n)[-1]
    store = tmp_path / "answers.sqlite"
    thinking = recorded(chat.url, store).thinking
    worst = tokens_of_prompt(prompt) + WANTED.max_tokens + thinking
    dollars = PRICE.cost(tokens_of_prompt(prompt), WANTED.max_tokens + thinking)
    budget = (
        Budget(tokens=50 * worst) if limit == "tokens" else Budget(dollars=50 * dollars)
    )
    told = asked(recorded(chat.url, store, budget), n)
    charged = chat.charged
    cost = PRICE.cost(charged.prompt_tokens, charged.answer_tokens)
    assert (charged.calls, len(told.calls)) == (len(told.calls), n - len(told.reasons))
    assert 50 < charged.calls < n
    tokens = charged.prompt_tokens + charged.answer_tokens
    assert budget.used.tokens == tokens
    assert budget.used.dollars == pytest.approx(cost)
    if limit == "tokens":
        assert 49 * worst < tokens <= 50 * worst
    else:
        assert 49 * dollars < cost <= 50 * dollars
    assert all(reason.startswith("the budget of ") for reason in told.reasons)
    assert chat.most_at_once == AT_ONCE
