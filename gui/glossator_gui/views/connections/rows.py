"""Rows of the connection tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import groupby
from typing import Literal, TypeAlias

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)
from PySide6.QtGui import QFont

from glossator.graph.attribution_graph import NodeKind
from glossator_gui.views.plain_text import (
    MINUS,
    one_line,
    plain_tooltip,
    signed_number,
)

Index = QModelIndex | QPersistentModelIndex

KIND_GLYPHS = {
    NodeKind.FEATURE: "●",
    NodeKind.ERROR: "◆",
    NodeKind.EMBEDDING: "■",
    NodeKind.LOGIT: "■",
    NodeKind.ATTENTION: "▲",
    NodeKind.OTHER: "▼",
}


class Column(IntEnum):
    KIND = 0
    LABEL = 1
    TOKEN = 2
    LAYER = 3
    WEIGHT = 4
    SHARE = 5


_HEADINGS = ("", "Label", "Token", "Layer", "Weight", "Share")
_EXPLAINED = {
    Column.WEIGHT: "Direct effect of the source on the target",
    Column.SHARE: "Part of the target's summed absolute input",
}


@dataclass(frozen=True)
class ConnectionRow:
    node: int
    label: str
    kind: NodeKind
    layer: int
    token: str
    """With every character visible."""
    weight: float
    share: float
    """Signed, in [-1, 1]."""
    position: int = 0
    """Of the token in the prompt."""


@dataclass(frozen=True)
class TokenHeading:
    """Stands above the rows of one token."""

    token: str
    position: int
    n_rows: int
    share: float
    """Sum of theirs."""


Shown: TypeAlias = ConnectionRow | TokenHeading
Sign = Literal["both", "raising", "lowering"]
Order = Literal["share", "weight", "layer", "token"]


@dataclass(frozen=True)
class Filter:
    """Which rows are shown."""

    kind: NodeKind | None = None
    sign: Sign = "both"

    def passes(self, row: ConnectionRow) -> bool:
        if self.kind is not None and row.kind != self.kind:
            return False
        return self.sign == "both" or (row.weight < 0) == (self.sign == "lowering")


def arranged(rows: Sequence[ConnectionRow], order: Order) -> tuple[Shown, ...]:
    """Rows by the size of what they are ordered by, or under their tokens."""
    by_share = sorted(rows, key=lambda row: -abs(row.share))
    match order:
        case "share":
            return tuple(by_share)
        case "weight":
            return tuple(sorted(rows, key=lambda row: -abs(row.weight)))
        case "layer":
            return tuple(sorted(by_share, key=lambda row: -row.layer))
        case "token":
            return _under_tokens(sorted(by_share, key=lambda row: row.position))


def _under_tokens(rows: Sequence[ConnectionRow]) -> tuple[Shown, ...]:
    shown: list[Shown] = []
    for position, group in groupby(rows, key=lambda row: row.position):
        held = list(group)
        share = sum(row.share for row in held)
        shown += [TokenHeading(held[0].token, position, len(held), share), *held]
    return tuple(shown)


def share_text(share: float) -> str:
    percent = 100 * abs(share)
    size = f"{percent:.0f}" if percent >= 9.95 else f"{percent:.1f}"
    return f"{MINUS if share < 0 else '+'}{size} %"


_COLUMNS = tuple(Column)
_ROLES = frozenset(
    (
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.AccessibleTextRole,
        Qt.ItemDataRole.TextAlignmentRole,
        Qt.ItemDataRole.FontRole,
    )
)


class ConnectionModel(QAbstractTableModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[Shown, ...] = ()
        self.largest = 0.0
        """Largest absolute share: a full bar."""

    def show_rows(self, rows: Sequence[Shown]) -> None:
        self.beginResetModel()
        self.rows = tuple(rows)
        self.largest = max((abs(row.share) for row in self.rows), default=0.0)
        self.endResetModel()

    def flags(self, index: Index) -> Qt.ItemFlag:
        heading = index.isValid() and self.heading_at(index.row()) is not None
        return Qt.ItemFlag.ItemIsEnabled if heading else super().flags(index)

    def heading_at(self, at: int) -> TokenHeading | None:
        row = self.rows[at]
        return row if isinstance(row, TokenHeading) else None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(Column)

    def data(
        self, index: Index, role: int = Qt.ItemDataRole.DisplayRole
    ) -> str | Qt.AlignmentFlag | QFont | None:
        # A paint asks each cell for a dozen roles.
        if role not in _ROLES or not index.isValid():
            return None
        row, column = self.rows[index.row()], _COLUMNS[index.column()]
        if isinstance(row, TokenHeading):
            return _of_heading(row, column, role)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return _text(row, column)
            case Qt.ItemDataRole.ToolTipRole:
                return _tooltip(row)
            case Qt.ItemDataRole.AccessibleTextRole:
                spoken = column == Column.KIND
                return row.kind.name.lower() if spoken else _text(row, column)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case _:
                return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> str | Qt.AlignmentFlag | None:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return _HEADINGS[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return _EXPLAINED.get(Column(section))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(Column(section))
        return None


def _of_heading(
    heading: TokenHeading, column: Column, role: int
) -> str | Qt.AlignmentFlag | QFont | None:
    if role == Qt.ItemDataRole.TextAlignmentRole:
        return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    if role == Qt.ItemDataRole.FontRole:
        font = QFont()
        font.setBold(True)
        return font
    if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
        return None
    if column == Column.SHARE:
        return share_text(heading.share)
    if column != Column.KIND:
        return ""
    token = one_line(heading.token) or "no token"
    return f"{token}  ·  position {heading.position}  ·  {heading.n_rows:,}"


def _text(row: ConnectionRow, column: Column) -> str:
    match column:
        case Column.KIND:
            return KIND_GLYPHS[row.kind]
        case Column.LABEL:
            return one_line(row.label)
        case Column.TOKEN:
            return one_line(row.token)
        case Column.LAYER:
            return _layer_text(row)
        case Column.WEIGHT:
            return signed_number(row.weight)
        case Column.SHARE:
            return share_text(row.share)


def _layer_text(row: ConnectionRow) -> str:
    if row.kind == NodeKind.EMBEDDING:
        return "emb"
    return "logit" if row.kind == NodeKind.LOGIT else str(row.layer)


def _tooltip(row: ConnectionRow) -> str:
    heading = f"{row.kind.name.capitalize()}, layer {_layer_text(row)}"
    token = f"\non {row.token}" if row.token else ""
    return plain_tooltip(heading, row.label + token)


def _alignment(column: Column) -> Qt.AlignmentFlag:
    flag = Qt.AlignmentFlag
    if column == Column.KIND:
        return flag.AlignCenter
    right = column in (Column.LAYER, Column.WEIGHT)
    return (flag.AlignRight if right else flag.AlignLeft) | flag.AlignVCenter
