"""The view of everything: how much room the texts around the nodes need."""

from collections.abc import Sequence

from PySide6.QtGui import QFontMetricsF

from glossator.graph.attribution_graph import AttributionGraph
from glossator.layout.link_graph import GraphLayout
from glossator_gui.views.link_graph.backdrop import Axes
from glossator_gui.views.link_graph.camera import Camera, Frame, fitted
from glossator_gui.views.link_graph.text import (
    MAX_TOKEN_WIDTH,
    axes_for,
    logits_stand,
    widest_logit,
)

_LEFT, _RIGHT, _TOP = 50.0, 8.0, 8.0
_SIDE, _BELOW = 10.0, 16.0


def home_view(
    graph: AttributionGraph,
    layout: GraphLayout,
    tokens: Sequence[str],
    size: tuple[float, float],
    metrics: QFontMetricsF,
    small: QFontMetricsF,
) -> tuple[Camera, Axes]:
    """The camera on the whole graph for a size in pixels, and its axes."""
    width, height = size
    frame_width = max(width - _LEFT - _RIGHT, 40.0)
    scale_x = (frame_width - 2 * _SIDE) / layout.width
    axes = axes_for(layout, tokens, scale_x, metrics)
    strip = metrics.height()
    if axes.upright:
        widest = max(map(metrics.horizontalAdvance, axes.tokens), default=0.0)
        strip = min(widest, MAX_TOKEN_WIDTH)
    # The count of what is shown stands at the top and must not cover the logits.
    above = 20.0 + metrics.height()
    if layout.logit_row is not None:
        stand = logits_stand(graph, layout, scale_x, small)
        above += widest_logit(graph, layout, small) if stand else small.height()
    frame = Frame(_LEFT, _TOP, frame_width, max(height - _TOP - strip - 10, 40.0))
    return fitted(layout, frame, top=above, bottom=_BELOW, side=_SIDE), axes
