"""What is said of the node under the mouse, beside it."""

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QWidget

from glossator_gui.look.theme import Theme
from glossator_gui.views.plain_text import printable

_WIDTH = 360
_AWAY = 14
_EDGE = 4


class NodeTip(QLabel):
    """Plain text near a point of its parent, kept inside it."""

    thawed = Signal()
    """Shift came up."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._owner = parent
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setAccessibleName("About the node under the mouse")
        self._frozen = False
        self._take_mouse(False)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        self.setStyleSheet(
            f"background: {theme.raised}; color: {theme.text}; padding: 6px 8px;"
            f"border: 1px solid {theme.border}; border-radius: 4px;"
        )

    def set_frozen(self, frozen: bool) -> None:
        """Frozen it takes the mouse, so that its text can be marked and copied."""
        application = QCoreApplication.instance()
        if frozen == self._frozen or application is None:
            return
        self._frozen = frozen
        self._take_mouse(frozen)
        # The key may come up over any widget.
        if frozen:
            application.installEventFilter(self)
        else:
            application.removeEventFilter(self)
            self.thawed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyRelease
            and event.key() == Qt.Key.Key_Shift
        ):
            self.set_frozen(False)
        return False

    def _take_mouse(self, take: bool) -> None:
        through = Qt.WidgetAttribute.WA_TransparentForMouseEvents
        self.setAttribute(through, not take)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            if take
            else Qt.TextInteractionFlag.NoTextInteraction
        )

    def show_near(self, point: QPointF, text: str) -> None:
        room = self._owner.size()
        text = printable(text)
        self.setText(text)
        widest = max(map(self.fontMetrics().horizontalAdvance, text.split("\n"))) + 24
        self.setFixedWidth(max(min(widest, _WIDTH, room.width() - 16), 80))
        self.adjustSize()
        left = point.x() + _AWAY
        if left + self.width() > room.width():
            left = point.x() - _AWAY - self.width()
        top = min(point.y() + _AWAY, room.height() - self.height() - _EDGE)
        self.move(round(max(left, _EDGE)), round(max(top, _EDGE)))
        self.raise_()
        self.show()
