"""One gesture over many features: its edits, and one step back."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from glossator.graph.attribution_graph import FeatureKey
from glossator.project.bulk import (
    accept_all,
    flag_all,
    label_all,
    note_all,
    reject_all,
    skip_all,
    tag_all,
)
from glossator.project.edits import AddRevision, AnyEdit, SetNote, SetTags
from glossator.project.open_files import add_graphs
from glossator.project.project import Project
from glossator.project.revision import LabelRevision, feature_subject
from glossator.project.state import ProjectState
from tests.core.graph_documents import feature_node, graph_of, tracer_graph
from tests.core.kill_writer import visible

Gesture = Callable[[ProjectState, Sequence[FeatureKey]], list[AnyEdit]]

PROPOSED, ACCEPTED, UNLABELLED = range(3)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Three features: a proposal, an accepted label, and none."""
    nodes = [feature_node(0, index, 1) for index in range(3)]
    graph = graph_of(tracer_graph(nodes, []))
    project = add_graphs(tmp_path / "made.gloss", [graph], [tmp_path / "made.json"])
    subjects = [feature_subject(feature) for feature in project.state.features()]
    project.apply(
        "prepare",
        [
            AddRevision(
                subjects[PROPOSED],
                LabelRevision(text="seen", status="proposed", method="small-llm"),
            ),
            AddRevision(
                subjects[ACCEPTED],
                LabelRevision(text="said", status="accepted", author="bo"),
            ),
            SetTags(subjects[ACCEPTED], (2,)),
            SetNote(subjects[ACCEPTED], "an old line"),
        ],
    )
    yield project
    project.close()


def said(project: Project) -> list[tuple[str, str]]:
    """Review state and label of each feature."""
    state = project.state
    return [(state.review_state(f), state.label(f)) for f in state.features()]


BEFORE = [("proposed", "seen"), ("accepted", "said"), ("unlabelled", "")]
CASES: list[tuple[Gesture, list[tuple[str, str]]]] = [
    (
        lambda state, features: accept_all(state, features, "ana"),
        [("accepted", "seen"), ("accepted", "said"), ("unlabelled", "")],
    ),
    (
        lambda state, features: label_all(state, features, "mine", "ana"),
        [("accepted", "mine")] * 3,
    ),
    (
        lambda state, features: reject_all(state, features, "ana"),
        [("rejected", ""), ("rejected", ""), ("unlabelled", "")],
    ),
    (lambda _, features: skip_all(features), BEFORE),
    (flag_all, BEFORE),
    (lambda state, features: tag_all(state, features, 2), BEFORE),
    (lambda state, features: note_all(state, features, "look"), BEFORE),
]


@pytest.mark.parametrize(("gesture", "after"), CASES)
def test_it_is_one_step_there_and_back(
    project: Project, gesture: Gesture, after: list[tuple[str, str]]
) -> None:
    seen = visible(project.state)
    project.apply("gesture", gesture(project.state, project.state.features()))
    changed = visible(project.state)
    assert changed != seen
    assert said(project) == after
    assert project.undo() == "gesture"
    assert visible(project.state) == seen
    project.redo()
    assert visible(project.state) == changed


def test_accepting_says_who_and_keeps_what_was_accepted(project: Project) -> None:
    features = project.state.features()
    project.apply("accept", accept_all(project.state, features, "ana"))
    revisions = [
        project.state.last_revision(feature_subject(feature)) for feature in features
    ]
    assert [(r.author, r.method) if r else None for r in revisions] == [
        ("ana", "small-llm"),
        ("bo", ""),
        None,
    ]


def test_marks_go_on_all_and_then_off_all(project: Project) -> None:
    state, features = project.state, project.state.features()
    subjects = [feature_subject(feature) for feature in features]
    project.apply("flag one", flag_all(state, features[:1]))
    for flags in (set(subjects), set()):
        project.apply("flag", flag_all(state, features))
        assert state.flags == flags
    project.apply("tag 1", tag_all(state, features, 1))
    assert [state.tags[s] for s in subjects] == [(1,), (1, 2), (1,)]
    project.apply("tag 1", tag_all(state, features, 1))
    assert state.tags == {subjects[ACCEPTED]: (2,)}


def test_a_note_is_added_below_what_was_noted(project: Project) -> None:
    state, features = project.state, project.state.features()
    project.apply("note", note_all(state, features, "look"))
    notes = [state.notes[feature_subject(feature)] for feature in features]
    assert notes == ["look", "an old line\nlook", "look"]
