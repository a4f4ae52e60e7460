"""The page of tiers in the window: a threshold is tried, stored, taken back."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from glossator.graph.attribution_graph import FeatureKey
from glossator.project.edits import AnyEdit, SetResult
from glossator.project.project import Project
from glossator.project.reviewing.review import accept_edits
from glossator.project.revision import feature_subject
from glossator.protocol.decision import (
    FeatureScores,
    ProtocolResult,
    Tier,
    WindowScore,
)
from glossator.protocol.protocol_settings import ProtocolSettings, WindowName
from glossator.protocol.routing import decide
from glossator_gui.desks.tier_desk import TierDesk
from glossator_gui.dialogs.run_dialog import RunDialog
from glossator_gui.look.theme import DARK
from glossator_gui.main_window import MainWindow
from glossator_gui.session import Session
from glossator_gui.views.tier_chart.bars import TierBars
from tests.core.graph_documents import (
    as_bytes,
    embedding_node,
    feature_node,
    logit_node,
    tracer_graph,
)

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)

SETTINGS = ProtocolSettings()
# Layer, index, the window that scores, its z.
HERE: tuple[tuple[int, int, WindowName, float], ...] = (
    (0, 0, "input", 8.0),
    (0, 1, "input", 4.0),
    (1, 2, "input", 3.4),
    (2, 3, "cross", 6.0),
    (2, 4, "output", 3.2),
    (3, 5, "output", 9.0),
    (3, 6, "input", 1.0),
)
THERE: tuple[tuple[int, int, WindowName, float], ...] = (
    (0, 0, "input", 8.0),
    (0, 8, "input", 7.0),
    (3, 7, "cross", 3.5),
)


def key(layer: int, index: int) -> FeatureKey:
    return FeatureKey("gemma-2-2b", "clt-gemma-2-2b-2.5M", layer, index)


def result(
    window: WindowName,
    z: float,
    settings: ProtocolSettings = SETTINGS,
    *,
    p: float | None = 0.001,
) -> ProtocolResult:
    low = WindowScore(n_used=9, raw=0.0, weighted=0.0, jackknife_error=0.0, z=0.0)
    score = msgspec.structs.replace(low, raw=z / 10, weighted=z / 10, z=z)
    of: dict[WindowName, WindowScore] = {"input": low, "output": low, "cross": low}
    of[window] = score
    scores = FeatureScores(
        n_examples=9,
        n_distinct=9,
        input=of["input"],
        output=of["output"],
        cross=of["cross"],
        p=p,
    )
    return decide(scores, settings, "embedder", "null")


def results(
    settings: ProtocolSettings = SETTINGS, *, p: float | None = 0.001
) -> list[AnyEdit]:
    return [
        SetResult(feature_subject(key(layer, index)), result(window, z, settings, p=p))
        for layer, index, window, z in dict.fromkeys((*HERE, *THERE))
    ]


def graph_file(
    folder: Path, slug: str, features: tuple[tuple[int, int, WindowName, float], ...]
) -> Path:
    nodes = [
        embedding_node(10, 1),
        *(feature_node(layer, index, 1) for layer, index, _, _ in features),
        feature_node(3, 50 + len(features), 2),
        logit_node(" Austin", 0.75),
    ]
    path = folder / f"{slug}.json"
    path.write_bytes(as_bytes(tracer_graph(nodes, [], slug=slug)))
    return path


@pytest.fixture
def window(tmp_path: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    """The window at its tiers; two graphs, each with a feature that is not scored."""
    window = MainWindow()
    window.resize(1500, 940)
    window.show()
    window.session.open_files([graph_file(tmp_path, "here", HERE)])
    window.session.add_graph_files([graph_file(tmp_path, "there", THERE)])
    window.session.show_graph(next(iter(window.session.state.graphs)))
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.tiers.show()
    yield window
    window.close()
    window.deleteLater()
    QTest.qWait(0)


@pytest.fixture
def session(window: MainWindow) -> Session:
    return window.session


@pytest.fixture
def desk(window: MainWindow, qtbot: QtBot) -> TierDesk:
    """With results stored and shown."""
    window.session.apply("run protocol", results())
    shown(window.tiers, qtbot)
    return window.tiers


def shown(desk: TierDesk, qtbot: QtBot) -> None:
    """Wait until all that was asked for is on the screen."""
    qtbot.waitUntil(lambda: desk.settled, timeout=20_000)


def counts(desk: TierDesk) -> dict[str, list[str]]:
    """Now, preview and change by tier."""
    return {row[0]: row[1:] for row in desk.view.counts.texts()}


def tiers(session: Session) -> Counter[Tier]:
    return Counter(held.tier for held in session.state.results.values())


def stored(session: Session) -> ProtocolSettings:
    assert session.project is not None
    text = session.project.setting("protocol")
    return msgspec.json.decode(text or "{}", type=ProtocolSettings)


def segments(bars: TierBars) -> list[tuple[int, Tier, int]]:
    return [(one.layer, one.tier, one.n) for one in bars.segments()]


# -- the desk --------------------------------------------------------------------------


def test_without_results_it_says_what_to_do(window: MainWindow, qtbot: QtBot) -> None:
    view = window.tiers.view
    assert view.run.isVisible()
    assert not view.bars.isVisible()
    view.run.click()
    (dialog,) = window.findChildren(RunDialog)
    dialog.reject()
    window.session.apply("run protocol", results())
    qtbot.waitUntil(view.bars.isVisible)
    window.session.undo()
    qtbot.waitUntil(view.run.isVisible)


def test_it_shows_the_graph_or_all_of_them(desk: TierDesk, session: Session) -> None:
    view = desk.view
    assert segments(view.bars) == [
        (0, "input", 2),
        (1, "input", 1),
        (2, "output", 1),
        (2, "cross", 1),
        (3, "output", 1),
        (3, "obscure", 1),
    ]
    assert counts(desk)["all"] == ["7", "7", "·"]
    assert view.state.text == "1 not scored"
    view.scope.setCurrentIndex(1)
    assert counts(desk)["all"] == ["9", "9", "·"]
    assert (3, "cross", 1) in segments(view.bars)
    assert view.state.text == "2 not scored"
    view.scope.setCurrentIndex(0)
    session.show_graph(list(session.state.graphs)[1])
    assert segments(view.bars) == [(0, "input", 2), (3, "cross", 1)]


def test_a_threshold_is_tried_without_storing(desk: TierDesk, session: Session) -> None:
    view = desk.view
    before = dict(session.state.results)
    assert not view.apply.isEnabled()
    view.threshold.slider.setValue(50)
    assert counts(desk)["input"] == ["3", "1", "−2"]
    assert counts(desk)["obscure"] == ["1", "4", "+3"]
    assert (1, "obscure", 1) in segments(view.bars)
    assert view.apply.text() == "Apply to 4 features", "one is in the other graph"
    assert view.state.text == "Preview: not stored yet · 1 not scored"
    assert view.caution.text().startswith("4 features no longer pass.")
    assert session.state.results == before
    assert stored(session) == SETTINGS
    view.threshold.slider.setValue(31)
    assert view.apply.text() == "Apply, no tier changes"
    assert view.apply.isEnabled()
    view.threshold.slider.setValue(30)
    assert not view.apply.isEnabled()
    view.threshold.slider.setValue(70)
    view.reset.setFocus()
    view.reset.click()
    assert view.bars.hasFocus(), "the keyboard stays on the page"
    assert counts(desk)["all"] == ["7", "7", "·"]
    assert view.threshold.number.text() == "3"
    assert not view.caution.isVisible()


def test_the_other_routing_is_tried(desk: TierDesk) -> None:
    view = desk.view
    view.threshold.routing.setCurrentIndex(1)
    assert counts(desk)["obscure"] == ["1", "4", "+3"]
    assert not view.caution.isVisible()
    view.threshold.slider.setValue(33)
    assert counts(desk)["obscure"] == ["1", "2", "+1"]


def test_applying_is_one_step_and_the_next_run_agrees(
    desk: TierDesk, session: Session, qtbot: QtBot
) -> None:
    own = accept_edits(session.state, key(1, 2), "mine", "Ana")
    session.apply("accept", own)
    desk.view.threshold.slider.setValue(50)
    told: list[str] = []
    session.told.connect(told.append)
    desk.view.apply.click()
    shown(desk, qtbot)
    assert tiers(session) == {"input": 2, "output": 1, "cross": 1, "obscure": 5}
    assert session.state.results == {
        edit.subject: edit.result
        for edit in results(msgspec.structs.replace(SETTINGS, z_threshold=5.0))
        if isinstance(edit, SetResult)
    }
    assert told == ["4 features are of another tier now, at z 5. Undo takes it back."]
    assert stored(session).z_threshold == 5.0
    assert session.state.label(key(1, 2)) == "mine"
    assert session.project is not None
    assert session.project.steps().undo == "re-tier at z 5"
    assert counts(desk)["obscure"] == ["4", "4", "·"]
    assert not desk.view.apply.isEnabled()

    session.undo()
    shown(desk, qtbot)
    assert tiers(session)["obscure"] == 1
    assert counts(desk)["obscure"] == ["1", "1", "·"]
    assert desk.view.threshold.number.text() == "3"
    assert stored(session).z_threshold == 3.0
    assert session.project.steps().undo == "accept"

    session.redo()
    shown(desk, qtbot)
    assert stored(session).z_threshold == 5.0
    assert counts(desk)["obscure"] == ["4", "4", "·"]


def many(session: Session) -> None:
    """More results than are stored at once."""
    edits = [
        SetResult(feature_subject(key(layer, index)), result(window, z))
        for layer, index, window, z in MANY
    ]
    session.apply("run protocol", edits)


MANY: tuple[tuple[int, int, WindowName, float], ...] = tuple(
    (at % 4, at, "input", 4.0) for at in range(150)
)


def test_undo_amid_storing_stops_it(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    session, desk = window.session, window.tiers
    session.open_files([graph_file(tmp_path, "many", MANY)])
    many(session)
    shown(desk, qtbot)
    desk.view.threshold.slider.setValue(50)
    desk.apply()
    qtbot.waitUntil(lambda: "obscure" in tiers(session))
    assert desk.storing
    assert not desk.view.threshold.isEnabled()
    session.undo()
    shown(desk, qtbot)
    assert tiers(session) == {"input": 150}
    assert desk.view.threshold.isEnabled()
    desk.view.threshold.slider.setValue(50)
    desk.apply()
    shown(desk, qtbot)
    assert tiers(session) == {"obscure": 150}
    session.undo()
    assert tiers(session) == {"input": 150}, "all batches are one step"


def test_closing_amid_storing_stores_the_rest(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    session, desk = window.session, window.tiers
    session.open_files([graph_file(tmp_path, "many", MANY)])
    many(session)
    shown(desk, qtbot)
    desk.view.threshold.slider.setValue(50)
    desk.apply()
    assert session.project is not None
    path = session.project.path
    window.close()
    again = Project(path, read_only=True)
    assert {held.tier for held in again.state.results.values()} == {"obscure"}
    again.close()


def test_what_cannot_be_stored_is_tried_on(
    desk: TierDesk, session: Session, qtbot: QtBot
) -> None:
    assert session.project is not None
    session.failed.disconnect()
    told: list[str] = []
    session.failed.connect(told.append)
    desk.view.threshold.slider.setValue(50)
    session.project.path.unlink()
    desk.view.apply.click()
    shown(desk, qtbot)
    assert len(told) == 1
    assert tiers(session)["obscure"] == 1
    assert desk.view.apply.text() == "Apply to 4 features"
    assert desk.view.apply.isEnabled()


def test_new_results_are_shown(desk: TierDesk, session: Session, qtbot: QtBot) -> None:
    at = feature_subject(key(3, 6))
    session.apply("run protocol", [SetResult(at, result("cross", 7.0))])
    qtbot.waitUntil(lambda: counts(desk)["cross"] == ["2", "2", "·"])


def test_nothing_is_drawn_while_it_is_not_seen(
    desk: TierDesk, window: MainWindow, session: Session, qtbot: QtBot
) -> None:
    window.workspace.show_canvas()
    at = feature_subject(key(3, 6))
    session.apply("run protocol", [SetResult(at, result("cross", 7.0))])
    qtbot.wait(250)
    assert counts(desk)["cross"] == ["1", "1", "·"]
    window.actions_by_name["focus_tiers"].trigger()
    assert counts(desk)["cross"] == ["2", "2", "·"]
    assert desk.view.bars.hasFocus()


def test_a_segment_selects_its_nodes(desk: TierDesk, session: Session) -> None:
    desk.view.bars.segment_chosen.emit(0, "input")
    assert session.selected_features == (key(0, 0), key(0, 1))
    assert session.graph is not None
    assert len(session.selection) == 2
    desk.view.threshold.slider.setValue(50)
    desk.view.bars.segment_chosen.emit(0, "obscure")
    assert list(session.selected_features) == [key(0, 1)], "as it is previewed"


def test_a_segment_of_all_graphs_prefers_the_graph_that_is_shown(
    desk: TierDesk, session: Session
) -> None:
    first = session.graph_id
    desk.view.scope.setCurrentIndex(1)
    desk.view.bars.segment_chosen.emit(0, "input")
    assert session.graph_id == first
    assert set(session.selected_features) == {key(0, 0), key(0, 1)}, "of this graph"
    desk.view.bars.segment_chosen.emit(3, "cross")
    assert session.graph_id != first
    assert session.selected_features == (key(3, 7),)


def test_tests_and_false_discoveries_follow_what_is_tried(
    desk: TierDesk, qtbot: QtBot
) -> None:
    view = desk.view
    assert view.expected.text().startswith("6 features are called input, output or")
    first = view.questions.texts()
    assert [row[0] for row in first][:2] == [
        "Input rarer with depth?",
        "Output more frequent with depth?",
    ]
    assert first[0][1:4] == ["100 %", "33 %", "0 %"]
    view.threshold.slider.setValue(50)
    shown(desk, qtbot)
    assert view.expected.text().startswith("3 features are called input, output or")
    assert view.questions.texts() != first
    for row in view.questions.texts():
        assert row[4] == "–" or row[4].startswith("p ")
        assert row[5].split()[0] in ("Yes:", "No,", "Not")


def test_features_without_p_are_told(
    window: MainWindow, session: Session, qtbot: QtBot
) -> None:
    session.apply("run protocol", results(p=None))
    shown(window.tiers, qtbot)
    assert window.tiers.view.expected.text() == (
        "No feature with a p is called input, output or cross. "
        "7 features left out: they have no p."
    )


def test_a_single_graph_offers_no_choice_of_graphs(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    window.session.open_files([graph_file(tmp_path, "alone", HERE)])
    window.session.apply("run protocol", results())
    shown(window.tiers, qtbot)
    assert not window.tiers.view.scope.isVisible()
    assert "all graphs" not in window.tiers.view.note.text()


def test_a_graph_without_results_says_so(
    window: MainWindow, session: Session, qtbot: QtBot
) -> None:
    only = SetResult(feature_subject(key(3, 7)), result("cross", 7.0))
    session.apply("run protocol", [only])
    shown(window.tiers, qtbot)
    view = window.tiers.view
    assert segments(view.bars) == []
    assert view.bars.accessibleDescription() == "No feature of this graph is scored."
    view.scope.setCurrentIndex(1)
    assert segments(view.bars) == [(3, "cross", 1)]


def test_thresholds_of_single_windows_stay(
    window: MainWindow, session: Session, qtbot: QtBot
) -> None:
    own = msgspec.structs.replace(
        SETTINGS, routing="literal", raw_threshold_of={"cross": 0.2}
    )
    session.put_setting("protocol", msgspec.json.encode(own).decode())
    session.apply("run protocol", results(own))
    shown(window.tiers, qtbot)
    desk = window.tiers
    assert desk.view.note.text().endswith(
        "Thresholds of single windows stay: cross 0.2."
    )
    desk.view.threshold.slider.setValue(100)
    assert counts(desk)["cross"] == ["1", "1", "·"]
    assert counts(desk)["input"] == ["1", "0", "−1"]
    desk.view.apply.click()
    shown(desk, qtbot)
    assert stored(session) == msgspec.structs.replace(own, raw_threshold=1.0)


def test_a_narrow_page_puts_the_threshold_beneath_the_chart(
    desk: TierDesk, qtbot: QtBot
) -> None:
    view = desk.view
    view.resize(1000, 600)
    assert view.threshold.mapTo(view, QPoint()).x() > view.bars.width()
    view.resize(560, 600)
    qtbot.waitUntil(
        lambda: (
            view.threshold.mapTo(view, QPoint()).y()
            > view.bars.mapTo(view, QPoint()).y() + view.bars.height() / 2
        )
    )
    view.set_theme(DARK)
    view.grab()


def test_every_control_has_a_name_and_the_keyboard(desk: TierDesk) -> None:
    view = desk.view
    for widget in (
        view.scope,
        view.by_count,
        view.by_share,
        view.bars,
        view.threshold.routing,
        view.threshold.slider,
        view.threshold.number,
    ):
        assert widget.accessibleName()
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    view.by_share.click()
    assert not view.by_count.isChecked()
