"""The edits that make, name, change and dissolve supernodes."""

from collections import Counter
from collections.abc import Collection, Sequence

import msgspec

from glossator.graph.attribution_graph import NodeIndex
from glossator.project.edits import AnyEdit, PutSupernode, SetPins, Supernode
from glossator.project.revision import GraphId, storable
from glossator.project.state import ProjectState


def group_edits(
    state: ProjectState, graph: GraphId, nodes: Sequence[NodeIndex], name: str
) -> list[AnyEdit]:
    """Group nodes: they leave the supernodes they were in, and are pinned.

    Viewers draw a supernode's members only where they are pinned.
    """
    chosen = tuple(dict.fromkeys(nodes))
    fresh = Supernode(name=storable(name), members=chosen)
    return [
        *_leaving(state, graph, chosen),
        PutSupernode(graph, next_number(state, graph), fresh),
        _pinned(state, graph, chosen),
    ]


def add_edits(
    state: ProjectState, graph: GraphId, nodes: Sequence[NodeIndex], number: int
) -> list[AnyEdit]:
    """Put nodes into a supernode: they leave those they were in, and are pinned."""
    held = state.supernodes[graph][number]
    more = tuple(node for node in dict.fromkeys(nodes) if node not in held.members)
    if not more:
        return []
    grown = msgspec.structs.replace(held, members=(*held.members, *more))
    return [
        *_leaving(state, graph, more),
        PutSupernode(graph, number, grown),
        _pinned(state, graph, more),
    ]


def held_edits(
    state: ProjectState, graph: GraphId, nodes: Sequence[NodeIndex]
) -> list[AnyEdit]:
    """Group nodes under a name that is at hand.

    That is the first supernode which is whole among them; else a new one is made.
    """
    chosen = frozenset(nodes)
    for number, held in state.supernodes.get(graph, {}).items():
        if held.members and chosen.issuperset(held.members):
            return add_edits(state, graph, nodes, number)
    name = free_name(state, graph, suggested_name(state, graph, nodes))
    return group_edits(state, graph, nodes, name)


def take_out_edits(
    state: ProjectState, graph: GraphId, nodes: Sequence[NodeIndex]
) -> list[AnyEdit]:
    """Take nodes out of their supernodes; they stay pinned."""
    return _leaving(state, graph, nodes)


def split_edits(
    state: ProjectState, graph: GraphId, nodes: Sequence[NodeIndex], name: str
) -> list[AnyEdit]:
    """Make nodes of a supernode one of their own, in the same colour."""
    number = state.supernode_of(graph, nodes[0])
    colour = state.supernodes[graph][number].colour if number is not None else 0
    return [
        msgspec.structs.replace(
            edit, supernode=msgspec.structs.replace(edit.supernode, colour=colour)
        )
        if isinstance(edit, PutSupernode)
        and edit.supernode is not None
        and edit.number == next_number(state, graph)
        else edit
        for edit in group_edits(state, graph, nodes, name)
    ]


def merge_edits(
    state: ProjectState, graph: GraphId, numbers: Sequence[int]
) -> list[AnyEdit]:
    """Put supernodes into the first of them; what was noted of each is kept."""
    held = state.supernodes[graph]
    distinct = tuple(dict.fromkeys(numbers))
    if len(distinct) < 2:
        return []
    all_of_them = [held[number] for number in distinct]
    members = dict.fromkeys(node for one in all_of_them for node in one.members)
    unresolved = dict.fromkeys(lost for one in all_of_them for lost in one.unresolved)
    merged = msgspec.structs.replace(
        all_of_them[0],
        members=tuple(members),
        unresolved=tuple(unresolved),
        colour=next((one.colour for one in all_of_them if one.colour), 0),
        note="\n\n".join(dict.fromkeys(one.note for one in all_of_them if one.note)),
    )
    first, *others = distinct
    return [
        *(PutSupernode(graph, number, None) for number in others),
        PutSupernode(graph, first, merged),
    ]


def rename_edits(
    state: ProjectState, graph: GraphId, number: int, name: str
) -> list[AnyEdit]:
    held = state.supernodes[graph][number]
    renamed = msgspec.structs.replace(held, name=storable(name))
    return [PutSupernode(graph, number, renamed)]


def ungroup_edits(graph: GraphId, number: int) -> list[AnyEdit]:
    """Dissolve a supernode; its members stay pinned."""
    return [PutSupernode(graph, number, None)]


def colour_edits(
    state: ProjectState, graph: GraphId, numbers: Sequence[int], colour: int
) -> list[AnyEdit]:
    """Give supernodes one of `TAGS` as their colour; 0 takes it away."""
    held = state.supernodes[graph]
    return [
        PutSupernode(
            graph, number, msgspec.structs.replace(held[number], colour=colour)
        )
        for number in numbers
    ]


def note_edits(
    state: ProjectState, graph: GraphId, number: int, note: str
) -> list[AnyEdit]:
    held = state.supernodes[graph][number]
    noted = msgspec.structs.replace(held, note=storable(note))
    return [PutSupernode(graph, number, noted)]


def expand_edits(
    state: ProjectState, graph: GraphId, numbers: Sequence[int], *, expanded: bool
) -> list[AnyEdit]:
    """Show supernodes with their members, or without."""
    held = state.supernodes[graph]
    return [
        PutSupernode(
            graph, number, msgspec.structs.replace(held[number], expanded=expanded)
        )
        for number in numbers
    ]


def place_edits(
    state: ProjectState, graph: GraphId, number: int, centre: tuple[float, float]
) -> list[AnyEdit]:
    """Keep where a person put a supernode, in scene units."""
    held = state.supernodes[graph][number]
    return [PutSupernode(graph, number, msgspec.structs.replace(held, position=centre))]


def lay_out_anew_edits(state: ProjectState, graph: GraphId) -> list[AnyEdit]:
    """Forget where a person put supernodes."""
    return [
        PutSupernode(graph, number, msgspec.structs.replace(held, position=None))
        for number, held in state.supernodes.get(graph, {}).items()
        if held.position is not None
    ]


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


def _leaving(
    state: ProjectState, graph: GraphId, nodes: Collection[int]
) -> list[AnyEdit]:
    """Nodes leave the supernodes they are in; one with nothing left goes."""
    chosen = frozenset(nodes)
    edits: list[AnyEdit] = []
    for number, held in state.supernodes.get(graph, {}).items():
        rest = tuple(member for member in held.members if member not in chosen)
        if rest != held.members:
            keeps = bool(rest or held.unresolved)
            left = msgspec.structs.replace(held, members=rest) if keeps else None
            edits.append(PutSupernode(graph, number, left))
    return edits


def _pinned(state: ProjectState, graph: GraphId, nodes: Sequence[NodeIndex]) -> SetPins:
    pins = state.pins.get(graph, ())
    return SetPins(graph, tuple(dict.fromkeys((*pins, *nodes))))
