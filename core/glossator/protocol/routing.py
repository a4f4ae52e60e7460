"""From scores to a tier: the protocol as written, and its calibrated form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from glossator.protocol.decision import (
    FeatureScores,
    ProtocolResult,
    Senses,
    Tier,
    TierDecision,
)
from glossator.protocol.protocol_settings import (
    MIN_EXAMPLES,
    WINDOW_NAMES,
    ProtocolSettings,
    RoutingName,
    WindowName,
)

Values = dict[WindowName, float]


@runtime_checkable
class Routing(Protocol):
    """Turns a feature's scores into a tier, with its numbers and a sentence of why.

    Of windows that score alike the first of input, output, cross is taken.
    """

    @property
    def name(self) -> RoutingName: ...

    def decide(self, scores: FeatureScores) -> TierDecision: ...


@dataclass(frozen=True)
class LiteralRouting:
    """Raw thresholds; cross only if the other two fall below theirs.

    Of input and output the larger score wins where both pass: the source leaves that
    open, the rule is ours. The source knows one threshold; each window may have its
    own.
    """

    thresholds: Mapping[WindowName, float]
    weighted: bool = False
    """Whether the scores that weigh pairs by activation decide."""
    name: RoutingName = "literal"

    def decide(self, scores: FeatureScores) -> TierDecision:
        lacking = _insufficient(scores)
        if lacking:
            return self._decision("insufficient", lacking, scored=False)
        raw = self._raw(scores)
        passed = {w: raw[w] for w in raw if raw[w] >= self.thresholds[w]}
        sides: Values = {w: passed[w] for w in passed if w != "cross"}
        if sides:
            best = _largest(sides)
            return self._decision(
                best,
                f"{best} correlation {sides[best]:.2f} reaches "
                f"{self.thresholds[best]:g}{_beside(sides, best, '{:.2f}')}.",
                passed=tuple(sides),
                scored=False,
            )
        shown = _listed(raw, "{:.2f}")
        if passed:
            return self._decision(
                "cross",
                f"only cross reaches {self.thresholds['cross']:g} ({shown}).",
                passed=("cross",),
            )
        return self._decision("obscure", f"no window reaches {self._said()} ({shown}).")

    def _raw(self, scores: FeatureScores) -> Values:
        found = {w: s for w in WINDOW_NAMES if (s := scores.of(w)) is not None}
        return {w: s.weighted if self.weighted else s.raw for w, s in found.items()}

    def _said(self) -> str:
        if len(set(self.thresholds.values())) == 1:
            return f"{self.thresholds['input']:g}"
        return "its threshold"

    def _decision(
        self,
        tier: Tier,
        reason: str,
        *,
        passed: tuple[WindowName, ...] = (),
        scored: bool = True,
    ) -> TierDecision:
        return TierDecision(
            tier=tier,
            routing=self.name,
            threshold=self.thresholds[tier if tier in WINDOW_NAMES else "input"],
            reason=reason,
            passed=passed,
            cross_scored=scored,
        )


@dataclass(frozen=True)
class CalibratedRouting:
    """The largest z over the threshold, so a threshold means the same for each window.

    Taking the first window over it would over-call input: most cross and output
    features also pass there. A feature of several senses is no obscure one: it is
    cross, since each sense wants a label of its own.
    """

    threshold: float
    name: RoutingName = "calibrated"

    def decide(self, scores: FeatureScores) -> TierDecision:
        lacking = _insufficient(scores)
        if lacking:
            return self._decision("insufficient", lacking)
        z = {
            window: score.deciding_z
            for window in WINDOW_NAMES
            if (score := scores.of(window)) is not None and score.deciding_z is not None
        }
        if not z:
            return self._decision(
                "insufficient", "no null distribution is known for these windows."
            )
        shown = _listed(z, "{:.1f}")
        passed = {window: z[window] for window in z if z[window] >= self.threshold}
        if not passed:
            nothing = f"no window reaches z {self.threshold:g} (z: {shown})"
            if scores.senses is not None:
                return self._decision(
                    "cross", f"{nothing}, but {_told(scores.senses)}."
                )
            return self._decision("obscure", f"{nothing}.")
        best = _largest(passed)
        senses = ""
        if best == "cross" and scores.senses is not None:
            senses = f"; {_told(scores.senses)}"
        return self._decision(
            best,
            f"{best} z {passed[best]:.1f} is the largest over {self.threshold:g} "
            f"(z: {shown}){senses}.",
            passed=tuple(passed),
        )

    def _decision(
        self, tier: Tier, reason: str, *, passed: tuple[WindowName, ...] = ()
    ) -> TierDecision:
        return TierDecision(
            tier=tier,
            routing=self.name,
            threshold=self.threshold,
            reason=reason,
            passed=passed,
            cross_scored=tier != "insufficient",
        )


def decide(
    scores: FeatureScores, settings: ProtocolSettings, embedder: str, null_origin: str
) -> ProtocolResult:
    """Both routings' tiers of a feature."""
    literal = LiteralRouting(settings.raw_thresholds(), settings.weighted)
    return ProtocolResult(
        scores=scores,
        calibrated=CalibratedRouting(settings.z_threshold).decide(scores),
        literal=literal.decide(scores),
        routing=settings.routing,
        embedder=embedder,
        null_origin=null_origin,
    )


def _insufficient(scores: FeatureScores) -> str:
    """Why there is no tier, or ""."""
    if 2 * scores.n_special > scores.n_examples:
        return (
            f"a special/position feature: the top token of {scores.n_special} of its "
            f"{scores.n_examples} examples is special."
        )
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


def _largest(values: Values) -> WindowName:
    return max(values, key=lambda window: values[window])


def _listed(values: Values, form: str) -> str:
    return ", ".join(f"{window} {form.format(v)}" for window, v in values.items())


def _beside(sides: Values, best: WindowName, form: str) -> str:
    others = {window: value for window, value in sides.items() if window != best}
    return f" (also {_listed(others, form)})" if others else ""


def _told(senses: Senses) -> str:
    sizes = " and ".join(str(len(sense.examples)) for sense in senses.senses)
    return (
        f"in the {senses.window} window its examples make {len(senses.senses)} senses "
        f"({sizes} examples, p {senses.p:.2g})"
    )
