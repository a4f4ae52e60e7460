"""The quality panel: it stays open beside the window while the review goes on."""

from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from glossator_gui.dialogs.quality_pages import AnnotatorPage, ReviewPage

_SIZE = 860, 640


class QualityDialog(QDialog):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Quality of the Review")
        self.review = ReviewPage()
        self.annotator = AnnotatorPage()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.review, "Review")
        self.tabs.addTab(self.annotator, "Second Annotator")
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self.buttons)
        self.resize(*_SIZE)
