"""Tiers by layer: counts, expected false discoveries, tests of what is supposed."""

import itertools
import math
from collections import Counter
from collections.abc import Sequence

import msgspec
import numpy as np
import pytest
from scipy import stats

from glossator.evaluation.association import Association, association
from glossator.evaluation.layer_questions import QUESTIONS
from glossator.evaluation.tier_report import (
    ScoredFeatures,
    format_layer_tests,
    format_tier_table,
    strata_of,
    tiers_report_text,
)
from glossator.evaluation.tiers_by_layer import (
    Stratum,
    expected_false,
    layer_tests,
    layer_thirds,
    layers_of,
    sense_counts,
    stratum,
    tier_counts,
)
from glossator.graph.attribution_graph import FeatureKey
from glossator.graph.graph_file import read_graph
from glossator.protocol.decision import ProtocolResult, Sense, Senses, Tier
from glossator_resources import demo_folder
from tests.core.annotated_graphs import result
from tests.core.graph_documents import feature_node, graph_of, tracer_graph

N_LAYERS = 26
KINDS: tuple[Tier, ...] = ("input", "output", "cross", "obscure")


def scored(tier: Tier, p: float | None = None, n_senses: int = 0) -> ProtocolResult:
    made = result(tier, 4.0)
    one = Sense(examples=(0, 1, 2), raw=0.5, z=4.0)
    senses = Senses(window="cross", senses=(one,) * n_senses, p=0.01)
    scores = msgspec.structs.replace(
        made.scores, p=p, senses=senses if n_senses else None
    )
    return msgspec.structs.replace(made, scores=scores)


def key(layer: int, index: int = 0, model: str = "m") -> FeatureKey:
    return FeatureKey(model, "s", layer, index)


def features(
    tiers: Sequence[tuple[int, Tier]], model: str = "m"
) -> dict[FeatureKey, ProtocolResult]:
    """Features by layer and tier."""
    return {key(at, i, model): scored(tier) for i, (at, tier) in enumerate(tiers)}


def in_thirds(**shares: tuple[int, int, int]) -> Stratum:
    """So many features of each tier in the early, middle and late third."""
    depths: list[float] = []
    tiers: list[Tier] = []
    for tier in KINDS:
        for depth, n in zip((0.1, 0.5, 0.9), shares.get(tier, (0, 0, 0)), strict=True):
            depths += [depth] * n
            tiers += [tier] * n
    return Stratum(np.array(depths), tuple(tiers))


def planted(
    rng: np.random.Generator, n: int, strength: float, n_layers: int = N_LAYERS
) -> Stratum:
    """Tiers as the source supposes them, the more so the larger the strength."""
    depths = rng.integers(n_layers, size=n) / (n_layers - 1)
    middle = 1.0 - 2.0 * np.abs(depths - 0.5)
    weights = np.stack(
        [
            1 + strength * (1 - depths),
            1 + strength * depths,
            1 + strength * middle,
            1 + strength * middle,
        ]
    )
    chances = np.cumsum(weights / weights.sum(axis=0), axis=0)
    chosen = (rng.random(n) > chances).sum(axis=0)
    return Stratum(depths, tuple(KINDS[at] for at in chosen.tolist()))


# -- counts, thirds ----------------------------------------------------------------


def test_counts_by_layer_and_tier_and_senses() -> None:
    table = tier_counts([(key(3), scored("cross")), (key(1), scored("input"))])
    assert list(table.items()) == [(1, Counter(input=1)), (3, Counter(cross=1))]
    crosses = [scored("cross", n_senses=n) for n in (2, 0, 2)]
    senses = sense_counts([*crosses, scored("obscure", n_senses=3)])
    assert senses == {("cross", 2): 2, ("obscure", 3): 1}
    lines = format_tier_table(table, senses).splitlines()
    assert lines[-1] == "of these: cross, 2 senses (2); obscure, 3 senses (1)"
    assert format_tier_table(table).splitlines() == lines[:-1]


