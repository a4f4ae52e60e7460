"""Ask what the protocol shall run over, and how."""

from collections.abc import Mapping
from typing import Literal

import msgspec
from PySide6.QtCore import Qt, Signal
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
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from glossator.errors import InputError
from glossator.labelers.label_settings import LabelSettings
from glossator.protocol.protocol_settings import (
    MAX_EXAMPLES,
    MIN_EXAMPLES,
    WINDOW_NAMES,
    ProtocolSettings,
    RoutingName,
    Window,
)
from glossator_gui.dialogs.label_method_box import LabelMethodBox
from glossator_gui.dialogs.scope_box import ScopeBox

ScopeName = Literal["all", "unlabelled", "visible", "selection"]

_SCOPES: tuple[tuple[ScopeName, str], ...] = (
    ("all", "All features"),
    ("unlabelled", "Features without a label"),
    ("visible", "What is visible after pruning"),
    ("selection", "The selection"),
)


class RunDialog(QDialog):
    """Scope and settings of a run."""

    start_requested = Signal(str, object, object)
    """ScopeName, ProtocolSettings, LabelSettings."""

    def __init__(
        self,
        sizes: Mapping[ScopeName, int],
        settings: ProtocolSettings,
        labelling: LabelSettings,
        evidence: str,
        parent: QWidget | None = None,
    ) -> None:
        """Build the dialog.

        Parameters
        ----------
        sizes : number of features of each scope; empty scopes cannot be chosen.
        evidence : what the evidence of the project is, in one sentence.
        """
        super().__init__(parent)
        self.setWindowTitle("Run Protocol")
        self.scopes = ScopeBox("Scope", [(text, sizes[name]) for name, text in _SCOPES])
        self.buttons = QDialogButtonBox()
        start = self.buttons.addButton("Run", QDialogButtonBox.ButtonRole.AcceptRole)
        start.setProperty("primary", True)
        start.setDefault(True)
        start.setEnabled(self.scopes.any)
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self._on_accepted)
        self.buttons.rejected.connect(self.reject)
        self.labelling = LabelMethodBox(labelling)
        self.problem = QLabel()
        self.problem.setProperty("role", "warning")
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.setWordWrap(True)
        self.problem.hide()
        note = QLabel(evidence)
        note.setProperty("role", "muted")
        note.setTextFormat(Qt.TextFormat.PlainText)
        note.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        columns = QHBoxLayout()
        columns.setSpacing(12)
        what = QVBoxLayout()
        what.setSpacing(12)
        what.addWidget(self.scopes)
        what.addWidget(self.labelling)
        what.addStretch(1)
        columns.addLayout(what, 1)
        columns.addWidget(self._settings_box(settings))
        layout.addLayout(columns)
        layout.addWidget(note)
        layout.addWidget(self.problem)
        layout.addWidget(self.buttons)

    def _settings_box(self, settings: ProtocolSettings) -> QGroupBox:
        box = QGroupBox("Settings")
        form = QFormLayout(box)
        self.routing = QComboBox()
        self.routing.addItem("Calibrated: largest z over the threshold", "calibrated")
        self.routing.addItem("Literal: one raw threshold", "literal")
        self.routing.setCurrentIndex(self.routing.findData(settings.routing))
        self.z = QDoubleSpinBox()
        self.z.setRange(-10, 100)
        self.z.setSingleStep(0.5)
        self.z.setValue(settings.z_threshold)
        self.raw = QDoubleSpinBox()
        self.raw.setRange(-1, 1)
        self.raw.setSingleStep(0.05)
        self.raw.setValue(settings.raw_threshold)
        self.n_examples = QSpinBox()
        self.n_examples.setRange(MIN_EXAMPLES, MAX_EXAMPLES)
        self.n_examples.setValue(settings.n_examples)
        self.examples = QComboBox()
        self.examples.addItem("The strongest", "top")
        self.examples.addItem("From the whole activation range", "quantiles")
        self.examples.setCurrentIndex(self.examples.findData(settings.examples))
        self.examples.setAccessibleName("Which examples")
        self.weighted = QCheckBox("Weigh pairs by activation")
        self.weighted.setChecked(settings.weighted)
        self.embedder = QLineEdit(settings.embedder)
        self.embedder.setPlaceholderText("packaged all-MiniLM-L6-v2")
        form.addRow("Routing", self.routing)
        form.addRow("z threshold", self.z)
        form.addRow("Raw threshold", self.raw)
        form.addRow("Examples", self.n_examples)
        form.addRow("", self.examples)
        form.addRow("", self.weighted)
        self.windows: dict[str, tuple[QSpinBox, QSpinBox]] = {}
        for name in WINDOW_NAMES:
            window = settings.window(name)
            form.addRow(f"{name.capitalize()} window", self._window_row(name, window))
        form.addRow("Embedder", self.embedder)
        self._settings = settings
        return box

    def _window_row(self, name: str, window: Window) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        ends = []
        for value, what in ((window.left, "first"), (window.right, "last")):
            spin = QSpinBox()
            spin.setRange(-256, 256)
            spin.setValue(value)
            spin.setAccessibleName(f"{name} window, {what} token")
            ends.append(spin)
        layout.addWidget(ends[0])
        layout.addWidget(QLabel("to"))
        layout.addWidget(ends[1])
        hint = QLabel("tokens from the top token")
        hint.setProperty("role", "muted")
        layout.addWidget(hint, 1)
        self.windows[name] = (ends[0], ends[1])
        return row

    def settings(self) -> ProtocolSettings:
        """The settings as they stand in the dialog."""
        routing: RoutingName = self.routing.currentData()
        ends = {
            name: Window(left.value(), right.value())
            for name, (left, right) in self.windows.items()
        }
        return msgspec.structs.replace(
            self._settings,
            n_examples=self.n_examples.value(),
            examples=self.examples.currentData(),
            weighted=self.weighted.isChecked(),
            input_window=ends["input"],
            output_window=ends["output"],
            cross_window=ends["cross"],
            routing=routing,
            z_threshold=self.z.value(),
            raw_threshold=self.raw.value(),
            embedder=self.embedder.text().strip(),
        )

    def _on_accepted(self) -> None:
        try:
            settings = self.settings().checked()
            labelling = self.labelling.settings().checked()
        except InputError as error:
            self.problem.setText(str(error))
            self.problem.show()
            return
        scope, _ = _SCOPES[self.scopes.chosen]
        self.start_requested.emit(scope, settings, labelling)
        self.accept()
