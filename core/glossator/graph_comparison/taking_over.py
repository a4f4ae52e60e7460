"""What a graph comparison can bring into the open project, as edits."""

from collections.abc import Sequence

import msgspec

from glossator.graph_comparison.features import ComparedFeature
from glossator.graph_comparison.supernodes import ComparedSupernode
from glossator.project.edits import AddRevision, AnyEdit, PutSupernode, SetPins
from glossator.project.revision import (
    GraphId,
    LabelRevision,
    feature_subject,
    now,
    storable,
)
from glossator.project.state import ProjectState
from glossator.project.supernodes.grouping import free_name, next_number

COMPARED = "graph comparison"
"""The method of proposals that are a person's words, from the other graph."""


def label_edits(
    state: ProjectState, features: Sequence[ComparedFeature], *, origin: str
) -> list[AnyEdit]:
    """Propose B's labels in the project of A.

    Never over what a person or a file says here, nor what someone refused.

    Parameters
    ----------
    origin : what B is called.
    """
    edits: list[AnyEdit] = []
    for one in features:
        if one.a is None or one.b is None or one.b.revision is None:
            continue
        text = storable(one.b.revision.text)
        if text == state.label(one.feature):
            continue
        if state.machine_may_label(one.feature, text):
            proposed = _proposed(one.b.revision, text, origin)
            edits.append(AddRevision(feature_subject(one.feature), proposed))
    return edits


def _proposed(said: LabelRevision, text: str, origin: str) -> LabelRevision:
    who = storable(said.author)
    told = f"{said.status} by {who}" if who else said.status
    return LabelRevision(
        text=text,
        status="proposed",
        method=COMPARED if said.by_person else said.method or COMPARED,
        model=said.model,
        tier=said.tier,
        reason=storable(f"{told} in {origin}"),
        at=now(),
    )


def supernode_edits(
    state: ProjectState, to: GraphId, supernodes: Sequence[ComparedSupernode]
) -> list[AnyEdit]:
    """Make supernodes of A in another graph of its project, of what is there of them.

    Nodes that are in a supernode there stay in it. Members are pinned, as whatever is
    grouped.
    """
    held = dict(state.supernodes.get(to, {}))
    grouped = {member for one in held.values() for member in one.members}
    pins: dict[int, None] = dict.fromkeys(state.pins.get(to, ()))
    edits: list[AnyEdit] = []
    for compared in supernodes:
        members = tuple(node for node in compared.nodes if node not in grouped)
        if compared.of != "A" or not members:
            continue
        ahead = ProjectState(supernodes={to: held})
        number = next_number(ahead, to)
        held[number] = msgspec.structs.replace(
            compared.supernode,
            name=free_name(ahead, to, compared.supernode.name),
            members=members,
            unresolved=(),
            position=None,
        )
        edits.append(PutSupernode(to, number, held[number]))
        grouped.update(members)
        pins.update(dict.fromkeys(members))
    if edits:
        edits.append(SetPins(to, tuple(pins)))
    return edits
