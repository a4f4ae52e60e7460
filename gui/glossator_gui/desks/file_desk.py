"""Files of the window: opened, added, dropped, copied, opened again."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, QSettings, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMainWindow

from glossator.demo import demo_project
from glossator.errors import GlossatorError, NotWritable
from glossator.project.open_files import is_evidence_store, is_project_file
from glossator.settings import projects_folder
from glossator_gui.actions.spec import Handler
from glossator_gui.desktop.crash_log import SECRET, log
from glossator_gui.desktop.opening import Opening, is_large
from glossator_gui.desktop.recent_files import RecentFiles, RecentMenu
from glossator_gui.dialogs.locked_dialog import ask_to_read
from glossator_gui.session import Session
from glossator_gui.views.plain_text import one_line

_GRAPHS = "Graphs and projects (*.json *.json.gz *.pt *.gloss);;All files (*)"
_PROJECTS = "Glossator project (*.gloss)"
_EVIDENCE = "Evidence (*.json *.json.gz *.evidence)"


class FileDesk(QObject):
    """What comes in from files and goes out as copies; large graphs take seconds."""

    demo_opened = Signal()
    """The demo is open, and the protocol was never run over it."""
    evidence_named = Signal(object)
    """Path of evidence to add."""

    def __init__(
        self, session: Session, settings: QSettings, window: QMainWindow
    ) -> None:
        super().__init__(window)
        self._window = window
        self.session = session
        self.recent = RecentFiles(settings, self)
        self.recent_menu = RecentMenu(self.recent, window)
        self.recent_menu.open_requested.connect(lambda path: self.open_files([path]))
        self.opening = Opening(self)
        self.opening.project_read.connect(session.take)
        self.opening.graphs_read.connect(session.add_read)
        self.opening.not_writable.connect(session.not_writable)
        self.opening.failed.connect(session.failed)
        session.not_writable.connect(self._on_not_writable)
        session.opened.connect(self._on_opened)

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "open": self.open,
            "demo": self.open_demo,
            "add_graph": self.add_graph,
            "add_evidence": self.add_evidence,
            "add_evidence_folder": self.add_evidence_folder,
            "save_as": self.save_as,
            "save_copy": self.save_copy,
        }

    # -- opening --------------------------------------------------------------------

    def open(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self._window, "Open", "", _GRAPHS)
        if names:
            self.open_files([Path(name) for name in names])

    def open_files(self, files: Sequence[Path]) -> None:
        """Open graphs or a project; the open one is left as it is if that fails."""
        if is_large(files):
            self.opening.start(files, self.session.project)
            return
        with self._busy(f"Reading {one_line(files[0].name)}…"):
            self.session.open_files(files)

    def take_over(self, files: Sequence[Path], demo: bool) -> None:
        """Show what another start of the program was for, and come to the front."""
        if self._window.isMinimized():
            self._window.showNormal()
        self._window.raise_()
        self._window.activateWindow()
        if demo:
            self.open_demo()
        elif files:
            self.open_files(files)

    def open_demo(self) -> None:
        """Open the embedded demo; the first time the protocol is run over it."""
        path = projects_folder() / "demo.gloss"
        if self.session.project and self.session.project.path == path:
            return
        try:
            with self._busy("Reading the demo…"):
                project = demo_project(path)
        except NotWritable as error:
            self._on_not_writable(error)
            return
        except GlossatorError as error:
            self.session.failed.emit(str(error))
            return
        self.session.take(project)
        if not project.state.results:
            self.demo_opened.emit()

    def _on_not_writable(self, error: NotWritable) -> None:
        ask_to_read(
            self._window, error, lambda: self.session.open_read_only(error.path)
        )

    def _on_opened(self) -> None:
        project = self.session.project
        if project is not None:
            if not self.session.scratch:
                self.recent.add(project.path)
            count = len(project.state.graphs)
            log.info("opened: %d graphs%s%s", count, SECRET, project.path)

    # -- adding ---------------------------------------------------------------------

    def add_graph(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self._window, "Add graph", "", _GRAPHS)
        files = [Path(name) for name in names]
        if is_large(files):
            self.opening.start(files, self.session.project, adds=True)
        elif files:
            with self._busy("Reading the graph…"):
                self.session.add_graph_files(files)

    def add_evidence(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self._window, "Add evidence", "", _EVIDENCE
        )
        if name:
            self.evidence_named.emit(Path(name))

    def add_evidence_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(
            self._window, "Add a folder of evidence"
        )
        if name:
            self.evidence_named.emit(Path(name))

    def can_drop(self, data: QMimeData) -> bool:
        return bool(data.urls())

    def drop(self, data: QMimeData) -> None:
        """Open dropped files; dropped folders and fetched evidence are added."""
        paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        problem = self._why_not(data, paths)
        if problem:
            self.session.failed.emit(problem)
            return
        evidence = [path for path in paths if _is_evidence(path)]
        files = [path for path in paths if path not in evidence]
        if files:
            self.open_files(files)
        for path in evidence:
            self.evidence_named.emit(path)

    def _why_not(self, data: QMimeData, paths: Sequence[Path]) -> str:
        """Why what was dropped cannot be used; "" if it may be."""
        if len(paths) < len(data.urls()):
            return "Only files of this machine can be dropped here, no addresses."
        gone = next((path for path in paths if not path.exists()), None)
        if gone is not None:
            return f"{one_line(str(gone))}: there is no such file."
        projects = [path for path in paths if path.is_file() and is_project_file(path)]
        if len(projects) > 1:
            return "One project can be open at a time: drop one of them."
        opens = any(not _is_evidence(path) for path in paths)
        if self.session.project is None and not opens:
            return (
                "That is evidence of features: open a graph or a project first, or "
                "drop one together with its evidence."
            )
        return ""

    # -- copies ---------------------------------------------------------------------

    def save_as(self) -> None:
        """Go on in a copy."""
        path = self._ask_place("Save project as")
        if path is not None:
            self.session.save_as(path)

    def save_copy(self) -> None:
        """Write a copy and go on here."""
        path = self._ask_place("Save a copy")
        if path is not None:
            self.session.save_copy(path)

    def _ask_place(self, title: str) -> Path | None:
        name, _ = QFileDialog.getSaveFileName(self._window, title, "", _PROJECTS)
        return Path(name) if name else None

    @contextmanager
    def _busy(self, text: str) -> Iterator[None]:
        """Say so while the window cannot answer."""
        bar = self._window.statusBar()
        bar.showMessage(text)
        bar.repaint()
        QGuiApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
        try:
            yield
        finally:
            QGuiApplication.restoreOverrideCursor()
            if bar.currentMessage() == text:
                bar.clearMessage()


def _is_evidence(path: Path) -> bool:
    return path.is_dir() or is_evidence_store(path)
