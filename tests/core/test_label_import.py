"""Labels, notes, pins and supernodes of other projects, files and addresses."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from glossator.errors import InputError, ProjectError
from glossator.export.csv_labels import export_csv
from glossator.export.graph_json import export_graph_json
from glossator.export.jsonl_labels import export_jsonl
from glossator.export.neuronpedia import export_neuronpedia
from glossator.export.target import AnnotatedGraph, Exporter, ExportOptions
from glossator.graph.attribution_graph import FeatureKey, NodeIndex
from glossator.graph.feature_ids import cantor
from glossator.graph.json_file.neuronpedia_url import (
    LinkGroup,
    LinkLabel,
    LinkState,
    share_link,
)
from glossator.project.edits import AddRevision, JudgedTier, SetNote, SetPins
from glossator.project.importing.found_labels import FoundLabels, NodeKey
from glossator.project.importing.label_import import import_edits, import_report
from glossator.project.importing.label_sources import read_labels
from glossator.project.project import Project
from glossator.project.reviewing.review import accept_edits, judge_edits, reject_edits
from glossator.project.revision import (
    GraphId,
    LabelRevision,
    Status,
    feature_subject,
    node_subject,
)
from glossator.project.supernodes.grouping import group_edits
from tests.core.graph_documents import (
    Json,
    anthropic_graph,
    as_bytes,
    decimal_graph,
    error_node,
    feature_node,
    graph_of,
    tracer_graph,
    tracer_nodes,
)
from tests.core.kill_writer import visible

ONE = GraphId(1)
SEVEN = FeatureKey("gemma-2-2b", "clt-gemma-2-2b-2.5M", 0, 7)
NINE = FeatureKey("gemma-2-2b", "clt-gemma-2-2b-2.5M", 2, 9)
LEFT, RIGHT = NodeIndex(3), NodeIndex(4)
"""The two nodes of feature NINE."""
ODD = '=say "Austin"; [x],\n\t🦊 né & 50% + <b>'


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = project_of(tmp_path / "work.gloss", tracer_graph())
    yield made
    made.close()


def project_of(path: Path, *documents: Json) -> Project:
    project = Project(path)
    for document in documents:
        slug = document["metadata"]["slug"]
        project.add_graph(graph_of(document), Path(f"{slug}.json"))
    return project


def say(
    project: Project, feature: FeatureKey, text: str, status: Status, **more: Any
) -> None:
    revision = LabelRevision(text=text, status=status, at="2026-01-01", **more)
    project.apply(status, [AddRevision(feature_subject(feature), revision)])


def say_at(project: Project, node: NodeIndex, text: str, status: Status) -> None:
    revision = LabelRevision(text=text, status=status, at="2026-01-01")
    project.apply(status, [AddRevision(node_subject(ONE, node), revision)])


def take(project: Project, source: str | Path) -> FoundLabels:
    """Import, and see that a second time changes nothing."""
    found = read_labels(source, project.state)
    project.apply("import", import_edits(project.state, found))
    again = read_labels(source, project.state)
    assert import_edits(project.state, again) == []
    return found


def table(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def shown(project: Project) -> list[str]:
    """Labels of the three feature nodes."""
    return [project.state.label_at(ONE, NodeIndex(at)) for at in (2, 3, 4)]


def last(project: Project, feature: FeatureKey) -> LabelRevision:
    revision = project.state.last_revision(feature_subject(feature))
    assert revision is not None
    return revision


# -- another project -------------------------------------------------------------------


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Path]:
    """A colleague's project of the same graph, with everything in it."""
    theirs = project_of(tmp_path / "colleague.gloss", tracer_graph())
    say(theirs, SEVEN, "by a method", "proposed", method="m", model="gpt", tier="input")
    theirs.apply("accept", accept_edits(theirs.state, NINE, ODD, "ann"))
    say_at(theirs, LEFT, "only here", "edited")
    theirs.apply("note", [SetNote(feature_subject(SEVEN), "look again")])
    theirs.apply("group", group_edits(theirs.state, ONE, [LEFT, RIGHT], "Texas"))
    path = theirs.path
    theirs.close()
    yield path
    assert not list(tmp_path.glob("*-journal"))


