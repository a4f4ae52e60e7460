"""All keys on one page, by menu."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLineEdit,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from glossator_gui.views.plain_text import WrappedLabel

_WIDTH, _HEIGHT = 640, 680
_ABOUT = (
    "Letters work wherever no text is being typed. Ctrl+Shift+P finds any action by "
    "name; Edit › Settings › Keyboard changes keys."
)


class CheatSheet(QDialog):
    """Actions with their keys; typing narrows them down."""

    def __init__(
        self,
        sections: Sequence[tuple[str, Sequence[tuple[str, str]]]],
        parent: QWidget | None = None,
    ) -> None:
        """Build the sheet.

        Parameters
        ----------
        sections : title, and the section's actions with their keys.
        """
        super().__init__(parent)
        self.setWindowTitle("Keys")
        self._sections = sections
        self.field = QLineEdit()
        self.field.setPlaceholderText("Find an action or a key")
        self.field.setAccessibleName("Find an action or a key")
        self.field.setClearButtonEnabled(True)
        self.field.textChanged.connect(self._show)
        self.model = QStandardItemModel()
        self.tree = QTreeView()
        self.tree.setAccessibleName("Keys by menu")
        self.tree.setModel(self.model)
        self.tree.setRootIsDecorated(False)
        self.tree.setItemsExpandable(False)
        self.tree.setUniformRowHeights(True)
        self.tree.setIndentation(16)
        self.tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(self.field)
        layout.addWidget(self.tree, 1)
        layout.addWidget(WrappedLabel(_ABOUT, role="muted"))
        layout.addWidget(buttons)
        self.resize(_WIDTH, _HEIGHT)
        self._show("")

    def _show(self, typed: str) -> None:
        wanted = typed.casefold().split()
        self.model.clear()
        self.model.setHorizontalHeaderLabels(["Action", "Keys"])
        for title, lines in self._sections:
            found = [
                line
                for line in lines
                if all(word in " ".join((title, *line)).casefold() for word in wanted)
            ]
            if found:
                self.model.appendRow(_section(title, found))
        self.tree.expandAll()
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)


def _section(title: str, lines: Sequence[tuple[str, str]]) -> list[QStandardItem]:
    head, none = QStandardItem(title), QStandardItem("")
    font = head.font()
    font.setBold(True)
    head.setFont(font)
    for text, keys in lines:
        key = QStandardItem(keys)
        key.setData(
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
            Qt.ItemDataRole.TextAlignmentRole,
        )
        head.appendRow([QStandardItem(text), key])
    return [head, none]
