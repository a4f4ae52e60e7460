"""How often a feature takes which activation, and where this node's lies."""

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from glossator.evidence.feature_evidence import Histogram
from glossator_gui.look.theme import LIGHT, Theme
from glossator_gui.views.plain_text import number, small_font

_BARS = 44
"""Height of the bars in pixels."""


def ordinal(n: int) -> str:
    if n % 100 in (11, 12, 13):
        return f"{n}th"
    return f"{n}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th') }"


def marker_text(histogram: Histogram, activation: float) -> str:
    if activation > histogram.edges[-1]:
        return f"{number(activation)} · above all recorded"
    if activation < histogram.edges[0]:
        return f"{number(activation)} · below all recorded"
    # Rounded down: only what exceeds all recorded ones may exceed the 99th.
    percentile = min(math.floor(100 * histogram.percentile(activation)), 99)
    return f"{number(activation)} · {ordinal(percentile)} percentile"


class ActivationHistogram(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._histogram: Histogram | None = None
        self._activation: float | None = None
        policy = QSizePolicy.Policy
        self.setSizePolicy(policy.Expanding, policy.Fixed)

    def show_histogram(
        self, histogram: Histogram | None, activation: float | None
    ) -> None:
        """Hidden where there is nothing to draw."""
        drawable = histogram is not None and float(histogram.counts.sum()) > 0
        self._histogram = histogram if drawable else None
        known = activation is not None and math.isfinite(activation)
        self._activation = activation if known else None
        self.setVisible(self._histogram is not None)
        self.setAccessibleName(f"Activation histogram, this node: {self.text}")
        self.update()

    @property
    def text(self) -> str:
        """What stands at the marker; "" without one."""
        if self._histogram is None or self._activation is None:
            return ""
        return marker_text(self._histogram, self._activation)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        line = self.fontMetrics().height()
        return QSize(200, _BARS + 2 * line + 1)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._histogram is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(small_font(self.font()))
        top = self.fontMetrics().height() + 2.0
        area = QRectF(0.5, top, self.width() - 1.0, _BARS)
        self._paint_bars(painter, area, self._histogram)
        self._paint_axis(painter, area, self._histogram)
        if self._activation is not None:
            self._paint_marker(painter, area, self._histogram, self._activation)

    def _paint_bars(
        self, painter: QPainter, area: QRectF, histogram: Histogram
    ) -> None:
        n = len(histogram.counts)
        highest = float(histogram.counts.max())
        width = area.width() / n
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.untiered))
        for at, count in enumerate(histogram.counts):
            # Rare activations stay visible: never less than a pixel.
            height = max(area.height() * float(count) / highest, 1.0) if count else 0.0
            gap = 1.0 if width > 4 else 0.0
            painter.drawRect(
                QRectF(
                    area.left() + at * width,
                    area.bottom() - height,
                    width - gap,
                    height,
                )
            )

    def _paint_axis(
        self, painter: QPainter, area: QRectF, histogram: Histogram
    ) -> None:
        painter.setPen(QColor(self._theme.border))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.setPen(QColor(self._theme.muted))
        baseline = area.bottom() + painter.fontMetrics().ascent() + 2
        painter.drawText(
            QPointF(area.left(), baseline), number(float(histogram.edges[0]))
        )
        last = number(float(histogram.edges[-1]))
        width = painter.fontMetrics().horizontalAdvance(last)
        painter.drawText(QPointF(area.right() - width, baseline), last)

    def _paint_marker(
        self,
        painter: QPainter,
        area: QRectF,
        histogram: Histogram,
        activation: float,
    ) -> None:
        low, high = float(histogram.edges[0]), float(histogram.edges[-1])
        share = (activation - low) / (high - low) if high > low else 0.0
        x = area.left() + area.width() * min(max(share, 0.0), 1.0)
        accent = QColor(self._theme.accent)
        painter.setPen(QPen(accent, 2))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(accent)
        tip = [QPointF(x - 5, area.top()), QPointF(x + 5, area.top())]
        painter.drawPolygon(QPolygonF([*tip, QPointF(x, area.top() + 6)]))
        text = self.text
        width = painter.fontMetrics().horizontalAdvance(text)
        left = min(max(x - width / 2, area.left()), area.right() - width)
        painter.setPen(QColor(self._theme.text))
        painter.drawText(QPointF(left, area.top() - 5), text)
