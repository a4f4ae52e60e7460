"""Explanations of Neuronpedia as proposals, with their method and model."""

import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from glossator.cli import main
from glossator.errors import Cancelled, EvidenceError, InputError
from glossator.evidence.evidence_store import EvidenceStore
from glossator.evidence.feature_service import Record
from glossator.graph.attribution_graph import FeatureKey
from glossator.graph.graph_file import read_graph
from glossator.progress import CancelToken, drive
from glossator.project.importing.explanations import (
    find_explanations,
    in_order,
    plan_explanations,
    plan_own_explanations,
)
from glossator.project.importing.found_labels import FoundLabels
from glossator.project.importing.label_import import import_edits, import_report
from glossator.project.importing.label_sources import read_labels
from glossator.project.open_files import add_evidence_path, add_graphs
from glossator.project.project import Project
from glossator.project.reviewing.review import accept_edits, reject_edits
from glossator.project.revision import LabelRevision, feature_subject
from tests.core.graph_documents import (
    Json,
    as_bytes,
    graph_of,
    neuron_row,
    tracer_graph,
)

SEVEN = FeatureKey("gemma-2-2b", "clt-hp", 0, 7)
NINE = FeatureKey("gemma-2-2b", "clt-hp", 2, 9)
EARLY, LATE = "clkht01d40000jv08hvalcvly", "clsxqq2xd0000vvp2k5itlhqj"
"""Ids that Neuronpedia's database gave in July 2023 and in February 2024."""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    named = tracer_graph(feature_details={"neuronpedia_source_set": "clt-hp"})
    made = add_graphs(tmp_path / "work.gloss", [graph_of(named)], [tmp_path / "g.json"])
    yield made
    made.close()


def line(
    feature: FeatureKey, text: str, method: str | None = "np_max-act", **more: object
) -> Json:
    """As the exporter writes it."""
    return {
        "id": LATE,
        "modelId": feature.model,
        "layer": f"{feature.layer}-{feature.source_set}",
        "index": str(feature.index),
        "authorId": "clkht01d40000jv08hvalcvly",
        "description": text,
        "embedding": "[0.5,0.25]",
        "typeName": method,
        "explanationModelName": "gpt-4o-mini",
        "umap_x": 0.5,
    } | more


def write_lines(path: Path, lines: Sequence[Json]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(one) + "\n" for one in lines).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def found_in(source: Path, project: Project) -> FoundLabels:
    plan = plan_explanations(source, project.state)
    assert plan is not None
    return drive(find_explanations(plan, CancelToken()), lambda progress: None)


def take(source: Path, project: Project) -> FoundLabels:
    """Import, and see that a second time changes nothing."""
    found = found_in(source, project)
    project.apply("import", import_edits(project.state, found))
    assert import_edits(project.state, found_in(source, project)) == []
    return found


def last(project: Project, feature: FeatureKey) -> LabelRevision:
    revision = project.state.last_revision(feature_subject(feature))
    assert revision is not None
    return revision


# -- the export -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["batch-0.jsonl", "batch-0.jsonl.gz", "mine.jsonl"])
def test_a_file_of_the_export(project: Project, tmp_path: Path, name: str) -> None:
    other = FeatureKey("gemma-2-2b", "clt-hp", 0, 5)
    lines = [line(other, "x"), line(SEVEN, " cities of Texas\n"), line(NINE, "  ")]
    found = take(write_lines(tmp_path / name, lines), project)
    seven = last(project, SEVEN)
    assert (seven.text, seven.status) == ("cities of Texas", "proposed")
    assert (seven.method, seven.model) == ("np_max-act", "gpt-4o-mini")
    assert (seven.author, seven.reason) == ("", f"found in {name}")
    assert seven.at == "2024-02-22T21:33:42.097+00:00"
    assert project.state.label(NINE) == "", "it says nothing"
    assert not found.problems
    assert project.steps().undo == "import"
    project.undo()
    assert project.state.label(SEVEN) == ""


@pytest.mark.parametrize(
    "place", ["v1", "v1/gemma-2-2b", "v1/gemma-2-2b/0-clt-hp", "explanations"]
)
def test_a_folder_of_the_export(project: Project, tmp_path: Path, place: str) -> None:
    source = tmp_path / "v1" / "gemma-2-2b"
    lines = [line(SEVEN, "cities")]
    write_lines(source / "0-clt-hp" / "explanations" / "batch-3.jsonl.gz", lines)
    write_lines(source / "0-clt-hp" / "activations" / "batch-0.jsonl.gz", [{"a": 1}])
    broken = source / "9-clt-hp" / "explanations" / "batch-0.jsonl.gz"
    write_lines(broken, [line(FeatureKey("gemma-2-2b", "clt-hp", 9, 7), "no")])
    broken.write_bytes(broken.read_bytes()[:-20])
    named = tmp_path / place
    if place == "explanations":
        named = source / "0-clt-hp" / place
    take(named, project)
    assert project.state.label(SEVEN) == "cities"
    below = "explanations/batch-3.jsonl.gz"
    assert last(project, SEVEN).reason.endswith(below)
    assert last(project, SEVEN).reason.startswith(f"found in {named.name}/")


