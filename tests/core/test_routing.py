"""Tiers from scores, by both routings."""

import pytest

from glossator.protocol.decision import FeatureScores, Tier, TierDecision, WindowScore
from glossator.protocol.protocol_settings import WindowName
from glossator.protocol.routing import CalibratedRouting, LiteralRouting


def _window(raw: float | None, z: float | None) -> WindowScore | None:
    if raw is None:
        return None
    return WindowScore(n_used=9, raw=raw, weighted=raw, jackknife_error=0.0, z=z)


def scored(
    raw: tuple[float | None, float | None, float | None] = (0.1, 0.1, 0.1),
    z: tuple[float | None, float | None, float | None] = (0.0, 0.0, 0.0),
    *,
    n_distinct: int = 9,
    n_special: int = 0,
) -> FeatureScores:
    """Scores of the input, output and cross window."""
    return FeatureScores(
        n_examples=20,
        n_distinct=n_distinct,
        n_special=n_special,
        input=_window(raw[0], z[0]),
        output=_window(raw[1], z[1]),
        cross=_window(raw[2], z[2]),
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
    decision = LiteralRouting(0.5).decide(scored(raw, (9.0, 9.0, 9.0)))
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


@pytest.mark.parametrize("routing", [LiteralRouting(0.5), CalibratedRouting(3.0)])
def test_too_few_examples(routing: LiteralRouting | CalibratedRouting) -> None:
    high = ((0.9, 0.9, 0.9), (9.0, 9.0, 9.0))
    few = routing.decide(scored(*high, n_distinct=2, n_special=4))
    _check(few, "insufficient", (), False, ("2 ", "of 20", "4 with a special", "3 are"))
    assert "special" not in routing.decide(scored(*high, n_distinct=0)).reason
    assert routing.decide(scored(*high, n_distinct=3)).tier == "input"


def test_neither_looks_at_the_other_s_numbers() -> None:
    scores = scored((0.9, 0.1, 0.1), (0.0, 5.0, 0.0))
    assert LiteralRouting(0.5).decide(scores).tier == "input"
    assert CalibratedRouting(3.0).decide(scores).tier == "output"
