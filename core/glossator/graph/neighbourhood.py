"""What lies around nodes along links: neighbours, all that reach them, hops, paths."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from glossator.graph.attribution_graph import (
    AttributionGraph,
    BoolColumn,
    NodeIndex,
)

Way = Literal["inputs", "outputs"]
"""Against the links, or along them."""

NodeIndices: TypeAlias = NDArray[np.int64]
"""Nodes, each once, in ascending order."""

MOST_HOPS = 5
_MANY_NODES = 1000


@dataclass(frozen=True, eq=False)
class Sight:
    """What may be met on the way."""

    nodes: BoolColumn
    """One flag a node."""
    links: BoolColumn | None = None
    """One flag a link; None for all."""
    least_share: float = 0.0
    """Of its target's input, in [0, 1]; a link that brings less is not walked."""


def neighbours(
    graph: AttributionGraph, nodes: NodeIndices, way: Way, sight: Sight
) -> NodeIndices:
    """Nodes in sight, one link away from any of these."""
    met = np.zeros(len(graph), dtype=np.bool_)
    met[_met(graph, nodes, way, sight)] = True
    return np.flatnonzero(met)


def reach(
    graph: AttributionGraph, nodes: NodeIndices, way: Way, sight: Sight
) -> NodeIndices:
    """Nodes that reach any of these over any number of links, or are reached.

    The nodes themselves are left out, unless a cycle leads back to them.
    """
    return _walk(graph, nodes, (way,), sight, most_hops=len(graph))


def around(
    graph: AttributionGraph, nodes: NodeIndices, hops: int, sight: Sight
) -> NodeIndices:
    """Nodes within so many links of these, either way at each; with themselves."""
    met = _walk(graph, nodes, ("inputs", "outputs"), sight, most_hops=hops)
    return np.union1d(met, nodes).astype(np.int64)


def strongest(
    graph: AttributionGraph, node: NodeIndex, way: Way, sight: Sight
) -> NodeIndex | None:
    """The other end of the node's link of the largest share; None without links."""
    links = _links(graph, np.array([node]), way, sight)
    if len(links) == 0:
        return None
    best = links[np.argmax(np.abs(graph.input_share[links]))]
    return NodeIndex(int(_far_ends(graph, way)[best]))


def _walk(
    graph: AttributionGraph,
    nodes: NodeIndices,
    ways: tuple[Way, ...],
    sight: Sight,
    *,
    most_hops: int,
) -> NodeIndices:
    # A node's links are looked at once: in a dense graph they are millions.
    met = np.zeros(len(graph), dtype=np.bool_)
    walked = np.zeros(len(graph), dtype=np.bool_)
    frontier = nodes
    for _ in range(most_hops):
        walked[frontier] = True
        for way in ways:
            met[_met(graph, frontier, way, sight)] = True
        frontier = np.flatnonzero(met & ~walked)
        if len(frontier) == 0:
            break
    return np.flatnonzero(met)


def _met(
    graph: AttributionGraph, nodes: NodeIndices, way: Way, sight: Sight
) -> NDArray[np.int32]:
    """Far ends of the links of these nodes; some may repeat."""
    return _far_ends(graph, way)[_links(graph, nodes, way, sight)]


def _links(
    graph: AttributionGraph, nodes: NodeIndices, way: Way, sight: Sight
) -> NDArray[np.int64]:
    """Links of these nodes that are in sight, and whose far ends are."""
    if len(nodes) > _MANY_NODES:
        # One look at every link is faster than one at each node's.
        near = np.zeros(len(graph), dtype=np.bool_)
        near[nodes] = True
        flags = near[_far_ends(graph, "outputs" if way == "inputs" else "inputs")]
        if sight.links is not None:
            flags &= sight.links
        links = np.flatnonzero(flags)
    else:
        into = way == "inputs"
        links = graph.links_into_any(nodes) if into else graph.links_from_any(nodes)
        if sight.links is not None:
            links = links[sight.links[links]]
    if sight.least_share > 0:
        links = links[np.abs(graph.input_share[links]) >= sight.least_share]
    return links[sight.nodes[_far_ends(graph, way)[links]]]


def _far_ends(graph: AttributionGraph, way: Way) -> NDArray[np.int32]:
    return graph.links.source if way == "inputs" else graph.links.target
