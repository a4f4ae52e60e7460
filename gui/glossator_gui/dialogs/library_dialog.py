"""What the label library holds, by project, and what may be done with it."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHeaderView,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from glossator.project.library.label_library import LibraryCount
from glossator_gui.views.plain_text import WrappedLabel, one_line

_SIZE = (680, 420)
_LABELS = 3
"""Column of their number."""
_FILES = "Labels (*.jsonl);;All files (*)"
_WHAT = (
    "What you accept in any project is kept here by feature, and proposed in other "
    "projects that have the feature. What you undo or reject there goes from here."
)
_OFF = "It is switched off (Settings…): nothing is added and nothing is proposed."
_EMPTY = "It holds no label yet."


class LibraryDialog(QDialog):
    """Stays open while labels are exported, imported or forgotten."""

    export_requested = Signal(object)
    """Path."""
    import_requested = Signal(object)
    """Path."""
    forget_requested = Signal(object)
    """LibraryCount of the row."""

    def __init__(
        self, path: Path, *, wanted: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Label Library")
        self._counts: Sequence[LibraryCount] = ()
        self.table = QTreeWidget()
        self.table.setAccessibleName("Labels by project")
        self.table.setHeaderLabels(["Project", "Model", "Features", "Labels"])
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        self.table.setAllColumnsShowFocus(True)
        header = self.table.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(_LABELS, QHeaderView.ResizeMode.ResizeToContents)
        self.said = WrappedLabel()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.give = self._button("Export…")
        self.get = self._button("Import…")
        self.forget = self._button("Forget…")
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addWidget(WrappedLabel(_WHAT, role="muted"))
        if not wanted:
            layout.addWidget(WrappedLabel(_OFF, role="warning"))
        layout.addWidget(self.table, 1)
        layout.addWidget(self.said)
        layout.addWidget(WrappedLabel(f"Kept in {path}", role="muted", small=True))
        layout.addWidget(self.buttons)
        self.resize(*_SIZE)
        self.table.itemSelectionChanged.connect(self._enable)
        self.give.clicked.connect(self._on_export)
        self.get.clicked.connect(self._on_import)
        self.forget.clicked.connect(self._on_forget)
        self.buttons.rejected.connect(self.reject)

    def _button(self, text: str) -> QPushButton:
        role = QDialogButtonBox.ButtonRole.ActionRole
        button = self.buttons.addButton(text, role)
        button.setAutoDefault(False)
        return button

    def show_counts(self, counts: Sequence[LibraryCount]) -> None:
        self._counts = counts
        self.table.clear()
        for count in counts:
            item = QTreeWidgetItem(
                [
                    one_line(count.project) or "not named",
                    one_line(count.model),
                    one_line(count.source_set) or "not named",
                    f"{count.n_labels:,}",
                ]
            )
            item.setTextAlignment(_LABELS, Qt.AlignmentFlag.AlignRight)
            self.table.addTopLevelItem(item)
        # The keyboard could not choose the only one.
        self.table.setCurrentIndex(self.table.model().index(0, 0))
        self.say("" if counts else _EMPTY)
        self._enable()

    def say(self, text: str) -> None:
        """What was done, or why it could not be."""
        self.said.setText(text)
        self.said.setVisible(bool(text))

    def texts(self) -> list[list[str]]:
        """What stands in the table, row by row."""
        items = (self.table.topLevelItem(row) for row in range(len(self._counts)))
        return [
            [item.text(column) for column in range(self.table.columnCount())]
            for item in items
            if item is not None
        ]

    def _enable(self) -> None:
        self.give.setEnabled(bool(self._counts))
        self.forget.setEnabled(bool(self.table.selectedItems()))

    def _on_forget(self) -> None:
        row = self.table.currentIndex().row()
        self.forget_requested.emit(self._counts[row])

    def _on_export(self) -> None:
        files = self._files("Export labels to")
        files.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        files.setDefaultSuffix("jsonl")
        files.selectFile("labels.jsonl")
        files.fileSelected.connect(lambda name: self.export_requested.emit(Path(name)))
        files.open()

    def _on_import(self) -> None:
        files = self._files("Import labels from")
        files.setFileMode(QFileDialog.FileMode.ExistingFile)
        files.fileSelected.connect(lambda name: self.import_requested.emit(Path(name)))
        files.open()

    def _files(self, title: str) -> QFileDialog:
        files = QFileDialog(self, title, "", _FILES)
        files.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return files
