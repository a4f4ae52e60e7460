"""Desktop manners: layout, recent files, drops, locks, one window, crashes, tour."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from glossator.graph.graph_file import read_graph
from glossator.project.open_files import add_graphs
from glossator.project.project import Project
from glossator.settings import cache_folder, log_folder, window_socket
from glossator_gui.actions.table import ACTIONS
from glossator_gui.desktop.crash_log import CRASH_NAME, LOG_NAME, CrashLog, log
from glossator_gui.desktop.recent_files import RecentFiles, RecentMenu
from glossator_gui.desktop.single_instance import SingleInstance, hand_over
from glossator_gui.main_window import MainWindow
from tests.core.graph_documents import as_bytes, feature_node, tracer_graph
from tests.gui import work

_SECOND_START = """
import sys
import glossator.commands.window
from glossator.cli import main
glossator.commands.window.display_available = lambda: True
sys.exit(main(["open", sys.argv[1]]))
"""

pytestmark = pytest.mark.qt_log_ignore(
    "propagateSizeHints", "raise", "grabbing the keyboard", extend=True
)


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    window = MainWindow()
    window.show()
    yield window
    window.close()
    window.deleteLater()
    QTest.qWait(0)


@pytest.fixture
def graph_file(tmp_path: Path) -> Path:
    path = tmp_path / "good.json"
    document = tracer_graph()
    document["nodes"].append(feature_node(1, 5, 2))
    path.write_bytes(as_bytes(document))
    return path


@pytest.fixture
def project_file(tmp_path: Path, graph_file: Path) -> Path:
    path = tmp_path / "my-own-name.gloss"
    add_graphs(path, [read_graph(graph_file)], [graph_file]).close()
    return path


def box() -> QMessageBox:
    """The message that is open."""
    QApplication.processEvents()
    (found,) = (
        w
        for w in QApplication.topLevelWidgets()
        if isinstance(w, QMessageBox) and w.isVisible()
    )
    return found


def press(question: QMessageBox, text: str) -> None:
    (button,) = (b for b in question.buttons() if b.text().replace("&", "") == text)
    button.click()
    QApplication.processEvents()


# -- layout ----------------------------------------------------------------------------


def test_the_arrangement_is_kept_between_starts(
    window: MainWindow, project_file: Path, qtbot: QtBot
) -> None:
    window.open_files([project_file])
    review = window.docks[0]
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, review)
    window.close()
    again = MainWindow()
    again.show()
    again.open_files([project_file])
    assert again.layout_of_panels.restore_geometry()
    area = again.dockWidgetArea(again.docks[0])
    assert area == Qt.DockWidgetArea.RightDockWidgetArea
    again.actions_by_name["reset_layout"].trigger()
    area = again.dockWidgetArea(again.docks[0])
    assert area == Qt.DockWidgetArea.LeftDockWidgetArea
    assert again.docks[0].isVisible()
    again.close()


def test_one_panel_takes_all_the_room_and_gives_it_back(
    window: MainWindow, project_file: Path, qtbot: QtBot
) -> None:
    window.open_files([project_file])
    review, feature = window.docks
    maximise = window.actions_by_name["maximise"]
    window.activateWindow()
    window.actions_by_name["focus_queue"].trigger()
    maximise.trigger()
    assert maximise.isChecked()
    assert review.isVisible()
    assert not feature.isVisible()
    assert not window.pages.isVisible()
    qtbot.waitUntil(lambda: review.width() > window.width() * 0.9)
    maximise.trigger()
    assert not maximise.isChecked()
    assert feature.isVisible()
    assert window.pages.isVisible()
    window.actions_by_name["focus_graph"].trigger()
    maximise.trigger()
    assert window.graph.canvas.isVisible()
    assert not review.isVisible()
    window.actions_by_name["focus_queue"].trigger()
    assert review.isVisible()
    assert not maximise.isChecked()


def test_a_double_click_on_a_title_maximises(
    window: MainWindow, project_file: Path
) -> None:
    window.open_files([project_file])
    review, feature = window.docks

    def double_click() -> None:
        at = QPointF(20, 8)
        event = QMouseEvent(
            QEvent.Type.MouseButtonDblClick,
            at,
            review.mapToGlobal(at),
            Qt.MouseButton.LeftButton,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(review, event)

    double_click()
    assert not feature.isVisible()
    assert not review.isFloating()
    double_click()
    assert feature.isVisible()


# -- recent files ----------------------------------------------------------------------


def test_ten_projects_are_remembered_the_last_first(tmp_path: Path) -> None:
    settings = QSettings(str(tmp_path / "w.conf"), QSettings.Format.IniFormat)
    recent = RecentFiles(settings)
    for at in range(12):
        recent.add(tmp_path / f"{at}.gloss")
    recent.add(tmp_path / "5.gloss")
    names = [path.stem for path in RecentFiles(settings).paths]
    assert names == ["5", "11", "10", "9", "8", "7", "6", "4", "3", "2"]
    recent.remove(recent.paths[1:])
    assert [path.stem for path in RecentFiles(settings).paths] == ["5"]
    recent.clear()
    assert RecentFiles(settings).paths == ()


def test_the_menu_opens_by_number_greys_what_is_gone_and_forgets_it(
    qtbot: QtBot, tmp_path: Path
) -> None:
    settings = QSettings(str(tmp_path / "w.conf"), QSettings.Format.IniFormat)
    recent = RecentFiles(settings)
    menu = RecentMenu(recent)
    qtbot.addWidget(menu)
    assert not menu.menuAction().isEnabled()
    present, gone = tmp_path / "a & b.gloss", tmp_path / "gone.gloss"
    present.touch()
    recent.add(gone)
    recent.add(present)
    assert menu.menuAction().isEnabled()
    menu.fill()
    first, second = menu.actions()[:2]
    assert first.text() == "&1  a && b"
    assert (second.isEnabled(), second.text()) == (False, "&2  gone  (missing)")
    opened: list[Path] = []
    menu.open_requested.connect(opened.append)
    first.trigger()
    assert opened == [present]
    next(a for a in menu.actions() if "Missing" in a.text()).trigger()
    assert recent.paths == (present,)


def test_what_was_open_is_offered_at_the_next_start(
    window: MainWindow, project_file: Path
) -> None:
    window.open_files([project_file])
    window.session.take(None)
    assert window.files.recent.paths == (project_file,)
    at = window.welcome._recent.itemAt(0)
    assert at is not None
    button = at.widget()
    assert button is not None
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    project = window.session.project
    assert project is not None
    assert project.path == project_file


# -- drops -----------------------------------------------------------------------------


def dropped(*places: Path | str) -> QMimeData:
    data = QMimeData()
    data.setUrls(
        [
            QUrl.fromLocalFile(str(place)) if isinstance(place, Path) else QUrl(place)
            for place in places
        ]
    )
    return data


def test_several_graphs_are_dropped_together(
    window: MainWindow, graph_file: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.json"
    document = tracer_graph()
    document["metadata"]["slug"] = "another"
    other.write_bytes(as_bytes(document))
    window.files.drop(dropped(graph_file, other))
    assert len(window.session.state.graphs) == 2


def test_a_drop_that_cannot_be_used_says_why(
    window: MainWindow, project_file: Path, tmp_path: Path
) -> None:
    second = tmp_path / "second.gloss"
    second.write_bytes(project_file.read_bytes())
    folder = tmp_path / "folder"
    folder.mkdir()
    for places, why in (
        (("https://example.org/graph.json",), "no addresses"),
        ((project_file, second), "One project"),
        ((tmp_path / "none.json",), "there is no such file"),
        ((folder,), "open a graph or a project first"),
    ):
        data = dropped(*places)
        assert window.files.can_drop(data)
        window.files.drop(data)
        assert why in box().text()
        box().close()
        assert window.session.project is None


# -- read-only -------------------------------------------------------------------------


@pytest.fixture
def read_only(window: MainWindow, project_file: Path) -> Iterator[MainWindow]:
    """The window with a project that another has open."""
    other = Project(project_file)
    window.open_files([project_file])
    question = box()
    assert "cannot be changed now" in question.text()
    press(question, "Open Read-Only")
    assert window.session.read_only
    yield window
    other.close()


def test_a_locked_project_is_left_when_the_person_says_so(
    window: MainWindow, project_file: Path
) -> None:
    other = Project(project_file)
    window.open_files([project_file])
    press(box(), "Cancel")
    assert window.session.project is None
    other.close()


def test_a_read_only_project_says_so_and_cannot_be_changed(
    read_only: MainWindow, project_file: Path, tmp_path: Path
) -> None:
    window, session = read_only, read_only.session
    before = project_file.read_bytes()
    assert "read-only" in window.windowTitle()
    assert window.status.marks.saved.text() == "Read-only"
    feature = session.state.features()[0]
    session.select_features([feature])
    assert not window.actions_by_name["accept"].isEnabled()
    assert "read-only" in window.actions_by_name["accept"].toolTip()
    window.review.accept("a label")
    session.put_setting("queue", "all")
    session.save_draft("x", "half")  # type: ignore[arg-type]
    assert session.state.label(feature) == ""
    assert project_file.read_bytes() == before
    (button,) = (
        found
        for found in window.findChildren(QPushButton)
        if found.property("action") == "accept"
    )
    assert not button.isEnabled()
    copy = tmp_path / "copy.gloss"
    session.save_copy(copy)
    session.save_as(tmp_path / "mine.gloss")
    assert not session.read_only
    session.select_features([feature])
    window.review.panel.edit_label()
    QTest.keyClicks(window.focusWidget(), "mine")
    assert button.isEnabled()
    assert Project(copy, read_only=True).verify() == []
    assert window.actions_by_name["accept"].isEnabled() is bool(session.selection)


def test_every_action_that_would_change_a_read_only_project_is_disabled(
    read_only: MainWindow,
) -> None:
    """Those that can be done at once are; none of them is refused by the session."""
    window, session = read_only, read_only.session
    told: list[str] = []
    session.told.connect(told.append)
    elsewhere = ("File", "View", "Help")
    refused = []
    for spec in ACTIONS:
        session.select([0, 1, 2])
        asks = spec.text.endswith("…") or spec.menu in elsewhere
        if asks or not window.actions_by_name[spec.name].isEnabled():
            continue
        told.clear()
        window.actions_by_name[spec.name].trigger()
        for dialog in QApplication.topLevelWidgets():
            if dialog is not window and dialog.isWindow() and dialog.isVisible():
                dialog.close()
        if any("read-only" in text for text in told):
            refused.append(spec.name)
    assert ", ".join(refused) == ""


# -- copies and quitting ---------------------------------------------------------------


def test_save_a_copy_goes_on_here_and_save_as_there(
    window: MainWindow, project_file: Path, tmp_path: Path
) -> None:
    session = window.session
    window.open_files([project_file])
    session.save_copy(tmp_path / "copy.gloss")
    assert session.project is not None
    assert session.project.path == project_file
    assert Project(tmp_path / "copy.gloss", read_only=True).verify() == []
    session.save_as(tmp_path / "as.gloss")
    assert session.project.path == tmp_path / "as.gloss"


def test_quitting_asks_only_while_a_job_runs(
    window: MainWindow, project_file: Path, qtbot: QtBot
) -> None:
    window.open_files([project_file])
    window.run.slot.start(work.count, 100_000)
    assert window.status.running == ["run of the protocol"]
    window.actions_by_name["quit"].trigger()
    question = box()
    assert "run of the protocol" in question.text()
    press(question, "Cancel")
    assert window.isVisible()
    window.run.slot.end()
    window.actions_by_name["quit"].trigger()
    assert not window.isVisible()


def test_the_status_bar_tells_of_jobs_that_ask_servers(window: MainWindow) -> None:
    network = window.status.marks.network
    assert (network.text(), "nothing is sent" in network.toolTip()) == ("Offline", True)
    window.collect.job.slot.start(work.count, 100_000)
    assert network.text() == "Offline"
    window.fetch.job.slot.start(work.count, 100_000)
    assert network.text() == "Network: fetching evidence"
    window.fetch.job.slot.end()
    window.collect.job.slot.end()
    assert network.text() == "Offline"


_TYPE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from PySide6.QtTest import QTest
from glossator_gui.app import application
from glossator_gui.main_window import MainWindow
app = application()
window = MainWindow()
window.show()
window.open_files([Path(sys.argv[1])])
window.session.select_features([window.session.state.features()[0]])
window.review.panel.edit_label()
QTest.keyClicks(window.focusWidget(), "half a thou")
QTest.qWait(1000)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_half_typed_label_survives_a_kill(
    window: MainWindow, project_file: Path
) -> None:
    subprocess.run(
        [sys.executable, "-c", _TYPE_AND_DIE, str(project_file)],
        check=False,
        capture_output=True,
    )
    window.open_files([project_file])
    feature = window.session.state.features()[0]
    window.session.select_features([feature])
    assert window.review.panel.editor_text == "half a thou"
    assert window.session.state.label(feature) == ""


# -- one window a user -----------------------------------------------------------------


def test_a_second_start_hands_its_files_to_the_first(
    window: MainWindow, project_file: Path, qtbot: QtBot
) -> None:
    first = SingleInstance()
    first.asked.connect(window.files.take_over)
    assert first.listen()
    assert not SingleInstance().listen()
    child = subprocess.Popen(
        [sys.executable, "-c", _SECOND_START, str(project_file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    qtbot.waitUntil(lambda: window.session.project is not None, timeout=20_000)
    out = child.communicate(timeout=20)
    assert (child.returncode, *out) == (0, "", "")
    assert window.session.project is not None
    assert window.session.project.path == project_file
    first.close()
    assert not hand_over([project_file], demo=False)


def test_a_socket_that_a_killed_window_left_is_taken_over(qtbot: QtBot) -> None:
    code = (
        "import os, signal\n"
        "from PySide6.QtCore import QCoreApplication\n"
        "app = QCoreApplication([])\n"
        "from glossator_gui.desktop.single_instance import SingleInstance\n"
        "first = SingleInstance()\n"
        "assert first.listen()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert window_socket().exists()
    assert not hand_over([], demo=False)
    again = SingleInstance()
    assert again.listen()
    again.close()


def test_nobody_else_can_reach_the_socket(qtbot: QtBot) -> None:
    first = SingleInstance()
    assert first.listen()
    assert window_socket().stat().st_mode & 0o077 == 0
    first.close()


# -- what goes wrong -------------------------------------------------------------------


@pytest.fixture
def crashes(qtbot: QtBot) -> Iterator[CrashLog]:
    crashes = CrashLog(log_folder())
    yield crashes
    crashes.close()


def test_errors_nobody_caught_are_logged_from_every_thread(
    crashes: CrashLog, qtbot: QtBot, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_down() -> None:
        raise ZeroDivisionError("in a thread")

    with qtbot.waitSignal(crashes.crashed) as told:
        thread = threading.Thread(target=break_down)
        thread.start()
        thread.join()
    assert told.args == ["ZeroDivisionError: in a thread"]
    try:
        raise KeyError("in the window")
    except KeyError as error:
        sys.excepthook(KeyError, error, error.__traceback__)
    text = (log_folder() / CRASH_NAME).read_text()
    assert "in break_down" in text
    assert "KeyError: 'in the window'" in text
    assert "Traceback" in capsys.readouterr().err


def test_a_crash_of_the_interpreter_leaves_its_stack(own_home: Path) -> None:
    code = (
        "import faulthandler\n"
        "from glossator_gui.desktop.crash_log import CrashLog\n"
        "from glossator.settings import log_folder\n"
        "log = CrashLog(log_folder())\n"
        "faulthandler._sigsegv()\n"
    )
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONFAULTHANDLER"}
    subprocess.run(
        [sys.executable, "-c", code], check=False, env=environment, capture_output=True
    )
    text = (log_folder() / CRASH_NAME).read_text()
    assert "Segmentation fault" in text
    assert 'File "<string>", line 5' in text


def test_a_large_crash_log_makes_way(tmp_path: Path) -> None:
    (tmp_path / CRASH_NAME).write_text("x" * 300_000)
    CrashLog(tmp_path).close()
    assert (tmp_path / f"{CRASH_NAME}.1").stat().st_size == 300_000
    assert (tmp_path / CRASH_NAME).stat().st_size == 0


def test_diagnostics_tell_nothing_of_the_persons_work_unless_ticked(
    window: MainWindow, project_file: Path, crashes: CrashLog
) -> None:
    window.open_files([project_file])
    session = window.session
    session.select_features([session.state.features()[0]])
    window.review.accept("my secret label")
    log.info("failed%s%s", " | ", "my secret label")
    try:
        raise ValueError("my secret label")
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)
    graph = session.graph
    assert graph is not None
    window.actions_by_name["diagnostics"].trigger()
    dialog = QApplication.activeModalWidget()
    assert dialog is not None
    shown = dialog.view.toPlainText()  # type: ignore[attr-defined]
    secrets = ("my secret label", graph.prompt, str(project_file), project_file.stem)
    assert [secret for secret in secrets if secret in shown] == []
    for told in ("PySide6", "nodes", "ValueError", "test_desktop.py, line"):
        assert told in shown
    dialog.details.setChecked(True)  # type: ignore[attr-defined]
    shown = dialog.view.toPlainText()  # type: ignore[attr-defined]
    assert "my secret label" in shown
    assert str(project_file) in shown
    dialog.copy.click()  # type: ignore[attr-defined]
    assert QApplication.clipboard().text() == shown
    dialog.close()
    assert (log_folder() / LOG_NAME).is_file()


# -- the tour --------------------------------------------------------------------------


def test_the_tour_shows_real_parts_and_leaves_no_trace(
    window: MainWindow, project_file: Path, qtbot: QtBot
) -> None:
    window.resize(1300, 850)
    window.open_files([project_file])
    before = project_file.read_bytes()
    window.actions_by_name["tour"].trigger()
    tour, card = window.tour, window.tour.card
    assert window.session.scratch
    assert "tour" in window.windowTitle()
    copy = cache_folder() / "tour" / "demo.gloss"
    assert copy.is_file()
    seen = []
    while tour.running:
        QTest.qWait(1)
        assert card.next.hasFocus() or card.next.text() == "Done"
        assert window.rect().contains(card.geometry())
        assert "{" not in card.text.text()
        assert "no key" not in card.text.text()
        seen.append((card.title.text(), tour.card._target_box()))
        if len(seen) == 3:
            window.choose_theme("high contrast dark")
            window.resize(1000, 700)
            QTest.qWait(1)
            assert window.rect().contains(card.geometry())
        QTest.keyClick(card.next, Qt.Key.Key_Return)
    assert len(seen) == len(tour._steps) >= 8
    for title, place in seen[1:]:
        assert place.isValid(), title
    project = window.session.project
    assert project is not None
    assert project.path == project_file
    assert not copy.exists()
    assert window.files.recent.paths == (project_file,)
    window.session.take(None)
    assert project_file.read_bytes() == before


def test_the_tour_goes_on_where_it_was_left(window: MainWindow) -> None:
    tour, card = window.tour, window.tour.card
    window.actions_by_name["tour"].trigger()
    QTest.keyClick(card.next, Qt.Key.Key_Right)
    QTest.keyClick(card.next, Qt.Key.Key_Right)
    QTest.keyClick(card.next, Qt.Key.Key_Left)
    title = card.title.text()
    QTest.keyClick(card.next, Qt.Key.Key_Escape)
    assert not tour.running
    assert not card.isVisible()
    assert window.session.project is None
    window.actions_by_name["tour"].trigger()
    assert card.title.text() == title
    tour.leave()
