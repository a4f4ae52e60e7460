"""The queue: what waits in which order, and where the person is in it."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QInputDialog

from glossator.graph.attribution_graph import FeatureKey
from glossator.project.finding.node_filter import matching_features
from glossator.project.finding.saved_filters import saved_filters
from glossator.project.project import Change, Project
from glossator.project.reviewing.review import QUEUES, QueueName
from glossator.project.reviewing.review_order import (
    ORDERS,
    OrderName,
    ReviewOrder,
    scored_labels,
)
from glossator.project.reviewing.review_queues import ReviewQueues
from glossator.project.revision import Subject, feature_subject
from glossator_gui.actions.spec import Handler
from glossator_gui.desks.review_clock import ReviewClock, pace_text
from glossator_gui.models.presenting import queue_row
from glossator_gui.models.review_place import ReviewPlace, place_text, read_place
from glossator_gui.session import Session
from glossator_gui.views.review_queue.rows import QueueRow
from glossator_gui.views.review_queue.view import QueueChoice, ReviewQueueView

_SETTING = "review"
_REFRESH_MS = 80
_REMEMBER_MS = 1000
_AFTER: tuple[QueueName, ...] = (
    "to review",
    "obscure",
    "cross",
    "declined",
    "proposed",
    "imported",
    "insufficient",
    "not scored",
    "flagged",
    "skipped",
)
"""What is offered when a queue is done, the first that holds anything."""
_FROM_PROTOCOL = ("obscure", "cross", "insufficient", "no evidence")


class QueueDesk(QObject):
    """Connects the queue with the session."""

    def __init__(self, session: Session, clock: ReviewClock, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session
        self._clock = clock
        self.view = ReviewQueueView(self._row, None)
        self.queue: QueueName = "to review"
        self.filter = ""
        """Name of the saved filter that is shown instead of a queue; "" for none."""
        self.order: OrderName = ORDERS[0]
        self._order = ReviewOrder(session.state)
        self._queues = ReviewQueues(session.state, (), self._order, self.order)
        self._sorted: Sequence[FeatureKey] = ()
        self._filtered: list[FeatureKey] = []
        self._worked_off: set[FeatureKey] = set()
        self._changed: set[Subject] = set()
        self._choosing = False
        self._held = False
        """Whether the queue that is shown has held anything."""
        self._project: Project | None = None
        self._refresh = QTimer(self, singleShot=True, interval=_REFRESH_MS)
        self._refresh.timeout.connect(self.refresh)
        self._remember = QTimer(self, singleShot=True, interval=_REMEMBER_MS)
        self._remember.timeout.connect(self.remember)
        session.opened.connect(self._on_opened)
        session.graph_shown.connect(self._on_graph_shown)
        session.changed.connect(self._on_changed)
        session.selected.connect(self._on_selected)
        self.view.all_graphs.toggled.connect(self._on_all_graphs)
        self.view.queue_chosen.connect(self._on_queue_chosen)
        self.view.order_chosen.connect(self._on_order_chosen)
        self.view.features_chosen.connect(self._on_features_chosen)

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "next": lambda: self.step(1),
            "previous": lambda: self.step(-1),
            "next_unlabelled": self.next_unlabelled,
            "jump": self.jump,
            "choose_queue": self.view.queues.showPopup,
            "choose_order": self.view.orders.showPopup,
            "focus_queue": self.view.take_focus,
        }

    # -- the way through ------------------------------------------------------------

    def step(self, by: int) -> None:
        """Go along the queue."""
        self._go(self.view.next_after(self.session.feature, by))

    def next_unlabelled(self) -> None:
        """Go to the next feature of the queue that has no label."""
        following = self.view.next_after(self.session.feature, unlabelled=True)
        if following is None:
            self.session.told.emit("Every feature further on has a label.")
        self._go(following)

    def jump(self) -> None:
        """Ask for a number in the queue and go there."""
        n = len(self.view.model.features)
        if not n:
            self.session.told.emit("This queue is empty.")
            return
        dialog = QInputDialog(self.view.window())
        dialog.setWindowTitle("Go to Number")
        dialog.setLabelText(f"Number in the queue, 1 to {n}:")
        dialog.setInputMode(QInputDialog.InputMode.IntInput)
        dialog.setIntRange(1, n)
        feature = self.session.feature
        at = self.view.model.at(feature) if feature is not None else None
        dialog.setIntValue(1 if at is None else at + 1)
        dialog.intValueSelected.connect(self._go_to_number)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _go_to_number(self, number: int) -> None:
        features = self.view.model.features
        if number <= len(features):
            self._go(features[number - 1])

    def _go(self, feature: FeatureKey | None) -> None:
        if feature is not None:
            self.session.select_features([feature])

    # -- what the session says ------------------------------------------------------

    def _on_opened(self) -> None:
        project, state = self.session.project, self.session.state
        comparisons = [s.comparison for s in project.comparisons()] if project else []
        self._order = ReviewOrder(state, scored_labels(comparisons))
        self.view.all_graphs.setVisible(len(state.graphs) > 1)
        if project is self._project:
            # It got another graph; the person stays where they are.
            self._sort()
            return
        self._project = project
        self._remember.stop()
        place = read_place(project.setting(_SETTING) if project else "")
        self._take_place(place)
        self._sort()
        self.view.list.setFocus()
        # Whoever opens a project shows a graph of it next, and selects nothing.
        QTimer.singleShot(0, self, lambda: self._resume(place))

    def _take_place(self, place: ReviewPlace) -> None:
        """Choose the queue and the order in which the person was."""
        project = self.session.project
        filters = saved_filters(project) if project else {}
        self.filter = place.queue if place.is_filter and place.queue in filters else ""
        self.queue = next((name for name in QUEUES if name == place.queue), "to review")
        self.order = next((name for name in ORDERS if name == place.order), ORDERS[0])
        self.view.all_graphs.blockSignals(True)
        self.view.all_graphs.setChecked(place.all_graphs)
        self.view.all_graphs.blockSignals(False)

    def _resume(self, place: ReviewPlace) -> None:
        """Go where the person was, unless something else is selected by now.

        A list that gets the keyboard chooses its first row by itself.
        """
        first = self.view.next_after(None)
        if not place.feature or self.session.feature not in (None, first):
            return
        features = self.session.state.features()
        found = (f for f in features if feature_subject(f) == place.feature)
        self._go(next(found, None))
        self.view.scroll_to(place.top)

    def _on_graph_shown(self) -> None:
        # A project that is opened has its first graph in order already.
        if self._features() is not self._sorted:
            self._sort()

    def _on_changed(self, change: Change) -> None:
        self._changed |= change.subjects
        if not self._refresh.isActive():
            self._refresh.start()

    def _on_selected(self) -> None:
        if not self._choosing:
            self.view.mark(self.session.selected_features)
        self.show_pace()
        self._remember.start()

    def remember(self) -> None:
        """Store where the person is."""
        self._remember.stop()
        if self.session.project is None:
            return
        feature = self.session.feature
        place = ReviewPlace(
            queue=self.filter or self.queue,
            is_filter=bool(self.filter),
            order=self.order,
            all_graphs=self.view.all_graphs.isChecked(),
            feature=feature_subject(feature) if feature is not None else "",
            top=self.view.top,
        )
        text = place_text(place)
        if text != self.session.project.setting(_SETTING):
            self.session.put_setting(_SETTING, text)

    def _features(self) -> Sequence[FeatureKey]:
        """What the queues are about: the graph that is shown, or all of them."""
        graph = self.session.graph
        if graph is None or self.view.all_graphs.isChecked():
            return self.session.state.features()
        return graph.features

    # -- what is shown --------------------------------------------------------------

    def _sort(self) -> None:
        """Put everything in order anew."""
        state, features = self.session.state, self._features()
        self._sorted = features
        self._changed.clear()
        self._held = False
        self._queues = ReviewQueues(state, features, self._order, self.order)
        self._ask_filter()
        self._show()

    def _ask_filter(self) -> None:
        self._worked_off.clear()
        self._filtered = []
        project = self.session.project
        if project is None or not self.filter:
            return
        wanted = saved_filters(project).get(self.filter)
        if wanted is None:
            self.filter = ""
            return
        found = matching_features(self.session.state, self._features(), wanted)
        self._filtered = self._queues.in_order(found)

    def refresh(self) -> None:
        """Show what became of the features that were changed."""
        self._refresh.stop()
        changed, self._changed = self._changed, set()
        self._queues.update(changed)
        if self.filter:
            state = self.session.state
            for feature in self._filtered:
                subject = feature_subject(feature)
                if subject in changed:
                    settled = state.review_state(feature) in ("accepted", "rejected")
                    done = settled or bool(state.marks.get(subject))
                    (self._worked_off.add if done else self._worked_off.discard)(
                        feature
                    )
        self._show()

    def waiting(self) -> list[FeatureKey]:
        """Features of the queue that is shown."""
        if self.filter:
            return [f for f in self._filtered if f not in self._worked_off]
        return self._queues.features(self.queue)

    def _show(self) -> None:
        queues, view = self._queues, self.view
        project = self.session.project
        filters = saved_filters(project) if project is not None else {}
        if self.filter not in filters:
            self.filter = ""
        features = self.waiting()
        choices = [QueueChoice(name, count) for name, count in queues.counts()]
        choices += [
            QueueChoice(
                name, len(features) if name == self.filter else None, is_filter=True
            )
            for name in filters
        ]
        current = (self.filter or self.queue, bool(self.filter))
        view.show_queues(choices, current)
        view.show_orders(ORDERS, self.order)
        self._show_progress()
        self._held |= bool(features)
        view.show_features(features, self._empty_text(), self._next_queue())
        view.mark(self.session.selected_features)
        self.show_pace()

    def _show_progress(self) -> None:
        queues = self._queues
        # What is accepted or put off has been decided on; rejected features wait again.
        n, waiting = len(queues), queues.count("to review")
        accepted, skipped = queues.count("accepted"), queues.count("skipped")
        self.view.show_progress(
            accepted,
            n,
            f"{accepted} decided · {waiting} waiting · {skipped} skipped · "
            f"⚑ {queues.count('flagged')}",
        )

    def show_pace(self) -> None:
        """Say where in the queue the person is, how fast, and what time is left."""
        feature, n = self.session.feature, len(self.view.model.features)
        at = self.view.model.at(feature) if feature is not None else None
        where = "" if at is None else f"{at + 1} of {n}"
        pace = pace_text(self._clock.pace, n)
        self.view.show_pace(" · ".join(part for part in (where, pace) if part))

    def _next_queue(self) -> QueueChoice | None:
        """What to go on with when the queue that is shown is done."""
        for name in _AFTER:
            count = self._queues.count(name)
            if count and (self.filter or name != self.queue):
                return QueueChoice(name, count)
        return None

    def _empty_text(self) -> str:
        session = self.session
        if session.project is None:
            return "Open a graph to begin."
        if self.filter:
            return f"Queue done: nothing that the filter “{self.filter}” found is left."
        if self.queue == "to review":
            return "Queue done: every feature is accepted or skipped."
        if not session.state.results and self.queue in _FROM_PROTOCOL:
            return "Run the protocol (Ctrl+R) to find out which features these are."
        if self._held:
            return f"Queue done: nothing is left in “{self.queue}”."
        return f"No feature is in the queue “{self.queue}”."

    def _row(self, feature: FeatureKey) -> QueueRow:
        return queue_row(self.session, feature, self._order.standing(feature))

    # -- what the view says ---------------------------------------------------------

    def _on_features_chosen(self, features: tuple[FeatureKey, ...]) -> None:
        # The list knows what is chosen in it: it is not to be marked in return.
        self._choosing = True
        self.session.select_features(features)
        self._choosing = False

    def _on_queue_chosen(self, choice: QueueChoice) -> None:
        self.filter = choice.name if choice.is_filter else ""
        if not choice.is_filter:
            self.queue = next(name for name in QUEUES if name == choice.name)
        self._order = self._order.renewed()
        self._sort()
        self._go(self.view.next_after(None))
        self.view.take_focus()
        self.remember()

    def _on_order_chosen(self, name: str) -> None:
        self.order = next(order for order in ORDERS if order == name)
        self._order = self._order.renewed()
        self._sort()
        self.remember()

    def _on_all_graphs(self) -> None:
        self._sort()
        self.remember()
