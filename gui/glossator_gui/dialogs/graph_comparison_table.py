"""A table of one kind of difference, filtered by text and by difference."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from glossator_gui.views.cell_table import TABLE_STYLE
from glossator_gui.views.plain_text import MINUS, copied, one_line, plain_tooltip

_Index: TypeAlias = QModelIndex | QPersistentModelIndex
_NO_PARENT = QModelIndex()
_NUMBER = re.compile(r"([+−-]?\d[\d,]*\.?\d*(?:e[−-]?\d+)?)")
_LONG = 20
"""Characters; longer cells tell themselves by a tooltip, too."""
_MEASURED = 40
"""Rows that columns are fitted to."""

SortKey: TypeAlias = tuple[tuple[int, float, str], ...]


@dataclass(frozen=True)
class TableRow:
    cells: tuple[str, ...]
    kind: str
    """Of which difference it is."""
    of: object
    """What it tells of; given back when it is chosen."""


@dataclass(frozen=True)
class Filter:
    """A choice among the differences."""

    name: str
    kinds: frozenset[str] | None
    """None for all."""


class RowsModel(QAbstractTableModel):
    """Rows in sight, in their order."""

    def __init__(self, head: Sequence[str], words: Collection[int]) -> None:
        super().__init__()
        self._head = head
        self._words = frozenset(words)
        self._rows: Sequence[TableRow] = ()
        self._texts: list[str] = []
        self.shown: list[TableRow] = []
        self._text = ""
        self._kinds: frozenset[str] | None = None
        self._sorted = -1, Qt.SortOrder.AscendingOrder

    def set_rows(self, rows: Sequence[TableRow]) -> None:
        self._rows = rows
        self._texts = ["\n".join(row.cells).casefold() for row in rows]
        self._arrange()

    def set_filter(self, text: str, kinds: frozenset[str] | None) -> None:
        """Show rows that have the text in some cell, and are of some of the kinds."""
        self._text = text.strip().casefold()
        self._kinds = kinds
        self._arrange()

    @property
    def n(self) -> int:
        """How many rows there are, in sight or not."""
        return len(self._rows)

    def sort(
        self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder
    ) -> None:
        self._sorted = column, order
        self._arrange()

    def _arrange(self) -> None:
        self.beginResetModel()
        self.shown = [
            row
            for row, text in zip(self._rows, self._texts, strict=True)
            if (self._kinds is None or row.kind in self._kinds) and self._text in text
        ]
        column, order = self._sorted
        if column >= 0:
            descending = order == Qt.SortOrder.DescendingOrder
            self.shown.sort(key=lambda r: sort_key(r.cells[column]), reverse=descending)
        self.endResetModel()

    # -- Qt -------------------------------------------------------------------------

    def rowCount(self, parent: _Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self.shown)

    def columnCount(self, parent: _Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._head)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        text = self.shown[index.row()].cells[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return one_line(text)
            case Qt.ItemDataRole.ToolTipRole if len(text) > _LONG:
                return plain_tooltip("All of it:", text)
            case Qt.ItemDataRole.TextAlignmentRole:
                return self._alignment(index.column())
            case _:
                return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        if orientation == Qt.Orientation.Vertical:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._head[section]
            case Qt.ItemDataRole.TextAlignmentRole:
                return self._alignment(section)
            case _:
                return None

    def _alignment(self, column: int) -> Qt.AlignmentFlag:
        flag = Qt.AlignmentFlag
        side = flag.AlignLeft if column in self._words else flag.AlignRight
        return side | flag.AlignVCenter


@lru_cache(maxsize=1 << 16)
def sort_key(text: str) -> SortKey:
    """Numbers in a text by their size; what is no number after them."""
    return tuple(
        (0, float(part.replace(",", "").replace(MINUS, "-")), "")
        if _NUMBER.fullmatch(part)
        else (1, 0.0, part.casefold())
        for part in _NUMBER.split(text)
        if part
    )


class _Rows(QTableView):
    def keyPressEvent(self, event: QKeyEvent) -> None:
        model = self.model()
        if event.matches(QKeySequence.StandardKey.Copy) and isinstance(
            model, RowsModel
        ):
            chosen = sorted({index.row() for index in self.selectedIndexes()})
            lines = ["\t".join(map(copied, model.shown[at].cells)) for at in chosen]
            QGuiApplication.clipboard().setText("\n".join(lines))
        else:
            super().keyPressEvent(event)


class ComparedTable(QWidget):
    """A table with its filters, and how many of its rows are shown."""

    chosen = Signal(object)
    """What a row tells of, on a double click or Enter."""
    selection_changed = Signal()

    def __init__(
        self,
        name: str,
        head: Sequence[str],
        filters: Sequence[Filter],
        *,
        words: Collection[int],
        wide: Collection[int],
        parent: QWidget | None = None,
    ) -> None:
        """Build an empty table.

        Parameters
        ----------
        name : what a screen reader calls it.
        filters : the first is chosen.
        words : columns that are no numbers.
        wide : columns that share what room is left.
        """
        super().__init__(parent)
        self._filters = filters
        self._empty, self._more = "", 0
        self.rows = RowsModel(head, words)
        self.text = QLineEdit()
        self.text.setPlaceholderText("Filter")
        self.text.setClearButtonEnabled(True)
        self.text.setAccessibleName(f"Filter of {name}")
        self.difference = QComboBox()
        self.difference.setAccessibleName(f"Differences of {name}")
        self.difference.addItems([one.name for one in filters])
        self.count = QLabel()
        self.count.setProperty("role", "muted")
        self.view = _Rows()
        self._set_up_view(name)
        self._divide(wide)
        self._arrange()
        self.text.textChanged.connect(self._filter)
        self.difference.currentIndexChanged.connect(self._filter)
        self.view.activated.connect(
            lambda index: self.chosen.emit(self.rows.shown[index.row()].of)
        )
        self.view.selectionModel().selectionChanged.connect(self.selection_changed)
        self._filter()

    def _set_up_view(self, name: str) -> None:
        view = self.view
        view.setModel(self.rows)
        view.setAccessibleName(name)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setTabKeyNavigation(False)
        view.setShowGrid(False)
        view.setStyleSheet(TABLE_STYLE)
        view.setWordWrap(False)
        view.setSortingEnabled(True)
        view.verticalHeader().hide()
        view.verticalHeader().setDefaultSectionSize(
            view.fontMetrics().lineSpacing() + 8
        )
        header = view.horizontalHeader()
        header.setHighlightSections(False)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setResizeContentsPrecision(_MEASURED)

    def _divide(self, wide: Collection[int]) -> None:
        # Fitted when other rows come, and not at each letter of a filter.
        mode = QHeaderView.ResizeMode
        for column in range(self.rows.columnCount()):
            self.view.horizontalHeader().setSectionResizeMode(
                column, mode.Stretch if column in wide else mode.Interactive
            )

    def _arrange(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.text, 1)
        row.addWidget(self.difference)
        row.addWidget(self.count)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.addLayout(row)
        column.addWidget(self.view, 1)

    def show_rows(self, rows: Sequence[TableRow], *, empty: str, of: int = 0) -> None:
        """Show other rows; the place in the table stays, as far as there is one.

        Parameters
        ----------
        empty : what is said where there is none.
        of : how many there are, where these are not all.
        """
        at = self.view.currentIndex().row()
        self._empty, self._more = empty, max(of - len(rows), 0)
        self.rows.set_rows(rows)
        self.view.resizeColumnsToContents()
        if 0 <= at < self.rows.rowCount():
            self.view.setCurrentIndex(self.rows.index(at, 0))
        self._say()

    def picked(self) -> list[object]:
        """What the selected rows tell of; of all in sight where none is selected."""
        rows = {index.row() for index in self.view.selectionModel().selectedRows()}
        return [
            row.of for at, row in enumerate(self.rows.shown) if at in rows or not rows
        ]

    @property
    def has_selection(self) -> bool:
        return self.view.selectionModel().hasSelection()

    def _filter(self) -> None:
        chosen = self._filters[self.difference.currentIndex()]
        self.rows.set_filter(self.text.text(), chosen.kinds)
        self._say()
        self.selection_changed.emit()

    def _say(self) -> None:
        shown, n = self.rows.rowCount(), self.rows.n
        more = f" (of {n + self._more:,}, the export holds all)" if self._more else ""
        self.count.setText(f"{shown:,} of {n:,}{more}" if n else self._empty)
