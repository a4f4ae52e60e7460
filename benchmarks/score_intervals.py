"""How often the intervals of label scores hold the true value, beside the usual ones.

Few texts, and most of them judged rightly: python -m benchmarks.score_intervals
"""

from math import sqrt
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from glossator.evaluation.label_scores.statistics import (
    Counts,
    area,
    area_interval,
    gap,
    gap_interval,
)

Interval: TypeAlias = tuple[float, float] | None
Sample: TypeAlias = NDArray[np.float64]


class Statistic(Protocol):
    """Of positives and negatives."""

    def __call__(self, positives: Sample, negatives: Sample, /) -> float | None: ...


_Z = 1.96
_ROUNDING = 1e-9
_RUNS, _DRAWS = 2000, 400
_SIZES = (10, 20)
_RATES = ((0.5, 0.5), (0.7, 0.8), (0.9, 0.9), (0.97, 0.97))
_AREAS = (0.5, 0.75, 0.9, 0.97)


def balanced_accuracy(rng: np.random.Generator, tpr: float, tnr: float, n: int) -> str:
    true = (tpr + tnr) / 2
    held = np.zeros(3)
    for _ in range(_RUNS):
        positives = (rng.random(n) < tpr).astype(float)
        negatives = (rng.random(n) < tnr).astype(float)
        right = int(positives.sum()), int(negatives.sum())
        mean = float(positives.mean() + negatives.mean()) / 2
        error = sqrt(positives.var() / n + negatives.var() / n) / 2
        held += [
            _holds((mean - _Z * error, mean + _Z * error), true),
            _holds(_bootstrap(rng, positives, negatives, _mean_of_means), true),
            _holds(Counts(n, n, *right, 0, 0).interval, true),
        ]
    return _row(f"balanced accuracy, rates {tpr} and {tnr}", n, held)


def areas(rng: np.random.Generator, true: float, n: int) -> tuple[str, str]:
    """Of normal samples; the gap's, too."""
    shift = float(norm.ppf(true)) * sqrt(2)
    held, held_gap = np.zeros(3), np.zeros(3)
    for _ in range(_RUNS):
        positives, negatives = rng.normal(shift, 1, n), rng.normal(0, 1, n)
        auc = area(positives.tolist(), negatives.tolist()) or 0.0
        held += [
            _holds(_delong(positives, negatives), true),
            _holds(_bootstrap(rng, positives, negatives, _area), true),
            _holds(area_interval(auc, n, n), true),
        ]
        mean = float(positives.mean() - negatives.mean())
        error = sqrt((positives.var(ddof=1) + negatives.var(ddof=1)) / n)
        held_gap += [
            _holds((mean - _Z * error, mean + _Z * error), shift),
            _holds(_bootstrap(rng, positives, negatives, _gap), shift),
            _holds(gap_interval(positives.tolist(), negatives.tolist()), shift),
        ]
    return _row(f"AUC {true}", n, held), _row(f"gap at AUC {true}", n, held_gap)


def _holds(interval: Interval, true: float) -> bool:
    if interval is None:
        return False
    return interval[0] - _ROUNDING <= true <= interval[1] + _ROUNDING


def _bootstrap(
    rng: np.random.Generator, positives: Sample, negatives: Sample, of: Statistic
) -> Interval:
    n = len(positives)
    drawn = [
        of(positives[rng.integers(n, size=n)], negatives[rng.integers(n, size=n)])
        for _ in range(_DRAWS)
    ]
    low, high = np.quantile(np.array(drawn, float), (0.025, 0.975))
    return float(low), float(high)


def _delong(positives: Sample, negatives: Sample) -> Interval:
    above = (positives[:, None] > negatives).astype(float)
    error = sqrt(
        above.mean(axis=1).var(ddof=1) / len(positives)
        + above.mean(axis=0).var(ddof=1) / len(negatives)
    )
    return float(above.mean()) - _Z * error, float(above.mean()) + _Z * error


def _mean_of_means(positives: Sample, negatives: Sample) -> float:
    return float(positives.mean() + negatives.mean()) / 2


def _area(positives: Sample, negatives: Sample) -> float | None:
    return area(positives.tolist(), negatives.tolist())


def _gap(positives: Sample, negatives: Sample) -> float | None:
    return gap(positives.tolist(), negatives.tolist())


def _row(name: str, n: int, held: NDArray[np.float64]) -> str:
    cells = " | ".join(f"{share:.3f}" for share in held / _RUNS)
    return f"| {name} | {n} + {n} | {cells} |"


def main() -> None:
    rng = np.random.default_rng(0)
    print("| interval of | texts | standard error, DeLong | bootstrap | ours |")
    print("|---|---|---|---|---|")
    for n in _SIZES:
        for tpr, tnr in _RATES:
            print(balanced_accuracy(rng, tpr, tnr, n))
        for true in _AREAS:
            print(*areas(rng, true, n), sep="\n")


if __name__ == "__main__":
    main()
