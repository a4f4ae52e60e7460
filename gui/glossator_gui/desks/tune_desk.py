"""Tuning from the window: dialog, job, and the settings of the next run."""

from collections.abc import Mapping

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget

from glossator.errors import InputError
from glossator.evaluation.tuning import check_judged
from glossator.project.edits import JUDGED_TIERS
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.tune import tune_input, tune_locally
from glossator_gui.actions.spec import Handler
from glossator_gui.dialogs.tune_dialog import TuneDialog
from glossator_gui.jobs import JobSlot
from glossator_gui.session import Session


class TuneDesk(QObject):
    """Compares settings while its dialog is open; what is used, the person says."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self.session = session
        self.slot = JobSlot(self)

    def handlers(self) -> Mapping[str, Handler]:
        return {"tune": self.ask}

    def ask(self) -> None:
        """Show what is judged, and offer to compare settings on it."""
        state = self.session.state
        tiers = [state.judged_tier(feature) for feature in state.features()]
        judged = [tier for tier in tiers if tier is not None]
        try:
            check_judged(judged)
            lacking = ""
        except InputError as error:
            lacking = str(error)
        counts = {tier: judged.count(tier) for tier in JUDGED_TIERS}
        dialog = TuneDialog(counts, lacking, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.start_requested.connect(self._start)
        dialog.cancel_requested.connect(self.slot.cancel)
        dialog.use_requested.connect(self._use)
        dialog.finished.connect(self.close)
        self.slot.progressed.connect(dialog.show_progress)
        self.slot.succeeded.connect(dialog.show_report)
        self.slot.failed.connect(dialog.show_problem)
        self.slot.stopped.connect(dialog.show_stopped)
        self.session.opened.connect(dialog.reject)
        dialog.open()

    def close(self) -> None:
        """End the job, if any; nothing of it is kept but embeddings."""
        self.slot.end()

    def _start(self) -> None:
        project = self.session.project
        if project is not None:
            given = tune_input([project], self.session.protocol_settings())
            self.slot.start(tune_locally, given)

    def _use(self, settings: ProtocolSettings) -> None:
        self.session.put_protocol_settings(settings)
        self.session.told.emit(
            "The next run uses the proposed settings; Run Protocol… shows them."
        )
