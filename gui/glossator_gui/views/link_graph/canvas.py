"""The drawn link graph: pyqtgraph items, and the camera over them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QEvent, QPointF, Signal
from PySide6.QtGui import QFontMetricsF, QPolygonF
from PySide6.QtWidgets import QVBoxLayout, QWidget

from glossator.graph.attribution_graph import AttributionGraph, BoolColumn
from glossator.layout.drawn_links import (
    ALL_LINKS,
    DrawnLinks,
    LinkChoice,
    base_links,
    focus_links,
    shares_with,
)
from glossator.layout.link_graph import GraphLayout, LinkIndices, lay_out
from glossator.project.node_text import shown_tokens
from glossator.protocol.decision import Tier
from glossator_gui.look.theme import Theme
from glossator_gui.views.link_graph.area import inside
from glossator_gui.views.link_graph.camera import Camera
from glossator_gui.views.link_graph.colours import (
    ColourBy,
    brushes,
    share_codes,
    share_palette,
    tier_codes,
    tier_palette,
)
from glossator_gui.views.link_graph.count_line import CountLine, count_text
from glossator_gui.views.link_graph.home import home_view
from glossator_gui.views.link_graph.labels import place_labels
from glossator_gui.views.link_graph.links import base_strokes, bounds_of, focus_strokes
from glossator_gui.views.link_graph.nodes import node_size
from glossator_gui.views.link_graph.overlay import NO_MARKS, Marks
from glossator_gui.views.link_graph.scene import Scene
from glossator_gui.views.link_graph.text import label_requests

_NO_LINKS = DrawnLinks(np.empty(0, dtype=np.int64), 0, capped=False)
_NEAR = 20
"""Links of the selection whose ends show their labels first."""
_REFRESH = QEvent.Type(QEvent.registerEventType())

Part = Literal["base", "links", "nodes", "labels"]


class Canvas(QWidget):
    """Shows one graph; knows nothing of the mouse.

    What is set is drawn at once for all that was set before the next paint.
    """

    looked = Signal()
    """Another part is shown, or another layout."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._graph: AttributionGraph | None = None
        self._layout: GraphLayout | None = None
        self._tokens: tuple[str, ...] = ()
        self._labels: Sequence[str] = ()
        self._has_label = np.empty(0, dtype=np.bool_)
        self._tiers: Sequence[Tier | None] = ()
        self._codes = np.empty(0, dtype=np.int64)
        self._colour_by: ColourBy = "tier"
        self._marks = NO_MARKS
        self._base = self._focused = _NO_LINKS
        self._visible_links: BoolColumn | None = None
        self._choice = ALL_LINKS
        self._camera: Camera | None = None
        self._home: Camera | None = None
        self._at_home = True
        self._stale: set[Part] = set()
        self._build()

    def _build(self) -> None:
        self._scene = Scene(self)
        self._scene.view.about_to_paint.connect(self.refresh)
        self._count = CountLine(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._scene.view)
        self._count.raise_()

    # What is drawn

    @property
    def surface(self) -> QWidget:
        """The widget that gets the mouse."""
        surface: QWidget = self._scene.view.viewport()
        return surface

    @property
    def layout_(self) -> GraphLayout | None:
        return self._layout

    @property
    def camera(self) -> Camera | None:
        return self._camera

    @property
    def count_text(self) -> str:
        self.refresh()
        return self._count.whole

    @property
    def tokens(self) -> tuple[str, ...]:
        return self._tokens

    def set_graph(self, graph: AttributionGraph, visible: BoolColumn) -> None:
        self._graph = graph
        self._tokens = shown_tokens(graph)
        self._labels = [""] * len(graph)
        self._has_label = np.zeros(len(graph), dtype=np.bool_)
        self._tiers = ()
        self._codes = np.zeros(len(graph), dtype=np.int64)
        self._marks = NO_MARKS
        self._at_home = True
        self._visible_links = None
        self.set_visible_nodes(visible)

    def set_visible_links(self, visible: BoolColumn | None) -> None:
        """Draw these links alone, of those that fit; None for all."""
        self._visible_links = visible
        self._find_base()

    def set_link_choice(self, choice: LinkChoice) -> None:
        """Draw of the visible links only these."""
        if choice != self._choice:
            self._choice = choice
            self._find_base()

    def set_visible_nodes(self, visible: BoolColumn) -> None:
        graph = self._graph
        if graph is None:
            return
        self._layout = layout = lay_out(graph, visible)
        self._scene.set_layout(layout)
        self._find_base()
        self._scene.nodes.place(
            layout.x[layout.shown],
            layout.y[layout.shown],
            graph.nodes.kind[layout.shown],
        )
        self._redraw("nodes")
        self._find_home()
        if self._at_home or self._camera is None:
            self.fit()
        else:
            self._look(self._camera)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._scene.set_theme(theme, self.font())
        self._count.set_theme(theme)
        self._redraw("base", "links", "nodes", "labels")

    def set_tiers(self, tiers: Sequence[Tier | None], colour_by: ColourBy) -> None:
        if colour_by != self._colour_by or tiers is not self._tiers:
            self._tiers, self._colour_by = tiers, colour_by
            self._codes = tier_codes(tiers)
            self._redraw("nodes")

    def set_labels(self, labels: Sequence[str]) -> None:
        if labels != self._labels:
            self._labels = labels
            self._has_label = np.array([bool(label) for label in labels])
            self._redraw("labels")

    def set_marks(self, marks: Marks) -> None:
        self._marks = replace(marks, hovered=self._marks.hovered)
        self._find_focused()
        self._redraw("nodes", "labels")

    def set_hovered(self, node: int) -> None:
        self._marks = replace(self._marks, hovered=node)
        self._scene.overlay.marks = self._marks
        self._scene.overlay.update()

    def set_area(self, area: QPolygonF | None) -> None:
        """Show a rubber band or a lasso, in pixels."""
        self._scene.overlay.area = area
        self._scene.overlay.update()

    def set_focus_frame(self, on: bool) -> None:
        self._scene.overlay.focused = on
        self._scene.overlay.update()

    # Drawing it

    def _find_base(self) -> None:
        if self._graph is not None and self._layout is not None:
            self._base = base_links(
                self._graph, self._layout, self._visible_links, self._choice
            )
            self._redraw("base")
            self._find_focused()

    def _find_focused(self) -> None:
        graph, layout = self._graph, self._layout
        if graph is None or layout is None:
            return
        selected, pinned = (n.astype(np.int32) for n in self._marks.linked)
        self._focused = focus_links(
            graph, layout, selected, pinned, self._visible_links, self._choice
        )
        self._redraw("links")

    def _redraw(self, *parts: Part) -> None:
        if not self._stale:
            # Events of this kind come before those that paint.
            QCoreApplication.postEvent(self, QEvent(_REFRESH))
        self._stale.update(parts)

    def customEvent(self, event: QEvent) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Draw what was set."""
        stale, self._stale = self._stale, set()
        if self._graph is None or self._layout is None or not stale:
            return
        if "base" in stale:
            self._scene.base.set_strokes(
                base_strokes(self._graph, self._layout, self._base.links, self._theme),
                bounds_of(self._layout),
            )
        if "links" in stale:
            self._draw_links(self._graph, self._layout)
        if "nodes" in stale:
            self._colour_nodes(self._graph, self._layout)
        self._place_labels()
        self._scene.view.draw_again()

    def _draw_links(self, graph: AttributionGraph, layout: GraphLayout) -> None:
        marks, scene, bounds = self._marks, self._scene, bounds_of(layout)
        drawn = self._focused.links
        scene.focus.set_strokes(
            focus_strokes(graph, layout, drawn, self._theme), bounds
        )
        scene.base.set_faded(len(drawn) > 0 or marks.difference is not None)
        self._count.tell(
            count_text(
                graph,
                layout,
                self._base,
                self._focused,
                self._choice,
                of_selection=len(marks.selected) > 0,
            )
        )

    def _colour_nodes(self, graph: AttributionGraph, layout: GraphLayout) -> None:
        marks, codes, palette = self._marks, self._codes, tier_palette(self._theme)
        if self._colour_by == "share" or marks.difference is not None:
            palette = share_palette(self._theme)
            codes = np.zeros(len(graph), dtype=np.int64)
            if marks.difference is not None:
                codes = share_codes(marks.difference.tints)
            elif marks.focus >= 0:
                codes = share_codes(shares_with(graph, marks.focus))
        dimmed = np.full(len(graph), marks.lit is not None)
        if marks.lit is not None:
            dimmed[marks.lit] = False
        self._scene.nodes.paint(
            (codes + dimmed * len(palette))[layout.shown],
            brushes(palette),
            self._scene.overlay.node_size,
            self._theme,
        )

    # The camera

    def fit(self) -> None:
        self._find_home()
        self._at_home = True
        if self._home is not None:
            self._look(self._home)

    def look(self, camera: Camera) -> None:
        """Show what this camera shows, as near to it as the layout allows."""
        if self._layout is not None:
            self._at_home = False
            self._look(camera.kept_near(self._layout))

    def fit_nodes(self, nodes: NDArray[np.int64]) -> None:
        """Show all of these that are not hidden."""
        if self._home is None or self._layout is None:
            return
        x, y = self._layout.x[nodes], self._layout.y[nodes]
        seen = ~np.isnan(x)
        if seen.any():
            self.look(self._home.showing(x[seen], y[seen]))

    def pan(self, by: QPointF) -> None:
        if self._camera is not None:
            self.look(self._camera.panned(by.x(), by.y()))

    def zoom(self, factor: float, at: QPointF) -> None:
        if self._camera is not None and self._home is not None:
            self.look(self._camera.zoomed(factor, at.x(), at.y(), self._home))

    def centre_on(self, node: int) -> None:
        if self._camera is None or self._layout is None:
            return
        x, y = float(self._layout.x[node]), float(self._layout.y[node])
        if not np.isnan(x):
            self.look(self._camera.centred_on(x, y))

    def resize_view(self) -> None:
        before = self._camera
        self._find_home()
        if self._at_home or before is None or self._home is None:
            self.fit()
        else:
            self._look(replace(before, frame=self._home.frame))

    def node_at(self, point: QPointF, reach: float) -> int:
        camera, layout = self._camera, self._layout
        if camera is None or layout is None:
            return -1
        x, y = camera.to_layout(point.x(), point.y())
        return layout.nearest(x, y, reach / camera.scale_x, reach / camera.scale_y)

    def nodes_in(self, area: QPolygonF) -> LinkIndices:
        """Visible nodes inside a polygon of pixels."""
        if self._camera is None or self._layout is None:
            return np.empty(0, dtype=np.int64)
        shown = self._layout.shown
        xs, ys = self._camera.to_pixels(self._layout.x[shown], self._layout.y[shown])
        corners = np.array([(point.x(), point.y()) for point in area.toList()])
        return shown[inside(corners, xs, ys)]

    def point_of(self, node: int) -> QPointF | None:
        """Where a node is drawn; None where it is hidden."""
        if self._camera is None or self._layout is None:
            return None
        x, y = self._camera.to_pixels(self._layout.x[[node]], self._layout.y[[node]])
        return None if np.isnan(x[0]) else QPointF(float(x[0]), float(y[0]))

    def _find_home(self) -> None:
        graph, layout = self._graph, self._layout
        if graph is None or layout is None:
            return
        size = float(self.width()), float(self.height())
        self._home, self._scene.backdrop.axes = home_view(
            graph,
            layout,
            self._tokens,
            size,
            QFontMetricsF(self._scene.backdrop.font),
            QFontMetricsF(self._scene.overlay.font),
        )
        self._scene.set_size(*size)

    def _look(self, camera: Camera) -> None:
        self._camera = camera
        size = node_size(camera)
        if size != self._scene.overlay.node_size:
            self._scene.overlay.node_size = size
            self._redraw("nodes")
        self._scene.look(camera)
        self._redraw("labels")
        self._count.stand_in(camera.frame)
        self.looked.emit()

    def _place_labels(self) -> None:
        graph, layout, camera = self._graph, self._layout, self._camera
        if graph is None or layout is None or camera is None:
            return
        marks = self._scene.overlay.marks = self._marks
        urgent: Iterable[int] = [
            *marks.selected[::-1][:20].tolist(),
            *marks.pinned[:40].tolist(),
        ]
        links = self._focused.links[: _NEAR if marks.focus >= 0 else 0]
        near = (graph.links.source[links], graph.links.target[links])
        requests = label_requests(
            graph,
            layout,
            camera,
            QFontMetricsF(self._scene.overlay.font),
            self._labels,
            self._has_label,
            urgent,
            np.concatenate(near).tolist(),
        )
        xs, ys = camera.to_pixels(layout.x[layout.shown], layout.y[layout.shown])
        self._scene.overlay.labels = place_labels(
            requests,
            camera.frame,
            self._scene.overlay.node_size / 2,
            (xs, ys),
            self._scene.overlay.pin_boxes(),
        )
        self._scene.overlay.update()
