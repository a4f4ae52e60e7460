"""Which part of a layout is on the screen, and the way there and back; no Qt."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from glossator.graph.attribution_graph import FloatColumn
from glossator.layout.link_graph import GraphLayout

_MOST_PIXELS_A_NODE = 48.0
_MOST_ZOOM = 12.0
_LEAST_ZOOM = 0.6
_NEAR_ENOUGH = 6.0
_ROOM_X, _ROOM_Y = 3.0, 0.7
"""Around points that are to be seen, in nodes and in rows."""


@dataclass(frozen=True)
class Frame:
    """The part of the widget that shows nodes, in pixels."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Camera:
    """Layout coordinates to pixels: ``origin + scale * x``, rows growing upwards."""

    frame: Frame
    origin_x: float
    """Pixel of x = 0."""
    origin_y: float
    """Pixel of row 0."""
    scale_x: float
    """Pixels a node."""
    scale_y: float
    """Pixels a row."""

    def to_pixels(
        self, x: FloatColumn, y: FloatColumn
    ) -> tuple[FloatColumn, FloatColumn]:
        return self.origin_x + self.scale_x * x, self.origin_y - self.scale_y * y

    def to_layout(self, px: float, py: float) -> tuple[float, float]:
        return (px - self.origin_x) / self.scale_x, (self.origin_y - py) / self.scale_y

    @property
    def x_range(self) -> tuple[float, float]:
        left = (self.frame.left - self.origin_x) / self.scale_x
        return left, left + self.frame.width / self.scale_x

    @property
    def y_range(self) -> tuple[float, float]:
        low = (self.origin_y - self.frame.top - self.frame.height) / self.scale_y
        return low, low + self.frame.height / self.scale_y

    def panned(self, dx: float, dy: float) -> Self:
        return replace(self, origin_x=self.origin_x + dx, origin_y=self.origin_y + dy)

    def zoomed(self, factor: float, px: float, py: float, home: Self) -> Self:
        """Zoom about a pixel, within bounds set by the view of everything."""
        most = max(_MOST_ZOOM, _MOST_PIXELS_A_NODE / home.scale_x)
        now = self.scale_x / home.scale_x
        factor = float(np.clip(now * factor, _LEAST_ZOOM, most)) / now
        return replace(
            self,
            origin_x=px + (self.origin_x - px) * factor,
            origin_y=py + (self.origin_y - py) * factor,
            scale_x=self.scale_x * factor,
            scale_y=self.scale_y * factor,
        )

    def centred_on(self, x: float, y: float) -> Self:
        return replace(
            self,
            origin_x=self.frame.left + self.frame.width / 2 - x * self.scale_x,
            origin_y=self.frame.top + self.frame.height / 2 + y * self.scale_y,
        )

    def showing(self, x: FloatColumn, y: FloatColumn) -> Self:
        """All these points with some room around them; this is the view of everything.

        Few points are not shown larger than nodes are read.
        """
        wide = (float(np.ptp(x)) + 2 * _ROOM_X) * self.scale_x
        high = (float(np.ptp(y)) + 2 * _ROOM_Y) * self.scale_y
        factor = min(self.frame.width / wide, self.frame.height / high, _NEAR_ENOUGH)
        zoomed = self.zoomed(factor, 0.0, 0.0, self)
        return zoomed.centred_on(
            float(x.min() + x.max()) / 2, float(y.min() + y.max()) / 2
        )

    def shows(self, x: float, y: float) -> bool:
        (left, right), (low, high) = self.x_range, self.y_range
        return left <= x <= right and low <= y <= high

    def kept_near(self, layout: GraphLayout) -> Self:
        """Moved so that the middle of the frame stays on the layout."""
        (left, right), (low, high) = self.x_range, self.y_range
        x, y = (left + right) / 2, (low + high) / 2
        inside_x = float(np.clip(x, 0.0, layout.width))
        inside_y = float(np.clip(y, 0.0, max(layout.n_rows - 1, 0)))
        if (x, y) == (inside_x, inside_y):
            return self
        return self.centred_on(inside_x, inside_y)


def fitted(
    layout: GraphLayout, frame: Frame, *, top: float, bottom: float, side: float
) -> Camera:
    """The camera that shows the whole layout, with room in pixels around it."""
    scale_x = max(frame.width - 2 * side, 10.0) / layout.width
    scale_y = max(frame.height - top - bottom, 10.0) / max(layout.n_rows - 1, 1)
    middle = (frame.height - top - bottom) / 2 if layout.n_rows <= 1 else 0.0
    return Camera(
        frame=frame,
        origin_x=frame.left + side,
        origin_y=frame.top + frame.height - bottom - middle,
        scale_x=scale_x,
        scale_y=scale_y,
    )
