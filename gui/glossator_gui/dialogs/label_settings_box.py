"""How features are labelled: methods, language models, limits."""

from collections.abc import Sequence

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from glossator.labelers.label_settings import (
    REVIEW,
    TIERS_OF,
    LabelSettings,
    TierNumber,
)
from glossator.labelers.methods import known_methods
from glossator_gui.dialogs.amount_field import AmountField
from glossator_gui.dialogs.chat_model_field import ChatModelField
from glossator_gui.views.plain_text import WrappedLabel, one_line

_REVIEWED = "Leave to the review"
_HOLD_OUT = (
    "Half of each feature’s examples is kept back and shown to no model, so that its\n"
    "labels can be scored on examples that they were not made from."
)
_SPEND = (
    "Nothing is asked that could exceed this, counting what is under way at its worst."
)
_PRICE = "Goes before the list of prices that comes with the program."
TIER_NAMES: dict[TierNumber, str] = {
    1: "Input and output",
    2: "Cross",
    3: "Obscure",
}


class LabelSettingsBox(QWidget):
    """The same for a project and for a user's defaults."""

    changed = Signal()

    def __init__(
        self,
        settings: LabelSettings,
        beside: QWidget | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """Build the box.

        Parameters
        ----------
        beside : shown above the limits.
        """
        super().__init__(parent)
        self._settings = settings
        self._known = known_methods()
        self.methods = {tier: self._method_box(tier) for tier in TIER_NAMES}
        self.llm = ChatModelField(
            "Model of input and output features", settings.llm, settings.llm_model
        )
        self.frontier = ChatModelField(
            "Model of cross and obscure features",
            settings.frontier,
            settings.frontier_model,
        )
        self._make_limits(settings)
        left = QVBoxLayout()
        left.setSpacing(12)
        if beside is not None:
            left.addWidget(beside)
        left.addWidget(self._limit_box())
        left.addStretch(1)
        right = QVBoxLayout()
        right.setSpacing(12)
        right.addWidget(self._tier_box("Input and output features", [1], self.llm))
        right.addWidget(
            self._tier_box("Cross and obscure features", [2, 3], self.frontier)
        )
        if self._known.problems:
            told = "\n".join(self._known.problems)
            right.addWidget(WrappedLabel(told, role="warning", small=True))
        right.addStretch(1)
        columns = QHBoxLayout(self)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(12)
        columns.addLayout(left)
        columns.addLayout(right, 1)
        fixed = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setSizePolicy(fixed)
        self._connect()
        self._show_needed()

    def _make_limits(self, settings: LabelSettings) -> None:
        self.dollars = AmountField("US dollars at most", "no limit", settings.dollars)
        self.tokens = AmountField(
            "tokens at most", "no limit", settings.tokens, whole=True
        )
        for field in (self.dollars, self.tokens):
            field.setToolTip(_SPEND)
        self.prompt_price = AmountField(
            "US dollars a million prompt tokens", "as listed", settings.prompt_price
        )
        self.answer_price = AmountField(
            "US dollars a million answer tokens", "as listed", settings.answer_price
        )
        for field in (self.prompt_price, self.answer_price):
            field.setToolTip(_PRICE)
        self.at_once = QSpinBox()
        self.at_once.setRange(1, 256)
        self.at_once.setValue(settings.at_once)
        self.at_once.setAccessibleName("Requests at once")
        self.hold_out = QCheckBox("Keep half of the examples back")
        self.hold_out.setChecked(settings.hold_out)
        self.hold_out.setToolTip(_HOLD_OUT)

    def _tier_box(
        self, title: str, tiers: Sequence[TierNumber], model: ChatModelField
    ) -> QGroupBox:
        box = QGroupBox(title)
        form = QFormLayout(box)
        for tier in tiers:
            name = QLabel(TIER_NAMES[tier] if len(tiers) > 1 else "Method")
            # The fields of all boxes begin at the same place.
            widest = name.fontMetrics().horizontalAdvance(TIER_NAMES[3])
            name.setMinimumWidth(widest)
            name.setBuddy(self.methods[tier])
            form.addRow(name, self.methods[tier])
        form.addRow("Model", model)
        return box

    def _limit_box(self) -> QGroupBox:
        box = QGroupBox("Limits")
        form = QFormLayout(box)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignVCenter)
        form.addRow("Spend at most", _with_unit(self.dollars, "US dollars"))
        form.addRow("Use at most", _with_unit(self.tokens, "tokens"))
        form.addRow("Prompts cost", _with_unit(self.prompt_price, "dollars a million"))
        form.addRow("Answers cost", _with_unit(self.answer_price, "dollars a million"))
        form.addRow("Ask at once", _with_unit(self.at_once, "prompts"))
        form.addRow(self.hold_out)
        return box

    def _connect(self) -> None:
        for combo in self.methods.values():
            combo.currentIndexChanged.connect(self._on_changed)
        for model in (self.llm, self.frontier):
            model.changed.connect(self.changed)
        for field in (
            self.dollars,
            self.tokens,
            self.prompt_price,
            self.answer_price,
        ):
            field.textChanged.connect(self.changed)
        self.at_once.valueChanged.connect(self.changed)
        self.hold_out.toggled.connect(self.changed)

    def settings(self) -> LabelSettings:
        """As they stand in the box, not checked yet; what is not in use stays."""
        tokens = self.tokens.value
        return msgspec.structs.replace(
            self._settings,
            tier1=self.methods[1].currentData(),
            tier2=self.methods[2].currentData(),
            tier3=self.methods[3].currentData(),
            llm=self.llm.named,
            llm_model=self.llm.model_name,
            frontier=self.frontier.named,
            frontier_model=self.frontier.model_name,
            hold_out=self.hold_out.isChecked(),
            dollars=self.dollars.value,
            tokens=None if tokens is None else int(tokens),
            prompt_price=self.prompt_price.value,
            answer_price=self.answer_price.value,
            at_once=self.at_once.value(),
        )

    def end(self) -> None:
        """Hear no more of what is being looked up."""
        self.llm.end()
        self.frontier.end()

    def _on_changed(self) -> None:
        self._show_needed()
        self.changed.emit()

    def _show_needed(self) -> None:
        asks = {tier: self._asks_model(tier) for tier in self.methods}
        self.llm.set_needed(asks[1])
        self.frontier.set_needed(asks[2] or asks[3])
        for field in (self.prompt_price, self.answer_price):
            field.setEnabled(asks[2] or asks[3])

    def _asks_model(self, tier: TierNumber) -> bool:
        method = self._known.by_name.get(self.methods[tier].currentData())
        return method is not None and "chat model" in method.needs

    def _method_box(self, tier: TierNumber) -> QComboBox:
        """Methods that are fit for a tier; a stored one that is not is not chosen."""
        combo = QComboBox()
        combo.setAccessibleName(f"Method of {TIER_NAMES[tier].lower()} features")
        combo.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        combo.setMinimumContentsLength(36)
        if tier != 1:
            combo.addItem(_REVIEWED, REVIEW)
        # Counting comes first in the list, too.
        for method in self._known.by_name.values():
            if method.tiers.issuperset(TIERS_OF[tier]):
                combo.addItem(one_line(method.title), method.name)
        combo.setCurrentIndex(max(combo.findData(self._settings.method(tier)), 0))
        return combo


def _with_unit(field: QWidget, unit: str) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(field)
    name = QLabel(unit)
    name.setProperty("role", "muted")
    layout.addWidget(name, 1)
    return row
