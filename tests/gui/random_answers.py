"""What a person without a plan answers to whatever the window asks."""

import random
from collections import deque
from collections.abc import Collection

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QInputDialog,
    QMenu,
    QMessageBox,
    QWidget,
)

from glossator_gui.actions.table import ACTIONS

TYPED = ("a river", "née", "  ", "x", "שלום", "cat; dog", "<b>bold</b>", "7")
_AT_ONCE = 20
"""Menus and dialogs that may come one after the other."""


def what_waits() -> QWidget | None:
    """The menu or the dialog that is open; None where none is."""
    open_now: QWidget | None = QApplication.activePopupWidget()
    open_now = open_now or QApplication.activeModalWidget()
    if open_now is not None:
        return open_now
    dialogs = (w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog))
    return next((dialog for dialog in dialogs if dialog.isVisible()), None)


class Answers:
    """Leaves every menu and dialog, some by saying yes."""

    def __init__(
        self, drawn: random.Random, done: deque[str], left_out: Collection[str]
    ) -> None:
        """Parameters: `done` takes what is done; actions in `left_out` are not."""
        self._drawn = drawn
        self._done = done
        self._left_out = {spec.text for spec in ACTIONS if spec.name in left_out}
        self._serial = 0

    def to_all(self) -> None:
        """Until nothing is open any more."""
        for _ in range(_AT_ONCE):
            asks = what_waits()
            if asks is None:
                return
            if asks is QApplication.activePopupWidget():
                self._answer_popup(asks)
            else:
                self._answer_dialog(asks)
            QApplication.processEvents()
        raise AssertionError(f"{what_waits()} cannot be left")

    def _answer_popup(self, popup: QWidget) -> None:
        offered: list[QAction] = []
        if isinstance(popup, QMenu) and self._drawn.random() < 0.5:
            possible = (a for a in popup.actions() if a.isEnabled() and a.text())
            offered = [a for a in possible if a.text() not in self._left_out]
        popup.close()
        if offered:
            chosen = self._drawn.choice(offered)
            self._done.append(f"menu: {chosen.text()}")
            chosen.trigger()

    def _answer_dialog(self, dialog: QWidget) -> None:
        agrees = self._drawn.random() < 0.7
        title = f"{type(dialog).__name__} {dialog.windowTitle()!r}"
        if isinstance(dialog, QInputDialog) and agrees:
            self._serial += 1
            text = f"{self._drawn.choice(TYPED)} {self._serial}"
            self._done.append(f"answer {title}: {text}")
            dialog.setTextValue(text)
            dialog.accept()
        elif isinstance(dialog, QMessageBox) and agrees:
            button = self._drawn.choice(dialog.buttons())
            self._done.append(f"answer {title}: {button.text()}")
            button.click()
        else:
            self._done.append(f"leave {title}")
            inside: QWidget | None = dialog.focusWidget()
            QTest.keyClick(inside or dialog, Qt.Key.Key_Escape)
            if dialog.isVisible():
                dialog.close()
