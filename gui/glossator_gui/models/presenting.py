"""What the session holds, in the form that views show."""

import numpy as np

from glossator.graph.attribution_graph import (
    Connections,
    FeatureKey,
    NodeIndex,
    NodeKind,
)
from glossator.project.node_annotations import NodeAnnotations
from glossator.project.node_text import (
    elsewhere_text,
    node_name,
    node_title,
    shown_tokens,
)
from glossator.project.reviewing.review_order import Standing
from glossator.project.revision import GraphId, feature_subject
from glossator.verbalize.published import verbalization_note
from glossator_gui.models.feature_view import FeatureView
from glossator_gui.session import Session
from glossator_gui.views.connections.view import ConnectionRow
from glossator_gui.views.plain_text import plain_tooltip
from glossator_gui.views.review_queue.rows import QueueRow


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
    others = len(graph.nodes_of(feature)) - 1
    graphs = sum(
        len(entry.graph.nodes_of(feature)) > 0
        for at, entry in state.graphs.items()
        if at != number
    )
    if elsewhere := elsewhere_text(others, graphs):
        subtitle += f" · {elsewhere}"
    subject = feature_subject(feature)
    evidence = session.evidence(feature)
    concealed = feature in session.concealed
    history = () if concealed else state.revisions.get(subject, ())
    return FeatureView(
        title=node_title(graph, node),
        subtitle=subtitle,
        kind=NodeKind(int(graph.nodes.kind[node])),
        label="" if concealed else state.label_at(number, node),
        revision=None if concealed else state.revision_at(number, node),
        history=tuple(entry.revision for entry in history),
        note="" if concealed else state.notes.get(subject, ""),
        draft="" if concealed else session.project.draft(subject),
        evidence=evidence,
        evidence_note="" if evidence else _why_no_evidence(session),
        result=state.result(feature),
        node_activation=None if np.isnan(activation) else activation,
        can_label=True,
        layer=feature.layer,
        verbalizations=state.verbalized(feature),
        verbalization_note=verbalization_note(state.model),
        declined=None if concealed else state.why_no_label(feature),
        judged=state.judged_tier(feature),
        tags=state.tags.get(subject, ()),
        flagged=subject in state.flags,
        concealed=concealed,
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


def canvas_labels(
    session: Session, number: GraphId, said: NodeAnnotations
) -> list[str]:
    """Label of each node of a graph; none of concealed features."""
    if not session.concealed:
        return said.labels
    labels = said.labels.copy()
    graph = session.state.graphs[number].graph
    for feature in session.concealed:
        for node in graph.nodes_of(feature):
            labels[node] = ""
    return labels


def connection_rows(
    session: Session, number: GraphId, connections: Connections
) -> list[ConnectionRow]:
    """Rows of what a node is linked with; of concealed features the number alone."""
    graph = session.state.graphs[number].graph
    tokens = shown_tokens(graph)
    rows = []
    for node, weight, share in zip(*connections, strict=True):
        position = int(graph.nodes.position[node])
        rows.append(
            ConnectionRow(
                node=int(node),
                label=_name(session, number, NodeIndex(int(node))),
                kind=NodeKind(int(graph.nodes.kind[node])),
                layer=int(graph.nodes.layer[node]),
                token=tokens[position] if position < len(tokens) else "",
                weight=float(weight),
                share=float(share),
                position=position,
            )
        )
    return rows


def _name(session: Session, number: GraphId, node: NodeIndex) -> str:
    if session.concealed:
        feature = session.state.graphs[number].graph.feature_of(node)
        if feature in session.concealed:
            return str(feature)
    return node_name(session.state, number, node)


def queue_row(session: Session, feature: FeatureKey, standing: Standing) -> QueueRow:
    """What the queue shows of a feature; of one that is concealed no label."""
    state, subject = session.state, feature_subject(feature)
    result = state.result(feature)
    concealed = feature in session.concealed
    return QueueRow(
        feature=feature,
        label="" if concealed else state.label(feature),
        tier=result.tier if result else None,
        shown_tier=result.shown_tier if result else "not scored",
        review="unlabelled" if concealed else state.review_state(feature),
        n_nodes=sum(len(e.graph.nodes_of(feature)) for e in state.graphs.values()),
        tags=state.tags.get(subject, ()),
        flagged=subject in state.flags,
        concealed=concealed,
        why=plain_tooltip("Why it stands here:", standing_text(standing)),
    )


def standing_text(standing: Standing) -> str:
    """Influence, uncertainty and what it is made of."""
    doubts = ", ".join(standing.doubts)
    return (
        f"{standing.influence:.2%} of the effect on the answer × uncertainty "
        f"{standing.uncertainty:.2f}: {doubts}"
    )
