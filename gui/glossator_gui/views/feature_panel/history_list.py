"""How a label came about: who, what, when and why, one entry a revision."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from glossator.project.revision import LabelRevision
from glossator_gui.look.theme import LIGHT, Theme
from glossator_gui.views.plain_text import one_line, plain_tooltip, small_font

_Index: TypeAlias = QModelIndex | QPersistentModelIndex
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_REVISION = Qt.ItemDataRole.UserRole + 1
_MOST = 4
"""Entries in sight."""
_PAD = 6
_SIGNS = {
    "imported": "↓ imported",
    "proposed": "? proposed",
    "accepted": "✓ accepted",
    "edited": "✓ edited",
    "rejected": "✗ rejected",
    "withdrawn": "○ withdrawn",
}


def when_text(at: str) -> str:
    """The day and minute here, as in ``2 Aug 2026, 12:00``; "" where unknown."""
    try:
        here = datetime.fromisoformat(at).astimezone()
    except ValueError:
        return one_line(at)
    return f"{here.day} {here:%b %Y, %H:%M}"


def entry_lines(revision: LabelRevision) -> tuple[str, str]:
    """Who did what when to which text, and why."""
    who = one_line(revision.author or revision.method)
    by = f" by {who}" if who else ""
    via = f" ({revision.via})" if revision.via else ""
    when = when_text(revision.at)
    said = f"{_SIGNS[revision.status]}{by}{via}"
    what = f"“{one_line(revision.text)}”" if revision.text else "no text"
    return f"{said} · {when}" if when else said, what


def entry_details(revision: LabelRevision) -> str:
    """Everything that is stored of it, a line each."""
    named = (
        ("", revision.reason),
        ("at", revision.at),
        ("method", revision.method if revision.author else ""),
        ("model", revision.model),
        ("tier", revision.tier),
        ("evidence", revision.evidence),
        ("prompt", revision.prompt_hash),
        ("seconds", f"{revision.seconds:.1f}" if revision.seconds else ""),
    )
    lines = (f"{name} {one_line(text)}".strip() for name, text in named if text)
    return "\n".join(lines)


class HistoryList(QWidget):
    """Newest first; an old text can be taken again, a prompt looked at."""

    text_taken = Signal(object)
    """LabelRevision whose text is wanted in the editor."""
    prompt_requested = Signal(object)
    """LabelRevision whose prompt is to be shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._list = _Entries()
        self._painter = _EntryPainter(self._list)
        self._list.setItemDelegate(self._painter)
        self._take = _small_button("Take This Text Again (Enter)")
        self._prompt = _small_button("Show Prompt")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._take)
        row.addWidget(self._prompt)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self._list)
        column.addLayout(row)
        self._list.currentRowChanged.connect(self._enable)
        self._list.entered_with_key.connect(self._on_take)
        self._list.itemDoubleClicked.connect(self._on_take)
        self._take.clicked.connect(self._on_take)
        self._prompt.clicked.connect(self._on_prompt)

    def show_history(self, history: Sequence[LabelRevision]) -> None:
        """Show revisions, given oldest first."""
        items = map(self._list.item, range(self._list.count()))
        if [item.data(_REVISION) for item in items] == list(reversed(history)):
            return
        self._list.clear()
        for revision in reversed(history):
            item = QListWidgetItem(", ".join(entry_lines(revision)))
            item.setData(_REVISION, revision)
            item.setToolTip(plain_tooltip("All of it:", entry_details(revision)))
            self._list.addItem(item)
        self._list.setCurrentRow(0)
        row = self._painter.row_height(self._list.font())
        rows = min(max(len(history), 1), _MOST)
        self._list.setFixedHeight(rows * row + 2 * self._list.frameWidth() + 2)
        self._enable()

    def set_theme(self, theme: Theme) -> None:
        self._painter.theme = theme
        self._list.viewport().update()

    @property
    def texts(self) -> list[str]:
        """What stands in it, an entry each."""
        return [self._list.item(at).text() for at in range(self._list.count())]

    @property
    def list(self) -> QListWidget:
        return self._list

    def _current(self) -> LabelRevision | None:
        at = self._list.currentRow()
        if at < 0:
            return None
        revision: LabelRevision = self._list.item(at).data(_REVISION)
        return revision

    def _enable(self) -> None:
        revision = self._current()
        self._take.setEnabled(revision is not None and bool(revision.text))
        asked = revision is not None and bool(revision.prompt_hash)
        self._prompt.setVisible(asked)

    def _on_take(self) -> None:
        revision = self._current()
        if revision is not None and revision.text:
            self.text_taken.emit(revision)

    def _on_prompt(self) -> None:
        self.prompt_requested.emit(self._current())


class _Entries(QListWidget):
    entered_with_key = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Label history")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setUniformItemSizes(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ENTER:
            self.entered_with_key.emit()
        else:
            super().keyPressEvent(event)


class _EntryPainter(QStyledItemDelegate):
    """Who and when above, the text below; the reason is cut to what room is left."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = LIGHT

    def row_height(self, font: QFont) -> int:
        return 2 * QFontMetrics(font).height() + 2 * _PAD

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(100, self.row_height(option.font))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: _Index,
    ) -> None:
        revision: LabelRevision = index.data(_REVISION)
        rect: QRect = option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        theme = self.theme
        painter.save()
        if chosen:
            painter.fillRect(rect, QColor(theme.raised))
            painter.fillRect(
                QRect(rect.left(), rect.top(), 3, rect.height()), QColor(theme.accent)
            )
        head, what = entry_lines(revision)
        inner = rect.adjusted(_PAD + 4, _PAD, -_PAD, -_PAD)
        half = inner.height() // 2
        upper = QRect(inner.left(), inner.top(), inner.width(), half)
        lower = QRect(inner.left(), inner.top() + half, inner.width(), half)
        self._line(painter, option, upper, head, theme.muted, small=True)
        because = f" — {one_line(revision.reason)}" if revision.reason else ""
        self._line(painter, option, lower, what + because, theme.text)
        painter.setPen(QColor(theme.border))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.restore()

    def _line(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        room: QRect,
        text: str,
        colour: str,
        *,
        small: bool = False,
    ) -> None:
        font = small_font(option.font) if small else option.font
        painter.setFont(font)
        painter.setPen(QColor(colour))
        elided = QFontMetrics(font).elidedText(
            text, Qt.TextElideMode.ElideRight, room.width()
        )
        aligned = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(room, aligned, elided)


def _small_button(text: str) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.setFont(small_font(button.font()))
    button.setStyleSheet("QPushButton { padding: 2px 8px; }")
    return button
