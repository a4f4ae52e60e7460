"""Tiers from scores, by both routings."""

import pytest

from glossator.protocol.decision import (
    FeatureScores,
    Sense,
    Senses,
    Tier,
    TierDecision,
    WindowScore,
)
from glossator.protocol.protocol_settings import (
    WINDOW_NAMES,
    ProtocolSettings,
    WindowName,
)
from glossator.protocol.routing import CalibratedRouting, LiteralRouting, decide

ONE = LiteralRouting(dict.fromkeys(WINDOW_NAMES, 0.5))


def _window(raw: float | None, z: float | None) -> WindowScore | None:
    if raw is None:
        return None
    return WindowScore(n_used=9, raw=raw, weighted=raw, jackknife_error=0.0, z=z)


def senses(*sizes: int, window: WindowName = "cross", p: float = 0.0034) -> Senses:
    return Senses(
        window=window,
        senses=tuple(
            Sense(examples=tuple(range(size)), raw=0.5, z=9.0) for size in sizes
        ),
        p=p,
    )


def scored(
    raw: tuple[float | None, float | None, float | None] = (0.1, 0.1, 0.1),
    z: tuple[float | None, float | None, float | None] = (0.0, 0.0, 0.0),
    *,
    n_distinct: int = 9,
    n_special: int = 0,
    senses: Senses | None = None,
) -> FeatureScores:
    """Scores of the input, output and cross window."""
    return FeatureScores(
        n_examples=20,
        n_distinct=n_distinct,
        n_special=n_special,
        input=_window(raw[0], z[0]),
        output=_window(raw[1], z[1]),
        cross=_window(raw[2], z[2]),
        senses=senses,
    )


def _check(
    decision: TierDecision,
    tier: Tier,
    passed: tuple[WindowName, ...],
    cross_scored: bool,
    numbers: tuple[str, ...],
) -> None:
    assert decision.tier == tier
    assert decision.passed == passed
    assert decision.cross_scored is cross_scored
    for number in numbers:
        assert number in decision.reason
    assert decision.reason.endswith(".")


@pytest.mark.parametrize(
    ("raw", "tier", "passed", "cross_scored", "numbers"),
    [
        ((0.61, 0.2, 0.9), "input", ("input",), False, ("0.61", "0.5")),
        ((0.2, 0.61, 0.9), "output", ("output",), False, ("0.61", "0.5")),
        # Both pass: the larger, and the other is told.
        ((0.61, 0.72, 0.0), "output", ("input", "output"), False, ("0.72", "0.61")),
        ((0.72, 0.61, 0.0), "input", ("input", "output"), False, ("0.72", "0.61")),
        # A tie goes to the first.
        ((0.6, 0.6, 0.0), "input", ("input", "output"), False, ("0.60",)),
        # The threshold itself passes, just below it does not.
        ((0.5, 0.1, 0.0), "input", ("input",), False, ("0.50",)),
        ((0.4999, 0.1, 0.0), "obscure", (), True, ("0.50", "0.10", "0.00")),
        # Cross only where both fall below.
        ((0.1, 0.2, 0.55), "cross", ("cross",), True, ("0.55", "0.10", "0.20")),
        ((0.1, 0.2, 0.5), "cross", ("cross",), True, ("0.50",)),
        ((0.1, 0.2, 0.3), "obscure", (), True, ("0.10", "0.20", "0.30", "0.5")),
        # Windows without text
        ((None, 0.6, 0.9), "output", ("output",), False, ("0.60",)),
        ((None, 0.1, 0.9), "cross", ("cross",), True, ("0.90",)),
        ((None, None, 0.1), "obscure", (), True, ("0.10",)),
        ((0.1, None, None), "obscure", (), True, ("0.10",)),
        ((None, None, None), "insufficient", (), False, ("no window",)),
    ],
)
def test_literal(
    raw: tuple[float | None, float | None, float | None],
    tier: Tier,
    passed: tuple[WindowName, ...],
    cross_scored: bool,
    numbers: tuple[str, ...],
) -> None:
    decision = ONE.decide(scored(raw, (9.0, 9.0, 9.0)))
    _check(decision, tier, passed, cross_scored, numbers)
    assert (decision.routing, decision.threshold) == ("literal", 0.5)


