"""One paragraph of a verbalization: what part it is, its text, whether it is chosen."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from glossator_gui.look.theme import LIGHT, Theme
from glossator_gui.views.plain_text import WrappedLabel, small_font

_USE = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class ParagraphBlock(QFrame):
    """Chosen by click or by the keyboard; Enter asks to use it as the label."""

    chosen = Signal()
    use_requested = Signal()

    def __init__(self, part: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.part = part
        self.text = text
        self._theme = LIGHT
        self._chosen = False
        self.setObjectName("paragraph")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(f"{part}: {text}")
        caption = QLabel(part)
        caption.setTextFormat(Qt.TextFormat.PlainText)
        caption.setProperty("role", "muted")
        caption.setFont(small_font(caption.font()))
        column = QVBoxLayout(self)
        column.setContentsMargins(9, 5, 9, 7)
        column.setSpacing(1)
        column.addWidget(caption)
        column.addWidget(WrappedLabel(text))
        self.set_theme(LIGHT)

    def set_chosen(self, chosen: bool) -> None:
        self._chosen = chosen
        self._paint_frame()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._paint_frame()

    def _paint_frame(self) -> None:
        theme = self._theme
        left = theme.accent if self._chosen else theme.border
        background = theme.raised if self._chosen else "transparent"
        self.setStyleSheet(
            f"#paragraph {{ border: none; border-left: 3px solid {left};"
            f" background: {background}; }}"
        )

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.chosen.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.chosen.emit()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _USE:
            self.use_requested.emit()
        elif event.key() == Qt.Key.Key_Down:
            self.focusNextChild()
        elif event.key() == Qt.Key.Key_Up:
            self.focusPreviousChild()
        else:
            super().keyPressEvent(event)
