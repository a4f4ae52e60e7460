import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QPen, QPixmap, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from glossator.graph.attribution_graph import (
    MANY_LINKS,
    AttributionGraph,
    LinkColumns,
)
from glossator.graph.graph_file import parse_graph
from glossator.layout.drawn_links import (
    ALL_LINKS,
    MAX_BASE_LINKS,
    MAX_FOCUS_LINKS,
    DrawnLinks,
    LinkChoice,
    base_links,
    focus_links,
)
from glossator.layout.link_graph import lay_out
from glossator.protocol.decision import Tier
from glossator_gui.look.theme import DARK, LIGHT
from glossator_gui.views.link_graph.camera import Frame, fitted
from glossator_gui.views.link_graph.colours import share_codes
from glossator_gui.views.link_graph.labels import LabelRequest, place_labels
from glossator_gui.views.link_graph.links import LinkItem
from glossator_gui.views.link_graph.text import describe
from glossator_gui.views.link_graph.view import LinkGraphView

# The offscreen platform says so for every window that is shown.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)

Node = tuple[str, str, int, int]
Link = tuple[int, int, float]

EMBEDDING, FEATURE, ATTENTION, ERROR, LOGIT, OTHER = (
    "embedding",
    "cross layer transcoder",
    "lorsa",
    "mlp reconstruction error",
    "logit",
    "bias",
)

NODES: list[Node] = [
    (EMBEDDING, "E", 0, 0),  # 0
    (EMBEDDING, "E", 1, 0),  # 1
    (FEATURE, "3", 0, 7),  # 2
    (FEATURE, "3", 1, 7),  # 3, the same feature one token on
    (FEATURE, "3", 1, 8),  # 4
    (ERROR, "3", 1, 0),  # 5
    (FEATURE, "9", 1, 5),  # 6
    (OTHER, "9", 1, 0),  # 7
    (LOGIT, "10", 1, 0),  # 8
]
LINKS: list[Link] = [
    (0, 2, 2.0),
    (1, 3, 1.0),
    (2, 6, 3.0),
    (3, 6, -1.0),
    (6, 8, 4.0),
    (5, 8, 0.5),
]


def graph_of(
    nodes: Sequence[Node] = NODES,
    links: Sequence[Link] = LINKS,
    tokens: Sequence[str] = ("The", " cat"),
) -> AttributionGraph:
    ids = [
        f"{layer}_{feature}_{at}_{n}" if kind != FEATURE else f"{layer}_{feature}_{at}"
        for n, (kind, layer, at, feature) in enumerate(nodes)
    ]
    document = {
        "metadata": {
            "slug": "g",
            "scan": "test-model",
            "prompt_tokens": list(tokens),
            "prompt": "".join(tokens),
        },
        "nodes": [
            {
                "node_id": ids[n],
                "layer": layer,
                "ctx_idx": at,
                "feature_type": kind,
                "feature": feature if kind in (FEATURE, ATTENTION) else None,
                "jsNodeId": ids[n],
                "clerp": 'Output " dog" (p=0.500)' if kind == LOGIT else "",
                "token_prob": 0.5 if kind == LOGIT else 0.0,
                "activation": 1.25 if kind == FEATURE else None,
            }
            for n, (kind, layer, at, feature) in enumerate(nodes)
        ],
        "links": [
            {"source": ids[s], "target": ids[t], "weight": w} for s, t, w in links
        ],
    }
    return parse_graph(json.dumps(document).encode(), source="test")


def big_graph(n_nodes: int, n_links: int) -> AttributionGraph:
    rng = np.random.default_rng(0)
    nodes: list[Node] = [
        (FEATURE, str(int(layer)), int(at), n)
        for n, (layer, at) in enumerate(
            zip(
                rng.integers(0, 26, n_nodes),
                rng.integers(0, 40, n_nodes),
                strict=True,
            )
        )
    ]
    ends = rng.integers(0, n_nodes, (n_links, 2)).tolist()
    weights = rng.normal(size=n_links).tolist()
    links = [(s, t, w) for (s, t), w in zip(ends, weights, strict=True)]
    return graph_of(nodes, links, [f" t{i}" for i in range(40)])


