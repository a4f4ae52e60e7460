"""Two graphs held against each other: features, labels, supernodes, links, logits."""

import csv
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from glossator.cli import main
from glossator.export.graph_comparison_files import (
    write_graph_comparison_csv,
    write_graph_comparison_json,
)
from glossator.graph.attribution_graph import NodeIndex
from glossator.graph_comparison.graph_comparison import (
    GraphComparison,
    compare_graphs,
)
from glossator.graph_comparison.prompts import compare_prompts
from glossator.graph_comparison.report import graph_comparison_text
from glossator.graph_comparison.side import Side, side_of, sides_in, still
from glossator.graph_comparison.taking_over import (
    COMPARED,
    label_edits,
    supernode_edits,
)
from glossator.project.edits import AddRevision, PutSupernode, SetPins, Supernode
from glossator.project.effects import show_edit
from glossator.project.open_files import add_graphs, state_of
from glossator.project.project import Project
from glossator.project.revision import (
    GraphId,
    LabelRevision,
    Status,
    feature_subject,
    node_subject,
)
from glossator.project.state import ProjectState
from tests.core.graph_documents import (
    Json,
    as_bytes,
    feature_node,
    graph_of,
    link,
    tracer_graph,
    tracer_links,
    tracer_nodes,
)

ONE, TWO = GraphId(1), GraphId(2)
LATER = ("<bos>", "The", " old", " capital")
"""The usual prompt with a token more in it."""


def later_document() -> Json:
    """Feature 0/7 one position later, 2/9 as it was and once more; 3/3 is new."""
    nodes = [
        {**node, "ctx_idx": node["ctx_idx"] + (node["ctx_idx"] == 2)}
        for node in tracer_nodes()
        if node["node_id"] != "0_7_1"
    ]
    nodes += [
        feature_node(0, 7, 2, influence=0.25, activation=8.0),
        feature_node(2, 9, 0, influence=0.75),
        feature_node(2, 3, 3),
    ]
    links = [one for one in tracer_links() if "0_7_1" not in one.values()]
    links += [link("0_7_2", "2_9_1", 6.0), link("0_7_2", "2_9_0", -2.0)]
    return tracer_graph(nodes, links) | {
        "metadata": tracer_graph()["metadata"]
        | {"slug": "later", "prompt_tokens": list(LATER), "prompt": "".join(LATER)}
    }


def made(document: Json, name: str) -> tuple[ProjectState, Side]:
    state, number = state_of(graph_of(document), Path(name))
    return state, side_of(state, number, name)


def say(
    state: ProjectState,
    at: int,
    text: str,
    status: Status = "accepted",
    *,
    author: str = "",
    method: str = "",
) -> None:
    subject = feature_subject(state.features()[at])
    revision = LabelRevision(text=text, status=status, author=author, method=method)
    show_edit(state, AddRevision(subject, revision), 1000 + len(state.revisions))


@pytest.fixture
def compared() -> GraphComparison:
    first, _ = made(tracer_graph(), "first")
    second, _ = made(later_document(), "second")
    return compare_graphs(side_of(first, ONE, "first"), side_of(second, ONE, "second"))


def test_features_are_told_with_where_and_how_they_are(
    compared: GraphComparison,
) -> None:
    found = {str(one.feature): one for one in compared.features}
    assert {name: one.where for name, one in found.items()} == {
        "0/7": "both",
        "2/9": "both",
        "2/3": "only in B",
    }
    seven, nine = found["0/7"], found["2/9"]
    assert seven.a
    assert seven.b
    assert nine.a
    assert nine.b
    assert (seven.a.positions, seven.b.positions) == ((1,), (2,))
    assert (seven.b.influence, seven.b.activation) == (0.25, 8.0)
    assert len(nine.b.nodes) == len(nine.a.nodes) + 1
    assert [str(one.feature) for one in compared.features][-1] == "2/3"


def test_an_unknown_number_is_none_and_comes_last() -> None:
    nodes = [*tracer_nodes(), feature_node(1, 1, 1, influence=None, activation=None)]
    side = made(tracer_graph(nodes), "a")[1]
    found = compare_graphs(side, side).features
    assert str(found[-1].feature) == "1/1"
    assert found[-1].a
    assert found[-1].a.influence is None
    assert found[-1].a.activation is None


