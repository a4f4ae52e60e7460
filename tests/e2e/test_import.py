"""Labels from elsewhere, through the window: looked at first, then one step."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QMessageBox

from glossator.graph.json_file.neuronpedia_url import parse_link
from glossator.project.reviewing.review import accept_edits
from glossator_gui.dialogs.import_dialog import ImportDialog
from glossator_gui.main_window import MainWindow
from tests.core.graph_documents import as_bytes, tracer_graph
from tests.e2e.user import User, start

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(tmp_path: Path) -> Iterator[MainWindow]:
    path = tmp_path / "graph.json"
    path.write_bytes(as_bytes(tracer_graph()))
    window = MainWindow()
    window.show()
    window.session.open_files([path])
    yield window
    window.close()
    window.deleteLater()
    QTest.qWait(0)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "labels.csv"
    path.write_text("layer,index,label\n0,7,towns\n2,9,plural nouns\n5,5,none\n")
    return path


def labels(window: MainWindow) -> list[str]:
    state = window.session.state
    return [state.label(feature) for feature in state.features()]


def asked(window: MainWindow) -> ImportDialog:
    window.actions_by_name["import"].trigger()
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, ImportDialog)
    return dialog


def test_a_table_is_looked_at_and_then_imported(
    window: MainWindow, table: Path
) -> None:
    seven = window.session.state.features()[0]
    accepted = accept_edits(window.session.state, seven, "cities", "ana")
    window.session.apply("accept", accepted)
    dialog = asked(window)
    assert not dialog.take.isEnabled()
    dialog.look_at(str(table))
    report = dialog.report.text()
    assert report.startswith("1 label(s), 0 note(s) and 0 supernode(s)")
    assert "1 name(s) are of nothing in the project (first: 5/5)." in report
    assert labels(window) == ["cities", ""], "nothing is changed yet"
    dialog.take.click()
    assert not dialog.isVisible()
    assert labels(window) == ["cities", "plural nouns"]
    window.session.undo()
    assert labels(window) == ["cities", ""]


def test_the_file_may_be_browsed_for(window: MainWindow, table: Path) -> None:
    dialog = asked(window)
    dialog.browse.click()
    files = QApplication.activeModalWidget()
    assert isinstance(files, QFileDialog)
    name = files.findChild(QLineEdit)
    assert name is not None
    name.setText(str(table))
    QTest.keyClick(name, Qt.Key.Key_Return)
    assert dialog.source.text() == str(table)
    assert dialog.take.isEnabled()
    dialog.reject()


def test_what_cannot_be_read_is_told_in_the_dialog(
    window: MainWindow, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("layer,index,label\n0,seven,<b>towns</b>\n")
    dialog = asked(window)
    for source, part in ((str(bad), "seven"), (str(tmp_path / "none.csv"), "none.csv")):
        dialog.look_at(source)
        assert part in dialog.report.text()
        assert not dialog.take.isEnabled()
    assert dialog.report.textFormat() == Qt.TextFormat.PlainText
    dialog.reject()
    assert labels(window) == ["", ""]


def test_a_source_that_breaks_between_two_looks(
    window: MainWindow, table: Path
) -> None:
    dialog = asked(window)
    dialog.look_at(str(table))
    assert dialog.take.isEnabled()
    table.unlink()
    dialog.look_at(str(table))
    assert not dialog.take.isEnabled()
    dialog.reject()


def test_another_source_has_to_be_looked_at_again(
    window: MainWindow, table: Path
) -> None:
    dialog = asked(window)
    dialog.look_at(str(table))
    assert dialog.take.isEnabled()
    dialog.source.setText("elsewhere")
    assert not dialog.take.isEnabled()
    dialog.reject()


def test_a_copied_link_brings_everything_back(
    window: MainWindow, tmp_path: Path
) -> None:
    session = window.session
    session.select([2, 4])
    window.graph.toggle_pins([2, 4])
    seven = session.state.features()[0]
    session.apply("accept", accept_edits(session.state, seven, "cities, towns", "ana"))
    window.actions_by_name["copy_link"].trigger()
    link = QApplication.clipboard().text()
    state = parse_link(link)
    assert state is not None
    assert state.slug == "capital"
    while session.project is not None and session.project.steps().undo:
        session.undo()
    assert labels(window) == ["", ""]
    dialog = asked(window)
    dialog.look_at(link)
    dialog.take.click()
    assert labels(window) == ["cities, towns", ""]
    assert session.graph_id is not None
    assert session.state.pins[session.graph_id] == (2, 4)


def test_a_model_that_neuronpedia_cannot_host(
    window: MainWindow, tmp_path: Path
) -> None:
    path = tmp_path / "local.json"
    path.write_bytes(as_bytes(tracer_graph(scan="user/transcoders")))
    window.session.open_files([path])
    window.actions_by_name["copy_link"].trigger()
    boxes = [
        widget
        for widget in QApplication.topLevelWidgets()
        if isinstance(widget, QMessageBox) and widget.isVisible()
    ]
    assert "hosts no graphs of 'user/transcoders'" in boxes[0].text()
    boxes[0].close()


def test_by_keyboard_alone(tmp_path: Path, table: Path) -> None:
    path = tmp_path / "graph.json"
    path.write_bytes(as_bytes(tracer_graph()))
    seen: list[list[str]] = []

    def work(user: User) -> None:
        user.press(Qt.Key.Key_I, CTRL)
        user.wait_for(lambda: isinstance(QApplication.activeWindow(), ImportDialog))
        user.type(str(table))
        user.press(Qt.Key.Key_Return)
        user.press(Qt.Key.Key_Return)
        seen.append(labels(user.window))

    assert start(["open", str(path)], work) == 0
    assert seen == [["towns", "plural nouns"]]
