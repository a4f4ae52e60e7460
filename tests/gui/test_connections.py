from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from glossator.graph.attribution_graph import NodeKind
from glossator_gui.look.theme import DARK, LIGHT, Theme
from glossator_gui.views.connections.rows import Column, share_text
from glossator_gui.views.connections.view import ConnectionRow, ConnectionsView

# The offscreen platform says so for every window that is shown.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)


CONTROL = Qt.KeyboardModifier.ControlModifier


def row(node: int, share: float, label: str = "a label") -> ConnectionRow:
    return ConnectionRow(
        node=node,
        label=label,
        kind=NodeKind.FEATURE,
        layer=node % 26,
        token="·word",
        weight=10 * share,
        share=share,
    )


@pytest.fixture
def view(qtbot: QtBot) -> ConnectionsView:
    view = ConnectionsView()
    qtbot.addWidget(view)
    view.resize(420, 500)
    view.show()
    qtbot.waitExposed(view)
    view.show_rows([row(1, 0.1), row(2, -0.5), row(3, 0.3)], [row(4, 0.2)])
    return view


def texts(model: QAbstractItemModel, at: int) -> list[str]:
    return [str(model.index(at, column).data()) for column in Column]


def cell(view: ConnectionsView, at: int) -> QPoint:
    index: QModelIndex = view.inputs.model().index(at, Column.LABEL)
    return view.inputs.visualRect(index).center()


