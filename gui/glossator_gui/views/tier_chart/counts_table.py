"""How many features are of which tier, now and as tried: the chart's legend, too."""

from collections import Counter

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from glossator.protocol.decision import TIERS, Tier
from glossator_gui.look.theme import LIGHT, Theme
from glossator_gui.views.plain_text import MINUS

_ALWAYS: tuple[Tier, ...] = ("input", "output", "cross", "obscure")
_HEADER = ("", "Tier", "Now", "Preview", "Change")


class CountsTable(QWidget):
    """A row a tier, in the order of the bars, and one of all."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._swatches = {tier: _Swatch() for tier in TIERS}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(1, 1)
        for column, text in enumerate(_HEADER):
            if text:
                head = _cell(column)
                head.setText(text)
                head.setProperty("role", "muted")
                self._grid.addWidget(head, 0, column)
        self._cells: dict[Tier | None, list[QLabel]] = {}
        names: tuple[Tier | None, ...] = (*reversed(TIERS), None)
        for row, tier in enumerate(names, start=1):
            self._add_row(row, tier)
        self.set_theme(LIGHT)

    def _add_row(self, row: int, tier: Tier | None) -> None:
        cells = [_cell(column) for column in range(1, len(_HEADER))]
        cells[0].setText(tier or "all")
        if tier is not None:
            self._grid.addWidget(self._swatches[tier], row, 0)
        for column, cell in enumerate(cells, start=1):
            self._grid.addWidget(cell, row, column)
        self._cells[tier] = cells

    def show_counts(self, now: Counter[Tier], tried: Counter[Tier]) -> None:
        for tier, cells in self._cells.items():
            before = now.total() if tier is None else now[tier]
            after = tried.total() if tier is None else tried[tier]
            shown = tier is None or tier in _ALWAYS or bool(before or after)
            texts = f"{before:,}", f"{after:,}", _difference(after - before)
            for cell, text in zip(cells[1:], texts, strict=True):
                cell.setText(text)
            changed = after != before
            font = cells[2].font()
            font.setBold(changed)
            for cell in cells[2:]:
                cell.setFont(font)
            for cell in cells:
                cell.setVisible(shown)
            if tier is not None:
                self._swatches[tier].setVisible(shown)

    def texts(self) -> list[list[str]]:
        """Tier, now, preview and change of each row that is shown."""
        return [
            [cell.text() for cell in cells]
            for cells in self._cells.values()
            if not cells[0].isHidden()
        ]

    def set_theme(self, theme: Theme) -> None:
        for tier, swatch in self._swatches.items():
            swatch.show_colour(theme.tiers[tier])


def _difference(by: int) -> str:
    if by == 0:
        return "·"
    return f"+{by:,}" if by > 0 else f"{MINUS}{-by:,}"


def _cell(column: int) -> QLabel:
    cell = QLabel()
    cell.setTextFormat(Qt.TextFormat.PlainText)
    flag = Qt.AlignmentFlag
    side = flag.AlignLeft if column == 1 else flag.AlignRight
    cell.setAlignment(side | flag.AlignVCenter)
    if column > 1:
        widest = cell.fontMetrics().horizontalAdvance("Preview")
        cell.setMinimumWidth(widest if column == 3 else 0)
    return cell


class _Swatch(QWidget):
    """A square in a tier's colour."""

    def __init__(self) -> None:
        super().__init__()
        self._colour = QColor()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_colour(self, colour: str) -> None:
        self._colour = QColor(colour)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(11, 11)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colour)
        painter.drawRoundedRect(QRectF(self.rect()), 2, 2)
        painter.end()
