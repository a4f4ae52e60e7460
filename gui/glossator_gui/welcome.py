"""What the window shows while nothing is open."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from glossator_gui.desktop.recent_files import shown_name
from glossator_gui.views.plain_text import one_line, plain_tooltip

_MOST = 5
_WIDTH = 260


class Welcome(QWidget):
    """Ways to begin, and to go on."""

    open_requested = Signal()
    demo_requested = Signal()
    tour_requested = Signal()
    recent_requested = Signal(object)
    """Path."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = QLabel("Glossator")
        text = _muted("Label an attribution graph.")
        hint = _muted(
            "JSON of circuit-tracer, Neuronpedia or Anthropic, or a project. "
            "Drop files anywhere."
        )
        self.open_button = QPushButton("Open…")
        self.open_button.setProperty("primary", True)
        self.demo_button = QPushButton("Open the Demo")
        self.tour_button = QPushButton("Tour: Five Minutes on the Demo")
        self.open_button.clicked.connect(self.open_requested)
        self.demo_button.clicked.connect(self.demo_requested)
        self.tour_button.clicked.connect(self.tour_requested)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(6)
        self._heading = _muted("Go on with")
        layout = QVBoxLayout(self)
        layout.addStretch(2)
        centre = Qt.AlignmentFlag.AlignHCenter
        layout.addWidget(self._title, 0, centre)
        layout.addWidget(text, 0, centre)
        layout.addSpacing(20)
        for button in (self.open_button, self.demo_button, self.tour_button):
            button.setMinimumWidth(_WIDTH)
            layout.addWidget(button, 0, centre)
        layout.addSpacing(20)
        layout.addWidget(self._heading, 0, centre)
        layout.addLayout(self._recent)
        layout.addSpacing(8)
        layout.addWidget(hint, 0, centre)
        layout.addStretch(3)
        self._size_title()
        self.show_recent(())

    def show_keys(self, key: str) -> None:
        """Print the key that opens files."""
        self.open_button.setText(f"Open…  ({key})" if key else "Open…")

    def show_recent(self, paths: Sequence[Path]) -> None:
        """Projects to go on with, those that are still there."""
        while (item := self._recent.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.deleteLater()
        present = [path for path in paths if path.is_file()][:_MOST]
        self._heading.setVisible(bool(present))
        for path in present:
            name = one_line(shown_name(path, tuple(present)))
            button = QPushButton(name.replace("&", "&&"))
            button.setMinimumWidth(_WIDTH)
            button.setToolTip(plain_tooltip("Project", str(path)))
            button.clicked.connect(
                lambda *, chosen=path: self.recent_requested.emit(chosen)
            )
            self._recent.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._size_title()

    def _size_title(self) -> None:
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 2.2)
        font.setWeight(font.Weight.DemiBold)
        self._title.setFont(font)


def _muted(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "muted")
    return label
