"""Ask who shall put which vectors into words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from glossator.verbalize.published import PublishedPair, pair_for
from glossator_gui.dialogs.path_field import PathField
from glossator_gui.dialogs.scope_box import ScopeBox
from glossator_gui.views.plain_text import WrappedLabel, one_line

Service = Literal["checkpoint", "server", "neuronpedia"]
VerbalizeScope = Literal["selection", "obscure", "all"]

_SERVICES: tuple[tuple[Service, str], ...] = (
    ("checkpoint", "A checkpoint, on this machine"),
    ("server", "An NLA server"),
    ("neuronpedia", "Neuronpedia"),
)
_SCOPES: tuple[tuple[VerbalizeScope, str], ...] = (
    ("selection", "The selection"),
    ("obscure", "Obscure features"),
    ("all", "All features"),
)
_NAMES: Mapping[Service, tuple[str, str]] = {
    "checkpoint": ("Verbalizer", "folder, or name on the Hugging Face hub"),
    "server": ("Address", "http://host:5009"),
    "neuronpedia": ("Source", "model/source, as in gemma-3-27b-it/kitft-l41"),
}
_HINTS: Mapping[Service, str] = {
    "checkpoint": (
        "Models are loaded one after the other, each from a folder or the hub’s cache; "
        "what is not there is downloaded."
    ),
    "server": (
        "Activations are computed here and sent there. A secret is read from "
        "NLA_SERVER_SECRET."
    ),
    "neuronpedia": (
        "The texts of the examples are sent to www.neuronpedia.org, which allows about "
        "120 requests an hour. A key is read from NEURONPEDIA_API_KEY."
    ),
}
_WIDTH = 600


@dataclass(frozen=True)
class VerbalizeChoice:
    """What a person chose; names are as typed."""

    service: Service
    verbalizer: str
    """Folder or hub name, address, or ``model/source``."""
    reconstructor: str
    base_model: str
    replacement: str
    """Where the features' own vectors are; "" puts them not into words."""
    n_examples: int
    """Top examples whose top token is read; 0 for none."""
    n_samples: int
    temperature: float
    scope: VerbalizeScope
    elsewhere: bool = False
    """Also own vectors of features that write elsewhere than the verbalizer reads."""


