"""The blind re-check of one feature: first without its label, then with both."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from glossator_gui.look.theme import Theme
from glossator_gui.views.plain_text import WrappedLabel, one_line, small_font
from glossator_gui.views.printed_key import does_action

_VERDICTS = {
    Qt.Key.Key_S: "same",
    Qt.Key.Key_D: "different",
    Qt.Key.Key_B: "better",
}
_TIPS = {
    "same": "Both mean the same; the label stays",
    "different": "They mean different things; the label stays",
    "better": "The new words are better; they become the label",
}


class RecheckBox(QFrame):
    show_requested = Signal()
    """The person has said what the feature stands for."""
    skip_requested = Signal()
    end_requested = Signal()
    judged = Signal(str)
    """"same", "different" or "better"."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("recheck")
        self._progress = WrappedLabel(role="title")
        self._show = _button("Show Both (Enter)", "Show the label beside your words")
        self._show.setProperty("primary", True)
        self._skip = _button("Skip (S)", "Say nothing of this one")
        does_action(self._skip, "skip")
        self._end = _button("End (B)", "End the re-check; what was said is kept")
        does_action(self._end, "recheck")
        self._before = _Text("The label")
        self._again = _Text("Your words now")
        self._verdicts = {
            verdict: _button(f"{verdict.capitalize()} ({verdict[0].upper()})", tip)
            for verdict, tip in _TIPS.items()
        }
        self._lay_out()
        self._show.clicked.connect(self.show_requested)
        self._skip.clicked.connect(self.skip_requested)
        self._end.clicked.connect(self.end_requested)
        for verdict, button in self._verdicts.items():
            button.clicked.connect(lambda _=False, v=verdict: self.judged.emit(v))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 10)
        column.setSpacing(8)
        column.addWidget(self._progress)
        self._asking = QWidget()
        row = QHBoxLayout(self._asking)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._show, 3)
        row.addWidget(self._skip, 2)
        row.addWidget(self._end, 2)
        column.addWidget(self._asking)
        self._both = QWidget()
        below = QVBoxLayout(self._both)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(8)
        texts = QHBoxLayout()
        texts.setSpacing(12)
        texts.addWidget(self._before, 1)
        texts.addWidget(self._again, 1)
        below.addLayout(texts)
        buttons = QHBoxLayout()
        for button in self._verdicts.values():
            buttons.addWidget(button, 1)
        below.addLayout(buttons)
        column.addWidget(self._both)

    def ask(self, progress: str) -> None:
        """Begin with a feature; its label is not shown."""
        self._progress.setText(progress)
        self._asking.show()
        self._both.hide()

    def show_both(self, before: str, again: str) -> None:
        """Ask how the label and the new words compare; the keyboard goes there."""
        self._progress.setText("How do your words compare with the label?")
        self._before.show_text(before)
        self._again.show_text(again)
        self._asking.hide()
        self._both.show()
        self._verdicts["same"].setFocus()

    @property
    def comparing(self) -> bool:
        """Whether both texts are in sight."""
        return not self._both.isHidden()

    @property
    def texts(self) -> tuple[str, str]:
        """The label and the new words as shown."""
        return self._before.text, self._again.text

    def set_theme(self, theme: Theme) -> None:
        self.setStyleSheet(
            f"#recheck {{ border: 1px solid {theme.accent}; border-radius: 6px; }}"
        )

    def event(self, event: QEvent) -> bool:
        """Its own keys come before the window's while both texts are compared."""
        if isinstance(event, QKeyEvent) and self.comparing:
            verdict = _VERDICTS.get(Qt.Key(event.key()))
            plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
            if verdict is not None and plain:
                if event.type() == QEvent.Type.ShortcutOverride:
                    event.accept()
                    return True
                if event.type() == QEvent.Type.KeyPress:
                    self.judged.emit(verdict)
                    return True
        return super().event(event)


class _Text(QWidget):
    def __init__(self, heading: str) -> None:
        super().__init__()
        self._text = WrappedLabel(max_lines=6)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(WrappedLabel(heading, role="muted", small=True))
        column.addWidget(self._text)
        column.addStretch(1)

    def show_text(self, text: str) -> None:
        self._text.setText(one_line(text))

    @property
    def text(self) -> str:
        return self._text.text()


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setAccessibleName(text)
    button.setAutoDefault(False)
    button.setFont(small_font(button.font()))
    return button
