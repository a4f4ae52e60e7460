"""The canvas and the lists of links: what is shown of the graph, and its gestures."""

from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from glossator.graph.attribution_graph import BoolColumn, FeatureKey
from glossator.graph.logit_difference import LogitDifference
from glossator.graph.pruning import visible_links, visible_nodes
from glossator.layout.graph_text import logit_text
from glossator.project.edits import SetPins
from glossator.project.node_annotations import NodeAnnotations
from glossator.project.project import Change
from glossator.project.revision import GraphId, Subject
from glossator.project.state import ProjectState
from glossator_gui.actions.spec import Handler
from glossator_gui.look.theme import Theme
from glossator_gui.models.presenting import canvas_labels, connection_rows
from glossator_gui.session import Session
from glossator_gui.views.connections.view import ConnectionsView
from glossator_gui.views.legend import Legend
from glossator_gui.views.link_graph.link_controls import LinkControls
from glossator_gui.views.link_graph.view import (
    ColourBy,
    DrawnDifference,
    LinkGraphView,
)
from glossator_gui.views.plain_text import MINUS, one_line
from glossator_gui.views.share_slider import ShareSlider

_REDRAW_MS = 120
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
        self.controls = LinkControls()
        self.page = _page(self.canvas, self.controls)
        """The canvas with its controls."""
        self.connections = ConnectionsView()
        self.legend = Legend()
        self.pruning = ShareSlider("Nodes", _NODES_TIP)
        self.pruning.moved.connect(self._show_pruned)
        self.link_pruning = ShareSlider("Links", _LINKS_TIP)
        self.link_pruning.moved.connect(self._show_pruned_links)
        self._difference: LogitDifference | None = None
        self._said: NodeAnnotations | None = None
        """Of the graph that is shown; all but what `_changed` is about."""
        self._changed: set[Subject] = set()
        # A run stores many batches; the canvas is redrawn once for several of them.
        self._repaint = QTimer(self, singleShot=True, interval=_REDRAW_MS)
        self._repaint.timeout.connect(self._show_annotations)
        # The links are drawn first: a click is answered before they are listed.
        self._listing = QTimer(self, singleShot=True, interval=0)
        self._listing.timeout.connect(self._show_connections)
        session.graph_shown.connect(self._on_graph_shown)
        session.changed.connect(self._on_changed)
        session.selected.connect(self._on_selected)
        session.concealed_changed.connect(self._repaint.start)
        self.canvas.selection_changed.connect(session.select)
        self.canvas.pin_requested.connect(lambda node: self.toggle_pins([node]))
        self.canvas.label_requested.connect(self.label_requested)
        self.connections.node_activated.connect(lambda node: session.select([node]))
        self.connections.pin_requested.connect(lambda node: self.toggle_pins([node]))

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "pin": lambda: self.toggle_pins(self.session.selection),
            "hold_group": self._begin_grouping,
            "colour": self.switch_colours,
        }

    def set_theme(self, theme: Theme) -> None:
        for view in (self.canvas, self.connections, self.legend):
            view.set_theme(theme)

    # -- what the session says ------------------------------------------------------

    def _on_graph_shown(self) -> None:
        self._difference, self._said = None, None
        self.canvas.show_graph(self.session.graph)
        if self.session.graph_id is not None:
            counts = _other_graphs(self.session.state, self.session.graph_id)
            self.canvas.set_other_graphs(counts)
        self._show_pruned_links()
        self._repaint.stop()
        self._show_annotations()
        self.canvas.fit()

    def _on_changed(self, change: Change) -> None:
        self._changed |= change.subjects
        if "graphs" in change.kinds:
            self._said = None
        if not self._repaint.isActive():
            self._repaint.start()

    def _on_selected(self) -> None:
        self.canvas.set_selection(self.session.selection)
        self._listing.start()

    def _show_annotations(self) -> None:
        number, state = self.session.graph_id, self.session.state
        if number is None:
            return
        said = self._said_now(number)
        self.canvas.set_node_tiers(said.tiers, self.colour_by)
        if self.colour_by == "share" or self._difference is not None:
            self.legend.show_shares()
        else:
            self.legend.show_tiers(said.tiers)
        self.canvas.set_labels(canvas_labels(self.session, number, said))
        self.canvas.set_pins(state.pins.get(number, ()))
        groups = state.supernodes.get(number, {}).values()
        self.canvas.set_groups([group.members for group in groups])
        self._show_pruned()
        self._show_connections()

    def _said_now(self, number: GraphId) -> NodeAnnotations:
        """What is said of the nodes of the graph that is shown."""
        if self._said is None:
            self._said = NodeAnnotations(self.session.state, number)
        else:
            self._said.refresh(self._changed)
        self._changed.clear()
        return self._said

    def _show_connections(self) -> None:
        graph, number = self.session.graph, self.session.graph_id
        focus = self.session.focus
        if graph is None or number is None:
            self.connections.show_nothing()
            return
        if self._difference is not None:
            rows = connection_rows(self.session, number, self._difference.inputs)
            self.connections.show_difference(self._name(self._difference), rows)
            return
        if focus is None:
            self.connections.show_nothing()
            return
        self.connections.show_rows(
            connection_rows(self.session, number, graph.inputs_of(focus)),
            connection_rows(self.session, number, graph.outputs_of(focus)),
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

    def _begin_grouping(self) -> None:
        """Clicks on the canvas group nodes, where it can be clicked on."""
        if self.canvas.isVisible():
            self.canvas.begin_grouping()

    def show_difference(self, difference: LogitDifference) -> None:
        """Show what feeds a difference of logits, until it is left."""
        self._difference = difference
        shares = np.where(difference.effect == 0, np.nan, difference.share)
        drawn = DrawnDifference(
            name=self._name(difference),
            plus=difference.plus,
            minus=difference.minus,
            inputs=difference.inputs.nodes,
            shares=shares,
            influence=difference.influence,
        )
        self.canvas.set_difference(drawn)
        self._show_annotations()
        n_inputs = len(drawn.inputs)
        self.session.told.emit(f"{drawn.name}: {n_inputs:,} direct inputs. Esc leaves.")

    def leave_difference(self) -> bool:
        """Show the selection's links again; false where no difference was shown."""
        shown, self._difference = self._difference is not None, None
        if shown:
            self.canvas.set_difference(None)
            self._show_annotations()
        return shown

    def _name(self, difference: LogitDifference) -> str:
        graph = self.session.graph
        assert graph is not None
        plus, minus = (
            one_line(logit_text(graph, node) or "Logit")
            for node in (difference.plus, difference.minus)
        )
        return f"{plus} {MINUS} {minus}"

    def visible(self) -> BoolColumn:
        """Nodes that the pruning slider leaves in sight."""
        graph, number = self.session.graph, self.session.graph_id
        if graph is None or number is None:
            return np.zeros(0, dtype=bool)
        kept = self._said_now(number).kept()
        return visible_nodes(graph, self.pruning.share, kept)

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


def _page(canvas: QWidget, controls: QWidget) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(canvas, 1)
    column.addWidget(controls)
    return page


def _other_graphs(state: ProjectState, number: GraphId) -> Sequence[int]:
    """In how many other graphs each node's feature is active."""
    graph = state.graphs[number].graph
    others = [set(e.graph.features) for n, e in state.graphs.items() if n != number]
    if not others:
        return ()
    counts = [sum(feature in held for held in others) for feature in graph.features]
    # A node that is no feature has the number -1: the last entry.
    found: list[int] = np.append(counts, 0)[graph.feature_number].tolist()
    return found