# -- labels -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("in_a", "in_b", "match"),
    [
        ("x", "x", "same"),
        ("x", "y", "differs"),
        ("x", "", "only in A"),
        ("", "y", "only in B"),
        ("", "", "none"),
    ],
)
def test_labels_are_held_against_each_other(in_a: str, in_b: str, match: str) -> None:
    sides = []
    for text in (in_a, in_b):
        state, _ = made(tracer_graph(state={}), "g")
        if text:
            say(state, 0, text)
        sides.append(side_of(state, ONE))
    found = compare_graphs(*sides)
    assert found.features[0].label_match == match
    assert found.n_labels[match] >= 1


def test_a_nodes_own_label_makes_a_difference() -> None:
    plain, _ = made(tracer_graph(state={}), "g")
    say(plain, 1, "x")
    own, _ = made(tracer_graph(state={}), "g")
    say(own, 1, "x")
    node = int(own.graphs[ONE].graph.nodes_of(own.features()[1])[0])
    revision = LabelRevision(text="here alone", status="edited")
    show_edit(own, AddRevision(node_subject(ONE, NodeIndex(node)), revision), 2000)
    found = compare_graphs(side_of(plain, ONE), side_of(own, ONE))
    nine = next(one for one in found.features if str(one.feature) == "2/9")
    assert nine.label_match == "differs"
    assert nine.b
    assert nine.b.label == "x | here alone"


def test_what_is_compared_does_not_change_with_the_project() -> None:
    state, _ = made(tracer_graph(state={}), "g")
    say(state, 0, "before")
    kept = still(state)
    say(state, 0, "after")
    show_edit(state, PutSupernode(ONE, 1, Supernode(name="new", members=(2,))), 1)
    side = side_of(kept, ONE)
    assert [revision.text for revision in side.labels.values()] == ["before"]
    assert side.supernodes == ()


# -- prompts ------------------------------------------------------------------------


class Places(NamedTuple):
    a: str
    b: str
    in_b: list[int | None]


@pytest.mark.parametrize(
    "places",
    [
        Places("abc", "abc", [0, 1, 2]),
        Places("abc", "axc", [0, 1, 2]),
        Places("abc", "abxc", [0, 1, 3]),
        Places("abxc", "abc", [0, 1, None, 2]),
        Places("abc", "xyzw", [None, None, None]),
        Places("aaa", "aaaa", [0, 1, 2]),
        Places("aaaa", "aaa", [0, 1, 2, None]),
    ],
)
def test_positions_are_found_in_the_other_prompt(places: Places) -> None:
    prompt = compare_prompts(tuple(places.a), tuple(places.b))
    found = [prompt.position_in_b(at) for at in range(len(places.a))]
    assert found == places.in_b


# -- links --------------------------------------------------------------------------


def test_links_between_shared_features_are_summed(compared: GraphComparison) -> None:
    links = {
        (str(one.source), str(one.target)): one for one in compared.links.strongest()
    }
    one = links["0/7", "2/9"]
    a, b = compared.a.graph, compared.b.graph
    into = a.nodes_of(one.target)
    between = np.isin(a.links.source, a.nodes_of(one.source)) & np.isin(
        a.links.target, into
    )
    assert one.weight_a == pytest.approx(a.links.weight[between].sum())
    assert one.share_a == pytest.approx(
        a.links.weight[between].sum() / a.input_total[into].sum()
    )
    assert one.weight_b == pytest.approx(4.0)
    assert one.share_b == pytest.approx(
        4.0 / b.input_total[b.nodes_of(one.target)].sum()
    )


def test_links_that_differ_most_come_first_and_one_may_be_absent() -> None:
    nodes = [*tracer_nodes(), feature_node(1, 1, 1), feature_node(1, 2, 1)]
    more = [link("0_7_1", "1_1_1", 1.0), link("0_7_1", "1_2_1", -9.0)]
    a = made(tracer_graph(nodes, [*tracer_links(), *more]), "a")[1]
    b = made(tracer_graph(nodes, [*tracer_links(), more[0]]), "b")[1]
    first, *rest = compare_graphs(a, b).links.strongest()
    assert (str(first.target), first.weight_a, first.weight_b) == ("1/2", -9.0, None)
    assert all(one.share_a == one.share_b for one in rest)


# -- supernodes ---------------------------------------------------------------------


