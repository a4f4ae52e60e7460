"""A logit less another, drawn as a target between the two."""

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from glossator.graph.attribution_graph import FloatColumn, IndexColumn
from glossator.layout.link_graph import GraphLayout
from glossator_gui.look.theme import Theme
from glossator_gui.views.link_graph.camera import Camera
from glossator_gui.views.plain_text import MINUS

_MOST_LINES = 80
_FAINTEST = 0.08
"""A line is drawn from this part of the strongest share on."""
_THINNEST, _WIDEST = 0.8, 5.0
_FULL_SHARE = 0.4
"""From here on `Theme.signed` is as strong as it gets."""
_RADIUS = 6.0
_GAP = 16.0
_DASHES = [4.0, 3.0]


@dataclass(frozen=True, eq=False)
class DrawnDifference:
    """What feeds the difference of two logits."""

    name: str
    """As in "Austin − Dallas"."""
    plus: int
    minus: int
    inputs: IndexColumn
    """Nodes with a direct effect on it, the strongest first."""
    shares: FloatColumn
    """Of each node of the graph in its input, signed; NaN where it has none."""
    influence: FloatColumn
    """Of each node along all paths, as a multiple of the difference's whole input."""

    @property
    def parts(self) -> FloatColumn:
        """`shares` as parts of the largest, in [-1, 1]."""
        largest = float(np.nanmax(np.abs(self.shares), initial=0.0))
        return self.shares / largest if largest else self.shares

    @property
    def tints(self) -> FloatColumn:
        """Shares to colour nodes by: of hundreds of inputs most are small."""
        parts = self.parts
        return np.sign(parts) * np.sqrt(np.abs(parts)) * _FULL_SHARE

    def text_of(self, node: int) -> str:
        """What a node does for the difference, as a line."""
        share = float(self.shares[node])
        direct = "no direct effect"
        if not np.isnan(share):
            sign = MINUS if share < 0 else "+"
            direct = f"direct {sign}{abs(share):.1%}"
        return f"{self.name}: {direct} · influence {float(self.influence[node]):.1%}"


def paint_difference(
    painter: QPainter,
    difference: DrawnDifference,
    layout: GraphLayout,
    camera: Camera,
    theme: Theme,
) -> None:
    """Lines from its strongest inputs to a diamond between the two logits."""
    ends = [difference.plus, difference.minus]
    xs, ys = camera.to_pixels(layout.x[ends], layout.y[ends])
    if np.isnan(xs).any():
        return
    target = QPointF(float(xs.mean()), float(ys.mean()))
    parts = difference.parts[difference.inputs]
    drawn = ~np.isnan(layout.x[difference.inputs]) & (np.abs(parts) >= _FAINTEST)
    nodes, parts = difference.inputs[drawn][:_MOST_LINES], parts[drawn][:_MOST_LINES]
    px, py = camera.to_pixels(layout.x[nodes], layout.y[nodes])
    # The strongest lie on top.
    for x, y, part in zip(
        px[::-1].tolist(), py[::-1].tolist(), parts[::-1].tolist(), strict=True
    ):
        painter.setPen(_pen(part, theme))
        painter.drawLine(QLineF(QPointF(x, y), target))
    _paint_target(painter, target, theme)
    name = f"{difference.name}  ·  {len(nodes):,} of {len(difference.inputs):,} inputs"
    between = (float(xs.min()), float(xs.max()))
    _paint_name(painter, name, between, target.y(), camera, theme)


def _pen(part: float, theme: Theme) -> QPen:
    """Hue and dash by sign, width and strength by size."""
    width = _THINNEST + (_WIDEST - _THINNEST) * abs(part)
    pen = QPen(theme.signed(part * _FULL_SHARE), width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if part < 0:
        pen.setDashPattern(_DASHES)
    return pen


def _paint_target(painter: QPainter, at: QPointF, theme: Theme) -> None:
    painter.setPen(QPen(QColor(theme.surface), 1.5))
    painter.setBrush(QColor(theme.accent))
    painter.drawPolygon(
        QPolygonF(
            [
                at + QPointF(0, -_RADIUS),
                at + QPointF(_RADIUS, 0),
                at + QPointF(0, _RADIUS),
                at + QPointF(-_RADIUS, 0),
            ]
        )
    )


def _paint_name(
    painter: QPainter,
    name: str,
    between: tuple[float, float],
    y: float,
    camera: Camera,
    theme: Theme,
) -> None:
    """Beside the two logits, where there is more room."""
    metrics = QFontMetricsF(painter.font())
    left, right = between
    edge = camera.frame.left + camera.frame.width
    before, after = left - camera.frame.left, edge - right
    room = max(before, after) - 2 * _GAP
    text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, max(room - 12, 0))
    width = metrics.horizontalAdvance(text) + 12
    box_left = left - _GAP - width if before >= after else right + _GAP
    box = QRectF(box_left, y - metrics.height() / 2 - 2, width, metrics.height() + 4)
    painter.setPen(QPen(QColor(theme.accent), 1.0))
    painter.setBrush(QColor(theme.surface))
    painter.drawRoundedRect(box, 4, 4)
    painter.setPen(QColor(theme.text))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
