"""The queue of features to review: what waits, and how far the work is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QLabel,
    QListView,
    QProgressBar,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from glossator.graph.attribution_graph import FeatureKey
from glossator.protocol.decision import Tier
from glossator_gui.theme import LIGHT, Theme

_ROW_ROLE = Qt.ItemDataRole.UserRole + 1
_PADDING = 8
_Index = QModelIndex | QPersistentModelIndex

_REVIEW_MARKS = {
    "accepted": "✓",
    "imported": "↓",
    "proposed": "?",
    "rejected": "✗",
    "unlabelled": "",
}


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


class QueueModel(QAbstractListModel):
    """Rows of the queue that is shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[QueueRow] = []

    def set_rows(self, rows: Sequence[QueueRow]) -> None:
        """Replace the rows; the same features in the same order keep the selection."""
        same = [r.feature for r in rows] == [r.feature for r in self.rows]
        if same:
            self.rows = list(rows)
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's default
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        if role == _ROW_ROLE:
            return row
        if role in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.AccessibleTextRole,
        ):
            tier = row.shown_tier
            return f"{row.label or 'unlabelled'}, {row.feature}, {tier}, {row.review}"
        return None


class _RowPainter(QStyledItemDelegate):
    """Two lines a feature: its label, then place, tier and review state."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = LIGHT

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        height = QFontMetrics(option.font).height()
        return QSize(160, 2 * height + 2 * _PADDING)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: _Index
    ) -> None:
        row: QueueRow = index.data(_ROW_ROLE)
        rect: QRect = option.rect
        state = option.state
        selected = bool(state & QStyle.StateFlag.State_Selected)
        theme = self.theme
        painter.save()
        if selected:
            painter.fillRect(rect, QColor(theme.accent))
        colour = QColor(theme.tiers[row.tier] if row.tier else theme.untiered)
        painter.fillRect(QRect(rect.left(), rect.top(), 5, rect.height() - 1), colour)
        inner = rect.adjusted(_PADDING + 8, _PADDING - 1, -_PADDING, -_PADDING + 1)
        half = inner.height() // 2
        self._line(painter, option, inner, half, row, selected=selected)
        painter.setPen(QPen(QColor(theme.border)))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.restore()

    def _line(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        inner: QRect,
        half: int,
        row: QueueRow,
        *,
        selected: bool,
    ) -> None:
        theme = self.theme
        strong = QColor(theme.on_accent if selected else theme.text)
        faint = QColor(theme.on_accent if selected else theme.muted)
        font = QFont(option.font)
        mark = _REVIEW_MARKS[row.review]
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        font.setItalic(not row.label)
        painter.setFont(font)
        painter.setPen(strong if row.label else faint)
        metrics = QFontMetrics(font)
        title = metrics.elidedText(
            row.label or "unlabelled", Qt.TextElideMode.ElideRight, inner.width() - 20
        )
        upper = QRect(inner.left(), inner.top(), inner.width(), half)
        lower = QRect(inner.left(), inner.top() + half, inner.width(), half)
        painter.drawText(upper, left, title)
        font.setItalic(False)
        painter.setFont(font)
        painter.setPen(faint)
        painter.drawText(upper, right, mark)
        many = f" · {row.n_nodes} nodes" if row.n_nodes > 1 else ""
        place = f"{row.feature.layer} / {row.feature.index}{many}"
        tier = row.shown_tier
        room = inner.width() - metrics.horizontalAdvance(tier) - 8
        place = metrics.elidedText(place, Qt.TextElideMode.ElideRight, room)
        painter.drawText(lower, left, place)
        painter.drawText(lower, right, tier)


class ReviewQueueView(QWidget):
    """A list of features by queue, with counts and progress."""

    queue_chosen = Signal(str)
    features_chosen = Signal(tuple)
    """FeatureKeys; the last is the one to show."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.queues = QComboBox()
        self.queues.setAccessibleName("Queue")
        self.queues.activated.connect(self._on_queue_activated)
        self.all_graphs = QCheckBox("All graphs of the project")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.progress = QLabel()
        self.progress.setProperty("role", "muted")
        self.empty = QLabel()
        self.empty.setProperty("role", "muted")
        self.empty.setWordWrap(True)
        self.empty.setTextFormat(Qt.TextFormat.PlainText)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.model = QueueModel(self)
        self.painter = _RowPainter(self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(self.painter)
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setAccessibleName("Features to review")
        self.list.selectionModel().selectionChanged.connect(self._on_selection_changed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        for widget in (self.queues, self.all_graphs, self.bar, self.progress):
            layout.addWidget(widget)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.empty, 1)

    def set_theme(self, theme: Theme) -> None:
        self.painter.theme = theme
        self.list.viewport().update()

    def show_queues(self, counts: Sequence[tuple[str, int]], current: str) -> None:
        """Offer the queues with their sizes."""
        self.queues.clear()
        for name, count in counts:
            self.queues.addItem(f"{name} ({count})", name)
        self.queues.setCurrentIndex(self.queues.findData(current))

    def show_progress(self, accepted: int, total: int) -> None:
        self.bar.setRange(0, max(total, 1))
        self.bar.setValue(accepted)
        self.progress.setText(f"{accepted} of {total} features accepted")

    def show_rows(self, rows: Sequence[QueueRow], empty: str) -> None:
        """Show what waits; `empty` is said where nothing does."""
        kept = self._chosen()
        self.model.set_rows(rows)
        self.list.setVisible(bool(rows))
        self.empty.setVisible(not rows)
        self.empty.setText(empty)
        self.mark(kept)

    def mark(self, features: tuple[FeatureKey, ...]) -> None:
        """Select features without telling anyone."""
        chosen = self._chosen()
        if set(features) == set(chosen) and features[-1:] == chosen[-1:]:
            return
        selection = self.list.selectionModel()
        wanted = set(features)
        selection.blockSignals(True)
        selection.clearSelection()
        for at, row in enumerate(self.model.rows):
            if row.feature in wanted:
                index = self.model.index(at)
                selection.select(index, QItemSelectionModel.SelectionFlag.Select)
                if row.feature == features[-1]:
                    selection.setCurrentIndex(
                        index, QItemSelectionModel.SelectionFlag.NoUpdate
                    )
                    self.list.scrollTo(index)
        selection.blockSignals(False)
        self.list.viewport().update()

    def next_after(
        self, feature: FeatureKey | None, step: int = 1, *, unlabelled: bool = False
    ) -> FeatureKey | None:
        """The feature `step` rows on, among all or among those without a label.

        The first one where the given feature is not shown; None past the ends.
        """
        rows = self.model.rows
        at = next((n for n, row in enumerate(rows) if row.feature == feature), None)
        at = (0 if step > 0 else -1) if at is None else at + step
        while 0 <= at < len(rows):
            if not (unlabelled and rows[at].label):
                return rows[at].feature
            at += step
        return None

    def _chosen(self) -> tuple[FeatureKey, ...]:
        chosen = self.list.selectionModel().selectedIndexes()
        current = self.list.currentIndex().row()
        rows = sorted(index.row() for index in chosen)
        if current in rows:
            rows.remove(current)
            rows.append(current)
        return tuple(self.model.rows[row].feature for row in rows)

    def _on_selection_changed(self) -> None:
        chosen = self._chosen()
        if chosen:
            self.features_chosen.emit(chosen)

    def _on_queue_activated(self, at: int) -> None:
        self.queue_chosen.emit(self.queues.itemData(at))
