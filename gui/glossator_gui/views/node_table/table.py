"""The table itself: what keys and clicks do in it."""

from collections.abc import Collection, Sequence

import numpy as np
from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from glossator_gui.look.theme import LIGHT, Theme
from glossator_gui.views.node_table.columns import COLUMNS, Column
from glossator_gui.views.node_table.model import NodeTableModel

_SAMPLES = {
    Column.ID: "12_345678_10",
    Column.KIND: "attention",
    Column.LAYER: "Layer ▲",
    Column.FEATURE: "12/345678",
    Column.TOKEN: "·Washington",
    Column.POSITION: "Position ▲",
    Column.LABEL: "what a feature means, in a few words",
    Column.STATUS: "✓ unlabelled",
    Column.METHOD: "token-frequency",
    Column.TIER: "■ insufficient",
    Column.Z: "−12.3 ▲",
    Column.ACTIVATION: "Activation ▲",
    Column.INFLUENCE: "Influence ▲",
    Column.TAGS: "1 2 3 4 5",
    Column.FLAG: "Flag ▲",
    Column.SUPERNODE: "Say a capital city",
    Column.PINNED: "Pinned ▲",
    Column.NOTE: "a note of some more words",
}
"""As wide as this a column is at the start."""
_STYLE = """
QTableView::item { padding: 0 5px; }
QHeaderView { background: palette(button); }
QHeaderView::section { background: palette(button); border: none; padding: 4px 8px;
  border-bottom: 1px solid palette(mid); }
"""
_EDIT_KEY = Qt.Key.Key_F2
_BOX = 15.0
_DOT = QSize(10, 10)


