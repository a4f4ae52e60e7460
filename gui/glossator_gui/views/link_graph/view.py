"""The attribution graph: tokens from left to right, layers from bottom to top."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from glossator.graph.attribution_graph import AttributionGraph
from glossator.layout.link_graph import Direction
from glossator_gui.look.theme import LIGHT, Theme
from glossator_gui.views.link_graph.colours import ColourBy
from glossator_gui.views.link_graph.difference import DrawnDifference
from glossator_gui.views.link_graph.gestures import Gestures
from glossator_gui.views.link_graph.grouping_note import GroupingNote
from glossator_gui.views.link_graph.hold_group import HoldGroup
from glossator_gui.views.link_graph.shown_graph import ShownGraph

__all__ = ["ColourBy", "DrawnDifference", "LinkGraphView"]

_REACH = 20.0
"""How many pixels from the mouse a node is still meant."""
_PAN_STEP = 80.0
_KEYS: dict[int, Direction] = {
    Qt.Key.Key_Left: "left",
    Qt.Key.Key_Right: "right",
    Qt.Key.Key_Up: "up",
    Qt.Key.Key_Down: "down",
}
_PANS: dict[Direction, QPointF] = {
    "left": QPointF(_PAN_STEP, 0),
    "right": QPointF(-_PAN_STEP, 0),
    "up": QPointF(0, _PAN_STEP),
    "down": QPointF(0, -_PAN_STEP),
}
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_CONTROL = Qt.KeyboardModifier.ControlModifier


class LinkGraphView(ShownGraph):
    """Nodes by token and layer, to look at, to select, to pin."""

    selection_changed = Signal(tuple)
    """Selected node indices, the focused one last."""
    node_hovered = Signal(int)
    """Node under the mouse, -1 for none."""
    pin_requested = Signal(int)
    label_requested = Signal(int)
    menu_requested = Signal(QPoint)
    """Where on the screen; the node under it is selected."""
    group_held = Signal(tuple)
    """Nodes that were clicked while the grouping key was down, in that order."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hold = HoldGroup(self)
        self._note = GroupingNote(self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        gestures = Gestures(self._canvas.surface)
        gestures.clicked.connect(self._on_clicked)
        gestures.pin_clicked.connect(self._on_pin_clicked)
        gestures.double_clicked.connect(self._on_double_clicked)
        gestures.menu_wanted.connect(self._on_menu_wanted)
        gestures.hovered.connect(self._on_hovered)
        gestures.left.connect(lambda: self.hover(-1))
        gestures.panned.connect(self._on_panned)
        gestures.zoomed.connect(self._on_zoomed)
        gestures.band_changed.connect(
            lambda band: self._canvas.set_area(QPolygonF(band))
        )
        gestures.lasso_changed.connect(self._canvas.set_area)
        gestures.area_released.connect(self._on_area_released)
        gestures.freezing_changed.connect(self._tip.set_frozen)
        self._tip.thawed.connect(self._on_thawed)
        self._hold.changed.connect(self._on_hold_changed)
        self._hold.released.connect(self.group_held)
        self.set_theme(LIGHT)
        self.show_graph(None)

    def hover(self, node: int) -> None:
        """Ring a node and tell of it."""
        if node != self._hovered:
            super().hover(node)
            self.node_hovered.emit(node)

    def show_graph(self, graph: AttributionGraph | None) -> None:
        self._hold.cancel()
        super().show_graph(graph)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._note.set_theme(theme)

    # The keyboard

    def begin_grouping(self) -> None:
        """Clicks add nodes to a group until the key comes up."""
        if self._graph is not None:
            self.setFocus()
            self._hold.begin()

    def step_selection(self, direction: Direction) -> int | None:
        """Nearest visible node in a direction from the focus."""
        layout, camera = self._canvas.layout_, self._canvas.camera
        if self._graph is None or layout is None or camera is None:
            return None
        if not len(layout.shown):
            return None
        if self.focus is None or not self._visible[self.focus]:
            # The likeliest logit: where reading an attribution graph starts.
            top = layout.shown[layout.y[layout.shown] == layout.n_rows - 1]
            return int(top[np.argmax(self._graph.nodes.probability[top])])
        return layout.step(self.focus, direction, camera.scale_y / camera.scale_x)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        direction = _KEYS.get(event.key())
        keys = event.modifiers() & (_SHIFT | _CONTROL)
        if event.key() == Qt.Key.Key_Alt:
            self._set_peek(True)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.focus is not None:
                self.label_requested.emit(self.focus)
        elif direction is not None and keys == _SHIFT | _CONTROL:
            self._on_panned(_PANS[direction])
        elif direction is not None:
            self._step(direction, extend=keys == _SHIFT)
        else:
            super().keyPressEvent(event)

    def _step(self, direction: Direction, *, extend: bool) -> None:
        node = self.step_selection(direction)
        if node is not None:
            kept = [n for n in self._selection if n != node] if extend else []
            self._select((*kept, node))
            self.bring_in(node)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Alt:
            self._set_peek(False)
        else:
            super().keyReleaseEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._canvas.set_focus_frame(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._canvas.set_focus_frame(False)
        self._set_peek(False)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            # Keys mean something else there.
            self._hold.cancel()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The menu key; the mouse is heard on the canvas."""
        point = self._canvas.point_of(self.focus) if self.focus is not None else None
        place = point.toPoint() if point is not None else self.rect().center()
        self.menu_requested.emit(self.mapToGlobal(place))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._canvas.resize_view()
        self._show_overview()

    # The mouse

    def _on_clicked(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        node = self._canvas.node_at(at, _REACH)
        if self._hold.active:
            if node >= 0:
                self._hold.toggle(node)
            return
        if not modifiers & (_CONTROL | _SHIFT):
            self._select((node,) if node >= 0 else ())
        elif node in self._selection:
            self._select(tuple(n for n in self._selection if n != node))
        elif node >= 0:
            self._select((*self._selection, node))

    def _on_pin_clicked(self, at: QPointF) -> None:
        node = self._canvas.node_at(at, _REACH)
        if node >= 0:
            self.pin_requested.emit(node)

    def _on_double_clicked(self, at: QPointF) -> None:
        node = self._canvas.node_at(at, _REACH)
        if node >= 0 and not self._hold.active:
            self.label_requested.emit(node)

    def _on_menu_wanted(self, at: QPointF) -> None:
        node = self._canvas.node_at(at, _REACH)
        if node >= 0 and node not in self._selection:
            self._select((node,))
        self.hover(-1)
        self.menu_requested.emit(self._canvas.surface.mapToGlobal(at.toPoint()))

    def _on_area_released(
        self, area: QPolygonF, modifiers: Qt.KeyboardModifier
    ) -> None:
        """Add what is inside; with Ctrl take out what was selected before."""
        self._canvas.set_area(None)
        inside = self._least_important_first(self._canvas.nodes_in(area))
        before, within = set(self._selection), set(inside)
        kept = self._selection
        if modifiers & _CONTROL:
            kept = tuple(node for node in kept if node not in within)
        self._select((*kept, *(node for node in inside if node not in before)))

    def _least_important_first(self, nodes: NDArray[np.int64]) -> list[int]:
        """In an order that makes the feature of the most influence the focus."""
        if self._graph is None:
            return []
        columns = self._graph.nodes
        influence = np.nan_to_num(columns.influence[nodes], nan=np.inf)
        ordered: list[int] = nodes[
            np.lexsort((-influence, columns.is_feature[nodes]))
        ].tolist()
        return ordered

    def _on_panned(self, by: QPointF) -> None:
        self.hover(-1)
        self._canvas.pan(by)

    def _on_zoomed(self, factor: float, at: QPointF) -> None:
        self.hover(-1)
        self._canvas.zoom(factor, at)

    def _on_hovered(self, at: QPointF) -> None:
        self.hover(self._canvas.node_at(at, _REACH))

    def _on_thawed(self) -> None:
        if not self._canvas.surface.underMouse():
            self.hover(-1)

    def _select(self, nodes: tuple[int, ...]) -> None:
        if nodes != self._selection:
            self.set_selection(nodes)
            self.selection_changed.emit(self._selection)

    def _set_peek(self, peek: bool) -> None:
        if peek != self._peek:
            self._peek = peek
            self._mark()

    def _on_hold_changed(self) -> None:
        self._held = self._hold.nodes
        self._note.tell(len(self._held) if self._hold.active else None)
        self._mark()
