"""A project that cannot be written now: to be read, or left."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from glossator.errors import NotWritable
from glossator_gui.views.plain_text import one_line


def ask_to_read(
    parent: QWidget, error: NotWritable, on_read: Callable[[], None]
) -> None:
    """Offer to open it read-only, as it is now; Escape leaves it."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle("Glossator")
    box.setIcon(QMessageBox.Icon.Question)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(f"{one_line(str(error.path))} cannot be changed now: {error.reason}.")
    box.setInformativeText(
        "You can look at it as it is now, and save a copy to work on."
    )
    read = box.addButton("Open Read-Only", QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(read)
    box.addButton(QMessageBox.StandardButton.Cancel)
    read.clicked.connect(on_read)
    box.open()
