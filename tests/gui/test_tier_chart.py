"""The parts of the page of tiers: bars, counts, the threshold to try."""

from collections import Counter
from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from glossator.protocol.decision import Tier
from glossator_gui.look.theme import DARK
from glossator_gui.views.tier_chart.bars import TierBars
from glossator_gui.views.tier_chart.counts_table import CountsTable
from glossator_gui.views.tier_chart.threshold_control import ThresholdControl

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)


def segments(bars: TierBars) -> list[tuple[int, Tier, int]]:
    return [(one.layer, one.tier, one.n) for one in bars.segments()]


# -- the bars --------------------------------------------------------------------------

COUNTS: dict[int, Counter[Tier]] = {
    0: Counter({"cross": 1, "input": 3}),
    2: Counter({"obscure": 2, "output": 2, "input": 4}),
}


@pytest.fixture
def bars(qtbot: QtBot) -> TierBars:
    bars = TierBars()
    qtbot.addWidget(bars)
    bars.resize(500, 300)
    bars.show_counts(COUNTS, 4)
    bars.show()
    qtbot.waitExposed(bars)
    return bars


def test_tiers_of_a_layer_stand_on_one_another(bars: TierBars) -> None:
    assert segments(bars) == [
        (0, "input", 3),
        (0, "cross", 1),
        (2, "input", 4),
        (2, "output", 2),
        (2, "obscure", 2),
    ]
    areas = [bars.rectangle(segment) for segment in bars.segments()]
    assert areas[0].top() == pytest.approx(areas[1].bottom())
    assert areas[0].height() == pytest.approx(3 * areas[1].height())
    assert areas[0].bottom() == pytest.approx(areas[2].bottom())
    assert areas[2].left() > areas[0].right()
    bars.set_by_share(True)
    again = [bars.rectangle(segment) for segment in bars.segments()]
    assert again[1].top() == pytest.approx(again[4].top()), "both bars are full"
    assert again[0].height() == pytest.approx(3 * again[1].height())


def test_a_click_chooses_a_segment(bars: TierBars, qtbot: QtBot) -> None:
    segment = bars.segments()[3]
    middle = bars.rectangle(segment).center().toPoint()
    with qtbot.waitSignal(bars.segment_chosen) as chosen:
        QTest.mouseClick(bars, Qt.MouseButton.LeftButton, pos=middle)
    assert chosen.args == [2, "output"]
    assert bars.current == segment
    told: list[object] = []
    bars.segment_chosen.connect(lambda *args: told.append(args))
    QTest.mouseClick(bars, Qt.MouseButton.LeftButton, pos=QPoint(490, 60))
    assert told == []


def test_the_keyboard_goes_along_and_up(bars: TierBars, qtbot: QtBot) -> None:
    def at(key: Qt.Key) -> tuple[int, Tier] | None:
        QTest.keyClick(bars, key)
        return (bars.current.layer, bars.current.tier) if bars.current else None

    assert "Arrow keys" in bars.accessibleDescription()
    assert at(Qt.Key.Key_Return) is None
    assert at(Qt.Key.Key_Right) == (0, "input")
    assert at(Qt.Key.Key_Up) == (0, "cross")
    assert at(Qt.Key.Key_Up) == (0, "cross")
    assert at(Qt.Key.Key_Right) == (2, "output"), "the nearest tier of the next bar"
    assert at(Qt.Key.Key_Right) == (2, "output")
    assert at(Qt.Key.Key_Down) == (2, "input")
    assert at(Qt.Key.Key_Home) == (0, "input")
    assert at(Qt.Key.Key_End) == (2, "input")
    assert "Layer 2 · input: 4 of 8 features (50 %)" in bars.accessibleDescription()
    with qtbot.waitSignal(bars.segment_chosen) as chosen:
        QTest.keyClick(bars, Qt.Key.Key_Space)
    assert chosen.args == [2, "input"]
    bars.show_counts({0: Counter({"input": 1})}, 4)
    assert bars.current is None, "what is no longer drawn is left"


