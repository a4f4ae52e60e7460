"""What a person says of the tier, apart from what the protocol says."""

from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from glossator.project.edits import JUDGED_TIERS, JudgedTier
from glossator_gui.actions.review import JUDGEMENTS
from glossator_gui.actions.spec import tip_with_key
from glossator_gui.look.theme import LIGHT, Theme
from glossator_gui.views.plain_text import small_font

_CHOSEN = "✓ "
_PAD = 6
MEANING = (
    "What you would call it. The protocol is tuned on these; it changes no tier by "
    "itself."
)


class JudgementRow(QWidget):
    """A button for each tier; the chosen one bears a check mark."""

    judged = Signal(object)
    """JudgedTier, or None where the chosen one is pressed again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tier: JudgedTier | None = None
        self._caption = QLabel("Your tier")
        self._caption.setProperty("role", "muted")
        self._caption.setToolTip(MEANING)
        self._buttons = {tier: _TierButton(tier) for tier in JUDGED_TIERS}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self._caption)
        row.addSpacing(4)
        for tier, button in self._buttons.items():
            button.clicked.connect(partial(self._on_clicked, tier))
            row.addWidget(button)
        row.addStretch(1)
        self.set_theme(LIGHT)

    def show_tier(self, tier: JudgedTier | None) -> None:
        self._tier = tier
        for name, button in self._buttons.items():
            button.show_chosen(name == tier)

    def set_theme(self, theme: Theme) -> None:
        for button in self._buttons.values():
            button.set_theme(theme)

    @property
    def texts(self) -> list[str]:
        """What stands on the buttons."""
        return [button.text() for button in self._buttons.values()]

    def button(self, tier: JudgedTier) -> QToolButton:
        return self._buttons[tier]

    def _on_clicked(self, tier: JudgedTier) -> None:
        before = self._tier
        # What is shown is what is stored, whatever was pressed.
        self.show_tier(before)
        self.judged.emit(None if tier == before else tier)


class _TierButton(QToolButton):
    """As wide with its check mark as without."""

    def __init__(self, tier: JudgedTier) -> None:
        super().__init__()
        self._tier: JudgedTier = tier
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFont(small_font(self.font()))
        self.setToolTip(f"{MEANING}\n{tip_with_key(JUDGEMENTS[tier])}")
        self.show_chosen(False)

    def show_chosen(self, chosen: bool) -> None:
        self.setChecked(chosen)
        self.setText(f"{_CHOSEN}{self._tier}" if chosen else self._tier)
        said = "chosen" if chosen else "not chosen"
        self.setAccessibleName(f"Your tier: {self._tier}, {said}")

    def set_theme(self, theme: Theme) -> None:
        self.setStyleSheet(
            f"QToolButton {{ padding: 2px {_PAD}px; background: transparent;"
            f" color: {theme.muted}; }}"
            f"QToolButton:checked {{ background: {theme.raised}; color: {theme.text};"
            f" border-color: {theme.muted}; }}"
            f"QToolButton:hover, QToolButton:focus {{ border-color: {theme.accent}; }}"
        )

    def sizeHint(self) -> QSize:
        widest = self.fontMetrics().horizontalAdvance(f"{_CHOSEN}{self._tier}")
        return QSize(widest + 2 * _PAD + 6, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()
