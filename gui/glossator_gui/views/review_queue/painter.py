"""How a feature that waits is drawn."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import (
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from glossator_gui.look.theme import LIGHT
from glossator_gui.views.plain_text import one_line, small_font
from glossator_gui.views.review_queue.rows import ROW_ROLE, Index, QueueRow

_PADDING = 8
_BAR = 5
"""Width of the tier's colour."""
_TAG_GAP = 3
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter

_REVIEW_MARKS = {
    "accepted": "✓",
    "imported": "↓",
    "proposed": "?",
    "rejected": "✗",
    "unlabelled": "",
}
_FLAG = "⚑"


class RowPainter(QStyledItemDelegate):
    """Two lines a feature: label and marks, then place, tags and tier."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = LIGHT

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        height = QFontMetrics(option.font).height()
        return QSize(160, 2 * height + 2 * _PADDING)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: Index
    ) -> None:
        row: QueueRow = index.data(ROW_ROLE)
        rect: QRect = option.rect
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        theme = self.theme
        painter.save()
        if selected:
            painter.fillRect(rect, QColor(theme.accent))
        colour = QColor(theme.tiers[row.tier] if row.tier else theme.untiered)
        painter.fillRect(
            QRect(rect.left(), rect.top(), _BAR, rect.height() - 1), colour
        )
        inner = rect.adjusted(_PADDING + 8, _PADDING - 1, -_PADDING, -_PADDING + 1)
        half = inner.height() // 2
        strong = QColor(theme.on_accent if selected else theme.text)
        faint = QColor(theme.on_accent if selected else theme.muted)
        upper = QRect(inner.left(), inner.top(), inner.width(), half)
        lower = QRect(inner.left(), inner.top() + half, inner.width(), half)
        self._title(painter, option.font, upper, row, strong, faint)
        self._place(painter, option.font, lower, row, faint)
        painter.setPen(QPen(QColor(theme.border)))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.restore()

    def _title(
        self,
        painter: QPainter,
        plain: QFont,
        line: QRect,
        row: QueueRow,
        strong: QColor,
        faint: QColor,
    ) -> None:
        marks = f"{_FLAG} " if row.flagged else ""
        marks = (marks + _REVIEW_MARKS[row.review]).rstrip()
        metrics = QFontMetrics(plain)
        painter.setFont(plain)
        painter.setPen(strong if row.flagged else faint)
        painter.drawText(line, _RIGHT, marks)
        room = line.width() - metrics.horizontalAdvance(marks) - 8
        font = QFont(plain)
        font.setItalic(not row.label)
        painter.setFont(font)
        painter.setPen(strong if row.label else faint)
        title = one_line(row.title)
        elided = QFontMetrics(font).elidedText(title, Qt.TextElideMode.ElideRight, room)
        painter.drawText(line, _LEFT, elided)

    def _place(
        self,
        painter: QPainter,
        font: QFont,
        line: QRect,
        row: QueueRow,
        faint: QColor,
    ) -> None:
        painter.setFont(font)
        painter.setPen(faint)
        metrics = QFontMetrics(font)
        tier = row.shown_tier
        painter.drawText(line, _RIGHT, tier)
        right = line.right() - metrics.horizontalAdvance(tier) - 8
        left = self._tags(painter, font, line, row)
        many = f" · {row.n_nodes} nodes" if row.n_nodes > 1 else ""
        place = f"{row.feature}{many}".replace("/", " / ")
        room = QRect(left, line.top(), max(right - left, 0), line.height())
        painter.setFont(font)
        painter.setPen(faint)
        painter.drawText(
            room,
            _LEFT,
            metrics.elidedText(place, Qt.TextElideMode.ElideRight, room.width()),
        )

    def _tags(self, painter: QPainter, font: QFont, line: QRect, row: QueueRow) -> int:
        """Numbers on their colours; where the text may go on."""
        small = small_font(small_font(font))
        side = QFontMetrics(small).height() - 1
        left = line.left()
        painter.setFont(small)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for tag in row.tags:
            colour = QColor(self.theme.tags[tag - 1])
            box = QRectF(left, line.center().y() - side / 2 + 1, side, side)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawRoundedRect(box, 3, 3)
            painter.setPen(self.theme.text_on(colour))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(tag))
            left += side + _TAG_GAP
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        return left + (_TAG_GAP if row.tags else 0)
