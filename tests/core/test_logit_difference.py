"""One logit minus another as a target of its own."""

import numpy as np
import pytest

from glossator.errors import InputError
from glossator.graph.attribution_graph import AttributionGraph, NodeIndex
from glossator.graph.logit_difference import logit_difference, logit_nodes
from tests.core.graph_documents import (
    embedding_node,
    feature_node,
    graph_of,
    link,
    logit_node,
    tracer_graph,
)
from tests.core.random_graphs import random_graph

EARLY, LATE = "0_1_1", "1_2_2"


def graph() -> AttributionGraph:
    """Austin from EARLY and LATE, Dallas from EARLY alone; LATE from EARLY."""
    nodes = [
        embedding_node(10, 1),
        feature_node(0, 1, 1),
        feature_node(1, 2, 2),
        logit_node("Dallas", 0.2, token_id=6),
        logit_node("Austin", 0.6, token_id=5),
    ]
    austin, dallas = nodes[4]["node_id"], nodes[3]["node_id"]
    return graph_of(
        tracer_graph(
            nodes,
            [
                link("E_10_1", EARLY, 1.0),
                link(EARLY, LATE, 2.0),
                link(EARLY, austin, 1.0),
                link(LATE, austin, 3.0),
                link(EARLY, dallas, 2.0),
            ],
        )
    )


TOKEN, FIRST, SECOND, DALLAS, AUSTIN = map(NodeIndex, range(5))


def test_effects_are_subtracted_and_shared() -> None:
    found = logit_difference(graph(), AUSTIN, DALLAS)
    assert found.effect.tolist() == [0, -1, 3, 0, 0]
    assert found.share.tolist() == [0, -0.25, 0.75, 0, 0]
    assert found.inputs.nodes.tolist() == [SECOND, FIRST], "the strongest first"
    assert found.inputs.weights.tolist() == [3, -1]


def test_influence_goes_along_all_paths() -> None:
    found = logit_difference(graph(), AUSTIN, DALLAS)
    # FIRST: a quarter straight, three quarters through SECOND; all from the token.
    assert found.influence.tolist() == pytest.approx([1.0, 1.0, 0.75, 0, 0])


def test_turned_round_only_the_signs_change() -> None:
    there = logit_difference(graph(), AUSTIN, DALLAS)
    back = logit_difference(graph(), DALLAS, AUSTIN)
    assert np.array_equal(there.effect, -back.effect)
    assert np.array_equal(there.influence, back.influence)


@pytest.mark.parametrize("seed", [0, 1, 3, 4, 5, 7])
def test_shares_sum_to_one_and_inputs_say_all(seed: int) -> None:
    drawn = random_graph(seed)
    logits = logit_nodes(drawn)
    found = logit_difference(drawn, logits[0], logits[1])
    assert np.abs(found.share).sum() == pytest.approx(1)
    assert found.inputs.weights.sum() == pytest.approx(found.effect.sum())


def test_equal_logits_differ_by_nothing() -> None:
    nodes = [
        feature_node(0, 1, 1),
        logit_node("a", 0.5, token_id=5),
        logit_node("b", 0.5, token_id=6),
    ]
    ids = [node["node_id"] for node in nodes]
    made = graph_of(
        tracer_graph(nodes, [link(ids[0], ids[1], 2.0), link(ids[0], ids[2], 2.0)])
    )
    found = logit_difference(made, NodeIndex(1), NodeIndex(2))
    assert len(found.inputs.nodes) == 0
    assert not found.influence.any()


@pytest.mark.parametrize("pair", [(AUSTIN, AUSTIN), (AUSTIN, FIRST), (TOKEN, DALLAS)])
def test_only_two_logits_have_a_difference(pair: tuple[NodeIndex, NodeIndex]) -> None:
    with pytest.raises(InputError, match="two different logits"):
        logit_difference(graph(), *pair)


def test_the_likeliest_logit_comes_first() -> None:
    assert logit_nodes(graph()) == (AUSTIN, DALLAS)
