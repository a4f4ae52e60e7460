"""Draws one activation example, or the heading of a group of them."""

from collections.abc import Mapping

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QHelpEvent, QPainter, QTextLayout
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
)

from glossator.evidence.example_text import ExampleText, example_text
from glossator.evidence.feature_evidence import ActivationExample
from glossator_gui.look.theme import LIGHT, Theme
from glossator_gui.views.feature_panel.example_rows import (
    ExampleModel,
    GroupHeading,
    Row,
    sense_text,
)
from glossator_gui.views.feature_panel.shaded_text import (
    is_cut,
    piece_at,
    shaded_layout,
)
from glossator_gui.views.plain_text import lay_out, number, small_font

_GAP = 10
"""Between the activation and the text."""
_PAD = 5
_LEADING = 2.0
_Laid = tuple[ExampleText, QTextLayout, int]


class ExampleDelegate(QStyledItemDelegate):
    def __init__(self, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._view = view
        self._theme = LIGHT
        self._laid: dict[int, _Laid] = {}
        self._laid_width = -1
        self.expanded: set[int] = set()
        self.senses: Mapping[int, int] = {}
        """Number of the sense, of the rows that are of one."""
        self.maximum = 0.0

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.forget_layouts()

    def forget_layouts(self) -> None:
        self._laid.clear()

    def height(self, row: Row, at: int, width: int) -> int:
        if isinstance(row, GroupHeading):
            metrics = QFontMetrics(small_font(self._view.font()))
            return metrics.height() + (2 if at == 0 else 10) + 4
        text = self._layout(row, at, width)[2]
        if self._mark(row, at):
            text = max(text, 2 * QFontMetrics(self._view.font()).height())
        return text + 2 * _PAD

    def sizeHint(
        self,
        _option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> QSize:
        row = _row(index)
        width = self._view.viewport().width()
        return QSize(width, self.height(row, index.row(), width) if row else 0)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        row = _row(index)
        rect: QRect = option.rect
        painter.save()
        if isinstance(row, GroupHeading):
            painter.setFont(small_font(self._view.font()))
            painter.setPen(QColor(self._theme.muted))
            flag = Qt.AlignmentFlag
            metrics = painter.fontMetrics()
            text = metrics.elidedText(
                row.text, Qt.TextElideMode.ElideMiddle, rect.width()
            )
            painter.drawText(
                rect.adjusted(0, 0, 0, -4), flag.AlignLeft | flag.AlignBottom, text
            )
        elif row is not None:
            self._paint_background(painter, option)
            self._paint_example(painter, rect, row, index.row())
        painter.restore()

    def _paint_background(
        self, painter: QPainter, option: QStyleOptionViewItem
    ) -> None:
        state: QStyle.StateFlag = option.state
        rect: QRect = option.rect
        if state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, QColor(self._theme.window))
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QColor(self._theme.accent))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))

    def _paint_example(
        self, painter: QPainter, rect: QRect, row: ActivationExample, at: int
    ) -> None:
        _, layout, _ = self._layout(row, at, rect.width())
        left = self._value_width()
        ascent = layout.lineAt(0).ascent() if layout.lineCount() else 0.0
        baseline = rect.top() + _PAD + ascent
        self._paint_left(painter, number(row.activation), rect.left(), baseline)
        mark = self._mark(row, at)
        if mark:
            line = QFontMetrics(self._view.font()).height()
            self._paint_left(painter, mark, rect.left(), baseline + line)
        painter.setPen(QColor(self._theme.text))
        layout.draw(painter, QPointF(rect.left() + left + _GAP, rect.top() + _PAD))

    def _mark(self, row: ActivationExample, at: int) -> str:
        """What stands below the activation; a repeat is never scored."""
        if row.repeated:
            return "repeat"
        return sense_text(self.senses[at]) if at in self.senses else ""

    def _paint_left(
        self, painter: QPainter, text: str, left: int, baseline: float
    ) -> None:
        painter.setFont(small_font(self._view.font()))
        painter.setPen(QColor(self._theme.muted))
        width = painter.fontMetrics().horizontalAdvance(text)
        painter.drawText(QPointF(left + self._value_width() - width, baseline), text)

    def helpEvent(
        self,
        event: QHelpEvent,
        view: QAbstractItemView,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> bool:
        row = _row(index)
        if event.type() != QEvent.Type.ToolTip or not isinstance(
            row, ActivationExample
        ):
            return super().helpEvent(event, view, option, index)
        rect: QRect = option.rect
        text = self.tooltip_at(row, index.row(), rect, event.pos())
        QToolTip.showText(event.globalPos(), text, view)
        return True

    def tooltip_at(
        self, row: ActivationExample, at: int, rect: QRect, place: QPoint
    ) -> str:
        """The activation of the token at a place; never the token's own text."""
        shown, layout, _ = self._layout(row, at, rect.width())
        x = place.x() - rect.left() - self._value_width() - _GAP
        y = place.y() - rect.top() - _PAD
        for number_of_line in range(layout.lineCount()):
            line = layout.lineAt(number_of_line)
            if line.y() <= y <= line.y() + line.height() and x >= 0:
                unit = int(line.xToCursor(x, line.CursorPosition.CursorOnCharacter))
                piece = piece_at(shown, unit)
                if piece is not None:
                    return self._activation_text(piece.activation)
        if at in self.expanded:
            return "Click to show less"
        return f"Click to show all {len(row.tokens)} tokens" if is_cut(shown) else ""

    def _activation_text(self, activation: float) -> str:
        share = f" · {activation / self.maximum:.0%}" if self.maximum > 0 else ""
        of = " of the maximum" if share else ""
        return f"activation {number(activation)}{share}{of}"

    def _value_width(self) -> int:
        metrics = QFontMetrics(small_font(self._view.font()))
        widest = [sense_text(9)] if self.senses else []
        return max(map(metrics.horizontalAdvance, ["000.00", *widest]))

    def _layout(self, row: ActivationExample, at: int, width: int) -> _Laid:
        if width != self._laid_width:
            self._laid.clear()
            self._laid_width = width
        found = self._laid.get(at)
        if found is None:
            shown = example_text(row, whole=at in self.expanded)
            font = QFont(self._view.font())
            layout = shaded_layout(shown, self.maximum, font, self._theme)
            room = width - self._value_width() - _GAP - _PAD
            height = lay_out(layout, room, leading=_LEADING)
            found = self._laid[at] = (shown, layout, int(height + 0.999))
        return found


def _row(index: QModelIndex | QPersistentModelIndex) -> Row | None:
    model = index.model()
    return model.rows[index.row()] if isinstance(model, ExampleModel) else None
