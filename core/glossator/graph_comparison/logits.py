"""Probabilities of the next token in two graphs."""

from typing import NamedTuple

import numpy as np

from glossator.graph.attribution_graph import AttributionGraph, NodeKind
from glossator.layout.graph_text import logit_text, logit_token


class ComparedLogit(NamedTuple):
    token: str
    """As the graphs have it; the whole caption where that quotes no token."""
    shown: str
    """With every character visible."""
    a: float | None
    """Probability; None where the graph has no such logit."""
    b: float | None


def compare_logits(a: AttributionGraph, b: AttributionGraph) -> list[ComparedLogit]:
    """Logits of both graphs, the most probable first."""
    of_a, of_b = _logits(a), _logits(b)
    found = []
    for token, (shown, _) in (of_b | of_a).items():
        chances = (of.get(token, (shown, None))[1] for of in (of_a, of_b))
        found.append(ComparedLogit(token, shown, *chances))
    return sorted(found, key=lambda one: -max(one.a or 0.0, one.b or 0.0))


def _logits(graph: AttributionGraph) -> dict[str, tuple[str, float]]:
    """Text and probability by token; the likelier where two are written alike."""
    found: dict[str, tuple[str, float]] = {}
    for node in np.flatnonzero(graph.nodes.kind == NodeKind.LOGIT).tolist():
        quoted = logit_token(graph, node)
        token = graph.nodes.caption[node] if quoted is None else quoted
        chance = float(graph.nodes.probability[node])
        if token not in found or chance > found[token][1]:
            found[token] = logit_text(graph, node), chance
    return found
