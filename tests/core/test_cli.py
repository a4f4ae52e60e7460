"""The command, through its real ``main()``."""

import json
import os
import platform
import random
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import networkx as nx
import pytest

from glossator.cli import main
from glossator.commands.window import display_available
from glossator.export.targets import TARGETS
from glossator.graph.graph_file import read_graph
from glossator.project.edits import SetNote, SetPins
from glossator.project.open_files import add_graphs
from glossator.project.project import Project
from glossator.project.reviewing.review import accept_edits
from glossator.project.revision import GraphId, Subject
from glossator.project.verbalizations import verbalization_edits
from glossator.verbalize.verbalization import Verbalization
from tests.core.graph_documents import (
    Json,
    as_bytes,
    batch_feature,
    dashboard_batch,
    error_node,
    feature_json,
    feature_node,
    graph_of,
    neuron_row,
    tracer_graph,
)

WORDS = (
    "river stone lamp paper cloud engine violin harbour pepper window candle meadow "
    "ladder button rocket garden pencil anchor basket feather mirror"
)


class Output(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Output]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command; what it printed and its exit code."""

    def run(*arguments: str | Path) -> Output:
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as left:
            code = int(left.code or 0)
        printed = capsys.readouterr()
        return Output(code, printed.out, printed.err)

    return run


def is_refusal(output: Output) -> bool:
    """Exit code 2, nothing on stdout, one line on stderr that names the program."""
    assert output.code == 2, output
    assert output.out == ""
    assert output.err.endswith("\n"), output.err
    assert len(output.err.splitlines()) == 1, output.err
    return output.err.startswith("glossator")


def write(path: Path, document: object) -> Path:
    path.write_bytes(as_bytes(document))
    return path


STATE = {"pinnedIds": ["0_7_1", "2_9_2"], "supernodes": [["A", "0_7_1"]]}


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    return write(tmp_path / "capital.json", tracer_graph(state=STATE))


def make_project(folder: Path, *slugs: str) -> Path:
    """A project of graphs with a note, a label, other pins, and a verbalization."""
    graphs = [graph_of(tracer_graph(slug=slug, state=STATE)) for slug in slugs]
    paths = [folder / f"{n}.json" for n in range(len(slugs))]
    project = add_graphs(folder / "work.gloss", graphs, paths)
    seven = project.state.features()[0]
    project.apply("accept", accept_edits(project.state, seven, "cities ☃", "ann"))
    project.apply("note", [SetNote(Subject("f:2:9"), "look")])
    project.apply("pins", [SetPins(GraphId(1), ())])
    said = Verbalization(text="Cities. " * 30, about="feature", origin="verbalizer")
    project.apply("say", verbalization_edits(project.state, [(seven, said)]))
    project.close()
    return project.path


# -- info ------------------------------------------------------------------------------


def test_info_of_a_graph(run: Run, graph: Path) -> None:
    output = run("info", graph)
    assert (output.code, output.err) == (0, "")
    lines = output.out.splitlines()
    assert lines[0] == "kind attribution graph"
    for line in (
        "slug capital",
        "model gemma-2-2b",
        "source clt-gemma-2-2b-2.5M",
        "tokens 3",
        "nodes 8",
        "links 6",
        "supernodes 1",
        "pinned nodes 2",
        "feature nodes 3",
        "error nodes 1",
        "logits 2",
        "features 2",
        "labelled features 0",
        "labelled nodes 0",
        "left to a person 2",
    ):
        assert line in lines


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("haiku/rabbit-poem.json", (134, 940, 16)),
        ("gemma-clt/bird-clt-hp.json", (600, 7382, 0)),
    ],
)
def test_info_of_a_real_graph(
    run: Run, shared: Path, name: str, counts: tuple[int, int, int]
) -> None:
    lines = run("info", shared / "graphs" / name).out.splitlines()
    for what, n in zip(("nodes", "links", "supernodes"), counts, strict=True):
        assert f"{what} {n}" in lines


def test_info_as_json(run: Run, graph: Path) -> None:
    found = json.loads(run("info", graph, "--json").out)
    assert (found["kind"], found["file"]) == ("attribution graph", str(graph))
    assert (found["nodes"], found["links"], found["supernodes"]) == (8, 6, 1)
    assert found["warnings"] == []


def test_info_tells_warnings(run: Run, tmp_path: Path) -> None:
    document = tracer_graph()
    document["links"].append({"source": "9_9_9", "target": "4_5_2", "weight": 1.0})
    lines = run("info", write(tmp_path / "g.json", document)).out.splitlines()
    assert any(line.startswith("warning: links[6].source: no node") for line in lines)


def test_info_of_a_project(run: Run, tmp_path: Path) -> None:
    path = make_project(tmp_path, "one", "two")
    output = run("info", path)
    assert output.code == 0
    lines = output.out.splitlines()
    assert [line for line in lines if line.strip().startswith("slug")] == [
        "  slug one",
        "  slug two",
    ]
    assert lines.count("  nodes 8") == 2
    assert "accepted 1" in lines
    assert "proposed 0" in lines
    assert "scored 0" in lines
    found = json.loads(run("info", path, "--json").out)
    assert found["kind"] == "project"
    assert [each["labelled features"] for each in found["graphs"]] == [1, 1]
    assert [each["pinned nodes"] for each in found["graphs"]] == [0, 2]
    assert found["features"] == 2


@pytest.mark.parametrize(
    ("document", "kind", "n"),
    [
        (dashboard_batch(batch_feature(0), batch_feature(5)), "SAEDashboard", 2),
        ([neuron_row(0, 1), neuron_row(0, 2), neuron_row(1, 1)], "Neuronpedia", 3),
        (feature_json(), "feature folder", None),
    ],
    ids=["dashboard", "neuronpedia", "feature"],
)
def test_info_of_evidence(
    run: Run, tmp_path: Path, document: Json, kind: str, n: int | None
) -> None:
    path = write(tmp_path / "8.json", document)
    for place in (path, tmp_path):
        output = run("info", place, "--json")
        assert output.code == 0, output.err
        found = json.loads(output.out)
        assert found["kind"] == "evidence"
        assert kind in found["source"]
        assert found.get("features") == n


def test_info_stays_one_fact_a_line(run: Run, tmp_path: Path) -> None:
    """A name from a file is neither a second line nor an order to the terminal."""
    document = tracer_graph(slug="a\nnodes 999\x1b[2J\u202e", scan="m\r\u2028x")
    output = run("info", write(tmp_path / "g.json", document))
    assert "nodes 999" not in output.out.splitlines()
    assert all(c.isprintable() or c == "\n" for c in output.out)
    assert "nodes 8" in output.out.splitlines()


# -- export ----------------------------------------------------------------------------


def captions(path: Path) -> list[str]:
    nodes = json.loads(path.read_bytes())["nodes"]
    return [node["clerp"] for node in nodes if node["layer"] in ("0", "2")]


def test_export_of_a_graph_is_equal(run: Run, graph: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    output = run("export", graph, "--to", "graph-json", "--out", out)
    assert output == (0, f"wrote {out}\n", "")
    assert json.loads(out.read_bytes()) == json.loads(graph.read_bytes())


def test_export_of_a_project_with_one_graph(run: Run, tmp_path: Path) -> None:
    path = make_project(tmp_path, "one")
    out = tmp_path / "new folder" / "out.json"
    output = run("export", path, "--to", "graph-json", "--out", out)
    assert output == (0, f"wrote {out}\n", "")
    assert captions(out) == ["cities ☃", "", ""]
    assert json.loads(out.read_bytes())["qParams"]["pinnedIds"] == []


def test_export_of_a_project_with_several_graphs(run: Run, tmp_path: Path) -> None:
    path = make_project(tmp_path, "one", "two")
    out = tmp_path / "out"
    output = run("export", path, "--to", "graph-json", "--out", out)
    assert output == (0, f"wrote {out / 'one.json'}\nwrote {out / 'two.json'}\n", "")
    assert captions(out / "one.json") == captions(out / "two.json")
    one = tmp_path / "single.json"
    chosen = ("--graph", "two", "--out", one)
    assert run("export", path, "--to", "graph-json", *chosen).code == 0
    assert one.read_bytes() == (out / "two.json").read_bytes()
    chosen = ("--graph", "three", "--out", one)
    output = run("export", path, "--to", "graph-json", *chosen)
    assert is_refusal(output)
    assert "no graph 'three'; the project holds one, two" in output.err


def test_export_of_graphs_of_the_same_name(run: Run, tmp_path: Path) -> None:
    graphs = [graph_of(tracer_graph(slug="same", n=n)) for n in range(3)]
    paths = [tmp_path / f"{n}.json" for n in range(3)]
    path = tmp_path / "work.gloss"
    add_graphs(path, graphs, paths).close()
    out = tmp_path / "out"
    assert run("export", path, "--to", "graph-json", "--out", out).code == 0
    assert len(list(out.iterdir())) == 3, "none is written over another"


@pytest.mark.parametrize(
    "slug", ["../../escaped", "/escaped", "..", "a/b", "nul\0", ""]
)
def test_a_slug_is_no_path(run: Run, tmp_path: Path, slug: str) -> None:
    """A file decides over its own name, never over where it is written."""
    home = tmp_path / "a" / "b" / "c"
    home.mkdir(parents=True)
    path = make_project(home, slug, "plain")
    out = home / "out"
    output = run("export", path, "--to", "graph-json", "--out", out)
    assert output.code == 0, output.err
    written = list(tmp_path.rglob("*.json"))
    assert len(written) == 2
    assert all(found.parent == out for found in written)


@pytest.mark.parametrize(
    "out", ["out.json/x", "folder"], ids=["below a file", "a folder"]
)
def test_export_that_cannot_be_written(
    run: Run, tmp_path: Path, graph: Path, out: str
) -> None:
    (tmp_path / "out.json").write_text("old")
    (tmp_path / "folder").mkdir()
    path = make_project(tmp_path / "folder", "one")
    for source in (graph, path):
        output = run("export", source, "--to", "graph-json", "--out", tmp_path / out)
        assert is_refusal(output)
        assert str(tmp_path / out) in output.err
    assert (tmp_path / "out.json").read_text() == "old"


def test_several_graphs_need_a_folder(run: Run, tmp_path: Path) -> None:
    path = make_project(tmp_path, "one", "two")
    (tmp_path / "file").write_text("old")
    output = run("export", path, "--to", "graph-json", "--out", tmp_path / "file")
    assert is_refusal(output)
    assert (tmp_path / "file").read_text() == "old"


# -- verify ----------------------------------------------------------------------------


def test_verify(run: Run, tmp_path: Path) -> None:
    path = make_project(tmp_path, "one")
    assert run("verify", path) == (0, f"{path}: no problem found\n", "")
    with closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE step_edit SET edit = '{}' WHERE step = 2")
        other.execute("UPDATE graph SET sha256 = 'other'")
        other.commit()
    output = run("verify", path)
    assert (output.code, output.out) == (1, "")
    lines = output.err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith(f"glossator: {path}: ") for line in lines)
    assert "graph 1 (one) is not the one that was added" in lines[0]
    assert "step 2, edit 0: " in lines[1]


def test_verify_of_what_is_no_project(run: Run, tmp_path: Path, graph: Path) -> None:
    assert is_refusal(run("verify", graph))
    assert is_refusal(run("verify", tmp_path / "none.gloss"))
    path = make_project(tmp_path, "one")
    os.truncate(path, 4096)
    assert is_refusal(run("verify", path))


# -- label -----------------------------------------------------------------------------


@pytest.fixture
def gpt2(tmp_path: Path) -> Path:
    nodes = [feature_node(0, index, 1) for index in range(3)]
    document = tracer_graph(
        nodes,
        [],
        slug="gpt2",
        scan="gpt2-small",
        feature_details={"neuronpedia_source_set": "res-jb"},
    )
    return write(tmp_path / "gpt2.json", document)


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    """Evidence of a word's feature, and of one that never fires; of the third none."""
    rng = random.Random(3)
    words = [f" {word}" for word in WORDS.split()]
    word = [
        (
            [
                *rng.choices(words, k=8),
                " bit",
                " of",
                " Paris",
                *rng.choices(words, k=8),
            ],
            [0.0] * 10 + [2.0] + [0.0] * 8,
        )
        for _ in range(20)
    ]
    silent = [([" a", " b"], [0.0, 0.0])]
    document = dashboard_batch(batch_feature(0, word), batch_feature(1, silent))
    return write(tmp_path / "batch.json", document)


