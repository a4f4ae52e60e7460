"""Edit a project file without end, and tell after each edit what is now true.

``python kill_writer.py PROJECT`` forks a child for every line it reads: the child opens
the project and edits it until it is killed. Each line it writes is one message:

- ``start PID``
- ``begin WHAT DIGEST``: an edit is under way; DIGEST is of what it should lead to
- ``ack WHAT DIGEST REVISIONS``: the edit returned; what is now true
- ``dead STATUS``: written by the parent once the child is gone
"""

import hashlib
import json
import os
import random
import sys
from pathlib import Path

import msgspec

from glossator.graph.attribution_graph import NodeIndex
from glossator.project.edits import (
    JUDGED_TIERS,
    TAGS,
    AddRevision,
    AnyEdit,
    PutSupernode,
    Recheck,
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
    Supernode,
)
from glossator.project.effects import show_edit
from glossator.project.project import Project
from glossator.project.revision import (
    Declined,
    LabelRevision,
    Status,
    Subject,
    now,
)
from glossator.project.state import ProjectState
from glossator.project.supernodes.grouping import group_edits
from glossator.protocol.decision import FeatureScores, ProtocolResult, TierDecision
from glossator.verbalize.verbalization import Verbalization

N_SUBJECTS = 12
STATUSES: tuple[Status, ...] = ("proposed", "accepted", "edited", "rejected")


def visible(state: ProjectState) -> dict[str, object]:
    """What a person can see of a project; no numbers, times and histories."""
    last = {subject: state.last_revision(subject) for subject in state.revisions}
    return {
        "labels": {
            subject: [revision.status, revision.text]
            for subject, revision in last.items()
            if revision is not None and revision.status != "withdrawn"
        },
        "shown": {
            number: [
                state.label_at(number, NodeIndex(node))
                for node in range(len(entry.graph))
            ]
            for number, entry in state.graphs.items()
        },
        "results": msgspec.to_builtins(state.results),
        "marks": {subject: mark for subject, mark in state.marks.items() if mark},
        "notes": {subject: note for subject, note in state.notes.items() if note},
        "tags": msgspec.to_builtins(state.tags),
        "flags": sorted(state.flags),
        "rechecks": msgspec.to_builtins(state.rechecks),
        "refused": {
            graph: msgspec.to_builtins(groups)
            for graph, groups in state.refused_groups.items()
            if groups
        },
        "judgements": dict(state.judgements),
        "declined": msgspec.to_builtins(state.declined),
        "verbalizations": msgspec.to_builtins(state.verbalizations),
        "pins": {graph: list(pins) for graph, pins in state.pins.items() if pins},
        "supernodes": {
            graph: [[n, msgspec.to_builtins(group)] for n, group in held.items()]
            for graph, held in state.supernodes.items()
            if held
        },
    }


