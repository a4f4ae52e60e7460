"""The decisions on a label, one button each; the key of each stands on it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from glossator_gui.views.printed_key import does_action


class DecisionRow(QWidget):
    accept_requested = Signal()
    edit_requested = Signal()
    reject_requested = Signal()
    skip_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.accept = _button("Accept", "A", "Take this text as the label, and go on")
        self.accept.setProperty("primary", True)
        self.edit = _button("Edit", "E", "Write the label yourself")
        self.reject = _button("Reject", "X", "Refuse the label in force, and go on")
        self.skip = _button("Skip", "S", "Go on; leave the label as it is")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for button, stretch, signal in (
            (self.accept, 3, self.accept_requested),
            (self.edit, 2, self.edit_requested),
            (self.reject, 2, self.reject_requested),
            (self.skip, 2, self.skip_requested),
        ):
            button.clicked.connect(signal)
            row.addWidget(button, stretch)


def _button(name: str, key: str, tooltip: str) -> QPushButton:
    button = QPushButton(f"{name} ({key})")
    button.setToolTip(f"{tooltip} ({key})")
    button.setAccessibleName(f"{name}, key {key}")
    does_action(button, name.lower())
    button.setAutoDefault(False)
    return button
