"""A job that works for the open project: its process, its bar, its end."""

from PySide6.QtCore import QObject

from glossator_gui.jobs import JobSlot
from glossator_gui.session import Session
from glossator_gui.views.job_bar import JobBar


class ProjectJob(QObject):
    """Ends when another project is opened: what it would still find belongs nowhere."""

    def __init__(self, name: str, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self.slot = JobSlot(self)
        self.bar = JobBar(name)
        self._session = session
        self._project = session.project
        self.bar.pause.clicked.connect(self.toggle_pause)
        self.bar.cancel.clicked.connect(self.slot.cancel)
        self.slot.progressed.connect(self.bar.show_progress)
        self.slot.running_changed.connect(self._on_running_changed)
        session.opened.connect(self._on_opened)

    def toggle_pause(self) -> None:
        if self.slot.paused:
            self.slot.resume()
        elif self.slot.running:
            self.slot.pause()

    def _on_running_changed(self, running: bool) -> None:
        self.bar.setVisible(running)
        self.bar.show_paused(self.slot.paused)

    def _on_opened(self) -> None:
        if self._session.project is not self._project:
            self._project = self._session.project
            self.slot.end()
