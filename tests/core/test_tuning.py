"""Tuning on judged tiers: the rules, the choice among settings, what it costs."""

import itertools
import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from glossator.cli import build_parser, main
from glossator.commands.protocol_options import settings_of
from glossator.errors import Cancelled, InputError
from glossator.evaluation.tuning import TuningReport, check_judged, tune
from glossator.evaluation.tuning_choice import (
    CrossValidation,
    choose,
    cross_validate,
    stratified_folds,
)
from glossator.evaluation.tuning_cost import Assumptions, TierCost, scaled
from glossator.evaluation.tuning_grid import TuningGrid, WindowSet
from glossator.evaluation.tuning_report import (
    label_options,
    report_json,
    report_text,
    setting_rows,
    verdict,
)
from glossator.evaluation.tuning_rules import (
    Candidate,
    candidates,
    macro_f1,
    middle_of_plateau,
    tier_counts,
)
from glossator.evaluation.tuning_scores import (
    TUNED,
    CutScores,
    JudgedEvidence,
    Scored,
    TuningSource,
    what_decides,
)
from glossator.graph.feature_ids import cantor
from glossator.progress import CancelToken, Progress, drive
from glossator.project.project import Project
from glossator.protocol.decision import FeatureScores, Sense, Senses, Tier, WindowScore
from glossator.protocol.embedder import SentenceEmbedder
from glossator.protocol.embedding_store import EmbeddingStore
from glossator.protocol.evidence_scores import ScoringParts
from glossator.protocol.null_store import NullStore
from glossator.protocol.protocol_settings import (
    WHOLE,
    WINDOW_NAMES,
    ProtocolSettings,
    Window,
    WindowName,
)
from glossator.protocol.routing import CalibratedRouting, LiteralRouting
from glossator.tune import stored_settings, tune_input, tune_locally
from tests.core.judged_projects import (
    N_FEATURES,
    made_evidence,
    made_project,
    truth_of,
)

CLASSES = (0, 1, 2, 3)
Numbers: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]


# -- scores as the routings see them ---------------------------------------------------


def window_score(rng: random.Random) -> WindowScore | None:
    if rng.random() < 0.15:
        return None
    z = None if rng.random() < 0.15 else rng.choice([-1.0, 0.5, 2.0, 2.0, 3.0, 7.0])
    return WindowScore(
        n_used=5,
        raw=rng.choice([-0.05, 0.1, 0.3, 0.3, 0.8]),
        weighted=rng.choice([0.0, 0.2, 0.4, 0.9]),
        jackknife_error=0.0,
        z=z,
        weighted_z=None if z is None or rng.random() < 0.2 else rng.uniform(-1, 8),
    )


def feature_scores(rng: random.Random) -> FeatureScores:
    one = Sense(examples=(0, 1, 2), raw=0.5, z=4.0)
    senses = Senses(window="cross", senses=(one, one), p=0.001)
    return FeatureScores(
        n_examples=5,
        n_distinct=rng.choice([2, 5, 5, 5, 5]),
        n_special=rng.choice([0, 0, 0, 0, 3]),
        input=window_score(rng),
        output=window_score(rng),
        cross=window_score(rng),
        senses=senses if rng.random() < 0.3 else None,
    )


def without_weights(scores: FeatureScores) -> FeatureScores:
    """The same scores of a run that weighs no pairs."""
    windows = {
        name: score and msgspec.structs.replace(score, weighted_z=None)
        for name in WINDOW_NAMES
        for score in (scores.of(name),)
    }
    return msgspec.structs.replace(scores, **windows)


@pytest.mark.parametrize("weighted", [False, True])
def test_tiers_are_those_of_the_routings(weighted: bool) -> None:
    rng = random.Random(1)
    known = [feature_scores(rng) for _ in range(150)]
    scored = what_decides(known, weighted=weighted)
    as_run = known if weighted else [without_weights(scores) for scores in known]
    z = np.array([-2.0, 0.5, 2.0, 3.0, 20.0])
    for threshold, tiers in zip(z, scored.calibrated(z), strict=True):
        routing = CalibratedRouting(threshold)
        assert [TUNED[at] for at in tiers] == [routing.decide(s).tier for s in as_run]
    values = (-0.1, 0.3, 0.5)
    raw = np.array(list(itertools.product(values, repeat=3)))
    for thresholds, tiers in zip(raw, scored.literal(raw), strict=True):
        of: dict[WindowName, float] = dict(zip(WINDOW_NAMES, thresholds, strict=True))
        literal = LiteralRouting(of, weighted)
        assert [TUNED[at] for at in tiers] == [literal.decide(s).tier for s in as_run]


