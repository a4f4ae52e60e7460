"""The bar of Find: the words, how many nodes they find, and where in each."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QTextCharFormat,
    QTextLayout,
)
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from glossator_gui.look.theme import LIGHT, Theme
from glossator_gui.views.plain_text import one_line, units
from glossator_gui.views.printed_key import does_action

_Index: TypeAlias = QModelIndex | QPersistentModelIndex
_PAUSE_MS = 60
_ROWS = 6
"""As many are in sight."""
_NAME, _GAP = 260, 14
"""Pixels for a node's name, and between texts."""


class FoundRow(NamedTuple):
    """A node that was found."""

    name: str
    """The node's."""
    field: str
    excerpt: str
    spans: tuple[tuple[int, int], ...]
    """Characters of the excerpt that were looked for."""


RowOf: TypeAlias = Callable[[int], FoundRow]


class _FoundModel(QAbstractListModel):
    """Rows are made when they come in sight."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._count = 0
        self._row_of: RowOf | None = None
        self._made: dict[int, FoundRow] = {}

    def show_rows(self, count: int, row_of: RowOf | None) -> None:
        self.beginResetModel()
        self._count, self._row_of = count, row_of
        self._made.clear()
        self.endResetModel()

    def row(self, at: int) -> FoundRow:
        if at not in self._made:
            assert self._row_of is not None
            self._made[at] = self._row_of(at)
        return self._made[at]

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else self._count

    def data(
        self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole
    ) -> str | None:
        if not index.isValid():
            return None
        row = self.row(index.row())
        spoken = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
        if role in spoken:
            return one_line(f"{row.name}, {row.field}: {row.excerpt}")
        return None


class _FoundPainter(QStyledItemDelegate):
    """The node's name, then where the words stand in it, in bold."""

    def __init__(self, parent: QWidget, model: _FoundModel) -> None:
        super().__init__(parent)
        self._model = model
        self.theme = LIGHT

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(200, QFontMetrics(option.font).height() + 8)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: _Index
    ) -> None:
        if index.row() >= self._model.rowCount():
            return
        row = self._model.row(index.row())
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        theme, rect = self.theme, option.rect
        painter.save()
        if selected:
            painter.fillRect(rect, QColor(theme.accent))
        strong = QColor(theme.on_accent if selected else theme.text)
        faint = QColor(theme.on_accent if selected else theme.muted)
        metrics = QFontMetrics(option.font)
        inner = rect.adjusted(10, 0, -10, 0)
        name = min(inner.width() // 3, _NAME)
        field = metrics.horizontalAdvance("supernode note") + _GAP
        flag = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        elide = Qt.TextElideMode.ElideRight
        painter.setPen(faint)
        painter.drawText(inner.adjusted(name + _GAP, 0, 0, 0), flag, row.field)
        painter.setPen(strong)
        painter.drawText(
            inner, flag, metrics.elidedText(one_line(row.name), elide, name)
        )
        rest = inner.adjusted(name + _GAP + field, 0, 0, 0)
        painter.setClipRect(rest)
        top = rest.top() + (rest.height() - metrics.height()) / 2
        _excerpt(row, option.font).draw(painter, QPointF(rest.left(), top))
        painter.restore()


def _excerpt(row: FoundRow, font: QFont) -> QTextLayout:
    """One line with what was looked for in bold and underlined."""
    text = one_line(row.excerpt)
    layout = QTextLayout(text, font)
    formats = []
    for start, end in row.spans if text == row.excerpt else ():
        span = QTextLayout.FormatRange()
        span.start = units(text[:start])
        span.length = units(text[start:end])
        span.format = QTextCharFormat()
        span.format.setFontWeight(QFont.Weight.Bold)
        span.format.setFontUnderline(True)
        formats.append(span)
    layout.setFormats(formats)
    layout.beginLayout()
    layout.createLine()
    layout.endLayout()
    return layout


class FindBar(QWidget):
    """Words to find; closed it is hidden, and the keyboard is where it was."""

    query_changed = Signal(str)
    step_wanted = Signal(int)
    """To the next that was found (1), or the one before (-1)."""
    row_chosen = Signal(int)
    all_wanted = Signal()
    """Select everything that was found."""
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._before: QWidget | None = None
        self.query = QLineEdit()
        self.query.setPlaceholderText("Words, or 12/345, L12, @3, #2")
        self.query.setToolTip(
            "All of the words, in labels, tokens, ids, notes, supernodes or "
            "verbalizations\nL12 is a layer, @3 a position, #2 a tag"
        )
        self.query.setAccessibleName("Find")
        self.query.setClearButtonEnabled(True)
        self.query.setMinimumWidth(220)
        self.query.setMaximumWidth(420)
        self.count = QLabel()
        self.count.setProperty("role", "muted")
        self.count.setTextFormat(Qt.TextFormat.PlainText)
        self.previous = _button("↑", "Previous", "find_previous")
        self.next = _button("↓", "Next", "find_next")
        self.all = _button("Select All", "Select every node found", "select_found")
        self.close_button = _button("✕", "Close (Esc)")
        self.model = _FoundModel(self)
        self.painter = _FoundPainter(self, self.model)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(self.painter)
        self.list.setUniformItemSizes(True)
        self.list.setAccessibleName("Found nodes")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._lay_out()
        self._connect()
        self.show_found(0, None)
        self.hide()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.query, 1)
        for button in (self.previous, self.next):
            row.addWidget(button)
        row.addWidget(self.count)
        row.addStretch(1)
        row.addWidget(self.all)
        row.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 6)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(self.list)

    def _connect(self) -> None:
        self._pause.timeout.connect(self._tell_query)
        self.query.textChanged.connect(lambda: self._pause.start())
        self.previous.clicked.connect(lambda: self.step_wanted.emit(-1))
        self.next.clicked.connect(lambda: self.step_wanted.emit(1))
        self.all.clicked.connect(self.all_wanted)
        self.close_button.clicked.connect(self.dismiss)
        self.list.clicked.connect(lambda index: self.row_chosen.emit(index.row()))
        self.list.activated.connect(lambda index: self.row_chosen.emit(index.row()))
        for part in (self.query, self.list):
            part.installEventFilter(self)

    def set_theme(self, theme: Theme) -> None:
        self.painter.theme = theme
        self.list.viewport().update()

    @property
    def waiting(self) -> bool:
        """Whether what was typed is not told yet."""
        return self._pause.isActive()

    # -- what is shown --------------------------------------------------------------

    def open(self) -> None:
        """Show the bar and type into it."""
        focus = QApplication.focusWidget()
        if focus is not None and not self.isAncestorOf(focus):
            self._before = focus
        self.show()
        self.query.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.query.selectAll()

    def dismiss(self) -> None:
        """Hide it; the keyboard goes back to where it was."""
        self._pause.stop()
        self.hide()
        before, self._before = self._before, None
        if before is not None and isValid(before) and before.isVisible():
            before.setFocus()
        self.closed.emit()

    def show_found(self, count: int, row_of: RowOf | None) -> None:
        """Show other rows.

        Parameters
        ----------
        row_of : makes a row; asked for those that come in sight.
        """
        self.model.show_rows(count, row_of)
        row = self.list.sizeHintForRow(0) if count else 0
        self.list.setVisible(count > 0)
        self.list.setFixedHeight(row * min(count, _ROWS) + 2 * self.list.frameWidth())
        for button in (self.previous, self.next, self.all):
            button.setEnabled(count > 0)

    def show_count(self, text: str) -> None:
        self.count.setText(text)
        self.query.setAccessibleDescription(text)

    def mark(self, row: int) -> None:
        """Mark the row of the node that is looked at; -1 for none."""
        if row < 0:
            self.list.clearSelection()
            return
        self.list.setCurrentIndex(self.model.index(row))

    # -- keys -----------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kinds = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        if not isinstance(event, QKeyEvent) or event.type() not in kinds:
            return super().eventFilter(watched, event)
        pressed = event.type() == QEvent.Type.KeyPress
        if self._key(event, in_list=watched is self.list, pressed=pressed):
            event.accept()
            return True
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent, *, in_list: bool, pressed: bool) -> bool:
        """Whether the key is the bar's own; it is done once it is `pressed`."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        alone = not event.modifiers() & Qt.KeyboardModifier.AltModifier
        if event.key() == Qt.Key.Key_Escape:
            if pressed:
                self.dismiss()
        elif enter and alone and not in_list:
            if pressed:
                self._tell_query()
                shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
                self.step_wanted.emit(-1 if shift else 1)
        elif event.key() == Qt.Key.Key_Down and not in_list:
            if pressed and self.list.isVisible():
                self.list.setFocus()
                self.mark(max(self.list.currentIndex().row(), 0))
        else:
            return False
        return True

    def _tell_query(self) -> None:
        self._pause.stop()
        self.query_changed.emit(self.query.text())


def _button(text: str, tip: str, action: str = "") -> QPushButton:
    button = QPushButton(text)
    if action:
        does_action(button, action, printed="tooltip")
    button.setToolTip(tip)
    button.setAccessibleName(tip.split(" (")[0])
    return button
