"""Tuning from the window: what is judged, the job, the proposal and its use."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from glossator.evaluation.tuning import Agreement, TuningReport
from glossator.evaluation.tuning_cost import TierCost
from glossator.progress import Progress
from glossator.project.edits import JudgedTier
from glossator.protocol.protocol_settings import ProtocolSettings, Window
from glossator_gui.dialogs.tune_dialog import TuneDialog
from glossator_gui.main_window import MainWindow
from tests.core.judged_projects import made_project

pytestmark = [
    pytest.mark.qt_log_ignore("propagateSizeHints", extend=True),
    pytest.mark.usefixtures("embedded_once"),
]

JUDGED: dict[JudgedTier, int] = {"input": 4, "output": 4, "cross": 0, "obscure": 4}
CURRENT = ProtocolSettings(z_threshold=4.0)
PROPOSED = ProtocolSettings(z_threshold=2.5, input_window=Window(-4, 0))
TABLE = ((3.0, 0.0, 0.0, 1.0, 0.0),) * 4


def agreement(name: str, settings: ProtocolSettings) -> Agreement:
    return Agreement(name, settings, 0.75, 0.02, 0.71, 0.03, TABLE)


def report(proposed: ProtocolSettings = PROPOSED) -> TuningReport:
    return TuningReport(
        judged={"input": 4, "output": 4, "cross": 0, "obscure": 4},
        n_left_out=0,
        n_tried=241,
        n_folds=4,
        n_repeats=3,
        current=agreement("current", CURRENT),
        proposed=agreement("proposed", proposed),
        literal=agreement("literal, one threshold", CURRENT),
        by_window=agreement("literal, a threshold a window", CURRENT),
        gain=0.1,
        gain_error=0.02,
        current_cost=TierCost({"input": 10, "cross": 20}),
        proposed_cost=TierCost({"input": 20, "cross": 10}),
        n_scored=30,
    )


@pytest.fixture
def dialog(qtbot: QtBot) -> TuneDialog:
    dialog = TuneDialog(JUDGED, "")
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitExposed(dialog)
    dialog.activateWindow()
    qtbot.waitUntil(dialog.isActiveWindow)
    return dialog


def seen(dialog: TuneDialog) -> list[str]:
    return [w.text() for w in dialog.findChildren(QLabel) if w.isVisible()]


def buttons(dialog: TuneDialog) -> list[str]:
    found = dialog.findChildren(QPushButton)
    return [b.text() for b in found if b.isVisible() and b.isEnabled()]


def test_it_says_how_many_are_judged_and_how_to_judge(dialog: TuneDialog) -> None:
    texts = seen(dialog)
    assert texts[texts.index("Obscure") + 1] == "4"
    assert texts[texts.index("Together") + 1] == "12"
    assert any("Alt+1 for input" in text and "Alt+0" in text for text in texts)
    assert set(buttons(dialog)) == {"Compare Settings", "Close"}


def test_with_too_few_it_cannot_start(qtbot: QtBot) -> None:
    dialog = TuneDialog(dict.fromkeys(JUDGED, 0), "needs <b>8</b>")
    qtbot.addWidget(dialog)
    dialog.show()
    assert "needs <b>8</b>" in seen(dialog)
    assert dialog.problem.textFormat() == Qt.TextFormat.PlainText
    assert buttons(dialog) == ["Close"]


def test_the_keyboard_starts_cancels_and_closes(
    dialog: TuneDialog, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(dialog.start_requested):
        QTest.keyClick(dialog, Qt.Key.Key_Return)
    dialog.show_progress(Progress(5, 24, "trying settings"))
    assert "Trying settings" in seen(dialog)
    assert (dialog.bar.value(), dialog.bar.maximum()) == (5, 24)
    assert buttons(dialog) == ["Cancel"]
    with qtbot.waitSignal(dialog.cancel_requested):
        QTest.keyClick(dialog.focusWidget(), Qt.Key.Key_Space)
    dialog.show_stopped()
    assert "Compare Settings" in buttons(dialog)
    with qtbot.waitSignal(dialog.finished):
        QTest.keyClick(dialog, Qt.Key.Key_Escape)


def test_the_report_marks_what_changes_and_is_used_deliberately(
    dialog: TuneDialog, qtbot: QtBot
) -> None:
    used: list[ProtocolSettings] = []
    dialog.use_requested.connect(used.append)
    dialog.show_report(report())
    texts = seen(dialog)
    assert "The proposal agrees with you better: macro-F1 +0.10 ± 0.02." in texts
    at = texts.index("z threshold")
    assert texts[at : at + 4] == ["z threshold", "4", "2.5", "changed"]
    at = texts.index("Output window")
    assert texts[at : at + 4] == ["Output window", "[1, 3]", "[1, 3]", ""]
    assert texts.count("0.71 ± 0.03") == 4
    assert set(buttons(dialog)) == {"Use for the Next Run", "Copy as Text", "Close"}
    dialog.copy.click()
    assert "glossator label … --z 2.5" in QGuiApplication.clipboard().text()
    QTest.keyClick(dialog.results, Qt.Key.Key_Down)
    assert used == []
    dialog.use.click()
    assert used == [PROPOSED]
    assert not dialog.isVisible()


def test_enter_does_not_use_the_proposal(dialog: TuneDialog) -> None:
    used: list[ProtocolSettings] = []
    dialog.use_requested.connect(used.append)
    dialog.show_report(report())
    QTest.keyClick(dialog.results, Qt.Key.Key_Return)
    assert used == []


def test_settings_that_stand_are_not_offered(dialog: TuneDialog) -> None:
    dialog.show_report(report(CURRENT))
    assert any("current settings stand" in text for text in seen(dialog))
    assert "changed" not in seen(dialog)
    assert "Use for the Next Run" not in buttons(dialog)


def test_a_failure_leads_back_with_its_reason(dialog: TuneDialog) -> None:
    dialog.show_problem("too few\nfeatures")
    assert "too few\nfeatures" in seen(dialog)
    assert "Compare Settings" in buttons(dialog)


# -- in the window ---------------------------------------------------------------------


@pytest.fixture
def window(tmp_path: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    path = made_project(tmp_path, 12)
    window = MainWindow()
    window.show()
    window.session.open_files([path])
    yield window
    window.close()
    window.deleteLater()
    QTest.qWait(0)


def asked(window: MainWindow) -> TuneDialog:
    window.actions_by_name["tune"].trigger()
    (dialog,) = (d for d in window.findChildren(TuneDialog) if d.isVisible())
    return dialog


@pytest.mark.model
def test_a_proposal_becomes_the_settings_of_the_next_run(
    window: MainWindow, qtbot: QtBot
) -> None:
    before = window.session.protocol_settings()
    results = dict(window.session.state.results)
    dialog = asked(window)
    assert "Together" in seen(dialog)
    with qtbot.waitSignal(window.tune.slot.succeeded, timeout=240_000) as ended:
        dialog.start.click()
    found = ended.args[0]
    assert isinstance(found, TuningReport)
    assert found.current.settings == before
    assert window.session.protocol_settings() == before, "nothing changes by itself"
    dialog.use_requested.emit(PROPOSED)
    assert window.session.protocol_settings() == PROPOSED
    assert window.session.state.results == results
    dialog.close()


@pytest.mark.model
def test_closing_the_dialog_ends_the_job(window: MainWindow, qtbot: QtBot) -> None:
    dialog = asked(window)
    dialog.start.click()
    qtbot.waitUntil(lambda: window.tune.slot.running)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not window.tune.slot.running
    again = asked(window)
    assert again.pages.currentIndex() == 0
    again.close()


def test_without_judgements_it_says_what_to_do(window: MainWindow) -> None:
    while window.session.state.judgements:
        window.session.undo()
    dialog = asked(window)
    assert any("0 judged features can be used (none)" in text for text in seen(dialog))
    assert buttons(dialog) == ["Close"]
    dialog.close()
