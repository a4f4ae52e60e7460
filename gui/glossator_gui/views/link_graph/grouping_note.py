"""Says that clicks group nodes now, and how that ends."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QLabel, QWidget

from glossator_gui.look.theme import Theme

_LEFT, _TOP = 54, 10


class GroupingNote(QLabel):
    """A line over the count at the top of its parent, while grouping."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName("Grouping")
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        self.setStyleSheet(
            f"background: {theme.accent}; color: {theme.on_accent};"
            "padding: 5px 12px; border-radius: 4px; font-weight: 600;"
        )

    def tell(self, nodes: int | None) -> None:
        """How many nodes are in the group to be; None where nothing is grouped."""
        if nodes is None:
            self.hide()
            return
        count = f"{nodes} node{'' if nodes == 1 else 's'}"
        if nodes == 0:
            text = "Grouping: click the nodes, Esc to leave"
        else:
            text = f"Grouping: {count} — release the key, or Enter, to group"
        self.setText(text)
        self.adjustSize()
        self.move(_LEFT, _TOP)
        self.raise_()
        self.show()
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))
