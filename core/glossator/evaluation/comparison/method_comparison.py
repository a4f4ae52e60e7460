"""Labelling methods held against one another on the same features.

What is stored is what was said and what it scored, feature by feature. Means, paired
differences and the labels that lie furthest apart are reckoned from that
(`method_comparison_means`, `method_comparison_pairs`, `method_comparison_apart`).
"""

from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias, get_args

import msgspec

from glossator.evaluation.label_scores.label_score import (
    BaselineName,
    Interval,
    LabelScore,
    Spent,
)
from glossator.evidence.example_text import ExampleText
from glossator.graph.attribution_graph import FeatureKey
from glossator.protocol.decision import Tier

Mode = Literal["repaired", "as in the source"]
"""By our scorers, or as the method was published, faults included."""

MODES: tuple[Mode, ...] = get_args(Mode)

Measure = Literal["balanced accuracy", "AUC", "accuracy, failures as wrong", "gap"]
"""What a scorer's number is; numbers of different measures are never averaged."""

CHANCE: Mapping[Measure, float] = {
    "balanced accuracy": 0.5,
    "AUC": 0.5,
    "accuracy, failures as wrong": 0.5,
    "gap": 0.0,
}
"""What a label that says nothing gets."""


class GivenLabel(msgspec.Struct, frozen=True, kw_only=True, tag="label"):
    """What a method calls a feature."""

    method: str
    text: str
    reason: str = ""
    model: str = ""
    """The language model that wrote it; "" where none did."""
    prompt_hash: str = ""


class NotGiven(msgspec.Struct, frozen=True, kw_only=True, tag="no label"):
    """A method has no label for a feature."""

    method: str
    reason: str


Said: TypeAlias = GivenLabel | NotGiven


class MethodScore(msgspec.Struct, frozen=True, kw_only=True):
    """How the label of a method did with one scorer."""

    method: str
    score: LabelScore
    """Without what came of each text."""


class MethodNotScored(msgspec.Struct, frozen=True, kw_only=True):
    method: str
    scorer: str
    reason: str


class Distance(msgspec.Struct, frozen=True, kw_only=True):
    """How far the labels of two methods are from each other."""

    one: str
    other: str
    distance: float
    """1 - cosine of their embeddings."""


class ComparedFeature(msgspec.Struct, frozen=True, kw_only=True):
    """What the methods said of one feature, and what they had to go by."""

    feature: FeatureKey
    tier: Tier
    said: tuple[Said, ...]
    """One a method, in their order."""
    scores: tuple[MethodScore, ...] = ()
    not_scored: tuple[MethodNotScored, ...] = ()
    distances: tuple[Distance, ...] = ()
    """Of all pairs of labels."""
    shown: tuple[ExampleText, ...] = ()
    """The strongest examples that the methods saw."""
    largest: float = 0.0
    """Activation of the strongest."""
    promoted: tuple[str, ...] = ()
    """Its top logits as text."""

    def label_by(self, method: str) -> str:
        """Text of its label, or nothing."""
        found = (
            said.text
            for said in self.said
            if isinstance(said, GivenLabel) and said.method == method
        )
        return next(found, "")

    def score_of(self, method: str, scorer: str) -> LabelScore | None:
        found = (
            one.score
            for one in self.scores
            if one.method == method and one.score.scorer == scorer
        )
        return next(found, None)


class AskedFor(msgspec.Struct, frozen=True, kw_only=True):
    """What a method, or the scoring of its labels, asked of a language model."""

    method: str
    scorer: str = ""
    """"" is the method itself."""
    spent: Spent = Spent()
    cached: int = 0
    """Of the calls, how many another project had paid for: their cost counts as 0."""
    unpriced: int = 0
    """Of the calls, how many cost no one knows what."""


class ComparisonTable(msgspec.Struct, frozen=True, kw_only=True):
    """All methods on all features in one mode."""

    mode: Mode
    features: tuple[ComparedFeature, ...]
    asked: tuple[AskedFor, ...] = ()


class ComparisonSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What is compared, on what, by whom."""

    methods: tuple[str, ...]
    scorers: tuple[str, ...]
    modes: tuple[Mode, ...] = ("repaired",)
    n_features: int = 40
    tiers: tuple[Tier, ...] = ()
    """Features of these alone; empty is of any with examples."""
    seed: int = 0
    """Says which features are drawn, and which texts they are scored on."""
    baselines: bool = True
    """Score labels that should do worse beside each, too."""


class MethodTitle(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    title: str


class MethodComparison(msgspec.Struct, frozen=True, kw_only=True):
    """What a comparison found out, with all that is needed to tell of it."""

    settings: ComparisonSettings
    methods: tuple[MethodTitle, ...]
    tables: tuple[ComparisonTable, ...]
    """One a mode."""
    label_model: str = ""
    """Chat model that wrote labels; "" where none did."""
    scoring_model: str = ""
    embedder: str = ""
    n_candidates: int = 0
    """Features that could have been drawn."""
    problems: tuple[str, ...] = ()
    """What could not be read or asked, one sentence each."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(method.name for method in self.methods)

    def title(self, method: str) -> str:
        titles = (one.title for one in self.methods if one.name == method)
        return next(titles, method)


def scorers_in(table: ComparisonTable) -> tuple[str, ...]:
    """Scorers with any score, in the order in which they come."""
    scorers = (one.score.scorer for f in table.features for one in f.scores)
    return tuple(dict.fromkeys(scorers))


def measure_of(table: ComparisonTable, scorer: str) -> Measure:
    """What a scorer's numbers are, the same of all its labels."""
    judges = _judges(table, scorer)
    match table.mode:
        case "repaired":
            return "balanced accuracy" if judges else "AUC"
        case "as in the source":
            return "accuracy, failures as wrong" if judges else "gap"


def value_of(score: LabelScore, measure: Measure) -> float | None:
    """A label's number; None where it has none of this measure."""
    match measure:
        case "balanced accuracy":
            return score.balanced_accuracy
        case "AUC":
            return score.auc
        case "accuracy, failures as wrong":
            return score.as_wrong
        case "gap":
            return score.gap


def interval_of(score: LabelScore, measure: Measure) -> Interval | None:
    """Of a label's number, as far as the texts alone tell; None where it has none."""
    match measure:
        case "balanced accuracy":
            return score.interval
        case "AUC":
            return score.auc_interval
        case "gap":
            return score.gap_interval
        case "accuracy, failures as wrong":
            return None


def baseline_of(
    score: LabelScore, name: BaselineName, measure: Measure
) -> float | None:
    """What a label that should do worse gets on the same texts."""
    found = (one.score for one in score.baselines if one.name == name)
    first = next(found, None)
    return None if first is None else value_of(first, measure)


def values(
    table: ComparisonTable, method: str, scorer: str
) -> Iterator[tuple[FeatureKey, float | None]]:
    """One value a feature; None where there is no label, or no score of it."""
    measure = measure_of(table, scorer)
    for one in table.features:
        score = one.score_of(method, scorer)
        yield one.feature, None if score is None else value_of(score, measure)


def _judges(table: ComparisonTable, scorer: str) -> bool:
    """Whether a scorer says yes or no of texts, rather than rank them."""
    return any(
        one.score.scorer == scorer and one.score.as_wrong is not None
        for feature in table.features
        for one in feature.scores
    )
