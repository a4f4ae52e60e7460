"""The dialog that asks what to export."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QGroupBox
from pytestqt.qtbot import QtBot

from glossator.export.target import ExportOptions
from glossator.export.targets import TARGETS
from glossator_gui.dialogs.export_dialog import ExportChoice, ExportDialog
from glossator_gui.look.style_sheet import apply_theme
from glossator_gui.look.theme import DARK, LIGHT, Theme
from glossator_gui.views.elided_label import ElidedLabel
from glossator_gui.views.plain_text import small_font

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)

FIRST = ExportChoice("graph-json")


def shown(
    qtbot: QtBot,
    choice: ExportChoice = FIRST,
    *,
    slug: str = "capital",
    n_graphs: int = 1,
) -> ExportDialog:
    dialog = ExportDialog(TARGETS, choice, slug, n_graphs)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitExposed(dialog)
    dialog.activateWindow()
    qtbot.waitUntil(dialog.isActiveWindow)
    return dialog


@pytest.fixture
def dialog(qtbot: QtBot) -> ExportDialog:
    return shown(qtbot)


def texts(dialog: ExportDialog) -> list[str]:
    return [dialog.list.item(row).text() for row in range(dialog.list.count())]


def test_every_target_has_its_place(dialog: ExportDialog) -> None:
    listed = texts(dialog)
    for target in TARGETS.values():
        assert listed.count(target.title) == 1
    assert [text for text in listed if text not in {t.title for t in TARGETS.values()}]
    assert "Others" not in listed


def test_a_target_says_what_it_is_for(dialog: ExportDialog) -> None:
    role = Qt.ItemDataRole.AccessibleTextRole
    spoken = [dialog.list.item(row).data(role) for row in range(dialog.list.count())]
    assert "GEXF: For Gephi, with places and colours" in spoken


def test_arrows_pass_over_headings(dialog: ExportDialog) -> None:
    passed = [dialog.list.chosen()]
    for _ in range(len(TARGETS) + 5):
        QTest.keyClick(dialog.list, Qt.Key.Key_Down)
        passed.append(dialog.list.chosen())
    assert set(passed) == set(TARGETS)
    assert passed[-1] == passed[-2]
    QTest.keyClick(dialog.list, Qt.Key.Key_Home)
    assert dialog.list.chosen() == "graph-json"
    QTest.keyClicks(dialog.list, "pdf")
    assert dialog.list.chosen() == "pdf"


@pytest.mark.parametrize("name", TARGETS)
def test_options_are_open_where_they_apply(dialog: ExportDialog, name: str) -> None:
    dialog.list.choose(name)
    assert dialog.links.isEnabled() == TARGETS[name].draws
    assert dialog.supernodes.isEnabled() == TARGETS[name].draws
    assert dialog.transparent.isEnabled() == (name in ("svg", "png", "pdf"))


@pytest.mark.parametrize(
    "choice",
    [
        ExportChoice("png", ExportOptions("supernodes", transparent=True), True),
        ExportChoice("gexf", ExportOptions("links"), False),
    ],
)
def test_what_is_shown_is_what_is_chosen(qtbot: QtBot, choice: ExportChoice) -> None:
    assert shown(qtbot, choice, n_graphs=2).choice() == choice


def test_what_is_not_known_any_more_is_not_chosen(qtbot: QtBot) -> None:
    choice = ExportChoice("gone", all_graphs=True)
    assert shown(qtbot, choice, n_graphs=1).choice() == FIRST


def test_all_graphs_go_into_a_folder(qtbot: QtBot) -> None:
    several = shown(qtbot, slug="<b>A & B</b>", n_graphs=3)
    assert several.place.text() == "Choose File…"
    assert several.all_graphs.text() == "All 3 graphs"
    several.all_graphs.click()
    assert several.place.text() == "Choose Folder…"
    assert several.choice().all_graphs
    assert [label.text for label in several.findChildren(ElidedLabel)] == [
        "<b>A & B</b>"
    ]


def test_one_graph_leaves_no_choice_of_graphs(dialog: ExportDialog) -> None:
    titles = [box.title() for box in dialog.findChildren(QGroupBox)]
    assert titles == ["Draw"]


def test_enter_asks_for_the_place_and_leaves_the_dialog_open(
    dialog: ExportDialog, qtbot: QtBot
) -> None:
    assert dialog.focusWidget() is dialog.list
    told: list[object] = []
    dialog.place_requested.connect(told.append)
    dialog.list.choose("csv")
    QTest.keyClick(dialog.list, Qt.Key.Key_Return)
    assert told == [ExportChoice("csv")]
    assert dialog.isVisible()


def test_a_double_click_asks_for_the_place(dialog: ExportDialog, qtbot: QtBot) -> None:
    item = dialog.list.item(2)
    place = dialog.list.visualItemRect(item).center()
    viewport = dialog.list.viewport()
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=place)
    with qtbot.waitSignal(dialog.place_requested) as asked:
        QTest.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=place)
    assert asked.args == [dialog.choice()]
    assert TARGETS[dialog.list.chosen()].title == item.text()


def test_escape_closes_and_nothing_is_asked(dialog: ExportDialog, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(dialog.place_requested):
        QTest.keyClick(dialog.list, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_tab_reaches_everything_that_is_open(qtbot: QtBot) -> None:
    choice = ExportChoice("svg")
    dialog = shown(qtbot, choice, n_graphs=2)
    reached = []
    for _ in range(5):
        reached.append(dialog.focusWidget())
        QTest.keyClick(reached[-1], Qt.Key.Key_Tab)
    assert reached == [
        dialog.list,
        dialog.this_graph,
        dialog.links,
        dialog.transparent,
        dialog.place,
    ]


@pytest.fixture
def app() -> Iterator[QApplication]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    yield app
    apply_theme(app, LIGHT)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_chosen_target_stands_out(
    qtbot: QtBot, app: QApplication, theme: Theme
) -> None:
    apply_theme(app, theme)
    dialog = shown(qtbot)
    image = dialog.list.viewport().grab().toImage()
    chosen = dialog.list.visualItemRect(dialog.list.currentItem())
    edge = chosen.right() - 3
    assert image.pixelColor(edge, chosen.center().y()) == QColor(theme.accent)
    below = chosen.bottom() + 3
    assert image.pixelColor(edge, below) == QColor(theme.surface)


def test_nothing_is_cut_off(dialog: ExportDialog) -> None:
    last = dialog.list.item(dialog.list.count() - 1)
    assert dialog.list.viewport().rect().contains(dialog.list.visualItemRect(last))
    small = QFontMetrics(small_font(dialog.list.font()))
    widest = max(small.horizontalAdvance(t.purpose) for t in TARGETS.values())
    assert widest < dialog.list.viewport().width() - 20