@pytest.mark.model
def test_label_then_continue(run: Run, gpt2: Path, batch: Path, tmp_path: Path) -> None:
    out = tmp_path / "work.gloss"
    # No null is shipped for a window of that length: cross then counts for nothing.
    chosen = ("--cross-window", "-7,7")
    output = run("label", gpt2, "--evidence", batch, "--out", out, *chosen)
    assert output.code == 0, output.err
    lines = output.out.splitlines()
    assert lines[0].split() == ["layer", "input", "insufficient", "no", "evidence"]
    assert lines[1].split() == ["0", "1", "1", "1"]
    assert lines[2].split() == ["all", "1", "1", "1"]
    assert lines[3].startswith("1 feature is called input, output or cross")
    assert lines[4].startswith("3 features on ")
    assert "calibrated routing; 1 labels proposed" in lines[4]
    assert lines[5] == f"wrote {out}"
    project = Project(out)
    assert project.state.label(project.state.features()[0]) == "bit of paris"
    assert project.steps().undo == "run protocol"
    assert project.undo() == "run protocol"
    assert project.steps() == ("", "run protocol")
    project.close()
    again = run(
        "label", gpt2, "--evidence", batch, "--out", out, "--routing", "literal",
        "--raw", "-0.5", "--n-examples", "5", "--input-window", "-1,0",
    )  # fmt: skip
    assert "literal routing" in again.out
    assert run("verify", out).code == 0
    info = json.loads(run("info", out, "--json").out)
    assert (info["scored"], info["evidence"]) == (3, [str(batch)])


