"""Inputs, outputs, shares and pruning, against sums done by hand and by loops."""

from pathlib import Path

import numpy as np
import pytest

from glossator.graph.attribution_graph import AttributionGraph, NodeIndex, NodeKind
from glossator.graph.graph_file import read_graph
from glossator.graph.pruning import visible_nodes
from tests.core.graph_documents import (
    embedding_node,
    error_node,
    feature_node,
    graph_of,
    link,
    logit_node,
    tracer_graph,
)

A, B, TARGET, OTHER, ALONE = (NodeIndex(at) for at in range(5))


@pytest.fixture
def graph() -> AttributionGraph:
    """Into TARGET: 3 from A, -1 from B twice (-1, 4); OTHER has only a zero link."""
    nodes = [
        embedding_node(1, 0),
        embedding_node(2, 1),
        feature_node(1, 5, 1),
        feature_node(2, 6, 1),
        feature_node(2, 7, 1),
    ]
    links = [
        link("E_2_1", "1_5_1", -1.0),
        link("E_1_0", "1_5_1", 3.0),
        link("E_2_1", "1_5_1", 4.0),
        link("1_5_1", "2_6_1", 0.0),
    ]
    return graph_of(tracer_graph(nodes, links))


def test_inputs_strongest_first(graph: AttributionGraph) -> None:
    inputs = graph.inputs_of(TARGET)
    assert inputs.nodes.tolist() == [B, A, B]
    assert inputs.weights.tolist() == [4.0, 3.0, -1.0]
    assert inputs.shares.tolist() == [0.5, 0.375, -0.125]


def test_outputs_tell_the_share_in_the_target(graph: AttributionGraph) -> None:
    outputs = graph.outputs_of(B)
    assert outputs.nodes.tolist() == [TARGET, TARGET]
    assert outputs.weights.tolist() == [4.0, -1.0]
    assert outputs.shares.tolist() == [0.5, -0.125]


def test_a_zero_input_has_no_share(graph: AttributionGraph) -> None:
    assert graph.input_total.tolist() == [0, 0, 8, 0, 0]
    assert graph.inputs_of(OTHER).shares.tolist() == [0.0]


def test_a_node_without_links(graph: AttributionGraph) -> None:
    assert len(graph.inputs_of(ALONE).nodes) == 0
    assert len(graph.outputs_of(ALONE).nodes) == 0


def test_ties_keep_the_order_of_the_file() -> None:
    nodes = [embedding_node(n, 0) for n in range(3)] + [feature_node(1, 5, 1)]
    links = [link(f"E_{n}_0", "1_5_1", weight) for n, weight in ((2, 1), (0, -1))]
    assert graph_of(tracer_graph(nodes, links)).inputs_of(
        NodeIndex(3)
    ).nodes.tolist() == [2, 0]


@pytest.mark.shared
def test_a_real_graph_against_loops(shared: Path) -> None:
    graph = read_graph(shared / "graphs" / "gemma-clt" / "bird-clt-hp.json")
    ends = list(
        zip(
            graph.links.source.tolist(),
            graph.links.target.tolist(),
            graph.links.weight.tolist(),
            strict=True,
        )
    )
    for node in range(0, len(graph), 7):
        into = [(s, w) for s, t, w in ends if t == node]
        total = sum(abs(w) for _, w in into)
        inputs = graph.inputs_of(NodeIndex(node))
        found = zip(inputs.nodes.tolist(), inputs.weights.tolist(), strict=True)
        assert sorted(found) == sorted(into)
        assert graph.input_total[node] == pytest.approx(total)
        assert inputs.shares * total == pytest.approx(inputs.weights)
        assert (np.diff(np.abs(inputs.shares)) <= 0).all()
        outputs = graph.outputs_of(NodeIndex(node))
        found = zip(outputs.nodes.tolist(), outputs.weights.tolist(), strict=True)
        assert sorted(found) == sorted((t, w) for s, t, w in ends if s == node)
        totals = [sum(abs(w) for _, t2, w in ends if t2 == t) for t in outputs.nodes]
        assert outputs.shares * totals == pytest.approx(outputs.weights)


@pytest.fixture
def ranked() -> AttributionGraph:
    """An embedding, features at 0.2, 0.6 and unknown, an error at 0.7, a logit."""
    nodes = [
        embedding_node(1, 0, influence=0.99),
        feature_node(0, 5, 1, influence=0.2),
        feature_node(1, 6, 1, influence=0.6),
        feature_node(1, 7, 1, influence=None),
        error_node(1, 1, influence=0.7),
        logit_node("x", 0.5),
    ]
    return graph_of(tracer_graph(nodes, []))


@pytest.mark.parametrize(
    ("threshold", "hidden"),
    [(1.0, []), (0.7, []), (0.69, [4]), (0.6, [4]), (0.5, [2, 4]), (0.1, [1, 2, 4])],
)
def test_less_important_nodes_are_hidden(
    ranked: AttributionGraph, threshold: float, hidden: list[int]
) -> None:
    assert np.flatnonzero(~visible_nodes(ranked, threshold)).tolist() == hidden


def test_kept_nodes_stay(ranked: AttributionGraph) -> None:
    keep = np.array([False, True, False, False, True, False])
    visible = visible_nodes(ranked, 0.1, keep)
    assert np.flatnonzero(~visible).tolist() == [2]
    assert keep.tolist() == [False, True, False, False, True, False]


@pytest.mark.shared
def test_pruning_a_real_graph_is_monotone(shared: Path) -> None:
    graph = read_graph(shared / "graphs" / "gemma-clt" / "bird-clt-hp.json")
    before = visible_nodes(graph, 0.0)
    assert set(graph.nodes.kind[before]) == {NodeKind.EMBEDDING, NodeKind.LOGIT}
    assert not visible_nodes(graph, 0.7).all()
    for threshold in (0.2, 0.4, 0.6, 0.7, 1.0):
        after = visible_nodes(graph, threshold)
        assert after[before].all()
        before = after
    assert before.all()