def test_a_project_s_labels_are_imported_and_keep_their_origin(
    project: Project, other: Path
) -> None:
    before = visible(project.state)
    found = take(project, other)
    assert shown(project) == ["by a method", "only here", ODD]
    seven, nine = last(project, SEVEN), last(project, NINE)
    assert (seven.status, seven.method, seven.model) == ("imported", "m", "gpt")
    assert (seven.tier, seven.at) == ("input", "2026-01-01")
    assert (nine.status, nine.author, nine.method) == ("imported", "ann", "")
    assert seven.reason == nine.reason == "found in colleague.gloss"
    assert project.state.notes == {feature_subject(SEVEN): "look again"}
    assert project.state.pins[ONE] == (LEFT, RIGHT)
    (group,) = project.state.supernodes[ONE].values()
    assert (group.name, group.members) == ("Texas", (LEFT, RIGHT))
    assert found.unmatched == found.problems == ()
    assert project.undo() == "import"
    assert visible(project.state) == before
    assert project.steps().undo == ""


def test_the_other_project_is_not_changed(project: Project, other: Path) -> None:
    before = other.read_bytes()
    take(project, other)
    assert other.read_bytes() == before


def test_what_was_refused_there_is_no_label(project: Project, tmp_path: Path) -> None:
    theirs = project_of(tmp_path / "other.gloss", tracer_graph())
    say(theirs, NINE, "wrong", "proposed")
    theirs.apply("reject", reject_edits(theirs.state, NINE, "ann"))
    theirs.close()
    assert take(project, theirs.path).labels == ()
    assert shown(project) == ["", "", ""]


def test_features_of_another_graph_of_the_source(
    project: Project, tmp_path: Path
) -> None:
    nodes = [*tracer_nodes(), feature_node(1, 8, 1, clerp="not here")]
    theirs = project_of(tmp_path / "other.gloss", tracer_graph(nodes, slug="other"))
    theirs.apply("accept", accept_edits(theirs.state, NINE, "nine", "ann"))
    say_at(theirs, LEFT, "only there", "edited")
    theirs.apply("pin", [SetPins(ONE, (LEFT,))])
    theirs.close()
    found = take(project, theirs.path)
    assert shown(project) == ["", "nine", "nine"]
    assert found.unmatched == ("1/8",)
    assert found.problems == (
        "The project holds no graph 'other' of this prompt: its pins, supernodes and "
        "labels of single nodes are left out.",
    )
    assert ONE not in project.state.pins


def test_nodes_are_found_where_the_same_graph_was_pruned_otherwise(
    project: Project, tmp_path: Path
) -> None:
    nodes = [feature_node(1, 8, 1), *reversed(tracer_nodes())]
    theirs = project_of(tmp_path / "other.gloss", tracer_graph(nodes))
    extra, right, left = NodeIndex(0), NodeIndex(4), NodeIndex(5)
    members = [extra, right, left]
    theirs.apply("group", group_edits(theirs.state, ONE, members, "A"))
    theirs.apply("group", group_edits(theirs.state, ONE, [extra], "gone"))
    say_at(theirs, left, "left", "edited")
    theirs.close()
    found = take(project, theirs.path)
    assert shown(project) == ["", "left", ""]
    assert project.state.pins[ONE] == (RIGHT, LEFT)
    (group,) = project.state.supernodes[ONE].values()
    assert (group.name, group.members) == ("A", (RIGHT, LEFT))
    assert found.unmatched == ("1_8_1",)


@pytest.mark.parametrize(
    "metadata",
    [{"scan": "qwen3-4b"}, {"info": {"neuronpedia_source_set": "clt-hp"}}],
)
@pytest.mark.parametrize("kind", ["project", "graph"])
def test_another_model_or_source_set_is_refused(
    project: Project, tmp_path: Path, metadata: Json, kind: str
) -> None:
    document = tracer_graph(**metadata)
    path = tmp_path / "other.gloss"
    if kind == "project":
        project_of(path, document).close()
    else:
        path = tmp_path / "other.json"
        path.write_bytes(as_bytes(document))
    with pytest.raises(InputError) as raised:
        read_labels(path, project.state)
    graph = graph_of(document)
    assert str(raised.value) == (
        f"{path}: labels of {graph.model} / {graph.source_set}, but the project is of "
        "gemma-2-2b / clt-gemma-2-2b-2.5M"
    )


def test_a_file_that_is_no_project_is_refused(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "data.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (a)")
    connection.close()
    with pytest.raises(ProjectError, match="no Glossator project"):
        read_labels(path, project.state)


def test_the_open_project_itself_is_refused(project: Project) -> None:
    with pytest.raises(ProjectError, match="open in another window"):
        read_labels(project.path, project.state)


# -- what stands -----------------------------------------------------------------------


@pytest.mark.parametrize("status", ["accepted", "edited"])
def test_what_a_person_said_here_stands(
    project: Project, other: Path, status: Status
) -> None:
    say(project, NINE, "ours", status)
    say_at(project, NodeIndex(2), "ours here", status)
    project.apply("note", [SetNote(feature_subject(SEVEN), "our note")])
    take(project, other)
    assert shown(project) == ["ours here", "ours", "ours"]
    assert last(project, NINE).status == status
    assert project.state.label(SEVEN) == "by a method"
    assert project.state.notes == {feature_subject(SEVEN): "our note"}


