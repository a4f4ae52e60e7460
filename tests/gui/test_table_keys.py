"""The node table and Find by keys alone, in the whole window."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from glossator_gui.main_window import MainWindow
from tests.core.graph_documents import as_bytes, tracer_graph

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)


def test_keys_in_the_window(tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "made.json"
    path.write_bytes(as_bytes(tracer_graph()))
    window = MainWindow()
    window.show()
    window.session.open_files([path])
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    shift, control = (
        Qt.KeyboardModifier.ShiftModifier,
        Qt.KeyboardModifier.ControlModifier,
    )
    window.graph.canvas.setFocus()
    QTest.keyClick(window.graph.canvas, Qt.Key.Key_T)
    table = window.table.view.table
    assert table.hasFocus()
    assert window.table.view.model.rowCount() == 8
    QTest.keyClick(table, Qt.Key.Key_A, control)
    assert len(window.session.selection) == 8
    QTest.keyClick(table, Qt.Key.Key_F, shift)
    assert len(window.session.state.flags) == 2
    QTest.keyClick(table, Qt.Key.Key_Z, control)
    assert not window.session.state.flags
    QTest.keyClick(table, Qt.Key.Key_F, control)
    query = window.finding.bar.query
    assert query.hasFocus()
    QTest.keyClicks(query, "dallas")
    QTest.keyClick(query, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.session.focus == 7)
    assert table.selected == (7,)
    QTest.keyClick(query, Qt.Key.Key_Escape)
    assert table.hasFocus()
    window.close()
    window.deleteLater()
    QTest.qWait(0)
