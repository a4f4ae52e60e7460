from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QFont
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from glossator.project.supernodes.supernode_graph import SupernodeBox, SupernodeLink
from glossator_gui.look.theme import DARK, LIGHT
from glossator_gui.views.supernodes.view import SupernodeView

# The offscreen platform says so for every window that is shown.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)


def box(
    key: str,
    layer: float,
    column: float = 0.0,
    position: tuple[float, float] | None = None,
) -> SupernodeBox:
    return SupernodeBox(
        key, f"box {key}", (1, 2), "supernode", layer, column, ("input", None), position
    )


BOXES = [box("low", 1, 0), box("mid", 5, 3), box("other", 5, 0), box("top", 9, 3)]
LINKS = [
    SupernodeLink("low", "mid", 2.0, 0.5),
    SupernodeLink("mid", "top", -1.0, -0.3),
    SupernodeLink("other", "top", 0.1, 0.02),
]


@pytest.fixture
def view(qtbot: QtBot) -> SupernodeView:
    shown = SupernodeView()
    qtbot.addWidget(shown)
    shown.resize(600, 500)
    shown.show()
    qtbot.waitExposed(shown)
    shown.show_boxes(BOXES, LINKS)
    return shown


def surface(view: SupernodeView) -> QWidget:
    return view.board.viewport.viewport()


def at(view: SupernodeView, key: str) -> QPoint:
    return view.board.viewport.mapFromScene(QPointF(*view.board.position_of(key)))


