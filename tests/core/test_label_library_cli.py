"""``glossator library``, and what other commands do with the label library."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from glossator.cli import main
from glossator.graph.attribution_graph import FeatureKey
from glossator.preferences import Preferences, read_preferences
from glossator.project.library.label_library import LabelLibrary
from glossator.project.library.library_entry import LibraryEntry
from glossator.project.project import Project
from glossator.settings import library_file, preferences_file
from tests.core.graph_documents import (
    as_bytes,
    batch_feature,
    dashboard_batch,
    feature_node,
    tracer_graph,
)


class Output(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Output]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str | Path) -> Output:
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as left:
            code = int(left.code or 0)
        printed = capsys.readouterr()
        return Output(code, printed.out, printed.err)

    return run


def entry(
    layer: int, index: int, text: str, project: str = "work", model: str = "gemma-2-2b"
) -> LibraryEntry:
    return LibraryEntry(
        model=model,
        source_set="res-jb",
        layer=layer,
        index=index,
        text=text,
        author="ann",
        at="2026-05-01",
        project=project,
        project_id=f"id of {project}",
    )


@pytest.fixture
def library(own_home: Path) -> LabelLibrary:
    library = LabelLibrary(library_file())
    assert own_home in library.path.parents, "a test has a library of its own"
    library.add(
        [
            entry(0, 7, "cities"),
            entry(0, 7, "=towns\n\x1b[31m", "other"),
            entry(2, 9, "say Austin"),
            entry(2, 9, "of, the", model="gpt2"),
        ]
    )
    return library


def left(library: LabelLibrary) -> list[str]:
    return [one.text for one in library.entries()]


def test_path_and_an_empty_library(run: Run, own_home: Path) -> None:
    output = run("library", "path")
    assert (output.code, output.out) == (0, f"{library_file()}\n")
    assert own_home in library_file().parents
    assert run("library", "list") == (0, "", "")
    assert not library_file().exists()


def test_list_counts_by_model_and_tells_those_of_one(
    run: Run, library: LabelLibrary
) -> None:
    assert run("library", "list").out.splitlines() == [
        "gemma-2-2b / res-jb: 1 of other",
        "gemma-2-2b / res-jb: 2 of work",
        "gpt2 / res-jb: 1 of work",
    ]
    assert run("library", "list", "--model", "gemma-2-2b").out.splitlines() == [
        r"res-jb 0/7: =towns\n\x1b[31m (ann, other, 2026-05-01)",
        "res-jb 0/7: cities (ann, work, 2026-05-01)",
        "res-jb 2/9: say Austin (ann, work, 2026-05-01)",
    ]


def test_export_and_import(run: Run, library: LabelLibrary, tmp_path: Path) -> None:
    whole, part = tmp_path / "whole.jsonl", tmp_path / "part.jsonl"
    assert run("library", "export", whole).out == f"4 label(s) written to {whole}\n"
    assert run("library", "export", part, "--model", "gpt2").code == 0
    assert len(part.read_bytes().splitlines()) == 1
    library.path.unlink()
    output = run("library", "import", part, whole)
    assert output.out == "4 label(s) added, 1 are here already\n"
    again = tmp_path / "again.jsonl"
    run("library", "export", again)
    assert again.read_bytes() == whole.read_bytes()


def test_an_import_takes_all_files_or_none(
    run: Run, library: LabelLibrary, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    run("library", "export", good)
    library.path.unlink()
    line = json.loads(good.read_text().splitlines()[0])
    bad.write_text(f"{json.dumps(line)}\n{json.dumps(line | {'layer': 'x'})}\n")
    output = run("library", "import", good, bad)
    assert (output.code, output.out) == (2, "")
    assert output.err == (
        f'glossator: {bad}: line 2, layer: "x" cannot be used: expected `int`, '
        "got `str`\n"
    )
    assert left(library) == []


@pytest.mark.parametrize(
    ("chosen", "stay"),
    [
        (["--project", "other"], ["cities", "say Austin", "of, the"]),
        (["--project", "id of other"], ["cities", "say Austin", "of, the"]),
        (["--feature", "2/9"], ["=towns\n\x1b[31m", "cities"]),
        (
            ["--feature", "2/9", "--model", "gpt2"],
            ["=towns\n\x1b[31m", "cities", "say Austin"],
        ),
        (["--model", "gemma-2-2b"], ["of, the"]),
        (["--model", "none"], ["=towns\n\x1b[31m", "cities", "say Austin", "of, the"]),
    ],
    ids=lambda value: " ".join(value) if value[0].startswith("--") else "",
)
def test_forget(
    run: Run, library: LabelLibrary, chosen: list[str], stay: list[str]
) -> None:
    output = run("library", "forget", *chosen)
    assert output.out == f"{4 - len(stay)} label(s) forgotten\n"
    assert left(library) == stay


@pytest.mark.parametrize("chosen", [[], ["--feature", "nine"], ["--feature", "1/-2"]])
def test_forget_needs_to_know_what(
    run: Run, library: LabelLibrary, chosen: list[str]
) -> None:
    assert run("library", "forget", *chosen).code == 2
    assert len(left(library)) == 4


def test_verify(run: Run, library: LabelLibrary) -> None:
    output = run("library", "verify")
    assert (output.code, output.out) == (0, f"{library.path}: no problem found\n")
    library.path.write_bytes(b"no database" * 99)
    output = run("library", "verify")
    assert output.code == 2
    assert "not a database" in output.err


def test_it_is_switched_off_and_on_with_the_other_preferences(run: Run) -> None:
    preferences_file().parent.mkdir(parents=True)
    preferences_file().write_text('{"embeddings_mb": 7}')
    assert run("library", "off").code == 0
    assert read_preferences() == Preferences(embeddings_mb=7, library=False)
    assert run("library", "on").code == 0
    assert read_preferences() == Preferences(embeddings_mb=7)


@pytest.mark.model
def test_label_proposes_what_the_library_knows(
    run: Run, library: LabelLibrary, tmp_path: Path
) -> None:
    nodes = [feature_node(0, 7, 1), feature_node(2, 9, 2)]
    named = {"neuronpedia_source_set": "res-jb"}
    graph = tmp_path / "capital.json"
    graph.write_bytes(as_bytes(tracer_graph(nodes, [], feature_details=named)))
    word = [([" a", f" {n}", " Paris"], [0.0, 0.0, 2.0]) for n in range(20)]
    batch = tmp_path / "batch.json"
    batch.write_bytes(as_bytes(dashboard_batch(batch_feature(7, word))))
    out = tmp_path / "work.gloss"
    arguments = ["label", graph, "--evidence", batch, "--out", out]
    run("library", "off")
    assert "library" not in run(*arguments).out
    out.unlink()
    run("library", "on")
    output = run(*arguments)
    assert output.code == 0, output.err
    assert output.out.startswith("2 labels of your library are proposed\n")
    project = Project(out)
    seven = FeatureKey("gemma-2-2b", "res-jb", 0, 7)
    assert project.state.label(seven) == "=towns\n\x1b[31m", "no counted token"
    assert project.state.results, "the protocol has run"
    project.close()
    library.path.write_bytes(b"no database" * 99)
    output = run(*arguments)
    assert output.code == 0, "a broken library stops no work"
    assert "warning: The label library does not follow" in output.err
