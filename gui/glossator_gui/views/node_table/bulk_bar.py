"""What can be done to all selected nodes at once."""

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QPushButton,
    QWidget,
)

from glossator.project.edits import TAGS
from glossator_gui.views.elided_label import ElidedLabel

_BUTTONS: tuple[tuple[str, str], ...] = (
    ("accept_selected", "Accept"),
    ("label_selected", "Label…"),
    ("reject_selected", "Reject"),
    ("skip_selected", "Skip"),
    ("flag_selected", "Flag"),
    ("note_selected", "Note…"),
    ("pin", "Pin"),
    ("group", "Group…"),
)
"""Names of the actions, and what their buttons say."""
_OF_NODES = frozenset({"pin", "group"})


class BulkBar(QWidget):
    """Buttons for actions, beside how much they would change."""

    tag_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.count = ElidedLabel()
        self.buttons = {name: QPushButton(text) for name, text in _BUTTONS}
        self.tag = QPushButton("Tag")
        self.tag.setToolTip("Put a tag on the selected features, or take it off")
        self.tag.setMenu(self._tag_menu())
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 6, 10, 6)
        row.setSpacing(6)
        row.addWidget(self.count, 1)
        for name, button in self.buttons.items():
            row.addWidget(button)
            if name == "flag_selected":
                row.addWidget(self.tag)
        self.show_count(0, 0, 0)

    def _tag_menu(self) -> QMenu:
        menu = QMenu(self)
        for tag in TAGS:
            action = menu.addAction(f"Tag &{tag}")
            action.triggered.connect(lambda _=False, t=tag: self.tag_wanted.emit(t))
        return menu

    def set_actions(self, actions: Mapping[str, QAction]) -> None:
        """Have the buttons do what the actions of their names do."""
        for name, button in self.buttons.items():
            button.clicked.connect(actions[name].trigger)
            button.setToolTip(actions[name].toolTip())

    def show_count(self, nodes: int, features: int, hidden: int) -> None:
        """Say how many nodes are selected, and how many of them the filter hides."""
        if not nodes:
            self.count.show_text("Select rows to change them together.")
        else:
            node = "node" if nodes == 1 else "nodes"
            feature = "feature" if features == 1 else "features"
            unseen = f", {hidden:,} of them not in sight" if hidden else ""
            self.count.show_text(f"{nodes:,} {node} of {features:,} {feature}{unseen}")
        self.tag.setEnabled(features > 0)
        for name, button in self.buttons.items():
            button.setEnabled((nodes if name in _OF_NODES else features) > 0)
