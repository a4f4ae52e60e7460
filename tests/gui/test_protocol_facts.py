"""What the panel shows besides window scores: senses, comparators, a feature's p."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from glossator.evidence.feature_evidence import ActivationExample, FeatureEvidence
from glossator.graph.attribution_graph import FeatureKey, NodeKind
from glossator.protocol.decision import (
    Comparators,
    FeatureScores,
    ProtocolResult,
    Sense,
    Senses,
    Tier,
    TierDecision,
    WindowScore,
)
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator_gui.models.feature_view import FeatureView
from glossator_gui.views.feature_panel.example_list import ExampleList
from glossator_gui.views.feature_panel.example_senses import example_senses
from glossator_gui.views.feature_panel.panel import FeaturePanel, tier_text
from glossator_gui.views.feature_panel.score_table import WhyBlock, score_tips

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)

SETTINGS = ProtocolSettings(n_examples=4)
TEXTS = (
    ("the| bank| of| the| river", 1, 9.0, "Top"),
    ("paid| into| the| bank| today", 3, 8.0, "Top"),
    ("the| bank| of| the| river", 1, 7.0, "lower"),
    ("a| bank| that| lends| money", 1, 6.0, "lower"),
    ("on| the| far| bank| we| stood", 3, 5.0, "lower"),
    ("never| scored| by| this| run", 1, 4.0, "lower"),
)
SENSES = Senses(
    window="cross",
    senses=(
        Sense(examples=(0, 3), raw=0.71, z=5.25),
        Sense(examples=(1,), raw=-0.66, z=4.4),
    ),
    p=0.0123,
)


def evidence() -> FeatureEvidence:
    examples = []
    for text, top, activation, group in TEXTS:
        words = tuple(text.split("|"))
        values = np.zeros(len(words), dtype=np.float32)
        values[top] = activation
        examples.append(ActivationExample(words, values, group))
    return FeatureEvidence(FeatureKey("m", "s", 1, 2), tuple(examples), "here")


def score(n_used: int = 4) -> WindowScore:
    return WindowScore(
        n_used=n_used,
        raw=0.41,
        weighted=0.38,
        effective_n=(9 + 8 + 6 + 5) ** 2 / (9**2 + 8**2 + 6**2 + 5**2),
        jackknife_error=0.01,
        null_mean=0.29,
        null_sd=0.06,
        z=2.44,
        p=0.02,
    )


def scores() -> FeatureScores:
    return FeatureScores(n_examples=6, n_distinct=5, cross=score(), senses=SENSES)


def result(found: FeatureScores, tier: Tier = "cross") -> ProtocolResult:
    literal = TierDecision(tier="obscure", routing="literal", threshold=1, reason="x")
    return ProtocolResult(
        scores=found,
        calibrated=msgspec.structs.replace(literal, tier=tier, routing="calibrated"),
        literal=literal,
        routing="calibrated",
        embedder="e",
    )


def view(found: FeatureScores, settings: ProtocolSettings = SETTINGS) -> FeatureView:
    return FeatureView(
        title="Layer 1 · feature 2",
        subtitle="",
        kind=NodeKind.FEATURE,
        label="",
        revision=None,
        history=(),
        note="",
        draft="",
        evidence=evidence(),
        evidence_note="",
        result=result(found),
        node_activation=None,
        can_label=True,
        settings=settings,
    )


@pytest.fixture
def panel(qtbot: QtBot) -> FeaturePanel:
    panel = FeaturePanel()
    qtbot.addWidget(panel)
    panel.resize(420, 900)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def why(panel: FeaturePanel) -> WhyBlock:
    block = panel.evidence_pane.why
    block.unfold.setChecked(True)
    return block


def example_lines(panel: FeaturePanel) -> list[str]:
    model = panel.findChildren(ExampleList)[0].model()
    return [model.index(at, 0).data() for at in range(model.rowCount())]


# -- the tier in words -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("tier", "senses", "shown"),
    [
        ("cross", SENSES, "tier 2 · cross, 2 senses"),
        ("cross", None, "tier 2 · cross"),
        ("input", SENSES, "tier 1 · input"),
        ("obscure", SENSES, "tier 3 · obscure"),
        ("insufficient", None, "insufficient evidence"),
        ("no evidence", None, "no evidence"),
    ],
)
def test_a_cross_tier_tells_how_many_senses(
    tier: Tier, senses: Senses | None, shown: str
) -> None:
    found = FeatureScores(n_examples=6, n_distinct=5, senses=senses)
    assert tier_text(result(found, tier)) == shown


def test_the_chip_and_the_routing_in_use_tell_the_senses(panel: FeaturePanel) -> None:
    panel.show_feature(view(scores()))
    assert panel.chip_texts[0] == "tier 2 · cross, 2 senses"
    assert why(panel).routings == (
        "calibrated: cross, 2 senses (in use) · literal: obscure"
    )


# -- tables ----------------------------------------------------------------------------


def test_each_sense_has_a_row(panel: FeaturePanel) -> None:
    panel.show_feature(view(scores()))
    table = why(panel).senses
    assert table.isVisible()
    assert table.texts() == [
        ["senses in cross windows", "n", "raw", "z"],
        ["sense 1", "2", "0.71", "5.2"],
        ["sense 2", "1", "−0.66", "4.4"],
    ]
    panel.show_feature(view(msgspec.structs.replace(scores(), senses=None)))
    assert not table.isVisible()
    assert table.texts() == []


def test_comparators_are_shown_where_there_are_some(panel: FeaturePanel) -> None:
    panel.show_feature(view(scores()))
    table = why(panel).comparators
    assert not table.isVisible()
    some = Comparators(top_token_share=0.853, top_in_logits=0.0, logit_coherence=-0.125)
    panel.show_feature(view(msgspec.structs.replace(scores(), comparators=some)))
    assert table.isVisible()
    assert table.texts() == [
        ["simpler measures", ""],
        ["same top token", "85 %"],
        ["same next token", "–"],
        ["top token in logits", "0 %"],
        ["next token in logits", "–"],
        ["logits alike", "−0.12"],
    ]
    cells = table.findChildren(QLabel)
    assert all(cell.toolTip() for cell in cells if cell.text() not in ("", "–"))


def test_figures_leave_the_room_to_the_examples_until_asked_for(
    panel: FeaturePanel,
) -> None:
    panel.show_feature(view(scores()))
    block = panel.evidence_pane.why
    assert not block.table.isVisible()
    QTest.keyClick(block.unfold, Qt.Key.Key_Space)
    assert block.table.isVisible()
    panel.show_feature(replace(view(scores()), result=None))
    assert not block.unfold.isVisible()


def test_the_p_of_the_whole_feature(panel: FeaturePanel) -> None:
    panel.show_feature(view(scores()))
    assert why(panel).whole == ""
    panel.show_feature(view(msgspec.structs.replace(scores(), p=0.0412)))
    assert why(panel).whole == "whole feature: p 0.041"


def test_what_decides_is_shown_and_the_other_is_at_hand(panel: FeaturePanel) -> None:
    panel.show_feature(view(scores()))
    table = why(panel).table
    assert table.texts()[0][2] == "raw"
    assert table.texts()[3][1:6] == ["4", "0.41", "0.29 ± 0.060", "2.4", "0.020"]
    count, raw, _, z, *_ = score_tips(score())
    assert count == "By activation they count as 3.8 equal windows"
    assert (raw, z) == ("By activation: 0.38", "")
    weighted = msgspec.structs.replace(score(), weighted_z=3.14, weighted_p=0.004)
    panel.show_feature(view(msgspec.structs.replace(scores(), cross=weighted)))
    assert table.texts()[0][2] == "weighted"
    assert table.texts()[3][1:6] == ["4", "0.38", "0.29 ± 0.060", "3.1", "0.004"]
    _, raw, _, z, *_ = score_tips(weighted)
    assert (raw, z) == ("All pairs alike: 0.41", "All pairs alike: z 2.4, p 0.020")


def test_scores_of_older_versions_have_no_effective_n() -> None:
    assert score_tips(msgspec.structs.replace(score(), effective_n=None))[0] == ""
    assert score_tips(None)[0] == "Fewer than three windows hold text"


def test_many_senses_and_numbers_do_not_widen_the_panel(panel: FeaturePanel) -> None:
    weighted = msgspec.structs.replace(score(), weighted_z=-13.14, weighted_p=0.0001)
    panel.show_feature(view(msgspec.structs.replace(scores(), cross=weighted)))
    assert panel.minimumSizeHint().width() < 420
    assert panel.evidence_pane.minimumSizeHint().width() < 420


# -- examples --------------------------------------------------------------------------


def test_examples_tell_their_sense(panel: FeaturePanel) -> None:
    """The repeat is hidden, the third is of no sense, the last was not scored."""
    panel.show_feature(view(scores()))
    assert example_lines(panel) == [
        "Top · 2 examples",
        "9.00, sense 1: the bank of the river",
        "8.00, sense 2: paid into the bank today",
        "lower · 3 examples · 1 repeat hidden",
        "6.00: a bank that lends money",
        "5.00, sense 1: on the far bank we stood",
        "4.00: never scored by this run",
    ]


def test_a_new_result_changes_the_marks_and_keeps_what_is_open(
    panel: FeaturePanel,
) -> None:
    first = view(scores())
    panel.show_feature(first)
    examples = panel.findChildren(ExampleList)[0]
    height = examples.height()
    examples.delegate.expanded.add(1)
    none = msgspec.structs.replace(scores(), senses=None)
    panel.show_feature(replace(first, result=result(none)))
    assert not any("sense" in line for line in example_lines(panel))
    assert examples.delegate.expanded == {1}
    assert examples.height() < height, "the marks took a line"


@pytest.mark.parametrize(
    "settings", [ProtocolSettings(n_examples=3), ProtocolSettings(n_examples=20)]
)
def test_scores_made_with_other_settings_mark_nothing(
    settings: ProtocolSettings,
) -> None:
    assert len(example_senses(evidence(), scores(), SETTINGS)) == 3
    assert example_senses(evidence(), scores(), settings) == {}


def test_scores_of_other_evidence_mark_nothing() -> None:
    other = msgspec.structs.replace(scores(), n_distinct=6)
    assert example_senses(evidence(), other, SETTINGS) == {}
    weaker = msgspec.structs.replace(score(), effective_n=3.5)
    other = msgspec.structs.replace(scores(), cross=weaker)
    assert example_senses(evidence(), other, SETTINGS) == {}