def test_the_same_index_of_another_layer_or_model(
    project: Project, tmp_path: Path
) -> None:
    lines = [
        line(FeatureKey("gemma-2-2b", "clt-hp", 1, 7), "layer"),
        line(FeatureKey("gemma-2-9b", "clt-hp", 0, 7), "model"),
        line(FeatureKey("gemma-2-2b", "res-16k", 0, 7), "set"),
    ]
    found = take(write_lines(tmp_path / "batch-0.jsonl", lines), project)
    assert found.explanations == ()
    assert found.problems == ("batch-0.jsonl explains no feature of the project.",)


def test_features_that_the_graph_names_otherwise(tmp_path: Path) -> None:
    project = add_graphs(
        tmp_path / "work.gloss", [graph_of(tracer_graph())], [tmp_path / "g.json"]
    )
    own = project.state.features()[0]
    assert own.source_set == "clt-gemma-2-2b-2.5M"
    take(write_lines(tmp_path / "batch-0.jsonl", [line(SEVEN, "cities")]), project)
    assert project.state.label(own) == "cities"
    project.close()


def test_a_damaged_file_is_named_and_nothing_of_it_is_used(
    project: Project, tmp_path: Path
) -> None:
    bad = line(NINE, "x") | {"description": 7}
    path = write_lines(tmp_path / "batch-0.jsonl", [line(SEVEN, "cities"), bad])
    with pytest.raises(EvidenceError) as error:
        found_in(path, project)
    assert str(error.value).startswith(f"{path}, line 2: description: expected `str")
    cut = write_lines(tmp_path / "batch-1.jsonl.gz", [line(SEVEN, "cities")] * 99)
    cut.write_bytes(cut.read_bytes()[:-9])
    with pytest.raises(EvidenceError, match="damaged or cut off"):
        found_in(cut, project)


def test_reading_may_be_stopped(project: Project, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "batch-0.jsonl", [line(SEVEN, "cities")])
    plan = plan_explanations(path, project.state)
    assert plan is not None
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        drive(find_explanations(plan, token), lambda progress: None)


@pytest.mark.parametrize(
    "name", ["labels.csv", "labels.jsonl", "graph.json", "none.jsonl.gz", "a\0b"]
)
def test_other_sources_are_left_to_others(
    project: Project, tmp_path: Path, name: str
) -> None:
    (tmp_path / "labels.csv").write_text("layer,index,label\n0,7,a\n")
    (tmp_path / "labels.jsonl").write_text('{"layer": 0, "index": 7, "label": "a"}\n')
    (tmp_path / "graph.json").write_bytes(as_bytes(tracer_graph()))
    assert plan_explanations(tmp_path / name, project.state) is None
    assert plan_explanations("https://www.neuronpedia.org/x", project.state) is None


# -- which of several -----------------------------------------------------------------


def test_methods_that_neuronpedia_prefers_go_first_then_the_newest(
    project: Project, tmp_path: Path
) -> None:
    lines = [
        line(SEVEN, "an old one", "oai_token-act-pair", id=EARLY),
        line(SEVEN, "a new one", "eleuther_acts_top20", id=LATE),
        line(SEVEN, "by hand", None, id="", explanationModelName=None),
        line(SEVEN, "by tokens", "np_max-act", id=EARLY),
        line(SEVEN, "by tokens", "np_max-act", id=LATE, explanationModelName="gpt-5"),
        line(SEVEN, "by logits", "np_max-act-logits", id=EARLY),
    ]
    path = write_lines(tmp_path / "batch-0.jsonl", lines)
    take(path, project)
    seven = last(project, SEVEN)
    assert (seven.text, seven.method) == ("by logits", "np_max-act-logits")
    assert seven.reason == (
        "found in batch-0.jsonl, number 1 of the 5 explanations there: "
        "np_max-act-logits, then np_max-act, then others, the newest first"
    )
    order = []
    for _ in range(5):
        order.append((last(project, SEVEN).text, last(project, SEVEN).model))
        project.apply("no", reject_edits(project.state, SEVEN, "ann"))
        project.apply("import", import_edits(project.state, found_in(path, project)))
    assert order == [
        ("by logits", "gpt-4o-mini"),
        ("by tokens", "gpt-5"),
        ("a new one", "gpt-4o-mini"),
        ("an old one", "gpt-4o-mini"),
        ("by hand", ""),
    ], "what was refused is not proposed again"
    assert last(project, SEVEN).status == "rejected"


def test_an_order_needs_no_times() -> None:
    said = [
        LabelRevision(text=text, status="proposed", method=method)
        for text, method in (("a", "x"), ("b", "np_max-act"), ("a", "np_max-act"))
    ]
    assert [one.text for one in in_order(said)] == ["b", "a"]
    assert in_order(said)[1].method == "np_max-act"
    assert in_order(said[:1])[0].reason == ""


# -- what stands ----------------------------------------------------------------------


