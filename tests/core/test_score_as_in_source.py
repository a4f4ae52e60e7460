"""The source's own design of a test, beside which ours stands."""

from dataclasses import replace

import numpy as np
import pytest

from glossator.errors import InputError
from glossator.evaluation.label_scores import as_in_source
from glossator.evaluation.label_scores.as_in_source import (
    SourceSample,
    sample_as_in_source,
)
from glossator.evaluation.label_scores.judging import Asked, JudgingScorer
from glossator.evaluation.label_scores.label_score import LabelScore, LabelToScore
from glossator.evaluation.label_scores.questions import Detection, Fuzz
from glossator.evidence.feature_evidence import FeatureEvidence
from glossator.llm.chat_model import ChatPrompt, NoAnswer, Wanted
from glossator.llm.scripted_model import AnswerRule, ScriptedModel
from glossator.progress import CancelToken, drive
from tests.core.planted_meanings import KINDS, knows, meanings, question

FEATURES = [one.evidence for one in meanings(20)]


def numbered(evidence: FeatureEvidence, index: int) -> FeatureEvidence:
    return replace(evidence, feature=replace(evidence.feature, index=index))


MANY = [numbered(one, at) for at, one in enumerate([*FEATURES, *FEATURES])]


def to_score(sample: SourceSample) -> list[LabelToScore]:
    kinds = list(KINDS)
    return [
        LabelToScore(feature, kinds[feature.index % 30], examples)
        for feature, examples in sample.examples.items()
    ]


def scores(
    asked: Detection | Fuzz, rule: AnswerRule, batch: list[LabelToScore]
) -> tuple[list[LabelScore], list[ChatPrompt]]:
    model = ScriptedModel(rule)
    work = JudgingScorer(asked, model, as_in_source.JUDGING).scores(
        batch, CancelToken()
    )
    found = drive(work, lambda progress: None)
    assert all(isinstance(one, LabelScore) for one in found)
    return [one for one in found if isinstance(one, LabelScore)], model.asked


def test_labels_are_of_ranks_one_to_five_and_the_test_of_six_to_fifteen() -> None:
    sample = sample_as_in_source(FEATURES, seed=3)
    assert sample.seed == 3
    for feature, split in sample.splits.items():
        stored = FEATURES[feature.index].examples
        assert split.train.examples == stored[:5]
        assert split.test == stored[5:15]
        positives = sample.examples[feature].positives
        assert [one.texts for one in positives] == [one.tokens for one in split.test]


def test_forty_features_at_random_of_those_with_fifteen_active_examples() -> None:
    silent = [
        replace(
            one,
            feature=replace(one.feature, index=100 + at),
            examples=tuple(
                replace(e, activations=np.zeros(50, np.float32)) if rank > 13 else e
                for rank, e in enumerate(one.examples)
            ),
        )
        for at, one in enumerate(FEATURES)
    ]
    sample = sample_as_in_source([*MANY, *silent], seed=0)
    assert len(sample.splits) == 40
    assert all(feature.index < 100 for feature in sample.splits)
    again = sample_as_in_source([*silent, *MANY][::-1], seed=0)
    assert list(again.examples.items()) == list(sample.examples.items())
    other = sample_as_in_source(MANY, seed=1)
    assert list(other.splits) != list(sample.splits)


def test_negatives_are_of_ten_other_features_with_their_activations() -> None:
    sample = sample_as_in_source(FEATURES)
    chosen = {feature.index for feature in sample.splits}
    for feature, examples in sample.examples.items():
        owners = []
        for negative in examples.negatives:
            [owner] = [
                one.feature.index
                for one in FEATURES
                for e in one.examples
                if e.tokens == negative.texts
                and tuple(e.activations.tolist()) == negative.activations
            ]
            owners.append(owner)
        assert len(set(owners)) == len(owners) == 10
        assert feature.index not in owners
        assert set(owners) <= chosen


def test_fuzz_marks_what_the_other_feature_is_active_on() -> None:
    sample = sample_as_in_source(FEATURES)
    label = to_score(sample)[0]
    asked = Fuzz().asked(label, verbatim=True)
    assert isinstance(asked, Asked)
    told = {shown.excerpt: shown.text for shown in asked.texts}
    for negative in label.examples.negatives:
        strongest = negative.texts[int(np.argmax(negative.activations))]
        assert f"<<{strongest}" in told[negative]


def test_repeats_stay_and_nothing_is_cleaned_or_cut() -> None:
    def raw(one: FeatureEvidence) -> FeatureEvidence:
        first = one.examples[0]
        tokens = ("<bos>", *(f"▁{t.strip()}\n" for t in first.tokens[1:]))
        same = [
            replace(first, tokens=tokens, activations=first.activations - rank * 0.01)
            for rank in range(20)
        ]
        return replace(one, examples=tuple(same))

    features = [raw(one) for one in FEATURES]
    sample = sample_as_in_source(features)
    first = to_score(sample)[0]
    assert len({one.texts for one in first.examples.positives}) == 1
    _, prompts = scores(Detection(), lambda prompt, wanted: "[0]", [first])
    told = "".join(prompt.turns[-1].text for prompt in prompts)
    assert told.count("".join(first.examples.positives[0].texts)) == 10


def test_the_score_is_the_share_of_right_answers_of_all_twenty() -> None:
    """Whatever cannot be read is wrong, and is not asked for again."""
    batch = to_score(sample_as_in_source(FEATURES))
    spoilt = question(
        JudgingScorer(Detection(), ScriptedModel(knows), as_in_source.JUDGING).asked(
            batch
        )[1]
    )

    def rule(prompt: ChatPrompt, wanted: Wanted) -> str | NoAnswer:
        return "no list" if question(prompt) == spoilt else knows(prompt, wanted)

    found, prompts = scores(Detection(), rule, batch)
    assert len(prompts) == 4 * 30
    right = [sum(o.answer == o.positive for o in one.outcomes) / 20 for one in found]
    assert [one.as_wrong for one in found] == pytest.approx(right)
    assert found[0].as_wrong == pytest.approx(15 / 20)
    assert found[0].balanced_accuracy == 1
    assert {one.as_wrong for one in found[1:]} == {1.0}


def test_too_few_features_are_refused() -> None:
    with pytest.raises(InputError, match="10 features have 15 active examples"):
        sample_as_in_source(FEATURES[:10])
    assert len(sample_as_in_source(FEATURES[:11]).splits) == 11
