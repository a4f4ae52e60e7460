"""What the figure of a link graph shows, and where on the sheet."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glossator.export.figure.callouts import Box
from glossator.export.figure.paper import elided, shown_text, text_width
from glossator.export.target import AnnotatedGraph
from glossator.graph.attribution_graph import (
    AttributionGraph,
    BoolColumn,
    FloatColumn,
    NodeKind,
)
from glossator.graph.influence import node_influence
from glossator.graph.pruning import visible_nodes
from glossator.layout.drawn_links import base_links, focus_links
from glossator.layout.graph_text import column_texts, logit_text
from glossator.layout.link_graph import GraphLayout, LinkIndices, lay_out
from glossator.project.node_text import node_labels, node_tiers, shown_tokens
from glossator.protocol.decision import Tier

MAX_NODES = 4_000
"""More, and those of the least influence are left out."""
_NO_NODES = np.empty(0, dtype=np.int32)
TOKEN_SIZE, LOGIT_SIZE = 8.0, 7.5
RING = 1.3
"""Between a pinned node and its ring."""
TEXT_ROOM = 84.0
"""Most that a token's or logit's text may take, in points."""

_LEFT, _RIGHT, _SIDE = 42.0, 16.0, 6.0
_ABOVE, _BELOW = 8.0, 10.0
_NODE, _LEAST_NODE = 5.0, 2.0
"""Points across that a node gets, and gets at least."""
_NARROW, _WIDE, _WIDEST = 620.0, 880.0, 1600.0
_TALL = 430.0
_LEAST_ROW, _MOST_ROW = 9.0, 26.0
_LEGIBLE = 0.75
"""Part of a token's text that has to fit; less, and all tokens stand on end."""


@dataclass(frozen=True, eq=False)
class LinkScene:
    """Values of one link graph, ready to be drawn."""

    graph: AttributionGraph
    layout: GraphLayout
    tiers: list[Tier | None]
    labels: list[str]
    pinned: NDArray[np.int64]
    """Visible pinned nodes, as `grouped` those of supernodes."""
    grouped: NDArray[np.int64]
    base: LinkIndices
    focus: LinkIndices
    """Links among pinned and grouped nodes."""
    tokens: tuple[str, ...]
    """Text of each column."""

    @property
    def marked(self) -> NDArray[np.int64]:
        return np.union1d(self.pinned, self.grouped)

    @property
    def n_links(self) -> int:
        return len(np.union1d(self.base, self.focus))

    @property
    def logits(self) -> LinkIndices:
        shown = self.layout.shown
        logits: LinkIndices = shown[self.graph.nodes.kind[shown] == NodeKind.LOGIT]
        return logits

    def logit_texts(self) -> dict[int, str]:
        """Text of each logit with its probability, cut to its room."""
        texts = {}
        for node in self.logits.tolist():
            likely = float(self.graph.nodes.probability[node])
            chance = f" {100 * likely:.0f} %" if likely >= 0.005 else " <1 %"
            room = TEXT_ROOM - text_width(chance, LOGIT_SIZE)
            token = elided(shown_text(logit_text(self.graph, node)), LOGIT_SIZE, room)
            texts[node] = token + chance
        return texts


def link_scene(annotated: AnnotatedGraph) -> LinkScene:
    """The link graph with everything a figure tells of it."""
    graph, state, number = annotated.graph, annotated.state, annotated.number
    layout = lay_out(graph, _visible(graph, state.kept_nodes(number)))
    pinned = np.array(state.pins.get(number, ()), dtype=np.int64)
    members = [
        member
        for supernode in state.supernodes.get(number, {}).values()
        for member in supernode.members
    ]
    grouped = np.unique(np.array(members, dtype=np.int64))
    marked = np.union1d(pinned, grouped)
    return LinkScene(
        graph=graph,
        layout=layout,
        tiers=node_tiers(state, number),
        labels=[shown_text(label) for label in node_labels(state, number)],
        pinned=pinned,
        grouped=grouped,
        base=base_links(graph, layout).links,
        focus=focus_links(graph, layout, _NO_NODES, marked.astype(np.int32)).links,
        tokens=column_texts(layout, shown_tokens(graph)),
    )


def _visible(graph: AttributionGraph, kept: BoolColumn) -> BoolColumn:
    """All nodes, or the most influential where they are too many for a page."""
    if len(graph) <= MAX_NODES:
        return np.ones(len(graph), dtype=np.bool_)
    shares = node_influence(graph)
    known = np.sort(shares[~np.isnan(shares)])
    most = float(known[MAX_NODES - 1]) if len(known) > MAX_NODES else 1.0
    return visible_nodes(graph, most, kept)


@dataclass(frozen=True, eq=False)
class Plan:
    """The way from a layout to points of the sheet, y growing downwards."""

    frame: Box
    """Room of the nodes and of the texts among them."""
    scale: float
    """Points a node across."""
    row: float
    """Points between two rows."""
    lowest: float
    """Y of the lowest row."""
    upright_tokens: bool
    upright_logits: bool
    token_room: float
    """Height of the tokens' texts below the frame."""

    @property
    def radius(self) -> float:
        """Of a node's mark."""
        return min(max(0.44 * self.scale, 1.1), 0.22 * self.row, 2.8)

    def x(self, across: FloatColumn) -> FloatColumn:
        return self.frame.left + _SIDE + self.scale * across

    def y(self, rows: FloatColumn) -> FloatColumn:
        return self.lowest - self.row * rows


def sheet_width(layout: GraphLayout) -> float:
    roomy = min(_NODE * layout.width, _WIDE)
    tight = min(_LEAST_NODE * layout.width, _WIDEST)
    return max(roomy, tight, _NARROW) + _LEFT + _RIGHT


def plan(scene: LinkScene, top: float) -> Plan:
    """Fit the layout below `top`."""
    layout = scene.layout
    width = sheet_width(layout) - _LEFT - _RIGHT
    scale = (width - 2 * _SIDE) / layout.width
    room = (layout.ends - layout.starts) * scale - 4
    widths = [text_width(text, TOKEN_SIZE) for text in scene.tokens]
    upright_tokens = any(
        _LEGIBLE * wide > least
        for wide, least in zip(widths, room.tolist(), strict=True)
    )
    token_room = TOKEN_SIZE * 1.3
    if upright_tokens:
        token_room = min(max(widths, default=0.0), TEXT_ROOM) + 4
    texts = [text_width(text, LOGIT_SIZE) for text in scene.logit_texts().values()]
    xs = np.sort(layout.x[scene.logits]) * scale
    apart = float(np.diff(xs).min()) if len(xs) > 1 else np.inf
    upright_logits = max(texts, default=0.0) + 5 > apart
    above = _ABOVE
    if texts:
        above += max(texts) if upright_logits else LOGIT_SIZE
    row = min(max(_TALL / max(layout.n_rows - 1, 1), _LEAST_ROW), _MOST_ROW)
    lowest = top + above + row * (layout.n_rows - 1)
    frame = Box(_LEFT, top, _LEFT + width, lowest + _BELOW)
    return Plan(frame, scale, row, lowest, upright_tokens, upright_logits, token_room)
