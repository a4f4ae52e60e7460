"""What verbalizers say, beside the examples; one key puts it into the label."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from glossator.graph.attribution_graph import FeatureKey
from glossator.project.project import Project
from glossator.project.revision import feature_subject
from glossator.project.verbalizations import verbalization_edits
from glossator.verbalize.samples import by_vector
from glossator.verbalize.verbalization import Reconstruction, Verbalization
from glossator_gui.look.theme import DARK
from glossator_gui.main_window import MainWindow
from glossator_gui.views.feature_panel.verbalization_card import (
    doubts,
    facts,
    heading,
)
from glossator_gui.views.feature_panel.verbalization_pane import VerbalizationPane
from tests.core.graph_documents import as_bytes, tracer_graph

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)

NINE = FeatureKey("gemma-2-2b", "clt-gemma-2-2b-2.5M", 2, 9)
OWN = Verbalization(
    text="Capitals of countries.\n\nA place name.\n\nThe last token names a city.",
    about="feature",
    origin="some/verbalizer",
    layer=20,
)
FIRST = Verbalization(
    text="An encyclopedia.\n\nThe seat of a <b>government</b>.\n\nA comma follows.",
    about="example",
    origin="some/verbalizer",
    example="the capital of Texas is",
    layer=2,
    temperature=0.7,
    agreement=0.5,
    reconstruction=Reconstruction(cosine=0.9, mse=0.2, fve=0.75),
)
SECOND = msgspec.structs.replace(FIRST, text="A gazetteer.", sample=1)


@pytest.fixture
def window(tmp_path: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    """The window with the first node of feature NINE selected."""
    path = tmp_path / "made.json"
    path.write_bytes(as_bytes(tracer_graph()))
    # Qt asks but once where settings lie: those of the test before are still there.
    QSettings("glossator", "glossator").remove("verbalization")
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
def pane(window: MainWindow) -> VerbalizationPane:
    return window.review.panel.verbalization


def say(window: MainWindow, *said: Verbalization) -> None:
    edits = verbalization_edits(window.session.state, [(NINE, one) for one in said])
    window.session.apply("verbalize", edits)
    QApplication.processEvents()


def press(window: MainWindow, key: Qt.Key) -> None:
    QTest.keyClick(QApplication.focusWidget() or window, key)
    QApplication.processEvents()


def test_without_verbalizations_it_says_what_there_is_and_how_to_get_one(
    window: MainWindow, pane: VerbalizationPane
) -> None:
    press(window, Qt.Key.Key_V)
    assert pane.isVisible()
    assert "None is published for gemma-2-2b" in pane.missing.text()
    assert "Import" in pane.missing.text()
    assert QApplication.focusWidget() is pane.verbalize
    assert not pane.warning.isVisible()
    assert not pane.use.isEnabled()


def test_samples_of_a_vector_share_a_card_and_its_warning_stands_above(
    window: MainWindow, pane: VerbalizationPane
) -> None:
    say(window, FIRST, OWN, SECOND)
    press(window, Qt.Key.Key_V)
    assert pane.warning.isVisible()
    assert [len(card.group.samples) for card in pane.cards] == [1, 2]
    own, example = pane.cards
    assert own.group.about == "feature"
    parts = [(block.part, block.text) for block in example.blocks]
    assert parts == [
        ("Message", "An encyclopedia."),
        ("Phrase", "The seat of a <b>government</b>."),
        ("Token", "A comma follows."),
    ]
    example.samples.button(1).click()
    QApplication.processEvents()
    assert [block.text for block in example.blocks] == ["A gazetteer."]


def test_the_card_tells_layers_quality_agreement_and_doubts() -> None:
    (own,) = by_vector([OWN])
    example = by_vector([FIRST, SECOND])[0]
    assert heading(own) == "The feature’s own vector"
    assert heading(example) == "the capital of Texas is▮"
    assert doubts(own, OWN, 2) == "It reads block 20; this feature is of layer 2."
    assert doubts(example, FIRST, 2) == ""
    cut = msgspec.structs.replace(OWN, ending="truncated", extrapolates="Not so.")
    assert doubts(by_vector([cut])[0], cut, 20) == (
        "The text was cut off at its longest length.\nNot so."
    )
    assert facts(example, FIRST) == (
        "reads block 2 · FVE 0.75 (high) · cosine 0.90 · temperature 0.70 · "
        "some/verbalizer"
    )
    bare = msgspec.structs.replace(OWN, layer=None)
    assert facts(by_vector([bare])[0], bare) == "some/verbalizer"


def test_a_long_example_shows_the_end_that_was_read() -> None:
    long = msgspec.structs.replace(FIRST, example="word " * 60 + "the end")
    shown = heading(by_vector([long])[0])
    assert shown.startswith("…")
    assert shown.endswith("the end▮")
    assert len(shown) < 90


def test_use_as_label_by_key_records_the_origin(
    window: MainWindow, pane: VerbalizationPane
) -> None:
    say(window, OWN)
    press(window, Qt.Key.Key_V)
    assert pane.chosen_text == "Capitals of countries."
    press(window, Qt.Key.Key_Down)
    assert pane.chosen_text == "A place name."
    assert window.session.state.label(NINE) == "", "nothing is a label by itself"
    press(window, Qt.Key.Key_U)
    assert window.review.panel.editor_text == "A place name."
    assert window.session.state.label(NINE) == "", "it waits to be accepted"
    press(window, Qt.Key.Key_Return)
    revision = window.session.state.last_revision(feature_subject(NINE))
    assert revision is not None
    assert (revision.text, revision.status) == ("A place name.", "accepted")
    assert (revision.method, revision.model) == ("NLA verbalization", OWN.origin)
    assert revision.author


def test_shortened_words_keep_their_origin_and_count_as_edited(
    window: MainWindow, pane: VerbalizationPane
) -> None:
    say(window, OWN)
    press(window, Qt.Key.Key_V)
    press(window, Qt.Key.Key_Return)
    editor = QApplication.focusWidget()
    assert editor is not None
    for _ in range(len(" of countries.")):
        QTest.keyClick(editor, Qt.Key.Key_Backspace)
    press(window, Qt.Key.Key_Return)
    revision = window.session.state.last_revision(feature_subject(NINE))
    assert revision is not None
    assert (revision.text, revision.status) == ("Capitals", "edited")
    assert (revision.method, revision.model) == ("NLA verbalization", OWN.origin)


def test_words_typed_after_all_was_deleted_are_ones_own(
    window: MainWindow, pane: VerbalizationPane
) -> None:
    say(window, OWN)
    press(window, Qt.Key.Key_V)
    press(window, Qt.Key.Key_U)
    editor = QApplication.focusWidget()
    assert editor is not None
    QTest.keyClick(editor, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(editor, Qt.Key.Key_Delete)
    QTest.keyClicks(editor, "mine")
    press(window, Qt.Key.Key_Return)
    revision = window.session.state.last_revision(feature_subject(NINE))
    assert revision is not None
    assert (revision.text, revision.method, revision.model) == ("mine", "", "")


def test_the_key_without_a_choice_says_what_to_do(window: MainWindow) -> None:
    press(window, Qt.Key.Key_U)
    assert "Choose a paragraph" in window.statusBar().currentMessage()


def test_removing_is_undone(window: MainWindow, pane: VerbalizationPane) -> None:
    say(window, OWN, FIRST)
    pane.remove_requested.emit((OWN,))
    assert window.session.state.verbalized(NINE) == (FIRST,)
    assert [card.group.about for card in pane.cards] == ["example"]
    window.session.undo()
    assert window.session.state.verbalized(NINE) == (OWN, FIRST)


def test_it_is_open_again_after_a_restart(window: MainWindow, qtbot: QtBot) -> None:
    press(window, Qt.Key.Key_V)
    QSettings("glossator", "glossator").sync()
    again = MainWindow()
    qtbot.addWidget(again)
    assert not again.review.panel.verbalization.isHidden()
    assert again.actions_by_name["verbalization"].isChecked()
    press(window, Qt.Key.Key_V)
    assert window.review.panel.verbalization.isHidden()


def test_another_feature_shows_its_own_and_the_theme_reaches_the_cards(
    window: MainWindow, pane: VerbalizationPane
) -> None:
    say(window, OWN)
    window.choose_theme("dark")
    assert DARK.surface in pane.cards[0].styleSheet()
    other = next(f for f in window.session.state.features() if f != NINE)
    window.session.select_features([other])
    assert pane.cards == []


def test_a_project_keeps_them(window: MainWindow) -> None:
    say(window, OWN, FIRST)
    project = window.session.project
    assert project is not None
    path = project.path
    window.session.take(None)
    again = Project(path)
    assert again.state.verbalized(NINE) == (OWN, FIRST)
    again.close()
