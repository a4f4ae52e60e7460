"""Exporting from the window: every target, by keyboard too, and what can go wrong."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QPushButton,
)
from pytestqt.qtbot import QtBot

from glossator.export.target import ExportOptions
from glossator.export.target_file import file_names
from glossator.export.targets import TARGETS
from glossator.graph.attribution_graph import NodeIndex
from glossator.graph.graph_file import read_graph
from glossator.project.edits import SetPins
from glossator.project.reviewing.review import accept_edits
from glossator.project.supernodes.grouping import group_edits
from glossator.project.verbalizations import verbalization_edits
from glossator.verbalize.verbalization import Verbalization
from glossator_gui.dialogs.export_dialog import ExportChoice, ExportDialog
from glossator_gui.main_window import MainWindow
from tests.core.graph_documents import as_bytes, feature_node, tracer_graph
from tests.e2e.user import User, start

# The file dialog of Qt completes what is typed in a window of its own.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
MS = 60_000
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture(autouse=True)
def settings() -> Iterator[QSettings]:
    """Nothing is remembered from other tests, nor for them."""
    settings = QSettings("glossator", "glossator")
    settings.remove("export")
    yield settings
    settings.remove("export")


@pytest.fixture
def window() -> Iterator[MainWindow]:
    window = MainWindow()
    window.show()
    yield window
    window.close()
    window.deleteLater()
    QTest.qWait(0)


@pytest.fixture
def graph_files(tmp_path: Path) -> list[Path]:
    """Two graphs of one name."""
    paths = []
    for number in (1, 2):
        document = tracer_graph()
        document["nodes"].append(feature_node(1, number, 2))
        path = tmp_path / f"graph-{number}.json"
        path.write_bytes(as_bytes(document))
        paths.append(path)
    return paths


@pytest.fixture
def opened(window: MainWindow, graph_files: list[Path]) -> MainWindow:
    """The window with one graph, two nodes grouped, one pinned, one labelled."""
    session = window.session
    session.open_files(graph_files[:1])
    group(window)
    feature = session.state.features()[-1]
    session.apply("accept", accept_edits(session.state, feature, "a label", "Ana"))
    return window


def group(window: MainWindow) -> None:
    session = window.session
    assert session.graph_id is not None
    members = [NodeIndex(2), NodeIndex(3)]
    edits = group_edits(session.state, session.graph_id, members, "a group")
    session.apply("group", [*edits, SetPins(session.graph_id, (NodeIndex(6),))])


def asked(window: MainWindow) -> ExportDialog:
    """The dialog that the action opens."""
    window.actions_by_name["export"].trigger()
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, ExportDialog)
    return dialog


def press(dialog: ExportDialog, text: str) -> None:
    assert dialog.place.text() == text
    dialog.place.click()


def answer_files(path: Path) -> None:
    """Type a path into the dialog that asks for a file or a folder."""
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, QFileDialog)
    name = dialog.findChild(QLineEdit)
    assert name is not None
    name.setText(str(path))
    QTest.keyClick(name, Qt.Key.Key_Return)


def finish(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not window.export.slot.running, timeout=MS)
    assert window.export.bar.isHidden()


def messages() -> list[QMessageBox]:
    return [
        widget
        for widget in QApplication.topLevelWidgets()
        if isinstance(widget, QMessageBox) and widget.isVisible()
    ]


def message() -> str:
    """Text of the message that is open, which is then closed."""
    (box,) = messages()
    assert box.textFormat() == Qt.TextFormat.PlainText
    text = box.text()
    box.close()
    return text


@pytest.mark.parametrize("name", TARGETS)
def test_every_target(
    opened: MainWindow, tmp_path: Path, qtbot: QtBot, name: str
) -> None:
    state = opened.session.state
    said_of = state.features()[0]
    words = Verbalization(text="Cities. " * 9, about="feature", origin="verbalizer")
    opened.session.apply("say", verbalization_edits(state, [(said_of, words)]))
    path = tmp_path / f"out{TARGETS[name].suffix}"
    dialog = asked(opened)
    dialog.list.choose(name)
    dialog.supernodes.setChecked(True)
    press(dialog, "Choose File…")
    answer_files(path)
    assert not dialog.isVisible()
    finish(opened, qtbot)
    assert path.stat().st_size > 50
    beside = sorted(p.name for p in tmp_path.iterdir() if p.name.startswith("out."))
    said = opened.statusBar().currentMessage()
    if len(beside) == 1:
        assert said == f"Exported {path}"
    else:
        told = message()
        assert all(name in told for name in beside)
    for box in messages():
        box.close()


def test_the_suffix_is_added(
    opened: MainWindow, tmp_path: Path, qtbot: QtBot, settings: QSettings
) -> None:
    dialog = asked(opened)
    dialog.list.choose("csv")
    press(dialog, "Choose File…")
    answer_files(tmp_path / "labels")
    finish(opened, qtbot)
    assert (tmp_path / "labels.csv").is_file()


def test_the_graph_is_written_with_what_was_done(
    opened: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "annotated.json"
    press(asked(opened), "Choose File…")
    answer_files(path)
    finish(opened, qtbot)
    imported = read_graph(path).imported
    assert [group.name for group in imported.supernodes] == ["a group"]
    assert imported.pins == (6,)
    assert not messages()


def test_the_choice_is_remembered(
    opened: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    dialog = asked(opened)
    dialog.list.choose("svg")
    dialog.supernodes.setChecked(True)
    dialog.transparent.setChecked(True)
    chosen = dialog.choice()
    press(dialog, "Choose File…")
    answer_files(tmp_path / "figure.svg")
    finish(opened, qtbot)
    other = MainWindow()
    other.session.open_files([tmp_path / "graph-2.json"])
    again = asked(other)
    assert again.choice() == chosen
    assert chosen.target == "svg"
    press(again, "Choose File…")
    files = QApplication.activeModalWidget()
    assert isinstance(files, QFileDialog)
    assert files.directory().absolutePath() == str(tmp_path)
    assert [Path(name).name for name in files.selectedFiles()] == ["capital.svg"]
    files.reject()
    assert again.isVisible(), "the person may choose another target"
    again.reject()
    other.close()


def test_nothing_is_remembered_of_a_choice_that_came_to_nothing(
    opened: MainWindow,
) -> None:
    dialog = asked(opened)
    dialog.list.choose("svg")
    dialog.reject()
    assert asked(opened).list.chosen() == "graph-json"


def test_by_keyboard_alone(graph_files: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "figure.png"
    seen: dict[str, object] = {}

    def work(user: User) -> None:
        window = user.window
        user.press(Qt.Key.Key_E, CTRL)
        user.wait_for(lambda: isinstance(QApplication.activeWindow(), ExportDialog))
        user.type("png")
        user.press(Qt.Key.Key_Tab)
        user.press(Qt.Key.Key_Tab)
        user.press(Qt.Key.Key_Space)
        user.press(Qt.Key.Key_Return)
        user.press(Qt.Key.Key_A, CTRL)
        user.type(str(path))
        user.press(Qt.Key.Key_Return)
        user.wait_for(lambda: not window.export.slot.running)
        seen["said"] = window.statusBar().currentMessage()
        user.press(Qt.Key.Key_E, CTRL)
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, ExportDialog)
        seen["remembered"] = dialog.choice()
        user.press(Qt.Key.Key_Escape)
        seen["after"] = QApplication.activeModalWidget()

    assert start(["open", str(graph_files[0])], work) == 0
    assert path.read_bytes().startswith(b"\x89PNG")
    assert seen == {
        "said": f"Exported {path}",
        "remembered": ExportChoice("png", ExportOptions("links", transparent=True)),
        "after": None,
    }


# -- several graphs --------------------------------------------------------------------


@pytest.fixture
def both(window: MainWindow, graph_files: list[Path]) -> MainWindow:
    window.session.open_files(graph_files)
    return window


def ask_for_all(window: MainWindow, target: str) -> None:
    dialog = asked(window)
    dialog.list.choose(target)
    dialog.all_graphs.setChecked(True)
    press(dialog, "Choose Folder…")


def test_all_graphs_into_a_folder(
    both: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = tmp_path / "exported"
    folder.mkdir()
    ask_for_all(both, "graph-json")
    answer_files(folder)
    finish(both, qtbot)
    names = list(file_names(both.session.state.graphs, ".json").values())
    assert names == ["capital.json", "capital-2.json"]
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    assert both.statusBar().currentMessage() == f"Exported 2 files to {folder}"
    assert message() == f"Exported to {folder}:\n\ncapital.json\ncapital-2.json"
    graphs = [entry.graph for entry in both.session.state.graphs.values()]
    for name, graph in zip(names, graphs, strict=True):
        assert read_graph(folder / name).nodes.node_id == graph.nodes.node_id


@pytest.mark.parametrize("button", ["Cancel", "Replace"])
def test_files_are_not_replaced_unasked(
    both: MainWindow, tmp_path: Path, qtbot: QtBot, button: str
) -> None:
    folder = tmp_path / "exported"
    folder.mkdir()
    (folder / "capital.json").write_text("mine")
    ask_for_all(both, "graph-json")
    answer_files(folder)
    (box,) = messages()
    assert box.text() == f"{folder} holds already:\n\ncapital.json"
    assert box.defaultButton().text().replace("&", "") == "Cancel"
    (chosen,) = [
        found
        for found in box.findChildren(QPushButton)
        if found.text().replace("&", "") == button
    ]
    chosen.click()
    finish(both, qtbot)
    if button == "Cancel":
        assert (folder / "capital.json").read_text() == "mine"
        assert len(list(folder.iterdir())) == 1
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, ExportDialog), "another folder may be chosen"
        dialog.reject()
    else:
        message()
        assert len(read_graph(folder / "capital.json").nodes.node_id) > 1


def test_one_graph_that_fails_does_not_stop_the_others(
    both: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    group(both)
    folder = tmp_path / "exported"
    folder.mkdir()
    dialog = asked(both)
    dialog.list.choose("svg")
    dialog.supernodes.setChecked(True)
    dialog.all_graphs.setChecked(True)
    press(dialog, "Choose Folder…")
    answer_files(folder)
    finish(both, qtbot)
    assert [path.name for path in folder.iterdir()] == ["capital.svg"]
    told = message()
    assert "capital.svg" in told
    assert "Not exported:\n\ncapital: nothing is grouped" in told


# -- what can go wrong -----------------------------------------------------------------


def test_nothing_grouped_is_told_and_changes_nothing(
    window: MainWindow, graph_files: list[Path], tmp_path: Path, qtbot: QtBot
) -> None:
    window.session.open_files(graph_files[:1])
    window.session.select([2])
    before = (window.windowTitle(), window.session.project, window.session.selection)
    dialog = asked(window)
    dialog.list.choose("pdf")
    dialog.supernodes.setChecked(True)
    press(dialog, "Choose File…")
    answer_files(tmp_path / "figure.pdf")
    finish(window, qtbot)
    assert "nothing is grouped or pinned here" in message()
    assert not (tmp_path / "figure.pdf").exists()
    now = (window.windowTitle(), window.session.project, window.session.selection)
    assert now == before


def test_a_place_that_cannot_be_written_is_told(
    opened: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    number = opened.session.graph_id
    assert number is not None
    path = tmp_path / "gone" / "graph.json"
    opened.export.start(ExportChoice("graph-json"), {number: path})
    finish(opened, qtbot)
    told = message()
    assert str(path) in told
    assert "cannot write" in told


def test_an_export_holds_what_was_there_when_it_began(
    opened: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    session = opened.session
    number = session.graph_id
    assert number is not None
    path = tmp_path / "graph.json"
    opened.export.start(ExportChoice("graph-json"), {number: path})
    session.apply("unpin", [SetPins(number, ())])
    session.select([2])
    opened.review.accept("said later")
    finish(opened, qtbot)
    imported = read_graph(path).imported
    assert imported.pins == (6,)
    assert "said later" not in {label.text for label in imported.labels.values()}


def test_an_export_can_be_cancelled(
    opened: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    number = opened.session.graph_id
    assert number is not None
    path = tmp_path / "report.html"
    opened.export.start(ExportChoice("html"), {number: path})
    opened.export.bar.cancel.click()
    finish(opened, qtbot)
    assert opened.statusBar().currentMessage() == "Export cancelled."
    assert not path.exists()
    assert not messages()


def test_a_window_that_closes_lets_the_export_finish(
    opened: MainWindow, tmp_path: Path
) -> None:
    number = opened.session.graph_id
    assert number is not None
    path = tmp_path / "report.html"
    opened.export.start(ExportChoice("html"), {number: path})
    assert not opened.export.bar.isHidden()
    opened.close()
    assert not opened.export.slot.running
    assert path.read_text().rstrip().endswith("</html>")
    QTest.qWait(50)
    assert not messages()


def test_one_export_at_a_time(opened: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    number = opened.session.graph_id
    assert number is not None
    opened.export.start(ExportChoice("html"), {number: tmp_path / "report.html"})
    opened.actions_by_name["export"].trigger()
    assert QApplication.activeModalWidget() is None
    assert "An export is under way" in opened.statusBar().currentMessage()
    finish(opened, qtbot)
    assert (tmp_path / "report.html").is_file()
