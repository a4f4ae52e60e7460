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
_CELL = 4.0
"""Pixels by which places of nodes are told apart."""


class _Crowd:
    """Where in a frame nodes stand, told for any box in no time."""

    def __init__(self, nodes: tuple[FloatColumn, FloatColumn], frame: Frame) -> None:
        self._frame = frame
        columns = int(frame.width / _CELL) + 1
        rows = int(frame.height / _CELL) + 1
        x = (nodes[0] - frame.left) / _CELL
        y = (nodes[1] - frame.top) / _CELL
        seen = (x >= 0) & (x < columns) & (y >= 0) & (y < rows)
        cells = y[seen].astype(np.int64) * columns + x[seen].astype(np.int64)
        counts = np.bincount(cells, minlength=rows * columns).reshape(rows, columns)
        self._sums = np.zeros((rows + 1, columns + 1), dtype=np.int32)
        by_row = counts.astype(np.int32).cumsum(axis=0, dtype=np.int32)
        self._sums[1:, 1:] = by_row.cumsum(axis=1, dtype=np.int32)

    def in_box(self, box: Box, reach: float) -> bool:
        """Whether the glyph of a node, of this radius, is in the box."""
        left, top, right, bottom = box
        rows, columns = self._sums.shape
        first = max(int((left - reach - self._frame.left) / _CELL), 0)
        last = min(int((right + reach - self._frame.left) / _CELL) + 1, columns - 1)
        high = max(int((top - reach - self._frame.top) / _CELL), 0)
        low = min(int((bottom + reach - self._frame.top) / _CELL) + 1, rows - 1)
        sums = self._sums
        return bool(
            sums[low, last] - sums[high, last] - sums[low, first] + sums[high, first]
        )


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
    crowd = _Crowd(nodes, frame)
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
        clear = next(
            (spot for spot in free if not crowd.in_box(spot, radius - 1)), None
        )
        if clear or (free and request.urgent):
            left, top, right, bottom = clear or free[0]
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
