"""What the actions do to the selection, and to how the canvas is looked at."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from glossator.graph.attribution_graph import NodeIndex
from glossator.layout.drawn_links import LinkChoice
from glossator.project.revision import GraphId
from glossator_gui.actions.graph import GRAPH
from glossator_gui.actions.select import SELECT
from glossator_gui.desks.canvas_desk import CanvasDesk
from glossator_gui.desks.canvas_menu import canvas_menu
from glossator_gui.desks.difference_desk import DifferenceDesk
from glossator_gui.desks.graph_desk import GraphDesk
from glossator_gui.desks.select_desk import SelectDesk
from glossator_gui.desks.selection_history import Place, SelectionHistory
from glossator_gui.dialogs.difference_dialog import DifferenceDialog
from glossator_gui.models.canvas_settings import (
    CanvasSettings,
    from_stored,
    stored_text,
)
from glossator_gui.session import Session
from tests.core.graph_documents import as_bytes
from tests.gui.shown_graph import (
    AGAIN,
    AUSTIN,
    DALLAS,
    ERROR,
    FIRST,
    SECOND,
    TOKEN,
    small_document,
)

# The offscreen platform says so for every window that is shown.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)

MS = 5000
ALL = {TOKEN, FIRST, SECOND, AGAIN, ERROR, AUSTIN, DALLAS}


class Desks(NamedTuple):
    session: Session
    graph: GraphDesk
    canvas: CanvasDesk
    select: SelectDesk
    difference: DifferenceDesk
    window: QWidget

    def do(self, name: str) -> None:
        """What the action of this name does."""
        handlers = {
            **self.graph.handlers(),
            **self.canvas.handlers(),
            **self.select.handlers(),
            **self.difference.handlers(),
        }
        handlers[name]()

    @property
    def selection(self) -> tuple[int, ...]:
        return tuple(int(node) for node in self.session.selection)


@pytest.fixture
def desks(qtbot: QtBot, tmp_path: Path) -> Iterator[Desks]:
    window = QWidget()
    qtbot.addWidget(window)
    session = Session(window)
    graph = GraphDesk(session, window)
    made = Desks(
        session,
        graph,
        CanvasDesk(session, graph, window),
        SelectDesk(session, graph, window),
        DifferenceDesk(session, graph, window),
        window,
    )
    qtbot.addWidget(graph.page)
    qtbot.addWidget(graph.connections)
    graph.page.resize(900, 600)
    graph.page.show()
    for slug in ("small", "other"):
        (tmp_path / f"{slug}.json").write_bytes(as_bytes(small_document(slug)))
    assert session.open_files([tmp_path / "small.json"])
    yield made
    made.canvas.close()
    made.difference.close()
    session.take(None)


class TestSelecting:
    @pytest.mark.parametrize(
        ("action", "start", "selected"),
        [
            ("select_inputs", [SECOND], {FIRST, AGAIN, SECOND}),
            ("select_outputs", [FIRST], {FIRST, SECOND, AUSTIN, DALLAS}),
            ("select_upstream", [SECOND], {TOKEN, FIRST, AGAIN, SECOND}),
            ("select_downstream", [TOKEN], {TOKEN, FIRST, SECOND, AUSTIN, DALLAS}),
            ("select_all", [SECOND], ALL),
            ("invert_selection", [SECOND, TOKEN], ALL - {SECOND, TOKEN}),
            ("select_column", [AGAIN], {AGAIN, SECOND, AUSTIN, DALLAS}),
            ("select_row", [SECOND], {SECOND, ERROR}),
            ("select_kind", [DALLAS], {AUSTIN, DALLAS}),
            ("select_features", [], {FIRST, SECOND, AGAIN}),
            ("select_errors", [], {ERROR}),
            ("strongest_input", [SECOND], {FIRST}),
            ("strongest_output", [SECOND], {AUSTIN}),
            ("clear", [SECOND], set()),
        ],
    )
    def test_what_is_selected(
        self, desks: Desks, action: str, start: list[int], selected: set[int]
    ) -> None:
        desks.session.select(start)
        desks.do(action)
        assert set(desks.selection) == selected
        assert len(desks.selection) == len(selected), "each once"
        assert desks.graph.canvas._selection == desks.selection

    def test_growing_keeps_the_focus(self, desks: Desks) -> None:
        desks.session.select([SECOND])
        desks.do("select_inputs")
        assert desks.selection[-1] == SECOND
        desks.do("select_all")
        assert desks.selection[-1] == SECOND

    def test_only_what_is_in_sight_is_met(self, desks: Desks) -> None:
        desks.graph.controls.least.setValue(25)
        desks.session.select([SECOND])
        desks.do("select_upstream")
        assert set(desks.selection) == {TOKEN, FIRST, SECOND}, "the other brings 20 %"
        mask = np.ones(7, dtype=np.bool_)
        mask[ERROR] = False
        desks.graph.canvas.set_visible(mask)
        desks.do("select_all")
        assert set(desks.selection) == ALL - {ERROR}

    def test_where_no_link_leads_on_it_is_said(
        self, qtbot: QtBot, desks: Desks
    ) -> None:
        desks.session.select([TOKEN])
        with qtbot.waitSignal(desks.session.told, timeout=MS) as told:
            desks.do("strongest_input")
        assert told.args == ["No input is in sight."]
        assert desks.selection == (TOKEN,)

    def test_up_and_down_walk_along_the_strongest_links(self, desks: Desks) -> None:
        desks.session.select([AUSTIN])
        for expected in (SECOND, FIRST, TOKEN):
            desks.do("strongest_input")
            assert desks.selection == (expected,)


class TestBackAndForward:
    def test_over_selections_and_graphs(self, desks: Desks, tmp_path: Path) -> None:
        session = desks.session
        first = session.graph_id
        session.select([FIRST])
        session.select([SECOND, TOKEN])
        session.add_graph_files([tmp_path / "other.json"])
        second = session.graph_id
        session.select([AUSTIN])
        seen = []
        for _ in range(3):
            desks.do("back")
            seen.append((session.graph_id, desks.selection))
        assert seen == [(second, ()), (first, (SECOND, TOKEN)), (first, (FIRST,))]
        for _ in range(3):
            desks.do("forward")
        assert (session.graph_id, desks.selection) == (second, (AUSTIN,))

    def test_going_on_from_before_forgets_what_lay_ahead(self, desks: Desks) -> None:
        for node in (TOKEN, FIRST, SECOND):
            desks.session.select([node])
        desks.do("back")
        desks.session.select([AUSTIN])
        desks.do("forward")
        assert desks.selection == (AUSTIN,)
        desks.do("back")
        assert desks.selection == (FIRST,)

    def test_at_the_end_it_is_said(self, qtbot: QtBot, desks: Desks) -> None:
        with qtbot.waitSignal(desks.session.told, timeout=MS) as told:
            desks.do("forward")
        assert told.args == ["Nothing was selected after this."]

    def test_no_place_twice_in_a_row(self) -> None:
        history = SelectionHistory()
        for nodes in ([1], [1], [2, 1], [2, 1], [1]):
            history.visit(at(nodes))
        assert len(history) == 3
        assert history.step(-1) == at([2, 1])
        history.visit(at([2, 1]))
        assert history.step(1) == at([1]), "coming back is no new place"

    def test_it_holds_much_and_not_without_end(self) -> None:
        history = SelectionHistory()
        for node in range(3000):
            history.visit(at([node]))
        assert len(history) == 1000
        assert history.step(-1) == at([2998])


def at(nodes: list[int]) -> Place:
    return Place(GraphId(1), tuple(map(NodeIndex, nodes)))


class TestLooking:
    def test_hops_go_from_nought_to_five_in_words(self, desks: Desks) -> None:
        lit = desks.graph.controls.lit
        assert lit.currentText() == "1 hop of neighbours"
        desks.do("fewer_hops")
        desks.do("fewer_hops")
        assert lit.currentText() == "The selection alone"
        for _ in range(9):
            desks.do("more_hops")
        assert lit.currentText() == "5 hops of neighbours"
        assert desks.graph.canvas._hops == 5

    def test_dimming_is_switched_and_hops_switch_it_on(self, desks: Desks) -> None:
        desks.do("dim")
        assert desks.graph.controls.lit.currentText() == "Everything"
        assert not desks.graph.canvas._dims
        desks.do("more_hops")
        assert desks.graph.controls.lit.currentText() == "2 hops of neighbours"
        assert desks.graph.canvas._dims

    def test_the_box_does_the_same(self, desks: Desks) -> None:
        lit = desks.graph.controls.lit
        lit.setFocus()
        QTest.keyClick(lit, Qt.Key.Key_Home)
        assert not desks.graph.canvas._dims
        QTest.keyClick(lit, Qt.Key.Key_End)
        assert (desks.graph.canvas._hops, desks.graph.canvas._dims) == (5, True)

    def test_links_drawn_are_chosen_by_share_and_number(self, desks: Desks) -> None:
        controls, canvas = desks.graph.controls, desks.graph.canvas
        desks.session.select([SECOND])
        assert len(canvas._canvas._focused.links) == 3
        controls.least.setValue(25)
        assert len(canvas._canvas._focused.links) == 2
        controls.least.setValue(0)
        controls.top.setValue(1)
        assert canvas.sight.least_share == 0
        assert "1 in and 1 out a node" in canvas._canvas.count_text

    def test_zoom_goes_there_and_back(self, desks: Desks) -> None:
        canvas = desks.graph.canvas._canvas
        assert canvas.camera is not None
        before = canvas.camera.scale_x
        desks.do("zoom_in")
        assert canvas.camera.scale_x > before
        desks.do("zoom_out")
        assert canvas.camera.scale_x == pytest.approx(before)

    def test_all_of_it_is_kept_with_the_project(
        self, desks: Desks, tmp_path: Path
    ) -> None:
        session, controls = desks.session, desks.graph.controls
        assert session.project is not None
        path = session.project.path
        controls.least.setValue(2.5)
        controls.top.setValue(7)
        desks.graph.pruning.set_percent(80)
        desks.do("more_hops")
        desks.do("minimap")
        desks.canvas.close()
        session.open_files([tmp_path / "other.json"])
        assert session.project.path != path
        assert desks.canvas.settings == CanvasSettings()
        assert controls.choice == LinkChoice()
        assert desks.graph.pruning.share == 1
        session.open_files([path])
        assert controls.choice == LinkChoice(0.025, 7)
        assert controls.lit.currentText() == "2 hops of neighbours"
        assert desks.graph.pruning.share == 0.8
        assert not desks.graph.canvas._minimap.wanted
        assert desks.graph.canvas.sight.least_share == 0.025

    @pytest.mark.parametrize(
        "text",
        ["", "{", '{"hops": 99}', '{"node_percent": 0}', '{"choice": {"top_k": -1}}'],
    )
    def test_what_cannot_be_used_is_left(self, text: str) -> None:
        assert from_stored(text) == CanvasSettings()

    def test_what_is_stored_comes_back(self) -> None:
        settings = CanvasSettings(LinkChoice(0.1, 3), 4, False, False, 30, 60)
        assert from_stored(stored_text(settings)) == settings


class TestDifference:
    def shown(self, qtbot: QtBot, desks: Desks) -> bool:
        qtbot.waitUntil(lambda: desks.graph.canvas._difference is not None, timeout=MS)
        return True

    def test_of_two_selected_logits_at_once(self, qtbot: QtBot, desks: Desks) -> None:
        desks.session.select([AUSTIN, DALLAS])
        desks.do("logit_difference")
        assert self.shown(qtbot, desks)
        drawn = desks.graph.canvas._difference
        assert drawn is not None
        assert (drawn.plus, drawn.minus) == (AUSTIN, DALLAS)
        assert drawn.name == "Austin − Dallas"
        assert desks.graph.connections.headings[0] == f"Inputs of {drawn.name} (3)"
        assert not desks.graph.connections.outputs.isVisible()

    def test_escape_leaves_it_first(self, qtbot: QtBot, desks: Desks) -> None:
        desks.session.select([AUSTIN, DALLAS])
        desks.do("logit_difference")
        self.shown(qtbot, desks)
        desks.do("clear")
        assert desks.graph.canvas._difference is None
        assert list(desks.selection) == [AUSTIN, DALLAS]
        assert desks.graph.connections.headings[0].startswith("Inputs (")
        desks.do("clear")
        assert list(desks.selection) == []

    def test_else_it_is_asked_which(self, qtbot: QtBot, desks: Desks) -> None:
        desks.session.select([FIRST])
        desks.do("logit_difference")
        (dialog,) = desks.window.findChildren(DifferenceDialog)
        assert "Austin" in dialog.plus.currentText(), "the likeliest first"
        dialog.minus.setCurrentIndex(0)
        ok = dialog._buttons.buttons()[0]
        assert not ok.isEnabled(), "a logit does not differ from itself"
        dialog.plus.setCurrentIndex(1)
        dialog.accept()
        self.shown(qtbot, desks)
        drawn = desks.graph.canvas._difference
        assert drawn is not None
        assert (drawn.plus, drawn.minus) == (DALLAS, AUSTIN)

    def test_another_graph_has_another(
        self, qtbot: QtBot, desks: Desks, tmp_path: Path
    ) -> None:
        desks.session.select([AUSTIN, DALLAS])
        desks.do("logit_difference")
        self.shown(qtbot, desks)
        desks.session.add_graph_files([tmp_path / "other.json"])
        assert desks.graph.canvas._difference is None
        assert desks.graph.connections.headings[0] == "Inputs (0)"
        desks.do("clear")
        desks.session.select([SECOND])
        listed = desks.graph.connections
        qtbot.waitUntil(lambda: listed.headings[0] == "Inputs (2)", timeout=MS)


def test_the_tip_counts_the_other_graphs(desks: Desks, tmp_path: Path) -> None:
    desks.session.add_graph_files([tmp_path / "other.json"])
    canvas = desks.graph.canvas
    canvas.hover(SECOND)
    assert canvas._tip.text().endswith("also active in 1 other graph")
    canvas.hover(TOKEN)
    assert "also" not in canvas._tip.text()


def test_the_menu_holds_the_windows_actions_that_fit(desks: Desks) -> None:
    names = [spec.name for spec in (*SELECT, *GRAPH)]
    names += ["edit", "group", "ungroup", "fit"]
    actions = {name: QAction(name, desks.window) for name in names}
    actions["ungroup"].setEnabled(False)
    menu = canvas_menu(desks.window, actions)
    shown = [action for action in menu.actions() if not action.isSeparator()]
    assert actions["pin"] in shown
    assert actions["select_inputs"] in shown
    assert actions["ungroup"] not in shown
    menu.close()