def test_what_a_person_said_of_one_node_stands(project: Project, other: Path) -> None:
    say_at(project, LEFT, "ours here", "edited")
    take(project, other)
    assert shown(project) == ["by a method", "ours here", ODD]


def test_what_a_person_refused_here_stays_refused(
    project: Project, tmp_path: Path
) -> None:
    say(project, NINE, "wrong", "proposed")
    project.apply("reject", reject_edits(project.state, NINE, "ann"))
    path = table(tmp_path / "a.csv", "layer,index,label\n2,9,wrong\n0,7,seven\n")
    take(project, path)
    assert shown(project) == ["seven", "", ""]
    take(project, table(path, "layer,index,label\n2,9,another\n"))
    assert shown(project) == ["seven", "another", "another"]


def test_what_is_refused_after_an_import_stays_refused(
    project: Project, other: Path
) -> None:
    take(project, other)
    project.apply("reject", reject_edits(project.state, NINE, "ann"))
    before = visible(project.state)
    take(project, other)
    assert visible(project.state) == before


def test_a_proposal_gives_way(project: Project, tmp_path: Path) -> None:
    say(project, NINE, "by a method", "proposed")
    take(project, table(tmp_path / "a.csv", "layer,index,label\n2,9,nine\n"))
    assert shown(project) == ["", "nine", "nine"]


@pytest.mark.parametrize(("status", "expected"), [("proposed", "found"), ("", "new")])
def test_a_label_found_in_a_graph_gives_way_to_no_proposal(
    tmp_path: Path, status: str, expected: str
) -> None:
    nodes = tracer_nodes()
    nodes[3]["clerp"] = nodes[4]["clerp"] = "found"
    project = project_of(tmp_path / "work.gloss", tracer_graph(nodes))
    text = f"layer,index,label,status\n2,9,new,{status}\n"
    take(project, table(tmp_path / "a.csv", text))
    assert shown(project) == ["", expected, expected]
    project.close()


def test_nodes_with_labels_of_their_own_keep_what_the_source_does_not_name(
    tmp_path: Path,
) -> None:
    nodes = tracer_nodes()
    nodes[3]["clerp"], nodes[4]["clerp"] = "one", "two"
    project = project_of(tmp_path / "work.gloss", tracer_graph(nodes))
    assert project.state.own_labels(ONE) == {RIGHT}
    take(project, table(tmp_path / "a.csv", "layer,index,label\n2,9,new\n"))
    assert shown(project) == ["", "new", "two"]
    link = LinkState(
        slug="capital",
        labels=(LinkLabel("2_9_1", "both"), LinkLabel("2_9_2", "both")),
    )
    take(project, share_link(link))
    assert shown(project) == ["", "both", "both"]
    text = "node_id,label\n2_9_1,again\n2_9_2,again\n"
    take(project, table(tmp_path / "a.csv", text))
    assert shown(project) == ["", "again", "again"]
    project.close()


def test_a_node_keeps_its_label_where_its_feature_s_changes(tmp_path: Path) -> None:
    nodes = tracer_nodes()
    nodes[3]["clerp"] = nodes[4]["clerp"] = "one"
    project = project_of(tmp_path / "work.gloss", tracer_graph(nodes))
    labels = (LinkLabel("2_9_1", "two"), LinkLabel("2_9_2", "one"))
    take(project, share_link(LinkState(slug="capital", labels=labels)))
    assert shown(project) == ["", "two", "one"]
    assert project.state.label(NINE) == "two"
    project.close()


# -- pins and supernodes ---------------------------------------------------------------


def test_supernodes_are_added_to_those_that_are_here(
    project: Project, other: Path
) -> None:
    project.apply(
        "group", group_edits(project.state, ONE, [NodeIndex(2), LEFT], "Texas")
    )
    take(project, other)
    groups = [(g.name, g.members) for g in project.state.supernodes[ONE].values()]
    assert groups == [("Texas", (2, LEFT)), ("Texas (2)", (LEFT, RIGHT))]
    assert project.state.pins[ONE] == (2, LEFT, RIGHT)


def test_a_supernode_of_the_same_members_is_here_already(
    project: Project, other: Path
) -> None:
    project.apply("group", group_edits(project.state, ONE, [RIGHT, LEFT], "ours"))
    take(project, other)
    (group,) = project.state.supernodes[ONE].values()
    assert group.name == "ours"


