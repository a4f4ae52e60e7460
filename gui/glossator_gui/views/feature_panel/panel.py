"""Everything that one labelling decision needs, on one screen."""

from PySide6.QtCore import QRect, Qt, QTimer, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from glossator.protocol.decision import ProtocolResult, Tier
from glossator_gui.look.theme import LIGHT, Theme
from glossator_gui.models.feature_view import FeatureView
from glossator_gui.views.feature_panel.chips import Chip
from glossator_gui.views.feature_panel.decision_row import DecisionRow
from glossator_gui.views.feature_panel.evidence_pane import EvidencePane
from glossator_gui.views.feature_panel.growing_text import GrowingText
from glossator_gui.views.feature_panel.judgement_row import JudgementRow
from glossator_gui.views.feature_panel.label_box import LabelBox, status_text
from glossator_gui.views.feature_panel.recheck_box import RecheckBox
from glossator_gui.views.feature_panel.tag_row import TagRow
from glossator_gui.views.feature_panel.verbalization_pane import VerbalizationPane
from glossator_gui.views.plain_text import WrappedLabel

NOTE_PAUSE_MS = 600
"""Without typing, after which a note is handed on."""

_TIER_NUMBER: dict[Tier, int] = {"input": 1, "output": 1, "cross": 2, "obscure": 3}


def tier_text(result: ProtocolResult) -> str:
    """The protocol's tier in words, with its number where it has one."""
    number = _TIER_NUMBER.get(result.tier)
    if number is None:
        return "insufficient evidence" if result.tier == "insufficient" else result.tier
    return f"tier {number} · {result.shown_tier}"


