"""Where the nodes of a link graph stand, and what is near them."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from glossator.graph.attribution_graph import (
    AttributionGraph,
    BoolColumn,
    FloatColumn,
    IndexColumn,
    NodeColumns,
    NodeKind,
)

Direction = Literal["left", "right", "up", "down"]
LinkIndices: TypeAlias = NDArray[np.int64]

_COLUMN_GAP = 1.0
_MIN_COLUMN = 1.6
_MIN_COLUMN_SHARE = 0.016
"""Of the whole width, so that a token's text fits below a sparse column."""
_CROWD = 16
_LOGIT_PITCH = 3.0
_AHEAD = {"left": (-1, 0), "right": (1, 0), "up": (0, 1), "down": (0, -1)}


@dataclass(frozen=True, eq=False)
class GraphLayout:
    """Nodes in columns by token and rows by layer; one unit is a node or a row."""

    x: FloatColumn
    """One entry a node, NaN where it is hidden; as `y`."""
    y: FloatColumn
    layers: IndexColumn
    """Layer of each row, bottom up."""
    logit_row: int | None
    positions: IndexColumn
    """Token position of each column."""
    starts: FloatColumn
    """Left edge of each column."""
    ends: FloatColumn
    shown: LinkIndices
    """Visible nodes by row, then from left to right."""
    keys: FloatColumn
    """What `shown` is sorted by."""

    @property
    def width(self) -> float:
        return float(self.ends[-1]) if len(self.ends) else 1.0

    @property
    def n_rows(self) -> int:
        return len(self.layers)

    def nearest(self, x: float, y: float, reach_x: float, reach_y: float) -> int:
        """Visible node nearest to a point within an ellipse, or -1."""
        rows = np.arange(
            max(int(np.ceil(y - reach_y)), 0),
            min(int(np.floor(y + reach_y)), self.n_rows - 1) + 1,
        )
        stride = self.width + 1.0
        low = np.searchsorted(
            self.keys, rows * stride + np.clip(x - reach_x, 0, self.width)
        )
        high = np.searchsorted(
            self.keys, rows * stride + np.clip(x + reach_x, 0, self.width), "right"
        )
        near = [self.shown[a:b] for a, b in zip(low, high, strict=True) if b > a]
        if not near:
            return -1
        nodes = np.concatenate(near)
        away = np.hypot((self.x[nodes] - x) / reach_x, (self.y[nodes] - y) / reach_y)
        best = int(np.argmin(away))
        return int(nodes[best]) if away[best] <= 1.0 else -1

    def within(self, left: float, right: float, low: float, high: float) -> LinkIndices:
        """Visible nodes inside a rectangle."""
        x, y = self.x[self.shown], self.y[self.shown]
        inside = (x >= left) & (x <= right) & (y >= low) & (y <= high)
        return self.shown[inside]

    def step(self, node: int, direction: Direction, aspect: float) -> int | None:
        """Nearest visible node in a direction, best in the same column or row.

        Parameters
        ----------
        aspect
            Height of a row in widths of a node, as seen on the screen.
        """
        if np.isnan(self.x[node]):
            return None
        toward_x, toward_y = _AHEAD[direction]
        dx = self.x[self.shown] - self.x[node]
        dy = (self.y[self.shown] - self.y[node]) * aspect
        along = dx * toward_x + dy * toward_y
        across = np.abs(dx * toward_y) + np.abs(dy * toward_x)
        if toward_y:
            column = np.searchsorted(self.ends, self.x[[node, *self.shown]])
            in_line = column[1:] == column[0]
            near = 1e3 * along + across
        else:
            in_line = dy == 0
            near = along
        stray = 1e9 + along + 3.0 * across
        cost = np.where(along > 1e-9, np.where(in_line, near, stray), np.inf)
        best = int(np.argmin(cost))
        return int(self.shown[best]) if np.isfinite(cost[best]) else None


def lay_out(graph: AttributionGraph, visible: BoolColumn) -> GraphLayout:
    """Place the visible nodes; hidden ones take no room."""
    nodes = graph.nodes
    shown = np.flatnonzero(visible)
    order = _order_in_cells(nodes, shown)
    layers, rows = np.unique(nodes.layer[order], return_inverse=True)
    tokens = np.arange(len(graph.prompt_tokens), dtype=np.int32)
    positions = np.union1d(nodes.position[order], tokens)
    columns = np.searchsorted(positions, nodes.position[order])

    cells = columns.astype(np.int64) * max(len(layers), 1) + rows
    _, first, counts = np.unique(cells, return_index=True, return_counts=True)
    rank = np.arange(len(order)) - np.repeat(first, counts)
    size = np.repeat(counts, counts)
    pitch = np.where(nodes.kind[order] == NodeKind.LOGIT, _LOGIT_PITCH, 1.0)
    pitch = np.where(pitch > 1, pitch, _crowding(size) / size)
    starts, ends = _columns(len(positions), columns, size * pitch)
    middle = (starts + ends)[columns] / 2

    x = np.full(len(nodes), np.nan)
    y = np.full(len(nodes), np.nan)
    x[order] = middle + (rank - (size - 1) / 2) * pitch
    y[order] = rows
    width = float(ends[-1]) if len(ends) else 1.0
    keys = rows * (width + 1.0) + x[order]
    by_row = np.argsort(keys, kind="stable")
    logits = np.flatnonzero(nodes.kind[order] == NodeKind.LOGIT)
    return GraphLayout(
        x=x,
        y=y,
        layers=layers.astype(np.int32),
        logit_row=int(rows[logits[0]]) if len(logits) else None,
        positions=positions.astype(np.int32),
        starts=starts,
        ends=ends,
        shown=order[by_row],
        keys=keys[by_row],
    )


def _crowding(size: NDArray[np.int64]) -> FloatColumn:
    """Room for a cell's nodes, in nodes: a crowded one must not squash the rest."""
    return np.where(size <= _CROWD, size, _CROWD + (size - _CROWD) * 0.4)


def _order_in_cells(nodes: NodeColumns, shown: LinkIndices) -> LinkIndices:
    """Nodes by column, row, then errors last and the more important first."""
    influence = np.nan_to_num(nodes.influence[shown], nan=np.inf)
    likely = -nodes.probability[shown]
    errors = nodes.kind[shown] == NodeKind.ERROR
    return shown[
        np.lexsort(
            (influence, likely, errors, nodes.layer[shown], nodes.position[shown])
        )
    ]


def _columns(
    n_columns: int, columns: LinkIndices, needed: FloatColumn
) -> tuple[FloatColumn, FloatColumn]:
    """Left and right edge of each column."""
    widths = np.full(n_columns, _MIN_COLUMN)
    np.maximum.at(widths, columns, needed)
    floor = min(float(widths.sum()) * _MIN_COLUMN_SHARE, 8.0)
    widths = np.maximum(widths, floor) + _COLUMN_GAP
    ends = np.cumsum(widths)
    return ends - widths, ends
