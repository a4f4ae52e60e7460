from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from glossator.evidence.feature_evidence import (
    ActivationExample,
    FeatureEvidence,
    Histogram,
    LogitEffect,
)
from glossator.graph.attribution_graph import FeatureKey, NodeKind
from glossator.project.revision import LabelRevision
from glossator.protocol.decision import (
    FeatureScores,
    ProtocolResult,
    TierDecision,
    WindowScore,
)
from glossator_gui.look.theme import DARK
from glossator_gui.models.feature_view import FeatureView
from glossator_gui.views.feature_panel.activation_histogram import marker_text, ordinal
from glossator_gui.views.feature_panel.history_list import entry_details, when_text
from glossator_gui.views.feature_panel.label_box import (
    LabelBox,
    provenance,
    status_text,
)
from glossator_gui.views.feature_panel.panel import FeaturePanel
from glossator_gui.views.feature_panel.score_table import ScoreTable, WhyBlock

# The offscreen platform says so for every window that is shown.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)

KEY = FeatureKey("m", "s", 14, 832)
PROPOSED = LabelRevision(
    text="Paris",
    status="proposed",
    method="token_frequency",
    reason="14 of 20 examples end in 'Paris'",
    at="2026-08-02T10:00:00.000+00:00",
)
IMPORTED = LabelRevision(text="<b>city</b>", status="imported", reason="found in g")


def example(tokens: str, top: int, activation: float = 2.0) -> ActivationExample:
    words = tuple(tokens.split("|"))
    activations = np.zeros(len(words), dtype=np.float32)
    activations[top] = activation
    return ActivationExample(words, activations, "Top")


def evidence(*examples: ActivationExample) -> FeatureEvidence:
    return FeatureEvidence(
        KEY,
        examples or (example("in| Paris| today", 1),),
        "/data/features.json",
        top_logits=(LogitEffect(" Paris", 3.75), LogitEffect("<b>x</b>", None)),
        bottom_logits=(LogitEffect("\n", -0.5),),
        density=0.0002,
        histogram=Histogram(np.array([0.0, 1.0, 2.0]), np.array([9.0, 1.0])),
    )


def result() -> ProtocolResult:
    score = WindowScore(
        n_used=20,
        raw=0.81,
        weighted=0.8,
        jackknife_error=0.01,
        null_mean=0.29,
        null_sd=0.06,
        z=8.6,
        p=0.0004,
    )
    calibrated = TierDecision(
        tier="input",
        routing="calibrated",
        threshold=3,
        reason="input z 8.6 is the largest over 3.",
        passed=("input",),
    )
    return ProtocolResult(
        scores=FeatureScores(n_examples=20, n_distinct=20, input=score),
        calibrated=calibrated,
        literal=TierDecision(
            tier="obscure", routing="literal", threshold=0.9, reason="none."
        ),
        routing="calibrated",
        embedder="e",
    )


def view() -> FeatureView:
    return FeatureView(
        title="Layer 14 · feature 832",
        subtitle="“·Paris” · node 14_832_3",
        kind=NodeKind.FEATURE,
        label="Paris",
        revision=PROPOSED,
        history=(IMPORTED, PROPOSED),
        note="seen before",
        draft="",
        evidence=evidence(),
        evidence_note="",
        result=result(),
        node_activation=1.5,
        can_label=True,
    )


@pytest.fixture
def panel(qtbot: QtBot) -> FeaturePanel:
    panel = FeaturePanel()
    qtbot.addWidget(panel)
    panel.resize(420, 900)
    panel.show()
    qtbot.waitExposed(panel)
    panel.show_feature(view())
    return panel


def button(panel: FeaturePanel, name: str) -> QPushButton:
    found = [
        b
        for b in panel.findChildren(QPushButton)
        if b.text().startswith(name) and not panel.recheck.isAncestorOf(b)
    ]
    assert len(found) == 1
    return found[0]


def box(panel: FeaturePanel) -> LabelBox:
    return panel.findChildren(LabelBox)[0]


def write(qtbot: QtBot, panel: FeaturePanel, text: str) -> None:
    panel.edit_label()
    QTest.keyClicks(box(panel).editor, text)


def test_without_a_node_it_says_what_to_do(panel: FeaturePanel) -> None:
    panel.show_feature(None)

    assert not button(panel, "Accept").isVisible()
    assert panel.placeholder_text == "Select a node to see what is known of it."


