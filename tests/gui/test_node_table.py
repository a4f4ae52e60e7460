"""The node table: what it shows, its link with the canvas, changes of many at once."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QInputDialog, QLineEdit
from pytestqt.qtbot import QtBot

from glossator.graph.attribution_graph import NodeIndex
from glossator.project.edits import SetFlag, SetNote
from glossator.project.finding.node_filter import NodeFilter
from glossator_gui.desks.table_desk import TableDesk
from glossator_gui.look.theme import DARK
from glossator_gui.views.node_table.columns import COLUMNS, Column
from tests.core.graph_documents import as_bytes, feature_node, tracer_graph
from tests.core.kill_writer import visible
from tests.gui.named_controls import unnamed
from tests.gui.table_stage import (
    AGAIN,
    DEEP,
    EARLY,
    EDITS,
    F7,
    F9,
    F12,
    LATE,
    LOGIT,
    ONE,
    TOKEN,
    TableStage,
)

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)
_ROLE = Qt.ItemDataRole


@pytest.fixture
def stage(tmp_path: Path, qtbot: QtBot) -> Iterator[TableStage]:
    stage = TableStage()
    stage.open(tmp_path, *EDITS)
    stage.show()
    stage.table.show()
    QTest.qWait(0)
    yield stage
    stage.end()
    QTest.qWait(0)


@pytest.fixture
def desk(stage: TableStage) -> TableDesk:
    return stage.table


def rows(desk: TableDesk) -> list[int]:
    """Nodes from the top."""
    nodes: list[int] = desk.view.model.nodes.tolist()
    return nodes


def texts(desk: TableDesk, node: int) -> dict[str, str]:
    """What stands in a row; empty cells are left out."""
    found = {c.value: desk.view.model.text(node, c) for c in COLUMNS}
    return {name: text for name, text in found.items() if text}


def test_every_column_says_what_is_known(desk: TableDesk) -> None:
    assert texts(desk, LATE) == {
        "kind": "feature",
        "layer": "2",
        "feature": "2/9",
        "token": "·capital",
        "position": "2",
        "label": "capitals",
        "status": "✓ accepted",
        "tier": "cross",
        "tags": "2 7",
        "influence": "0.900",
        "activation": "12.5",
        "supernode": "Texas",
        "note": "fires after Dallas",
        "node id": "2_9_2",
    }
    assert texts(desk, AGAIN)["pinned"] == "✓"
    assert texts(desk, AGAIN)["method"] == "np"
    assert texts(desk, DEEP)["flag"] == "⚑"
    assert texts(desk, TOKEN)["layer"] == "E"
    assert "Austin" in texts(desk, LOGIT)["label"]


def test_every_cell_can_be_heard(desk: TableDesk) -> None:
    model = desk.view.model
    for row in range(model.rowCount()):
        for at, column in enumerate(COLUMNS):
            said = model.data(model.index(row, at), _ROLE.AccessibleTextRole)
            assert str(said).startswith(f"{column.heading}: ")
            assert len(str(said)) > len(column.heading) + 2
    flag = model.index(model.row_of(DEEP), COLUMNS.index(Column.FLAG))
    assert model.data(flag, _ROLE.AccessibleTextRole) == "Flag: yes"
    assert not unnamed(desk.view)
    table = QAccessible.queryAccessibleInterface(desk.view.table)
    heard = [
        table.child(at).text(QAccessible.Text.Name) for at in range(table.childCount())
    ]
    assert {"Label", "Label: capitals", "Supernode: Texas", "Pinned: yes"} <= set(heard)


@pytest.mark.parametrize(
    ("column", "descending", "first", "last"),
    [
        (Column.INFLUENCE, False, DEEP, LOGIT),
        (Column.INFLUENCE, True, LATE, LOGIT),
        (Column.FEATURE, False, EARLY, LOGIT),
        (Column.FEATURE, True, DEEP, LOGIT),
        (Column.ID, False, TOKEN, DEEP),
        (Column.LABEL, False, LATE, DEEP),
        (Column.TAGS, False, LATE, LOGIT),
        (Column.FLAG, False, DEEP, LOGIT),
        (Column.LAYER, True, LOGIT, TOKEN),
    ],
)
def test_any_column_orders_and_nothing_comes_last(
    desk: TableDesk, column: Column, descending: bool, first: int, last: int
) -> None:
    desk.view.table.sort_by(column, descending=descending)
    assert (rows(desk)[0], rows(desk)[-1]) == (first, last)


# -- the link with the canvas --------------------------------------------------------


def test_selecting_goes_both_ways(stage: TableStage, desk: TableDesk) -> None:
    table = desk.view.table
    table.selectRow(desk.view.model.row_of(LATE))
    assert stage.session.selection == (LATE,)
    assert stage.graph.canvas.focus == LATE
    stage.graph.canvas.selection_changed.emit((EARLY, DEEP))
    assert set(table.selected) == {EARLY, DEEP}
    assert table.selected[-1] == DEEP
    stage.session.select([])
    assert table.selected == ()


def test_keys_go_through_the_rows(stage: TableStage, desk: TableDesk) -> None:
    table = desk.view.table
    stage.session.select([rows(desk)[2]])
    for key, row in (
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_Down, 1),
        (Qt.Key.Key_End, 5),
        (Qt.Key.Key_Up, 4),
    ):
        QTest.keyClick(table, key)
        assert stage.session.selection == (rows(desk)[row],)


def test_what_is_selected_elsewhere_is_seen_on_coming_back(
    stage: TableStage, desk: TableDesk
) -> None:
    stage.tabs.setCurrentIndex(0)
    stage.session.select([LATE])
    stage.session.apply("note", [SetNote(F7, "while away")])
    desk.show()
    assert desk.view.table.selected == (LATE,)
    assert texts(desk, EARLY)["note"] == "while away"


# -- changes -------------------------------------------------------------------------


def test_a_change_keeps_selection_and_place(stage: TableStage, desk: TableDesk) -> None:
    model, table = desk.view.model, desk.view.table
    QAbstractItemModelTester(
        model, QAbstractItemModelTester.FailureReportingMode.Fatal, model
    )
    resets: list[int] = []
    model.modelReset.connect(lambda: resets.append(1))
    table.sort_by(Column.NOTE)
    stage.session.select([LATE, AGAIN])
    assert rows(desk)[0] == LATE
    stage.session.apply("note", [SetNote(F12, "a first note"), SetFlag(F9, True)])
    desk.refresh()
    assert rows(desk)[:2] == [DEEP, LATE]
    assert list(table.selected) == [LATE, AGAIN]
    assert texts(desk, LATE)["flag"] == "⚑"
    desk.set_filter(NodeFilter(flagged=True))
    assert rows(desk) == [DEEP, LATE]
    assert list(table.selected) == [LATE]
    stage.session.undo()
    desk.refresh()
    assert rows(desk) == [DEEP]
    desk.set_filter(NodeFilter())
    assert set(table.selected) == {LATE, AGAIN}
    assert not resets


def test_a_change_scrolls_nowhere(stage: TableStage, desk: TableDesk) -> None:
    stage.resize(1000, 250)
    QTest.qWait(0)
    stage.session.select([rows(desk)[0]])
    bar = desk.view.table.verticalScrollBar()
    bar.setValue(bar.maximum())
    place = bar.value()
    assert place > 0
    stage.session.apply("flag", [SetFlag(F9, True), SetNote(F7, "said")])
    desk.refresh()
    assert texts(desk, LATE)["flag"] == "⚑"
    assert bar.value() == place
    assert desk.view.table.selected == (rows(desk)[0],)


BULK: list[tuple[str, Callable[[TableDesk], None]]] = [
    ("accept", TableDesk.accept),
    ("reject", TableDesk.reject),
    ("skip", TableDesk.skip),
    ("flag", TableDesk.flag),
    ("tag", lambda desk: desk.tag(4)),
]


@pytest.mark.parametrize(("name", "gesture"), BULK)
def test_many_are_changed_in_one_step(
    stage: TableStage,
    desk: TableDesk,
    name: str,
    gesture: Callable[[TableDesk], None],
) -> None:
    stage.session.select([EARLY, LATE, DEEP, LOGIT])
    before = visible(stage.session.state)
    gesture(desk)
    assert visible(stage.session.state) != before
    assert "3 features" in stage.told[-1]
    stage.session.undo()
    assert visible(stage.session.state) == before


def typed(stage: TableStage, text: str) -> None:
    """Answer the question that is open."""
    (dialog,) = stage.findChildren(QInputDialog)
    dialog.setTextValue(text)
    dialog.accept()


def test_many_are_labelled_and_noted(stage: TableStage, desk: TableDesk) -> None:
    stage.session.select([EARLY, DEEP])
    desk.ask_label()
    typed(stage, "the same")
    desk.refresh()
    labels = {texts(desk, node)["label"] for node in (EARLY, AGAIN, DEEP)}
    assert labels == {"the same"}
    QTest.qWait(0)
    desk.ask_note()
    typed(stage, "look again")
    desk.refresh()
    assert texts(desk, DEEP)["note"] == "look again"
    stage.session.undo()
    stage.session.undo()
    desk.refresh()
    assert "label" not in texts(desk, DEEP)
    assert texts(desk, AGAIN)["label"] == "seen twice"


def test_other_nodes_have_nothing_to_change(stage: TableStage, desk: TableDesk) -> None:
    stage.session.select([LOGIT])
    assert not desk.view.bulk.buttons["accept_selected"].isEnabled()
    assert desk.view.bulk.buttons["pin"].isEnabled()
    desk.accept()
    assert stage.told[-1].startswith("Select features first")


def test_labels_and_notes_are_typed_in_place(
    stage: TableStage, desk: TableDesk
) -> None:
    table = desk.view.table
    for column, text in ((Column.LABEL, "typed here"), (Column.NOTE, "noted here")):
        stage.session.select([DEEP])
        index = desk.view.model.index(
            desk.view.model.row_of(DEEP), COLUMNS.index(column)
        )
        table.setCurrentIndex(index)
        QTest.keyClick(table, Qt.Key.Key_F2)
        (editor,) = table.findChildren(QLineEdit)
        QTest.keyClick(editor, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(editor, text)
        QTest.keyClick(editor, Qt.Key.Key_Return)
        QTest.qWait(0)
    desk.refresh()
    assert texts(desk, DEEP)["label"] == "typed here"
    assert texts(desk, DEEP)["status"] == "✓ accepted"
    assert texts(desk, DEEP)["note"] == "noted here"
    assert stage.session.project is not None
    assert stage.session.project.steps().undo == "note"
    logit = desk.view.model.index(
        desk.view.model.row_of(LOGIT), COLUMNS.index(Column.LABEL)
    )
    assert not logit.flags() & Qt.ItemFlag.ItemIsEditable


def test_rows_are_copied_with_their_headings(
    stage: TableStage, desk: TableDesk
) -> None:
    desk.view.show_columns({Column.FEATURE, Column.LABEL})
    stage.session.select([LATE, DEEP])
    QTest.keyClick(desk.view.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QGuiApplication.clipboard().text()
    assert copied == "Feature\tLabel\n12/345\t\n2/9\tcapitals"


# -- the filter, the columns ---------------------------------------------------------


def test_words_filter_as_they_are_typed(
    stage: TableStage, desk: TableDesk, qtbot: QtBot
) -> None:
    bar = desk.view.filter
    assert not bar.clear.isVisible()
    QTest.keyClick(desk.view.table, Qt.Key.Key_Slash)
    assert stage.focusWidget() is bar.words
    QTest.keyClicks(bar.words, "needle")
    qtbot.waitUntil(lambda: rows(desk) == [DEEP])
    assert bar.count.text() == "1 of 6 nodes"
    QTest.keyClick(bar.words, Qt.Key.Key_Escape)
    assert stage.focusWidget() is desk.view.table
    desk.set_filter(NodeFilter(text="needle", tags=(1,)))
    assert desk.view.empty.isVisible()
    assert bar.said.text == "tag 1"
    QTest.mouseClick(bar.clear, Qt.MouseButton.LeftButton)
    assert len(rows(desk)) == 6
    assert bar.words.text() == ""


def test_hidden_rows_that_are_selected_are_told(
    stage: TableStage, desk: TableDesk
) -> None:
    stage.session.select([EARLY, LATE])
    desk.set_filter(NodeFilter(flagged=False, tags=(2,)))
    assert desk.view.bulk.count.text == (
        "2 nodes of 2 features, 1 of them not in sight"
    )


def test_columns_and_order_come_back(
    stage: TableStage, desk: TableDesk, tmp_path: Path
) -> None:
    desk.view.filter.columns_changed.emit(frozenset({Column.LABEL, Column.TIER}))
    desk.view.filter.sort_wanted.emit(Column.LABEL)
    desk.view.filter.sort_wanted.emit(Column.LABEL)
    assert stage.session.project is not None
    path = stage.session.project.path
    stage.session.take(None)
    assert desk.view.empty.isVisible()
    stage.session.open_files([path])
    assert desk.view.table.shown_columns == {Column.LABEL, Column.TIER}
    assert desk.view.model.sorted_by == (Column.LABEL, True)


def test_what_is_to_be_said_again_blindly_is_not_shown(
    stage: TableStage, desk: TableDesk
) -> None:
    graph = stage.session.graph
    assert graph is not None
    feature = graph.feature_of(NodeIndex(EARLY))
    assert feature is not None
    before = texts(desk, EARLY)
    assert before["label"]
    stage.session.conceal([feature])
    hidden = texts(desk, EARLY)
    assert {"label", "note"}.isdisjoint(hidden)
    assert "unlabelled" in hidden["status"]
    stage.session.conceal([])
    assert texts(desk, EARLY) == before


def test_another_graph_is_shown_by_the_same_filter(
    stage: TableStage, desk: TableDesk, tmp_path: Path
) -> None:
    desk.set_filter(NodeFilter(layers=(0, 0)))
    info = {"neuronpedia_source_set": "res-jb"}
    nodes = [feature_node(0, 1, 1), feature_node(1, 2, 1)]
    graph = tracer_graph(nodes, [], scan="gpt2-small", info=None, feature_details=info)
    path = tmp_path / "other.json"
    path.write_bytes(as_bytes(graph | {"metadata": graph["metadata"] | {"slug": "b"}}))
    stage.session.add_graph_files([path])
    assert [texts(desk, node)["feature"] for node in rows(desk)] == ["0/1"]
    stage.session.show_graph(ONE)
    assert set(rows(desk)) == {EARLY, AGAIN}


def test_colours_follow_the_theme(desk: TableDesk) -> None:
    model = desk.view.model
    tier = model.index(model.row_of(LATE), COLUMNS.index(Column.TIER))
    desk.set_theme(DARK)
    colour = model.data(tier, _ROLE.DecorationRole)
    assert getattr(colour, "name", str)() == DARK.tiers["cross"].lower()