def test_macro_f1_is_the_mean_over_the_judged_tiers() -> None:
    rng = np.random.default_rng(2)
    truth, tiers = rng.integers(4, size=200), rng.integers(5, size=(3, 200))
    counts = tier_counts(truth, tiers)
    for at in range(3):
        expected = f1_score(truth, tiers[at], labels=CLASSES, average="macro")
        assert macro_f1(counts, CLASSES)[at] == pytest.approx(expected)
    two = f1_score(truth, tiers[0], labels=(0, 2), average="macro")
    assert macro_f1(counts[0], (0, 2)) == pytest.approx(two)
    assert macro_f1(np.zeros((4, 5), dtype=np.int64), CLASSES) == 0.0


def test_a_plateau_is_preferred_to_a_spike_and_taken_in_its_middle() -> None:
    curve = np.zeros(100)
    curve[10] = 1.0
    curve[40:71] = 0.8
    assert middle_of_plateau(curve, 11) == 55
    assert middle_of_plateau(np.ones(9), 5) == 4


# -- made features ---------------------------------------------------------------------


def made_scores(
    truth: Numbers, rng: np.random.Generator, *, at: float, spread: float
) -> Scored:
    """Features whose own window lies on the far side of a threshold, in units of z."""
    n = len(truth)
    z = rng.normal(at - 2.0, spread, size=(n, 3))
    for feature, tier in enumerate(truth):
        if tier < 3:
            z[feature, tier] = rng.normal(at + 2.0, spread)
    return Scored(
        z=z,
        raw=z / 20,
        senses=np.zeros(n, dtype=np.bool_),
        lacking=np.zeros(n, dtype=np.bool_),
    )


def made_candidates(truth: Numbers, rng: np.random.Generator) -> tuple[Candidate, ...]:
    """Three cuts: the default one is fair, one is good, one tells nothing."""
    cuts = TuningGrid(examples=("top",), n_examples=(10, 20)).cuts(ProtocolSettings())
    shapes = [(5.0, 1.6), (5.0, 0.9), (0.0, 9.0)]
    found = []
    for settings, (at, spread) in zip(cuts, shapes, strict=False):
        scored = made_scores(truth, rng, at=at, spread=spread)
        found.append(CutScores(settings, scored, scored))
    return candidates(found, TuningGrid(weighted=(False,)), ProtocolSettings())


def crossed(
    tried: Sequence[Candidate], truth: Numbers, n_folds: int = 5
) -> CrossValidation:
    work = cross_validate(tried, truth, n_folds, CLASSES, CancelToken())
    return drive(work, lambda progress: None)


def part_of(candidate: Candidate, chosen: Bools) -> Candidate:
    return Candidate(
        candidate.settings,
        candidate.rule,
        candidate.fitted,
        candidate.scored.part(chosen),
    )


def f1_elsewhere(
    candidate: Candidate, seen: Bools, said: Numbers, truth: Numbers
) -> float:
    """Macro-F1 on features not seen, fitted to what is said of those seen."""
    everyone = np.ones(len(said), dtype=np.bool_)
    thresholds = part_of(candidate, seen).fit(said, everyone, CLASSES)
    tiers = candidate.tiers(thresholds)[:, ~seen]
    return float(macro_f1(tier_counts(truth[~seen], tiers), CLASSES)[0])


