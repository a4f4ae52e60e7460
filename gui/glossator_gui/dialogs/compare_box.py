"""What is compared: methods, scorers, features, language models, limits."""

from collections.abc import Collection
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from glossator.comparing.given import MOST_FEATURES, NO_MODEL, AskedModels, ChosenModel
from glossator.errors import InputError
from glossator.evaluation.comparison.method_comparison import (
    MODES,
    ComparisonSettings,
    Mode,
)
from glossator.evaluation.comparison.scorers import JUDGING, SCORERS
from glossator.labelers.methods import known_methods
from glossator.llm.prices import GivenPrice
from glossator_gui.dialogs.amount_field import AmountField
from glossator_gui.dialogs.chat_model_field import ChatModelField
from glossator_gui.dialogs.check_list import CheckList
from glossator_gui.views.plain_text import WrappedLabel

_MODES: tuple[tuple[str, tuple[Mode, ...]], ...] = (
    ("Repaired", ("repaired",)),
    ("As in the source", ("as in the source",)),
    ("Both", MODES),
)
_NEEDS_MODEL = "name a model"
_MOST_SEED = 2**31 - 1
_RULES = (
    "Repaired: by this program’s scorers, on texts that no method saw.\n"
    "As in the source: by the published protocol, its faults included."
)
_BASELINES = (
    "Another feature’s label and the commonest top token are scored on the same\n"
    "texts: a third to a half of what scoring asks."
)


@dataclass(frozen=True)
class CompareChoice:
    settings: ComparisonSettings
    models: AskedModels


