"""Nothing is asked twice, the budget holds, and every call is told of."""

import random
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pytest

from glossator.errors import Cancelled, InputError
from glossator.llm.answer_store import AnswerStore
from glossator.llm.budget import Amount, Budget
from glossator.llm.call import call_key
from glossator.llm.chat_model import (
    Answer,
    AnswerProgress,
    ChatPrompt,
    NoAnswer,
    Replied,
    Reply,
    Turn,
    Usage,
    Wanted,
)
from glossator.llm.estimate import tokens_of_prompt, tokens_of_text
from glossator.llm.prices import FREE, GivenPrice, Price
from glossator.llm.recorded_model import RecordedModel
from glossator.llm.scripted_model import ScriptedModel
from glossator.progress import CancelToken, Progress, drive

WANTED = Wanted(20, purpose="small_llm")
PRICE = GivenPrice(1.0, 10.0)


def prompt(text: str, about: str = "") -> ChatPrompt:
    return ChatPrompt((Turn("user", text),), about)


def echo(asked: ChatPrompt, _: Wanted) -> str:
    return f"re {asked.turns[-1].text}"


@dataclass
class Ahead:
    """Takes some prompts before it answers any; the last taken is answered first."""

    model: ScriptedModel
    n: int
    name: str = "scripted"
    usage: Usage | None = None
    """What each answer uses, where that is not as the model counts it."""
    before_answers: Callable[[], None] = lambda: None

    def complete(
        self, prompts: Iterable[ChatPrompt], cancel: CancelToken, wanted: Wanted
    ) -> Generator[Progress, None, list[Reply]]:
        coming = enumerate(prompts)
        found: dict[int, Reply] = {}
        while taken := list(islice(coming, self.n)):
            self.before_answers()
            for at, one in reversed(taken):
                replies = drive(self.model.complete([one], cancel, wanted), ignore)
                found[at] = self._used(replies[0])
                replied = (Replied(at, found[at], 0.0),)
                yield AnswerProgress(len(found), 0, "asking", replied)
        return [found[at] for at in sorted(found)]

    def _used(self, reply: Reply) -> Reply:
        if self.usage is None or isinstance(reply, NoAnswer):
            return reply
        return Answer(reply.text, reply.ended, self.usage)


def ignore(progress: Progress) -> None:
    """Let it go by."""


@dataclass
class Heard:
    """Replies as they were told of, by number."""

    replies: dict[int, Reply] = field(default_factory=dict)

    def __call__(self, progress: Progress) -> None:
        assert isinstance(progress, AnswerProgress)
        for replied in progress.replied:
            assert replied.at not in self.replies, "told of twice"
            self.replies[replied.at] = replied.reply
        assert progress.done == len(self.replies)


def asked_of(model: RecordedModel, *texts: str, wanted: Wanted = WANTED) -> list[Reply]:
    heard = Heard()
    prompts = [prompt(text) for text in texts]
    replies = drive(model.complete(prompts, CancelToken(), wanted), heard)
    assert [heard.replies[at] for at in range(len(texts))] == replies
    return replies


def texts_of(replies: list[Reply]) -> list[str]:
    return [r.text if isinstance(r, Answer) else "" for r in replies]


@pytest.fixture
def answers(tmp_path: Path) -> AnswerStore:
    return AnswerStore(tmp_path / "answers.sqlite")


def recorded(
    answers: AnswerStore,
    model: ScriptedModel | Ahead | None = None,
    budget: Budget | None = None,
    price: Price | None = PRICE,
    account: str = "a",
) -> RecordedModel:
    return RecordedModel(
        model or ScriptedModel(echo), answers, budget or Budget(), price, account
    )


# -- nothing is asked twice ------------------------------------------------------------


@pytest.mark.parametrize("n_ahead", [1, 3, 100])
def test_equal_prompts_are_asked_once(answers: AnswerStore, n_ahead: int) -> None:
    scripted = ScriptedModel(echo)
    model = recorded(answers, Ahead(scripted, n_ahead))
    replies = asked_of(model, "x", "y", "x", "x", "z", "y", "x")
    assert texts_of(replies) == [f"re {t}" for t in "xyxxzyx"]
    assert sorted(p.turns[0].text for p in scripted.asked) == ["x", "y", "z"]
    assert len(model.take_calls()) == 3


def test_a_failure_is_given_to_equal_prompts(answers: AnswerStore) -> None:
    scripted = ScriptedModel(lambda *_: NoAnswer("no"))
    replies = asked_of(recorded(answers, scripted), "x", "x")
    assert replies == [NoAnswer("no")] * 2
    assert len(scripted.asked) == 1
    asked_of(recorded(answers, scripted), "x")
    assert len(scripted.asked) == 2, "a failure is not kept"


