"""Asking what a run is over and how, and what comes after it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QPushButton
from pytestqt.qtbot import QtBot

from glossator.labelers.label_settings import LabelSettings
from glossator.protocol.protocol_settings import ProtocolSettings, Window
from glossator.settings import embeddings_file
from glossator_gui.dialogs.label_dialog import LabelDialog
from glossator_gui.dialogs.run_dialog import RunChoice, RunDialog, ScopeName
from glossator_gui.main_window import MainWindow
from tests.core.llm_server import chat_server
from tests.gui.named_controls import unnamed
from tests.gui.scored_project import open_scored, shown_dialog

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)

SLOW = 120_000
"""Milliseconds: the embedder is loaded in a process of its own."""


def open_dialog(
    qtbot: QtBot,
    settings: ProtocolSettings = ProtocolSettings(),  # noqa: B008 - it is frozen
    *,
    then_plan: bool = False,
) -> RunDialog:
    sizes: dict[ScopeName, int] = {
        "all": 9,
        "unlabelled": 4,
        "visible": 2,
        "selection": 0,
    }
    dialog = RunDialog(sizes, settings, "Evidence: here", then_plan=then_plan)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitExposed(dialog)
    return dialog


def run_button(dialog: RunDialog) -> QPushButton:
    (found,) = (
        button
        for button in dialog.buttons.buttons()
        if dialog.buttons.buttonRole(button) == QDialogButtonBox.ButtonRole.AcceptRole
    )
    assert isinstance(found, QPushButton)
    return found


def chosen(dialog: RunDialog, qtbot: QtBot) -> RunChoice:
    with qtbot.waitSignal(dialog.start_requested) as asked:
        run_button(dialog).click()
    assert asked.args is not None
    (choice,) = asked.args
    assert isinstance(choice, RunChoice)
    return choice


OTHERS = ProtocolSettings(
    n_examples=7,
    examples="quantiles",
    weighted=True,
    input_window=Window(-3, 1),
    output_window=Window(2, 4),
    cross_window=Window(-5, 5),
    routing="literal",
    z_threshold=2.5,
    raw_threshold=0.25,
    raw_threshold_of={"cross": 0.125},
    sense_p=0.05,
    embedder="some/embedder",
    seed=4,
)


@pytest.mark.parametrize(
    ("settings", "then_plan"),
    [(ProtocolSettings(), False), (OTHERS, True)],
    ids=["default", "others"],
)
def test_it_gives_back_what_it_was_given(
    qtbot: QtBot, settings: ProtocolSettings, then_plan: bool
) -> None:
    dialog = open_dialog(qtbot, settings, then_plan=then_plan)
    assert chosen(dialog, qtbot) == RunChoice("all", settings, then_plan)


def test_a_window_that_is_none_is_refused(qtbot: QtBot) -> None:
    dialog = open_dialog(qtbot)
    left, right = dialog.protocol.windows["output"]
    left.setValue(3)
    right.setValue(1)
    with qtbot.assertNotEmitted(dialog.start_requested):
        run_button(dialog).click()
    assert dialog.isVisible()
    assert dialog.problem.text().startswith("output_window: ")
    assert dialog.height() >= dialog.sizeHint().height(), "nothing is squeezed"


def test_every_control_has_a_name(qtbot: QtBot) -> None:
    assert unnamed(open_dialog(qtbot)) == []


# -- in the window ---------------------------------------------------------------------


@pytest.fixture
def window(tmp_path: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    window = MainWindow()
    window.show()
    open_scored(window, tmp_path)
    qtbot.waitExposed(window)
    yield window
    window.close()
    window.deleteLater()
    QTest.qWait(0)


def asked_for(window: MainWindow) -> RunDialog:
    window.actions_by_name["run"].trigger()
    dialog = shown_dialog(window)
    assert isinstance(dialog, RunDialog)
    return dialog


def n_embeddings() -> int:
    with closing(sqlite3.connect(embeddings_file())) as connection:
        (n,) = connection.execute("SELECT count(*) FROM vector").fetchone()
    return int(n)


def test_a_run_then_the_plan_and_no_model_is_asked_before(
    window: MainWindow, qtbot: QtBot
) -> None:
    session = window.session
    preferences = msgspec.structs.replace(session.preferences, embeddings_mb=0)
    session.put_preferences(preferences)
    with chat_server() as server:
        named = LabelSettings(tier1="small_llm", llm=server.url)
        session.put_label_settings(named)
        dialog = asked_for(window)
        assert not dialog.then_plan.isChecked()
        dialog.then_plan.click()
        dialog.protocol.n_examples.setValue(9)
        run_button(dialog).click()
        qtbot.waitUntil(lambda: not window.run.slot.running, timeout=SLOW)
        QApplication.processEvents()
        planning = shown_dialog(window)
        assert isinstance(planning, LabelDialog)
        assert server.seen == [], "the project alone names it"
        assert planning.choice().settings == named
        planning.reject()
    assert session.protocol_settings().n_examples == 9
    assert n_embeddings() == 0, "the user wants to keep none"
    again = asked_for(window)
    assert again.then_plan.isChecked(), "the project remembers"
    assert again.protocol.settings().n_examples == 9


@pytest.mark.usefixtures("embedded_once")
def test_a_run_that_nobody_asked_for_opens_nothing(
    window: MainWindow, qtbot: QtBot
) -> None:
    """A project from elsewhere may say that labels be planned."""
    window.session.put_setting("then_plan_labels", "yes")
    with qtbot.assertNotEmitted(window.run.plan_wanted):
        window.run.run_all()
        qtbot.waitUntil(lambda: not window.run.slot.running, timeout=SLOW)
    assert window.session.state.results
