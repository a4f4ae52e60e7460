"""What a comparison of labelling methods found out; the window stays usable beside."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from glossator.evaluation.comparison.apart import Apart, furthest_apart
from glossator.export.report.comparison import ComparisonPage, comparison_page
from glossator.export.report.text import moment
from glossator.project.comparisons import StoredComparison
from glossator_gui.dialogs.apart_page import ApartPage
from glossator_gui.dialogs.comparison_pages import (
    DetailsPage,
    DifferencesPage,
    OverviewPage,
)
from glossator_gui.look.theme import Theme
from glossator_gui.views.plain_text import WrappedLabel, one_line

_SIZE = 1120, 680
_APART = 100


@dataclass(frozen=True)
class ReckonedComparison:
    """A comparison with all that is shown of it."""

    stored: StoredComparison
    page: ComparisonPage
    apart: tuple[Sequence[Apart], ...]
    """By mode."""


def reckoned(stored: StoredComparison) -> ReckonedComparison:
    """Means, intervals and tests; takes a second where methods are many."""
    comparison = stored.comparison
    return ReckonedComparison(
        stored,
        comparison_page(comparison, at=stored.at),
        tuple(furthest_apart(table, _APART) for table in comparison.tables),
    )


class ComparisonDialog(QDialog):
    """One comparison at a time, in one mode."""

    chosen = Signal(object)
    """StoredComparison that is to be shown."""
    csv_requested = Signal()
    report_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Comparisons of Labelling Methods")
        self._stored: Sequence[StoredComparison] = ()
        self.shown: ReckonedComparison | None = None
        self.of = QComboBox()
        self.of.setAccessibleName("Comparison")
        self.mode = QComboBox()
        self.mode.setAccessibleName("Rules of scoring")
        self.facts = WrappedLabel(role="muted", small=True)
        self.overview, self.differences = OverviewPage(), DifferencesPage()
        self.apart, self.details = ApartPage(), DetailsPage()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.overview, "Means")
        self.tabs.addTab(self.differences, "Differences")
        self.tabs.addTab(self.apart, "Labels Furthest Apart")
        self.tabs.addTab(self.details, "Details")
        self.buttons = QDialogButtonBox()
        role = QDialogButtonBox.ButtonRole
        self.csv = self.buttons.addButton("Export CSV…", role.ActionRole)
        self.report = self.buttons.addButton("Save Report…", role.ActionRole)
        self.leave = self.buttons.addButton("Close", role.RejectRole)
        self.leave.setDefault(True)
        self._arrange()
        self.of.currentIndexChanged.connect(self._on_chosen)
        self.mode.currentIndexChanged.connect(self._show_table)
        self.csv.clicked.connect(self.csv_requested)
        self.report.clicked.connect(self.report_requested)
        self.buttons.rejected.connect(self.reject)
        self._offer(False)

    def _arrange(self) -> None:
        row = QHBoxLayout()
        self.rules = QLabel("Rules")
        self.of.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.mode.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        for widget in (QLabel("Comparison"), self.of, self.rules, self.mode):
            row.addWidget(widget)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addLayout(row)
        layout.addWidget(self.facts)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self.buttons)
        self.resize(*_SIZE)

    def set_theme(self, theme: Theme) -> None:
        self.overview.set_theme(theme)
        self.apart.set_theme(theme)

    def show_all(self, stored: Sequence[StoredComparison]) -> None:
        """Offer the comparisons of a project, the newest first."""
        self._stored = list(reversed(stored))
        self.of.blockSignals(True)
        self.of.clear()
        for one in self._stored:
            self.of.addItem(_title(one))
        self.of.blockSignals(False)
        self.of.setEnabled(len(self._stored) > 1)
        self._on_chosen()

    def show_comparison(self, found: ReckonedComparison) -> None:
        """Show what was chosen, once it is reckoned."""
        self.shown = found
        facts = (f"{fact.name}: {fact.value}" for fact in found.page.facts)
        self.facts.setText(" · ".join(map(one_line, facts)))
        self.mode.blockSignals(True)
        self.mode.clear()
        for section in found.page.sections:
            self.mode.addItem(section.title.capitalize())
        self.mode.blockSignals(False)
        several = self.mode.count() > 1
        self.mode.setVisible(several)
        self.rules.setVisible(several)
        self._offer(True)
        self._show_table()

    def _show_table(self) -> None:
        found, at = self.shown, self.mode.currentIndex()
        if found is None or not 0 <= at < len(found.page.sections):
            return
        section = found.page.sections[at]
        for page in (self.overview, self.differences, self.details):
            page.show_section(section)
        self.apart.show_apart(found.stored.comparison.tables[at], found.apart[at])

    def _on_chosen(self) -> None:
        at = self.of.currentIndex()
        if 0 <= at < len(self._stored):
            self._offer(False)
            self.facts.setText("Reckoning means, intervals and tests…")
            self.chosen.emit(self._stored[at])

    def _offer(self, offered: bool) -> None:
        for widget in (self.tabs, self.csv, self.report):
            widget.setEnabled(offered)


def _title(stored: StoredComparison) -> str:
    comparison = stored.comparison
    n = max((len(table.features) for table in comparison.tables), default=0)
    methods = ", ".join(comparison.names[:3])
    more = f" and {len(comparison.names) - 3} more" if len(comparison.names) > 3 else ""
    return one_line(f"{moment(stored.at)}: {methods}{more} on {n} features")