# -- our own exports -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("export", "name"),
    [
        (export_csv, "labels.csv"),
        (export_jsonl, "labels.jsonl"),
        (export_graph_json, "graph.json"),
        (export_neuronpedia, "graph.json"),
    ],
)
def test_our_own_exports_come_back(
    project: Project, other: Path, tmp_path: Path, export: Exporter, name: str
) -> None:
    theirs = Project(other, read_only=True)
    annotated = AnnotatedGraph(theirs.state, ONE)
    export(annotated, tmp_path / name, ExportOptions())
    theirs.close()
    found = take(project, tmp_path / name)
    assert found.unmatched == found.problems == ()
    assert shown(project) == ["by a method", "only here", ODD]
    seven, nine = last(project, SEVEN), project.state.revision_at(ONE, RIGHT)
    assert (seven.status, seven.method, seven.at) == ("imported", "m", "2026-01-01")
    assert nine is not None
    assert (nine.status, nine.author) == ("imported", "ann")
    assert seven.reason == f"found in {name}"
    assert project.state.notes == {feature_subject(SEVEN): "look again"}
    has_groups = name == "graph.json"
    assert bool(project.state.supernodes.get(ONE)) == has_groups
    assert bool(project.state.pins.get(ONE)) == has_groups


def test_the_link_beside_a_graph_for_neuronpedia(
    project: Project, other: Path, tmp_path: Path
) -> None:
    theirs = Project(other, read_only=True)
    annotated = AnnotatedGraph(theirs.state, ONE)
    written = export_neuronpedia(annotated, tmp_path / "a.json", ExportOptions())
    theirs.close()
    _, link, _ = written.paths
    take(project, link)
    assert shown(project) == ["by a method", "only here", ODD]
    assert last(project, SEVEN).reason == "found in the link to capital"
    assert project.state.pins[ONE] == (LEFT, RIGHT)
    (group,) = project.state.supernodes[ONE].values()
    assert (group.name, group.members) == ("Texas", (LEFT, RIGHT))


# -- tables made by hand ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("layer,index,label\n2,9,nine\n", "utf-8"),
        ("layer,index,label\r\n2,9,nine\r\n", "utf-8-sig"),
        ("layer;index;label\n2;9;nine", "utf-8"),
        ("Layer\tIndex\tLabel\r2\t9\tnine\r", "utf-16"),
        ('\n"layer","index","label","why"\n"2","9","nine","x, y"\n\n', "utf-8"),
        ("label, Index ,LAYER\nnine, 9.0 ,2.0\n,,\n", "utf-8"),
        ("label,index,layer,\nnine,9,2,,\n,7,0,\n", "utf-8"),
        (f"feature,label\n{cantor(2, 9)},nine\n", "utf-8"),
        (f"layer,feature,label\n2,{cantor(2, 9)},nine\n", "utf-8"),
        ("node_id,label\n2_9_1,nine\n", "utf-8"),
        ("node_id,label\n2_9_1,nine\n2_9_2,nine\n", "utf-8"),
        ("model,layer,index,label\ngemma-2-2b,2,9,nine\n,0,7,\n", "utf-8"),
        ("layer,index,label,status\n2,9,nine,Accepted\n0,7,no,rejected\n", "utf-8"),
    ],
)
def test_tables_as_people_write_them(
    project: Project, tmp_path: Path, text: str, encoding: str
) -> None:
    found = take(project, table(tmp_path / "mine.csv", text, encoding))
    assert shown(project) == ["", "nine", "nine"]
    assert found.unmatched == ()
    assert last(project, NINE).status == "imported"
    assert last(project, NINE).at


@pytest.mark.parametrize(
    "rows",
    [
        [{"layer": 2, "index": 9, "label": "nine", "note": None}],
        [{"Layer": "2", "index": 9.0, "label": "nine", "extra": [1]}, {}],
        [{"node_id": "2_9_2", "label": "nine"}],
    ],
)
def test_json_lines(project: Project, tmp_path: Path, rows: list[Json]) -> None:
    text = "\n".join(json.dumps(row) for row in rows) + "\n\n"
    take(project, table(tmp_path / "mine.jsonl", text))
    assert shown(project) == ["", "nine", "nine"]


def test_text_of_any_kind_is_read_as_it_was_written(
    project: Project, tmp_path: Path
) -> None:
    text = 'layer;index;label\n2;9;"say ""big"";\r\nor small, né 🦊"\n0;7;\'-ing\n'
    take(project, table(tmp_path / "mine.csv", text, "utf-8-sig"))
    assert shown(project)[1:] == ['say "big";\r\nor small, né 🦊'] * 2
    assert shown(project)[0] == "-ing"


