"""What verbalizers say of a feature, beside its examples."""

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from glossator.verbalize.samples import Samples, by_vector
from glossator.verbalize.verbalization import Verbalization
from glossator_gui.look.theme import LIGHT, Theme
from glossator_gui.models.feature_view import FeatureView
from glossator_gui.views.feature_panel.paragraph_block import ParagraphBlock
from glossator_gui.views.feature_panel.verbalization_card import VerbalizationCard
from glossator_gui.views.plain_text import WrappedLabel
from glossator_gui.views.printed_key import does_action

WARNING = (
    "A hypothesis, not a measurement: a verbalizer words one vector, and makes up "
    "details. Hold it against the examples."
)


class VerbalizationPane(QWidget):
    use_requested = Signal(str, object)
    """A paragraph's text, and the Verbalization it is of."""
    verbalize_requested = Signal()
    import_requested = Signal()
    remove_requested = Signal(object)
    """Verbalizations, a tuple."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._shown: tuple[Verbalization, ...] = ()
        self._layer = -1
        self._chosen: tuple[ParagraphBlock, Verbalization] | None = None
        self.cards: list[VerbalizationCard] = []
        self.title = QLabel("Verbalization")
        self.title.setProperty("role", "title")
        self.warning = WrappedLabel(WARNING, role="muted", small=True)
        self.missing = WrappedLabel(role="muted")
        self.use = _button(
            "Use as Label (U)", "Take the chosen paragraph into the label"
        )
        does_action(self.use, "use_verbalization")
        self.verbalize = _button("Verbalize…", "Run a verbalizer, here or elsewhere")
        self.bring = _button("Import…", "Take verbalizations made elsewhere")
        self._lay_out()
        self.use.clicked.connect(self.use_chosen)
        self.verbalize.clicked.connect(self.verbalize_requested)
        self.bring.clicked.connect(self.import_requested)
        self.set_theme(LIGHT)

    def _lay_out(self) -> None:
        _on_base(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 1, 0, 1)
        column.setSpacing(0)
        head = QVBoxLayout()
        head.setContentsMargins(14, 14, 14, 8)
        head.setSpacing(4)
        head.addWidget(self.title)
        head.addWidget(self.warning)
        column.addLayout(head)
        self._inside = _on_base(QWidget())
        self._cards = QVBoxLayout(self._inside)
        self._cards.setContentsMargins(14, 2, 14, 12)
        self._cards.setSpacing(10)
        self._cards.addWidget(self.missing)
        self._cards.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setStyleSheet("QScrollArea { border: none; }")
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(self._inside)
        column.addWidget(self.area, 1)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(14, 8, 14, 10)
        buttons.setSpacing(8)
        buttons.addWidget(self.use, 2)
        buttons.addWidget(self.verbalize, 1)
        buttons.addWidget(self.bring, 1)
        column.addLayout(buttons)

    def show_view(self, view: FeatureView) -> None:
        """Show a feature's verbalizations; the same ones keep what is chosen."""
        if view.verbalizations == self._shown and view.layer == self._layer:
            self._show_missing(view)
            return
        self._shown, self._layer = view.verbalizations, view.layer
        self._chosen = None
        for card in self.cards:
            self._cards.removeWidget(card)
            card.deleteLater()
        self.cards = [self._card(g) for g in by_vector(view.verbalizations)]
        for at, card in enumerate(self.cards):
            self._cards.insertWidget(at, card)
        self.area.verticalScrollBar().setValue(0)
        self._show_missing(view)

    def _show_missing(self, view: FeatureView) -> None:
        self.missing.setText(view.verbalization_note)
        self.missing.setVisible(not self.cards)
        self.warning.setVisible(bool(self.cards))
        n = len(self._shown)
        self.title.setText(f"Verbalization ({n})" if n else "Verbalization")
        for button in (self.verbalize, self.bring):
            button.setEnabled(view.can_label)
        self._enable_use()

    def _card(self, group: Samples) -> VerbalizationCard:
        card = VerbalizationCard(group, self._layer)
        card.set_theme(self._theme)
        card.chosen.connect(self._choose)
        card.use_requested.connect(self.use_chosen)
        card.remove_requested.connect(
            lambda gone: self.remove_requested.emit(gone.samples)
        )
        for number, button in enumerate(card.samples.buttons()):
            button.clicked.connect(lambda _on, n=number: self._forget_choice())
        return card

    def _choose(self, block: ParagraphBlock, said: Verbalization) -> None:
        if self._chosen is not None:
            self._chosen[0].set_chosen(False)
        self._chosen = (block, said)
        block.set_chosen(True)
        place = QRect(block.mapTo(self._inside, block.rect().topLeft()), block.size())
        self.area.ensureVisible(place.left(), place.bottom(), 0, 8)
        self.area.ensureVisible(place.left(), place.top(), 0, 8)
        self._enable_use()

    def _forget_choice(self) -> None:
        self._chosen = None
        self._enable_use()

    def _enable_use(self) -> None:
        self.use.setEnabled(self._chosen is not None)

    @property
    def chosen_text(self) -> str:
        return self._chosen[0].text if self._chosen else ""

    def use_chosen(self) -> bool:
        """Ask for the chosen paragraph as the label; false where none is chosen."""
        if self._chosen is None:
            return False
        block, said = self._chosen
        self.use_requested.emit(block.text, said)
        return True

    def go(self) -> None:
        """Move the keyboard to the paragraphs, or to what there is to do."""
        blocks = [block for card in self.cards for block in card.blocks]
        if not blocks:
            self.verbalize.setFocus(Qt.FocusReason.ShortcutFocusReason)
            return
        block = self._chosen[0] if self._chosen else blocks[0]
        block.setFocus(Qt.FocusReason.ShortcutFocusReason)
        block.chosen.emit()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for card in self.cards:
            card.set_theme(theme)


def _on_base(widget: QWidget) -> QWidget:
    widget.setAutoFillBackground(True)
    widget.setBackgroundRole(QPalette.ColorRole.Base)
    return widget


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setAutoDefault(False)
    return button
