"""Labelling methods compared from the window: planned, done, kept, looked at."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from glossator.evaluation.comparison.method_comparison import MethodComparison
from glossator.graph.attribution_graph import FeatureKey
from glossator.project.comparisons import StoredComparison
from glossator_gui.dialogs.compare_dialog import CompareDialog
from glossator_gui.dialogs.comparison_dialog import ComparisonDialog
from glossator_gui.look.theme import DARK
from glossator_gui.main_window import MainWindow
from tests.core.llm_server import (
    MODEL,
    ChatServer,
    chat_server,
    fails,
    hangs,
    unused_address,
)
from tests.core.made_comparison import made_comparison
from tests.core.planted_methods import GOOD, POOR, made_project, plant
from tests.gui.named_controls import unnamed
from tests.gui.scored_project import shown_dialog

pytestmark = [
    pytest.mark.qt_log_ignore("propagateSizeHints", extend=True),
    pytest.mark.usefixtures("embedded_once"),
]

SLOW = 120_000
"""Milliseconds: a process has to start."""
N = 7
"""Features: more than it takes for a test."""


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with chat_server() as server:
        plant(server)
        yield server


@pytest.fixture
def window(
    tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MainWindow]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    window = MainWindow()
    window.resize(1300, 760)
    window.show()
    window.session.open_files([made_project(tmp_path)])
    qtbot.waitExposed(window)
    yield window
    window.close()
    window.deleteLater()
    QTest.qWait(0)


def opened(window: MainWindow) -> CompareDialog:
    window.actions_by_name["compare"].trigger()
    dialog = shown_dialog(window)
    assert isinstance(dialog, CompareDialog)
    return dialog


def choose(dialog: CompareDialog, server: str, *methods: str) -> None:
    """Methods alone, by one model, and the scorers detection and embedding."""
    box = dialog.box
    box.labels.model.of.setEditText(server)
    for choices, wanted in (
        (box.methods, methods),
        (box.scorers, ("detection", "embedding")),
    ):
        for name in choices.chosen:
            if name not in wanted:
                choices.item_of(name).setCheckState(Qt.CheckState.Unchecked)
        for name in wanted:
            choices.item_of(name).setCheckState(Qt.CheckState.Checked)
    box.n_features.setValue(N)


def plan(window: MainWindow, dialog: CompareDialog, qtbot: QtBot) -> None:
    dialog.plan.click()
    qtbot.waitUntil(lambda: not window.compare.planning.running, timeout=SLOW)
    QApplication.processEvents()


def stored(window: MainWindow) -> list[StoredComparison]:
    assert window.session.project is not None
    return window.session.project.comparisons()


def results(window: MainWindow, qtbot: QtBot) -> ComparisonDialog:
    """What is shown of the comparison that is chosen."""
    desk = window.compare
    qtbot.waitUntil(lambda: desk.results.isVisible(), timeout=SLOW)
    qtbot.waitUntil(lambda: not desk.reckoning.running, timeout=SLOW)
    assert desk.results.shown is not None
    return desk.results


def looked_at(
    window: MainWindow, qtbot: QtBot, *made: MethodComparison
) -> ComparisonDialog:
    """The newest of comparisons that were made before."""
    assert window.session.project is not None
    for comparison in made:
        window.session.project.add_comparison(comparison)
    window.actions_by_name["comparisons"].trigger()
    return results(window, qtbot)


# -- what may be compared --------------------------------------------------------------


def test_what_cannot_be_compared_says_why(window: MainWindow) -> None:
    box = opened(window).box
    assert list(box.methods.chosen) == ["token_frequency"]
    assert list(box.scorers.chosen) == ["embedding"]
    assert box.methods.item_of(GOOD).text().startswith(f"{GOOD} (name a model)")
    assert "no verbalizations" in box.methods.item_of("nla").text()
    assert "sees all examples" in box.methods.item_of("sense_words").text()
    enabled = Qt.ItemFlag.ItemIsEnabled
    assert not box.methods.item_of("nla").flags() & enabled
    box.labels.model.of.setEditText("openai")
    assert {GOOD, POOR, "small_llm"} <= set(box.methods.chosen)
    assert not {"nla", "sense_words"} & set(box.methods.chosen)
    assert list(box.scorers.chosen) == ["detection", "fuzz", "embedding"]
    box.methods.item_of(POOR).setCheckState(Qt.CheckState.Unchecked)
    box.labels.model.of.setEditText("")
    box.labels.model.of.setEditText("openai")
    assert GOOD in box.methods.chosen
    assert POOR not in box.methods.chosen, "a person did not want it"


def test_another_model_may_judge(window: MainWindow) -> None:
    dialog = opened(window)
    box = dialog.box
    box.labels.model.of.setEditText("openai")
    assert box.choice().models.scoring == box.choice().models.labels
    box.same.setChecked(False)
    assert box.scorers.chosen == ("embedding",), "nobody is named that judges"
    box.scoring.model.of.setEditText("anthropic")
    box.scoring.model.model.setText("judge")
    box.scoring.prompt_price.setText("1")
    box.scoring.answer_price.setText("5")
    models = box.choice().models
    assert (models.labels.named, models.scoring.named) == ("openai", "anthropic")
    assert models.scoring.model == "judge"
    assert models.scoring.price is not None
    assert models.scoring.price.answer == 5


@pytest.mark.parametrize(
    ("half", "told"),
    [(True, "give the price of prompts and of answers"), (False, "name one at least")],
)
def test_what_cannot_be_planned_is_told_at_once(
    window: MainWindow, half: bool, told: str
) -> None:
    dialog = opened(window)
    if half:
        dialog.box.labels.prompt_price.setText("3")
    else:
        choose(dialog, "")
        dialog.box.methods.item_of("token_frequency").setCheckState(
            Qt.CheckState.Unchecked
        )
    dialog.plan.click()
    assert told in dialog.plan_view.said.text()
    assert not window.compare.planning.running
    assert not dialog.compare.isEnabled()


# -- planning and comparing ------------------------------------------------------------


def test_a_plan_asks_nothing_and_holds_for_what_was_planned(
    window: MainWindow, server: ChatServer, qtbot: QtBot
) -> None:
    dialog = opened(window)
    choose(dialog, server.url, GOOD, POOR)
    dialog.box.labels.prompt_price.setText("5")
    dialog.box.labels.answer_price.setText("5")
    plan(window, dialog, qtbot)
    assert server.asked == []
    rows = dialog.plan_view.table.rows
    named = f"{MODEL} at {server.url}"
    assert [row[:4] for row in rows[:2]] == [
        [GOOD, "repaired", named, str(N)],
        [POOR, "repaired", named, str(N)],
    ]
    assert [row[0] for row in rows[2:]] == ["detection", "Together"]
    assert dialog.compare.isEnabled()
    assert dialog.compare.text().startswith("Compare (about $")
    dialog.box.n_features.setValue(N + 1)
    assert not dialog.compare.isEnabled()
    assert "press Plan" in dialog.plan_view.problem.text()
    dialog.box.dollars.setText("0.001")
    plan(window, dialog, qtbot)
    assert "$0.001 may be spent" in dialog.plan_view.problem.text()
    assert not dialog.compare.isEnabled()


def test_a_server_that_is_away_is_told_in_the_dialog(
    window: MainWindow, qtbot: QtBot
) -> None:
    gone = unused_address()
    dialog = opened(window)
    choose(dialog, gone, GOOD)
    plan(window, dialog, qtbot)
    assert dialog.plan_view.said.text().startswith(f"{gone}: no server answers")
    assert not dialog.compare.isEnabled()


def test_a_comparison_is_kept_and_shown_with_its_calls_on_record(
    window: MainWindow, server: ChatServer, qtbot: QtBot
) -> None:
    dialog = opened(window)
    choose(dialog, server.url, GOOD, POOR)
    dialog.box.baselines.setChecked(False)
    plan(window, dialog, qtbot)
    dialog.compare.click()
    assert window.compare.job.bar.isVisible()
    window.compare.ask()
    assert "wait until it is done" in window.statusBar().currentMessage()
    qtbot.waitUntil(lambda: not window.compare.job.slot.running, timeout=SLOW)
    (kept,) = stored(window)
    assert kept.comparison.names == (GOOD, POOR)
    assert len(kept.comparison.tables[0].features) == N
    assert not any(map(window.session.state.label, window.session.state.features()))
    project = window.session.project
    assert project is not None
    assert sum(spent.calls for spent in project.spent()) == len(server.asked) > 0
    assert project.steps().undo == "run protocol", "a comparison is no step"
    shown = results(window, qtbot)
    good, poor = shown.overview.table.rows
    assert good[:2] == [GOOD, f"{N} of {N}"]
    assert float(good[2][:4]) > float(poor[2][:4])
    again = opened_again(window)
    assert again.box.methods.chosen == (GOOD, POOR), "what was chosen is proposed"


def opened_again(window: MainWindow) -> CompareDialog:
    """While the comparison stands beside."""
    window.compare.results.close()
    return opened(window)


def test_a_model_that_answers_nothing_leads_back_to_the_dialog(
    window: MainWindow, server: ChatServer, qtbot: QtBot
) -> None:
    dialog = opened(window)
    choose(dialog, server.url, GOOD)
    plan(window, dialog, qtbot)
    server.default = fails(401, "no")
    dialog.compare.click()
    qtbot.waitUntil(lambda: not window.compare.job.slot.running, timeout=SLOW)
    back = shown_dialog(window)
    assert isinstance(back, CompareDialog)
    assert back is not dialog
    assert back.plan_view.said.text().startswith("The comparison stopped: ")
    assert stored(window) == []


def test_cancelled_nothing_is_kept_but_the_calls(
    window: MainWindow, server: ChatServer, qtbot: QtBot
) -> None:
    dialog = opened(window)
    choose(dialog, server.url, GOOD)
    plan(window, dialog, qtbot)
    server.default = hangs
    dialog.compare.click()
    qtbot.waitUntil(lambda: len(server.asked) > 0, timeout=SLOW)
    window.compare.job.bar.cancel.click()
    qtbot.waitUntil(lambda: not window.compare.job.slot.running, timeout=SLOW)
    assert "Comparison cancelled" in window.statusBar().currentMessage()
    assert stored(window) == []


# -- what came of it -------------------------------------------------------------------


def test_without_a_comparison_it_says_so(window: MainWindow) -> None:
    window.actions_by_name["comparisons"].trigger()
    assert "No methods were compared" in window.statusBar().currentMessage()
    assert not window.compare.results.isVisible()


def test_the_newest_comes_first_and_others_can_be_chosen(
    window: MainWindow, qtbot: QtBot
) -> None:
    modes = made_comparison(n_features=8, modes=("repaired", "as in the source"))
    newest = made_comparison(n_features=12, rates={"good": 0.9, "poor": 0.6})
    shown = looked_at(window, qtbot, modes, newest)
    assert [row[:2] for row in shown.overview.table.rows] == [
        ["good", "12 of 12"],
        ["poor", "11 of 12"],
    ]
    assert not shown.mode.isVisible()
    shown.of.setCurrentIndex(1)
    results(window, qtbot)
    assert [row[0] for row in shown.overview.table.rows] == ["good", "same", "poor"]
    assert shown.mode.isVisible()
    measures = {row[1] for row in shown.details.means.rows}
    assert measures == {"balanced accuracy", "AUC"}
    shown.mode.setCurrentIndex(1)
    assert {row[1] for row in shown.details.means.rows} != measures


def test_differences_tell_which_method_is_better(
    window: MainWindow, qtbot: QtBot
) -> None:
    shown = looked_at(window, qtbot, made_comparison())
    rows = {tuple(row[:3]): row for row in shown.differences.table.rows}
    assert rows["detection", "good", "same"][-1] == "no difference shown"
    better = rows["detection", "good", "poor"]
    assert better[3] == "21", "features that both have a label of"
    assert better[-2:] == ["< 0.001", "good is better"]
    at = shown.differences.table.rows.index(better)
    item = shown.differences.table.item(at, 1)
    assert item is not None
    assert item.font().bold()


def test_the_figure_tells_what_it_shows(window: MainWindow, qtbot: QtBot) -> None:
    shown = looked_at(window, qtbot, made_comparison())
    figure = shown.overview.figure
    mean = shown.overview.table.rows[0][2][:4]
    assert f"good, detection: {mean}, 95 % " in figure.accessibleDescription()
    QApplication.processEvents()
    light = figure.grab().toImage()
    assert light.height() >= 3 * 26
    shown.set_theme(DARK)
    assert figure.grab().toImage() != light


def test_a_feature_is_chosen_in_the_window(window: MainWindow, qtbot: QtBot) -> None:
    made = made_comparison(n_features=12, rates={"good": 0.9, "poor": 0.6})
    shown = looked_at(window, qtbot, made)
    page = shown.apart
    shown.tabs.setCurrentWidget(page)
    assert page.title.text().startswith("layer 11 · feature 11 · cross")
    assert [side.label.text() for side in page.sides] == ["rivers", "thing 11"]
    assert page.sides[0].scores.text().startswith("detection 0.")
    assert "river 11 bank" in page.examples.accessibleDescription()
    assert window.session.selection == (), "nothing is chosen by opening it"
    chosen: list[FeatureKey] = []
    page.feature_chosen.connect(chosen.append)
    assert page.list.count() == 11, "a method has no label of one"
    item = page.list.item(10)
    page.list.scrollToItem(item)
    place = page.list.visualItemRect(item).center()
    QTest.mouseClick(page.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert [feature.index for feature in chosen] == [0]
    assert window.session.feature == chosen[0]


def test_labels_are_plain_text(window: MainWindow, qtbot: QtBot) -> None:
    trap = "<b>bold</b>\u202e"
    rates = {"<i>one</i>": 0.9, "two": 0.6}
    shown = looked_at(window, qtbot, made_comparison(n_features=8, rates=rates))
    item = shown.overview.table.item(0, 0)
    assert item is not None
    assert item.text() == "<i>one</i>"
    assert shown.apart.sides[0].method.textFormat() == Qt.TextFormat.PlainText
    shown.apart.sides[0].say("m", trap, "")
    assert shown.apart.sides[0].label.textFormat() == Qt.TextFormat.PlainText
    shown.overview.table.show_rows(("a",), [[trap]])
    item = shown.overview.table.item(0, 0)
    assert item is not None
    assert item.text() == "<b>bold</b>U+202E"


@pytest.mark.parametrize(
    ("button", "name", "holds"),
    [("csv", "labels.csv", "why_no_label"), ("report", "m.html", "<!doctype html>")],
)
def test_it_is_written_as_table_and_page(
    window: MainWindow,
    qtbot: QtBot,
    tmp_path: Path,
    button: str,
    name: str,
    holds: str,
) -> None:
    shown = looked_at(window, qtbot, made_comparison(n_features=8))
    getattr(shown, button).click()
    (files,) = shown.findChildren(QFileDialog)
    files.fileSelected.emit(str(tmp_path / name))
    qtbot.waitUntil(lambda: not window.compare.writing.running, timeout=SLOW)
    assert holds in (tmp_path / name).read_text()
    assert name in window.statusBar().currentMessage()
    files.reject()


def test_it_goes_with_its_project(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    shown = looked_at(window, qtbot, made_comparison(n_features=8))
    window.session.save_as(tmp_path / "copy.gloss")
    assert not shown.isVisible()
    window.actions_by_name["comparisons"].trigger()
    assert results(window, qtbot).overview.table.rows


def test_they_have_names_and_fit_a_small_screen(
    window: MainWindow, qtbot: QtBot
) -> None:
    dialog = opened(window)
    dialog.box.labels.model.of.setEditText("openai")
    dialog.box.same.setChecked(False)
    QApplication.processEvents()
    assert unnamed(dialog) == []
    assert dialog.width() <= 1280
    assert dialog.height() <= 700
    dialog.reject()
    shown = looked_at(window, qtbot, made_comparison(n_features=8))
    for at in range(shown.tabs.count()):
        shown.tabs.setCurrentIndex(at)
        QApplication.processEvents()
        assert unnamed(shown) == []
    assert shown.width() <= 1280
    assert shown.height() <= 700
