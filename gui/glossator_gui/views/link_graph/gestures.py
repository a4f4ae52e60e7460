"""What the mouse does on the canvas, as intents in pixels."""

from enum import Enum, auto

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QGuiApplication,
    QMouseEvent,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QWidget

_WHEEL_STEP = 1.2
_NOTCH = 120.0
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_CONTROL = Qt.KeyboardModifier.ControlModifier
_ALT = Qt.KeyboardModifier.AltModifier


class _Drag(Enum):
    """What dragging does, by the button and the keys it began with."""

    NOTHING = auto()
    PAN = auto()
    BAND = auto()
    LASSO = auto()


class Gestures(QObject):
    """Turns the mouse events of a widget into intents; no other handler sees them."""

    clicked = Signal(QPointF, Qt.KeyboardModifier)
    pin_clicked = Signal(QPointF)
    double_clicked = Signal(QPointF)
    menu_wanted = Signal(QPointF)
    hovered = Signal(QPointF)
    """Not while Shift is held: what was hovered last stays."""
    left = Signal()
    panned = Signal(QPointF)
    zoomed = Signal(float, QPointF)
    band_changed = Signal(QRectF)
    lasso_changed = Signal(QPolygonF)
    area_released = Signal(QPolygonF, Qt.KeyboardModifier)
    """A rubber band or a lasso, as a polygon."""
    freezing_changed = Signal(bool)
    """Shift went down or up, as far as the mouse tells."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        self._pressed_at: QPointF | None = None
        self._last = QPointF()
        self._trail = QPolygonF()
        self._drag = _Drag.NOTHING
        self._dragging = False
        self._frozen = False
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
        if isinstance(event, QContextMenuEvent):
            self.menu_wanted.emit(QPointF(event.pos()))
            return True
        if event.type() == QEvent.Type.Leave:
            self._freeze(bool(QGuiApplication.keyboardModifiers() & _SHIFT))
            if not self._frozen:
                self.left.emit()
        return False

    def _press(self, event: QMouseEvent) -> None:
        self._pressed_at = self._last = event.position()
        self._trail = QPolygonF([event.position()])
        self._dragging = False
        self._drag = _drag_of(event)

    def _move(self, event: QMouseEvent) -> None:
        here = event.position()
        if self._pressed_at is None or event.buttons() == Qt.MouseButton.NoButton:
            self._freeze(bool(event.modifiers() & _SHIFT))
            if not self._frozen:
                self.hovered.emit(here)
            return
        moved = (here - self._pressed_at).manhattanLength()
        if not self._dragging and moved >= QApplication.startDragDistance():
            self._dragging = True
            if self._drag == _Drag.PAN:
                self._widget.setCursor(Qt.CursorShape.ClosedHandCursor)
        if not self._dragging:
            return
        match self._drag:
            case _Drag.PAN:
                self.panned.emit(here - self._last)
            case _Drag.BAND:
                self.band_changed.emit(QRectF(self._pressed_at, here).normalized())
            case _Drag.LASSO:
                self._trail.append(here)
                self.lasso_changed.emit(QPolygonF(self._trail))
            case _Drag.NOTHING:
                pass
        self._last = here

    def _release(self, event: QMouseEvent) -> None:
        start, self._pressed_at = self._pressed_at, None
        self._widget.unsetCursor()
        if start is None:
            return
        if self._dragging:
            self._dragging = False
            if self._drag == _Drag.BAND:
                band = QRectF(start, event.position()).normalized()
                self.area_released.emit(QPolygonF(band), event.modifiers())
            elif self._drag == _Drag.LASSO:
                self.area_released.emit(self._trail, event.modifiers())
            return
        alt = bool(event.modifiers() & _ALT)
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

    def _freeze(self, frozen: bool) -> None:
        if frozen != self._frozen:
            self._frozen = frozen
            self.freezing_changed.emit(frozen)


def _drag_of(event: QMouseEvent) -> _Drag:
    if event.button() == Qt.MouseButton.MiddleButton:
        return _Drag.PAN
    if event.button() != Qt.MouseButton.LeftButton:
        return _Drag.NOTHING
    keys = event.modifiers() & (_SHIFT | _CONTROL | _ALT)
    if keys == _SHIFT | _ALT:
        return _Drag.LASSO
    if keys in (_SHIFT, _CONTROL):
        return _Drag.BAND
    return _Drag.PAN if not keys else _Drag.NOTHING
