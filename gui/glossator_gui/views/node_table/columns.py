"""The columns of the node table: what stands in them, as text and in which order."""

import math
import re
from collections.abc import Sequence
from enum import Enum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from glossator.graph.attribution_graph import EMBEDDING_LAYER
from glossator_gui.views.plain_text import number, one_line

Value: TypeAlias = str | int | float | bool | tuple[int, ...] | None
"""Of a cell; "" and None and an empty tuple are nothing."""


Key: TypeAlias = tuple[str, str] | float | tuple[int, ...] | tuple[tuple[int, str], ...]
"""By which values of one column are put in order."""

_PARTS = re.compile(r"\d{1,18}|\D+")


class Column(Enum):
    """Named as in stored settings."""

    KIND = "kind"
    LAYER = "layer"
    FEATURE = "feature"
    TOKEN = "token"
    POSITION = "position"
    LABEL = "label"
    STATUS = "status"
    TIER = "tier"
    TAGS = "tags"
    FLAG = "flag"
    INFLUENCE = "influence"
    Z = "z"
    ACTIVATION = "activation"
    PINNED = "pinned"
    SUPERNODE = "supernode"
    NOTE = "note"
    METHOD = "method"
    ID = "node id"

    @property
    def heading(self) -> str:
        return "z" if self is Column.Z else self.value.capitalize()


COLUMNS: tuple[Column, ...] = tuple(Column)

NUMBERS = frozenset(
    {Column.LAYER, Column.POSITION, Column.Z, Column.ACTIVATION, Column.INFLUENCE}
)
_IDS = frozenset({Column.ID, Column.FEATURE})
EDITABLE = frozenset({Column.LABEL, Column.NOTE})

EXPLAINED = {
    Column.STATUS: "Where the label stands in the review",
    Column.METHOD: "What proposed the label",
    Column.Z: "Of the window whose texts agree most, over unrelated ones",
    Column.INFLUENCE: "Cumulative share of influence: small is important",
}

_MARKS = {Column.FLAG: "⚑", Column.PINNED: "✓"}
_STATUS_MARKS = {
    "accepted": "✓",
    "imported": "↓",
    "proposed": "?",
    "rejected": "✗",
    "unlabelled": "",
}


def cell_text(column: Column, value: Value) -> str:
    """What is shown in a cell, and copied."""
    if value is None or value == "" or value == ():
        return ""
    if column == Column.STATUS:
        return f"{_STATUS_MARKS.get(str(value), '')} {value}".strip()
    if column == Column.LAYER and value == EMBEDDING_LAYER:
        return "E"
    if column in _MARKS:
        return _MARKS[column] if value else ""
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return f"{value:.3f}" if column == Column.INFLUENCE else number(value)
    return one_line(str(value))


def spoken_text(column: Column, value: Value) -> str:
    """What a screen reader says of a cell."""
    if column in _MARKS:
        said = "yes" if value else "no"
    elif column == Column.STATUS:
        said = str(value or "")
    else:
        said = cell_text(column, value)
    return f"{column.heading}: {said or 'none'}"


def ordered(
    nodes: NDArray[np.int64],
    column: Column,
    values: Sequence[Value],
    *,
    descending: bool,
) -> NDArray[np.int64]:
    """Nodes by their values; equal ones by node, those without one last."""
    held = [(values[node], node) for node in nodes.tolist()]
    key = _natural if column in _IDS else _plain
    known = [(key(value), node) for value, node in held if not _is_nothing(value)]
    empty = [node for value, node in held if _is_nothing(value)]
    known.sort(key=lambda pair: pair[0], reverse=descending)
    return np.array([node for _, node in known] + empty, dtype=np.int64)


def _is_nothing(value: Value) -> bool:
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or value is False or value in ("", ())


def _plain(value: Value) -> Key:
    if isinstance(value, str):
        return value.casefold(), value
    assert value is not None
    return value


def _natural(value: Value) -> Key:
    """Numbers in ids count as numbers."""
    return tuple(
        (int(part), "") if part.isdecimal() else (-1, part)
        for part in _PARTS.findall(str(value))
    )
