"""The canvas and the lists of links: what is shown of the graph, and its gestures."""

from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from glossator.graph.attribution_graph import BoolColumn, FeatureKey
from glossator.graph.pruning import visible_links, visible_nodes
from glossator.project.edits import SetPins
from glossator.project.node_text import node_labels, node_tiers
from glossator.project.project import Change
from glossator_gui.actions.spec import Handler
from glossator_gui.models.presenting import connection_rows
from glossator_gui.session import Session
from glossator_gui.theme import Theme
from glossator_gui.views.connections.view import ConnectionsView
from glossator_gui.views.legend import Legend
from glossator_gui.views.link_graph.view import ColourBy, LinkGraphView
from glossator_gui.views.share_slider import ShareSlider

_REDRAW_MS = 40
_NODES_TIP = (
    "Hides nodes beyond this cumulative share of influence.\nTokens, logits, pinned "
    "and grouped nodes and those a person labelled always stay."
)
_LINKS_TIP = (
    "Hides links beyond this cumulative share of their scores.\nA link's score is its "
    "share of its target's input times the target's influence."
)


class GraphDesk(QObject):
    """Connects canvas, lists of links and sliders with the session."""

    label_requested = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.colour_by: ColourBy = "tier"
        self.canvas = LinkGraphView()
        self.connections = ConnectionsView()
        self.legend = Legend()
        self.pruning = ShareSlider("Nodes", _NODES_TIP)
        self.pruning.moved.connect(self._show_pruned)
        self.link_pruning = ShareSlider("Links", _LINKS_TIP)
        self.link_pruning.moved.connect(self._show_pruned_links)
        # A run stores many batches; the canvas is redrawn once for several of them.
        self._repaint = QTimer(self, singleShot=True, interval=_REDRAW_MS)
        self._repaint.timeout.connect(self._show_annotations)
        session.graph_shown.connect(self._on_graph_shown)
        session.changed.connect(self._on_changed)
        session.selected.connect(self._on_selected)
        self.canvas.selection_changed.connect(session.select)
        self.canvas.pin_requested.connect(lambda node: self.toggle_pins([node]))
        self.canvas.label_requested.connect(self.label_requested)
        self.connections.node_activated.connect(lambda node: session.select([node]))
        self.connections.pin_requested.connect(lambda node: self.toggle_pins([node]))

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "pin": lambda: self.toggle_pins(self.session.selection),
            "clear": lambda: self.session.select([]),
            "fit": self.canvas.fit,
            "colour": self.switch_colours,
        }

    def set_theme(self, theme: Theme) -> None:
        for view in (self.canvas, self.connections, self.legend):
            view.set_theme(theme)

    # -- what the session says ------------------------------------------------------

    def _on_graph_shown(self) -> None:
        self.canvas.show_graph(self.session.graph)
        self._show_pruned_links()
        self._repaint.stop()
        self._show_annotations()
        self.canvas.fit()

    def _on_changed(self, change: Change) -> None:
        if not self._repaint.isActive():
            self._repaint.start()

    def _on_selected(self) -> None:
        self.canvas.set_selection(self.session.selection)
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
        self._show_pruned()
        self._show_connections()

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

    def _show_pruned(self) -> None:
        visible = self.visible()
        if len(visible):
            self.canvas.set_visible(visible)

    def _show_pruned_links(self) -> None:
        graph, share = self.session.graph, self.link_pruning.share
        if graph is not None:
            shown = visible_links(graph, share) if share < 1 else None
            self.canvas.set_visible_links(shown)

    # -- gestures -------------------------------------------------------------------

    def switch_colours(self) -> None:
        """Colour by share of input instead of by tier, or back."""
        self.colour_by = "tier" if self.colour_by == "share" else "share"
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

    def toggle_pins(self, nodes: Sequence[int]) -> None:
        """Pin nodes; if all of them are pinned, unpin them."""
        number = self.session.graph_id
        if number is None or not nodes:
            return
        pins = [int(pin) for pin in self.session.state.pins.get(number, ())]
        if all(node in pins for node in nodes):
            kept = tuple(pin for pin in pins if pin not in nodes)
            self.session.apply("unpin", [SetPins(number, kept)])
        else:
            more = tuple(dict.fromkeys([*pins, *map(int, nodes)]))
            self.session.apply("pin", [SetPins(number, more)])
