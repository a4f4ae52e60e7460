"""Grouping while a key is held: clicks add nodes, the release groups them."""

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_NEVER_HELD = (
    *_ENTER,
    Qt.Key.Key_Space,
    Qt.Key.Key_Escape,
    Qt.Key.Key_Shift,
    Qt.Key.Key_Control,
    Qt.Key.Key_Alt,
    Qt.Key.Key_AltGr,
    Qt.Key.Key_Meta,
)
"""By these it was chosen from a menu, or something else is done meanwhile."""


class HoldGroup(QObject):
    """Which nodes were clicked since the key went down."""

    changed = Signal()
    """It began, ended, or holds other nodes."""
    released = Signal(tuple)
    """The nodes in the order of the clicks; not where there are none."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.active = False
        self.nodes: tuple[int, ...] = ()
        self._pressed: set[int] = set()

    def begin(self) -> None:
        """Collect nodes from now on; once more changes nothing: keys repeat."""
        application = QCoreApplication.instance()
        if self.active or application is None:
            return
        self.active = True
        # The key may come up over any widget.
        application.installEventFilter(self)
        self.changed.emit()

    def toggle(self, node: int) -> None:
        if node in self.nodes:
            self.nodes = tuple(held for held in self.nodes if held != node)
        else:
            self.nodes = (*self.nodes, node)
        self.changed.emit()

    def finish(self) -> None:
        """Group what was clicked."""
        nodes = self.nodes
        self.cancel()
        if nodes:
            self.released.emit(nodes)

    def cancel(self) -> None:
        application = QCoreApplication.instance()
        if not self.active or application is None:
            return
        application.removeEventFilter(self)
        self.active, self.nodes = False, ()
        self._pressed.clear()
        self.changed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        return isinstance(event, QKeyEvent) and self._on_key(event)

    def _on_key(self, event: QKeyEvent) -> bool:
        key = event.key()
        match event.type():
            case QEvent.Type.KeyPress if key in _ENTER:
                self.finish()
            case QEvent.Type.KeyPress if key == Qt.Key.Key_Escape:
                self.cancel()
            case QEvent.Type.ShortcutOverride if key == Qt.Key.Key_Escape:
                # Else it would be taken for the shortcut of the window.
                event.accept()
            case QEvent.Type.KeyPress:
                if not event.isAutoRepeat():
                    self._pressed.add(key)
                return False
            case QEvent.Type.KeyRelease:
                return self._on_key_up(event)
            case _:
                return False
        return True

    def _on_key_up(self, event: QKeyEvent) -> bool:
        """The key that was down when it began ends it; which one, the user may set."""
        key = event.key()
        if event.isAutoRepeat() or key in _NEVER_HELD:
            return False
        if key in self._pressed:
            self._pressed.discard(key)
            return False
        self.finish()
        return True