def test_what_is_stored_is_not_asked(answers: AnswerStore) -> None:
    first = asked_of(recorded(answers), "x", "y")
    scripted = ScriptedModel(echo)
    replies = asked_of(recorded(answers, scripted), "y", "z", "x")
    assert [replies[2], replies[0]] == first
    assert [p.turns[0].text for p in scripted.asked] == ["z"]


def test_the_model_is_not_opened_for_what_is_stored(answers: AnswerStore) -> None:
    asked_of(recorded(answers), "x")

    class Closed(ScriptedModel):
        def complete(
            self, prompts: Iterable[ChatPrompt], cancel: CancelToken, wanted: Wanted
        ) -> Generator[Progress, None, list[Reply]]:
            raise AssertionError("it is off line")

    assert texts_of(asked_of(recorded(answers, Closed(echo)), "x", "x")) == ["re x"] * 2
    assert asked_of(recorded(answers, Closed(echo))) == []


def test_another_length_is_another_answer(answers: AnswerStore) -> None:
    scripted = ScriptedModel(echo)
    model = recorded(answers, scripted)
    asked_of(model, "x")
    asked_of(model, "x", wanted=Wanted(21))
    assert len(scripted.asked) == 2


def test_an_answer_is_stored_before_it_is_told_of(answers: AnswerStore) -> None:
    work = recorded(answers).complete(map(prompt, "xyz"), CancelToken(), WANTED)
    step = next(work)
    assert isinstance(step, AnswerProgress)
    assert step.replied
    key = call_key("scripted", prompt("x"), WANTED)
    assert answers.holds(key)
    work.close()


def test_prompts_are_taken_when_they_are_sent(answers: AnswerStore) -> None:
    taken = []

    def prompts() -> Iterator[ChatPrompt]:
        for n in range(10):
            taken.append(n)
            yield prompt(f"{n}")

    work = recorded(answers).complete(prompts(), CancelToken(), WANTED)
    next(work)
    assert taken == [0]
    work.close()


def test_replies_are_in_the_order_of_their_prompts(answers: AnswerStore) -> None:
    texts = [f"{n}" for n in range(40)]
    shuffled = random.Random(3).sample(texts, 20)
    asked_of(recorded(answers), *shuffled)
    replies = asked_of(recorded(answers, Ahead(ScriptedModel(echo), 7)), *texts)
    assert texts_of(replies) == [f"re {text}" for text in texts]


def test_stopping_keeps_what_was_answered(answers: AnswerStore) -> None:
    cancel = CancelToken()
    model = recorded(answers)
    work = model.complete([prompt("x"), prompt("y")], cancel, WANTED)
    next(work)
    cancel.cancel()
    with pytest.raises(Cancelled):
        next(work)
    assert answers.size().answers == 1
    assert [call.text for call in model.take_calls()] == ["re x"]


# -- failures --------------------------------------------------------------------------


def test_after_a_lasting_failure_nothing_is_asked(answers: AnswerStore) -> None:
    asked_of(recorded(answers), "stored")
    no_key = NoAnswer("status 401", lasting=True)
    scripted = ScriptedModel(lambda p, _: no_key if "b" in p.turns[0].text else "ok")
    model = recorded(answers, scripted)
    replies = asked_of(model, "a", "b", "c", "stored", "c")
    assert texts_of(replies) == ["ok", "", "", "re stored", ""]
    assert replies[1] == replies[2] == replies[4] == no_key
    assert [p.turns[0].text for p in scripted.asked] == ["a", "b"]
    calls = model.take_calls()
    assert [call.failure for call in calls] == ["", "status 401", ""]


def test_what_failed_alike_was_not_asked(answers: AnswerStore) -> None:
    """A model that took prompts ahead gives the failure back for them."""
    no_key = NoAnswer("status 401", lasting=True)
    scripted = ScriptedModel(lambda *_: no_key)

    class Alike(Ahead):
        def complete(
            self, prompts: Iterable[ChatPrompt], cancel: CancelToken, wanted: Wanted
        ) -> Generator[Progress, None, list[Reply]]:
            taken = list(prompts)
            replied = [Replied(0, no_key, 1.0)]
            replied += [Replied(at, no_key, 0.0, 0) for at in range(1, len(taken))]
            yield AnswerProgress(len(taken), 0, "asking", tuple(replied))
            return [no_key] * len(taken)

    budget = Budget(tokens=10_000)
    model = recorded(answers, Alike(scripted, 1), budget)
    assert asked_of(model, "x", "y", "z") == [no_key] * 3
    assert len(model.take_calls()) == 1
    assert budget.used == Amount()


