"""Find: as words are typed, the way through what is found, and back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from glossator.project.edits import SetNote
from glossator_gui.desks.find_desk import FindDesk
from tests.core.graph_documents import feature_node, graph_of
from tests.gui.named_controls import unnamed
from tests.gui.table_stage import (
    AGAIN,
    DEEP,
    EARLY,
    EDITS,
    F12,
    LATE,
    ONE,
    TableStage,
    document_of,
)

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def stage(tmp_path: Path, qtbot: QtBot) -> Iterator[TableStage]:
    """With the table in front, and the keyboard in it."""
    stage = TableStage()
    stage.open(tmp_path, *EDITS)
    stage.show()
    stage.activateWindow()
    qtbot.waitUntil(stage.isActiveWindow)
    stage.table.show()
    yield stage
    stage.end()
    QTest.qWait(0)


@pytest.fixture
def desk(stage: TableStage, qtbot: QtBot) -> FindDesk:
    """Open, with the graph's texts at hand."""
    stage.finding.open()
    qtbot.waitUntil(lambda: stage.texts.prepare(ONE))
    return stage.finding


def type_words(desk: FindDesk, words: str, qtbot: QtBot) -> None:
    desk.bar.query.selectAll()
    QTest.keyClicks(desk.bar.query, words)
    qtbot.waitUntil(lambda: not desk.bar.waiting)


def shown(desk: FindDesk) -> list[str]:
    model = desk.bar.model
    return [str(model.data(model.index(row))) for row in range(model.rowCount())]


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        ("CAPITALS", ["capitals, label: capitals"]),
        ("needle", ["12/345, verbalization: A needle, maybe."]),
        ("dallas", ["capitals, note: fires after Dallas"]),
        ("texas l12", ["12/345, supernode: Texas"]),
        ("@1 seen", ["seen twice, label: seen twice"]),
        ("12/345", ["12/345, feature: 12/345"]),
        ("#7", ["capitals, tag: #7"]),
        ("nowhere", []),
    ],
)
def test_what_is_typed_is_found(
    desk: FindDesk, words: str, rows: list[str], qtbot: QtBot
) -> None:
    type_words(desk, words, qtbot)
    assert shown(desk) == rows
    count = f"{len(rows)} found" if rows else "Nothing found"
    assert desk.bar.count.text() == count
    assert desk.bar.list.isVisible() == bool(rows)
    assert not unnamed(desk.bar)


def test_enter_goes_round_and_shift_goes_back(
    stage: TableStage, desk: FindDesk, qtbot: QtBot
) -> None:
    type_words(desk, "seen", qtbot)
    assert desk.found == [AGAIN, EARLY]
    assert stage.session.selection == ()
    gone: list[int] = []
    desk.gone_to.connect(gone.append)
    for keys, node, said in (
        (Qt.KeyboardModifier.NoModifier, AGAIN, "1 of 2"),
        (Qt.KeyboardModifier.NoModifier, EARLY, "2 of 2"),
        (Qt.KeyboardModifier.NoModifier, AGAIN, "1 of 2"),
        (SHIFT, EARLY, "2 of 2"),
    ):
        QTest.keyClick(desk.bar.query, Qt.Key.Key_Return, keys)
        assert list(stage.session.selection) == [node]
        assert list(stage.table.view.table.selected) == [node]
        assert desk.bar.count.text() == said
    assert gone == [AGAIN, EARLY, AGAIN, EARLY]


def test_the_list_is_walked_by_keys(
    stage: TableStage, desk: FindDesk, qtbot: QtBot
) -> None:
    type_words(desk, "seen", qtbot)
    QTest.keyClick(desk.bar.query, Qt.Key.Key_Down)
    assert desk.bar.list.hasFocus()
    QTest.keyClick(desk.bar.list, Qt.Key.Key_Down)
    QTest.keyClick(desk.bar.list, Qt.Key.Key_Return)
    assert stage.session.selection == (EARLY,)


def test_closing_gives_the_keyboard_back(
    stage: TableStage, desk: FindDesk, qtbot: QtBot
) -> None:
    model = stage.table.view.model
    row = model.index(model.row_of(LATE), 0)
    type_words(desk, "capitals", qtbot)
    assert model.data(row, Qt.ItemDataRole.FontRole) is not None
    assert model.data(row, Qt.ItemDataRole.BackgroundRole) is not None
    QTest.keyClick(desk.bar.query, Qt.Key.Key_Escape)
    assert not desk.bar.isVisible()
    assert stage.table.view.table.hasFocus()
    assert model.data(row, Qt.ItemDataRole.FontRole) is None
    desk.step(1)
    assert desk.bar.isVisible()
    assert stage.session.selection == (LATE,)


def test_all_that_is_found_is_selected(
    stage: TableStage, desk: FindDesk, qtbot: QtBot
) -> None:
    type_words(desk, "texas", qtbot)
    QTest.mouseClick(desk.bar.all, Qt.MouseButton.LeftButton)
    assert set(stage.session.selection) == {LATE, DEEP}


def test_what_changes_is_found_as_it_is_now(
    stage: TableStage, desk: FindDesk, qtbot: QtBot
) -> None:
    type_words(desk, "fresh", qtbot)
    assert desk.found == []
    stage.session.apply("note", [SetNote(F12, "a fresh word")])
    qtbot.waitUntil(lambda: desk.found == [DEEP])
    stage.session.undo()
    qtbot.waitUntil(lambda: desk.found == [])


def test_enter_before_the_texts_are_read_goes_there_then(
    stage: TableStage, qtbot: QtBot
) -> None:
    stage.finding.open()
    QTest.keyClicks(stage.finding.bar.query, "capitals")
    QTest.keyClick(stage.finding.bar.query, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: stage.session.selection == (LATE,))


def test_another_project_is_another_search(
    stage: TableStage, desk: FindDesk, qtbot: QtBot
) -> None:
    type_words(desk, "capitals", qtbot)
    stage.session.take(None)
    assert desk.found == []
    assert shown(desk) == []


def test_another_graph_shows_no_rows_of_the_one_before(
    stage: TableStage, desk: FindDesk, qtbot: QtBot, tmp_path: Path
) -> None:
    type_words(desk, "capitals", qtbot)
    assert len(shown(desk)) == 1
    smaller = graph_of(document_of([feature_node(2, 9, 1)]))
    assert stage.session.project is not None
    number = stage.session.project.add_graph(smaller, tmp_path / "smaller.json")
    type_words(desk, "capitals", qtbot)
    qtbot.waitUntil(lambda: len(shown(desk)) == 1)
    stage.session.show_graph(number)
    assert shown(desk) == []
    assert desk.found == []
    qtbot.waitUntil(lambda: desk.found == [0])
