"""The edits that make, name and dissolve supernodes."""

from collections import Counter
from collections.abc import Sequence

import msgspec

from glossator.graph.attribution_graph import NodeIndex
from glossator.project.edits import AnyEdit, PutSupernode, SetPins, Supernode
from glossator.project.revision import GraphId
from glossator.project.state import ProjectState


def group_edits(
    state: ProjectState, graph: GraphId, nodes: Sequence[NodeIndex], name: str
) -> list[AnyEdit]:
    """Group nodes: they leave the supernodes they were in, and are pinned.

    Viewers draw a supernode's members only where they are pinned.
    """
    chosen = tuple(dict.fromkeys(nodes))
    edits: list[AnyEdit] = []
    held = state.supernodes.get(graph, {})
    for number, supernode in held.items():
        rest = tuple(member for member in supernode.members if member not in chosen)
        if rest != supernode.members:
            keeps = bool(rest or supernode.unresolved)
            left = msgspec.structs.replace(supernode, members=rest) if keeps else None
            edits.append(PutSupernode(graph, number, left))
    fresh = next_number(state, graph)
    edits.append(PutSupernode(graph, fresh, Supernode(name=name, members=chosen)))
    pins = state.pins.get(graph, ())
    edits.append(SetPins(graph, tuple(dict.fromkeys((*pins, *chosen)))))
    return edits


def next_number(state: ProjectState, graph: GraphId) -> int:
    return max(state.supernodes.get(graph, {}), default=0) + 1


def free_name(state: ProjectState, graph: GraphId, wanted: str) -> str:
    """A name no supernode of the graph has: viewers key supernodes by name."""
    taken = {supernode.name for supernode in state.supernodes.get(graph, {}).values()}
    name, number = wanted, 2
    while name in taken:
        name = f"{wanted} ({number})"
        number += 1
    return name


def suggested_name(
    state: ProjectState, graph: GraphId, nodes: Sequence[NodeIndex]
) -> str:
    """The commonest label of the nodes, else "supernode"."""
    labels = Counter(label for node in nodes if (label := state.label_at(graph, node)))
    return labels.most_common(1)[0][0] if labels else "supernode"


def rename_edits(
    state: ProjectState, graph: GraphId, number: int, name: str
) -> list[AnyEdit]:
    supernode = state.supernodes[graph][number]
    renamed = msgspec.structs.replace(supernode, name=name)
    return [PutSupernode(graph, number, renamed)]


def ungroup_edits(graph: GraphId, number: int) -> list[AnyEdit]:
    """Dissolve a supernode; its members stay pinned."""
    return [PutSupernode(graph, number, None)]
