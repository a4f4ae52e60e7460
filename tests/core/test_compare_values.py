"""What is reckoned from a comparison of methods: means, differences, costs."""

import random
from statistics import mean

import msgspec
import pytest

from glossator.evaluation.comparison.apart import furthest_apart
from glossator.evaluation.comparison.means import (
    MethodMean,
    coverage,
    label_costs,
    method_means,
)
from glossator.evaluation.comparison.method_comparison import (
    AskedFor,
    ComparedFeature,
    ComparisonTable,
    MethodComparison,
    MethodScore,
    NotGiven,
    measure_of,
    scorers_in,
)
from glossator.evaluation.comparison.pairs import (
    PairedDifference,
    holm,
    paired_differences,
    signed_rank_p,
)
from glossator.evaluation.comparison.report import comparison_text
from glossator.evaluation.comparison.rows import notes
from glossator.evaluation.label_scores.label_score import LabelScore, Spent
from tests.core.made_comparison import RATES, made_comparison, made_feature


def means_of(comparison: MethodComparison, scorer: str) -> dict[str, MethodMean]:
    (table,) = comparison.tables
    found = method_means(comparison, table)
    return {one.method: one for one in found if one.scorer == scorer}


def pair_of(comparison: MethodComparison, one: str, other: str) -> PairedDifference:
    (table,) = comparison.tables
    (found,) = (
        pair
        for pair in paired_differences(comparison, table)
        if (pair.scorer, pair.one, pair.other) == ("detection", one, other)
    )
    return found


def test_means_are_over_features() -> None:
    comparison = made_comparison()
    (table,) = comparison.tables
    good = means_of(comparison, "detection")["good"]
    scores = [
        score.balanced_accuracy
        for feature in table.features
        if (score := feature.score_of("good", "detection"))
    ]
    assert good.measure == "balanced accuracy"
    assert good.own.n == 24
    assert good.own.mean is not None
    assert good.own.mean == pytest.approx(mean(s for s in scores if s is not None))
    assert good.own.interval is not None
    assert good.own.interval[0] < good.own.mean < good.own.interval[1]
    assert (good.n_texts, good.n_failed) == (24 * 20, 0)


def test_a_feature_without_a_label_counts_neither_way() -> None:
    comparison = made_comparison()
    means = means_of(comparison, "detection")
    assert (means["poor"].own.n, means["poor"].own.n_without) == (21, 3)
    assert means["poor"].own.mean == means["poor"].common.mean
    assert {one.common.n for one in means.values()} == {21}
    assert means["good"].own.mean != means["good"].common.mean


def test_why_there_are_no_labels_is_counted() -> None:
    comparison = made_comparison()
    good, same, poor = coverage(comparison, comparison.tables[0])
    assert (good.n_labelled, same.n_labelled, poor.n_labelled) == (24, 24, 21)
    assert (good.reasons, poor.reasons) == ({}, {"the answer is prose.": 3})


def test_answers_that_are_no_label_are_counted_as_one() -> None:
    comparison = made_comparison(n_features=2, rates={"poor": 0.6})
    (table,) = comparison.tables
    reasons = ("it said “Sure!”, which is prose.", "it said “No.”, which is prose.")
    declined = tuple(
        msgspec.structs.replace(one, said=(NotGiven(method="poor", reason=reason),))
        for one, reason in zip(table.features, reasons, strict=True)
    )
    table = msgspec.structs.replace(table, features=declined)
    (found,) = coverage(comparison, table)
    assert found.reasons == {"it said “…”, which is prose.": 2}


def test_numbers_of_different_measures_are_never_averaged() -> None:
    comparison = made_comparison(modes=("repaired", "as in the source"))
    repaired, source = comparison.tables
    assert scorers_in(repaired) == ("detection", "embedding")
    measures = [
        measure_of(table, scorer)
        for table in (repaired, source)
        for scorer in scorers_in(table)
    ]
    assert measures == [
        "balanced accuracy",
        "AUC",
        "accuracy, failures as wrong",
        "gap",
    ]
    means = {one.scorer: one for one in method_means(comparison, source)}
    assert means["embedding"].own.mean is not None
    assert means["embedding"].own.mean < 0.4


