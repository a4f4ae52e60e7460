"""Filters in the window: the dialog, those kept by name, and selecting by one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QInputDialog
from pytestqt.qtbot import QtBot

from glossator.project.finding.node_filter import NodeFilter
from glossator.project.finding.saved_filters import filter_text
from glossator_gui.dialogs.filter_dialog import FilterDialog
from glossator_gui.dialogs.filter_form import FilterForm
from tests.core.test_node_filter import CASES
from tests.gui.named_controls import unnamed
from tests.gui.table_stage import AGAIN, DEEP, EARLY, EDITS, LATE, TableStage

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[TableStage]:
    stage = TableStage()
    stage.open(tmp_path, *EDITS)
    stage.show()
    yield stage
    stage.end()
    QTest.qWait(0)


def dialog_of(stage: TableStage) -> FilterDialog:
    (dialog,) = (d for d in stage.findChildren(FilterDialog) if d.isVisible())
    return dialog


def test_the_form_holds_every_criterion(qtbot: QtBot) -> None:
    form = FilterForm(["small-llm", ""])
    qtbot.addWidget(form)
    for wanted, _, _ in CASES:
        if wanted.tags == (12,):
            continue  # No person can give it.
        form.show_filter(wanted)
        assert form.wanted == wanted
    form.show_filter(NodeFilter())
    assert form.wanted == NodeFilter()


def test_the_dialog_counts_as_it_is_filled(stage: TableStage, qtbot: QtBot) -> None:
    stage.filters.ask_selection()
    dialog = dialog_of(stage)
    assert dialog.count.text() == "6 of 6 nodes"
    assert not unnamed(dialog)
    QTest.keyClicks(dialog.form.words, "texas")
    qtbot.waitUntil(lambda: dialog.count.text() == "2 of 6 nodes")
    assert dialog.said.text() == "“texas”"
    dialog.form.show_filter(NodeFilter(text="texas", flagged=True))
    assert dialog.count.text() == "1 of 6 nodes"
    QTest.mouseClick(dialog.take, Qt.MouseButton.LeftButton)
    assert stage.session.selection == (DEEP,)
    assert stage.told[-1] == "Selected 1 node: flagged · “texas”"


def test_filters_are_kept_by_name(stage: TableStage) -> None:
    wanted = NodeFilter(tags=(2,))
    stage.table.show()
    stage.table.set_filter(wanted)
    stage.table.ask_filter()
    dialog = dialog_of(stage)
    assert dialog.form.wanted == wanted
    QTest.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    (question,) = dialog.findChildren(QInputDialog)
    assert question.textValue() == filter_text(wanted)
    question.setTextValue("my & own")
    question.accept()
    assert stage.filters.saved() == {"my & own": wanted}
    assert dialog.saved.currentData() == "my & own"
    dialog.form.show_filter(NodeFilter())
    assert dialog.saved.currentData() == ""
    dialog.reject()
    assert stage.table.wanted == wanted
    stage.table.set_filter(NodeFilter())
    (action,) = stage.table.view.filter.saved.menu().actions()
    action.trigger()
    assert stage.table.view.model.nodes.tolist() == [LATE]
    stage.filters.save("my & own", None)
    assert stage.filters.saved() == {}


def test_densities_are_read_for_what_asks_for_them(
    stage: TableStage, qtbot: QtBot
) -> None:
    stage.table.show()
    stage.table.set_filter(NodeFilter(least_density=0.1))
    qtbot.waitUntil(
        lambda: set(stage.table.view.model.nodes.tolist()) == {EARLY, AGAIN}
    )
    assert stage.table.view.filter.count.text() == "2 of 6 nodes"


def test_selecting_waits_for_densities(stage: TableStage, qtbot: QtBot) -> None:
    stage.filters.select(NodeFilter(most_density=0.5, positions=(1, 1)))
    assert stage.session.selection == ()
    qtbot.waitUntil(lambda: stage.session.selection == (EARLY,))
