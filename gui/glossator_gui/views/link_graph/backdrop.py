"""What lies below the nodes: columns, rows, and their names."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QGraphicsObject, QStyleOptionGraphicsItem, QWidget

from glossator.layout.link_graph import GraphLayout
from glossator_gui.look.theme import Theme
from glossator_gui.views.link_graph.camera import Camera


class ScreenItem(QGraphicsObject):
    """Paints in pixels of the canvas, above or below the nodes."""

    def __init__(self) -> None:
        super().__init__()
        self._bounds = QRectF()

    def set_size(self, width: float, height: float) -> None:
        self.prepareGeometryChange()
        self._bounds = QRectF(0, 0, width, height)

    def boundingRect(self) -> QRectF:
        return self._bounds


@dataclass(frozen=True, eq=False)
class Axes:
    """Texts of rows and columns."""

    rows: tuple[str, ...]
    tokens: tuple[str, ...]
    upright: bool
    """Whether the tokens stand on end."""


class Backdrop(ScreenItem):
    """Bands behind the tokens' columns, lines of the layers, and their names."""

    def __init__(self) -> None:
        super().__init__()
        self.layout_: GraphLayout | None = None
        self.camera: Camera | None = None
        self.axes = Axes((), (), upright=False)
        self.theme: Theme | None = None
        self.font = QFont()

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        if self.layout_ is None or self.camera is None or self.theme is None:
            return
        painter.setFont(self.font)
        self._paint_grid(painter, self.layout_, self.camera, self.theme)
        self._paint_layers(painter, self.layout_, self.camera, self.theme)
        self._paint_tokens(painter, self.layout_, self.camera, self.theme)

    def _paint_grid(
        self, painter: QPainter, layout: GraphLayout, camera: Camera, theme: Theme
    ) -> None:
        frame = camera.frame
        left = np.maximum(
            camera.origin_x + camera.scale_x * layout.starts, frame.left
        ).tolist()
        right = np.minimum(
            camera.origin_x + camera.scale_x * layout.ends, frame.left + frame.width
        ).tolist()
        band = QColor(theme.window)
        for column in _on_screen(layout, camera):
            if column % 2 == 0 and right[column] > left[column]:
                painter.fillRect(
                    QRectF(
                        left[column],
                        frame.top,
                        right[column] - left[column],
                        frame.height,
                    ),
                    band,
                )
        painter.setPen(QPen(QColor(theme.raised), 1))
        for row in range(layout.n_rows):
            y = round(camera.origin_y - camera.scale_y * row) + 0.5
            if frame.top <= y <= frame.top + frame.height:
                painter.drawLine(QLineF(frame.left, y, frame.left + frame.width, y))

    def _paint_layers(
        self, painter: QPainter, layout: GraphLayout, camera: Camera, theme: Theme
    ) -> None:
        frame = camera.frame
        height = QFontMetricsF(self.font).height()
        painter.setPen(QColor(theme.muted))
        step = max(int(np.ceil(height / camera.scale_y)), 1)
        last = layout.n_rows - 1
        for row in range(layout.n_rows):
            y = camera.origin_y - camera.scale_y * row
            at_end = row in (0, last)
            if not frame.top <= y <= frame.top + frame.height:
                continue
            if not at_end and (row % step or row < step or row > last - step):
                continue
            painter.drawText(
                QRectF(0, y - height / 2, frame.left - 6, height),
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                self.axes.rows[row],
            )

    def _paint_tokens(
        self, painter: QPainter, layout: GraphLayout, camera: Camera, theme: Theme
    ) -> None:
        frame = camera.frame
        metrics = QFontMetricsF(self.font)
        height = metrics.height()
        top = frame.top + frame.height + 5
        room = self._bounds.height() - top - 2
        painter.setPen(QColor(theme.text))
        free_from = -np.inf
        for column in _on_screen(layout, camera):
            start, end = float(layout.starts[column]), float(layout.ends[column])
            middle = camera.origin_x + camera.scale_x * (start + end) / 2
            across = height if self.axes.upright else (end - start) * camera.scale_x
            inside = frame.left <= middle <= frame.left + frame.width
            if not inside or middle - across / 2 < free_from:
                continue
            painter.save()
            painter.translate(middle, top)
            length = room if self.axes.upright else across - 4
            text = metrics.elidedText(
                self.axes.tokens[column], Qt.TextElideMode.ElideMiddle, length
            )
            if self.axes.upright:
                painter.rotate(-90)
                box = QRectF(-room, -height / 2, room, height)
                painter.drawText(box, Qt.AlignmentFlag.AlignRight, text)
                free_from = middle + across / 2 - 2
            else:
                box = QRectF(-across / 2, 0, across, height)
                painter.drawText(box, Qt.AlignmentFlag.AlignHCenter, text)
            painter.restore()


def _on_screen(layout: GraphLayout, camera: Camera) -> Sequence[int]:
    left, right = camera.x_range
    first = int(np.searchsorted(layout.ends, left))
    last = int(np.searchsorted(layout.starts, right))
    # Thinner than a few pixels no column can be told from its neighbour.
    step = max(int(len(layout.starts) / max(camera.frame.width / 3, 1)), 1)
    return range(first, last, step)
