"""What methods get on average, how many features they label, and what a label costs."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from glossator.evaluation.comparison.method_comparison import (
    AskedFor,
    ComparisonTable,
    Measure,
    MethodComparison,
    NotGiven,
    baseline_of,
    measure_of,
    scorers_in,
    values,
)
from glossator.evaluation.label_scores.label_score import BaselineName
from glossator.evaluation.label_scores.statistics import (
    MeanOverFeatures,
    mean_over_features,
)

_QUOTED = re.compile("“[^”]*”")


@dataclass(frozen=True)
class MethodMean:
    """One method by one scorer; every feature weighs the same."""

    method: str
    scorer: str
    measure: Measure
    own: MeanOverFeatures
    """Over the features that it labelled and that could be scored."""
    common: MeanOverFeatures
    """Over those that every method did so: of these alone means may be compared."""
    baselines: Mapping[BaselineName, MeanOverFeatures]
    """What labels that should do worse get on the method's features."""
    n_texts: int
    n_failed: int
    """Texts without an answer."""


@dataclass(frozen=True)
class Coverage:
    """How many features a method labelled."""

    method: str
    n_features: int
    n_labelled: int
    reasons: Mapping[str, int]
    """Why the others have no label, the commonest first; what was answered left out."""


@dataclass(frozen=True)
class LabelCost:
    """What a label of a method takes, to write or to score."""

    method: str
    scorer: str
    """"" is to write it."""
    n_labels: int
    calls: float
    """A label, as all the following."""
    prompt_tokens: float
    answer_tokens: float
    dollars: float | None
    """None where a price is not known."""
    cached: int
    """Of all its calls, how many another project had paid for."""


def method_means(
    comparison: MethodComparison, table: ComparisonTable
) -> list[MethodMean]:
    """A mean a method and scorer, method by method inside each scorer."""
    return [
        _mean(table, method, scorer, common_features(table, comparison.names, scorer))
        for scorer in scorers_in(table)
        for method in comparison.names
    ]


def common_features(
    table: ComparisonTable, methods: Sequence[str], scorer: str
) -> frozenset[int]:
    """Places in the table of features of which every method has a value."""
    by_method = [
        {
            at
            for at, (_, value) in enumerate(values(table, method, scorer))
            if value is not None
        }
        for method in methods
    ]
    return frozenset(set.intersection(*by_method)) if by_method else frozenset()


def _mean(
    table: ComparisonTable, method: str, scorer: str, common: frozenset[int]
) -> MethodMean:
    measure = measure_of(table, scorer)
    numbers = [value for _, value in values(table, method, scorer)]
    scores = [
        score
        for feature in table.features
        if (score := feature.score_of(method, scorer)) is not None
    ]
    names = dict.fromkeys(one.name for score in scores for one in score.baselines)
    return MethodMean(
        method=method,
        scorer=scorer,
        measure=measure,
        own=mean_over_features(numbers),
        common=mean_over_features([numbers[at] for at in sorted(common)]),
        baselines={
            name: mean_over_features([baseline_of(s, name, measure) for s in scores])
            for name in names
        },
        n_texts=sum(score.n_positive + score.n_negative for score in scores),
        n_failed=sum(score.n_failed for score in scores),
    )


def coverage(comparison: MethodComparison, table: ComparisonTable) -> list[Coverage]:
    """How many of the features each method labelled."""
    found = []
    for method in comparison.names:
        reasons = Counter(
            _QUOTED.sub("“…”", said.reason)
            for feature in table.features
            for said in feature.said
            if said.method == method and isinstance(said, NotGiven)
        )
        n = len(table.features)
        common = dict(reasons.most_common())
        found.append(Coverage(method, n, n - reasons.total(), common))
    return found


def label_costs(
    comparison: MethodComparison, table: ComparisonTable
) -> list[LabelCost]:
    """What labels cost, method by method, where a language model was asked."""
    return [
        _cost(asked, covered.n_labelled)
        for covered in coverage(comparison, table)
        for asked in table.asked
        if asked.method == covered.method and covered.n_labelled and asked.spent.calls
    ]


def _cost(asked: AskedFor, n: int) -> LabelCost:
    spent = asked.spent
    dollars = None if asked.unpriced or spent.cost is None else spent.cost / n
    return LabelCost(
        method=asked.method,
        scorer=asked.scorer,
        n_labels=n,
        calls=spent.calls / n,
        prompt_tokens=spent.prompt_tokens / n,
        answer_tokens=spent.answer_tokens / n,
        dollars=dollars,
        cached=asked.cached,
    )
