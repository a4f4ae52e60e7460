"""What the correlation score is for windows that have nothing to do with each other.

Unrelated short windows are more alike than unrelated long ones, so a raw score means
nothing until it is placed among scores of windows drawn from *other* features: the same
window, the same number of them, the same embedder.

Windows of common text are like any other window, and so like each other, without having
anything in common that others lack; rare ones are unlike any. How windows lie to the
centre of all moves the score of unrelated ones more than all else. So a score is
adjusted before it is placed: from the cosine of each pair goes what the two share with
just any window, their parts along the direction c of the centre,

    e_i . e_j - (e_i . c) (e_j . c)

The draws keep this for every pair, so one set of draws serves every number of windows
and every weighting.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from typing import Protocol, runtime_checkable

import msgspec
import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from glossator.protocol.protocol_settings import MIN_EXAMPLES, Window, WindowName

MIN_FEATURES = 30
"""A null needs windows of at least so many features."""
_CHUNK = 250
"""Draws computed at once: 250 x 20 vectors of 384 numbers are 8 MB."""


Centre = Float[ndarray, " d_embed"]


def beside_centre(
    unit: Float[ndarray, "*rows d_embed"], centre: Centre
) -> Float[ndarray, "*rows d_embed"]:
    """What is left of unit vectors without their part along the centre."""
    left: Float[ndarray, "*rows d_embed"] = unit - (unit @ centre)[..., None] * centre
    return left


@dataclass(frozen=True, eq=False)
class NullDistribution:
    """Adjusted scores of n unrelated windows."""

    mean: float
    sd: float
    quantiles: Float[ndarray, " n_levels"]
    """Evenly spaced from the least to the greatest draw."""
    draws: int

    @classmethod
    def of(cls, scores: Float[ndarray, " draws"]) -> "NullDistribution":
        return cls(
            mean=float(scores.mean()),
            sd=float(scores.std(ddof=1)),
            quantiles=np.sort(scores),
            draws=len(scores),
        )

    def z(self, score: float) -> float:
        return (score - self.mean) / self.sd if self.sd > 0 else 0.0

    def z_of(self, scores: Float[ndarray, " n_scores"]) -> Float[ndarray, " n_scores"]:
        if self.sd <= 0:
            return np.zeros_like(scores)
        z: Float[ndarray, " n_scores"] = (scores - self.mean) / self.sd
        return z

    def p(self, score: float) -> float:
        """Share of unrelated sets that score as high, at least 1 / (draws + 1)."""
        falling, levels = self._falling
        # From the top: among equal quantiles `interp` takes the last.
        reached = float(np.interp(-score, falling, levels))
        return max(reached, 1.0 / (self.draws + 1))

    @cached_property
    def _falling(self) -> tuple[Float[ndarray, " n"], Float[ndarray, " n"]]:
        return -self.quantiles[::-1], np.linspace(0.0, 1.0, len(self.quantiles))


@runtime_checkable
class Null(Protocol):
    """Null distributions of one window."""

    @property
    def origin(self) -> str:
        """Where they come from, for the result's record."""
        ...

    @property
    def centre(self) -> Centre:
        """Direction of the mean of all windows' unit vectors; of length 1, or 0."""
        ...

    def of_n(self, n: int) -> NullDistribution | None:
        """The scores of n unrelated windows; None where that is not known."""
        ...