def many_links(n_nodes: int, n_links: int) -> AttributionGraph:
    """More links than a file is read with in no time."""
    graph = big_graph(n_nodes, 10)
    rng = np.random.default_rng(0)
    source, target = rng.integers(0, n_nodes, (2, n_links)).astype(np.int32)
    return replace(graph, links=LinkColumns(source, target, rng.normal(size=n_links)))


def focus(
    graph: AttributionGraph,
    selected: Sequence[int],
    pinned: Sequence[int] = (),
    choice: LinkChoice = ALL_LINKS,
) -> DrawnLinks:
    return focus_links(
        graph,
        lay_out(graph, everything(graph)),
        np.array(selected, dtype=np.int32),
        np.array(pinned, dtype=np.int32),
        choice=choice,
    )


def everything(graph: AttributionGraph) -> np.ndarray:
    return np.ones(len(graph), dtype=np.bool_)


@pytest.fixture
def view(qtbot: QtBot) -> LinkGraphView:
    shown = LinkGraphView()
    qtbot.addWidget(shown)
    shown.resize(900, 600)
    shown.show()
    qtbot.waitExposed(shown)
    shown.show_graph(graph_of())
    return shown


def surface(view: LinkGraphView) -> QWidget:
    return view._canvas.surface


def at(view: LinkGraphView, node: int) -> QPoint:
    point = view._canvas.point_of(node)
    assert point is not None
    return point.toPoint()


def pens(view: LinkGraphView, item: Literal["base", "focus"]) -> list[QPen]:
    """What links are drawn with."""
    view._canvas.refresh()
    drawn: LinkItem = getattr(view._canvas._scene, item)
    return drawn.pens


def empty_spot(view: LinkGraphView) -> QPoint:
    return at(view, 2) + QPoint(0, -120)


def click(
    qtbot: QtBot,
    view: LinkGraphView,
    where: QPoint,
    modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    button: Qt.MouseButton = Qt.MouseButton.LeftButton,
) -> None:
    QTest.mouseClick(surface(view), button, modifier, where)


class TestLayout:
    def test_rows_are_the_used_layers_alone(self) -> None:
        graph = graph_of()
        layout = lay_out(graph, everything(graph))
        assert layout.layers.tolist() == [-1, 3, 9, 10]
        assert layout.logit_row == 3
        assert layout.y[[0, 2, 6, 8]].tolist() == [0, 1, 2, 3]

    def test_nodes_of_one_cell_stand_side_by_side_inside_their_column(self) -> None:
        graph = graph_of()
        layout = lay_out(graph, everything(graph))
        cell = np.sort(layout.x[[3, 4, 5]])
        assert np.all(np.diff(cell) >= 1.0)
        assert layout.starts[1] < cell[0]
        assert cell[-1] < layout.ends[1]
        assert layout.x[5] == cell[-1], "errors come last"

    def test_no_two_nodes_share_a_place(self) -> None:
        graph = big_graph(3000, 10)
        layout = lay_out(graph, everything(graph))
        places = {(x, y) for x, y in zip(layout.x, layout.y, strict=True)}
        assert len(places) == 3000

    def test_hidden_nodes_take_no_room(self) -> None:
        graph = graph_of()
        mask = everything(graph)
        mask[[2, 3, 4, 5]] = False
        layout = lay_out(graph, mask)
        assert layout.layers.tolist() == [-1, 9, 10]
        assert np.isnan(layout.x[2])
        assert 3 not in layout.shown

    def test_nearest_agrees_with_a_search_of_all_nodes(self) -> None:
        graph = big_graph(2000, 10)
        layout = lay_out(graph, everything(graph))
        rng = np.random.default_rng(1)
        for _ in range(200):
            x, y = rng.uniform(-2, layout.width + 2), rng.uniform(-1, 27)
            away = np.hypot((layout.x - x) / 3.0, (layout.y - y) / 0.8)
            expected = int(np.argmin(away)) if away.min() <= 1 else -1
            found = layout.nearest(x, y, 3.0, 0.8)
            assert (found == -1) == (expected == -1)
            assert found == -1 or away[found] == pytest.approx(away.min())

    def test_a_position_beyond_the_prompt_gets_a_column(self) -> None:
        graph = graph_of([(FEATURE, "0", 9, 1), (LOGIT, "1", 1, 0)], [])
        layout = lay_out(graph, everything(graph))
        assert layout.positions.tolist() == [0, 1, 9]

    def test_camera_goes_there_and_back(self) -> None:
        graph = graph_of()
        layout = lay_out(graph, everything(graph))
        home = fitted(layout, Frame(50, 8, 800, 500), top=40, bottom=16, side=10)
        camera = home.zoomed(3.0, 400, 200, home).panned(11, -7)
        x, y = camera.to_layout(123.0, 234.0)
        px, py = camera.to_pixels(np.array([x]), np.array([y]))
        assert (px[0], py[0]) == pytest.approx((123.0, 234.0))

    def test_zoom_keeps_what_is_under_the_mouse(self) -> None:
        graph = graph_of()
        layout = lay_out(graph, everything(graph))
        home = fitted(layout, Frame(50, 8, 800, 500), top=40, bottom=16, side=10)
        before = home.to_layout(300, 200)
        assert home.zoomed(2.0, 300, 200, home).to_layout(300, 200) == pytest.approx(
            before
        )


