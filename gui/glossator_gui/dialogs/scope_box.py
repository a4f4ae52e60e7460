"""Ask for which features something is to be done."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QGroupBox, QRadioButton, QVBoxLayout


class ScopeBox(QGroupBox):
    """One of several scopes, each with its number of features."""

    changed = Signal()

    def __init__(self, title: str, scopes: Sequence[tuple[str, int]]) -> None:
        """Choose the first scope that is not empty; empty ones cannot be chosen."""
        super().__init__(title)
        self.buttons = QButtonGroup(self)
        layout = QVBoxLayout(self)
        for number, (text, size) in enumerate(scopes):
            button = QRadioButton(f"{text} ({size})")
            button.setEnabled(size > 0)
            if size and not self.any:
                button.setChecked(True)
            self.buttons.addButton(button, number)
            layout.addWidget(button)
        self.buttons.idToggled.connect(self.changed)

    @property
    def any(self) -> bool:
        """Whether there is a scope to choose at all."""
        return self.buttons.checkedId() >= 0

    @property
    def chosen(self) -> int:
        """Place of the scope in the list."""
        return max(self.buttons.checkedId(), 0)
