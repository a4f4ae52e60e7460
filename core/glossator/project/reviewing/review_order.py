"""In which order features come to a person, and why.

The first order is influence × uncertainty: the part of the effect on the answer that is
expected to stand under a label that would not hold. What a person settles first then
changes most of what the graph says.

*Influence* is the share of the effect on the logits that passes through the feature's
own nodes, in [0, 1], averaged over the project's graphs. Graph files tell for each node
the cumulative share at which it enters; the difference to the node before is its own.

*Uncertainty*, in [0, 1], is how likely a person is expected to change the label:

- 0 where a person accepted or wrote it;
- 1 where there is none: nobody proposed one, a method declined, or it was refused;
- else the mean of the doubts that there are grounds for, each in [0, 1]:
  *tier*: 1 / (1 + exp(z - threshold)) of the largest z, so one half at the threshold,
  less above it, more for what is obscure; 1 where no window could be scored;
  *label score*: 0 for a label that tells all texts apart, 1 for one that does no better
  than chance, where a comparison of methods has scored this very label;
  *method*: the share of the method's labels so far that were changed or refused,
  counting one of either more than there is, so one half to begin with.

A mean, since the doubts speak of the same thing and are not independent; multiplied
they would be taken for more than they are.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from math import exp
from typing import Literal, NamedTuple, TypeAlias, get_args

import numpy as np

from glossator.evaluation.comparison.method_comparison import MethodComparison
from glossator.graph.attribution_graph import FeatureKey, FloatColumn
from glossator.graph.influence import node_influence
from glossator.project.reviewing.review_quality import IMPORTED, decisions, method_of
from glossator.project.revision import LabelRevision, feature_subject
from glossator.project.state import ProjectState
from glossator.protocol.decision import TIERS, ProtocolResult
from glossator.protocol.protocol_settings import WINDOW_NAMES

OrderName = Literal[
    "influence × uncertainty",
    "influence",
    "uncertainty",
    "layer",
    "position",
    "tier",
    "method",
]

ORDERS: tuple[OrderName, ...] = get_args(OrderName)

LabelScores: TypeAlias = Mapping[tuple[FeatureKey, str], float]
"""Of a label's text: 0.5 for chance to 1."""

_DIGITS = 9
"""Differences of cumulative shares are no finer."""


class Standing(NamedTuple):
    """Why a feature stands where it does."""

    influence: float
    """Its own share of the effect on the logits."""
    uncertainty: float
    doubts: tuple[str, ...]
    """What the uncertainty is made of, in words."""

    @property
    def gain(self) -> float:
        return self.influence * self.uncertainty


class Place(NamedTuple):
    """What a queue is sorted by: small is first."""

    number: float
    word: str
    gain: float
    """Negative; so is the best first among equals."""
    entry: float
    """Least cumulative influence."""
    layer: int
    in_layer: int
    attention: bool


class _Where(NamedTuple):
    share: float
    entry: float
    position: int


class ReviewOrder:
    """Places of a project's features; reads the state anew whenever it is asked."""

    def __init__(self, state: ProjectState, scores: LabelScores | None = None) -> None:
        """Take stock of graphs and of past decisions.

        Parameters
        ----------
        scores : of labels that a comparison scored (`scored_labels`).
        """
        self._state = state
        self._scores = scores or {}
        self._where = _places_in_graphs(state)
        self._doubted = _method_doubts(state)

    def renewed(self) -> "ReviewOrder":
        """The same with the decisions made since."""
        return ReviewOrder(self._state, self._scores)

    def place(self, feature: FeatureKey, order: OrderName) -> Place:
        """Where a feature stands in an order; ties go by influence × uncertainty."""
        where = self._where.get(feature, _NOWHERE)
        gain = round(where.share * self._uncertainty(feature)[0], _DIGITS)
        number, word = 0.0, ""
        match order:
            case "influence":
                number = where.entry
            case "uncertainty":
                number = -round(self._uncertainty(feature)[0], _DIGITS)
            case "layer":
                number = feature.layer
            case "position":
                number = where.position
            case "tier":
                result = self._state.result(feature)
                number = TIERS.index(result.tier) if result else len(TIERS)
            case "method":
                word = method_of(self._label(feature)) or "\uffff"
            case "influence × uncertainty":
                pass
        return Place(
            number,
            word,
            -gain,
            where.entry,
            feature.layer,
            feature.index,
            feature.attention,
        )

    def standing(self, feature: FeatureKey) -> Standing:
        """Influence and uncertainty of a feature, with the reasons."""
        uncertainty, doubts = self._uncertainty(feature)
        share = self._where.get(feature, _NOWHERE).share
        return Standing(share, uncertainty, doubts)

    def _label(self, feature: FeatureKey) -> LabelRevision | None:
        last = self._state.last_revision(feature_subject(feature))
        return last if last is not None and last.shown else None

    def _uncertainty(self, feature: FeatureKey) -> tuple[float, tuple[str, ...]]:
        label = self._label(feature)
        if label is None:
            declined = self._state.why_no_label(feature)
            why = f"{declined.method} gave no label" if declined else "no label"
            return 1.0, (why,)
        if label.by_person:
            return 0.0, (f"{label.status} by a person",)
        doubts: list[tuple[float, str]] = []
        result = self._state.result(feature)
        if result is not None:
            doubts.append(_tier_doubt(result))
        score = self._scores.get((feature, label.text))
        if score is not None:
            doubt = min(max(2 * (1 - score), 0.0), 1.0)
            doubts.append((doubt, f"label score {score:.2f}"))
        method = method_of(label)
        doubt = self._doubted.get(method, 0.5)
        named = "an imported label" if method == IMPORTED else f"a label by {method}"
        doubts.append((doubt, named))
        mean = sum(doubt for doubt, _ in doubts) / len(doubts)
        return mean, tuple(f"{why} ({doubt:.2f})" for doubt, why in doubts)


