"""What labels are scored on: nothing but the feature tells positives from negatives."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from glossator.evaluation.label_scores.cutting import (
    CutSettings,
    NegativePool,
    cut_examples,
)
from glossator.evaluation.label_scores.excerpt import Excerpt, ScoredExamples
from glossator.evaluation.label_scores.label_score import NotScored
from glossator.evaluation.label_scores.questions import fuzz_marks
from glossator.evaluation.label_scores.statistics import area
from glossator.evidence.feature_evidence import ActivationExample, FeatureEvidence
from glossator.evidence.token_text import clean_example
from glossator.graph.attribution_graph import FeatureKey
from glossator.labelers.held_out import example_id, held_out, text_runs
from tests.core.planted_meanings import WORDS, cut, meanings

MEANINGS = meanings()


def example(
    rng: np.random.Generator, length: int, top: int, strength: float = 1.0
) -> ActivationExample:
    """Words at random; beside the top token a weaker one."""
    activations = np.zeros(length, np.float32)
    activations[top] = strength
    if top + 2 < length:
        activations[top + 2] = strength / 2
    words = tuple(f" w{number}" for number in rng.integers(0, 5000, length))
    return ActivationExample(words, activations)


def feature(
    index: int, lengths: tuple[int, int] = (20, 90), n: int = 24
) -> FeatureEvidence:
    """Texts of many lengths with top tokens anywhere."""
    rng = np.random.default_rng(index)
    examples = []
    for rank in range(n):
        length = int(rng.integers(*lengths))
        top = int(rng.integers(length))
        examples.append(example(rng, length, top, strength=10 - rank / 10))
    return FeatureEvidence(FeatureKey("m", "s", 0, index), tuple(examples), "made")


def scored(
    evidence: FeatureEvidence,
    *others: FeatureEvidence,
    settings: CutSettings | None = None,
) -> ScoredExamples:
    pool = NegativePool([evidence, *others])
    found = cut_examples(evidence, pool, settings or CutSettings())
    assert isinstance(found, ScoredExamples)
    return found


def texts(excerpts: tuple[Excerpt, ...]) -> list[str]:
    return ["".join(one.texts) for one in excerpts]


FEATURES = [feature(index) for index in range(30)]


def test_positives_are_held_out_and_no_label_maker_saw_them() -> None:
    for one, examples in zip(MEANINGS, cut(MEANINGS), strict=True):
        shown = held_out(one.evidence).train.examples
        assert not {example_id(e) for e in shown} & {
            e.text_id for e in examples.positives
        }
        train = {run for e in shown for run in text_runs(clean_example(e))}
        for positive in examples.positives:
            words = tuple(text.strip().casefold() for text in positive.texts)
            runs = {words[at : at + 8] for at in range(len(words) - 7)}
            assert runs.isdisjoint(train)


def test_positives_are_spread_over_activations() -> None:
    evidence = feature(0, n=80)
    examples = scored(evidence, *FEATURES[1:], settings=CutSettings(most=10))
    strengths = [max(one.activations) for one in examples.positives]
    tested = [one.activation for one in held_out(evidence).test]
    assert strengths == sorted(strengths, reverse=True)
    assert [one.quantile for one in examples.positives] == [
        0, 0, 1, 1, 2, 2, 3, 3, 4, 4,
    ]  # fmt: skip
    assert strengths[0] > np.quantile(tested, 0.9)
    assert strengths[-1] < np.quantile(tested, 0.1)


def test_negatives_have_the_lengths_and_places_of_positives() -> None:
    for one in FEATURES:
        examples = scored(one, *FEATURES)
        for negatives in (examples.negatives, examples.others):
            assert len(negatives) == len(examples.positives) > 5
            for negative in negatives:
                assert negative.alike is not None
                alike = examples.positives[negative.alike]
                assert len(negative.texts) == len(alike.texts) <= 32
                assert negative.top == alike.top
            assert sorted(one.alike or 0 for one in negatives) == list(
                range(len(negatives))
            )


def test_windows_lie_around_the_top_token() -> None:
    rng = np.random.default_rng(0)
    tops = [0, 5, 16, 40, 59, *range(20, 35)]
    many = tuple(example(rng, 60, top, 9 - at / 10) for at, top in enumerate(tops))
    evidence = replace(feature(0), examples=many)
    tested = {example_id(one): one.top for one in held_out(evidence).test}
    examples = scored(evidence, *FEATURES)
    for positive in examples.positives:
        top = tested[positive.text_id]
        assert len(positive.texts) == 32
        assert positive.top == top - max(0, min(top - 16, 60 - 32))
        assert positive.top in positive.active


def test_no_negative_comes_twice() -> None:
    for one in FEATURES:
        examples = scored(one, *FEATURES[:4])
        for negatives in (examples.negatives, examples.others):
            assert len(set(texts(negatives))) == len(negatives) > 5


def test_a_text_that_several_features_store_is_taken_once() -> None:
    other = feature(1)
    copies = [
        replace(other, feature=replace(other.feature, index=index))
        for index in range(1, 9)
    ]
    found = texts(scored(FEATURES[0], *copies).negatives)
    assert len(set(found)) == len(found) > 5


def test_no_negative_shares_a_run_with_an_example_of_the_feature() -> None:
    """Neither with a held-out one nor with one that labels are made of."""
    rng = np.random.default_rng(5)
    own, other = feature(0), feature(1)
    shared = []
    for at, source in enumerate((*own.examples, *other.examples[:20])):
        lent = source.tokens[2:10] if at < len(own.examples) else ()
        made = example(rng, 50, 25)
        tokens = (*made.tokens[:30], *lent, *made.tokens[30 + len(lent) :])
        shared.append(replace(made, tokens=tokens))
    lender = replace(feature(2), examples=tuple(shared))
    examples = scored(own, lender)
    free = {example_id(one) for one in shared[len(own.examples) :]}
    assert {one.text_id for one in examples.others} <= free
    assert len(examples.others) > 5


def test_stored_texts_without_activation_are_taken_first() -> None:
    rng = np.random.default_rng(6)
    silent = tuple(
        replace(example(rng, 70, 30), activations=np.zeros(70, np.float32))
        for _ in range(40)
    )
    evidence = replace(FEATURES[0], examples=(*FEATURES[0].examples, *silent))
    examples = scored(evidence, *FEATURES[1:])
    stored = ["".join(one.tokens) for one in silent]
    assert all(any(t in whole for whole in stored) for t in texts(examples.negatives))
    assert not any(any(t in s for s in stored) for t in texts(examples.others))
    few = replace(evidence, examples=(*FEATURES[0].examples, *silent[:3]))
    assert scored(few, *FEATURES[1:]).negatives == scored(few, *FEATURES[1:]).others


def test_special_tokens_end_a_text() -> None:
    def with_specials(evidence: FeatureEvidence) -> FeatureEvidence:
        examples = tuple(
            replace(
                one,
                tokens=tuple(
                    "<bos>" if at in (one.top - 9, one.top + 11) else token
                    for at, token in enumerate(one.tokens)
                ),
            )
            for one in evidence.examples
        )
        return replace(evidence, examples=examples)

    found = scored(*map(with_specials, FEATURES))
    for one in (*found.positives, *found.negatives):
        assert "<bos>" not in one.texts
        assert len(one.texts) <= 19


def test_it_does_not_matter_in_which_order_features_come() -> None:
    forwards, backwards = NegativePool(FEATURES), NegativePool(FEATURES[::-1])
    for one in FEATURES[:3]:
        assert cut_examples(one, forwards) == cut_examples(one, backwards)
    other = cut_examples(FEATURES[0], forwards, CutSettings(seed=1))
    assert other != cut_examples(FEATURES[0], forwards)


@pytest.mark.parametrize(
    ("evidence", "others", "why"),
    [
        (feature(0, n=8), FEATURES[1:], "8 distinct examples are too few to keep"),
        (feature(0), [], "12 positives and 0 negatives with text; 5 of each"),
        (feature(0, (60, 90)), [feature(1, (10, 12))], "and 0 negatives with text"),
    ],
    ids=["few examples", "no others", "only shorter ones"],
)
def test_too_little_is_said(
    evidence: FeatureEvidence, others: list[FeatureEvidence], why: str
) -> None:
    found = cut_examples(evidence, NegativePool([evidence, *others]))
    assert isinstance(found, NotScored)
    assert why in found.reason


def test_the_commonest_tokens_are_those_of_examples_that_labels_are_made_of() -> None:
    rng = np.random.default_rng(7)
    examples = [example(rng, 40, 20, 10 - at / 10) for at in range(30)]
    evidence = replace(FEATURES[0], examples=tuple(examples))
    train = {example_id(one) for one in held_out(evidence).train.examples}

    def named(one: ActivationExample) -> ActivationExample:
        word, after = (
            (" Seen", " then") if example_id(one) in train else (" kept", " x")
        )
        tokens = (*one.tokens[:20], word, after, *one.tokens[22:])
        return replace(one, tokens=tokens)

    renamed = replace(evidence, examples=tuple(map(named, examples)))
    assert {example_id(one) for one in held_out(renamed).test} == {
        example_id(named(one)) for one in held_out(evidence).test
    }
    found = scored(renamed, *FEATURES[1:])
    assert found.tokens == ("seen", "then")


def test_places_of_marks_give_nothing_away() -> None:
    """To whoever sees them alone, of many features of all kinds of shapes."""
    every = [*FEATURES, *(meaning.evidence for meaning in MEANINGS)]
    pool = NegativePool(every)
    positive: list[float] = []
    negative: list[float] = []
    for one in every:
        examples = cut_examples(one, pool)
        assert isinstance(examples, ScoredExamples)
        marks = [
            [fuzz_marks(e, examples.positives) for e in excerpts]
            for excerpts in (examples.positives, examples.negatives)
        ]
        assert Counter(marks[0]) == Counter(marks[1])
        positive += [float(np.mean(sorted(own))) for own in marks[0]]
        negative += [float(np.mean(sorted(own))) for own in marks[1]]
    assert len(set(negative)) > 30
    assert area(positive, negative) == 0.5


def test_a_token_is_active_from_three_tenths_of_the_largest() -> None:
    made = Excerpt("x", (" a",) * 4, (0.0, 3.0, 10.0, 2.9), 2, positive=True)
    assert made.active == {1, 2}
    assert replace(made, activations=(0.0,) * 4).active == frozenset()


def test_meanings_are_planted_as_said() -> None:
    for one, examples in zip(MEANINGS, cut(MEANINGS), strict=True):
        words = set(WORDS[one.kind])
        assert all(words & {t.strip() for t in e.texts} for e in examples.positives)
        assert not any(words & {t.strip() for t in e.texts} for e in examples.negatives)
