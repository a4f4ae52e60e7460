"""What a hand without a plan does with the mouse."""

import random

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

_BEYOND = 5
"""Pixels by which the mouse misses a widget sometimes."""
_NONE = Qt.KeyboardModifier.NoModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_ALT = Qt.KeyboardModifier.AltModifier
_HELD = (
    *(_NONE, _NONE, _NONE, _SHIFT, _ALT, _SHIFT | _ALT),
    Qt.KeyboardModifier.ControlModifier,
)
_LEFT = Qt.MouseButton.LeftButton
_BUTTONS = (
    *(_LEFT, _LEFT, _LEFT, _LEFT),
    Qt.MouseButton.MiddleButton,
    Qt.MouseButton.RightButton,
)


def use_mouse(drawn: random.Random, area: QWidget) -> str:
    """Click, drag, turn the wheel or move over a widget; what was done."""
    held, button = drawn.choice(_HELD), drawn.choice(_BUTTONS)
    at = point_in(drawn, area)
    what = drawn.choice(("click", "click", "twice", "drag", "wheel", "hover"))
    match what:
        case "click":
            QTest.mouseClick(area, button, held, at)
        case "twice":
            QTest.mouseDClick(area, button, held, at)
        case "wheel":
            turned = drawn.choice((-240, -120, 30, 120, 360))
            QApplication.sendEvent(area, _wheel(area, at, held, turned))
        case "hover":
            for _ in range(3):
                there = point_in(drawn, area)
                _move(area, there, Qt.MouseButton.NoButton, held)
        case _:
            QTest.mousePress(area, button, held, at)
            for _ in range(drawn.randrange(1, 5)):
                _move(area, point_in(drawn, area), button, held)
            QTest.mouseRelease(area, button, held, point_in(drawn, area))
    return f"{what} {button.name} {held.name} at {at.x()}, {at.y()}"


def point_in(drawn: random.Random, area: QWidget) -> QPoint:
    """Anywhere; a little beyond the edges, too."""
    x = drawn.randrange(-_BEYOND, max(area.width(), 1) + _BEYOND)
    return QPoint(x, drawn.randrange(-_BEYOND, max(area.height(), 1) + _BEYOND))


def _wheel(
    area: QWidget, at: QPoint, held: Qt.KeyboardModifier, turned: int
) -> QWheelEvent:
    phase, button = Qt.ScrollPhase.NoScrollPhase, Qt.MouseButton.NoButton
    there, by = QPointF(area.mapToGlobal(at)), QPoint(0, turned)
    return QWheelEvent(QPointF(at), there, QPoint(), by, button, held, phase, False)


def _move(
    area: QWidget, at: QPoint, button: Qt.MouseButton, held: Qt.KeyboardModifier
) -> None:
    there, none = QPointF(area.mapToGlobal(at)), Qt.MouseButton.NoButton
    kind = QEvent.Type.MouseMove
    moved = QMouseEvent(kind, QPointF(at), there, none, button, held)
    QApplication.sendEvent(area, moved)