@pytest.mark.parametrize("n_layers", range(1, 130))
def test_thirds_of_layers_are_those_of_depth(n_layers: int) -> None:
    thirds = layer_thirds(n_layers)
    assert list(itertools.chain(*thirds)) == list(range(n_layers))
    early, middle, late = map(len, thirds)
    if n_layers > 1:
        assert early == late
    assert abs(early - middle) <= 1 or n_layers < 3
    every = stratum(features([(layer, "input") for layer in range(n_layers)]))
    (first, *_) = layer_tests([every])
    assert first.totals == (early, middle, late)


def test_depth_is_of_the_models_layers_where_they_are_known() -> None:
    made = features([(0, "input"), (5, "cross"), (10, "output")])
    assert stratum(made).depths.tolist() == [0.0, 0.5, 1.0]
    assert stratum(made, 21).depths.tolist() == [0.0, 0.25, 0.5]
    assert stratum(made, 3).depths.tolist() == [0.0, 0.5, 1.0], "never beyond the last"
    assert stratum({}).depths.tolist() == []


def test_layers_of_graphs_count_features_and_errors_alone() -> None:
    graph = graph_of(tracer_graph([feature_node(4, 1, 1)], []))
    assert layers_of([graph]) == 5
    assert layers_of([]) is None
    demo = read_graph(demo_folder() / "graphs" / "capital-of-france.json")
    assert layers_of([graph, demo]) == 30


# -- expected false discoveries ----------------------------------------------------


