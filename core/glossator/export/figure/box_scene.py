"""The boxes of a supernode figure and the arrows between them, in points."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from glossator.export.figure.callouts import Box
from glossator.export.figure.paper import shown_text, text_width, wrapped
from glossator.layout.boxes import BoxSpace, lay_out_boxes
from glossator.project.supernodes.supernode_graph import SupernodeBox, SupernodeLink

NAME_SIZE, NAME_LINE = 9.0, 11.5
COUNT_SIZE, COUNT_LINE = 7.5, 12.0
DOT, DOT_GAP, MAX_DOTS = 5.2, 2.2, 12
_MAX_LINKS, _LEAST_LINKS = 400, 12
_LEAST_SHARE = 0.01
"""Of a target's input; where there are many, smaller links are left out."""
_UNIT = 0.75
"""Points a scene unit: the window's pixels at 96 to the inch."""
_PAD_X, _PAD_Y = 8.0, 6.0
_LEAST_WIDTH, _MOST_WIDTH, _MOST_LINES = 64.0, 150.0, 4
_ASPECT = 0.62
_MOST_SPREAD = 1800.0
"""Points across; beyond, what a person put somewhere is laid out anew."""

Point = tuple[float, float]


@dataclass(frozen=True)
class DrawnBox:
    box: SupernodeBox
    lines: tuple[str, ...]
    """Of its name."""
    width: float
    height: float
    x: float = 0.0
    """Centre, y growing downwards."""
    y: float = 0.0

    @property
    def grouped(self) -> bool:
        return self.box.kind == "supernode"

    @property
    def count(self) -> str:
        n = len(self.box.members)
        return "1 node" if n == 1 else f"{n} nodes"

    @property
    def area(self) -> Box:
        half, tall = self.width / 2, self.height / 2
        return Box(self.x - half, self.y - tall, self.x + half, self.y + tall)

    def moved(self, by_x: float, by_y: float) -> "DrawnBox":
        return replace(self, x=self.x + by_x, y=self.y + by_y)


def shown_links(links: Sequence[SupernodeLink]) -> list[SupernodeLink]:
    """The links worth an arrow, strongest first."""
    found = sorted(links, key=lambda link: -abs(link.share))[:_MAX_LINKS]
    n = sum(abs(link.share) >= _LEAST_SHARE for link in found)
    return found[: max(n, _LEAST_LINKS)]


def placed_boxes(
    boxes: Sequence[SupernodeBox], links: Sequence[SupernodeLink]
) -> tuple[list[DrawnBox], bool]:
    """Boxes at their places, and whether those that a person chose are kept."""
    drawn = [_measured(box) for box in boxes]
    pairs = [(link.source, link.target) for link in shown_links(links)]
    placed = _laid_out(drawn, pairs, keep=True)
    if _spread(placed) <= _MOST_SPREAD or not any(box.position for box in boxes):
        return placed, True
    return _laid_out(drawn, pairs, keep=False), False


def _laid_out(
    boxes: Sequence[DrawnBox], pairs: Sequence[tuple[str, str]], *, keep: bool
) -> list[DrawnBox]:
    spaces = [
        BoxSpace(
            drawn.box.key,
            drawn.box.layer,
            drawn.box.column,
            drawn.width / _UNIT,
            drawn.height / _UNIT,
            drawn.box.position if keep else None,
        )
        for drawn in boxes
    ]
    centres = lay_out_boxes(spaces, pairs, _ASPECT)
    return [
        drawn.moved(*(value * _UNIT for value in centres[drawn.box.key]))
        for drawn in boxes
    ]


def _spread(boxes: Sequence[DrawnBox]) -> float:
    with np.errstate(invalid="ignore", over="ignore"):
        centres = np.array([[box.x, box.y] for box in boxes])
        spread = float(np.ptp(centres, axis=0).max())
    return spread if math.isfinite(spread) else math.inf


def _measured(box: SupernodeBox) -> DrawnBox:
    grouped = box.kind == "supernode"
    name = shown_text(box.title) or "Unnamed"
    beside = 0.0 if grouped else DOT + 2 * DOT_GAP
    room = _MOST_WIDTH - 2 * _PAD_X - beside
    lines = tuple(wrapped(name, NAME_SIZE, room, _MOST_LINES, bold=grouped))
    width = beside + max(text_width(line, NAME_SIZE, bold=grouped) for line in lines)
    height = len(lines) * NAME_LINE
    drawn = DrawnBox(box, lines, 0.0, 0.0)
    if grouped:
        width = max(width, foot_width(drawn))
        height += COUNT_LINE
    return replace(
        drawn,
        width=max(width + 2 * _PAD_X, _LEAST_WIDTH),
        height=height + 2 * _PAD_Y,
    )


def foot_width(drawn: DrawnBox) -> float:
    """Of the count of members and their dots."""
    dots = min(len(drawn.box.tiers), MAX_DOTS) * (DOT + DOT_GAP)
    return text_width(drawn.count, COUNT_SIZE) + 4 + dots
