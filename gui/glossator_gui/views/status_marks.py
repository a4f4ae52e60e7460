"""The right end of the status bar: where models run, what is sent, what is saved."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from glossator_gui.views.plain_text import one_line, plain_tooltip

_OFFLINE = "Works offline: nothing is sent, and no port is open."


class StatusMarks(QWidget):
    """Words, no colours alone; each says more in its tooltip."""

    def __init__(self) -> None:
        super().__init__()
        self.device = _mark("Device")
        self.network = _mark("Network")
        self.saved = _mark("Saving")
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 4, 0)
        row.setSpacing(14)
        for mark in (self.device, self.network, self.saved):
            row.addWidget(mark)
        self.show_device("")
        self.show_network(())
        self.show_saved("", read_only=False)

    def show_device(self, device: str) -> None:
        """`device` is cuda, mps, cpu, or "" as long as no model has run."""
        self.device.setVisible(bool(device))
        self.device.setText(f"Device: {one_line(device)}")
        self.device.setToolTip("Models run on it; Settings can name another")

    def show_network(self, jobs: Sequence[str]) -> None:
        """`jobs` are under way and ask servers, or may."""
        names = ", ".join(jobs)
        self.network.setText(f"Network: {names}" if jobs else "Offline")
        self.network.setToolTip(
            f"A job is under way that may ask servers: {names}." if jobs else _OFFLINE
        )
        _warn(self.network, bool(jobs))

    def show_saved(self, path: str, *, read_only: bool) -> None:
        """`path` of the open project; "" if there is none."""
        self.saved.setVisible(bool(path))
        self.saved.setText("Read-only" if read_only else "Saved")
        heading = (
            "Nothing can be changed; save a copy to work on:"
            if read_only
            else "Every change is saved at once in:"
        )
        self.saved.setToolTip(plain_tooltip(heading, path))
        _warn(self.saved, read_only)


def _mark(name: str) -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", "muted")
    label.setAccessibleDescription(name)
    return label


def _warn(label: QLabel, warn: bool) -> None:
    label.setProperty("role", "warning" if warn else "muted")
    label.style().unpolish(label)
    label.style().polish(label)
