"""Which feature comes first, why, and how queues stay in order."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest

from glossator.evaluation.comparison.method_comparison import (
    ComparedFeature,
    ComparisonSettings,
    ComparisonTable,
    GivenLabel,
    MethodComparison,
    MethodScore,
    MethodTitle,
)
from glossator.evaluation.label_scores.label_score import LabelScore
from glossator.graph.attribution_graph import FeatureKey
from glossator.project.edits import AddRevision, AnyEdit, SetDeclined, SetResult
from glossator.project.effects import show_edit
from glossator.project.open_files import add_graphs
from glossator.project.reviewing.review import (
    QUEUES,
    accept_edits,
    queues_of,
    reject_edits,
    skip_edits,
)
from glossator.project.reviewing.review_order import (
    OrderName,
    ReviewOrder,
    own_shares,
    scored_labels,
)
from glossator.project.reviewing.review_queues import ReviewQueues
from glossator.project.revision import Declined, LabelRevision, feature_subject
from glossator.project.state import ProjectState
from glossator.protocol.decision import ProtocolResult, Tier, WindowScore
from tests.core.graph_documents import (
    anthropic_graph,
    feature_node,
    graph_of,
    tracer_graph,
)
from tests.core.labelled_features import result
from tests.core.test_review import add, state_with

FIVE = tracer_graph(
    [
        feature_node(3, 1, 0, influence=0.7),
        feature_node(1, 5, 2, influence=0.4),
        feature_node(2, 5, 0, influence=0.9),
        feature_node(2, 5, 1, influence=0.1),
        feature_node(1, 4, 3, influence=0.4),
    ],
    [],
)


def five(*edits: AnyEdit) -> ProjectState:
    return state_with(*edits, document=FIVE)


def key(state: ProjectState, layer: int, index: int) -> FeatureKey:
    (found,) = [f for f in state.features() if (f.layer, f.index) == (layer, index)]
    return found


def proposal(feature: FeatureKey, method: str = "m", text: str = "x") -> AnyEdit:
    revision = LabelRevision(text=text, status="proposed", method=method)
    return AddRevision(feature_subject(feature), revision)


def of_z(z: float, tier: Tier = "input") -> ProtocolResult:
    score = WindowScore(n_used=9, raw=0.5, weighted=0.5, jackknife_error=0.1, z=z)
    scored = result(tier)
    scores = msgspec.structs.replace(scored.scores, input=score)
    return msgspec.structs.replace(scored, scores=scores)


def ordered(state: ProjectState, by: OrderName) -> list[tuple[int, int]]:
    queues = ReviewQueues(state, state.features(), ReviewOrder(state), by)
    return [(f.layer, f.index) for f in queues.features("all")]


def test_own_shares_are_the_steps_of_the_cumulative_ones() -> None:
    cumulative = np.array([0.5, np.nan, 0.2, 0.9, 0.5])
    assert own_shares(cumulative) == pytest.approx([0.15, 0.0, 0.2, 0.4, 0.15])


def test_a_feature_counts_with_all_its_nodes() -> None:
    state = five()
    shares = {f: ReviewOrder(state).standing(f).influence for f in state.features()}
    assert shares[key(state, 2, 5)] == pytest.approx(0.1 + 0.2)
    assert shares[key(state, 1, 5)] == pytest.approx(0.15)
    assert sum(shares.values()) == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("influence × uncertainty", [(2, 5), (3, 1), (1, 4), (1, 5)]),
        ("influence", [(2, 5), (1, 4), (1, 5), (3, 1)]),
        ("layer", [(1, 4), (1, 5), (2, 5), (3, 1)]),
        ("position", [(2, 5), (3, 1), (1, 5), (1, 4)]),
    ],
)
def test_orders_of_features_without_labels(
    by: OrderName, expected: list[tuple[int, int]]
) -> None:
    assert ordered(five(), by) == expected


def test_order_by_tier_and_by_method() -> None:
    state = five()
    for (layer, index), tier in (((2, 5), "obscure"), ((1, 4), "input")):
        feature = key(state, layer, index)
        add(state, [SetResult(feature_subject(feature), result(tier))])  # type: ignore[arg-type]
    add(state, [proposal(key(state, 3, 1), "a"), proposal(key(state, 1, 5), "b")])
    assert ordered(state, "tier")[:2] == [(1, 4), (2, 5)]
    assert ordered(state, "method") == [(3, 1), (1, 5), (2, 5), (1, 4)]


def test_what_a_person_settled_is_certain_and_what_has_no_label_is_not() -> None:
    state = five()
    feature = key(state, 1, 4)
    declined = Declined(method="baez", reason="no.")
    nothing: list[AnyEdit] = []
    asked: list[AnyEdit] = [SetDeclined(feature_subject(feature), declined)]
    for edits, uncertainty, why in (
        (nothing, 1.0, "no label"),
        (asked, 1.0, "baez gave no label"),
        (accept_edits(state, feature, "x", "ann"), 0.0, "edited by a person"),
    ):
        add(state, edits)
        found = ReviewOrder(state).standing(feature)
        assert (found.uncertainty, found.doubts) == (uncertainty, (why,))


@pytest.mark.parametrize(
    ("z", "tier", "doubt"),
    [(3.0, "input", 0.5), (6.0, "input", 0.047), (1.0, "obscure", 0.881)],
)
def test_the_nearer_the_threshold_the_more_doubtful(
    z: float, tier: Tier, doubt: float
) -> None:
    state = five()
    feature = key(state, 1, 4)
    add(state, [SetResult(feature_subject(feature), of_z(z, tier)), proposal(feature)])
    found = ReviewOrder(state).standing(feature)
    assert found.uncertainty == pytest.approx((doubt + 0.5) / 2, abs=1e-3)
    assert found.doubts[0] == f"z {z:.1f} at a threshold of 3 ({doubt:.2f})"


def test_a_tier_without_scores_still_tells() -> None:
    state = five()
    feature = key(state, 1, 4)
    add(state, [proposal(feature)])
    for tier, uncertainty in (("insufficient", 0.75), ("input", 0.5)):
        add(state, [SetResult(feature_subject(feature), result(tier))])  # type: ignore[arg-type]
        assert ReviewOrder(state).standing(feature).uncertainty == uncertainty


def test_a_method_whose_labels_are_refused_is_doubted() -> None:
    state = five()
    refused, accepted, waiting = (key(state, *at) for at in ((3, 1), (1, 5), (1, 4)))
    add(state, [proposal(f, "guesser") for f in (refused, waiting)])
    add(state, [proposal(accepted, "knower")])
    add(state, reject_edits(state, refused, "ann"))
    add(state, accept_edits(state, accepted, "x", "ann"))
    (doubt,) = ReviewOrder(state).standing(waiting).doubts
    assert doubt == "a label by guesser (0.67)"
    add(state, [proposal(waiting, "knower", "y")])
    (doubt,) = ReviewOrder(state).standing(waiting).doubts
    assert doubt == "a label by knower (0.33)"


def test_a_label_that_was_scored_is_doubted_by_its_score() -> None:
    state = five()
    feature = key(state, 1, 4)
    add(state, [proposal(feature, "m", "good"), proposal(key(state, 1, 5), "m", "bad")])
    table = ComparisonTable(
        mode="repaired",
        features=(
            ComparedFeature(
                feature=feature,
                tier="input",
                said=(GivenLabel(method="m", text="good"),),
                scores=(MethodScore(method="m", score=score(0.9)),),
            ),
        ),
    )
    comparison = MethodComparison(
        settings=ComparisonSettings(methods=("m",), scorers=("detection",)),
        methods=(MethodTitle(name="m", title="M"),),
        tables=(table,),
    )
    scores = scored_labels([comparison])
    assert scores == {(feature, "good"): 0.9}
    order = ReviewOrder(state, scores)
    found = order.standing(feature)
    assert found.doubts == ("label score 0.90 (0.20)", "a label by m (0.50)")
    assert found.uncertainty == pytest.approx(0.35)
    assert order.standing(key(state, 1, 5)).uncertainty == 0.5
    assert order.renewed().standing(feature) == found


def score(value: float) -> LabelScore:
    return LabelScore(
        scorer="detection",
        label="good",
        n_positive=5,
        n_negative=5,
        balanced_accuracy=value,
    )


def test_the_mean_over_graphs_counts(tmp_path: Path) -> None:
    documents = [
        tracer_graph(
            [
                feature_node(1, 1, 0, influence=first),
                feature_node(2, 2, 0, influence=second),
            ],
            [],
            slug=slug,
        )
        for slug, first, second in (("a", 0.1, 0.5), ("b", 0.9, 0.4))
    ]
    project = add_graphs(
        tmp_path / "p.gloss",
        [graph_of(document) for document in documents],
        [tmp_path / "a.json", tmp_path / "b.json"],
    )
    order = ReviewOrder(project.state)
    shares = [order.standing(f).influence for f in project.state.features()]
    assert shares == pytest.approx([(0.1 + 0.5) / 2, (0.4 + 0.4) / 2])
    assert ordered(project.state, "influence") == [(1, 1), (2, 2)]
    project.close()


def test_without_a_stored_influence_it_is_computed() -> None:
    state = state_with(document=anthropic_graph())
    order = ReviewOrder(state)
    shares = {f.index: order.standing(f).influence for f in state.features()}
    assert shares[10502022] > 0


# -- queues that stay in order ------------------------------------------------------


def subjects(features: Sequence[FeatureKey]) -> list[str]:
    return [feature_subject(feature) for feature in features]


def test_a_decision_takes_one_feature_out_and_moves_no_other() -> None:
    state = five()
    queues = ReviewQueues(
        state, state.features(), ReviewOrder(state), "influence × uncertainty"
    )
    before = queues.features("to review")
    second = before[1]
    add(state, accept_edits(state, second, "x", "ann"))
    queues.update([feature_subject(second)])
    assert queues.features("to review") == [f for f in before if f != second]
    assert queues.features("accepted") == [second]
    assert queues.features("all") == before, "it keeps its place where it stays"
    assert dict(queues.counts())["accepted"] == queues.count("accepted") == 1


def test_what_a_run_finds_out_moves_features() -> None:
    state = five()
    queues = ReviewQueues(
        state, state.features(), ReviewOrder(state), "influence × uncertainty"
    )
    first = queues.features("all")[0]
    add(state, [SetResult(feature_subject(first), of_z(9.0)), proposal(first)])
    queues.update([feature_subject(first), feature_subject(first), "f:99:99"])  # type: ignore[list-item]
    assert queues.features("all")[-1] == first
    assert queues.features("proposed") == [first]
    assert first not in queues.features("not scored")


def test_queues_kept_are_those_made_anew() -> None:
    """After any row of changes each queue holds what a fresh one holds."""
    state = five()
    queues = ReviewQueues(state, state.features(), ReviewOrder(state), "layer")
    rng = np.random.default_rng(0)
    features = state.features()
    for _ in range(60):
        feature = features[int(rng.integers(len(features)))]
        made: list[list[AnyEdit]] = [
            accept_edits(state, feature, "x", "ann"),
            reject_edits(state, feature, "ann"),
            skip_edits(feature),
            [proposal(feature, text=str(rng.integers(3)))],
            [SetResult(feature_subject(feature), result("obscure"))],
        ]
        edits = made[int(rng.integers(len(made)))]
        for edit in edits:
            show_edit(state, edit, 1 + sum(map(len, state.revisions.values())))
        queues.update([feature_subject(feature)])
        for name in QUEUES:
            waiting = [f for f in features if name in queues_of(state, f)]
            assert sorted(queues.features(name)) == sorted(waiting)
            layers = [f.layer for f in queues.features(name)]
            assert layers == sorted(layers)
    assert queues.in_order(reversed(features)) == queues.features("all")
    assert len(queues) == len(features)
