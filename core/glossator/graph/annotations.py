"""Pins, supernodes and labels that a graph file brings, resolved to nodes."""

import json
from collections.abc import Iterable, Sequence
from typing import cast

import numpy as np

from glossator.graph.attribution_graph import (
    ImportedLabel,
    ImportedState,
    ImportedSupernode,
    NodeColumns,
    NodeIndex,
    NodeKind,
    StateIds,
)
from glossator.graph.wire import JsonObject, JsonValue, WireGraph, WireOwn


class _Resolver:
    """Finds nodes by either of their ids: ``node_id`` first, then ``jsNodeId``."""

    def __init__(self, nodes: NodeColumns) -> None:
        self.by_node_id: dict[str, int] = {}
        self.by_js_id: dict[str, int] = {}
        for at, node_id in enumerate(nodes.node_id):
            best = self.by_node_id.setdefault(node_id, at)
            if nodes.kind[best] != NodeKind.FEATURE == nodes.kind[at]:
                self.by_node_id[node_id] = at
        shared: set[str] = set()
        for at, js_id in enumerate(nodes.js_id):
            if js_id and self.by_js_id.setdefault(js_id, at) != at:
                shared.add(js_id)
        for js_id in shared:
            del self.by_js_id[js_id]

    def split(
        self, ids: Iterable[str]
    ) -> tuple[tuple[NodeIndex, ...], tuple[str, ...]]:
        """Nodes found (each once, in order), and the ids that no node has."""
        found: dict[NodeIndex, None] = {}
        missing: list[str] = []
        for wanted in ids:
            at = self.by_node_id.get(wanted, self.by_js_id.get(wanted))
            if at is None:
                missing.append(wanted)
            else:
                found[NodeIndex(at)] = None
        return tuple(found), tuple(missing)


def resolve_state(
    wire: WireGraph, nodes: NodeColumns
) -> tuple[ImportedState, StateIds]:
    """Annotations of the file, and which id namespace they speak."""
    resolver = _Resolver(nodes)
    pin_ids = string_list(wire.state.get("pinnedIds"))
    pins, unresolved = resolver.split(pin_ids)
    groups = named_groups(wire.state.get("supernodes"))
    supernodes = []
    for name, member_ids in groups:
        members, missing = resolver.split(member_ids)
        supernodes.append(ImportedSupernode(name, members, missing))
    spoken = [*pin_ids, *(member for _, members in groups for member in members)]
    own = wire.metadata.info.glossator if wire.metadata.info else None
    state = ImportedState(
        labels=_labels(wire, nodes, supernodes, own),
        pins=pins,
        supernodes=tuple(supernodes),
        notes=_notes(nodes, own),
        unresolved_pins=unresolved,
    )
    return state, _state_ids(wire, resolver, spoken)


def _state_ids(wire: WireGraph, resolver: _Resolver, spoken: list[str]) -> StateIds:
    if any(name in resolver.by_node_id for name in spoken):
        return "node_id"
    if any(name in resolver.by_js_id for name in spoken):
        return "jsNodeId"
    return "jsNodeId" if wire.metadata.scan.startswith("jackl-") else "node_id"


def _labels(
    wire: WireGraph,
    nodes: NodeColumns,
    supernodes: list[ImportedSupernode],
    own: WireOwn | None,
) -> dict[NodeIndex, ImportedLabel]:
    names: dict[int, list[str]] = {}
    for supernode in supernodes:
        for member in supernode.members:
            names.setdefault(member, []).append(supernode.name)
    overrides = dict(label_pairs(wire.state.get("clerps")))
    labels: dict[NodeIndex, ImportedLabel] = {}
    for at in np.flatnonzero(nodes.kind == NodeKind.FEATURE):
        text = _without_prefix(nodes.caption[at], names.get(int(at), ()))
        for key in clerp_keys(nodes, NodeIndex(int(at))):
            text = overrides.get(key, text)
        if text.strip():
            labels[NodeIndex(int(at))] = ImportedLabel(text)
    return _with_provenance(labels, nodes, own) if own else labels


def _without_prefix(caption: str, names: Sequence[str]) -> str:
    """Drop the ``[supernode]`` with which a member's label may begin."""
    for name in names:
        rest = caption.removeprefix(f"[{name}]").lstrip()
        if rest and caption.startswith(f"[{name}]"):
            return rest
    return caption


def _with_provenance(
    labels: dict[NodeIndex, ImportedLabel], nodes: NodeColumns, own: WireOwn
) -> dict[NodeIndex, ImportedLabel]:
    """Give back status and origin to labels whose text is as it was exported."""
    known = {(o.layer, o.index, o.text): o for o in own.labels}
    result = {}
    for at, label in labels.items():
        key = (int(nodes.layer[at]), int(nodes.index[at]), label.text)
        origin = known.get(key)
        result[at] = (
            ImportedLabel(
                label.text,
                origin.status,
                origin.author,
                origin.method,
                origin.tier,
                origin.reason,
                origin.at,
            )
            if origin
            else label
        )
    return result


def _notes(nodes: NodeColumns, own: WireOwn | None) -> dict[NodeIndex, str] | None:
    if own is None or not own.notes:
        return None
    texts = {(note.layer, note.index): note.text for note in own.notes}
    found = {}
    for at in np.flatnonzero(nodes.kind == NodeKind.FEATURE):
        text = texts.get((int(nodes.layer[at]), int(nodes.index[at])))
        if text:
            found[NodeIndex(int(at))] = text
    return found


def clerp_keys(nodes: NodeColumns, node: NodeIndex) -> tuple[str, ...]:
    """Keys under which the three viewers store a node's label, weakest first."""
    layer, position = int(nodes.layer[node]), int(nodes.position[node])
    number, index = int(nodes.wire_feature[node]), int(nodes.index[node])
    return (
        str(number),
        f"{layer}_{index}_{position}",
        f"{layer}_{number}_{position}",
    )


def string_list(value: JsonValue) -> list[str]:
    """A list of ids, however it is encoded (list, JSON text, commas, null)."""
    value = _unquoted(value)
    if isinstance(value, str):
        return [part for part in value.split(",") if part]
    if isinstance(value, list):
        return [item for item in value if isinstance(item, str)]
    return []


def named_groups(value: JsonValue) -> list[tuple[str, list[str]]]:
    """Supernodes as (name, member ids), however they are encoded."""
    value = _unquoted(value)
    groups: list[tuple[str, list[str]]] = []
    if not isinstance(value, list):
        return groups
    for item in value:
        if isinstance(item, list) and item and isinstance(item[0], str):
            groups.append((item[0], [m for m in item[1:] if isinstance(m, str)]))
        elif isinstance(item, dict) and isinstance(item.get("label"), str):
            groups.append((cast(str, item["label"]), string_list(item.get("nodes"))))
    return groups


def label_pairs(value: JsonValue) -> list[tuple[str, str]]:
    """Label overrides as (key, text), however they are encoded."""
    value = _unquoted(value)
    if not isinstance(value, list):
        return []
    return [
        (str(pair[0]), pair[1])
        for pair in value
        if isinstance(pair, list)
        and len(pair) == 2
        and isinstance(pair[0], str | int)
        and isinstance(pair[1], str)
    ]


def _unquoted(value: JsonValue) -> JsonValue:
    """Undo the string encoding of circuit-tracer's own Save."""
    if not isinstance(value, str) or value[:1] not in "[{":
        return value
    try:
        return cast("JsonObject | list[JsonValue]", json.loads(value))
    except (ValueError, RecursionError):
        return value
