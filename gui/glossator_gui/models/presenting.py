"""What the session holds, in the form that views show."""

from collections.abc import Sequence

import numpy as np

from glossator.graph.attribution_graph import (
    Connections,
    FeatureKey,
    NodeIndex,
    NodeKind,
)
from glossator.project.node_text import (
    node_name,
    node_title,
    shown_tokens,
)
from glossator.project.revision import GraphId, feature_subject
from glossator.project.state import ProjectState
from glossator.verbalize.published import verbalization_note
from glossator_gui.models.feature_view import FeatureView
from glossator_gui.session import Session
from glossator_gui.views.connections.view import ConnectionRow
from glossator_gui.views.review_queue import QueueRow


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
            verbalization_note="Only features are put into words.",
        )
    subject = feature_subject(feature)
    evidence = session.evidence(feature)
    history = state.revisions.get(subject, [])
    return FeatureView(
        title=node_title(graph, node),
        subtitle=subtitle,
        kind=NodeKind(int(graph.nodes.kind[node])),
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
        layer=feature.layer,
        verbalizations=state.verbalized(feature),
        verbalization_note=verbalization_note(state.model),
        declined=state.why_no_label(feature),
        judged=state.judged_tier(feature),
        settings=session.protocol_settings(),
    )


def _why_no_evidence(session: Session) -> str:
    if session.evidence_problems:
        return session.evidence_problems[0]
    if not session.has_evidence:
        return (
            "This project has no evidence yet. You can label by hand, add files of "
            "evidence, fetch it from where the graph names it (Fetch Evidence…), or "
            "compute it from the model (Collect Evidence…)."
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
                shown_tier=result.shown_tier if result else "not scored",
                review=state.review_state(feature),
                n_nodes=n_nodes,
            )
        )
    return rows
