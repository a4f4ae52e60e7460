"""The link graph and the graph of the supernodes as networks of networkx.

Attributes hold what GraphML, GEXF and JSON can all hold: text, numbers, booleans. What
is unknown is left out, several values are joined, characters that XML knows none of are
replaced by visible ones.

``weight`` is the size of an effect: Gephi draws no link of negative weight, and its
layouts run away (gephi/gephi #269, #1714). ``effect`` and ``share`` are signed.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from glossator.export.target import AnnotatedGraph, ExportOptions
from glossator.graph.attribution_graph import (
    AttributionGraph,
    FloatColumn,
    IndexColumn,
    NodeIndex,
    NodeKind,
)
from glossator.project.node_text import node_name, node_tiers
from glossator.project.revision import storable
from glossator.project.supernodes.supernode_graph import SupernodeBox, supernode_graph
from glossator.protocol.decision import Tier

if TYPE_CHECKING:
    import networkx as nx

MOST_LINKS = 1_000_000
"""A million take half a minute and 3 GB to write; no tool shows so many."""

Attribute: TypeAlias = str | int | float | bool

_PICTURES = str.maketrans(
    {chr(code): chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n"}
    | {"\ufffe": "\ufffd", "\uffff": "\ufffd"}
)
"""A carriage return is legal in XML, but its readers make it a newline."""


class Network(NamedTuple):
    graph: "nx.DiGraph[str]"
    """Nodes ``n0``… by their place in the file; supernodes ``s1``… by their number."""
    notes: tuple[str, ...]
    """What it cannot show, one sentence each."""


def visible(text: str) -> str:
    """Text of characters that XML can hold; all others are replaced by visible ones."""
    return storable(text).translate(_PICTURES)


def network(annotated: AnnotatedGraph, options: ExportOptions) -> Network:
    """The network that was asked for."""
    if options.drawn == "links":
        return link_network(annotated)
    return supernode_network(annotated)


def link_network(annotated: AnnotatedGraph) -> Network:
    """All nodes and links; a node's supernode is an attribute.

    The label is the one shown, or the shortest thing that tells the node from others;
    it is a label where there is a ``status``.
    """
    graph = annotated.graph
    texts = _Texts()
    found = _new(annotated, texts)
    for at, values in enumerate(_node_values(annotated)):
        found.add_node(f"n{at}", **texts.known(values))
    keys = list(found)
    links = _strongest(_single_links(graph))
    columns = (c.tolist() for c in (links.source, links.target, links.effect))
    for source, target, effect, share in zip(
        *columns, links.share.tolist(), strict=True
    ):
        found.add_edge(keys[source], keys[target], **_link_values(effect, share))
    notes = [*_link_notes(links, len(graph.links)), *texts.notes()]
    return Network(found, tuple(notes))


def supernode_network(annotated: AnnotatedGraph) -> Network:
    """Supernodes, and pinned nodes in none, with the summed links between them."""
    boxes, links = supernode_graph(annotated.state, annotated.number)
    texts = _Texts()
    found = _new(annotated, texts)
    for box in boxes:
        found.add_node(box.key, **texts.known(_box_values(annotated.graph, box)))
    for link in links:
        found.add_edge(
            link.source, link.target, **_link_values(link.weight, link.share)
        )
    weights = np.array([link.weight for link in links], dtype=np.float64)
    notes = [*_sign_notes(weights), *texts.notes(), *_group_notes(annotated, boxes)]
    return Network(found, tuple(notes))


def commonest_tier(tiers: Sequence[Tier | None]) -> Tier | None:
    """The tier of most members; None where none has one."""
    counts = Counter(tier for tier in tiers if tier is not None)
    return counts.most_common(1)[0][0] if counts else None


def _new(annotated: AnnotatedGraph, texts: "_Texts") -> "nx.DiGraph[str]":
    import networkx as nx

    graph = annotated.graph
    found: nx.DiGraph[str] = nx.DiGraph()
    values = {
        "name": graph.slug,
        "model": graph.model,
        "source_set": graph.source_set,
        "prompt": graph.prompt,
    }
    found.graph.update(texts.known(values))
    return found


# -- nodes --------------------------------------------------------------------------


def _node_values(
    annotated: AnnotatedGraph,
) -> Iterator[Mapping[str, Attribute | None]]:
    state, number, graph = annotated.state, annotated.number, annotated.graph
    nodes = graph.nodes
    tiers = node_tiers(state, number)
    pins = frozenset(state.pins.get(number, ()))
    groups = _groups_by_node(annotated)
    for at in range(len(graph)):
        node = NodeIndex(at)
        kind = NodeKind(int(nodes.kind[at]))
        revision = state.revision_at(number, node)
        held_by = groups.get(at, [])
        names = [name for _, name in held_by]
        yield {
            "label": node_name(state, number, node),
            "node_id": nodes.node_id[at],
            "kind": kind.name.lower(),
            "layer": int(nodes.layer[at]),
            "position": int(nodes.position[at]),
            "token": graph.token_at(int(nodes.position[at])),
            "index": int(nodes.index[at]) if nodes.is_feature[at] else None,
            "caption": nodes.caption[at],
            "influence": float(nodes.influence[at]),
            "activation": float(nodes.activation[at]),
            "probability": (
                float(nodes.probability[at]) if kind == NodeKind.LOGIT else None
            ),
            "tier": tiers[at],
            "status": revision.status if revision and revision.shown else None,
            "pinned": node in pins,
            "supernode": names[0] if names else None,
            "supernode_id": held_by[0][0] if held_by else None,
            "supernodes": " | ".join(names) if len(names) > 1 else None,
        }


def _groups_by_node(annotated: AnnotatedGraph) -> dict[int, list[tuple[str, str]]]:
    """Of each grouped node the keys and names of its supernodes."""
    groups: dict[int, list[tuple[str, str]]] = {}
    held = annotated.state.supernodes.get(annotated.number, {})
    for key, supernode in held.items():
        for member in supernode.members:
            groups.setdefault(member, []).append((f"s{key}", supernode.name))
    return groups


def _box_values(
    graph: AttributionGraph, box: SupernodeBox
) -> Mapping[str, Attribute | None]:
    counts = Counter(tier for tier in box.tiers if tier is not None)
    return {
        "label": box.title or box.key,
        "kind": box.kind,
        "size": len(box.members),
        "members": " ".join(f"n{member}" for member in box.members),
        "member_ids": " ".join(graph.nodes.node_id[member] for member in box.members),
        "layer": box.layer,
        "column": box.column,
        "tier": commonest_tier(box.tiers),
        "tiers": ", ".join(f"{tier} {n}" for tier, n in counts.most_common()),
    }


class _Texts:
    """Makes attributes; counts the texts that had to be changed."""

    def __init__(self) -> None:
        self.n_changed = 0

    def known(self, values: Mapping[str, Attribute | None]) -> dict[str, Attribute]:
        kept: dict[str, Attribute] = {}
        for name, value in values.items():
            if isinstance(value, str):
                text = visible(value)
                self.n_changed += text != value
                if text:
                    kept[name] = text
            elif value is not None and np.isfinite(value):
                kept[name] = value
        return kept

    def notes(self) -> list[str]:
        if not self.n_changed:
            return []
        return [
            "Characters that XML cannot hold are replaced by visible ones, in texts: "
            f"{self.n_changed}."
        ]


# -- links --------------------------------------------------------------------------


def _link_values(effect: float, share: float) -> dict[str, float]:
    return {"weight": abs(effect), "effect": effect, "share": share}


class _Links(NamedTuple):
    """Links, no two between the same nodes; a column a field."""

    source: IndexColumn
    target: IndexColumn
    effect: FloatColumn
    share: FloatColumn
    n_merged: int
    """Links that were summed into others."""


def _single_links(graph: AttributionGraph) -> _Links:
    links = graph.links
    pair = links.source.astype(np.int64) * len(graph) + links.target
    pairs, first, group = np.unique(pair, return_index=True, return_inverse=True)
    order = np.argsort(first)
    at = first[order]
    return _Links(
        links.source[at],
        links.target[at],
        np.bincount(group, links.weight).astype(np.float64)[order],
        np.bincount(group, graph.input_share).astype(np.float64)[order],
        len(pair) - len(pairs),
    )


def _strongest(links: _Links) -> _Links:
    if len(links.effect) <= MOST_LINKS:
        return links
    at = np.argpartition(-np.abs(links.effect), MOST_LINKS)[:MOST_LINKS]
    return _Links(
        links.source[at],
        links.target[at],
        links.effect[at],
        links.share[at],
        links.n_merged,
    )


def _link_notes(links: _Links, n_links: int) -> list[str]:
    notes = _sign_notes(links.effect)
    if links.n_merged:
        notes.append(
            "Links between the same two nodes are one, their effects summed: "
            f"{links.n_merged} of {n_links} went into others."
        )
    n_left = n_links - links.n_merged - len(links.effect)
    if n_left:
        notes.append(
            f"The weakest links are left out: {n_left} of {n_links}. The export as "
            "graph-json holds all."
        )
    return notes


def _sign_notes(effects: FloatColumn) -> list[str]:
    if not (effects < 0).any():
        return []
    return [
        "The weight of a link is the size of its effect, since layouts fail on "
        "negative weights; `effect` and `share` are signed."
    ]


def _group_notes(annotated: AnnotatedGraph, boxes: Sequence[SupernodeBox]) -> list[str]:
    held = annotated.state.supernodes.get(annotated.number, {}).values()
    notes = []
    n_empty = sum(not supernode.members for supernode in held)
    if n_empty:
        notes.append(f"Supernodes without members are left out: {n_empty}.")
    members = Counter(member for box in boxes for member in box.members)
    n_shared = sum(n > 1 for n in members.values())
    if n_shared:
        notes.append(
            "The links of a node in several supernodes count for the first; such "
            f"nodes: {n_shared}."
        )
    return notes
