"""The window: menus, docks, files."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QMainWindow, QStackedWidget

from glossator.project.library.label_library import LabelLibrary
from glossator.settings import library_file, window_settings_file
from glossator_gui.actions.build import WindowActions
from glossator_gui.actions.spec import Handler
from glossator_gui.actions.table import ACTIONS
from glossator_gui.actions.view import THEME_ACTIONS
from glossator_gui.desks.canvas_desk import CanvasDesk
from glossator_gui.desks.canvas_menu import show_canvas_menu
from glossator_gui.desks.collect_desk import CollectDesk
from glossator_gui.desks.compare_desk import CompareDesk
from glossator_gui.desks.desk import Desk
from glossator_gui.desks.difference_desk import DifferenceDesk
from glossator_gui.desks.export_desk import ExportDesk
from glossator_gui.desks.fetch_desk import FetchDesk
from glossator_gui.desks.file_desk import FileDesk
from glossator_gui.desks.filter_desk import FilterDesk
from glossator_gui.desks.find_desk import FindDesk
from glossator_gui.desks.graph_comparison_desk import GraphComparisonDesk
from glossator_gui.desks.graph_desk import GraphDesk
from glossator_gui.desks.help_desk import HelpDesk
from glossator_gui.desks.import_desk import ImportDesk
from glossator_gui.desks.label_desk import LabelDesk
from glossator_gui.desks.library_desk import LibraryDesk
from glossator_gui.desks.look_desk import LookDesk
from glossator_gui.desks.quality_desk import QualityDesk
from glossator_gui.desks.review_desk import ReviewDesk
from glossator_gui.desks.run_desk import RunDesk
from glossator_gui.desks.search_texts import SearchTexts
from glossator_gui.desks.select_desk import SelectDesk
from glossator_gui.desks.settings_desk import SettingsDesk
from glossator_gui.desks.status_desk import StatusDesk
from glossator_gui.desks.supernode_desk import SupernodeDesk
from glossator_gui.desks.table_desk import TableDesk
from glossator_gui.desks.tier_desk import TierDesk
from glossator_gui.desks.tune_desk import TuneDesk
from glossator_gui.desks.verbalize_desk import VerbalizeDesk
from glossator_gui.desktop.key_map import KeyMap
from glossator_gui.desktop.window_layout import WindowLayout, add_dock
from glossator_gui.dialogs.messages import show_failure
from glossator_gui.look.theme import Theme, ThemeChoice
from glossator_gui.session import Session
from glossator_gui.tour.tour import Tour
from glossator_gui.tour.tour_steps import tour_steps
from glossator_gui.views.plain_text import one_line
from glossator_gui.welcome import Welcome
from glossator_gui.workspace import Workspace

_Area = Qt.DockWidgetArea
_VERBALIZATION = "verbalization"
_QUEUE, _PANEL, _WIDE_PANEL = 260, 460, 860
"""Widths of the docks at the start, in pixels."""


class MainWindow(QMainWindow):
    """Builds the parts and connects them; what they do is theirs."""

    def __init__(self) -> None:
        super().__init__()
        self.settings = QSettings(
            str(window_settings_file()), QSettings.Format.IniFormat
        )
        self.keys = KeyMap(ACTIONS, self.settings, self)
        self._make_desks()
        self._put_together()
        self.window_actions = WindowActions(self, self._handlers(), self.keys)
        self.window_actions.insert_menu("demo", self.files.recent_menu)
        self.help.use(self.window_actions, self.status)
        self._connect()
        self.look.start()
        if not self.layout_of_panels.restore_geometry():
            self.resize(1480, 940)
        self.show_verbalization(bool(self.settings.value(_VERBALIZATION, False, bool)))
        self._on_opened()
        self.setAcceptDrops(True)
        self.preferences.start()

    def _make_desks(self) -> None:
        """What connects the parts of the window with the session."""
        library = LabelLibrary(library_file())
        self.session = Session(self, library)
        self.files = FileDesk(self.session, self.settings, self)
        self.look = LookDesk(self.settings, self)
        self.help = HelpDesk(self.session, self.settings, self.keys, self.look, self)
        self.graph = GraphDesk(self.session, self)
        self.looking = CanvasDesk(self.session, self.graph, self)
        self.selecting = SelectDesk(self.session, self.graph, self)
        self.difference = DifferenceDesk(self.session, self.graph, self)
        self.supernodes = SupernodeDesk(self.session, self)
        self.workspace = Workspace(self.session, self.graph, self.supernodes)
        self.review = ReviewDesk(self.session, self)
        self.quality = QualityDesk(self.session, self)
        self.preferences = SettingsDesk(self.session, self.keys, self)
        self.run = RunDesk(self.session, self.graph, self)
        self.label = LabelDesk(self.session, self.graph, self)
        self.texts = SearchTexts(self.session, self)
        self.filters = FilterDesk(self.session, self.texts, self)
        self.finding = FindDesk(self.session, self.texts, self)
        self.table = TableDesk(self.session, self.workspace.tabs, self.filters, self)
        self.tiers = TierDesk(self.session, self.workspace.tabs, self)
        self.tune = TuneDesk(self.session, self)
        self.compare = CompareDesk(self.session, self)
        self.compare_graphs = GraphComparisonDesk(self.session, self)
        self.export = ExportDesk(self.session, self.settings, self)
        self.imports = ImportDesk(self.session, self)
        self.library = LibraryDesk(self.session, library, self)
        self.fetch = FetchDesk(self.session, self)
        self.collect = CollectDesk(self.session, self)
        self.verbalize = VerbalizeDesk(self.session, self)
        self.jobs = [
            self.label.job,
            self.fetch.job,
            self.collect.job,
            self.verbalize.job,
            self.compare.job,
            self.supernodes.proposals.job,
        ]
        self.status = self._status_desk()

    @property
    def desks(self) -> tuple[Desk, ...]:
        return (
            self.files,
            self.look,
            self.help,
            self.graph,
            self.looking,
            self.selecting,
            self.difference,
            self.supernodes,
            self.workspace,
            self.review,
            self.quality,
            self.filters,
            self.finding,
            self.table,
            self.preferences,
            self.run,
            self.label,
            self.tiers,
            self.tune,
            self.compare,
            self.compare_graphs,
            self.export,
            self.imports,
            self.library,
            self.fetch,
            self.collect,
            self.verbalize,
        )

    def _put_together(self) -> None:
        """Pages, docks and bars."""
        self.welcome = Welcome()
        self.pages = QStackedWidget()
        self.pages.addWidget(self.welcome)
        self.pages.addWidget(self.workspace)
        self.workspace.put_above(self.finding.bar)
        self.setCentralWidget(self.pages)
        self.docks = [
            add_dock(self, "Review", self.review.queue, _Area.LeftDockWidgetArea),
            add_dock(self, "Feature", self.review.panel, _Area.RightDockWidgetArea),
        ]
        self.layout_of_panels = WindowLayout(
            self, self.settings, self.pages, self.docks, self._lay_out
        )
        self._arranged = False
        reading = self.files.opening.bar
        bars = [reading, self.export.bar, self.run.bar, *(job.bar for job in self.jobs)]
        self.status.add_to_bar(bars)
        self.tour = Tour(
            self.session,
            self.settings,
            tour_steps(self),
            self._printed_key,
            self,
        )

    def _status_desk(self) -> StatusDesk:
        asking = {
            "labelling": self.label.job.slot,
            "fetching evidence": self.fetch.job.slot,
            "verbalizing": self.verbalize.job.slot,
            "comparing methods": self.compare.job.slot,
        }
        here = {
            "run of the protocol": self.run.slot,
            "collecting evidence": self.collect.job.slot,
        }
        slots = {**here, **asking}
        return StatusDesk(self.session, self.settings, slots, tuple(asking), self)

    def _printed_key(self, name: str) -> str:
        return self.window_actions.printed_key(name)

    @property
    def actions_by_name(self) -> dict[str, QAction]:
        return self.window_actions.by_name

    def _connect(self) -> None:
        session = self.session
        session.opened.connect(self._on_opened)
        session.graph_shown.connect(self._show_title)
        session.changed.connect(lambda change: self._enable())
        session.selected.connect(self._enable)
        session.failed.connect(lambda text: show_failure(self, text))
        session.told.connect(lambda text: self.statusBar().showMessage(text, 15_000))
        self.files.demo_opened.connect(self.run.run_all)
        self.files.evidence_named.connect(self.fetch.add)
        self.tour.ran_out.connect(self.run.run_all)
        self.look.theme_changed.connect(self._set_theme)
        self.look.told.connect(session.told)
        self.workspace.evidence_requested.connect(self.files.add_evidence_folder)
        self.graph.label_requested.connect(self.review.panel.edit_label)
        self.graph.canvas.menu_requested.connect(
            lambda at: show_canvas_menu(self, self.actions_by_name, at)
        )
        panel = self.review.panel
        panel.add_evidence_requested.connect(self.files.add_evidence_folder)
        verbalization = panel.verbalization
        verbalization.verbalize_requested.connect(self.verbalize.ask)
        verbalization.import_requested.connect(self.imports.ask)
        self.finding.found_changed.connect(self.table.show_found)
        self.finding.found_changed.connect(self.graph.canvas.set_found)
        self.finding.gone_to.connect(self.graph.canvas.bring_in)
        self.table.view.bulk.set_actions(self.actions_by_name)
        self.filters.saved_changed.connect(self.review.waiting.refresh)
        self.quality.words_wanted.connect(self.review.use_words)
        self.tiers.view.run_requested.connect(self.run.ask)
        self.run.plan_wanted.connect(self.label.ask_with_plan)
        self.welcome.open_requested.connect(self.files.open)
        self.welcome.demo_requested.connect(self.open_demo)
        self.welcome.tour_requested.connect(self.tour.start)
        self.welcome.recent_requested.connect(lambda path: self.open_files([path]))
        self.workspace.tabs.tabBarDoubleClicked.connect(
            lambda: self.layout_of_panels.toggle_maximised_at(self.workspace.tabs)
        )
        self.layout_of_panels.maximised_changed.connect(
            self.actions_by_name["maximise"].setChecked
        )
        self.keys.changed.connect(self._show_keys)
        self._show_keys()

    def _handlers(self) -> dict[str, Handler]:
        """What is done for each action: by a desk, or by the window itself."""
        handlers: dict[str, Handler] = {
            **self.status.handlers(),
            "undo": self.session.undo,
            "redo": self.session.redo,
            "verbalization": self.toggle_verbalization,
            "tour": self.tour.start,
            **self.layout_of_panels.handlers(),
        }
        for desk in self.desks:
            handlers.update(desk.handlers())
        for name, handler in handlers.items():
            if name.startswith("focus_"):
                handlers[name] = partial(self._go, handler)
        return handlers

    def _go(self, handler: Handler) -> None:
        """Go to a part of the window, which must be in sight."""
        self.layout_of_panels.show_all()
        handler()

    # -- files ----------------------------------------------------------------------

    def open_files(self, files: Sequence[Path]) -> None:
        """Open graphs or a project."""
        self.files.open_files(files)

    def open_demo(self) -> None:
        """Open the embedded demo; the first time the protocol is run over it."""
        self.files.open_demo()

    # -- what is shown --------------------------------------------------------------

    def _on_opened(self) -> None:
        project = self.session.project
        self.layout_of_panels.show_all()
        self.pages.setCurrentWidget(self.workspace if project else self.welcome)
        for dock in self.docks:
            dock.setVisible(project is not None)
        if project is not None and not self._arranged:
            self._arranged = True
            self.layout_of_panels.restore()
        self.welcome.show_recent(self.files.recent.paths)
        self.review.panel.set_read_only(self.session.read_only)
        self._show_title()
        self._enable()

    def _show_title(self) -> None:
        graph = self.session.graph
        parts = [one_line(graph.slug)] if graph else []
        if self.session.read_only:
            parts.append("read-only")
        if self.session.scratch:
            parts.append("tour")
        self.setWindowTitle(" — ".join([*parts, "Glossator"]))

    def _enable(self) -> None:
        project = self.session.project
        self.window_actions.enable(
            project=project is not None,
            selection=bool(self.session.selection),
            read_only=self.session.read_only,
        )
        if project is not None:
            undo, redo = project.steps()
            for name, title in (("undo", undo), ("redo", redo)):
                self.window_actions.name_step(name, title)

    def _show_keys(self) -> None:
        """Print keys where they stand on no button of an action."""
        self.welcome.show_keys(self.window_actions.printed_key("open"))
        note = self.window_actions.printed_key("note")
        self.review.panel.print_note_key(note)

    def choose_theme(self, choice: ThemeChoice) -> None:
        """Look otherwise from now on, and after a restart."""
        self.look.choose_theme(choice)

    def _set_theme(self, theme: Theme) -> None:
        chosen = THEME_ACTIONS[self.look.theme].name
        self.actions_by_name[chosen].setChecked(True)
        for part in (
            self.workspace,
            self.review,
            self.finding,
            self.table,
            self.tiers,
            self.compare,
        ):
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
        self._lay_out()

    def _lay_out(self) -> None:
        """Give the docks the widths that they have at first."""
        shown = self.actions_by_name["verbalization"].isChecked()
        width = _WIDE_PANEL if shown else _PANEL
        self.resizeDocks(self.docks, [_QUEUE, width], Qt.Orientation.Horizontal)

    # -- Qt -------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.files.can_drop(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.files.drop(event.mimeData())

    def closeEvent(self, event: QCloseEvent) -> None:
        if event.spontaneous() and self.status.running:
            event.ignore()
            self.status.quit()
            return
        self.layout_of_panels.save()
        self.files.opening.close()
        self.review.close()
        self.quality.close()
        self.run.close()
        self.label.close()
        for job in self.jobs:
            job.slot.end()
        self.tune.close()
        self.compare.close()
        self.compare_graphs.close()
        self.imports.close()
        self.export.close()
        self.looking.close()
        self.difference.close()
        self.supernodes.close()
        self.tiers.close()
        self.filters.close()
        self.texts.close()
        self.session.take(None)
        super().closeEvent(event)
