"""The centre of the window: the graph, its supernodes, a node's inputs and outputs."""

from collections.abc import Sequence
from functools import partial

import msgspec
import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from glossator.graph.attribution_graph import (
    AttributionGraph,
    BoolColumn,
    FeatureKey,
    NodeIndex,
)
from glossator.graph.influence import link_influence, node_influence
from glossator.graph.pruning import visible_links, visible_nodes
from glossator.graph.scores import GraphScores, scores_with_pins
from glossator.project.edits import PutSupernode, SetPins
from glossator.project.grouping import (
    free_name,
    group_edits,
    rename_edits,
    suggested_name,
    ungroup_edits,
)
from glossator.project.node_text import node_labels, node_tiers
from glossator.project.project import Change
from glossator.project.revision import GraphId
from glossator.project.supernode_graph import supernode_graph
from glossator_gui.dialogs.messages import ask_name
from glossator_gui.jobs import ComputationSlot
from glossator_gui.models.presenting import connection_rows
from glossator_gui.session import Session
from glossator_gui.theme import Theme
from glossator_gui.views.connections.view import ConnectionsView
from glossator_gui.views.elided_label import ElidedLabel
from glossator_gui.views.legend import Legend
from glossator_gui.views.link_graph.view import ColourBy, LinkGraphView
from glossator_gui.views.notice import Notice
from glossator_gui.views.plain_text import one_line
from glossator_gui.views.score_strip import ScoreStrip
from glossator_gui.views.share_slider import ShareSlider
from glossator_gui.views.supernodes.view import SupernodeView

_REDRAW_MS = 40
_NO_EVIDENCE = (
    "No evidence yet: labelling by hand and grouping work. For scores and examples add "
    "circuit-tracer feature JSON, Neuronpedia features or SAEDashboard batches."
)
_NODES_TIP = (
    "Hides nodes beyond this cumulative share of influence.\nTokens, logits, pinned "
    "and grouped nodes and those a person labelled always stay."
)
_LINKS_TIP = (
    "Hides links beyond this cumulative share of their scores.\nA link's score is its "
    "share of its target's input times the target's influence."
)


