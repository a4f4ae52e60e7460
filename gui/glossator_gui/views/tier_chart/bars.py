"""A stacked bar a layer: how many of its features are of which tier."""

import math
from collections import Counter
from typing import NamedTuple

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from glossator.evaluation.layer_questions import percent
from glossator.evaluation.tiers_by_layer import TierCounts, layer_thirds
from glossator.protocol.decision import TIERS, Tier
from glossator_gui.look.theme import LIGHT, Theme
from glossator_gui.views.plain_text import plain_tooltip, small_font

_TOP, _FOOT, _RIGHT = 26.0, 36.0, 12.0
_WIDEST, _FILLED = 40.0, 0.78
"""Pixels from bar to bar at most, and the part of it that a bar takes."""
_THIRDS = ("early", "middle", "late")
_EMPTY = "No feature of this graph is scored."


class Segment(NamedTuple):
    """Features of one layer and tier."""

    layer: int
    tier: Tier
    n: int
    total: int
    """Scored features of the layer."""

    @property
    def heading(self) -> str:
        return f"Layer {self.layer} · {self.tier}"

    @property
    def size(self) -> str:
        noun = "feature" if self.total == 1 else "features"
        share = percent(self.n / self.total)
        return f"{self.n:,} of {self.total:,} {noun} ({share})"


