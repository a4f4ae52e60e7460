"""Supernodes: the view of them, how good they are, and the gestures that make them."""

from collections.abc import Mapping, Sequence
from functools import partial

import msgspec
from PySide6.QtCore import QObject, Signal

from glossator.graph.attribution_graph import AttributionGraph, NodeIndex
from glossator.graph.influence import link_influence, node_influence
from glossator.graph.scores import GraphScores, scores_with_pins
from glossator.project.edits import PutSupernode
from glossator.project.grouping import (
    free_name,
    group_edits,
    rename_edits,
    suggested_name,
    ungroup_edits,
)
from glossator.project.project import Change
from glossator.project.revision import GraphId
from glossator.project.supernode_graph import supernode_graph
from glossator_gui.actions.spec import Handler
from glossator_gui.dialogs.messages import ask_name
from glossator_gui.jobs import ComputationSlot
from glossator_gui.session import Session
from glossator_gui.theme import Theme
from glossator_gui.views.score_strip import ScoreStrip
from glossator_gui.views.supernodes.view import SupernodeView


class SupernodeDesk(QObject):
    """Connects the supernode view and the scores with the session."""

    counted = Signal(int)
    """How many supernodes the graph has now."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.view = SupernodeView()
        self.scores = ScoreStrip()
        self.scoring = ComputationSlot(self)
        self.scoring.succeeded.connect(self._on_scored)
        self._scored: tuple[GraphId, tuple[NodeIndex, ...]] | None = None
        session.graph_shown.connect(self._on_graph_shown)
        session.changed.connect(self._on_changed)
        session.selected.connect(self._on_selected)
        self.view.box_selected.connect(self._on_box_selected)
        self.view.rename_requested.connect(self._on_rename_requested)
        self.view.box_moved.connect(self._on_box_moved)

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "group": self.group_selection,
            "rename": self.rename_selected,
            "ungroup": self.ungroup_selection,
        }

    def set_theme(self, theme: Theme) -> None:
        self.view.set_theme(theme)

    def close(self) -> None:
        self.scoring.end()

    # -- what the session says ------------------------------------------------------

    def _on_graph_shown(self) -> None:
        self.scores.clear()
        self._scored = None
        self._show()
        self.view.fit()

    def _on_changed(self, change: Change) -> None:
        if change.kinds & {"graphs", "labels", "results", "pins", "supernodes"}:
            self._show()

    def _show(self) -> None:
        number = self.session.graph_id
        if number is not None:
            self.counted.emit(len(self.session.state.supernodes.get(number, {})))
            self.show_boxes()
            self._score()

    def show_boxes(self) -> None:
        """Lay out the boxes, where they can be seen: the layout depends on the size."""
        number = self.session.graph_id
        if number is not None and self.view.isVisible():
            boxes, links = supernode_graph(self.session.state, number)
            self.view.show_boxes(boxes, links)

    def _score(self) -> None:
        """Compute the scores anew where other nodes are pinned."""
        graph, number = self.session.graph, self.session.graph_id
        if graph is None or number is None:
            return
        pins = self.session.state.pins.get(number, ())
        if self._scored == (number, pins):
            return
        self._scored = (number, pins)
        self.scoring.start(partial(_measured, graph, pins))

    def _on_scored(self, found: tuple[GraphScores, GraphScores]) -> None:
        if self.session.graph is not None:
            self.scores.show_scores(*found)

    def _on_selected(self) -> None:
        keys = {
            number
            for node in self.session.selection
            if (number := self._supernode_at(node)) is not None
        }
        self.view.set_selected([f"s{number}" for number in keys])

    # -- gestures -------------------------------------------------------------------

    def group_selection(self) -> None:
        number, nodes = self.session.graph_id, self.session.selection
        if number is None or not nodes:
            return

        def group(name: str) -> None:
            state = self.session.state
            edits = group_edits(state, number, nodes, free_name(state, number, name))
            self.session.apply(f"group {name!r}", edits)

        suggestion = suggested_name(self.session.state, number, nodes)
        title = f"Group {len(nodes)} node{'s' if len(nodes) > 1 else ''}"
        ask_name(self.view.window(), title, suggestion, group)

    def rename_selected(self) -> None:
        found = self._selected_supernode()
        if found is not None:
            self._on_rename_requested(f"s{found}")

    def ungroup_selection(self) -> None:
        number = self.session.graph_id
        found = self._selected_supernode()
        if number is not None and found is not None:
            name = self.session.state.supernodes[number][found].name
            self.session.apply(f"ungroup {name!r}", ungroup_edits(number, found))

    def _selected_supernode(self) -> int | None:
        focus = self.session.focus
        return self._supernode_at(focus) if focus is not None else None

    def _supernode_at(self, node: NodeIndex) -> int | None:
        number = self.session.graph_id
        if number is None:
            return None
        return self.session.state.supernode_of(number, node)

    def _on_box_selected(self, key: str) -> None:
        number = self.session.graph_id
        if number is None or not key:
            return
        if key.startswith("n"):
            self.session.select([int(key[1:])])
            return
        held = self.session.state.supernodes.get(number, {}).get(int(key[1:]))
        if held is not None:
            self.session.select(held.members)

    def _on_rename_requested(self, key: str) -> None:
        number = self.session.graph_id
        if number is None or not key.startswith("s"):
            return
        supernode = int(key[1:])

        def rename(name: str) -> None:
            state = self.session.state
            if name != state.supernodes[number][supernode].name:
                unique = free_name(state, number, name)
                edits = rename_edits(state, number, supernode, unique)
                self.session.apply(f"rename to {unique!r}", edits)

        old = self.session.state.supernodes[number][supernode].name
        ask_name(self.view.window(), "Rename supernode", old, rename)

    def _on_box_moved(self, key: str, x: float, y: float) -> None:
        number: GraphId | None = self.session.graph_id
        if number is None or not key.startswith("s"):
            return
        held = self.session.state.supernodes[number][int(key[1:])]
        moved = msgspec.structs.replace(held, position=(x, y))
        self.session.apply(
            "move supernode", [PutSupernode(number, int(key[1:]), moved)]
        )


def _measured(
    graph: AttributionGraph, pins: Sequence[NodeIndex]
) -> tuple[GraphScores, GraphScores]:
    """Compute the scores, and once a graph what its sliders need."""
    node_influence(graph)
    link_influence(graph)
    return scores_with_pins(graph, pins)