def grouped(document: Json, *groups: tuple[str, tuple[int, ...]]) -> Side:
    state, _ = made(document, "g")
    for at, (name, members) in enumerate(groups):
        edit = PutSupernode(ONE, at + 1, Supernode(name=name, members=members))
        show_edit(state, edit, 1)
    return side_of(state, ONE)


def test_supernodes_are_carried_over_by_what_their_members_are() -> None:
    """Nodes 1: token The; 2: 0/7; 3, 4: 2/9 at 1 and 2; 5: error; 6: logit."""
    a = grouped(tracer_graph(state={}), ("one", (1, 2, 3, 5, 6)), ("gone", (5,)))
    b = grouped(later_document() | {"qParams": {}}, ("one", (1,)), ("other", (0,)))
    one, gone, other = compare_graphs(a, b).supernodes
    assert (one.n, one.n_shared) == (4, 4)
    there = {b.graph.nodes.node_id[node] for node in one.nodes}
    assert "2_9_1" in there
    assert "0_7_2" in there
    assert "2_9_0" not in there, "2/9 is there where it was here"
    assert one.twin
    assert one.twin.same_name
    assert one.twin.jaccard == pytest.approx(1 / 4)
    assert (gone.n, gone.nodes, gone.twin) == (0, (), None)
    assert (other.of, other.supernode.name) == ("B", "other")


def test_the_supernode_with_most_in_common_is_the_twin() -> None:
    document = tracer_graph(state={})
    a = grouped(document, ("x", (2, 3)))
    b = grouped(document, ("x", (7,)), ("y", (2, 4)))
    found = compare_graphs(a, b).supernodes
    assert found[0].twin is not None
    assert (found[0].twin.name, found[0].twin.jaccard) == ("y", 1.0)
    assert not found[0].twin.same_name
    assert [one.supernode.name for one in found[1:]] == ["x"]


# -- other models -------------------------------------------------------------------


def test_graphs_of_two_models_share_no_feature() -> None:
    document = tracer_graph()
    other = document | {"metadata": document["metadata"] | {"scan": "another"}}
    found = compare_graphs(made(document, "a")[1], made(other, "b")[1])
    assert not found.same_source
    assert found.n_features["both"] == 0
    assert "no feature of one is in the other" in found.source_text
    assert found.logits
    assert all(one.a == one.b for one in found.logits)
    assert found.prompt.same
    assert found.source_text.split(":")[0] in graph_comparison_text(
        found, most=3
    ).replace("\n", " ")


# -- taking over --------------------------------------------------------------------


def test_labels_of_b_are_proposed_never_over_a_persons() -> None:
    nodes = [*tracer_nodes(), *(feature_node(1, at, 1) for at in range(4))]
    document = tracer_graph(nodes, state={})
    here, _ = made(document, "here")
    there, _ = made(document, "there")
    for at in range(6):
        say(there, at, f"theirs {at}", author="ana")
    say(here, 0, "mine")
    say(here, 1, "machine's", "proposed", method="token_frequency")
    say(here, 2, "a file's", "imported")
    say(here, 3, "theirs 3", "rejected")
    say(here, 4, "theirs 4", "proposed")
    found = compare_graphs(side_of(here, ONE), side_of(there, ONE, "there.gloss"))
    edits = label_edits(here, found.features, origin="there.gloss")
    texts = {
        edit.subject: edit.revision for edit in edits if isinstance(edit, AddRevision)
    }
    features = here.features()
    assert set(texts) == {feature_subject(features[at]) for at in (1, 5)}
    revision = texts[feature_subject(features[5])]
    assert (revision.status, revision.method) == ("proposed", COMPARED)
    assert revision.reason == "accepted by ana in there.gloss"