_NOWHERE = _Where(0.0, float("inf"), 0)


def _tier_doubt(result: ProtocolResult) -> tuple[float, str]:
    known = [s for w in WINDOW_NAMES if (s := result.scores.of(w)) is not None]
    z = [s.deciding_z for s in known if s.deciding_z is not None]
    if not z:
        # No null to hold the scores against: the tier alone has to tell.
        certain = result.tier in ("input", "output", "cross")
        return (0.5 if certain else 1.0), f"tier {result.tier}"
    threshold = result.calibrated.threshold
    beyond = min(max(max(z) - threshold, -50.0), 50.0)
    return 1 / (1 + exp(beyond)), f"z {max(z):.1f} at a threshold of {threshold:g}"


def _method_doubts(state: ProjectState) -> dict[str, float]:
    """Share of each method's labels that did not stay as they were."""
    made: Counter[str] = Counter()
    changed: Counter[str] = Counter()
    for decision in decisions(state):
        if decision.outcome != "written":
            made[decision.method] += 1
            changed[decision.method] += decision.outcome != "accepted"
    return {method: (changed[method] + 1) / (made[method] + 2) for method in made}


def _places_in_graphs(state: ProjectState) -> dict[FeatureKey, _Where]:
    shares: defaultdict[FeatureKey, float] = defaultdict(float)
    entries: dict[FeatureKey, float] = {}
    positions: dict[FeatureKey, int] = {}
    for entry in state.graphs.values():
        graph = entry.graph
        cumulative = node_influence(graph)
        own = own_shares(cumulative).tolist()
        enters = np.nan_to_num(cumulative, nan=np.inf).tolist()
        at_token = graph.nodes.position.tolist()
        for feature in graph.features:
            nodes = graph.nodes_of(feature).tolist()
            shares[feature] += sum(own[node] for node in nodes) / len(state.graphs)
            least = min(enters[node] for node in nodes)
            entries[feature] = min(entries.get(feature, np.inf), least)
            positions.setdefault(feature, min(at_token[node] for node in nodes))
    return {
        feature: _Where(share, entries[feature], positions[feature])
        for feature, share in shares.items()
    }


def own_shares(cumulative: FloatColumn) -> FloatColumn:
    """Share of each node by itself; nodes that enter together have equal parts.

    0 where the cumulative share is unknown (NaN).
    """
    values, which, counts = np.unique(
        cumulative, return_inverse=True, return_counts=True, equal_nan=True
    )
    steps = np.diff(values, prepend=0.0) / counts
    shares: FloatColumn = np.nan_to_num(steps, nan=0.0)[which]
    return shares


def scored_labels(
    comparisons: Iterable[MethodComparison],
) -> dict[tuple[FeatureKey, str], float]:
    """Mean score of each label that was compared, of the newest comparison of it."""
    found: dict[tuple[FeatureKey, str], float] = {}
    for comparison in comparisons:
        for table in comparison.tables:
            for one in table.features if table.mode == "repaired" else ():
                by_method: defaultdict[str, list[float]] = defaultdict(list)
                for scored in one.scores:
                    score = scored.score
                    value = (
                        score.auc
                        if score.balanced_accuracy is None
                        else score.balanced_accuracy
                    )
                    if value is not None:
                        by_method[scored.method].append(value)
                for method, values in by_method.items():
                    text = one.label_by(method)
                    found[one.feature, text] = sum(values) / len(values)
    return found
