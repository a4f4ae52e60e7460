"""A small graph on the canvas, and real events for it."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from glossator.graph.attribution_graph import AttributionGraph
from glossator_gui.views.link_graph.view import LinkGraphView
from tests.core.graph_documents import (
    Json,
    embedding_node,
    error_node,
    feature_node,
    graph_of,
    link,
    logit_node,
    tracer_graph,
)

LEFT, NO_BUTTON = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier
NO_KEY = Qt.KeyboardModifier.NoModifier

TOKEN, FIRST, SECOND, AGAIN, ERROR, AUSTIN, DALLAS = range(7)


def small_graph() -> AttributionGraph:
    return graph_of(small_document())


def small_document(slug: str = "small") -> Json:
    """One token, a feature at two positions, a later one, an error, two logits."""
    nodes = [
        embedding_node(10, 1),
        feature_node(0, 1, 1),
        feature_node(1, 2, 2, influence=0.2),
        feature_node(0, 1, 2),
        error_node(1, 1, node_id="1_-1_1"),
        logit_node("Austin", 0.6, token_id=5),
        logit_node("Dallas", 0.2, token_id=6),
    ]
    ids = [node["node_id"] for node in nodes]
    links = [
        (TOKEN, FIRST, 1.0),
        (FIRST, SECOND, 2.0),
        (AGAIN, SECOND, 0.5),
        (SECOND, AUSTIN, 3.0),
        (FIRST, AUSTIN, 1.0),
        (FIRST, DALLAS, 2.0),
        (ERROR, DALLAS, -0.5),
    ]
    made = [link(ids[source], ids[target], w) for source, target, w in links]
    return tracer_graph(nodes, made, slug=slug)


def surface(view: LinkGraphView) -> QWidget:
    return view._canvas.surface


def place(view: LinkGraphView, node: int) -> QPoint:
    point = view._canvas.point_of(node)
    assert point is not None
    return point.toPoint()


def send(
    view: LinkGraphView,
    kind: QEvent.Type,
    at: QPoint,
    keys: Qt.KeyboardModifier = NO_KEY,
    *,
    held: Qt.MouseButton = NO_BUTTON,
    button: Qt.MouseButton = NO_BUTTON,
) -> None:
    target = surface(view)
    there = QPointF(target.mapToGlobal(at))
    QApplication.sendEvent(
        target, QMouseEvent(kind, QPointF(at), there, button, held, keys)
    )


def drag(
    view: LinkGraphView,
    along: Sequence[QPoint],
    keys: Qt.KeyboardModifier,
    *,
    release: bool = True,
) -> None:
    press, move = QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove
    send(view, press, along[0], keys, held=LEFT, button=LEFT)
    for point in along[1:]:
        send(view, move, point, keys, held=LEFT)
    if release:
        send(view, QEvent.Type.MouseButtonRelease, along[-1], keys, button=LEFT)


def hover(view: LinkGraphView, at: QPoint, keys: Qt.KeyboardModifier = NO_KEY) -> None:
    send(view, QEvent.Type.MouseMove, at, keys)
