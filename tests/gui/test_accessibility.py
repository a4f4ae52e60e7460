"""Whoever cannot see the window, or uses no mouse, gets at everything in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QMenu, QMessageBox
from pytestqt.qtbot import QtBot

from glossator_gui.actions.table import ACTIONS
from glossator_gui.main_window import MainWindow
from tests.gui.named_controls import unnamed
from tests.gui.scored_project import open_scored

pytestmark = pytest.mark.qt_log_ignore(
    "propagateSizeHints", "raise", "grabbing the keyboard", extend=True
)

_ASKS_FOR_FILES = {
    "open",
    "add_graph",
    "add_evidence",
    "add_evidence_folder",
    "save_as",
    "save_copy",
    "second_annotator",
}
"""Their dialogs are the platform's."""


@pytest.fixture(scope="module")
def window(
    tmp_path_factory: pytest.TempPathFactory, qapp: QApplication
) -> Iterator[MainWindow]:
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        for name in ("DATA", "CACHE", "CONFIG", "STATE"):
            patch.setenv(f"XDG_{name}_HOME", str(home / name))
        window = MainWindow()
        window.resize(1500, 950)
        window.show()
        open_scored(window, tmp_path_factory.mktemp("project"))
        window.session.select([0, 1])
        window.session.select_features([window.session.state.features()[0]])
        QTest.qWait(50)
        yield window
        window.close()
        window.deleteLater()
        QTest.qWait(0)


def test_every_control_of_the_window_has_a_name(window: MainWindow) -> None:
    tabs = window.workspace.tabs
    found: list[str] = []
    for page in range(tabs.count()):
        tabs.setCurrentIndex(page)
        QTest.qWait(20)
        found += unnamed(window)
    assert sorted(set(found)) == []


def test_every_menu_and_dock_has_a_name(window: MainWindow) -> None:
    for menu in window.findChildren(QMenu):
        if menu.actions():
            assert menu.title() or menu.accessibleName() or menu.parent() is not None
    for dock in window.docks:
        interface = QAccessible.queryAccessibleInterface(dock)
        assert interface.text(QAccessible.Text.Name)


@pytest.mark.parametrize(
    "name",
    [
        spec.name
        for spec in ACTIONS
        if spec.text.endswith("…") and spec.name not in _ASKS_FOR_FILES
    ]
    + ["keys", "log", "crash_log", "quality", "comparisons", "about"],
)
def test_every_control_of_a_dialog_has_a_name(window: MainWindow, name: str) -> None:
    action = window.actions_by_name[name]
    if not action.isEnabled():
        pytest.skip(
            f"{name} cannot be done here: {window.window_actions.why_not(name)}"
        )
    action.trigger()
    QTest.qWait(30)
    dialogs = [
        w
        for w in QApplication.topLevelWidgets()
        if isinstance(w, QDialog) and w.isVisible() and not isinstance(w, QFileDialog)
    ]
    found = [
        f"{type(dialog).__name__}: {one}"
        for dialog in dialogs
        for one in unnamed(dialog)
    ]
    for dialog in dialogs:
        # A dialog can be left by the keyboard.
        if not isinstance(dialog, QMessageBox):
            QTest.keyClick(dialog, Qt.Key.Key_Escape)
        dialog.close()
    QTest.qWait(0)
    assert found == []


def test_the_welcome_page_is_named_and_in_order(qtbot: QtBot, tmp_path: Path) -> None:
    window = MainWindow()
    window.show()
    assert unnamed(window) == []
    window.welcome.open_button.setFocus()
    for button in (window.welcome.demo_button, window.welcome.tour_button):
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        assert window.focusWidget() is button
    window.close()
    window.deleteLater()
    QTest.qWait(0)
