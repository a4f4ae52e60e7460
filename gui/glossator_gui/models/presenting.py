"""What the session holds, in the form that views show."""

from collections.abc import Sequence

import numpy as np

from glossator.evidence.token_text import readable_tokens, visible_token
from glossator.graph.attribution_graph import (
    AttributionGraph,
    Connections,
    FeatureKey,
    NodeIndex,
    NodeKind,
)
from glossator.project.revision import GraphId, feature_subject
from glossator.project.state import ProjectState
from glossator.protocol.decision import Tier
from glossator_gui.models.feature_view import FeatureView
from glossator_gui.session import Session
from glossator_gui.views.connections.view import ConnectionRow
from glossator_gui.views.review_queue import QueueRow
from glossator_gui.views.supernodes.view import SupernodeBox, SupernodeLink

_KIND_NAMES = {
    NodeKind.FEATURE: "feature",
    NodeKind.ERROR: "error",
    NodeKind.EMBEDDING: "token",
    NodeKind.LOGIT: "logit",
    NodeKind.OTHER: "node",
}


def shown_tokens(graph: AttributionGraph) -> tuple[str, ...]:
    """The prompt's tokens with every character visible."""
    return tuple(visible_token(text) for text in readable_tokens(graph.prompt_tokens))


def node_tiers(state: ProjectState, number: GraphId) -> list[Tier | None]:
    """Tier of each node of a graph; None for nodes without one."""
    graph = state.graphs[number].graph
    tiers: list[Tier | None] = [None] * len(graph)
    for feature in graph.features:
        result = state.result(feature)
        if result is not None:
            for node in graph.nodes_of(feature):
                tiers[node] = result.tier
    return tiers


def node_labels(state: ProjectState, number: GraphId) -> list[str]:
    """Label of each node; for nodes that are no features the file's own text."""
    graph = state.graphs[number].graph
    labels = list(graph.nodes.caption)
    own = state.own_labels(number)
    for feature in graph.features:
        label = state.label(feature)
        for at in graph.nodes_of(feature).tolist():
            node = NodeIndex(at)
            labels[at] = state.label_at(number, node) if node in own else label
    return labels


def node_title(graph: AttributionGraph, node: NodeIndex) -> str:
    kind = NodeKind(int(graph.nodes.kind[node]))
    layer = int(graph.nodes.layer[node])
    if kind == NodeKind.FEATURE:
        return f"Layer {layer} · feature {int(graph.nodes.index[node])}"
    token = visible_token(graph.token_at(int(graph.nodes.position[node])))
    if kind == NodeKind.EMBEDDING:
        return f"Token {token}"
    if kind == NodeKind.LOGIT:
        return graph.nodes.caption[node] or "Logit"
    return f"Layer {layer} · {_KIND_NAMES[kind]} at {token}"


def node_name(state: ProjectState, number: GraphId, node: NodeIndex) -> str:
    """The label of a node, or the shortest thing that tells it from others."""
    graph = state.graphs[number].graph
    kind = NodeKind(int(graph.nodes.kind[node]))
    if kind == NodeKind.FEATURE:
        label = state.label_at(number, node)
        return label or f"{int(graph.nodes.layer[node])}/{int(graph.nodes.index[node])}"
    if kind == NodeKind.LOGIT and graph.nodes.caption[node]:
        return graph.nodes.caption[node]
    token = visible_token(graph.token_at(int(graph.nodes.position[node])))
    return f"{_KIND_NAMES[kind]} {token}"


def feature_view(session: Session) -> FeatureView | None:
    """All that is known of the focused node."""
    graph, node, number = session.graph, session.focus, session.graph_id
    if graph is None or node is None or number is None or session.project is None:
        return None
    state = session.state
    feature = graph.feature_of(node)
    position = int(graph.nodes.position[node])
    token = shown_tokens(graph)[position : position + 1]
    subtitle = f"at {token[0]} (position {position})" if token else f"at {position}"
    subtitle += f" · node {graph.nodes.node_id[node]}"
    activation = float(graph.nodes.activation[node])
    if feature is None:
        return FeatureView(
            title=node_title(graph, node),
            subtitle=subtitle,
            kind=NodeKind(int(graph.nodes.kind[node])),
            label=graph.nodes.caption[node],
            revision=None,
            history=(),
            note="",
            draft="",
            evidence=None,
            evidence_note="Only features have evidence and labels.",
            result=None,
            node_activation=None,
            can_label=False,
        )
    subject = feature_subject(feature)
    evidence = session.evidence(feature)
    history = state.revisions.get(subject, [])
    return FeatureView(
        title=node_title(graph, node),
        subtitle=subtitle,
        kind=NodeKind.FEATURE,
        label=state.label_at(number, node),
        revision=state.revision_at(number, node),
        history=tuple(entry.revision for entry in history),
        note=state.notes.get(subject, ""),
        draft=session.project.draft(subject),
        evidence=evidence,
        evidence_note="" if evidence else _why_no_evidence(session),
        result=state.result(feature),
        node_activation=None if np.isnan(activation) else activation,
        can_label=True,
    )


