"""What the link graph says in words: axes, tooltips, and texts beside nodes."""

from collections.abc import Iterable, Sequence

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF

from glossator.evidence.token_text import visible_token
from glossator.graph.attribution_graph import (
    AttributionGraph,
    BoolColumn,
    NodeIndex,
    NodeKind,
)
from glossator.layout.graph_text import column_texts, logit_text, row_names
from glossator.layout.link_graph import GraphLayout, LinkIndices
from glossator_gui.views.link_graph.backdrop import Axes
from glossator_gui.views.link_graph.camera import Camera
from glossator_gui.views.link_graph.labels import LabelRequest
from glossator_gui.views.plain_text import one_line

MAX_TOKEN_WIDTH = 92.0
"""In pixels, of a token's or logit's text."""
_MAX_LABEL_WIDTH = 116.0
_MAX_LABELS = 90
_LEGIBLE = 0.7
"""Part of a token's text that has to fit; less, and all tokens stand on end."""
_ROOMY = 14.0
"""Pixels a node from which every label may show."""
_MAX_TOOLTIP = 240

_KIND_NAMES = {
    NodeKind.FEATURE: "Feature",
    NodeKind.ATTENTION: "Attention feature",
    NodeKind.ERROR: "Error",
    NodeKind.EMBEDDING: "Embedding",
    NodeKind.LOGIT: "Logit",
    NodeKind.OTHER: "Other node",
}


def axes_for(
    layout: GraphLayout, tokens: Sequence[str], scale_x: float, metrics: QFontMetricsF
) -> Axes:
    texts = column_texts(layout, tokens)
    room = (layout.ends - layout.starts) * scale_x - 6
    upright = any(
        _LEGIBLE * metrics.horizontalAdvance(text) > width
        for text, width in zip(texts, room.tolist(), strict=True)
    )
    return Axes(row_names(layout), texts, upright)


def describe(
    graph: AttributionGraph, node: int, label: str, tokens: Sequence[str]
) -> str:
    """Plain text on a node, a line a fact."""
    nodes = graph.nodes
    kind = NodeKind(int(nodes.kind[node]))
    name = _KIND_NAMES[kind]
    feature = graph.feature_of(NodeIndex(node))
    if feature is not None:
        name += f" {feature.index}" if graph.opaque_features else f" {feature}"
    position = int(nodes.position[node])
    where = [name]
    if kind not in (NodeKind.EMBEDDING, NodeKind.LOGIT):
        where.append(f"layer {int(nodes.layer[node])}")
    if position < len(tokens):
        where.append(f"token {position} “{tokens[position]}”")
    else:
        where.append(f"position {position}")
    lines = [_title(graph, node, kind, label), " · ".join(where)]
    numbers = [
        f"{word} {value:.3g}"
        for word, value in (
            ("activation", float(nodes.activation[node])),
            ("influence", float(nodes.influence[node])),
        )
        if not np.isnan(value)
    ]
    if kind == NodeKind.LOGIT:
        numbers.append(f"probability {float(nodes.probability[node]):.1%}")
    return "\n".join([*lines, " · ".join(numbers)]).strip()


def _title(graph: AttributionGraph, node: int, kind: NodeKind, label: str) -> str:
    text = label
    if not text:
        caption = graph.nodes.caption[node]
        is_feature = graph.nodes.is_feature[node]
        text = "No label" if is_feature else visible_token(caption) or _KIND_NAMES[kind]
    text = " ".join(text.split())
    return text if len(text) <= _MAX_TOOLTIP else text[: _MAX_TOOLTIP - 1] + "…"


def logits_stand(
    graph: AttributionGraph, layout: GraphLayout, scale_x: float, metrics: QFontMetricsF
) -> bool:
    """Whether the logits' texts have to stand on end to fit side by side."""
    logits = _logits(graph, layout)
    if len(logits) < 2:
        return False
    gap = float(np.diff(np.sort(layout.x[logits])).min()) * scale_x
    return widest_logit(graph, layout, metrics) + 6 > gap


def widest_logit(
    graph: AttributionGraph, layout: GraphLayout, metrics: QFontMetricsF
) -> float:
    widths = (
        metrics.horizontalAdvance(logit_text(graph, node))
        for node in _logits(graph, layout).tolist()
    )
    return min(max(widths, default=0.0), MAX_TOKEN_WIDTH)


def _logits(graph: AttributionGraph, layout: GraphLayout) -> LinkIndices:
    shown = layout.shown
    logits: LinkIndices = shown[graph.nodes.kind[shown] == NodeKind.LOGIT]
    return logits


def label_requests(
    graph: AttributionGraph,
    layout: GraphLayout,
    camera: Camera,
    metrics: QFontMetricsF,
    labels: Sequence[str],
    has_label: BoolColumn,
    urgent: Iterable[int],
    neighbours: Iterable[int],
) -> list[LabelRequest]:
    """Texts to place: logits, what is marked, then the rest where there is room."""
    in_view = layout.within(*camera.x_range, *camera.y_range)
    stand = logits_stand(graph, layout, camera.scale_x, metrics)
    logits = _logits(graph, layout)
    logits = logits[np.argsort(-graph.nodes.probability[logits], kind="stable")]
    texts = {node: logit_text(graph, node) for node in logits.tolist()}
    first = set(urgent)
    order = [*logits.tolist(), *first, *neighbours]
    labelled = in_view[has_label[in_view]]
    if len(labelled) <= _MAX_LABELS or camera.scale_x >= _ROOMY:
        influence = np.nan_to_num(graph.nodes.influence[labelled], nan=2.0)
        best = labelled[np.argsort(influence, kind="stable")]
        order += best[:_MAX_LABELS].tolist()
    seen = np.zeros(len(graph), dtype=np.bool_)
    seen[in_view] = True
    chosen = [
        node
        for node in dict.fromkeys(order)
        if seen[node] and (texts.get(node) or labels[node])
    ][:_MAX_LABELS]
    xs, ys = camera.to_pixels(layout.x[chosen], layout.y[chosen])
    requests = []
    for node, x, y in zip(chosen, xs.tolist(), ys.tolist(), strict=True):
        is_logit = node in texts
        text = metrics.elidedText(
            one_line(" ".join((texts.get(node) or labels[node]).split())),
            Qt.TextElideMode.ElideMiddle if is_logit else Qt.TextElideMode.ElideRight,
            MAX_TOKEN_WIDTH if is_logit else _MAX_LABEL_WIDTH,
        )
        width = metrics.horizontalAdvance(text) + 1
        requests.append(
            LabelRequest(
                node,
                text,
                x,
                y,
                width,
                metrics.height(),
                upright=is_logit and stand,
                urgent=is_logit or node in first,
            )
        )
    return requests
