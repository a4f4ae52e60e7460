"""The blind re-check: a sample of accepted features, said again without the label."""

import random
from collections.abc import Mapping

from PySide6.QtCore import QObject

from glossator.evaluation.label_agreement import TextPair
from glossator.graph.attribution_graph import FeatureKey
from glossator.project.reviewing.recheck import Verdict, recheck_edits, recheck_sample
from glossator.project.reviewing.review import person
from glossator_gui.actions.spec import Handler
from glossator_gui.desks.review_clock import ReviewClock
from glossator_gui.session import Session
from glossator_gui.views.feature_panel.panel import FeaturePanel


class RecheckDesk(QObject):
    """Hides the sample's labels until each was said again, or the person ends it."""

    def __init__(
        self, session: Session, panel: FeaturePanel, clock: ReviewClock, parent: QObject
    ) -> None:
        super().__init__(parent)
        self.session = session
        self._panel = panel
        self._clock = clock
        self._left: list[FeatureKey] = []
        self._n = 0
        self._verdicts: list[Verdict] = []
        self._current: FeatureKey | None = None
        self._again = ""
        session.selected.connect(self._on_selected)
        session.opened.connect(self._forget)
        panel.said_again.connect(self._compare)
        panel.recheck.skip_requested.connect(self.skip)
        panel.recheck.end_requested.connect(self.end)
        panel.recheck.judged.connect(self._judge)

    def handlers(self) -> Mapping[str, Handler]:
        return {"recheck": self.start}

    @property
    def running(self) -> bool:
        return bool(self._left)

    def start(self) -> None:
        """Begin; while one is under way, go back to it, or end it from there."""
        if self.running:
            if self._current is not None and self._current == self.session.feature:
                self.end()
            else:
                self._go_on()
            return
        state = self.session.state
        seed = random.getrandbits(32)
        sample = recheck_sample(state, state.features(), seed)
        if not sample:
            self.session.told.emit(
                "There is nothing to check again: no label is accepted yet."
            )
            return
        self._left, self._n, self._verdicts = sample, len(sample), []
        self.session.conceal(sample)
        self._go_on()

    def skip(self) -> None:
        """Say nothing of the feature that is shown."""
        if self._current is not None:
            self._done(self._current)

    def end(self) -> None:
        """Show the labels again, and say what was found."""
        n, same = len(self._verdicts), self._verdicts.count("same")
        self._forget()
        self.session.conceal(())
        said = f"{same} of {n} the same" if n else "nothing was said"
        self.session.told.emit(f"Re-check ended: {said} (Quality, Q).")

    def _forget(self) -> None:
        self._left, self._current, self._again = [], None, ""

    def _go_on(self) -> None:
        feature = self._left[0]
        if self.session.feature == feature:
            self._on_selected()
        else:
            self.session.select_features([feature])
        self._panel.edit_label()

    def _on_selected(self) -> None:
        """Any feature of the sample may come next, as the person goes along."""
        feature = self.session.feature
        if feature is None or feature not in self._left:
            return
        self._current, self._again = feature, ""
        done = self._n - len(self._left)
        self._panel.recheck.ask(
            f"Blind re-check {done + 1} of {self._n}: what does it stand for?"
        )

    def _compare(self, text: str) -> None:
        feature = self._current
        if feature is None or feature != self.session.feature:
            return
        self._again = text
        before = self.session.state.label(feature)
        if TextPair(before, text).equal:
            self.session.told.emit("The same words.")
            self._judge("same")
        else:
            self._panel.recheck.show_both(before, text)

    def _judge(self, verdict: Verdict) -> None:
        feature, state = self._current, self.session.state
        if feature is None or not self._again:
            return
        seconds = self._clock.decided()
        edits = recheck_edits(
            state, feature, self._again, verdict, person(), seconds=seconds
        )
        if self.session.apply(f"re-check: {verdict}", edits) is not None:
            self._verdicts.append(verdict)
            self._done(feature)

    def _done(self, feature: FeatureKey) -> None:
        self._left.remove(feature)
        self._current, self._again = None, ""
        if self._left:
            self.session.conceal(self._left)
            self._go_on()
        else:
            self.end()
