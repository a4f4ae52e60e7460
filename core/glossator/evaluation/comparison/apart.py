"""The labels of two methods that lie furthest apart, with what they were made of."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from glossator.evaluation.comparison.method_comparison import (
    ComparedFeature,
    ComparisonTable,
    Distance,
    GivenLabel,
    Said,
)
from glossator.evaluation.label_scores.label_score import LabelScore


@dataclass(frozen=True)
class Apart:
    """A feature that two methods call by different names."""

    feature: ComparedFeature
    one: str
    other: str
    distance: float

    @property
    def labels(self) -> tuple[str, str]:
        return self.feature.label_by(self.one), self.feature.label_by(self.other)

    def scores_of(self, method: str) -> list[LabelScore]:
        return [one.score for one in self.feature.scores if one.method == method]


def label_distances(
    said: Sequence[Said], vectors: dict[str, NDArray[np.floating]]
) -> tuple[Distance, ...]:
    """Distances of all pairs of labels of a feature.

    Parameters
    ----------
    vectors : unit length, by the label's text.
    """
    labels = [one for one in said if isinstance(one, GivenLabel)]
    return tuple(
        Distance(
            one=one.method,
            other=other.method,
            distance=max(0.0, 1 - float(vectors[one.text] @ vectors[other.text])),
        )
        for one, other in combinations(labels, 2)
    )


def furthest_apart(
    table: ComparisonTable, most: int, *, between: Collection[str] | None = None
) -> list[Apart]:
    """The pairs of labels that differ most, each feature once.

    Parameters
    ----------
    between : two methods; of all pairs if None.
    """
    pairs = [
        Apart(feature, pair.one, pair.other, pair.distance)
        for feature in table.features
        for pair in feature.distances
        if between is None or {pair.one, pair.other} == set(between)
    ]
    pairs.sort(key=lambda pair: -pair.distance)
    furthest: dict[object, Apart] = {}
    for pair in pairs:
        furthest.setdefault(pair.feature.feature, pair)
    return list(furthest.values())[:most]
