"""Means of methods with their intervals, a strip for each scorer."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from glossator.export.report.comparison_plot import Axis, Place, Plot
from glossator_gui.look.theme import LIGHT, Theme
from glossator_gui.views.plain_text import one_line, small_font

_ROW, _HEAD, _FOOT, _KEY = 26.0, 36.0, 20.0, 24.0
_NAME_MOST = 200.0
_VALUE, _GAP, _INSIDE = 40.0, 24.0, 7.0
_DOT, _RING = 4.5, 3.5
_STRIP_LEAST = 110
_KEYS = ("mean", "another", "top token", "chance")
_TOLD = {
    "mean": "mean over features, 95 %",
    "another": "another feature’s label",
    "top token": "commonest top token as label",
    "chance": "chance",
}
_Align = Qt.AlignmentFlag


class ComparisonFigure(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot: Plot | None = None
        self._theme = LIGHT
        self.setAccessibleName("Means of methods")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def show_plot(self, plot: Plot | None) -> None:
        """Show means; nothing where no label could be scored."""
        self._plot = plot
        told = [p.told for row in plot.rows for p in row.places if p] if plot else []
        self.setAccessibleDescription(". ".join(map(one_line, told)))
        self.setVisible(plot is not None)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        if self._plot is None:
            return QSize(0, 0)
        width = _STRIP_LEAST * len(self._plot.axes) + round(_NAME_MOST)
        height = _HEAD + _ROW * len(self._plot.rows) + _FOOT + _KEY
        return QSize(width, round(height))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        plot = self._plot
        if plot is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        names = self._name_width(plot)
        for at, row in enumerate(plot.rows):
            top = _HEAD + at * _ROW
            self._line(painter, 0, self.width(), top)
            place = QRectF(0, top, names, _ROW)
            self._text(painter, place, one_line(row.method), self._theme.text)
        bottom = _HEAD + len(plot.rows) * _ROW
        self._line(painter, 0, self.width(), bottom)
        each = (self.width() - names) / max(len(plot.axes), 1)
        for column, axis in enumerate(plot.axes):
            left = names + column * each + _GAP
            strip = QRectF(left, _HEAD, each - _GAP - _VALUE, bottom - _HEAD)
            self._paint_axis(painter, strip, axis)
            for at, row in enumerate(plot.rows):
                own = QRectF(left, _HEAD + at * _ROW, strip.width(), _ROW)
                self._paint_place(painter, own, row.places[column])
        self._paint_key(painter, plot, bottom + _FOOT)

    def _name_width(self, plot: Plot) -> float:
        metrics = QFontMetricsF(self.font())
        widest = max(metrics.horizontalAdvance(one_line(r.method)) for r in plot.rows)
        return min(widest + 4, _NAME_MOST)

    def _paint_axis(self, painter: QPainter, strip: QRectF, axis: Axis) -> None:
        line = _HEAD / 2
        head = QRectF(strip.left(), 0, strip.width() + _VALUE, line)
        self._text(painter, head, axis.scorer, self._theme.text, bold=True)
        self._text(
            painter,
            head.translated(0, line),
            axis.measure,
            self._theme.muted,
            small=True,
        )
        painter.setPen(QPen(QColor(self._theme.border), 1))
        for tick in axis.ticks:
            x = _x(strip, tick.at)
            painter.setPen(QPen(QColor(self._theme.border), 1))
            painter.drawLine(QPointF(x, strip.top()), QPointF(x, strip.bottom()))
            told = QRectF(x - 20, strip.bottom() + 1, 40, _FOOT - 2)
            self._text(
                painter,
                told,
                tick.text,
                self._theme.muted,
                small=True,
                align=_Align.AlignHCenter,
            )
        self._paint_chance(painter, _x(strip, axis.chance), strip.top(), strip.bottom())

    def _paint_place(
        self, painter: QPainter, strip: QRectF, place: Place | None
    ) -> None:
        value = QRectF(strip.right(), strip.top(), _VALUE, strip.height())
        text = "–" if place is None else place.text
        self._text(painter, value, text, self._theme.text, align=_Align.AlignRight)
        if place is None:
            return
        middle = strip.center().y()
        if place.top_token is not None:
            self._paint_top_token(painter, QPointF(_x(strip, place.top_token), middle))
        if place.low is not None and place.high is not None:
            self._paint_span(
                painter, _x(strip, place.low), _x(strip, place.high), middle
            )
        if place.another is not None:
            self._paint_another(painter, QPointF(_x(strip, place.another), middle))
        self._paint_mean(painter, QPointF(_x(strip, place.at), middle))

    def _paint_key(self, painter: QPainter, plot: Plot, top: float) -> None:
        """What the marks are, in a line."""
        x, middle = 0.0, top + _KEY / 2
        metrics = QFontMetricsF(small_font(self.font()))
        for key in _KEYS:
            if key in ("another", "top token") and not plot.baselines:
                continue
            at = QPointF(x + 10, middle)
            if key == "mean":
                self._paint_span(painter, x, x + 20, middle)
                self._paint_mean(painter, at)
            elif key == "another":
                self._paint_another(painter, at)
            elif key == "top token":
                self._paint_top_token(painter, at)
            else:
                self._paint_chance(painter, at.x(), middle - 7, middle + 7)
            told = _TOLD[key]
            width = metrics.horizontalAdvance(told) + 2
            place = QRectF(x + 26, top, width, _KEY)
            self._text(painter, place, told, self._theme.muted, small=True)
            x += 26 + width + 18

    # -- marks ----------------------------------------------------------------------

    def _paint_mean(self, painter: QPainter, at: QPointF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.accent))
        painter.drawEllipse(at, _DOT, _DOT)

    def _paint_span(self, painter: QPainter, low: float, high: float, y: float) -> None:
        painter.setPen(QPen(QColor(self._theme.accent), 2))
        painter.drawLine(QPointF(low, y), QPointF(high, y))

    def _paint_another(self, painter: QPainter, at: QPointF) -> None:
        painter.setPen(QPen(QColor(self._theme.muted), 1.5))
        painter.setBrush(QColor(self._theme.surface))
        painter.drawEllipse(at, _RING, _RING)

    def _paint_top_token(self, painter: QPainter, at: QPointF) -> None:
        painter.setPen(QPen(QColor(self._theme.muted), 2))
        up = QPointF(0, 7)
        painter.drawLine(at - up, at + up)

    def _paint_chance(
        self, painter: QPainter, x: float, top: float, bottom: float
    ) -> None:
        painter.setPen(QPen(QColor(self._theme.muted), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, top), QPointF(x, bottom))

    def _line(self, painter: QPainter, left: float, right: float, y: float) -> None:
        painter.setPen(QPen(QColor(self._theme.border), 1))
        painter.drawLine(QPointF(left, y), QPointF(right, y))

    def _text(
        self,
        painter: QPainter,
        place: QRectF,
        text: str,
        colour: str,
        *,
        bold: bool = False,
        small: bool = False,
        align: Qt.AlignmentFlag = _Align.AlignLeft,
    ) -> None:
        font = small_font(self.font()) if small else self.font()
        font.setBold(bold)
        painter.setFont(font)
        painter.setPen(QColor(colour))
        shown = QFontMetricsF(font).elidedText(
            text, Qt.TextElideMode.ElideRight, place.width()
        )
        painter.drawText(place, align | _Align.AlignVCenter, shown)


def _x(strip: QRectF, percent: float) -> float:
    """Marks at the ends stay inside."""
    return strip.left() + _INSIDE + percent / 100 * (strip.width() - 2 * _INSIDE)
