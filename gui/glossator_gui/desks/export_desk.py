"""Exporting from the window: what, where to, in the background, and what came of it."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QEventLoop, QObject, QSettings, QStandardPaths, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QProgressBar,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from glossator.errors import ProjectError
from glossator.export.neuronpedia import neuronpedia_link
from glossator.export.project_export import ExportOrder, ExportReport, export_project
from glossator.export.target import AnnotatedGraph, DrawnGraph, ExportOptions
from glossator.export.target_file import file_names
from glossator.export.targets import TARGETS
from glossator.project.revision import GraphId
from glossator_gui.actions.spec import Handler
from glossator_gui.dialogs.export_dialog import ExportChoice, ExportDialog
from glossator_gui.dialogs.messages import ask_whether, show_message
from glossator_gui.jobs import JobSlot
from glossator_gui.session import Session
from glossator_gui.views.plain_text import one_line

_FIRST = "graph-json"
_MOST_LINES = 12


class ExportDesk(QObject):
    """Writes graphs as they are when it starts; one export at a time."""

    def __init__(self, session: Session, settings: QSettings, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self._settings = settings
        self.session = session
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.slot = JobSlot(self)
        self.slot.succeeded.connect(self._on_succeeded)
        self.slot.failed.connect(self._on_failed)
        self.bar = _ExportBar()
        self.slot.running_changed.connect(self.bar.setVisible)
        self.bar.cancel.clicked.connect(self.cancel)

    def handlers(self) -> Mapping[str, Handler]:
        return {"export": self.ask, "copy_link": self.copy_link}

    def ask(self) -> None:
        """Ask what to export and where to, then do it."""
        graph = self.session.graph
        if graph is None:
            return
        if self.slot.running:
            self.session.told.emit("An export is under way; wait until it is done.")
            return
        n_graphs = len(self.session.state.graphs)
        dialog = ExportDialog(
            TARGETS, self._last_choice(), graph.slug, n_graphs, self._window
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.place_requested.connect(lambda choice: self._ask_place(dialog, choice))
        dialog.open()

    def start(self, choice: ExportChoice, places: Mapping[GraphId, Path]) -> None:
        """Write graphs of the project, each to its place."""
        self._remember(choice, next(iter(places.values())).parent)
        project = self.session.project
        if project is None:
            return
        # The project is locked while it is open here; the process reads a copy, which
        # also holds what was there when the export began.
        self._folder = tempfile.TemporaryDirectory(
            prefix="glossator-", ignore_cleanup_errors=True
        )
        copy = Path(self._folder.name) / "export.gloss"
        try:
            project.save_copy(copy)
        except ProjectError as error:
            self._on_failed(str(error))
            return
        order = ExportOrder(copy, choice.target, dict(places), choice.options)
        self.slot.start(export_project, order)

    def close(self) -> None:
        """Let the export, if any, finish before the program ends."""
        if not self.slot.running:
            return
        self._window.hide()  # it could not be used
        self.slot.succeeded.disconnect(self._on_succeeded)
        self.slot.failed.disconnect(self._on_failed)
        loop = QEventLoop()
        self.slot.running_changed.connect(loop.quit)
        loop.exec()
        self._forget_copy()

    def cancel(self) -> None:
        """Stop at once; a file that is not finished is not written."""
        self.slot.end()
        self._forget_copy()
        self.session.told.emit("Export cancelled.")

    # -- where to -------------------------------------------------------------------

    def _ask_place(self, dialog: ExportDialog, choice: ExportChoice) -> None:
        number, graphs = self.session.graph_id, self.session.state.graphs
        if number is None:
            return
        target = TARGETS[choice.target]
        files = QFileDialog(dialog, f"Export {target.title}", self._last_folder())
        files.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if choice.all_graphs:
            names = file_names(graphs, target.suffix)
            files.setFileMode(QFileDialog.FileMode.Directory)
            files.setOption(QFileDialog.Option.ShowDirsOnly)
        else:
            names = file_names({number: graphs[number]}, target.suffix)
            files.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            files.setNameFilters(
                [f"{target.title} (*{target.suffix})", "All files (*)"]
            )
            files.setDefaultSuffix(target.suffix)
            files.selectFile(names[number])

        def take(chosen: str) -> None:
            if choice.all_graphs:
                places = {graph: Path(chosen) / name for graph, name in names.items()}
                self._ask_whether_to_replace(dialog, choice, places)
            else:  # the file dialog has asked
                dialog.accept()
                self.start(choice, {number: Path(chosen)})

        files.fileSelected.connect(take)
        files.open()

    def _ask_whether_to_replace(
        self, dialog: ExportDialog, choice: ExportChoice, places: Mapping[GraphId, Path]
    ) -> None:
        def begin() -> None:
            dialog.accept()
            self.start(choice, places)

        held = [path.name for path in places.values() if path.exists()]
        if not held:
            begin()
            return
        folder = next(iter(places.values())).parent
        text = f"{one_line(str(folder))} holds already:\n\n{_lines(held)}"
        ask_whether(dialog, text, "Replace", begin)

    # -- what came of it ------------------------------------------------------------

    def copy_link(self) -> None:
        """Put the address of the graph's page on Neuronpedia on the clipboard."""
        number = self.session.graph_id
        if number is None:
            return
        link = neuronpedia_link(AnnotatedGraph(self.session.state, number))
        if link:
            QGuiApplication.clipboard().setText(link)
            self.session.told.emit(f"Copied a link of {len(link):,} characters.")
        else:
            model = self.session.state.model
            self.session.failed.emit(f"Neuronpedia hosts no graphs of {model!r}.")

    def _forget_copy(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _on_succeeded(self, report: ExportReport) -> None:
        self._forget_copy()
        paths, notes, problems = report
        if not paths:
            self.session.failed.emit(_lines(problems))
            return
        folder = paths[0].parent
        if len(paths) == 1:
            self.session.told.emit(f"Exported {paths[0]}")
        else:
            self.session.told.emit(f"Exported {len(paths)} files to {folder}")
        if len(paths) == 1 and not notes and not problems:
            return
        names = [path.name for path in paths]
        parts = [
            f"Exported to {one_line(str(folder))}:\n\n{_lines(names)}",
            _lines(notes),
        ]
        if problems:
            parts.append(f"Not exported:\n\n{_lines(problems)}")
        icon = QMessageBox.Icon.Warning if problems else QMessageBox.Icon.Information
        text = "\n\n".join(part for part in parts if part)
        show_message(self._window, "Exported", text, icon)

    def _on_failed(self, text: str) -> None:
        self._forget_copy()
        self.session.failed.emit(f"The export stopped: {text}")

    # -- what is remembered ---------------------------------------------------------

    def _last_choice(self) -> ExportChoice:
        stored = self._settings.value
        name = str(stored("export/target", _FIRST))
        drawn: DrawnGraph = (
            "supernodes" if stored("export/drawn") == "supernodes" else "links"
        )
        transparent = stored("export/transparent") == "yes"
        return ExportChoice(
            name if name in TARGETS else _FIRST, ExportOptions(drawn, transparent)
        )

    def _last_folder(self) -> str:
        folder = str(self._settings.value("export/folder", ""))
        if folder and Path(folder).is_dir():
            return folder
        documents = QStandardPaths.StandardLocation.DocumentsLocation
        return QStandardPaths.writableLocation(documents)

    def _remember(self, choice: ExportChoice, folder: Path) -> None:
        self._settings.setValue("export/target", choice.target)
        self._settings.setValue("export/drawn", choice.options.drawn)
        transparent = "yes" if choice.options.transparent else "no"
        self._settings.setValue("export/transparent", transparent)
        self._settings.setValue("export/folder", str(folder))


def _lines(texts: Sequence[str]) -> str:
    """A line a text, no more than a screen holds; they may come from a file."""
    shown = [one_line(text) for text in texts[:_MOST_LINES]]
    more = len(texts) - len(shown)
    return "\n".join([*shown, f"… and {more} more"] if more else shown)


class _ExportBar(QWidget):
    """Says in the status bar that an export is under way."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setFixedWidth(90)
        bar.setFixedHeight(14)
        bar.setAccessibleName("Export under way")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.cancel = QToolButton()
        self.cancel.setText("Cancel")
        row.addWidget(QLabel("Exporting…"))
        row.addWidget(bar)
        row.addWidget(self.cancel)
        self.hide()
