"""Two graphs compared from the window, and what is brought from one to the other."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QFileDialog, QWidget

from glossator.export.graph_comparison_files import (
    write_graph_comparison_csv,
    write_graph_comparison_json,
)
from glossator.graph.attribution_graph import FeatureKey
from glossator.graph_comparison.features import ComparedFeature
from glossator.graph_comparison.graph_comparison import (
    GraphComparison,
    compare_graphs,
)
from glossator.graph_comparison.links import ComparedLink
from glossator.graph_comparison.side import Side, side_of, sides_in, still
from glossator.graph_comparison.supernodes import ComparedSupernode
from glossator.graph_comparison.taking_over import label_edits, supernode_edits
from glossator.project.edits import AddRevision, PutSupernode
from glossator.project.project import Change
from glossator.project.revision import GraphId
from glossator.project.state import ProjectState
from glossator_gui.actions.spec import Handler
from glossator_gui.dialogs.graph_comparison_dialog import GraphComparisonDialog
from glossator_gui.dialogs.graph_comparison_pages import ComparisonPages, pages_of
from glossator_gui.jobs import ComputationSlot
from glossator_gui.session import Session

Compared: TypeAlias = ComparedFeature | ComparedLink | ComparedSupernode
Choice: TypeAlias = GraphId | Side
"""A graph of the open project, or one that was read from a file."""

_FILES = "Graphs and projects (*.json *.json.gz *.pt *.gloss);;All files (*)"
_LATER_MS = 400
"""After an edit: several come at once, and nobody reads meanwhile."""
_SHOWN = frozenset(("labels", "supernodes", "graphs"))


class GraphComparisonDesk(QObject):
    """Compares away from the window's thread; what it brings over is one step."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.session = session
        self._project = session.project
        self._read: list[Side] = []
        """Graphs of files, offered after those of the project."""
        self.comparing = ComputationSlot(self)
        self.reading = ComputationSlot(self)
        self.writing = ComputationSlot(self)
        self.dialog = GraphComparisonDialog(parent)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_LATER_MS)
        self._later.timeout.connect(self._compare)
        self._connect()

    def _connect(self) -> None:
        session, dialog = self.session, self.dialog
        self.comparing.succeeded.connect(dialog.show_pages)
        self.comparing.failed.connect(dialog.show_problem)
        self.reading.succeeded.connect(self._on_read)
        self.reading.failed.connect(dialog.show_problem)
        self.writing.succeeded.connect(self._on_written)
        self.writing.failed.connect(dialog.show_problem)
        dialog.sides_chosen.connect(self._compare)
        dialog.file_requested.connect(self._ask_file)
        dialog.chosen.connect(self._select)
        dialog.labels_requested.connect(self._take_labels)
        dialog.supernodes_requested.connect(self._carry_supernodes)
        dialog.csv_requested.connect(self._ask_csv)
        dialog.json_requested.connect(self._ask_json)
        session.opened.connect(self._on_opened)
        session.changed.connect(self._on_changed)

    def handlers(self) -> Mapping[str, Handler]:
        return {"compare_graphs": self.ask}

    def close(self) -> None:
        """End what is under way before the window goes; a file is written whole."""
        self._later.stop()
        for slot in (self.comparing, self.reading, self.writing):
            slot.end()
        self.dialog.close()

    # -- what is compared -----------------------------------------------------------

    def ask(self) -> None:
        """Show the graph that is looked at beside the project's next one."""
        graphs = list(self.session.state.graphs)
        shown = self.session.graph_id
        if shown is None:
            return
        at = graphs.index(shown)
        others = len(graphs) + len(self._read)
        self._offer(at, (at + 1) % others if others > 1 else -1)
        self.dialog.show()
        self.dialog.activateWindow()

    def compare_with(self, path: Path) -> None:
        """Read a file, and compare with the first of its graphs."""
        self.dialog.show_busy(f"Reading {path.name}…")
        self.reading.start(partial(sides_in, path))

    def _offer(self, at_a: int, at_b: int) -> None:
        graphs = self.session.state.graphs.values()
        names = [entry.graph.slug for entry in graphs]
        self.dialog.offer_sides(
            names, [*names, *(side.name for side in self._read)], at_a, at_b
        )
        self._compare()

    def _choices(self) -> list[Choice]:
        return [*self.session.state.graphs, *self._read]

    def _compare(self) -> None:
        """Compare what is chosen, as it is now."""
        choices = self._choices()
        at_a, at_b = self.dialog.a.currentIndex(), self.dialog.b.currentIndex()
        if not (0 <= at_a < len(choices) and 0 <= at_b < len(choices)):
            self.dialog.show_nothing()
            return
        if self.dialog.shown is None:
            self.dialog.show_busy("Comparing…")
        state = still(self.session.state)
        self.comparing.start(partial(_compared, state, choices[at_a], choices[at_b]))

    def _on_read(self, sides: Sequence[Side]) -> None:
        if not sides:
            self.dialog.show_problem("The project holds no graph.")
            return
        names = {side.name for side in sides}
        self._read = [side for side in self._read if side.name not in names]
        at = len(self.session.state.graphs) + len(self._read)
        self._read += sides
        self._offer(max(self.dialog.a.currentIndex(), 0), at)

    def _on_opened(self) -> None:
        if self.session.project is not self._project:
            self._project = self.session.project
            self._read = []
            self._later.stop()
            self.dialog.close()
        elif self.dialog.isVisible():
            self._offer(self.dialog.a.currentIndex(), self.dialog.b.currentIndex())

    def _on_changed(self, change: Change) -> None:
        if self.dialog.isVisible() and not _SHOWN.isdisjoint(change.kinds):
            self._later.start()

    # -- what is brought over -------------------------------------------------------

    def _take_labels(self, features: Sequence[ComparedFeature]) -> None:
        found = self.dialog.shown
        if found is None:
            return
        origin = found.comparison.b.name
        edits = label_edits(self.session.state, features, origin=origin)
        taken = sum(isinstance(edit, AddRevision) for edit in edits)
        self.session.apply(f"take labels from {origin}", edits)
        self.session.told.emit(
            f"{taken} of {len(features)} labels of {origin} are proposed now; the "
            "others are here already, or what is here stands against them"
        )

    def _carry_supernodes(self, supernodes: Sequence[ComparedSupernode]) -> None:
        at = self.dialog.b.currentIndex()
        graphs = list(self.session.state.graphs)
        if not 0 <= at < len(graphs):
            return
        edits = supernode_edits(self.session.state, graphs[at], supernodes)
        made = sum(isinstance(edit, PutSupernode) for edit in edits)
        self.session.apply("carry supernodes over", edits)
        slug = self.session.state.graphs[graphs[at]].graph.slug
        self.session.told.emit(
            f"{made} of {len(supernodes)} supernodes are in {slug} now; of the others "
            "nothing is there, or it is grouped already"
        )

    # -- what is looked at ----------------------------------------------------------

    def _select(self, of: Compared) -> None:
        match of:
            case ComparedFeature():
                self._select_features([of.feature])
            case ComparedLink():
                self._select_features([of.source, of.target])
            case ComparedSupernode():
                self._select_supernode(of)

    def _select_features(self, features: Sequence[FeatureKey]) -> None:
        known = set(self.session.state.features())
        here = [feature for feature in features if feature in known]
        if here:
            self._show_side(self.dialog.a.currentIndex())
            self.session.select_features(here)
        else:
            self.session.told.emit("No graph of this project has this feature")

    def _select_supernode(self, one: ComparedSupernode) -> None:
        combo = self.dialog.a if one.of == "A" else self.dialog.b
        if self._show_side(combo.currentIndex()):
            self.session.select(one.supernode.members)
        else:
            self.session.told.emit("This supernode is of a graph of another file")

    def _show_side(self, at: int) -> bool:
        """Go to a graph of the project; False where it is none of it."""
        graphs = list(self.session.state.graphs)
        if 0 <= at < len(graphs):
            self.session.show_graph(graphs[at])
            return True
        return False

    # -- files ----------------------------------------------------------------------

    def _ask_file(self) -> None:
        files = self._file_dialog("Compare with")
        files.setFileMode(QFileDialog.FileMode.ExistingFile)
        files.setNameFilter(_FILES)
        files.fileSelected.connect(lambda name: self.compare_with(Path(name)))
        files.open()

    def _ask_csv(self) -> None:
        files = self._file_dialog("Export tables to a folder")
        files.setFileMode(QFileDialog.FileMode.Directory)
        files.fileSelected.connect(
            lambda name: self._write(partial(_written_csv, path=Path(name)))
        )
        files.open()

    def _ask_json(self) -> None:
        files = self._file_dialog("Export JSON")
        files.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        files.setNameFilters(["JSON (*.json)", "All files (*)"])
        files.setDefaultSuffix("json")
        files.selectFile("graph-comparison.json")
        files.fileSelected.connect(
            lambda name: self._write(partial(_written_json, path=Path(name)))
        )
        files.open()

    def _file_dialog(self, title: str) -> QFileDialog:
        files = QFileDialog(self.dialog, title)
        files.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return files

    def _write(self, write: "partial[Path]") -> None:
        if self.dialog.shown is not None:
            self.writing.start(partial(write, self.dialog.shown.comparison))

    def _on_written(self, path: Path) -> None:
        self.session.told.emit(f"Written: {path}")


def _compared(state: ProjectState, a: Choice, b: Choice) -> ComparisonPages:
    return pages_of(compare_graphs(_side(state, a), _side(state, b)))


def _side(state: ProjectState, choice: Choice) -> Side:
    return choice if isinstance(choice, Side) else side_of(state, choice)


def _written_csv(comparison: GraphComparison, *, path: Path) -> Path:
    write_graph_comparison_csv(comparison, path)
    return path


def _written_json(comparison: GraphComparison, *, path: Path) -> Path:
    write_graph_comparison_json(comparison, path)
    return path
