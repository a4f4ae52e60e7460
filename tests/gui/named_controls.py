"""Every control that the keyboard reaches has a name for those who cannot see it."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QWidget


def unnamed(parent: QWidget) -> list[str]:
    """Controls in sight without a name."""
    found = []
    for widget in parent.findChildren(QWidget):
        inside = widget.focusProxy() is not None
        reached = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        part = widget.objectName().startswith("qt_")
        if reached and widget.isVisible() and not inside and not part:
            interface = QAccessible.queryAccessibleInterface(widget)
            if not interface.text(QAccessible.Text.Name):
                found.append(repr(widget))
    return found
