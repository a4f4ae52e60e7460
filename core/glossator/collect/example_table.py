"""Places for a fixed number of examples a feature, as columns."""

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from jaxtyping import Int
from numpy import ndarray
from numpy.typing import NDArray

if TYPE_CHECKING:
    from glossator.collect.observation import Observation

Column: TypeAlias = NDArray[np.generic]
EMPTY = -1
"""Chunk number of a place that holds no example."""


class ExampleTable:
    """Examples of all features; each column is [n_features, n_slots] or deeper."""

    def __init__(self, n_features: int, n_slots: int, reach: int) -> None:
        """Make room.

        Parameters
        ----------
        reach : tokens kept on each side of the top token.
        """
        self.reach = reach
        shape, width = (n_features, n_slots), 2 * reach + 1
        self.chunk = np.full(shape, EMPTY, np.int64)
        self.activation = np.zeros(shape, np.float32)
        """At the top token."""
        self.near = np.zeros(shape, np.uint64)
        self.before = np.zeros(shape, np.uint64)
        self.top = np.zeros(shape, np.int32)
        """Place of the top token in the text."""
        self.length = np.zeros(shape, np.int32)
        self.ids = np.zeros((*shape, width), np.int32)
        self.activations = np.zeros((*shape, width), np.float32)

    def put(
        self,
        features: Int[ndarray, " n"],
        slots: Int[ndarray, " n"],
        seen: "Observation",
        rows: Int[ndarray, " n"],
    ) -> None:
        """Store the peaks of features in rows of a batch; each slot at most once.

        Where a feature is not active the text is taken from anywhere in the chunk; from
        the same place if chunks begin alike, so that repeated texts can be told.
        """
        if not len(features):
            return
        peaks = seen.peaks[rows, features]
        begins = seen.near[rows, np.zeros_like(rows)] >> np.uint64(1)
        anywhere = begins.astype(np.int64) % seen.lengths[rows]
        tokens = np.where(peaks > 0, seen.tops[rows, features], anywhere)
        windows = seen.windows(rows, tokens, features, self.reach)
        at = (features, slots)
        self.chunk[at] = seen.numbers[rows]
        self.activation[at] = np.maximum(peaks, 0)
        self.near[at] = seen.near[rows, tokens]
        self.before[at] = seen.before[rows, tokens]
        self.top[at] = windows.top
        self.length[at] = windows.length
        self.ids[at] = windows.ids
        self.activations[at] = windows.activations

    def move(
        self, feature: int, source: Int[ndarray, " n"], target: Int[ndarray, " n"]
    ) -> None:
        """Copy examples of a feature to other slots of it."""
        for column in self.columns().values():
            column[feature, target] = column[feature, source]

    def clear(self, feature: int, slots: Int[ndarray, " n"]) -> None:
        """Empty slots of a feature, so that equal contents are equal columns."""
        for column in self.columns().values():
            column[feature, slots] = 0
        self.chunk[feature, slots] = EMPTY

    def columns(self) -> dict[str, Column]:
        """All columns by name; what is written there changes the table."""
        return {
            name: column
            for name, column in vars(self).items()
            if isinstance(column, ndarray)
        }
