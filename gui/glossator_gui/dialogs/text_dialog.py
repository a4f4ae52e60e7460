"""A longer text to read and copy: diagnostics, a log."""

from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from glossator_gui.views.plain_text import WrappedLabel, printable

_WIDTH, _HEIGHT = 720, 560


class Text(Protocol):
    def __call__(self, *, details: bool) -> str:
        """The text, with the person's own details or without."""


class TextDialog(QDialog):
    """Shows exactly what would be copied."""

    def __init__(
        self,
        title: str,
        about: str,
        text: Text,
        *,
        tick: str = "",
        folder: Path | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """Build the dialog.

        Parameters
        ----------
        tick : what a tick adds to the text; without it there is nothing to tick.
        folder : where the text is kept, to be opened.
        """
        super().__init__(parent)
        self.setWindowTitle(title)
        self._text = text
        self.details = QCheckBox(tick)
        self.details.setVisible(bool(tick))
        self.details.toggled.connect(self._show)
        self.view = QPlainTextEdit()
        self.view.setReadOnly(True)
        self.view.setAccessibleName(title)
        self.view.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.view.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.view.setTabChangesFocus(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy = buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        self.copy.setProperty("primary", True)
        self.copy.setDefault(True)
        self.copy.clicked.connect(self._copy)
        if folder is not None:
            show = buttons.addButton(
                "Open Folder", QDialogButtonBox.ButtonRole.ActionRole
            )
            url = QUrl.fromLocalFile(str(folder))
            show.clicked.connect(lambda: QDesktopServices.openUrl(url))
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(WrappedLabel(about, role="muted"))
        layout.addWidget(self.view, 1)
        layout.addWidget(self.details)
        layout.addWidget(buttons)
        self.resize(_WIDTH, _HEIGHT)
        self._show()

    def _show(self) -> None:
        text = self._text(details=self.details.isChecked())
        self.view.setPlainText("\n".join(printable(line) for line in text.split("\n")))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.view.toPlainText())
        self.copy.setText("Copied")