@dataclass(frozen=True, eq=False)
class DrawnNull:
    """Sets of windows of different features at hand."""

    pairs: Float[ndarray, "draws n_pairs"]
    """Adjusted cosines of a draw; the pairs among its first n come first."""
    centre: Centre
    n_max: int
    origin: str
    _by_n: dict[int, NullDistribution] = field(default_factory=dict, repr=False)

    def scores(self, n: int) -> Float[ndarray, " draws"]:
        """Correlation score of the first n windows of each draw."""
        pairs = self.pairs[:, : n * (n - 1) // 2]
        return np.asarray(pairs.mean(axis=1, dtype=np.float64))

    def weighted_scores(
        self, weights: Float[ndarray, " n_windows"]
    ) -> Float[ndarray, " draws"]:
        """The same with pair weights w_i w_j; at least two positive weights."""
        rows, columns = pair_order(len(weights))
        scaled = weights / weights.max()
        of_pair = scaled[rows] * scaled[columns]
        of_pair = (of_pair / of_pair.sum()).astype(self.pairs.dtype)
        return np.asarray(self.pairs[:, : len(of_pair)] @ of_pair, dtype=np.float64)

    def of_n(self, n: int) -> NullDistribution | None:
        if not 2 <= n <= self.n_max:
            return None
        if n not in self._by_n:
            self._by_n[n] = NullDistribution.of(self.scores(n))
        return self._by_n[n]


def pair_order(n: int) -> tuple[Int[ndarray, " n_pairs"], Int[ndarray, " n_pairs"]]:
    """Pairs (i, j), i < j, in the order of j: those of fewer windows come first."""
    columns, rows = np.tril_indices(n, -1)
    return rows, columns


UnitVectors = Float[ndarray, "_ d_embed"]


def draw_nulls(
    features: Sequence[Mapping[WindowName, UnitVectors]],
    *,
    n_max: int,
    draws: int,
    seed: int,
) -> dict[WindowName, DrawnNull]:
    """Draw sets of examples of different features; all windows of the same examples.

    Parameters
    ----------
    features : unit vectors of each feature's examples by window, rows in the same
        order; at least `n_max` features.
    n_max : the largest set; smaller ones are parts of the same draws.
    """
    rng = np.random.default_rng(seed)
    counts = np.array([len(next(iter(held.values()))) for held in features])
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    stacked = {
        name: np.concatenate([held[name] for held in features]).astype(np.float32)
        for name in features[0]
    }
    centres = {
        name: _direction(np.mean([held[name].mean(axis=0) for held in features], 0))
        for name in features[0]
    }
    rows, columns = pair_order(n_max)
    pairs = {
        name: np.empty((draws, len(rows)), dtype=np.float32) for name in features[0]
    }
    for start in range(0, draws, _CHUNK):
        size = min(_CHUNK, draws - start)
        shuffled = rng.random((size, len(features))).argsort(axis=1)[:, :n_max]
        at = starts[shuffled] + rng.integers(0, counts[shuffled])
        for name, vectors in stacked.items():
            chosen = beside_centre(vectors[at], centres[name])
            cosines = chosen @ chosen.swapaxes(1, 2)
            pairs[name][start : start + size] = cosines[:, rows, columns]
    origin = f"windows of {len(features)} features at hand, {draws} draws"
    return {
        name: DrawnNull(found, centres[name], n_max, origin)
        for name, found in pairs.items()
    }


def _direction(mean: Centre) -> Centre:
    length = np.linalg.norm(mean)
    found: Centre = (mean / length if length > 0 else mean).astype(np.float32)
    return found


# -- the null that is shipped ----------------------------------------------------------


class ShippedCell(msgspec.Struct, frozen=True):
    mean: float
    sd: float
    quantiles: list[float]


class ShippedWindow(msgspec.Struct, frozen=True):
    centre: list[float]
    by_n: dict[int, ShippedCell]
    """By number of windows."""


class ShippedNulls(msgspec.Struct, frozen=True):
    """Nulls of the packaged embedder, for sources with too few features."""

    embedder: str
    origin: str
    draws: int
    windows: dict[str, ShippedWindow]
    """By ``str(Window)``."""


@dataclass(frozen=True, eq=False)
class ShippedNull:
    """A null of one window that came with the program."""

    by_n: Mapping[int, NullDistribution]
    centre: Centre
    origin: str

    def of_n(self, n: int) -> NullDistribution | None:
        return self.by_n.get(n)


def read_shipped_nulls() -> ShippedNulls:
    data = resources.files("glossator_resources").joinpath("null.json").read_bytes()
    return msgspec.json.decode(data, type=ShippedNulls)


def shipped_null(
    shipped: ShippedNulls, window: Window, model: str
) -> ShippedNull | None:
    """The shipped null of a window; None for another embedder or window."""
    held = shipped.windows.get(str(window))
    if held is None or shipped.embedder != model:
        return None
    by_n = {
        n: NullDistribution(cell.mean, cell.sd, np.array(cell.quantiles), shipped.draws)
        for n, cell in held.by_n.items()
        if n >= MIN_EXAMPLES
    }
    origin = f"shipped null ({shipped.origin})"
    return ShippedNull(by_n, np.array(held.centre), origin)
