"""The edits by which labels from elsewhere enter a project, as one step."""

import dataclasses
from collections import Counter
from collections.abc import Sequence

import msgspec

from glossator.graph.attribution_graph import FeatureKey
from glossator.project.edits import (
    AddRevision,
    AnyEdit,
    PutSupernode,
    SetJudgement,
    SetNote,
    SetPins,
    SetVerbalizations,
)
from glossator.project.importing.found_labels import (
    FoundExplanations,
    FoundLabel,
    FoundLabels,
    FoundMarks,
    NodeKey,
    subject_of,
)
from glossator.project.revision import LabelRevision, now, storable
from glossator.project.state import ProjectState
from glossator.project.supernodes.grouping import free_name, next_number
from glossator.project.verbalizations import verbalization_edits


def import_edits(state: ProjectState, found: FoundLabels) -> list[AnyEdit]:
    """Take over what was found; what is here already makes no edit.

    What a person accepted, wrote, refused or judged here stands, and a label of a file
    stands against a mere proposal; explanations are but proposals. Pins and supernodes
    are added to those here.
    """
    edits: list[AnyEdit] = []
    taken: dict[FeatureKey, str] = {}
    for label in found.labels:
        if _is_news(state, label, taken):
            edits.append(_revision_edit(label, found.source))
            if isinstance(label.key, FeatureKey):
                taken[label.key] = label.revision.text
    for explained in found.explanations:
        edits += _explanation_edits(state, explained)
    for note in found.notes:
        if subject_of(note.key) not in state.notes:
            edits.append(SetNote(subject_of(note.key), note.text))
    for judgement in found.judgements:
        subject = subject_of(judgement.feature)
        if subject not in state.judgements:
            edits.append(SetJudgement(subject, judgement.tier))
    for marks in found.marks:
        edits += _mark_edits(state, marks)
    return edits + verbalization_edits(state, found.verbalizations)


def _revision_edit(label: FoundLabel, source: str) -> AddRevision:
    revision = msgspec.structs.replace(
        label.revision,
        status="imported",
        reason=storable(f"found in {source}"),
        via="",
        restores=0,
    )
    return AddRevision(subject_of(label.key), revision)


def _explanation_edits(
    state: ProjectState, explained: FoundExplanations
) -> list[AnyEdit]:
    """Propose the first explanation that nobody refused here."""
    for revision in explained.said:
        if state.machine_may_label(explained.feature, revision.text):
            news = revision.text != state.label(explained.feature)
            dated = msgspec.structs.replace(revision, at=revision.at or now())
            edit = AddRevision(subject_of(explained.feature), dated)
            return [edit] if news else []
    return []


# -- what stands --------------------------------------------------------------------


def _is_news(
    state: ProjectState, label: FoundLabel, taken: dict[FeatureKey, str]
) -> bool:
    """Whether a label is another than the one shown, and that one gives way."""
    key, revision = label
    if isinstance(key, NodeKey):
        return _is_news_at(state, key, revision, taken)
    return revision.text != state.label(key) and _may_label(state, key, revision)


def _may_label(
    state: ProjectState, feature: FeatureKey, revision: LabelRevision
) -> bool:
    last = state.last_revision(subject_of(feature))
    if last is not None and (last.status == "imported" or last.from_library):
        return revision.status != "proposed"
    return state.machine_may_label(feature, revision.text)


def _is_news_at(
    state: ProjectState,
    key: NodeKey,
    revision: LabelRevision,
    taken: dict[FeatureKey, str],
) -> bool:
    """The same of one node: its own label, else its feature's, is shown there."""
    own = state.last_revision(subject_of(key))
    if own is not None and (own.by_person or own.status == "rejected"):
        return False
    if own is not None and own.text == revision.text:
        return False  # Where it is not what is shown, a person has refused it since.
    feature = state.graphs[key.graph].graph.feature_of(key.node)
    shown = state.label_at(*key)
    if feature is not None and feature in taken:
        if own is None or not own.shown:
            shown = taken[feature]
    elif feature is not None and not _may_label(state, feature, revision):
        return False
    return revision.text != shown


# -- pins and supernodes ------------------------------------------------------------


def _mark_edits(state: ProjectState, marks: FoundMarks) -> list[AnyEdit]:
    number = marks.graph
    edits: list[AnyEdit] = []
    held = dict(state.supernodes.get(number, {}))
    known = {frozenset(supernode.members) for supernode in held.values()}
    ahead = dataclasses.replace(state, supernodes={number: held})
    for supernode in marks.supernodes:
        if frozenset(supernode.members) in known:
            continue
        fresh = next_number(ahead, number)
        name = free_name(ahead, number, storable(supernode.name))
        held[fresh] = msgspec.structs.replace(supernode, name=name)
        edits.append(PutSupernode(number, fresh, held[fresh]))
    pins = state.pins.get(number, ())
    every = tuple(dict.fromkeys((*pins, *marks.pins)))
    if every != pins:
        edits.append(SetPins(number, every))
    return edits


# -- what is told -------------------------------------------------------------------


def import_report(found: FoundLabels, edits: Sequence[AnyEdit]) -> list[str]:
    """Say what an import brings, and what it leaves out, a sentence each."""
    counts = Counter(type(edit) for edit in edits)
    n_labels = counts[AddRevision]
    n_pins = sum(len(edit.nodes) for edit in edits if isinstance(edit, SetPins))
    lines = [
        f"{n_labels} label(s), {counts[SetNote]} note(s) and "
        f"{counts[PutSupernode]} supernode(s) from {found.source}"
        + (f"; {n_pins} nodes are pinned now" if n_pins else "")
        + "."
    ]
    if found.verbalizations:
        lines.append(
            f"{len(found.verbalizations)} verbalization(s), of which "
            f"{counts[SetVerbalizations]} feature(s) get some that are new."
        )
    if found.explanations:
        lines.append(
            f"{len(found.explanations)} feature(s) are explained there; what is taken "
            "is proposed, with its method and model."
        )
    if counts[SetJudgement]:
        lines.append(f"{counts[SetJudgement]} feature(s) get a judged tier.")
    for what, n_found, n_taken in (
        ("label(s)", len(found.labels) + len(found.explanations), n_labels),
        ("judged tier(s)", len(found.judgements), counts[SetJudgement]),
    ):
        if n_found > n_taken:
            lines.append(
                f"{n_found - n_taken} {what} are here already, or what is here stands "
                "against them."
            )
    if found.unmatched:
        lines.append(
            f"{len(found.unmatched)} name(s) are of nothing in the project (first: "
            f"{found.unmatched[0]})."
        )
    return [*lines, *found.problems]