class FeaturePanel(QWidget):
    """Shows one node; holds no state but the text being typed."""

    accept_requested = Signal(str)
    reject_requested = Signal()
    skip_requested = Signal()
    said_again = Signal(str)
    """What the person says of a feature whose label is concealed."""
    draft_changed = Signal(str)
    """At every keystroke in the label editor."""
    judged = Signal(object)
    """JudgedTier or None."""
    note_changed = Signal(str)
    add_evidence_requested = Signal()
    editor_left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._view: FeatureView | None = None
        self._pending_note = QTimer(self, interval=NOTE_PAUSE_MS, singleShot=True)
        self._make_parts()
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._make_placeholder())
        self._stack.addWidget(self._make_page())
        self._connect()
        self.set_theme(LIGHT)
        self.show_feature(None)

    def _make_parts(self) -> None:
        self._title = WrappedLabel(role="title")
        font = self._title.font()
        font.setPointSizeF(font.pointSizeF() * 1.25)
        self._title.setFont(font)
        self._subtitle = WrappedLabel(role="muted", max_lines=2)
        self._tier = Chip()
        self._status = Chip()
        self.judgement = JudgementRow()
        self._label = LabelBox()
        self.recheck = RecheckBox()
        self.recheck.hide()
        self.evidence_pane = EvidencePane()
        self.verbalization = VerbalizationPane()
        self.verbalization.hide()
        self.note_editor = GrowingText(max_lines=4, one_line=False)
        self.print_note_key("")
        self.note_editor.setAccessibleName("Note")
        self.tags = TagRow()
        self._decisions = DecisionRow()

    def print_note_key(self, key: str) -> None:
        """Print the key that goes to the note."""
        end = f" ({key})" if key else ""
        self.note_editor.setPlaceholderText(f"Note on this feature{end}")

    def _make_placeholder(self) -> QWidget:
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(24, 24, 24, 24)
        text = WrappedLabel("Select a node to see what is known of it.", role="muted")
        column.addStretch(1)
        column.addWidget(text)
        column.addStretch(2)
        self._placeholder = text
        return holder

    def _make_page(self) -> QWidget:
        self._page = QWidget()
        column = QVBoxLayout(self._page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._make_header())
        column.addWidget(self._make_body(), 1)
        column.addWidget(self._make_footer())
        return self._page

    def _make_header(self) -> QWidget:
        header = QWidget()
        column = QVBoxLayout(header)
        column.setContentsMargins(14, 12, 14, 10)
        column.setSpacing(4)
        chips = QHBoxLayout()
        chips.setContentsMargins(0, 4, 0, 4)
        chips.setSpacing(6)
        chips.addWidget(self._tier)
        chips.addWidget(self._status)
        chips.addStretch(1)
        column.addWidget(self._title)
        column.addWidget(self._subtitle)
        column.addLayout(chips)
        column.addWidget(self.judgement)
        column.addSpacing(4)
        column.addWidget(self._label)
        column.addWidget(self.recheck)
        return header

    def _make_body(self) -> QSplitter:
        self._body = body = QSplitter(Qt.Orientation.Horizontal)
        body.setObjectName("body")
        body.setChildrenCollapsible(False)
        body.addWidget(self._make_scroll())
        body.addWidget(self.verbalization)
        body.setStretchFactor(0, 1)
        body.setStretchFactor(1, 1)
        return body

    def _make_scroll(self) -> QScrollArea:
        self._scroll = QScrollArea()
        self._scroll.setObjectName("evidence")
        self._scroll.setStyleSheet("#evidence { border: none; }")
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.evidence_pane.setAutoFillBackground(True)
        self.evidence_pane.setBackgroundRole(QPalette.ColorRole.Base)
        self._scroll.setWidget(self.evidence_pane)
        return self._scroll

    def _make_footer(self) -> QWidget:
        self._footer = QWidget()
        column = QVBoxLayout(self._footer)
        column.setContentsMargins(14, 10, 14, 12)
        column.setSpacing(8)
        column.addWidget(self.note_editor)
        column.addWidget(self.tags)
        column.addWidget(self._decisions)
        return self._footer

    def _connect(self) -> None:
        decisions = self._decisions
        decisions.accept_requested.connect(self.accept_label)
        decisions.edit_requested.connect(self.edit_label)
        decisions.reject_requested.connect(self.reject_requested)
        decisions.skip_requested.connect(self.skip_requested)
        self.recheck.show_requested.connect(self.accept_label)
        self.judgement.judged.connect(self.judged)
        self._label.submitted.connect(self.accept_label)
        self._label.draft_changed.connect(self.draft_changed)
        self._label.left.connect(self.editor_left)
        self._label.emptied.connect(decisions.accept.setDisabled)
        self.evidence_pane.add_evidence_requested.connect(self.add_evidence_requested)
        self.evidence_pane.example_reached.connect(self._on_example_reached)
        self.note_editor.typed.connect(self._pending_note.start)
        self.note_editor.leaving.connect(self.flush)
        self.note_editor.submitted.connect(self.flush)
        self.note_editor.escaped.connect(self.editor_left)
        self._pending_note.timeout.connect(self._emit_note)

    def show_feature(self, view: FeatureView | None) -> None:
        """Show a node; what is being typed for the same feature stays."""
        before = self._view
        self._view = view
        same = before is not None and view is not None and before.title == view.title
        if not same:
            # A late note must not reach the feature that comes now.
            self._pending_note.stop()
        if view is None:
            self._stack.setCurrentIndex(0)
            return
        self._title.setText(view.title)
        self._subtitle.setText(view.subtitle)
        self._show_chips(view)
        self.judgement.setVisible(view.can_label)
        self.judgement.show_tier(view.judged)
        self._label.show_view(view, keep_typed=same)
        if not (same and self.note_editor.modified):
            self.note_editor.set_text(view.note)
        elif self.note_editor.text == view.note:
            self.note_editor.set_unmodified()
        self.evidence_pane.show_view(view)
        self.verbalization.show_view(view)
        if not same:
            self._scroll_to_start()
        self.tags.show_marks(flagged=view.flagged, tags=view.tags)
        self._footer.setVisible(view.can_label and not view.concealed)
        self.recheck.setVisible(view.concealed)
        shown = view.revision is not None and view.revision.shown
        self._decisions.reject.setEnabled(shown)
        self._stack.setCurrentIndex(1)

    def _show_chips(self, view: FeatureView) -> None:
        told = view.can_label and not view.concealed
        self._status.show_text(status_text(view.revision) if told else "")
        if view.result is not None:
            colour = self._theme.tiers[view.result.tier]
            self._tier.show_text(tier_text(view.result), colour)
        elif view.can_label:
            self._tier.show_text("not scored", self._theme.untiered)
        else:
            self._tier.show_text("")

    def set_read_only(self, read_only: bool) -> None:
        """Leave everything to be read, and nothing to be changed."""
        for part in (
            self.judgement,
            self._label.editor,
            self.note_editor,
            self.tags,
            self._decisions,
        ):
            part.setEnabled(not read_only)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._tier.set_theme(theme)
        self._status.set_theme(theme)
        for part in (self.judgement, self.tags, self._label, self.recheck):
            part.set_theme(theme)
        self.evidence_pane.set_theme(theme)
        self.verbalization.set_theme(theme)
        self._body.setStyleSheet(
            f"#body {{ border-top: 1px solid {theme.border};"
            f" border-bottom: 1px solid {theme.border}; }}"
        )
        if self._view is not None:
            self._show_chips(self._view)

    def edit_label(self) -> None:
        """Go to the editor, its text selected."""
        if self._view is not None and self._view.can_label:
            self._label.edit()

    def accept_label(self) -> None:
        """Ask for what stands in the editor to become the label; nothing if empty."""
        text = self.editor_text.strip()
        if not text or self._view is None or not self._view.can_label:
            return
        self._label.editor.set_unmodified()
        if self._view.concealed:
            self.said_again.emit(text)
        else:
            self.accept_requested.emit(text)

    def propose_text(self, text: str) -> None:
        """Put words into the editor as if they were typed; nothing is accepted."""
        if self._view is not None and self._view.can_label:
            self._label.propose(text)

    def edit_note(self) -> None:
        """Go to the note."""
        if self._footer.isVisible():
            self.note_editor.setFocus(Qt.FocusReason.ShortcutFocusReason)

    @property
    def label_box(self) -> LabelBox:
        return self._label

    def flush(self) -> None:
        """Hand on a note that still waits for its pause."""
        if self._pending_note.isActive():
            self._pending_note.stop()
            self._emit_note()

    def _emit_note(self) -> None:
        self.note_editor.set_unmodified()
        self.note_changed.emit(self.note_editor.text)

    @property
    def editor_text(self) -> str:
        return self._label.editor.text

    @property
    def chip_texts(self) -> tuple[str, str]:
        """Tier and status in words."""
        return self._tier.text, self._status.text

    @property
    def placeholder_text(self) -> str:
        return self._placeholder.text()

    def show_verbalization(self, shown: bool) -> None:
        """Beside it stand the examples: the one is to be held against the other."""
        self.verbalization.setVisible(shown)
        self._scroll_to_start()

    def _scroll_to_start(self) -> None:
        # The pane's layout has to settle before a place in it is known.
        QTimer.singleShot(0, self._scroll_now)

    def _scroll_now(self) -> None:
        beside = not self.verbalization.isHidden()
        top = self.evidence_pane.examples_top if beside else 0
        self._scroll.verticalScrollBar().setValue(top)

    def _on_example_reached(self, place: QRect) -> None:
        bar = self._scroll.verticalScrollBar()
        height = self._scroll.viewport().height()
        if place.top() < bar.value():
            bar.setValue(place.top() - 30)
        elif place.bottom() > bar.value() + height:
            bar.setValue(min(place.bottom() - height + 8, place.top() - 8))