def test_expected_false_is_the_adjusted_p_of_the_weakest_called() -> None:
    p = [0.001, 0.002, 0.004, 0.2, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    tiers: tuple[Tier, ...] = ("input", "output", "cross", *("obscure",) * 7)
    found = expected_false(map(scored, tiers, p))
    q = float(stats.false_discovery_control(p)[2])
    assert q == pytest.approx(10 * 0.004 / 3)
    assert found.share == pytest.approx(q)
    assert found.expected == pytest.approx(0.04)
    assert (found.n_called, found.n_scored, found.n_without_p) == (3, 10, 0)
    assert found.sentence == (
        "3 features are called input, output or cross; of these about 1.3 % (0.04) "
        "are expected to be so by chance (Benjamini–Hochberg)."
    )


def test_a_called_feature_beside_smaller_p_that_are_not_called() -> None:
    """As routing by raw scores may have it: the false ones may all be called."""
    made = [scored("obscure", 0.01), scored("obscure", 0.02), scored("input", 0.03)]
    found = expected_false([*made, scored("obscure", 1.0)])
    assert found.expected == pytest.approx(4 * 0.03)
    assert found.share == pytest.approx(0.12)
    worst = expected_false([scored("input", 0.9), scored("obscure", 0.1)])
    assert worst.share == 1.0
    assert "about 100 % (1)" in worst.sentence


def test_results_without_p_are_left_out_and_told() -> None:
    made = [scored("input", 0.001), scored("cross"), scored("insufficient")]
    found = expected_false(made)
    assert (found.n_called, found.n_without_p) == (1, 1)
    assert found.sentence.startswith("1 feature is called input, output or cross;")
    assert found.sentence.endswith(" 1 feature left out: it has no p.")
    none = expected_false([scored("cross"), scored("input")])
    assert none.share is None
    assert none.expected is None
    assert none.sentence == (
        "No feature with a p is called input, output or cross. "
        "2 features left out: they have no p."
    )
    assert expected_false([]).sentence == (
        "No feature with a p is called input, output or cross."
    )


def test_expected_false_is_near_what_chance_brings() -> None:
    """Above it as far as true ones are among all, below as the weakest nears 0.05."""
    rng = np.random.default_rng(5)
    false, expected = 0, 0.0
    for _ in range(200):
        p = np.concatenate([rng.uniform(size=150), rng.uniform(0, 0.002, size=50)])
        called = p <= 0.05
        made = [
            scored("input" if c else "obscure", float(v))
            for c, v in zip(called, p, strict=True)
        ]
        false += int(called[:150].sum())
        expected += expected_false(made).expected or 0.0
    assert 0.8 * 200 / 150 * false < expected < 200 / 150 * false


# -- association -------------------------------------------------------------------


def test_one_stratum_is_the_linear_by_linear_test() -> None:
    rng = np.random.default_rng(1)
    depths = rng.integers(12, size=60) / 11
    hits = rng.random(60) < 0.2 + 0.4 * depths
    found = association([depths], [hits])
    assert found is not None
    r = np.corrcoef(depths, hits)[0, 1]
    assert found.z == pytest.approx(r * math.sqrt(59))
    assert found.slope == pytest.approx(stats.linregress(depths, hits).slope)
    assert found.p == pytest.approx(stats.norm.sf(found.z), rel=0.25)
    assert found.p_reverse == pytest.approx(1 - found.p, abs=0.03)


def test_p_is_the_share_of_all_choices() -> None:
    """Against every choice of 3 of 8 features."""
    depths = np.array([0.0, 0.1, 0.1, 0.3, 0.5, 0.6, 0.9, 1.0])
    hits = np.array([0, 0, 1, 0, 0, 0, 1, 1], dtype=bool)
    found = association([depths], [hits])
    sums = [sum(chosen) for chosen in itertools.combinations(depths, 3)]
    above = np.mean([total >= depths[hits].sum() - 1e-9 for total in sums])
    below = np.mean([total <= depths[hits].sum() + 1e-9 for total in sums])
    assert found is not None
    assert found.p == pytest.approx(above, abs=0.01)
    assert found.p_reverse == pytest.approx(below, abs=0.01)


def test_one_stratum_of_middle_or_not_is_fishers_test() -> None:
    middle = np.repeat([1.0, 0.0], [12, 30])
    hits = np.concatenate([np.arange(12) < 8, np.arange(30) < 9])
    found = association([middle], [hits], exact=True)
    table = np.array([[8, 4], [9, 21]])
    assert found is not None
    assert found.p == pytest.approx(stats.fisher_exact(table, "greater").pvalue)
    assert found.p_reverse == pytest.approx(stats.fisher_exact(table, "less").pvalue)
    assert found.slope == pytest.approx(8 / 12 - 9 / 30)


def test_strata_by_hand() -> None:
    """Mantel and Haenszel: sums of differences by the root of summed variances."""
    tables = [[[6, 4], [5, 15]], [[3, 9], [1, 7]], [[2, 0], [1, 3]]]
    scores, all_hits = [], []
    difference = variance = 0.0
    for (a, b), (c, d) in tables:
        n, ones, hits = a + b + c + d, a + b, a + c
        difference += a - ones * hits / n
        variance += ones * hits * (n - ones) * (n - hits) / (n * n * (n - 1))
        scores.append(np.repeat([1.0, 0.0], [a + b, c + d]))
        all_hits.append(np.repeat([True, False, True, False], [a, b, c, d]))
    found = association(scores, all_hits, exact=True)
    assert found is not None
    assert found.z == pytest.approx(difference / math.sqrt(variance))
    by_chance = [
        stats.hypergeom(sum(map(sum, t)), sum(t[0]), t[0][0] + t[1][0]) for t in tables
    ]
    above = sum(
        math.prod(float(law.pmf(k)) for law, k in zip(by_chance, drawn, strict=True))
        for drawn in itertools.product(range(12), range(12), range(3))
        if sum(drawn) >= 11
    )
    assert found.p == pytest.approx(above)
    drawn = association(scores, all_hits)
    assert drawn is not None
    assert drawn.z == found.z
    assert drawn.p == pytest.approx(found.p, abs=0.01)


def test_strata_keep_apart_what_would_mislead_together() -> None:
    """Input is common in the model with early features; in neither is it a trend."""
    low = Stratum(np.tile([0.0, 0.2], 20), ("input",) * 30 + ("cross",) * 10)
    high = Stratum(np.tile([0.8, 1.0], 20), ("input",) * 10 + ("cross",) * 30)
    together = Stratum(
        np.concatenate([low.depths, high.depths]), low.tiers + high.tiers
    )
    assert layer_tests([together])[0].verdict == "yes"
    apart = layer_tests([low, high])[0]
    assert apart.verdict == "not shown"
    assert apart.effect == pytest.approx(0.0)
    assert apart.totals == layer_tests([together])[0].totals


def test_nothing_to_compare() -> None:
    assert association([], []) is None
    assert association([np.ones(9)], [np.arange(9) < 3]) is None
    assert association([np.arange(9.0)], [np.ones(9, dtype=bool)]) is None
    useless = [np.ones(9), np.arange(9.0), np.empty(0)]
    hits = [np.arange(9) < 3, np.zeros(9, dtype=bool), np.empty(0, dtype=bool)]
    assert association(useless, hits) is None
    depths, some = np.arange(9.0), np.arange(9) > 5
    alone = association([depths], [some])
    assert alone is not None
    assert isinstance(alone, Association)
    beside = association([*useless, depths], [*hits, some])
    assert beside == alone


# -- the questions -----------------------------------------------------------------


def test_p_is_uniform_where_tiers_do_not_depend_on_layers() -> None:
    """Discrete, so never below: at most a tenth lies under 0.1, and hardly less."""
    rng = np.random.default_rng(11)
    n_runs = 150
    runs = [layer_tests([planted(rng, 150, 0.0)]) for _ in range(n_runs)]
    p = np.array([[test.p for test in run] for run in runs])
    for at in range(len(QUESTIONS)):
        for level in (0.05, 0.1, 0.5):
            share = float((p[:, at] <= level).mean())
            error = math.sqrt(level * (1 - level) / n_runs)
            assert share <= level + 3 * error, (QUESTIONS[at].text, level)
            assert share >= 0.6 * level - 3 * error, (QUESTIONS[at].text, level)
    for trend in (0, 1):
        assert stats.kstest(p[:, trend], "uniform").pvalue > 0.01


def test_a_planted_trend_is_found() -> None:
    rng = np.random.default_rng(12)
    runs = [layer_tests([planted(rng, 600, 3.0)]) for _ in range(10)]
    found = Counter(
        test.question for run in runs for test in run if test.verdict == "yes"
    )
    for question in (QUESTIONS[0], QUESTIONS[1], QUESTIONS[4]):
        assert found[question.text] >= 9, question.text
    for test in runs[0]:
        assert test.z is not None
        assert test.effect is not None
        falls = test.question == QUESTIONS[0].text
        assert test.effect < 0 < test.z if falls else test.effect > 0
    strata = [planted(rng, 80, 3.0, n_layers) for n_layers in (6, 12, 26, 48, 80)]
    together = layer_tests(strata)
    least = min(layer_tests([one])[0].z or 0.0 for one in strata)
    assert (together[0].z or 0.0) > 2 * least
    assert together[0].verdict == "yes"


def test_the_contrary_is_told_as_such() -> None:
    made = in_thirds(input=(5, 20, 60), output=(60, 20, 5), cross=(30, 5, 30))
    rarer, more, cross, *_ = layer_tests([made])
    assert (rarer.verdict, more.verdict, cross.verdict) == ("reversed",) * 3
    assert rarer.answer.startswith("No, the reverse: +")
    assert rarer.sentence == (
        "Input features get more frequent with depth, against what is supposed: "
        "5 % early, 44 % in the middle, 63 % late (p > 0.999)."
    )


def test_no_peak_where_another_third_has_more() -> None:
    made = in_thirds(cross=(0, 30, 4), input=(100, 30, 3))
    cross = layer_tests([made])[2]
    assert cross.p is not None
    assert cross.p < 0.001
    assert cross.hits == (0, 30, 4)
    assert cross.totals == (100, 60, 7)
    assert cross.verdict == "not shown", "4 of 7 is more than 30 of 60"
    assert cross.answer.startswith("Not shown: +46 points against the other two tog")


def test_none_in_the_middle_is_not_yet_the_reverse() -> None:
    cross = layer_tests([in_thirds(cross=(6, 0, 20), input=(33, 6, 76))])[2]
    assert cross.p == pytest.approx(1.0)
    assert cross.verdict == "not shown"


def test_answers_with_shares() -> None:
    made = in_thirds(input=(60, 34, 24), obscure=(40, 66, 76))
    rarer, more, _, obscure, _ = layer_tests([made])
    assert rarer.sentence == (
        "Input features get rarer with depth: 60 % early, 34 % in the middle, "
        "24 % late (p < 0.001)."
    )
    assert rarer.verdict == "yes"
    assert rarer.answer == "Yes: −45 points from first to last layer."
    assert rarer.effect == pytest.approx((0.24 - 0.60) / 0.8)
    assert obscure.sentence.startswith(
        "That obscure features are most frequent in the middle third is not shown: "
    )
    assert more.sentence == (
        "Whether output features get more frequent with depth cannot be tested: "
        "no feature is output."
    )


def test_features_without_a_tier_do_not_count() -> None:
    made = in_thirds(input=(60, 34, 24), cross=(40, 66, 76))
    lacking: tuple[Tier, ...] = ("insufficient", "no evidence")
    more = Stratum(
        np.concatenate([np.full(100, 0.9), made.depths]), lacking * 50 + made.tiers
    )
    assert layer_tests([more]) == layer_tests([made])


@pytest.mark.parametrize(
    ("strata", "reasons"),
    [
        ([], {"0 features with a tier, fewer than 5"}),
        ([stratum({})], {"0 features with a tier, fewer than 5"}),
        ([in_thirds(input=(1, 0, 3))], {"4 features with a tier, fewer than 5"}),
        (
            [in_thirds(input=(3, 3, 3))],
            {
                "every feature is input",
                "no feature is output",
                "no feature is cross",
                "no feature is obscure",
                "no feature is cross or obscure",
            },
        ),
        (
            [
                in_thirds(input=(0, 5, 0), output=(0, 5, 0), cross=(0, 5, 0)),
                in_thirds(obscure=(0, 5, 0)),
            ],
            {
                "features that differ in tier do not differ in depth",
                "every feature lies in the middle third",
            },
        ),
    ],
)
def test_what_cannot_be_tested_says_why(
    strata: list[Stratum], reasons: set[str]
) -> None:
    tests = layer_tests(strata)
    assert len(tests) == len(QUESTIONS)
    for test in tests:
        assert (test.verdict, test.p, test.z, test.effect) == (
            "not testable",
            None,
            None,
            None,
        )
        assert "nan" not in test.sentence
    assert {t.answer.removeprefix("Not testable: ")[:-1] for t in tests} == reasons


def test_no_feature_in_the_middle() -> None:
    rarer, _, cross, *_ = layer_tests([in_thirds(input=(9, 0, 2), cross=(1, 0, 8))])
    assert cross.answer == "Not testable: no feature lies in the middle third."
    assert rarer.verdict == "yes"
    assert "in the middle" not in rarer.sentence
    assert rarer.shares == (0.9, None, 0.2)


# -- texts -------------------------------------------------------------------------


def test_tests_as_text() -> None:
    lines = format_layer_tests(
        layer_tests([in_thirds(input=(60, 34, 24), cross=(40, 66, 76))])
    ).splitlines()
    assert lines[0].split() == ["early", "middle", "late", "p"]
    assert lines[1].startswith("Input rarer with depth?")
    cells = " ".join(lines[1].split("?")[1].split())
    assert cells == "60 % of 100 34 % of 100 24 % of 100 < 0.001"
    assert lines[2] == "  Yes: −45 points from first to last layer."
    assert len({len(line) for line in (lines[0], *lines[1:-1:2])}) == 1


def test_a_feature_of_two_projects_counts_once() -> None:
    one = ScoredFeatures("one", features([(at, "input") for at in range(6)]), 12)
    more = {**one.results, key(7, 99): scored("cross")}
    two = ScoredFeatures("two", more, 12)
    first, second = strata_of([one, two])
    assert len(first.tiers) == 6
    assert second.tiers == ("cross",)
    assert second.depths.tolist() == pytest.approx([7 / 11])


def test_the_report_of_projects() -> None:
    one = ScoredFeatures("one", features([(at, "input") for at in range(6)]), 12)
    other = features([(at, KINDS[at % 4]) for at in range(9)], model="other")
    parts = [one, ScoredFeatures("two", other), ScoredFeatures("none", {})]
    text = tiers_report_text(parts)
    assert "one\n\nlayer   input\n" in text
    assert "Of 12 layers, up to the highest in the graphs: early 0–3," in text
    assert "Of 9 layers, up to the highest with a scored feature: early 0–2," in text
    assert "none\n\nNo feature is scored." in text
    assert "All 3, compared inside each by relative depth\n" in text
    assert "All" not in tiers_report_text(parts[:1])
    assert text.count("15 features left out: they have no p.") == 1
