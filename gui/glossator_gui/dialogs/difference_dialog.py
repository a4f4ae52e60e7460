"""Which two logits to compare."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

_ABOUT = "What makes the first more likely than the second: links, colours and inputs."


class DifferenceDialog(QDialog):
    """Two logits of a list; they are never the same one."""

    chosen = Signal(int, int)
    """Places in the list."""

    def __init__(self, names: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Logit difference")
        self.plus = _choice("Logit", names, 0)
        self.minus = _choice("Less the logit", names, 1)
        about = QLabel(_ABOUT)
        about.setWordWrap(True)
        about.setProperty("role", "muted")
        form = QFormLayout()
        form.addRow("Logit", self.plus)
        form.addRow("Less", self.minus)
        box = QDialogButtonBox.StandardButton
        self._buttons = QDialogButtonBox(box.Ok | box.Cancel)
        self._buttons.button(box.Ok).setText("Show")
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(about)
        layout.addLayout(form)
        layout.addWidget(self._buttons)
        for field in (self.plus, self.minus):
            field.currentIndexChanged.connect(self._enable)
        self.accepted.connect(self._tell)

    def _enable(self) -> None:
        differ = self.plus.currentIndex() != self.minus.currentIndex()
        ok = self._buttons.button(QDialogButtonBox.StandardButton.Ok)
        ok.setEnabled(differ)
        ok.setToolTip("" if differ else "Choose two different logits")

    def _tell(self) -> None:
        self.chosen.emit(self.plus.currentIndex(), self.minus.currentIndex())


def _choice(name: str, names: Sequence[str], at: int) -> QComboBox:
    field = QComboBox()
    field.setAccessibleName(name)
    field.addItems(list(names))
    field.setCurrentIndex(at)
    field.setMinimumContentsLength(24)
    return field
