"""Links on the canvas: two items for all of them, a path for each pen."""

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap, QTransform
from PySide6.QtWidgets import QGraphicsObject, QStyleOptionGraphicsItem, QWidget

from glossator.graph.attribution_graph import AttributionGraph
from glossator.layout.link_graph import GraphLayout, LinkIndices
from glossator_gui.look.theme import Theme

_BANDS = (
    (0.02, 1.0, 0.55),
    (0.06, 1.5, 0.75),
    (0.15, 2.2, 0.9),
    (0.35, 3.2, 1.0),
    (np.inf, 4.8, 1.0),
)
"""Of a focus link's share: below what, how wide in pixels, how strong."""
_BASE_BANDS = ((0.15, 1.0), (0.5, 0.6), (1.0, 0.3))
"""Of the base layer: up to which part of its links, how strong."""
_FADED = 0.4
_DASHES = [4.0, 3.0]


_WIDE_LINKS = 120
"""The strongest; others are thin and not smoothed, which is ten times as fast."""


@dataclass(frozen=True)
class Stroke:
    pen: QPen
    faded: QPen
    path: QPainterPath
    smooth: bool = False


class LinkItem(QGraphicsObject):
    """Many links as one item, a path for each pen."""

    def __init__(self, *, kept: bool) -> None:
        """`kept`: keep a picture, for links that stay while all else changes."""
        super().__init__()
        self._kept = kept
        self._pictures: dict[bool, QPixmap] = {}
        """By whether it is faded."""
        self._cameras: dict[bool, QTransform] = {}
        """Where the camera was; none for a picture that is out of date."""
        self._bounds = QRectF()
        self._strokes: list[Stroke] = []
        self._faded = False

    def set_strokes(self, strokes: list[Stroke], bounds: QRectF) -> None:
        self.prepareGeometryChange()
        self._strokes = strokes
        self._cameras.clear()
        self._bounds = bounds
        self.update()

    @property
    def pens(self) -> list[QPen]:
        return [stroke.pen for stroke in self._strokes]

    def set_faded(self, faded: bool) -> None:
        """Step back behind other links."""
        self._faded = faded
        self.update()

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        device = painter.device()
        if not self._kept or not isinstance(device, QPixmap):
            self._draw(painter)
            return
        painter.save()
        picture = self._picture(painter.combinedTransform(), device)
        painter.resetTransform()
        painter.drawPixmap(0, 0, picture)
        painter.restore()

    def _picture(self, camera: QTransform, device: QPixmap) -> QPixmap:
        """The links alone, as large as the device."""
        picture = self._pictures.get(self._faded)
        # To make one takes as long as to fill it: it is used again.
        if picture is None or picture.size() != device.size():
            picture = self._pictures[self._faded] = QPixmap(device.size())
            picture.setDevicePixelRatio(device.devicePixelRatioF())
        elif self._cameras.get(self._faded) == camera:
            return picture
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setTransform(camera)
        self._draw(painter)
        painter.end()
        self._cameras[self._faded] = camera
        return picture

    def _draw(self, painter: QPainter) -> None:
        """In pixels: under a transform a wide line takes a hundred times as long."""
        camera = painter.worldTransform()
        painter.save()
        painter.resetTransform()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for stroke in self._strokes:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, stroke.smooth)
            painter.setPen(stroke.faded if self._faded else stroke.pen)
            painter.drawPath(camera.map(stroke.path))
        painter.restore()


def bounds_of(layout: GraphLayout) -> QRectF:
    return QRectF(-1, -1, layout.width + 2, layout.n_rows + 1)


def base_strokes(
    graph: AttributionGraph, layout: GraphLayout, links: LinkIndices, theme: Theme
) -> list[Stroke]:
    """Strokes of the base layer, weakest first; `links` come strongest first."""
    strokes = []
    start = 0
    for part, opacity in _BASE_BANDS:
        end = round(part * len(links))
        pen = _pen(theme, theme.link, opacity, 1.0)
        faded = _pen(theme, theme.link, opacity * _FADED, 1.0)
        strokes.append(Stroke(pen, faded, _path(graph, layout, links[start:end])))
        start = end
    return strokes[::-1]


def focus_strokes(
    graph: AttributionGraph, layout: GraphLayout, links: LinkIndices, theme: Theme
) -> list[Stroke]:
    """Strokes by sign (colour and dash) and by share (width), weakest first.

    `links` come strongest first.
    """
    if len(links) == 0:
        return []
    shares = graph.input_share[links]
    size = np.abs(shares)
    size[_WIDE_LINKS:] = 0.0
    strokes = []
    low = 0.0
    for high, width, opacity in _BANDS:
        in_band = (size >= low) & (size < high)
        for negative in (True, False):
            chosen = links[in_band & ((shares < 0) == negative)]
            if len(chosen) == 0:
                continue
            colour = theme.negative if negative else theme.positive
            pen = _pen(theme, colour, opacity, width)
            if negative:
                pen.setDashPattern(_DASHES)
            smooth = low > 0 or len(links) <= _WIDE_LINKS
            path = _path(graph, layout, chosen)
            strokes.append(Stroke(pen, pen, path, smooth))
        low = high
    return strokes


def _pen(theme: Theme, colour: str, opacity: float, width: float) -> QPen:
    """A pen as if translucent: antialiased lines with alpha are ten times slower."""
    top, ground = QColor(colour), QColor(theme.surface)
    red, green, blue = (
        opacity * a + (1 - opacity) * b
        for a, b in (
            (top.redF(), ground.redF()),
            (top.greenF(), ground.greenF()),
            (top.blueF(), ground.blueF()),
        )
    )
    pen = QPen(QColor.fromRgbF(red, green, blue), width)
    pen.setCosmetic(True)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen


def _path(
    graph: AttributionGraph, layout: GraphLayout, links: LinkIndices
) -> QPainterPath:
    ends = np.stack([graph.links.source[links], graph.links.target[links]], axis=1)
    ends = ends.ravel()
    path: QPainterPath = pg.arrayToQPath(layout.x[ends], layout.y[ends], "pairs")
    return path
