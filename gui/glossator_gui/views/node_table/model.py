"""The model of the node table: which nodes are shown, in which order."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont

from glossator.graph.attribution_graph import BoolColumn
from glossator_gui.look.theme import LIGHT, Theme
from glossator_gui.views.node_table.columns import (
    COLUMNS,
    EDITABLE,
    EXPLAINED,
    NUMBERS,
    Column,
    Value,
    cell_text,
    ordered,
    spoken_text,
)
from glossator_gui.views.plain_text import plain_tooltip

Index: TypeAlias = QModelIndex | QPersistentModelIndex
Cell: TypeAlias = str | QColor | QFont | Qt.AlignmentFlag | None

_LONG = 24
"""Characters; longer cells tell themselves by a tooltip, too."""
_ONE_BY_ONE = 200
"""Up to so many changed rows are told singly."""
_NOTHING = np.empty(0, dtype=np.int64)


class NodeTableModel(QAbstractTableModel):
    """Rows are the nodes that a filter leaves, by one of the columns."""

    edited = Signal(int, str, str)
    """Node, column's name and text that were typed."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.theme = LIGHT
        self.nodes = _NOTHING
        """Of each row, from the top."""
        self._values: Mapping[Column, Sequence[Value]] = {}
        self._labelled: BoolColumn = np.empty(0, dtype=bool)
        self._shown: BoolColumn = np.empty(0, dtype=bool)
        self._row_of = _NOTHING
        self._found: frozenset[int] = frozenset()
        self._sorted = Column.INFLUENCE
        self._descending = False

    # -- what is shown --------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._tell_rows(np.arange(len(self.nodes)))

    def show_nodes(
        self,
        values: Mapping[Column, Sequence[Value]],
        labelled: BoolColumn,
        shown: BoolColumn,
    ) -> None:
        """Show another graph's nodes.

        Parameters
        ----------
        values : of each column one value a node; `update` tells that some have changed.
        labelled : nodes that can bear labels and notes.
        shown : nodes that the filter leaves.
        """
        self.beginResetModel()
        self._values, self._labelled, self._shown = values, labelled, shown
        self._set_order(self._order())
        self.endResetModel()

    def update(self, nodes: Sequence[int], shown: BoolColumn) -> None:
        """Take in that values of nodes have changed, and what the filter leaves now."""
        self._shown = shown
        order = self._order()
        if not np.array_equal(order, self.nodes):
            self._reorder(order)
        rows = self._row_of[list(nodes)] if len(nodes) else _NOTHING
        self._tell_rows(rows[rows >= 0])

    def set_found(self, nodes: Iterable[int]) -> None:
        """Mark the nodes that Find has found."""
        before, self._found = self._found, frozenset(nodes)
        changed = np.array(list(before ^ self._found), dtype=np.int64)
        rows = self._row_of[changed[changed < len(self._row_of)]]
        self._tell_rows(rows[rows >= 0])

    def row_of(self, node: int) -> int:
        """-1 where the node is not shown."""
        return int(self._row_of[node]) if 0 <= node < len(self._row_of) else -1

    @property
    def total(self) -> int:
        """Nodes, shown or not."""
        return len(self._shown)

    def text(self, node: int, column: Column) -> str:
        return cell_text(column, self._values[column][node])

    @property
    def sorted_by(self) -> tuple[Column, bool]:
        """The column, and whether its largest are on top."""
        return self._sorted, self._descending

    def _order(self) -> NDArray[np.int64]:
        if not self._values:
            return _NOTHING
        nodes = np.flatnonzero(self._shown)
        by = self._sorted
        return ordered(nodes, by, self._values[by], descending=self._descending)

    def _set_order(self, order: NDArray[np.int64]) -> None:
        self.nodes = order
        self._row_of = np.full(len(self._shown), -1, dtype=np.int64)
        self._row_of[order] = np.arange(len(order))

    def _reorder(self, order: NDArray[np.int64]) -> None:
        """Put the rows in another order; some may go, some may come."""
        self.layoutAboutToBeChanged.emit()
        held = self.persistentIndexList()
        nodes = [int(self.nodes[index.row()]) for index in held]
        self._set_order(order)
        for index, node in zip(held, nodes, strict=True):
            row = self.row_of(node)
            moved = self.index(row, index.column()) if row >= 0 else QModelIndex()
            self.changePersistentIndex(index, moved)
        self.layoutChanged.emit()

    def _tell_rows(self, rows: NDArray[np.int64]) -> None:
        last = self.columnCount() - 1
        if len(rows) > _ONE_BY_ONE:
            low, high = int(rows.min()), int(rows.max())
            self.dataChanged.emit(self.index(low, 0), self.index(high, last))
            return
        for row in rows.tolist():
            self.dataChanged.emit(self.index(row, 0), self.index(row, last))

    # -- Qt -------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.nodes)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def sort(
        self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder
    ) -> None:
        if not 0 <= column < len(COLUMNS):
            return
        self._sorted = COLUMNS[column]
        self._descending = order == Qt.SortOrder.DescendingOrder
        self._reorder(self._order())

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Cell:
        if not index.isValid():
            return None
        node, column = int(self.nodes[index.row()]), COLUMNS[index.column()]
        value = self._values[column][node]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return cell_text(column, value)
            case Qt.ItemDataRole.EditRole:
                return str(value or "")
            case Qt.ItemDataRole.AccessibleTextRole:
                return spoken_text(column, value)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case Qt.ItemDataRole.ToolTipRole:
                text = str(value or "")
                return (
                    plain_tooltip(column.heading, text) if len(text) > _LONG else None
                )
            case Qt.ItemDataRole.DecorationRole if column == Column.TIER:
                return self._tier_colour(str(value or ""))
            case Qt.ItemDataRole.BackgroundRole if node in self._found:
                return self.theme.shade(0.22)
            case Qt.ItemDataRole.FontRole if node in self._found:
                font = QFont()
                font.setBold(True)
                return font
            case _:
                return None

    def _tier_colour(self, tier: str) -> QColor | None:
        colours = {str(name): colour for name, colour in self.theme.tiers.items()}
        colour = colours.get(tier)
        return QColor(colour) if colour else None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Cell:
        if orientation != Qt.Orientation.Horizontal or section < 0:
            return None
        column = COLUMNS[section]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return column.heading
            case Qt.ItemDataRole.ToolTipRole:
                return EXPLAINED.get(column)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case _:
                return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if not index.isValid() or COLUMNS[index.column()] not in EDITABLE:
            return flags
        can_label = self._labelled[self.nodes[index.row()]]
        return flags | Qt.ItemFlag.ItemIsEditable if can_label else flags

    def setData(
        self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        """Tell what was typed; it stands here once it is in the project."""
        if role != Qt.ItemDataRole.EditRole or not index.isValid():
            return False
        node, column = int(self.nodes[index.row()]), COLUMNS[index.column()]
        text = str(value).strip()
        if text == str(self._values[column][node] or ""):
            return False
        self.edited.emit(node, column.value, text)
        return True


def _alignment(column: Column) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft
    if column in NUMBERS:
        side = Qt.AlignmentFlag.AlignRight
    elif column in (Column.FLAG, Column.PINNED):
        side = Qt.AlignmentFlag.AlignHCenter
    return side | Qt.AlignmentFlag.AlignVCenter
