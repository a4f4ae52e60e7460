"""A flag to come back to a feature, and the nine tags that it may bear."""

from collections.abc import Collection
from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from glossator.project.edits import TAGS
from glossator_gui.look.theme import LIGHT, Theme
from glossator_gui.views.plain_text import small_font
from glossator_gui.views.printed_key import does_action, print_text

_WIDTH, _HEIGHT = 26, 26
_RADIUS = 4.0


class TagRow(QWidget):
    """Shows what is stored, whatever was pressed."""

    flag_requested = Signal()
    tag_requested = Signal(int)
    """Put a tag on, or take it off."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.flag = QToolButton()
        self.flag.setCheckable(True)
        self.flag.setFont(small_font(self.flag.font()))
        self.flag.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.flag.setStyleSheet("QToolButton { padding: 3px 8px; }")
        self.flag.setToolTip("Come back to it later; it stays in its queue")
        does_action(self.flag, "flag")
        self.flag.clicked.connect(self._on_flag)
        self.tags = {tag: _TagButton(tag) for tag in TAGS}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.flag)
        row.addStretch(1)
        for tag, button in self.tags.items():
            button.clicked.connect(partial(self._on_tag, tag))
            row.addWidget(button)
        self._flagged = False
        self._on: Collection[int] = ()
        self.show_marks(flagged=False, tags=())

    def show_marks(self, *, flagged: bool, tags: Collection[int]) -> None:
        self._flagged, self._on = flagged, tags
        self.flag.setChecked(flagged)
        text, spoken = ("⚑ Flagged", "Flag, on") if flagged else ("⚐ Flag", "Flag, off")
        print_text(self.flag, text, spoken)
        for tag, button in self.tags.items():
            button.show_on(tag in tags)

    def set_theme(self, theme: Theme) -> None:
        for button in self.tags.values():
            button.set_theme(theme)

    def _on_flag(self) -> None:
        self.show_marks(flagged=self._flagged, tags=self._on)
        self.flag_requested.emit()

    def _on_tag(self, tag: int) -> None:
        self.show_marks(flagged=self._flagged, tags=self._on)
        self.tag_requested.emit(tag)


class _TagButton(QToolButton):
    """Its number over a stroke of its colour; pressed, on a field of it."""

    def __init__(self, tag: int) -> None:
        super().__init__()
        self._tag = tag
        self._theme = LIGHT
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setToolTip(f"Tag {tag} (key {tag})")

    def show_on(self, on: bool) -> None:
        self.setChecked(on)
        said = "on" if on else "off"
        self.setAccessibleName(f"Tag {self._tag}, {said}, key {self._tag}")
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(18, _HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, on = self._theme, self.isChecked()
        colour = QColor(theme.tags[self._tag - 1])
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        focused = self.hasFocus() or self.underMouse()
        painter.setPen(QPen(QColor(theme.accent if focused else theme.border), 1.5))
        painter.setBrush(colour if on else QColor(theme.raised))
        painter.drawRoundedRect(box, _RADIUS, _RADIUS)
        if not on:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawRect(box.adjusted(4, box.height() - 6, -4, -3))
        font = small_font(self.font())
        font.setBold(on)
        font.setUnderline(on)
        painter.setFont(font)
        painter.setPen(theme.text_on(colour) if on else QColor(theme.text))
        text = box if on else box.adjusted(0, 0, 0, -4)
        painter.drawText(text, Qt.AlignmentFlag.AlignCenter, str(self._tag))