@pytest.mark.model
def test_label_of_a_graph_without_features(
    run: Run, batch: Path, tmp_path: Path
) -> None:
    path = write(tmp_path / "bare.json", tracer_graph([error_node(0, 1)], []))
    out = tmp_path / "work.gloss"
    output = run("label", path, "--evidence", batch, "--out", out)
    assert output.code == 0, output.err
    assert "0 features" in output.out
    assert run("verify", out).code == 0, "the project is there"


@pytest.mark.parametrize(
    "bad",
    [
        ["--evidence", "{tmp}/none", "--out", "{tmp}/new.gloss"],
        ["--evidence", "{graph}", "--out", "{tmp}/new.gloss"],
        ["--evidence", "{batch}", "--out", "{tmp}/new.gloss", "--n-examples", "2"],
        ["--evidence", "{batch}", "--out", "{tmp}/new.gloss", "--input-window", "3,1"],
        ["--evidence", "{batch}", "--out", "{tmp}/new.gloss", "--input-window", "x"],
        ["--evidence", "{batch}", "--out", "{tmp}/new.gloss", "--raw", "nan"],
        ["--evidence", "{batch}", "--out", "{tmp}/new.gloss", "--z", "much"],
        ["--evidence", "{batch}", "--out", "{tmp}/new.gloss", "--embedder", "/none"],
        ["--evidence", "{batch}", "--out", "{graph}"],
        ["--evidence", "{batch}"],
        ["--out", "{tmp}/new.gloss"],
    ],
)
def test_label_refuses(
    run: Run, gpt2: Path, batch: Path, tmp_path: Path, bad: list[str]
) -> None:
    places = {"tmp": tmp_path, "graph": gpt2, "batch": batch}
    content = gpt2.read_bytes()
    arguments = [part.format(**places) for part in bad]
    output = run("label", gpt2, *arguments)
    if "--embedder" not in bad:
        assert is_refusal(output)
    assert output.code == 2
    assert "glossator" in output.err.splitlines()[-1]
    assert gpt2.read_bytes() == content
    assert not (tmp_path / "new.gloss").exists(), "nothing is left of a failed start"