class TestView:
    def test_without_boxes_it_says_how_to_make_one(self, view: SupernodeView) -> None:
        view.show_boxes([], [])
        assert any(
            label.isVisible() and label.text().startswith("No supernodes yet.")
            for label in view.findChildren(QLabel)
        )
        assert not view.board.image().isNull()

    def test_all_boxes_are_on_the_screen(self, view: SupernodeView) -> None:
        for shown in BOXES:
            assert surface(view).rect().contains(at(view, shown.key))

    def test_boxes_far_apart_are_brought_on_the_screen(
        self, view: SupernodeView
    ) -> None:
        view.show_boxes([box("a", 0, 0, (0.0, 0.0)), box("b", 1, 1, (3e3, 2e3))], [])
        for key in ("a", "b"):
            assert surface(view).rect().contains(at(view, key))

    def test_click_selects(self, qtbot: QtBot, view: SupernodeView) -> None:
        with qtbot.waitSignal(view.gestures.boxes_selected) as caught:
            QTest.mouseClick(
                surface(view), Qt.MouseButton.LeftButton, pos=at(view, "mid")
            )
        assert caught.args == [("mid",)]
        assert "box mid, 2 nodes" in view.board.accessibleDescription()

    def test_selecting_from_outside_does_not_tell(
        self, qtbot: QtBot, view: SupernodeView
    ) -> None:
        with qtbot.assertNotEmitted(view.gestures.boxes_selected):
            view.set_selected(["top", "gone"])
        assert view.board.boxes["top"].chosen

    def test_double_click_asks_for_a_name(
        self, qtbot: QtBot, view: SupernodeView
    ) -> None:
        with qtbot.waitSignal(view.gestures.rename_requested) as caught:
            QTest.mouseDClick(
                surface(view), Qt.MouseButton.LeftButton, pos=at(view, "mid")
            )
        assert caught.args == ["mid"]

    @pytest.mark.parametrize("key", [Qt.Key.Key_F2, Qt.Key.Key_Return])
    def test_key_asks_for_a_name(
        self, qtbot: QtBot, view: SupernodeView, key: Qt.Key
    ) -> None:
        view.set_selected(["top"])
        with qtbot.waitSignal(view.gestures.rename_requested) as caught:
            QTest.keyClick(view.board, key)
        assert caught.args == ["top"]

    def test_arrows_go_from_box_to_box(self, qtbot: QtBot, view: SupernodeView) -> None:
        told: list[tuple[str, ...]] = []
        view.gestures.boxes_selected.connect(told.append)
        view.set_selected(["low"])
        QTest.keyClick(view.board, Qt.Key.Key_Up)
        assert told[-1] in (("mid",), ("other",))
        view.set_selected(["mid"])
        QTest.keyClick(view.board, Qt.Key.Key_Up)
        assert told[-1] == ("top",)
        QTest.keyClick(view.board, Qt.Key.Key_Up)
        assert told[-1] == ("top",)

    def test_drag_tells_where_the_box_was_put(
        self, qtbot: QtBot, view: SupernodeView
    ) -> None:
        start = at(view, "low")
        end = start + QPoint(-40, 25)
        wanted = view.board.viewport.mapToScene(end)
        left = Qt.MouseButton.LeftButton
        with qtbot.waitSignal(view.gestures.box_moved) as caught:
            QTest.mousePress(surface(view), left, pos=start)
            QTest.mouseMove(surface(view), start + QPoint(-10, 5))
            QTest.mouseMove(surface(view), end)
            QTest.mouseRelease(surface(view), left, pos=end)
        assert caught.args is not None
        assert caught.args[0] == "low"
        assert caught.args[1:] == pytest.approx([wanted.x(), wanted.y()], abs=3)
        assert view.board.position_of("low") == tuple(caught.args[1:])

    def test_a_box_dropped_on_another_is_put_beside_it(
        self, qtbot: QtBot, view: SupernodeView
    ) -> None:
        left = Qt.MouseButton.LeftButton
        start, end = at(view, "low"), at(view, "top")
        with qtbot.waitSignal(view.gestures.box_moved):
            QTest.mousePress(surface(view), left, pos=start)
            QTest.mouseMove(surface(view), end)
            QTest.mouseRelease(surface(view), left, pos=end)
        one, other = view.board.boxes["low"], view.board.boxes["top"]
        assert not one.sceneBoundingRect().intersects(other.sceneBoundingRect())

    def test_a_click_is_no_move(self, qtbot: QtBot, view: SupernodeView) -> None:
        with qtbot.assertNotEmitted(view.gestures.box_moved):
            QTest.mouseClick(
                surface(view), Qt.MouseButton.LeftButton, pos=at(view, "mid")
            )

    def test_a_stored_position_is_kept(self, view: SupernodeView) -> None:
        view.show_boxes([*BOXES, box("far", 2, 1, (900.0, 700.0))], LINKS)
        assert view.board.position_of("far") == (900.0, 700.0)

    def test_links_tell_sign_and_share(self, view: SupernodeView) -> None:
        pens = {arrow.link.source: arrow.pen for arrow in view.board.arrows}
        assert pens["low"].style() == Qt.PenStyle.SolidLine
        assert pens["mid"].style() == Qt.PenStyle.CustomDashLine
        assert pens["low"].color().name() == LIGHT.positive
        assert pens["mid"].color().name() == LIGHT.negative
        widths = [pens[key].widthF() for key in ("other", "mid", "low")]
        assert widths == sorted(widths)
        assert widths[0] < widths[-1]

    def test_links_to_unknown_boxes_are_left_out(self, view: SupernodeView) -> None:
        view.show_boxes(BOXES[:2], LINKS)
        assert [arrow.link.source for arrow in view.board.arrows] == ["low"]

    def test_image_shows_the_theme(self, view: SupernodeView) -> None:
        view.set_theme(DARK)
        image = view.board.image(1.0)
        assert image.pixelColor(1, 1).name() == DARK.surface
        assert view.board.image(2.0).width() == pytest.approx(2 * image.width(), abs=2)

    def test_selection_survives_new_boxes(self, view: SupernodeView) -> None:
        view.set_selected(["top"])
        view.show_boxes(BOXES, LINKS[:1])
        assert view.board.boxes["top"].chosen

    def test_larger_letters_make_larger_boxes(
        self, view: SupernodeView, qapp: QApplication
    ) -> None:
        before, font = view.board.boxes["top"].area.width(), qapp.font()
        larger = QFont(font)
        larger.setPointSizeF(2 * font.pointSizeF())
        try:
            qapp.setFont(larger)
            view.set_theme(DARK)
            assert view.board.boxes["top"].area.width() > 1.3 * before
        finally:
            qapp.setFont(font)

    def test_members_are_shown_and_found(self, view: SupernodeView) -> None:
        plain = view.board.boxes["mid"].area.height()
        shown = replace(BOXES[1], names=("one", "two"), colour=3, note="why")
        view.show_boxes([BOXES[0], shown], LINKS[:1])
        item = view.board.boxes["mid"]
        assert item.area.height() > plain + 20
        low = item.mapToScene(QPointF(0, item.area.bottom() - 9))
        assert item.member_at(low) == 2
        assert item.member_at(item.mapToScene(QPointF(0, item.area.top() + 4))) is None
        view.set_selected(["mid"])
        description = view.board.accessibleDescription()
        assert description == "box mid, 2 nodes, colour 3, note: why"
        assert "Colour 3" in item.toolTip()
        assert "why" in item.toolTip()

    def test_a_link_tells_sign_and_share_in_words(self, view: SupernodeView) -> None:
        view.set_selected(["top"])
        assert view.links.rows == [
            ["from", "box mid", "−30 %"],
            ["from", "box other", "+2 %"],
        ]
