"""Neighbours, reach and hops, held against a walk that goes link by link."""

from collections.abc import Iterable

import numpy as np
import pytest

from glossator.graph.attribution_graph import AttributionGraph, NodeIndex
from glossator.graph.neighbourhood import (
    Sight,
    Way,
    around,
    neighbours,
    reach,
    strongest,
)
from tests.core.random_graphs import random_graph

WAYS: tuple[Way, ...] = ("inputs", "outputs")


def everything(graph: AttributionGraph) -> Sight:
    return Sight(np.ones(len(graph), dtype=np.bool_))


def narrow(graph: AttributionGraph, seed: int) -> Sight:
    rng = np.random.default_rng(seed)
    return Sight(
        nodes=rng.random(len(graph)) < 0.8,
        links=rng.random(len(graph.links)) < 0.8,
        least_share=0.1,
    )


def one_by_one(
    graph: AttributionGraph, nodes: Iterable[int], way: Way, sight: Sight
) -> set[int]:
    found = set()
    for link, (source, target) in enumerate(
        zip(graph.links.source.tolist(), graph.links.target.tolist(), strict=True)
    ):
        near, far = (target, source) if way == "inputs" else (source, target)
        seen = sight.links is None or sight.links[link]
        strong = abs(graph.input_share[link]) >= sight.least_share
        if near in set(nodes) and seen and strong and sight.nodes[far]:
            found.add(far)
    return found


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("limited", [False, True])
def test_every_walk_agrees_with_one_link_by_link(
    seed: int, way: Way, limited: bool
) -> None:
    graph = random_graph(seed)
    sight = narrow(graph, seed) if limited else everything(graph)
    start = np.array([0, len(graph) // 2])

    once = one_by_one(graph, start, way, sight)
    assert set(neighbours(graph, start, way, sight).tolist()) == once

    met, last = set(once), set(once)
    while last:
        last = one_by_one(graph, last, way, sight) - met
        met |= last
    assert set(reach(graph, start, way, sight).tolist()) == met

    lit = set(start.tolist())
    for hops in range(4):
        found = around(graph, start, hops, sight)
        assert found.tolist() == sorted(lit), "each once, in order"
        for side in WAYS:
            lit = lit | one_by_one(graph, set(found.tolist()), side, sight)


@pytest.mark.parametrize("way", WAYS)
def test_the_strongest_is_the_first_of_the_connections(way: Way) -> None:
    graph = random_graph(3)
    for at in range(len(graph)):
        node = NodeIndex(at)
        of = graph.inputs_of(node) if way == "inputs" else graph.outputs_of(node)
        expected = int(of.nodes[0]) if len(of.nodes) else None
        assert strongest(graph, node, way, everything(graph)) == expected


def test_what_is_out_of_sight_is_stepped_over() -> None:
    graph = random_graph(3)
    node = NodeIndex(int(graph.links.target[0]))
    best = strongest(graph, node, "inputs", everything(graph))
    assert best is not None
    seen = np.ones(len(graph), dtype=np.bool_)
    seen[best] = False
    assert strongest(graph, node, "inputs", Sight(seen)) != best


def test_from_no_node_nothing_is_met() -> None:
    graph = random_graph(1)
    none = np.empty(0, dtype=np.int64)
    for way in WAYS:
        assert len(neighbours(graph, none, way, everything(graph))) == 0
        assert len(reach(graph, none, way, everything(graph))) == 0
    assert len(around(graph, none, 3, everything(graph))) == 0