def test_wrong_judgements_cost_little() -> None:
    """A fifth of them wrong: within 0.02 of the best settings, on fresh features."""
    behind = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        truth = np.tile(CLASSES, 600)
        seen = np.arange(len(truth)) < 160
        said = truth[seen].copy()
        wrong = rng.choice(len(said), len(said) // 5, replace=False)
        said[wrong] = (said[wrong] + rng.integers(1, 4, len(wrong))) % 4
        tried = made_candidates(truth, rng)
        best = max(f1_elsewhere(one, seen, truth[seen], truth) for one in tried)
        chosen = crossed([part_of(one, seen) for one in tried], said)
        at = chosen.chosen(range(len(tried)))
        behind.append(best - f1_elsewhere(tried[at], seen, said, truth))
    assert np.mean(behind) < 0.02, behind
    assert max(behind) < 0.04, behind


def test_what_is_told_of_a_choice_is_not_told_by_what_it_was_chosen_on() -> None:
    """Judgements at random: the best of many settings looks good, and is not."""
    rng = np.random.default_rng(3)
    best, told = [], []
    for _ in range(6):
        truth = rng.permutation(np.tile(CLASSES, 15))
        tried = made_candidates(rng.permutation(truth), rng)
        found = crossed(tried, truth)
        everyone = np.ones(len(truth), dtype=np.bool_)
        fitted = [one.tiers(one.fit(truth, everyone, CLASSES)) for one in tried]
        best.append(max(macro_f1(tier_counts(truth, t), CLASSES)[0] for t in fitted))
        nested = found.nested(range(len(tried))).sum(axis=1)
        assert nested.sum(axis=(1, 2)).tolist() == [60] * len(nested)
        told.append(macro_f1(nested, CLASSES).mean())
    assert np.mean(best) > 0.3
    assert np.mean(told) < 0.25


def test_thresholds_are_fitted_without_the_folds_they_are_measured_on() -> None:
    rng = np.random.default_rng(6)
    truth = rng.permutation(np.tile(CLASSES, 12))
    tried = made_candidates(truth, rng)[1:4]
    found = crossed(tried, truth, n_folds=3)
    fold = stratified_folds(truth, 3, seed=1)
    for at, one in enumerate(tried):
        for o, i in itertools.product(range(3), repeat=2):
            fitted = one.fit(truth, (fold != o) & (fold != i), CLASSES)
            counts = tier_counts(truth[fold == i], one.tiers(fitted)[:, fold == i])
            assert found.scores[at, 1, o, i] == macro_f1(counts, CLASSES)[0]
            if o == i:
                assert (found.counts[at, 1, o] == counts[0]).all()


def test_folds_have_an_equal_share_of_each_tier() -> None:
    truth = np.array([0] * 20 + [1] * 7 + [2] * 5 + [3])
    folds = stratified_folds(truth, 5, seed=0)
    assert Counter(folds.tolist()).most_common()[0][1] == 7
    for tier, least in ((0, 4), (1, 1), (2, 1)):
        shares = Counter(folds[truth == tier].tolist())
        assert len(shares) == 5
        assert min(shares.values()) == least
        assert max(shares.values()) <= least + 1
    assert (folds != stratified_folds(truth, 5, seed=1)).any()


def test_near_the_best_the_settings_nearest_to_the_defaults_are_taken() -> None:
    rng = np.random.default_rng(4)
    best = rng.uniform(0.6, 0.9, size=(1, 5))
    noise = np.array([[0.05, -0.05, 0.04, -0.03, 0.0]])
    scores = np.stack([best, best - 0.01 + noise, best - 0.01, best - 0.3])
    changes = np.array([6, 1, 1, 0])
    assert choose(scores, changes, range(4)) == 1
    assert choose(scores, changes, [0, 2, 3]) == 0, "surely behind, however near"
    assert choose(scores[[0, 0]], np.array([2, 2]), [0, 1]) == 0


def test_few_judgements_are_refused_with_how_many_are_needed() -> None:
    inputs: list[Tier] = ["input"] * 20
    crosses: list[Tier] = ["cross"] * 3
    with pytest.raises(InputError, match=r"^7 judged .* needs at least 8"):
        check_judged(inputs[:5] + crosses[:2])
    with pytest.raises(InputError, match="3 of each of two tiers"):
        check_judged(inputs + crosses[:2])
    counts = check_judged(inputs[:5] + crosses)
    assert counts == {"input": 5, "output": 0, "cross": 3, "obscure": 0}


# -- what it costs, and how it is told -------------------------------------------------


def test_costs_follow_from_the_tiers() -> None:
    cost = scaled(Counter({"input": 1, "cross": 1, "no evidence": 1}), 100)
    assert sum(cost.features.values()) == 100
    assert max(cost.features.values()) == 34
    cost = TierCost(
        {"input": 5, "output": 6, "cross": 10, "obscure": 3, "no evidence": 1}
    )
    assert (cost.cheap_labels, cost.frontier_calls, cost.left_to_person) == (11, 10, 4)
    assert (cost.tokens_in, cost.tokens_out) == (30_000, 1_000)
    assert cost.price(Assumptions(price_in=3.0)) is None
    assert cost.price(Assumptions(3.0, 15.0)) == pytest.approx(0.105)
    assert cost.minutes(Assumptions(seconds=45)) == 3
    assert scaled(Counter(), 7).features == {"no evidence": 7}


SETTINGS = (
    ProtocolSettings(),
    ProtocolSettings(
        routing="literal",
        raw_threshold_of={"input": 0.42, "output": -0.02, "cross": 0.1},
        n_examples=5,
        examples="quantiles",
        weighted=True,
        input_window=Window(-4, 0),
        output_window=Window(1, 1),
        cross_window=WHOLE,
        precision="exact",
        seed=3,
    ),
    ProtocolSettings(z_threshold=4.7, raw_threshold=-0.05),
)


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_options_told_are_those_that_label_takes(
    settings: ProtocolSettings,
) -> None:
    told = label_options(settings).split()
    line = ["label", "g.json", "--evidence", "e", "--out", "o.gloss", *told]
    assert settings_of(build_parser().parse_args(line)) == settings
    assert bool(told) == (settings != ProtocolSettings())


def test_settings_are_set_side_by_side() -> None:
    rows = {name: (now, then) for name, now, then in setting_rows(*SETTINGS[:2])}
    assert rows["Routing"] == ("calibrated", "literal")
    assert rows["z threshold"] == ("3", "3")
    assert rows["Raw threshold, output"] == ("0.5", "-0.02")
    assert rows["Cross window"] == ("[-8, 8]", "whole example")
    assert rows["Examples"] == ("20, strongest", "5, over all strengths")
    assert "Raw threshold, input" not in {r[0] for r in setting_rows(*SETTINGS[::2])}


# -- with the real embedder ------------------------------------------------------------


SMALL = TuningGrid(
    windows=(
        WindowSet(Window(0, 0), Window(1, 1), Window(-4, 4)),
        WindowSet(Window(-2, 0), Window(1, 3), Window(-8, 8)),
    ),
    n_examples=(5, 20),
)


@pytest.fixture(scope="module")
def minilm() -> SentenceEmbedder:
    return SentenceEmbedder(device="cpu")


@pytest.fixture(scope="module")
def parts(
    minilm: SentenceEmbedder, tmp_path_factory: pytest.TempPathFactory
) -> ScoringParts:
    folder = tmp_path_factory.mktemp("stores")
    store = EmbeddingStore(folder / "embeddings.sqlite", minilm.name)
    return ScoringParts(minilm, store, NullStore(folder / "nulls"))


@pytest.fixture(scope="module")
def source() -> TuningSource:
    known = [made_evidence(index) for index in range(N_FEATURES)]
    return TuningSource(
        judged=tuple(JudgedEvidence(known[i], truth_of(i)) for i in range(24)),
        pool=tuple(known),
        n_features=400,
        n_unknown=4,
        n_judged_unknown=1,
    )


@pytest.fixture(scope="module")
def report(source: TuningSource, parts: ScoringParts) -> TuningReport:
    work = tune([source], POOR, SMALL, parts, CancelToken())
    return drive(work, lambda progress: None)


POOR = ProtocolSettings(routing="literal", raw_threshold=0.9, seed=5, null_draws=100)


@pytest.mark.model
def test_a_better_setting_is_proposed(report: TuningReport) -> None:
    assert report.judged == {"input": 8, "output": 8, "cross": 0, "obscure": 8}
    assert report.current.settings == POOR
    proposed = report.proposed.settings
    assert proposed.routing == "calibrated"
    assert proposed.seed == 5
    assert report.proposed.macro_f1 > 0.8 > report.current.macro_f1
    assert report.gain == pytest.approx(
        report.proposed.macro_f1 - report.current.macro_f1
    )
    assert report.gain > report.gain_error > 0
    assert report.literal.settings.routing == "literal"
    assert not report.literal.settings.raw_threshold_of
    assert set(report.by_window.settings.raw_threshold_of) == set(WINDOW_NAMES)
    table = np.array(report.proposed.confusion)
    assert table.shape == (4, 5)
    assert table.sum(axis=1).tolist() == [8, 8, 0, 8]
    # All features have 8 examples: 20 of them, strongest or not, are the same ones.
    assert report.n_tried < 1 + 2 * 4 * 2 * 5
    assert sum(report.proposed_cost.features.values()) == 400
    assert report.proposed_cost.features["no evidence"] == 40
    assert report.proposed_cost.cheap_labels > report.current_cost.cheap_labels


@pytest.mark.model
def test_several_sources_keep_their_own_nulls(
    source: TuningSource, parts: ScoringParts
) -> None:
    small = ProtocolSettings(n_examples=5, null_draws=100)
    grid = TuningGrid(windows=SMALL.windows[1:], n_examples=(5,), examples=("top",))
    other = TuningSource(source.judged[:9], source.pool[9:30], n_features=21)
    one = drive(tune([source], small, grid, parts, CancelToken()), lambda p: None)
    two = drive(
        tune([source, other], small, grid, parts, CancelToken()), lambda p: None
    )
    assert sum(two.judged.values()) == sum(one.judged.values()) + 9
    assert sum(two.current_cost.features.values()) == 421
    assert two.n_scored == one.n_scored + 21


@pytest.mark.model
def test_a_cancelled_comparison_stops(
    source: TuningSource, parts: ScoringParts
) -> None:
    cancel = CancelToken()
    told: list[Progress] = []

    def on_progress(progress: Progress) -> None:
        told.append(progress)
        if progress.what == "comparing settings":
            cancel.cancel()

    with pytest.raises(Cancelled):
        drive(tune([source], POOR, SMALL, parts, cancel), on_progress)
    assert told[-1].what == "comparing settings"
    assert told[-1].done == 0


@pytest.mark.model
def test_everything_is_told_as_text_and_as_json(report: TuningReport) -> None:
    text = report_text(report, Assumptions(price_in=3.0, price_out=15.0))
    for part in (
        "24 judged features (8 input, 8 output, 0 cross, 8 obscure; 1 without",
        "agrees with you better",
        "Literal, a threshold a window",
        "random 40 of 400 features",
        "3,000 tokens in and 100 out",
        "30 seconds",
        "Price",
        f"glossator label … {label_options(report.proposed.settings)}",
    ):
        assert part in text, part
    assert "Price" not in report_text(report, Assumptions())
    held = json.loads(report_json(report, Assumptions()))
    again = msgspec.convert(
        held["report"]["proposed"]["settings"], type=ProtocolSettings
    )
    assert again == report.proposed.settings
    assert held["cost"]["proposed"]["price"] is None


@pytest.mark.model
def test_a_gain_within_its_error_is_no_advice(report: TuningReport) -> None:
    assert report.is_clear
    unclear = replace(report, gain=-0.004, gain_error=0.02)
    assert not unclear.is_clear
    assert "not clearly better: macro-F1 +0.00 ± 0.02. Keep" in verdict(unclear)
    same = replace(report, proposed=report.current)
    assert "current settings stand" in verdict(same)


# -- over projects ---------------------------------------------------------------------


@pytest.mark.model
def test_projects_are_read_and_left_as_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = made_project(tmp_path / "1", 12), made_project(tmp_path / "2", 6)
    before = one.read_bytes()
    assert main(["tune", str(one), str(two), "--json", "--price-in", "1"]) == 0
    held = json.loads(capsys.readouterr().out)
    assert held["report"]["judged"] == {
        "input": 6,
        "output": 6,
        "cross": 0,
        "obscure": 6,
    }
    assert held["report"]["current"]["settings"]["z_threshold"] == 4
    assert sum(held["report"]["current_cost"]["features"].values()) == 2 * N_FEATURES
    assert one.read_bytes() == before


@pytest.mark.model
def test_judged_features_without_evidence_are_told(tmp_path: Path) -> None:
    path = made_project(tmp_path, 12)
    for index in (0, 1):
        (tmp_path / "features" / f"{cantor(1, index)}.json").unlink()
    (tmp_path / "features" / f"{cantor(1, 2)}.json").write_text("{")
    project = Project(path, read_only=True)
    given = tune_input([project], stored_settings(project))
    project.close()
    small = TuningGrid(windows=SMALL.windows[1:], n_examples=(5,), examples=("top",))
    found = drive(
        tune_locally(replace(given, grid=small), CancelToken()), lambda progress: None
    )
    assert found.n_left_out == 3
    assert sum(found.judged.values()) == 9
    assert found.current_cost.features["no evidence"] == 3
    assert "3 without evidence left out" in report_text(found, Assumptions())


def test_too_few_judged_features_are_one_line_of_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = made_project(tmp_path, 7)
    assert main(["tune", str(path)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == [
        "glossator: 7 judged features can be used (3 input, 2 output, 2 obscure); "
        "tuning needs at least 8, and 3 of each of two tiers"
    ]
    assert main(["tune", str(tmp_path / "none.gloss")]) == 2
    assert "no such project file" in capsys.readouterr().err
