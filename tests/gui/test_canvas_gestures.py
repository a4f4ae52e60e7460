"""Each gesture of the canvas, with real events."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from glossator.layout.drawn_links import LinkChoice
from glossator.project.node_text import elsewhere_text
from glossator_gui.views.link_graph.area import inside
from glossator_gui.views.link_graph.difference import DrawnDifference
from glossator_gui.views.link_graph.tip import NodeTip
from glossator_gui.views.link_graph.view import LinkGraphView
from tests.core.graph_documents import (
    embedding_node,
    feature_node,
    graph_of,
    link,
    logit_node,
    tracer_graph,
)
from tests.gui.shown_graph import (
    AGAIN,
    ALT,
    AUSTIN,
    CONTROL,
    DALLAS,
    ERROR,
    FIRST,
    LEFT,
    NO_KEY,
    SECOND,
    SHIFT,
    TOKEN,
    drag,
    hover,
    place,
    send,
    small_graph,
    surface,
)

# The offscreen platform says so for every window that is shown.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)


@pytest.fixture
def view(qtbot: QtBot) -> LinkGraphView:
    shown = LinkGraphView()
    qtbot.addWidget(shown)
    shown.resize(900, 600)
    shown.show()
    qtbot.waitExposed(shown)
    shown.show_graph(small_graph())
    return shown


def around(view: LinkGraphView, *nodes: int) -> tuple[QPoint, QPoint]:
    """Corners of a box around nodes, with nothing else in it."""
    points = [place(view, node) for node in nodes]
    xs, ys = [p.x() for p in points], [p.y() for p in points]
    return QPoint(min(xs) - 15, min(ys) - 15), QPoint(max(xs) + 15, max(ys) + 15)


def lit(view: LinkGraphView) -> set[int]:
    found = view._canvas._marks.lit
    return set(range(7)) if found is None else set(found.tolist())


def tip(view: LinkGraphView) -> NodeTip:
    return view._tip


class TestAreas:
    @pytest.mark.parametrize("keys", [SHIFT, CONTROL])
    def test_a_rubber_band_adds_what_is_inside(
        self, view: LinkGraphView, keys: Qt.KeyboardModifier
    ) -> None:
        view.set_selection([DALLAS])
        start, end = around(view, SECOND)
        drag(view, [start, start + QPoint(12, 12), end], keys)
        assert view._selection == (DALLAS, SECOND)

    def test_the_feature_that_counts_most_is_the_focus(
        self, view: LinkGraphView
    ) -> None:
        start, end = around(view, TOKEN, FIRST, SECOND, AGAIN, AUSTIN, DALLAS)
        away = QPoint(20, 20)
        drag(view, [start - away, end + away], SHIFT)
        assert set(view._selection) == set(range(7))
        assert view.focus == SECOND

    def test_with_control_it_takes_out_what_was_selected(
        self, view: LinkGraphView
    ) -> None:
        view.set_selection([SECOND, DALLAS])
        drag(view, list(around(view, SECOND)), CONTROL)
        assert list(view._selection) == [DALLAS]
        view.set_selection([SECOND, DALLAS])
        drag(view, list(around(view, SECOND)), SHIFT)
        assert list(view._selection) == [SECOND, DALLAS], "with Shift it adds alone"

    def test_a_lasso_selects_what_it_runs_around(self, view: LinkGraphView) -> None:
        # A triangle: its bounding box holds both logits, it only one.
        a, b = place(view, AUSTIN), place(view, DALLAS)
        away = 40 if b.x() > a.x() else -40
        trail = [
            a + QPoint(-away, -12),
            QPoint(b.x() + away, a.y() - 12),
            a + QPoint(-away, 60),
        ]
        drag(view, trail, ALT | SHIFT)
        assert AUSTIN in view._selection
        assert DALLAS not in view._selection

    def test_it_is_drawn_while_it_is_dragged_and_gone_after(
        self, view: LinkGraphView
    ) -> None:
        drag(view, list(around(view, SECOND)), ALT | SHIFT, release=False)
        assert view._canvas._scene.overlay.area is not None
        send(
            view,
            QEvent.Type.MouseButtonRelease,
            place(view, SECOND),
            ALT | SHIFT,
            button=LEFT,
        )
        assert view._canvas._scene.overlay.area is None

    def test_without_keys_a_drag_moves_the_view(self, view: LinkGraphView) -> None:
        before = place(view, SECOND)
        start = QPoint(200, 300)
        drag(view, [start, start + QPoint(20, 0), start + QPoint(50, 10)], NO_KEY)
        assert place(view, SECOND) != before
        assert view._selection == ()

    def test_points_inside_agree_with_a_circle(self) -> None:
        angles = np.linspace(0, 2 * np.pi, 200, endpoint=False)
        corners = np.column_stack([np.cos(angles), np.sin(angles)])
        x, y = np.random.default_rng(0).uniform(-1.5, 1.5, (2, 500))
        away = np.hypot(x, y)
        clear = np.abs(away - 1) > 1e-3
        assert np.array_equal(inside(corners, x, y)[clear], (away < 1)[clear])

    def test_no_corner_holds_nothing(self) -> None:
        assert not inside(np.empty((0, 2)), np.zeros(3), np.zeros(3)).any()


class TestFreezing:
    def test_shift_keeps_the_tip_while_the_mouse_goes_there(
        self, view: LinkGraphView
    ) -> None:
        hover(view, place(view, SECOND))
        assert tip(view).isVisible()
        text = tip(view).text()
        QTest.keyPress(view, Qt.Key.Key_Shift, SHIFT)
        hover(view, place(view, TOKEN), SHIFT)
        QApplication.sendEvent(surface(view), QEvent(QEvent.Type.Leave))
        assert tip(view).text() == text
        assert tip(view).isVisible()
        QTest.keyRelease(view, Qt.Key.Key_Shift)
        assert not tip(view).isVisible(), "the mouse is not over the graph"

    def test_frozen_the_tip_can_be_marked_and_copied(self, view: LinkGraphView) -> None:
        hover(view, place(view, SECOND))
        through = Qt.WidgetAttribute.WA_TransparentForMouseEvents
        assert tip(view).testAttribute(through)
        hover(view, place(view, SECOND), SHIFT)
        assert not tip(view).testAttribute(through)
        marks = Qt.TextInteractionFlag.TextSelectableByMouse
        assert tip(view).textInteractionFlags() & marks

    def test_shift_up_lets_go_of_it(self, view: LinkGraphView) -> None:
        hover(view, place(view, SECOND))
        hover(view, place(view, TOKEN), SHIFT)
        # Over whatever widget: the keyboard may be elsewhere.
        elsewhere = QLabel()
        QTest.keyRelease(elsewhere, Qt.Key.Key_Shift)
        assert tip(view).testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        hover(view, place(view, TOKEN))
        assert "Embedding" in tip(view).text()

    def test_a_band_does_not_need_the_hover(self, view: LinkGraphView) -> None:
        hover(view, place(view, SECOND), SHIFT)
        drag(view, list(around(view, FIRST)), SHIFT)
        assert view._selection == (FIRST,)


class TestHoldingG:
    def click(self, view: LinkGraphView, node: int) -> None:
        QTest.mouseClick(surface(view), LEFT, NO_KEY, place(view, node))

    def test_clicks_add_and_the_release_groups(
        self, qtbot: QtBot, view: LinkGraphView
    ) -> None:
        view.set_selection([TOKEN])
        view.begin_grouping()
        self.click(view, SECOND)
        self.click(view, FIRST)
        assert view._selection == (TOKEN,), "what is selected stays"
        with qtbot.waitSignal(view.group_held, timeout=500) as held:
            QTest.keyRelease(view, Qt.Key.Key_G)
        assert held.args == [(SECOND, FIRST)]
        self.click(view, ERROR)
        assert view._selection == (ERROR,), "a click is as before"

    def test_it_is_said_what_happens(self, view: LinkGraphView) -> None:
        note = view._note
        view.begin_grouping()
        assert note.isVisible()
        for node in (FIRST, SECOND, AGAIN):
            self.click(view, node)
        assert note.text().startswith("Grouping: 3 nodes")
        self.click(view, AGAIN)
        assert note.text().startswith("Grouping: 2 nodes"), "once more takes it out"
        QTest.keyRelease(view, Qt.Key.Key_G)
        assert not note.isVisible()

    def test_repeats_of_the_key_change_nothing(
        self, qtbot: QtBot, view: LinkGraphView
    ) -> None:
        view.begin_grouping()
        self.click(view, FIRST)
        with qtbot.assertNotEmitted(view.group_held):
            for kind in (QEvent.Type.KeyRelease, QEvent.Type.KeyPress) * 3:
                repeat = QKeyEvent(kind, Qt.Key.Key_G, NO_KEY, "g", autorep=True)
                QApplication.sendEvent(view, repeat)
                view.begin_grouping()
        self.click(view, SECOND)
        with qtbot.waitSignal(view.group_held, timeout=500) as held:
            QTest.keyRelease(view, Qt.Key.Key_G)
        assert held.args == [(FIRST, SECOND)]

    def test_two_quick_clicks_on_a_node_edit_no_label(
        self, qtbot: QtBot, view: LinkGraphView
    ) -> None:
        view.begin_grouping()
        with qtbot.assertNotEmitted(view.label_requested):
            QTest.mouseDClick(surface(view), LEFT, NO_KEY, place(view, FIRST))
        QTest.keyRelease(view, Qt.Key.Key_G)

    def test_enter_groups_too_and_escape_leaves(
        self, qtbot: QtBot, view: LinkGraphView
    ) -> None:
        view.begin_grouping()
        self.click(view, FIRST)
        with qtbot.waitSignal(view.group_held, timeout=500):
            QTest.keyClick(view, Qt.Key.Key_Return)
        view.begin_grouping()
        self.click(view, FIRST)
        with qtbot.assertNotEmitted(view.group_held):
            QTest.keyClick(view, Qt.Key.Key_Escape)
            QTest.keyRelease(view, Qt.Key.Key_G)
        assert not view._note.isVisible()

    def test_without_a_click_nothing_is_grouped(
        self, qtbot: QtBot, view: LinkGraphView
    ) -> None:
        with qtbot.assertNotEmitted(view.group_held):
            view.begin_grouping()
            QTest.keyRelease(view, Qt.Key.Key_G)
        assert not view._hold.active

    def test_the_keyboard_elsewhere_ends_it(self, view: LinkGraphView) -> None:
        view.activateWindow()
        view.setFocus()
        view.begin_grouping()
        self.click(view, FIRST)
        view.clearFocus()
        assert not view._hold.active

    def test_another_graph_ends_it(self, view: LinkGraphView) -> None:
        view.begin_grouping()
        self.click(view, FIRST)
        view.show_graph(small_graph())
        assert not view._hold.active
        assert view._held == ()


class TestContext:
    def test_hops_stay_lit(self, view: LinkGraphView) -> None:
        assert lit(view) == set(range(7)), "nothing is selected"
        view.set_selection([TOKEN])
        assert lit(view) == {TOKEN, FIRST}
        view.set_context(0, dims=True)
        assert lit(view) == {TOKEN}
        view.set_context(2, dims=True)
        assert lit(view) == {TOKEN, FIRST, SECOND, AUSTIN, DALLAS}
        view.set_context(2, dims=False)
        assert lit(view) == set(range(7))

    def test_pins_stay_lit(self, view: LinkGraphView) -> None:
        view.set_pins([ERROR])
        view.set_selection([TOKEN])
        assert lit(view) == {TOKEN, FIRST, ERROR}

    def test_links_that_are_not_drawn_lead_nowhere(self, view: LinkGraphView) -> None:
        view.set_selection([SECOND])
        assert AGAIN in lit(view)
        view.set_link_choice(LinkChoice(least_share=0.3))
        assert AGAIN not in lit(view), "it brings a fifth"
        assert FIRST in lit(view)

    def test_what_dims_is_fainter(self, view: LinkGraphView) -> None:
        view.set_node_tiers(["input"] * 7, "tier")
        view.set_selection([TOKEN])
        full = view.image(1.0).pixelColor(place(view, FIRST))
        assert view.image(1.0).pixelColor(place(view, DALLAS)) != full
        view.set_context(1, dims=False)
        assert view.image(1.0).pixelColor(place(view, DALLAS)) == full

    def test_alt_shows_the_focus_alone(self, view: LinkGraphView) -> None:
        view.set_selection([TOKEN, SECOND])
        view.setFocus()
        both = len(view._canvas._focused.links)
        QTest.keyPress(view, Qt.Key.Key_Alt)
        assert len(view._canvas._focused.links) == both - 1
        QTest.keyRelease(view, Qt.Key.Key_Alt)
        assert len(view._canvas._focused.links) == both

    def test_alt_hides_the_links_of_pins(self, view: LinkGraphView) -> None:
        view.set_pins([FIRST, SECOND])
        assert len(view._canvas._focused.links) == 1
        QTest.keyPress(view, Qt.Key.Key_Alt)
        assert len(view._canvas._focused.links) == 0
        view.clearFocus()
        QTest.keyRelease(view, Qt.Key.Key_Alt)
        assert len(view._canvas._focused.links) == 1


class TestMoving:
    def test_the_minimap_shows_where_a_part_alone_is_in_view(
        self, view: LinkGraphView
    ) -> None:
        minimap = view._minimap
        assert not minimap.isVisible(), "all is in view"
        view.zoom(3.0)
        assert minimap.isVisible()
        assert view.childAt(minimap.geometry().center()) is minimap, "on top"
        view.set_minimap(False)
        assert not minimap.isVisible()
        view.set_minimap(True)
        assert minimap.isVisible()
        view.fit()
        assert not minimap.isVisible()

    def test_a_click_and_a_drag_in_it_move_the_view(self, view: LinkGraphView) -> None:
        minimap = view._minimap
        view.zoom(3.0)
        middle = minimap.frame.center()
        QTest.mousePress(minimap, LEFT, NO_KEY, QPoint(20, 20))
        assert minimap.frame.center().x() < middle.x()
        assert minimap.frame.center().y() < middle.y()
        QTest.mouseMove(minimap, QPoint(150, 90))
        QTest.mouseRelease(minimap, LEFT, NO_KEY, QPoint(150, 90))
        assert not minimap.grab().isNull()

    def test_it_has_a_name(self, view: LinkGraphView) -> None:
        assert view._minimap.accessibleName() == "Overview of the graph"

    @pytest.mark.parametrize(
        ("key", "x", "y"),
        [
            (Qt.Key.Key_Left, 1, 0),
            (Qt.Key.Key_Right, -1, 0),
            (Qt.Key.Key_Up, 0, 1),
            (Qt.Key.Key_Down, 0, -1),
        ],
    )
    def test_control_shift_and_an_arrow_pan(
        self, view: LinkGraphView, key: Qt.Key, x: int, y: int
    ) -> None:
        view.zoom(3.0)
        before = place(view, SECOND)
        QTest.keyClick(view, key, CONTROL | SHIFT)
        moved = place(view, SECOND) - before
        assert (np.sign(moved.x()), np.sign(moved.y())) == (x, y)

    def test_fitting_the_selection_brings_it_near(self, view: LinkGraphView) -> None:
        view.set_selection([AUSTIN, DALLAS])
        before = abs(place(view, AUSTIN).x() - place(view, DALLAS).x())
        view.fit_selection()
        after = abs(place(view, AUSTIN).x() - place(view, DALLAS).x())
        assert after > before
        assert view.rect().contains(place(view, AUSTIN))
        assert view.rect().contains(place(view, DALLAS))

    def test_fitting_nothing_moves_nothing(self, view: LinkGraphView) -> None:
        before = place(view, SECOND)
        view.fit_selection()
        assert place(view, SECOND) == before


class TestKeysAndMenu:
    def test_enter_and_a_double_click_edit_the_label(
        self, qtbot: QtBot, view: LinkGraphView
    ) -> None:
        view.set_selection([SECOND])
        with qtbot.waitSignal(view.label_requested, timeout=500) as entered:
            QTest.keyClick(view, Qt.Key.Key_Return)
        assert entered.args == [SECOND]
        with qtbot.waitSignal(view.label_requested, timeout=500) as clicked:
            QTest.mouseDClick(surface(view), LEFT, NO_KEY, place(view, FIRST))
        assert clicked.args == [FIRST]

    def test_a_right_click_selects_what_it_is_on(
        self, qtbot: QtBot, view: LinkGraphView
    ) -> None:
        view.set_selection([TOKEN, FIRST])
        mouse = QContextMenuEvent.Reason.Mouse
        for node, selection in ((FIRST, (TOKEN, FIRST)), (SECOND, (SECOND,))):
            at = place(view, node)
            event = QContextMenuEvent(mouse, at, surface(view).mapToGlobal(at))
            with qtbot.waitSignal(view.menu_requested, timeout=500) as wanted:
                QApplication.sendEvent(surface(view), event)
            assert wanted.args == [surface(view).mapToGlobal(at)]
            assert view._selection == selection

    def test_the_menu_key_opens_it_at_the_focus(
        self, qtbot: QtBot, view: LinkGraphView
    ) -> None:
        view.set_selection([SECOND])
        keyboard = QContextMenuEvent.Reason.Keyboard
        event = QContextMenuEvent(keyboard, QPoint(), QPoint())
        with qtbot.waitSignal(view.menu_requested, timeout=500) as wanted:
            QApplication.sendEvent(view, event)
        assert wanted.args == [view.mapToGlobal(place(view, SECOND))]

    def test_a_right_drag_does_not_move_the_view(self, view: LinkGraphView) -> None:
        before = place(view, SECOND)
        right = Qt.MouseButton.RightButton
        start = QPoint(200, 300)
        press, move = QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove
        send(view, press, start, held=right, button=right)
        send(view, move, start + QPoint(60, 0), held=right)
        assert place(view, SECOND) == before


class TestTelling:
    def test_the_tip_says_where_else_the_feature_is(self, view: LinkGraphView) -> None:
        view.set_other_graphs([0, 2, 0, 2, 0, 0, 0])
        hover(view, place(view, FIRST))
        assert "also active at 1 other position and in 2 other graphs" in (
            tip(view).text()
        )
        hover(view, place(view, SECOND))
        assert "also" not in tip(view).text()

    @pytest.mark.parametrize(
        ("positions", "graphs", "text"),
        [
            (0, 0, ""),
            (3, 0, "also active at 3 other positions"),
            (0, 1, "also active in 1 other graph"),
            (1, 2, "also active at 1 other position and in 2 other graphs"),
        ],
    )
    def test_elsewhere_in_words(self, positions: int, graphs: int, text: str) -> None:
        assert elsewhere_text(positions, graphs) == text

    def test_several_selected_nodes_are_counted(self, view: LinkGraphView) -> None:
        view.set_selection([FIRST, SECOND])
        assert view.accessibleDescription().startswith("2 nodes selected")


class TestDifference:
    @pytest.fixture
    def difference(self) -> DrawnDifference:
        shares = np.full(7, np.nan)
        shares[[SECOND, FIRST, ERROR]] = 0.6, -0.3, 0.1
        return DrawnDifference(
            name="Austin − Dallas",
            plus=AUSTIN,
            minus=DALLAS,
            inputs=np.array([SECOND, FIRST, ERROR], dtype=np.int32),
            shares=shares,
            influence=np.array([1.0, 0.9, 0.6, 0.1, 0.1, 0, 0]),
        )

    def test_it_replaces_links_and_colours_and_can_be_left(
        self, view: LinkGraphView, difference: DrawnDifference
    ) -> None:
        view.set_node_tiers([None] * 7, "tier")
        view.set_selection([AUSTIN, DALLAS])
        before = view.image(1.0)
        view.set_difference(difference)
        shown = view.image(1.0)
        assert len(view._canvas._focused.links) == 0
        raises = shown.pixelColor(place(view, SECOND))
        lowers = shown.pixelColor(place(view, FIRST))
        assert raises.green() > raises.red()
        assert lowers.red() > lowers.green()
        assert lit(view) == {AUSTIN, DALLAS, SECOND, FIRST, ERROR}
        view.set_difference(None)
        assert view.image(1.0) == before

    def test_the_strongest_of_many_small_shares_has_the_full_colour(
        self, view: LinkGraphView, difference: DrawnDifference
    ) -> None:
        small = replace(difference, shares=difference.shares / 100)
        pictures = []
        for drawn in (difference, small):
            view.set_difference(drawn)
            pictures.append(view.image(1.0))
        assert pictures[0] == pictures[1]

    def test_the_tip_says_what_a_node_does_for_it(
        self, view: LinkGraphView, difference: DrawnDifference
    ) -> None:
        view.set_difference(difference)
        hover(view, place(view, SECOND))
        assert "Austin − Dallas: direct +60.0% · influence 60.0%" in tip(view).text()
        hover(view, place(view, TOKEN))
        assert "no direct effect · influence 100.0%" in tip(view).text()

    def test_a_hidden_logit_does_no_harm(
        self, view: LinkGraphView, difference: DrawnDifference
    ) -> None:
        view.set_difference(difference)
        mask = np.ones(7, dtype=np.bool_)
        mask[DALLAS] = False
        view.set_visible(mask)
        assert not view.image(1.0).isNull()


def test_every_kind_of_node_is_drawn_met_and_told(qtbot: QtBot) -> None:
    nodes = [
        embedding_node(10, 1),
        feature_node(0, 5, 1, feature_type="lorsa", node_id="0_a5_1"),
        feature_node(1, 0, 1, feature_type="bias", node_id="bias"),
        logit_node("x", 0.5) | {"clerp": "no quoted token"},
    ]
    ids = [node["node_id"] for node in nodes]
    links = [link(a, b, 1.0) for a, b in pairwise(ids)]
    view = LinkGraphView()
    qtbot.addWidget(view)
    view.resize(600, 400)
    view.show()
    view.show_graph(graph_of(tracer_graph(nodes, links)))
    told = []
    for node in range(len(nodes)):
        hover(view, place(view, node))
        told.append(tip(view).text())
        QTest.mouseClick(surface(view), LEFT, NO_KEY, place(view, node))
        assert view.focus == node
        view.image(1.0)
    assert "Attention feature 0/a5" in told[1]
    assert "Other node" in told[2]
    assert "no quoted token" in told[3]