class VerbalizeDialog(QDialog):
    start_requested = Signal(object)
    """VerbalizeChoice."""

    def __init__(
        self,
        model: str,
        sizes: Mapping[VerbalizeScope, int],
        before: VerbalizeChoice | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """Build the dialog.

        Parameters
        ----------
        model : the graphs' model; a published verbalizer of it is proposed.
        sizes : number of features of each scope; empty scopes cannot be chosen.
        before : what was chosen the last time.
        """
        super().__init__(parent)
        self.setWindowTitle("Verbalize")
        self._pair = pair_for(model)
        self._make_fields()
        self.scopes = ScopeBox("For", [(text, sizes[name]) for name, text in _SCOPES])
        self.buttons = QDialogButtonBox()
        role = QDialogButtonBox.ButtonRole.AcceptRole
        self.start = self.buttons.addButton("Verbalize", role)
        self.start.setProperty("primary", True)
        self.start.setDefault(True)
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addWidget(WrappedLabel(self._known(model), role="muted"))
        layout.addWidget(self._service_box())
        layout.addWidget(self._vector_box())
        layout.addWidget(self.scopes)
        layout.addWidget(self.problem)
        layout.addWidget(self.buttons)
        self._propose(before)
        self.service.currentIndexChanged.connect(self._fit)
        for field in (self.verbalizer, self.base_model, self.replacement):
            field.changed.connect(self._fit)
        for box in (self.own_vector, self.examples):
            box.toggled.connect(self._fit)
        self.buttons.accepted.connect(self._on_accepted)
        self.buttons.rejected.connect(self.reject)
        self.resize(_WIDTH, 0)
        self._fit()

    def _make_fields(self) -> None:
        self.service = QComboBox()
        self.service.setAccessibleName("By")
        for service, text in _SERVICES:
            self.service.addItem(text, service)
        hub = "folder, or name on the Hugging Face hub"
        self.verbalizer = PathField("verbalizer", "", "folder")
        self.reconstructor = PathField(
            "reconstructor", f"{hub}; empty: no quality is measured", "folder"
        )
        self.base_model = PathField("base model", hub, "folder")
        self.replacement = PathField(
            "features", "transcoders, or: neurons, signed neurons", "folder"
        )
        self.hint = WrappedLabel(role="muted", small=True)
        # A form asks nobody for a height by width.
        self.hint.setMinimumHeight(2 * self.fontMetrics().lineSpacing())
        self.problem = WrappedLabel(role="warning", small=True)
        self.examples = QCheckBox("The model’s state at the top token of the strongest")
        self.n_examples = QSpinBox()
        self.n_examples.setRange(1, 20)
        self.n_examples.setValue(3)
        self.n_examples.setAccessibleName("Examples")
        self.own_vector = QCheckBox("The feature’s own vector")
        self.elsewhere = QCheckBox(
            "Also of features that write at other layers, marked"
        )
        self.n_samples = QSpinBox()
        self.n_samples.setRange(1, 10)
        self.n_samples.setValue(3)
        self.temperature = QDoubleSpinBox()
        self.temperature.setRange(0, 5)
        self.temperature.setSingleStep(0.1)
        self.temperature.setValue(0.7)

    def _known(self, model: str) -> str:
        pair = self._pair
        if pair is None:
            return (
                f"No verbalizer is published for {one_line(model) or 'this model'}. A "
                "verbalizer of another model reads other activations: its words would "
                "mean nothing here."
            )
        return (
            f"{pair.verbalizer} ({pair.gigabytes} GB) reads the output of block "
            f"{pair.layer} of {pair.base}."
        )

    def _service_box(self) -> QGroupBox:
        box = QGroupBox("By")
        self.form = QFormLayout(box)
        self.form.addRow("", self.service)
        self.form.addRow("Verbalizer", self.verbalizer)
        self.form.addRow("Reconstructor", self.reconstructor)
        self.form.addRow("Base model", self.base_model)
        self.form.addRow("", self.hint)
        return box

    def _vector_box(self) -> QGroupBox:
        box = QGroupBox("What is put into words")
        column = QVBoxLayout(box)
        row = QHBoxLayout()
        row.addWidget(self.examples)
        row.addWidget(self.n_examples)
        row.addWidget(QLabel("examples"))
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.own_vector)
        self.own_row = QWidget()
        own = QFormLayout(self.own_row)
        own.setContentsMargins(22, 0, 0, 0)
        own.addRow("Features", self.replacement)
        own.addRow("", self.elsewhere)
        own.addRow(
            "",
            WrappedLabel(
                "No activation of the model: the verbalizer never saw one of its kind.",
                role="muted",
                small=True,
            ),
        )
        column.addWidget(self.own_row)
        draws = QHBoxLayout()
        draws.addWidget(QLabel("Samples of each"))
        draws.addWidget(self.n_samples)
        draws.addSpacing(16)
        draws.addWidget(QLabel("Temperature"))
        draws.addWidget(self.temperature)
        draws.addStretch(1)
        column.addLayout(draws)
        return box

    def _propose(self, before: VerbalizeChoice | None) -> None:
        """Fill in what was chosen before, else what is published for the model."""
        if before is None:
            self.examples.setChecked(True)
            pair: PublishedPair | None = self._pair
            if pair is not None:
                self.verbalizer.set_text(pair.verbalizer)
                self.reconstructor.set_text(pair.reconstructor)
                self.base_model.set_text(pair.base)
            return
        self.service.setCurrentIndex(self.service.findData(before.service))
        self.verbalizer.set_text(before.verbalizer)
        self.reconstructor.set_text(before.reconstructor)
        self.base_model.set_text(before.base_model)
        self.replacement.set_text(before.replacement)
        self.own_vector.setChecked(bool(before.replacement))
        self.elsewhere.setChecked(before.elsewhere)
        self.examples.setChecked(before.n_examples > 0)
        self.n_examples.setValue(before.n_examples or 3)
        self.n_samples.setValue(before.n_samples)
        self.temperature.setValue(before.temperature)

    def _fit(self) -> None:
        """Show the fields that count, and whether all that is needed is there."""
        service: Service = self.service.currentData()
        name, hint = _NAMES[service]
        label = self.form.labelForField(self.verbalizer)
        if isinstance(label, QLabel):
            label.setText(name)
        self.verbalizer.line.setPlaceholderText(hint)
        self.verbalizer.browse.setVisible(service == "checkpoint")
        self.form.setRowVisible(self.reconstructor, service == "checkpoint")
        self.form.setRowVisible(self.base_model, service != "neuronpedia")
        self.hint.setText(_HINTS[service])
        local = service != "neuronpedia"
        self.own_vector.setEnabled(local)
        self.n_samples.setEnabled(local)
        own = self.own_vector.isChecked() and self.own_vector.isEnabled()
        self.own_row.setVisible(own)
        self.n_examples.setEnabled(self.examples.isChecked())
        lacking = self._lacking(service, own=own)
        self.problem.setText(lacking)
        self.problem.setVisible(bool(lacking))
        self.start.setEnabled(not lacking and self.scopes.any)
        QTimer.singleShot(0, self._make_room)

    def _make_room(self) -> None:
        """Grow where a row came that was not there."""
        layout = self.layout()
        if layout is not None:
            layout.activate()
            needed = layout.totalHeightForWidth(self.width())
            self.resize(self.width(), max(self.height(), needed))

    def _lacking(self, service: Service, *, own: bool) -> str:
        """What is still to be named, in one sentence; "" if nothing is."""
        if not self.verbalizer.text:
            return f"Name the {_NAMES[service][0].lower()}: {_NAMES[service][1]}."
        if not own and not self.examples.isChecked():
            return "Choose what is to be put into words."
        if own and not self.replacement.text:
            return "Name where the features are: their vectors are read there."
        needs_model = service != "neuronpedia"
        if needs_model and self.examples.isChecked() and not self.base_model.text:
            return "Name the base model: its state at the examples is read."
        return ""

    def choice(self) -> VerbalizeChoice:
        own = self.own_vector.isChecked() and self.own_vector.isEnabled()
        return VerbalizeChoice(
            service=self.service.currentData(),
            verbalizer=self.verbalizer.text,
            reconstructor=self.reconstructor.text,
            base_model=self.base_model.text,
            replacement=self.replacement.text if own else "",
            n_examples=self.n_examples.value() if self.examples.isChecked() else 0,
            n_samples=self.n_samples.value(),
            temperature=self.temperature.value(),
            scope=_SCOPES[self.scopes.chosen][0],
            elsewhere=own and self.elsewhere.isChecked(),
        )

    def _on_accepted(self) -> None:
        self.start_requested.emit(self.choice())
        self.accept()
