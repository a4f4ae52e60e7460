"""Features of two graphs: where each is, how it is active, how it is labelled."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from glossator.graph.attribution_graph import FeatureKey
from glossator.graph_comparison.side import Side
from glossator.project.revision import LabelRevision

Where = Literal["both", "only in A", "only in B"]

LabelMatch = Literal["same", "differs", "only in A", "only in B", "none"]


@dataclass(frozen=True)
class FeatureAt:
    """A feature as one graph has it."""

    nodes: tuple[int, ...]
    positions: tuple[int, ...]
    """Of its nodes."""
    influence: float | None
    """The most important node's; small is important. None where no node tells."""
    activation: float | None
    """The largest of its nodes'."""
    revision: LabelRevision | None
    """Of the feature's label, where it has one."""
    own_labels: tuple[str, ...]
    """What single nodes are labelled instead."""

    @property
    def label(self) -> str:
        """All that it is labelled here."""
        shared = [self.revision.text] if self.revision else []
        return " | ".join((*shared, *self.own_labels))


@dataclass(frozen=True)
class ComparedFeature:
    """A feature that at least one of the graphs has."""

    feature: FeatureKey
    a: FeatureAt | None
    b: FeatureAt | None

    @property
    def where(self) -> Where:
        if self.a is None:
            return "only in B"
        return "only in A" if self.b is None else "both"

    @property
    def label_match(self) -> LabelMatch:
        a, b = (side.label if side else "" for side in (self.a, self.b))
        if a == b:
            return "same" if a else "none"
        if not b:
            return "only in A"
        return "differs" if a else "only in B"

    @property
    def influence(self) -> float:
        """The smaller of both, infinite where neither tells one."""
        told = (side.influence for side in (self.a, self.b) if side)
        return min((value for value in told if value is not None), default=math.inf)


def compare_features(a: Side, b: Side) -> tuple[ComparedFeature, ...]:
    """Features of both graphs, then of A alone, then of B; the most important first."""
    order: dict[Where, int] = {"both": 0, "only in A": 1, "only in B": 2}
    of_a, of_b = _by_feature(a), _by_feature(b)
    found = [
        ComparedFeature(feature, of_a.get(feature), of_b.get(feature))
        for feature in dict.fromkeys((*of_a, *of_b))
    ]
    found.sort(key=lambda one: (order[one.where], one.influence, one.feature))
    return tuple(found)


def _by_feature(side: Side) -> dict[FeatureKey, FeatureAt]:
    nodes = side.graph.nodes
    # As lists: a feature has few nodes, and numpy is slow on few numbers.
    positions = nodes.position.tolist()
    influences = nodes.influence.tolist()
    activations = nodes.activation.tolist()
    found = {}
    for feature in side.graph.features:
        at = side.graph.nodes_of(feature).tolist()
        found[feature] = FeatureAt(
            nodes=tuple(at),
            positions=tuple([positions[node] for node in at]),
            influence=min(_told(influences, at), default=None),
            activation=max(_told(activations, at), default=None),
            revision=side.labels.get(feature),
            own_labels=side.own_labels.get(feature, ()),
        )
    return found


def _told(values: Sequence[float], nodes: Sequence[int]) -> list[float]:
    """Values of nodes, without those that are unknown."""
    return [value for node in nodes if not math.isnan(value := values[node])]
