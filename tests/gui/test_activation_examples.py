import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QTextLayout
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QScrollArea
from pytestqt.qtbot import QtBot

from glossator.evidence.example_text import example_text
from glossator.evidence.feature_evidence import ActivationExample, FeatureEvidence
from glossator.graph.attribution_graph import FeatureKey
from glossator_gui.look.theme import DARK, LIGHT, Theme
from glossator_gui.views.feature_panel.example_list import ExampleList
from glossator_gui.views.feature_panel.example_rows import GroupHeading, grouped_rows
from glossator_gui.views.feature_panel.shaded_text import (
    is_cut,
    piece_at,
    running_text,
    shaded_layout,
)
from glossator_gui.views.plain_text import units

# The offscreen platform says so for every window that is shown.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)


def example(
    tokens: list[str], activations: dict[int, float], group: str = ""
) -> ActivationExample:
    values = np.zeros(len(tokens), dtype=np.float32)
    for at, value in activations.items():
        values[at] = value
    return ActivationExample(tuple(tokens), values, group)


def words(n: int, seed: int = 0) -> list[str]:
    return [f" w{seed}x{at}" for at in range(n)]


def evidence(*examples: ActivationExample) -> FeatureEvidence:
    return FeatureEvidence(FeatureKey("m", "s", 0, 0), examples, "here")


@pytest.fixture
def examples(qtbot: QtBot) -> ExampleList:
    examples = ExampleList()
    qtbot.addWidget(examples)
    examples.resize(400, 100)
    examples.show()
    qtbot.waitExposed(examples)
    return examples


def formats(layout: QTextLayout) -> list[QTextLayout.FormatRange]:
    return list(layout.formats())


def test_an_ellipsis_stands_where_the_example_goes_on() -> None:
    long = example(words(127), {60: 2.0})
    part, whole = example_text(long), example_text(long, whole=True)

    assert running_text(part) == f"…{''.join(words(127)[44:77])} …"
    assert running_text(whole) == "".join(words(127))
    assert (is_cut(part), is_cut(whole)) == (True, False)


def test_a_piece_is_found_by_its_utf16_units() -> None:
    shown = example_text(example([*words(20), " 😀", " a"], {20: 1.0}))
    text = running_text(shown)
    place = text.index(" 😀")

    assert piece_at(shown, 0) is None, "the ellipsis"
    assert [
        piece.text for at in range(4) if (piece := piece_at(shown, place + at))
    ] == [
        " 😀",
        " 😀",
        " 😀",
        " a",
    ]
    assert piece_at(shown, units(text)) is None


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_top_token_is_marked_by_more_than_colour(theme: Theme) -> None:
    shown = example_text(example([" 😀", " a", " top"], {1: 1.0, 2: 2.0}), whole=True)
    layout = shaded_layout(shown, 2.0, QApplication.font(), theme)
    marked = [f for f in formats(layout) if f.format.fontUnderline()]

    assert len(marked) == 1
    assert marked[0].start == units(" 😀 a")
    assert marked[0].format.fontWeight() > QApplication.font().weight()
    assert marked[0].format.background().color() == theme.shade(1.0)
    half = next(f for f in formats(layout) if f.start == units(" 😀"))
    assert half.format.background().color() == theme.shade(0.5)


def test_groups_keep_their_order_and_count_what_repeats() -> None:
    strong = example(words(5), {1: 3.0}, "Top")
    again = example(words(5), {1: 3.0}, "2 to 3")
    weak = example(words(5, 1), {1: 2.0}, "2 to 3")
    rows = grouped_rows([strong, again, weak])

    assert rows[0] == GroupHeading("Top · 1 example")
    assert rows[1] is strong
    assert rows[2] == GroupHeading("2 to 3 · 1 example · 1 repeat hidden")
    assert rows[3] is weak
    assert len(rows) == 4


def test_no_examples_take_no_room(examples: ExampleList) -> None:
    examples.show_evidence(evidence())
    assert examples.height() == 0
    examples.show_evidence(evidence(example(words(3), {})))
    assert examples.height() > 10
    examples.show_evidence(None)
    assert examples.height() == 0


def test_click_and_enter_open_an_example(examples: ExampleList, qtbot: QtBot) -> None:
    examples.show_evidence(evidence(example(words(127), {60: 2.0})))
    folded = examples.height()
    place = examples.visualRect(examples.model().index(0, 0)).center()
    QTest.mouseClick(examples.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert examples.height() > 2 * folded

    examples.setFocus()
    QTest.keyClick(examples, Qt.Key.Key_Return)
    assert examples.height() == folded


def test_the_same_evidence_again_stays_open(examples: ExampleList) -> None:
    shown = evidence(example(words(127), {60: 2.0}))
    examples.show_evidence(shown)
    examples.toggle(0)
    opened = examples.height()
    examples.show_evidence(shown)
    assert examples.height() == opened


def test_keys_skip_headings_and_copy_plain_text(
    examples: ExampleList, qtbot: QtBot
) -> None:
    examples.show_evidence(
        evidence(example([" <b>a</b>"], {0: 2.0}, "A"), example([" c"], {0: 1.0}, "B"))
    )
    examples.setFocus()
    examples.setCurrentIndex(examples.model().index(1, 0))
    QTest.keyClick(examples, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == " <b>a</b>"
    with qtbot.waitSignal(examples.current_moved, timeout=500):
        QTest.keyClick(examples, Qt.Key.Key_Down)
    assert examples.currentIndex().row() == 3


def test_shading_reaches_the_screen(examples: ExampleList) -> None:
    examples.set_theme(LIGHT)
    examples.show_evidence(evidence(example([" one", " MMMM", " two"], {1: 2.0})))
    QApplication.processEvents()
    image = examples.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    full = LIGHT.shade(1.0).rgb()
    found = sum(
        image.pixel(x, y) == full
        for x in range(image.width())
        for y in range(image.height())
    )
    assert found > 50


def test_the_tooltip_tells_the_activation_and_no_token(examples: ExampleList) -> None:
    only = example([" <b>one</b>", " two"], {0: 2.0, 1: 1.0})
    examples.show_evidence(evidence(only))
    rect = examples.visualRect(examples.model().index(0, 0))
    texts = {
        examples.delegate.tooltip_at(only, 0, rect, rect.topLeft() + QPoint(x, 12))
        for x in range(0, 300, 5)
    }
    assert texts == {
        "",
        "activation 2.00 · 100% of the maximum",
        "activation 1.00 · 50% of the maximum",
    }


def test_the_wheel_scrolls_what_surrounds_it(qtbot: QtBot) -> None:
    area = QScrollArea()
    qtbot.addWidget(area)
    examples = ExampleList()
    examples.show_evidence(
        evidence(*(example(words(60, seed), {30: 1.0}) for seed in range(20)))
    )
    area.setWidgetResizable(True)
    area.setWidget(examples)
    area.resize(400, 200)
    area.show()
    qtbot.waitExposed(area)
    QTest.wheelEvent(area.windowHandle(), QPointF(50, 50), QPoint(0, -120))

    assert area.verticalScrollBar().value() > 0


def test_fifty_long_examples_are_laid_out_at_once(examples: ExampleList) -> None:
    many = evidence(*(example(words(127, seed), {60: 2.0}) for seed in range(50)))
    examples.show_evidence(many)
    QApplication.processEvents()
    assert examples.height() > 50 * 30