# -- calls -----------------------------------------------------------------------------


def test_a_call_tells_all(answers: AnswerStore) -> None:
    model = recorded(answers)
    wanted = Wanted(20, 0.5, purpose="detection")
    asked = ChatPrompt((Turn("system", "s"), Turn("user", "x")), "f:0:1")
    (reply,) = drive(model.complete([asked], CancelToken(), wanted), ignore)
    assert isinstance(reply, Answer)
    assert reply.usage is not None
    (call,) = model.take_calls()
    assert model.take_calls() == []
    assert call.reply == reply
    assert (call.model, call.account, call.about) == ("scripted", "a", "f:0:1")
    assert (call.purpose, call.temperature, call.max_tokens) == ("detection", 0.5, 20)
    assert call.turns == asked.turns
    assert call.cost == PRICE.cost(call.prompt_tokens, call.answer_tokens)
    assert (call.cached, call.estimated, call.attempts) == (False, False, 1)
    assert answers.find(call.key) == call


def test_what_the_server_says_it_cost_goes_first(answers: AnswerStore) -> None:
    told = Ahead(ScriptedModel(echo), 1, usage=Usage(7, 3, 0.25))
    budget = Budget(dollars=1.0)
    model = recorded(answers, told, budget)
    asked_of(model, "x")
    assert [call.cost for call in model.take_calls()] == [0.25]
    assert budget.used == Amount(10, 0.25)


def test_an_unknown_price_is_no_price(answers: AnswerStore) -> None:
    model = recorded(answers, price=None)
    asked_of(model, "x")
    assert [call.cost for call in model.take_calls()] == [None]


def test_without_usage_tokens_are_estimated(answers: AnswerStore) -> None:
    class Silent(Ahead):
        def _used(self, reply: Reply) -> Reply:
            assert isinstance(reply, Answer)
            return Answer(reply.text, reply.ended)

    budget = Budget(tokens=1000)
    model = recorded(answers, Silent(ScriptedModel(echo), 1), budget)
    asked_of(model, "some words")
    (call,) = model.take_calls()
    assert call.estimated
    assert call.prompt_tokens == tokens_of_prompt(prompt("some words"))
    assert call.answer_tokens == tokens_of_text("re some words")
    assert budget.used.tokens == call.prompt_tokens + call.answer_tokens
    assert call.reply.usage is None


def test_a_paid_failure_counts(answers: AnswerStore) -> None:
    thoughts = NoAnswer("all tokens went into thoughts", usage=Usage(5, 20))
    budget = Budget(tokens=1000)
    model = recorded(answers, ScriptedModel(lambda *_: thoughts), budget)
    asked_of(model, "x")
    (call,) = model.take_calls()
    assert (call.failure, call.prompt_tokens) == (thoughts.reason, 5)
    assert call.cost == PRICE.cost(5, 20)
    assert budget.used.tokens == 25
    assert answers.size().answers == 0


def test_an_entry_that_was_lost_is_told_of_again(answers: AnswerStore) -> None:
    """As where a run is killed between an answer and the project's log."""
    killed = recorded(answers)
    asked_of(killed, "x")
    lost = killed.take_calls()
    budget = Budget(tokens=0, dollars=0.0)
    again = recorded(answers, budget=budget)
    asked_of(again, "x")
    assert again.take_calls() == lost
    assert budget.used == Amount()


def test_an_answer_of_another_account_is_cached(answers: AnswerStore) -> None:
    asked_of(first := recorded(answers), "x")
    (paid,) = first.take_calls()
    other = recorded(answers, account="b")
    asked = [prompt("x", "f:9:9")]
    drive(other.complete(asked, CancelToken(), Wanted(20, purpose="fuzz")), ignore)
    (call,) = other.take_calls()
    assert (call.cached, call.cost, call.account) == (True, 0.0, "b")
    assert (call.about, call.purpose) == ("f:9:9", "fuzz")
    assert (call.text, call.key) == (paid.text, paid.key)
    assert call.id != paid.id
    asked_of(other, "x")
    assert [c.id for c in other.take_calls()] == [call.id], "the log holds it once"


# -- budget ----------------------------------------------------------------------------


