"""What the table is filtered by, and how much of it is left."""

from collections.abc import Collection, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from glossator_gui.views.elided_label import ElidedLabel
from glossator_gui.views.node_table.columns import COLUMNS, Column
from glossator_gui.views.plain_text import one_line

_PAUSE_MS = 150


class FilterBar(QWidget):
    """Words, other criteria, filters kept by name, and the choice of columns."""

    words_changed = Signal(str)
    edit_wanted = Signal()
    saved_chosen = Signal(str)
    cleared = Signal()
    columns_changed = Signal(frozenset)
    """Columns to show."""
    sort_wanted = Signal(object)
    """Column."""
    left = Signal()
    """The keyboard is to go back to the table."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = QLineEdit()
        self.words.setPlaceholderText("Filter by words  (/)")
        self.words.setAccessibleName("Filter by words")
        self.words.setClearButtonEnabled(True)
        self.words.setMinimumWidth(190)
        self.words.setMaximumWidth(260)
        self.words.installEventFilter(self)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._tell_words)
        self.words.textEdited.connect(lambda: self._pause.start())
        self.more = QPushButton("Filter…")
        self.more.setToolTip("By layer, position, status, tier, tag and more")
        self.more.clicked.connect(self.edit_wanted)
        self.saved = _menu_button("Saved", "Filters kept by name")
        self.columns = _menu_button("Columns", "Which are shown, and the order of rows")
        self._orders = QMenu("Sort by", self.columns)
        self._shown: frozenset[Column] = frozenset(COLUMNS)
        self.said = ElidedLabel()
        self.said.setProperty("role", "muted")
        self.clear = QPushButton("Show All")
        self.clear.setToolTip("Take the filter off")
        self.clear.clicked.connect(self.cleared)
        self.count = QLabel()
        self.count.setProperty("role", "muted")
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 6, 10, 6)
        row.setSpacing(6)
        self.words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        row.addWidget(self.words)
        row.addWidget(self.more)
        row.addWidget(self.saved)
        row.addWidget(self.said, 1)
        row.addWidget(self.clear)
        row.addWidget(self.count)
        row.addWidget(self.columns)
        self.show_saved(())

    # -- what is shown --------------------------------------------------------------

    def show_filter(self, words: str, others: str, *, any_at_all: bool) -> None:
        """Say what is asked for: words by themselves, all else in words."""
        if not self._pause.isActive() and self.words.text().strip() != words.strip():
            self.words.setText(words)
        self.said.show_text(one_line(others))
        self.clear.setVisible(any_at_all)

    def show_count(self, shown: int, total: int, *, waiting: str = "") -> None:
        """Say how many nodes are left; `waiting` while that is not known yet."""
        of = f"{shown:,} of " if shown != total else ""
        node = "node" if total == 1 else "nodes"
        self.count.setText(waiting or f"{of}{total:,} {node}")

    def show_saved(self, names: Sequence[str]) -> None:
        menu = _emptied(self.saved)
        for name in names:
            action = menu.addAction(one_line(name).replace("&", "&&"))
            action.triggered.connect(partial(self._on_saved, name))
        if not names:
            menu.addAction("No filter is kept yet: save one in Filter…").setEnabled(
                False
            )

    def show_columns(self, shown: Collection[Column], sorted_by: Column) -> None:
        self._shown = frozenset(shown)
        menu = _emptied(self.columns)
        self._orders.clear()
        menu.addMenu(self._orders)
        for column in COLUMNS:
            by = self._orders.addAction(column.heading)
            by.setCheckable(True)
            by.setChecked(column == sorted_by)
            by.triggered.connect(partial(self._on_sort, column))
        menu.addSeparator()
        for column in COLUMNS:
            action = menu.addAction(column.heading)
            action.setCheckable(True)
            action.setChecked(column in self._shown)
            action.triggered.connect(partial(self._on_column, column, action))

    # -- what the person does -------------------------------------------------------

    def go(self) -> None:
        self.words.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.words.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter and Escape lead back to the table."""
        kinds = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        if isinstance(event, QKeyEvent) and event.type() in kinds:
            keys = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)
            if event.key() in keys:
                if event.type() == QEvent.Type.KeyPress:
                    self._tell_words()
                    self.left.emit()
                event.accept()
                return True
        return super().eventFilter(watched, event)

    def _tell_words(self) -> None:
        self._pause.stop()
        self.words_changed.emit(self.words.text().strip())

    def _on_saved(self, name: str, _checked: bool = False) -> None:
        self.saved_chosen.emit(name)

    def _on_sort(self, column: Column, _checked: bool = False) -> None:
        self.sort_wanted.emit(column)

    def _on_column(self, column: Column, action: QAction) -> None:
        shown = self._shown | {column} if action.isChecked() else self._shown - {column}
        self.columns_changed.emit(shown)


def _menu_button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setMenu(QMenu(button))
    return button


def _emptied(button: QPushButton) -> QMenu:
    menu = button.menu()
    menu.clear()
    return menu
