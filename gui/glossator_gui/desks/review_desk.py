"""Reviewing: the feature panel, and the decisions on what it shows."""

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication

from glossator.graph.attribution_graph import FeatureKey
from glossator.project.edits import TAGS, AnyEdit, JudgedTier, SetNote
from glossator.project.project import Change
from glossator.project.reviewing.label_origin import call_behind, call_text
from glossator.project.reviewing.review import (
    TakenFrom,
    accept_edits,
    flag_edits,
    judge_edits,
    person,
    reject_edits,
    skip_edits,
    tag_edits,
)
from glossator.project.reviewing.second_annotator import SecondOpinion
from glossator.project.revision import (
    LabelRevision,
    Subject,
    feature_subject,
    node_subject,
)
from glossator.project.verbalizations import removal_edits
from glossator.verbalize.verbalization import Verbalization
from glossator_gui.actions.review import JUDGEMENTS
from glossator_gui.actions.spec import Handler
from glossator_gui.desks.queue_desk import QueueDesk
from glossator_gui.desks.recheck_desk import RecheckDesk
from glossator_gui.desks.review_clock import ReviewClock
from glossator_gui.dialogs.messages import show_message
from glossator_gui.look.theme import Theme
from glossator_gui.models.presenting import feature_view
from glossator_gui.session import Session
from glossator_gui.views.feature_panel.panel import FeaturePanel

_DRAFT_MS = 400
_AHEAD_MS = 150
"""After a feature was shown, until the next one's evidence is read."""
_HIDDEN = "The label is hidden: this feature is being re-checked blindly."


