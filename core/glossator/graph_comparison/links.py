"""Links between features that two graphs share, summed over their nodes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from glossator.graph.attribution_graph import (
    AttributionGraph,
    FeatureKey,
    FloatColumn,
    IndexColumn,
)


class ComparedLink(NamedTuple):
    """The effect of one feature on another; None in a graph without such a link."""

    source: FeatureKey
    target: FeatureKey
    weight_a: float | None
    weight_b: float | None
    share_a: float | None
    """Of all that the target's nodes get, signed, in [-1, 1]."""
    share_b: float | None


@dataclass(frozen=True, eq=False)
class ComparedLinks:
    """One entry a pair of features that is linked in either; NaN where it is not.

    Those whose shares differ most come first: effects are not on one scale in two
    graphs, shares are.
    """

    features: tuple[FeatureKey, ...]
    source: IndexColumn
    """Into `features`, as `target`."""
    target: IndexColumn
    weight_a: FloatColumn
    weight_b: FloatColumn
    share_a: FloatColumn
    share_b: FloatColumn

    def __len__(self) -> int:
        return len(self.source)

    def strongest(self, most: int | None = None) -> Iterator[ComparedLink]:
        """The pairs that differ most, or all."""
        columns = (self.weight_a, self.weight_b, self.share_a, self.share_b)
        numbers = zip(*(column[:most].tolist() for column in columns), strict=True)
        ends = zip(
            self.source[:most].tolist(), self.target[:most].tolist(), strict=True
        )
        for (source, target), values in zip(ends, numbers, strict=True):
            yield ComparedLink(
                self.features[source],
                self.features[target],
                *(None if value != value else value for value in values),
            )


def compare_links(
    a: AttributionGraph, b: AttributionGraph, shared: Sequence[FeatureKey]
) -> ComparedLinks:
    """Sum the links between shared features, and order them by what differs."""
    of_a, of_b = _summed(a, shared), _summed(b, shared)
    pairs = np.unique(np.concatenate((of_a.pair, of_b.pair)))
    weight_a, share_a = _spread(of_a, pairs)
    weight_b, share_b = _spread(of_b, pairs)
    apart = np.abs(np.nan_to_num(share_a) - np.nan_to_num(share_b))
    order = np.argsort(-apart, kind="stable")
    source, target = np.divmod(pairs[order], max(len(shared), 1))
    return ComparedLinks(
        tuple(shared),
        source.astype(np.int32),
        target.astype(np.int32),
        weight_a[order],
        weight_b[order],
        share_a[order],
        share_b[order],
    )


class _Summed(NamedTuple):
    pair: NDArray[np.int64]
    """Source and target as one number, rising, each once."""
    weight: FloatColumn
    share: FloatColumn


def _summed(graph: AttributionGraph, shared: Sequence[FeatureKey]) -> _Summed:
    n = len(shared)
    of_node = np.full(len(graph), -1, dtype=np.int64)
    for at, feature in enumerate(shared):
        of_node[graph.nodes_of(feature)] = at
    source, target = of_node[graph.links.source], of_node[graph.links.target]
    between = (source >= 0) & (target >= 0)
    pair, of_link = np.unique(
        source[between] * n + target[between], return_inverse=True
    )
    # Of no link at all the sum would be of integers.
    weight = np.bincount(
        of_link, graph.links.weight[between], minlength=len(pair)
    ).astype(np.float64)
    grouped = of_node >= 0
    total = np.bincount(of_node[grouped], graph.input_total[grouped], minlength=n)
    into = total[pair % max(n, 1)]
    share = np.divide(weight, into, out=np.zeros_like(weight), where=into > 0)
    return _Summed(pair, weight, share)


def _spread(
    summed: _Summed, pairs: NDArray[np.int64]
) -> tuple[FloatColumn, FloatColumn]:
    """Weights and shares of more pairs, NaN for those that are not linked."""
    at = np.searchsorted(pairs, summed.pair)
    weight, share = np.full(len(pairs), np.nan), np.full(len(pairs), np.nan)
    weight[at], share[at] = summed.weight, summed.share
    return weight, share
