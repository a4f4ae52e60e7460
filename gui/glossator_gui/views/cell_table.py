"""A table of short texts to read and to copy."""

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from glossator_gui.views.plain_text import copied, one_line, plain_tooltip

TABLE_STYLE = """
QTableView::item { padding: 0 5px; }
QHeaderView { background: palette(button); }
QHeaderView::section { background: palette(button); border: none; padding: 4px 8px;
  border-bottom: 1px solid palette(mid); }
"""
_LONG = 40
"""Characters; longer cells tell themselves by a tooltip, too."""


class CellTable(QTableWidget):
    """Words to the left, numbers to the right; what is strong is bold."""

    def __init__(
        self, name: str, *, wide: Collection[int] = (), parent: QWidget | None = None
    ) -> None:
        """Build an empty table.

        Parameters
        ----------
        name : what a screen reader calls it.
        wide : columns that share what room is left.
        """
        super().__init__(parent)
        self._wide = frozenset(wide)
        self.rows: list[list[str]] = []
        """What stands in it, the line of heads left out."""
        self.setAccessibleName(name)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setStyleSheet(TABLE_STYLE)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        line = self.fontMetrics().lineSpacing()
        self.verticalHeader().setDefaultSectionSize(line + 8)
        self.horizontalHeader().setHighlightSections(False)

    def show_rows(
        self,
        head: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        words: Collection[int] = (0,),
        strong: Collection[tuple[int, int]] = (),
    ) -> None:
        """Show other rows.

        Parameters
        ----------
        words : columns that are no numbers.
        strong : cells by row and column.
        """
        self.rows = [list(row) for row in rows]
        self.clear()
        self.setRowCount(len(rows))
        self.setColumnCount(len(head))
        for column, text in enumerate(head):
            self.setHorizontalHeaderItem(column, _cell(text, words=column in words))
        for at, row in enumerate(rows):
            for column, text in enumerate(row):
                item = _cell(text, words=column in words)
                if (at, column) in strong:
                    font = item.font()
                    font.setBold(True)
                    item.setFont(font)
                self.setItem(at, column, item)
        self._divide()

    def fit(self) -> None:
        """As large as its rows: it is scrolled by what surrounds it."""
        frame = 2 * self.frameWidth()
        header = self.horizontalHeader()
        rows = self.rowCount() * self.verticalHeader().defaultSectionSize()
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedHeight(header.sizeHint().height() + rows + frame)
        if not self._wide:
            self.setMinimumWidth(header.length() + frame)

    def _divide(self) -> None:
        mode = QHeaderView.ResizeMode
        header = self.horizontalHeader()
        for column in range(self.columnCount()):
            wide = column in self._wide
            header.setSectionResizeMode(
                column, mode.Stretch if wide else mode.ResizeToContents
            )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            chosen = sorted({index.row() for index in self.selectedIndexes()})
            lines = ["\t".join(map(copied, self.rows[row])) for row in chosen]
            QGuiApplication.clipboard().setText("\n".join(lines))
        else:
            super().keyPressEvent(event)


def _cell(text: str, *, words: bool) -> QTableWidgetItem:
    flag = Qt.AlignmentFlag
    item = QTableWidgetItem(one_line(text))
    item.setTextAlignment(
        (flag.AlignLeft if words else flag.AlignRight) | flag.AlignVCenter
    )
    if len(text) > _LONG:
        item.setToolTip(plain_tooltip("All of it:", text))
    return item