class ReviewDesk(QObject):
    """Connects the panel with the session, and decisions with the queue."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.panel = FeaturePanel()
        self.clock = ReviewClock()
        self.waiting = QueueDesk(session, self.clock, self)
        self.queue = self.waiting.view
        self.recheck = RecheckDesk(session, self.panel, self.clock, self)
        self._shown: FeatureKey | None = None
        self._draft: str | None = None
        self._taken: TakenFrom | None = None
        self._deciding = False
        """Whether the panel is about to show another feature anyway."""
        self._draft_pause = QTimer(self, singleShot=True, interval=_DRAFT_MS)
        self._draft_pause.timeout.connect(self._store_draft)
        self._ahead = QTimer(self, singleShot=True, interval=_AHEAD_MS)
        self._ahead.timeout.connect(self._read_ahead)
        self._connect()

    def _connect(self) -> None:
        session, panel = self.session, self.panel
        session.opened.connect(self._on_opened)
        session.changed.connect(self._on_changed)
        session.selected.connect(self._show_panel)
        session.concealed_changed.connect(self._show_panel)
        session.evidence_changed.connect(self._show_panel)
        panel.accept_requested.connect(self.accept)
        panel.reject_requested.connect(self.reject)
        panel.skip_requested.connect(self.skip)
        panel.tags.flag_requested.connect(self.flag)
        panel.tags.tag_requested.connect(self.tag)
        panel.draft_changed.connect(self._on_draft_changed)
        panel.note_changed.connect(self._on_note_changed)
        panel.editor_left.connect(self.queue.take_focus)
        panel.judged.connect(self.judge)
        panel.label_box.text_taken.connect(self._on_text_taken)
        panel.label_box.prompt_requested.connect(self._show_prompt)
        panel.verbalization.use_requested.connect(self.use_verbalization)
        panel.verbalization.remove_requested.connect(self._remove_verbalizations)
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.applicationStateChanged.connect(self._on_application_state)

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "accept": self.accept_shown,
            "edit": self.panel.edit_label,
            "reject": self.reject,
            "skip": self.skip,
            "flag": self.flag,
            **{f"tag_{tag}": partial(self.tag, tag) for tag in TAGS},
            "note": self.panel.edit_note,
            "history": self.panel.label_box.toggle_history,
            "use_verbalization": self.use_chosen_verbalization,
            **{
                spec.name: partial(self.judge, tier)
                for tier, spec in JUDGEMENTS.items()
            },
            "focus_label": self.panel.edit_label,
            **self.waiting.handlers(),
            **self.recheck.handlers(),
        }

    def set_theme(self, theme: Theme) -> None:
        self.queue.set_theme(theme)
        self.panel.set_theme(theme)

    def close(self) -> None:
        """Store what would be lost."""
        self.flush()
        self.waiting.remember()
        self.session.conceal(())

    # -- decisions ------------------------------------------------------------------

    def accept_shown(self) -> None:
        """Accept what stands in the label editor."""
        if self.panel.editor_text.strip():
            self.panel.accept_label()
        else:
            self.session.told.emit("There is no label to accept: type one first (E).")

    def accept(self, text: str) -> None:
        """Accept a label for the focused feature and go on."""
        feature = self.session.feature
        if feature is None or not text.strip():
            return
        edits = accept_edits(
            self.session.state,
            feature,
            text.strip(),
            person(),
            self._taken,
            seconds=round(self.clock.seconds, 1),
        )
        self._decide(f"accept {text.strip()!r}", edits, feature)

    def use_verbalization(self, text: str, said: Verbalization) -> None:
        """Put a paragraph into the label editor; accepting it records where from."""
        words = " ".join(text.split())
        subject = "the feature’s vector" if said.about == "feature" else "an example"
        self.panel.propose_text(words)
        self._taken = TakenFrom(
            words,
            "NLA verbalization",
            said.origin,
            f"words of {subject} by a verbalizer",
        )
        self.session.told.emit(
            "In the label now, with its origin: shorten it, and accept with Enter."
        )

    def use_words(self, opinion: SecondOpinion, source: str) -> None:
        """Put another person's words into the label editor, with their origin."""
        if self.session.feature != opinion.feature:
            self.session.select_features([opinion.feature])
        words = " ".join(opinion.theirs.split())
        self.panel.propose_text(words)
        self._taken = TakenFrom(
            words, "second annotator", "", f"words of another person in {source}"
        )

    def use_chosen_verbalization(self) -> None:
        if not self.panel.verbalization.use_chosen():
            self.session.told.emit("Choose a paragraph of a verbalization first (V).")

    def _remove_verbalizations(self, gone: tuple[Verbalization, ...]) -> None:
        feature = self.session.feature
        if feature is not None:
            edits = removal_edits(self.session.state, feature, gone)
            self.session.apply("remove verbalization", edits)

    def reject(self) -> None:
        feature = self.session.feature
        if feature is None:
            return
        if feature in self.session.concealed:
            self.session.told.emit(_HIDDEN)
            return
        seconds = round(self.clock.seconds, 1)
        edits = reject_edits(self.session.state, feature, person(), seconds=seconds)
        if not edits:
            self.session.told.emit("There is no label to reject.")
            return
        self._decide("reject label", edits, feature)

    def skip(self) -> None:
        feature = self.session.feature
        if feature is not None and feature in self.session.concealed:
            self.recheck.skip()
        elif feature is not None:
            self._decide("skip", skip_edits(feature), feature)

    def flag(self) -> None:
        """Mark the focused feature to come back to, or take the mark off."""
        feature, state = self.session.feature, self.session.state
        if feature is not None:
            flagged = feature_subject(feature) in state.flags
            title = "take the flag off" if flagged else "flag"
            self.session.apply(title, flag_edits(state, feature))

    def tag(self, tag: int) -> None:
        """Put a tag on the focused feature, or take it off."""
        feature = self.session.feature
        if feature is not None:
            edits = tag_edits(self.session.state, feature, tag)
            self.session.apply(f"tag {tag}", edits)

    def judge(self, tier: JudgedTier | None) -> None:
        """Say of which tier the focused feature is; the queue stays where it is."""
        feature = self.session.feature
        if feature is None:
            self.session.told.emit("Only features are of a tier: select one first.")
            return
        self.session.apply(f"judge {tier or 'no tier'}", judge_edits(feature, tier))

    def _decide(
        self, title: str, edits: Sequence[AnyEdit], feature: FeatureKey
    ) -> None:
        """Apply a decision, then show the feature that follows in the queue."""
        following = self.queue.next_after(feature)
        self._deciding = True
        applied = self.session.apply(title, edits)
        self._deciding = False
        if applied is None:
            return
        self.clock.decided()
        self._draft = ""
        self._taken = None
        self.flush()
        self.waiting.refresh()
        self.queue.take_focus()
        if following is not None and following != feature:
            self.session.select_features([following])
        else:
            self._show_panel()
            self._tell_end()

    def _read_ahead(self) -> None:
        """Read what is known of the feature that comes next, while a person reads."""
        following = self.queue.next_after(self.session.feature)
        if following is not None:
            self.session.evidence(following)

    def _tell_end(self) -> None:
        """Say that there is nothing further on."""
        left = len(self.waiting.waiting())
        if left:
            self.session.told.emit(
                f"End of the queue: {left} further up still wait."
                if left > 1
                else "End of the queue."
            )
        else:
            self.session.told.emit(self.queue.empty.text())

    # -- what the session says ------------------------------------------------------

    def _on_opened(self) -> None:
        self.clock.forget()

    def _on_application_state(self, state: Qt.ApplicationState) -> None:
        """Time counts only while the window is in use."""
        if state == Qt.ApplicationState.ApplicationActive:
            self.clock.resume()
        else:
            self.clock.pause()

    def _on_changed(self, change: Change) -> None:
        if self._deciding:
            return
        if "graphs" in change.kinds or change.subjects & self._shown_subjects():
            self._show_panel()

    def _shown_subjects(self) -> set[Subject]:
        """What the panel tells of: the node, and its feature."""
        number, focus = self.session.graph_id, self.session.focus
        if number is None or focus is None:
            return set()
        feature = self.session.feature
        shown = {node_subject(number, focus)}
        return shown if feature is None else {*shown, feature_subject(feature)}

    def _show_panel(self) -> None:
        if self._shown != self.session.feature:
            # What is typed belongs to the feature it was typed for.
            self.flush()
            self._shown = self.session.feature
            self._taken = None
            self.clock.start()
        self.panel.show_feature(feature_view(self.session))
        self._ahead.start()

    def flush(self) -> None:
        """Store what is typed and still waits for a pause."""
        self.panel.flush()
        self._store_draft()

    def _store_draft(self) -> None:
        self._draft_pause.stop()
        project, draft, self._draft = self.session.project, self._draft, None
        if project is None or self._shown is None or draft is None:
            return
        subject = feature_subject(self._shown)
        if project.draft(subject) != draft:
            self.session.save_draft(subject, draft)

    # -- what the views say ---------------------------------------------------------

    def _on_text_taken(self, revision: LabelRevision) -> None:
        """The words are an earlier revision's, and so is their origin."""
        if revision.method:
            self._taken = TakenFrom(
                revision.text, revision.method, revision.model, revision.reason
            )

    def _show_prompt(self, revision: LabelRevision) -> None:
        project, feature = self.session.project, self.session.feature
        if project is None or feature is None:
            return
        call = call_behind(project.calls(feature_subject(feature)), revision)
        if call is None:
            self.session.told.emit("The call log of this project does not hold it.")
        else:
            title = f"What {revision.method} asked"
            show_message(self.panel.window(), title, call_text(call))

    def _on_draft_changed(self, text: str) -> None:
        if self._shown in self.session.concealed:
            return
        self._draft = text
        if not text.strip():
            self._taken = None
        self._draft_pause.start()

    def _on_note_changed(self, text: str) -> None:
        if self._shown is not None:
            edit = SetNote(feature_subject(self._shown), text.strip())
            self.session.apply("note", [edit])
