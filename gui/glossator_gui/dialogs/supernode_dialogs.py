"""What is asked about supernodes."""

from collections.abc import Mapping
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog, QWidget

from glossator_gui.views.plain_text import one_line


class OnText(Protocol):
    def __call__(self, text: str, /) -> None: ...


class OnNumber(Protocol):
    def __call__(self, number: int, /) -> None: ...


def ask_note(parent: QWidget, title: str, note: str, on_note: OnText) -> None:
    """Ask for a note of any length; an empty one takes it away."""
    dialog = QInputDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(title)
    dialog.setOption(QInputDialog.InputDialogOption.UsePlainTextEditForTextInput)
    dialog.setLabelText("Note")
    dialog.setTextValue(note)
    dialog.accepted.connect(lambda: on_note(dialog.textValue().strip()))
    dialog.open()


def ask_supernode(
    parent: QWidget, title: str, names: Mapping[int, str], on_number: OnNumber
) -> None:
    """Ask for one of the supernodes, by number."""
    shown: dict[str, int] = {}
    for number, name in names.items():
        text = one_line(name) or "Unnamed"
        shown[f"{text} · {number}" if text in shown else text] = number
    dialog = QInputDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(title)
    dialog.setLabelText("Supernode")
    dialog.setComboBoxItems(list(shown))
    dialog.accepted.connect(lambda: on_number(shown[dialog.textValue()]))
    dialog.open()
