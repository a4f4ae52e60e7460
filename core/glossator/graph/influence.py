"""How much of the effect on the logits passes through each node.

``reference``: circuit-tracer ``graph.py`` (``compute_influence``).
"""

from typing import TYPE_CHECKING, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from glossator.graph.attribution_graph import (
    AttributionGraph,
    FeatureKey,
    FloatColumn,
    LinkColumns,
    NodeKind,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_array

InputShares: TypeAlias = "csr_array[np.float64, tuple[int, int]] | NDArray[np.floating]"
"""[target, source]: |effect| as a share of all of the target's input; rows sum to 1."""

LEAST_INPUT = 1e-10
"""A target's summed input counts as at least this, so that none is divided by 0."""

_MOST_STEPS = 1_000
_NO_MORE = 1e-12

_of_nodes: WeakKeyDictionary[AttributionGraph, FloatColumn] = WeakKeyDictionary()
_of_links: WeakKeyDictionary[AttributionGraph, FloatColumn] = WeakKeyDictionary()


def logit_weights(kind: NDArray[np.int8], probability: FloatColumn) -> FloatColumn:
    """What each node's effect counts for: its probability, for logits; else 0.

    Where no logit has a probability, all logits count alike. (The graphs at hand by
    Anthropic, Neuronpedia and circuit-tracer all tell it.)
    """
    is_logit = kind == NodeKind.LOGIT
    weights: FloatColumn = np.where(is_logit, probability, 0.0)
    weights = np.maximum(np.nan_to_num(weights, posinf=0.0), 0.0)
    if not weights.any() and is_logit.any():
        weights = is_logit / is_logit.sum()
    return weights


def link_shares(links: LinkColumns, n_nodes: int) -> FloatColumn:
    """Share of each link in its target's absolute input, unsigned."""
    size = np.abs(links.weight)
    total = np.bincount(links.target, weights=size, minlength=n_nodes)
    shares: FloatColumn = size / np.maximum(total, LEAST_INPUT)[links.target]
    return shares


def input_shares(
    links: LinkColumns, n_nodes: int
) -> "csr_array[np.float64, tuple[int, int]]":
    """`link_shares` as a matrix; parallel links add up."""
    from scipy.sparse import coo_array

    shares = coo_array(
        (link_shares(links, n_nodes), (links.target, links.source)),
        shape=(n_nodes, n_nodes),
    )
    # Products need no sorted rows, and sorting them takes most of the time.
    shares.has_canonical_format = True
    return shares.tocsr()


def influence(shares: InputShares, weights: FloatColumn) -> FloatColumn:
    """Effect of each node on the weighted logits along all paths: wM + wM² + wM³….

    The sum is over in as many steps as the longest path has links. On a cycle, which
    no true graph has, it might never be: it stops as well when a step adds less than
    1e-12 of the whole, and after 1000 steps in any case.
    """
    back = shares.T
    step: FloatColumn = np.asarray(back @ weights.astype(shares.dtype))
    total = step.astype(np.float64)
    for _ in range(min(_MOST_STEPS, len(weights))):
        if step.sum() <= _NO_MORE * total.sum():
            break
        step = np.asarray(back @ step)
        total += step
    return total


def cumulative_shares(values: FloatColumn) -> FloatColumn:
    """Share of the sum that a value and all larger ones hold; NaN where all are 0.

    This is the ``influence`` that circuit-tracer writes: small is important.
    """
    if not values.any():
        return np.full(len(values), np.nan)
    order = np.argsort(-values, kind="stable")
    held = np.cumsum(values[order])
    shares = np.empty(len(values))
    shares[order] = held / held[-1]
    return shares


def node_influence(graph: AttributionGraph) -> FloatColumn:
    """Cumulative share at which each node enters, as stored or else computed.

    A file that tells it for any feature is believed: its values were taken before the
    graph was pruned and cannot be had from what is left. For the others (Anthropic's)
    it is computed from the links, once a graph.
    """
    nodes = graph.nodes
    if np.isfinite(nodes.influence[nodes.is_feature]).any():
        return nodes.influence
    if graph not in _of_nodes:
        shares = input_shares(graph.links, len(graph))
        values = influence(shares, logit_weights(nodes.kind, nodes.probability))
        _of_nodes[graph] = cumulative_shares(values)
    return _of_nodes[graph]


def link_influence(graph: AttributionGraph) -> FloatColumn:
    """Cumulative share at which each link enters, one entry a link; small is important.

    A link's score is its share of its target's input times what the target counts for:
    its influence, or a logit's probability.
    """
    if graph not in _of_links:
        nodes, n = graph.nodes, len(graph)
        weights = logit_weights(nodes.kind, nodes.probability)
        counts = influence(input_shares(graph.links, n), weights) + weights
        scores = link_shares(graph.links, n) * counts[graph.links.target]
        _of_links[graph] = cumulative_shares(scores)
    return _of_links[graph]


def direct_shares(graph: AttributionGraph) -> dict[FeatureKey, float]:
    """Part of each feature's influence that goes straight to the logits, in [0, 1].

    Over all nodes of the feature: the influence of its links to logits, by its
    influence along all paths of the graph as stored. Large for a feature that promotes
    tokens itself, small for one that works through others; features without influence
    are left out.
    """
    nodes = graph.nodes
    shares = input_shares(graph.links, len(graph))
    weights = logit_weights(nodes.kind, nodes.probability)
    direct = np.asarray(shares.T @ weights)
    whole = influence(shares, weights)
    found = {}
    for feature in graph.features:
        at = graph.nodes_of(feature)
        total = float(whole[at].sum())
        if total > 0:
            found[feature] = min(float(direct[at].sum()) / total, 1.0)
    return found
