"""Supernodes in the window: every gesture is one step that undo takes back."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QInputDialog, QWidget
from pytestqt.qtbot import QtBot

from glossator.graph.attribution_graph import NodeIndex
from glossator.project.edits import (
    AddRevision,
    AnyEdit,
    PutSupernode,
    SetPins,
    Supernode,
)
from glossator.project.effects import show_edit
from glossator.project.open_files import state_of
from glossator.project.revision import GraphId, LabelRevision, feature_subject
from glossator.project.supernodes.supernode_graph import summed_links, supernode_boxes
from glossator_gui.main_window import MainWindow
from glossator_gui.views.supernodes.board import PLAIN_ARROWS, Board
from glossator_gui.views.supernodes.view import SupernodeView
from tests.core.graph_documents import (
    Json,
    as_bytes,
    embedding_node,
    feature_node,
    graph_of,
    link,
    logit_node,
    tracer_graph,
)

MS = 20_000
LEFT = Qt.MouseButton.LeftButton
A, B = 1, 2
ONE = GraphId(1)


@pytest.fixture(scope="module")
def opened(
    qapp: QApplication, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MainWindow]:
    """One window for all tests of this file: eight features in a chain.

    Nodes 0 to 2 are supernode A, 3 is B; 4 and 5 are pinned, too.
    """
    home = tmp_path_factory.mktemp("supernodes")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DATA", "CACHE", "CONFIG", "STATE"):
            patch.setenv(f"XDG_{name}_HOME", str(home / name))
        window = MainWindow()
        window.resize(1500, 950)
        window.show()
        path = home / "made.json"
        path.write_bytes(as_bytes(_chain()))
        window.session.open_files([path])
        number = shown(window)
        window.session.apply(
            "set up",
            [
                PutSupernode(number, A, Supernode(name="A", members=(0, 1, 2))),
                PutSupernode(number, B, Supernode(name="B", members=(3,))),
                SetPins(number, tuple(NodeIndex(node) for node in range(6))),
            ],
        )
        yield window
        window.close()


@pytest.fixture
def window(opened: MainWindow, qtbot: QtBot) -> Iterator[MainWindow]:
    opened.activateWindow()
    opened.session.select([])
    opened.workspace.show_supernodes()
    board = opened.supernodes.view.board
    qtbot.waitUntil(lambda: set(board.boxes) == {"s1", "s2", "n4", "n5"}, timeout=MS)
    board.fit()
    yield opened
    project = opened.session.project
    assert project is not None
    while project.steps()[0] != "set up":
        opened.session.undo()


def _chain() -> Json:
    features = [feature_node(at, 10 + at, 1) for at in range(8)]
    names = [feature["node_id"] for feature in features]
    logit = logit_node("x", 0.9)
    links = [
        *(link(one, other, 2.0) for one, other in pairwise(names)),
        link(names[7], logit["node_id"], 1.0),
    ]
    return tracer_graph([*features, embedding_node(5, 0), logit], links)


def shown(window: MainWindow) -> GraphId:
    number = window.session.graph_id
    assert number is not None
    return number


def held(window: MainWindow) -> dict[str, tuple[int, ...]]:
    found = window.session.state.supernodes[shown(window)].values()
    return {one.name: one.members for one in found}


def board(window: MainWindow) -> Board:
    QApplication.processEvents()
    return window.supernodes.view.board


def surface(window: MainWindow) -> QWidget:
    return board(window).viewport.viewport()


def place(window: MainWindow, key: str, *, left: bool = False) -> QPoint:
    """Where a box is on the screen: its middle, or beside its left edge."""
    item = board(window).boxes[key]
    at = item.scenePos() + QPointF(item.area.left() + 6 if left else 0, 0)
    return board(window).viewport.mapFromScene(at)


def click(
    window: MainWindow, key: str, more: Qt.KeyboardModifier | None = None
) -> None:
    held = more or Qt.KeyboardModifier.NoModifier
    QTest.mouseClick(surface(window), LEFT, held, place(window, key, left=True))


def drag(window: MainWindow, start: QPoint, end: QPoint) -> None:
    area = surface(window)
    QTest.mousePress(area, LEFT, pos=start)
    QTest.mouseMove(area, (start + end) / 2)
    QTest.mouseMove(area, end)
    QTest.mouseRelease(area, LEFT, pos=end)


def act(window: MainWindow, name: str) -> None:
    window.actions_by_name[name].trigger()


def answer(window: MainWindow, text: str) -> None:
    """Fill in the question that is open."""
    QApplication.processEvents()
    (dialog,) = (d for d in window.findChildren(QInputDialog) if d.isVisible())
    dialog.setTextValue(text)
    dialog.accept()


def test_holding_g_groups_what_is_clicked(window: MainWindow) -> None:
    keys = board(window)
    QTest.keyPress(keys, Qt.Key.Key_G)
    click(window, "n4")
    click(window, "n5")
    assert keys.hint.text() == "2 boxes: release G to group them"
    assert "supernode" not in held(window), "not before G is released"
    QTest.keyRelease(keys, Qt.Key.Key_G)
    assert held(window)["supernode"] == (4, 5)
    assert not keys.hint.isVisible()
    window.session.undo()
    assert set(held(window)) == {"A", "B"}


def test_holding_g_over_a_supernode_puts_nodes_into_it(window: MainWindow) -> None:
    keys = board(window)
    QTest.keyPress(keys, Qt.Key.Key_G)
    for key in ("n4", "s1", "n5", "n5"):
        click(window, key)
    QTest.keyRelease(keys, Qt.Key.Key_G)
    assert held(window) == {"A": (0, 1, 2, 4), "B": (3,)}


def test_escape_ends_holding_g(window: MainWindow) -> None:
    keys = board(window)
    QTest.keyPress(keys, Qt.Key.Key_G)
    click(window, "n4")
    click(window, "n5")
    QTest.keyClick(keys, Qt.Key.Key_Escape)
    QTest.keyRelease(keys, Qt.Key.Key_G)
    assert set(held(window)) == {"A", "B"}
    assert not board(window).boxes["n4"].held


def test_g_typed_into_an_editor_groups_nothing(window: MainWindow) -> None:
    click(window, "n4")
    act(window, "edit")
    editor = QApplication.focusWidget()
    assert editor is not None
    QTest.keyPress(editor, Qt.Key.Key_G)
    assert window.review.panel.editor_text.endswith("g")
    assert not board(window).hint.isVisible()
    click(window, "n5")
    QTest.keyRelease(editor, Qt.Key.Key_G)
    assert set(held(window)) == {"A", "B"}


def test_nodes_grouped_on_the_canvas(window: MainWindow) -> None:
    window.graph.canvas.group_held.emit((6, 7))
    assert held(window)["supernode"] == (6, 7)


def test_a_pinned_node_is_dragged_in_and_a_member_out(window: MainWindow) -> None:
    drag(window, place(window, "n4"), place(window, "s2"))
    assert held(window) == {"A": (0, 1, 2), "B": (3, 4)}
    board(window).set_selected(["s1"])
    QTest.keyClick(board(window), Qt.Key.Key_Space)
    item = board(window).boxes["s1"]
    assert item.box.names, "its members are shown"
    rows = [
        y
        for y in range(int(item.area.top()), int(item.area.bottom()))
        if item.member_at(item.mapToScene(QPointF(0, y))) == 1
    ]
    row = board(window).viewport.mapFromScene(item.mapToScene(QPointF(0, rows[3])))
    drag(window, row, QPoint(4, 4))
    assert held(window) == {"A": (0, 2), "B": (3, 4)}
    assert window.session.selection == (1,)
    for _ in range(3):
        window.session.undo()
    assert held(window) == {"A": (0, 1, 2), "B": (3,)}


def test_a_box_dragged_stays_where_it_was_put(window: MainWindow) -> None:
    drag(window, place(window, "s1"), QPoint(60, 40))
    number = shown(window)
    put = window.session.state.supernodes[number][A].position
    assert put == pytest.approx(board(window).position_of("s1"))
    act(window, "lay_out_anew")
    assert window.session.state.supernodes[number][A].position is None
    assert board(window).position_of("s1") != pytest.approx(put)
    window.session.undo()
    assert window.session.state.supernodes[number][A].position == put
    assert board(window).position_of("s1") == pytest.approx(put)


def test_actions_change_what_is_selected(window: MainWindow) -> None:
    session, number = window.session, shown(window)
    session.select([1])
    act(window, "split")
    assert held(window) == {"A": (0, 2), "B": (3,), "supernode": (1,)}
    session.select([0, 3])
    act(window, "merge")
    assert held(window) == {"A": (0, 2, 3), "supernode": (1,)}
    act(window, "take_out")
    assert held(window) == {"A": (2,), "supernode": (1,)}
    act(window, "add_to_supernode")
    answer(window, "A")
    assert held(window) == {"A": (2, 0, 3), "supernode": (1,)}
    act(window, "note_supernode")
    answer(window, "because")
    act(window, "colour_supernode_3")
    act(window, "fold")
    changed = session.state.supernodes[number][A]
    assert (changed.note, changed.colour, changed.expanded) == ("because", 3, True)
    act(window, "ungroup")
    assert held(window) == {"supernode": (1,)}
    for _ in range(8):
        session.undo()
    assert held(window) == {"A": (0, 1, 2), "B": (3,)}


def test_digits_colour_and_take_the_colour_back(window: MainWindow) -> None:

    def colours() -> list[int]:
        found = window.session.state.supernodes[shown(window)].values()
        return [one.colour for one in found]

    click(window, "s1")
    click(window, "s2", Qt.KeyboardModifier.ControlModifier)
    assert set(window.session.selection) == {0, 1, 2, 3}
    QTest.keyClick(board(window), Qt.Key.Key_5)
    assert colours() == [5, 5]
    assert not window.session.state.tags, "no feature was tagged"
    assert board(window).boxes["s1"].box.colour == 5
    QTest.keyClick(board(window), Qt.Key.Key_5)
    assert colours() == [0, 0]


def test_the_links_of_a_box_are_told(window: MainWindow) -> None:
    click(window, "s1")
    assert window.supernodes.view.links.rows == [["to", "B", "+1e+02 %"]]
    lit = {arrow.link.target: arrow.light for arrow in board(window).arrows}
    assert lit["s2"] == "lit"
    assert lit["n5"] == "dim"


def label(window: MainWindow, nodes: tuple[int, ...], text: str) -> None:
    graph = window.session.graph
    assert graph is not None
    edits: list[AnyEdit] = []
    for node in nodes:
        feature = graph.feature_of(NodeIndex(node))
        assert feature is not None
        revision = LabelRevision(text=text, status="accepted")
        edits.append(AddRevision(feature_subject(feature), revision))
    window.session.apply("label", edits)


def test_none_is_said_only_once_proposals_were_looked_for(
    window: MainWindow, qtbot: QtBot
) -> None:
    told = window.supernodes.view.proposals.reason
    window.session.graph_shown.emit()
    assert told.text().startswith("Looking for")
    qtbot.waitUntil(lambda: not told.text().startswith("Looking for"), timeout=MS)


def test_proposals_are_accepted_and_refused_by_keys(
    window: MainWindow, qtbot: QtBot
) -> None:
    desk, rows = window.supernodes.proposals, window.supernodes.view.proposals
    label(window, (4, 5), "one")
    label(window, (6, 7), "other")

    def kinds() -> list[tuple[str, ...]]:
        return [(p.kind, p.name) for p in desk.proposals]

    both = [("same label", "one"), ("same label", "other")]
    qtbot.waitUntil(lambda: sorted(kinds()) == both, timeout=MS)
    rows.go()
    assert window.session.selection == desk.proposals[0].members
    first, second = desk.proposals
    QTest.keyClick(rows.list, Qt.Key.Key_A)
    assert held(window)[first.name] == first.members
    assert kinds() == [("same label", second.name)], "the next is shown at once"
    assert window.session.selection == second.members
    QTest.keyClick(rows.list, Qt.Key.Key_X)
    assert not kinds()
    refused = window.session.state.refused_groups[shown(window)]
    assert refused == (tuple(sorted(second.members)),)
    window.session.undo()
    qtbot.waitUntil(lambda: kinds() == [("same label", second.name)], timeout=MS)
    window.session.undo()
    qtbot.waitUntil(lambda: sorted(kinds()) == both, timeout=MS)


def test_hundreds_of_supernodes_and_pins(qtbot: QtBot) -> None:
    """There is no cap; the arrows that are not drawn are told."""
    features = [feature_node(at % 20, at, at % 3) for at in range(1300)]
    names = [feature["node_id"] for feature in features]
    links = [
        link(names[at], names[other], 1.0 + at % 5)
        for at in range(1300)
        for other in (at + 1, at + 21)
        if other < 1300 and at % 20 < other % 20
    ]
    graph = graph_of(tracer_graph(features, links))
    state, _ = state_of(graph, Path("many.json"))
    edits: list[AnyEdit] = [
        PutSupernode(ONE, at + 1, Supernode(name=f"group {at}", members=(at,)))
        for at in range(300)
    ]
    pins = SetPins(ONE, tuple(NodeIndex(node) for node in range(1300)))
    for edit in (*edits, pins):
        show_edit(state, edit, 0)
    boxes = supernode_boxes(state, ONE)
    view = SupernodeView()
    qtbot.addWidget(view)
    view.show_boxes(boxes, *summed_links(graph, boxes, most=2000))
    arrows = view.board.arrows
    assert len(view.board.boxes) == 1300
    assert len(arrows) == 2000
    assert sum(arrow.isVisible() for arrow in arrows) == PLAIN_ARROWS
    assert view.board.count.text() == f"{PLAIN_ARROWS} of {len(links)} arrows drawn"
    view.set_selected(["s11"])
    assert all(arrow.isVisible() for arrow in arrows if arrow.touches("s11"))
