"""All nodes as one scatter item whose glyphs are looked up once a style."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen

from glossator.graph.attribution_graph import FloatColumn, NodeKind
from glossator_gui.look.theme import Theme
from glossator_gui.views.link_graph.camera import Camera

_SYMBOLS = {
    NodeKind.FEATURE: "o",
    NodeKind.ERROR: "d",
    NodeKind.EMBEDDING: "s",
    NodeKind.LOGIT: "s",
    NodeKind.OTHER: "t",
    NodeKind.ATTENTION: "t1",
}
_SIZES = (5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0)
_OUTLINED = 7.0
"""Node size from which a line in the background's colour parts neighbours."""


def node_size(camera: Camera) -> float:
    """Pixels across that there is room for."""
    room = min(camera.scale_x * 0.95, camera.scale_y * 0.5)
    return max((size for size in _SIZES if size <= room), default=_SIZES[0])


def _outline(size: float, theme: Theme) -> QPen:
    if size < _OUTLINED:
        return QPen(Qt.PenStyle.NoPen)
    pen = QPen(QColor(theme.surface), 1.0)
    pen.setCosmetic(True)
    return pen


class _Paint(NamedTuple):
    """How the nodes were painted last."""

    codes: NDArray[np.int64] = np.empty(0, dtype=np.int64)
    fills: Sequence[int] = ()
    size: float = 0.0
    theme: Theme | None = None

    def same_as(self, other: "_Paint") -> bool:
        return self[1:] == other[1:] and np.array_equal(self.codes, other.codes)


class NodeLayer:
    """Nodes at places of the layout, each with the glyph of its kind."""

    def __init__(self) -> None:
        self.item: Any = pg.ScatterPlotItem(pxMode=True, antialias=True)
        self._kinds = np.empty(0, dtype=np.int8)
        self._painted = _Paint()

    def place(self, x: FloatColumn, y: FloatColumn, kinds: NDArray[np.int8]) -> None:
        """Put nodes at these places; they have no look until they are painted.

        pyqtgraph would look one up for each of them first.
        """
        self._kinds = kinds
        item = self.item
        item.setData(x=[], y=[])
        spots = np.zeros(len(x), dtype=item.data.dtype)
        spots["x"], spots["y"], spots["visible"] = x, y, True
        # The item's own, for each of them.
        spots["size"], spots["pen"], spots["brush"] = -1, None, None
        names = np.array([_SYMBOLS[kind] for kind in NodeKind], dtype=object)
        spots["symbol"] = names[kinds]
        item.data = spots
        self._painted = _Paint()
        item.prepareGeometryChange()
        item.bounds = [None, None]
        item.invalidate()

    def paint(
        self,
        codes: NDArray[np.int64],
        fills: NDArray[np.object_],
        size: float,
        theme: Theme,
    ) -> None:
        """Fill each node with ``fills[code]``.

        pyqtgraph looks every spot's style up in Python; with 10,000 spots that is
        90 ms. There are few styles, so each is looked up once and spread by numpy.
        """
        item, pen = self.item, _outline(size, theme)
        paint = _Paint(codes, [fill.color().rgba() for fill in fills], size, theme)
        if len(codes) == 0 or paint.same_as(self._painted):
            return
        self._painted = paint
        looks = self._kinds.astype(np.int64) * len(fills) + codes
        used = np.flatnonzero(np.bincount(looks))
        item.opts["size"], item.opts["pen"] = size, pen
        item.fragmentAtlas.clear()
        boxes = np.zeros(int(used[-1]) + 1, item.data["sourceRect"].dtype)
        boxes[used] = item.fragmentAtlas[
            [
                (
                    _SYMBOLS[NodeKind(look // len(fills))],
                    size,
                    pen,
                    fills[look % len(fills)],
                )
                for look in used.tolist()
            ]
        ]
        item.data["brush"] = fills[codes]
        item.data["sourceRect"] = boxes[looks]
        item.updateSpots()
        item.invalidate()
