"""Several senses of one feature: groups of its examples that agree among themselves.

A feature that fires on two unrelated things is polysemantic, not obscure. Its examples
are clustered by average linkage on cosine distance; two or more disjoint branches of
the tree are senses if each agrees within itself far beyond unrelated windows, while
they agree with one another hardly more than unrelated windows do. Any set of windows,
clustered, holds branches that agree, so how clearly a feature falls apart is compared
with how clearly sets of unrelated windows do.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from glossator.protocol.null_distribution import DrawnNull, pair_order

_LEAST, _LEAST_SHARE = 3, 0.2
"""Examples that a sense has at least, and their part of all."""
_TOGETHER = 0.5
"""The two clearest senses hold at least this part of the examples."""
_WHOLE = 0.5
_APART = 0.2
"""Senses share at most this part of their excess over unrelated windows."""
_DRAWS = 2000

Cosines = Float[ndarray, "n_windows n_windows"]
"""Of one feature; zero on the diagonal."""


def least_examples(n: int) -> int:
    """How many of n examples make a sense."""
    return max(_LEAST, math.ceil(_LEAST_SHARE * n))


@dataclass(frozen=True, eq=False)
class Branch:
    """A branch of the tree of examples."""

    examples: tuple[int, ...]
    raw: float
    """Correlation score of its examples."""
    z: float
    """Against as many unrelated windows, not chosen by clustering."""


@dataclass(frozen=True, eq=False)
class UnrelatedBranches:
    """How clearly sets of n unrelated windows fall apart into branches."""

    mean: float
    """Correlation score of unrelated windows."""
    sd: Float[ndarray, " n_sizes"]
    """Its standard deviation by number of windows; NaN where no sense is so small."""
    clearness: Float[ndarray, " draws"]
    """Rising."""

    def p(self, clearness: float) -> float:
        """Share of unrelated sets that fall apart as clearly."""
        as_clear = len(self.clearness) - np.searchsorted(self.clearness, clearness)
        return float((as_clear + 1) / (len(self.clearness) + 1))

    def needed(self, p: float) -> float:
        """The clearness that a share p of unrelated sets reach."""
        return float(np.quantile(self.clearness, 1.0 - p))


def unrelated_branches(null: DrawnNull, n: int) -> UnrelatedBranches | None:
    """Cluster draws of n unrelated windows; None where n is too small for two senses.

    So is a set larger than the draws.
    """
    if not 2 * least_examples(n) <= n <= null.n_max:
        return None
    sd = np.full(n + 1, np.nan)
    for size in range(least_examples(n), n + 1):
        cell = null.of_n(size)
        sd[size] = cell.sd if cell and cell.sd > 0 else np.nan
    mean = float(null.pairs.mean(dtype=np.float64))
    rows, columns = pair_order(n)
    cosines = np.zeros((n, n))
    found = []
    for draw in null.pairs[:_DRAWS, : len(rows)]:
        cosines[rows, columns] = cosines[columns, rows] = draw
        branches = tree_branches(cosines, mean, sd)
        apart = _apart(branches)
        found.append(_clearest(branches, apart)[0])
    return UnrelatedBranches(mean, sd, np.sort(found))


@dataclass(frozen=True, eq=False)
class Branches:
    """All branches of a tree that are large enough for a sense."""

    members: Bool[ndarray, "n_branches n_windows"]
    raw: Float[ndarray, " n_branches"]
    excess: Float[ndarray, " n_branches"]
    """Raw score above that of unrelated windows."""
    z: Float[ndarray, " n_branches"]
    shared: Float[ndarray, "n_branches n_branches"]
    """Excess of the mean cosine between the examples of two branches."""


def tree_branches(
    cosines: Cosines, mean: float, sd: Float[ndarray, " n_sizes"]
) -> Branches:
    """Cluster examples and measure every branch but the whole."""
    from scipy.cluster.hierarchy import linkage

    n = len(cosines)
    merges = linkage(1.0 - cosines[_upper(n)], "average")
    members = np.zeros((2 * n - 1, n), dtype=bool)
    members[:n] = np.eye(n, dtype=bool)
    for at, (left, right) in enumerate(merges[:, :2].astype(int)):
        members[n + at] = members[left] | members[right]
    members = members[n:-1]
    size = members.sum(axis=1)
    held = members.astype(np.float64)
    inside = np.einsum("bi,ij,bj->b", held, cosines, held)
    between = 1.0 - merges[:-1, 2]
    level = inside / (size * (size - 1.0))
    whole = between - mean >= _WHOLE * (level - mean)
    large = (size >= least_examples(n)) & whole
    members, size = members[large], size[large]
    held = members.astype(np.float64)
    sums = held @ cosines @ held.T
    raw = np.diagonal(sums) / (size * (size - 1.0))
    shared = sums / (size[:, None] * size) - mean
    return Branches(members, raw, raw - mean, (raw - mean) / sd[size], shared)


@lru_cache(maxsize=128)
def _upper(n: int) -> tuple[Int[ndarray, " n_pairs"], Int[ndarray, " n_pairs"]]:
    return np.triu_indices(n, 1)


def _apart(branches: Branches) -> Bool[ndarray, "n_branches n_branches"]:
    """Whether two branches are disjoint and agree hardly more than unrelated ones."""
    held = branches.members.astype(np.float64)
    disjoint = held @ held.T == 0
    weaker = np.minimum(branches.excess[:, None], branches.excess)
    found: Bool[ndarray, "n_branches n_branches"] = disjoint & (
        branches.shared <= _APART * weaker
    )
    return found


def _clearest(
    branches: Branches, apart: Bool[ndarray, "n_branches n_branches"]
) -> tuple[float, tuple[int, int]]:
    """The two branches apart whose lesser z is largest; 0 where there are none.

    Together they hold half of the examples or more.
    """
    size = branches.members.sum(axis=1)
    many = size[:, None] + size >= _TOGETHER * branches.members.shape[1]
    lesser = np.minimum(branches.z[:, None], branches.z)
    lesser = np.where(apart & many, lesser, 0.0)
    if lesser.size == 0:
        return 0.0, (0, 0)
    # The other branch may be any that is clearer: the clearest, not a part of it.
    greater = np.maximum(branches.z[:, None], branches.z)
    at = int(np.where(lesser == lesser.max(), greater, -np.inf).argmax())
    return float(lesser.flat[at]), divmod(at, len(lesser))


def find_senses(
    cosines: Cosines, unrelated: UnrelatedBranches, *, p: float
) -> tuple[float, Sequence[Branch]]:
    """Senses of one feature in one window, the largest first, and their p.

    Parameters
    ----------
    p : senses are told apart if unrelated windows fall apart as clearly with this
        probability at most; else there are none.
    """
    branches = tree_branches(cosines, unrelated.mean, unrelated.sd)
    apart = _apart(branches)
    clearness, pair = _clearest(branches, apart)
    found = unrelated.p(clearness)
    if clearness <= 0 or found > p:
        return found, ()
    chosen = list(pair)
    enough = unrelated.needed(p)
    for at in np.argsort(-branches.z):
        if branches.z[at] >= enough and apart[at, chosen].all():
            chosen.append(int(at))
    senses = [
        Branch(
            tuple(int(i) for i in np.flatnonzero(branches.members[at])),
            float(branches.raw[at]),
            float(branches.z[at]),
        )
        for at in chosen
    ]
    return found, sorted(senses, key=lambda sense: (-len(sense.examples), -sense.z))
