"""Proposed supernodes: each is accepted or refused, and the next is shown."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from glossator_gui.views.plain_text import WrappedLabel, one_line, plain_tooltip

_NONE = "No group to propose: the nodes that are left have little in common."
_SEARCHING = "Looking for nodes with something in common…"
_KEYS = (Qt.Key.Key_A, Qt.Key.Key_X)
_STYLE = """
QListWidget { outline: 0; }
QListWidget::item { padding: 4px 6px; border-bottom: 1px solid palette(mid); }
QListWidget::item:selected { background: palette(highlight);
  color: palette(highlighted-text); }
"""


@dataclass(frozen=True)
class ProposalRow:
    """A proposal in words."""

    name: str
    count: int
    """Of its nodes."""
    share: float
    """Of the influence on the logits, in [0, 1]."""
    kind: str
    reason: str


class ProposalList(QWidget):
    """A accepts, X refuses, in the list and on buttons."""

    shown = Signal(int)
    """Row that the person looks at, to be shown in the graph."""
    accepted = Signal(int)
    refused = Signal(int)
    similar_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heading = QLabel("Proposed supernodes")
        self.heading.setTextFormat(Qt.TextFormat.PlainText)
        self.list = _Proposals()
        self.list.setAccessibleName("Proposed supernodes")
        self.list.currentRowChanged.connect(self._on_row)
        self.list.focused.connect(lambda: self._on_row(self.list.currentRow()))
        self.list.pressed_key.connect(self._on_key)
        self.reason = WrappedLabel(role="muted", max_lines=5)
        self.accept = QPushButton("Accept (A)")
        self.accept.setToolTip("Make it a supernode and go on")
        self.accept.clicked.connect(self._accept)
        self.refuse = QPushButton("Refuse (X)")
        self.refuse.setToolTip("Never propose it again; Undo takes that back")
        self.refuse.clicked.connect(self._refuse)
        self.similar = QPushButton("Compare Labels")
        self.similar.setToolTip(
            "Embed the labels, and propose groups whose labels mean much the same"
        )
        self.similar.clicked.connect(self.similar_requested)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self.accept)
        buttons.addWidget(self.refuse)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(6)
        column.addWidget(self.heading)
        column.addWidget(self.list, 1)
        column.addWidget(self.reason)
        column.addLayout(buttons)
        column.addWidget(self.similar)
        self._rows: tuple[ProposalRow, ...] = ()
        self.show_rows([])

    def show_searching(self) -> None:
        """Show that proposals are being looked for."""
        self.show_rows(())
        self.reason.setText(_SEARCHING)

    def show_rows(self, rows: Sequence[ProposalRow]) -> None:
        """Show other proposals; the current place in the list is kept."""
        at = self.list.currentRow()
        self._rows = tuple(rows)
        self.list.blockSignals(True)
        self.list.clear()
        for row in rows:
            facts = f"{row.count} nodes · {100 * row.share:.2g} % · {row.kind}"
            item = QListWidgetItem(f"{one_line(row.name)}\n{facts}")
            item.setToolTip(plain_tooltip("Proposed because:", row.reason))
            self.list.addItem(item)
        self.list.setCurrentRow(min(max(at, 0), len(rows) - 1))
        self.list.blockSignals(False)
        self.heading.setText(f"Proposed supernodes ({len(rows)})")
        for button in (self.accept, self.refuse):
            button.setEnabled(bool(rows))
        self._tell()
        if self.list.hasFocus() and rows:
            self.shown.emit(self.list.currentRow())

    def go(self) -> None:
        """Give the keyboard to the list."""
        self.list.setFocus()

    def set_busy(self, busy: bool) -> None:
        """While labels are embedded."""
        self.similar.setEnabled(not busy)
        self.similar.setText("Comparing labels…" if busy else "Compare Labels")

    def _tell(self) -> None:
        at = self.list.currentRow()
        self.reason.setText(self._rows[at].reason if at >= 0 else _NONE)

    def _on_row(self, row: int) -> None:
        self._tell()
        if row >= 0:
            self.shown.emit(row)

    def _on_key(self, key: Qt.Key) -> None:
        (self._accept if key == Qt.Key.Key_A else self._refuse)()

    def _accept(self) -> None:
        self.list.setFocus()
        if self.list.currentRow() >= 0:
            self.accepted.emit(self.list.currentRow())

    def _refuse(self) -> None:
        self.list.setFocus()
        if self.list.currentRow() >= 0:
            self.refused.emit(self.list.currentRow())


class _Proposals(QListWidget):
    """Takes A and X for itself while it has the keyboard."""

    pressed_key = Signal(Qt.Key)
    focused = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setUniformItemSizes(True)
        self.setStyleSheet(_STYLE)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def sizeHint(self) -> QSize:
        return QSize(240, 200)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focused.emit()

    def event(self, event: QEvent) -> bool:
        override = QEvent.Type.ShortcutOverride
        if event.type() == override and isinstance(event, QKeyEvent) and _is_own(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if _is_own(event):
            self.pressed_key.emit(Qt.Key(event.key()))
        else:
            super().keyPressEvent(event)


def _is_own(event: QKeyEvent) -> bool:
    plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
    return plain and event.key() in _KEYS
