"""The canvas by its keys, in the real window."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from glossator_gui.main_window import MainWindow
from glossator_gui.views.link_graph.view import LinkGraphView
from tests.core.graph_documents import as_bytes
from tests.gui.shown_graph import (
    AGAIN,
    ALT,
    AUSTIN,
    CONTROL,
    DALLAS,
    FIRST,
    LEFT,
    NO_KEY,
    SECOND,
    SHIFT,
    TOKEN,
    place,
    small_document,
    surface,
)

# The offscreen platform says so for every window that is shown.
pytestmark = pytest.mark.qt_log_ignore("does not support", extend=True)

MS = 5000
KEY = Qt.Key


@pytest.fixture(scope="module")
def opened(
    qapp: QApplication, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MainWindow]:
    """One window for all tests of this file."""
    home = tmp_path_factory.mktemp("window")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DATA", "CACHE", "CONFIG", "STATE"):
            patch.setenv(f"XDG_{name}_HOME", str(home / name))
        shown = MainWindow()
        shown.show()
        path = home / "small.json"
        path.write_bytes(as_bytes(small_document()))
        assert shown.session.open_files([path])
        yield shown
        shown.close()


@pytest.fixture
def window(opened: MainWindow) -> MainWindow:
    opened.session.select([])
    opened.workspace.show_canvas()
    return opened


def canvas(window: MainWindow) -> LinkGraphView:
    return window.graph.canvas


def press(
    window: MainWindow, key: Qt.Key, modifiers: Qt.KeyboardModifier = NO_KEY
) -> None:
    QTest.keyClick(window.focusWidget(), key, modifiers)


def selected(window: MainWindow) -> set[int]:
    return {int(node) for node in window.session.selection}


def test_from_the_answer_to_the_token_and_back_by_keys(window: MainWindow) -> None:
    window.session.select([AUSTIN])
    press(window, KEY.Key_Down, CONTROL)
    assert selected(window) == {SECOND}
    press(window, KEY.Key_I)
    assert selected(window) == {SECOND, FIRST, AGAIN}
    press(window, KEY.Key_I, SHIFT)
    assert selected(window) == {SECOND, FIRST, AGAIN, TOKEN}
    press(window, KEY.Key_Left, ALT)
    press(window, KEY.Key_Left, ALT)
    assert selected(window) == {SECOND}
    press(window, KEY.Key_Up, CONTROL)
    assert selected(window) == {AUSTIN}
    press(window, KEY.Key_K, SHIFT)
    assert selected(window) == {AUSTIN, DALLAS}
    press(window, KEY.Key_I, CONTROL | ALT)
    assert len(selected(window)) == 5
    press(window, KEY.Key_A, CONTROL | SHIFT)
    assert len(selected(window)) == 7
    press(window, KEY.Key_Escape)
    assert selected(window) == set()


def test_looking_by_keys(window: MainWindow) -> None:
    controls, view = window.graph.controls, canvas(window)
    press(window, KEY.Key_BracketRight)
    assert controls.lit.currentText() == "2 hops of neighbours"
    press(window, KEY.Key_BracketLeft)
    press(window, KEY.Key_D)
    assert controls.lit.currentText() == "Everything"
    press(window, KEY.Key_Plus)
    assert view._minimap.isVisible()
    press(window, KEY.Key_M)
    assert not view._minimap.isVisible()
    press(window, KEY.Key_0)
    press(window, KEY.Key_L)
    assert controls.least.hasFocus()
    QTest.keyClicks(controls.least, "3")
    press(window, KEY.Key_Return)
    assert controls.choice.least_share == pytest.approx(0.03)
    assert view.hasFocus(), "Enter goes back to the graph"


def test_a_difference_by_keys(qtbot: QtBot, window: MainWindow) -> None:
    window.session.select([AUSTIN, DALLAS])
    press(window, KEY.Key_D, SHIFT)
    view = canvas(window)
    qtbot.waitUntil(lambda: view._difference is not None, timeout=MS)
    press(window, KEY.Key_Escape)
    assert view._difference is None
    assert selected(window) == {AUSTIN, DALLAS}


def test_holding_g_makes_a_supernode_in_one_step(window: MainWindow) -> None:
    view, session = canvas(window), window.session
    QTest.keyPress(view, KEY.Key_G)
    for node in (FIRST, SECOND):
        QTest.mouseClick(surface(view), LEFT, NO_KEY, place(view, node))
        # The key repeats as long as it is held.
        QTest.keyPress(view, KEY.Key_G)
    assert view._note.isVisible()
    QTest.keyRelease(view, KEY.Key_G)
    number = session.graph_id
    assert number is not None
    (made,) = session.state.supernodes[number].values()
    assert set(made.members) == {FIRST, SECOND}
    session.undo()
    assert not session.state.supernodes.get(number)


def test_a_typed_g_groups_nothing(window: MainWindow) -> None:
    window.session.select([FIRST])
    press(window, KEY.Key_E)
    editor = window.focusWidget()
    assert editor is not canvas(window)
    QTest.keyClicks(editor, "girl")
    assert not canvas(window)._hold.active


def test_the_menu_has_the_actions_with_their_keys(window: MainWindow) -> None:
    view = canvas(window)
    window.session.select([FIRST])
    keyboard = QContextMenuEvent.Reason.Keyboard
    QApplication.sendEvent(view, QContextMenuEvent(keyboard, QPoint(), QPoint()))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    keys = {a.text(): a.shortcut().toString() for a in menu.actions() if a.text()}
    assert keys["Pin or Unpin"] == "P"
    assert keys["Add Inputs"] == "I"
    assert keys["Logit Difference…"] == "Shift+D"
    menu.close()