def test_nodes_of_one_feature_that_are_labelled_differently(
    project: Project, tmp_path: Path
) -> None:
    text = "node_id,label\n2_9_2,two\n2_9_1,one\n0_1_2,an error\n"
    take(project, table(tmp_path / "mine.csv", text))
    assert shown(project) == ["", "one", "two"]
    assert project.state.label(NINE) == "two"
    assert project.state.label_at(ONE, NodeIndex(5)) == "an error"


def test_a_node_id_in_several_graphs(tmp_path: Path) -> None:
    first, second = tracer_graph(slug="first"), tracer_graph(slug="second")
    project = project_of(tmp_path / "work.gloss", first, second)
    text = "graph,node_id,layer,index,label\n,,2,9,nine\nsecond,2_9_1,2,9,there\n"
    take(project, table(tmp_path / "mine.csv", text))
    assert shown(project) == ["", "nine", "nine"]
    assert project.state.label_at(GraphId(2), LEFT) == "there"
    project.close()


def test_an_id_that_nodes_share_is_the_feature_s(tmp_path: Path) -> None:
    nodes = [error_node(2, 1), feature_node(0, 2, 1)]
    project = project_of(tmp_path / "work.gloss", tracer_graph(nodes, []))
    take(project, table(tmp_path / "mine.csv", "node_id,label\n0_2_1,two\n"))
    assert project.state.label_at(ONE, NodeIndex(1)) == "two"
    project.close()


def test_numbers_of_older_graphs(tmp_path: Path) -> None:
    project = project_of(tmp_path / "work.gloss", decimal_graph())
    take(project, table(tmp_path / "mine.csv", "feature,label\n200009,nine\n"))
    assert shown(project) == ["", "nine", "nine"]
    project.close()


def test_numbers_of_anthropic_s_graphs(tmp_path: Path) -> None:
    project = project_of(tmp_path / "work.gloss", anthropic_graph())
    take(project, table(tmp_path / "mine.csv", "feature,label\n4412,unexplored\n"))
    assert project.state.label_at(ONE, NodeIndex(3)) == "unexplored"
    project.close()


def test_what_the_project_does_not_hold_is_counted(
    project: Project, tmp_path: Path
) -> None:
    text = (
        "layer,index,feature,node_id,graph,label\n"
        "5,5,,,,a\n,,12,,,b\n,,,9_9_9,,c\n,,,2_9_1,nowhere,d\n7,7,,,,\n"
    )
    found = take(project, table(tmp_path / "mine.csv", text))
    assert found.unmatched == ("5/5", "feature 12", "9_9_9", "2_9_1")
    assert found.labels == ()
    assert shown(project) == ["", "", ""]


HEAD = "layer,index,label\n"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.csv", "", "row 1: no column 'label'; the first row must name the columns"),
        ("a.csv", "layer,index,text\n2,9,x\n", "row 1: no column 'label'"),
        ("a.csv", "layer,label\n2,x\n", "row 1: no columns that say what is labelled"),
        ("a.csv", "index,label\n2,x\n", "row 1: no columns that say what is labelled"),
        ("a.csv", "layer,index,label,Label\n", "row 1: two columns 'label'"),
        ("a.csv", f"{HEAD}2,9,x\n2,nine,y\n", "row 3, index: 'nine' cannot be used"),
        ("a.csv", f"{HEAD}-2,9,x\n", "row 2, layer: '-2' cannot be used"),
        ("a.csv", f"{HEAD}2.5,9,x\n", "row 2, layer: '2.5' cannot be used"),
        ("a.csv", f'{HEAD}"2\n",9,x\n,9,y\n', "row 3, layer: empty; a row needs"),
        ("a.csv", f"{HEAD}2,9,x, y\n", "row 2: 4 cells for 3 columns"),
        ("a.csv", f"{HEAD}2,9,x\n2,9,y\n", "row 3, label: 2/9 is 'y' here and 'x' in"),
        ("a.csv", f'{HEAD}2,9,"x\n', "row 2: not readable as CSV"),
        (
            "a.csv",
            "layer,index,label,status\n2,9,x,maybe\n",
            "row 2, status: 'maybe' cannot be used",
        ),
        (
            "a.csv",
            "layer,index,label,model\n2,9,x,qwen3-4b\n",
            "row 2, model: 'qwen3-4b', but the project is of gemma-2-2b / clt-",
        ),
        (
            "a.csv",
            "layer,index,label,source set\n2,9,x,clt-hp\n",
            "row 2, source_set: 'clt-hp', but the project is of gemma-2-2b / clt-",
        ),
        (
            "a.csv",
            "layer,index,judged_tier\n0,7,\n2,9,Middle\n",
            "row 3, judged_tier: 'Middle' cannot be used (invalid enum value 'middle')",
        ),
        (
            "a.csv",
            "layer,index,judged_tier\n2,9,insufficient\n",
            "row 2, judged_tier: 'insufficient' cannot be used",
        ),
        (
            "a.csv",
            "node_id,judged_tier\n2_9_1,cross\n2_9_2,input\n",
            "row 3, judged_tier: 2_9_2 is 'input' here and 'cross' in a row above",
        ),
        (
            "a.jsonl",
            '{"node_id":"0_1_2","judged_tier":"cross"}',
            "line 1, judged_tier: 'cross' of 0_1_2, which is no feature; only features",
        ),
        (
            "a.jsonl",
            '{"layer":2,"index":9,"judged_tier":3}',
            "line 1, judged_tier: '3' cannot be used",
        ),
        ("a.jsonl", '{"layer":2}\n{"layer":2,"index":[]}', "line 1, index: empty"),
        ("a.jsonl", '\n{"layer":2,"index":[]}', "line 2, index: '[]' cannot be used"),
        (
            "a.jsonl",
            '{"layer":2,"index":9,"label":5}',
            "line 1, label: '5' cannot be used",
        ),
        ("a.jsonl", '{"layer":2,"index":9', "line 1: no JSON object"),
        ("a.jsonl", "[1]", "line 1: no JSON object"),
    ],
)
def test_a_row_that_cannot_be_used_refuses_the_file(
    project: Project, tmp_path: Path, name: str, text: str, told: str
) -> None:
    path = table(tmp_path / name, text)
    with pytest.raises(InputError) as raised:
        read_labels(path, project.state)
    assert str(raised.value).startswith(f"{path}: {told}")