@pytest.mark.parametrize(
    ("z", "tier", "passed", "numbers"),
    [
        ((4.0, 1.0, 2.0), "input", ("input",), ("4.0", "1.0", "2.0", "3")),
        ((1.0, 4.0, 2.0), "output", ("output",), ("4.0",)),
        ((1.0, 2.0, 4.0), "cross", ("cross",), ("4.0",)),
        # Largest of those over it, be it cross.
        ((3.1, 5.2, 4.0), "output", ("input", "output", "cross"), ("5.2", "3.1")),
        ((3.1, 4.0, 5.2), "cross", ("input", "output", "cross"), ("5.2",)),
        # Ties go to the first.
        ((4.0, 4.0, 4.0), "input", ("input", "output", "cross"), ("4.0",)),
        ((1.0, 4.0, 4.0), "output", ("output", "cross"), ("4.0",)),
        ((3.0, 0.0, 0.0), "input", ("input",), ("3.0",)),
        ((2.99, -1.0, 0.0), "obscure", (), ("3.0", "-1.0", "0.0")),
        # Windows without a null
        ((None, 4.0, None), "output", ("output",), ("4.0",)),
        ((None, 1.0, None), "obscure", (), ("1.0",)),
        ((None, None, None), "insufficient", (), ("no null",)),
    ],
)
def test_calibrated(
    z: tuple[float | None, float | None, float | None],
    tier: Tier,
    passed: tuple[WindowName, ...],
    numbers: tuple[str, ...],
) -> None:
    decision = CalibratedRouting(3.0).decide(scored((0.9, 0.9, 0.9), z))
    _check(decision, tier, passed, tier != "insufficient", numbers)
    assert (decision.routing, decision.threshold) == ("calibrated", 3.0)


def test_calibrated_without_windows() -> None:
    decision = CalibratedRouting(3.0).decide(scored((None, None, None)))
    _check(decision, "insufficient", (), False, ("no window",))


@pytest.mark.parametrize("routing", [ONE, CalibratedRouting(3.0)])
def test_too_few_examples(routing: LiteralRouting | CalibratedRouting) -> None:
    high = ((0.9, 0.9, 0.9), (9.0, 9.0, 9.0))
    few = routing.decide(scored(*high, n_distinct=2, n_special=4))
    _check(few, "insufficient", (), False, ("2 ", "of 20", "4 with a special", "3 are"))
    assert "special" not in routing.decide(scored(*high, n_distinct=0)).reason
    assert routing.decide(scored(*high, n_distinct=3)).tier == "input"


def test_neither_looks_at_the_other_s_numbers() -> None:
    scores = scored((0.9, 0.1, 0.1), (0.0, 5.0, 0.0))
    assert ONE.decide(scores).tier == "input"
    assert CalibratedRouting(3.0).decide(scores).tier == "output"


# -- literal, by window and by weight --------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "tier", "passed", "threshold", "numbers"),
    [
        # 0.3 for input, 0.6 for output, 0.2 for cross
        ((0.3, 0.5, 0.0), "input", ("input",), 0.3, ("0.30", "reaches 0.3")),
        ((0.29, 0.6, 0.0), "output", ("output",), 0.6, ("0.60", "reaches 0.6")),
        # The larger score wins, however far each is over its own threshold.
        ((0.59, 0.6, 0.9), "output", ("input", "output"), 0.6, ("0.59",)),
        ((0.7, 0.6, 0.9), "input", ("input", "output"), 0.3, ("0.60",)),
        ((0.29, 0.59, 0.2), "cross", ("cross",), 0.2, ("0.2", "0.59")),
        ((0.29, 0.59, 0.19), "obscure", (), 0.3, ("its threshold", "0.59")),
        ((None, 0.59, 0.19), "obscure", (), 0.3, ("its threshold",)),
    ],
)
def test_each_window_may_have_a_raw_threshold_of_its_own(
    raw: tuple[float | None, float | None, float | None],
    tier: Tier,
    passed: tuple[WindowName, ...],
    threshold: float,
    numbers: tuple[str, ...],
) -> None:
    routing = LiteralRouting({"input": 0.3, "output": 0.6, "cross": 0.2})
    decision = routing.decide(scored(raw))
    sided = tier in ("input", "output")
    _check(decision, tier, passed, not sided, numbers)
    assert decision.threshold == threshold


def test_thresholds_may_lie_below_zero() -> None:
    routing = LiteralRouting(dict.fromkeys(WINDOW_NAMES, -0.5))
    assert routing.decide(scored((-0.4, -0.5, 0.9))).passed == ("input", "output")
    assert routing.decide(scored((-0.6, -0.51, -0.5))).tier == "cross"


def test_weighted_literal_looks_at_weighted_scores() -> None:
    scores = FeatureScores(
        n_examples=9,
        n_distinct=9,
        input=WindowScore(n_used=9, raw=0.9, weighted=0.1, jackknife_error=0.0),
        output=WindowScore(n_used=9, raw=0.1, weighted=0.8, jackknife_error=0.0),
        cross=WindowScore(n_used=9, raw=0.1, weighted=0.2, jackknife_error=0.0),
    )
    assert ONE.decide(scores).tier == "input"
    weighted = LiteralRouting(ONE.thresholds, weighted=True).decide(scores)
    _check(weighted, "output", ("output",), False, ("0.80", "0.5"))


