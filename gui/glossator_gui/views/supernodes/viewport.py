"""Where the boxes are looked at: panned, zoomed, and pressed on."""

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QWheelEvent
from PySide6.QtWidgets import QGraphicsScene, QGraphicsView

from glossator_gui.views.supernodes.box_item import BoxItem

_WHEEL_STEP = 1.15
_LEAST_SCALE, _MOST_SCALE, _FIT_SCALE = 0.05, 4.0, 1.25
_ROOM = 2000.0
"""To pan beyond the content, in scene units."""


class Viewport(QGraphicsView):
    """Pans, zooms, and tells what is done to the scene."""

    pressed = Signal(QPointF, Qt.KeyboardModifier)
    moved = Signal(QPointF)
    released = Signal(QPointF)
    double_clicked = Signal(QPointF)
    looked = Signal()
    """The person chose another part or scale."""

    def __init__(self, scene: QGraphicsScene) -> None:
        super().__init__(scene)
        self._pan_from: QPointF | None = None
        self.setFrameShape(QGraphicsView.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.AnchorUnderMouse)
        self.setOptimizationFlag(
            QGraphicsView.OptimizationFlag.DontSavePainterState, enabled=True
        )
        off = Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setHorizontalScrollBarPolicy(off)
        self.setVerticalScrollBarPolicy(off)

    def fit(self, area: QRectF) -> None:
        self.setSceneRect(area.adjusted(-_ROOM, -_ROOM, _ROOM, _ROOM))
        self.resetTransform()
        self.fitInView(area, Qt.AspectRatioMode.KeepAspectRatio)
        grown = self.transform().m11()
        if grown > _FIT_SCALE:
            self.scale(_FIT_SCALE / grown, _FIT_SCALE / grown)
            self.centerOn(area.center())

    def zoom(self, factor: float) -> None:
        now = self.transform().m11()
        factor = min(max(now * factor, _LEAST_SCALE), _MOST_SCALE) / now
        self.scale(factor, factor)
        self.looked.emit()

    def pan(self, by: QPointF) -> None:
        """Move what is seen by so many pixels."""
        for bar, step in (
            (self.horizontalScrollBar(), by.x()),
            (self.verticalScrollBar(), by.y()),
        ):
            bar.setValue(bar.value() - round(step))
        self.looked.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = event.position().toPoint()
        if event.button() == Qt.MouseButton.LeftButton:
            self.pressed.emit(self.mapToScene(place), event.modifiers())
        if not isinstance(self.itemAt(place), BoxItem):
            self._pan_from = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pan_from is not None:
            self.pan(event.position() - self._pan_from)
            self._pan_from = event.position()
        elif event.buttons() & Qt.MouseButton.LeftButton:
            self.moved.emit(self.mapToScene(event.position().toPoint()))
        else:
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pan_from = None
        if event.button() == Qt.MouseButton.LeftButton:
            self.released.emit(self.mapToScene(event.position().toPoint()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.double_clicked.emit(self.mapToScene(event.position().toPoint()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom(_WHEEL_STEP ** (event.angleDelta().y() / 120))