class TestLinks:
    def test_the_base_layer_is_bounded_and_holds_the_strongest(self) -> None:
        graph = big_graph(300, 30_000)
        drawn = base_links(graph, lay_out(graph, everything(graph)))
        assert 0 < len(drawn.links) <= MAX_BASE_LINKS
        assert drawn.capped
        assert drawn.found == 30_000
        weakest = np.abs(graph.links.weight[drawn.links]).min()
        left_out = np.setdiff1d(np.arange(30_000), drawn.links)
        assert np.abs(graph.links.weight[left_out]).max() <= weakest + 1e-12

    def test_long_links_use_up_the_ink_sooner(self) -> None:
        graph = big_graph(300, 30_000)
        drawn = base_links(graph, lay_out(graph, everything(graph)))
        assert len(drawn.links) < MAX_BASE_LINKS / 2

    def test_of_a_very_large_graph_too_the_strongest_are_drawn(self) -> None:
        """Most of the strongest are hidden: the rest has to be looked through."""
        graph = many_links(400, MANY_LINKS + 100_000)
        mask = everything(graph)
        mask[graph.links.target[graph.strongest_links[:250_000:3]]] = False
        mask[:40] = True
        layout = lay_out(graph, mask)
        drawn = base_links(graph, layout)
        seen = mask[graph.links.source] & mask[graph.links.target]
        assert drawn.found == seen.sum() > len(drawn.links) > 0
        order = np.argsort(-np.abs(graph.links.weight[seen]), kind="stable")
        best = np.flatnonzero(seen)[order[: len(drawn.links)]]
        assert drawn.links.tolist() == best.tolist()

    def test_links_of_hidden_nodes_are_not_drawn(self) -> None:
        graph = graph_of()
        mask = everything(graph)
        mask[6] = False
        drawn = base_links(graph, lay_out(graph, mask))
        assert sorted(drawn.links) == [0, 1, 5]
        assert not drawn.capped

    @pytest.mark.parametrize(
        ("selected", "pinned", "links"),
        [
            ([6], [0, 1, 3], [2, 3, 4]),
            ([], [0, 1, 3], [1]),
            ([2, 3], [], [0, 1, 2, 3]),
            ([], [], []),
        ],
    )
    def test_focus_links_are_those_of_the_selection_else_among_pins(
        self, selected: list[int], pinned: list[int], links: list[int]
    ) -> None:
        graph = graph_of()
        drawn = focus(graph, selected, pinned)
        assert sorted(drawn.links) == links
        assert drawn.found == len(links)

    def test_many_selected_nodes_find_the_same_links_as_few(self) -> None:
        graph = big_graph(300, 400)
        chosen = list(range(0, 300, 2))
        found = focus(graph, chosen)
        single = [set(focus(graph, [node]).links.tolist()) for node in chosen]
        assert set(found.links.tolist()) == set().union(*single)
        among = focus(graph, [], chosen)
        ends = np.isin(graph.links.source, chosen) & np.isin(graph.links.target, chosen)
        assert sorted(among.links) == np.flatnonzero(ends).tolist()

    def test_focus_links_are_bounded(self) -> None:
        nodes: list[Node] = [(FEATURE, "0", 0, n) for n in range(900)]
        nodes.append((FEATURE, "1", 0, 1))
        graph = graph_of(nodes, [(n, 900, 1.0 + n) for n in range(900)])
        drawn = focus(graph, [900])
        assert (len(drawn.links), drawn.found) == (MAX_FOCUS_LINKS, 900)
        assert drawn.capped
        assert graph.links.source[drawn.links].min() == 400

    def test_a_least_share_and_a_number_a_node_choose_links(self) -> None:
        graph = graph_of()
        strong = LinkChoice(least_share=0.5)
        layout = lay_out(graph, everything(graph))
        shares = np.abs(graph.input_share)
        assert (
            sorted(base_links(graph, layout, choice=strong).links)
            == np.flatnonzero(shares >= 0.5).tolist()
            == [0, 1, 2, 4]
        )
        few = LinkChoice(top_k=1)
        assert sorted(base_links(graph, layout, choice=few).links) == [0, 1, 2, 4]
        assert sorted(focus(graph, [6], choice=few).links) == [2, 4]
        assert focus(graph, [6], choice=few).found == 3
        assert not focus(graph, [6], choice=few).capped

    def test_sign_is_told_by_colour_and_by_dash(self, view: LinkGraphView) -> None:
        view.set_selection([6])
        drawn = [(pen.style(), pen.color().name()) for pen in pens(view, "focus")]
        solid = {name for style, name in drawn if style == Qt.PenStyle.SolidLine}
        dashed = {name for style, name in drawn if style == Qt.PenStyle.CustomDashLine}
        assert solid == {LIGHT.positive}
        assert dashed == {LIGHT.negative}

    def test_the_base_layer_keeps_to_cheap_pens(self, view: LinkGraphView) -> None:
        for pen in pens(view, "base"):
            assert pen.isCosmetic()
            assert pen.widthF() == 1.0
            assert pen.style() == Qt.PenStyle.SolidLine

    def test_says_how_many_links_are_shown(self, view: LinkGraphView) -> None:
        assert view._canvas.count_text.endswith(" 6 of 6 links shown")
        mask = np.ones(9, dtype=np.bool_)
        mask[6] = False
        view.set_visible(mask)
        assert view._canvas.count_text.endswith(" 3 of 6 links shown")

    def test_says_why_no_more_links_are_shown(self, view: LinkGraphView) -> None:
        canvas = view._canvas
        view.set_selection([6])
        assert canvas.count_text == (
            "9 of 9 nodes, 6 of 6 links shown · of the selection 3 of 3"
        )
        canvas.set_link_choice(LinkChoice(least_share=0.5, top_k=1))
        assert canvas.count_text == (
            "9 of 9 nodes, 4 of 6 links shown (share 50 % or more, "
            "1 in and 1 out a node) · of the selection 2 of 3"
        )
        view.set_selection([])
        view.set_pins([2, 3, 6])
        canvas.set_link_choice(LinkChoice())
        assert canvas.count_text.endswith(" · among the pins 2 of 2")
        view.show_graph(big_graph(300, 30_000))
        assert canvas.count_text.endswith(" of 30,000 links shown (the strongest)")