def digest(state: ProjectState) -> str:
    text = json.dumps(visible(state), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def n_revisions(state: ProjectState) -> int:
    return sum(len(history) for history in state.revisions.values())


def random_result(rng: random.Random) -> ProtocolResult:
    decision = TierDecision(
        tier=rng.choice(("input", "output", "obscure")),
        routing="calibrated",
        threshold=3.0,
        reason=f"drawn: {rng.random()}",
    )
    return ProtocolResult(
        scores=FeatureScores(n_examples=rng.randrange(40), n_distinct=3),
        calibrated=decision,
        literal=msgspec.structs.replace(decision, routing="literal"),
        routing="calibrated",
        embedder="none",
    )


def random_edits(rng: random.Random, state: ProjectState, serial: str) -> list[AnyEdit]:
    """One gesture: an edit of any kind, a grouping, or a batch over many subjects."""
    subject = Subject(f"f:{rng.randrange(3)}:{rng.randrange(N_SUBJECTS)}")
    graph = rng.choice(list(state.graphs))
    n_nodes = len(state.graphs[graph].graph)
    nodes = rng.sample(range(n_nodes), rng.randrange(1, n_nodes))
    revision = LabelRevision(
        text=f"label {serial}", status=rng.choice(STATUSES), at=now()
    )
    match rng.randrange(16):
        case 0:
            return [SetNote(subject, rng.choice(("", f"note {serial}")))]
        case 1:
            return [SetMark(subject, rng.choice(("", "skipped")))]
        case 2:
            return [SetResult(subject, rng.choice((None, random_result(rng))))]
        case 3:
            return [SetPins(graph, tuple(nodes))]
        case 4:
            return group_edits(
                state, graph, [NodeIndex(node) for node in nodes], f"group {serial}"
            )
        case 5:
            held = list(state.supernodes.get(graph, {})) or [1]
            new = Supernode(name=f"name {serial}", members=(nodes[0],))
            return [
                PutSupernode(graph, rng.choice([*held, 7]), rng.choice((None, new)))
            ]
        case 6:
            node = Subject(f"n:{graph}:{nodes[0]}")
            return [AddRevision(node, revision)]
        case 7:
            subjects = [Subject(f"f:1:{n}") for n in range(N_SUBJECTS // 2)]
            long = msgspec.structs.replace(revision, reason="why " * 100)
            return [edit for s in subjects for edit in _labelled(rng, s, long)]
        case 8:
            return [SetJudgement(subject, rng.choice((None, *JUDGED_TIERS)))]
        case 9:
            said = Verbalization(text=serial, about="feature", origin="test")
            return [SetVerbalizations(subject, (said,) * rng.randrange(3))]
        case 10:
            why = Declined(method="drawn", reason=serial)
            return [SetDeclined(subject, rng.choice((None, why)))]
        case 11:
            tags = rng.sample(TAGS, rng.randrange(4))
            return [SetTags(subject, tuple(sorted(tags)))]
        case 12:
            return [SetFlag(subject, rng.random() < 0.5)]
        case 13:
            again = Recheck(before="one", again=serial, verdict="same")
            return [SetRechecks(subject, (again,) * rng.randrange(3))]
        case 14:
            refused = (tuple(nodes),) * rng.randrange(3)
            return [SetRefusedGroups(graph, refused)]
        case _:
            return _labelled(rng, subject, revision)


def _labelled(
    rng: random.Random, subject: Subject, revision: LabelRevision
) -> list[AnyEdit]:
    return [
        SetResult(subject, random_result(rng)),
        AddRevision(subject, revision),
        SetMark(subject, ""),
    ]


def after(state: ProjectState, edits: list[AnyEdit]) -> ProjectState:
    """A copy of a state with edits made in memory alone."""
    copy = ProjectState(
        graphs=state.graphs,
        revisions={s: history[-1:] for s, history in state.revisions.items()},
        results=dict(state.results),
        marks=dict(state.marks),
        notes=dict(state.notes),
        judgements=dict(state.judgements),
        declined=dict(state.declined),
        verbalizations=dict(state.verbalizations),
        pins=dict(state.pins),
        supernodes={graph: dict(held) for graph, held in state.supernodes.items()},
        tags=dict(state.tags),
        flags=set(state.flags),
        rechecks=dict(state.rechecks),
        refused_groups=dict(state.refused_groups),
    )
    for edit in edits:
        show_edit(copy, edit, sys.maxsize)
    return copy


def _say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def edit_until_killed(path: Path, seed: str) -> None:
    rng = random.Random(seed)
    _say("start", os.getpid())
    project = Project(path)
    step: int | None = None
    serial = 0
    while True:
        serial += 1
        what = rng.choices(("edit", "grow", "undo", "redo"), (6, 2, 3, 2))[0]
        if what in ("undo", "redo"):
            _say("begin", what, "-")
            done = project.undo() if what == "undo" else project.redo()
            what = what if done else "nothing"
        else:
            edits = random_edits(rng, project.state, f"{seed}.{serial}")
            _say("begin", what, digest(after(project.state, edits)))
            into = step if what == "grow" else None
            step = project.apply(f"{seed}.{serial}", edits, into=into) or step
        _say("ack", what, digest(project.state), n_revisions(project.state))


def main() -> None:
    path = Path(sys.argv[1])
    while seed := sys.stdin.readline().strip():
        child = os.fork()
        if child == 0:
            try:
                edit_until_killed(path, seed)
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        _say("dead", status)


if __name__ == "__main__":
    main()
