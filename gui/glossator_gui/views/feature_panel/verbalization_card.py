"""The samples of one vector: what was read, how good it is, what it says."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from glossator.verbalize.samples import Samples
from glossator.verbalize.verbalization import Verbalization, paragraphs
from glossator_gui.look.theme import LIGHT, Theme
from glossator_gui.views.feature_panel.paragraph_block import ParagraphBlock
from glossator_gui.views.plain_text import (
    WrappedLabel,
    number,
    one_line,
    plain_tooltip,
    small_font,
)

_TAIL = 80
"""Characters of an example that are shown: its end is what was read."""

_GOOD, _FAIR = 0.7, 0.5
"""Fraction of variance explained at which Neuronpedia calls confidence high, medium."""


def heading(group: Samples) -> str:
    """What was put into words."""
    if group.about == "feature":
        return "The feature’s own vector"
    text = one_line(group.example)
    tail = f"…{text[-_TAIL:].lstrip()}" if len(text) > _TAIL else text
    return f"{tail}▮"


def quality(said: Verbalization) -> str:
    """How near the text leads back to the vector; "" where that is not known."""
    known = said.reconstruction
    if known is None:
        return ""
    if known.fve is None:
        return f"cosine {number(known.cosine)}"
    level = "high" if known.fve > _GOOD else "medium" if known.fve > _FAIR else "low"
    return f"FVE {number(known.fve)} ({level}) · cosine {number(known.cosine)}"


def facts(group: Samples, said: Verbalization) -> str:
    """Where it comes from and how good it is, in one line."""
    parts = [
        "" if group.layer is None else f"reads block {group.layer}",
        quality(said),
        "" if said.temperature is None else f"temperature {number(said.temperature)}",
        one_line(group.origin),
    ]
    return " · ".join(part for part in parts if part)


def agreement_text(group: Samples) -> str:
    """How alike the samples are; what only one of several says is likely made up."""
    known = next((s.agreement for s in group.samples if s.agreement is not None), None)
    return "" if known is None else f"agreement {number(known)}"


def doubts(group: Samples, said: Verbalization, feature_layer: int) -> str:
    """What speaks against trusting this text, a sentence each."""
    lines = []
    if said.ending == "truncated":
        lines.append("The text was cut off at its longest length.")
    if said.ending == "no tags":
        lines.append("The text does not have the form that the verbalizer learned.")
    if group.layer is not None and group.layer != feature_layer:
        lines.append(
            f"It reads block {group.layer}; this feature is of layer {feature_layer}."
        )
    if said.extrapolates:
        lines.append(one_line(said.extrapolates))
    return "\n".join(lines)


class VerbalizationCard(QFrame):
    chosen = Signal(object, object)
    """The paragraph's block, and the Verbalization it is of."""
    use_requested = Signal()
    remove_requested = Signal(object)
    """Samples."""

    def __init__(
        self, group: Samples, feature_layer: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.group = group
        self._feature_layer = feature_layer
        self._theme = LIGHT
        self.setObjectName("card")
        self._facts = WrappedLabel(role="muted", small=True)
        self._doubts = WrappedLabel(role="warning", small=True)
        self._blocks = QVBoxLayout()
        self._blocks.setSpacing(2)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 10)
        column.setSpacing(5)
        column.addLayout(self._make_head())
        column.addWidget(self._facts)
        column.addWidget(self._doubts)
        column.addWidget(self._make_samples())
        column.addLayout(self._blocks)
        self.show_sample(0)

    def _make_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(4)
        title = WrappedLabel(heading(self.group), role="title")
        title.setToolTip(plain_tooltip("Read at the end of", self.group.example))
        remove = _tool("×", "Remove this verbalization")
        remove.clicked.connect(lambda: self.remove_requested.emit(self.group))
        head.addWidget(title, 1)
        head.addWidget(remove, 0, Qt.AlignmentFlag.AlignTop)
        return head

    def _make_samples(self) -> QWidget:
        """Buttons to go from one sample to another; hidden where there is one."""
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 2)
        row.setSpacing(4)
        caption = QLabel("Sample")
        caption.setProperty("role", "muted")
        caption.setFont(small_font(caption.font()))
        row.addWidget(caption)
        self.samples = QButtonGroup(self)
        for at in range(len(self.group.samples)):
            button = _tool(str(at + 1), f"Sample {at + 1}")
            button.setCheckable(True)
            button.setChecked(at == 0)
            self.samples.addButton(button, at)
            row.addWidget(button)
        self.samples.idClicked.connect(self.show_sample)
        agreement = QLabel(agreement_text(self.group))
        agreement.setProperty("role", "muted")
        agreement.setFont(small_font(agreement.font()))
        row.addSpacing(6)
        row.addWidget(agreement, 1)
        # Shown without a parent it would be a window of its own for a moment.
        if len(self.group.samples) < 2:
            holder.hide()
        return holder

    @property
    def blocks(self) -> list[ParagraphBlock]:
        return [
            block
            for at in range(self._blocks.count())
            if (item := self._blocks.itemAt(at)) is not None
            and isinstance(block := item.widget(), ParagraphBlock)
        ]

    def show_sample(self, at: int) -> None:
        said = self.group.samples[at]
        self._facts.setText(facts(self.group, said))
        text = doubts(self.group, said, self._feature_layer)
        self._doubts.setText(text)
        self._doubts.setVisible(bool(text))
        for old in self.blocks:
            self._blocks.removeWidget(old)
            old.deleteLater()
        parts = paragraphs(said.text)
        for name, part in (
            ("Message", parts.message),
            ("Phrase", parts.phrase),
            ("Token", parts.token),
        ):
            if part:
                self._add_block(ParagraphBlock(name, part), said)

    def _add_block(self, block: ParagraphBlock, said: Verbalization) -> None:
        block.set_theme(self._theme)
        block.chosen.connect(lambda: self.chosen.emit(block, said))
        block.use_requested.connect(self.use_requested)
        self._blocks.addWidget(block)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.setStyleSheet(
            f"#card {{ border: 1px solid {theme.border}; border-radius: 5px;"
            f" background: {theme.surface}; }}"
        )
        for block in self.blocks:
            block.set_theme(theme)


def _tool(text: str, name: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setAccessibleName(name)
    button.setToolTip(name)
    button.setStyleSheet("QToolButton { padding: 0px 7px; }")
    return button