def click(
    qtbot: QtBot,
    view: ConnectionsView,
    at: int,
    modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    button = Qt.MouseButton.LeftButton
    QTest.mouseClick(view.inputs.viewport(), button, modifier, cell(view, at))


def test_both_sides_are_counted_and_sorted_by_size(view: ConnectionsView) -> None:
    assert view.headings == ("Inputs (3)", "Outputs (1)")
    assert [texts(view.inputs.model(), at)[-1] for at in range(3)] == [
        "−50 %",
        "+30 %",
        "+10 %",
    ]


def test_a_row_tells_everything_in_text(view: ConnectionsView) -> None:
    assert texts(view.inputs.model(), 0) == [
        "●", "a label", "·word", "2", "−5.00", "−50 %",
    ]  # fmt: skip
    kind = view.inputs.model().index(0, Column.KIND)
    assert kind.data(Qt.ItemDataRole.AccessibleTextRole) == "feature"


@pytest.mark.parametrize(
    ("kind", "glyph", "layer"),
    [
        (NodeKind.ERROR, "◆", "3"),
        (NodeKind.EMBEDDING, "■", "emb"),
        (NodeKind.LOGIT, "■", "logit"),
        (NodeKind.ATTENTION, "▲", "3"),
        (NodeKind.OTHER, "▼", "3"),
    ],
)
def test_kinds_differ_by_shape_and_word(
    view: ConnectionsView, kind: NodeKind, glyph: str, layer: str
) -> None:
    view.show_rows([ConnectionRow(1, "x", kind, 3, "", 1.0, 0.5)], [])
    shown = texts(view.inputs.model(), 0)
    assert (shown[Column.KIND], shown[Column.LAYER]) == (glyph, layer)


def test_a_hostile_label_stays_plain(view: ConnectionsView) -> None:
    view.show_rows([row(1, 0.5, "<b>x</b>\n\u202ey")], [])
    index = view.inputs.model().index(0, Column.LABEL)
    tooltip = index.data(Qt.ItemDataRole.ToolTipRole)

    assert index.data() == "<b>x</b>⏎U+202Ey"
    # Qt judges by the first line whether a tooltip is markup.
    assert tooltip.splitlines()[:2] == ["Feature, layer 1", "<b>x</b>"]


def test_a_click_and_enter_select(view: ConnectionsView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.node_activated, timeout=500) as clicked:
        click(qtbot, view, 0)
    assert clicked.args == [2]
    with qtbot.waitSignal(view.node_activated, timeout=500) as entered:
        QTest.keyClick(view.inputs, Qt.Key.Key_Down)
        QTest.keyClick(view.inputs, Qt.Key.Key_Return)
    assert entered.args == [3]


def test_a_double_click_selects_once(view: ConnectionsView, qtbot: QtBot) -> None:
    selected: list[int] = []
    view.node_activated.connect(selected.append)
    # The first click puts other rows under the pointer.
    view.node_activated.connect(lambda _node: view.show_rows([row(9, 0.9)], []))
    place = cell(view, 0)
    QTest.mouseClick(view.inputs.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(view.inputs.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseRelease(view.inputs.viewport(), Qt.MouseButton.LeftButton, pos=place)

    assert selected == [2]


def test_control_pins(view: ConnectionsView, qtbot: QtBot) -> None:
    control = Qt.KeyboardModifier.ControlModifier
    with (
        qtbot.assertNotEmitted(view.node_activated),
        qtbot.waitSignal(view.pin_requested, timeout=500) as clicked,
    ):
        click(qtbot, view, 1, control)
    assert clicked.args == [3]
    view.inputs.selectRow(2)
    with qtbot.waitSignal(view.pin_requested, timeout=500) as entered:
        QTest.keyClick(view.inputs, Qt.Key.Key_Return, control)
    assert entered.args == [1]


def test_the_menu_of_a_row_pins_too(view: ConnectionsView, qtbot: QtBot) -> None:
    menu = view.inputs.context_menu(7)
    with qtbot.waitSignal(view.pin_requested, timeout=500) as pinned:
        menu.actions()[1].trigger()
    assert pinned.args == [7]


def test_the_pointer_tells_its_node(view: ConnectionsView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.node_hovered, timeout=500) as hovered:
        view.inputs.entered.emit(view.inputs.model().index(1, 0))
    assert hovered.args == [3]
    with qtbot.waitSignal(view.node_hovered, timeout=500) as left:
        view.inputs.viewportEntered.emit()
    assert left.args == [-1]


def test_tab_reaches_the_first_row(view: ConnectionsView) -> None:
    view.outputs.setFocus()
    view.inputs.setFocus(Qt.FocusReason.TabFocusReason)
    assert view.inputs.selectionModel().isRowSelected(0, QModelIndex())


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_bars_are_coloured_by_sign(
    view: ConnectionsView, qtbot: QtBot, theme: Theme
) -> None:
    view.set_theme(theme)
    view.inputs.clearSelection()
    QApplication.processEvents()
    image = view.inputs.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    colours = {
        image.pixelColor(x, y).name()
        for x in range(image.width())
        for y in range(image.height())
    }
    assert {theme.positive, theme.negative} <= colours


def test_without_connections_it_says_so(view: ConnectionsView) -> None:
    view.show_rows([], [])
    QApplication.processEvents()
    assert view.headings == ("Inputs (0)", "Outputs (0)")
    assert view.inputs.empty_text == "No inputs"
    assert not view.grab().isNull()


def test_thousands_of_rows(view: ConnectionsView) -> None:
    shares = np.random.default_rng(0).normal(size=5000)
    view.show_rows([row(at, float(share)) for at, share in enumerate(shares)], [])
    assert view.inputs.model().rowCount() == 5000
    assert view.headings[0] == "Inputs (5,000)"
    shown = [abs(r.share) for r in view.inputs.rows]
    assert shown == sorted(shown, reverse=True)


def test_wide_tables_stand_beside_each_other(view: ConnectionsView) -> None:
    view.resize(1000, 300)
    QApplication.processEvents()
    assert (
        view.inputs.mapTo(view, QPoint()).y() == view.outputs.mapTo(view, QPoint()).y()
    )
    view.resize(420, 500)
    QApplication.processEvents()
    assert (
        view.inputs.mapTo(view, QPoint()).x() == view.outputs.mapTo(view, QPoint()).x()
    )


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.123, "+12 %"), (-0.0123, "−1.2 %"), (0.0996, "+10 %"), (0.0, "+0.0 %")],
)
def test_shares_carry_their_sign(share: float, text: str) -> None:
    assert share_text(share) == text


