"""The protocol's settings: as a run uses them, and as a user wants them by default."""

import msgspec
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from glossator.protocol.protocol_settings import (
    MAX_EXAMPLES,
    MIN_EXAMPLES,
    WINDOW_NAMES,
    ProtocolSettings,
    RoutingName,
    Window,
)


class ProtocolBox(QGroupBox):
    """What it does not show, it keeps as it was given."""

    def __init__(
        self, title: str, settings: ProtocolSettings, parent: QWidget | None = None
    ) -> None:
        super().__init__(title, parent)
        self._settings = settings
        self.windows: dict[str, tuple[QSpinBox, QSpinBox]] = {}
        self._make_fields(settings)
        form = QFormLayout(self)
        form.addRow("Routing", self.routing)
        form.addRow("z threshold", self.z)
        form.addRow("Raw threshold", self.raw)
        form.addRow("Examples", self.n_examples)
        form.addRow("", self.examples)
        form.addRow("", self.weighted)
        for name in WINDOW_NAMES:
            row = self._window_row(name, settings.window(name))
            form.addRow(f"{name.capitalize()} window", row)
        form.addRow("Embedder", self.embedder)

    def _make_fields(self, settings: ProtocolSettings) -> None:
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
        """The settings as they stand in the box; not checked yet."""
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
