"""Short texts in boxes: one chip, or a paragraph of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from glossator.evidence.feature_evidence import LogitEffect
from glossator_gui.look.theme import LIGHT, Theme
from glossator_gui.views.plain_text import (
    one_line,
    plain_tooltip,
    shown_token,
    signed_number,
    small_font,
)

_PAD = 7.0
_GAP = 5.0
_WIDEST = 150
_ROWS = 2
"""Rows before it is opened."""
_TOGGLE = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class Chip(QWidget):
    """A dot of colour with a word: the word says all that the colour says."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._dot: str | None = None
        self.text = ""
        policy = QSizePolicy.Policy
        self.setSizePolicy(policy.Maximum, policy.Fixed)

    def show_text(self, text: str, dot: str | None = None) -> None:
        """`dot` is a colour; without text the chip is hidden."""
        self.text = one_line(text)
        self._dot = dot
        self.setAccessibleName(self.text)
        self.setVisible(bool(text))
        self.updateGeometry()
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        dot = 14 if self._dot else 0
        width = metrics.horizontalAdvance(self.text) + dot + 2 * _PAD + 2
        return QSize(int(width), metrics.height() + 6)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(self.sizeHint().width(), 60), self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QColor(self._theme.border))
        painter.setBrush(QColor(self._theme.raised))
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
        left = box.left() + _PAD
        if self._dot:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._dot))
            painter.drawEllipse(QPointF(left + 4, box.center().y()), 4.5, 4.5)
            left += 14
        painter.setPen(QColor(self._theme.text))
        room = box.right() - _PAD - left + 1
        middle = Qt.TextElideMode.ElideMiddle
        text = painter.fontMetrics().elidedText(self.text, middle, int(room) + 1)
        flag = Qt.AlignmentFlag
        painter.drawText(
            QRectF(left, box.top(), room + 2, box.height()),
            flag.AlignLeft | flag.AlignVCenter,
            text,
        )


@dataclass(frozen=True)
class _Placed:
    box: QRectF
    text: str
    """What there is room for."""
    value: str
    whole: str = ""
    """All of the token's text."""
    opens: bool = False
    """Shows or hides the rest, and is no token."""


