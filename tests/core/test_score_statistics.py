"""Rates, areas and intervals against others' implementations and by their coverage."""

import numpy as np
import pytest
from scipy.stats import binom, binomtest, ttest_ind
from sklearn.metrics import roc_auc_score

from glossator.evaluation.label_scores.label_score import Outcome, Spent
from glossator.evaluation.label_scores.reckoning import judged_score, likeness_score
from glossator.evaluation.label_scores.statistics import (
    Counts,
    area,
    area_interval,
    gap,
    gap_interval,
    mean_over_features,
    wilson,
)


def outcomes(*kinds: tuple[bool, bool | None, int]) -> list[Outcome]:
    """So many texts of a kind that were answered so."""
    return [
        Outcome(text_id=f"{positive} {answer} {at}", positive=positive, answer=answer)
        for positive, answer, n in kinds
        for at in range(n)
    ]


MIXED = outcomes(
    (True, True, 6),
    (True, False, 2),
    (True, None, 2),
    (False, False, 3),
    (False, True, 1),
    (False, None, 1),
)


def test_failures_are_neither_right_nor_wrong() -> None:
    counts = Counts.of(MIXED)
    assert (counts.n_positive, counts.n_negative) == (10, 5)
    assert (counts.failed_positive, counts.failed_negative) == (2, 1)
    assert counts.tpr == 6 / 8
    assert counts.tnr == 3 / 4
    assert counts.balanced_accuracy == 0.75
    assert counts.as_wrong == (6 / 10 + 3 / 5) / 2
    assert counts.f1 == pytest.approx(2 * 6 / (2 * 6 + 1 + 2))


def test_a_missing_kind_is_none_and_not_nought() -> None:
    for only in (True, False):
        counts = Counts.of(outcomes((only, True, 5), (not only, None, 3)))
        assert counts.balanced_accuracy is None
        assert counts.interval is None
        assert counts.f1 is None
    assert Counts.of(outcomes((True, True, 5))).as_wrong is None
    assert area([1.0], []) is None
    assert gap([], [1.0]) is None
    assert wilson(0, 0) is None


def test_nothing_right_is_nought_and_not_none() -> None:
    counts = Counts.of(outcomes((True, False, 5), (False, True, 5)))
    assert counts.balanced_accuracy == 0
    assert counts.f1 == 0
    assert counts.as_wrong == 0


@pytest.mark.parametrize(("part", "whole"), [(0, 7), (3, 10), (10, 10), (41, 50)])
def test_wilson_is_the_known_interval(part: int, whole: int) -> None:
    known = binomtest(part, whole).proportion_ci(method="wilson")
    assert wilson(part, whole) == pytest.approx((known.low, known.high))


def test_the_area_is_the_known_one_ties_a_half() -> None:
    rng = np.random.default_rng(0)
    for n_positive, n_negative in ((1, 1), (7, 3), (20, 40)):
        positives = rng.integers(0, 6, n_positive).astype(float).tolist()
        negatives = rng.integers(0, 5, n_negative).astype(float).tolist()
        truth = [1] * n_positive + [0] * n_negative
        known = roc_auc_score(truth, positives + negatives)
        assert area(positives, negatives) == pytest.approx(known)
    assert area([1.0], [1.0]) == 0.5


def _coverage(tpr: float, tnr: float, n: int) -> float:
    """Chance that the interval holds the balanced accuracy, over all results."""
    chance = 0.0
    for tp in range(n + 1):
        for tn in range(n + 1):
            counts = Counts(n, n, tp, tn, 0, 0)
            assert counts.interval is not None
            low, high = counts.interval
            if low <= (tpr + tnr) / 2 <= high:
                chance += binom.pmf(tp, n, tpr) * binom.pmf(tn, n, tnr)
    return float(chance)


@pytest.mark.parametrize("n", [5, 10, 20])
@pytest.mark.parametrize("rates", [(0.5, 0.5), (0.7, 0.8), (0.9, 0.9), (0.97, 0.97)])
def test_the_interval_of_the_balanced_accuracy_holds_it(
    rates: tuple[float, float], n: int
) -> None:
    assert 0.9 <= _coverage(*rates, n) <= 0.99


