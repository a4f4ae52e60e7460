"""From scores to a tier: the protocol as written, and its calibrated form."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from glossator.protocol.decision import FeatureScores, Tier, TierDecision, WindowScore
from glossator.protocol.protocol_settings import (
    MIN_EXAMPLES,
    WINDOW_NAMES,
    RoutingName,
    WindowName,
)


@runtime_checkable
class Routing(Protocol):
    """Turns a feature's scores into a tier."""

    @property
    def name(self) -> RoutingName: ...

    def decide(self, scores: FeatureScores) -> TierDecision: ...


@dataclass(frozen=True)
class LiteralRouting:
    """One raw threshold for all windows; cross only if the other two fall below.

    Of input and output the larger score wins where both pass: the source leaves that
    open, the rule is ours.
    """

    threshold: float
    name: RoutingName = "literal"

    def decide(self, scores: FeatureScores) -> TierDecision:
        lacking = _insufficient(scores)
        if lacking:
            return _decision(self, "insufficient", lacking)
        sides = _at_least(_raw(scores, ("input", "output")), self.threshold)
        if sides:
            best = max(sides, key=lambda window: sides[window])
            return _decision(
                self,
                best,
                f"{best} correlation {sides[best]:.2f} reaches {self.threshold:g}"
                f"{_beside(sides, best)}.",
                passed=tuple(sides),
                cross_scored=False,
            )
        cross = _at_least(_raw(scores, ("cross",)), self.threshold)
        shown = _listed(_raw(scores, WINDOW_NAMES), "{:.2f}")
        if cross:
            return _decision(
                self,
                "cross",
                f"only cross reaches {self.threshold:g} ({shown}).",
                passed=("cross",),
            )
        return _decision(
            self, "obscure", f"no window reaches {self.threshold:g} ({shown})."
        )


@dataclass(frozen=True)
class CalibratedRouting:
    """The largest z over the threshold, so a threshold means the same for each window.

    Taking the first window over it would over-call input: most cross and output
    features also pass there.
    """

    threshold: float
    name: RoutingName = "calibrated"

    def decide(self, scores: FeatureScores) -> TierDecision:
        lacking = _insufficient(scores)
        if lacking:
            return _decision(self, "insufficient", lacking)
        z = {
            window: score.z
            for window in WINDOW_NAMES
            if (score := scores.of(window)) is not None and score.z is not None
        }
        if not z:
            return _decision(
                self, "insufficient", "no null distribution is known for these windows."
            )
        shown = _listed(z, "{:.1f}")
        passed = _at_least(z, self.threshold)
        if not passed:
            return _decision(
                self, "obscure", f"no window reaches z {self.threshold:g} (z: {shown})."
            )
        best = max(passed, key=lambda window: passed[window])
        return _decision(
            self,
            best,
            f"{best} z {passed[best]:.1f} is the largest over {self.threshold:g} "
            f"(z: {shown}).",
            passed=tuple(passed),
        )


def _decision(
    routing: LiteralRouting | CalibratedRouting,
    tier: Tier,
    reason: str,
    *,
    passed: tuple[WindowName, ...] = (),
    cross_scored: bool = True,
) -> TierDecision:
    return TierDecision(
        tier=tier,
        routing=routing.name,
        threshold=routing.threshold,
        reason=reason,
        passed=passed,
        cross_scored=cross_scored and tier != "insufficient",
    )


def _insufficient(scores: FeatureScores) -> str:
    """Why there is no tier, or ""."""
    if scores.n_distinct < MIN_EXAMPLES:
        special = (
            f", {scores.n_special} with a special top token" if scores.n_special else ""
        )
        return (
            f"{scores.n_distinct} usable distinct examples of {scores.n_examples}"
            f"{special}; {MIN_EXAMPLES} are needed."
        )
    if all(scores.of(window) is None for window in WINDOW_NAMES):
        return "no window holds text in enough examples."
    return ""


def _raw(
    scores: FeatureScores, windows: tuple[WindowName, ...]
) -> dict[WindowName, float]:
    found: dict[WindowName, WindowScore | None] = {w: scores.of(w) for w in windows}
    return {window: score.raw for window, score in found.items() if score is not None}


def _at_least(
    values: dict[WindowName, float], threshold: float
) -> dict[WindowName, float]:
    return {window: value for window, value in values.items() if value >= threshold}


def _listed(values: dict[WindowName, float], form: str) -> str:
    return ", ".join(f"{window} {form.format(v)}" for window, v in values.items())


def _beside(sides: dict[WindowName, float], best: WindowName) -> str:
    others = {window: value for window, value in sides.items() if window != best}
    return f" (also {_listed(others, '{:.2f}')})" if others else ""
