"""The label of a feature: where it is written, where the one in force came from."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from glossator.graph.attribution_graph import NodeKind
from glossator.project.revision import Declined, LabelRevision
from glossator_gui.look.theme import Theme
from glossator_gui.models.feature_view import FeatureView
from glossator_gui.views.feature_panel.growing_text import GrowingText
from glossator_gui.views.feature_panel.history_list import HistoryList
from glossator_gui.views.plain_text import WrappedLabel, one_line
from glossator_gui.views.printed_key import does_action, print_text

_NO_LABEL = {
    NodeKind.EMBEDDING: "An embedding is a token of the prompt; it carries no label.",
    NodeKind.LOGIT: "A logit is a token of the answer; it carries no label.",
    NodeKind.ERROR: "An error node is what the features leave unexplained; "
    "it carries no label.",
    NodeKind.FEATURE: "This feature cannot be labelled.",
    NodeKind.ATTENTION: "This feature cannot be labelled.",
    NodeKind.OTHER: "Only features carry labels.",
}

_CONCEALED = "Hidden for the blind re-check: say what the feature stands for."


def status_text(revision: LabelRevision | None) -> str:
    """Status and who brought it about, with a sign for each status."""
    if revision is None:
        return "○ unlabelled"
    who = one_line(revision.method or revision.author)
    person = one_line(revision.author)
    match revision.status:
        case "withdrawn":
            return "○ unlabelled"
        case "imported":
            return "↓ imported"
        case "proposed":
            return f"? proposed by {who}" if who else "? proposed"
        case "rejected":
            return f"✗ rejected by {person}" if person else "✗ rejected"
        case "accepted" | "edited":
            return (
                f"✓ {revision.status} by {person}"
                if person
                else (f"✓ {revision.status}")
            )


def provenance(label: str, revision: LabelRevision | None) -> str:
    """The label in force and how it came about."""
    if revision is None or not label:
        if revision is not None and revision.status == "rejected":
            return f"No label in force; “{one_line(revision.text)}” was rejected."
        return "No label in force."
    because = f": {one_line(revision.reason)}" if revision.reason else ""
    return f"“{one_line(label)}” — {status_text(revision)[2:]}{because}"


def declined_text(declined: Declined | None) -> str:
    """Who gave no label, when and why; "" where nobody was asked in vain."""
    if declined is None:
        return ""
    asked = f"{one_line(declined.method)} with {one_line(declined.model)}"
    who = asked if declined.model else one_line(declined.method)
    when = f" on {one_line(declined.at[:10])}" if declined.at else ""
    return f"{who} gave no label{when}: {one_line(declined.reason)}"


class LabelBox(QWidget):
    submitted = Signal()
    """Enter in the editor."""
    draft_changed = Signal(str)
    left = Signal()
    emptied = Signal(bool)
    """Whether there is nothing to accept."""
    prompt_requested = Signal(object)
    """LabelRevision."""
    text_taken = Signal(object)
    """LabelRevision of which the text is in the editor now."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.editor = GrowingText(max_lines=3, one_line=True)
        self.editor.setPlaceholderText("What does this feature stand for?")
        self.editor.setAccessibleName("Label")
        self._provenance = WrappedLabel(role="muted", small=True, max_lines=3)
        self._declined = WrappedLabel(role="warning", small=True, max_lines=4)
        self._toggle = QToolButton()
        self._toggle.setCheckable(True)
        self._toggle.setToolTip("Who said what, when and why")
        does_action(self._toggle, "history")
        self._toggle.setStyleSheet("QToolButton { padding: 1px 6px; }")
        self._toggle.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._history = HistoryList()
        self._lay_out()
        self._open_history(False)
        self._toggle.toggled.connect(self._open_history)
        self._history.prompt_requested.connect(self.prompt_requested)
        self._history.text_taken.connect(self._take_again)
        self.editor.submitted.connect(self.submitted)
        self.editor.escaped.connect(self.left)
        self.editor.typed.connect(self._on_typed)
        self.editor.textChanged.connect(self._tell_emptied)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        below = QHBoxLayout()
        below.setSpacing(10)
        below.addWidget(self._provenance, 1)
        below.addWidget(self._toggle, 0, Qt.AlignmentFlag.AlignTop)
        column.addWidget(self.editor)
        column.addWidget(self._declined)
        column.addLayout(below)
        column.addWidget(self._history)

    def show_view(self, view: FeatureView, *, keep_typed: bool) -> None:
        if not (keep_typed and self.editor.modified):
            self.editor.set_text(view.draft or view.label)
        elif self.editor.text.strip() == view.label:
            self.editor.set_unmodified()
        self.editor.setVisible(view.can_label)
        self.editor.setEnabled(view.can_label)
        if view.concealed:
            self._provenance.setText(_CONCEALED)
        elif view.can_label:
            self._provenance.setText(provenance(view.label, view.revision))
        else:
            self._provenance.setText(_NO_LABEL[view.kind])
        self._declined.setText(declined_text(view.declined))
        self._declined.setVisible(view.declined is not None)
        self._history.show_history(view.history)
        print_text(self._toggle, f"History {len(view.history)}")
        self._toggle.setVisible(bool(view.history))
        if not view.history or not keep_typed:
            self._toggle.setChecked(False)
        self._tell_emptied()

    @property
    def explanation(self) -> str:
        """The muted line under the editor."""
        return self._provenance.text()

    @property
    def why_none(self) -> str:
        """The line on who was asked for a label in vain; "" where it is not shown."""
        return self._declined.text()

    @property
    def history(self) -> HistoryList:
        return self._history

    def set_theme(self, theme: Theme) -> None:
        self._history.set_theme(theme)

    def toggle_history(self) -> None:
        """Open the history and go there, or close it."""
        if not self._toggle.isHidden():
            self._toggle.toggle()
            (self._history.list if self._toggle.isChecked() else self).setFocus()

    def propose(self, text: str) -> None:
        """Put words into the editor as if they were typed."""
        self.edit()
        self.editor.insertPlainText(" ".join(text.split()))

    def _take_again(self, revision: LabelRevision) -> None:
        self.propose(revision.text)
        self.text_taken.emit(revision)

    def edit(self) -> None:
        self.editor.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.editor.selectAll()

    def _on_typed(self) -> None:
        self.draft_changed.emit(self.editor.text)

    def _tell_emptied(self) -> None:
        self.emptied.emit(not self.editor.text.strip())

    def _open_history(self, open_: bool) -> None:
        self._history.setVisible(open_)
        arrow = Qt.ArrowType
        self._toggle.setArrowType(arrow.DownArrow if open_ else arrow.RightArrow)