def test_label_keeps_a_project_that_was_there(
    run: Run, gpt2: Path, batch: Path, tmp_path: Path
) -> None:
    one = write(tmp_path / "one.json", tracer_graph(slug="one", state=STATE))
    fresh = tmp_path / "fresh.gloss"
    add_graphs(fresh, [read_graph(one)], [one]).close()
    none = tmp_path / "none"
    assert is_refusal(run("label", one, "--evidence", none, "--out", fresh))
    assert fresh.exists(), "though it has no history yet"
    out = make_project(tmp_path, "one")
    before = out.read_bytes()
    assert is_refusal(run("label", gpt2, "--evidence", batch, "--out", out))
    assert out.read_bytes() == before
    assert is_refusal(run("label", one, "--evidence", none, "--out", out))
    assert out.exists()
    assert run("verify", out).code == 0


# -- open ------------------------------------------------------------------------------


def test_open_without_a_display(
    run: Run, graph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    output = run("open", graph)
    assert is_refusal(output)
    assert "no display" in output.err


@pytest.mark.parametrize(
    ("system", "environment", "expected"),
    [
        ("Linux", {}, False),
        ("Linux", {"DISPLAY": ":0"}, True),
        ("Linux", {"DISPLAY": ""}, False),
        ("Linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("Linux", {"DISPLAY": ":0", "QT_QPA_PLATFORM": "offscreen"}, False),
        ("Linux", {"DISPLAY": ":0", "QT_QPA_PLATFORM": "minimal:enable_fonts"}, False),
        ("Linux", {"DISPLAY": ":0", "QT_QPA_PLATFORM": "xcb"}, True),
        ("Linux", {"QT_QPA_PLATFORM": "xcb"}, False),
        ("Darwin", {}, True),
        ("Windows", {}, True),
        ("Darwin", {"QT_QPA_PLATFORM": "offscreen"}, False),
    ],
)
def test_displays(
    monkeypatch: pytest.MonkeyPatch,
    system: str,
    environment: dict[str, str],
    expected: bool,
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(platform, "system", lambda: system)
    assert display_available() is expected


# -- to and from elsewhere -------------------------------------------------------------


def test_an_export_does_not_replace_what_it_is_made_of(run: Run, graph: Path) -> None:
    before = graph.read_bytes()
    output = run("export", graph, "--to", "csv", "--out", graph)
    assert is_refusal(output)
    assert "would replace the graph itself" in output.err
    assert graph.read_bytes() == before


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_from_a_project(run: Run, tmp_path: Path, name: str) -> None:
    project = make_project(tmp_path, "one")
    out = tmp_path / f"one{TARGETS[name].suffix}"
    output = run("export", project, "--to", name, "--out", out)
    assert (output.code, output.err) == (0, "")
    assert output.out.splitlines()[0] == f"wrote {out}"
    assert out.stat().st_size > 200


def test_all_graphs_of_a_project_into_a_folder(run: Run, tmp_path: Path) -> None:
    project = make_project(tmp_path, "one", "two")
    output = run("export", project, "--to", "svg", "--out", tmp_path / "figures")
    assert output.code == 0
    names = {path.name for path in (tmp_path / "figures").iterdir()}
    assert names == {"one.svg", "two.svg"}


def test_the_graph_of_the_supernodes(run: Run, graph: Path, tmp_path: Path) -> None:
    sizes = {}
    for drawn in ("links", "supernodes"):
        out = tmp_path / f"{drawn}.graphml"
        options = ["--to", "graphml", "--drawn", drawn, "--out", out]
        assert run("export", graph, *options).code == 0
        sizes[drawn] = len(nx.read_graphml(out))
    assert sizes == {"links": 8, "supernodes": 2}


def test_labels_from_a_table(run: Run, tmp_path: Path) -> None:
    project = make_project(tmp_path, "one")
    table = tmp_path / "labels.csv"
    table.write_text("layer,index,label\n2,9,plural nouns\n0,7,towns\n5,5,none\n")
    output = run("import", project, table)
    assert (output.code, output.err) == (0, "")
    assert output.out.splitlines()[0].startswith("1 label(s), 0 note(s)")
    assert "5/5" in output.out
    reopened = Project(project, read_only=True)
    labels = [reopened.state.label(f) for f in reopened.state.features()]
    reopened.close()
    assert labels == ["cities ☃", "plural nouns"], "a person's label stays"


def test_a_bad_table_changes_nothing(run: Run, tmp_path: Path) -> None:
    project = make_project(tmp_path, "one")
    before = project.read_bytes()
    table = tmp_path / "labels.csv"
    table.write_text("layer,index,label\n2,9,plural nouns\n2,nine,towns\n")
    output = run("import", project, table)
    assert is_refusal(output)
    for part in ("labels.csv", "row 3", "index", "nine"):
        assert part in output.err
    assert project.read_bytes() == before


# -- mistakes and help -----------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dance"],
        ["info"],
        ["info", "{tmp}/none.json"],
        ["info", "{tmp}/none.gloss"],
        ["info", "{tmp}"],
        ["info", "{graph}", "--colour"],
        ["info", "{text}"],
        ["info", "{other}"],
        ["export", "{graph}", "--to", "tiff", "--out", "x"],
        ["export", "{graph}", "--out", "x"],
        ["export", "{graph}", "--to", "graph-json"],
        ["export", "{tmp}/none.gloss", "--to", "graph-json", "--out", "x"],
        ["export", "{tmp}", "--to", "graph-json", "--out", "x"],
        ["import", "{tmp}/none.gloss", "{graph}"],
        ["import", "{graph}", "{graph}"],
        ["import", "{graph}"],
        ["verify", "{tmp}/none.gloss"],
        ["verify", "{tmp}"],
        ["open"],
        ["label", "{tmp}/none.json", "--evidence", "{tmp}", "--out", "x"],
        ["label", "{text}", "--evidence", "{tmp}", "--out", "x"],
    ],
)
def test_a_mistake_is_one_line(
    run: Run, graph: Path, tmp_path: Path, arguments: list[str]
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    text = folder / "two\nlines.txt"
    text.write_text("no JSON\nat all")
    other = write(folder / "other.json", {"nodes": "a\nb", "links": []})
    places = {"graph": graph, "tmp": folder, "text": text, "other": other}
    assert is_refusal(run(*(part.format(**places) for part in arguments)))


OPTIONS = {
    "demo": ["--headless", "--out DIR"],
    "open": ["FILE"],
    "label": [
        "GRAPH",
        "--evidence PATH",
        "--out PLACE",
        "--routing {calibrated,literal}",
        "--z Z",
        "--raw RAW",
        "--n-examples N",
        "--input-window L,R",
        "--output-window L,R",
        "--cross-window L,R",
        "--embedder MODEL",
        "--seed SEED",
        "--tier1 METHOD",
        "--tier2 METHOD",
        "--tier3 METHOD",
        "--llm MODEL",
        "--llm-model NAME",
        "--frontier MODEL",
        "--frontier-model NAME",
        "--all-examples",
        "--budget-dollars N",
        "--budget-tokens N",
        "--prompt-price N",
        "--answer-price N",
        "--at-once N",
        "--patience SECONDS",
        "--plan",
        "--yes",
    ],
    "fetch": ["PROJECT_OR_GRAPH", "--plan", "--service N", "--out FILE"],
    "collect": [
        "PROJECT_OR_GRAPH",
        "--model NAME",
        "--replacement NAME",
        "--texts PATH",
        "--field FIELD",
        "--out DIR",
        "--viewer-files DIR",
        "--n-top N",
        "--n-quantile N",
        "--n-inactive N",
        "--context N",
        "--context-length N",
        "--max-tokens N",
        "--batch-tokens N",
        "--seed N",
        "--bos TOKEN",
        "--reads HOOK",
        "--device",
        "--dtype",
    ],
    "verbalize": [
        "PROJECT",
        "--verbalizer NAME",
        "--reconstructor NAME",
        "--model NAME",
        "--replacement NAME",
        "--features WHICH",
        "--examples N",
        "--elsewhere",
        "--samples N",
        "--temperature T",
        "--device",
        "--dtype",
        "NLA_SERVER_SECRET",
    ],
    "export": [
        "PROJECT_OR_GRAPH",
        *TARGETS,
        "--out FILE",
        "--graph SLUG",
        "--drawn {links,supernodes}",
        "--transparent",
    ],
    "import": ["PROJECT", "SOURCE", "--explanations"],
    "library": ["list", "export", "import", "forget", "on", "off", "verify", "path"],
    "quality": ["PROJECT", "--json"],
    "tiers": ["PROJECT", "--graph SLUG"],
    "tune": ["PROJECT", "--json", "--price-in", "--price-out"],
    "compare-methods": [
        "FILE",
        "--evidence PATH",
        "--out PROJECT",
        "--methods A,B",
        "--scorers A,B",
        "--features N",
        "--tiers A,B",
        "--seed S",
        "--mode {repaired,as-in-source,both}",
        "--no-baselines",
        "--llm MODEL",
        "--scorer-llm MODEL",
        "--budget-dollars N",
        "--budget-tokens N",
        "--plan",
        "--yes",
        "--csv FILE",
        "--report FILE",
    ],
    "compare-graphs": ["A", "B", "--graph SLUG", "--csv FOLDER", "--json FILE"],
    "calls": ["PROJECT", "--csv FILE"],
    "info": ["FILE", "--json"],
    "verify": ["PROJECT"],
}


def test_every_command_has_its_help(run: Run) -> None:
    output = run("--help")
    assert output.code == 0
    # A later run of the pattern would be an example of the epilog.
    listed = re.findall(r"^    ([a-z-]+)  +\S", output.out, re.MULTILINE)
    assert listed == list(OPTIONS)
    assert "exit codes" in output.out
    assert ".gloss" in output.out


@pytest.mark.parametrize("command", OPTIONS)
def test_help_tells_the_options(run: Run, command: str) -> None:
    output = run(command, "--help")
    assert (output.code, output.err) == (0, "")
    for option in OPTIONS[command]:
        assert option in output.out


def test_version(run: Run) -> None:
    output = run("--version")
    assert output.code == 0
    assert output.out.startswith("glossator ")


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_a_terminal_that_knows_few_characters(tmp_path: Path, encoding: str) -> None:
    """What it cannot show is escaped: never a traceback."""
    document = tracer_graph(slug="s☃", scan="half \ud83d")
    path = write(tmp_path / "g.json", document)
    done = subprocess.run(
        [sys.executable, "-m", "glossator.cli", "info", str(path)],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        check=False,
    )
    assert done.stderr == b""
    assert done.returncode == 0
    assert b"nodes 8" in done.stdout.splitlines()


def test_the_command_is_installed(graph: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("glossator"), "info", graph],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "nodes 8" in done.stdout.splitlines()