class TierBars(QWidget):
    """Arrow keys go from segment to segment; Enter or a click chooses its features."""

    segment_chosen = Signal(int, str)
    """Layer and tier."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._counts: TierCounts = {}
        self._n_layers = 1
        self._most = 1
        self._by_share = False
        self._current: tuple[int, Tier] | None = None
        self._hovered: tuple[int, Tier] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Tiers by layer")
        self._describe()

    def show_counts(self, counts: TierCounts, n_layers: int) -> None:
        """Show these; `n_layers` is more than the highest layer of the counts."""
        self._counts = {layer: held for layer, held in counts.items() if held.total()}
        self._n_layers = max(n_layers, 1)
        self._most = max((held.total() for held in self._counts.values()), default=1)
        kept = {(segment.layer, segment.tier) for segment in self.segments()}
        if self._current not in kept:
            self._current = None
        self._describe()
        self.update()

    def set_by_share(self, by_share: bool) -> None:
        """Show shares of a layer's features instead of their number."""
        self._by_share = by_share
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def segments(self) -> list[Segment]:
        """All that are drawn, by layer, from the bottom up."""
        return [
            Segment(layer, tier, held[tier], held.total())
            for layer, held in self._counts.items()
            for tier in TIERS
            if held[tier]
        ]

    @property
    def current(self) -> Segment | None:
        """The segment that the keyboard is at."""
        if self._current is None:
            return None
        layer, tier = self._current
        held = self._counts[layer]
        return Segment(layer, tier, held[tier], held.total())

    def sizeHint(self) -> QSize:
        return QSize(420, 260)

    def minimumSizeHint(self) -> QSize:
        return QSize(220, 170)

    # -- where things are -----------------------------------------------------------

    def _plot(self) -> QRectF:
        metrics = self.fontMetrics()
        left = metrics.horizontalAdvance("100 %") + 14.0
        return QRectF(
            left,
            _TOP,
            max(self.width() - left - _RIGHT, 1.0),
            max(self.height() - _TOP - _FOOT, 1.0),
        )

    def _pitch(self) -> float:
        return min(self._plot().width() / self._n_layers, _WIDEST)

    def _full(self) -> float:
        """The value at the top of the plot."""
        if self._by_share:
            return 1.0
        step = _step(self._most)
        return float(math.ceil(self._most / step) * step)

    def rectangle(self, segment: Segment) -> QRectF:
        """Where a segment is drawn."""
        plot, pitch, held = self._plot(), self._pitch(), self._counts[segment.layer]
        whole = segment.total if self._by_share else 1.0
        tall = plot.height() / self._full() / whole
        below = sum(held[tier] for tier in TIERS[: TIERS.index(segment.tier)])
        width = max(pitch * _FILLED, 1.0)
        return QRectF(
            plot.left() + segment.layer * pitch + (pitch - width) / 2,
            plot.bottom() - (below + segment.n) * tall,
            width,
            segment.n * tall,
        )

    def segment_at(self, place: QPointF) -> Segment | None:
        """What is drawn at a place; between two bars it is the nearer one's."""
        plot, pitch = self._plot(), self._pitch()
        layer = int((place.x() - plot.left()) // pitch)
        for segment in self._of_layer(layer):
            area = self.rectangle(segment)
            if area.top() <= place.y() < max(area.bottom(), area.top() + 1):
                return segment
        return None

    def _of_layer(self, layer: int) -> list[Segment]:
        held: Counter[Tier] = self._counts.get(layer, Counter())
        return [
            Segment(layer, tier, held[tier], held.total())
            for tier in TIERS
            if held[tier]
        ]

    # -- mouse and keyboard ---------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            segment = self.segment_at(QPointF(event.pos()))
            if segment is None:
                QToolTip.hideText()
            else:
                self._tell(segment, event.globalPos())
            return True
        return super().event(event)

    def _tell(self, segment: Segment, at: QPoint) -> None:
        area = self.rectangle(segment).toAlignedRect().adjusted(0, 0, 1, 1)
        text = plain_tooltip(segment.heading, f"{segment.size}\nClick to select them.")
        QToolTip.showText(at, text, self, area)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        found = self.segment_at(event.position())
        hovered = (found.layer, found.tier) if found else None
        if hovered != self._hovered:
            self._hovered = hovered
            shape = Qt.CursorShape
            self.setCursor(shape.PointingHandCursor if found else shape.ArrowCursor)
            self.update()

    def leaveEvent(self, _event: QEvent) -> None:
        self._hovered = None
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self.segment_at(event.position())
        if found is not None and event.button() == Qt.MouseButton.LeftButton:
            self._go(found)
            self.segment_chosen.emit(found.layer, found.tier)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            if self._current is not None:
                self.segment_chosen.emit(*self._current)
            return
        target = self._target(Qt.Key(key))
        if target is None:
            super().keyPressEvent(event)
        else:
            self._go(target)

    def _target(self, key: Qt.Key) -> Segment | None:
        """Where a key leads; None if it is no key of the chart."""
        layers = list(self._counts)
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        climbs = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}
        ends = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: len(layers) - 1}
        if not layers or not (key in moves or key in climbs or key in ends):
            return None
        here = self.current
        if here is None or key in ends:
            layer, tier = layers[ends.get(key, 0)], here.tier if here else TIERS[0]
        elif key in moves:
            at = layers.index(here.layer) + moves[key]
            layer, tier = layers[min(max(at, 0), len(layers) - 1)], here.tier
        else:
            stack = self._of_layer(here.layer)
            at = stack.index(here) + climbs[key]
            return stack[min(max(at, 0), len(stack) - 1)]
        return min(
            self._of_layer(layer),
            key=lambda one: abs(TIERS.index(one.tier) - TIERS.index(tier)),
        )

    def _go(self, segment: Segment) -> None:
        self._current = (segment.layer, segment.tier)
        self._describe()
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def _describe(self) -> None:
        here = self.current
        if here is not None:
            text = f"{here.heading}: {here.size}. Enter selects them."
        elif self._counts:
            text = f"{len(self._counts)} layers. Arrow keys go from bar to bar."
        else:
            text = _EMPTY
        self.setAccessibleDescription(text)

    # -- drawing --------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(small_font(self.font()))
        if self._counts:
            self._paint_grid(painter)
            self._paint_thirds(painter)
            self._paint_layers(painter)
            self._paint_bars(painter)
        else:
            painter.setPen(QColor(self._theme.muted))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, _EMPTY)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(self._theme.accent), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)
        painter.end()

    def _paint_grid(self, painter: QPainter) -> None:
        plot, full, theme = self._plot(), self._full(), self._theme
        step = 0.25 if self._by_share else float(_step(round(full)))
        right = plot.left() + self._n_layers * self._pitch()
        side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for line in range(round(full / step) + 1):
            value = line * step
            y = round(plot.bottom() - value / full * plot.height()) + 0.5
            painter.setPen(QPen(QColor(theme.muted if line == 0 else theme.border), 1))
            painter.drawLine(QPointF(plot.left(), y), QPointF(right, y))
            text = percent(value) if self._by_share else f"{value:,.0f}"
            painter.setPen(QColor(theme.muted))
            painter.drawText(QRectF(0, y - 10, plot.left() - 7, 20), side, text)

    def _paint_thirds(self, painter: QPainter) -> None:
        plot, pitch, theme = self._plot(), self._pitch(), self._theme
        for name, layers in zip(_THIRDS, layer_thirds(self._n_layers), strict=True):
            left, width = plot.left() + layers.start * pitch, len(layers) * pitch
            if layers.start and layers:
                painter.setPen(QPen(QColor(theme.muted), 1, Qt.PenStyle.DotLine))
                x = round(left) + 0.5
                painter.drawLine(QPointF(x, 4), QPointF(x, plot.bottom()))
            if width >= painter.fontMetrics().horizontalAdvance(name):
                painter.setPen(QColor(theme.muted))
                place = QRectF(left, 2, width, _TOP - 8)
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, name)

    def _paint_layers(self, painter: QPainter) -> None:
        plot, pitch = self._plot(), self._pitch()
        widest = painter.fontMetrics().horizontalAdvance(str(self._n_layers)) + 6
        step = _round_step(widest / pitch)
        painter.setPen(QColor(self._theme.muted))
        flag = Qt.AlignmentFlag.AlignCenter
        for layer in range(0, self._n_layers, step):
            middle = plot.left() + (layer + 0.5) * pitch
            place = QRectF(middle - 30, plot.bottom() + 2, 60, 16)
            painter.drawText(place, flag, str(layer))
        width = max(self._n_layers * pitch, 60.0)
        place = QRectF(plot.left(), plot.bottom() + 17, width, 16)
        painter.drawText(place, flag, "Layer")

    def _paint_bars(self, painter: QPainter) -> None:
        theme = self._theme
        # A thin gap keeps neighbours apart without their colours.
        gap = 1.0 if self._pitch() >= 4 else 0.0
        painter.setPen(Qt.PenStyle.NoPen)
        for segment in self.segments():
            area = self.rectangle(segment)
            if area.height() > 3 * gap:
                area.setTop(area.top() + gap)
            painter.setBrush(QColor(theme.tiers[segment.tier]))
            painter.drawRect(area)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        here = self.current if self.hasFocus() else None
        pointed = (here.layer, here.tier) if here else self._hovered
        if pointed is None or pointed[0] not in self._counts:
            return
        for segment in self._of_layer(pointed[0]):
            if segment.tier == pointed[1]:
                painter.setPen(QPen(QColor(theme.text), 2))
                painter.drawRect(self.rectangle(segment).adjusted(-1, 0, 1, 0))


def _step(most: int) -> int:
    """Between two lines of the grid: 1, 2 or 5 times a power of ten."""
    return _round_step(most / 5)


def _round_step(least: float) -> int:
    """The least of 1, 2, 5, 10, 20, 50 … that is not smaller."""
    power = 10 ** max(math.floor(math.log10(max(least, 1.0))), 0)
    return next(int(n * power) for n in (1, 2, 5, 10) if n * power >= least)
