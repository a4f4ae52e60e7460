"""Why the model prefers one token to another: a target that is one logit minus another.

The direct effect of a node on logit A minus logit B is the difference of its effects
on both. What counts for the difference is found as for any target: along all paths.
"""

from dataclasses import dataclass

import numpy as np

from glossator.errors import InputError
from glossator.graph.attribution_graph import (
    AttributionGraph,
    Connections,
    FloatColumn,
    NodeIndex,
    NodeKind,
)
from glossator.graph.influence import LEAST_INPUT, influence, input_shares


@dataclass(frozen=True, eq=False)
class LogitDifference:
    """What brings about that logit `plus` lies above logit `minus`."""

    plus: NodeIndex
    minus: NodeIndex
    effect: FloatColumn
    """Direct effect of each node on the one less that on the other; 0 where none."""
    share: FloatColumn
    """`effect` as signed share of its summed size, in [-1, 1]."""
    influence: FloatColumn
    """Unsigned effect of each node on the difference along all paths, direct ones
    included, as a multiple of the difference's whole input."""

    @property
    def inputs(self) -> Connections:
        """Nodes with a direct effect on the difference, the strongest first."""
        nodes = np.flatnonzero(self.effect).astype(np.int32)
        nodes = nodes[np.argsort(-np.abs(self.share[nodes]), kind="stable")]
        return Connections(nodes, self.effect[nodes], self.share[nodes])


def logit_nodes(graph: AttributionGraph) -> tuple[NodeIndex, ...]:
    """The logits, the likeliest first."""
    logits = np.flatnonzero(graph.nodes.kind == NodeKind.LOGIT)
    order = np.argsort(-graph.nodes.probability[logits], kind="stable")
    return tuple(NodeIndex(node) for node in logits[order].tolist())


def logit_difference(
    graph: AttributionGraph, plus: NodeIndex, minus: NodeIndex
) -> LogitDifference:
    """Attribute the difference of two logits.

    Raises
    ------
    InputError
        Where the two are not different logits.
    """
    kinds = graph.nodes.kind[[plus, minus]]
    if plus == minus or (kinds != NodeKind.LOGIT).any():
        raise InputError("A difference is of two different logits")
    effect = _effects(graph, plus) - _effects(graph, minus)
    share = effect / max(float(np.abs(effect).sum()), LEAST_INPUT)
    direct = np.abs(share)
    along_paths = influence(input_shares(graph.links, len(graph)), direct)
    return LogitDifference(plus, minus, effect, share, direct + along_paths)


def _effects(graph: AttributionGraph, target: NodeIndex) -> FloatColumn:
    """Direct effect of each node on the target; parallel links add up."""
    links = graph.links_into(target)
    return np.bincount(
        graph.links.source[links],
        weights=graph.links.weight[links],
        minlength=len(graph),
    ).astype(np.float64)
