"""Put a filter together, and keep it by name."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from glossator.project.finding.node_filter import NodeFilter
from glossator.project.finding.saved_filters import filter_text
from glossator_gui.dialogs.filter_form import FilterForm
from glossator_gui.dialogs.messages import ask_name
from glossator_gui.views.plain_text import WrappedLabel, one_line

_NONE = "Saved filters"


class FilterDialog(QDialog):
    """Says what is asked for in words, and how many nodes there are of it."""

    changed = Signal(object)
    """NodeFilter as it stands: how many are there?"""
    taken = Signal(object)
    """NodeFilter that was agreed on."""
    save_wanted = Signal(str, object)
    """Name, and NodeFilter; None forgets it."""

    def __init__(
        self,
        title: str,
        take: str,
        wanted: NodeFilter,
        methods: Sequence[str],
        parent: QWidget | None = None,
    ) -> None:
        """Build the dialog.

        Parameters
        ----------
        take : what the button says that takes the filter.
        methods : those that the project's labels are of.
        """
        super().__init__(parent)
        self.setWindowTitle(title)
        self._saved: Mapping[str, NodeFilter] = {}
        self.form = FilterForm(methods)
        self.form.show_filter(wanted)
        self.saved = QComboBox()
        self.saved.setAccessibleName(_NONE)
        self.saved.setMinimumContentsLength(24)
        self.saved.activated.connect(self._on_saved)
        self.save = QPushButton("Save As…")
        self.save.clicked.connect(self._on_save)
        self.forget = QPushButton("Delete")
        self.forget.setToolTip("Forget the saved filter")
        self.forget.clicked.connect(self._on_forget)
        self.empty = QPushButton("Clear")
        self.empty.setToolTip("Ask for nothing")
        self.empty.clicked.connect(lambda: self.form.show_filter(NodeFilter()))
        for button in (self.save, self.forget, self.empty):
            button.setAutoDefault(False)
        self.said = WrappedLabel(max_lines=2)
        self.said.setAccessibleName("The filter in words")
        self.count = WrappedLabel(role="muted")
        self.buttons = QDialogButtonBox()
        self.take = self.buttons.addButton(take, QDialogButtonBox.ButtonRole.AcceptRole)
        self.take.setProperty("primary", True)
        self.take.setDefault(True)
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self._on_taken)
        self.buttons.rejected.connect(self.reject)
        self._lay_out()
        self.form.changed.connect(self._on_changed)
        self.show_saved({})
        self._on_changed()
        self.form.words.setFocus()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.saved)
        top.addWidget(self.save)
        top.addWidget(self.forget)
        top.addStretch(1)
        top.addWidget(self.empty)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addLayout(top)
        layout.addWidget(self.form)
        layout.addWidget(self.said)
        layout.addWidget(self.count)
        layout.addWidget(self.buttons)

    def show_saved(self, saved: Mapping[str, NodeFilter]) -> None:
        """Offer filters that are kept by name."""
        self._saved = saved
        self.saved.clear()
        self.saved.addItem(_NONE if saved else "No saved filters", "")
        for name in saved:
            self.saved.addItem(one_line(name), name)
        self.saved.setEnabled(bool(saved))
        self._mark_saved()

    def show_count(self, text: str) -> None:
        """Say how many nodes the filter leaves."""
        self.count.setText(text)

    def _mark_saved(self) -> None:
        """Name the saved filter that the form shows."""
        wanted = self.form.wanted
        name = next((n for n, kept in self._saved.items() if kept == wanted), "")
        self.saved.setCurrentIndex(self.saved.findData(name))
        self.forget.setEnabled(bool(name))

    def _on_changed(self) -> None:
        wanted = self.form.wanted
        self.said.setText(filter_text(wanted).capitalize())
        self._mark_saved()
        self.changed.emit(wanted)

    def _on_saved(self, at: int) -> None:
        name = self.saved.itemData(at)
        if name:
            self.form.show_filter(self._saved[name])
        self._mark_saved()

    def _on_save(self) -> None:
        suggestion = self.saved.currentData() or filter_text(self.form.wanted)
        ask_name(
            self,
            "Save filter as",
            suggestion,
            lambda name: self.save_wanted.emit(name, self.form.wanted),
        )

    def _on_forget(self) -> None:
        name = self.saved.currentData()
        if name:
            self.save_wanted.emit(name, None)

    def _on_taken(self) -> None:
        self.taken.emit(self.form.wanted)
        self.accept()
