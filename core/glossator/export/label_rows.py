"""The labels of a graph as rows of a table, with all that is known of their origin."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Literal

import msgspec
import numpy as np

from glossator.export.target import AnnotatedGraph
from glossator.graph.attribution_graph import (
    FeatureKey,
    FloatColumn,
    NodeIndex,
    NodeKind,
)
from glossator.project.edits import JudgedTier
from glossator.project.revision import (
    LabelRevision,
    Status,
    feature_subject,
    node_subject,
    storable,
)
from glossator.protocol.decision import ProtocolResult, Tier, WindowScore
from glossator.protocol.protocol_settings import RoutingName


class LabelRow(msgspec.Struct, frozen=True, kw_only=True):
    """A label of a feature, or of one node alone; or what is said without a label.

    Lone surrogates, which no text file can hold, are replaced.
    """

    graph: str
    model: str
    source_set: str
    kind: str
    """Of the node; ``feature`` or ``attention`` for features."""
    layer: int
    index: int | None
    """In-layer index; None for a node that is no feature."""
    node_id: str
    """Set where the label is of one node alone; "" for a feature."""
    positions: tuple[int, ...]
    """Of the feature in this graph, or of the node."""
    label: str
    """"" where there is a note or a judged tier, and no label."""
    status: Status | Literal[""]
    author: str
    method: str
    labeler_model: str
    prompt_hash: str
    evidence: str
    tier: str
    """For which the label was made; else the one that the protocol says now."""
    reason: str
    at: str
    """UTC, ISO 8601."""
    note: str
    scored_tier: Tier | Literal[""]
    """What the protocol says now, with the scores below."""
    judged_tier: JudgedTier | Literal[""]
    """What a person says of the feature."""
    routing: RoutingName | Literal[""]
    z_input: float | None
    z_output: float | None
    z_cross: float | None
    raw_input: float | None
    raw_output: float | None
    raw_cross: float | None
    supernodes: tuple[str, ...]
    influence: float | None
    """Smallest over the nodes: small is important."""
    activation: float | None
    """Largest over the nodes."""


def label_rows(annotated: AnnotatedGraph) -> list[LabelRow]:
    """Rows of the labels that are shown, of the notes and of the judged tiers.

    First the features in the order of the graph, then the nodes that show another
    label than their feature.
    """
    groups = _supernodes_by_node(annotated)
    return [*_feature_rows(annotated, groups), *_node_rows(annotated, groups)]


def _feature_rows(
    annotated: AnnotatedGraph, groups: dict[int, list[str]]
) -> Iterator[LabelRow]:
    state, graph = annotated.state, annotated.graph
    for feature in graph.features:
        subject = feature_subject(feature)
        revision = state.last_revision(subject)
        note = state.notes.get(subject, "")
        shown = revision if revision is not None and revision.shown else None
        if shown is None and not note and subject not in state.judgements:
            continue
        yield _row(
            annotated,
            tuple(graph.nodes_of(feature).tolist()),
            feature,
            "",
            shown,
            note,
            groups,
        )


def _node_rows(
    annotated: AnnotatedGraph, groups: dict[int, list[str]]
) -> Iterator[LabelRow]:
    state, graph, number = annotated.state, annotated.graph, annotated.number
    for at in range(len(graph)):
        node = NodeIndex(at)
        subject = node_subject(number, node)
        own = state.last_revision(subject)
        note = state.notes.get(subject, "")
        # A label that came with a file gives way to what was said of the feature.
        in_force = (
            own is not None and own.shown and own is state.revision_at(number, node)
        )
        if in_force or note:
            yield _row(
                annotated,
                (node,),
                graph.feature_of(node),
                graph.nodes.node_id[node],
                own if in_force else None,
                note,
                groups,
            )


def _row(
    annotated: AnnotatedGraph,
    nodes: tuple[int, ...],
    feature: FeatureKey | None,
    node_id: str,
    shown: LabelRevision | None,
    note: str,
    groups: dict[int, list[str]],
) -> LabelRow:
    graph = annotated.graph
    revision = shown or LabelRevision(text="", status="withdrawn")
    result = annotated.state.result(feature) if feature else None
    scores = result.scores if result else None
    at = list(nodes)
    return LabelRow(
        graph=storable(graph.slug),
        model=storable(graph.model),
        source_set=storable(feature.source_set if feature else graph.source_set),
        kind=NodeKind(int(graph.nodes.kind[nodes[0]])).name.lower(),
        layer=int(graph.nodes.layer[nodes[0]]),
        index=feature.index if feature else None,
        node_id=storable(node_id),
        positions=tuple(sorted(graph.nodes.position[at].tolist())),
        label=storable(revision.text),
        status=shown.status if shown else "",
        author=storable(revision.author),
        method=storable(revision.method),
        labeler_model=storable(revision.model),
        prompt_hash=storable(revision.prompt_hash),
        evidence=storable(revision.evidence),
        tier=storable(revision.tier) or _tier(result),
        reason=storable(revision.reason),
        at=storable(revision.at),
        note=storable(note),
        scored_tier=_tier(result),
        judged_tier=(annotated.state.judged_tier(feature) if feature else None) or "",
        routing=result.routing if result else "",
        z_input=_z(scores.input if scores else None),
        z_output=_z(scores.output if scores else None),
        z_cross=_z(scores.cross if scores else None),
        raw_input=_raw(scores.input if scores else None),
        raw_output=_raw(scores.output if scores else None),
        raw_cross=_raw(scores.cross if scores else None),
        supernodes=tuple(
            dict.fromkeys(name for node in nodes for name in groups.get(node, ()))
        ),
        influence=_known(-_largest(-graph.nodes.influence[at])),
        activation=_known(_largest(graph.nodes.activation[at])),
    )


def _supernodes_by_node(annotated: AnnotatedGraph) -> dict[int, list[str]]:
    groups: defaultdict[int, list[str]] = defaultdict(list)
    for supernode in annotated.state.supernodes.get(annotated.number, {}).values():
        for member in supernode.members:
            groups[member].append(storable(supernode.name))
    return groups


def _tier(result: ProtocolResult | None) -> Tier | Literal[""]:
    return result.tier if result else ""


def _z(score: WindowScore | None) -> float | None:
    return score.z if score else None


def _raw(score: WindowScore | None) -> float | None:
    return score.raw if score else None


def _largest(values: FloatColumn) -> float:
    """NaN where none is known."""
    return float(np.fmax.reduce(values))


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None
