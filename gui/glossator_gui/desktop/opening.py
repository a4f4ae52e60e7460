"""Large files are read in the background: the window goes on with what it shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from glossator.errors import Cancelled, GlossatorError, NotWritable
from glossator.progress import CancelToken, Progress
from glossator.project.open_files import OpenPlan, add_graphs, plan_open
from glossator.project.project import Project
from glossator.settings import projects_folder
from glossator_gui.jobs import ComputationSlot
from glossator_gui.views.job_bar import JobBar
from glossator_gui.views.plain_text import one_line

_AT_ONCE = 3_000_000
"""Bytes that are read in less time than anyone sees."""


def is_large(files: Sequence[Path]) -> bool:
    """Whether reading the files takes so long that the window should not wait."""
    return sum(path.stat().st_size for path in files if path.is_file()) > _AT_ONCE


@dataclass(frozen=True)
class _Reading:
    files: tuple[Path, ...]
    shown: Path | None
    """The project that is open."""
    adds: bool
    """Whether graphs go into that one, and not into a project of their own."""
    cancel: CancelToken

    def __call__(self) -> OpenPlan | Project | GlossatorError | None:
        """What is to be shown; None once it is no longer wanted."""
        try:
            plan = plan_open(self.files, projects=projects_folder())
            for graph in plan.graphs:
                graph.prepare()
            self.cancel.check()
            if self.adds or plan.target.absolute() == self.shown:
                return plan
            project = add_graphs(plan.target, plan.graphs, plan.paths)
        except Cancelled:
            return None
        except GlossatorError as error:
            return error
        for entry in project.state.graphs.values():
            entry.graph.prepare()
        if self.cancel.cancelled:
            project.close()
            return None
        return project


class Opening(QObject):
    """Reads one thing at a time; what is asked for later takes its place."""

    project_read = Signal(object)
    """Project."""
    graphs_read = Signal(object)
    """OpenPlan, to be added to the open project."""
    not_writable = Signal(object)
    """NotWritable."""
    failed = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.bar = JobBar("reading files")
        self.bar.pause.hide()
        self.bar.cancel.clicked.connect(self.cancel)
        self._slot = ComputationSlot(self)
        self._slot.succeeded.connect(self._on_read)
        self._slot.failed.connect(self._on_failed)
        self._token = CancelToken()

    @property
    def running(self) -> bool:
        return self._slot.running

    def start(
        self, files: Sequence[Path], shown: Project | None, *, adds: bool = False
    ) -> None:
        """Read files while a project is shown, to which graphs may be added."""
        self._token.cancel()
        self._token = CancelToken()
        self.bar.show_progress(Progress(0, 0, f"reading {one_line(files[0].name)}…"))
        self.bar.show()
        path = shown.path.absolute() if shown else None
        adds = adds and shown is not None
        self._slot.start(_Reading(tuple(files), path, adds, self._token))

    def cancel(self) -> None:
        """Hear no more of what is read; it is put away when it has been."""
        self._token.cancel()
        self.bar.hide()

    def close(self) -> None:
        self.cancel()
        self._slot.end()

    def _on_read(self, read: OpenPlan | Project | GlossatorError | None) -> None:
        self.bar.hide()
        cancelled = self._token.cancelled
        match read:
            case Project() if cancelled:
                read.close()
            case Project():
                self.project_read.emit(read)
            case NotWritable() if not cancelled:
                self.not_writable.emit(read)
            case GlossatorError() if not cancelled:
                self.failed.emit(str(read))
            case OpenPlan() if not cancelled:
                self.graphs_read.emit(read)

    def _on_failed(self, message: str) -> None:
        self.bar.hide()
        self.failed.emit(message)
