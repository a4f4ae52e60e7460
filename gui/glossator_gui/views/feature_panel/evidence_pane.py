"""What is known of a feature: why its tier, logits, activations, examples."""

from collections.abc import Mapping
from pathlib import PurePath

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from glossator.evidence.feature_evidence import FeatureEvidence
from glossator.evidence.token_text import CleanExample
from glossator_gui.look.theme import Theme
from glossator_gui.models.feature_view import FeatureView
from glossator_gui.views.feature_panel.activation_histogram import ActivationHistogram
from glossator_gui.views.feature_panel.chips import LogitChips
from glossator_gui.views.feature_panel.example_list import ExampleList
from glossator_gui.views.feature_panel.example_senses import example_senses
from glossator_gui.views.feature_panel.score_table import WhyBlock
from glossator_gui.views.plain_text import WrappedLabel, number, one_line, plain_tooltip


def activation_facts(
    evidence: FeatureEvidence, node_activation: float | None, *, marked: bool
) -> str:
    """Density and range in one line; `marked` if the histogram tells this node's."""
    parts = []
    if evidence.density is not None:
        parts.append(f"active on {_percentage(evidence.density)} of tokens")
    if evidence.examples:
        parts.append(f"maximum {number(evidence.max_activation)}")
    known = node_activation is not None and node_activation == node_activation
    if known and not marked and node_activation is not None:
        parts.append(f"here {number(node_activation)}")
    return " · ".join(parts)


def _percentage(share: float) -> str:
    percent = 100 * share
    if percent == 0:
        return "0 %"
    return f"{percent:.2g} %" if percent < 10 else f"{percent:.0f} %"


def examples_hint(evidence: FeatureEvidence) -> str:
    if not evidence.examples:
        return "The evidence holds no activation examples."
    if evidence.max_activation <= 0:
        return "None of these examples activates the feature."
    return "Click one, or press Enter, to see all of it."


class EvidencePane(QWidget):
    add_evidence_requested = Signal()
    example_reached = Signal(QRect)
    """Place, inside the pane, of the example that the keyboard went to."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.why = WhyBlock()
        self.promoted = LogitChips(promoted=True)
        self.suppressed = LogitChips(promoted=False)
        self.facts = WrappedLabel(role="muted", small=True)
        self.histogram = ActivationHistogram()
        self.stored = WrappedLabel()
        self.hint = WrappedLabel(role="muted", small=True)
        self.examples = ExampleList()
        self.origin = WrappedLabel(role="muted", small=True)
        self.missing = WrappedLabel()
        self.add = QPushButton("Add evidence…")
        self._headings: dict[str, QLabel] = {}
        self._lines: dict[str, QWidget] = {}
        self._captions: list[QLabel] = []
        self._lay_out()
        self.add.clicked.connect(self.add_evidence_requested)
        self.examples.current_moved.connect(self._on_current_moved)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 4, 14, 14)
        column.setSpacing(6)
        self._section(column, "Why this tier", self.why)
        self._section(column, "Logits", self._logits())
        self._section(column, "Activation", self.histogram, beside=self.facts)
        self._section(column, "Explanations that came with it", self.stored)
        self._section(column, "Examples", self.examples, self.origin, beside=self.hint)
        self._section(column, "Evidence", self.missing, self.add)
        column.setAlignment(self.add, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)

    def _section(
        self,
        column: QVBoxLayout,
        name: str,
        *parts: QWidget,
        beside: QWidget | None = None,
    ) -> None:
        heading = QLabel(name)
        heading.setTextFormat(Qt.TextFormat.PlainText)
        heading.setProperty("role", "title")
        self._headings[name] = heading
        # A widget and no bare layout: hidden, it takes no room.
        self._lines[name] = holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 10, 0, 0)
        line.setSpacing(10)
        line.addWidget(heading)
        if beside is not None:
            line.addWidget(beside, 1)
        else:
            line.addStretch(1)
        column.addWidget(holder)
        for part in parts:
            column.addWidget(part)

    def _logits(self) -> QWidget:
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(8)
        for row, (name, chips) in enumerate(
            (("promotes", self.promoted), ("suppresses", self.suppressed))
        ):
            label = QLabel(name)
            label.setProperty("role", "muted")
            label.setContentsMargins(0, 3, 0, 0)
            self._captions.append(label)
            grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(chips, row, 1)
        grid.setColumnStretch(1, 1)
        self.logits = holder
        return holder

    def show_view(self, view: FeatureView) -> None:
        scored = view.can_label or view.result is not None
        self._show("Why this tier", scored, self.why)
        self.why.show_result(view.result)
        evidence = view.evidence
        asks = evidence is None and bool(view.evidence_note)
        self._show("Evidence", asks, self.missing, self.add)
        self.missing.setText(view.evidence_note)
        if evidence is not None:
            self._show_evidence(evidence, view.node_activation)
            senses: Mapping[CleanExample, int] = {}
            if view.result is not None and view.settings is not None:
                senses = example_senses(evidence, view.result.scores, view.settings)
            self.examples.show_evidence(evidence, senses)
        else:
            self._hide_evidence()

    def _show_evidence(
        self, evidence: FeatureEvidence, node_activation: float | None
    ) -> None:
        some = bool(evidence.top_logits or evidence.bottom_logits)
        self._show("Logits", some, self.logits)
        for caption, chips, effects in zip(
            self._captions,
            (self.promoted, self.suppressed),
            (evidence.top_logits, evidence.bottom_logits),
            strict=True,
        ):
            chips.show_effects(effects)
            caption.setVisible(bool(effects))
            chips.setVisible(bool(effects))
        self.histogram.show_histogram(evidence.histogram, node_activation)
        marked = bool(self.histogram.text)
        facts = activation_facts(evidence, node_activation, marked=marked)
        self.facts.setText(facts)
        drawn = not self.histogram.isHidden()
        self._lines["Activation"].setVisible(bool(facts) or drawn)
        self.facts.setVisible(bool(facts))
        stored = "\n".join(
            f"“{one_line(e.text)}” — {one_line(e.by)}" for e in evidence.explanations
        )
        self._show("Explanations that came with it", bool(stored), self.stored)
        self.stored.setText(stored)
        self._show("Examples", True, self.hint, self.origin)
        self._headings["Examples"].setText(f"Examples ({len(evidence.examples)})")
        self.hint.setText(examples_hint(evidence))
        self.examples.setVisible(bool(evidence.examples))
        name = PurePath(evidence.origin).name or evidence.origin
        self.origin.setText(f"From {one_line(name)}")
        self.origin.setToolTip(plain_tooltip("Evidence read from", evidence.origin))

    def _hide_evidence(self) -> None:
        self._show("Logits", False, self.logits)
        self._show("Activation", False, self.histogram, self.facts)
        self._show("Explanations that came with it", False, self.stored)
        self._show("Examples", False, self.hint, self.examples, self.origin)
        self.examples.show_evidence(None)

    def _show(self, heading: str, visible: bool, *parts: QWidget) -> None:
        for part in (self._lines[heading], *parts):
            part.setVisible(visible)

    def set_theme(self, theme: Theme) -> None:
        for part in (self.promoted, self.suppressed, self.histogram, self.examples):
            part.set_theme(theme)

    @property
    def examples_top(self) -> int:
        """Where the examples begin, inside the pane; 0 where there are none."""
        line = self._lines["Examples"]
        return 0 if line.isHidden() else line.y()

    def _on_current_moved(self, place: QRect) -> None:
        corner = self.examples.viewport().mapTo(self, place.topLeft())
        self.example_reached.emit(QRect(corner, place.size()))