@pytest.mark.qt_log_ignore("This plugin does not support raise", extend=True)
def test_a_tool_tip_tells_layer_tier_count_and_share(bars: TierBars) -> None:
    segment = bars.segments()[0]
    place = bars.rectangle(segment).center().toPoint()
    event = QHelpEvent(QHelpEvent.Type.ToolTip, place, bars.mapToGlobal(place))
    QApplication.sendEvent(bars, event)
    lines = QToolTip.text().splitlines()
    assert lines[:2] == ["Layer 0 · input", "3 of 4 features (75 %)"]


def test_126_layers_find_room(bars: TierBars) -> None:
    tall = {layer: Counter[Tier]({"input": 39, "cross": 1}) for layer in range(126)}
    bars.show_counts(tall, 126)
    areas = [bars.rectangle(segment) for segment in bars.segments()]
    assert all(area.width() >= 1 and area.right() <= 500 for area in areas)
    lowest = [area for area in areas if area.height() > 100]
    assert all(a.right() <= b.left() + 0.01 for a, b in pairwise(lowest))
    for segment, area in zip(bars.segments(), areas, strict=True):
        assert bars.segment_at(QPointF(area.center())) == segment
    bars.grab()


def test_no_bars_say_so(bars: TierBars) -> None:
    bars.show_counts({}, 4)
    assert bars.accessibleDescription() == "No feature of this graph is scored."
    QTest.keyClick(bars, Qt.Key.Key_Right)
    assert bars.current is None
    bars.set_theme(DARK)
    bars.grab()


# -- its parts -------------------------------------------------------------------------


def test_the_counts_tell_the_difference(qtbot: QtBot) -> None:
    table = CountsTable()
    qtbot.addWidget(table)
    now = Counter[Tier]({"input": 1200, "obscure": 3})
    table.show_counts(now, Counter[Tier]({"input": 1190, "obscure": 13}))
    assert table.texts() == [
        ["obscure", "3", "13", "+10"],
        ["cross", "0", "0", "·"],
        ["output", "0", "0", "·"],
        ["input", "1,200", "1,190", "−10"],
        ["all", "1,203", "1,203", "·"],
    ]
    rare = Counter[Tier]({"no evidence": 2})
    table.show_counts(rare, rare)
    assert ["no evidence", "2", "2", "·"] in table.texts()


@pytest.fixture
def control(qtbot: QtBot) -> ThresholdControl:
    control = ThresholdControl()
    qtbot.addWidget(control)
    return control


def test_slider_and_number_go_together(control: ThresholdControl) -> None:
    told: list[tuple[str, float]] = []
    control.moved.connect(lambda *args: told.append(args))
    control.show_thresholds("calibrated", 4.0, 0.3)
    assert told == [], "what is shown is not told"
    assert (control.slider.value(), control.number.text()) == (40, "4")
    control.slider.setValue(41)
    control.number.setValue(5.25)
    assert control.slider.value() == 52
    QTest.keyClick(control.slider, Qt.Key.Key_PageUp)
    control.routing.setCurrentIndex(1)
    assert (control.slider.minimum(), control.slider.maximum()) == (-20, 100)
    assert control.number.text() == "0.3"
    QTest.keyClick(control.slider, Qt.Key.Key_Right)
    control.routing.setCurrentIndex(0)
    assert told == [
        ("calibrated", 4.1),
        ("calibrated", 5.25),
        ("calibrated", 6.2),
        ("literal", 0.3),
        ("literal", 0.31),
        ("calibrated", 6.2),
    ]


def test_a_threshold_beyond_the_scale_is_shown_as_it_is(
    control: ThresholdControl,
) -> None:
    told: list[object] = []
    control.moved.connect(lambda *args: told.append(args))
    control.show_thresholds("calibrated", 31.4159, -0.75)
    assert (control.number.text(), control.slider.value()) == ("31.4159", 314)
    control.show_thresholds("literal", 31.4159, -0.75)
    assert (control.number.text(), control.slider.value()) == ("-0.75", -75)
    assert told == []
