"""A few examples as lines of shaded text, to look at and not to work with."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QTextLayout
from PySide6.QtWidgets import QSizePolicy, QWidget

from glossator.evidence.example_text import ExampleText
from glossator_gui.look.theme import LIGHT, Theme
from glossator_gui.views.feature_panel.shaded_text import running_text, shaded_layout
from glossator_gui.views.plain_text import lay_out

_GAP, _LEADING = 8.0, 2.0


class ExampleLines(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: Sequence[ExampleText] = ()
        self._largest = 0.0
        self._theme = LIGHT
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName("Examples")

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def show_examples(self, shown: Sequence[ExampleText], largest: float) -> None:
        """Show examples; tokens are shaded by their share of the largest activation."""
        self._shown, self._largest = tuple(shown), largest
        self.setAccessibleDescription("\n".join(map(running_text, self._shown)))
        self.updateGeometry()
        self.update()

    def heightForWidth(self, width: int) -> int:
        heights = [height + _GAP for _, height in self._laid(width)]
        return int(sum(heights) + 0.999)

    def sizeHint(self) -> QSize:
        width = self.width() or 300
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 0)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(QColor(self._theme.text))
        y = 0.0
        for layout, height in self._laid(self.width()):
            layout.draw(painter, QPointF(0.0, y))
            y += height + _GAP

    def _laid(self, width: int) -> list[tuple[QTextLayout, float]]:
        layouts = [
            shaded_layout(shown, self._largest, self.font(), self._theme)
            for shown in self._shown
        ]
        return [(one, lay_out(one, width, leading=_LEADING)) for one in layouts]
