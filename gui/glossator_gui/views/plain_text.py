"""Untrusted text on the screen: always plain, wrapped anywhere, nothing invisible."""

from functools import lru_cache

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QPainter,
    QPaintEvent,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from glossator.evidence.token_text import (
    isolated,
    readable_tokens,
    visible_text,
    visible_token,
)

MINUS = "−"
_LINE_BREAK = "\u2028"


@lru_cache(maxsize=4096)
def printable(text: str) -> str:
    """The text with what is invisible spelled out; line breaks stay.

    What is read from right to left moves nothing beside it.
    """
    if text.isascii() and text.isprintable():
        return text
    return "\n".join(isolated(visible_text(line)) for line in text.split("\n"))


def one_line(text: str) -> str:
    return printable(text.replace("\n", "⏎"))


def copied(text: str) -> str:
    """The line that `one_line` shows, for the clipboard: nothing in it is unseen."""
    return visible_text(text.replace("\n", "⏎"))


def shown_token(token: str) -> str:
    """A stored token by itself, its leading space as a dot."""
    return isolated(visible_token(readable_tokens((token,))[0]))


def number(value: float) -> str:
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2
    if 0 < size < 0.01:
        return f"{value:.2g}".replace("-", MINUS)
    return f"{value:.{digits}f}".replace("-", MINUS)


def signed_number(value: float) -> str:
    return number(value) if value < 0 else f"+{number(value)}"


def plain_tooltip(heading: str, text: str) -> str:
    """A tooltip that Qt takes for plain text whatever `text` holds.

    Qt judges by the first line alone; `heading` must be our own words.
    """
    return f"{heading}\n{printable(text)}"


def small_font(font: QFont) -> QFont:
    small = QFont(font)
    small.setPointSizeF(font.pointSizeF() * 0.9)
    return small


def lay_out(layout: QTextLayout, width: float, *, leading: float = 0.0) -> float:
    """Break the text into lines of a width; the height they take."""
    option = layout.textOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    y = 0.0
    while (line := layout.createLine()).isValid():
        line.setLineWidth(max(width, 1.0))
        line.setPosition(QPointF(0.0, y))
        y += line.height() + leading
    layout.endLayout()
    return max(y - leading, 0.0)


class WrappedLabel(QLabel):
    """A plain label that never asks for more width than it is given.

    Qt's own word wrap cannot break a long word and widens the window instead.
    """

    def __init__(
        self,
        text: str = "",
        *,
        role: str = "",
        max_lines: int = 0,
        small: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._max_lines = max_lines
        self._small = small
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setProperty("role", role)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setText(text)

    def _font(self) -> QFont:
        return small_font(self.font()) if self._small else self.font()

    def _layout(self, width: float) -> tuple[QTextLayout, float]:
        text = printable(self.text()).replace("\n", _LINE_BREAK)
        layout = QTextLayout(text, self._font())
        return layout, lay_out(layout, width)

    def heightForWidth(self, width: int) -> int:
        layout, height = self._layout(width)
        if self._max_lines and layout.lineCount() > self._max_lines:
            height = layout.lineAt(self._max_lines - 1).rect().bottom()
        return int(height + 0.999)

    def sizeHint(self) -> QSize:
        width = self.width() or 300
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, round(QFontMetricsF(self._font()).height()))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self._font())
        painter.setPen(self.palette().color(self.foregroundRole()))
        layout, _ = self._layout(self.width())
        cut = self._max_lines and layout.lineCount() > self._max_lines
        whole = self._max_lines - 1 if cut else layout.lineCount()
        for at in range(whole):
            layout.lineAt(at).draw(painter, QPointF(0.0, 0.0))
        if cut:
            line = layout.lineAt(whole)
            rest = _from_unit(layout.text(), line.textStart())
            metrics = QFontMetricsF(self._font())
            shown = metrics.elidedText(
                rest.replace(_LINE_BREAK, " "),
                Qt.TextElideMode.ElideRight,
                self.width(),
            )
            painter.drawText(QPointF(0.0, line.y() + line.ascent()), shown)


def units(text: str) -> int:
    """Length as Qt counts it: UTF-16 units."""
    return sum(2 if ord(c) > 0xFFFF else 1 for c in text)


def _from_unit(text: str, start: int) -> str:
    taken = 0
    for at, character in enumerate(text):
        if taken >= start:
            return text[at:]
        taken += units(character)
    return ""