def test_decision_buttons_print_their_key_and_ask(
    panel: FeaturePanel, qtbot: QtBot
) -> None:
    for name, signal in (
        ("Reject (X)", panel.reject_requested),
        ("Skip (S)", panel.skip_requested),
    ):
        with qtbot.waitSignal(signal, timeout=500):
            button(panel, name).click()
    with qtbot.waitSignal(panel.accept_requested, timeout=500) as accepted:
        button(panel, "Accept (A)").click()
    assert accepted.args == ["Paris"]
    button(panel, "Edit (E)").click()
    assert box(panel).editor.hasFocus()


@pytest.mark.parametrize(
    "modifier", [Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier]
)
def test_enter_in_the_editor_accepts_what_is_typed(
    panel: FeaturePanel, qtbot: QtBot, modifier: Qt.KeyboardModifier
) -> None:
    write(qtbot, panel, " capitals ")
    with qtbot.waitSignal(panel.accept_requested, timeout=500) as accepted:
        QTest.keyClick(box(panel).editor, Qt.Key.Key_Return, modifier)

    assert accepted.args == ["capitals"]
    assert "\n" not in panel.editor_text


def test_an_empty_label_cannot_be_accepted(panel: FeaturePanel, qtbot: QtBot) -> None:
    write(qtbot, panel, " ")

    assert not button(panel, "Accept").isEnabled()
    with qtbot.assertNotEmitted(panel.accept_requested):
        QTest.keyClick(box(panel).editor, Qt.Key.Key_Return)


def test_typing_tells_the_draft_and_escape_leaves(
    panel: FeaturePanel, qtbot: QtBot
) -> None:
    drafts: list[str] = []
    panel.draft_changed.connect(drafts.append)
    write(qtbot, panel, "ab")
    with qtbot.waitSignal(panel.editor_left, timeout=500):
        QTest.keyClick(box(panel).editor, Qt.Key.Key_Escape)

    assert drafts[-1] == "ab"
    assert not box(panel).editor.hasFocus()


