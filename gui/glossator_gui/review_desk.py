"""Reviewing: the queue, the feature panel, and the decisions between them."""

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import QObject, QTimer

from glossator.graph.attribution_graph import FeatureKey
from glossator.project.edits import AnyEdit, JudgedTier, SetNote
from glossator.project.project import Change
from glossator.project.review import (
    QUEUES,
    QueueName,
    TakenFrom,
    accept_edits,
    fill_queues,
    judge_edits,
    least_influence,
    person,
    reject_edits,
    skip_edits,
)
from glossator.project.revision import feature_subject
from glossator.project.verbalizations import removal_edits
from glossator.verbalize.verbalization import Verbalization
from glossator_gui.actions.review import JUDGEMENTS
from glossator_gui.actions.spec import Handler
from glossator_gui.models.presenting import feature_view, queue_rows
from glossator_gui.session import Session
from glossator_gui.theme import Theme
from glossator_gui.views.feature_panel.panel import FeaturePanel
from glossator_gui.views.review_queue import ReviewQueueView

_SETTING = "queue"
_DRAFT_MS = 400
_REFRESH_MS = 80


class ReviewDesk(QObject):
    """Connects queue and panel with the session."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.queue = ReviewQueueView()
        self.panel = FeaturePanel()
        self.current: QueueName = "to review"
        self._shown: FeatureKey | None = None
        self._draft: str | None = None
        self._taken: TakenFrom | None = None
        self._choosing = False
        self._importance: dict[FeatureKey, float] = {}
        self._draft_pause = QTimer(self, singleShot=True, interval=_DRAFT_MS)
        self._draft_pause.timeout.connect(self.flush)
        self._refresh = QTimer(self, singleShot=True, interval=_REFRESH_MS)
        self._refresh.timeout.connect(self._show_queue)
        session.opened.connect(self._on_opened)
        session.graph_shown.connect(self._show_queue)
        session.changed.connect(self._on_changed)
        session.selected.connect(self._on_selected)
        session.evidence_changed.connect(self._show_panel)
        self.queue.all_graphs.toggled.connect(self._show_queue)
        self.queue.queue_chosen.connect(self._on_queue_chosen)
        self.queue.features_chosen.connect(self._on_features_chosen)
        self.panel.accept_requested.connect(self.accept)
        self.panel.reject_requested.connect(self.reject)
        self.panel.skip_requested.connect(self.skip)
        self.panel.draft_changed.connect(self._on_draft_changed)
        self.panel.note_changed.connect(self._on_note_changed)
        self.panel.editor_left.connect(self.queue.list.setFocus)
        self.panel.judged.connect(self.judge)
        self.panel.verbalization.use_requested.connect(self.use_verbalization)
        self.panel.verbalization.remove_requested.connect(self._remove_verbalizations)

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "accept": self.accept_shown,
            "edit": self.panel.edit_label,
            "reject": self.reject,
            "skip": self.skip,
            "use_verbalization": self.use_chosen_verbalization,
            **{
                spec.name: partial(self.judge, tier)
                for tier, spec in JUDGEMENTS.items()
            },
            "next": lambda: self.step(1),
            "previous": lambda: self.step(-1),
            "next_unlabelled": self.next_unlabelled,
            "focus_queue": self.queue.list.setFocus,
            "focus_label": self.panel.edit_label,
        }

    def set_theme(self, theme: Theme) -> None:
        self.queue.set_theme(theme)
        self.panel.set_theme(theme)

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
            self.session.state, feature, text.strip(), person(), self._taken
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
        edits = reject_edits(self.session.state, feature, person())
        if not edits:
            self.session.told.emit("There is no label to reject.")
            return
        self._decide("reject label", edits, feature)

    def skip(self) -> None:
        feature = self.session.feature
        if feature is not None:
            self._decide("skip", skip_edits(feature), feature)

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
        if self.session.apply(title, edits) is None:
            return
        self._draft = ""
        self._taken = None
        self.flush()
        self._refresh.stop()
        self._show_queue()
        self.queue.list.setFocus()
        if following is not None and following != feature:
            self.session.select_features([following])
        self._show_panel()

    def step(self, by: int) -> None:
        """Go along the queue."""
        following = self.queue.next_after(self.session.feature, by)
        if following is not None:
            self.session.select_features([following])

    def next_unlabelled(self) -> None:
        """Go to the next feature of the queue that has no label."""
        following = self.queue.next_after(self.session.feature, unlabelled=True)
        if following is None:
            self.session.told.emit("Every feature further on has a label.")
        else:
            self.session.select_features([following])

    # -- what the session says ------------------------------------------------------

    def _on_opened(self) -> None:
        stored = self.session.project.setting(_SETTING) if self.session.project else ""
        self.current = next((name for name in QUEUES if name == stored), "to review")
        self._importance = least_influence(self.session.state)
        self.queue.all_graphs.setVisible(len(self.session.state.graphs) > 1)
        self._show_queue()
        self.queue.list.setFocus()

    def _on_changed(self, change: Change) -> None:
        if not self._refresh.isActive():
            self._refresh.start()
        if change.kinds & {
            "labels",
            "results",
            "notes",
            "judgements",
            "declined",
            "verbalizations",
        }:
            self._show_panel()

    def _on_selected(self) -> None:
        if not self._choosing:
            self.queue.mark(self.session.selected_features)
        self._show_panel()

    def _show_panel(self) -> None:
        if self._shown != self.session.feature:
            # What is typed belongs to the feature it was typed for.
            self.flush()
            self._shown = self.session.feature
            self._taken = None
        self.panel.show_feature(feature_view(self.session))

    def flush(self) -> None:
        """Store what is typed and still waits for a pause."""
        self.panel.flush()
        self._draft_pause.stop()
        if self._shown is not None and self._draft is not None:
            self.session.save_draft(feature_subject(self._shown), self._draft)
        self._draft = None

    def _features(self) -> tuple[FeatureKey, ...]:
        """What the queues are about: the graph that is shown, or all of them."""
        graph = self.session.graph
        if graph is None or self.queue.all_graphs.isChecked():
            return self.session.state.features()
        return graph.features

    def _show_queue(self) -> None:
        state = self.session.state
        features = self._features()
        queues = fill_queues(state, features, self._importance)
        counts = [(name, len(queues[name])) for name in QUEUES]
        self.queue.show_queues(counts, self.current)
        self.queue.show_progress(len(queues["accepted"]), len(features))
        rows = queue_rows(state, queues[self.current])
        self.queue.show_rows(rows, self._empty_text())
        self.queue.mark(self.session.selected_features)

    def _empty_text(self) -> str:
        if self.session.project is None:
            return "Open a graph to begin."
        if self.current == "to review":
            return "Nothing waits: every feature is accepted or skipped."
        if not self.session.state.results and self.current in (
            "obscure",
            "cross",
            "insufficient",
            "no evidence",
        ):
            return "Run the protocol (Ctrl+R) to find out which features these are."
        return f"No feature is in the queue “{self.current}”."

    # -- what the views say ---------------------------------------------------------

    def _on_features_chosen(self, features: tuple[FeatureKey, ...]) -> None:
        # The list knows what is chosen in it: it is not to be marked in return.
        self._choosing = True
        self.session.select_features(features)
        self._choosing = False

    def _on_queue_chosen(self, name: str) -> None:
        self.current = next(queue for queue in QUEUES if queue == name)
        if self.session.project is not None:
            self.session.put_setting(_SETTING, name)
        self._show_queue()
        following = self.queue.next_after(None)
        if following is not None:
            self.session.select_features([following])

    def _on_draft_changed(self, text: str) -> None:
        self._draft = text
        if not text.strip():
            self._taken = None
        self._draft_pause.start()

    def _on_note_changed(self, text: str) -> None:
        if self._shown is not None:
            edit = SetNote(feature_subject(self._shown), text.strip())
            self.session.apply("note", [edit])
