"""What an edit does: to the file, to the memory, and how it is taken back."""

from typing import Literal, TypeVar

import msgspec

from glossator.graph.attribution_graph import NodeIndex
from glossator.project.edits import (
    AddRevision,
    AnyEdit,
    PutSupernode,
    SetMark,
    SetNote,
    SetPins,
    SetResult,
)
from glossator.project.revision import LabelRevision
from glossator.project.state import NumberedRevision, ProjectState
from glossator.project.store import Store

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")

ChangeKind = Literal[
    "graphs", "labels", "results", "review", "notes", "pins", "supernodes"
]


def kind_of(edit: AnyEdit) -> ChangeKind:
    match edit:
        case AddRevision():
            return "labels"
        case SetResult():
            return "results"
        case SetMark():
            return "review"
        case SetNote():
            return "notes"
        case SetPins():
            return "pins"
        case PutSupernode():
            return "supernodes"


def inverse_of(state: ProjectState, edit: AnyEdit) -> AnyEdit:
    """The edit that sets what `edit` changes to what it is now."""
    match edit:
        case AddRevision(subject=subject):
            before = state.last_revision(subject) or LabelRevision(
                text="", status="withdrawn"
            )
            return AddRevision(subject, before)
        case SetResult(subject=subject):
            return SetResult(subject, state.results.get(subject))
        case SetMark(subject=subject):
            return SetMark(subject, state.marks.get(subject, ""))
        case SetNote(subject=subject):
            return SetNote(subject, state.notes.get(subject, ""))
        case SetPins(graph=graph):
            return SetPins(graph, tuple(state.pins.get(graph, ())))
        case PutSupernode(graph=graph, number=number):
            return PutSupernode(
                graph, number, state.supernodes.get(graph, {}).get(number)
            )


def write_edit(store: Store, edit: AnyEdit) -> int:
    """Write an edit's value to the file; the number of a new revision, else 0."""
    match edit:
        case AddRevision(subject=subject, revision=revision):
            return store.add_revision(subject, encode(revision))
        case SetResult(subject=subject, result=result):
            store.put_value("result", subject, encode(result) if result else None)
        case SetMark(subject=subject, mark=mark):
            store.put_value("mark", subject, mark or None)
        case SetNote(subject=subject, text=text):
            store.put_value("note", subject, text or None)
        case SetPins(graph=graph, nodes=nodes):
            store.put_pins(graph, encode(nodes))
        case PutSupernode(graph=graph, number=number, supernode=supernode):
            store.put_supernode(graph, number, encode(supernode) if supernode else None)
    return 0


def show_edit(state: ProjectState, edit: AnyEdit, number: int) -> None:
    """Make an edit visible in memory."""
    match edit:
        case AddRevision(subject=subject, revision=revision):
            history = state.revisions.setdefault(subject, [])
            history.append(NumberedRevision(number, revision))
        case SetResult(subject=subject, result=result):
            _put(state.results, subject, result)
        case SetMark(subject=subject, mark=mark):
            _put(state.marks, subject, mark or None)
        case SetNote(subject=subject, text=text):
            _put(state.notes, subject, text or None)
        case SetPins(graph=graph, nodes=nodes):
            state.pins[graph] = tuple(NodeIndex(node) for node in nodes)
        case PutSupernode(graph=graph, number=key, supernode=supernode):
            _put(state.supernodes.setdefault(graph, {}), key, supernode)


def _put(held: dict[KeyT, ValueT], key: KeyT, value: ValueT | None) -> None:
    if value is None:
        held.pop(key, None)
    else:
        held[key] = value


def encode(value: object) -> str:
    return msgspec.json.encode(value).decode()
