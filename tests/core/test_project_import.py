"""What a graph file brings into a project, and what stays whose."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from glossator.errors import InputError, ProjectError
from glossator.graph.attribution_graph import FeatureKey, NodeIndex
from glossator.project.edits import AddRevision, SetNote
from glossator.project.effects import ChangeKind
from glossator.project.open_files import add_graphs, open_files
from glossator.project.project import Change, Project
from glossator.project.revision import (
    GraphId,
    LabelRevision,
    Status,
    feature_subject,
    node_subject,
)
from tests.core.graph_documents import (
    Json,
    anthropic_graph,
    as_bytes,
    feature_node,
    graph_of,
    tracer_graph,
    tracer_nodes,
)
from tests.core.kill_writer import visible

ONE, TWO = GraphId(1), GraphId(2)
SEVEN = FeatureKey("gemma-2-2b", "clt-gemma-2-2b-2.5M", 0, 7)
NINE = FeatureKey("gemma-2-2b", "clt-gemma-2-2b-2.5M", 2, 9)
LEFT, RIGHT = NodeIndex(3), NodeIndex(4)
"""The two nodes of feature NINE."""


def labelled(left: str = "", right: str = "", **metadata: Any) -> Json:
    """A graph whose file labels the nodes of feature NINE."""
    nodes = tracer_nodes()
    nodes[LEFT]["clerp"], nodes[RIGHT]["clerp"] = left, right
    return tracer_graph(nodes, **metadata)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    project = Project(tmp_path / "work.gloss")
    yield project
    project.close()


def add(project: Project, document: Json) -> GraphId:
    slug = document["metadata"]["slug"]
    return project.add_graph(graph_of(document), Path(f"{slug}.json"))


def say(project: Project, feature: FeatureKey, text: str, status: Status) -> None:
    revision = LabelRevision(text=text, status=status, at="2026-01-01")
    project.apply(status, [AddRevision(feature_subject(feature), revision)])


def test_a_file_s_label_is_imported_and_told_apart(project: Project) -> None:
    add(project, labelled("say Texas", "say Texas"))
    history = project.state.revisions[feature_subject(NINE)]
    assert [each.revision.status for each in history] == ["imported"]
    assert history[0].revision.reason == "found in capital.json"
    assert project.state.label(NINE) == "say Texas"
    assert project.state.review_state(NINE) == "imported"
    assert project.state.review_state(SEVEN) == "unlabelled"
    assert set(project.state.revisions) == {feature_subject(NINE)}
    assert project.steps() == ("", ""), "adding a graph is no step of the history"


def test_nodes_that_the_file_labels_otherwise_keep_their_own(project: Project) -> None:
    nodes = [*tracer_nodes(), feature_node(2, 9, 0)]
    for at, text in ((LEFT, "one"), (RIGHT, "two"), (8, "two")):
        nodes[at]["clerp"] = text
    add(project, tracer_graph(nodes))
    shown = [project.state.label_at(ONE, NodeIndex(at)) for at in (LEFT, RIGHT, 8)]
    assert shown == ["one", "two", "two"]
    assert project.state.label(NINE) == "two", "the commonest is the feature's"
    assert set(project.state.revisions) == {
        feature_subject(NINE),
        node_subject(ONE, LEFT),
    }


@pytest.mark.parametrize("status", ["accepted", "edited"])
def test_an_imported_node_label_gives_way_to_a_person(
    project: Project, status: Status
) -> None:
    add(project, labelled("one", "two"))
    say(project, NINE, "by a person", status)
    assert project.state.label_at(ONE, LEFT) == "by a person"
    assert project.state.label_at(ONE, RIGHT) == "by a person"
    project.undo()
    assert project.state.label_at(ONE, LEFT) == "one"
    assert project.state.label_at(ONE, RIGHT) == "two"


def test_an_imported_node_label_gives_way_to_a_refusal(project: Project) -> None:
    add(project, labelled("one", "two"))
    say(project, NINE, "one", "rejected")
    assert project.state.label_at(ONE, LEFT) == ""
    assert project.state.label_at(ONE, RIGHT) == ""


def test_an_imported_node_label_stays_before_a_machine(project: Project) -> None:
    add(project, labelled("one", "two"))
    say(project, NINE, "by a machine", "proposed")
    assert project.state.label_at(ONE, RIGHT) == "two"


def test_a_node_s_own_label_by_a_person_stays(project: Project) -> None:
    add(project, labelled())
    own = LabelRevision(text="only here", status="edited", at="2026-01-01")
    project.apply("here", [AddRevision(node_subject(ONE, LEFT), own)])
    say(project, NINE, "everywhere", "accepted")
    assert project.state.label_at(ONE, LEFT) == "only here"
    assert project.state.label_at(ONE, RIGHT) == "everywhere"


def test_a_label_shows_at_every_position_of_every_graph(project: Project) -> None:
    add(project, labelled(slug="first"))
    say(project, NINE, "capitals", "accepted")
    add(project, labelled(slug="second"))
    for graph in (ONE, TWO):
        for node in (LEFT, RIGHT):
            assert project.state.label_at(graph, node) == "capitals"
    assert project.state.label_at(TWO, NodeIndex(2)) == ""
    assert project.state.label_at(TWO, NodeIndex(0)) == "", "no feature, no label"
    assert project.state.features() == (SEVEN, NINE)


def test_a_second_file_never_changes_what_is_said(project: Project) -> None:
    add(project, labelled("ours", "ours", slug="first"))
    add(project, labelled("theirs", "ours", slug="second"))
    assert project.state.label(NINE) == "ours"
    assert project.state.label_at(ONE, LEFT) == "ours"
    assert project.state.label_at(TWO, LEFT) == "theirs"
    assert project.state.label_at(TWO, RIGHT) == "ours"


@pytest.mark.parametrize("status", ["proposed", "accepted"])
def test_undo_leaves_a_second_file_its_labels(project: Project, status: Status) -> None:
    """What was said here first happens to be what the file says."""
    add(project, labelled(slug="first"))
    say(project, NINE, "the same", status)
    add(project, labelled("the same", "the same", slug="second"))
    shown = project.state.revision_at(TWO, LEFT)
    assert shown is not None
    assert shown.status == status, "what is told of it is what we know best"
    project.undo()
    assert project.state.label_at(ONE, LEFT) == ""
    assert project.state.label_at(TWO, LEFT) == "the same"


def test_pins_and_supernodes_with_members_that_are_no_nodes(project: Project) -> None:
    state = {
        "pinnedIds": ["2_9_2", "9_9_9", "0_7_1"],
        "supernodes": [
            ["A", "0_7_1", "5_5_5", "2_9_1"],
            ["B", "6_6_6"],
            ["A", "2_9_2"],
        ],
    }
    add(project, tracer_graph(state=state))
    assert project.state.pins[ONE] == (4, 2)
    assert [
        (number, group.name, group.members, group.unresolved)
        for number, group in project.state.supernodes[ONE].items()
    ] == [
        (1, "A", (2, 3), ("5_5_5",)),
        (2, "B", (), ("6_6_6",)),
        (3, "A", (4,), ()),
    ]
    assert project.state.supernode_of(ONE, NodeIndex(4)) == 3
    assert project.state.supernode_of(ONE, NodeIndex(5)) is None


def test_ids_of_anthropic_s_graphs(project: Project) -> None:
    add(project, anthropic_graph())
    assert project.state.pins[ONE] == (1, 5)
    assert project.state.supernodes[ONE][1].members == (1, 2)
    first, _ = project.state.features()
    assert project.state.label(first) == "cities of Texas"


def test_what_was_added_is_there_after_a_restart(project: Project) -> None:
    for document in (
        labelled("one", "two", slug="first"),
        tracer_graph(slug="second", state={"pinnedIds": ["0_7_1"]}),
    ):
        add(project, document)
    before = visible(project.state)
    originals = [entry.graph.original for entry in project.state.graphs.values()]
    project.close()
    again = Project(project.path)
    assert visible(again.state) == before
    assert [entry.graph.original for entry in again.state.graphs.values()] == originals
    assert (again.state.model, again.state.source_set) == (
        "gemma-2-2b",
        "clt-gemma-2-2b-2.5M",
    )
    assert again.state.graphs[TWO].path == Path("second.json")
    assert again.verify() == []
    again.close()


def test_the_same_file_is_added_once(project: Project) -> None:
    heard: list[Change] = []
    assert add(project, labelled("one")) == ONE
    project.on_change(lambda change: heard.append(change))
    graph = graph_of(labelled("one"))
    assert project.add_graph(graph, Path("elsewhere.json")) == ONE
    assert heard == []
    assert add(project, labelled("other", slug="other")) == TWO
    kinds: frozenset[ChangeKind] = frozenset({"graphs", "labels", "pins", "supernodes"})
    assert heard == [Change(kinds, "open")]


@pytest.mark.parametrize(
    "other",
    [{"scan": "gpt2"}, {"info": {"transcoder_set": "someone/else"}}],
    ids=["model", "source"],
)
def test_another_model_or_source_is_refused(
    project: Project, other: dict[str, Any]
) -> None:
    add(project, labelled("one"))
    before = visible(project.state)
    with pytest.raises(InputError, match="but the project is of gemma-2-2b") as raised:
        add(project, labelled(slug="other", **other))
    assert raised.value.source == Path("other.json")
    assert raised.value.field == "metadata.scan"
    assert visible(project.state) == before
    project.close()
    again = Project(project.path)
    assert visible(again.state) == before
    again.close()


def test_graphs_of_two_models_leave_no_project(tmp_path: Path) -> None:
    paths = [tmp_path / "a.json", tmp_path / "b.json"]
    for path, document in zip(paths, (labelled(), labelled(scan="gpt2")), strict=True):
        path.write_bytes(as_bytes(document))
    with pytest.raises(InputError, match=r"b\.json: metadata\.scan: gpt2"):
        open_files(paths, projects=tmp_path / "projects")
    assert not list(tmp_path.rglob("*.gloss"))


def test_a_new_project_that_fails_is_removed(tmp_path: Path) -> None:
    """A graph that a file cannot hold: the project of it is not left half made."""
    target = tmp_path / "new.gloss"
    target.parent.joinpath("new.gloss-journal").mkdir()
    with pytest.raises(ProjectError, match=r"new\.gloss"):
        add_graphs(target, [graph_of(labelled())], [tmp_path / "g.json"])
    assert not target.exists()


def test_opening_a_graph_again_continues(tmp_path: Path) -> None:
    path = tmp_path / "a graph.json"
    path.write_bytes(as_bytes(labelled(slug="../we/ird: slug?")))
    project = open_files([path], projects=tmp_path / "projects")
    say(project, NINE, "mine", "accepted")
    project.close()
    assert project.path.parent == tmp_path / "projects"
    again = open_files([path], projects=tmp_path / "projects")
    assert again.path == project.path
    assert again.state.label(NINE) == "mine"
    again.close()
    by_name = open_files([again.path], projects=tmp_path / "elsewhere")
    assert by_name.state.label(NINE) == "mine"
    by_name.close()


def test_a_graph_into_a_named_project(tmp_path: Path) -> None:
    first, second = tmp_path / "1.json", tmp_path / "2.json"
    first.write_bytes(as_bytes(labelled(slug="1")))
    second.write_bytes(as_bytes(labelled(slug="2")))
    project = open_files([first], projects=tmp_path / "projects")
    project.close()
    both = open_files([second, project.path], projects=tmp_path / "none")
    assert [entry.graph.slug for entry in both.state.graphs.values()] == ["1", "2"]
    both.close()
    with pytest.raises(InputError, match="one project can be open at a time"):
        open_files([project.path, project.path], projects=tmp_path)


@pytest.mark.parametrize("status", ["accepted", "edited", "imported"])
def test_a_machine_never_labels_over(project: Project, status: Status) -> None:
    add(project, labelled())
    say(project, NINE, "said", status)
    assert not project.state.machine_may_label(NINE, "other")
    assert not project.state.machine_may_label(NINE, "said")


def test_a_machine_never_proposes_what_was_refused(project: Project) -> None:
    add(project, labelled())
    say(project, NINE, "bad", "proposed")
    assert project.state.machine_may_label(NINE, "better")
    say(project, NINE, "bad", "rejected")
    say(project, NINE, "worse", "proposed")
    say(project, NINE, "worse", "rejected")
    assert not project.state.machine_may_label(NINE, "bad")
    assert not project.state.machine_may_label(NINE, "worse")
    assert project.state.machine_may_label(NINE, "better")
    say(project, NINE, "better", "proposed")
    assert not project.state.machine_may_label(NINE, "bad"), "still"


def own_data(*labels: Json, notes: tuple[Json, ...] = ()) -> Json:
    return {
        "transcoder_set": "mntss/clt-gemma-2-2b-2.5M",
        "glossator": {"version": "0", "labels": list(labels), "notes": list(notes)},
    }


def test_provenance_of_an_exported_label_comes_back(project: Project) -> None:
    ours = {
        "layer": 2,
        "index": 9,
        "text": "capitals",
        "status": "proposed",
        "method": "token_frequency",
        "tier": "input",
        "reason": "20 of 20",
        "at": "2026-01-01",
    }
    note = {"layer": 0, "index": 7, "text": "hm"}
    info = own_data(ours, notes=(note,))
    add(project, labelled("capitals", "edited elsewhere since", info=info))
    last = project.state.last_revision(feature_subject(NINE))
    assert last == LabelRevision(
        text="capitals",
        status="proposed",
        method="token_frequency",
        tier="input",
        reason="20 of 20",
        at="2026-01-01",
    )
    other = project.state.last_revision(node_subject(ONE, RIGHT))
    assert other is not None
    assert (other.text, other.status) == ("edited elsewhere since", "imported")
    assert project.state.notes == {feature_subject(SEVEN): "hm"}


def test_a_file_s_note_never_replaces_ours(project: Project) -> None:
    add(project, labelled())
    project.apply("note", [SetNote(feature_subject(SEVEN), "ours")])
    note = {"layer": 0, "index": 7, "text": "theirs"}
    add(project, labelled(slug="second", info=own_data(notes=(note,))))
    assert project.state.notes == {feature_subject(SEVEN): "ours"}


def test_half_an_emoji_from_a_file(project: Project) -> None:
    """Python and JavaScript write lone surrogates; no text column takes them."""
    document = labelled("half \ud83d", slug="s\ud83d")
    document["qParams"] = {"supernodes": [["n \ud83d", "0_7_1", "x \ud83d"]]}
    document["metadata"]["info"] |= own_data(
        notes=({"layer": 0, "index": 7, "text": "\ud83d?"},)
    )
    number = project.add_graph(graph_of(document), Path("n\udcff.json"))
    assert project.state.label_at(number, LEFT) == "half \ufffd"
    assert project.state.notes == {feature_subject(SEVEN): "\ufffd?"}
    project.close()
    again = Project(project.path)
    assert again.state.supernodes[ONE][1].name == "n \ufffd"
    assert again.state.supernodes[ONE][1].unresolved == ("x \ufffd",)
    again.close()


def test_kept_in_sight_are_pins_groups_and_what_people_labelled(
    project: Project,
) -> None:
    state = {"pinnedIds": ["E_10_1"], "supernodes": [["A", "0_1_2"]]}
    add(project, tracer_graph(state=state))
    assert project.state.kept_nodes(ONE).nonzero()[0].tolist() == [0, 5]
    say(project, NINE, "x", "proposed")
    assert project.state.kept_nodes(ONE).nonzero()[0].tolist() == [0, 5]
    say(project, NINE, "x", "accepted")
    assert project.state.kept_nodes(ONE).nonzero()[0].tolist() == [0, 3, 4, 5]
