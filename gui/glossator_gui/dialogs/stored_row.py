"""Something that is kept on disk: how much there is, and a button to clear it."""

from functools import partial
from typing import NamedTuple, Protocol

from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from glossator_gui.dialogs.messages import ask_whether
from glossator_gui.jobs import ComputationSlot
from glossator_gui.views.plain_text import one_line


class Kept(NamedTuple):
    told: str
    """How much there is, in words."""
    anything: bool


class Measure(Protocol):
    def __call__(self) -> Kept:
        """Find out how much there is."""
        ...


class Erase(Protocol):
    def __call__(self) -> None:
        """Clear it."""
        ...


class StoredRow(QWidget):
    """Measures and clears in the background."""

    def __init__(
        self, name: str, measure: Measure, erase: Erase, warning: str = ""
    ) -> None:
        """Build the row.

        Parameters
        ----------
        name : of what is kept, for a screen reader.
        warning : asked before it is cleared; "" clears at once.
        """
        super().__init__()
        self._measure, self._erase, self._warning = measure, erase, warning
        self.size_label = QLabel()
        self.clear = QPushButton("Clear…" if warning else "Clear")
        self.clear.setAccessibleName(f"Clear {name}")
        self.clear.setAutoDefault(False)
        self.clear.setEnabled(False)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.size_label)
        layout.addWidget(self.clear)
        layout.addStretch(1)
        self._work = ComputationSlot(self)
        self._work.succeeded.connect(self._show)
        self._work.failed.connect(lambda text: self._show(Kept(text, anything=True)))
        self.clear.clicked.connect(self._on_clear)
        self._work.start(measure)

    @property
    def told(self) -> str:
        return self.size_label.text()

    def end(self) -> None:
        """Wait for what is under way."""
        self._work.end()

    def _on_clear(self) -> None:
        if self._warning:
            ask_whether(self, self._warning, "Clear", self._clear)
        else:
            self._clear()

    def _clear(self) -> None:
        self._show(Kept("clearing…", anything=False))
        self._work.start(partial(_cleared, self._erase, self._measure))

    def _show(self, kept: Kept) -> None:
        self.size_label.setText(one_line(kept.told))
        self.clear.setEnabled(kept.anything)


def _cleared(erase: Erase, measure: Measure) -> Kept:
    erase()
    return measure()
