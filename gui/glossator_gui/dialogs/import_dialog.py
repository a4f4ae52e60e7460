"""Ask where labels are to come from, and show what they would bring."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from glossator.progress import Progress
from glossator_gui.views.plain_text import WrappedLabel, printable

_WIDTH = 620
_FILES = (
    "Labels (*.gloss *.csv *.tsv *.jsonl *.jsonl.gz *.json *.json.gz *.evidence *.txt)"
    ";;All files (*)"
)
_HINT = (
    "A project, a graph, a table with the columns layer, index and label (CSV or JSON "
    "Lines), verbalizations (JSON Lines with layer, index, text and origin), or the "
    "link of a graph's page on Neuronpedia. Nothing is fetched: such a link holds the "
    "labels itself. Explanations of Neuronpedia's export, or of evidence, are proposed."
)
_RULE = (
    "What a person accepted, wrote or refused here stays. What is imported waits for "
    "review; one step of undo takes it back."
)


class ImportDialog(QDialog):
    """Shows what a source holds before anything is changed."""

    look_requested = Signal(str)
    """A file's path, or a link, that is to be read."""
    evidence_requested = Signal()
    """The explanations that the project's evidence brings are to be read."""
    import_requested = Signal()
    """What was last read is to be imported."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Import Labels, Explanations, Verbalizations")
        self.source = QLineEdit()
        self.source.setPlaceholderText("File or link")
        self.source.setAccessibleName("File or link")
        self.source.setClearButtonEnabled(True)
        self.source.setMaxLength(2**24)
        self.browse = QPushButton("File…")
        self.folder = QPushButton("Folder…")
        self.evidence = QPushButton("From Evidence")
        self.evidence.setToolTip("Explanations that the project's evidence brings")
        for button in (self.browse, self.folder, self.evidence):
            button.setAutoDefault(False)
        self.report = WrappedLabel()
        self.report.setAccessibleName("What would be imported")
        self.report.setMinimumHeight(self.fontMetrics().lineSpacing() * 6)
        self.report.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.report.setSizePolicy(
            QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding
        )
        self.buttons = QDialogButtonBox()
        role = QDialogButtonBox.ButtonRole.AcceptRole
        self.take = self.buttons.addButton("Import", role)
        self.take.setProperty("primary", True)
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self._lay_out()
        self.source.textChanged.connect(self._on_text)
        self.source.returnPressed.connect(self._look)
        files = QFileDialog.FileMode
        self.browse.clicked.connect(lambda: self._browse(files.ExistingFile))
        self.folder.clicked.connect(lambda: self._browse(files.Directory))
        self.evidence.clicked.connect(self._on_evidence)
        self.buttons.accepted.connect(self.import_requested)
        self.buttons.rejected.connect(self.reject)
        self._on_text()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.source, 1)
        for button in (self.browse, self.folder, self.evidence):
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addWidget(_muted(_HINT))
        layout.addLayout(row)
        layout.addWidget(self.report, 1)
        layout.addWidget(_muted(_RULE))
        layout.addWidget(self.buttons)
        self.resize(_WIDTH, self.sizeHint().height())

    def look_at(self, source: str) -> None:
        """Name a source, and ask for it to be read."""
        self.source.setText(source)
        self._look()

    def show_progress(self, progress: Progress) -> None:
        self.take.setEnabled(False)
        of = f" ({progress.done:,} of {progress.total:,})" if progress.total else ""
        self._say([f"{progress.what.capitalize()}{of}…"], role="muted")

    def show_report(self, lines: Sequence[str], *, brings: bool) -> None:
        """Show what was found; `brings` whether any of it is new here."""
        self._say(lines, role="")
        self.take.setEnabled(brings)
        self.take.setDefault(brings)
        if brings:
            self.take.setFocus()

    def show_problem(self, text: str) -> None:
        self.take.setEnabled(False)
        self._say([text], role="warning")

    def _say(self, lines: Sequence[str], *, role: str) -> None:
        self.report.setProperty("role", role)
        self.report.style().unpolish(self.report)
        self.report.style().polish(self.report)
        self.report.setText("\n".join(printable(line) for line in lines))

    def _on_text(self) -> None:
        """Another source: what was read of the last one no longer counts."""
        self.take.setEnabled(False)
        named = bool(self.source.text().strip())
        self._say(["Press Enter to look at it."] if named else [], role="muted")

    def _look(self) -> None:
        text = self.source.text().strip()
        if text:
            self.look_requested.emit(text)

    def _on_evidence(self) -> None:
        self.source.clear()
        self.evidence_requested.emit()

    def _browse(self, mode: QFileDialog.FileMode) -> None:
        files = QFileDialog(self, "Import labels from", "", _FILES)
        files.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        files.setFileMode(mode)
        files.fileSelected.connect(self.look_at)
        files.open()


def _muted(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "muted")
    label.setWordWrap(True)
    return label
