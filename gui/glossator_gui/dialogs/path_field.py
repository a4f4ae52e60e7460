"""A line for a path or a name, with a button to browse."""

from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QWidget,
)

Browsed = Literal["file", "folder"]


class PathField(QWidget):
    changed = Signal()

    def __init__(
        self, name: str, hint: str, browsed: Browsed, parent: QWidget | None = None
    ) -> None:
        """Build the field.

        Parameters
        ----------
        name : what a screen reader calls it.
        hint : shown while it is empty.
        """
        super().__init__(parent)
        self._browsed = browsed
        self._name = name
        self.line = QLineEdit()
        self.line.setPlaceholderText(hint)
        self.line.setAccessibleName(name)
        self.browse = QPushButton("Browse…")
        self.browse.setAccessibleName(f"Browse for {name}")
        self.browse.setAutoDefault(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.line, 1)
        row.addWidget(self.browse)
        self.setFocusProxy(self.line)
        self.line.textChanged.connect(self.changed)
        self.browse.clicked.connect(self._browse)

    @property
    def text(self) -> str:
        return self.line.text().strip()

    def set_text(self, text: str) -> None:
        self.line.setText(text)

    def _browse(self) -> None:
        dialog = QFileDialog(self, f"Choose {self._name}", self.text)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        mode = QFileDialog.FileMode
        folder = self._browsed == "folder"
        dialog.setFileMode(mode.Directory if folder else mode.ExistingFile)
        dialog.fileSelected.connect(self.set_text)
        dialog.open()
