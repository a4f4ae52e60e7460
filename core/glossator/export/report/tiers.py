"""What the report says of the tiers: counts, and whether they lie as supposed."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from glossator.evaluation.layer_questions import Verdict
from glossator.evaluation.tier_report import (
    ScoredFeatures,
    senses_text,
    share_text,
    strata_of,
)
from glossator.evaluation.tiers_by_layer import (
    LayerTest,
    expected_false,
    layer_tests,
    layers_of,
    sense_counts,
)
from glossator.export.report.content import Count
from glossator.export.report.text import p_text
from glossator.export.target import AnnotatedGraph
from glossator.graph.attribution_graph import FeatureKey
from glossator.protocol.decision import TIERS


@dataclass(frozen=True)
class TestRow:
    question: str
    shares: tuple[str, ...]
    """Early, middle, late."""
    p: str
    verdict: Verdict
    answer: str


@dataclass(frozen=True)
class TierFindings:
    """Of one graph's scored features, or of those of all graphs, each once."""

    title: str
    n_scored: int
    n_features: int
    counts: tuple[Count, ...]
    senses: str
    expected_false: str
    thirds: str
    tests: tuple[TestRow, ...]


def tier_findings(annotated: AnnotatedGraph) -> tuple[TierFindings, ...]:
    """Of the graph; where the project has several, of all of them, too."""
    state = annotated.state
    graph = scored_features(annotated, "This graph", annotated.graph.features)
    found = [_findings(graph, len(annotated.graph.features))]
    if len(state.graphs) > 1:
        title = f"All {len(state.graphs)} graphs of the project"
        features = state.features()
        found.append(
            _findings(scored_features(annotated, title, features), len(features))
        )
    return tuple(one for one in found if one.n_scored)


def scored_features(
    annotated: AnnotatedGraph, name: str, features: Iterable[FeatureKey]
) -> ScoredFeatures:
    """Those of the features that have a result."""
    state = annotated.state
    results = {
        feature: result
        for feature in features
        if (result := state.result(feature)) is not None
    }
    graphs = (entry.graph for entry in state.graphs.values())
    return ScoredFeatures(name, results, layers_of(graphs))


def _findings(scored: ScoredFeatures, n_features: int) -> TierFindings:
    results = scored.results.values()
    total = Counter(result.tier for result in results)
    return TierFindings(
        title=scored.name,
        n_scored=len(scored.results),
        n_features=n_features,
        counts=tuple(Count(tier, total[tier], tier) for tier in TIERS if total[tier]),
        senses=senses_text(sense_counts(results)),
        expected_false=expected_false(results).sentence,
        thirds=scored.thirds,
        tests=tuple(map(_row, layer_tests(strata_of([scored])))),
    )


def _row(test: LayerTest) -> TestRow:
    return TestRow(
        question=test.question,
        shares=tuple(map(share_text, test.hits, test.totals)),
        p="–" if test.p is None else p_text(test.p),
        verdict=test.verdict,
        answer=test.answer,
    )
