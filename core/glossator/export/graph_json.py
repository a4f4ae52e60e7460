"""The original graph JSON plus the edits, and nothing else.

Labels go to ``nodes[].clerp``, pins and supernodes to ``qParams``, provenance under our
one key ``metadata.info.glossator``. A value that was not edited is not rewritten, so an
unedited graph comes back as an equal document.
"""

import json
from pathlib import Path
from typing import cast

import msgspec
import numpy as np

import glossator
from glossator.export.target_file import write_whole
from glossator.graph.annotations import clerp_keys, label_pairs
from glossator.graph.attribution_graph import (
    AttributionGraph,
    ImportedState,
    NodeIndex,
    NodeKind,
)
from glossator.graph.wire import (
    OWN_KEY,
    JsonObject,
    JsonValue,
    WireOwn,
    WireOwnLabel,
    WireOwnNote,
)
from glossator.project.revision import (
    GraphId,
    LabelRevision,
    feature_subject,
    node_subject,
)
from glossator.project.state import ProjectState


def export_graph(state: ProjectState, number: GraphId, path: Path) -> None:
    """Write a graph of the project with its annotations."""
    document = annotated_document(state, number)
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    write_whole(path, text.encode("utf-8", errors="surrogatepass"))


def annotated_document(state: ProjectState, number: GraphId) -> JsonObject:
    """The graph as JSON values: the original with the edits in place."""
    graph = state.graphs[number].graph
    document = cast(JsonObject, json.loads(graph.original))
    changed = _write_labels(state, number, graph, document)
    _write_state(state, number, graph, document, changed)
    _write_own(cast(JsonObject, document["metadata"]), _own_data(state, number, graph))
    return document


def _write_own(metadata: JsonObject, own: WireOwn | None) -> None:
    info = metadata.get("info")
    if own is not None:
        if not isinstance(info, dict):
            info = metadata["info"] = {}
        info[OWN_KEY] = cast(JsonValue, msgspec.to_builtins(own))
    elif isinstance(info, dict):
        info.pop(OWN_KEY, None)


def _write_labels(
    state: ProjectState,
    number: GraphId,
    graph: AttributionGraph,
    document: JsonObject,
) -> list[NodeIndex]:
    """Set the captions of nodes whose label is another than the file's."""
    nodes = cast(list[JsonObject], document["nodes"])
    changed = []
    for at in np.flatnonzero(graph.nodes.kind == NodeKind.FEATURE):
        node = NodeIndex(int(at))
        text = state.label_at(number, node)
        found = graph.imported.labels.get(node)
        if text != (found.text if found else ""):
            nodes[node]["clerp"] = text
            changed.append(node)
    return changed


def _write_state(
    state: ProjectState,
    number: GraphId,
    graph: AttributionGraph,
    document: JsonObject,
    relabelled: list[NodeIndex],
) -> None:
    found = graph.imported
    ids = graph.nodes.js_id if graph.state_ids == "jsNodeId" else graph.nodes.node_id
    params = document.setdefault("qParams", {})
    if not isinstance(params, dict):
        return
    pins = state.pins.get(number, ())
    if pins != found.pins:
        params["pinnedIds"] = [*(ids[pin] for pin in pins), *found.unresolved_pins]
    groups = tuple(state.supernodes.get(number, {}).values())
    if [(g.name, g.members) for g in groups] != _groups(found):
        params["supernodes"] = [
            [g.name, *(ids[member] for member in g.members), *g.unresolved]
            for g in groups
        ]
    if relabelled and params.get("clerps"):
        # An override that stays would win over the new caption on the next reading.
        stale = {key for node in relabelled for key in clerp_keys(graph.nodes, node)}
        kept = [pair for pair in label_pairs(params["clerps"]) if pair[0] not in stale]
        params["clerps"] = [[key, text] for key, text in kept]


def _groups(found: ImportedState) -> list[tuple[str, tuple[int, ...]]]:
    return [(group.name, tuple(group.members)) for group in found.supernodes]


def _own_data(
    state: ProjectState, number: GraphId, graph: AttributionGraph
) -> WireOwn | None:
    """Provenance of labels that were made or judged here, and notes."""
    labels, notes = [], []
    for feature in graph.features:
        subject = feature_subject(feature)
        revision = state.last_revision(subject)
        if revision is not None and revision.shown and revision.status != "imported":
            labels.append(_own_label(revision, feature.layer, feature.index))
        note = state.notes.get(subject)
        if note:
            notes.append(WireOwnNote(feature.layer, feature.index, note))
    for at in np.flatnonzero(graph.nodes.kind == NodeKind.FEATURE):
        node = NodeIndex(int(at))
        own = state.last_revision(node_subject(number, node))
        if own is not None and own.shown and own.status != "imported":
            labels.append(
                _own_label(
                    own,
                    int(graph.nodes.layer[node]),
                    int(graph.nodes.index[node]),
                    graph.nodes.node_id[node],
                )
            )
    if not labels and not notes:
        return None
    return WireOwn(version=glossator.__version__, labels=labels, notes=notes)


def _own_label(
    revision: LabelRevision, layer: int, index: int, node: str = ""
) -> WireOwnLabel:
    return WireOwnLabel(
        layer=layer,
        index=index,
        text=revision.text,
        status="accepted" if revision.status == "withdrawn" else revision.status,
        node=node,
        author=revision.author,
        method=revision.method,
        tier=revision.tier,
        reason=revision.reason,
        at=revision.at,
    )
