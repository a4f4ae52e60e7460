"""Labels from elsewhere into the open project: look first, then one step."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget

from glossator.errors import GlossatorError
from glossator.progress import Progress
from glossator.project.edits import AnyEdit
from glossator.project.importing.explanations import (
    ExplanationPlan,
    find_explanations,
    plan_explanations,
    plan_own_explanations,
)
from glossator.project.importing.found_labels import FoundLabels
from glossator.project.importing.label_import import import_edits, import_report
from glossator.project.importing.label_sources import read_labels
from glossator_gui.actions.spec import Handler
from glossator_gui.dialogs.import_dialog import ImportDialog
from glossator_gui.jobs import JobSlot
from glossator_gui.session import Session


class ImportDesk(QObject):
    """Reads what the dialog names, and applies it when the person agrees.

    Explanations, for which large files may have to be read, are read in a job that ends
    with the dialog.
    """

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self.session = session
        self.slot = JobSlot(self)
        self._dialog: ImportDialog | None = None
        self._edits: Sequence[AnyEdit] = ()
        self._source = ""
        self.slot.progressed.connect(self._on_progressed)
        self.slot.succeeded.connect(self._show)
        self.slot.failed.connect(self._on_failed)

    def handlers(self) -> Mapping[str, Handler]:
        return {"import": self.ask}

    def ask(self) -> None:
        """Ask for a source of labels."""
        if self.session.project is None:
            return
        dialog = ImportDialog(self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.look_requested.connect(self._look)
        dialog.evidence_requested.connect(self._look_at_evidence)
        dialog.source.textChanged.connect(self.slot.end)
        dialog.import_requested.connect(self._take)
        dialog.finished.connect(self.close)
        self._dialog = dialog
        dialog.open()

    def close(self) -> None:
        """Read no further for a dialog that is gone."""
        self._dialog = None
        self.slot.end()

    def _look(self, source: str) -> None:
        try:
            plan = plan_explanations(source, self.session.state)
            if plan is None:
                self._show(read_labels(source, self.session.state))
            else:
                self._read(plan)
        except GlossatorError as error:
            self._on_failed(str(error))

    def _look_at_evidence(self) -> None:
        if self.session.project is None:
            return
        try:
            self._read(plan_own_explanations(self.session.project))
        except GlossatorError as error:
            self._on_failed(str(error))

    def _read(self, plan: ExplanationPlan) -> None:
        self._on_progressed(Progress(0, 0, "reading explanations"))
        self.slot.start(find_explanations, plan)

    def _on_progressed(self, progress: Progress) -> None:
        if self._dialog is not None:
            self._dialog.show_progress(progress)

    def _on_failed(self, message: str) -> None:
        if self._dialog is not None:
            self._dialog.show_problem(message)

    def _show(self, found: FoundLabels) -> None:
        if self._dialog is None:
            return
        self._source = found.source
        self._edits = import_edits(self.session.state, found)
        lines = import_report(found, self._edits)
        self._dialog.show_report(lines, brings=bool(self._edits))

    def _take(self) -> None:
        title = f"import labels from {self._source}"
        if self.session.apply(title, self._edits) is not None:
            self.session.told.emit(f"Imported labels from {self._source}")
        if self._dialog is not None:
            self._dialog.accept()
