"""Large files are read while the window goes on."""

import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from benchmarks.graph_generator import GraphRecipe, write_graph
from glossator.settings import projects_folder
from glossator_gui.desktop.opening import is_large
from glossator_gui.main_window import MainWindow

MS = 20_000

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    window = MainWindow()
    window.show()
    yield window
    window.close()
    window.deleteLater()
    QTest.qWait(0)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "large.json"
    write_graph(path, GraphRecipe(nodes=1_000, links=40_000))
    assert is_large([path])
    return path


def test_the_window_goes_on_while_a_large_graph_is_read(
    window: MainWindow, qtbot: QtBot, large: Path
) -> None:
    opening = window.files.opening
    window.open_files([large])
    assert window.session.project is None, "it is not waited for"
    assert opening.bar.isVisibleTo(window)
    assert opening.bar.what.text() == "Reading large.json…"
    qtbot.waitUntil(lambda: window.session.graph is not None, timeout=MS)
    assert not opening.bar.isVisibleTo(window)
    assert window.session.graph is not None
    assert len(window.session.graph.links) == 40_000
    feature = window.session.graph.features[0]
    window.session.select_features([feature])
    window.review.accept("read in another thread, edited in this one")
    assert window.session.state.label(feature).startswith("read in another")


def test_reading_can_be_cancelled(
    window: MainWindow, qtbot: QtBot, large: Path
) -> None:
    opening = window.files.opening
    window.open_files([large])
    opening.bar.cancel.click()
    assert not opening.bar.isVisibleTo(window)
    qtbot.waitUntil(lambda: not opening.running, timeout=MS)
    assert window.session.project is None
    window.open_files([large])
    qtbot.waitUntil(lambda: window.session.graph is not None, timeout=MS)


def test_a_large_file_that_is_no_graph_leaves_the_window_as_it_was(
    window: MainWindow, qtbot: QtBot, large: Path, tmp_path: Path
) -> None:
    window.open_files([large])
    qtbot.waitUntil(lambda: window.session.graph is not None, timeout=MS)
    before = (window.session.project, window.session.graph_id, window.windowTitle())
    bad = tmp_path / "bad.json"
    bad.write_bytes(large.read_bytes()[:-100])
    window.open_files([bad])
    qtbot.waitUntil(lambda: not window.files.opening.running, timeout=MS)
    box = window.findChild(QMessageBox)
    assert box is not None
    assert str(bad) in box.text()
    box.close()
    now = (window.session.project, window.session.graph_id, window.windowTitle())
    assert now == before


def test_the_same_large_graph_is_opened_once(
    window: MainWindow, qtbot: QtBot, large: Path
) -> None:
    for _ in range(2):
        window.open_files([large])
        qtbot.waitUntil(lambda: not window.files.opening.running, timeout=MS)
    assert len(window.session.state.graphs) == 1
    assert len(list(projects_folder().glob("*.gloss"))) == 1


def test_the_window_may_be_closed_meanwhile(window: MainWindow, large: Path) -> None:
    window.open_files([large])
    window.close()
    assert not window.files.opening.running
    assert window.session.project is None


def test_what_was_open_is_let_go_of_once_something_else_is(
    window: MainWindow, qtbot: QtBot, large: Path, tmp_path: Path
) -> None:
    """Not when the collector comes: a graph may fill gigabytes."""
    window.open_files([large])
    qtbot.waitUntil(lambda: window.session.graph is not None, timeout=MS)
    assert window.session.graph is not None
    before = weakref.ref(window.session.graph)
    other = tmp_path / "other.json"
    write_graph(other, GraphRecipe(nodes=100, links=400))
    window.session.take(None)
    window.open_files([other])
    qtbot.waitUntil(lambda: window.session.graph is not None, timeout=MS)
    qtbot.waitUntil(lambda: before() is None, timeout=MS)
