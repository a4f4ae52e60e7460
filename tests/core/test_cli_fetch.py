"""``glossator fetch``: what would be asked, what comes, where it is kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from glossator.cli import main
from glossator.evidence.evidence_store import EvidenceStore
from glossator.evidence.open_source import open_evidence
from glossator.graph.feature_ids import cantor
from glossator.graph.graph_file import read_graph
from glossator.project.open_files import (
    add_graphs,
    evidence_paths,
    is_evidence_store,
    is_project_file,
)
from glossator.project.project import Project
from tests.core.feature_server import FeatureServer, feature_server, status
from tests.core.graph_documents import as_bytes, feature_json, tracer_graph

FEATURES = ((0, 7), (2, 9))
"""Layer and index of the graph's features that the server knows."""


@pytest.fixture
def server() -> Iterator[FeatureServer]:
    with feature_server() as server:
        for layer, index in FEATURES:
            path = f"/f/{cantor(layer, index)}.json"
            server.files[path] = as_bytes(feature_json())
        yield server


@pytest.fixture
def graph(tmp_path: Path, server: FeatureServer) -> Path:
    named = {"feature_json_base_url": f"{server.url}/f"}
    path = tmp_path / "graph.json"
    path.write_bytes(as_bytes(tracer_graph(feature_details=named)))
    return path


def test_the_plan_lists_the_services_and_asks_none(
    graph: Path, server: FeatureServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fetch", str(graph), "--plan"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("1. Feature files (metadata.feature_details")
    n = len(read_graph(graph).features)
    assert f"for {n} features" in lines[1]
    assert server.seen == []


def test_a_graph_s_evidence_goes_to_the_file_that_was_named(
    graph: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "kept.evidence"
    assert main(["fetch", str(graph), "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "2 features fetched" in printed
    assert f"wrote {out}" in printed
    known = {(f.layer, f.index) for f in EvidenceStore(out).features}
    assert known == set(FEATURES)
    assert is_evidence_store(out)
    assert not is_project_file(out)
    assert main(["info", str(out)]) == 0
    assert "features 2" in capsys.readouterr().out


def test_a_project_looks_there_from_then_on_without_a_network(
    graph: Path,
    tmp_path: Path,
    server: FeatureServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "work.gloss"
    add_graphs(path, [read_graph(graph)], [graph]).close()
    assert main(["fetch", str(path)]) == 0
    n_asked = len(server.seen)
    assert main(["fetch", str(path)]) == 0, "all is stored, or known to be absent"
    assert len(server.seen) == n_asked
    project = Project(path)
    (kept,) = evidence_paths(project)
    feature = next(f for f in project.state.features() if (f.layer, f.index) == (2, 9))
    project.close()
    found = open_evidence(Path(kept)).evidence(feature)
    assert found is not None
    assert server.url in found.origin
    capsys.readouterr()


def test_a_server_that_gives_up_is_told_and_what_came_is_kept(
    graph: Path,
    tmp_path: Path,
    server: FeatureServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "kept.evidence"
    server.order(status(401), path=f"/f/{cantor(2, 9)}.json")
    assert main(["fetch", str(graph), "--out", str(out)]) == 2
    printed = capsys.readouterr()
    assert "401" in printed.err
    assert "fetch again to go on" in printed.err
    assert main(["fetch", str(graph), "--out", str(out)]) == 0
    assert len(EvidenceStore(out).features) == 2


def test_a_number_that_is_no_service(
    graph: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fetch", str(graph), "--service", "9"]) == 2
    assert "9 is none of the" in capsys.readouterr().err


def test_a_graph_that_names_no_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "graph.json"
    path.write_bytes(as_bytes(tracer_graph(info={}, scan="none/../of")))
    assert main(["fetch", str(path)]) == 2
    assert "names no place" in capsys.readouterr().err
