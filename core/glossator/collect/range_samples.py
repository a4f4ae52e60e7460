"""Random examples from each part of a feature's activation range, and without any.

The range is not known while texts come in. So the peaks of chunks are sorted into
levels of half a power of two, of which the ten up to the highest so far are kept; what
lies below is *faint*, what is not positive *silent*. Of each the examples with the
smallest random numbers stay: a sample in which all are equally likely, whatever their
order (bottom-k sampling, Cohen and Kaplan 2007). When a higher level is met, the lowest
become faint; joining such samples keeps that property.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int, Int64, UInt64
from numpy import ndarray

from glossator.collect.example_table import EMPTY, ExampleTable
from glossator.collect.repeats import scatter

if TYPE_CHECKING:
    from glossator.collect.observation import Observation

_SHIFT = 22
"""Bits of a float32 below its exponent and the first bit of its fraction."""
_LEVELS = 10
_FAINT, _SILENT, _GROUPS = _LEVELS, _LEVELS + 1, _LEVELS + 2
_NONE = np.uint64(np.iinfo(np.uint64).max)
"""Random number of an empty slot."""


class RangeSamples:
    """Samples of every feature; the slots of a group lie side by side."""

    def __init__(
        self, features: Sequence[tuple[int, int]], n_each: int, reach: int, seed: int
    ) -> None:
        """Make room.

        Parameters
        ----------
        features : layer and index; random numbers are drawn by these.
        n_each : examples of a level.
        """
        n_features = len(features)
        self.table = ExampleTable(n_features, _GROUPS * n_each, reach)
        self.random = np.full((n_features, _GROUPS * n_each), _NONE, np.uint64)
        self.highest = np.full(n_features, EMPTY, np.int64)
        """Highest level met."""
        self._each = n_each
        codes = np.array([layer << 40 | index for layer, index in features], np.uint64)
        self._codes = scatter(scatter(codes) + np.uint64(seed))

    def offer(self, seen: "Observation") -> None:
        """Take of a batch what its random numbers choose."""
        positive = np.maximum(seen.peaks, 0)
        levels = np.where(positive > 0, positive.view(np.int32) >> _SHIFT, EMPTY)
        risen = levels.max(axis=0)
        for feature in np.flatnonzero(risen > self.highest).tolist():
            self._rise(feature, int(risen[feature]))
        group = np.where(levels > self.highest - _LEVELS, levels % _LEVELS, _FAINT)
        group[levels == EMPTY] = _SILENT
        numbers = scatter(seen.numbers.astype(np.uint64))
        random = scatter(numbers[:, None] ^ self._codes)
        worst = self.random.reshape(len(self.highest), _GROUPS, self._each).max(axis=2)
        at = np.arange(len(self.highest))
        rows, features = np.nonzero(random < worst[at, group])
        self._join(features, group[rows, features], random[rows, features], rows, seen)

    def _rise(self, feature: int, level: int) -> None:
        """Let the levels that are now too low become faint."""
        old, self.highest[feature] = int(self.highest[feature]), level
        if old == EMPTY:
            return
        sunk = range(old - _LEVELS + 1, min(old, level - _LEVELS) + 1)
        groups = [_FAINT, *(number % _LEVELS for number in sunk)]
        slots = np.concatenate([self._slots(group) for group in groups])
        order = slots[np.argsort(self.random[feature, slots], kind="stable")]
        kept, faint = order[: self._each], self._slots(_FAINT)
        random = self.random[feature, kept]
        self.table.move(feature, kept, faint)
        self.random[feature, faint] = random
        self._empty(feature, slots[self._each :])

    def _slots(self, group: int) -> Int[ndarray, " n_each"]:
        return np.arange(group * self._each, (group + 1) * self._each)

    def _empty(self, feature: int, slots: Int[ndarray, " n"]) -> None:
        self.table.clear(feature, slots)
        self.random[feature, slots] = _NONE

    def _join(
        self,
        features: Int64[ndarray, " n"],
        groups: Int[ndarray, " n"],
        random: UInt64[ndarray, " n"],
        rows: Int64[ndarray, " n"],
        seen: "Observation",
    ) -> None:
        """Keep of the old and the new examples of a group those of smallest number."""
        if not len(features):
            return
        n = self._each
        place = features * _GROUPS + groups
        order = np.lexsort((random, place))
        which, starts, group_at = np.unique(
            place[order], return_index=True, return_inverse=True
        )
        rank = np.arange(len(order)) - starts[group_at]
        few = rank < n
        order, group_at, rank = order[few], group_at[few], rank[few]
        new = np.full((len(which), n), _NONE, np.uint64)
        new[group_at, rank] = random[order]
        row_of = np.zeros((len(which), n), np.int64)
        row_of[group_at, rank] = rows[order]
        old = self.random.reshape(-1, n)[which]
        both = np.concatenate([old, new], axis=1)
        kept = np.zeros(both.shape, np.bool_)
        smallest = np.argsort(both, axis=1, kind="stable")[:, :n]
        np.put_along_axis(kept, smallest, True, axis=1)
        # As many new ones are kept as old ones are not, in each group.
        at, slot = np.nonzero(~kept[:, :n])
        at, column = np.nonzero(kept[:, n:])
        feature = which[at] // _GROUPS
        slots = which[at] % _GROUPS * n + slot
        self.random[feature, slots] = new[at, column]
        self.table.put(feature, slots, seen, row_of[at, column])

    def between(self, feature: int, low: float, high: float) -> list[int]:
        """Slots of examples with low < activation <= high, in random order.

        All chunks of that range are equally likely to be among the first; where a level
        has no more to give, those of scarcer levels weigh more.
        """
        activation = self.table.activation[feature]
        inside = (activation > low) & (activation <= high)
        return self._shuffled(feature, inside)

    def silent(self, feature: int, floor: float) -> list[int]:
        """Slots of examples with activation <= floor, in random order."""
        return self._shuffled(feature, self.table.activation[feature] <= floor)

    def _shuffled(self, feature: int, which: ndarray) -> list[int]:
        which = which & (self.table.chunk[feature] != EMPTY)
        order = np.argsort(self.random[feature], kind="stable")
        return [int(slot) for slot in order if which[slot]]
