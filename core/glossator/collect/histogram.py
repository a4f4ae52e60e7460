"""How often features take which activation, counted in bins that need no maximum.

Bins are as wide as their place is far from zero: each power of two is cut into sixteen
equal parts, which the first bits of a float32 tell. So counts can be added up while the
largest activation is still unknown; shares and quantiles are read off them by linear
interpolation, inside bins that are at most 6 % wide.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

if TYPE_CHECKING:
    from torch import Tensor

_SHIFT = 19
"""Bits of a float32 below exponent and the first four bits of the fraction."""
_SMALLEST = 127 - 24 << 4
"""The bin of 2**-24; what is smaller is counted there."""
N_BINS = 48 * 16
"""Up to 2**24; what is larger is counted in the last one."""


def bin_counts(
    activations: "Float[Tensor, 'batch tokens features']",
) -> "Int[Tensor, 'features n_bins']":
    """Count positive float32 activations."""
    import torch

    n_features = activations.shape[-1]
    bits = activations.contiguous().view(torch.int32) >> _SHIFT
    bins = (bits - _SMALLEST).clamp_(0, N_BINS - 1)
    bins += torch.arange(n_features, device=bins.device, dtype=torch.int32) * N_BINS
    counts = torch.bincount(bins[activations > 0], minlength=n_features * N_BINS)
    return counts.reshape(n_features, N_BINS)


@dataclass(frozen=True, eq=False)
class Distribution:
    """The activations of one feature over all tokens."""

    counts: Int[ndarray, " n_bins"]
    """Of positive ones, as `bin_counts`."""
    n_tokens: int
    largest: float
    """0 where none is positive."""

    def share_above(self, threshold: float) -> float:
        """Share of tokens with an activation above; exact at 0."""
        if not self.n_tokens:
            return 0.0
        positive = int(self.counts.sum())
        below = float(np.interp(threshold, *self._cumulative()))
        return (positive - below) / self.n_tokens

    def quantile(self, level: float) -> float:
        """Activation that a share of all tokens does not exceed."""
        edges, cumulative = self._cumulative()
        wanted = level * self.n_tokens - (self.n_tokens - cumulative[-1])
        return float(np.interp(wanted, cumulative, edges)) if wanted > 0 else 0.0

    def equal_bins(self, n: int) -> list[int]:
        """Counts of positive activations in so many equal bins over (0, largest]."""
        at = np.linspace(0, self.largest, n + 1)
        below = np.round(np.interp(at, *self._cumulative()))
        return [int(count) for count in np.diff(below)]

    def _cumulative(self) -> tuple[Float[ndarray, " n"], Float[ndarray, " n"]]:
        """Edges, and how many positive activations lie below each."""
        used = np.flatnonzero(self.counts)
        if not len(used):
            return np.zeros(1), np.zeros(1)
        last = int(used[-1])
        bits = np.arange(_SMALLEST, _SMALLEST + last + 1, dtype=np.int32) << _SHIFT
        edges = bits.view(np.float32).astype(np.float64)
        edges = np.append(np.minimum(edges, self.largest), self.largest)
        edges[0] = 0.0
        return edges, np.concatenate(([0.0], np.cumsum(self.counts[: last + 1])))
