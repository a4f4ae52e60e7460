"""Fill of each node: by tier, or by its share in the focused node's input."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QBrush, QColor

from glossator.graph.attribution_graph import FloatColumn
from glossator.protocol.decision import TIERS, Tier
from glossator_gui.look.theme import Theme

ColourBy = Literal["tier", "share"]

_STEPS = 12
"""Shades of a sign."""
_FULL_SHARE = 0.4
_DIMMED = 0.25


def tier_codes(tiers: Sequence[Tier | None]) -> NDArray[np.int64]:
    """Entry of `tier_palette` for each node; 0 where there is no tier."""
    code = {tier: at for at, tier in enumerate(TIERS, start=1)}
    return np.array(
        [0 if tier is None else code[tier] for tier in tiers], dtype=np.int64
    )


def tier_palette(theme: Theme) -> list[QColor]:
    return [QColor(theme.untiered), *(QColor(theme.tiers[tier]) for tier in TIERS)]


def share_codes(shares: FloatColumn) -> NDArray[np.int64]:
    """Entry of `share_palette` for each node; 0 where the share is NaN."""
    size = np.clip(np.abs(np.nan_to_num(shares)) / _FULL_SHARE, 0, 1)
    step = np.minimum((size * _STEPS).astype(np.int64), _STEPS - 1)
    codes = 1 + step + np.where(np.nan_to_num(shares) < 0, _STEPS, 0)
    return np.where(np.isnan(shares), 0, codes)


def share_palette(theme: Theme) -> list[QColor]:
    shares = (np.arange(_STEPS) + 0.5) / _STEPS * _FULL_SHARE
    return [
        QColor(theme.untiered),
        *(theme.signed(share) for share in shares.tolist()),
        *(theme.signed(-share) for share in shares.tolist()),
    ]


def brushes(palette: Sequence[QColor]) -> NDArray[np.object_]:
    """A brush a colour, then the same dimmed."""
    made = np.empty(2 * len(palette), dtype=object)
    for at, colour in enumerate(palette):
        dimmed = QColor(colour)
        dimmed.setAlphaF(colour.alphaF() * _DIMMED)
        made[at] = QBrush(colour)
        made[at + len(palette)] = QBrush(dimmed)
    return made