def test_a_scorer_that_once_judged_is_never_taken_by_its_auc() -> None:
    """All answers to one label failed: it has no number, not another one."""
    comparison = made_comparison(n_features=8)
    (table,) = comparison.tables
    first, *others = table.features
    failed = LabelScore(
        scorer="detection", label="x", n_positive=5, n_negative=5, n_failed=10, auc=0.9
    )
    broken = msgspec.structs.replace(
        first, scores=(MethodScore(method="good", score=failed), *first.scores[1:])
    )
    table = msgspec.structs.replace(table, features=(broken, *others))
    comparison = msgspec.structs.replace(comparison, tables=(table,))
    good = means_of(comparison, "detection")["good"]
    assert (good.own.n, good.n_failed) == (7, 10)


def test_the_better_method_is_found() -> None:
    comparison = made_comparison()
    found = pair_of(comparison, "good", "poor")
    assert found.n == 21
    assert found.p is not None
    assert found.p_holm is not None
    assert found.interval is not None
    assert found.p < found.p_holm < 0.01
    assert found.interval[0] < RATES["good"] - RATES["poor"] < found.interval[1]
    assert found.better == "good"
    assert found.verdict == "good is better"


def test_a_method_against_itself_differs_by_nothing() -> None:
    found = pair_of(made_comparison(), "good", "same")
    assert (found.n, found.mean, found.interval) == (24, 0.0, (0.0, 0.0))
    assert (found.p, found.p_holm, found.better) == (1.0, 1.0, "")
    assert found.verdict == "no difference shown"


@pytest.mark.parametrize(("n", "tested"), [(5, False), (6, True)])
def test_there_is_no_test_with_fewer_than_six_features(n: int, tested: bool) -> None:
    found = pair_of(made_comparison(n_features=n), "good", "poor")
    assert found.n == n
    assert (found.p is not None) == (found.p_holm is not None) == tested
    assert ("fewer than 6" in found.verdict) != tested


def test_without_a_common_feature_there_is_no_difference() -> None:
    comparison = made_comparison(n_features=8)
    (table,) = comparison.tables
    only = msgspec.structs.replace(
        table,
        features=tuple(
            msgspec.structs.replace(
                one, scores=tuple(s for s in one.scores if s.method != "poor")
            )
            for one in table.features
        ),
    )
    comparison = msgspec.structs.replace(comparison, tables=(only,))
    found = pair_of(comparison, "good", "poor")
    assert (found.n, found.mean, found.p) == (0, None, None)
    assert "no feature" in found.verdict


def test_intervals_hold_the_true_difference_about_as_often_as_they_say() -> None:
    """95 % ones, by a bootstrap of 20 features: a little less often than that."""
    true = RATES["good"] - RATES["poor"]
    held = 0
    for draw in range(100):
        features = tuple(
            made_feature(1000 * draw + at, RATES, "nobody") for at in range(20)
        )
        table = ComparisonTable(mode="repaired", features=features)
        comparison = msgspec.structs.replace(made_comparison(), tables=(table,))
        interval = pair_of(comparison, "good", "poor").interval
        assert interval is not None
        held += interval[0] <= true <= interval[1]
    assert 86 <= held <= 99


def test_p_is_uniform_where_methods_are_equally_good() -> None:
    rng = random.Random(0)
    small = sum(
        signed_rank_p([rng.gauss(0, 1) for _ in range(10)]) <= 0.05 for _ in range(400)
    )
    assert 8 <= small <= 32


@pytest.mark.parametrize(
    ("differences", "p"),
    [
        ([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], 2 / 64),
        ([0.1] * 8, 2 / 256),
        ([0.1, -0.1] * 4, 1.0),
        ([0.0] * 7, 1.0),
        ([0.1 + 0.2 - 0.3] * 7, 1.0),
        ([0.0] * 5 + [0.1], 1.0),
    ],
    ids=["all-rise", "ties", "even", "zeros", "rounding", "one-of-six"],
)
def test_the_signed_rank_test(differences: list[float], p: float) -> None:
    assert signed_rank_p(differences) == pytest.approx(p)


def test_of_many_features_p_is_about_the_same() -> None:
    """Exact up to 200 of them, then by the normal law."""
    rng = random.Random(1)
    drawn = [round(rng.gauss(0.1, 1), 1) for _ in range(200)]
    exact, approximate = signed_rank_p(drawn), signed_rank_p([*drawn, 0.0])
    assert 0.01 < exact < 0.99
    assert approximate == pytest.approx(exact, rel=0.1)