class _TagDelegate(QStyledItemDelegate):
    """Tags as numbers in boxes of their colours."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = LIGHT

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        painter.save()
        rect: QRect = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, option.palette.highlight())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left = rect.left() + 5.0
        for name in str(index.data() or "").split():
            tags = self.theme.tags
            known = name.isdecimal() and 0 < int(name) <= len(tags)
            colour = QColor(tags[int(name) - 1] if known else self.theme.untiered)
            box = QRectF(left, rect.center().y() - _BOX / 2 + 0.5, _BOX, _BOX)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawRoundedRect(box, 3, 3)
            painter.setPen(self.theme.text_on(colour))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)
            left += _BOX + 3
        painter.restore()


class NodeTable(QTableView):
    """Rows are selected, labels and notes typed in place."""

    nodes_selected = Signal(tuple)
    """Nodes of the rows that a person selected; the current one is the last."""
    filter_wanted = Signal()
    """The key to where words are typed was pressed."""

    def __init__(self, model: NodeTableModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = model
        self._tags = _TagDelegate(self)
        self._marking = False
        self.setModel(model)
        self.setItemDelegateForColumn(COLUMNS.index(Column.TAGS), self._tags)
        self.setAccessibleName("Nodes of the graph")
        self._set_behaviour()
        self._set_columns()
        self.selectionModel().selectionChanged.connect(self._on_selection_changed)

    def _set_behaviour(self) -> None:
        view, triggers = QAbstractItemView, QAbstractItemView.EditTrigger
        self.setSelectionBehavior(view.SelectionBehavior.SelectRows)
        self.setSelectionMode(view.SelectionMode.ExtendedSelection)
        self.setEditTriggers(triggers.EditKeyPressed | triggers.DoubleClicked)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setStyleSheet(_STYLE)
        self.setWordWrap(False)
        self.setHorizontalScrollMode(view.ScrollMode.ScrollPerPixel)
        self.setCornerButtonEnabled(False)
        self.setIconSize(_DOT)

    def _set_columns(self) -> None:
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        metrics = self.fontMetrics()
        rows.setDefaultSectionSize(metrics.height() + 8)
        columns.setHighlightSections(False)
        columns.setStretchLastSection(True)
        for column, sample in _SAMPLES.items():
            width = metrics.horizontalAdvance(sample) + 20
            self.setColumnWidth(COLUMNS.index(column), width)
        # Headers would ask of every row whether it is selected, at each painting.
        for header in (rows, columns):
            header.setSelectionModel(QItemSelectionModel(self.rows, header))
        by, descending = self.rows.sorted_by
        self.sort_by(by, descending=descending)
        self.setSortingEnabled(True)

    def set_theme(self, theme: Theme) -> None:
        self._tags.theme = theme
        self.rows.set_theme(theme)

    # -- what is shown --------------------------------------------------------------

    def sort_by(self, column: Column, *, descending: bool = False) -> None:
        order = Qt.SortOrder
        self.horizontalHeader().setSortIndicator(
            COLUMNS.index(column),
            order.DescendingOrder if descending else order.AscendingOrder,
        )

    def show_columns(self, shown: Collection[Column]) -> None:
        for at, column in enumerate(COLUMNS):
            self.setColumnHidden(at, column not in shown)

    @property
    def shown_columns(self) -> frozenset[Column]:
        hidden = self.isColumnHidden
        return frozenset(c for at, c in enumerate(COLUMNS) if not hidden(at))

    @property
    def selected(self) -> tuple[int, ...]:
        """Nodes of the selected rows from the top; the current one is the last."""
        chosen = [
            row
            for span in self.selectionModel().selection().toList()
            for row in range(span.top(), span.bottom() + 1)
        ]
        nodes = self.rows.nodes[sorted(chosen)].tolist()
        current = self.currentIndex()
        if (
            current.isValid()
            and (focus := int(self.rows.nodes[current.row()])) in nodes
        ):
            nodes.remove(focus)
            nodes.append(focus)
        return tuple(nodes)

    def set_selection(self, nodes: Sequence[int]) -> None:
        """Select the rows of nodes without telling anyone; the last is scrolled to."""
        selected = self.selected
        if set(nodes) == set(selected) and tuple(nodes[-1:]) == selected[-1:]:
            return
        self.mark(nodes)
        row = self.rows.row_of(nodes[-1]) if nodes else -1
        if row >= 0:
            column = max(self.currentIndex().column(), COLUMNS.index(Column.LABEL))
            current = self.rows.index(row, column)
            flag = QItemSelectionModel.SelectionFlag.NoUpdate
            self.selectionModel().setCurrentIndex(current, flag)
            across = self.horizontalScrollBar().value()
            self.scrollTo(current)
            self.horizontalScrollBar().setValue(across)

    def mark(self, nodes: Sequence[int]) -> None:
        """Likewise, and nothing is scrolled."""
        rows = np.sort([row for row in map(self.rows.row_of, nodes) if row >= 0])
        selection, last = QItemSelection(), len(COLUMNS) - 1
        runs = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
        for run in (run for run in runs if len(run)):
            top, bottom = int(run[0]), int(run[-1])
            selection.select(self.rows.index(top, 0), self.rows.index(bottom, last))
        flag = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self._marking = True
        self.selectionModel().select(selection, flag)
        self._marking = False

    # -- what the person does -------------------------------------------------------

    def _on_selection_changed(self) -> None:
        if not self._marking:
            self.nodes_selected.emit(self.selected)

    def copy(self) -> None:
        """Put the selected rows on the clipboard, with what the columns are called."""
        shown = [column for column in COLUMNS if column in self.shown_columns]
        lines = ["\t".join(column.heading for column in shown)]
        chosen = set(self.selected)
        for node in self.rows.nodes.tolist():
            if node in chosen:
                texts = (self.rows.text(node, column) for column in shown)
                lines.append("\t".join(text.replace("\t", " ") for text in texts))
        QGuiApplication.clipboard().setText("\n".join(lines))

    def edit_here(self, column: Column) -> None:
        """Type into a column of the current row."""
        row = self.currentIndex().row()
        index = self.rows.index(max(row, 0), COLUMNS.index(column))
        if index.flags() & Qt.ItemFlag.ItemIsEditable:
            self.setCurrentIndex(index)
            self.edit(index)

    def event(self, event: QEvent) -> bool:
        overrides = event.type() == QEvent.Type.ShortcutOverride
        if overrides and isinstance(event, QKeyEvent) and event.key() == _EDIT_KEY:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() == _EDIT_KEY:
            on_note = self.currentIndex().column() == COLUMNS.index(Column.NOTE)
            self.edit_here(Column.NOTE if on_note else Column.LABEL)
        elif event.key() == Qt.Key.Key_Slash and not event.modifiers():
            self.filter_wanted.emit()
        else:
            super().keyPressEvent(event)

    def moveCursor(
        self, action: QAbstractItemView.CursorAction, keys: Qt.KeyboardModifier
    ) -> QModelIndex:
        """Home and End go to the first and the last row."""
        ends = {
            QAbstractItemView.CursorAction.MoveHome: 0,
            QAbstractItemView.CursorAction.MoveEnd: self.rows.rowCount() - 1,
        }
        row = ends.get(action)
        if row is None:
            return super().moveCursor(action, keys)
        return self.rows.index(row, max(self.currentIndex().column(), 0))
