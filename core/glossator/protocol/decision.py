"""What the protocol says of a feature: three window scores, and a tier by each routing.

All of it is plain frozen data, stored in the project as JSON.
"""

from typing import Literal

import msgspec

from glossator.protocol.protocol_settings import RoutingName, WindowName

Tier = Literal["input", "output", "cross", "obscure", "insufficient", "no evidence"]

TIERS: tuple[Tier, ...] = (
    "input",
    "output",
    "cross",
    "obscure",
    "insufficient",
    "no evidence",
)

CHEAP_TIERS: frozenset[Tier] = frozenset({"input", "output"})
"""Tier 1: a low-cost label will do."""


class WindowScore(msgspec.Struct, frozen=True, kw_only=True):
    """The correlation score of one window."""

    n_used: int
    raw: float
    """Mean cosine over all pairs, in [-1, 1]."""
    weighted: float
    """The same with pair weights by activation."""
    effective_n: float | None = None
    """Number of equal weights that weigh as much; None in results of older versions."""
    jackknife_error: float
    null_mean: float | None = None
    """None where no null is to be had for this window."""
    null_sd: float | None = None
    z: float | None = None
    p: float | None = None
    """Share of sets of unrelated windows that score as high."""
    weighted_z: float | None = None
    """Of the weighted score among unrelated windows of the same weights."""
    weighted_p: float | None = None

    @property
    def deciding_z(self) -> float | None:
        """That of the weighted score where the run weighs pairs."""
        return self.z if self.weighted_z is None else self.weighted_z

    @property
    def deciding_p(self) -> float | None:
        """Likewise."""
        return self.p if self.weighted_p is None else self.weighted_p


class Sense(msgspec.Struct, frozen=True, kw_only=True):
    """Examples of a feature that agree among themselves and not with the others."""

    examples: tuple[int, ...]
    """Which of the scored examples, counted from 0 in their order."""
    raw: float
    """Their correlation score in the window in which they agree."""
    z: float
    """Against as many unrelated windows."""


class Senses(msgspec.Struct, frozen=True, kw_only=True):
    """At least two senses of one feature."""

    window: WindowName
    senses: tuple[Sense, ...]
    """The largest first."""
    p: float
    """Share of sets of unrelated windows that fall apart into senses as clearly."""


class Comparators(msgspec.Struct, frozen=True, kw_only=True):
    """Simpler measures to hold the correlation scores against.

    Shares are of the scored examples, in [0, 1]; None where the evidence does not tell.
    """

    top_token_share: float | None = None
    """Of the commonest top token."""
    next_token_share: float | None = None
    """Of the commonest next token."""
    top_in_logits: float | None = None
    """Examples whose top token is among the feature's top logits."""
    next_in_logits: float | None = None
    """Examples whose next token is among the feature's top logits."""
    logit_coherence: float | None = None
    """Correlation score of the embedded top logits, in [-1, 1]."""


class FeatureScores(msgspec.Struct, frozen=True, kw_only=True):
    n_examples: int
    """Examples that the evidence holds."""
    n_distinct: int
    """Usable distinct ones."""
    n_special: int = 0
    """Examples left out because their top token is special."""
    input: WindowScore | None = None
    """None where fewer than three windows hold text."""
    output: WindowScore | None = None
    cross: WindowScore | None = None
    p: float | None = None
    """Share of sets of unrelated examples whose largest z is as large."""
    senses: Senses | None = None
    """None where the examples make one sense, or none."""
    comparators: Comparators | None = None

    def of(self, window: WindowName) -> WindowScore | None:
        match window:
            case "input":
                return self.input
            case "output":
                return self.output
            case "cross":
                return self.cross


class TierDecision(msgspec.Struct, frozen=True, kw_only=True):
    tier: Tier
    routing: RoutingName
    threshold: float
    reason: str
    """One sentence with the numbers that decided."""
    passed: tuple[WindowName, ...] = ()
    """Windows at or above the threshold."""
    cross_scored: bool = True
    """Literal routing scores cross only if input and output both fall below."""


class ProtocolResult(msgspec.Struct, frozen=True, kw_only=True):
    """Both routings' word on a feature, and the settings' choice between them."""

    scores: FeatureScores
    calibrated: TierDecision
    literal: TierDecision
    routing: RoutingName
    embedder: str
    null_origin: str = ""

    @property
    def decision(self) -> TierDecision:
        return self.calibrated if self.routing == "calibrated" else self.literal

    @property
    def tier(self) -> Tier:
        return self.decision.tier

    @property
    def shown_tier(self) -> str:
        """The tier in words, as in ``cross, 2 senses``."""
        senses = self.scores.senses
        if self.tier == "cross" and senses is not None:
            return f"{self.tier}, {len(senses.senses)} senses"
        return self.tier