class CompareBox(QWidget):
    changed = Signal()

    def __init__(
        self,
        proposed: CompareChoice,
        usable: Collection[str],
        parent: QWidget | None = None,
    ) -> None:
        """Build the box.

        Parameters
        ----------
        usable : methods that lack nothing but, it may be, a model.
        """
        super().__init__(parent)
        self._usable = frozenset(usable)
        self._known = known_methods()
        settings, models = proposed.settings, proposed.models
        titles = {m.name: m.title for m in self._known.by_name.values()}
        self.methods = CheckList("Methods", titles, settings.methods)
        scorers = dict.fromkeys(SCORERS, "")
        self.scorers = CheckList("Scorers", scorers, settings.scorers)
        self.labels = ModelFields("Model that writes labels", models.labels)
        own = models.scoring if models.scoring != models.labels else NO_MODEL
        self.scoring = ModelFields("Model that judges", own)
        self.same = QCheckBox("The model that writes labels judges them, too")
        self.same.setChecked(own == NO_MODEL)
        self._make_drawn(settings)
        self._make_limits(models)
        columns = QHBoxLayout(self)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(12)
        columns.addLayout(self._chosen_column(), 5)
        columns.addLayout(self._model_column(), 5)
        columns.addLayout(self._number_column(), 3)
        self._connect()
        self._show_needed()

    def choice(self) -> CompareChoice:
        """As it stands in the box.

        Raises
        ------
        InputError
            if half of a price is given.
        """
        labels = self.labels.chosen()
        tokens = self.tokens.value
        return CompareChoice(
            ComparisonSettings(
                methods=self.methods.chosen,
                scorers=self.scorers.chosen,
                modes=_MODES[self.mode.currentIndex()][1],
                n_features=self.n_features.value(),
                seed=self.seed.value(),
                baselines=self.baselines.isChecked(),
            ),
            AskedModels(
                labels=labels,
                scoring=labels if self.same.isChecked() else self.scoring.chosen(),
                dollars=self.dollars.value,
                tokens=None if tokens is None else int(tokens),
                at_once=self.at_once.value(),
            ),
        )

    def end(self) -> None:
        """Hear no more of what is being looked up."""
        self.labels.model.end()
        self.scoring.model.end()

    # -- what it is made of ---------------------------------------------------------

    def _make_drawn(self, settings: ComparisonSettings) -> None:
        self.n_features = _spin("Features", 1, MOST_FEATURES, settings.n_features)
        self.seed = _spin("Seed", 0, _MOST_SEED, settings.seed)
        self.seed.setToolTip("Says which features are drawn, and which texts.")
        self.mode = QComboBox()
        self.mode.setAccessibleName("Rules of scoring")
        self.mode.setToolTip(_RULES)
        for text, modes in _MODES:
            self.mode.addItem(text)
            if modes == settings.modes:
                self.mode.setCurrentIndex(self.mode.count() - 1)
        self.baselines = QCheckBox("Score baselines, too")
        self.baselines.setChecked(settings.baselines)
        self.baselines.setToolTip(_BASELINES)

    def _make_limits(self, models: AskedModels) -> None:
        self.dollars = AmountField("US dollars at most", "no limit", models.dollars)
        self.tokens = AmountField(
            "Tokens at most", "no limit", models.tokens, whole=True
        )
        self.at_once = _spin("Requests at once", 1, 256, models.at_once)

    def _chosen_column(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(12)
        column.addWidget(_boxed("Methods", self.methods), 1)
        column.addWidget(_boxed("Scorers", self.scorers))
        self.scorers.setFixedHeight(self.scorers.sizeHint().height())
        if self._known.problems:
            told = "\n".join(self._known.problems)
            column.addWidget(WrappedLabel(told, role="warning", small=True))
        return column

    def _model_column(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(12)
        column.addWidget(_boxed("Labels are written by", self.labels))
        column.addWidget(_boxed("Labels are judged by", self.same, self.scoring))
        column.addStretch(1)
        return column

    def _number_column(self) -> QVBoxLayout:
        drawn, limits = QGroupBox("Features"), QGroupBox("Limits")
        form = QFormLayout(drawn)
        form.addRow("Draw", self.n_features)
        form.addRow("Seed", self.seed)
        form.addRow("Rules", self.mode)
        form.addRow(self.baselines)
        form = QFormLayout(limits)
        form.addRow("US dollars", self.dollars)
        form.addRow("Tokens", self.tokens)
        form.addRow("At once", self.at_once)
        column = QVBoxLayout()
        column.setSpacing(12)
        for box in (drawn, limits):
            column.addWidget(box)
        column.addStretch(1)
        return column

    def _connect(self) -> None:
        for choices in (self.methods, self.scorers):
            choices.changed.connect(self.changed)
        for fields in (self.labels, self.scoring):
            fields.changed.connect(self._on_model_changed)
        self.same.toggled.connect(self._on_model_changed)
        for spin in (self.n_features, self.seed, self.at_once):
            spin.valueChanged.connect(self.changed)
        for amount in (self.dollars, self.tokens):
            amount.textChanged.connect(self.changed)
        self.mode.currentIndexChanged.connect(self.changed)
        self.baselines.toggled.connect(self.changed)

    def _on_model_changed(self) -> None:
        self._show_needed()
        self.changed.emit()

    def _show_needed(self) -> None:
        same = self.same.isChecked()
        self.scoring.setVisible(not same)
        writes = bool(self.labels.model.named)
        judges = writes if same else bool(self.scoring.model.named)
        self.methods.set_lacking(self._lacking_methods(with_model=writes))
        self.scorers.set_lacking({} if judges else dict.fromkeys(JUDGING, _NEEDS_MODEL))

    def _lacking_methods(self, *, with_model: bool) -> dict[str, str]:
        lacking = {}
        for name, method in self._known.by_name.items():
            if "verbalizations" in method.needs and name not in self._usable:
                lacking[name] = "no verbalizations"
            elif name not in self._usable:
                lacking[name] = "sees all examples"
            elif "chat model" in method.needs and not with_model:
                lacking[name] = _NEEDS_MODEL
        return lacking


class ModelFields(QWidget):
    """A chat model, and what it costs where that is not listed."""

    changed = Signal()

    def __init__(
        self, name: str, chosen: ChosenModel, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._name = name
        self.model = ChatModelField(name, chosen.named, chosen.model)
        price = chosen.price
        prompt, answer = (price.prompt, price.answer) if price else (None, None)
        self.prompt_price = AmountField(
            f"{name}: US dollars a million prompt tokens", "as listed", prompt
        )
        self.answer_price = AmountField(
            f"{name}: US dollars a million answer tokens", "as listed", answer
        )
        prices = QHBoxLayout()
        unit = QLabel("dollars a million")
        unit.setProperty("role", "muted")
        for widget in (
            QLabel("Prompts"),
            self.prompt_price,
            QLabel("Answers"),
            self.answer_price,
            unit,
        ):
            prices.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.model)
        column.addLayout(prices)
        self.model.changed.connect(self.changed)
        for field in (self.prompt_price, self.answer_price):
            field.textChanged.connect(self.changed)

    def chosen(self) -> ChosenModel:
        """Raise InputError if half of a price is given."""
        prompt, answer = self.prompt_price.value, self.answer_price.value
        if (prompt is None) != (answer is None):
            raise InputError(
                "give the price of prompts and of answers, or neither",
                source=self._name,
            )
        price = None if prompt is None or answer is None else GivenPrice(prompt, answer)
        return ChosenModel(self.model.named, self.model.model_name, price)


def _boxed(title: str, *widgets: QWidget) -> QGroupBox:
    box = QGroupBox(title)
    column = QVBoxLayout(box)
    for widget in widgets:
        column.addWidget(widget)
    return box


def _spin(name: str, least: int, most: int, value: int) -> QSpinBox:
    spin = QSpinBox()
    spin.setRange(least, most)
    spin.setValue(value)
    spin.setAccessibleName(name)
    return spin
