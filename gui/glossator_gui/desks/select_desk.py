"""The ways to select: neighbours, kinds, places, paths, and back to where one was."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from PySide6.QtCore import QObject

from glossator.graph.attribution_graph import FEATURE_KINDS, BoolColumn, NodeKind
from glossator.graph.neighbourhood import Way, neighbours, reach, strongest
from glossator.project.project import Project
from glossator_gui.actions.spec import Handler
from glossator_gui.desks.graph_desk import GraphDesk
from glossator_gui.desks.selection_history import Place, SelectionHistory
from glossator_gui.session import Session

_WORDS: Mapping[Way, str] = {"inputs": "input", "outputs": "output"}


class SelectDesk(QObject):
    """Selects nodes of the canvas that are in sight, and remembers what was."""

    def __init__(
        self, session: Session, graph: GraphDesk, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.session = session
        self._desk = graph
        self._history = SelectionHistory()
        self._project: Project | None = None
        self._travelling = False
        session.opened.connect(self._on_opened)
        session.selected.connect(self._on_selected)
        graph.canvas.selection_changed.connect(self._on_canvas_selected)

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "select_all": self.select_all,
            "invert_selection": self.invert,
            "select_inputs": partial(self.grow, "inputs"),
            "select_outputs": partial(self.grow, "outputs"),
            "select_upstream": partial(self.grow_all_the_way, "inputs"),
            "select_downstream": partial(self.grow_all_the_way, "outputs"),
            "strongest_input": partial(self.follow, "inputs"),
            "strongest_output": partial(self.follow, "outputs"),
            "select_column": self.select_column,
            "select_row": self.select_row,
            "select_features": partial(self.select_kinds, FEATURE_KINDS),
            "select_errors": partial(self.select_kinds, (NodeKind.ERROR,)),
            "select_kind": self.select_kind,
            "back": partial(self.travel, -1),
            "forward": partial(self.travel, 1),
            "clear": self.clear,
        }

    # -- where one was --------------------------------------------------------------

    def _on_opened(self) -> None:
        # It is said as well when a graph was added.
        if self.session.project is not self._project:
            self._project = self.session.project
            self._history.clear()

    def _on_selected(self) -> None:
        number = self.session.graph_id
        if number is not None and not self._travelling:
            self._history.visit(Place(number, self.session.selection))

    def _on_canvas_selected(self, nodes: tuple[int, ...]) -> None:
        if len(nodes) > 1:
            self.session.told.emit(f"{len(nodes):,} nodes selected.")

    def travel(self, by: int) -> None:
        """Go back (-1) or forward (1) to a graph and what was selected in it."""
        place = self._history.step(by)
        if place is None:
            end = "before" if by < 0 else "after"
            self.session.told.emit(f"Nothing was selected {end} this.")
            return
        self._travelling = True
        self.session.show_graph(place.graph)
        self.session.select(place.selection)
        self._travelling = False
        focus = self.session.focus
        if focus is not None:
            self._desk.canvas.bring_in(focus)

    # -- along links ----------------------------------------------------------------

    def grow(self, way: Way) -> None:
        """Add the nodes that feed the selection, or that it feeds."""
        graph = self.session.graph
        if graph is not None:
            chosen = np.array(self.session.selection, dtype=np.int64)
            found = neighbours(graph, chosen, way, self._desk.canvas.sight)
            self._add(found.tolist(), f"{_WORDS[way]}s")

    def grow_all_the_way(self, way: Way) -> None:
        """Add all nodes that reach the selection, or that it reaches."""
        graph = self.session.graph
        if graph is not None:
            chosen = np.array(self.session.selection, dtype=np.int64)
            found = reach(graph, chosen, way, self._desk.canvas.sight)
            self._add(found.tolist(), "upstream" if way == "inputs" else "downstream")

    def follow(self, way: Way) -> None:
        """Go to the other end of the focus's strongest link."""
        graph, focus = self.session.graph, self.session.focus
        if graph is None or focus is None:
            return
        node = strongest(graph, focus, way, self._desk.canvas.sight)
        if node is None:
            self.session.told.emit(f"No {_WORDS[way]} is in sight.")
            return
        self.session.select([node])
        self._desk.canvas.bring_in(node)

    # -- what is in sight -----------------------------------------------------------

    def select_all(self) -> None:
        self._select(self._in_sight())

    def invert(self) -> None:
        """Select what is in sight and was not selected."""
        wanted = self._in_sight()
        wanted[list(self.session.selection)] = False
        self._select(wanted)

    def select_kinds(self, kinds: Sequence[NodeKind]) -> None:
        graph = self.session.graph
        if graph is not None:
            self._select(self._in_sight() & np.isin(graph.nodes.kind, kinds))

    def select_kind(self) -> None:
        """Select the nodes of the focus's kind."""
        graph, focus = self.session.graph, self.session.focus
        if graph is not None and focus is not None:
            self.select_kinds((NodeKind(int(graph.nodes.kind[focus])),))

    def select_column(self) -> None:
        """Select the nodes at the focus's token."""
        graph, focus = self.session.graph, self.session.focus
        if graph is not None and focus is not None:
            position = graph.nodes.position
            self._select(self._in_sight() & (position == position[focus]))

    def select_row(self) -> None:
        """Select the nodes of the focus's layer."""
        graph, focus = self.session.graph, self.session.focus
        if graph is not None and focus is not None:
            layer = graph.nodes.layer
            self._select(self._in_sight() & (layer == layer[focus]))

    def clear(self) -> None:
        """Leave a difference of logits; where none is shown, select nothing."""
        if not self._desk.leave_difference():
            self.session.select([])

    def _in_sight(self) -> BoolColumn:
        return self._desk.canvas.sight.nodes.copy()

    def _add(self, nodes: Sequence[int], what: str) -> None:
        """Select these too; the focus stays what it was."""
        before = self.session.selection
        held = set(before)
        added = [node for node in nodes if node not in held]
        self.session.select([*added, *before])
        self.session.told.emit(f"{len(added):,} more selected: {what}.")

    def _select(self, wanted: BoolColumn) -> None:
        """Select these; the focus stays where it is one of them."""
        focus = self.session.focus
        nodes: list[int] = np.flatnonzero(wanted).tolist()
        if focus is not None and wanted[focus]:
            nodes.remove(focus)
            nodes.append(focus)
        self.session.select(nodes)
        self.session.told.emit(f"{len(nodes):,} nodes selected.")
