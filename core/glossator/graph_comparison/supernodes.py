"""Supernodes of two graphs: what of each is in the other, and which are the same.

A supernode is carried over by what its members are: features, tokens, logits. Errors
and nodes of unknown kinds are of one graph alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from glossator.graph.attribution_graph import (
    AttributionGraph,
    FeatureKey,
    NodeIndex,
    NodeKind,
)
from glossator.graph_comparison.prompts import PromptDifference
from glossator.graph_comparison.side import Side
from glossator.layout.graph_text import logit_text
from glossator.project.edits import Supernode

Part: TypeAlias = FeatureKey | tuple[str, str]
"""What a node is in any graph: a feature, ("token", text) or ("logit", text)."""

Parts: TypeAlias = Mapping[Part, Sequence[int]]
"""The nodes that are each."""


class Twin(NamedTuple):
    """The supernode of B that has most in common with one of A."""

    at: int
    """Its place among B's."""
    name: str
    jaccard: float
    """Of the parts of either, the share that is in both; 0: alike by name alone."""
    same_name: bool


@dataclass(frozen=True)
class ComparedSupernode:
    """A supernode of A; or one of B that is the twin of none in A."""

    of: Literal["A", "B"]
    supernode: Supernode
    n: int
    """Its parts: distinct features, tokens and logits."""
    n_shared: int
    """How many of them the other graph has."""
    nodes: tuple[int, ...]
    """Nodes of the other graph that its members are there."""
    twin: Twin | None


def compare_supernodes(
    a: Side, b: Side, prompt: PromptDifference
) -> tuple[ComparedSupernode, ...]:
    """Those of A in their order, then those of B that have no twin there."""
    parts_b = [(one, _parts(b.graph, one.members)) for one in b.supernodes]
    there, here = _all_parts(b.graph), _all_parts(a.graph)
    found = []
    for supernode in a.supernodes:
        parts = _parts(a.graph, supernode.members)
        places = _places_in_b(a.graph, parts, prompt)
        nodes = _nodes_there(b.graph, places, there)
        n_shared = sum(part in there for part in parts)
        twin = _twin(supernode.name, parts, parts_b)
        found.append(
            ComparedSupernode("A", supernode, len(parts), n_shared, nodes, twin)
        )
    met = {one.twin.at for one in found if one.twin}
    for at, (supernode, parts) in enumerate(parts_b):
        if at not in met:
            n_shared = sum(part in here for part in parts)
            nodes = _nodes_there(a.graph, dict.fromkeys(parts, frozenset()), here)
            found.append(
                ComparedSupernode("B", supernode, len(parts), n_shared, nodes, None)
            )
    return tuple(found)


# -- what nodes are -----------------------------------------------------------------


def _all_parts(graph: AttributionGraph) -> Parts:
    others = np.isin(graph.nodes.kind, (NodeKind.EMBEDDING, NodeKind.LOGIT))
    found: dict[Part, Sequence[int]] = dict(_parts(graph, np.flatnonzero(others)))
    for feature in graph.features:
        found[feature] = graph.nodes_of(feature).tolist()
    return found


def _parts(graph: AttributionGraph, nodes: Iterable[int]) -> Parts:
    found: defaultdict[Part, list[int]] = defaultdict(list)
    for node in nodes:
        part = _part(graph, NodeIndex(int(node)))
        if part is not None:
            found[part].append(int(node))
    return dict(found)


def _part(graph: AttributionGraph, node: NodeIndex) -> Part | None:
    feature = graph.feature_of(node)
    if feature is not None:
        return feature
    match NodeKind(int(graph.nodes.kind[node])):
        case NodeKind.EMBEDDING:
            return "token", graph.token_at(int(graph.nodes.position[node]))
        case NodeKind.LOGIT:
            return "logit", logit_text(graph, node)
        case _:
            return None


# -- where they are in the other graph ----------------------------------------------


def _places_in_b(
    graph: AttributionGraph, parts: Parts, prompt: PromptDifference
) -> Mapping[Part, frozenset[int | None]]:
    position = graph.nodes.position
    return {
        part: frozenset(prompt.position_in_b(int(position[node])) for node in nodes)
        for part, nodes in parts.items()
    }


def _nodes_there(
    graph: AttributionGraph,
    places: Mapping[Part, frozenset[int | None]],
    there: Parts,
) -> tuple[int, ...]:
    """Nodes at the places of each part; all of a part that is at none of its places."""
    position = graph.nodes.position
    found: set[int] = set()
    for part, wanted in places.items():
        every = there.get(part, ())
        found.update([n for n in every if int(position[n]) in wanted] or every)
    return tuple(sorted(found))


def _twin(
    name: str, parts: Parts, others: Sequence[tuple[Supernode, Parts]]
) -> Twin | None:
    """The one with most in common; of equals, and where none has, that of its name."""
    best: Twin | None = None
    for at, (other, other_parts) in enumerate(others):
        either = len(parts.keys() | other_parts.keys())
        jaccard = len(parts.keys() & other_parts.keys()) / either if either else 0.0
        twin = Twin(at, other.name, jaccard, other.name == name)
        if not jaccard and not twin.same_name:
            continue
        if best is None or twin[2:] > best[2:]:
            best = twin
    return best
