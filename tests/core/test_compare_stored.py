"""Comparisons of methods in the project file, and in the report of a graph."""

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from glossator.cli import main
from glossator.errors import ProjectError
from glossator.export.project_export import ExportOrder, export_project
from glossator.export.target import ExportOptions
from glossator.progress import CancelToken, drive
from glossator.project.edits import SetNote
from glossator.project.open_files import add_graphs
from glossator.project.project import Project
from glossator.project.revision import GraphId, feature_subject
from tests.core.graph_documents import graph_of, tracer_graph
from tests.core.made_comparison import made_comparison

FIRST, SECOND = made_comparison(n_features=4), made_comparison(n_features=8)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = graph_of(tracer_graph())
    project = add_graphs(tmp_path / "work.gloss", [made], [tmp_path / "made.json"])
    yield project
    project.close()


def tamper(path: Path, statement: str, *values: bytes) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute(statement, values)
        other.commit()


def test_comparisons_come_back_the_newest_last(project: Project) -> None:
    assert project.comparisons() == []
    assert project.add_comparison(FIRST) < project.add_comparison(SECOND)
    project.close()
    reopened = Project(project.path, read_only=True)
    found = reopened.comparisons()
    reopened.close()
    assert [one.comparison for one in found] == [FIRST, SECOND]
    assert found[0].id < found[1].id
    assert found[0].at <= found[1].at
    assert found[0].at.startswith("20")


def test_undo_leaves_them(project: Project) -> None:
    feature = project.state.features()[0]
    project.apply("note", [SetNote(feature_subject(feature), "x")])
    project.add_comparison(FIRST)
    assert (project.undo(), project.undo()) == ("note", "")
    assert [one.comparison for one in project.comparisons()] == [FIRST]


@pytest.mark.parametrize(
    "statement", ["DELETE FROM comparison", "UPDATE comparison SET at = ''"]
)
def test_they_are_only_added(project: Project, statement: str) -> None:
    project.add_comparison(FIRST)
    project.close()
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        tamper(project.path, statement)


@pytest.mark.parametrize(
    "data", [b"no", zlib.compress(b'{"methods": 7}')], ids=["bytes", "json"]
)
def test_a_broken_one_is_named(project: Project, data: bytes) -> None:
    project.add_comparison(FIRST)
    assert project.verify() == []
    project.close()
    tamper(project.path, "INSERT INTO comparison (at, data) VALUES ('', ?)", data)
    reopened = Project(project.path, read_only=True)
    with pytest.raises(ProjectError, match="comparison 2 is broken"):
        reopened.comparisons()
    (problem,) = reopened.verify()
    reopened.close()
    assert problem.startswith("comparison 2: ")


def test_a_copy_holds_them(project: Project, tmp_path: Path) -> None:
    project.add_comparison(FIRST)
    project.save_copy(tmp_path / "copy.gloss")
    copy = Project(tmp_path / "copy.gloss", read_only=True)
    assert [one.comparison for one in copy.comparisons()] == [FIRST]
    copy.close()


def report_of(project: Project, path: Path) -> str:
    number = next(iter(project.state.graphs))
    places = {GraphId(number): path}
    order = ExportOrder(project.path, "html", places, ExportOptions())
    drive(export_project(order, CancelToken()), lambda progress: None)
    return path.read_text(encoding="utf-8")


def test_the_report_of_a_graph_tells_the_newest(
    project: Project, tmp_path: Path
) -> None:
    project.close()  # the export reads the file by itself
    assert "Methods compared" not in report_of(project, tmp_path / "none.html")
    for comparison in (FIRST, SECOND):
        opened = Project(project.path)
        opened.add_comparison(comparison)
        opened.close()
    page = report_of(project, tmp_path / "page.html")
    assert '<section id="methods">' in page
    assert '<a href="#methods">' in page
    assert "8 of 8" in page
    assert "4 of 4" not in page
    for name in ("good", "same", "poor"):
        assert f"<bdi>{name}</bdi>" in page


def test_a_project_that_is_none_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare-methods", str(tmp_path / "no.gloss")]) == 2
    assert "no such project file" in capsys.readouterr().err


def test_without_a_run_of_the_protocol_there_is_nothing_to_compare(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.close()
    arguments = ["compare-methods", str(project.path), "--methods", "token_frequency"]
    assert main(arguments) == 2
    assert "run the protocol first" in capsys.readouterr().err