class TestFilters:
    @pytest.fixture
    def mixed(self, view: ConnectionsView) -> ConnectionsView:
        kinds = (NodeKind.FEATURE, NodeKind.ERROR, NodeKind.FEATURE, NodeKind.EMBEDDING)
        rows = [
            replace(
                row(at, share),
                kind=kind,
                position=at % 2,
                token=f"t{at % 2}",
                weight=weight,
            )
            for at, (share, weight, kind) in enumerate(
                zip((0.4, -0.3, -0.2, 0.1), (1.0, -4.0, -2.0, 3.0), kinds, strict=True)
            )
        ]
        view.show_rows(rows, [])
        return view

    def shown(self, view: ConnectionsView) -> list[int]:
        table = view.inputs
        return [
            table.node_at(table.model().index(at, 0))
            for at in range(table.model().rowCount())
        ]

    def test_by_kind_and_sign_and_says_of_how_many(
        self, mixed: ConnectionsView
    ) -> None:
        filters = mixed.filters
        filters.kind.setCurrentText("Features")
        assert self.shown(mixed) == [0, 2]
        assert mixed.headings[0] == "Inputs (2 of 4)"
        filters.sign.setCurrentText("Lowering")
        assert self.shown(mixed) == [2]
        filters.kind.setCurrentText("All kinds")
        assert self.shown(mixed) == [1, 2]
        filters.sign.setCurrentText("Both signs")
        assert mixed.headings[0] == "Inputs (4)"

    @pytest.mark.parametrize(
        ("order", "nodes"),
        [
            ("By share", [0, 1, 2, 3]),
            ("By weight", [1, 3, 2, 0]),
            ("By layer", [3, 2, 1, 0]),
            ("Under their tokens", [-1, 0, 2, -1, 1, 3]),
        ],
    )
    def test_orders(self, mixed: ConnectionsView, order: str, nodes: list[int]) -> None:
        mixed.filters.order.setCurrentText(order)
        assert self.shown(mixed) == nodes

    def test_a_heading_sums_its_token_and_is_no_node(
        self, mixed: ConnectionsView, qtbot: QtBot
    ) -> None:
        mixed.filters.order.setCurrentText("Under their tokens")
        model = mixed.inputs.model()
        assert model.index(0, Column.KIND).data() == "t0  ·  position 0  ·  2"
        assert model.index(0, Column.SHARE).data() == "+20 %"
        heading = mixed.inputs.visualRect(model.index(0, Column.KIND)).center()
        with (
            qtbot.assertNotEmitted(mixed.node_activated),
            qtbot.assertNotEmitted(mixed.pin_requested),
        ):
            for key in (Qt.KeyboardModifier.NoModifier, CONTROL):
                QTest.mouseClick(
                    mixed.inputs.viewport(), Qt.MouseButton.LeftButton, key, heading
                )
        mixed.outputs.setFocus()
        mixed.inputs.setFocus(Qt.FocusReason.TabFocusReason)
        with qtbot.waitSignal(mixed.node_activated, timeout=500) as entered:
            QTest.keyClick(mixed.inputs, Qt.Key.Key_Return)
        assert entered.args == [0], "Tab reaches the first node"

    def test_they_stay_for_the_next_node(self, mixed: ConnectionsView) -> None:
        mixed.filters.kind.setCurrentText("Errors")
        mixed.show_rows([row(7, 0.5)], [])
        assert mixed.headings[0] == "Inputs (0 of 1)"

    def test_a_difference_has_inputs_alone(self, mixed: ConnectionsView) -> None:
        mixed.show_difference("Austin − Dallas", [row(7, 0.5)])
        assert mixed.headings[0] == "Inputs of Austin − Dallas (1)"
        assert not mixed.outputs.isVisible()
        mixed.show_rows([], [])
        assert mixed.outputs.isVisible()

    def test_without_a_node_it_says_what_to_do(self, mixed: ConnectionsView) -> None:
        mixed.show_nothing()
        assert mixed.inputs.empty_text == "Select a node to see what feeds it"
        mixed.show_rows([], [])
        assert mixed.inputs.empty_text == "No inputs"
