"""Which nodes and labels are like one another, and which are each other's link."""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from glossator.graph.attribution_graph import AttributionGraph, FloatColumn, NodeIndex
from glossator.protocol.embeddings import Embeddings

_LEAST_SHARE = 0.2
"""Of a node's input, for a link to bind it to its source."""


def label_likeness(labels: Sequence[str], embeddings: Embeddings | None) -> FloatColumn:
    """Cosines of all pairs, shape (n, n); one that is not embedded is like itself."""
    likeness: FloatColumn = np.eye(len(labels))
    row = embeddings.row if embeddings is not None else {}
    known = [at for at, label in enumerate(labels) if label in row]
    if embeddings is not None and known:
        vectors = embeddings.of([labels[at] for at in known])
        likeness[np.ix_(known, known)] = vectors @ vectors.T
    return likeness


def mean_likeness(likeness: FloatColumn, rows: Sequence[int]) -> float:
    """Mean over the pairs of two or more rows."""
    block = likeness[np.ix_(rows, rows)]
    n = len(rows)
    return float((block.sum() - np.trace(block)) / (n * (n - 1)))


def role_likeness(graph: AttributionGraph, nodes: Sequence[NodeIndex]) -> FloatColumn:
    """How alike the links of nodes are, shape (n, n), in [0, 1].

    The lesser of two cosines: of what feeds them, and of what they feed. Two nodes of
    which neither has outputs in the graph are not alike.
    """
    return np.minimum(_cosines(graph, nodes, "in"), _cosines(graph, nodes, "out"))


def _cosines(
    graph: AttributionGraph, nodes: Sequence[NodeIndex], side: Literal["in", "out"]
) -> FloatColumn:
    from scipy.sparse import coo_array

    at = np.array(nodes, dtype=np.int64)
    row_of = np.full(len(graph), -1)
    row_of[at] = np.arange(len(at))
    links = graph.links_into_any(at) if side == "in" else graph.links_from_any(at)
    here, there = graph.links.target[links], graph.links.source[links]
    if side == "out":
        here, there = there, here
    profile = coo_array(
        (graph.input_share[links], (row_of[here], there)), shape=(len(at), len(graph))
    ).tocsr()
    length = np.sqrt(np.asarray(profile.multiply(profile).sum(axis=1)).ravel())
    length[length == 0] = 1
    cosines: FloatColumn = (profile @ profile.T).toarray() / np.outer(length, length)
    return np.clip(cosines, 0, 1)


def clusters_of(likeness: FloatColumn, least: float) -> list[list[int]]:
    """All rows, those together whose mean likeness is at least that."""
    if len(likeness) < 2:
        return [[row] for row in range(len(likeness))]
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    apart = np.clip(1 - likeness, 0, 2)
    apart = (apart + apart.T) / 2
    np.fill_diagonal(apart, 0)
    number = fcluster(linkage(squareform(apart), "average"), 1 - least, "distance")
    groups: dict[int, list[int]] = {}
    for row, cluster in enumerate(number.tolist()):
        groups.setdefault(cluster, []).append(row)
    return list(groups.values())


def mutual_chains(
    graph: AttributionGraph, nodes: Sequence[NodeIndex]
) -> Iterator[tuple[list[NodeIndex], float]]:
    """Chains of nodes each of which is its neighbour's strongest link, on both sides.

    With each, the least share that one has in its target's input. Links among these
    nodes count alone, and only those that excite.
    """
    at = np.array(nodes, dtype=np.int64)
    among = np.zeros(len(graph), dtype=np.bool_)
    among[at] = True
    links = graph.links_into_any(at)
    share = graph.input_share[links]
    links = links[among[graph.links.source[links]] & (share >= _LEAST_SHARE)]
    links = links[np.argsort(-graph.input_share[links], kind="stable")]
    before: dict[int, tuple[int, float]] = {}
    after: dict[int, int] = {}
    for link in links.tolist():
        source, target = int(graph.links.source[link]), int(graph.links.target[link])
        before.setdefault(target, (source, float(graph.input_share[link])))
        after.setdefault(source, target)
    bound = {
        target: (source, share)
        for target, (source, share) in before.items()
        if after[source] == target
    }
    fed = {source: target for target, (source, _) in bound.items()}
    for first in fed:
        if first in bound:
            continue
        chain, least = [NodeIndex(first)], 1.0
        while (following := fed.get(chain[-1])) is not None:
            least = min(least, bound[following][1])
            chain.append(NodeIndex(following))
        yield chain, least
