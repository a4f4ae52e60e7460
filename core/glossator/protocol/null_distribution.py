"""What the correlation score is for windows that have nothing to do with each other.

Unrelated short windows are more alike than unrelated long ones, so a raw score means
nothing until it is placed among scores of windows drawn from *other* features: the same
window, the same number of them, the same embedder.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import NamedTuple

import msgspec
import numpy as np
from jaxtyping import Float
from numpy import ndarray

from glossator.protocol.protocol_settings import MIN_EXAMPLES, Window

MIN_FEATURES = 30
"""A null needs windows of at least so many features."""


@dataclass(frozen=True, eq=False)
class NullDistribution:
    """Scores of n unrelated windows."""

    mean: float
    sd: float
    quantiles: Float[ndarray, " n_levels"]
    """Evenly spaced from the least to the greatest draw."""
    draws: int

    def z(self, score: float) -> float:
        return (score - self.mean) / self.sd if self.sd > 0 else 0.0

    def p(self, score: float) -> float:
        """Share of unrelated sets that score as high, at least 1 / (draws + 1)."""
        levels = np.linspace(0.0, 1.0, len(self.quantiles))
        # From the top: among equal quantiles `interp` takes the last.
        reached = float(np.interp(-score, -self.quantiles[::-1], levels))
        return max(reached, 1.0 / (self.draws + 1))


class Null(NamedTuple):
    """Null distributions of one window, by number of windows."""

    by_n: Mapping[int, NullDistribution]
    origin: str
    """Where they come from, for the result's record."""


def draw_null(
    features: Sequence[Float[ndarray, "_ d_embed"]],
    *,
    n_max: int,
    draws: int,
    seed: int,
) -> Null:
    """Draw sets of windows of different features, and score them.

    Parameters
    ----------
    features : unit vectors of each feature's windows; at least `n_max` features.
    n_max : the largest set; smaller ones (from 3) share the same draws.
    """
    rng = np.random.default_rng(seed)
    counts = np.array([len(vectors) for vectors in features])
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    stacked = np.concatenate(features).astype(np.float32)
    scores = np.empty((draws, n_max + 1))
    n = np.arange(n_max + 1)
    for draw in range(draws):
        chosen = rng.choice(len(features), size=n_max, replace=False)
        rows = starts[chosen] + rng.integers(0, counts[chosen])
        total = np.cumsum(stacked[rows], axis=0, dtype=np.float64)
        squares = np.einsum("ij,ij->i", total, total)
        scores[draw, 2:] = (squares[1:] - n[2:]) / (n[2:] * (n[2:] - 1))
    by_n = {
        size: NullDistribution(
            mean=float(scores[:, size].mean()),
            sd=float(scores[:, size].std(ddof=1)),
            quantiles=np.sort(scores[:, size]),
            draws=draws,
        )
        for size in range(MIN_EXAMPLES, n_max + 1)
    }
    return Null(by_n, f"windows of {len(features)} features at hand, {draws} draws")


class ShippedCell(msgspec.Struct, frozen=True):
    mean: float
    sd: float
    quantiles: list[float]


class ShippedNull(msgspec.Struct, frozen=True):
    """A null of the packaged embedder, for sources with too few features."""

    embedder: str
    origin: str
    draws: int
    windows: dict[str, dict[int, ShippedCell]]
    """By ``str(Window)``, then by number of windows."""


def read_shipped_null() -> ShippedNull:
    data = resources.files("glossator_resources").joinpath("null.json").read_bytes()
    return msgspec.json.decode(data, type=ShippedNull)


def shipped_null(shipped: ShippedNull, window: Window, embedder: str) -> Null | None:
    """The shipped null of a window; None for another embedder or window."""
    cells = shipped.windows.get(str(window))
    if cells is None or shipped.embedder != embedder:
        return None
    by_n = {
        n: NullDistribution(cell.mean, cell.sd, np.array(cell.quantiles), shipped.draws)
        for n, cell in cells.items()
    }
    return Null(by_n, f"shipped null ({shipped.origin})")
