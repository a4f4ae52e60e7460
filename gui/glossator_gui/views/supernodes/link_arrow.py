"""An arrow of the supernode view: the summed link between two boxes."""

import math
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPainterPath,
    QPainterPathStroker,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import (
    QApplication,
    QGraphicsItem,
    QGraphicsSceneHoverEvent,
    QStyleOptionGraphicsItem,
    QWidget,
)

from glossator.project.supernodes.supernode_graph import SupernodeLink
from glossator_gui.look.theme import Theme
from glossator_gui.views.plain_text import (
    MINUS,
    one_line,
    plain_tooltip,
    signed_number,
)
from glossator_gui.views.supernodes.box_item import BoxItem

Light = Literal["plain", "lit", "dim"]
"""Lit: of a chosen box; dim: of others while one is chosen."""

_FAINT_SHARE = 0.05
"""Below, a line is one pixel wide: a wider one takes thirty times as long to draw."""
_LEAST_WIDE = 1.6
"""Pixels; what would be thinner on the screen is drawn one pixel wide."""
_DIM = 0.25
_LABEL_WIDTH, _LABEL_HEIGHT = 54.0, 16.0
_TEXT_SCALE = 0.35
_TOLD_SHARE = 0.01
"""From which on a lit arrow tells its share; the mouse brings it out of any."""


def share_text(link: SupernodeLink) -> str:
    """Sign and share of the target's input: ``+34 %``."""
    return f"{100 * link.share:+.2g} %".replace("-", MINUS)


class LinkArrow(QGraphicsItem):
    def __init__(
        self, link: SupernodeLink, source: BoxItem, target: BoxItem, theme: Theme
    ) -> None:
        super().__init__()
        self.link = link
        self.light: Light = "plain"
        self._hovered = False
        self._source = source
        self._target = target
        self._theme = theme
        self._path = QPainterPath()
        self._near: QPainterPath | None = None
        self._head = QPolygonF()
        self._font = QFont(QApplication.font())
        self._font.setPointSizeF(max(self._font.pointSizeF() - 1, 7.0))
        self._label, self._bounds = QRectF(), QRectF()
        self.setAcceptHoverEvents(True)
        self.route()

    def _tip(self) -> str:
        link = self.link
        return plain_tooltip(
            "Sum of the links between their nodes",
            f"{one_line(self._source.box.title)} → {one_line(self._target.box.title)}\n"
            f"Weight {signed_number(link.weight)}, {share_text(link)} of the "
            "target’s input",
        )

    @property
    def faint(self) -> bool:
        return abs(self.link.share) < _FAINT_SHARE

    @property
    def width(self) -> float:
        """In scene units, by share; of a faint one in pixels."""
        if self.faint:
            return 1.0
        return 1.0 + 6.0 * min(abs(self.link.share) / 0.5, 1.0)

    @property
    def pen(self) -> QPen:
        negative = self.link.weight < 0
        colour = QColor(self._theme.negative if negative else self._theme.positive)
        strength = 0.35 + 0.55 * min(abs(self.link.share) / 0.3, 1.0)
        if self.light == "lit" or self._hovered:
            strength = max(strength, 0.9)
        colour.setAlphaF(strength * _DIM if self.light == "dim" else strength)
        pen = QPen(colour, self.width)
        pen.setCosmetic(self.faint)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        if negative:
            pen.setDashPattern([max(8.0 / self.width, 2.0), max(5.0 / self.width, 1.2)])
        return pen

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def set_light(self, light: Light) -> None:
        if light != self.light:
            self.light = light
            self.setZValue(0.5 if light == "lit" else 0.0)
            self.update()

    def touches(self, key: str) -> bool:
        return key in (self.link.source, self.link.target)

    def route(self) -> None:
        """From the source's upper edge to the target's lower one, as a curve."""
        self.prepareGeometryChange()
        start, end = self._source.pos(), self._target.pos()
        down = self._source.area.height() / 2
        up = self._target.area.height() / 2
        size = 4.0 + 1.4 * self.width
        if end.y() + up + size < start.y() - down:
            first, last, lean = (0.0, -down), (0.0, up), (0.0, 1.0)
        elif end.y() - up - size > start.y() + down:
            first, last, lean = (0.0, down), (0.0, -up), (0.0, -1.0)
        else:
            side = 1.0 if end.x() >= start.x() else -1.0
            first = (side * self._source.area.width() / 2, 0.0)
            last = (-side * self._target.area.width() / 2, 0.0)
            lean = (-side, 0.0)
        a = start + QPointF(*first)
        tip = end + QPointF(*last)
        away = QPointF(*lean)
        b = tip + away * size
        bend = max(math.hypot(b.x() - a.x(), b.y() - a.y()) * 0.4, 12.0)
        leaves, meets = a - away * bend, b + away * bend
        self._near = None
        self._path = QPainterPath(a)
        self._path.cubicTo(leaves, meets, b)
        across = QPointF(away.y(), away.x()) * size * 0.55
        self._head = QPolygonF([tip, b + across, b - across])
        self._label = QRectF(0, 0, _LABEL_WIDTH, _LABEL_HEIGHT)
        self._label.moveCenter((a + (leaves + meets) * 3 + b) / 8)
        reach = self.width / 2 + 2
        area = self._path.boundingRect().united(self._head.boundingRect())
        self._bounds = area.adjusted(-reach, -reach, reach, reach).united(self._label)

    def boundingRect(self) -> QRectF:
        return self._bounds

    def shape(self) -> QPainterPath:
        """Where the mouse meets it: along the line, not all around its bow."""
        if self._near is None:
            stroker = QPainterPathStroker()
            stroker.setWidth(self.width + 8)
            self._near = stroker.createStroke(self._path)
        return self._near

    def hoverEnterEvent(self, event: QGraphicsSceneHoverEvent) -> None:
        self._hovered = True
        self.setToolTip(self._tip())
        self.setZValue(0.6)
        self.update()

    def hoverLeaveEvent(self, event: QGraphicsSceneHoverEvent) -> None:
        self._hovered = False
        self.setZValue(0.5 if self.light == "lit" else 0.0)
        self.update()

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        told = self.light == "lit" or self._hovered
        scale = option.levelOfDetailFromTransform(painter.worldTransform())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, not self.faint or told)
        pen = self.pen
        if self.width * scale < _LEAST_WIDE:
            pen.setWidthF(1.0)
            pen.setCosmetic(True)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self._path)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(pen.color())
        painter.drawPolygon(self._head)
        large = abs(self.link.share) >= _TOLD_SHARE
        if (self._hovered or (told and large)) and scale > _TEXT_SCALE:
            self._paint_label(painter)

    def _paint_label(self, painter: QPainter) -> None:
        surface = QColor(self._theme.surface)
        surface.setAlphaF(0.9)
        painter.setBrush(surface)
        painter.setFont(self._font)
        text = share_text(self.link)
        room = QFontMetricsF(self._font).boundingRect(text).adjusted(-4, -1, 4, 1)
        room.moveCenter(self._label.center())
        painter.drawRoundedRect(room.intersected(self._label), 3, 3)
        painter.setPen(QColor(self._theme.text))
        painter.drawText(
            self._label, Qt.AlignmentFlag.AlignCenter, share_text(self.link)
        )