class TestLabels:
    FRAME = Frame(0, 0, 400, 300)

    def _request(self, node: int, x: float, y: float, **more: bool) -> LabelRequest:
        return LabelRequest(node, "text", x, y, 60, 14, **more)

    def test_labels_never_overlap_and_stay_inside(self) -> None:
        rng = np.random.default_rng(2)
        xs, ys = rng.uniform(0, 400, 80), rng.uniform(0, 300, 80)
        requests = [
            self._request(n, x, y, urgent=True)
            for n, (x, y) in enumerate(zip(xs.tolist(), ys.tolist(), strict=True))
        ]
        placed = place_labels(requests, self.FRAME, 4, (xs, ys), np.empty((0, 4)))
        assert len(placed) > 10
        for n, one in enumerate(placed):
            assert one.left >= 0
            assert one.top >= 0
            assert one.left + one.width <= 400
            for other in placed[n + 1 :]:
                assert (
                    one.left + one.width <= other.left
                    or other.left + other.width <= one.left
                    or one.top + one.height <= other.top
                    or other.top + other.height <= one.top
                )

    def test_a_label_that_would_cover_nodes_is_left_out_unless_urgent(self) -> None:
        xs, ys = np.meshgrid(np.arange(0, 400, 9.0), np.arange(0, 300, 9.0))
        crowd = (xs.ravel(), ys.ravel())
        none = np.empty((0, 4))
        calm = self._request(0, 200, 150)
        urgent = self._request(0, 200, 150, urgent=True)
        assert place_labels([calm], self.FRAME, 4, crowd, none) == []
        assert len(place_labels([urgent], self.FRAME, 4, crowd, none)) == 1

    def test_no_label_covers_an_obstacle(self) -> None:
        nowhere = (np.empty(0), np.empty(0))
        wall = np.array([[0.0, 0.0, 400.0, 300.0]])
        request = self._request(0, 200, 150, urgent=True)
        assert place_labels([request], self.FRAME, 4, nowhere, wall) == []