class Workspace(QWidget):
    """Shows the session's graph; its gestures become edits."""

    evidence_requested = Signal()
    label_requested = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.colour_by: ColourBy = "tier"
        self.canvas = LinkGraphView()
        self.connections = ConnectionsView()
        self.supernodes = SupernodeView()
        self.graphs = QComboBox()
        self.graphs.setAccessibleName("Graph")
        self.graphs.setMinimumContentsLength(14)
        self.graphs.activated.connect(self._on_graph_chosen)
        self.prompt = ElidedLabel()
        self.pruning = ShareSlider("Nodes", _NODES_TIP)
        self.pruning.moved.connect(self._on_pruning_moved)
        self.link_pruning = ShareSlider("Links", _LINKS_TIP)
        self.link_pruning.moved.connect(self._on_link_pruning_moved)
        self.legend = Legend()
        self.notice = Notice(self.legend)
        self.notice.button.clicked.connect(self.evidence_requested)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.canvas, "Graph")
        self.tabs.addTab(self.supernodes, "Supernodes")
        self.scores = ScoreStrip()
        self.tabs.setCornerWidget(self.scores, Qt.Corner.TopRightCorner)
        self.scoring = ComputationSlot(self)
        self.scoring.succeeded.connect(self._on_scored)
        # A page has its size only once it is shown; the layout depends on it.
        self.tabs.currentChanged.connect(
            lambda: QTimer.singleShot(0, self._show_supernodes)
        )
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.tabs)
        split.addWidget(self.connections)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setSizes([560, 300])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._controls())
        layout.addWidget(self.notice)
        layout.addWidget(split, 1)
        self._scored: tuple[GraphId, tuple[NodeIndex, ...]] | None = None
        self._repaint = QTimer(self, singleShot=True, interval=_REDRAW_MS)
        self._repaint.timeout.connect(self._show_annotations)
        self._connect()

    def _controls(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(10, 6, 10, 6)
        row.setSpacing(8)
        row.addWidget(self.graphs)
        row.addWidget(self.prompt, 1)
        row.addWidget(self.pruning)
        row.addWidget(self.link_pruning)
        return row

    def _connect(self) -> None:
        session = self.session
        session.opened.connect(self._on_opened)
        session.graph_shown.connect(self._on_graph_shown)
        session.changed.connect(self._on_changed)
        session.selected.connect(self._on_selected)
        session.evidence_changed.connect(self._show_notice)
        self.canvas.selection_changed.connect(session.select)
        self.canvas.pin_requested.connect(lambda node: self.toggle_pins([node]))
        self.canvas.label_requested.connect(self.label_requested)
        self.connections.node_activated.connect(lambda node: session.select([node]))
        self.connections.pin_requested.connect(lambda node: self.toggle_pins([node]))
        self.supernodes.box_selected.connect(self._on_box_selected)
        self.supernodes.rename_requested.connect(self._on_rename_requested)
        self.supernodes.box_moved.connect(self._on_box_moved)

    def set_theme(self, theme: Theme) -> None:
        for view in (self.canvas, self.connections, self.supernodes, self.legend):
            view.set_theme(theme)

    # -- what the session says ------------------------------------------------------

    def _on_opened(self) -> None:
        self.graphs.clear()
        for number, entry in self.session.state.graphs.items():
            self.graphs.addItem(entry.graph.slug, number)
        self.graphs.setCurrentIndex(self.graphs.findData(self.session.graph_id))
        self.graphs.setEnabled(self.graphs.count() > 1)

    def _on_graph_shown(self) -> None:
        graph = self.session.graph
        self.graphs.setCurrentIndex(self.graphs.findData(self.session.graph_id))
        self.canvas.show_graph(graph)
        self._on_link_pruning_moved()
        self.prompt.show_text(one_line(graph.prompt) if graph else "")
        self._repaint.stop()
        self.scores.clear()
        self._scored = None
        self._show_annotations()
        self._show_notice()
        self.canvas.fit()
        self.supernodes.fit()

    def _on_changed(self, change: Change) -> None:
        # A run stores many batches; the canvas is redrawn once for several of them.
        if not self._repaint.isActive():
            self._repaint.start()

    def _on_selected(self) -> None:
        selection = self.session.selection
        self.canvas.set_selection(selection)
        keys = {
            number
            for node in selection
            if (number := self._supernode_at(node)) is not None
        }
        self.supernodes.set_selected([f"s{number}" for number in keys])
        self._show_connections()

    def _show_annotations(self) -> None:
        number, state = self.session.graph_id, self.session.state
        if number is None:
            return
        tiers = node_tiers(state, number)
        self.canvas.set_node_tiers(tiers, self.colour_by)
        if self.colour_by == "tier":
            self.legend.show_tiers(tiers)
        else:
            self.legend.show_shares()
        self.canvas.set_labels(node_labels(state, number))
        self.canvas.set_pins(state.pins.get(number, ()))
        groups = state.supernodes.get(number, {}).values()
        self.canvas.set_groups([group.members for group in groups])
        self.tabs.setTabText(1, f"Supernodes ({len(groups)})")
        self._show_supernodes()
        self._on_pruning_moved()
        self._show_connections()
        self._score()

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

    def _show_supernodes(self) -> None:
        number = self.session.graph_id
        if number is not None and self.tabs.currentWidget() is self.supernodes:
            boxes, links = supernode_graph(self.session.state, number)
            self.supernodes.show_boxes(boxes, links)

    def _show_connections(self) -> None:
        graph, number = self.session.graph, self.session.graph_id
        focus, state = self.session.focus, self.session.state
        if graph is None or number is None or focus is None:
            self.connections.show_rows([], [])
            return
        self.connections.show_rows(
            connection_rows(state, number, graph.inputs_of(focus)),
            connection_rows(state, number, graph.outputs_of(focus)),
        )

    def _show_notice(self) -> None:
        graph, session = self.session.graph, self.session
        if graph is None:
            self.notice.say("", button=False)
        elif session.evidence_problems:
            self.notice.say(session.evidence_problems[0], button=True)
        else:
            said = [*graph.warnings]
            if not session.has_evidence:
                said.append(_NO_EVIDENCE)
            text = " ".join(said) or graph.description
            self.notice.say(text, button=not session.has_evidence)

    # -- gestures -------------------------------------------------------------------

    def set_colour_by_share(self, by_share: bool) -> None:
        self.colour_by = "share" if by_share else "tier"
        self._show_annotations()

    def visible(self) -> BoolColumn:
        """Nodes that the pruning slider leaves in sight."""
        graph, number = self.session.graph, self.session.graph_id
        if graph is None or number is None:
            return np.zeros(0, dtype=bool)
        keep = self.session.state.kept_nodes(number)
        return visible_nodes(graph, self.pruning.share, keep)

    def visible_features(self) -> tuple[FeatureKey, ...]:
        """Features of the graph that is shown with a node in sight."""
        graph, mask = self.session.graph, self.visible()
        if graph is None:
            return ()
        return tuple(f for f in graph.features if mask[graph.nodes_of(f)].any())

    def toggle_pins(self, nodes: list[int]) -> None:
        """Pin nodes; if all of them are pinned, unpin them."""
        number = self.session.graph_id
        if number is None or not nodes:
            return
        pins = [int(pin) for pin in self.session.state.pins.get(number, ())]
        if all(node in pins for node in nodes):
            kept = tuple(pin for pin in pins if pin not in nodes)
            self.session.apply("unpin", [SetPins(number, kept)])
        else:
            more = tuple(dict.fromkeys([*pins, *nodes]))
            self.session.apply("pin", [SetPins(number, more)])

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
        ask_name(self, title, suggestion, group)

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
        ask_name(self, "Rename supernode", old, rename)

    def _on_box_moved(self, key: str, x: float, y: float) -> None:
        number: GraphId | None = self.session.graph_id
        if number is None or not key.startswith("s"):
            return
        held = self.session.state.supernodes[number][int(key[1:])]
        moved = msgspec.structs.replace(held, position=(x, y))
        self.session.apply(
            "move supernode", [PutSupernode(number, int(key[1:]), moved)]
        )

    def _on_graph_chosen(self, at: int) -> None:
        self.session.show_graph(self.graphs.itemData(at))

    def show_canvas(self) -> None:
        """Go to the graph."""
        self.tabs.setCurrentWidget(self.canvas)
        self.canvas.setFocus()

    def show_supernodes(self) -> None:
        """Go to the supernodes."""
        self.tabs.setCurrentWidget(self.supernodes)
        self.supernodes.setFocus()

    def next_graph(self) -> None:
        """Show the project's next graph."""
        if self.graphs.count() > 1:
            self._on_graph_chosen(
                (self.graphs.currentIndex() + 1) % self.graphs.count()
            )

    def _on_pruning_moved(self) -> None:
        visible = self.visible()
        if len(visible):
            self.canvas.set_visible(visible)

    def _on_link_pruning_moved(self) -> None:
        graph, share = self.session.graph, self.link_pruning.share
        if graph is not None:
            shown = visible_links(graph, share) if share < 1 else None
            self.canvas.set_visible_links(shown)


def _measured(
    graph: AttributionGraph, pins: Sequence[NodeIndex]
) -> tuple[GraphScores, GraphScores]:
    """Compute the scores, and once a graph what its sliders need."""
    node_influence(graph)
    link_influence(graph)
    return scores_with_pins(graph, pins)
