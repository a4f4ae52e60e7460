"""One table of connections: what a click, a key and the pointer do in it."""

from collections.abc import Sequence

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from glossator_gui.look.theme import LIGHT, Theme
from glossator_gui.views.connections.rows import (
    Column,
    ConnectionModel,
    Shown,
    TokenHeading,
)

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class _ShareDelegate(QStyledItemDelegate):
    """A bar by size, coloured by sign, beside the number with its sign."""

    def __init__(self, model: ConnectionModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self.theme = LIGHT

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        row = self._model.rows[index.row()]
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if selected:
            painter.fillRect(option.rect, option.palette.highlight())
        metrics = painter.fontMetrics()
        number = metrics.horizontalAdvance("+100 %") + 6
        rect: QRect = option.rect
        flag = Qt.AlignmentFlag
        colour = self.theme.on_accent if selected else self.theme.text
        painter.setPen(QColor(colour))
        painter.drawText(
            rect.adjusted(4, 0, 0, 0),
            flag.AlignLeft | flag.AlignVCenter,
            str(index.data()),
        )
        room = rect.width() - number - 10
        if self._model.largest > 0 and room > 0:
            width = max(room * abs(row.share) / self._model.largest, 1.0)
            tall = max(rect.height() * 0.4, 4.0)
            top = rect.center().y() - tall / 2 + 0.5
            bar = QRectF(rect.left() + 4 + number, top, width, tall)
            positive, negative = self.theme.positive, self.theme.negative
            fill = colour if selected else positive if row.share >= 0 else negative
            painter.fillRect(bar, QColor(fill))
        painter.restore()


class ConnectionTable(QTableView):
    node_activated = Signal(int)
    node_hovered = Signal(int)
    pin_requested = Signal(int)

    def __init__(self, empty_text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.empty_text = empty_text
        self._theme = LIGHT
        self._rows = ConnectionModel(self)
        self._share = _ShareDelegate(self._rows, self)
        self.setModel(self._rows)
        self.setItemDelegateForColumn(Column.SHARE, self._share)
        self._set_behaviour()
        self._set_columns()
        self.clicked.connect(self._on_clicked)
        self.entered.connect(self._on_entered)
        self.viewportEntered.connect(self._on_left)

    def _set_behaviour(self) -> None:
        view = QAbstractItemView
        self.setSelectionBehavior(view.SelectionBehavior.SelectRows)
        self.setSelectionMode(view.SelectionMode.SingleSelection)
        self.setEditTriggers(view.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(view.ScrollMode.ScrollPerPixel)

    def _set_columns(self) -> None:
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        metrics = self.fontMetrics()
        rows.setDefaultSectionSize(metrics.height() + 8)
        columns = self.horizontalHeader()
        columns.setHighlightSections(False)
        columns.setSectionsClickable(False)
        columns.setMinimumSectionSize(20)
        columns.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        columns.setSectionResizeMode(Column.LABEL, QHeaderView.ResizeMode.Stretch)
        for column, sample in (
            (Column.KIND, "◆"),
            (Column.TOKEN, "·Dallas…"),
            (Column.LAYER, "Layer"),
            (Column.WEIGHT, "Weight"),
            (Column.SHARE, "+100 % ▇▇▇"),
        ):
            self.setColumnWidth(column, metrics.horizontalAdvance(sample) + 14)

    def show_rows(self, rows: Sequence[Shown]) -> None:
        self.clearSpans()
        self._rows.show_rows(rows)
        for at, row in enumerate(rows):
            if isinstance(row, TokenHeading):
                self.setSpan(at, 0, 1, int(Column.SHARE))
        self.scrollToTop()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._share.theme = theme
        self.setStyleSheet(
            "QTableView { outline: 0; }"
            f"QHeaderView::section {{ background: {theme.surface};"
            f" color: {theme.muted}; border: none; padding: 3px 4px;"
            f" border-bottom: 1px solid {theme.border}; }}"
        )
        self.viewport().update()

    @property
    def rows(self) -> tuple[Shown, ...]:
        return self._rows.rows

    def node_at(self, index: QModelIndex) -> int:
        """The node of a row; -1 for the heading of a token."""
        row = self._rows.rows[index.row()]
        return -1 if isinstance(row, TokenHeading) else row.node

    def _on_clicked(self, index: QModelIndex) -> None:
        if self.node_at(index) >= 0:
            self.node_activated.emit(self.node_at(index))

    def _on_entered(self, index: QModelIndex) -> None:
        self.node_hovered.emit(self.node_at(index))

    def _on_left(self) -> None:
        self.node_hovered.emit(-1)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.node_hovered.emit(-1)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        tab = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        if event.reason() in tab and not self.selectionModel().hasSelection():
            self._select_first()

    def _select_first(self) -> None:
        """The current row, or the first that is no heading."""
        at = max(self.currentIndex().row(), 0)
        rows = self._rows.rows
        while at < len(rows) and isinstance(rows[at], TokenHeading):
            at += 1
        self.selectRow(at)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        left = event.button() == Qt.MouseButton.LeftButton
        if index.isValid() and left and control and self.node_at(index) >= 0:
            self.pin_requested.emit(self.node_at(index))
        elif left:
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        # The first click has put other rows under the pointer.
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        current = self.currentIndex()
        known = current.isValid() and self.node_at(current) >= 0
        if event.key() not in _ENTER or not known:
            super().keyPressEvent(event)
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.pin_requested.emit(self.node_at(current))
        else:
            self.node_activated.emit(self.node_at(current))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        keyboard = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if keyboard else self.indexAt(event.pos())
        if not index.isValid() or self.node_at(index) < 0:
            return
        place: QPoint = self.visualRect(index).center() if keyboard else event.pos()
        menu = self.context_menu(self.node_at(index))
        menu.popup(self.viewport().mapToGlobal(place))

    def context_menu(self, node: int) -> QMenu:
        """What can be done with a row; deletes itself when closed."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        select = menu.addAction("Select this node")
        select.triggered.connect(lambda: self.node_activated.emit(node))
        pin = menu.addAction("Pin or unpin this node")
        pin.triggered.connect(lambda: self.pin_requested.emit(node))
        return menu

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._rows.rows:
            painter = QPainter(self.viewport())
            painter.setPen(QColor(self._theme.muted))
            painter.drawText(
                self.viewport().rect(), Qt.AlignmentFlag.AlignCenter, self.empty_text
            )
