"""A box of the supernode view: a supernode, or a pinned node."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import (
    QApplication,
    QGraphicsItem,
    QStyleOptionGraphicsItem,
    QWidget,
)

from glossator.project.supernodes.supernode_graph import SupernodeBox
from glossator.protocol.decision import Tier
from glossator_gui.look.theme import Theme
from glossator_gui.views.plain_text import one_line, plain_tooltip

_PAD, _PAD_Y = 10.0, 7.0
_DOT, _DOT_GAP = 7.0, 3.0
_MAX_DOTS = 8
_LEAST_WIDTH, _MOST_WIDTH = 84.0, 200.0
_RADIUS = 8.0
_STRIP = 16.0
"""Of colour, with the colour's number."""
_FOLD = 14.0
"""The triangle that opens and closes a box."""
_MOST_ROWS = 30
_SMALL = 0.25
"""Scale below which no text can be read, and none is drawn."""


class BoxItem(QGraphicsItem):
    """A rounded box; its position is its centre."""

    def __init__(self, box: SupernodeBox, theme: Theme) -> None:
        super().__init__()
        self.box = box
        self.chosen = False
        self.held = False
        """Taken while G is held."""
        self._theme = theme
        self._font = QFont(QApplication.font())
        self._font.setWeight(
            QFont.Weight.DemiBold if self.grouped else QFont.Weight.Normal
        )
        self._small = QFont(QApplication.font())
        self._small.setPointSizeF(max(self._small.pointSizeF() - 1, 7.0))
        self._line = QFontMetricsF(self._font).height()
        self._small_line = QFontMetricsF(self._small).height()
        self.area = self._measure()
        self.setZValue(1)
        # Arrows around it change with every choice, the box itself hardly ever.
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self.setToolTip(self._tip())

    @property
    def grouped(self) -> bool:
        return self.box.kind == "supernode"

    @property
    def title(self) -> str:
        return " ".join(one_line(self.box.title).split()) or "Unnamed"

    def _count(self) -> str:
        n = len(self.box.members)
        nodes = "1 node" if n == 1 else f"{n} nodes"
        return f"{nodes} · note" if self.box.note else nodes

    def _tip(self) -> str:
        heading = "Supernode" if self.grouped else "Pinned node"
        colour = f"\nColour {self.box.colour}" if self.box.colour else ""
        note = f"\n\n{self.box.note}" if self.box.note else ""
        return plain_tooltip(heading, f"{self.box.title}{colour}{note}")

    def _measure(self) -> QRectF:
        width = QFontMetricsF(self._font).horizontalAdvance(self.title)
        height = self._line + 2 * _PAD_Y
        if self.grouped:
            width = max(width, self._foot_width())
            height += self._small_line + 3
            height += len(self._rows()) * self._row_height()
            small = QFontMetricsF(self._small)
            for row in self._rows():
                width = max(width, small.horizontalAdvance(row) + _DOT + 2 * _DOT_GAP)
        else:
            width += _DOT + 2 * _DOT_GAP
        width += self._inset() + 2 * _PAD + 2
        width = min(max(width, _LEAST_WIDTH), _MOST_WIDTH + self._inset())
        return QRectF(-width / 2, -height / 2, width, height)

    def _inset(self) -> float:
        return _STRIP if self.box.colour else 0.0

    def _rows(self) -> list[str]:
        names = [one_line(name) for name in self.box.names[:_MOST_ROWS]]
        more = len(self.box.names) - _MOST_ROWS
        return [*names, f"and {more} more"] if more > 0 else names

    def _row_height(self) -> float:
        return self._small_line + 4

    def _foot_width(self) -> float:
        dots = min(len(self.box.tiers), _MAX_DOTS) * (_DOT + _DOT_GAP)
        text = QFontMetricsF(self._small).horizontalAdvance(self._count())
        return _FOLD + text + 8 + dots

    def _inside(self) -> QRectF:
        return self.area.adjusted(_PAD + self._inset(), _PAD_Y, -_PAD, -_PAD_Y)

    def _foot(self) -> QRectF:
        inside = self._inside()
        spare = max(inside.width() - self._foot_width(), 0.0) / 2
        top = inside.top() + self._line + 3
        return QRectF(
            inside.left() + spare, top, inside.width() - spare, self._small_line
        )

    def is_fold(self, at: QPointF) -> bool:
        """Whether a place of the scene is the triangle that opens and closes it."""
        foot = self._foot()
        fold = QRectF(foot.left() - 4, foot.top() - 3, _FOLD + 4, foot.height() + 6)
        return self.grouped and fold.contains(self.mapFromScene(at))

    def member_at(self, at: QPointF) -> int | None:
        """The member whose row is at a place of the scene."""
        if not self.box.names:
            return None
        below = self.mapFromScene(at).y() - self._foot().bottom()
        row = int(below // self._row_height()) if below >= 0 else -1
        return self.box.members[row] if 0 <= row < len(self._rows()) else None

    def set_chosen(self, chosen: bool) -> None:
        if chosen != self.chosen:
            self.chosen = chosen
            self.update()

    def set_held(self, held: bool) -> None:
        self.held = held
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def boundingRect(self) -> QRectF:
        return self.area.adjusted(-3, -3, 3, 3)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        theme, area = self._theme, self.area
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(theme.raised if self.grouped else theme.surface))
        if self.chosen or self.held:
            style = Qt.PenStyle.DashLine if self.held else Qt.PenStyle.SolidLine
            painter.setPen(QPen(QColor(theme.accent), 3, style))
        else:
            painter.setPen(QPen(QColor(theme.muted), 1))
        painter.drawRoundedRect(area, _RADIUS, _RADIUS)
        if self.box.colour:
            self._paint_strip(painter)
        if option.levelOfDetailFromTransform(painter.worldTransform()) < _SMALL:
            return
        inside = self._inside()
        head = QRectF(inside.left(), inside.top(), inside.width(), self._line)
        if not self.grouped:
            self._paint_dots(painter, head, self.box.tiers[:1])
            head.setLeft(head.left() + _DOT + 2 * _DOT_GAP)
        painter.setFont(self._font)
        painter.setPen(QColor(theme.text))
        self._paint_text(painter, head, self.title, Qt.AlignmentFlag.AlignCenter)
        if self.grouped:
            self._paint_foot(painter)
            self._paint_rows(painter)

    def _paint_strip(self, painter: QPainter) -> None:
        colour = QColor(self._theme.tags[self.box.colour - 1])
        whole, strip = QPainterPath(), QPainterPath()
        whole.addRoundedRect(self.area, _RADIUS, _RADIUS)
        band = QRectF(self.area)
        band.setWidth(_STRIP)
        strip.addRect(band)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        edge = 1.5 if self.chosen or self.held else 0.5
        strip = strip.intersected(whole).translated(edge, 0)
        painter.drawPath(strip.intersected(whole))
        painter.setFont(self._small)
        painter.setPen(self._theme.text_on(colour))
        painter.drawText(band, Qt.AlignmentFlag.AlignCenter, str(self.box.colour))

    def _paint_foot(self, painter: QPainter) -> None:
        foot = self._foot()
        painter.setFont(self._small)
        painter.setPen(QColor(self._theme.muted))
        level = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(foot, level, "▾" if self.box.names else "▸")
        foot.setLeft(foot.left() + _FOLD)
        painter.drawText(foot, level, self._count())
        used = QFontMetricsF(self._small).horizontalAdvance(self._count()) + 8
        foot.setLeft(foot.left() + used)
        self._paint_dots(painter, foot, self.box.tiers[:_MAX_DOTS])

    def _paint_rows(self, painter: QPainter) -> None:
        painter.setFont(self._small)
        painter.setPen(QColor(self._theme.text))
        inside, top = self._inside(), self._foot().bottom()
        for at, name in enumerate(self._rows()):
            row = QRectF(inside.left(), top, inside.width(), self._row_height())
            if at < _MOST_ROWS:
                self._paint_dots(painter, row, self.box.tiers[at : at + 1])
            row.setLeft(row.left() + _DOT + 2 * _DOT_GAP)
            self._paint_text(painter, row, name, Qt.AlignmentFlag.AlignVCenter)
            top += self._row_height()

    def _paint_text(
        self, painter: QPainter, area: QRectF, text: str, align: Qt.AlignmentFlag
    ) -> None:
        metrics = QFontMetricsF(painter.font())
        right = Qt.TextElideMode.ElideRight
        painter.drawText(area, align, metrics.elidedText(text, right, area.width()))

    def _paint_dots(
        self, painter: QPainter, area: QRectF, tiers: Sequence[Tier | None]
    ) -> None:
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        for at, tier in enumerate(tiers):
            colour = self._theme.untiered if tier is None else self._theme.tiers[tier]
            painter.setBrush(QColor(colour))
            left = area.left() + at * (_DOT + _DOT_GAP)
            top = area.center().y() - _DOT / 2
            painter.drawEllipse(QRectF(left, top, _DOT, _DOT))
        painter.restore()