def test_supernodes_are_made_of_the_nodes_that_are_there(tmp_path: Path) -> None:
    graphs = graph_of(tracer_graph(state={})), graph_of(later_document())
    project = add_graphs(
        tmp_path / "p.gloss", graphs, [tmp_path / "a.json", tmp_path / "b.json"]
    )
    taken = Supernode(name="one", members=(2, 3, 4), colour=3, note="why")
    project.apply("a", [PutSupernode(ONE, 1, taken), SetPins(TWO, (0,))])
    b = graphs[1]
    nine = b.nodes.node_id.index("2_9_1")
    held = Supernode(name="one", members=(nine,))
    project.apply("b", [PutSupernode(TWO, 1, held)])
    before = dict(project.state.supernodes[TWO]), project.state.pins[TWO]
    found = compare_graphs(side_of(project.state, ONE), side_of(project.state, TWO))
    project.apply("carry", supernode_edits(project.state, TWO, found.supernodes))
    carried = project.state.supernodes[TWO][2]
    assert (carried.name, carried.colour, carried.note) == ("one (2)", 3, "why")
    assert nine not in carried.members
    assert carried.members
    assert project.state.supernodes[TWO][1] == held
    assert project.state.pins[TWO] == (0, *carried.members)
    project.undo()
    assert (dict(project.state.supernodes[TWO]), project.state.pins[TWO]) == before
    project.close()


# -- files and the command ----------------------------------------------------------


def test_the_exports_hold_all_of_it(compared: GraphComparison, tmp_path: Path) -> None:
    paths = write_graph_comparison_csv(compared, tmp_path / "made" / "here")
    tables = {}
    for path in paths:
        with path.open(encoding="utf-8-sig", newline="") as file:
            tables[path.stem] = list(csv.DictReader(file))
    write_graph_comparison_json(compared, tmp_path / "c.json")
    document = json.loads((tmp_path / "c.json").read_bytes())
    for name, rows in tables.items():
        assert len(rows) == len(document[name]), name
    assert len(tables["links"]) == len(compared.links)
    features = {(row["layer"], row["index"]): row for row in tables["features"]}
    assert features["2", "3"]["found"] == "only in B"
    assert features["2", "3"]["influence_a"] == ""
    assert features["0", "7"]["nodes_b"] == "0_7_2"
    assert document["tokens_b"] == list(LATER)
    assert [one["token"] for one in document["logits"]] == [" Austin", " Dallas"]


def write(folder: Path, name: str, document: Json) -> Path:
    path = folder / name
    path.write_bytes(as_bytes(document))
    return path


def test_the_command_compares_files_and_the_graphs_of_a_project(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a = write(tmp_path, "a.json", tracer_graph())
    b = write(tmp_path, "b.json", later_document())
    assert main(["compare-graphs", str(a), str(b), "--json", str(tmp_path / "c")]) == 0
    printed = capsys.readouterr().out
    assert "Features: 2 in both, 0 only in A, 1 only in B." in printed
    assert (tmp_path / "c").is_file()

    project = tmp_path / "p.gloss"
    graphs = [graph_of(tracer_graph()), graph_of(later_document())]
    add_graphs(project, graphs, [a, b]).close()
    assert main(["compare-graphs", str(project)]) == 0
    assert f"({project.name})" in capsys.readouterr().out
    assert main(["compare-graphs", str(project), str(b), "--graph", "later"]) == 0
    assert "1 token" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["one.gloss"], "it holds 1 graph(s)"),
        (["two.gloss", "--graph", "later"], "name both graphs"),
        (["two.gloss", "--graph", "later", "--graph", "none"], "no graph 'none'"),
        (["two.gloss", "one.gloss"], "name one with --graph"),
        (["one.gloss", "absent.json"], "No such file"),
        (["one.gloss", "one.gloss", "--most", "-1"], "no number of rows"),
    ],
)
def test_the_command_says_what_is_missing(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    a, b = graph_of(tracer_graph()), graph_of(later_document())
    add_graphs(Path("one.gloss"), [a], [Path("a.json")]).close()
    add_graphs(Path("two.gloss"), [a, b], [Path("a.json"), Path("b.json")]).close()
    assert main(["compare-graphs", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_two_states_of_one_project(tmp_path: Path) -> None:
    project = add_graphs(
        tmp_path / "p.gloss", [graph_of(tracer_graph(state={}))], [Path("a.json")]
    )
    project.save_copy(tmp_path / "then.gloss")
    subject = feature_subject(project.state.features()[0])
    revision = LabelRevision(text="since", status="accepted", author="ana")
    project.apply("a", [AddRevision(subject, revision)])
    project.close()
    (now,), (then,) = sides_in(tmp_path / "p.gloss"), sides_in(tmp_path / "then.gloss")
    found = compare_graphs(then, now)
    assert found.n_labels == {"only in B": 1, "none": 1}
    assert Project(tmp_path / "p.gloss", read_only=True).verify() == []
