"""Running the protocol from the window: dialog, job, progress, results."""

from collections.abc import Sequence

import msgspec
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget

from glossator.graph.attribution_graph import FeatureKey
from glossator.labelers.label_settings import LabelSettings
from glossator.progress import Progress
from glossator.project.open_files import evidence_paths
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.run import (
    RunInput,
    RunProgress,
    RunReport,
    outcome_edits,
    run_input,
    run_locally,
)
from glossator_gui.dialogs.run_dialog import RunDialog, ScopeName
from glossator_gui.project_job import ProjectJob
from glossator_gui.session import Session
from glossator_gui.workspace import Workspace

_LABELLING = "labelling"


class RunDesk(QObject):
    """Starts runs and stores what they find, batch by batch, as one step."""

    def __init__(self, session: Session, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self.session = session
        self.workspace = workspace
        self.job = ProjectJob("run of the protocol", session, self)
        self.slot, self.bar = self.job.slot, self.job.bar
        self._step: int | None = None
        self._asks = False
        """Whether the run asks a language model."""
        self.slot.progressed.connect(self._on_progressed)
        self.slot.succeeded.connect(self._on_succeeded)
        self.slot.failed.connect(self._on_failed)
        self.slot.stopped.connect(self._on_stopped)

    def ask(self) -> None:
        """Ask for scope and settings, then run."""
        if self.session.project is None:
            return
        scopes = self._scopes()
        sizes = {name: len(features) for name, features in scopes.items()}
        paths = evidence_paths(self.session.project)
        evidence = (
            f"Evidence: {', '.join(paths)}"
            if paths
            else "There is no evidence yet: every feature will be “no evidence”."
        )
        dialog = RunDialog(
            sizes,
            self.session.protocol_settings(),
            self.label_settings(),
            evidence,
            self._window,
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.start_requested.connect(self._on_start_requested)
        dialog.open()

    def run_all(self) -> None:
        """Run over all features with the project's settings, but ask no model.

        A project file may name a server that nobody here has agreed to.
        """
        features = self.session.state.features()
        self.start(features, self.session.protocol_settings(), LabelSettings())

    def start(
        self,
        scope: Sequence[FeatureKey],
        settings: ProtocolSettings,
        labelling: LabelSettings,
    ) -> None:
        if self.session.project is None or not scope:
            return
        self._step = None
        self._asks = labelling.tier1 == "small_llm"
        given: RunInput = run_input(self.session.project, scope, settings, labelling)
        self.slot.start(run_locally, given)

    def label_settings(self) -> LabelSettings:
        """Those that were last chosen for the project."""
        project = self.session.project
        stored = project.setting(_LABELLING) if project else ""
        try:
            return msgspec.json.decode(stored or "{}", type=LabelSettings)
        except msgspec.MsgspecError:
            return LabelSettings()

    def close(self) -> None:
        """End the job, if any, before the window goes."""
        self.slot.end()

    def _scopes(self) -> dict[ScopeName, tuple[FeatureKey, ...]]:
        session = self.session
        features = session.state.features()
        graph = session.graph
        visible: dict[FeatureKey, None] = {}
        selected: dict[FeatureKey, None] = {}
        if graph is not None:
            mask = self.workspace.visible()
            for feature in graph.features:
                if mask[graph.nodes_of(feature)].any():
                    visible[feature] = None
            for node in session.selection:
                key = graph.feature_of(node)
                if key is not None:
                    selected[key] = None
        unlabelled = tuple(f for f in features if not session.state.label(f))
        return {
            "all": features,
            "unlabelled": unlabelled,
            "visible": tuple(visible),
            "selection": tuple(selected),
        }

    def _on_start_requested(
        self, scope: ScopeName, settings: ProtocolSettings, labelling: LabelSettings
    ) -> None:
        self.session.put_protocol_settings(settings)
        self.session.put_setting(_LABELLING, msgspec.json.encode(labelling).decode())
        self.start(self._scopes()[scope], settings, labelling)

    def _on_progressed(self, progress: Progress) -> None:
        if isinstance(progress, RunProgress):
            edits = outcome_edits(self.session.state, progress.outcomes)
            step = self.session.apply("run protocol", edits, into=self._step)
            self._step = step if step is not None else self._step

    def _on_succeeded(self, report: RunReport) -> None:
        counts = "; ".join(f"{n} {tier}" for tier, n in sorted(report.tiers.items()))
        n_features = sum(report.tiers.values())
        told = f"{n_features} features on {report.device}: {counts}"
        if self._asks:
            named = report.labels.get("small_llm", 0)
            counted = report.labels.get("token_frequency", 0)
            told += f"; {named} labels by the language model, {counted} by counting"
        self.session.told.emit(told)
        if report.problems:
            self.session.failed.emit(
                f"{len(report.problems)} piece(s) of evidence could not be read. "
                f"The first: {report.problems[0]}"
            )

    def _on_failed(self, message: str) -> None:
        self.session.failed.emit(f"The run stopped: {message}")

    def _on_stopped(self) -> None:
        self.session.told.emit(
            "Run cancelled. What was decided is stored; another run goes on from there."
        )
