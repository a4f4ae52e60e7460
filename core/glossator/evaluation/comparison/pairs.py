"""Which method does better on the same features, and whether that may be chance."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from glossator.evaluation.comparison.method_comparison import (
    ComparisonTable,
    Measure,
    MethodComparison,
    measure_of,
    scorers_in,
    values,
)
from glossator.evaluation.label_scores.label_score import Interval
from glossator.evaluation.label_scores.statistics import mean_over_features

FEWEST_PAIRS = 6
"""With five even the clearest result has a p of 0.06 (2 of 2⁵ signs)."""
_LEVEL = 0.05
_MOST_EXACT = 200


@dataclass(frozen=True)
class PairedDifference:
    """Two methods on the features that both have a score of."""

    scorer: str
    measure: Measure
    one: str
    other: str
    n: int
    mean: float | None
    """Of the one less the other; None without a common feature."""
    interval: Interval | None
    """By drawing features anew."""
    p: float | None
    """Two-sided, of Wilcoxon's signed ranks; None with fewer than six features."""
    p_holm: float | None = None
    """Corrected for all tests of the table (S. Holm, 1979)."""

    @property
    def verdict(self) -> str:
        if self.n == 0 or self.mean is None:
            return "no feature has both labels scored"
        if self.p_holm is None:
            return f"not tested: fewer than {FEWEST_PAIRS} features"
        better = self.better
        return f"{better} is better" if better else "no difference shown"

    @property
    def better(self) -> str:
        """The method that is shown to be better; "" where neither is."""
        if self.mean is None or self.p_holm is None or self.p_holm > _LEVEL:
            return ""
        return self.one if self.mean > 0 else self.other


def paired_differences(
    comparison: MethodComparison, table: ComparisonTable
) -> list[PairedDifference]:
    """All pairs of methods by all scorers; p is corrected over all of them."""
    found = [
        _difference(table, scorer, one, other)
        for scorer in scorers_in(table)
        for one, other in combinations(comparison.names, 2)
    ]
    corrected = iter(holm([pair.p for pair in found if pair.p is not None]))
    return [
        pair if pair.p is None else replace(pair, p_holm=next(corrected))
        for pair in found
    ]


def _difference(
    table: ComparisonTable, scorer: str, one: str, other: str
) -> PairedDifference:
    both = zip(values(table, one, scorer), values(table, other, scorer), strict=True)
    differences = [
        mine - theirs
        for (_, mine), (_, theirs) in both
        if mine is not None and theirs is not None
    ]
    mean = mean_over_features(differences)
    tested = len(differences) >= FEWEST_PAIRS
    return PairedDifference(
        scorer=scorer,
        measure=measure_of(table, scorer),
        one=one,
        other=other,
        n=mean.n,
        mean=mean.mean,
        interval=mean.interval,
        p=signed_rank_p(differences) if tested else None,
    )


def signed_rank_p(differences: Sequence[float]) -> float:
    """Wilcoxon's test of differences around 0, two-sided.

    Scores are shares of few texts, so that many are equal: features without a
    difference keep their rank (J. W. Pratt, 1959), equal differences share theirs, and
    p is the share of all signs by which the sum of ranks is as extreme. With more than
    200 features the sum is taken to be normal.
    """
    from scipy.stats import rankdata, wilcoxon

    # What differs by rounding alone is equal.
    rounded = np.round(np.asarray(differences, np.float64), 12)
    if not rounded.any():
        return 1.0
    if len(rounded) > _MOST_EXACT:
        return float(wilcoxon(rounded, zero_method="pratt", method="approx").pvalue)
    # Twice the ranks are whole numbers.
    ranks = np.round(2 * rankdata(np.abs(rounded))).astype(np.int64)
    signed = ranks[rounded != 0]
    chance = np.zeros(signed.sum() + 1)
    chance[0] = 1
    for rank in signed:
        chance[rank:] += chance[:-rank]
        chance /= 2
    positive = ranks[rounded > 0].sum()
    tail = min(positive, signed.sum() - positive)
    return min(1.0, 2 * float(chance[: tail + 1].sum()))


def holm(ps: Sequence[float]) -> list[float]:
    """p-values corrected for their number, in the order given."""
    order = sorted(range(len(ps)), key=lambda at: ps[at])
    corrected = [0.0] * len(ps)
    largest = 0.0
    for rank, at in enumerate(order):
        largest = max(largest, min(1.0, (len(ps) - rank) * ps[at]))
        corrected[at] = largest
    return corrected
