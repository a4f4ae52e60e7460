"""Whether features that were hit lie at larger scores, stratum by stratum.

In each stratum the hits are compared with every other choice of as many features: the
null of N. Mantel, "Chi-square tests with one degree of freedom; extensions of the
Mantel-Haenszel procedure", JASA 58 (1963). In a single stratum the square of z is the
linear-by-linear statistic (n - 1) r^2, close to the Cochran-Armitage test for trend.
Features are taken as independent of one another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

_DRAWS, _SEED = 9999, 0
_ROUNDING = 1e-9

Scores: TypeAlias = Float[ndarray, " n_features"]
Hits: TypeAlias = Bool[ndarray, " n_features"]


@dataclass(frozen=True)
class Association:
    """Larger z and slope where hits lie at larger scores."""

    z: float
    """Sum of the strata's covariances in its standard deviations under the null."""
    slope: float
    """Change of the share of hits from score 0 to 1, inside the strata."""
    p: float
    """Chance of so large a sum or a larger one."""
    p_reverse: float
    """Chance of so small a sum or a smaller one."""


def association(
    scores: Sequence[Scores], hits: Sequence[Hits], *, exact: bool = False
) -> Association | None:
    """Test over all strata; None where no stratum has both hits and scores that differ.

    Parameters
    ----------
    exact : scores are 0 or 1, and p is Fisher's (a convolution over the strata);
        else it is that of 9,999 seeded draws, the data among them.
    """
    strata = [
        (x, y)
        for x, y in zip(scores, hits, strict=True)
        if 0 < y.sum() < len(y) and (x != x[0]).any()
    ]
    if not strata:
        return None
    covariance = spread = variance = 0.0
    for x, y in strata:
        dx, dy = x - x.mean(), y - y.mean()
        covariance += dx @ dy
        spread += dx @ dx
        variance += (dx @ dx) * (dy @ dy) / (len(x) - 1)
    p, p_reverse = _fisher(strata) if exact else _drawn(strata)
    return Association(
        z=float(covariance / np.sqrt(variance)),
        slope=float(covariance / spread),
        p=p,
        p_reverse=p_reverse,
    )


def _fisher(strata: Sequence[tuple[Scores, Hits]]) -> tuple[float, float]:
    """Chances that so many hits or more, and so many or fewer, fall on scores of 1."""
    from scipy.stats import hypergeom

    chance = np.ones(1)
    for x, y in strata:
        ones, n_hits = int(x.sum()), int(y.sum())
        fell = np.arange(min(ones, n_hits) + 1)
        chance = np.convolve(chance, hypergeom.pmf(fell, len(x), ones, n_hits))
    seen = sum(int(x[y].sum()) for x, y in strata)
    above, below = chance[seen:].sum(), chance[: seen + 1].sum()
    return min(float(above), 1.0), min(float(below), 1.0)


def _drawn(strata: Sequence[tuple[Scores, Hits]]) -> tuple[float, float]:
    """The same of the sum of the hits' scores, by seeded draws."""
    rng = np.random.default_rng(_SEED)
    total = np.zeros(_DRAWS)
    seen = 0.0
    for x, y in strata:
        values, counts = np.unique(x, return_counts=True)
        drawn = rng.multivariate_hypergeometric(
            counts, int(y.sum()), size=_DRAWS, method="marginals"
        )
        total += drawn @ values
        seen += float(x[y].sum())
    above = int((total >= seen - _ROUNDING).sum())
    below = int((total <= seen + _ROUNDING).sum())
    return (1 + above) / (1 + _DRAWS), (1 + below) / (1 + _DRAWS)
