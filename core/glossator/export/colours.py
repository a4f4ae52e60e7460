"""Colours of exported figures and graphs: always light, whatever the window shows.

Tiers use the Okabe-Ito colours, which stay apart for colour-blind eyes.
"""

from collections.abc import Mapping

from glossator.protocol.decision import Tier

SURFACE = "#ffffff"
TEXT = "#1b1f24"
MUTED = "#5b6470"
"""Secondary text; 4.5:1 on `SURFACE`."""
BORDER = "#d3d7dd"
LINK = "#c3c9d1"
"""Links of no sign, or of the faint base layer."""
POSITIVE = "#18774a"
NEGATIVE = "#8e3fa8"
ACTIVATION = "#f5a04a"
"""Full activation behind a token."""

TIER_COLOURS: Mapping[Tier, str] = {
    "input": "#0072B2",
    "output": "#009E73",
    "cross": "#E69F00",
    "obscure": "#D55E00",
    "insufficient": "#CC79A7",
    "no evidence": "#9aa2ad",
}
UNTIERED = "#aab1bb"
"""Nodes that are no features, and features not scored."""


def tier_colour(tier: Tier | None) -> str:
    return UNTIERED if tier is None else TIER_COLOURS[tier]