def test_without_ties_p_is_that_of_scipy() -> None:
    from scipy.stats import wilcoxon

    rng = random.Random(2)
    drawn = [rng.gauss(0.2, 1) for _ in range(15)]
    found = wilcoxon(drawn, method="exact")
    assert signed_rank_p(drawn) == pytest.approx(float(found.pvalue))


def test_holm_corrects_as_published() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.6]) == [1.0, 1.0]
    assert holm([]) == []


def test_p_is_corrected_for_all_tests_of_a_table() -> None:
    comparison = made_comparison()
    (table,) = comparison.tables
    pairs = paired_differences(comparison, table)
    assert len(pairs) == 3 * 2
    ps = [pair.p for pair in pairs if pair.p is not None]
    assert [pair.p_holm for pair in pairs] == pytest.approx(holm(ps))


def test_the_labels_furthest_apart_come_first() -> None:
    (table,) = made_comparison().tables
    found = furthest_apart(table, 3)
    assert [pair.feature.feature.index for pair in found] == [23, 22, 21]
    assert found[1].labels == ("rivers", "rivers")
    (poor,) = furthest_apart(table, 1, between=("poor", "good"))
    assert {poor.one, poor.other} == {"good", "poor"}
    assert poor.labels == ("rivers", "thing 22")  # of 23 the one has no label
    assert [score.scorer for score in poor.scores_of("poor")] == [
        "detection",
        "embedding",
    ]


def test_a_label_costs_what_was_asked_for_all_by_their_number() -> None:
    comparison = made_comparison()
    (table,) = comparison.tables
    poor = next(c for c in label_costs(comparison, table) if c.method == "poor")
    assert poor.n_labels == 21
    assert poor.calls == pytest.approx(24 / 21)
    assert poor.dollars == pytest.approx(0.02 * 24 / 21)


@pytest.mark.parametrize(
    "asked",
    [
        AskedFor(method="good", spent=Spent(calls=4), unpriced=4),
        AskedFor(method="good", spent=Spent(calls=4, cost=1.0), unpriced=1),
    ],
    ids=["no-price", "one-without"],
)
def test_a_cost_is_only_told_where_all_prices_are_known(asked: AskedFor) -> None:
    comparison = made_comparison()
    table = msgspec.structs.replace(comparison.tables[0], asked=(asked,))
    (cost,) = label_costs(comparison, table)
    assert cost.dollars is None
    text = comparison_text(msgspec.structs.replace(comparison, tables=(table,)))
    assert "not known" in text


def test_a_comparison_comes_back_from_json() -> None:
    comparison = made_comparison(modes=("repaired", "as in the source"))
    data = msgspec.json.encode(comparison)
    assert msgspec.json.decode(data, type=MethodComparison) == comparison


def test_the_text_tells_everything() -> None:
    text = comparison_text(made_comparison())
    for part in (
        "3 methods on 24 features, repaired",
        "poor: 21 of 24 labelled (3 × the answer is prose)",
        "good − poor",
        "good is better",
        "no difference shown",
        "Labels furthest apart",
        "11/23  distance 0.77",
        "counts neither as good",
        "drawn at random (seed 0) of 200",
    ):
        assert part in text, part


def test_without_any_label_the_text_says_so() -> None:
    declined = ComparedFeature(
        feature=made_comparison().tables[0].features[0].feature,
        tier="cross",
        said=(NotGiven(method="good", reason="no."),),
    )
    comparison = msgspec.structs.replace(
        made_comparison(rates={"good": 0.8}),
        tables=(ComparisonTable(mode="repaired", features=(declined,)),),
    )
    text = comparison_text(comparison)
    assert "No label could be scored." in text
    assert "good: 0 of 1 labelled (1 × no)" in text
    assert "No language model was asked." in text


def test_the_source_s_table_tells_the_share_of_negative_gaps() -> None:
    comparison = made_comparison(modes=("repaired", "as in the source"))
    repaired, source = comparison.tables
    scored = [feature.score_of("good", "embedding") for feature in source.features]
    gaps = [score.gap for score in scored if score and score.gap is not None]
    share = sum(gap < 0 for gap in gaps) / len(gaps)
    told = f"good: {share:.0%} of {len(gaps)} labels have a negative gap ("
    assert sum(note.startswith(told) for note in notes(comparison, source)) == 1
    assert not any("negative gap" in note for note in notes(comparison, repaired))
