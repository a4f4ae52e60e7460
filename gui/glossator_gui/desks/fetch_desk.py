"""Evidence that takes a while: fetched, or taken out of large files, in a job."""

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget

from glossator.evidence.fetch import FetchReport, fetch_evidence
from glossator.evidence.keep import KeepPlan, KeepReport, keep_evidence
from glossator.evidence.offers import FetchPlan, Offer, offers_of
from glossator.evidence.open_source import reads_whole_files
from glossator.project.open_files import opaque_numbers
from glossator_gui.actions.spec import Handler
from glossator_gui.dialogs.fetch_dialog import FetchDialog
from glossator_gui.project_job import ProjectJob
from glossator_gui.session import Session


class FetchDesk(QObject):
    """Asks before anything is sent; what came so far is stored, whatever happens."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self.session = session
        self.job = ProjectJob("fetching evidence", session, self)
        self._store: Path | None = None
        self.job.slot.succeeded.connect(self._on_succeeded)
        self.job.slot.failed.connect(self._on_failed)
        self.job.slot.stopped.connect(self._on_stopped)

    def handlers(self) -> Mapping[str, Handler]:
        return {"fetch_evidence": self.ask}

    def ask(self) -> None:
        """Show which services the graphs name, and what asking them would take."""
        if self.session.project is None:
            return
        if self.job.slot.running:
            self.session.told.emit("Evidence is being fetched; wait until it is done.")
            return
        dialog = FetchDialog(
            self._offers(),
            {
                "all": self.session.state.features(),
                "selection": self.session.selected_features,
            },
            self._window,
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fetch_requested.connect(self.start)
        dialog.open()

    def start(self, plan: FetchPlan) -> None:
        """Fetch what a person agreed to."""
        self._store = plan.store
        self.job.slot.start(fetch_evidence, plan)

    def add(self, path: Path) -> None:
        """Add local evidence; what is slow to look up is read out once, in a job."""
        session = self.session
        if session.project is None or not reads_whole_files(path):
            session.add_evidence(path)
            return
        plan = KeepPlan(path, session.state.features(), opaque_numbers(session.state))
        self._store = plan.store
        self.job.slot.start(keep_evidence, plan)

    def _offers(self) -> tuple[Offer, ...]:
        """Those of all graphs of the project, each once."""
        found = {
            offer.service: offer
            for entry in reversed(self.session.state.graphs.values())
            for offer in reversed(offers_of(entry.graph))
        }
        return tuple(reversed(found.values()))

    def _on_succeeded(self, report: FetchReport | KeepReport) -> None:
        self._use_stored()
        self.session.told.emit(report.text)
        if isinstance(report, KeepReport):
            if report.problems:
                self.session.failed.emit(f"{report.text}. First: {report.problems[0]}")
        elif report.stopped or report.failed:
            self.session.failed.emit(
                f"{report.text} What came is stored; fetch again to go on."
            )

    def _on_failed(self, message: str) -> None:
        self._use_stored()
        self.session.failed.emit(f"Reading evidence stopped: {message}")

    def _on_stopped(self) -> None:
        self._use_stored()
        self.session.told.emit("Cancelled. What came is stored.")

    def _use_stored(self) -> None:
        if self._store is not None and self._store.is_file():
            self.session.add_evidence(self._store)
