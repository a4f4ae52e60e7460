"""What an edit does: to the file, to the memory, and how it is taken back."""

from typing import Literal, TypeVar

import msgspec

from glossator.graph.attribution_graph import NodeIndex
from glossator.project.edits import (
    AddRevision,
    AnyEdit,
    PutSupernode,
    SetDeclined,
    SetFlag,
    SetJudgement,
    SetMark,
    SetNote,
    SetPins,
    SetRechecks,
    SetRefusedGroups,
    SetResult,
    SetTags,
    SetVerbalizations,
)
from glossator.project.revision import GraphId, LabelRevision, Subject
from glossator.project.state import NumberedRevision, ProjectState
from glossator.project.store import Store

_EDITS: msgspec.json.Decoder[AnyEdit] = msgspec.json.Decoder(AnyEdit)
"""Made once: for each text anew it would take ten times the time."""

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")

ChangeKind = Literal[
    "graphs",
    "labels",
    "results",
    "review",
    "notes",
    "tags",
    "flags",
    "rechecks",
    "judgements",
    "declined",
    "verbalizations",
    "pins",
    "supernodes",
    "refused groups",
]


def kind_of(edit: AnyEdit) -> ChangeKind:
    match edit:
        case AddRevision():
            return "labels"
        case SetResult():
            return "results"
        case SetMark():
            return "review"
        case SetDeclined():
            return "declined"
        case SetNote():
            return "notes"
        case SetTags():
            return "tags"
        case SetFlag():
            return "flags"
        case SetRechecks():
            return "rechecks"
        case SetJudgement():
            return "judgements"
        case SetVerbalizations():
            return "verbalizations"
        case SetPins():
            return "pins"
        case PutSupernode():
            return "supernodes"
        case SetRefusedGroups():
            return "refused groups"


def target_of(edit: AnyEdit) -> tuple[ChangeKind, Subject | GraphId, int]:
    """The one thing an edit sets; edits of different things commute."""
    match edit:
        case SetPins(graph=graph) | SetRefusedGroups(graph=graph):
            return kind_of(edit), graph, 0
        case PutSupernode(graph=graph, number=number):
            return kind_of(edit), graph, number
        case _:
            return kind_of(edit), edit.subject, 0


def changes(state: ProjectState, edit: AnyEdit) -> bool:
    """Whether an edit says anything new."""
    if isinstance(edit, AddRevision):
        return state.last_revision(edit.subject) != edit.revision
    return inverse_of(state, edit) != edit


def inverse_of(state: ProjectState, edit: AnyEdit) -> AnyEdit:
    """The edit that sets what `edit` changes to what it is now."""
    match edit:
        case AddRevision(subject=subject):
            history = state.revisions.get(subject)
            if not history:
                nothing = LabelRevision(text="", status="withdrawn")
                return AddRevision(subject, nothing)
            return _repeated(
                AddRevision(subject, history[-1].revision), history[-1].said
            )
        case SetResult(subject=subject):
            return SetResult(subject, state.results.get(subject))
        case SetMark(subject=subject):
            return SetMark(subject, state.marks.get(subject, ""))
        case SetNote(subject=subject):
            return SetNote(subject, state.notes.get(subject, ""))
        case SetTags(subject=subject):
            return SetTags(subject, state.tags.get(subject, ()))
        case SetFlag(subject=subject):
            return SetFlag(subject, subject in state.flags)
        case SetRechecks(subject=subject):
            return SetRechecks(subject, state.rechecks.get(subject, ()))
        case SetJudgement(subject=subject):
            return SetJudgement(subject, state.judgements.get(subject))
        case SetDeclined(subject=subject):
            return SetDeclined(subject, state.declined.get(subject))
        case SetVerbalizations(subject=subject):
            return SetVerbalizations(subject, state.verbalizations.get(subject, ()))
        case SetPins(graph=graph):
            return SetPins(graph, tuple(state.pins.get(graph, ())))
        case PutSupernode(graph=graph, number=number):
            return PutSupernode(
                graph, number, state.supernodes.get(graph, {}).get(number)
            )
        case SetRefusedGroups(graph=graph):
            return SetRefusedGroups(graph, state.refused_groups.get(graph, ()))


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
        case SetTags(subject=subject, tags=tags):
            store.put_value("tags", subject, encode(tags) if tags else None)
        case SetFlag(subject=subject, flagged=flagged):
            store.put_value("flag", subject, "flagged" if flagged else None)
        case SetRechecks(subject=subject, rechecks=rechecks):
            said_again = encode(rechecks) if rechecks else None
            store.put_value("recheck", subject, said_again)
        case SetJudgement(subject=subject, tier=tier):
            store.put_value("judgement", subject, tier)
        case SetDeclined(subject=subject, declined=declined):
            why = encode(declined) if declined else None
            store.put_value("declined", subject, why)
        case SetVerbalizations(subject=subject, verbalizations=said):
            store.put_value("verbalization", subject, encode(said) if said else None)
        case SetPins(graph=graph, nodes=nodes):
            store.put_pins(graph, encode(nodes))
        case PutSupernode(graph=graph, number=number, supernode=supernode):
            store.put_supernode(graph, number, encode(supernode) if supernode else None)
        case SetRefusedGroups(graph=graph, groups=groups):
            store.put_refused_groups(graph, encode(groups))
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
        case SetTags(subject=subject, tags=tags):
            _put(state.tags, subject, tags or None)
        case SetFlag(subject=subject, flagged=flagged):
            (state.flags.add if flagged else state.flags.discard)(subject)
        case SetRechecks(subject=subject, rechecks=rechecks):
            _put(state.rechecks, subject, rechecks or None)
        case SetJudgement(subject=subject, tier=tier):
            _put(state.judgements, subject, tier)
        case SetDeclined(subject=subject, declined=declined):
            _put(state.declined, subject, declined)
        case SetVerbalizations(subject=subject, verbalizations=said):
            _put(state.verbalizations, subject, said or None)
        case SetPins(graph=graph, nodes=nodes):
            state.pins[graph] = tuple(NodeIndex(node) for node in nodes)
        case PutSupernode(graph=graph, number=key, supernode=supernode):
            held = state.supernodes.setdefault(graph, {})
            _put(held, key, supernode)
            state.supernodes[graph] = dict(sorted(held.items()))
        case SetRefusedGroups(graph=graph, groups=groups):
            state.refused_groups[graph] = groups


def unshow_edit(state: ProjectState, edit: AnyEdit, inverse: AnyEdit) -> None:
    """Take back in memory an edit that the file did not take."""
    if not isinstance(edit, AddRevision):
        show_edit(state, inverse, 0)
        return
    history = state.revisions[edit.subject]
    history.pop()
    if not history:
        del state.revisions[edit.subject]


def redo_of(edit: AnyEdit, number: int) -> AnyEdit:
    """What doing an edit again will say: a revision repeats the one it made."""
    return _repeated(edit, number) if isinstance(edit, AddRevision) else edit


def _repeated(edit: AddRevision, number: int) -> AddRevision:
    revision = msgspec.structs.replace(edit.revision, restores=number)
    return AddRevision(edit.subject, revision)


def _put(held: dict[KeyT, ValueT], key: KeyT, value: ValueT | None) -> None:
    if value is None:
        held.pop(key, None)
    else:
        held[key] = value


def encode(value: object) -> str:
    return msgspec.json.encode(value).decode()


def decode_edit(text: str) -> AnyEdit:
    """Raises msgspec.MsgspecError if the text is no edit."""
    return _EDITS.decode(text)
