"""Routing and its threshold: a list, a slider and a number that go together."""

from typing import NamedTuple

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QSlider,
    QWidget,
)

from glossator.protocol.protocol_settings import RoutingName

_NUMBER = 72
"""Width of the number."""


class _Scale(NamedTuple):
    """What the threshold of a routing may be."""

    low: float
    high: float
    step: float
    page: int
    """Steps that Page Up goes."""
    name: str


_SCALES: dict[RoutingName, _Scale] = {
    "calibrated": _Scale(-2.0, 20.0, 0.1, 10, "z threshold"),
    "literal": _Scale(-0.2, 1.0, 0.01, 10, "Raw threshold"),
}
_ROUTINGS: tuple[tuple[RoutingName, str, str], ...] = (
    (
        "calibrated",
        "Calibrated: z over",
        "The largest z over the threshold decides.\n"
        "z is a score's distance from unrelated windows, in standard deviations.",
    ),
    (
        "literal",
        "Literal: raw over",
        "The larger raw score of input and output decides if it is over the "
        "threshold,\nelse cross does. As the source of the protocol has it.",
    ),
)


class ThresholdControl(QWidget):
    """What is shown is set silently; what a person changes is told."""

    moved = Signal(str, float)
    """RoutingName and its threshold."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._thresholds: dict[RoutingName, float] = {"calibrated": 3, "literal": 0.5}
        self.routing = QComboBox()
        self.routing.setAccessibleName("Routing")
        for at, (name, text, tip) in enumerate(_ROUTINGS):
            self.routing.addItem(text, name)
            self.routing.setItemData(at, tip, Qt.ItemDataRole.ToolTipRole)
        self.routing.currentIndexChanged.connect(self._on_routing_chosen)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.valueChanged.connect(self._on_slider_moved)
        self.number = _Number()
        self.number.setKeyboardTracking(False)
        self.number.setFixedSize(_NUMBER, self.routing.sizeHint().height())
        self.number.valueChanged.connect(self._on_number_changed)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(8)
        grid.setColumnStretch(0, 1)
        grid.addWidget(self.routing, 0, 0)
        grid.addWidget(self.number, 0, 1)
        grid.addWidget(self.slider, 1, 0, 1, 2)
        self.show_thresholds("calibrated", 3.0, 0.5)

    @property
    def routing_name(self) -> RoutingName:
        name: RoutingName = self.routing.currentData()
        return name

    def show_thresholds(self, routing: RoutingName, z: float, raw: float) -> None:
        """Show these without telling anyone."""
        self._thresholds = {"calibrated": z, "literal": raw}
        with QSignalBlocker(self.routing):
            self.routing.setCurrentIndex(self.routing.findData(routing))
        self._show()

    def _show(self) -> None:
        name = self.routing_name
        scale, value = _SCALES[name], self._thresholds[name]
        ticks = round(value / scale.step)
        with QSignalBlocker(self.slider), QSignalBlocker(self.number):
            # A stored threshold may lie beyond what is offered.
            self.slider.setRange(
                min(round(scale.low / scale.step), ticks),
                max(round(scale.high / scale.step), ticks),
            )
            self.slider.setPageStep(scale.page)
            self.slider.setValue(ticks)
            self.number.setRange(min(scale.low, value), max(scale.high, value))
            self.number.setSingleStep(scale.step)
            self.number.setValue(value)
        self.slider.setAccessibleName(scale.name)
        self.slider.setAccessibleDescription(self.number.text())
        self.number.setAccessibleName(scale.name)
        self.routing.setToolTip(_ROUTINGS[self.routing.currentIndex()][2])

    def _on_routing_chosen(self) -> None:
        self._show()
        self._tell()

    def _on_slider_moved(self, ticks: int) -> None:
        # Divided, 0.3 is the 0.3 that a person types; multiplied, it is not.
        per_unit = round(1 / _SCALES[self.routing_name].step)
        self._change(ticks / per_unit)

    def _on_number_changed(self, value: float) -> None:
        self._change(value)

    def _change(self, value: float) -> None:
        if value != self._thresholds[self.routing_name]:
            self._thresholds[self.routing_name] = value
            self._show()
            self._tell()

    def _tell(self) -> None:
        self.moved.emit(self.routing_name, self._thresholds[self.routing_name])


class _Number(QDoubleSpinBox):
    """Shows no digits that say nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.setDecimals(4)

    def textFromValue(self, value: float) -> str:
        return self.locale().toString(round(value, 4), "g", 6)
