"""A text field that grows with its text, up to a few lines."""

from PySide6.QtCore import QEvent, QMimeData, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QPlainTextEdit, QWidget

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class GrowingText(QPlainTextEdit):
    submitted = Signal()
    """Enter in a one-line field, Ctrl+Enter in any."""
    escaped = Signal()
    typed = Signal()
    """The person changed the text; not sent for `set_text`."""
    leaving = Signal()
    """Focus goes, or a shortcut is about to act while the field has it."""

    def __init__(
        self, *, max_lines: int, one_line: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._max_lines = max_lines
        self._one_line = one_line
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self.textChanged.connect(self._on_text_changed)
        self._fit()

    @property
    def text(self) -> str:
        return self.toPlainText()

    @property
    def modified(self) -> bool:
        return self.document().isModified()

    def set_text(self, text: str) -> None:
        """Show a text that nobody typed here; the same text keeps the cursor."""
        if text != self.text:
            blocker = QSignalBlocker(self)
            self.setPlainText(" ".join(text.splitlines()) if self._one_line else text)
            blocker.unblock()
        self.set_unmodified()

    def set_unmodified(self) -> None:
        self.document().setModified(False)

    def _on_text_changed(self) -> None:
        if self.modified:
            self.typed.emit()

    def _fit(self) -> None:
        lines = int(self.document().size().height())
        shown = min(max(lines, 1), self._max_lines)
        fits = lines <= self._max_lines
        policy = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAlwaysOff if fits else policy.ScrollBarAsNeeded
        )
        chrome = self.height() - self.viewport().height()
        # No sliver of the next line below the last one shown.
        margin = (2 if fits else 1) * self.document().documentMargin()
        text = shown * self.fontMetrics().lineSpacing()
        height = round(text + margin) + max(chrome, 2)
        if height != self.height() or self.minimumHeight() != height:
            self.setFixedHeight(height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def insertFromMimeData(self, source: QMimeData) -> None:
        if self._one_line:
            self.insertPlainText(" ".join(source.text().splitlines()))
        else:
            super().insertFromMimeData(source)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(
            event, QKeyEvent
        ):
            if event.key() == Qt.Key.Key_Escape or self._submits(event):
                event.accept()
                return True
            handled = super().event(event)
            if not event.isAccepted():
                # The shortcut may select another node: what is typed belongs here.
                self.leaving.emit()
            return handled
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leaving.emit()
            self.clearFocus()
            self.escaped.emit()
        elif self._submits(event):
            self.submitted.emit()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.leaving.emit()

    def _submits(self, event: QKeyEvent) -> bool:
        if event.key() not in _ENTER:
            return False
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        return self._one_line or control
