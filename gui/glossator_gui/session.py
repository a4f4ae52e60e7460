"""The open project, what of it is looked at, and the way its changes go in."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Signal

from glossator.errors import GlossatorError, NotWritable, ProjectError
from glossator.evidence.feature_evidence import FeatureEvidence
from glossator.graph.attribution_graph import AttributionGraph, FeatureKey, NodeIndex
from glossator.labelers.label_settings import LabelSettings
from glossator.llm.call import Call
from glossator.preferences import Preferences
from glossator.project.edits import AnyEdit
from glossator.project.library.label_library import LabelLibrary
from glossator.project.library.library_keeper import LibraryKeeper, offered_text
from glossator.project.open_files import (
    OpenPlan,
    add_evidence_path,
    add_graphs,
    plan_open,
)
from glossator.project.project import Change, Project
from glossator.project.revision import GraphId, Subject
from glossator.project.state import ProjectState
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.settings import projects_folder
from glossator_gui.evidence_memory import EvidenceMemory
from glossator_gui.stored_settings import stored_settings

_PROTOCOL = "protocol"
_LABELLING = "labelling"
_LOOKED_AT = 200
"""Features that new evidence is asked about at once."""
_READ_ONLY = "The project is open read-only: nothing was changed."


class Session(QObject):
    """One project at a time. Errors go out as one signal; the state stays as it was."""

    opened = Signal()
    """Another project, or none, is open now."""
    graph_shown = Signal()
    """Another graph of the project is looked at."""
    changed = Signal(object)
    """Change."""
    selected = Signal()
    """Other nodes are selected."""
    concealed_changed = Signal()
    """Labels of other features are not to be seen."""
    evidence_changed = Signal()
    failed = Signal(str)
    """Something could not be done; one sentence."""
    not_writable = Signal(object)
    """NotWritable: a project that could be opened read-only."""
    told = Signal(str)
    """Something was done; for the status bar."""

    def __init__(
        self, parent: QObject | None = None, library: LabelLibrary | None = None
    ) -> None:
        super().__init__(parent)
        self._library = library
        self._scratch = False
        self._keeper: LibraryKeeper | None = None
        self.preferences = Preferences()
        """Go where the project says nothing of its own."""
        self.project: Project | None = None
        self.graph_id: GraphId | None = None
        self.selection: tuple[NodeIndex, ...] = ()
        self.concealed: frozenset[FeatureKey] = frozenset()
        """Features whose label is not to be seen while they are re-checked blindly."""
        self._evidence = EvidenceMemory(self.told.emit)

    # -- what is looked at ----------------------------------------------------------

    @property
    def state(self) -> ProjectState:
        """The project's state; an empty one where none is open."""
        return self.project.state if self.project else ProjectState()

    @property
    def scratch(self) -> bool:
        """Whether what is open is a copy to play with."""
        return self._scratch

    @property
    def read_only(self) -> bool:
        """Whether a project is open that cannot be changed."""
        return self.project is not None and self.project.read_only

    @property
    def graph(self) -> AttributionGraph | None:
        if self.graph_id is None:
            return None
        return self.state.graphs[self.graph_id].graph

    @property
    def focus(self) -> NodeIndex | None:
        """The node that panels speak of: the last one selected."""
        return self.selection[-1] if self.selection else None

    @property
    def feature(self) -> FeatureKey | None:
        """The feature of the focus."""
        graph, focus = self.graph, self.focus
        return graph.feature_of(focus) if graph and focus is not None else None

    @property
    def selected_features(self) -> tuple[FeatureKey, ...]:
        """Features of the selected nodes; the focus's is the last."""
        graph = self.graph
        if graph is None or not self.selection:
            return ()
        numbers = graph.feature_number[list(reversed(self.selection))]
        distinct = dict.fromkeys(numbers[numbers >= 0].tolist())
        return tuple(graph.features[number] for number in reversed(distinct))

    def select(self, nodes: Sequence[int]) -> None:
        chosen = tuple(NodeIndex(node) for node in nodes)
        if chosen != self.selection:
            self.selection = chosen
            self.selected.emit()

    def conceal(self, features: Iterable[FeatureKey]) -> None:
        """Hide the labels of these features, and of no others."""
        concealed = frozenset(features)
        if concealed != self.concealed:
            self.concealed = concealed
            self.concealed_changed.emit()

    def select_features(self, features: Sequence[FeatureKey]) -> None:
        """Select the nodes of features; shows a graph that has the last of them."""
        if not features:
            return
        self._show_graph_with(features[-1])
        graph = self.graph
        if graph is not None:
            self.select([int(n) for f in features for n in graph.nodes_of(f)])

    def _show_graph_with(self, feature: FeatureKey) -> None:
        graph = self.graph
        if graph is None or len(graph.nodes_of(feature)):
            return
        for number, entry in self.state.graphs.items():
            if len(entry.graph.nodes_of(feature)):
                self.show_graph(number)
                return

    def show_graph(self, number: GraphId) -> None:
        if number != self.graph_id:
            self.graph_id = number
            self.selection = ()
            self.graph_shown.emit()
            self.selected.emit()

    # -- files ----------------------------------------------------------------------

    def open_files(self, files: Sequence[Path]) -> bool:
        """Open graphs or a project; whatever fails leaves the open project as it is."""
        try:
            plan = plan_open(files, projects=projects_folder())
            if self.project and plan.target.absolute() == self.project.path.absolute():
                for graph, path in zip(plan.graphs, plan.paths, strict=True):
                    self.project.add_graph(graph, path.absolute())
                self._propose_known()
                return True
            project = add_graphs(plan.target, plan.graphs, plan.paths)
        except NotWritable as error:
            self.not_writable.emit(error)
            return False
        except GlossatorError as error:
            self.failed.emit(str(error))
            return False
        self.take(project)
        return True

    def open_read_only(self, path: Path) -> None:
        """Show a project as it is now, whoever else has it open."""
        try:
            project = Project(path, snapshot=True)
        except ProjectError as error:
            self.failed.emit(str(error))
            return
        self.take(project)

    def add_graph_files(self, files: Sequence[Path]) -> None:
        """Add graphs to the open project."""
        if self.project is None:
            self.open_files(files)
            return
        if self._refused():
            return
        try:
            plan = plan_open(files, projects=projects_folder())
        except GlossatorError as error:
            self.failed.emit(str(error))
        else:
            self.add_read(plan)

    def add_read(self, plan: OpenPlan) -> None:
        """Add graphs that were read to the open project."""
        if self.project is None or self._refused():
            return
        try:
            for graph, path in zip(plan.graphs, plan.paths, strict=True):
                self.show_graph(self.project.add_graph(graph, path.absolute()))
            self._propose_known()
        except GlossatorError as error:
            self.failed.emit(str(error))

    def take(self, project: Project | None, *, scratch: bool = False) -> None:
        """Show another project; the one before is closed.

        What is accepted in a `scratch` project does not enter the library.
        """
        if self.project is not None:
            self.project.close()
        self.project = project
        self._scratch = scratch
        self.graph_id = next(iter(project.state.graphs), None) if project else None
        self.concealed = frozenset()
        self.selection = ()
        self._keeper = None
        if project is not None:
            library = self._wanted_library()
            self._keeper = LibraryKeeper(project, library, self.told.emit)
            project.on_change(self._on_change)
        self._open_evidence()
        self.opened.emit()
        self.graph_shown.emit()
        self.selected.emit()
        self._propose_known()

    def join_library(self) -> None:
        """Go on with the label library or without, as the preferences say now."""
        if self._keeper is not None:
            self._keeper.use(self._wanted_library())
            self._propose_known()

    def _wanted_library(self) -> LabelLibrary | None:
        wanted = self.preferences.library and not self._scratch
        return self._library if wanted else None

    def _propose_known(self) -> None:
        """Propose what the library knows of features that have no label."""
        offered = self._keeper.offer() if self._keeper and not self.read_only else 0
        if offered:
            self.told.emit(offered_text(offered))

    def save_as(self, target: Path) -> None:
        """Go on in a copy of the project under another name."""
        if self.project is None or target.absolute() == self.project.path.absolute():
            return
        try:
            self.project.save_copy(target)
            copy = Project(target)
        except ProjectError as error:
            self.failed.emit(str(error))
            return
        shown = self.graph_id
        self.take(copy)
        if shown is not None:
            self.show_graph(shown)
        self.told.emit(f"Saved as {target}")

    def save_copy(self, target: Path) -> None:
        """Write a copy of the project, and go on in this one."""
        if self.project is None:
            return
        try:
            self.project.save_copy(target)
        except ProjectError as error:
            self.failed.emit(str(error))
            return
        self.told.emit(f"Saved a copy: {target}")

    # -- changes --------------------------------------------------------------------

    def apply(
        self, title: str, edits: Sequence[AnyEdit], *, into: int | None = None
    ) -> int | None:
        """Apply edits; on disk when this returns. None if nothing was changed."""
        if self.project is None or self._refused():
            return None
        try:
            return self.project.apply(title, edits, into=into)
        except ProjectError as error:
            self.failed.emit(f"{error} Nothing was changed.")
            return None

    def undo(self) -> None:
        self._travel("Undone", back=True)

    def redo(self) -> None:
        self._travel("Redone", back=False)

    def _refused(self) -> bool:
        """Whether nothing may be changed; then it is said."""
        if self.read_only:
            self.told.emit(_READ_ONLY)
        return self.read_only

    def _travel(self, what: str, *, back: bool) -> None:
        if self.project is None or self._refused():
            return
        try:
            title = self.project.undo() if back else self.project.redo()
        except ProjectError as error:
            self.failed.emit(f"{error} Nothing was changed.")
            return
        if title:
            self.told.emit(f"{what}: {title}")

    def put_setting(self, key: str, value: str) -> None:
        """Remember how the project is worked on; no part of the history."""
        if self.project is None or self.read_only:
            return
        try:
            self.project.put_setting(key, value)
        except ProjectError as error:
            self.failed.emit(str(error))

    def put_preferences(self, preferences: Preferences) -> None:
        """Go by other wishes of the user from now on."""
        self.preferences = preferences
        self.join_library()

    def protocol_settings(self) -> ProtocolSettings:
        """Those of the project's last run, or what a person has chosen since."""
        return stored_settings(self.project, _PROTOCOL, self.preferences.protocol)

    def put_protocol_settings(self, settings: ProtocolSettings) -> None:
        """What the next run is to use."""
        self.put_setting(_PROTOCOL, msgspec.json.encode(settings).decode())

    def label_settings(self) -> LabelSettings:
        """Those last chosen for the project: a proposal, never acted on by itself.

        The file may come from elsewhere, and name servers that nobody here agreed to.
        """
        return stored_settings(self.project, _LABELLING, self.preferences.labelling)

    def put_label_settings(self, settings: LabelSettings) -> None:
        """What is proposed the next time."""
        self.put_setting(_LABELLING, msgspec.json.encode(settings).decode())

    def log_calls(self, calls: Sequence[Call]) -> None:
        """Keep what language models were asked; on disk when this returns."""
        if self.project is None or not calls or self._refused():
            return
        try:
            self.project.log_calls(calls)
        except ProjectError as error:
            self.failed.emit(str(error))

    def save_draft(self, subject: Subject, text: str) -> None:
        """Keep a half-typed label over a restart."""
        if self.project is None or self.read_only:
            return
        try:
            self.project.save_draft(subject, text)
        except ProjectError as error:
            self.failed.emit(str(error))

    def _on_change(self, change: Change) -> None:
        if "graphs" in change.kinds:
            self.opened.emit()
        self.changed.emit(change)

    # -- evidence -------------------------------------------------------------------

    def add_evidence(self, path: Path) -> None:
        if self.project is None or self._refused():
            return
        try:
            add_evidence_path(self.project, str(path.absolute()))
        except GlossatorError as error:
            self.failed.emit(str(error))
            return
        self._open_evidence()
        known = self._evidence.told_known(self.state.features()[:_LOOKED_AT])
        self.told.emit(f"Added evidence: {path} ({known})")

    @property
    def has_evidence(self) -> bool:
        return self._evidence.any

    @property
    def evidence_problems(self) -> tuple[str, ...]:
        return self._evidence.problems

    def evidence(self, feature: FeatureKey) -> FeatureEvidence | None:
        """What is known of a feature."""
        return self._evidence.of(feature)

    def _open_evidence(self) -> None:
        self._evidence.open(self.project)
        self.evidence_changed.emit()
