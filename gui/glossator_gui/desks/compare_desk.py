"""Labelling methods compared from the window: planned, done, kept, looked at."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from glossator.comparing.given import (
    AskedModels,
    ChosenModel,
    CompareInput,
    compare_input,
    usable_methods,
    usable_scorers,
)
from glossator.comparing.plan import plan_comparison
from glossator.comparing.run import CompareProgress, compare_locally
from glossator.errors import GlossatorError, ProjectError
from glossator.evaluation.comparison.method_comparison import (
    ComparisonSettings,
    MethodComparison,
)
from glossator.export.comparison_csv import write_comparison_csv
from glossator.export.report.comparison import write_comparison_page
from glossator.progress import Progress
from glossator.project.comparisons import StoredComparison
from glossator.project.project import Project
from glossator_gui.actions.spec import Handler
from glossator_gui.dialogs.compare_box import CompareChoice
from glossator_gui.dialogs.compare_dialog import CompareDialog
from glossator_gui.dialogs.comparison_dialog import ComparisonDialog, reckoned
from glossator_gui.jobs import ComputationSlot, JobSlot
from glossator_gui.look.theme import Theme
from glossator_gui.project_job import ProjectJob
from glossator_gui.session import Session


class Write(Protocol):
    """Writes a comparison; returns where to."""

    def __call__(self, stored: StoredComparison, path: Path, /) -> Path: ...


class CompareDesk(QObject):
    """Asks no model before a person has seen the plan, and pressed the button."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self.session = session
        self._project = session.project
        self._before: CompareChoice | None = None
        self.job = ProjectJob("comparing methods", session, self)
        self.planning = JobSlot(self)
        self.reckoning = ComputationSlot(self)
        self.writing = ComputationSlot(self)
        self.results = ComparisonDialog(parent)
        slot = self.job.slot
        slot.progressed.connect(self._on_progressed)
        slot.succeeded.connect(self._on_succeeded)
        slot.failed.connect(self._on_failed)
        slot.stopped.connect(self._on_stopped)
        self.reckoning.succeeded.connect(self.results.show_comparison)
        self.reckoning.failed.connect(session.failed)
        self.writing.succeeded.connect(self._on_written)
        self.writing.failed.connect(session.failed)
        self.results.chosen.connect(self._reckon)
        self.results.csv_requested.connect(self._ask_csv)
        self.results.report_requested.connect(self._ask_report)
        self.results.apart.feature_chosen.connect(
            lambda feature: session.select_features([feature])
        )
        session.opened.connect(self._on_opened)

    def handlers(self) -> Mapping[str, Handler]:
        return {"compare": self.ask, "comparisons": self.show_results}

    def set_theme(self, theme: Theme) -> None:
        self.results.set_theme(theme)

    def close(self) -> None:
        """End what is under way before the window goes; a file is written whole."""
        self.planning.end()
        self.reckoning.end()
        self.writing.end()
        self.results.close()

    # -- comparing ------------------------------------------------------------------

    def ask(self) -> None:
        """Ask what shall be compared."""
        self._open()

    def _open(self) -> CompareDialog | None:
        project = self.session.project
        if project is None:
            return None
        if self.job.slot.running:
            self.session.told.emit("Methods are being compared; wait until it is done.")
            return None
        usable = usable_methods(project, with_model=True)
        dialog = CompareDialog(
            self._before or self._proposed(project), usable, self._window
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        planning = self.planning
        dialog.plan_requested.connect(partial(self._plan, dialog))
        dialog.compare_requested.connect(partial(self._start, dialog))
        dialog.finished.connect(planning.end)
        dialog.box.changed.connect(planning.end)
        planning.progressed.connect(dialog.show_progress)
        planning.succeeded.connect(dialog.show_plan)
        planning.failed.connect(dialog.show_problem)
        self.session.opened.connect(dialog.reject)
        dialog.open()
        return dialog

    def _proposed(self, project: Project) -> CompareChoice:
        """All that can be compared, by the model that labels the hard features."""
        known = self.session.label_settings()
        model = ChosenModel(known.frontier, known.frontier_model)
        return CompareChoice(
            ComparisonSettings(
                methods=usable_methods(project, with_model=True),
                scorers=usable_scorers(with_model=True),
            ),
            AskedModels(
                labels=model,
                scoring=model,
                dollars=known.dollars,
                tokens=known.tokens,
                at_once=known.at_once,
            ),
        )

    def _plan(self, dialog: CompareDialog, choice: CompareChoice) -> None:
        given = self._given(dialog, choice)
        if given is not None:
            self.planning.start(plan_comparison, given)

    def _start(self, dialog: CompareDialog, choice: CompareChoice) -> None:
        given = self._given(dialog, choice)
        if given is not None:
            self._before = choice
            self.job.slot.start(compare_locally, given)

    def _given(
        self, dialog: CompareDialog, choice: CompareChoice
    ) -> CompareInput | None:
        project = self.session.project
        if project is None:
            return None
        protocol = self.session.protocol_settings()
        try:
            return compare_input(project, choice.settings, choice.models, protocol)
        except GlossatorError as error:
            dialog.show_failure(str(error))
            return None

    def _on_progressed(self, progress: Progress) -> None:
        # What was paid is on record, whatever becomes of the comparison.
        if isinstance(progress, CompareProgress):
            self.session.log_calls(progress.calls)

    def _on_stopped(self) -> None:
        self.session.told.emit(
            "Comparison cancelled. Answers are stored: started again, it goes on."
        )

    def _on_failed(self, message: str) -> None:
        # Nothing came of it: the person will want to choose otherwise.
        dialog = self._open()
        if dialog is not None:
            dialog.show_failure(f"The comparison stopped: {message}")

    def _on_succeeded(self, comparison: MethodComparison) -> None:
        project = self.session.project
        if project is None:
            return
        try:
            project.add_comparison(comparison)
        except ProjectError as error:
            self.session.failed.emit(str(error))
            return
        n = len(comparison.methods)
        self.session.told.emit(
            f"{n} method{'s' if n > 1 else ''} compared; the comparison is kept in "
            "the project"
        )
        self._show_results(activate=False)

    # -- what came of it ------------------------------------------------------------

    def show_results(self) -> None:
        """Show the newest comparison of the project."""
        self._show_results(activate=True)

    def _show_results(self, *, activate: bool) -> None:
        project = self.session.project
        if project is None:
            return
        try:
            stored = project.comparisons()
        except ProjectError as error:
            self.session.failed.emit(str(error))
            return
        if not stored:
            self.session.told.emit(
                "No methods were compared in this project yet: Compare Methods…"
            )
            return
        # Who types in the window goes on typing there.
        quiet = Qt.WidgetAttribute.WA_ShowWithoutActivating
        self.results.setAttribute(quiet, not activate)
        self.results.show_all(stored)
        self.results.show()
        if activate:
            self.results.activateWindow()

    def _reckon(self, stored: StoredComparison) -> None:
        self.reckoning.start(partial(reckoned, stored))

    def _on_opened(self) -> None:
        if self.session.project is not self._project:
            self._project, self._before = self.session.project, None
            self.results.close()

    def _on_written(self, path: Path) -> None:
        self.session.told.emit(f"Written: {path}")

    def _ask_csv(self) -> None:
        self._ask_place("Export CSV", "labels.csv", "Table (*.csv)", _written_csv)

    def _ask_report(self) -> None:
        self._ask_place("Save Report", "methods.html", "Page (*.html)", _written_page)

    def _ask_place(self, title: str, name: str, kind: str, write: Write) -> None:
        shown = self.results.shown
        if shown is None:
            return
        files = QFileDialog(self.results, title)
        files.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        files.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        files.setNameFilters([kind, "All files (*)"])
        files.setDefaultSuffix(Path(name).suffix)
        files.selectFile(name)
        files.fileSelected.connect(
            lambda chosen: self.writing.start(
                partial(write, shown.stored, Path(chosen))
            )
        )
        files.open()


def _written_csv(stored: StoredComparison, path: Path) -> Path:
    write_comparison_csv(stored.comparison, path)
    return path


def _written_page(stored: StoredComparison, path: Path) -> Path:
    write_comparison_page(stored.comparison, path, at=stored.at)
    return path