class TestText:
    def test_tooltip_tells_label_kind_place_and_numbers(self) -> None:
        graph = graph_of()
        assert describe(graph, 3, "cats", ["The", "·cat"]) == (
            "cats\nFeature 3/7 · layer 3 · token 1 “·cat”\nactivation 1.25"
        )

    def test_tooltip_of_a_logit(self) -> None:
        text = describe(graph_of(), 8, "", ["The", "·cat"])
        assert "probability 50.0%" in text
        assert "layer" not in text


class TestMouse:
    def test_click_selects_one(self, qtbot: QtBot, view: LinkGraphView) -> None:
        with qtbot.waitSignal(view.selection_changed) as caught:
            click(qtbot, view, at(view, 6))
        assert caught.args == [(6,)]
        assert view.focus == 6

    @pytest.mark.parametrize(
        "modifier",
        [Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier],
    )
    def test_click_with_a_modifier_toggles(
        self, qtbot: QtBot, view: LinkGraphView, modifier: Qt.KeyboardModifier
    ) -> None:
        told: list[tuple[int, ...]] = []
        view.selection_changed.connect(told.append)
        click(qtbot, view, at(view, 6))
        click(qtbot, view, at(view, 2), modifier)
        click(qtbot, view, at(view, 6), modifier)
        assert told == [(6,), (6, 2), (2,)]

    def test_click_on_empty_clears(self, qtbot: QtBot, view: LinkGraphView) -> None:
        click(qtbot, view, at(view, 6))
        with qtbot.waitSignal(view.selection_changed) as caught:
            click(qtbot, view, empty_spot(view))
        assert caught.args == [()]
        assert view.focus is None

    def test_shift_drag_adds_what_it_encloses(
        self, qtbot: QtBot, view: LinkGraphView
    ) -> None:
        view.set_selection([8])
        corner, opposite = at(view, 3) + QPoint(-25, -25), at(view, 5) + QPoint(25, 25)
        shift = Qt.KeyboardModifier.ShiftModifier
        left = Qt.MouseButton.LeftButton
        with qtbot.waitSignal(view.selection_changed) as caught:
            QTest.mousePress(surface(view), left, shift, corner)
            QTest.mouseMove(surface(view), (corner + opposite) / 2)
            QTest.mouseMove(surface(view), opposite)
            QTest.mouseRelease(surface(view), left, shift, opposite)
        assert caught.args is not None
        assert caught.args[0][0] == 8
        assert sorted(caught.args[0][1:]) == [3, 4, 5]

    def test_drag_pans_and_keeps_the_selection(
        self, qtbot: QtBot, view: LinkGraphView
    ) -> None:
        view.set_selection([6])
        before = at(view, 6)
        start = empty_spot(view)
        left = Qt.MouseButton.LeftButton
        with qtbot.assertNotEmitted(view.selection_changed):
            QTest.mousePress(surface(view), left, pos=start)
            QTest.mouseMove(surface(view), start + QPoint(20, 0))
            QTest.mouseMove(surface(view), start + QPoint(60, 30))
            QTest.mouseRelease(surface(view), left, pos=start + QPoint(60, 30))
        moved = at(view, 6) - before
        assert abs(moved.x() - 60) <= 20
        assert moved.y() > 0
        view.fit()
        assert at(view, 6) == before

    def test_wheel_zooms_at_the_mouse(self, view: LinkGraphView) -> None:
        spot, far = at(view, 6), at(view, 0)
        wheel = QWheelEvent(
            QPointF(spot),
            QPointF(surface(view).mapToGlobal(spot)),
            QPoint(),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(surface(view), wheel)
        assert (at(view, 6) - spot).manhattanLength() <= 2
        assert (at(view, 0) - spot).manhattanLength() > (far - spot).manhattanLength()

    @pytest.mark.parametrize(
        ("button", "modifier"),
        [
            (Qt.MouseButton.MiddleButton, Qt.KeyboardModifier.NoModifier),
            (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.AltModifier),
        ],
    )
    def test_middle_or_alt_click_asks_for_a_pin(
        self,
        qtbot: QtBot,
        view: LinkGraphView,
        button: Qt.MouseButton,
        modifier: Qt.KeyboardModifier,
    ) -> None:
        with (
            qtbot.assertNotEmitted(view.selection_changed),
            qtbot.waitSignal(view.pin_requested) as caught,
        ):
            click(qtbot, view, at(view, 6), modifier, button)
        assert caught.args == [6]

    def test_double_click_asks_for_a_label(
        self, qtbot: QtBot, view: LinkGraphView
    ) -> None:
        with qtbot.waitSignal(view.label_requested) as caught:
            QTest.mouseDClick(surface(view), Qt.MouseButton.LeftButton, pos=at(view, 6))
        assert caught.args == [6]

    def test_hover_tells_and_shows_plain_text(
        self, qtbot: QtBot, view: LinkGraphView
    ) -> None:
        labels = [""] * 9
        labels[6] = "<b>bold</b> <img src=x>"
        view.set_labels(labels)
        told: list[int] = []
        view.node_hovered.connect(told.append)
        QTest.mouseMove(surface(view), at(view, 6) + QPoint(6, 4))
        QTest.mouseMove(surface(view), empty_spot(view))
        assert told == [6, -1]
        QTest.mouseMove(surface(view), at(view, 6))
        tips = [
            label
            for label in view.findChildren(QLabel)
            if label.isVisible() and "<b>bold</b> <img src=x>" in label.text()
        ]
        assert len(tips) == 1
        assert tips[0].textFormat() == Qt.TextFormat.PlainText
        assert view.rect().contains(tips[0].geometry())


class TestKeyboard:
    def test_arrows_walk_and_tell(self, qtbot: QtBot, view: LinkGraphView) -> None:
        told: list[tuple[int, ...]] = []
        view.selection_changed.connect(told.append)
        view.setFocus()
        QTest.keyClick(view, Qt.Key.Key_Up)
        assert told == [(8,)], "starts at the logit"
        QTest.keyClick(view, Qt.Key.Key_Down)
        assert told[-1] in [(6,), (7,)]
        QTest.keyClick(view, Qt.Key.Key_Down)
        assert told[-1][0] in (3, 4, 5)
        QTest.keyClick(view, Qt.Key.Key_Left)
        QTest.keyClick(view, Qt.Key.Key_Left)
        QTest.keyClick(view, Qt.Key.Key_Left)
        assert told[-1] == (2,)

    def test_nothing_lies_beyond_the_edge(self, view: LinkGraphView) -> None:
        view.set_selection([8])
        assert view.step_selection("up") is None

    def test_hidden_nodes_are_stepped_over(self, view: LinkGraphView) -> None:
        mask = np.ones(9, dtype=np.bool_)
        mask[[6, 7]] = False
        view.set_visible(mask)
        view.set_selection([8])
        assert view.step_selection("down") in (3, 4, 5)

    def test_a_node_off_screen_is_brought_in(
        self, qtbot: QtBot, view: LinkGraphView
    ) -> None:
        view.set_selection([8])
        view.centre_on(0)
        for _ in range(10):
            view._on_zoomed(1.5, QPointF(at(view, 0)))
        QTest.keyClick(view, Qt.Key.Key_Down)
        focus = view.focus
        assert focus in (6, 7)
        assert view.rect().contains(at(view, focus or 0))

    def test_takes_the_keyboard_and_speaks(
        self, qtbot: QtBot, view: LinkGraphView
    ) -> None:
        assert view.focusPolicy() == Qt.FocusPolicy.StrongFocus
        assert view.accessibleName() == "Attribution graph"
        click(qtbot, view, at(view, 6))
        assert "Feature 9/5" in view.accessibleDescription()


class TestShowing:
    def test_without_a_graph_it_says_how_to_begin(self, qtbot: QtBot) -> None:
        view = LinkGraphView()
        qtbot.addWidget(view)
        view.show()
        assert any(
            label.isVisible() and label.text() == "Open a graph to begin."
            for label in view.findChildren(QLabel)
        )
        assert view.step_selection("up") is None
        view.set_selection([1])
        view.fit()
        assert view.focus is None

    def test_setting_a_selection_does_not_tell(
        self, qtbot: QtBot, view: LinkGraphView
    ) -> None:
        with qtbot.assertNotEmitted(view.selection_changed):
            view.set_selection([2, 6, 99, -4])
        assert view.focus == 6

    def test_a_new_graph_forgets_the_selection(self, view: LinkGraphView) -> None:
        view.set_selection([6])
        view.set_pins([2])
        view.show_graph(graph_of(NODES[:3], LINKS[:1]))
        assert view.focus is None
        view.show_graph(None)
        view.show_graph(graph_of())

    @pytest.mark.parametrize(
        ("nodes", "links"),
        [
            ([(FEATURE, "4", 0, 1)], []),
            ([(FEATURE, "4", 0, 1), (FEATURE, "4", 0, 2)], []),
            ([(EMBEDDING, "E", 0, 0), (LOGIT, "1", 0, 0)], [(0, 1, 1.0)]),
            ([(FEATURE, "4", 7, 1)], []),
            ([(ATTENTION, "0", 0, 1), (OTHER, "0", 0, 2), (LOGIT, "1", 0, 0)], []),
        ],
    )
    def test_small_graphs(
        self, qtbot: QtBot, nodes: list[Node], links: list[Link]
    ) -> None:
        view = LinkGraphView()
        qtbot.addWidget(view)
        view.resize(400, 300)
        view.show()
        view.show_graph(graph_of(nodes, links))
        click(qtbot, view, at(view, 0))
        assert view.focus == 0
        view.set_node_tiers([None] * len(nodes), "share")
        assert not view.image().isNull()

    def test_everything_may_be_hidden(self, view: LinkGraphView) -> None:
        view.set_visible(np.zeros(9, dtype=np.bool_))
        assert view._canvas.count_text.endswith(" 0 of 6 links shown")
        assert view.step_selection("up") is None
        view.image()

    def test_image_is_as_large_as_asked_and_shows_the_tier(
        self, view: LinkGraphView
    ) -> None:
        tiers: list[Tier | None] = [None] * 9
        tiers[6] = "obscure"
        view.set_node_tiers(tiers, "tier")
        image = view.image(2.0)
        assert (image.width(), image.height()) == (1800, 1200)
        seen = image.pixelColor(at(view, 6) * 2)
        assert seen.name() == LIGHT.tiers["obscure"].lower()

    def test_the_theme_reaches_the_nodes_and_the_ground(
        self, view: LinkGraphView
    ) -> None:
        view.set_node_tiers(["cross"] * 9, "tier")
        view.set_theme(DARK)
        image = view.image(1.0)
        assert image.pixelColor(at(view, 6)).name() == DARK.tiers["cross"].lower()
        assert image.pixelColor(2, 2).name() == DARK.surface

    def test_nodes_far_from_the_selection_fade(self, view: LinkGraphView) -> None:
        view.set_node_tiers(["input"] * 9, "tier")
        view.set_selection([2])
        image = view.image(1.0)
        full = LIGHT.tiers["input"].lower()
        assert image.pixelColor(at(view, 6)).name() == full, "a neighbour"
        assert image.pixelColor(at(view, 4)).name() != full

    def test_by_share_the_inputs_of_the_focus_take_the_colour_of_their_sign(
        self, view: LinkGraphView
    ) -> None:
        view.set_selection([6])
        view.set_node_tiers([None] * 9, "share")
        image = view.image(1.0)
        feeds, slows = image.pixelColor(at(view, 2)), image.pixelColor(at(view, 3))
        assert feeds.green() > feeds.red()
        assert slows.red() > slows.green()

    def test_shares_become_shades(self) -> None:
        codes = share_codes(np.array([np.nan, 0.01, 0.9, -0.01, -0.9]))
        assert codes.tolist() == [0, 1, 12, 13, 24]

    def test_pins_and_groups_leave_a_mark(self, view: LinkGraphView) -> None:
        plain = view.image(1.0)
        view.set_groups([[2, 3]])
        grouped = view.image(1.0)
        view.set_pins([4])
        pinned = view.image(1.0)
        assert plain != grouped
        assert grouped != pinned

    def test_a_large_graph_is_shown(self, qtbot: QtBot, view: LinkGraphView) -> None:
        view.show_graph(big_graph(5000, 40_000))
        view.set_selection([17])
        assert " of 40,000 links shown (the strongest)" in view._canvas.count_text
        where = view._canvas.point_of(17)
        assert where is not None
        assert view._canvas.node_at(where, 20) == 17

    def test_what_follows_the_mouse_draws_neither_links_nor_nodes_again(
        self, view: LinkGraphView
    ) -> None:
        still = view._canvas._scene.view
        plain = view.grab().toImage()
        drawn = still._picture.cacheKey()
        assert drawn != QPixmap().cacheKey()
        QTest.mouseMove(surface(view), at(view, 6))
        ringed = view.grab().toImage()
        assert ringed != plain
        assert still._picture.cacheKey() == drawn
        QTest.mouseMove(surface(view), empty_spot(view))
        assert view.grab().toImage() == plain

    @pytest.mark.parametrize("change", ["select", "pan", "theme", "labels", "prune"])
    def test_what_changes_below_is_drawn_before_the_next_paint(
        self, view: LinkGraphView, change: str
    ) -> None:
        plain = view.grab().toImage()
        match change:
            case "select":
                view.set_selection([6])
            case "pan":
                view._canvas.pan(QPointF(40, 10))
            case "theme":
                view.set_theme(DARK)
            case "labels":
                view.set_labels(["", "", "a cat", "", "", "", "", "", ""])
            case _:
                mask = np.ones(9, dtype=np.bool_)
                mask[3] = False
                view.set_visible(mask)
        assert view.grab().toImage() != plain