def test_what_a_person_or_a_file_says_stands(project: Project, tmp_path: Path) -> None:
    project.apply("accept", accept_edits(project.state, SEVEN, "mine", "ann"))
    table = tmp_path / "labels.csv"
    table.write_text("layer,index,label\n2,9,from a file\n")
    labels = read_labels(table, project.state)
    project.apply("import", import_edits(project.state, labels))
    path = write_lines(
        tmp_path / "batch-0.jsonl", [line(SEVEN, "cities"), line(NINE, "towns")]
    )
    found = take(path, project)
    assert len(found.explanations) == 2
    assert project.state.label(SEVEN) == "mine"
    assert project.state.label(NINE) == "from a file"
    assert import_report(found, []) == [
        "0 label(s), 0 note(s) and 0 supernode(s) from batch-0.jsonl.",
        "2 feature(s) are explained there; what is taken is proposed, with its method "
        "and model.",
        "2 label(s) are here already, or what is here stands against them.",
    ]


# -- evidence that brings explanations ------------------------------------------------


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Saved features of Neuronpedia."""
    path = tmp_path / "features.json"
    good = neuron_row(0, 7, explanations=[{"description": "dogs", "typeName": "t"}])
    path.write_bytes(as_bytes([good | {"layer": "0-clt-hp"}]))
    return path


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Fetched evidence."""
    path = tmp_path / "fetched.evidence"
    row = as_bytes(neuron_row(2, 9) | {"layer": "2-clt-hp"})
    EvidenceStore.create(path, "Neuronpedia", "https://www.neuronpedia.org").add(
        [Record(NINE, "neuronpedia row", row, "https://www.neuronpedia.org/x")]
    )
    return path


def test_evidence_is_a_source(project: Project, rows: Path, store: Path) -> None:
    take(rows, project)
    take(store, project)
    seven, nine = last(project, SEVEN), last(project, NINE)
    assert (seven.text, seven.method, seven.model) == ("dogs", "t", "")
    assert (nine.text, nine.method, nine.model) == (
        "animals",
        "np_max-act",
        "gpt-4o-mini",
    )
    assert nine.reason == "found in fetched.evidence"


def test_the_project_s_own_evidence(
    project: Project, rows: Path, store: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="no evidence"):
        plan_own_explanations(project)
    gone = tmp_path / "gone.json"
    gone.write_bytes(rows.read_bytes())
    for path in (rows, store, gone):
        add_evidence_path(project, str(path))
    gone.unlink()
    plan = plan_own_explanations(project)
    steps: list[str] = []
    found = drive(
        find_explanations(plan, CancelToken()), lambda step: steps.append(step.what)
    )
    project.apply("import", import_edits(project.state, found))
    assert project.state.label(SEVEN) == "dogs"
    assert project.state.label(NINE) == "animals"
    assert set(steps) == {"reading explanations"}
    (problem,) = found.problems
    assert "gone.json" in problem


def test_records_that_cannot_be_read_are_told_and_the_others_used(
    project: Project, tmp_path: Path
) -> None:
    bad = neuron_row(2, 9) | {"layer": "2-clt-hp", "pos_str": 7}
    good = neuron_row(0, 7) | {"layer": "0-clt-hp"}
    path = tmp_path / "features.json"
    path.write_bytes(as_bytes([bad, good]))
    found = take(path, project)
    assert project.state.label(SEVEN) == "animals"
    (problem,) = found.problems
    assert "pos_str" in problem


# -- the command ----------------------------------------------------------------------


def test_the_command_imports_both(
    project: Project,
    rows: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    add_evidence_path(project, str(rows))
    project.close()
    path = write_lines(tmp_path / "batch-0.jsonl.gz", [line(NINE, "towns")])
    assert main(["import", str(project.path), str(path)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("1 label(s), 0 note(s) and 0 supernode(s) from batch-0")
    assert "1 feature(s) are explained there" in out
    assert main(["import", str(project.path), "--explanations"]) == 0
    assert "from the evidence" in capsys.readouterr().out
    again = Project(project.path, read_only=True)
    assert again.state.label(SEVEN) == "dogs"
    assert again.state.label(NINE) == "towns"
    again.close()


@pytest.mark.parametrize("more", [[], ["--explanations", "x.csv"]])
def test_the_command_wants_one_source(
    project: Project, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["import", str(project.path), *more])
    assert left.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


# -- real graphs ----------------------------------------------------------------------


@pytest.mark.shared
def test_real_graphs_of_one_source_share_explanations(
    shared: Path, tmp_path: Path
) -> None:
    graph = shared / "graphs" / "gemma-clt" / "bird-clt-hp.json"
    project = add_graphs(tmp_path / "bird.gloss", [read_graph(graph)], [graph])
    features = project.state.features()
    path = write_lines(
        tmp_path / "batch-0.jsonl", [line(f, f"about {f}") for f in features]
    )
    take(path, project)
    assert {project.state.label(f) for f in features} == {
        f"about {f}" for f in features
    }
    project.close()
