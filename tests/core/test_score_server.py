"""Scorers behind the real clients, with a server that answers well, badly, or not."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import log

import pytest

from glossator.evaluation.label_scores.excerpt import Excerpt
from glossator.evaluation.label_scores.intruder import FeatureToTry, IntruderScorer
from glossator.evaluation.label_scores.judging import JudgingScorer, Question
from glossator.evaluation.label_scores.label_score import LabelScore, LabelToScore
from glossator.evaluation.label_scores.questions import Detection, Following, Fuzz
from glossator.llm.chat_model import ChatPrompt, Turn, Wanted
from glossator.llm.server_address import ProtocolName
from glossator.progress import CancelToken, drive
from tests.core.ask_server import PROTOCOLS, opened
from tests.core.graph_documents import Json
from tests.core.llm_server import Act, ChatServer, Seen, chat_server, fails, says
from tests.core.planted_meanings import knows, labels, meanings, question

RIGHT, SAID = labels(meanings()[:12])[0], labels(meanings(said=True)[:12])[0]
ASKED: list[tuple[Question, LabelToScore]] = [
    (Detection(), RIGHT),
    (Fuzz(), RIGHT),
    (Following(), SAID),
]
each_question = pytest.mark.parametrize(
    ("asked", "label"), ASKED, ids=[one.name for one, _ in ASKED]
)
each_protocol = pytest.mark.parametrize("protocol", PROTOCOLS)

UNREADABLE = {
    "too short": says("[1, 0]"),
    "prose": says("The first and the third fit the label."),
    "empty": says(""),
    "nothing": says(None),
    "refusal": says(None, "content_filter", refusal="I cannot help with that."),
    "cut off": says("[1, 0, 1", "length"),
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with chat_server() as server:
        yield server


@dataclass
class Reader:
    """Answers rightly, but one question differently."""

    purpose: str
    spoilt: str = "\x00"
    """How that question begins."""
    instead: list[Act] = field(default_factory=list)
    """What is done when it is asked, one each time; the last one ever after."""
    lines: bool = False
    """Lists over several lines."""

    def __call__(self, seen: Seen) -> Act:
        if seen.question.startswith(self.spoilt) and self.instead:
            return self.instead.pop(0) if len(self.instead) > 1 else self.instead[0]
        asked = ChatPrompt((Turn("user", seen.question),))
        said = str(knows(asked, Wanted(1, purpose=self.purpose)))
        if self.lines:
            said = (
                f"Here it is:\n```json\n{json.dumps(json.loads(said), indent=2)}\n```"
            )
        return says(said)


def scored(
    server: ChatServer, protocol: ProtocolName, asked: Question, label: LabelToScore
) -> LabelScore:
    scorer = JudgingScorer(asked, opened(server, protocol))
    [found] = drive(scorer.scores([label], CancelToken()), lambda progress: None)
    assert isinstance(found, LabelScore)
    return found


def first_question(asked: Question, label: LabelToScore, server: ChatServer) -> str:
    prompt = JudgingScorer(asked, opened(server, "openai")).asked([label])[0]
    return prompt.turns[-1].text


@each_protocol
@each_question
@pytest.mark.parametrize("lines", [False, True], ids=["one line", "several lines"])
def test_good_answers(
    server: ChatServer,
    protocol: ProtocolName,
    asked: Question,
    label: LabelToScore,
    lines: bool,
) -> None:
    server.rule = Reader(asked.name, lines=lines)
    found = scored(server, protocol, asked, label)
    assert found.balanced_accuracy == found.auc == found.as_wrong == 1
    assert (found.n_positive, found.n_negative, found.n_failed) == (20, 20, 0)
    assert found.spent.calls == len(server.asked) == server.charged.calls == 8
    assert found.spent.prompt_tokens == server.charged.prompt_tokens > 0
    assert found.spent.answer_tokens == server.charged.answer_tokens > 0
    assert found.model.startswith("tiny-chat at ")


@each_protocol
@each_question
@pytest.mark.parametrize("act", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_asked_for_again_and_then_failed(
    server: ChatServer,
    protocol: ProtocolName,
    asked: Question,
    label: LabelToScore,
    act: Act,
) -> None:
    server.rule = Reader(asked.name, first_question(asked, label, server), [act])
    found = scored(server, protocol, asked, label)
    assert found.n_failed == 5
    assert found.balanced_accuracy == found.auc == 1
    assert found.as_wrong is not None
    assert found.as_wrong < 1
    assert len(server.asked) == found.spent.calls == 9
    assert "exactly 5 numbers" in server.asked[-1].question


@each_protocol
@each_question
@pytest.mark.parametrize("act", UNREADABLE.values(), ids=UNREADABLE)
def test_a_good_second_answer_counts(
    server: ChatServer,
    protocol: ProtocolName,
    asked: Question,
    label: LabelToScore,
    act: Act,
) -> None:
    spoilt = first_question(asked, label, server)
    good = Reader(asked.name)
    truth = good(Seen("", {}, {"messages": [{"content": spoilt}]}))
    server.rule = Reader(asked.name, spoilt, [act, truth])
    found = scored(server, protocol, asked, label)
    assert (found.n_failed, found.balanced_accuracy, found.spent.calls) == (0, 1, 9)


@each_protocol
@each_question
def test_a_server_that_fails_for_a_moment_makes_no_failure(
    server: ChatServer, protocol: ProtocolName, asked: Question, label: LabelToScore
) -> None:
    spoilt = first_question(asked, label, server)
    truth = Reader(asked.name)(Seen("", {}, {"messages": [{"content": spoilt}]}))
    server.rule = Reader(asked.name, spoilt, [fails(500), truth])
    found = scored(server, protocol, asked, label)
    assert (found.n_failed, found.balanced_accuracy, found.spent.calls) == (0, 1, 8)
    assert len(server.asked) == 9


def odds_of(shares: list[float]) -> Json:
    """Of a list of ones, as OpenAI's protocol tells them."""

    def told(token: str, *likely: tuple[str, float]) -> Json:
        top = [{"token": t, "logprob": log(p), "bytes": None} for t, p in likely]
        return {"token": token, "logprob": -0.1, "bytes": None, "top_logprobs": top}

    tokens = [told("[")]
    for at, share in enumerate(shares):
        tokens += [told(", ")] if at else []
        tokens.append(told("1", ("1", 0.9 * share), ("0", 0.9 * (1 - share))))
    return {"content": [*tokens, told("]")], "refusal": None}


