"""All nodes small, and which part of them the canvas shows."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from glossator.layout.link_graph import GraphLayout
from glossator_gui.look.theme import LIGHT, Theme
from glossator_gui.views.link_graph.camera import Camera

_WIDTH, _HEIGHT = 180, 110
_MARGIN = 6
_ALL_OF_IT = 0.999


class Minimap(QWidget):
    """A click or a drag moves the view; hidden where everything is in view."""

    looked_at = Signal(float, float)
    """A place of the layout that is to be in the middle."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._layout: GraphLayout | None = None
        self._camera: Camera | None = None
        self._image: QImage | None = None
        self._wanted = True
        self.setFixedSize(_WIDTH, _HEIGHT)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Overview of the graph")
        self.setToolTip("The whole graph; click or drag to look elsewhere")
        self.hide()

    @property
    def wanted(self) -> bool:
        return self._wanted

    def set_wanted(self, wanted: bool) -> None:
        """Whether to show it where the canvas shows a part alone."""
        self._wanted = wanted
        self._show_or_hide()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._image = None
        self.update()

    def look(self, layout: GraphLayout, camera: Camera) -> None:
        """Show this layout, and the frame of this camera."""
        if layout is not self._layout:
            self._layout, self._image = layout, None
        self._camera = camera
        self._show_or_hide()
        self.update()

    @property
    def frame(self) -> QRectF:
        """What the canvas shows, in pixels of this widget."""
        assert self._camera is not None
        (left, right), (low, high) = self._camera.x_range, self._camera.y_range
        return QRectF(self._place(left, high), self._place(right, low))

    def _show_or_hide(self) -> None:
        layout, camera = self._layout, self._camera
        if layout is None or camera is None:
            return
        (left, right), (low, high) = camera.x_range, camera.y_range
        shown_x = (min(right, layout.width) - max(left, 0.0)) / layout.width
        top = max(layout.n_rows - 1.0, 1e-9)
        shown_y = (min(high, top) - max(low, 0.0)) / top
        self.setVisible(self._wanted and min(shown_x, shown_y) < _ALL_OF_IT)
        self.raise_()

    def _place(self, x: float, y: float) -> QPointF:
        assert self._layout is not None
        top = max(self._layout.n_rows - 1, 1)
        return QPointF(
            _MARGIN + x / self._layout.width * (_WIDTH - 2 * _MARGIN),
            _HEIGHT - _MARGIN - y / top * (_HEIGHT - 2 * _MARGIN),
        )

    def _look_at(self, event: QMouseEvent) -> None:
        if self._layout is None:
            return
        across = (event.position().x() - _MARGIN) / (_WIDTH - 2 * _MARGIN)
        up = (_HEIGHT - _MARGIN - event.position().y()) / (_HEIGHT - 2 * _MARGIN)
        top = max(self._layout.n_rows - 1, 1)
        self.looked_at.emit(across * self._layout.width, up * top)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._look_at(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._look_at(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._layout is None or self._camera is None:
            return
        if self._image is None:
            self._image = self._drawn()
        theme = self._theme
        painter = QPainter(self)
        painter.drawImage(self.rect(), self._image)
        fill = QColor(theme.accent)
        fill.setAlphaF(0.15)
        painter.setBrush(fill)
        painter.setPen(QPen(QColor(theme.accent), 1.5))
        inside = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.drawRect(self.frame.intersected(inside))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _drawn(self) -> QImage:
        """The nodes as an image: drawn once a layout, painted at each move."""
        assert self._layout is not None
        layout, ratio = self._layout, self.devicePixelRatioF()
        image = QImage(self.size() * ratio, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(ratio)
        ground = QColor(self._theme.surface)
        ground.setAlphaF(0.95)
        image.fill(ground)
        across = layout.x[layout.shown] / layout.width
        up = layout.y[layout.shown] / max(layout.n_rows - 1, 1)
        # Nodes on one pixel are one dot: thousands share a few hundred.
        left = np.round(_MARGIN + across * (_WIDTH - 2 * _MARGIN))
        top = np.round(_HEIGHT - _MARGIN - up * (_HEIGHT - 2 * _MARGIN))
        painter = QPainter(image)
        painter.setPen(QPen(QColor(self._theme.untiered), 2))
        for x, y in np.unique(np.column_stack([left, top]), axis=0).tolist():
            painter.drawPoint(QPointF(x, y))
        painter.end()
        return image
