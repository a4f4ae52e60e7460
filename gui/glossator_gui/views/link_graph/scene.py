"""The items of the drawn graph, one above the other, and where they stand."""

import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QWidget

from glossator.layout.link_graph import GraphLayout
from glossator_gui.look.theme import Theme
from glossator_gui.views.link_graph.backdrop import Backdrop
from glossator_gui.views.link_graph.camera import Camera
from glossator_gui.views.link_graph.links import LinkItem
from glossator_gui.views.link_graph.nodes import NodeLayer
from glossator_gui.views.link_graph.overlay import Overlay
from glossator_gui.views.link_graph.still_view import StillView


class Scene:
    """Backdrop, links, nodes and overlay in one view."""

    def __init__(self, parent: QWidget) -> None:
        self.overlay = Overlay()
        self.view = StillView(parent, self.overlay)
        self.backdrop = Backdrop()
        self.base = LinkItem(kept=True)
        self.focus = LinkItem(kept=False)
        self.nodes = NodeLayer()
        self._box = pg.ViewBox(enableMouse=False, enableMenu=False, defaultPadding=0)
        self._box.disableAutoRange()
        # A ViewBox comes with -100.
        for depth, item in enumerate((self.backdrop, self._box, self.overlay)):
            item.setZValue(depth)
            self.view.scene().addItem(item)
        for item in (self.base, self.focus, self.nodes.item):
            self._box.addItem(item, ignoreBounds=True)

    def set_theme(self, theme: Theme, font: QFont) -> None:
        self.backdrop.theme = self.overlay.theme = theme
        self.backdrop.font = QFont(font)
        small = QFont(font)
        small.setPointSizeF(max(font.pointSizeF() - 0.5, 7.0))
        self.overlay.font = small
        self.view.setBackgroundBrush(QColor(theme.surface))
        self.view.draw_again()

    def set_layout(self, layout: GraphLayout) -> None:
        self.backdrop.layout_ = self.overlay.layout_ = layout
        self.view.draw_again()

    def set_size(self, width: float, height: float) -> None:
        self.backdrop.set_size(width, height)
        self.overlay.set_size(width, height)

    def look(self, camera: Camera) -> None:
        """Show what this camera shows."""
        frame = camera.frame
        rect = QRectF(frame.left, frame.top, frame.width, frame.height)
        if self._box.geometry() != rect:
            self._box.setGeometry(rect)
        self._box.setRange(
            xRange=camera.x_range, yRange=camera.y_range, padding=0, update=True
        )
        self.backdrop.camera = self.overlay.camera = camera
        self.view.draw_again()
