"""Inputs and outputs of the selected node, strongest first."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSplitter, QVBoxLayout, QWidget

from glossator_gui.look.theme import LIGHT, Theme
from glossator_gui.views.connections.filter_row import FilterRow
from glossator_gui.views.connections.rows import ConnectionRow, arranged
from glossator_gui.views.connections.table import ConnectionTable

__all__ = ["ConnectionRow", "ConnectionsView"]

_SIDE_BY_SIDE = 760
"""Width in pixels from which the two tables stand beside each other."""


class ConnectionsView(QWidget):
    node_activated = Signal(int)
    """A click or Enter on a row."""
    node_hovered = Signal(int)
    """-1 when the pointer leaves the rows."""
    pin_requested = Signal(int)
    """Ctrl+click, Ctrl+Enter or the menu of a row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.filters = FilterRow()
        self.inputs = ConnectionTable("No inputs")
        self.outputs = ConnectionTable("No outputs")
        self._rows: tuple[Sequence[ConnectionRow], Sequence[ConnectionRow]] = ((), ())
        self._difference = ""
        self._input_heading = _heading()
        self._output_heading = _heading()
        self._splitter = QSplitter(Qt.Orientation.Vertical)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(_titled(self._input_heading, self.inputs))
        self._output_side = _titled(self._output_heading, self.outputs)
        self._splitter.addWidget(self._output_side)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.filters)
        column.addWidget(self._splitter, 1)
        self.filters.changed.connect(self._show)
        for table in (self.inputs, self.outputs):
            table.node_activated.connect(self.node_activated)
            table.node_hovered.connect(self.node_hovered)
            table.pin_requested.connect(self.pin_requested)
        self.set_theme(LIGHT)
        self._show()

    def show_rows(
        self, inputs: Sequence[ConnectionRow], outputs: Sequence[ConnectionRow]
    ) -> None:
        """Show the connections of a node; the order given does not matter."""
        self.inputs.empty_text, self.outputs.empty_text = "No inputs", "No outputs"
        self._rows, self._difference = (inputs, outputs), ""
        self._show()

    def show_nothing(self) -> None:
        """No node is selected."""
        self.inputs.empty_text = "Select a node to see what feeds it"
        self.outputs.empty_text = "Select a node to see what it feeds"
        self._rows, self._difference = ((), ()), ""
        self._show()

    def show_difference(self, name: str, inputs: Sequence[ConnectionRow]) -> None:
        """Show what feeds a difference of logits, which itself feeds nothing."""
        self._rows, self._difference = (inputs, ()), name
        self._show()

    def _show(self) -> None:
        inputs, outputs = self._rows
        whose = f"Inputs of {self._difference}" if self._difference else "Inputs"
        self._fill(self.inputs, self._input_heading, whose, inputs)
        self._fill(self.outputs, self._output_heading, "Outputs", outputs)
        self._output_side.setVisible(not self._difference)

    def _fill(
        self,
        table: ConnectionTable,
        heading: QLabel,
        title: str,
        rows: Sequence[ConnectionRow],
    ) -> None:
        wanted = self.filters.wanted
        passed = [row for row in rows if wanted.passes(row)]
        table.show_rows(arranged(passed, self.filters.wanted_order))
        count = f"{len(rows):,}"
        if len(passed) < len(rows):
            count = f"{len(passed):,} of {count}"
        heading.setText(f"{title} ({count})")
        table.setAccessibleName(heading.text())

    @property
    def headings(self) -> tuple[str, str]:
        return self._input_heading.text(), self._output_heading.text()

    def set_theme(self, theme: Theme) -> None:
        self.inputs.set_theme(theme)
        self.outputs.set_theme(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        way = Qt.Orientation
        wide = self.width() >= _SIDE_BY_SIDE
        self._splitter.setOrientation(way.Horizontal if wide else way.Vertical)


def _heading() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", "title")
    return label


def _titled(heading: QLabel, table: ConnectionTable) -> QWidget:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(8, 6, 8, 6)
    column.setSpacing(4)
    column.addWidget(heading)
    column.addWidget(table)
    return holder
