"""Labels by language models from the window: planned, asked for, stored."""

from collections.abc import Mapping

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget

from glossator.errors import GlossatorError
from glossator.graph.attribution_graph import FeatureKey
from glossator.labelling.plan import plan_labels
from glossator.labelling.run import (
    LabelProgress,
    LabelReport,
    label_edits,
    label_locally,
)
from glossator.labelling.tasks import LabelInput, label_input
from glossator.progress import Progress
from glossator_gui.actions.spec import Handler
from glossator_gui.desks.graph_desk import GraphDesk
from glossator_gui.dialogs.label_dialog import (
    LabelChoice,
    LabelDialog,
    LabelScope,
    asked_models,
)
from glossator_gui.dialogs.plan_view import money
from glossator_gui.jobs import JobSlot
from glossator_gui.project_job import ProjectJob
from glossator_gui.session import Session


class LabelDesk(QObject):
    """Asks no model before a person has seen the plan, and pressed the button."""

    def __init__(self, session: Session, graph: GraphDesk, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self.session = session
        self.graph = graph
        self.job = ProjectJob("labelling", session, self)
        self.planning = JobSlot(self)
        self._step: int | None = None
        self._agreed: frozenset[str] = frozenset()
        """Models that a person had planned with since the window is open."""
        slot = self.job.slot
        slot.progressed.connect(self._on_progressed)
        slot.succeeded.connect(self._on_succeeded)
        slot.failed.connect(self._on_failed)
        slot.stopped.connect(self._on_stopped)

    def handlers(self) -> Mapping[str, Handler]:
        return {"label": self.ask}

    def ask(self) -> None:
        """Ask how features shall be labelled."""
        self._open()

    def ask_with_plan(self) -> None:
        """Likewise, and make the plan of what is proposed at once.

        Not where the project alone names a model: its file may come from elsewhere.
        """
        dialog = self._open()
        if dialog is None or not dialog.scopes.any:
            return
        wanted = asked_models(dialog.choice().settings)
        if wanted <= self._agreed | asked_models(self.session.preferences.labelling):
            dialog.request_plan()
        else:
            dialog.propose_plan()

    def close(self) -> None:
        """End what is under way before the window goes."""
        self.planning.end()
        self.job.slot.end()

    def _open(self) -> LabelDialog | None:
        if self.session.project is None:
            return None
        if self.job.slot.running:
            self.session.told.emit("Labels are being asked for; wait until it is done.")
            return None
        sizes = {name: len(found) for name, found in self._scopes().items()}
        dialog = LabelDialog(sizes, self.session.label_settings(), self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        planning = self.planning
        dialog.plan_requested.connect(self._plan)
        dialog.label_requested.connect(self.start)
        dialog.finished.connect(planning.end)
        planning.progressed.connect(dialog.show_progress)
        planning.succeeded.connect(dialog.show_plan)
        planning.failed.connect(dialog.show_problem)
        self.session.opened.connect(dialog.reject)
        self.session.changed.connect(dialog.note_change)
        dialog.open()
        return dialog

    def _plan(self, choice: LabelChoice) -> None:
        given = self._given(choice)
        if given is not None:
            self._agreed |= asked_models(choice.settings)
            self.planning.start(plan_labels, given)

    def start(self, choice: LabelChoice) -> None:
        """Label as a person chose; the choice is proposed the next time."""
        self.session.put_label_settings(choice.settings)
        given = self._given(choice)
        if given is not None:
            self._step = None
            self.job.slot.start(label_locally, given)

    def _given(self, choice: LabelChoice) -> LabelInput | None:
        project = self.session.project
        if project is None:
            return None
        try:
            return label_input(
                project,
                self._scopes()[choice.scope],
                self.session.protocol_settings(),
                choice.settings,
            )
        except GlossatorError as error:
            self.session.failed.emit(str(error))
            return None

    def _scopes(self) -> dict[LabelScope, tuple[FeatureKey, ...]]:
        """What may be labelled by a machine; refused texts are seen to later."""
        state = self.session.state
        may = {
            feature: None
            for feature in state.features()
            if state.result(feature) is not None
            and state.machine_may_label(feature, "")
        }
        return {
            "all": tuple(may),
            "unlabelled": tuple(f for f in may if not state.label(f)),
            "declined": tuple(f for f in may if state.why_no_label(f)),
            "visible": tuple(f for f in self.graph.visible_features() if f in may),
            "selection": tuple(f for f in self.session.selected_features if f in may),
        }

    def _on_progressed(self, progress: Progress) -> None:
        if not isinstance(progress, LabelProgress):
            return
        # What was paid is on record, whatever becomes of the labels.
        self.session.log_calls(progress.calls)
        edits = label_edits(self.session.state, progress.outcomes)
        step = self.session.apply("label with language models", edits, into=self._step)
        self._step = step if step is not None else self._step

    def _on_stopped(self) -> None:
        self.session.told.emit(
            "Labelling cancelled. Labels that came before are stored, and so are all "
            "answers."
        )

    def _on_failed(self, message: str) -> None:
        if self._step is not None:
            self.session.failed.emit(
                f"Labelling stopped: {message}\nLabels that came before are stored."
            )
            return
        # Nothing came of it: the person will want to choose otherwise.
        dialog = self._open()
        if dialog is not None:
            dialog.show_failure(f"Labelling stopped: {message}")

    def _on_succeeded(self, report: LabelReport) -> None:
        told = report_text(report)
        tell = self.session.told if report.labels else self.session.failed
        tell.emit(told)
        if report.problems:
            self.session.failed.emit(
                f"{len(report.problems)} piece(s) of evidence could not be read. "
                f"The first: {report.problems[0]}"
            )


def report_text(report: LabelReport) -> str:
    """What labelling did, and what it took, in a line."""
    by_method = ", ".join(f"{n:,} by {method}" for method, n in report.labels.items())
    told = [
        f"{sum(report.labels.values()):,} labels ({by_method})"
        if by_method
        else "No label"
    ]
    declined = sum(report.declined.values())
    if declined:
        reason = max(report.declined, key=lambda why: report.declined[why])
        told.append(f"{declined:,} declined, most often: {reason.rstrip('.')}")
    asked = f"{report.n_calls:,} prompts asked"
    if report.n_stored:
        asked += f" and {report.n_stored:,} answered before"
    told.append(f"{asked}; {report.tokens:,} tokens, {_paid(report.dollars)}")
    return "; ".join(told)


def _paid(dollars: float | None) -> str:
    return "at a cost that is not known" if dollars is None else money(dollars)
