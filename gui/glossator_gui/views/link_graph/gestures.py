"""What the mouse does on the canvas, as intents in pixels."""

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

_WHEEL_STEP = 1.2
_NOTCH = 120.0


class Gestures(QObject):
    """Turns the mouse events of a widget into intents; no other handler sees them."""

    clicked = Signal(QPointF, Qt.KeyboardModifier)
    pin_clicked = Signal(QPointF)
    double_clicked = Signal(QPointF)
    hovered = Signal(QPointF)
    left = Signal()
    panned = Signal(QPointF)
    zoomed = Signal(float, QPointF)
    band_changed = Signal(QRectF)
    band_released = Signal(QRectF)

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        self._pressed_at: QPointF | None = None
        self._last = QPointF()
        self._dragging = False
        self._banding = False
        widget.setMouseTracking(True)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QMouseEvent):
            match event.type():
                case QEvent.Type.MouseButtonPress:
                    self._press(event)
                case QEvent.Type.MouseMove:
                    self._move(event)
                case QEvent.Type.MouseButtonRelease:
                    self._release(event)
                case QEvent.Type.MouseButtonDblClick:
                    self._double_click(event)
                case _:
                    return False
            return True
        if isinstance(event, QWheelEvent):
            delta = event.angleDelta()
            notches = (delta.y() or delta.x()) / _NOTCH
            self.zoomed.emit(_WHEEL_STEP**notches, event.position())
            event.accept()
            return True
        if event.type() == QEvent.Type.Leave:
            self.left.emit()
        return event.type() == QEvent.Type.ContextMenu

    def _press(self, event: QMouseEvent) -> None:
        self._pressed_at = self._last = event.position()
        self._dragging = False
        self._banding = (
            event.button() == Qt.MouseButton.LeftButton
            and event.modifiers() == Qt.KeyboardModifier.ShiftModifier
        )

    def _move(self, event: QMouseEvent) -> None:
        here = event.position()
        if self._pressed_at is None or event.buttons() == Qt.MouseButton.NoButton:
            self.hovered.emit(here)
            return
        moved = (here - self._pressed_at).manhattanLength()
        if not self._dragging and moved >= QApplication.startDragDistance():
            self._dragging = True
            if not self._banding:
                self._widget.setCursor(Qt.CursorShape.ClosedHandCursor)
        if not self._dragging:
            return
        if self._banding:
            self.band_changed.emit(QRectF(self._pressed_at, here).normalized())
        else:
            self.panned.emit(here - self._last)
        self._last = here

    def _release(self, event: QMouseEvent) -> None:
        start, self._pressed_at = self._pressed_at, None
        self._widget.unsetCursor()
        if start is None:
            return
        if self._dragging:
            self._dragging = False
            if self._banding:
                band = QRectF(start, event.position()).normalized()
                self.band_released.emit(band)
            return
        alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        if event.button() == Qt.MouseButton.MiddleButton or (
            event.button() == Qt.MouseButton.LeftButton and alt
        ):
            self.pin_clicked.emit(start)
        elif event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(start, event.modifiers())

    def _double_click(self, event: QMouseEvent) -> None:
        # Its release must not count as another click.
        self._pressed_at = None
        if event.button() == Qt.MouseButton.LeftButton:
            self.double_clicked.emit(event.position())
