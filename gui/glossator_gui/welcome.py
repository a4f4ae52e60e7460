"""What the window shows while nothing is open."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget


class Welcome(QWidget):
    """Two ways to begin."""

    open_requested = Signal()
    demo_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = QLabel("Glossator")
        font = title.font()
        font.setPointSizeF(font.pointSizeF() * 2.2)
        font.setWeight(font.Weight.DemiBold)
        title.setFont(font)
        text = QLabel("Label an attribution graph.")
        text.setProperty("role", "muted")
        hint = QLabel("JSON of circuit-tracer, Neuronpedia or Anthropic, or a project.")
        hint.setProperty("role", "muted")
        self.open_button = QPushButton("Open…  (Ctrl+O)")
        self.open_button.setProperty("primary", True)
        self.demo_button = QPushButton("Open the Demo")
        self.open_button.clicked.connect(self.open_requested)
        self.demo_button.clicked.connect(self.demo_requested)
        layout = QVBoxLayout(self)
        layout.addStretch(2)
        centre = Qt.AlignmentFlag.AlignHCenter
        layout.addWidget(title, 0, centre)
        layout.addWidget(text, 0, centre)
        layout.addSpacing(20)
        for button in (self.open_button, self.demo_button):
            button.setMinimumWidth(220)
            layout.addWidget(button, 0, centre)
        layout.addSpacing(8)
        layout.addWidget(hint, 0, centre)
        layout.addStretch(3)
