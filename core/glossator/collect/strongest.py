"""The strongest examples of each feature, as texts come in.

At most one of a chunk, and none that repeats a stronger one (`repeats`). More are held
than are wanted in the end: a new example can push out several that repeat it.

How texts are batched moves activations by rounding. What differs by no more counts as
equal and goes by the order of the corpus: stretches that begin with the same words do
the same there.
"""

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from glossator.collect.example_table import EMPTY, ExampleTable

if TYPE_CHECKING:
    from glossator.collect.observation import Observation

_RESERVE = 2
"""Times as many are held as are wanted."""


def strength(
    activations: Float32[ndarray, "*shape"],
) -> Float32[ndarray, "*shape"]:
    """Activations to 16 binary digits; at least 0."""
    bits = np.maximum(activations, 0).view(np.int32)
    rounded: Float32[ndarray, "*shape"] = ((bits + 0x80) & ~0xFF).view(np.float32)
    return rounded


class StrongestExamples:
    """The slots of a feature are in no order."""

    def __init__(self, n_features: int, n_wanted: int, reach: int) -> None:
        self.table = ExampleTable(n_features, _RESERVE * n_wanted, reach)
        self._wanted = n_wanted

    def offer(self, seen: "Observation") -> None:
        """Take of a batch what belongs to the strongest so far."""
        full = (self.table.chunk != EMPTY).all(axis=1)
        weakest = np.where(full, strength(self.table.activation).min(axis=1), 0)
        peaks = strength(seen.peaks)
        rows, features = np.nonzero((peaks > 0) & (peaks >= weakest))
        key = seen.numbers[rows], -peaks[rows, features], features
        order = np.lexsort(key).tolist()
        taken: dict[tuple[int, int], int] = {}
        for feature, group in groupby(order, key=features.tolist().__getitem__):
            for at in group:
                row = int(rows[at])
                slot = self._slot(feature, seen, row, float(peaks[row, feature]))
                if slot is None:
                    break
                if slot >= 0:
                    taken[feature, slot] = row
        if taken:
            places = np.array(list(taken), dtype=np.int64)
            chosen = np.array(list(taken.values()), dtype=np.int64)
            self.table.put(places[:, 0], places[:, 1], seen, chosen)

    def _slot(
        self, feature: int, seen: "Observation", row: int, peak: float
    ) -> int | None:
        """Where to put an example; -1 if it repeats another, None if it is too weak.

        What tells examples apart is noted at once, for those that follow.
        """
        table = self.table
        token = int(seen.tops[row, feature])
        number = int(seen.numbers[row])
        near, before = seen.near[row, token], seen.before[row, token]
        chunk, activation = table.chunk[feature], strength(table.activation[feature])
        held = chunk != EMPTY
        same = held & (
            (table.near[feature] == near) | (table.before[feature] == before)
        )
        if same.any():
            if (
                (activation[same] > peak)
                | ((activation[same] == peak) & (chunk[same] < number))
            ).any():
                return -1
            table.clear(feature, np.flatnonzero(same))
            slot = int(np.argmax(same))
        elif not held.all():
            slot = int(np.argmin(held))
        else:
            slot = int(np.lexsort((-chunk, activation))[0])
            if (activation[slot], -chunk[slot]) > (peak, -number):
                return None
        chunk[slot], table.activation[feature, slot] = number, peak
        table.near[feature, slot], table.before[feature, slot] = near, before
        return slot

    def best(self, feature: int) -> list[int]:
        """Slots of the strongest, strongest first."""
        chunk = self.table.chunk[feature]
        activation = strength(self.table.activation[feature])
        order = np.lexsort((chunk, -activation))
        return [int(slot) for slot in order if chunk[slot] != EMPTY][: self._wanted]
