"""Rates, areas and their intervals.

All intervals are 95 % ones by closed forms that stay honest where few texts are judged
and nearly all rightly: there the spread of the sample is zero, and a bootstrap, DeLong
or the usual standard error would give an interval of no width.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from glossator.evaluation.label_scores.label_score import Interval, Outcome

_Z = 1.959963984540054
"""Of a normal variable, exceeded either way with a chance of 5 %."""
_LEVEL = 0.975
_HALVINGS = 50
_DRAWS, _SEED = 2000, 0


@dataclass(frozen=True)
class Counts:
    """How texts of either kind were judged."""

    n_positive: int
    n_negative: int
    true_positive: int
    true_negative: int
    failed_positive: int
    failed_negative: int

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> "Counts":
        positive = [one.answer for one in outcomes if one.positive]
        negative = [one.answer for one in outcomes if not one.positive]
        return cls(
            n_positive=len(positive),
            n_negative=len(negative),
            true_positive=positive.count(True),
            true_negative=negative.count(False),
            failed_positive=positive.count(None),
            failed_negative=negative.count(None),
        )

    @property
    def judged_positive(self) -> int:
        return self.n_positive - self.failed_positive

    @property
    def judged_negative(self) -> int:
        return self.n_negative - self.failed_negative

    @property
    def tpr(self) -> float | None:
        return share(self.true_positive, self.judged_positive)

    @property
    def tnr(self) -> float | None:
        return share(self.true_negative, self.judged_negative)

    @property
    def balanced_accuracy(self) -> float | None:
        return _mean(self.tpr, self.tnr)

    @property
    def as_wrong(self) -> float | None:
        """Balanced accuracy if failures were wrong answers."""
        return _mean(
            share(self.true_positive, self.n_positive),
            share(self.true_negative, self.n_negative),
        )

    @property
    def f1(self) -> float | None:
        """Of the positives; None where a kind is missing."""
        if not self.judged_positive or not self.judged_negative:
            return None
        taken = self.true_positive + self.judged_negative - self.true_negative
        return 2 * self.true_positive / (taken + self.judged_positive)

    @property
    def interval(self) -> Interval | None:
        """Of the balanced accuracy.

        That of the mean of two independent rates, from Wilson's of each (R. G.
        Newcombe, "Interval estimation for the difference between independent
        proportions", Statistics in Medicine 17, 1998, method 10, for a sum).
        """
        tpr, tnr = self.tpr, self.tnr
        positive = wilson(self.true_positive, self.judged_positive)
        negative = wilson(self.true_negative, self.judged_negative)
        if tpr is None or tnr is None or positive is None or negative is None:
            return None
        below = sqrt((tpr - positive[0]) ** 2 + (tnr - negative[0]) ** 2)
        above = sqrt((positive[1] - tpr) ** 2 + (negative[1] - tnr) ** 2)
        return (tpr + tnr - below) / 2, (tpr + tnr + above) / 2


def share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def wilson(part: int, whole: int) -> Interval | None:
    """Of a share (E. B. Wilson, JASA 22, 1927); None where there is nothing."""
    if not whole:
        return None
    rate, spread = part / whole, _Z**2 / whole
    middle = rate + spread / 2
    half = sqrt(spread * (rate * (1 - rate) + spread / 4))
    low, high = (middle - half) / (1 + spread), (middle + half) / (1 + spread)
    # Rounding may leave a share of 0 or 1 a hair outside.
    return min(low, rate), max(high, rate)


def area(positives: Sequence[float], negatives: Sequence[float]) -> float | None:
    """AUC: share of pairs in which the positive is larger, ties a half (Mann-Whitney).

    None where a kind is missing.
    """
    if not len(positives) or not len(negatives):
        return None
    ordered = np.sort(np.asarray(negatives, np.float64))
    values = np.asarray(positives, np.float64)
    below = np.searchsorted(ordered, values, side="left").sum()
    not_above = np.searchsorted(ordered, values, side="right").sum()
    return float(below + not_above) / (2 * len(values) * len(ordered))


def area_interval(auc: float, n_positive: int, n_negative: int) -> Interval:
    """Of an AUC, by inverting its variance.

    R. G. Newcombe, "Confidence intervals for an effect size measure based on the
    Mann-Whitney statistic", Statistics in Medicine 25 (2006), method 5: the areas whose
    spread (Hanley and McNeil 1982, of samples of one size) still reaches the one seen.
    """
    half = (n_positive + n_negative) / 2 - 1

    def reaches(true: float) -> bool:
        skewed = (1 - true) / (2 - true) + true / (1 + true)
        variance = true * (1 - true) * (1 + half * skewed) / (n_positive * n_negative)
        return abs(auc - true) <= _Z * sqrt(variance)

    def end(outside: float) -> float:
        inside = auc
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            if reaches(middle):
                inside = middle
            else:
                outside = middle
        return inside

    return end(0.0), end(1.0)


def gap(positives: Sequence[float], negatives: Sequence[float]) -> float | None:
    """Mean of the ones less that of the others; None where there are none."""
    if not len(positives) or not len(negatives):
        return None
    return float(np.mean(positives) - np.mean(negatives))


def gap_interval(
    positives: Sequence[float], negatives: Sequence[float]
) -> Interval | None:
    """Of a gap, by Welch's t; None where there is no spread to go by."""
    from scipy.stats import t

    value = gap(positives, negatives)
    if value is None or min(len(positives), len(negatives)) < 2:
        return None
    parts = [float(np.var(x, ddof=1)) / len(x) for x in (positives, negatives)]
    variance = sum(parts)
    if variance == 0:
        return None
    freedom = variance**2 / sum(
        part**2 / (len(x) - 1)
        for part, x in zip(parts, (positives, negatives), strict=True)
    )
    half = float(t.ppf(_LEVEL, freedom)) * sqrt(variance)
    return value - half, value + half


@dataclass(frozen=True)
class MeanOverFeatures:
    """What labels of one method get on average."""

    n: int
    """Features with a value."""
    n_without: int
    """Features without one: they count neither as good nor as bad."""
    mean: float | None
    interval: Interval | None
    """By drawing features anew; None with fewer than two."""


def mean_over_features(values: Sequence[float | None]) -> MeanOverFeatures:
    """Mean of one value a feature, each feature weighing the same."""
    known = np.array([value for value in values if value is not None], np.float64)
    n = len(known)
    interval = None
    if n > 1:
        drawn = np.random.default_rng(_SEED).integers(n, size=(_DRAWS, n))
        low, high = np.quantile(known[drawn].mean(axis=1), (1 - _LEVEL, _LEVEL))
        interval = float(low), float(high)
    return MeanOverFeatures(
        n=n,
        n_without=len(values) - n,
        mean=float(known.mean()) if n else None,
        interval=interval,
    )


def _mean(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else (one + other) / 2