def test_where_all_is_right_intervals_still_have_a_width() -> None:
    all_right = Counts(10, 10, 10, 10, 0, 0).interval
    assert all_right is not None
    assert all_right[0] < 0.9
    assert all_right[1] == 1
    low, high = area_interval(1.0, 10, 10)
    assert low < 0.9
    assert high == 1


@pytest.mark.parametrize("shift", [0.0, 0.95, 1.8])
def test_the_interval_of_the_area_holds_it(shift: float) -> None:
    """Areas of 0.5, 0.75 and 0.9 of normal samples."""
    rng = np.random.default_rng(1)
    true = {0.0: 0.5, 0.95: 0.749, 1.8: 0.898}[shift]
    held = 0
    for _ in range(1000):
        auc = area(rng.normal(shift, 1, 10).tolist(), rng.normal(0, 1, 10).tolist())
        assert auc is not None
        low, high = area_interval(auc, 10, 10)
        assert 0 <= low <= auc <= high <= 1
        held += low <= true <= high
    assert 0.93 <= held / 1000 <= 0.98


def test_the_interval_of_a_gap_is_welchs() -> None:
    rng = np.random.default_rng(2)
    positives, negatives = rng.normal(1, 2, 8).tolist(), rng.normal(0, 1, 15).tolist()
    known = ttest_ind(positives, negatives, equal_var=False).confidence_interval()
    assert gap_interval(positives, negatives) == pytest.approx((known.low, known.high))
    assert gap_interval([1.0, 1.0], [0.0, 0.0]) is None
    assert gap_interval([1.0], [0.0, 2.0]) is None


def test_the_mean_over_features_leaves_out_those_without_a_value() -> None:
    found = mean_over_features([0.5, None, 0.7, 0.9, None])
    assert (found.n, found.n_without) == (3, 2)
    assert found.mean == pytest.approx(0.7)
    assert found.interval is not None
    assert 0.5 <= found.interval[0] < 0.7 < found.interval[1] <= 0.9
    assert found == mean_over_features([0.5, None, 0.7, 0.9, None])
    nothing = mean_over_features([None])
    assert (nothing.mean, nothing.interval, nothing.n_without) == (None, None, 1)


def test_the_interval_of_the_mean_holds_it() -> None:
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(200):
        interval = mean_over_features(rng.normal(0.7, 0.1, 30).tolist()).interval
        assert interval is not None
        held += interval[0] <= 0.7 <= interval[1]
    assert 0.89 <= held / 200 <= 0.99


def judged(found: list[Outcome]) -> tuple[float | None, int]:
    score = judged_score("x", "y", found, model="m", prompt_hash="h", spent=Spent())
    return score.auc, score.n_failed


def test_by_answers_alone_the_area_is_the_balanced_accuracy() -> None:
    score = judged_score("x", "y", MIXED, model="m", prompt_hash="h", spent=Spent())
    assert score.auc == score.balanced_accuracy == 0.75
    assert score.auc_interval == score.interval
    assert score.n_failed == 3


def test_odds_rank_answers_that_are_the_same() -> None:
    found = [
        Outcome(text_id="a", positive=True, answer=True, likeness=0.9),
        Outcome(text_id="b", positive=False, answer=True, likeness=0.6),
        Outcome(text_id="c", positive=True, answer=True, likeness=0.8),
        Outcome(text_id="d", positive=False),
    ]
    assert judged(found) == (1.0, 1)
    without = [*found[:3], Outcome(text_id="e", positive=False, answer=True)]
    assert judged(without) == (0.5, 0)


def test_each_quantile_stands_against_all_negatives() -> None:
    found = [
        Outcome(text_id="a", positive=True, likeness=0.9, quantile=0),
        Outcome(text_id="b", positive=True, likeness=0.1, quantile=1),
        Outcome(text_id="c", positive=False, likeness=0.5),
        Outcome(text_id="d", positive=False, likeness=0.05),
        Outcome(text_id="e", positive=True, quantile=1),
    ]
    score = likeness_score("x", "y", found, model="m")
    assert [one.auc for one in score.by_quantile] == [1.0, 0.5]
    assert [one.n_positive for one in score.by_quantile] == [1, 2]
    assert score.n_failed == 1
    assert score.gap == pytest.approx(0.5 - 0.275)
    assert score.balanced_accuracy is score.tpr is score.as_wrong is None
    assert score.chief == score.auc == 0.75
