"""Which links are drawn: of a large graph no screen holds all."""

from dataclasses import dataclass

import numpy as np

from glossator.graph.attribution_graph import (
    AttributionGraph,
    BoolColumn,
    FloatColumn,
    IndexColumn,
    NodeIndex,
)
from glossator.layout.link_graph import GraphLayout, LinkIndices

MAX_BASE_LINKS = 20_000
MAX_FOCUS_LINKS = 500

_BASE_INK = 900.0
"""Summed length of the base layer's links, in widths of the view."""
_MANY_NODES = 64
"""From here on one look at every link is faster than one at each node's."""


@dataclass(frozen=True)
class LinkChoice:
    """What is drawn of the links that pruning leaves."""

    least_share: float = 0.0
    """Of its target's input, in [0, 1]; a link that brings less is not drawn."""
    top_k: int | None = None
    """Strongest inputs, and strongest outputs, that a node keeps; None for all."""


ALL_LINKS = LinkChoice()


@dataclass(frozen=True, eq=False)
class DrawnLinks:
    """The links that are drawn of those there are."""

    links: LinkIndices
    """Strongest first."""
    found: int
    """How many there are between visible nodes, drawn or not."""
    capped: bool
    """Weaker ones, though chosen, are left out so that the rest stays readable."""


def base_links(
    graph: AttributionGraph,
    layout: GraphLayout,
    visible: BoolColumn | None = None,
    choice: LinkChoice = ALL_LINKS,
) -> DrawnLinks:
    """The strongest links between visible nodes, as many as stay readable.

    Parameters
    ----------
    visible : one flag a link; None for all.
    """
    links = graph.links
    seen = _seen(graph, layout, slice(None), visible)
    found = int(np.count_nonzero(seen))
    first = graph.strongest_links
    usable = _chosen(graph, first[seen[first]], choice)
    if len(usable) <= MAX_BASE_LINKS and len(first) < len(links):
        every = _chosen(graph, np.flatnonzero(seen), choice)
        usable = strongest(every, np.abs(links.weight[every]), MAX_BASE_LINKS + 1)
    thinned = _thinned(graph, usable[:MAX_BASE_LINKS], choice.top_k)
    source, target = links.source[thinned], links.target[thinned]
    length = np.hypot(
        (layout.x[target] - layout.x[source]) / layout.width,
        (layout.y[target] - layout.y[source]) / max(layout.n_rows - 1, 1),
    )
    drawn = thinned[np.cumsum(length) <= _BASE_INK]
    capped = len(usable) > MAX_BASE_LINKS or len(drawn) < len(thinned)
    return DrawnLinks(drawn, found, capped)


def focus_links(
    graph: AttributionGraph,
    layout: GraphLayout,
    selected: IndexColumn,
    pinned: IndexColumn,
    visible: BoolColumn | None = None,
    choice: LinkChoice = ALL_LINKS,
) -> DrawnLinks:
    """Links of the selected nodes, else those among pinned ones.

    Both at once hide each other where many nodes are pinned.
    """
    there = links_of(graph, selected) if len(selected) else _among(graph, pinned)
    there = there[_seen(graph, layout, there, visible)]
    usable = _chosen(graph, there, choice)
    size = np.abs(graph.input_share[usable])
    if choice.top_k is None:
        drawn = strongest(usable, size, MAX_FOCUS_LINKS)
        return DrawnLinks(drawn, len(there), len(drawn) < len(usable))
    ranked = strongest(usable, size, len(usable))
    thinned = _thinned(graph, ranked, choice.top_k)
    drawn = thinned[:MAX_FOCUS_LINKS]
    return DrawnLinks(drawn, len(there), len(drawn) < len(thinned))


def links_of(graph: AttributionGraph, nodes: IndexColumn) -> LinkIndices:
    """Links into and out of nodes, each once."""
    if len(nodes) > _MANY_NODES:
        wanted = _flags(graph, nodes)
        links = graph.links
        return np.flatnonzero(wanted[links.source] | wanted[links.target])
    runs = [
        run
        for node in nodes.tolist()
        for run in (
            graph.links_into(NodeIndex(node)),
            graph.links_from(NodeIndex(node)),
        )
    ]
    return np.unique(np.concatenate(runs)) if runs else np.empty(0, dtype=np.int64)


def _among(graph: AttributionGraph, nodes: IndexColumn) -> LinkIndices:
    """Links from one of the nodes to another."""
    if len(nodes) == 0:
        return np.empty(0, dtype=np.int64)
    wanted = _flags(graph, nodes)
    if len(nodes) > _MANY_NODES:
        links = graph.links
        return np.flatnonzero(wanted[links.source] & wanted[links.target])
    found = np.concatenate([graph.links_into(NodeIndex(n)) for n in nodes.tolist()])
    among: LinkIndices = found[wanted[graph.links.source[found]]]
    return among


def _flags(graph: AttributionGraph, nodes: IndexColumn) -> BoolColumn:
    wanted = np.zeros(len(graph.nodes), dtype=np.bool_)
    wanted[nodes] = True
    return wanted


def _seen(
    graph: AttributionGraph,
    layout: GraphLayout,
    links: LinkIndices | slice,
    visible: BoolColumn | None,
) -> BoolColumn:
    """Whether each of these links is visible, as both its ends are."""
    nodes = ~np.isnan(layout.x)
    seen: BoolColumn = nodes[graph.links.source[links]]
    seen &= nodes[graph.links.target[links]]
    return seen if visible is None else seen & visible[links]


def _chosen(
    graph: AttributionGraph, links: LinkIndices, choice: LinkChoice
) -> LinkIndices:
    if choice.least_share <= 0:
        return links
    return links[np.abs(graph.input_share[links]) >= choice.least_share]


def strongest(links: LinkIndices, strength: FloatColumn, most: int) -> LinkIndices:
    """At most so many of the links, strongest first; `strength` has one entry each."""
    if len(links) > most:
        best = np.argpartition(-strength, most - 1)[:most]
        # Equal ones go by their place in the graph, however they were parted.
        best.sort()
        links, strength = links[best], strength[best]
    return links[np.argsort(-strength, kind="stable")]


def _thinned(
    graph: AttributionGraph, links: LinkIndices, most: int | None
) -> LinkIndices:
    """Of links in the order of their strength, each node's first as in- and output."""
    if most is None:
        return links
    into = _rank(graph.links.target[links]) < most
    out_of = _rank(graph.links.source[links]) < most
    return links[into & out_of]


def _rank(nodes: IndexColumn) -> LinkIndices:
    """How often each entry came before."""
    order = np.argsort(nodes, kind="stable")
    _, first, counts = np.unique(nodes[order], return_index=True, return_counts=True)
    rank = np.empty(len(nodes), dtype=np.int64)
    rank[order] = np.arange(len(nodes)) - np.repeat(first, counts)
    return rank


def shares_with(graph: AttributionGraph, focus: int) -> FloatColumn:
    """Signed share by which each node feeds, or is fed by, the focus; else NaN."""
    shares = np.full(len(graph.nodes), np.nan)
    into, out = graph.links_into(NodeIndex(focus)), graph.links_from(NodeIndex(focus))
    shares[graph.links.target[out]] = graph.input_share[out]
    shares[graph.links.source[into]] = graph.input_share[into]
    return shares
