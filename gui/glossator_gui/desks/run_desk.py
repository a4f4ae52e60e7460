"""Running the protocol from the window: dialog, job, progress, results."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from glossator.graph.attribution_graph import FeatureKey
from glossator.progress import Progress
from glossator.project.open_files import evidence_paths
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.run import (
    RunProgress,
    RunReport,
    outcome_edits,
    run_input,
    run_locally,
)
from glossator_gui.actions.spec import Handler
from glossator_gui.desks.graph_desk import GraphDesk
from glossator_gui.dialogs.run_dialog import RunChoice, RunDialog, ScopeName
from glossator_gui.project_job import ProjectJob
from glossator_gui.session import Session

_THEN_PLAN = "then_plan_labels"
_YES = "yes"


class RunDesk(QObject):
    """Starts runs and stores what they find, batch by batch, as one step."""

    plan_wanted = Signal()
    """A run is over after which labels were to be planned."""

    def __init__(self, session: Session, graph: GraphDesk, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self.session = session
        self.graph = graph
        self.job = ProjectJob("run of the protocol", session, self)
        self.slot, self.bar = self.job.slot, self.job.bar
        self._step: int | None = None
        self._then_plan = False
        self.slot.progressed.connect(self._on_progressed)
        self.slot.succeeded.connect(self._on_succeeded)
        self.slot.failed.connect(self._on_failed)
        self.slot.stopped.connect(self._on_stopped)

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "run": self.ask,
            "pause": self.job.toggle_pause,
            "cancel": self.slot.cancel,
        }

    def ask(self) -> None:
        """Ask for scope and settings, then run."""
        project = self.session.project
        if project is None:
            return
        scopes = self._scopes()
        sizes = {name: len(features) for name, features in scopes.items()}
        paths = evidence_paths(project)
        evidence = (
            f"Evidence: {', '.join(paths)}"
            if paths
            else "There is no evidence yet: every feature will be “no evidence”."
        )
        dialog = RunDialog(
            sizes,
            self.session.protocol_settings(),
            evidence,
            then_plan=project.setting(_THEN_PLAN) == _YES,
            parent=self._window,
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.start_requested.connect(self._on_start_requested)
        dialog.open()

    def run_all(self) -> None:
        """Run over all features with the project's settings; no model is asked."""
        features = self.session.state.features()
        self.start(features, self.session.protocol_settings())

    def start(
        self,
        scope: Sequence[FeatureKey],
        settings: ProtocolSettings,
        *,
        then_plan: bool = False,
    ) -> None:
        """Run; the settings are the project's from now on."""
        project = self.session.project
        if project is None or not scope:
            return
        self.session.put_protocol_settings(settings)
        self._step = None
        self._then_plan = then_plan
        given = replace(
            run_input(project, scope, settings),
            embeddings_bytes=self.session.preferences.embeddings_bytes,
        )
        self.slot.start(run_locally, given)

    def close(self) -> None:
        """End the job, if any, before the window goes."""
        self.slot.end()

    def _scopes(self) -> dict[ScopeName, tuple[FeatureKey, ...]]:
        state = self.session.state
        features = state.features()
        return {
            "all": features,
            "unlabelled": tuple(f for f in features if not state.label(f)),
            "visible": self.graph.visible_features(),
            "selection": self.session.selected_features,
        }

    def _on_start_requested(self, choice: RunChoice) -> None:
        self.session.put_setting(_THEN_PLAN, _YES if choice.then_plan else "")
        scope = self._scopes()[choice.scope]
        self.start(scope, choice.settings, then_plan=choice.then_plan)

    def _on_progressed(self, progress: Progress) -> None:
        if isinstance(progress, RunProgress):
            edits = outcome_edits(self.session.state, progress.outcomes)
            step = self.session.apply("run protocol", edits, into=self._step)
            self._step = step if step is not None else self._step

    def _on_succeeded(self, report: RunReport) -> None:
        counts = "; ".join(f"{n} {tier}" for tier, n in sorted(report.tiers.items()))
        n_features = sum(report.tiers.values())
        self.session.told.emit(f"{n_features} features on {report.device}: {counts}")
        if report.problems:
            self.session.failed.emit(
                f"{len(report.problems)} piece(s) of evidence could not be read. "
                f"The first: {report.problems[0]}"
            )
        if self._then_plan:
            self.plan_wanted.emit()

    def _on_failed(self, message: str) -> None:
        self.session.failed.emit(f"The run stopped: {message}")

    def _on_stopped(self) -> None:
        self.session.told.emit(
            "Run cancelled. What was decided is stored; another run goes on from there."
        )
