"""Influence, pruning and scores of a graph, with circuit-tracer's meaning.

Follows ``circuit_tracer/graph.py`` of decoderesearch/circuit-tracer (v0.5): nodes and
then edges are kept up to a cumulative share of their influence on the logits.
"""

from dataclasses import dataclass

import torch
from attribution import Attribution
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Pruned:
    """Which nodes and links stay, and the scores of the unpruned graph."""

    nodes: Tensor
    """[n] bool"""
    links: Tensor
    """[n, n] bool, target by source"""
    influence: Tensor
    """[n] cumulative share of influence up to and including the node, in (0, 1]"""
    replacement: float
    """Share of influence that ends in tokens instead of errors."""
    completeness: float
    """Share of the inputs of nodes, weighted by influence, that is not error."""


def _normalised(matrix: Tensor) -> Tensor:
    size = matrix.abs()
    return size / size.sum(1, keepdim=True).clamp(min=1e-10)


def _influence(matrix: Tensor, weights: Tensor, longest: int) -> Tensor:
    """Sum weights·Mᵏ over k ≥ 1; M is a DAG, so paths end by themselves."""
    step = weights @ matrix
    total = step.clone()
    for _ in range(longest):
        if not step.any():
            return total
        step = step @ matrix
        total += step
    raise RuntimeError("the graph has a cycle")


def _cut(scores: Tensor, share: float) -> Tensor:
    """Return the smallest score that belongs to the given cumulative share."""
    ordered = scores.flatten().sort(descending=True).values
    cumulative = ordered.cumsum(0) / ordered.sum()
    index = int(torch.searchsorted(cumulative, share))
    last = max(int((ordered > 0).sum()) - 1, 0)
    return ordered[min(index, last)]


def _drop_loose_ends(
    nodes: Tensor, links: Tensor, n_features: int, n_inner: int
) -> None:
    """Remove, in place, features without input and inner nodes without output."""
    while True:
        before = nodes.clone()
        nodes[:n_inner] &= links[:, :n_inner].any(0)
        nodes[:n_features] &= links[:n_features].any(1)
        links[~nodes] = False
        links[:, ~nodes] = False
        if torch.equal(before, nodes):
            return


def prune(graph: Attribution, node_share: float, edge_share: float) -> Pruned:
    """Prune a graph and score it."""
    matrix = graph.adjacency.double()
    n_features, n_errors = len(graph.candidates), len(graph.errors)
    n_inner, n_logits = n_features + n_errors, len(graph.logit_ids)
    longest = int(graph.errors[:, 0].max()) + 3
    weights = torch.zeros(len(matrix), dtype=torch.float64)
    weights[-n_logits:] = graph.logit_probs.double()

    normal = _normalised(matrix)
    influence = _influence(normal, weights, longest)
    nodes = influence >= _cut(influence, node_share)
    nodes[n_inner:] = True

    kept = matrix.clone()
    kept[~nodes] = 0
    kept[:, ~nodes] = 0
    kept = _normalised(kept)
    link_scores = kept * (_influence(kept, weights, longest) + weights)[:, None]
    links = link_scores >= _cut(link_scores, edge_share)
    _drop_loose_ends(nodes, links, n_features, n_inner)

    ordered, order = influence.sort(descending=True)
    cumulative = torch.empty_like(influence)
    cumulative[order] = ordered.cumsum(0) / ordered.sum()

    tokens = influence[n_inner : len(matrix) - n_logits].sum()
    errors = influence[n_features:n_inner].sum()
    clean = 1 - normal[:, n_features:n_inner].sum(1)
    output = influence + weights
    return Pruned(
        nodes=nodes,
        links=links,
        influence=cumulative,
        replacement=float(tokens / (tokens + errors)),
        completeness=float((clean * output).sum() / output.sum()),
    )
