"""How many features of each layer are of which tier, as stacked bars."""

import math
from collections import Counter
from collections.abc import Mapping

from glossator.evaluation.tiers_by_layer import layer_thirds
from glossator.export.colours import MUTED, TIER_COLOURS
from glossator.export.figure.legend import Entry, Glyph, Group, Legend
from glossator.export.figure.paper import Sheet, drawing, text_width
from glossator.protocol.decision import TIERS, Tier

_LEFT, _RIGHT, _TOP, _PLOT, _FOOT = 44.0, 8.0, 20.0, 150.0, 32.0
_MARGIN = 8.0
_BAR, _MOST_BAR, _WIDTH = 0.72, 26.0, 620.0
_SIZE = 8.0
_STEPS = (1, 2, 5, 10)
_GRID, _DIVIDER = "#e3e6ea", "#aab1bb"
_THIRDS = ("early", "middle", "late")


def draw_tier_chart(table: Mapping[int, Counter[Tier]], n_layers: int) -> Sheet:
    """Draw a bar a layer, and where the thirds of the layers begin.

    Parameters
    ----------
    table : number of features by layer and tier; not empty.
    n_layers : more than the highest layer of the table.
    """
    most = max(sum(counts.values()) for counts in table.values())
    with drawing():
        used = [tier for tier in TIERS if any(c[tier] for c in table.values())]
        entries: tuple[Entry, ...] = tuple(
            Glyph(tier, "s", TIER_COLOURS[tier]) for tier in used
        )
        legend = Legend([Group("Tier", entries)], _WIDTH - 2 * _MARGIN)
        bottom = _TOP + _PLOT
        height = bottom + _FOOT + legend.height + _MARGIN
        sheet = Sheet(_WIDTH, height, "Tiers by layer")
        tall = _PLOT / _rounded_up(most)
        sheet.write(_MARGIN, _TOP / 2, "Features", _SIZE, colour=MUTED)
        pitch = min((_WIDTH - _LEFT - _RIGHT) / n_layers, _MOST_BAR / _BAR)
        _draw_grid(sheet, bottom, tall, most, n_layers * pitch)
        _draw_thirds(sheet, bottom, pitch, n_layers)
        for layer, counts in table.items():
            middle = _LEFT + (layer + 0.5) * pitch
            _draw_bar(sheet, middle, pitch, bottom, tall, counts)
        for layer in range(0, n_layers, max(math.ceil(16.0 / pitch), 1)):
            x, y = _LEFT + (layer + 0.5) * pitch, bottom + _SIZE
            sheet.write(x, y, str(layer), _SIZE, colour=MUTED, side="center")
        x = _LEFT + n_layers * pitch / 2
        sheet.write(x, bottom + 19, "Layer", _SIZE, colour=MUTED, side="center")
        legend.draw(sheet, _MARGIN, bottom + _FOOT)
        return sheet


def _draw_bar(
    sheet: Sheet,
    middle: float,
    pitch: float,
    bottom: float,
    tall: float,
    counts: Counter[Tier],
) -> None:
    width = pitch * _BAR
    for tier in TIERS:
        height = counts[tier] * tall
        if height:
            bottom -= height
            sheet.rectangle(
                middle - width / 2,
                bottom,
                width,
                height,
                fill=TIER_COLOURS[tier],
                z=2.0,
            )


def _draw_thirds(sheet: Sheet, bottom: float, pitch: float, n_layers: int) -> None:
    for name, layers in zip(_THIRDS, layer_thirds(n_layers), strict=True):
        left, width = _LEFT + layers.start * pitch, len(layers) * pitch
        if layers.start:
            top = _TOP - 10
            sheet.rectangle(left - 0.4, top, 0.8, bottom - top, fill=_DIVIDER, z=1.0)
        if width >= text_width(name, _SIZE):
            x, y = left + width / 2, _TOP / 2
            sheet.write(x, y, name, _SIZE, colour=MUTED, side="center")


def _draw_grid(
    sheet: Sheet, bottom: float, tall: float, most: int, width: float
) -> None:
    step = _step(most)
    for value in range(0, _rounded_up(most) + 1, step):
        y = bottom - value * tall
        sheet.rectangle(_LEFT, y - 0.25, width, 0.5, fill=_GRID, z=0.0)
        sheet.write(_LEFT - 5, y, f"{value:,}", _SIZE, colour=MUTED, side="right")


def _step(most: int) -> int:
    """Between two lines of the grid: 1, 2 or 5 times a power of ten."""
    power: int = 10 ** max(math.floor(math.log10(max(most, 1))) - 1, 0)
    return next(
        (step * power for step in _STEPS if most / (step * power) <= 5), 20 * power
    )


def _rounded_up(most: int) -> int:
    step = _step(most)
    return math.ceil(most / step) * step
