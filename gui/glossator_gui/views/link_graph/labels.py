"""Where short texts go beside nodes without covering one another; no Qt."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from glossator.graph.attribution_graph import FloatColumn
from glossator_gui.views.link_graph.camera import Frame

Box: TypeAlias = tuple[float, float, float, float]

_MARGIN = 2.0
_PIN_ROOM = 11.0


@dataclass(frozen=True)
class LabelRequest:
    """A text that wants a place near a node."""

    node: int
    text: str
    x: float
    """Pixel of the node, as `y`."""
    y: float
    width: float
    """Of the text in pixels, as `height`."""
    height: float
    upright: bool = False
    """Whether it stands on end above its node."""
    urgent: bool = False
    """Whether it may lie over other nodes where nothing is free."""


@dataclass(frozen=True)
class PlacedLabel:
    request: LabelRequest
    left: float
    top: float
    width: float
    height: float


def place_labels(
    requests: Sequence[LabelRequest],
    frame: Frame,
    radius: float,
    nodes: tuple[FloatColumn, FloatColumn],
    obstacles: FloatColumn,
) -> list[PlacedLabel]:
    """Place what fits, in the order given; the rest is left out.

    Parameters
    ----------
    radius
        Of a node's glyph, in pixels.
    nodes
        Pixels of all drawn nodes, x and y.
    obstacles
        Boxes that no text may cover: left, top, right, bottom, shape (n, 4).
    """
    placed: list[PlacedLabel] = []
    taken = np.concatenate([obstacles, np.empty((len(requests), 4))])
    n_taken = len(obstacles)
    for request in requests:
        spots = [
            (left, top, left + width, top + height)
            for left, top, width, height in _candidates(request, radius)
        ]
        free = [
            spot
            for spot in spots
            if _inside(spot, frame) and not _meets(spot, taken[:n_taken])
        ]
        clear = [spot for spot in free if not _covers(spot, nodes, radius - 1.0)]
        if clear or (free and request.urgent):
            left, top, right, bottom = (clear or free)[0]
            taken[n_taken] = (left, top, right, bottom)
            n_taken += 1
            placed.append(PlacedLabel(request, left, top, right - left, bottom - top))
    return placed


def _inside(spot: Box, frame: Frame) -> bool:
    left, top, right, bottom = spot
    return (
        left >= frame.left
        and top >= frame.top
        and right <= frame.left + frame.width
        and bottom <= frame.top + frame.height
    )


def _meets(spot: Box, boxes: FloatColumn) -> bool:
    left, top, right, bottom = spot
    return bool(
        np.any(
            (boxes[:, 0] < right + _MARGIN)
            & (boxes[:, 2] > left - _MARGIN)
            & (boxes[:, 1] < bottom)
            & (boxes[:, 3] > top)
        )
    )


def _covers(spot: Box, nodes: tuple[FloatColumn, FloatColumn], reach: float) -> bool:
    left, top, right, bottom = spot
    x, y = nodes
    return bool(
        np.any(
            (x > left - reach)
            & (x < right + reach)
            & (y > top - reach)
            & (y < bottom + reach)
        )
    )


def _candidates(request: LabelRequest, radius: float) -> list[Box]:
    """Places to try as left, top, width, height, the best first."""
    x, y, width, height = request.x, request.y, request.width, request.height
    away = radius + _MARGIN
    if request.upright:
        low = (x - height / 2, y - away - width, height, width)
        return [low, (low[0], low[1] - _PIN_ROOM, height, width)]
    return [
        (x - width / 2, y - away - height, width, height),
        (x + away, y - height / 2, width, height),
        (x - away - width, y - height / 2, width, height),
        (x - width / 2, y + away, width, height),
        (x + away, y - away - height, width, height),
        (x - away - width, y - away - height, width, height),
    ]
