"""The graph of the supernodes: groups of nodes and the summed links between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from glossator.graph.attribution_graph import AttributionGraph, FloatColumn, NodeIndex
from glossator.project.edits import Supernode
from glossator.project.node_text import node_name
from glossator.project.revision import GraphId
from glossator.project.state import ProjectState
from glossator.protocol.decision import Tier


@dataclass(frozen=True)
class SupernodeBox:
    """A supernode, or a pinned node that is in none."""

    key: str
    title: str
    members: tuple[int, ...]
    kind: Literal["supernode", "node"]
    layer: float
    """Mean of its members, as `column`."""
    column: float
    """Token position."""
    tiers: tuple[Tier | None, ...]
    """One a member."""
    position: tuple[float, float] | None
    """Centre in scene units where a person put it; None to let it be placed."""
    colour: int = 0
    """One of `TAGS`; 0 for none."""
    note: str = ""
    names: tuple[str, ...] = ()
    """Of its members, where it is expanded."""


@dataclass(frozen=True)
class SupernodeLink:
    source: str
    target: str
    weight: float
    """Sum over the links between the members, signed."""
    share: float
    """Of the target's summed absolute input, signed, in [-1, 1]."""


def supernode_graph(
    state: ProjectState, number: GraphId
) -> tuple[list[SupernodeBox], list[SupernodeLink]]:
    """Supernodes, and pinned nodes in none, with the summed links between them."""
    boxes = supernode_boxes(state, number)
    links, _ = summed_links(state.graphs[number].graph, boxes)
    return boxes, links


def supernode_boxes(state: ProjectState, number: GraphId) -> list[SupernodeBox]:
    """Supernodes by their numbers, then pinned nodes in none as they were pinned."""
    held = state.supernodes.get(number, {})
    grouped = {member for supernode in held.values() for member in supernode.members}
    boxes = [
        _box_of(state, number, f"s{key}", supernode)
        for key, supernode in held.items()
        if supernode.members
    ]
    for pin in state.pins.get(number, ()):
        if pin not in grouped:
            alone = Supernode(name=node_name(state, number, pin), members=(pin,))
            boxes.append(_box_of(state, number, f"n{pin}", alone))
    return boxes


def _box_of(
    state: ProjectState, number: GraphId, key: str, held: Supernode
) -> SupernodeBox:
    nodes = state.graphs[number].graph.nodes
    at = [NodeIndex(member) for member in held.members]
    return SupernodeBox(
        key=key,
        title=held.name,
        members=held.members,
        kind="supernode" if key.startswith("s") else "node",
        layer=float(nodes.layer[at].mean()),
        column=float(nodes.position[at].mean()),
        tiers=tuple(_tier(state, number, node) for node in at),
        position=held.position,
        colour=held.colour,
        note=held.note,
        names=tuple(node_name(state, number, node) for node in at)
        if held.expanded
        else (),
    )


def _tier(state: ProjectState, number: GraphId, node: NodeIndex) -> Tier | None:
    feature = state.graphs[number].graph.feature_of(node)
    result = state.result(feature) if feature else None
    return result.tier if result else None


def summed_links(
    graph: AttributionGraph, boxes: Sequence[SupernodeBox], *, most: int | None = None
) -> tuple[list[SupernodeLink], int]:
    """Links between boxes: summed weights, and their share of the target's input.

    The strongest by share come first. A node in two supernodes counts for the first
    of them.

    Parameters
    ----------
    most : how many to give; None for all.

    Returns
    -------
    The links, and how many there are in all.
    """
    box_of, inside = _box_numbers(graph, boxes)
    into = graph.links_into_any(inside)
    source, target = (
        box_of[graph.links.source[into]],
        box_of[graph.links.target[into]],
    )
    between = (source >= 0) & (source != target)
    pair, at = np.unique(
        source[between] * len(boxes) + target[between], return_inverse=True
    )
    weight = np.bincount(at, graph.links.weight[into[between]], minlength=len(pair))
    pair, weight = pair[weight != 0], weight[weight != 0]
    share = _shares(graph, boxes, pair % max(len(boxes), 1), weight)
    shown = np.argsort(-np.abs(share), kind="stable")[:most]
    return [
        SupernodeLink(
            source=boxes[pair[p] // len(boxes)].key,
            target=boxes[pair[p] % len(boxes)].key,
            weight=float(weight[p]),
            share=float(share[p]),
        )
        for p in shown.tolist()
    ], len(pair)


def _box_numbers(
    graph: AttributionGraph, boxes: Sequence[SupernodeBox]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The box of each node, -1 for none, and the nodes that are in one."""
    box_of = np.full(len(graph), -1, dtype=np.int64)
    for at in range(len(boxes) - 1, -1, -1):
        box_of[list(boxes[at].members)] = at
    return box_of, np.flatnonzero(box_of >= 0)


def _shares(
    graph: AttributionGraph,
    boxes: Sequence[SupernodeBox],
    target: NDArray[np.int64],
    weight: FloatColumn,
) -> FloatColumn:
    total = np.array([graph.input_total[list(box.members)].sum() for box in boxes])
    of = total[target] if len(boxes) else total
    shares: FloatColumn = np.divide(weight, of, out=np.zeros(len(weight)), where=of > 0)
    return shares
