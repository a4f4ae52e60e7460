"""The window: menus, docks, files."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
)
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QFileDialog,
    QLabel,
    QMainWindow,
    QStackedWidget,
    QWidget,
)

import glossator
from glossator.demo import demo_project
from glossator.errors import GlossatorError
from glossator.project.label_library import LabelLibrary
from glossator.project.open_files import is_evidence_store
from glossator.settings import library_file, projects_folder
from glossator_gui.actions.build import build_actions
from glossator_gui.actions.spec import Handler
from glossator_gui.actions.table import ACTIONS, key_table
from glossator_gui.collect_desk import CollectDesk
from glossator_gui.compare_desk import CompareDesk
from glossator_gui.desk import Desk
from glossator_gui.dialogs.messages import show_failure, show_message
from glossator_gui.export_desk import ExportDesk
from glossator_gui.fetch_desk import FetchDesk
from glossator_gui.graph_desk import GraphDesk
from glossator_gui.import_desk import ImportDesk
from glossator_gui.label_desk import LabelDesk
from glossator_gui.library_desk import LibraryDesk
from glossator_gui.review_desk import ReviewDesk
from glossator_gui.run_desk import RunDesk
from glossator_gui.session import Session
from glossator_gui.settings_desk import SettingsDesk
from glossator_gui.supernode_desk import SupernodeDesk
from glossator_gui.theme import ThemeChoice, apply_theme, resolve_theme
from glossator_gui.tier_desk import TierDesk
from glossator_gui.tune_desk import TuneDesk
from glossator_gui.verbalize_desk import VerbalizeDesk
from glossator_gui.views.plain_text import one_line
from glossator_gui.welcome import Welcome
from glossator_gui.workspace import Workspace

_Area = Qt.DockWidgetArea
_VERBALIZATION = "verbalization"
_QUEUE, _PANEL, _WIDE_PANEL = 260, 460, 860
"""Widths of the docks at the start, in pixels."""
_GRAPHS = "Graphs and projects (*.json *.json.gz *.pt *.gloss);;All files (*)"


class MainWindow(QMainWindow):
    """Builds the parts and connects them; what they do is theirs."""

    def __init__(self) -> None:
        super().__init__()
        self.settings = QSettings("glossator", "glossator")
        library = LabelLibrary(library_file())
        self.session = Session(self, library)
        self.graph = GraphDesk(self.session, self)
        self.supernodes = SupernodeDesk(self.session, self)
        self.workspace = Workspace(self.session, self.graph, self.supernodes)
        self.review = ReviewDesk(self.session, self)
        self.preferences = SettingsDesk(self.session, self)
        self.run = RunDesk(self.session, self.graph, self)
        self.label = LabelDesk(self.session, self.graph, self)
        self.tiers = TierDesk(self.session, self.workspace.tabs, self)
        self.tune = TuneDesk(self.session, self)
        self.compare = CompareDesk(self.session, self)
        self.export = ExportDesk(self.session, self.settings, self)
        self.imports = ImportDesk(self.session, self)
        self.library = LibraryDesk(self.session, library, self)
        self.fetch = FetchDesk(self.session, self)
        self.collect = CollectDesk(self.session, self)
        self.verbalize = VerbalizeDesk(self.session, self)
        self.desks: tuple[Desk, ...] = (
            self.graph,
            self.supernodes,
            self.workspace,
            self.review,
            self.preferences,
            self.run,
            self.label,
            self.tiers,
            self.tune,
            self.compare,
            self.export,
            self.imports,
            self.library,
            self.fetch,
            self.collect,
            self.verbalize,
        )
        self.jobs = [
            self.label.job,
            self.fetch.job,
            self.collect.job,
            self.verbalize.job,
            self.compare.job,
        ]
        self.welcome = Welcome()
        self.pages = QStackedWidget()
        self.pages.addWidget(self.welcome)
        self.pages.addWidget(self.workspace)
        self.setCentralWidget(self.pages)
        self.docks = [
            self._dock(
                "Review", self.review.queue, Qt.DockWidgetArea.LeftDockWidgetArea
            ),
            self._dock(
                "Feature", self.review.panel, Qt.DockWidgetArea.RightDockWidgetArea
            ),
        ]
        self.saved = QLabel()
        self.saved.setProperty("role", "muted")
        self.statusBar().addPermanentWidget(self.export.bar)
        self.statusBar().addPermanentWidget(self.run.bar)
        for job in self.jobs:
            self.statusBar().addPermanentWidget(job.bar)
        self.statusBar().addPermanentWidget(self.saved)
        self.actions_by_name = build_actions(self, self._handlers())
        self._connect()
        self.set_theme(self._stored_theme())
        self.resize(1480, 940)
        self.show_verbalization(bool(self.settings.value(_VERBALIZATION, False, bool)))
        self._on_opened()
        self.setAcceptDrops(True)
        self.preferences.start()

    def _dock(
        self, title: str, widget: QWidget, area: Qt.DockWidgetArea
    ) -> QDockWidget:
        dock = QDockWidget(title)
        dock.setObjectName(title)
        dock.setWidget(widget)
        dock.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetMovable
            | QDockWidget.DockWidgetFeature.DockWidgetFloatable
        )
        self.addDockWidget(area, dock)
        return dock

    def _connect(self) -> None:
        session = self.session
        session.opened.connect(self._on_opened)
        session.graph_shown.connect(self._show_title)
        session.changed.connect(lambda change: self._enable())
        session.selected.connect(self._enable)
        session.failed.connect(lambda text: show_failure(self, text))
        session.told.connect(lambda text: self.statusBar().showMessage(text, 15_000))
        self.workspace.evidence_requested.connect(self.add_evidence_folder)
        self.graph.label_requested.connect(self.review.panel.edit_label)
        self.review.panel.add_evidence_requested.connect(self.add_evidence_folder)
        verbalization = self.review.panel.verbalization
        verbalization.verbalize_requested.connect(self.verbalize.ask)
        verbalization.import_requested.connect(self.imports.ask)
        self.tiers.view.run_requested.connect(self.run.ask)
        self.run.plan_wanted.connect(self.label.ask_with_plan)
        self.welcome.open_requested.connect(self.open)
        self.welcome.demo_requested.connect(self.open_demo)
        hints = QApplication.styleHints()
        hints.colorSchemeChanged.connect(lambda: self.set_theme(self._stored_theme()))

    def _handlers(self) -> dict[str, Handler]:
        """What is done for each action: by a desk, or by the window itself."""
        handlers: dict[str, Handler] = {
            "open": self.open,
            "demo": self.open_demo,
            "add_graph": self.add_graph,
            "add_evidence": self.add_evidence,
            "add_evidence_folder": self.add_evidence_folder,
            "save_as": self.save_as,
            "quit": self.quit,
            "undo": self.session.undo,
            "redo": self.session.redo,
            "verbalization": self.toggle_verbalization,
            "light": lambda: self.choose_theme("light"),
            "dark": lambda: self.choose_theme("dark"),
            "system": lambda: self.choose_theme("system"),
            "keys": self.show_keys,
            "about_graph": self.show_graph_notes,
            "about": self.show_about,
        }
        for desk in self.desks:
            handlers.update(desk.handlers())
        return handlers

    # -- files ----------------------------------------------------------------------

    def open(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, "Open", "", _GRAPHS)
        if names:
            self.open_files([Path(name) for name in names])

    def open_files(self, files: Sequence[Path]) -> None:
        """Open graphs or a project; a large graph takes some seconds."""
        with self._busy(f"Reading {one_line(files[0].name)}…"):
            self.session.open_files(files)

    @contextmanager
    def _busy(self, text: str) -> Iterator[None]:
        """Say so while the window cannot answer."""
        bar = self.statusBar()
        bar.showMessage(text)
        bar.repaint()
        QGuiApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
        try:
            yield
        finally:
            QGuiApplication.restoreOverrideCursor()
            if bar.currentMessage() == text:
                bar.clearMessage()

    def open_demo(self) -> None:
        """Open the embedded demo; the first time the protocol is run over it."""
        path = projects_folder() / "demo.gloss"
        if self.session.project and self.session.project.path == path:
            return
        try:
            project = demo_project(path)
        except GlossatorError as error:
            show_failure(self, str(error))
            return
        self.session.take(project)
        if not project.state.results:
            self.run.run_all()

    def add_graph(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, "Add graph", "", _GRAPHS)
        if names:
            with self._busy("Reading the graph…"):
                self.session.add_graph_files([Path(name) for name in names])

    def add_evidence(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, "Add evidence", "", "Evidence (*.json *.json.gz *.evidence)"
        )
        if name:
            self.fetch.add(Path(name))

    def add_evidence_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Add a folder of evidence")
        if name:
            self.fetch.add(Path(name))

    def save_as(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, "Save project as", "", "Glossator project (*.gloss)"
        )
        if name:
            self.session.save_as(Path(name))

    def quit(self) -> None:
        self.close()

    # -- what is shown --------------------------------------------------------------

    def _on_opened(self) -> None:
        project = self.session.project
        self.pages.setCurrentWidget(self.workspace if project else self.welcome)
        for dock in self.docks:
            dock.setVisible(project is not None)
        self.saved.setText("Saved" if project else "")
        self.saved.setToolTip(
            f"Every change is saved in {project.path}" if project else ""
        )
        self._show_title()
        self._enable()

    def _show_title(self) -> None:
        graph = self.session.graph
        self.setWindowTitle(f"{graph.slug} — Glossator" if graph else "Glossator")

    def _enable(self) -> None:
        project, selection = self.session.project, self.session.selection
        for spec in ACTIONS:
            enabled = spec.needs == "nothing" or (
                project is not None and (spec.needs == "project" or bool(selection))
            )
            self.actions_by_name[spec.name].setEnabled(enabled)
        if project is not None:
            undo, redo = project.steps()
            for name, title in (("undo", undo), ("redo", redo)):
                action = self.actions_by_name[name]
                action.setEnabled(bool(title))
                action.setText(f"{name.capitalize()} {title}".strip())
                action.setIconText(name.capitalize())

    def _stored_theme(self) -> ThemeChoice:
        stored = self.settings.value("theme", "system")
        return stored if stored in ("light", "dark") else "system"

    def choose_theme(self, choice: ThemeChoice) -> None:
        self.settings.setValue("theme", choice)
        self.set_theme(choice)

    def set_theme(self, choice: ThemeChoice) -> None:
        theme = resolve_theme(choice)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            apply_theme(app, theme)
        for part in (self.workspace, self.review, self.tiers, self.compare):
            part.set_theme(theme)

    def toggle_verbalization(self) -> None:
        """Open or close what verbalizers say; opened, the keyboard goes there."""
        shown = self.actions_by_name["verbalization"].isChecked()
        self.settings.setValue(_VERBALIZATION, shown)
        self.show_verbalization(shown)
        if shown:
            self.review.panel.verbalization.go()
        else:
            self.review.queue.list.setFocus()

    def show_verbalization(self, shown: bool) -> None:
        """Beside the examples there is room for it where the dock is wide."""
        self.actions_by_name["verbalization"].setChecked(shown)
        self.review.panel.show_verbalization(shown)
        width = _WIDE_PANEL if shown else _PANEL
        self.resizeDocks(self.docks, [_QUEUE, width], Qt.Orientation.Horizontal)

    def show_keys(self) -> None:
        lines = [f"{keys:<24}{text}" for text, keys in key_table()]
        show_message(self, "Keys", "\n".join(lines))

    def show_graph_notes(self) -> None:
        graph = self.session.graph
        if graph is not None:
            source = graph.source_set or "not named"
            parts = [
                f"{graph.slug}\nModel {graph.model}, source {source}",
                f"{len(graph)} nodes, {len(graph.links)} links",
                graph.description,
                *graph.warnings,
            ]
            show_message(self, "About this graph", "\n\n".join(p for p in parts if p))

    def show_about(self) -> None:
        show_message(
            self,
            "About Glossator",
            f"Glossator {glossator.__version__}\n\n"
            "A workbench for labelling attribution graphs. Works without a network.",
        )

    # -- Qt -------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open dropped files; dropped folders and fetched evidence are added."""
        urls = event.mimeData().urls()
        paths = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
        evidence = [path for path in paths if path.is_dir() or is_evidence_store(path)]
        files = [path for path in paths if path not in evidence]
        if files:
            self.open_files(files)
        for path in evidence:
            self.fetch.add(path)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.review.flush()
        self.run.close()
        self.label.close()
        for job in self.jobs:
            job.slot.end()
        self.tune.close()
        self.compare.close()
        self.imports.close()
        self.export.close()
        self.supernodes.close()
        self.tiers.close()
        self.session.take(None)
        super().closeEvent(event)
