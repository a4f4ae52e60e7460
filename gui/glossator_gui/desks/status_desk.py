"""What the status bar tells: jobs, the device, the network, where the project is."""

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import QObject, QSettings
from PySide6.QtWidgets import QMainWindow, QWidget

from glossator.run import RunReport
from glossator_gui.actions.spec import Handler
from glossator_gui.desktop.crash_log import SECRET, log
from glossator_gui.dialogs.messages import ask_whether
from glossator_gui.jobs import JobSlot
from glossator_gui.session import Session
from glossator_gui.views.plain_text import one_line
from glossator_gui.views.status_marks import StatusMarks

_RAN_ON = "ran on"


class StatusDesk(QObject):
    """Watches the jobs; what they do is their desks'."""

    def __init__(
        self,
        session: Session,
        settings: QSettings,
        slots: Mapping[str, JobSlot],
        asking: Sequence[str],
        window: QMainWindow,
    ) -> None:
        """Watch jobs.

        Parameters
        ----------
        slots : by the name of the job that runs there.
        asking : names of those that ask servers, or may.
        """
        super().__init__(window)
        self.session = session
        self._settings = settings
        self._slots = slots
        self._asking = asking
        self._window = window
        self.marks = StatusMarks()
        for name, slot in slots.items():
            slot.running_changed.connect(self._show_network)
            slot.running_changed.connect(partial(_log_job, name))
            slot.succeeded.connect(self._on_succeeded)
        session.failed.connect(_log_failure)
        session.opened.connect(self._show_project)
        self.marks.show_device(self.device)

    def handlers(self) -> Mapping[str, Handler]:
        return {"quit": self.quit}

    def quit(self) -> None:
        """Close the window; asks only if work that is under way would be lost."""
        if not self.running:
            self._leave()
            return
        text = (
            f"Still under way: {', '.join(self.running)}.\n\n"
            "What it found so far is saved; the rest is not."
        )
        ask_whether(self._window, text, "Quit", self._leave)

    def _leave(self) -> None:
        self._window.close()

    def add_to_bar(self, bars: Sequence[QWidget]) -> None:
        """Show the jobs' bars, then the marks."""
        for widget in (*bars, self.marks):
            self._window.statusBar().addPermanentWidget(widget)

    @property
    def running(self) -> list[str]:
        """Jobs under way."""
        return [name for name, slot in self._slots.items() if slot.running]

    @property
    def device(self) -> str:
        """Where models run: as was chosen, or where they ran last; "" if unknown."""
        chosen = self.session.preferences.device
        return chosen or str(self._settings.value(_RAN_ON) or "")

    def _on_succeeded(self, report: object) -> None:
        if isinstance(report, RunReport):
            self._settings.setValue(_RAN_ON, report.device)
            self.marks.show_device(self.device)

    def _show_network(self) -> None:
        running = self.running
        self.marks.show_network([name for name in self._asking if name in running])

    def _show_project(self) -> None:
        project = self.session.project
        self.marks.show_saved(
            str(project.path) if project else "", read_only=self.session.read_only
        )


def _log_job(name: str, running: bool) -> None:
    log.info("%s: %s", "begun" if running else "over", name)


def _log_failure(text: str) -> None:
    log.warning("failed%s%s", SECRET, one_line(text))