@pytest.mark.parametrize("n_ahead", [1, 4, 16])
@pytest.mark.parametrize("limit", ["tokens", "dollars"])
def test_the_budget_is_never_exceeded(
    answers: AnswerStore, limit: str, n_ahead: int
) -> None:
    """Not either by prompts under way that all come to their worst."""
    texts = [f"prompt {n}" for n in range(100)]
    worst = [tokens_of_prompt(prompt(text)) + 20 for text in texts]
    tokens = sum(worst[:10]) + 5
    dollars = sum(PRICE.cost(one - 20, 20) for one in worst[:10]) + 1e-6
    budget = Budget(tokens=tokens) if limit == "tokens" else Budget(dollars=dollars)
    most = []
    ahead = Ahead(
        ScriptedModel(echo),
        n_ahead,
        usage=Usage(worst[0] - 20, 20),
        before_answers=lambda: most.append(len(budget._reserved)),
    )
    model = recorded(answers, ahead, budget)
    replies = asked_of(model, *texts)
    assert len(model.take_calls()) == 10
    assert max(most) == min(n_ahead, 10)
    assert budget.used.tokens <= tokens
    assert budget.used.dollars <= dollars
    assert budget.is_spent
    assert replies[10:] == [replies[10]] * 90
    stop = replies[10]
    assert isinstance(stop, NoAnswer)
    assert stop.lasting
    assert stop.reason.startswith(
        f"the budget of {tokens:,} tokens"
        if limit == "tokens"
        else "the budget of $0.0"
    )


def test_what_calls_do_not_use_goes_to_later_ones(answers: AnswerStore) -> None:
    """Reserved at worst, 10 prompts would take all; in truth 100 go."""
    one = tokens_of_prompt(prompt("prompt 10")) + 20
    budget = Budget(tokens=10 * one)
    ahead = Ahead(ScriptedModel(echo), 16, usage=Usage(1, 1))
    replies = asked_of(
        recorded(answers, ahead, budget), *(f"prompt {n}" for n in range(100))
    )
    assert all(isinstance(reply, Answer) for reply in replies)
    assert budget.used.tokens == 200


def test_a_spent_budget_leaves_what_is_stored(answers: AnswerStore) -> None:
    asked_of(recorded(answers), "x", "y")
    budget = Budget(tokens=0)
    model = recorded(answers, budget=budget)
    assert texts_of(asked_of(model, "x", "new", "y")) == ["re x", "", "re y"]
    assert texts_of(asked_of(model, "x", "newer")) == ["re x", ""]


def test_a_spent_budget_stays_spent(answers: AnswerStore) -> None:
    """A short prompt is not slipped in after a long one was refused."""
    budget = Budget(tokens=60)
    scripted = ScriptedModel(echo)
    replies = asked_of(recorded(answers, scripted, budget), "word " * 99, "x")
    replies += asked_of(recorded(answers, scripted, budget), "x")
    assert [isinstance(reply, NoAnswer) for reply in replies] == [True] * 3
    assert scripted.asked == []


def test_thoughts_are_reckoned_with(answers: AnswerStore) -> None:
    model = RecordedModel(
        ScriptedModel(echo), answers, Budget(tokens=500), FREE, "a", thinking=1000
    )
    (reply,) = asked_of(model, "x")
    assert isinstance(reply, NoAnswer)


def test_two_models_share_a_budget(answers: AnswerStore) -> None:
    one = tokens_of_prompt(prompt("x")) + 20
    budget = Budget(tokens=one + one // 2)
    used = Usage(one - 20, 20)
    for model, answered in (("first", True), ("second", False)):
        scripted = Ahead(ScriptedModel(echo), 1, name=model, usage=used)
        (reply,) = asked_of(recorded(answers, scripted, budget), "x")
        assert isinstance(reply, Answer) is answered


def test_a_budget_of_money_needs_a_price(answers: AnswerStore) -> None:
    with pytest.raises(InputError, match=r"^scripted: .*give its prices, or a budget"):
        recorded(answers, budget=Budget(dollars=1.0), price=None)
    recorded(answers, budget=Budget(tokens=1), price=None)


@pytest.mark.parametrize("amount", [-1.0, float("nan"), float("inf")])
def test_what_is_no_budget(amount: float) -> None:
    with pytest.raises(InputError, match=r"^dollars: .* is no amount to spend"):
        Budget(dollars=amount)


def test_a_budget_without_limits_refuses_nothing() -> None:
    budget = Budget()
    assert budget.reserve(Amount(10**12, 1e12))
    budget.settle(Amount(10**12, 1e12), Amount(5, 0.5))
    assert budget.used == Amount(5, 0.5)
