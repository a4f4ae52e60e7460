"""Verbalizing from the window: who and what, the job, and what is said."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget

from glossator.errors import VerbalizeError
from glossator.graph.attribution_graph import FeatureKey
from glossator.progress import Progress
from glossator.project.open_files import evidence_paths, opaque_numbers, resolved
from glossator.project.verbalizations import verbalization_edits
from glossator.verbalize.description import Sampling
from glossator.verbalize.verbalization import About
from glossator.verbalize.verbalize_input import SERVICE, VerbalizeInput
from glossator.verbalize.verbalize_report import VerbalizeProgress, VerbalizeReport
from glossator.verbalize.verbalize_run import verbalize
from glossator_gui.actions.spec import Handler
from glossator_gui.dialogs.verbalize_dialog import (
    VerbalizeChoice,
    VerbalizeDialog,
    VerbalizeScope,
)
from glossator_gui.project_job import ProjectJob
from glossator_gui.session import Session

_SETTING = "verbalize"
_TOLD = 3
"""Reasons for what was left out that are told in full."""


class VerbalizeDesk(QObject):
    """Stores what is said batch by batch, as one step of the history."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self.session = session
        self.job = ProjectJob("verbalizing", session, self)
        self._step: int | None = None
        slot = self.job.slot
        slot.progressed.connect(self._on_progressed)
        slot.succeeded.connect(self._on_succeeded)
        slot.failed.connect(
            lambda message: session.failed.emit(f"Verbalizing stopped: {message}")
        )
        slot.stopped.connect(
            lambda: session.told.emit("Verbalizing cancelled. What was said is stored.")
        )

    def handlers(self) -> Mapping[str, Handler]:
        return {"verbalize": self.ask}

    def ask(self) -> None:
        """Ask who shall put which vectors into words."""
        if self.session.project is None:
            return
        if self.job.slot.running:
            self.session.told.emit("A verbalizer is at work; wait until it is done.")
            return
        sizes = {name: len(found) for name, found in self._scopes().items()}
        dialog = VerbalizeDialog(
            self.session.state.model, sizes, self._before(), self._window
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.start_requested.connect(self.start)
        dialog.open()

    def start(self, choice: VerbalizeChoice) -> None:
        """Verbalize what a person chose; the choice is proposed the next time."""
        if self.session.project is None:
            return
        self.session.put_setting(_SETTING, msgspec.json.encode(choice).decode())
        try:
            given = self._given(choice).checked()
        except VerbalizeError as error:
            self.session.failed.emit(str(error))
            return
        self._step = None
        self.job.slot.start(verbalize, given)

    def _given(self, choice: VerbalizeChoice) -> VerbalizeInput:
        project, state = self.session.project, self.session.state
        paths = evidence_paths(project) if project else ()
        remote = choice.service == "neuronpedia"
        about: list[About] = ["example"] if choice.n_examples else []
        if choice.replacement:
            about.append("feature")
        once = remote or choice.temperature == 0
        return VerbalizeInput(
            features=self._scopes()[choice.scope],
            verbalizer=f"{SERVICE}{choice.verbalizer}" if remote else choice.verbalizer,
            sampling=Sampling(1 if once else choice.n_samples, choice.temperature),
            about=tuple(about),
            reconstructor=(
                choice.reconstructor if choice.service == "checkpoint" else ""
            ),
            model="" if remote else choice.base_model,
            replacement=choice.replacement,
            evidence_paths=tuple(Path(resolved(path)) for path in paths),
            opaque_numbers=opaque_numbers(state),
            n_examples=max(choice.n_examples, 1),
            extrapolate="a person asked for it nevertheless"
            if choice.elsewhere
            else "",
        )

    def _scopes(self) -> dict[VerbalizeScope, tuple[FeatureKey, ...]]:
        state = self.session.state
        features = state.features()
        obscure = [
            f for f in features if (r := state.result(f)) and r.tier == "obscure"
        ]
        return {
            "selection": self.session.selected_features,
            "obscure": tuple(obscure),
            "all": features,
        }

    def _before(self) -> VerbalizeChoice | None:
        project = self.session.project
        stored = project.setting(_SETTING) if project else ""
        try:
            return msgspec.json.decode(stored, type=VerbalizeChoice) if stored else None
        except msgspec.MsgspecError:
            return None

    def _on_progressed(self, progress: Progress) -> None:
        if isinstance(progress, VerbalizeProgress) and progress.finished:
            edits = verbalization_edits(self.session.state, progress.finished)
            step = self.session.apply("verbalize", edits, into=self._step)
            self._step = step if step is not None else self._step

    def _on_succeeded(self, report: VerbalizeReport) -> None:
        self.session.told.emit(
            f"{report.n_verbalizations} verbalizations by {report.verbalizer}"
        )
        if report.left_out:
            more = len(report.left_out) - _TOLD
            lines = [
                *report.left_out[:_TOLD],
                *([f"and {more} more"] if more > 0 else []),
            ]
            self.session.failed.emit(
                f"{len(report.left_out)} could not be put into words:\n"
                + "\n".join(lines)
            )
