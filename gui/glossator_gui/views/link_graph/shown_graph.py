"""What the link graph shows: nodes, what is marked on them, and what stays lit."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QImage
from PySide6.QtWidgets import QLabel, QStackedLayout, QWidget

from glossator.graph.attribution_graph import AttributionGraph, BoolColumn, NodeIndex
from glossator.graph.neighbourhood import Sight, around
from glossator.layout.drawn_links import ALL_LINKS, LinkChoice
from glossator.project.node_text import elsewhere_text
from glossator.protocol.decision import Tier
from glossator_gui.look.theme import LIGHT, Theme
from glossator_gui.views.link_graph.canvas import Canvas
from glossator_gui.views.link_graph.colours import ColourBy
from glossator_gui.views.link_graph.difference import DrawnDifference
from glossator_gui.views.link_graph.minimap import Minimap
from glossator_gui.views.link_graph.overlay import Marks
from glossator_gui.views.link_graph.text import describe
from glossator_gui.views.link_graph.tip import NodeTip

_CORNER = 8
"""Between the minimap and the edge of the nodes' frame, in pixels."""


class ShownGraph(QWidget):
    """A graph, or the words that there is none; hears neither mouse nor keys."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._graph: AttributionGraph | None = None
        self._visible = np.empty(0, dtype=np.bool_)
        self._visible_links: BoolColumn | None = None
        self._choice = ALL_LINKS
        self._labels: Sequence[str] = ()
        self._other_graphs: Sequence[int] = ()
        self._selection: tuple[int, ...] = ()
        self._pins: tuple[int, ...] = ()
        self._members = np.empty(0, dtype=np.int64)
        self._held: tuple[int, ...] = ()
        self._found = np.empty(0, dtype=np.int64)
        self._difference: DrawnDifference | None = None
        self._hovered = -1
        self._peek = False
        self._dims = True
        self._hops = 1
        self._empty = QLabel("Open a graph to begin.")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._canvas = Canvas(LIGHT)
        self._tip = NodeTip(self)
        self._minimap = Minimap(self)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self._canvas)
        self.setAccessibleName("Attribution graph")
        self._canvas.looked.connect(self._show_overview)
        self._minimap.looked_at.connect(self._on_looked_at)

    def show_graph(self, graph: AttributionGraph | None) -> None:
        self._graph = graph
        self._selection, self._pins = (), ()
        self._members = np.empty(0, dtype=np.int64)
        self._visible_links, self._difference = None, None
        self._found = np.empty(0, dtype=np.int64)
        self._other_graphs = ()
        self.hover(-1)
        self._pages.setCurrentIndex(0 if graph is None else 1)
        self._minimap.hide()
        if graph is not None:
            self._visible = np.ones(len(graph), dtype=np.bool_)
            self._labels = [""] * len(graph)
            self._canvas.set_graph(graph, self._visible)
        self._describe()

    def set_theme(self, theme: Theme) -> None:
        self._empty.setStyleSheet(f"color: {theme.muted}; background: {theme.surface};")
        self._tip.set_theme(theme)
        self._minimap.set_theme(theme)
        self._canvas.set_theme(theme)

    def set_node_tiers(self, tiers: Sequence[Tier | None], colour_by: ColourBy) -> None:
        """Colour the nodes; `tiers` has one entry a node."""
        if self._graph is not None:
            self._canvas.set_tiers(tiers, colour_by)

    def set_labels(self, labels: Sequence[str]) -> None:
        """One label a node, "" where there is none."""
        if self._graph is not None:
            self._labels = labels
            self._canvas.set_labels(labels)
            self._describe()

    def set_other_graphs(self, counts: Sequence[int]) -> None:
        """In how many other graphs the feature of each node is active."""
        self._other_graphs = counts

    def set_found(self, nodes: Sequence[int]) -> None:
        """Ring the nodes that Find has found."""
        if self._graph is not None:
            self._found = np.array(nodes, dtype=np.int64)
            self._mark()

    def set_visible(self, mask: NDArray[np.bool_]) -> None:
        """Show these nodes alone; the layout closes up around them."""
        if self._graph is None or np.array_equal(mask, self._visible):
            return
        self._visible = mask.copy()
        self.hover(-1)
        self._canvas.set_visible_nodes(self._visible)
        self._mark()

    def set_visible_links(self, mask: BoolColumn | None) -> None:
        """Draw no other links; None for all."""
        if self._graph is not None:
            self._visible_links = mask
            self._canvas.set_visible_links(mask)
            self._mark()

    def set_link_choice(self, choice: LinkChoice) -> None:
        """Draw of the visible links only these."""
        if choice != self._choice:
            self._choice = choice
            self._canvas.set_link_choice(choice)
            self._mark()

    def set_selection(self, nodes: Sequence[int]) -> None:
        """Select without telling anyone; the last node is the focus."""
        if self._graph is None:
            return
        known = [int(node) for node in nodes if 0 <= node < len(self._graph)]
        if tuple(known) == self._selection:
            return
        self._selection = tuple(known)
        self._mark()
        self._describe()

    def set_pins(self, nodes: Sequence[int]) -> None:
        if self._graph is None:
            return
        known = tuple(int(n) for n in nodes if 0 <= n < len(self._graph))
        if known != self._pins:
            self._pins = known
            self._mark()

    def set_groups(self, groups: Sequence[Sequence[int]]) -> None:
        """Ring the members of supernodes."""
        if self._graph is None:
            return
        members = {int(n) for group in groups for n in group}
        known = np.array(
            sorted(n for n in members if 0 <= n < len(self._graph)), dtype=np.int64
        )
        if not np.array_equal(known, self._members):
            self._members = known
            self._mark()

    def set_context(self, hops: int, *, dims: bool) -> None:
        """Dim nodes that are more links than so many away from the selection."""
        if (hops, dims) != (self._hops, self._dims):
            self._hops, self._dims = hops, dims
            self._mark()

    def set_difference(self, difference: DrawnDifference | None) -> None:
        """Show what feeds a difference of logits instead of the selection's links."""
        self._difference = difference
        self._mark()

    def set_minimap(self, wanted: bool) -> None:
        self._minimap.set_wanted(wanted)

    @property
    def focus(self) -> int | None:
        """The node selected last."""
        return self._selection[-1] if self._selection else None

    @property
    def sight(self) -> Sight:
        """Nodes and links that are neither pruned nor left out by choice."""
        return Sight(self._visible, self._visible_links, self._choice.least_share)

    def fit(self) -> None:
        self._canvas.fit()

    def fit_selection(self) -> None:
        self._canvas.fit_nodes(np.array(self._selection, dtype=np.int64))

    def centre_on(self, node: int) -> None:
        self._canvas.centre_on(node)

    def bring_in(self, node: int) -> None:
        """Move the view where the node is outside of it."""
        layout, camera = self._canvas.layout_, self._canvas.camera
        if layout is not None and camera is not None:
            x, y = float(layout.x[node]), float(layout.y[node])
            if not camera.shows(x, y):
                self._canvas.centre_on(node)

    def zoom(self, factor: float) -> None:
        """About the focus, or the middle where that is out of sight."""
        camera = self._canvas.camera
        if camera is None:
            return
        frame = camera.frame
        at = QPointF(frame.left + frame.width / 2, frame.top + frame.height / 2)
        point = self._canvas.point_of(self.focus) if self.focus is not None else None
        if point is not None and self._canvas.rect().contains(point.toPoint()):
            at = point
        self._canvas.zoom(factor, at)

    def image(self, scale: float = 2.0) -> QImage:
        """The view as it is now, without what follows mouse and keyboard."""
        hovered = self._hovered
        self.hover(-1)
        self._canvas.set_focus_frame(False)
        image = QImage(self.size() * scale, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(scale)
        image.fill(Qt.GlobalColor.transparent)
        self.render(image)
        self._canvas.set_focus_frame(self.hasFocus())
        self.hover(hovered)
        return image

    def hover(self, node: int) -> None:
        """Ring a node and say what it is; -1 for none."""
        self._hovered = node
        self._canvas.set_hovered(node)
        point = self._canvas.point_of(node) if node >= 0 else None
        if point is None:
            self._tip.hide()
        else:
            self._tip.show_near(point, self._text_of(node))

    # What follows

    def _mark(self) -> None:
        if self._graph is None:
            return
        self._canvas.set_marks(
            Marks(
                selected=np.array(self._selection, dtype=np.int64),
                pinned=np.array(self._pins, dtype=np.int64),
                grouped=self._members,
                same_feature=self._same_feature(),
                lit=self._lit(self._graph),
                held=np.array(self._held, dtype=np.int64),
                found=self._found,
                focus=-1 if self.focus is None else self.focus,
                peek=self._peek,
                difference=self._difference,
            )
        )

    def _same_feature(self) -> NDArray[np.int64]:
        """Other nodes of the focus's feature."""
        none = np.empty(0, dtype=np.int64)
        if self._graph is None or self.focus is None:
            return none
        feature = self._graph.feature_of(NodeIndex(self.focus))
        if feature is None:
            return none
        same = self._graph.nodes_of(feature).astype(np.int64)
        others: NDArray[np.int64] = same[same != self.focus]
        return others

    def _lit(self, graph: AttributionGraph) -> NDArray[np.int64] | None:
        """Nodes that do not dim; None where all stay lit."""
        difference = self._difference
        if not self._dims or not (self._selection or difference):
            return None
        selected = np.array(self._selection, dtype=np.int64)
        if difference is not None:
            ends = np.array([difference.plus, difference.minus])
            return np.concatenate([selected, difference.inputs, ends]).astype(np.int64)
        lit = around(graph, selected, self._hops, self.sight)
        return np.concatenate([lit, np.array(self._pins, dtype=np.int64)])

    def _text_of(self, node: int) -> str:
        assert self._graph is not None
        lines = [describe(self._graph, node, self._labels[node], self._canvas.tokens)]
        feature = self._graph.feature_of(NodeIndex(node))
        if feature is not None:
            others = len(self._graph.nodes_of(feature)) - 1
            graphs = self._other_graphs[node] if len(self._other_graphs) else 0
            lines.append(elsewhere_text(others, graphs))
        if self._difference is not None:
            lines.append(self._difference.text_of(node))
        return "\n".join(line for line in lines if line)

    def _show_overview(self) -> None:
        layout, camera = self._canvas.layout_, self._canvas.camera
        if layout is None or camera is None:
            return
        frame = camera.frame
        self._minimap.look(layout, camera)
        self._minimap.move(
            round(frame.left + frame.width) - self._minimap.width() - _CORNER,
            round(frame.top + frame.height) - self._minimap.height() - _CORNER,
        )

    def _on_looked_at(self, x: float, y: float) -> None:
        if self._canvas.camera is not None:
            self._canvas.look(self._canvas.camera.centred_on(x, y))

    def _describe(self) -> None:
        """Tell assistive tools what is focused."""
        if self._graph is None:
            text = "No graph is open."
        elif self.focus is None:
            text = (
                f"{len(self._graph):,} nodes, {len(self._graph.links):,} links. "
                "Arrow keys go from node to node, with Ctrl and Shift they move the "
                "view; the menu key says what else can be done."
            )
        else:
            text = self._text_of(self.focus)
            if len(self._selection) > 1:
                text = f"{len(self._selection):,} nodes selected, the last: {text}"
        if text == self.accessibleDescription():
            return
        self.setAccessibleDescription(text)
        if QAccessible.isActive() and self.hasFocus():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))