class LogitChips(QWidget):
    """Tokens that a feature promotes or suppresses, strongest first."""

    def __init__(self, *, promoted: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._promoted = promoted
        self._shown: list[tuple[str, str]] = []
        self._all = False
        self._by_width: dict[int, list[_Placed]] = {}
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_effects(self, effects: Sequence[LogitEffect]) -> None:
        before = self._shown
        self._shown = [
            (
                shown_token(effect.token),
                "" if effect.value is None else signed_number(effect.value),
            )
            for effect in effects
        ]
        self._all = self._all and self._shown == before
        self._by_width.clear()
        self._fit_focus()
        kind = "Promoted" if self._promoted else "Suppressed"
        listed = ", ".join(f"{text} {value}".strip() for text, value in self._shown)
        self.setAccessibleName(f"{kind} tokens: {listed or 'none'}")
        self.updateGeometry()
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def toggle(self) -> None:
        """Show all of the tokens, or only the strongest again."""
        self._all = not self._all
        self._by_width.clear()
        self.updateGeometry()
        self.update()

    @property
    def texts(self) -> list[str]:
        """What stands in the chips now."""
        return [
            f"{chip.text} {chip.value}".strip() for chip in self._place(self.width())
        ]

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self._by_width.clear()

    def _place(self, width: int) -> list[_Placed]:
        """Where the chips stand: asked for by layout, paint and mouse alike."""
        found = self._by_width.get(width)
        if found is None:
            found = self._by_width[width] = self._fill(width)
        return found

    def _fill(self, width: int) -> list[_Placed]:
        """A few rows, or as many as all the tokens take."""
        placed: list[_Placed] = []
        x, y, row = 0.0, 0.0, 1
        for at, (text, value) in enumerate(self._shown):
            chip = self._chip(text, value, x, y)
            rest = len(self._shown) - at
            more = self._opener(f"+{rest} more", chip.box.left(), y)
            last = rest == 1
            closing = row == _ROWS and not self._all and not last
            reserve = more.box.width() + _GAP if closing else 0.0
            if x > 0 and chip.box.right() + reserve > width:
                if not self._all and row == _ROWS:
                    return [*placed, more]
                row += 1
                x, y = 0.0, y + chip.box.height() + _GAP
                chip = self._chip(text, value, x, y)
            placed.append(chip)
            x = chip.box.right() + _GAP
        if self._all and row > _ROWS:
            fewer = self._opener("fewer", x, y)
            if fewer.box.right() > width:
                fewer = self._opener("fewer", 0.0, y + fewer.box.height() + _GAP)
            placed.append(fewer)
        return placed

    def _chip(self, text: str, value: str, x: float, y: float) -> _Placed:
        metrics = self.fontMetrics()
        whole = text
        text = metrics.elidedText(whole, Qt.TextElideMode.ElideMiddle, _WIDEST)
        wide = metrics.horizontalAdvance(text) + 2 * _PAD
        if value:
            wide += metrics.horizontalAdvance(value) * 0.9 + _GAP
        return _Placed(QRectF(x, y, wide, metrics.height() + 6), text, value, whole)

    def _opener(self, text: str, x: float, y: float) -> _Placed:
        metrics = self.fontMetrics()
        wide = metrics.horizontalAdvance(text) + 2 * _PAD
        box = QRectF(x, y, wide, metrics.height() + 6)
        return _Placed(box, text, "", opens=True)

    def _opening(self) -> _Placed | None:
        placed = self._place(self.width())
        return placed[-1] if placed and placed[-1].opens else None

    def _fit_focus(self) -> None:
        focus = Qt.FocusPolicy
        can_open = self._opening() is not None
        self.setFocusPolicy(focus.StrongFocus if can_open else focus.NoFocus)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_focus()

    def heightForWidth(self, width: int) -> int:
        placed = self._place(width)
        return int(placed[-1].box.bottom()) + 1 if placed else 0

    def sizeHint(self) -> QSize:
        width = self.width() or 300
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.fontMetrics().height() + 6 if self._shown else 0)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for chip in self._place(self.width()):
            self._paint_chip(painter, chip)

    def _paint_chip(self, painter: QPainter, chip: _Placed) -> None:
        theme = self._theme
        flag = Qt.AlignmentFlag
        box = chip.box.adjusted(0.5, 0.5, -0.5, -0.5)
        if chip.opens:
            painter.setPen(QPen(QColor(theme.accent)))
            painter.setFont(small_font(self.font()))
            painter.drawText(box, flag.AlignCenter, chip.text)
            if self.hasFocus():
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(box, 4, 4)
            return
        painter.setPen(QColor(theme.border))
        painter.setBrush(QColor(theme.raised))
        painter.drawRoundedRect(box, 4, 4)
        inner = chip.box.adjusted(_PAD, 0, -_PAD + 1, 0)
        painter.setFont(self.font())
        left = flag.AlignLeft | flag.AlignVCenter
        spaces = chip.text[: len(chip.text) - len(chip.text.lstrip("·"))]
        painter.setPen(QColor(theme.muted))
        painter.drawText(inner, left, spaces)
        painter.setPen(QColor(theme.text))
        after = inner.adjusted(self.fontMetrics().horizontalAdvance(spaces), 0, 0, 0)
        painter.drawText(after, left, chip.text[len(spaces) :])
        painter.setFont(small_font(self.font()))
        painter.setPen(QColor(theme.positive if self._promoted else theme.negative))
        painter.drawText(inner, flag.AlignRight | flag.AlignVCenter, chip.value)

    def tooltip_at(self, place: QPointF) -> str:
        """All of the token under a place."""
        kind = "Promoted" if self._promoted else "Suppressed"
        for chip in self._place(self.width()):
            if chip.box.contains(place) and chip.whole:
                return plain_tooltip(kind, f"{chip.whole}  {chip.value}".rstrip())
        return ""

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = self.tooltip_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        opener = self._opening()
        if opener is not None and opener.box.contains(event.position()):
            self.toggle()
        else:
            super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _TOGGLE and self._opening() is not None:
            self.toggle()
        else:
            super().keyPressEvent(event)