@each_protocol
def test_odds_rank_texts_where_all_answers_are_the_same(
    server: ChatServer, protocol: ProtocolName
) -> None:
    """Anthropic's protocol tells none."""

    def rule(seen: Seen) -> Act:
        asked = ChatPrompt((Turn("user", seen.question),))
        truth = json.loads(str(knows(asked, Wanted(1, purpose="detection"))))
        return says(str([1] * len(truth)), odds=odds_of([0.6 + t / 5 for t in truth]))

    server.rule = rule
    found = scored(server, protocol, Detection(), RIGHT)
    assert found.balanced_accuracy == 0.5
    known = {
        one.positive: one.likeness and round(one.likeness, 6) for one in found.outcomes
    }
    if protocol == "openai":
        assert found.auc == 1
        assert found.auc_interval != found.interval
        assert known == {True: 0.8, False: 0.6}
    else:
        assert found.auc == 0.5
        assert known == {True: None, False: None}


@each_protocol
def test_texts_arrive_as_they_were_cut(
    server: ChatServer, protocol: ProtocolName
) -> None:
    server.rule = Reader("detection")
    scored(server, protocol, Detection(), RIGHT)

    def text(excerpt: Excerpt) -> str:
        return "".join(excerpt.texts).strip()

    asked = [ChatPrompt((Turn("user", seen.question),)) for seen in server.asked]
    told = {line for prompt in asked for line in question(prompt)[1]}
    cut = (*RIGHT.examples.positives, *RIGHT.examples.negatives)
    assert told == {text(one) for one in cut}


# -- the odd one out -------------------------------------------------------------------


@each_protocol
@pytest.mark.parametrize("act", UNREADABLE.values(), ids=UNREADABLE)
def test_an_intruder_that_is_not_named(
    server: ChatServer, protocol: ProtocolName, act: Act
) -> None:
    scorer = IntruderScorer(opened(server, protocol))
    batch = [FeatureToTry(RIGHT.feature, RIGHT.examples)]
    spoilt = scorer.asked(batch)[0].turns[-1].text
    server.rule = Reader("intruder", spoilt, [act])
    [found] = drive(scorer.scores(batch, CancelToken()), lambda progress: None)
    assert (found.n, found.n_failed, found.rate) == (10, 1, 1.0)
    truth = Reader("intruder")(Seen("", {}, {"messages": [{"content": spoilt}]}))
    server.rule = Reader("intruder", spoilt, [fails(500), truth])
    [found] = drive(scorer.scores(batch, CancelToken()), lambda progress: None)
    assert (found.n_failed, found.rate, found.spent.calls) == (0, 1.0, 10)
