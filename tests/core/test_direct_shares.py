"""How much of a feature's influence goes straight to the logits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glossator.graph.attribution_graph import AttributionGraph
from glossator.graph.graph_file import read_graph
from glossator.graph.influence import direct_shares, input_shares
from glossator_resources import demo_folder
from tests.core.graph_documents import (
    Json,
    embedding_node,
    error_node,
    feature_node,
    graph_of,
    link,
    logit_node,
    tracer_graph,
)

EARLY, LATE, OTHER = "0_1_1", "2_2_2", "1_3_1"
AUSTIN, DALLAS = "4_5_2", "4_6_2"


def graph(*links: Json, **more: float) -> AttributionGraph:
    """Features 0/1, 1/3 and 2/2, the last at two positions; two logits."""
    nodes = [
        embedding_node(10, 1),
        feature_node(0, 1, 1),
        feature_node(1, 3, 1),
        feature_node(2, 2, 1),
        feature_node(2, 2, 2),
        error_node(1, 2),
        logit_node(" Austin", more.get("austin", 0.5)),
        logit_node(" Dallas", more.get("dallas", 0.25), token_id=6),
    ]
    return graph_of(tracer_graph(nodes, list(links)))


def shares(graph: AttributionGraph) -> dict[tuple[int, int], float]:
    return {(f.layer, f.index): share for f, share in direct_shares(graph).items()}


def test_all_goes_straight_to_the_logits() -> None:
    found = shares(graph(link(EARLY, AUSTIN, 2.0), link(EARLY, DALLAS, -1.0)))
    assert found == {(0, 1): pytest.approx(1.0)}


def test_half_goes_through_another_feature() -> None:
    # Of Austin's input half comes straight from 0/1 and half from 2/2, whose input is
    # all of 0/1: 0.25 straight, 0.25 through.
    found = shares(
        graph(
            link(EARLY, AUSTIN, 1.0),
            link(LATE, AUSTIN, 1.0),
            link(EARLY, LATE, 3.0),
        )
    )
    assert found == {(0, 1): pytest.approx(0.5), (2, 2): pytest.approx(1.0)}


def test_nothing_goes_straight() -> None:
    found = shares(graph(link(EARLY, LATE, 1.0), link(LATE, AUSTIN, -2.0)))
    assert found == {(0, 1): 0.0, (2, 2): pytest.approx(1.0)}


def test_the_sign_of_a_link_does_not_matter() -> None:
    links = [(EARLY, AUSTIN, 1.0), (LATE, AUSTIN, 2.0), (EARLY, LATE, 3.0)]
    plain = shares(graph(*(link(a, b, w) for a, b, w in links)))
    signs = (-1.0, 1.0, -1.0)
    turned = shares(
        graph(*(link(a, b, s * w) for (a, b, w), s in zip(links, signs, strict=True)))
    )
    assert turned == plain
    assert plain[0, 1] == pytest.approx(1 / 3)


def test_logits_count_by_probability() -> None:
    # Straight to Dallas, through 2/2 to Austin.
    links = [link(EARLY, DALLAS, 1.0), link(EARLY, LATE, 1.0), link(LATE, AUSTIN, 1.0)]
    found = shares(graph(*links, austin=0.75, dallas=0.25))
    assert found[0, 1] == pytest.approx(0.25)
    even = shares(graph(*links, austin=0.0, dallas=0.0))
    assert even[0, 1] == pytest.approx(0.5), "all count alike where none has any"


def test_all_nodes_of_a_feature_count() -> None:
    # At position 2 half of Austin's input; at position 1 all of 1/3's, which has the
    # other half: 0.25 straight, 0.25 through.
    found = shares(
        graph(
            link(LATE, AUSTIN, 1.0),
            link(OTHER, AUSTIN, 1.0),
            link("2_2_1", OTHER, 5.0),
        )
    )
    assert found == {(2, 2): pytest.approx(0.5), (1, 3): pytest.approx(1.0)}


def test_features_without_influence_are_left_out() -> None:
    found = shares(graph(link(EARLY, LATE, 1.0), link(OTHER, AUSTIN, 1.0)))
    assert found == {(1, 3): pytest.approx(1.0)}
    assert shares(graph()) == {}
    assert shares(graph(link(EARLY, AUSTIN, 0.0))) == {}


def test_errors_and_tokens_take_their_part() -> None:
    found = shares(
        graph(
            link(EARLY, AUSTIN, 1.0),
            link("0_1_2", AUSTIN, 3.0),
            link("E_10_1", EARLY, 1.0),
            link(EARLY, LATE, 1.0),
            link(LATE, AUSTIN, 4.0),
        )
    )
    # 1/8 straight, 4/8 through.
    assert found[0, 1] == pytest.approx(0.2)


NODE = st.integers(0, 7)
NODES = ["E_10_1", EARLY, OTHER, "2_2_1", LATE, "0_1_2", AUSTIN, DALLAS]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(NODE, NODE, st.integers(-5, 5))))
def test_a_share_is_direct_by_whole_along_all_paths(
    drawn: list[tuple[int, int, int]],
) -> None:
    """Path by path: every product of shares from a node to a logit."""
    weights = {(min(a, b), max(a, b)): w for a, b, w in drawn if a != b}
    made = graph(*(link(NODES[a], NODES[b], float(w)) for (a, b), w in weights.items()))
    matrix = np.asarray(input_shares(made.links, 8).todense())
    probability = np.array([0.0] * 6 + [0.5, 0.25])

    def paths(node: int, *, longest: int) -> float:
        total = 0.0
        for target in range(8):
            if matrix[target, node]:
                total += matrix[target, node] * probability[target]
                if longest > 1:
                    total += matrix[target, node] * paths(target, longest=longest - 1)
        return total

    found = shares(made)
    for key, nodes in {(0, 1): [1], (1, 3): [2], (2, 2): [3, 4]}.items():
        whole = sum(paths(node, longest=8) for node in nodes)
        direct = sum(paths(node, longest=1) for node in nodes)
        assert (key in found) is bool(whole > 0)
        if key in found:
            assert found[key] == pytest.approx(direct / whole, abs=1e-9)


def test_shares_of_the_demo_lie_between_nothing_and_all() -> None:
    for path in sorted((demo_folder() / "graphs").glob("*.json")):
        made = read_graph(path)
        found = direct_shares(made)
        values = np.array(list(found.values()))
        assert 0 < len(found) <= len(made.features)
        assert ((values >= 0) & (values <= 1)).all()
        assert values.min() < 0.1
        assert values.max() > 0.9
