"""Two graphs compared from the desk, and what is brought from one to the other."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from glossator.project.edits import AddRevision, PutSupernode, Supernode
from glossator.project.project import Project
from glossator.project.revision import GraphId, LabelRevision, feature_subject
from glossator_gui.desks.graph_comparison_desk import GraphComparisonDesk
from glossator_gui.dialogs.graph_comparison_dialog import GraphComparisonDialog
from glossator_gui.dialogs.graph_comparison_table import ComparedTable, sort_key
from glossator_gui.session import Session
from tests.core.graph_documents import as_bytes, tracer_graph
from tests.core.test_graph_comparison import later_document
from tests.gui.named_controls import unnamed

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)

ONE, TWO = GraphId(1), GraphId(2)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[GraphComparisonDesk]:
    paths = [tmp_path / "first.json", tmp_path / "later.json"]
    documents = [tracer_graph(state={}), later_document() | {"qParams": {}}]
    for path, document in zip(paths, documents, strict=True):
        path.write_bytes(as_bytes(document))
    parent = QWidget()
    session = Session(parent)
    desk = GraphComparisonDesk(session, parent)
    session.open_files(paths)
    taken = Supernode(name="both nines", members=(2, 3, 4))
    session.apply("group", [PutSupernode(ONE, 1, taken)])
    yield desk
    desk.close()
    session.take(None)
    parent.deleteLater()
    QTest.qWait(0)


def label(desk: GraphComparisonDesk, at: int, text: str) -> None:
    subject = feature_subject(desk.session.state.features()[at])
    revision = LabelRevision(text=text, status="accepted", author="ana")
    desk.session.apply("label", [AddRevision(subject, revision)])


def settle(desk: GraphComparisonDesk, qtbot: QtBot) -> None:
    slots = (desk.reading, desk.comparing, desk.writing)
    qtbot.waitUntil(lambda: not any(slot.running for slot in slots), timeout=20_000)


def compared(desk: GraphComparisonDesk, qtbot: QtBot) -> GraphComparisonDialog:
    desk.handlers()["compare_graphs"]()
    settle(desk, qtbot)
    dialog = desk.dialog
    assert dialog.shown is not None
    return dialog


def cells(table: ComparedTable) -> list[tuple[str, ...]]:
    model = table.rows
    return [
        tuple(model.index(row, column).data() for column in range(model.columnCount()))
        for row in range(model.rowCount())
    ]


def another(desk: GraphComparisonDesk, folder: Path, *labels: str) -> Path:
    """The project under another name, where someone said more since."""
    path = folder / "theirs.gloss"
    assert desk.session.project is not None
    desk.session.project.save_copy(path)
    project = Project(path)
    for feature, text in zip(project.state.features(), labels, strict=False):
        revision = LabelRevision(text=text, status="accepted", author="bo")
        project.apply("label", [AddRevision(feature_subject(feature), revision)])
    project.close()
    return path


# -- what is shown ------------------------------------------------------------------


def test_the_graph_in_sight_is_shown_beside_the_next(
    desk: GraphComparisonDesk, qtbot: QtBot
) -> None:
    dialog = compared(desk, qtbot)
    assert (dialog.a.currentText(), dialog.b.currentText()) == ("capital", "later")
    assert "Features: 2 in both, 0 only in A, 1 only in B." in dialog.said.text()
    assert [(row[0], row[2]) for row in cells(dialog.features)] == [
        ("0/7", "both"),
        ("2/9", "both"),
        ("2/3", "only in B"),
    ]
    assert cells(dialog.supernodes)[0][:3] == ("both nines", "A", "2 of 2 parts")
    assert [row[:2] for row in cells(dialog.links)] == [("0/7", "2/9")]
    assert unnamed(dialog) == []


def test_swapping_compares_the_other_way_round(
    desk: GraphComparisonDesk, qtbot: QtBot
) -> None:
    dialog = compared(desk, qtbot)
    dialog.swap.click()
    settle(desk, qtbot)
    assert (dialog.a.currentText(), dialog.b.currentText()) == ("later", "capital")
    assert ("2/3", "only in A") in [row[0:3:2] for row in cells(dialog.features)]


def test_rows_are_filtered_by_text_and_by_difference(
    desk: GraphComparisonDesk, qtbot: QtBot
) -> None:
    label(desk, 1, "nine of them")
    dialog = compared(desk, qtbot)
    table = dialog.features
    QTest.keyClicks(table.text, "NINE")
    assert [row[0] for row in cells(table)] == ["2/9"]
    assert table.count.text() == "1 of 3"
    table.text.clear()
    table.difference.setCurrentText("Only in B")
    assert [row[0] for row in cells(table)] == ["2/3"]
    QTest.keyClicks(table.text, "NINE")
    assert cells(table) == []


def test_rows_are_sorted_by_number(desk: GraphComparisonDesk, qtbot: QtBot) -> None:
    dialog = compared(desk, qtbot)
    view = dialog.features.view
    view.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    assert [row[0] for row in cells(dialog.features)] == ["2/9", "2/3", "0/7"]
    mixed = ["–", "2/10", "1,000", "2/9", "−38.6%", "10/1"]
    ordered = ["−38.6%", "2/9", "2/10", "10/1", "1,000", "–"]
    assert sorted(mixed, key=sort_key) == ordered


def test_a_row_is_copied_whole(desk: GraphComparisonDesk, qtbot: QtBot) -> None:
    dialog = compared(desk, qtbot)
    view = dialog.features.view
    view.selectRow(0)
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QGuiApplication.clipboard().text()
    assert copied.split("\t") == list(cells(dialog.features)[0])


def test_it_goes_with_the_project(
    desk: GraphComparisonDesk, qtbot: QtBot, tmp_path: Path
) -> None:
    """Edits show by themselves; another project closes it."""
    dialog = compared(desk, qtbot)
    label(desk, 0, "since then")
    qtbot.waitUntil(lambda: "since then" in str(cells(dialog.features)), timeout=20_000)
    other = tmp_path / "other.json"
    other.write_bytes(as_bytes(tracer_graph(slug="other")))
    desk.session.open_files([other])
    assert not dialog.isVisible()


def test_a_project_of_one_graph_asks_for_another(
    desk: GraphComparisonDesk, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "alone.json"
    path.write_bytes(as_bytes(tracer_graph(slug="alone")))
    desk.session.open_files([path])
    desk.handlers()["compare_graphs"]()
    dialog = desk.dialog
    assert "Choose what to compare with" in dialog.said.text()
    assert not dialog.tabs.isEnabled()
    assert not dialog.csv.isEnabled()
    desk.compare_with(tmp_path / "first.json")
    settle(desk, qtbot)
    settle(desk, qtbot)
    assert dialog.b.currentText() == "first.json"
    assert dialog.tabs.isEnabled()


def test_a_file_that_is_no_graph_is_told(
    desk: GraphComparisonDesk, qtbot: QtBot, tmp_path: Path
) -> None:
    dialog = compared(desk, qtbot)
    (tmp_path / "none.json").write_bytes(b"{")
    desk.compare_with(tmp_path / "none.json")
    settle(desk, qtbot)
    assert "none.json" in dialog.said.text()
    assert dialog.b.currentText() == "later"
    assert dialog.tabs.isEnabled()


# -- what is selected ---------------------------------------------------------------


def test_enter_selects_a_feature_in_the_window(
    desk: GraphComparisonDesk, qtbot: QtBot
) -> None:
    dialog = compared(desk, qtbot)
    dialog.tabs.setCurrentWidget(dialog.features)
    view = dialog.features.view
    view.setFocus()
    view.setCurrentIndex(dialog.features.rows.index(1, 0))
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert str(desk.session.feature) == "2/9"
    assert desk.session.graph_id == ONE
    view.setCurrentIndex(dialog.features.rows.index(2, 0))
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert (str(desk.session.feature), desk.session.graph_id) == ("2/3", TWO)
    QTest.keyClick(dialog.features.text, Qt.Key.Key_Return)
    assert dialog.isVisible()


def test_a_link_and_a_supernode_select_their_nodes(
    desk: GraphComparisonDesk, qtbot: QtBot
) -> None:
    dialog = compared(desk, qtbot)
    dialog.links.view.activated.emit(dialog.links.rows.index(0, 0))
    assert {str(f) for f in desk.session.selected_features} == {"0/7", "2/9"}
    dialog.supernodes.view.activated.emit(dialog.supernodes.rows.index(0, 0))
    assert desk.session.selection == (2, 3, 4)
    assert desk.session.graph_id == ONE


# -- what is brought over -----------------------------------------------------------


def test_labels_of_a_file_are_proposed_and_one_step(
    desk: GraphComparisonDesk, qtbot: QtBot, tmp_path: Path
) -> None:
    theirs = another(desk, tmp_path, "seven", "nine")
    label(desk, 0, "mine")
    dialog = compared(desk, qtbot)
    assert not dialog.take.isEnabled(), "B is of the project"
    desk.compare_with(theirs)
    settle(desk, qtbot)
    settle(desk, qtbot)
    assert [row[:2] for row in cells(dialog.labels)] == [
        ("0/7", "differs"),
        ("2/9", "only in B"),
    ]
    assert dialog.take.text() == "Take All Labels from B"
    dialog.take.click()
    state = desk.session.state
    seven, nine = state.features()[:2]
    assert state.label(seven) == "mine"
    last = state.last_revision(feature_subject(nine))
    assert last is not None
    assert (last.text, last.status) == ("nine", "proposed")
    desk.session.undo()
    assert state.label(nine) == ""
    assert state.label(seven) == "mine"


def test_supernodes_are_carried_over_and_one_step(
    desk: GraphComparisonDesk, qtbot: QtBot, tmp_path: Path
) -> None:
    dialog = compared(desk, qtbot)
    dialog.carry.click()
    (made,) = desk.session.state.supernodes[TWO].values()
    assert made.name == "both nines"
    ids = desk.session.state.graphs[TWO].graph.nodes.node_id
    assert {ids[node] for node in made.members} == {"0_7_2", "2_9_1", "2_9_2"}
    qtbot.waitUntil(lambda: cells(dialog.supernodes)[0][4] == "same name")
    desk.session.undo()
    assert not desk.session.state.supernodes.get(TWO)
    desk.compare_with(another(desk, tmp_path))
    settle(desk, qtbot)
    assert not dialog.carry.isEnabled(), "B is of a file"


def test_the_selected_rows_alone_are_brought_over(
    desk: GraphComparisonDesk, qtbot: QtBot, tmp_path: Path
) -> None:
    theirs = another(desk, tmp_path, "seven", "nine")
    dialog = compared(desk, qtbot)
    desk.compare_with(theirs)
    settle(desk, qtbot)
    settle(desk, qtbot)
    dialog.labels.view.selectRow(1)
    assert dialog.take.text() == "Take Selected Labels from B"
    dialog.take.click()
    labels = [desk.session.state.label(f) for f in desk.session.state.features()]
    assert labels == ["", "nine", ""]


# -- files --------------------------------------------------------------------------


def test_the_tables_are_exported(
    desk: GraphComparisonDesk, qtbot: QtBot, tmp_path: Path
) -> None:
    dialog = compared(desk, qtbot)
    for button, name in ((dialog.csv, "tables"), (dialog.json, "made.json")):
        place = tmp_path / name
        if button is dialog.csv:
            place.mkdir()
        button.click()
        (files,) = dialog.findChildren(QFileDialog)
        files.fileSelected.emit(str(place))
        files.done(0)
        settle(desk, qtbot)
        QTest.qWait(0)
    assert (tmp_path / "made.json").is_file()
    assert len(list((tmp_path / "tables").iterdir())) == 5
