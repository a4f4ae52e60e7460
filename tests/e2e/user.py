"""A person at the keyboard of the real program."""

import time
from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QInputDialog, QWidget

from glossator.cli import main
from glossator.project.edits import Supernode
from glossator_gui.main_window import MainWindow


class User:
    """Presses keys; what is on screen may be looked at, no method of it is called."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window

    def press(self, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
        held = Qt.KeyboardModifier.NoModifier
        for modifier in modifiers:
            held |= modifier
        QTest.keyClick(self.target(), key, held)
        QTest.qWait(5)

    def type(self, text: str) -> None:
        QTest.keyClicks(self.target(), text)
        QTest.qWait(5)

    def target(self) -> QWidget:
        """What has the keyboard: a dialog if one is open."""
        modal = QApplication.activeModalWidget()
        if modal is not None:
            return _with_keyboard(modal)
        if QApplication.activeWindow() is None:
            # Without a window manager nobody gives the keyboard back to the window.
            self.window.activateWindow()
            QTest.qWait(5)
        return _with_keyboard(self.window)

    def wait_for(self, what: Callable[[], bool], seconds: float = 180) -> None:
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, "it did not happen in time"
            QTest.qWait(20)

    def choose_queue(self, name: str) -> None:
        """Go to the list of queues and along it until the queue is chosen."""
        queues = self.window.review.queue.queues
        for _ in range(40):
            if self.target() is queues:
                break
            self.press(Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
        self.press(Qt.Key.Key_Home)
        for _ in range(queues.count()):
            if queues.currentText().startswith(f"{name} ("):
                break
            self.press(Qt.Key.Key_Down)
        assert queues.currentText().startswith(f"{name} (")
        self.press(Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)

    def name_it(self, name: str) -> None:
        """Answer the dialog that asks for a name."""
        assert isinstance(QApplication.activeModalWidget(), QInputDialog)
        self.press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        self.type(name)
        self.press(Qt.Key.Key_Return)

    def supernodes(self) -> list[Supernode]:
        session = self.window.session
        assert session.graph_id is not None
        return list(session.state.supernodes.get(session.graph_id, {}).values())


def _with_keyboard(window: QWidget) -> QWidget:
    inside: QWidget | None = window.focusWidget()
    return window if inside is None else inside


def start(arguments: Sequence[str], work: Callable[[User], None]) -> int:
    """Run the command with a person who does `work` in its window, then closes it."""
    failures: list[BaseException] = []

    def sit_down() -> None:
        (window,) = [
            w
            for w in QApplication.topLevelWidgets()
            if isinstance(w, MainWindow) and w.isVisible()
        ]
        try:
            work(User(window))
        except BaseException as error:  # noqa: BLE001 - raised again below
            failures.append(error)
        finally:
            window.close()

    QTimer.singleShot(0, sit_down)
    code = main(arguments)
    if failures:
        raise failures[0]
    return code
