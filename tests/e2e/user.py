"""A person at the keyboard of the real program."""

import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from glossator.cli import main
from glossator.project.edits import Supernode
from glossator_gui.main_window import MainWindow


class User:
    """Presses keys; what is on screen may be looked at, no method of it is called."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window
        self._inner: QWidget | None = None
        self.answered_in = 0.0
        """Seconds from the last key until the window had nothing more to do for it."""

    def play(self, keys: str) -> None:
        """Press keys in turn, as in `Ctrl+G "a name" Return`; in quotes it is typed."""
        parts = shlex.shlex(keys, posix=False)
        parts.whitespace_split = True
        parts.commenters = parts.escape = ""
        parts.quotes = '"'
        for part in parts:
            if len(part) > 1 and part.startswith('"'):
                self.type(part[1:-1])
            else:
                pressed = QKeySequence(part)[0]  # type: ignore[index]
                self.press(pressed.key(), pressed.keyboardModifiers())

    def press(self, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
        held = Qt.KeyboardModifier.NoModifier
        for modifier in modifiers:
            held |= modifier
        target = self.target()
        start = time.perf_counter()
        QTest.keyClick(target, key, held)
        QApplication.processEvents()
        self.answered_in = time.perf_counter() - start
        QTest.qWait(5)

    def type(self, text: str) -> None:
        QTest.keyClicks(self.target(), text)
        QTest.qWait(5)

    def target(self) -> QWidget:
        """What has the keyboard: a list that is open, or a dialog."""
        inner = QApplication.activePopupWidget() or QApplication.activeModalWidget()
        # Else Python forgets it, and with it its parts.
        self._inner = inner
        if inner is not None:
            return _with_keyboard(inner)
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

    def supernodes(self) -> list[Supernode]:
        session = self.window.session
        assert session.graph_id is not None
        return list(session.state.supernodes.get(session.graph_id, {}).values())


def _with_keyboard(window: QWidget) -> QWidget:
    inside: QWidget | None = window.focusWidget()
    return window if inside is None else inside


class _Mouse(QObject):
    """Hears every event that a mouse causes, of all widgets."""

    KINDS = (
        *(QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease),
        *(QEvent.Type.MouseButtonDblClick, QEvent.Type.MouseMove, QEvent.Type.Wheel),
        *(QEvent.Type.HoverMove, QEvent.Type.TabletPress, QEvent.Type.TouchBegin),
        *(QEvent.Type.DragEnter, QEvent.Type.Drop),
    )

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in self.KINDS:
            self.heard.append(f"{event.type().name} of {type(watched).__name__}")
        return False


@contextmanager
def no_mouse() -> Iterator[None]:
    """Fail where any mouse event came to a widget."""
    app = QApplication.instance()
    assert app is not None
    mouse = _Mouse()
    app.installEventFilter(mouse)
    try:
        yield
    finally:
        app.removeEventFilter(mouse)
    assert mouse.heard == []


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
