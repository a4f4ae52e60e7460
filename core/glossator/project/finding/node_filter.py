"""Filters: which nodes of a graph, or features, a person wants to see."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal, Protocol, TypeAlias

import msgspec
import numpy as np

from glossator.graph.attribution_graph import (
    BoolColumn,
    FeatureKey,
    NodeKind,
)
from glossator.project.finding.find import NodeTexts
from glossator.project.revision import GraphId, Subject, feature_subject
from glossator.project.state import ProjectState, ReviewState
from glossator.protocol.decision import TIERS, ProtocolResult, Tier

NOT_SCORED: Final = "not scored"
ShownTier: TypeAlias = Tier | Literal["not scored"]
SHOWN_TIERS: tuple[ShownTier, ...] = (*TIERS, NOT_SCORED)

Range: TypeAlias = tuple[int, int]
"""The least and the most, both included."""

ENDLESS = 1 << 30
"""The most of a range that has no end."""


class NodeFilter(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
):
    """What a node has to be; what is left empty is not asked for.

    What is said of features is asked of their nodes: other nodes have no review, no
    method, no tier, no tags, no flag, no z and no density.
    """

    text: str = ""
    """Words, all of which `find` finds at the node."""
    layers: Range | None = None
    positions: Range | None = None
    kinds: tuple[NodeKind, ...] = ()
    reviews: tuple[ReviewState, ...] = ()
    methods: tuple[str, ...] = ()
    """Of the label in force; "" is a label for which no method is told."""
    tiers: tuple[ShownTier, ...] = ()
    tags: tuple[int, ...] = ()
    """Any of them."""
    flagged: bool | None = None
    least_z: float | None = None
    """Of the window with the largest."""
    most_z: float | None = None
    most_influence: float | None = None
    """Cumulative share, in (0, 1]: small is important."""
    least_density: float | None = None
    """Share of tokens, in [0, 1]."""
    most_density: float | None = None
    in_supernode: bool | None = None
    pinned: bool | None = None

    @property
    def by_density(self) -> bool:
        """Whether evidence has to be read for it."""
        return self.least_density is not None or self.most_density is not None


class DensityLookup(Protocol):
    """The share of tokens on which a feature is active; None where it is not known."""

    def __call__(self, feature: FeatureKey) -> float | None: ...


def matching_nodes(
    state: ProjectState,
    number: GraphId,
    wanted: NodeFilter,
    *,
    texts: NodeTexts | None = None,
    density: DensityLookup | None = None,
) -> BoolColumn:
    """Nodes of a graph that a filter lets through.

    Parameters
    ----------
    texts : of the graph, as the state is; made anew where it is needed and not given.
    density : asked only of features that all else lets through; without it no density
        is known.
    """
    found = _of_columns(state, number, wanted)
    if wanted.text.strip() and found.any():
        found &= (texts or NodeTexts(state, number)).matching(wanted.text)
    asked = _asked_of_features(state, wanted, density)
    if asked:
        graph = state.graphs[number].graph
        found &= graph.nodes.is_feature
        passed = np.zeros(len(graph.features), dtype=bool)
        for at in np.unique(graph.feature_number[found]).tolist():
            feature = graph.features[at]
            subject = feature_subject(feature)
            passed[at] = all(question(feature, subject) for question in asked)
        found[found] = passed[graph.feature_number[found]]
    return found


def matching_features(
    state: ProjectState,
    features: Iterable[FeatureKey],
    wanted: NodeFilter,
    *,
    texts: Mapping[GraphId, NodeTexts] | None = None,
    density: DensityLookup | None = None,
) -> tuple[FeatureKey, ...]:
    """Those of the features, in their order, of which a filter lets a node through."""
    found: set[FeatureKey] = set()
    for number, entry in state.graphs.items():
        known = texts.get(number) if texts else None
        nodes = matching_nodes(state, number, wanted, texts=known, density=density)
        numbers = entry.graph.feature_number[nodes & entry.graph.nodes.is_feature]
        found.update(entry.graph.features[at] for at in np.unique(numbers).tolist())
    return tuple(feature for feature in features if feature in found)


def _of_columns(state: ProjectState, number: GraphId, wanted: NodeFilter) -> BoolColumn:
    """Nodes that pass what is asked of the graph's columns, pins and supernodes."""
    nodes = state.graphs[number].graph.nodes
    found = np.ones(len(nodes), dtype=bool)
    for column, bounds in (
        (nodes.layer, wanted.layers),
        (nodes.position, wanted.positions),
    ):
        if bounds is not None:
            found &= (column >= bounds[0]) & (column <= bounds[1])
    if wanted.kinds:
        found &= np.isin(nodes.kind, wanted.kinds)
    if wanted.most_influence is not None:
        found &= nodes.influence <= wanted.most_influence
    if wanted.pinned is not None:
        pins = state.pins.get(number, ())
        found &= _marked(len(nodes), pins) == wanted.pinned
    if wanted.in_supernode is not None:
        groups = state.supernodes.get(number, {}).values()
        members = [member for group in groups for member in group.members]
        found &= _marked(len(nodes), members) == wanted.in_supernode
    return found


def _marked(n: int, nodes: Iterable[int]) -> BoolColumn:
    marked = np.zeros(n, dtype=bool)
    marked[list(nodes)] = True
    return marked


_Question: TypeAlias = Callable[[FeatureKey, Subject], bool]


def _asked_of_features(
    state: ProjectState, wanted: NodeFilter, density: DensityLookup | None
) -> list[_Question]:
    """What is asked of each feature, the costly last."""
    asked: list[_Question] = []
    if wanted.flagged is not None:
        asked.append(lambda _, subject: (subject in state.flags) == wanted.flagged)
    if wanted.tags:
        tags = frozenset(wanted.tags)
        asked.append(lambda _, s: not tags.isdisjoint(state.tags.get(s, ())))
    if wanted.reviews:
        asked.append(lambda feature, _: state.review_state(feature) in wanted.reviews)
    if wanted.methods:
        asked.append(lambda feature, _: label_method(state, feature) in wanted.methods)
    if wanted.tiers:
        asked.append(lambda feature, _: shown_tier(state, feature) in wanted.tiers)
    least, most = wanted.least_z, wanted.most_z
    if least is not None or most is not None:
        asked.append(
            lambda _, s: _between(largest_z(state.results.get(s)), least, most)
        )
    if wanted.by_density:
        sparse, dense = wanted.least_density, wanted.most_density
        known = density or (lambda feature: None)
        asked.append(lambda feature, _: _between(known(feature), sparse, dense))
    return asked


def label_method(state: ProjectState, feature: FeatureKey) -> str | None:
    """Method of the label in force; "" where none is told, None without a label."""
    last = state.last_revision(feature_subject(feature))
    return last.method if last is not None and last.shown else None


def shown_tier(state: ProjectState, feature: FeatureKey) -> ShownTier:
    result = state.result(feature)
    return result.tier if result is not None else NOT_SCORED


def largest_z(result: ProtocolResult | None) -> float | None:
    """The z of the window that agrees most; None where no window has one."""
    if result is None:
        return None
    scores = (result.scores.input, result.scores.output, result.scores.cross)
    zs = [score.deciding_z for score in scores if score is not None]
    return max((z for z in zs if z is not None), default=None)


def _between(value: float | None, least: float | None, most: float | None) -> bool:
    if value is None:
        return False
    return (least is None or value >= least) and (most is None or value <= most)
