"""Where one was: graphs and what was selected in them, to go back and forward."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from glossator.graph.attribution_graph import NodeIndex
from glossator.project.revision import GraphId

_MOST_PLACES = 1000


class Place(NamedTuple):
    graph: GraphId
    selection: tuple[NodeIndex, ...]


class _Kept(NamedTuple):
    """A place, small: thousands of nodes may be selected."""

    graph: GraphId
    nodes: NDArray[np.int32]

    def place(self) -> Place:
        return Place(self.graph, tuple(NodeIndex(n) for n in self.nodes.tolist()))


class SelectionHistory:
    """Places in the order they were come to; none twice in a row."""

    def __init__(self) -> None:
        self._places: list[_Kept] = []
        self._at = -1

    def __len__(self) -> int:
        return len(self._places)

    def clear(self) -> None:
        self._places, self._at = [], -1

    def visit(self, place: Place) -> None:
        """Remember a place; what lay ahead is forgotten."""
        nodes = np.array(place.selection, dtype=np.int32)
        if self._at >= 0:
            here = self._places[self._at]
            if here.graph == place.graph and np.array_equal(here.nodes, nodes):
                return
        self._places = [*self._places[: self._at + 1], _Kept(place.graph, nodes)]
        self._places = self._places[-_MOST_PLACES:]
        self._at = len(self._places) - 1

    def step(self, by: int) -> Place | None:
        """Go back (-1) or forward (1); None at the end."""
        if not 0 <= self._at + by < len(self._places):
            return None
        self._at += by
        return self._places[self._at].place()
