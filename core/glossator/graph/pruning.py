"""Which nodes stay in sight when the less important ones are hidden."""

import numpy as np

from glossator.graph.attribution_graph import AttributionGraph, BoolColumn, NodeKind


def visible_nodes(
    graph: AttributionGraph, threshold: float, keep: BoolColumn | None = None
) -> BoolColumn:
    """Nodes whose cumulative influence is within the threshold.

    Parameters
    ----------
    threshold : share of the influence to show, in (0, 1]; a node's stored
        ``influence`` is the cumulative share at which it enters (circuit-tracer
        ``graph.py``, ``prune_graph``), so small values are important.
    keep : nodes to show whatever their influence (pins, labelled nodes).

    Returns
    -------
    One flag a node. Embeddings, logits and nodes of unknown influence stay.
    """
    kind = graph.nodes.kind
    influence = graph.nodes.influence
    always = (kind == NodeKind.EMBEDDING) | (kind == NodeKind.LOGIT)
    always |= np.isnan(influence)
    if keep is not None:
        always |= keep
    visible: BoolColumn = always | (influence <= threshold)
    return visible
