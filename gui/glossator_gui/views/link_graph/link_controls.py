"""Below the canvas: what stays lit around the selection, and which links are drawn."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QWidget,
)

from glossator.graph.neighbourhood import MOST_HOPS
from glossator.layout.drawn_links import ALL_LINKS, LinkChoice

_EVERYTHING = -1
_MOST_PERCENT = 50.0
_MOST_TOP = 500
_SHARE_TIP = (
    "Draws no link that brings less than this share of its target's input.\n"
    "Neighbours, hops, up- and downstream go over the links that are left."
)
_TOP_TIP = "Draws this many of each node's strongest inputs and outputs."


def hops_text(hops: int) -> str:
    """What stays lit around the selection, in words."""
    if hops == 0:
        return "The selection alone"
    return f"{hops} hop{'s' if hops > 1 else ''} of neighbours"


class LinkControls(QWidget):
    """One row; what is chosen in it is told, what is set from outside is not."""

    choice_changed = Signal(object)
    """LinkChoice."""
    context_changed = Signal(int, bool)
    """Hops that stay lit, and whether the rest dims."""
    done = Signal()
    """Enter in a number: the keyboard may go back to the graph."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hops = 1
        self.lit = QComboBox()
        self.lit.setAccessibleName("What stays lit")
        self.lit.setToolTip("What stays lit where something is selected (D, [ and ])")
        self.lit.addItem("Everything", _EVERYTHING)
        for hops in range(MOST_HOPS + 1):
            self.lit.addItem(hops_text(hops), hops)
        self.least = QDoubleSpinBox()
        self.least.setRange(0, _MOST_PERCENT)
        self.least.setDecimals(1)
        self.least.setSingleStep(0.5)
        self.least.setSuffix(" %")
        self.least.setSpecialValueText("any share")
        self.least.setKeyboardTracking(False)
        self.least.setAccessibleName("Least share of links")
        self.least.setToolTip(_SHARE_TIP)
        self.top = QSpinBox()
        self.top.setRange(0, _MOST_TOP)
        self.top.setSuffix(" a node")
        self.top.setSpecialValueText("all")
        self.top.setKeyboardTracking(False)
        self.top.setAccessibleName("Strongest links of each node")
        self.top.setToolTip(_TOP_TIP)
        self._lay_out()
        self.set_context(1, dims=True)
        self.lit.activated.connect(self._on_lit_chosen)
        self.least.valueChanged.connect(self._on_choice)
        self.top.valueChanged.connect(self._on_choice)
        for field in (self.least, self.top):
            field.lineEdit().returnPressed.connect(self.done)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.setSpacing(6)
        row.addWidget(_caption("Lit", self.lit))
        row.addWidget(self.lit)
        row.addStretch(1)
        row.addWidget(_caption("Links from", self.least))
        row.addWidget(self.least)
        row.addSpacing(8)
        row.addWidget(_caption("Strongest", self.top))
        row.addWidget(self.top)

    @property
    def choice(self) -> LinkChoice:
        return LinkChoice(self.least.value() / 100, self.top.value() or None)

    def set_choice(self, choice: LinkChoice) -> None:
        for field in (self.least, self.top):
            field.blockSignals(True)
        self.least.setValue(100 * choice.least_share)
        self.top.setValue(choice.top_k or 0)
        for field in (self.least, self.top):
            field.blockSignals(False)
        self._weigh()

    def set_context(self, hops: int, *, dims: bool) -> None:
        self._hops = hops
        self.lit.setCurrentIndex(self.lit.findData(hops if dims else _EVERYTHING))

    def focus_links(self) -> None:
        """Put the keyboard into the least share."""
        self.least.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.least.selectAll()

    def _on_choice(self) -> None:
        self._weigh()
        self.choice_changed.emit(self.choice)

    def _on_lit_chosen(self) -> None:
        chosen = int(self.lit.currentData())
        dims = chosen != _EVERYTHING
        self._hops = chosen if dims else self._hops
        self.context_changed.emit(self._hops, dims)

    def _weigh(self) -> None:
        """Make what limits the links stand out: else some seem to be missing."""
        for field, limits in (
            (self.least, self.choice.least_share != ALL_LINKS.least_share),
            (self.top, self.choice.top_k != ALL_LINKS.top_k),
        ):
            font = field.font()
            font.setBold(limits)
            field.setFont(font)


def _caption(text: str, of: QWidget) -> QLabel:
    caption = QLabel(text)
    caption.setProperty("role", "muted")
    caption.setBuddy(of)
    return caption