def test_showing_a_feature_is_no_draft(panel: FeaturePanel, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(panel.draft_changed):
        panel.show_feature(replace(view(), title="other", label="x"))
    assert panel.editor_text == "x"


def test_what_is_typed_survives_news_of_the_same_feature(
    panel: FeaturePanel, qtbot: QtBot
) -> None:
    write(qtbot, panel, "mine")
    panel.show_feature(replace(view(), label="theirs"))
    assert panel.editor_text == "mine"

    panel.show_feature(replace(view(), title="Layer 1 · feature 1", label="theirs"))
    assert panel.editor_text == "theirs"


def test_an_accepted_text_no_longer_counts_as_typed(
    panel: FeaturePanel, qtbot: QtBot
) -> None:
    write(qtbot, panel, "mine")
    panel.accept_label()
    panel.show_feature(replace(view(), label="after undo"))

    assert panel.editor_text == "after undo"


def test_a_draft_is_shown_instead_of_the_label(panel: FeaturePanel) -> None:
    panel.show_feature(replace(view(), title="other", draft="half"))

    assert panel.editor_text == "half"
    assert "“Paris” — proposed by token_frequency: 14 of 20" in box(panel).explanation


def test_pasted_lines_become_one(panel: FeaturePanel) -> None:
    panel.edit_label()
    QApplication.clipboard().setText("two\nlines")
    box(panel).editor.paste()

    assert panel.editor_text == "two lines"


def test_a_note_is_handed_on_after_a_pause_and_on_leaving(
    panel: FeaturePanel, qtbot: QtBot
) -> None:
    note = panel.note_editor
    note.setFocus()
    note.selectAll()
    with qtbot.waitSignal(panel.note_changed, timeout=3000) as paused:
        QTest.keyClicks(note, "ab")
    assert paused.args == ["ab"]
    with qtbot.waitSignal(panel.note_changed, timeout=300) as left:
        QTest.keyClicks(note, "c")
        panel.edit_label()
    assert left.args == ["abc"]


def test_a_note_never_reaches_the_next_feature(
    panel: FeaturePanel, qtbot: QtBot
) -> None:
    panel.note_editor.setFocus()
    QTest.keyClicks(panel.note_editor, "x")
    notes: list[str] = []
    panel.note_changed.connect(notes.append)
    panel.show_feature(replace(view(), title="other", note="its own"))
    qtbot.wait(800)

    assert notes == []
    assert panel.note_editor.text == "its own"


@pytest.mark.parametrize(
    "kind", [NodeKind.EMBEDDING, NodeKind.LOGIT, NodeKind.ERROR, NodeKind.OTHER]
)
def test_nodes_without_labels_say_why(panel: FeaturePanel, kind: NodeKind) -> None:
    panel.show_feature(
        replace(view(), title="n", kind=kind, can_label=False, evidence=None)
    )

    assert "label" in box(panel).explanation
    assert not box(panel).editor.isVisible()
    assert not button(panel, "Accept").isVisible()
    panel.edit_label()
    assert not box(panel).editor.hasFocus()


def test_missing_evidence_is_explained_and_can_be_added(
    panel: FeaturePanel, qtbot: QtBot
) -> None:
    panel.show_feature(
        replace(view(), evidence=None, evidence_note="Nothing on <i>14/832</i>.")
    )
    with qtbot.waitSignal(panel.add_evidence_requested, timeout=500):
        button(panel, "Add evidence").click()

    pane = panel.evidence_pane
    assert pane.missing.isVisible()
    assert pane.missing.text() == "Nothing on <i>14/832</i>."
    assert not pane.examples.isVisible()
    panel.show_feature(view())
    assert not pane.missing.isVisible()
    assert pane.examples.isVisible()


def test_the_tier_is_told_in_words_with_both_routings(panel: FeaturePanel) -> None:
    why = panel.findChildren(WhyBlock)[0]

    assert panel.chip_texts == ("tier 1 · input", "? proposed by token_frequency")
    assert why.reason == "Input z 8.6 is the largest over 3."
    assert why.routings.startswith("calibrated: input (in use) · literal: obscure")
    table = panel.findChildren(ScoreTable)[0].texts()
    assert table[1] == [
        "input", "20", "0.81", "0.29 ± 0.060", "8.6", "< 0.001", "✓ yes",
    ]  # fmt: skip
    assert table[2][:2] == ["output", "too few"]


def test_a_feature_without_a_score_says_so(panel: FeaturePanel) -> None:
    panel.show_feature(replace(view(), result=None, revision=None, label=""))

    assert panel.chip_texts == ("not scored", "○ unlabelled")
    assert "Not scored yet" in panel.findChildren(WhyBlock)[0].reason
    assert not panel.findChildren(ScoreTable)[0].isVisible()
    assert not button(panel, "Reject").isEnabled()


def test_logits_and_activation_of_the_feature(panel: FeaturePanel) -> None:
    pane = panel.evidence_pane

    assert pane.promoted.texts == ["·Paris +3.75", "<b>x</b>"]
    assert pane.suppressed.texts == ["⏎ −0.50"]
    assert pane.facts.text() == "active on 0.02 % of tokens · maximum 2.00"
    assert pane.histogram.text == "1.50 · 95th percentile"


def test_an_activation_is_told_without_a_histogram(panel: FeaturePanel) -> None:
    bare = replace(evidence(), histogram=None)
    panel.show_feature(replace(view(), evidence=bare))
    assert panel.evidence_pane.facts.text().endswith("here 1.50")
    panel.show_feature(replace(view(), evidence=bare, node_activation=float("nan")))
    assert "here" not in panel.evidence_pane.facts.text()


@pytest.mark.parametrize(
    ("revision", "expected"),
    [
        (None, "○ unlabelled"),
        (IMPORTED, "↓ imported"),
        (LabelRevision(text="x", status="accepted", author="ana"), "✓ accepted by ana"),
        (LabelRevision(text="x", status="edited", author="ana"), "✓ edited by ana"),
        (LabelRevision(text="x", status="rejected", author="ana"), "✗ rejected by ana"),
        (LabelRevision(text="", status="withdrawn"), "○ unlabelled"),
    ],
)
def test_status_in_words(revision: LabelRevision | None, expected: str) -> None:
    assert status_text(revision) == expected


def test_a_refused_label_is_still_named() -> None:
    refused = LabelRevision(text="x", status="rejected", author="ana")
    assert provenance("", refused) == "No label in force; “x” was rejected."


def test_history_is_plain_and_newest_first(panel: FeaturePanel) -> None:
    texts = box(panel).history.texts

    assert texts == [
        f"? proposed by token_frequency · {when_text(PROPOSED.at)}, “Paris”",
        "↓ imported, “<b>city</b>”",
    ]


def test_the_time_of_a_revision_is_that_of_the_place() -> None:
    here = datetime(2026, 8, 2, 10, 0, tzinfo=UTC).astimezone()
    assert when_text(PROPOSED.at) == f"2 Aug 2026, {here:%H:%M}"
    assert when_text("") == ""
    assert when_text("<soon>") == "<soon>"


def test_all_of_a_revision_is_told_on_demand() -> None:
    revision = LabelRevision(
        text="x",
        status="accepted",
        author="ana",
        method="baez",
        model="m-1",
        tier="cross",
        reason="it says so",
        prompt_hash="abc",
        seconds=4.25,
        at=PROPOSED.at,
    )
    assert entry_details(revision).splitlines() == [
        *("it says so", f"at {PROPOSED.at}", "method baez", "model m-1", "tier cross"),
        *("prompt abc", "seconds 4.2"),
    ]


def test_an_old_text_is_taken_again_by_keyboard(
    panel: FeaturePanel, qtbot: QtBot
) -> None:
    label = box(panel)
    label.toggle_history()
    entries = label.history.list
    assert entries.hasFocus()
    QTest.keyClick(entries, Qt.Key.Key_Down)
    with qtbot.waitSignal(label.text_taken, timeout=500) as taken:
        QTest.keyClick(entries, Qt.Key.Key_Return)
    assert taken.args == [IMPORTED]
    assert panel.editor_text == "<b>city</b>"
    assert label.editor.hasFocus()
    label.toggle_history()
    assert not entries.isVisible()


def test_flag_and_tags_show_what_is_stored(panel: FeaturePanel, qtbot: QtBot) -> None:
    row = panel.tags
    with qtbot.waitSignal(row.tag_requested, timeout=500) as asked:
        row.tags[3].click()
    assert asked.args == [3]
    assert not row.tags[3].isChecked(), "only what is stored is shown"
    with qtbot.waitSignal(row.flag_requested, timeout=500):
        row.flag.click()
    assert not row.flag.isChecked()

    panel.show_feature(replace(view(), tags=(2, 9), flagged=True))
    assert [tag for tag, b in row.tags.items() if b.isChecked()] == [2, 9]
    assert row.tags[9].accessibleName() == "Tag 9, on, key 9"
    assert row.flag.text() == "⚑ Flagged"
    off = row.tags[9].grab().toImage()
    panel.show_feature(view())
    assert row.tags[9].grab().toImage() != off


def test_a_concealed_label_leaves_no_trace(panel: FeaturePanel, qtbot: QtBot) -> None:
    hidden = replace(
        view(), label="", revision=None, history=(), note="", concealed=True
    )
    panel.show_feature(hidden)
    panel.recheck.ask("1 of 3")

    assert panel.recheck.isVisible()
    assert not button(panel, "Accept").isVisible()
    assert panel.chip_texts == ("tier 1 · input", "")
    assert box(panel).explanation.startswith("Hidden for the blind re-check")
    assert panel.editor_text == ""
    with (
        qtbot.waitSignal(panel.said_again, timeout=500) as said,
        qtbot.assertNotEmitted(panel.accept_requested),
    ):
        write(qtbot, panel, "towns")
        QTest.keyClick(box(panel).editor, Qt.Key.Key_Return)
    assert said.args == ["towns"]


@pytest.mark.parametrize(
    ("key", "verdict"),
    [(Qt.Key.Key_S, "same"), (Qt.Key.Key_D, "different"), (Qt.Key.Key_B, "better")],
)
def test_both_texts_are_compared_by_one_key(
    panel: FeaturePanel, qtbot: QtBot, key: Qt.Key, verdict: str
) -> None:
    panel.show_feature(replace(view(), concealed=True))
    panel.recheck.show_both("<b>city</b>", "towns")

    assert panel.recheck.texts == ("<b>city</b>", "towns")
    with qtbot.waitSignal(panel.recheck.judged, timeout=500) as judged:
        QTest.keyClick(QApplication.focusWidget() or panel, key)
    assert judged.args == [verdict]


@pytest.mark.parametrize(
    ("n", "text"), [(1, "1st"), (2, "2nd"), (11, "11th"), (93, "93rd"), (0, "0th")]
)
def test_ordinals(n: int, text: str) -> None:
    assert ordinal(n) == text


def test_activations_outside_the_histogram() -> None:
    histogram = Histogram(np.array([0.5, 1.0]), np.array([4.0]))

    assert marker_text(histogram, 3.0) == "3.00 · above all recorded"
    assert marker_text(histogram, 0.1) == "0.10 · below all recorded"
    assert marker_text(histogram, 1.0) == "1.00 · 99th percentile"


def test_long_words_never_widen_the_panel(panel: FeaturePanel) -> None:
    long = "W" * 4000
    revision = LabelRevision(text=long, status="accepted", author=long, reason=long)
    panel.show_feature(
        replace(view(), title=long, subtitle=long, label=long, revision=revision)
    )
    panel.set_theme(DARK)
    QApplication.processEvents()

    assert panel.minimumSizeHint().width() < 420
    assert panel.evidence_pane.width() <= 420
    assert not panel.grab().isNull()
