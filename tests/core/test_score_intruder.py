"""The odd one out, found by readers who know the words and by those who guess."""

from collections import Counter

import pytest

from glossator.evaluation.label_scores.intruder import (
    CHANCE,
    FeatureToTry,
    IntruderScore,
    IntruderScorer,
)
from glossator.evaluation.label_scores.statistics import mean_over_features, wilson
from glossator.llm.chat_model import ChatPrompt, NoAnswer, Wanted
from glossator.llm.scripted_model import AnswerRule, ScriptedModel
from glossator.progress import CancelToken, drive
from tests.core.planted_meanings import (
    WORDS,
    knows,
    labels,
    marked,
    meanings,
    question,
    tosses,
)

FEATURES = [FeatureToTry(one.feature, one.examples) for one in labels(meanings())]
SAID = [FeatureToTry(one.feature, one.examples) for one in labels(meanings(said=True))]


def scores(
    rule: AnswerRule, batch: list[FeatureToTry]
) -> tuple[list[IntruderScore], list[ChatPrompt]]:
    model = ScriptedModel(rule)
    work = IntruderScorer(model).scores(batch, CancelToken())
    return drive(work, lambda progress: None), model.asked


@pytest.mark.parametrize("batch", [FEATURES, SAID], ids=["at the marks", "after them"])
def test_who_knows_the_words_finds_every_intruder(batch: list[FeatureToTry]) -> None:
    found, _ = scores(knows, batch)
    assert len(found) == 30
    assert {one.rate for one in found} == {1.0}
    assert {(one.n, one.n_failed) for one in found} == {(10, 0)}
    assert found[0].interval == wilson(10, 10)
    assert [trial.part for trial in found[0].trials] == [0, 1, 2, 3, 4] * 2


def test_who_guesses_is_at_chance() -> None:
    found, _ = scores(tosses, FEATURES)
    n_right = sum(trial.right is True for one in found for trial in one.trials)
    interval = wilson(n_right, 300)
    assert interval is not None
    assert interval[0] <= CHANCE <= interval[1]
    over = mean_over_features([one.rate for one in found]).interval
    assert over is not None
    assert over[0] <= CHANCE <= over[1]


def test_a_trial_has_four_of_a_kind_and_one_other_at_any_place() -> None:
    places = Counter[int]()
    _, prompts = scores(knows, FEATURES)
    for feature, prompt in zip(
        [one for one in meanings() for _ in range(10)], prompts, strict=True
    ):
        own = set(WORDS[feature.kind])
        fits = [set(marked(text)) <= own for text in question(prompt)[1]]
        assert fits.count(False) == 1
        places[fits.index(False)] += 1
    assert set(places) == set(range(5))
    assert max(places.values()) < 90


def test_no_negative_is_the_intruder_twice() -> None:
    found, _ = scores(knows, FEATURES)
    for one in found:
        assert len({trial.intruder for trial in one.trials}) == 10


@pytest.mark.parametrize(
    "answer", ["none of them", "2 or 3", "7", "0", " "], ids=str.strip
)
def test_what_names_no_text_is_neither_right_nor_wrong(answer: str) -> None:
    spoilt = IntruderScorer(ScriptedModel(knows)).asked(FEATURES)[2]
    question_ = spoilt.turns[-1].text

    def rule(prompt: ChatPrompt, wanted: Wanted) -> str | NoAnswer:
        mute = prompt.turns[-1].text.startswith(question_)
        return answer if mute else knows(prompt, wanted)

    [found], prompts = scores(rule, FEATURES[:1])
    assert (found.n, found.n_failed, found.rate) == (10, 1, 1.0)
    assert found.as_wrong == 0.9
    assert found.interval == wilson(9, 9)
    assert found.spent.calls == len(prompts) == 11
    assert found.trials[2].right is None


@pytest.mark.parametrize("form", ["{}", "Text {}", "**{}**", "[{}]", "Text {0}: {0}."])
def test_how_a_text_may_be_named(form: str) -> None:
    def rule(prompt: ChatPrompt, wanted: Wanted) -> str | NoAnswer:
        return form.format(knows(prompt, wanted))

    [found], prompts = scores(rule, FEATURES[:1])
    assert (found.rate, len(prompts)) == (1.0, 10)
