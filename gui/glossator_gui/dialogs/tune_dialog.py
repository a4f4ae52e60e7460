"""Propose settings by the tiers a person judged: how many, wait, what came of it."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QProgressBar,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from glossator.evaluation.tuning import TuningReport
from glossator.evaluation.tuning_cost import Assumptions
from glossator.evaluation.tuning_report import (
    agreement_row,
    agreements,
    confusion_rows,
    cost_note,
    cost_rows,
    judged_text,
    report_text,
    setting_rows,
    verdict,
)
from glossator.evaluation.tuning_scores import TUNED
from glossator.progress import Progress
from glossator.project.edits import JudgedTier
from glossator_gui.actions.review import JUDGEMENTS
from glossator_gui.views.plain_text import printable

_SMALL, _LARGE = (540, 340), (640, 700)
_WHAT = (
    "Settings of the protocol are compared on the features whose tier you judged. "
    "Nothing is changed: what comes of it is a proposal."
)
_MEASURED = (
    "All but the current settings are measured on features that had no part in "
    "choosing them. ± is a standard error."
)


class TuneDialog(QDialog):
    """Three pages: what is judged, progress, the report."""

    start_requested = Signal()
    cancel_requested = Signal()
    use_requested = Signal(object)
    """ProtocolSettings for the next run."""

    def __init__(
        self,
        judged: Mapping[JudgedTier, int],
        lacking: str,
        parent: QWidget | None = None,
    ) -> None:
        """Build the dialog.

        Parameters
        ----------
        judged : number of features by judged tier.
        lacking : why there is nothing to compare on; "" where there is enough.
        """
        super().__init__(parent)
        self.setWindowTitle("Tune from Your Tiers")
        self._report: TuningReport | None = None
        self.what = QLabel()
        self.bar = QProgressBar()
        self.bar.setAccessibleName("Progress")
        self.problem = _paragraph(lacking, role="warning")
        self.problem.setVisible(bool(lacking))
        self.pages = QStackedWidget()
        self.pages.addWidget(self._judged_page(judged))
        self.pages.addWidget(self._progress_page())
        self.results = QScrollArea()
        self.results.setWidgetResizable(True)
        self.results.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.results.setAccessibleName("What came of it")
        self.pages.addWidget(self.results)
        self.buttons = QDialogButtonBox()
        role = QDialogButtonBox.ButtonRole
        self.start = self.buttons.addButton("Compare Settings", role.ActionRole)
        self.copy = self.buttons.addButton("Copy as Text", role.ActionRole)
        self.use = self.buttons.addButton("Use for the Next Run", role.AcceptRole)
        self.leave = self.buttons.addButton("Close", role.RejectRole)
        self.start.setProperty("primary", not lacking)
        self.start.setEnabled(not lacking)
        self.use.setAutoDefault(False)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.buttons)
        self.resize(*_SMALL)
        self.start.clicked.connect(self._on_start)
        self.copy.clicked.connect(self._copy)
        self.use.clicked.connect(self._on_use)
        self.leave.clicked.connect(self._on_leave)
        self._show_page(0)

    def _judged_page(self, judged: Mapping[JudgedTier, int]) -> QWidget:
        page, layout = _page()
        layout.addWidget(_paragraph(_WHAT))
        rows = [(tier.capitalize(), str(n)) for tier, n in judged.items()]
        total = ("Together", str(sum(judged.values())))
        layout.addWidget(_table(("Your tier", "Features"), [*rows, total]))
        layout.addWidget(self.problem)
        keys = ", ".join(f"{JUDGEMENTS[tier].keys[0]} for {tier}" for tier in judged)
        layout.addWidget(
            _paragraph(
                f"To judge a feature, select it and press {keys}; "
                f"{JUDGEMENTS[None].keys[0]} takes it back. Judge some of every tier: "
                "with a hundred or more the proposal can be relied on.",
                role="muted",
            )
        )
        layout.addStretch(1)
        return page

    def _progress_page(self) -> QWidget:
        page, layout = _page()
        layout.addStretch(1)
        layout.addWidget(self.what)
        layout.addWidget(self.bar)
        layout.addWidget(
            _paragraph(
                "The first time takes minutes where there are many features: windows "
                "that are new have to be embedded. They are kept for later.",
                role="muted",
            )
        )
        layout.addStretch(1)
        return page

    # -- what happens ---------------------------------------------------------------

    def show_progress(self, progress: Progress) -> None:
        self.what.setText(progress.what.capitalize())
        self.bar.setRange(0, progress.total)
        self.bar.setValue(progress.done)

    def show_report(self, report: TuningReport) -> None:
        self._report = report
        self.results.setWidget(_report_page(report))
        changes = report.proposed.settings != report.current.settings
        self._show_page(2)
        self.use.setVisible(changes)
        self.use.setProperty("primary", report.is_clear)
        self.use.style().polish(self.use)
        self.resize(*_LARGE)
        self.results.setFocus()

    def show_problem(self, text: str) -> None:
        """Back to the first page, with the reason."""
        self._show_page(0)
        self.problem.setText(printable(text))
        self.problem.show()

    def show_stopped(self) -> None:
        """Back to the first page: the person cancelled."""
        self._show_page(0)
        self.start.setFocus()

    def _show_page(self, page: int) -> None:
        self.pages.setCurrentIndex(page)
        self.start.setVisible(page == 0)
        self.copy.setVisible(page == 2)
        self.use.setVisible(page == 2)
        self.leave.setText("Cancel" if page == 1 else "Close")
        self.start.setDefault(page == 0)
        self.leave.setDefault(page == 2)

    def _on_start(self) -> None:
        self.problem.hide()
        self.show_progress(Progress(0, 0, "starting"))
        self._show_page(1)
        self.leave.setFocus()
        self.start_requested.emit()

    def _on_leave(self) -> None:
        if self.pages.currentIndex() == 1:
            self.cancel_requested.emit()
        else:
            self.reject()

    def _on_use(self) -> None:
        if self._report is not None:
            self.use_requested.emit(self._report.proposed.settings)
            self.accept()

    def _copy(self) -> None:
        if self._report is not None:
            text = report_text(self._report, Assumptions())
            QGuiApplication.clipboard().setText(text)


def _report_page(report: TuningReport) -> QWidget:
    page, layout = _page(margin=12)
    layout.addWidget(_paragraph(verdict(report), role="title"))
    layout.addWidget(_paragraph(judged_text(report), role="muted"))
    rows = [
        (name, now, then, "changed" if now != then else "")
        for name, now, then in setting_rows(
            report.current.settings, report.proposed.settings
        )
    ]
    strong = [at for at, row in enumerate(rows) if row[3]]
    layout.addWidget(_title("Settings"))
    layout.addWidget(_table(("", "Current", "Proposed", ""), rows, strong))
    layout.addWidget(_title("Agreement with you"))
    agreement = [agreement_row(one) for one in agreements(report)]
    layout.addWidget(_table(("", "Accuracy", "Macro-F1"), agreement))
    layout.addWidget(_paragraph(_MEASURED, role="muted"))
    for one in (report.current, report.proposed):
        layout.addWidget(_title(f"Decided with the {one.name} settings"))
        layout.addWidget(_table(("You say", *TUNED), confusion_rows(one)))
    layout.addWidget(_title("What labelling all features takes"))
    costs = cost_rows(report, Assumptions())
    layout.addWidget(_table(("", "Current", "Proposed"), costs))
    layout.addWidget(_paragraph(cost_note(report, Assumptions()), role="muted"))
    layout.addStretch(1)
    return page


def _page(margin: int = 0) -> tuple[QWidget, QVBoxLayout]:
    page = QWidget()
    layout = QVBoxLayout(page)
    layout.setContentsMargins(margin, margin, margin, margin)
    layout.setSpacing(8)
    return page, layout


def _paragraph(text: str, role: str = "") -> QLabel:
    label = QLabel(printable(text))
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setProperty("role", role)
    return label


def _title(text: str) -> QLabel:
    label = _paragraph(text, role="title")
    label.setContentsMargins(0, 10, 0, 0)
    return label


def _table(
    head: Sequence[str], rows: Sequence[Sequence[str]], strong: Sequence[int] = ()
) -> QWidget:
    """Names at the left, all else at the right of its column; strong rows are bold."""
    table = QWidget()
    grid = QGridLayout(table)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(24)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(len(head), 1)
    for row, cells in enumerate([head, *rows]):
        for column, text in enumerate(cells):
            cell = QLabel(printable(text))
            cell.setTextFormat(Qt.TextFormat.PlainText)
            if row == 0:
                cell.setProperty("role", "muted")
            elif row - 1 in strong:
                cell.setProperty("role", "title")
            if column:
                cell.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(cell, row, column)
    return table
