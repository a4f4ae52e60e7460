"""The fields of a filter, one for each of its criteria."""

from collections.abc import Sequence
from typing import get_args

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from glossator.graph.attribution_graph import EMBEDDING_LAYER, NodeKind
from glossator.project.edits import TAGS
from glossator.project.finding.node_filter import (
    ENDLESS,
    SHOWN_TIERS,
    NodeFilter,
    Range,
)
from glossator.project.state import ReviewState
from glossator_gui.dialogs.amount_field import AmountField
from glossator_gui.dialogs.choices import Choices, ChoiceT

_KINDS = (
    (NodeKind.FEATURE, "Features"),
    (NodeKind.ATTENTION, "Attention features"),
    (NodeKind.ERROR, "Errors"),
    (NodeKind.EMBEDDING, "Tokens"),
    (NodeKind.LOGIT, "Logits"),
    (NodeKind.OTHER, "Other"),
)
_REVIEWS: tuple[ReviewState, ...] = get_args(ReviewState)
_FIELD = 84
"""Width of a number, in pixels."""


class FilterForm(QWidget):
    """Reads and shows a filter."""

    changed = Signal()

    def __init__(self, methods: Sequence[str], parent: QWidget | None = None) -> None:
        """Build the fields, empty.

        Parameters
        ----------
        methods : those that the project's labels are of; "" is of none.
        """
        super().__init__(parent)
        self.words = QLineEdit()
        self.words.setPlaceholderText("as Find looks for them: all of the words")
        self.words.textChanged.connect(self._tell)
        self.layers = self._ends("Layer", whole=True)
        self.positions = self._ends("Position", whole=True)
        self.z = self._ends("z", signed=True)
        self.density = self._ends("Density")
        self.influence = self._number("Influence at most", "1")
        self.kinds = self._choices("Kind", _KINDS, columns=2)
        self.reviews = self._choices("Status", [(r, r) for r in _REVIEWS], columns=3)
        self.tiers = self._choices("Tier", [(t, t) for t in SHOWN_TIERS], columns=3)
        named = [(method, method or "none named") for method in methods]
        self.methods = self._choices("Method", named, columns=2)
        self.tags = self._choices("Tag", [(t, str(t)) for t in TAGS], columns=len(TAGS))
        self.flagged = self._whether("Flagged")
        self.grouped = self._whether("In a supernode")
        self.pinned = self._whether("Pinned")
        columns = QHBoxLayout(self)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(12)
        for boxes in (
            (self._node_box(), self._protocol_box()),
            (self._label_box(), self._mark_box()),
        ):
            column = QVBoxLayout()
            column.setSpacing(12)
            for box in boxes:
                column.addWidget(box)
            column.addStretch(1)
            columns.addLayout(column, 1)

    def _node_box(self) -> QGroupBox:
        box = QGroupBox("Node")
        form = QFormLayout(box)
        form.addRow("Words", self.words)
        form.addRow("Layer", _row(self.layers))
        form.addRow("Position", _row(self.positions))
        form.addRow("Influence at most", _row([self.influence]))
        form.addRow("Kind", self.kinds)
        return box

    def _protocol_box(self) -> QGroupBox:
        box = QGroupBox("Protocol and evidence")
        form = QFormLayout(box)
        form.addRow("Tier", self.tiers)
        form.addRow("Largest z", _row(self.z))
        form.addRow("Density", _row(self.density))
        return box

    def _label_box(self) -> QGroupBox:
        box = QGroupBox("Label")
        form = QFormLayout(box)
        form.addRow("Status", self.reviews)
        if self.methods.boxes:
            form.addRow("Method", self.methods)
        return box

    def _mark_box(self) -> QGroupBox:
        box = QGroupBox("Marks")
        form = QFormLayout(box)
        form.addRow("Tag", self.tags)
        form.addRow("Flagged", self.flagged)
        form.addRow("Pinned", self.pinned)
        form.addRow("In a supernode", self.grouped)
        return box

    def _tell(self) -> None:
        self.changed.emit()

    # -- fields ---------------------------------------------------------------------

    def _number(
        self, name: str, empty: str, *, whole: bool = False, signed: bool = False
    ) -> AmountField:
        field = AmountField(name, empty, None, whole=whole, signed=signed)
        field.setFixedWidth(_FIELD)
        field.textChanged.connect(self._tell)
        return field

    def _ends(
        self, name: str, *, whole: bool = False, signed: bool = False
    ) -> list[AmountField]:
        return [
            self._number(f"{name}, {end}", "any", whole=whole, signed=signed)
            for end in ("least", "most")
        ]

    def _choices(
        self, name: str, choices: Sequence[tuple[ChoiceT, str]], *, columns: int
    ) -> Choices[ChoiceT]:
        return Choices(name, choices, self._tell, columns=columns)

    def _whether(self, name: str) -> QComboBox:
        box = QComboBox()
        for text, value in (("whether or not", None), ("yes", True), ("no", False)):
            box.addItem(text, value)
        box.setAccessibleName(name)
        box.currentIndexChanged.connect(self._tell)
        return box

    # -- the filter -----------------------------------------------------------------

    @property
    def wanted(self) -> NodeFilter:
        least_z, most_z = (field.value for field in self.z)
        sparse, dense = (field.value for field in self.density)
        return NodeFilter(
            text=self.words.text().strip(),
            layers=_range(self.layers, EMBEDDING_LAYER),
            positions=_range(self.positions, 0),
            kinds=self.kinds.chosen,
            reviews=self.reviews.chosen,
            methods=self.methods.chosen,
            tiers=self.tiers.chosen,
            tags=self.tags.chosen,
            flagged=self.flagged.currentData(),
            least_z=least_z,
            most_z=most_z,
            most_influence=self.influence.value,
            least_density=sparse,
            most_density=dense,
            in_supernode=self.grouped.currentData(),
            pinned=self.pinned.currentData(),
        )

    def show_filter(self, wanted: NodeFilter) -> None:
        self.words.setText(wanted.text)
        _show_range(self.layers, wanted.layers, EMBEDDING_LAYER)
        _show_range(self.positions, wanted.positions, 0)
        for field, value in (
            (self.z[0], wanted.least_z),
            (self.z[1], wanted.most_z),
            (self.density[0], wanted.least_density),
            (self.density[1], wanted.most_density),
            (self.influence, wanted.most_influence),
        ):
            field.show_amount(value)
        self.kinds.choose(wanted.kinds)
        self.reviews.choose(wanted.reviews)
        self.methods.choose(wanted.methods)
        self.tiers.choose(wanted.tiers)
        self.tags.choose(wanted.tags)
        for box, wish in (
            (self.flagged, wanted.flagged),
            (self.grouped, wanted.in_supernode),
            (self.pinned, wanted.pinned),
        ):
            box.setCurrentIndex(box.findData(wish))


def _row(fields: Sequence[AmountField]) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for at, field in enumerate(fields):
        if at:
            layout.addWidget(QLabel("to"))
        layout.addWidget(field)
    layout.addStretch(1)
    return row


def _range(fields: Sequence[AmountField], least: int) -> Range | None:
    low, high = (field.value for field in fields)
    if low is None and high is None:
        return None
    return (
        least if low is None else int(low),
        ENDLESS if high is None else int(high),
    )


def _show_range(
    fields: Sequence[AmountField], bounds: Range | None, least: int
) -> None:
    low, high = bounds if bounds is not None else (least, ENDLESS)
    fields[0].show_amount(None if low <= least else low)
    fields[1].show_amount(None if high >= ENDLESS else high)
