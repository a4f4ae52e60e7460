"""A view of a scene that is drawn again only where it changed below its top."""

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QGraphicsView, QWidget

from glossator_gui.views.link_graph.overlay import Overlay


class StillView(pg.GraphicsView):  # type: ignore[misc]  # pyqtgraph has no types
    """Keeps a picture of all that lies below the overlay.

    What follows the mouse changes the overlay alone: links and nodes need not be drawn
    again for it.
    """

    about_to_paint = Signal()

    def __init__(self, parent: QWidget, overlay: Overlay) -> None:
        super().__init__(parent=parent)
        # A part of the view is clipped to a region, which slows lines down; all of it
        # to a rectangle.
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._overlay = overlay
        self._picture = QPixmap()
        self._stale = True

    def draw_again(self) -> None:
        """Something below the overlay changed."""
        self._stale = True
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        self.about_to_paint.emit()
        viewport = self.viewport()
        painter = QPainter(viewport)
        ratio = viewport.devicePixelRatioF()
        if abs(painter.deviceTransform().m11() - ratio) > 1e-6:
            # An image of another scale is made: the picture would be coarse.
            painter.end()
            super().paintEvent(event)
            return
        size = viewport.size() * ratio
        if self._picture.size() != size:
            self._picture = QPixmap(size)
            self._picture.setDevicePixelRatio(ratio)
            self._stale = True
        if self._stale:
            self._draw(self._picture)
            self._stale = False
        painter.drawPixmap(0, 0, self._picture)
        self._overlay.paint_above(painter)
        painter.end()

    def _draw(self, picture: QPixmap) -> None:
        self._overlay.left_out = True
        painter = QPainter(picture)
        area = self.viewport().rect()
        self.render(painter, QRectF(area), area)
        painter.end()
        self._overlay.left_out = False
