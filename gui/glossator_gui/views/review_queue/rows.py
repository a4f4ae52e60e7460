"""What waits, as a list whose rows are made when they are looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)

from glossator.graph.attribution_graph import FeatureKey
from glossator.protocol.decision import Tier

ROW_ROLE = Qt.ItemDataRole.UserRole + 1
_SAID = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
_WHY = (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole)
_SLICE = 1000
Index: TypeAlias = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class QueueRow:
    """A feature that waits."""

    feature: FeatureKey
    label: str
    tier: Tier | None
    shown_tier: str
    review: str
    n_nodes: int
    """Nodes over all graphs of the project."""
    tags: tuple[int, ...] = ()
    flagged: bool = False
    concealed: bool = False
    """Its label is not to be seen now."""
    why: str = ""
    """Why it stands where it does; for a tooltip."""

    @property
    def title(self) -> str:
        """The label, or why there is none."""
        return self.label or ("label hidden" if self.concealed else "unlabelled")

    @property
    def said(self) -> str:
        """The row in words."""
        parts = [self.title, str(self.feature), self.shown_tier]
        if not self.concealed:
            parts.append(self.review)
        if self.flagged:
            parts.append("flagged")
        parts += [f"tag {tag}" for tag in self.tags]
        return ", ".join(parts)


class RowSource(Protocol):
    """Says what is shown of a feature now."""

    def __call__(self, feature: FeatureKey, /) -> QueueRow: ...


class QueueModel(QAbstractListModel):
    """Features of the queue that is shown."""

    def __init__(self, rows: RowSource, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.features: list[FeatureKey] = []
        self._rows = rows
        self._shown: set[FeatureKey] = set()
        self._row_of: dict[FeatureKey, int] | None = None
        self._last = 0
        """The row that was asked for last: a person goes from one to the next."""

    def show_features(self, features: Sequence[FeatureKey]) -> None:
        """Show other features; those that stay keep their place and selection.

        What differs is taken for one stretch: a decision removes one row, and a batch
        of a run replaces the stretch in which something moved.
        """
        old, new = self.features, list(features)
        if old == new:
            self.tell_changed()
            return
        start = _same(old, new)
        longest = min(len(old), len(new)) - start
        end = min(_same(old[::-1], new[::-1]), longest)
        nowhere = QModelIndex()
        if start < len(old) - end:
            self.beginRemoveRows(nowhere, start, len(old) - end - 1)
            self._shown.difference_update(old[start : len(old) - end])
            del old[start : len(old) - end]
            self._row_of = None
            self.endRemoveRows()
        if start < len(new) - end:
            self.beginInsertRows(nowhere, start, len(new) - end - 1)
            self._shown.update(new[start : len(new) - end])
            old[start:start] = new[start : len(new) - end]
            # A changed selection may have asked for rows while some were missing.
            self._row_of = None
            self.endInsertRows()
        self.tell_changed()

    def tell_changed(self) -> None:
        """What is said of the features may be different now."""
        if self.features:
            self.dataChanged.emit(self.index(0), self.index(len(self.features) - 1))

    def row(self, at: int) -> QueueRow:
        return self._rows(self.features[at])

    def at(self, feature: FeatureKey) -> int | None:
        """The feature's row; None where it is not shown."""
        if feature not in self._shown:
            return None
        for near in (self._last, self._last + 1, self._last - 1):
            if 0 <= near < len(self.features) and self.features[near] == feature:
                self._last = near
                return near
        if self._row_of is None:
            self._row_of = {shown: at for at, shown in enumerate(self.features)}
        self._last = self._row_of[feature]
        return self._last

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's default
        return 0 if parent.isValid() else len(self.features)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == ROW_ROLE:
            return self.row(index.row())
        if role in _SAID:
            return self.row(index.row()).said
        if role in _WHY:
            return self.row(index.row()).why
        return None


def _same(one: list[FeatureKey], other: list[FeatureKey]) -> int:
    """How many features both begin with; whole slices are compared at once."""
    n, start = min(len(one), len(other)), 0
    while start < n and one[start : start + _SLICE] == other[start : start + _SLICE]:
        start += _SLICE
    while start < n and one[start] == other[start]:
        start += 1
    return min(start, n)
