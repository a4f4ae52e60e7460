"""A project's edits: their effect, their file, their way back."""

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glossator.errors import ProjectError
from glossator.export.annotated_document import annotated_document
from glossator.graph.attribution_graph import FeatureKey, NodeIndex
from glossator.project.edits import (
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
from glossator.project.effects import ChangeKind, kind_of
from glossator.project.open_files import add_graphs
from glossator.project.project import Change, Project
from glossator.project.revision import (
    Declined,
    GraphId,
    LabelRevision,
    Status,
    Subject,
)
from glossator.protocol.decision import FeatureScores, ProtocolResult, TierDecision
from glossator.verbalize.verbalization import Reconstruction, Verbalization
from tests.core.graph_documents import as_bytes, graph_of, tracer_graph
from tests.core.kill_writer import random_edits, random_result, visible

ONE = GraphId(1)
F7, F9 = Subject("f:0:7"), Subject("f:2:9")
GEMMA_9 = FeatureKey("gemma-2-2b", "clt-gemma-2-2b-2.5M", 2, 9)


def revision(text: str, status: Status = "accepted") -> LabelRevision:
    return LabelRevision(text=text, status=status, author="ann", at="2026-01-01")


def result(tier: str = "input") -> ProtocolResult:
    return msgspec.structs.replace(
        random_result(random.Random(tier)), embedder=f"for {tier}"
    )


GROUPED = {
    "pinnedIds": ["0_7_1", "2_9_2"],
    "supernodes": [["first", "0_7_1"], ["second", "2_9_1", "2_9_2"]],
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Path of a project with one graph of two pins and two supernodes."""
    path = tmp_path / "work #1?.gloss"
    graph = graph_of(tracer_graph(state=GROUPED))
    add_graphs(path, [graph], [tmp_path / "graph.json"]).close()
    return path


@pytest.fixture
def project(path: Path) -> Iterator[Project]:
    project = Project(path)
    yield project
    project.close()


def reopened(project: Project) -> Project:
    project.close()
    return Project(project.path)


SAID = Verbalization(
    text="About capitals.\n\nA country.\n\nThe last token.",
    about="example",
    origin="verbalizer",
    example="the capital of",
    layer=20,
    reconstruction=Reconstruction(cosine=0.5, mse=1.0),
)
ELSEWHERE = Verbalization(text="About muscles.", about="feature", origin="a file")
AGAIN = Recheck(before="capitals", again="cities", verdict="different", seconds=1.5)

EDITS: dict[str, AnyEdit] = {
    "first label": AddRevision(F7, revision("capitals")),
    "label of one node": AddRevision(Subject("n:1:3"), revision("only here")),
    "result": SetResult(F7, result()),
    "no result": SetResult(F9, None),
    "mark": SetMark(F9, "skipped"),
    "note": SetNote(F7, "look again\n\t☃ \u2028"),
    "no note": SetNote(F9, ""),
    "tags": SetTags(F7, (1, 9)),
    "no tags": SetTags(F9, ()),
    "flag": SetFlag(F7, True),
    "no flag": SetFlag(F9, False),
    "recheck": SetRechecks(F7, (AGAIN,)),
    "another recheck": SetRechecks(F9, (AGAIN, AGAIN)),
    "no recheck": SetRechecks(F9, ()),
    "refused group": SetRefusedGroups(ONE, ((1, 2),)),
    "no refused group": SetRefusedGroups(ONE, ()),
    "judgement": SetJudgement(F7, "cross"),
    "another judgement": SetJudgement(F9, "obscure"),
    "no judgement": SetJudgement(F9, None),
    "declined": SetDeclined(F7, Declined(method="baez", reason="It refuses.")),
    "another declined": SetDeclined(F9, Declined(method="nla", reason="None.", at="x")),
    "none declined": SetDeclined(F9, None),
    "verbalizations": SetVerbalizations(F7, (SAID,)),
    "another verbalization": SetVerbalizations(F9, (SAID, ELSEWHERE)),
    "no verbalization": SetVerbalizations(F9, ()),
    "pins": SetPins(ONE, (4, 2)),
    "no pins": SetPins(ONE, ()),
    "new supernode": PutSupernode(ONE, 9, Supernode(name="new", members=(4,))),
    "moved supernode": PutSupernode(
        ONE, 2, Supernode(name="second", members=(3, 4), position=(0.5, -7.25))
    ),
    "supernode with all there is": PutSupernode(
        ONE,
        2,
        Supernode(name="s", members=(3,), colour=4, note="why\n", expanded=True),
    ),
    "first supernode removed": PutSupernode(ONE, 1, None),
}
CHANGES_NOTHING = {"no result"}


def prepare(project: Project) -> None:
    """Give every kind of edit something to replace or to remove."""
    project.apply(
        "before",
        [
            AddRevision(F9, revision("before", "proposed")),
            SetNote(F9, "before"),
            SetTags(F9, (2,)),
            SetFlag(F9, True),
            SetRechecks(F9, (AGAIN,)),
            SetRefusedGroups(ONE, ((2, 3), (4, 1))),
            SetJudgement(F9, "input"),
            SetDeclined(F9, Declined(method="baez", reason="Before.")),
            SetVerbalizations(F9, (SAID,)),
            SetMark(F7, "skipped"),
        ],
    )


@pytest.mark.parametrize("name", EDITS)
def test_each_edit_survives_undo_and_redo_over_restarts(
    project: Project, name: str
) -> None:
    prepare(project)
    before = visible(project.state)
    project.apply(name, [EDITS[name]])
    after = visible(project.state)
    assert (after == before) == (name in CHANGES_NOTHING)
    if name in CHANGES_NOTHING:
        assert project.steps().undo == "before"
        return
    project = reopened(project)
    assert visible(project.state) == after
    assert project.steps() == (name, "")
    assert project.undo() == name
    assert visible(project.state) == before
    project = reopened(project)
    assert visible(project.state) == before
    assert project.steps() == ("before", name)
    assert project.redo() == name
    assert visible(project.state) == after
    project = reopened(project)
    assert visible(project.state) == after
    assert project.steps() == (name, "")
    assert project.verify() == []
    project.close()


def test_nothing_to_undo_or_redo(project: Project) -> None:
    assert project.undo() == ""
    assert project.redo() == ""
    assert project.steps() == ("", "")


def test_a_batch_is_one_step(project: Project) -> None:
    before = visible(project.state)
    edits = [edit for name, edit in EDITS.items() if name not in CHANGES_NOTHING]
    project.apply("everything", edits)
    after = visible(project.state)
    project = reopened(project)
    assert project.undo() == "everything"
    assert visible(project.state) == before
    assert project.steps() == ("", "everything")
    project.redo()
    assert visible(project.state) == after
    project.close()


def test_two_edits_of_one_thing_in_a_batch(project: Project) -> None:
    project.apply("twice", [SetNote(F7, "one"), SetNote(F7, "two")])
    assert project.state.notes == {F7: "two"}
    project.undo()
    assert project.state.notes == {}


def test_an_edit_without_effect_is_no_step_and_keeps_redo(project: Project) -> None:
    project.apply("note", [SetNote(F7, "x")])
    project.undo()
    assert project.apply("the same pins", [SetPins(ONE, (2, 4))]) is None
    assert project.apply("nothing at all", []) is None
    project.redo()
    label = AddRevision(F7, revision("x"))
    project.apply("label", [label])
    assert project.apply("the same label", [label]) is None
    project.undo()
    project.undo()
    assert project.redo() == "note"


def test_a_new_edit_drops_redo(project: Project) -> None:
    project.apply("note", [SetNote(F7, "x")])
    project.apply("mark", [SetMark(F7, "skipped")])
    project.undo()
    project.undo()
    project.apply("other", [SetNote(F9, "y")])
    assert project.steps() == ("other", "")
    assert project.redo() == ""
    assert project.state.notes == {F9: "y"}


def test_into_grows_a_step(project: Project) -> None:
    step = project.apply("run", [SetResult(F7, result())])
    project.apply("note of another", [SetNote(F7, "x")])
    assert project.apply("run", [SetResult(F9, result())], into=step) == step
    assert project.undo() == "note of another"
    assert project.undo() == "run"
    assert project.state.results == {}
    project = reopened(project)
    assert project.redo() == "run"
    assert set(project.state.results) == {F7, F9}
    project.close()


def test_into_leaves_an_undone_step_alone(project: Project) -> None:
    step = project.apply("run", [SetResult(F7, result())])
    project.undo()
    fresh = project.apply("run", [SetResult(F9, result())], into=step)
    assert fresh not in (None, step)
    project.undo()
    assert project.state.results == {}
    project.redo()
    assert set(project.state.results) == {F9}


def test_into_never_reaches_behind_a_later_step(project: Project) -> None:
    """A person changed the same thing meanwhile: undoing all leads to the beginning."""
    run = project.apply("run", [SetMark(F7, "skipped")])
    project.apply("accept", [AddRevision(F9, revision("mine"))])
    project.apply("run", [AddRevision(F9, revision("its", "proposed"))], into=run)
    while project.undo():
        pass
    assert visible(project.state)["labels"] == {}


def test_into_tells_supernodes_apart(project: Project) -> None:
    def put(number: int, name: str) -> list[AnyEdit]:
        return [PutSupernode(ONE, number, Supernode(name=name, members=(2,)))]

    run = project.apply("run", [SetMark(F7, "skipped")])
    project.apply("person", put(8, "mine"))
    assert project.apply("run", put(9, "its"), into=run) == run
    assert project.apply("run", put(8, "its"), into=run) != run
    while project.undo():
        pass
    assert list(project.state.supernodes[ONE]) == [1, 2]


def test_into_never_crosses_a_step_that_can_be_redone(project: Project) -> None:
    run = project.apply("run", [SetMark(F7, "skipped")])
    project.apply("note", [SetNote(F7, "one")])
    project.undo()
    project.apply("run", [SetNote(F7, "two")], into=run)
    project.redo()
    project.undo()
    assert project.state.notes in ({}, {F7: "two"})
    while project.undo():
        pass
    assert project.state.notes == {}


def test_undo_appends_a_revision(project: Project) -> None:
    project.apply("propose", [AddRevision(F7, revision("a", "proposed"))])
    project.apply("accept", [AddRevision(F7, revision("b", "edited"))])
    project.undo()
    project.redo()
    project.undo()
    project.undo()
    history = [
        (each.revision.status, each.revision.text, each.revision.via)
        for each in project.state.revisions[F7]
    ]
    assert history == [
        ("proposed", "a", ""),
        ("edited", "b", ""),
        ("proposed", "a", "undo"),
        ("edited", "b", "redo"),
        ("proposed", "a", "undo"),
        ("withdrawn", "", "undo"),
    ]
    numbers = [each.number for each in project.state.revisions[F7]]
    assert numbers == sorted(set(numbers))
    assert project.state.revisions[F7][2].revision.at > "2026-01-01", "of now"
    project = reopened(project)
    assert [
        (each.revision.status, each.revision.text, each.revision.via)
        for each in project.state.revisions[F7]
    ] == history
    project.close()


@pytest.mark.parametrize(
    "statement", ["DELETE FROM revision", "UPDATE revision SET data = '{}'"]
)
def test_the_file_refuses_to_forget_revisions(project: Project, statement: str) -> None:
    project.apply("label", [AddRevision(F7, revision("a"))])
    project.close()
    with (
        closing(sqlite3.connect(project.path)) as other,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        other.execute(statement)


def test_a_supernode_comes_back_to_its_place(project: Project) -> None:
    """The order counts: an export writes it, and a node in two is of the first."""
    original = json.loads(as_bytes(tracer_graph(state=GROUPED)))
    project.apply("ungroup", [PutSupernode(ONE, 1, None)])
    project.undo()
    assert [*project.state.supernodes[ONE]] == [1, 2]
    assert annotated_document(project.state, ONE) == original


def test_undo_gives_back_what_a_node_showed(project: Project, tmp_path: Path) -> None:
    """A node's imported label, younger than the feature's, is shown again."""
    project.apply("accept", [AddRevision(F9, revision("old"))])
    document = tracer_graph(slug="two")
    document["nodes"][4]["clerp"] = "the file's"
    two = project.add_graph(graph_of(document), tmp_path / "two.json")
    node = NodeIndex(4)
    assert project.state.label_at(two, node) == "the file's"
    project.apply("edit", [AddRevision(F9, revision("mine", "edited"))])
    assert project.state.label_at(two, node) == "mine"
    project.undo()
    assert project.state.label_at(two, node) == "the file's"
    project.redo()
    assert project.state.label_at(two, node) == "mine"
    project.undo()
    project.undo()
    project.redo()
    assert project.state.label_at(two, node) == "the file's"
    project = reopened(project)
    assert project.state.label_at(two, node) == "the file's"
    project.close()


def test_an_undone_rejection_refuses_nothing(project: Project) -> None:
    project.apply("propose", [AddRevision(F9, revision("a", "proposed"))])
    project.apply("reject", [AddRevision(F9, revision("a", "rejected"))])
    assert not project.state.machine_may_label(GEMMA_9, "a")
    project.undo()
    assert project.state.machine_may_label(GEMMA_9, "a")
    project.redo()
    assert not project.state.machine_may_label(GEMMA_9, "a")
    project.undo()
    project.undo()
    project = reopened(project)
    assert project.state.machine_may_label(GEMMA_9, "a")
    project.close()


def test_listeners_hear_what_kind_changed_and_by_what(project: Project) -> None:
    heard: list[Change] = []
    project.on_change(lambda change: heard.append(change))
    project.apply("note", [SetNote(F7, "x"), SetMark(F7, "skipped")])
    project.apply("the same", [SetNote(F7, "x")])
    project.undo()
    project.redo()
    kinds: frozenset[ChangeKind] = frozenset({"notes", "review"})
    assert heard == [
        Change(kinds, by, frozenset({F7})) for by in ("note", "undo", "redo")
    ]


def test_kinds_of_edits() -> None:
    assert {kind_of(edit) for edit in EDITS.values()} == {
        "labels",
        "results",
        "tags",
        "flags",
        "rechecks",
        "refused groups",
        "review",
        "notes",
        "judgements",
        "declined",
        "verbalizations",
        "pins",
        "supernodes",
    }


def test_drafts_and_settings_are_no_history(project: Project) -> None:
    project.save_draft(F7, "half a lab")
    project.put_setting("theme", "dark")
    assert project.steps() == ("", "")
    project = reopened(project)
    assert project.draft(F7) == "half a lab"
    assert project.draft(F9) == ""
    assert project.setting("theme") == "dark"
    assert project.setting("unknown") == ""
    project.save_draft(F7, "")
    assert project.draft(F7) == ""
    project.close()


@pytest.mark.parametrize(
    "edit",
    [
        SetResult(
            F7,
            ProtocolResult(
                scores=FeatureScores(n_examples=1, n_distinct=1),
                calibrated=TierDecision(
                    tier="input",
                    routing="calibrated",
                    threshold=float("nan"),
                    reason="",
                    cross_scored=False,
                ),
                literal=TierDecision(
                    tier="input", routing="literal", threshold=0.5, reason=""
                ),
                routing="literal",
                embedder="",
            ),
        ),
        PutSupernode(
            ONE, 3, Supernode(name="x", members=(1,), position=(float("inf"), 0.0))
        ),
        SetNote(F7, "half an emoji: \ud83d"),
        SetPins(GraphId(99), (1,)),
        msgspec.structs.replace(SetJudgement(F7, None), tier="middle"),
    ],
    ids=["no number", "infinite", "lone surrogate", "no graph", "no tier"],
)
def test_what_cannot_be_stored_is_refused(project: Project, edit: AnyEdit) -> None:
    """It would make the file unreadable: neither file nor memory take it."""
    before = visible(project.state)
    with pytest.raises(ProjectError, match="work #1"):
        project.apply("bad", [SetNote(F9, "good"), edit])
    assert visible(project.state) == before
    project = reopened(project)
    assert visible(project.state) == before
    assert project.steps() == ("", "")
    project.close()


def without_empty(seen: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in seen.items() if value}


MOVES = st.lists(
    st.sampled_from(["edit", "grow", "undo", "redo", "restart"]), max_size=25
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(moves=MOVES, seed=st.integers(0, 10**6))
def test_any_sequence(
    tmp_path_factory: pytest.TempPathFactory, moves: list[str], seed: int
) -> None:
    """File and memory agree; undoing all gives the beginning, redoing all the end."""
    folder = tmp_path_factory.mktemp("sequence")
    graph = graph_of(tracer_graph(state=GROUPED))
    project = add_graphs(folder / "p.gloss", [graph], [folder / "g.json"])
    project._store._connection.execute("PRAGMA synchronous = OFF")
    rng = random.Random(seed)
    begin = visible(project.state)
    step: int | None = None
    n_revisions = 0
    for at, move in enumerate(moves):
        match move:
            case "undo":
                project.undo()
            case "redo":
                project.redo()
            case "restart":
                project = reopened(project)
            case _:
                edits = random_edits(rng, project.state, str(at))
                into = step if move == "grow" else None
                step = project.apply(str(at), edits, into=into) or step
        rows = project._store.rows("SELECT count(*) FROM revision")
        assert int(rows[0][0]) >= n_revisions, "append-only"
        n_revisions = int(rows[0][0])
    end = visible(project.state)
    before = project.state
    project = reopened(project)
    assert visible(project.state) == end
    assert project.state.revisions == before.revisions
    assert (project.state.notes, project.state.marks) == (before.notes, before.marks)
    n_undone = 0
    while project.undo():
        n_undone += 1
    assert visible(project.state) == begin
    for _ in range(n_undone):
        project.redo()
    assert visible(project.state) == end
    assert project.verify() == []
    project.close()
