"""Verbalizations that were made elsewhere, into a project and out again."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from glossator.errors import VerbalizeError
from glossator.export.target import AnnotatedGraph, ExportOptions
from glossator.export.verbalizations import export_verbalizations
from glossator.graph.attribution_graph import FeatureKey
from glossator.project.importing.label_import import import_edits, import_report
from glossator.project.importing.label_sources import read_labels
from glossator.project.project import Project
from glossator.project.revision import GraphId
from glossator.project.verbalizations import verbalization_edits
from glossator.verbalize.verbalization import Reconstruction, Verbalization
from tests.core.graph_documents import graph_of, tracer_graph

SEVEN = FeatureKey("gemma-2-2b", "clt-gemma-2-2b-2.5M", 0, 7)
NINE = FeatureKey("gemma-2-2b", "clt-gemma-2-2b-2.5M", 2, 9)
SAID = Verbalization(
    text="Capitals.\n\nA place.\n\nA token. 🦊",
    about="example",
    origin="some/verbalizer",
    example="the capital of Texas is",
    layer=2,
    sample=1,
    temperature=0.7,
    ending="truncated",
    reconstruction=Reconstruction(cosine=0.5, mse=1.0, fve=0.25),
    agreement=0.5,
    norm=12.5,
    extrapolates="for a test",
    at="2026-01-01T00:00:00+00:00",
)
OWN = Verbalization(text="Muscles.", about="feature", origin="elsewhere", at="x")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    project = Project(tmp_path / "work.gloss")
    project.add_graph(graph_of(tracer_graph()), tmp_path / "graph.json")
    yield project
    project.close()


def take(project: Project, path: Path) -> list[str]:
    found = read_labels(path, project.state)
    edits = import_edits(project.state, found)
    project.apply("import", edits)
    return import_report(found, edits)


def lines(path: Path, *rows: dict[str, object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_file_comes_in_once_and_unknown_features_are_told(
    project: Project, tmp_path: Path
) -> None:
    path = lines(
        tmp_path / "made.jsonl",
        {"layer": 2, "index": 9, "text": "Capitals.", "origin": "elsewhere"},
        {"layer": 2, "index": 9, "text": "Cities.", "example": "in Texas"},
        {"layer": 5, "index": 5, "text": "Nothing here."},
    )
    report = take(project, path)
    first, second = project.state.verbalized(NINE)
    assert (first.text, first.about, first.origin) == (
        "Capitals.",
        "feature",
        "elsewhere",
    )
    assert (second.about, second.example, second.origin) == (
        "example",
        "in Texas",
        "made.jsonl",
    )
    assert "2 verbalization(s), of which 1 feature(s) get some that are new." in report
    assert any("(first: 5/5)" in line for line in report)
    take(project, path)
    assert len(project.state.verbalized(NINE)) == 2
    project.undo()
    assert project.state.verbalized(NINE) == ()


def test_what_is_exported_comes_back_as_it_was(
    project: Project, tmp_path: Path
) -> None:
    edits = verbalization_edits(project.state, [(NINE, SAID), (SEVEN, OWN)])
    project.apply("verbalize", edits)
    path = tmp_path / "out.jsonl"
    annotated = AnnotatedGraph(project.state, GraphId(1))
    assert export_verbalizations(annotated, path, ExportOptions()).notes == ()
    project.undo()
    take(project, path)
    assert project.state.verbalized(NINE) == (SAID,)
    assert project.state.verbalized(SEVEN) == (OWN,)


def test_an_export_without_any_says_so(project: Project, tmp_path: Path) -> None:
    annotated = AnnotatedGraph(project.state, GraphId(1))
    path = tmp_path / "out.jsonl"
    (note,) = export_verbalizations(annotated, path, ExportOptions()).notes
    assert note == "No feature of the graph is put into words."
    assert path.read_bytes() == b""


def test_another_project_brings_its_verbalizations(
    project: Project, tmp_path: Path
) -> None:
    other = Project(tmp_path / "other.gloss")
    other.add_graph(graph_of(tracer_graph()), tmp_path / "graph.json")
    other.apply("verbalize", verbalization_edits(other.state, [(NINE, SAID)]))
    other.close()
    take(project, tmp_path / "other.gloss")
    assert project.state.verbalized(NINE) == (SAID,)


def test_a_table_of_labels_is_no_file_of_verbalizations(
    project: Project, tmp_path: Path
) -> None:
    path = lines(
        tmp_path / "labels.jsonl",
        {"layer": 2, "index": 9, "label": "capitals", "text": "a column of theirs"},
    )
    take(project, path)
    assert project.state.label(NINE) == "capitals"
    assert project.state.verbalized(NINE) == ()


def test_a_bad_line_brings_nothing_and_is_named(
    project: Project, tmp_path: Path
) -> None:
    path = lines(
        tmp_path / "made.jsonl",
        {"layer": 2, "index": 9, "text": "Capitals."},
        {"layer": 2, "index": "nine", "text": "Cities."},
    )
    with pytest.raises(VerbalizeError, match=r"made\.jsonl: line 2, index: "):
        take(project, path)
    assert project.state.verbalized(NINE) == ()
