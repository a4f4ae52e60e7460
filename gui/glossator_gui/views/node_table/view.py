"""The page of the node table: filter, rows, and what is done to many of them."""

from collections.abc import Collection, Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QStackedWidget, QVBoxLayout, QWidget

from glossator.graph.attribution_graph import BoolColumn
from glossator_gui.look.theme import Theme
from glossator_gui.views.node_table.bulk_bar import BulkBar
from glossator_gui.views.node_table.columns import Column, Value
from glossator_gui.views.node_table.filter_bar import FilterBar
from glossator_gui.views.node_table.model import NodeTableModel
from glossator_gui.views.node_table.table import NodeTable

_NO_GRAPH = "Open a graph to begin."
_NONE_LEFT = "No node passes the filter. “Show All” takes it off."


class NodeTableView(QWidget):
    """Shows the nodes of a graph as rows; says what a person does with them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.filter = FilterBar()
        self.model = NodeTableModel(self)
        self.table = NodeTable(self.model)
        self.bulk = BulkBar()
        self.empty = QLabel(_NO_GRAPH)
        self.empty.setProperty("role", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.empty)
        self._pages.addWidget(self.table)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.filter)
        column.addWidget(self._pages, 1)
        column.addWidget(self.bulk)
        self.setFocusProxy(self.table)
        self.table.filter_wanted.connect(self.filter.go)
        self.filter.left.connect(self.table.setFocus)
        self.filter.sort_wanted.connect(self._on_sort_wanted)

    def set_theme(self, theme: Theme) -> None:
        self.table.set_theme(theme)

    def show_nodes(
        self,
        values: Mapping[Column, Sequence[Value]],
        labelled: BoolColumn,
        shown: BoolColumn,
    ) -> None:
        """Show another graph; see `NodeTableModel.show_nodes`."""
        self.model.show_nodes(values, labelled, shown)
        self._show_page()

    def update_nodes(self, nodes: Sequence[int], shown: BoolColumn) -> None:
        """Show values that have changed, and what the filter leaves now."""
        selected = self.table.selected
        self.table.mark(())
        self.model.update(nodes, shown)
        self._show_page()
        self.table.mark(selected)

    def show_columns(self, shown: Collection[Column]) -> None:
        self.table.show_columns(shown)
        self.filter.show_columns(shown, self.model.sorted_by[0])

    def _show_page(self) -> None:
        any_nodes, total = self.model.rowCount() > 0, self.model.total
        self.empty.setText(_NONE_LEFT if total else _NO_GRAPH)
        self._pages.setCurrentWidget(self.table if any_nodes else self.empty)
        self.filter.show_count(self.model.rowCount(), total)

    def _on_sort_wanted(self, column: Column) -> None:
        by, descending = self.model.sorted_by
        self.table.sort_by(column, descending=by == column and not descending)
        self.table.setFocus()