def test_calibrated_looks_at_the_z_that_decides() -> None:
    heavy = WindowScore(
        n_used=9, raw=0.1, weighted=0.1, jackknife_error=0.0, z=0.0, weighted_z=5.0
    )
    light = WindowScore(
        n_used=9, raw=0.1, weighted=0.1, jackknife_error=0.0, z=9.0, weighted_z=1.0
    )
    scores = FeatureScores(n_examples=9, n_distinct=9, input=light, output=heavy)
    decision = CalibratedRouting(3.0).decide(scores)
    _check(decision, "output", ("output",), True, ("5.0", "1.0"))


# -- features that have no tier --------------------------------------------------------


@pytest.mark.parametrize("routing", [ONE, CalibratedRouting(3.0)])
@pytest.mark.parametrize(
    ("n_special", "n_distinct", "tier"),
    [(10, 9, "input"), (11, 9, "insufficient"), (20, 0, "insufficient")],
)
def test_a_feature_of_special_tokens_is_said_to_be_one(
    routing: LiteralRouting | CalibratedRouting,
    n_special: int,
    n_distinct: int,
    tier: Tier,
) -> None:
    """More than half of its examples are at the begin of a text, or the like."""
    high = ((0.9, 0.1, 0.1), (9.0, 0.0, 0.0))
    scores = scored(*high, n_special=n_special, n_distinct=n_distinct)
    decision = routing.decide(scores)
    assert decision.tier == tier
    if tier == "insufficient":
        said = ("special/position feature", f"{n_special} of its 20 examples")
        _check(decision, tier, (), False, said)


# -- senses ----------------------------------------------------------------------------


def test_a_feature_of_several_senses_is_cross_not_obscure() -> None:
    low = ((0.1, 0.1, 0.1), (1.0, 0.5, 2.9))
    assert CalibratedRouting(3.0).decide(scored(*low)).tier == "obscure"
    decision = CalibratedRouting(3.0).decide(scored(*low, senses=senses(9, 7)))
    told = ("no window reaches z 3", "2.9", "2 senses", "9 and 7 examples", "0.0034")
    _check(decision, "cross", (), True, told)
    three = scored(*low, senses=senses(6, 5, 4, window="output"))
    decision = CalibratedRouting(3.0).decide(three)
    others = ("in the output window", "3 senses", "6 and 5 and 4 examples")
    _check(decision, "cross", (), True, others)


def test_a_window_that_passes_says_more_than_senses() -> None:
    found = senses(9, 7)
    cross = scored(z=(1.0, 1.0, 5.0), senses=found)
    decision = CalibratedRouting(3.0).decide(cross)
    _check(decision, "cross", ("cross",), True, ("5.0", "2 senses", "0.0034"))
    side = scored(z=(6.0, 1.0, 5.0), senses=found)
    decision = CalibratedRouting(3.0).decide(side)
    _check(decision, "input", ("input", "cross"), True, ("6.0",))
    assert "senses" not in decision.reason


def test_the_literal_routing_knows_no_senses() -> None:
    decision = ONE.decide(scored(senses=senses(9, 7)))
    _check(decision, "obscure", (), True, ("0.10",))
    assert "senses" not in decision.reason


# -- both ------------------------------------------------------------------------------


@pytest.mark.parametrize("routing", ["calibrated", "literal"])
def test_both_routings_decide_and_the_settings_choose(routing: str) -> None:
    settings = ProtocolSettings(
        routing="literal" if routing == "literal" else "calibrated",
        z_threshold=4.0,
        raw_threshold=0.4,
        raw_threshold_of={"cross": 0.9},
    )
    scores = scored((0.5, 0.1, 0.8), (1.0, 4.5, 4.4), senses=senses(9, 7))
    result = decide(scores, settings, "mini", "made null")
    assert result.scores == scores
    assert (result.literal.tier, result.calibrated.tier) == ("input", "output")
    assert (result.literal.threshold, result.calibrated.threshold) == (0.4, 4.0)
    assert result.literal == LiteralRouting(settings.raw_thresholds()).decide(scores)
    assert result.calibrated == CalibratedRouting(4.0).decide(scores)
    assert result.decision.routing == result.routing == routing
    assert result.tier == ("input" if routing == "literal" else "output")
    assert (result.embedder, result.null_origin) == ("mini", "made null")
    low = scored((0.1, 0.1, 0.89), (1.0, 1.0, 1.0), senses=senses(9, 7))
    result = decide(low, settings, "mini", "made null")
    assert (result.literal.tier, result.calibrated.tier) == ("obscure", "cross")
    shown = "obscure" if routing == "literal" else "cross, 2 senses"
    assert result.shown_tier == shown


def test_weighted_settings_reach_the_literal_routing() -> None:
    score = WindowScore(n_used=9, raw=0.9, weighted=0.1, jackknife_error=0.0)
    scores = FeatureScores(n_examples=9, n_distinct=9, input=score)
    for weighted, tier in ((False, "input"), (True, "obscure")):
        settings = ProtocolSettings(weighted=weighted)
        assert decide(scores, settings, "mini", "").literal.tier == tier
