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
    jackknife_error: float
    null_mean: float | None = None
    """None where no null is to be had for this window."""
    null_sd: float | None = None
    z: float | None = None
    p: float | None = None


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
