"""A small table of facts: names at the left, numbers at the right of their column."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from glossator_gui.views.plain_text import small_font


class FactTable(QWidget):
    """Its rows change with what is shown; hidden where there are none."""

    def __init__(self, explained: Sequence[str], *, small: bool = False) -> None:
        """`explained` are the tool tips of the columns."""
        super().__init__()
        self._explained = explained
        self._small = small
        self._cells: list[list[QLabel]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 6, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(len(explained), 1)

    def show_rows(
        self,
        header: Sequence[str],
        rows: Sequence[Sequence[str]],
        tips: Sequence[str] = (),
    ) -> None:
        """`tips` are tool tips of the rows."""
        self.setVisible(bool(rows))
        wanted = [header, *rows] if rows else []
        while len(self._cells) > len(wanted):
            for cell in self._cells.pop():
                self._grid.removeWidget(cell)
                cell.deleteLater()
        while len(self._cells) < len(wanted):
            self._cells.append(self._new_row(len(self._cells)))
        for cells, texts in zip(self._cells, wanted, strict=True):
            for cell, text in zip(cells, texts, strict=True):
                cell.setText(text)
        for cells, tip in zip(self._cells[1:], tips, strict=False):
            for cell in cells:
                cell.setToolTip(tip)

    def texts(self) -> list[list[str]]:
        """What stands in the cells, row by row."""
        return [[cell.text() for cell in cells] for cells in self._cells]

    def _new_row(self, row: int) -> list[QLabel]:
        cells = []
        for column, explained in enumerate(self._explained):
            cell = fact_cell(column)
            if self._small:
                cell.setFont(small_font(cell.font()))
            if row == 0:
                cell.setProperty("role", "muted")
                cell.setToolTip(explained)
            self._grid.addWidget(cell, row, column)
            cells.append(cell)
        return cells


def fact_cell(column: int) -> QLabel:
    """A cell of plain text; the first column holds names."""
    cell = QLabel()
    cell.setTextFormat(Qt.TextFormat.PlainText)
    flag = Qt.AlignmentFlag
    side = flag.AlignLeft if column == 0 else flag.AlignRight
    cell.setAlignment(side | flag.AlignVCenter)
    return cell
