"""What lies above the nodes: rings, pins, labels, the rubber band."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from glossator.graph.attribution_graph import FloatColumn
from glossator.layout.link_graph import GraphLayout
from glossator_gui.look.theme import Theme
from glossator_gui.views.link_graph.backdrop import ScreenItem
from glossator_gui.views.link_graph.camera import Camera
from glossator_gui.views.link_graph.difference import DrawnDifference, paint_difference
from glossator_gui.views.link_graph.labels import PlacedLabel

_NONE = np.empty(0, dtype=np.int64)
_FEW, _MANY = 12, 500
_MANY_RINGS = 50


@dataclass(frozen=True, eq=False)
class Marks:
    """Nodes that bear a mark, each an array of node indices."""

    selected: NDArray[np.int64]
    pinned: NDArray[np.int64]
    grouped: NDArray[np.int64]
    same_feature: NDArray[np.int64]
    lit: NDArray[np.int64] | None = None
    """Those that keep their full colour; None for all."""
    held: NDArray[np.int64] = field(default_factory=lambda: _NONE)
    """Those that the release of a key will group."""
    found: NDArray[np.int64] = field(default_factory=lambda: _NONE)
    """Those that Find has found."""
    focus: int = -1
    hovered: int = -1
    peek: bool = False
    """Draw the links of the focus alone."""
    difference: DrawnDifference | None = None

    @property
    def linked(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Nodes all of whose links are drawn; else nodes among which they are.

        All links of many nodes hide one another, and what they belong to; among very
        many the strongest are drawn anyway.
        """
        if self.difference is not None:
            return _NONE, _NONE
        if self.peek:
            return _one(self.focus), _NONE
        if len(self.selected) > _FEW:
            return _NONE, self.selected if len(self.selected) <= _MANY else _NONE
        return self.selected, self.pinned


NO_MARKS = Marks(selected=_NONE, pinned=_NONE, grouped=_NONE, same_feature=_NONE)


