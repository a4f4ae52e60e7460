"""The nine real graphs: counts as in their manifest, and what is known of them."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from glossator.graph.attribution_graph import AttributionGraph, FeatureKey, NodeKind
from glossator.graph.feature_ids import uncantor
from glossator.graph.graph_file import read_graph

pytestmark = pytest.mark.shared

N_GRAPHS = 9


class Row(NamedTuple):
    """A line of a table in the manifest."""

    path: Path
    nodes: int
    links: int
    features: int
    tokens: int
    labelled: int
    pinned: int
    supernodes: int


def _rows(shared: Path) -> Iterator[Row]:
    folder = shared
    for line in (shared / "MANIFEST.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            folder = shared / line.removeprefix("## ").strip()
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0].endswith(".json"):
            yield Row(folder / cells[0], *(int(cell) for cell in cells[3:]))


_graph = cache(read_graph)


@pytest.fixture(scope="module")
def rows(shared: Path) -> list[Row]:
    found = list(_rows(shared))
    assert len(found) == N_GRAPHS
    return found


@pytest.fixture(scope="module")
def graphs(rows: list[Row]) -> dict[str, AttributionGraph]:
    return {row.path.name: _graph(row.path) for row in rows}


def test_counts(rows: list[Row]) -> None:
    for row in rows:
        graph = _graph(row.path)
        state = graph.imported
        found = Row(
            path=row.path,
            nodes=len(graph),
            links=len(graph.links),
            features=int((graph.nodes.kind == NodeKind.FEATURE).sum()),
            tokens=len(graph.prompt_tokens),
            labelled=len(state.labels),
            pinned=len(state.pins) + len(state.unresolved_pins),
            supernodes=len(state.supernodes),
        )
        assert found == row


def test_ids_speak_of_the_right_namespace(rows: list[Row]) -> None:
    for row in rows:
        haiku = row.path.parent.name == "haiku"
        graph = _graph(row.path)
        assert graph.state_ids == ("jsNodeId" if haiku else "node_id")
        assert graph.opaque_features == haiku


def test_all_ids_but_one_known_stale_member_resolve(
    graphs: dict[str, AttributionGraph],
) -> None:
    lost = [
        (name, stale)
        for name, graph in graphs.items()
        for stale in (
            graph.imported.unresolved_pins,
            *(group.unresolved for group in graph.imported.supernodes),
        )
        if stale
    ]
    assert lost == [("rabbit-poem.json", ("30_26712928_-0",))]


@pytest.mark.parametrize(
    ("number", "layer", "index"), [(75466754, 0, 12284), (15204836, 18, 5495)]
)
def test_known_pairs_are_undone(number: int, layer: int, index: int) -> None:
    assert uncantor(number) == (layer, index)


def test_features_agree_with_node_ids(graphs: dict[str, AttributionGraph]) -> None:
    for graph in graphs.values():
        nodes = graph.nodes
        for feature in graph.features:
            for node in graph.nodes_of(feature):
                start = f"{feature.layer}_{feature.index}_"
                assert nodes.node_id[node].startswith(start)


def test_every_feature_node_is_found_by_its_feature(
    graphs: dict[str, AttributionGraph],
) -> None:
    for graph in graphs.values():
        found = sorted(n for key in graph.features for n in graph.nodes_of(key))
        nodes = [n for n, kind in enumerate(graph.nodes.kind) if kind == 0]
        assert found == nodes


@pytest.mark.parametrize(
    ("name", "source_set"),
    [
        ("capital-state-dallas.json", ""),
        ("gemma-2-2b-clt-hp-Dallas.json", "clt-hp"),
        ("gemma-clt-fact-dallas-austin_2025-11-16T23-27-39-100Z.json", "clt-hp"),
        ("gemma-small-big-en.json", "gemmascope-transcoder-16k"),
    ],
)
def test_source_set(
    graphs: dict[str, AttributionGraph], name: str, source_set: str
) -> None:
    assert graphs[name].source_set == source_set


def test_links_lead_upwards(graphs: dict[str, AttributionGraph]) -> None:
    for graph in graphs.values():
        layers = graph.nodes.layer
        assert (layers[graph.links.source] < layers[graph.links.target]).all()


def test_an_absent_feature_has_no_nodes(graphs: dict[str, AttributionGraph]) -> None:
    graph = graphs["capital-state-dallas.json"]
    assert len(graph.nodes_of(FeatureKey(graph.model, "", 99, 0))) == 0