def test_text_that_is_no_utf_8(project: Project, tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", f"{HEAD}2,9,né\n", "latin-1")
    with pytest.raises(InputError, match=r"a\.csv: line 2: no UTF-8 \(byte 23\)"):
        read_labels(path, project.state)


def test_a_number_of_several_layers(tmp_path: Path) -> None:
    document = tracer_graph([feature_node(0, 9, 1), feature_node(2, 9, 1)], [])
    del document["metadata"]["schema_version"]
    document["metadata"]["scan"] = "custom-1234"
    for node in document["nodes"]:
        node["feature"] = 9
    project = project_of(tmp_path / "work.gloss", document)
    path = table(tmp_path / "a.csv", "feature,layer,label\n9,,x\n")
    with pytest.raises(InputError, match="row 2, feature: 9 is the number of features"):
        read_labels(path, project.state)
    take(project, table(path, "feature,layer,label\n9,2,two\n"))
    assert project.state.label_at(ONE, NodeIndex(1)) == "two"
    assert project.state.label_at(ONE, NodeIndex(0)) == ""
    project.close()


# -- addresses -------------------------------------------------------------------------


def link_of(**parts: Any) -> str:
    return share_link(LinkState(slug="capital", **parts))


@pytest.mark.parametrize(
    "keys",
    [
        [f"2_{cantor(2, 9)}_1", f"2_{cantor(2, 9)}_2"],
        ["2_9_1", "2_9_2"],
        [str(cantor(2, 9))],
        [f"2_{cantor(2, 9)}_1"],
    ],
)
@pytest.mark.parametrize("model", ["gemma-2-2b", ""])
def test_labels_of_a_link_by_every_viewer_s_key(
    project: Project, keys: list[str], model: str
) -> None:
    labels = tuple(LinkLabel(key, ODD) for key in keys)
    take(project, link_of(model=model, labels=labels))
    assert shown(project) == ["", ODD, ODD]
    assert project.state.own_labels(ONE) == frozenset()
    assert last(project, NINE).reason == "found in the link to capital"


def test_a_link_that_labels_nodes_of_a_feature_differently(project: Project) -> None:
    labels = (LinkLabel("2_9_1", "one"), LinkLabel("2_9_2", "two"))
    found = take(project, link_of(labels=labels))
    assert shown(project) == ["", "one", "two"]
    assert sum(isinstance(label.key, NodeKey) for label in found.labels) == 1


def test_pins_and_supernodes_of_a_link(project: Project) -> None:
    project.apply("pin", [SetPins(ONE, (NodeIndex(0),))])
    groups = (LinkGroup("A", ("2_9_1", "gone")), LinkGroup("B", ("gone",)))
    found = take(project, link_of(pins=("4_5_2", "9_9_9"), supernodes=groups))
    assert project.state.pins[ONE] == (0, 6)
    (group,) = project.state.supernodes[ONE].values()
    assert (group.name, group.members, group.unresolved) == ("A", (LEFT,), ("gone",))
    assert set(found.unmatched) == {"9_9_9", "gone"}


def test_labels_of_a_link_that_are_of_nothing(project: Project) -> None:
    labels = (LinkLabel("8_8_8", "x"), LinkLabel("2_9_1", "  "))
    found = take(project, link_of(labels=labels))
    assert found.unmatched == ("8_8_8",)
    assert found.labels == ()


def test_the_file_s_own_labels_are_none_of_the_link_s(tmp_path: Path) -> None:
    nodes = tracer_nodes()
    nodes[2]["clerp"] = nodes[3]["clerp"] = nodes[4]["clerp"] = "in the file"
    project = project_of(tmp_path / "work.gloss", tracer_graph(nodes))
    found = take(project, link_of(labels=(LinkLabel("2_9_1", "in the link"),)))
    assert shown(project) == ["in the file", "in the link", "in the link"]
    assert len(found.labels) == 1
    project.close()


def test_a_graph_that_neuronpedia_calls_otherwise(tmp_path: Path) -> None:
    document = tracer_graph(slug="my graph")
    link = share_link(LinkState(slug="featured", model="gemma-2-2b"))
    document["metadata"]["info"]["neuronpedia_link"] = link
    project = project_of(tmp_path / "work.gloss", document)
    for slug in ("my graph", "my-graph", "featured"):
        labels = (LinkLabel("0_7_1", slug),)
        take(project, share_link(LinkState(slug=slug, model="", labels=labels)))
        assert shown(project)[0] == slug
    project.close()


@pytest.mark.parametrize(
    ("link", "told"),
    [
        (
            share_link(LinkState(slug="other", model="gemma-2-2b")),
            "the link to other: no graph 'other' in the project; it holds capital",
        ),
        (
            share_link(LinkState(slug="capital", model="qwen3-4b")),
            "the link to capital: a graph of qwen3-4b, but the project is of gemma-2",
        ),
        (
            share_link(LinkState(slug="capital", model="", subgraph="cm123")),
            "the link to capital: it names the state 'cm123', saved on Neuronpedia",
        ),
        (
            "https://www.neuronpedia.org/gemma-2-2b",
            "'https://www.neuronpedia.org/gemma-2-2b' is not the address of a graph's",
        ),
        ("https://www.neuronpedia.org/" + "a" * 5_000_000, "the link has 5,000,028"),
    ],
)
def test_a_link_that_cannot_be_used(project: Project, link: str, told: str) -> None:
    with pytest.raises(InputError) as raised:
        read_labels(link, project.state)
    assert str(raised.value).startswith(told)


def test_a_saved_state_beside_one_in_the_link_is_told(project: Project) -> None:
    found = take(project, link_of(subgraph="cm123", pins=("2_9_1",)))
    (problem,) = found.problems
    assert "'cm123', saved on Neuronpedia" in problem
    assert project.state.pins[ONE] == (LEFT,)


def test_parts_of_a_link_that_cannot_be_read_are_told(project: Project) -> None:
    found = take(project, f"{link_of(pins=('2_9_1',))}&clerps=[[")
    assert found.problems == (
        "clerps of the link is not readable as JSON and left out.",
    )
    assert project.state.pins[ONE] == (LEFT,)


def test_a_model_that_has_a_repository_s_name(tmp_path: Path) -> None:
    """circuit-tracer names the transcoders where Neuronpedia names the model."""
    document = tracer_graph(scan="mntss/clt-gemma-2-2b-2.5M")
    project = project_of(tmp_path / "work.gloss", document)
    labels = (LinkLabel("2_9_1", "nine"),)
    take(project, link_of(model="gemma-2-2b", labels=labels))
    assert shown(project) == ["", "nine", "nine"]
    project.close()


@pytest.mark.shared
def test_a_real_link_on_its_graph_says_nothing_new(
    shared: Path, tmp_path: Path
) -> None:
    """The pins and supernodes of the link are those that its own file says."""
    path = shared / "graphs" / "haiku" / "capital-state-dallas.json"
    document: Json = json.loads(path.read_bytes())
    link = document["metadata"]["info"]["neuronpedia_link"]
    whole = project_of(tmp_path / "whole.gloss", document)
    assert import_edits(whole.state, read_labels(link, whole.state)) == []
    document["qParams"] = {}
    del document["metadata"]["info"]["neuronpedia_link"]
    bare = project_of(tmp_path / "bare.gloss", document)
    assert not bare.state.pins.get(ONE)
    take(bare, link)
    assert bare.state.pins == whole.state.pins
    assert bare.state.supernodes == whole.state.supernodes
    whole.close()
    bare.close()


# -- what cannot be read ---------------------------------------------------------------


def test_a_missing_file(project: Project, tmp_path: Path) -> None:
    for source in (tmp_path / "gone.csv", str(tmp_path / "gone.gloss"), "gone.csv"):
        with pytest.raises(InputError, match="No such file"):
            read_labels(source, project.state)


def test_pasted_text_that_is_no_file(project: Project) -> None:
    with pytest.raises(InputError, match="neither an address nor a file"):
        read_labels("a\0b", project.state)
    with pytest.raises(InputError, match="File name too long"):
        read_labels("a" * 5000, project.state)


def test_a_project_without_a_graph(tmp_path: Path) -> None:
    project = Project(tmp_path / "empty.gloss")
    with pytest.raises(InputError, match="holds no graph that labels could be of"):
        read_labels(table(tmp_path / "a.csv", HEAD), project.state)
    project.close()


def test_a_graph_file_that_is_broken(project: Project, tmp_path: Path) -> None:
    path = table(tmp_path / "a.json", '{"metadata":')
    with pytest.raises(InputError, match=r"a\.json: not readable as JSON"):
        read_labels(path, project.state)


# -- judged tiers ----------------------------------------------------------------------


def judge(project: Project, feature: FeatureKey, tier: JudgedTier | None) -> None:
    project.apply("judge", judge_edits(feature, tier))


def judged(project: Project) -> list[JudgedTier | None]:
    return [project.state.judged_tier(feature) for feature in (SEVEN, NINE)]


def test_a_project_s_judgements_are_imported(project: Project, tmp_path: Path) -> None:
    nodes = [*tracer_nodes(), feature_node(1, 8, 1)]
    theirs = project_of(tmp_path / "other.gloss", tracer_graph(nodes, slug="other"))
    eight = theirs.state.features()[-1]
    for feature in (NINE, eight):
        judge(theirs, feature, "cross")
    theirs.close()
    found = take(project, theirs.path)
    assert judged(project) == [None, "cross"]
    assert found.unmatched == ("1/8",)
    assert project.undo() == "import"
    assert judged(project) == [None, None]


def test_what_a_person_judged_here_stands(project: Project, tmp_path: Path) -> None:
    judge(project, NINE, "input")
    text = "layer,index,judged_tier\n2,9,cross\n0,7,Obscure\n5,5,output\n"
    path = table(tmp_path / "a.csv", text)
    found = read_labels(path, project.state)
    assert import_report(found, import_edits(project.state, found)) == [
        "0 label(s), 0 note(s) and 0 supernode(s) from a.csv.",
        "1 feature(s) get a judged tier.",
        "1 judged tier(s) are here already, or what is here stands against them.",
        "1 name(s) are of nothing in the project (first: 5/5).",
    ]
    take(project, path)
    assert judged(project) == ["obscure", "input"]


@pytest.mark.parametrize(
    ("export", "suffix"), [(export_csv, "csv"), (export_jsonl, "jsonl")]
)
def test_judged_tiers_go_there_and_back(
    project: Project, tmp_path: Path, export: Exporter, suffix: str
) -> None:
    """Also of a feature that has no label, and where the protocol says otherwise."""
    say(project, SEVEN, "seven", "accepted")
    judge(project, SEVEN, "output")
    judge(project, NINE, "obscure")
    path = tmp_path / f"labels.{suffix}"
    export(AnnotatedGraph(project.state, ONE), path, ExportOptions())
    fresh = project_of(tmp_path / "fresh.gloss", tracer_graph())
    found = take(fresh, path)
    assert judged(fresh) == ["output", "obscure"]
    assert (shown(fresh), found.unmatched) == (["seven", "", ""], ())
    fresh.close()


def test_a_node_s_judged_tier_is_its_feature_s(
    project: Project, tmp_path: Path
) -> None:
    take(project, table(tmp_path / "a.csv", "node_id,judged_tier\n2_9_1,cross\n"))
    assert judged(project) == [None, "cross"]
    assert shown(project) == ["", "", ""]


# -- what is told ----------------------------------------------------------------------


def test_what_an_import_brings_is_told(project: Project, other: Path) -> None:
    say(project, NINE, "ours", "accepted")
    found = read_labels(other, project.state)
    assert import_report(found, import_edits(project.state, found)) == [
        "1 label(s), 1 note(s) and 1 supernode(s) from colleague.gloss; 2 "
        "nodes are pinned now.",
        "2 label(s) are here already, or what is here stands against them.",
    ]


def test_what_an_import_leaves_out_is_told(project: Project, tmp_path: Path) -> None:
    found = read_labels(
        table(tmp_path / "a.csv", f"{HEAD}5,5,x\n6,6,y\n"), project.state
    )
    assert import_report(found, import_edits(project.state, found)) == [
        "0 label(s), 0 note(s) and 0 supernode(s) from a.csv.",
        "2 name(s) are of nothing in the project (first: 5/5).",
    ]
