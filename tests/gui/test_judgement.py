"""What a person says of the tier: keys and buttons, and the way back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from glossator.graph.attribution_graph import FeatureKey
from glossator.project.edits import JUDGED_TIERS, JudgedTier
from glossator.project.project import Project
from glossator_gui.actions.review import JUDGEMENTS
from glossator_gui.actions.table import ACTIONS, key_table
from glossator_gui.desks.review_desk import ReviewDesk
from glossator_gui.look.theme import DARK
from glossator_gui.main_window import MainWindow
from glossator_gui.session import Session
from glossator_gui.views.feature_panel.judgement_row import MEANING
from tests.core.graph_documents import as_bytes, tracer_graph

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)

ALT = Qt.KeyboardModifier.AltModifier
NINE = FeatureKey("gemma-2-2b", "clt-gemma-2-2b-2.5M", 2, 9)
KEYS: list[tuple[Qt.Key, JudgedTier]] = [
    (Qt.Key.Key_1, "input"),
    (Qt.Key.Key_2, "output"),
    (Qt.Key.Key_3, "cross"),
    (Qt.Key.Key_4, "obscure"),
]


@pytest.fixture
def window(tmp_path: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    """The window with the first node of feature NINE selected."""
    path = tmp_path / "made.json"
    path.write_bytes(as_bytes(tracer_graph()))
    window = MainWindow()
    window.show()
    window.session.open_files([path])
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.session.select([3])
    yield window
    window.close()
    window.deleteLater()
    QTest.qWait(0)


@pytest.fixture
def session(window: MainWindow) -> Session:
    return window.session


@pytest.fixture
def desk(window: MainWindow) -> ReviewDesk:
    return window.review


def judged(session: Session) -> JudgedTier | None:
    return session.state.judged_tier(NINE)


def press(desk: ReviewDesk, key: Qt.Key) -> None:
    QTest.keyClick(desk.queue.list, key, ALT)


@pytest.mark.parametrize(("key", "tier"), KEYS)
def test_a_key_says_the_tier_and_the_feature_stays(
    desk: ReviewDesk, session: Session, key: Qt.Key, tier: JudgedTier
) -> None:
    desk.queue.list.setFocus()
    press(desk, key)
    assert judged(session) == tier
    assert session.feature == NINE
    assert session.project is not None
    assert session.project.steps().undo == f"judge {tier}"
    shown = [f"✓ {name}" if name == tier else name for name in JUDGED_TIERS]
    assert desk.panel.judgement.texts == shown
    press(desk, key)
    assert judged(session) == tier, "the same key again changes nothing"
    press(desk, Qt.Key.Key_0)
    assert judged(session) is None
    assert desk.panel.judgement.texts == list(JUDGED_TIERS)


def test_the_buttons_follow_undo_redo_and_the_selection(
    desk: ReviewDesk, session: Session
) -> None:
    row = desk.panel.judgement
    row.button("cross").click()
    assert judged(session) == "cross"
    assert row.texts[2] == "✓ cross"
    session.undo()
    assert row.texts == list(JUDGED_TIERS)
    assert not row.button("cross").isChecked()
    session.redo()
    assert row.texts[2] == "✓ cross"
    session.select([2])
    assert row.texts == list(JUDGED_TIERS), "another feature"
    session.select([4])
    assert row.texts[2] == "✓ cross", "another node of the feature"
    row.button("input").click()
    assert judged(session) == "input"
    row.button("input").click()
    assert judged(session) is None


def test_a_judgement_survives_a_restart(desk: ReviewDesk, session: Session) -> None:
    press(desk, Qt.Key.Key_4)
    assert session.project is not None
    path = session.project.path
    session.take(None)
    again = Project(path)
    assert again.state.judged_tier(NINE) == "obscure"
    assert again.verify() == []
    session.take(again)
    session.select([4])
    assert desk.panel.judgement.texts[3] == "✓ obscure"


def test_what_cannot_be_stored_is_not_shown(desk: ReviewDesk, session: Session) -> None:
    assert session.project is not None
    session.failed.disconnect()
    told: list[str] = []
    session.failed.connect(told.append)
    session.project.path.unlink()
    desk.panel.judgement.button("output").click()
    assert judged(session) is None
    assert desk.panel.judgement.texts == list(JUDGED_TIERS)
    assert not desk.panel.judgement.button("output").isChecked()
    assert len(told) == 1


def test_a_label_being_typed_stays(desk: ReviewDesk, session: Session) -> None:
    desk.panel.edit_label()
    editor = desk.panel.focusWidget()
    assert editor is not None
    QTest.keyClicks(editor, "half")
    QTest.keyClick(editor, Qt.Key.Key_2, ALT)
    assert judged(session) == "output"
    assert desk.panel.editor_text == "half"


def test_a_node_that_is_no_feature_is_of_no_tier(
    desk: ReviewDesk, session: Session
) -> None:
    told: list[str] = []
    session.told.connect(told.append)
    session.select([5])
    press(desk, Qt.Key.Key_1)
    assert session.state.judgements == {}
    assert told == ["Only features are of a tier: select one first."]
    assert not desk.panel.judgement.isVisible()


def test_it_tells_what_it_is_for(desk: ReviewDesk) -> None:
    desk.panel.set_theme(DARK)
    for tier in JUDGED_TIERS:
        tip = desk.panel.judgement.button(tier).toolTip()
        assert tip.startswith(MEANING)
        assert tip.endswith(f"({JUDGEMENTS[tier].keys[0]})")


def test_a_judgement_changes_no_tier(desk: ReviewDesk, session: Session) -> None:
    before = desk.panel.chip_texts
    counts = desk.queue.queues.currentText()
    press(desk, Qt.Key.Key_3)
    assert desk.panel.chip_texts == before
    assert desk.queue.queues.currentText() == counts
    assert session.state.results == {}


def test_no_key_is_used_twice() -> None:
    specs = ACTIONS
    keys = [key for spec in specs for key in spec.keys]
    assert len(keys) == len(set(keys))
    assert ("Your Tier: Cross", "Alt+3") in key_table()