def _why_no_evidence(session: Session) -> str:
    if session.evidence_problems:
        return session.evidence_problems[0]
    if not session.has_evidence:
        return (
            "This project has no evidence yet. You can label by hand, or add a folder "
            "of circuit-tracer feature JSON, Neuronpedia features or SAEDashboard "
            "batches."
        )
    return "No source of evidence of this project knows this feature."


def connection_rows(
    state: ProjectState, number: GraphId, connections: Connections
) -> list[ConnectionRow]:
    graph = state.graphs[number].graph
    tokens = shown_tokens(graph)
    rows = []
    for node, weight, share in zip(*connections, strict=True):
        position = int(graph.nodes.position[node])
        rows.append(
            ConnectionRow(
                node=int(node),
                label=node_name(state, number, NodeIndex(int(node))),
                kind=NodeKind(int(graph.nodes.kind[node])),
                layer=int(graph.nodes.layer[node]),
                token=tokens[position] if position < len(tokens) else "",
                weight=float(weight),
                share=float(share),
            )
        )
    return rows


def queue_rows(state: ProjectState, features: Sequence[FeatureKey]) -> list[QueueRow]:
    rows = []
    for feature in features:
        result = state.result(feature)
        n_nodes = sum(
            len(entry.graph.nodes_of(feature)) for entry in state.graphs.values()
        )
        rows.append(
            QueueRow(
                feature=feature,
                label=state.label(feature),
                tier=result.tier if result else None,
                review=state.review_state(feature),
                n_nodes=n_nodes,
            )
        )
    return rows


def supernode_boxes(
    state: ProjectState, number: GraphId
) -> tuple[list[SupernodeBox], list[SupernodeLink]]:
    """Supernodes, and pinned nodes in none, with the summed links between them."""
    graph = state.graphs[number].graph
    tiers = node_tiers(state, number)
    groups: list[tuple[str, str, tuple[int, ...], tuple[float, float] | None]] = [
        (f"s{key}", supernode.name, supernode.members, supernode.position)
        for key, supernode in state.supernodes.get(number, {}).items()
        if supernode.members
    ]
    grouped = {member for _, _, members, _ in groups for member in members}
    groups += [
        (f"n{pin}", node_name(state, number, pin), (int(pin),), None)
        for pin in state.pins.get(number, ())
        if pin not in grouped
    ]
    boxes = [
        SupernodeBox(
            key=key,
            title=title,
            members=members,
            kind="supernode" if key.startswith("s") else "node",
            layer=float(graph.nodes.layer[list(members)].mean()),
            column=float(graph.nodes.position[list(members)].mean()),
            tiers=tuple(tiers[member] for member in members),
            position=position,
        )
        for key, title, members, position in groups
    ]
    return boxes, _summed_links(graph, boxes)


def _summed_links(
    graph: AttributionGraph, boxes: Sequence[SupernodeBox]
) -> list[SupernodeLink]:
    """Links between boxes: summed weights, and their share of the target's input.

    A node in two supernodes counts for the first of them.
    """
    box_of = np.full(len(graph), -1, dtype=np.int64)
    for at in range(len(boxes) - 1, -1, -1):
        box_of[list(boxes[at].members)] = at
    source = box_of[graph.links.source]
    target = box_of[graph.links.target]
    between = (source >= 0) & (target >= 0) & (source != target)
    if not between.any():
        return []
    n = len(boxes)
    pair = source[between] * n + target[between]
    weight = np.bincount(pair, graph.links.weight[between], minlength=n * n)
    total = np.zeros(n)
    for at, box in enumerate(boxes):
        total[at] = graph.input_total[list(box.members)].sum()
    return [
        SupernodeLink(
            source=boxes[p // n].key,
            target=boxes[p % n].key,
            weight=float(weight[p]),
            share=float(weight[p] / total[p % n]) if total[p % n] > 0 else 0.0,
        )
        for p in np.flatnonzero(weight).tolist()
    ]
