"""Which connections are listed, and in which order."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from glossator.graph.attribution_graph import NodeKind
from glossator_gui.views.connections.rows import Filter, Order, Sign

_KINDS: tuple[tuple[str, NodeKind | None], ...] = (
    ("All kinds", None),
    ("Features", NodeKind.FEATURE),
    ("Attention features", NodeKind.ATTENTION),
    ("Errors", NodeKind.ERROR),
    ("Tokens", NodeKind.EMBEDDING),
    ("Logits", NodeKind.LOGIT),
    ("Other nodes", NodeKind.OTHER),
)
_SIGNS: tuple[tuple[str, Sign], ...] = (
    ("Both signs", "both"),
    ("Raising", "raising"),
    ("Lowering", "lowering"),
)
_ORDERS: tuple[tuple[str, Order], ...] = (
    ("By share", "share"),
    ("By weight", "weight"),
    ("By layer", "layer"),
    ("Under their tokens", "token"),
)


class FilterRow(QWidget):
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = _box("Kind of connected node", [name for name, _ in _KINDS])
        self.sign = _box("Sign of the links", [name for name, _ in _SIGNS])
        self.order = _box("Order of the connections", [name for name, _ in _ORDERS])
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 6, 8, 0)
        row.setSpacing(6)
        for box in (self.kind, self.sign, self.order):
            row.addWidget(box)
            box.currentIndexChanged.connect(self.changed)
        row.addStretch(1)

    @property
    def wanted(self) -> Filter:
        return Filter(
            _KINDS[self.kind.currentIndex()][1], _SIGNS[self.sign.currentIndex()][1]
        )

    @property
    def wanted_order(self) -> Order:
        return _ORDERS[self.order.currentIndex()][1]


def _box(name: str, entries: list[str]) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.addItems(entries)
    return box
