"""Ask which model is to be run over which texts, and for which features."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QGroupBox,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from glossator.collect.collect_settings import CollectSettings
from glossator_gui.dialogs.path_field import PathField
from glossator_gui.dialogs.scope_box import ScopeBox
from glossator_gui.views.plain_text import WrappedLabel

CollectScope = Literal["all", "selection"]
FeaturesAre = Literal["neurons", "signed neurons", "transcoders"]

_SCOPES: tuple[tuple[CollectScope, str], ...] = (
    ("all", "All features of the project"),
    ("selection", "The selection"),
)
_ARE: tuple[tuple[FeaturesAre, str], ...] = (
    ("transcoders", "Transcoders"),
    ("neurons", "MLP neurons"),
    ("signed neurons", "MLP neurons, split by sign"),
)
_HUB = "folder, or name on the Hugging Face hub"
_WHAT = (
    "The model reads the texts here, and what the features do at each token is kept: "
    "their strongest and some weaker examples, how often they are active, which tokens "
    "they promote. It can be stopped, and goes on where it stopped."
)
_MILLION = 1_000_000
_WIDTH = 600


@dataclass(frozen=True)
class CollectChoice:
    """What a person chose; names are as typed."""

    model: str
    features_are: FeaturesAre
    transcoders: str
    """Folder or hub name; "" where the features are neurons."""
    corpus: str
    """A file, or a folder of files."""
    field: str
    """Key or column of the text."""
    n_top: int
    context: int
    million_tokens: int
    """0 reads all."""
    scope: CollectScope

    @property
    def replacement(self) -> str:
        neurons = self.features_are != "transcoders"
        return self.features_are if neurons else self.transcoders


class CollectDialog(QDialog):
    start_requested = Signal(object)
    """CollectChoice."""

    def __init__(
        self,
        proposed: CollectChoice,
        sizes: Mapping[CollectScope, int],
        parent: QWidget | None = None,
    ) -> None:
        """Build the dialog.

        Parameters
        ----------
        proposed : what to fill in.
        sizes : number of features of each scope; empty scopes cannot be chosen.
        """
        super().__init__(parent)
        self.setWindowTitle("Collect Evidence")
        self._make_fields(proposed)
        self.scopes = ScopeBox("For", [(text, sizes[name]) for name, text in _SCOPES])
        self.buttons = QDialogButtonBox()
        role = QDialogButtonBox.ButtonRole.AcceptRole
        self.start = self.buttons.addButton("Collect", role)
        self.start.setProperty("primary", True)
        self.start.setDefault(True)
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addWidget(WrappedLabel(_WHAT, role="muted"))
        layout.addWidget(self._model_box())
        layout.addWidget(self._text_box())
        layout.addWidget(self.scopes)
        layout.addWidget(self.problem)
        layout.addWidget(self.buttons)
        self.features_are.currentIndexChanged.connect(self._fit)
        for field in (self.model, self.transcoders, self.corpus):
            field.changed.connect(self._fit)
        self.buttons.accepted.connect(self._on_accepted)
        self.buttons.rejected.connect(self.reject)
        self.resize(_WIDTH, 0)
        self._fit()

    def _make_fields(self, proposed: CollectChoice) -> None:
        self.model = PathField("model", _HUB, "folder")
        self.model.set_text(proposed.model)
        self.features_are = QComboBox()
        self.features_are.setAccessibleName("Features are")
        for kind, text in _ARE:
            self.features_are.addItem(text, kind)
        self.features_are.setCurrentIndex(
            self.features_are.findData(proposed.features_are)
        )
        self.transcoders = PathField("transcoders", _HUB, "folder")
        self.transcoders.set_text(proposed.transcoders)
        self.corpus = PathField("texts", ".txt, .jsonl, .parquet, or a folder", "file")
        self.corpus.set_text(proposed.corpus)
        self.field = QLineEdit(proposed.field)
        self.field.setAccessibleName("Key or column of the text")
        self.n_top = _spin(1, 1000, proposed.n_top, "Examples")
        self.context = _spin(1, 1000, proposed.context, "Context")
        self.context.setSuffix(" tokens each side")
        self.million_tokens = _spin(0, 100_000, proposed.million_tokens, "Tokens")
        self.million_tokens.setSpecialValueText("all")
        self.million_tokens.setSuffix(" million tokens")
        self.problem = WrappedLabel(role="warning", small=True)

    def _model_box(self) -> QGroupBox:
        box = QGroupBox("Model")
        self.form = QFormLayout(box)
        self.form.addRow("Model", self.model)
        self.form.addRow("Features are", self.features_are)
        self.form.addRow("Transcoders", self.transcoders)
        return box

    def _text_box(self) -> QGroupBox:
        box = QGroupBox("Texts")
        form = QFormLayout(box)
        form.addRow("File or folder", self.corpus)
        form.addRow("Key or column", self.field)
        form.addRow("Read", self.million_tokens)
        form.addRow("Strongest examples", self.n_top)
        form.addRow("Context", self.context)
        return box

    def _fit(self) -> None:
        """Show the fields that count, and whether all that is needed is there."""
        transcoders = self.features_are.currentData() == "transcoders"
        self.form.setRowVisible(self.transcoders, transcoders)
        lacking = self._lacking(transcoders=transcoders)
        self.problem.setText(lacking)
        self.problem.setVisible(bool(lacking))
        self.start.setEnabled(not lacking)
        QTimer.singleShot(0, self._make_room)

    def _make_room(self) -> None:
        """Grow where a row came that was not there."""
        layout = self.layout()
        if layout is not None:
            layout.activate()
            needed = layout.totalHeightForWidth(self.width())
            self.resize(self.width(), max(self.height(), needed))

    def _lacking(self, *, transcoders: bool) -> str:
        if not self.model.text:
            return f"Name the model that the graphs are of: {_HUB}."
        if transcoders and not self.transcoders.text:
            return f"Name the transcoders that the features are of: {_HUB}."
        if not self.corpus.text:
            return "Name the texts that the model shall read."
        return ""

    def choice(self) -> CollectChoice:
        return CollectChoice(
            model=self.model.text,
            features_are=self.features_are.currentData(),
            transcoders=self.transcoders.text,
            corpus=self.corpus.text,
            field=self.field.text().strip() or "text",
            n_top=self.n_top.value(),
            context=self.context.value(),
            million_tokens=self.million_tokens.value(),
            scope=_SCOPES[self.scopes.chosen][0],
        )

    def _on_accepted(self) -> None:
        self.start_requested.emit(self.choice())
        self.accept()


def settings_of(choice: CollectChoice) -> CollectSettings:
    return CollectSettings(
        n_top=choice.n_top,
        context=choice.context,
        max_tokens=choice.million_tokens * _MILLION,
    )


def _spin(low: int, high: int, value: int, name: str) -> QSpinBox:
    spin = QSpinBox()
    spin.setRange(low, high)
    spin.setValue(value)
    spin.setAccessibleName(name)
    return spin