class Overlay(ScreenItem):
    """Rings, pins and labels above the nodes."""

    def __init__(self) -> None:
        super().__init__()
        self.layout_: GraphLayout | None = None
        self.camera: Camera | None = None
        self.theme: Theme | None = None
        self.marks: Marks | None = None
        self.labels: Sequence[PlacedLabel] = ()
        self.node_size = 8.0
        self.area: QPolygonF | None = None
        """Rubber band or lasso, in pixels."""
        self.focused = False
        self.font = QFont()
        self.left_out = False
        """Whether a picture is made of what lies below."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        if not self.left_out:
            self.paint_above(painter)

    def paint_above(self, painter: QPainter) -> None:
        theme, camera = self.theme, self.camera
        if theme is None or camera is None:
            return
        frame = camera.frame
        inside = QRectF(frame.left, frame.top, frame.width, frame.height)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.save()
        painter.setClipRect(inside)
        if self.marks is not None and self.layout_ is not None:
            if self.marks.difference is not None:
                paint_difference(
                    painter, self.marks.difference, self.layout_, camera, theme
                )
            self._paint_rings(painter, self.marks, theme)
            self._paint_labels(painter, theme)
            self._paint_pins(painter, self.marks, theme)
        if self.area is not None:
            fill = QColor(theme.accent)
            fill.setAlphaF(0.15)
            painter.setPen(QPen(QColor(theme.accent), 1))
            painter.setBrush(fill)
            painter.drawPolygon(self.area)
        painter.restore()
        if self.focused:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.accent), 2))
            painter.drawRect(self._bounds.adjusted(1, 1, -1, -1))

    def _paint_rings(self, painter: QPainter, marks: Marks, theme: Theme) -> None:
        radius = self.node_size / 2
        faint = QColor(theme.accent)
        faint.setAlphaF(0.7)
        same = QPen(faint, 1.2)
        same.setDashPattern([2.0, 2.0])
        held = QPen(QColor(theme.text), 2.5)
        held.setDashPattern([1.0, 1.5])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for nodes, pen, away in (
            (marks.grouped, QPen(QColor(theme.text), 1.0), 2.0),
            (marks.same_feature, same, 4.5),
            (marks.selected, QPen(QColor(theme.accent), 2.0), 4.0),
            (_one(marks.hovered), QPen(QColor(theme.text), 1.5), 4.0),
            (_one(marks.focus), QPen(QColor(theme.accent), 3.0), 4.5),
            (marks.held, held, 7.5),
            (marks.found, QPen(QColor(theme.warning), 1.6), 5.5),
        ):
            points = self._points(nodes)
            if len(points) > _MANY_RINGS:
                _stamp_rings(painter, points, pen, radius + away)
                continue
            painter.setPen(pen)
            for x, y in points:
                painter.drawEllipse(QPointF(x, y), radius + away, radius + away)

    def pin_boxes(self) -> NDArray[np.float64]:
        """Left, top, right, bottom of each pin's mark."""
        if self.marks is None:
            return np.empty((0, 4))
        points = np.array(self._points(self.marks.pinned)).reshape(-1, 2)
        near, far = self.node_size * 0.3, self.node_size * 0.3 + 8.0
        return np.column_stack(
            [
                points[:, 0] + near,
                points[:, 1] - far - 1,
                points[:, 0] + far,
                points[:, 1] - near,
            ]
        )

    def _paint_pins(self, painter: QPainter, marks: Marks, theme: Theme) -> None:
        radius = self.node_size / 2
        for x, y in self._points(marks.pinned):
            tip = QPointF(x + radius * 0.6, y - radius * 0.6)
            head = QPointF(tip.x() + 3.2, tip.y() - 5.2)
            painter.setPen(QPen(QColor(theme.surface), 1.0))
            painter.setBrush(QColor(theme.text))
            painter.drawPolygon(
                QPolygonF([tip, head + QPointF(-2.6, -1.2), head + QPointF(2.2, 2.0)])
            )
            painter.drawEllipse(head, 3.2, 3.2)

    def _paint_labels(self, painter: QPainter, theme: Theme) -> None:
        painter.setFont(self.font)
        back = QColor(theme.surface)
        back.setAlphaF(0.86)
        flag = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        for label in self.labels:
            box = QRectF(label.left, label.top, label.width, label.height)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(back)
            painter.drawRoundedRect(box.adjusted(-2, 0, 2, 0), 3, 3)
            painter.setPen(QColor(theme.text))
            if label.request.upright:
                painter.save()
                painter.translate(box.left(), box.bottom())
                painter.rotate(-90)
                painter.drawText(
                    QRectF(0, 0, box.height(), box.width()), flag, label.request.text
                )
                painter.restore()
            else:
                painter.drawText(box, flag, label.request.text)

    def _points(self, nodes: NDArray[np.int64]) -> list[tuple[float, float]]:
        if self.layout_ is None or self.camera is None:
            return []
        x: FloatColumn = self.layout_.x[nodes]
        y: FloatColumn = self.layout_.y[nodes]
        px, py = self.camera.to_pixels(x, y)
        frame = self.camera.frame
        with np.errstate(invalid="ignore"):
            near = (np.abs(px - frame.left - frame.width / 2) < frame.width) & (
                np.abs(py - frame.top - frame.height / 2) < frame.height
            )
        return list(zip(px[near].tolist(), py[near].tolist(), strict=True))


def _stamp_rings(
    painter: QPainter, points: list[tuple[float, float]], pen: QPen, reach: float
) -> None:
    """Draw one ring, and copy it: thousands are selected at once."""
    ratio = painter.device().devicePixelRatioF()
    half = int(np.ceil(reach + pen.widthF()))
    ring = QPixmap(QSize(2 * half, 2 * half) * ratio)
    ring.setDevicePixelRatio(ratio)
    ring.fill(Qt.GlobalColor.transparent)
    brush = QPainter(ring)
    brush.setRenderHint(QPainter.RenderHint.Antialiasing)
    brush.setPen(pen)
    brush.drawEllipse(QPointF(half, half), reach, reach)
    brush.end()
    for x, y in points:
        painter.drawPixmap(round(x) - half, round(y) - half, ring)


def _one(node: int) -> NDArray[np.int64]:
    return np.array([node] if node >= 0 else [], dtype=np.int64)
