"""A comparison of methods in tables: overview, differences, all numbers."""

from collections.abc import Sequence

from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from glossator.evaluation.comparison.rows import NONE, MeanRow
from glossator.export.report.comparison import ComparisonSection
from glossator_gui.look.theme import Theme
from glossator_gui.views.cell_table import CellTable
from glossator_gui.views.comparison_figure import ComparisonFigure
from glossator_gui.views.plain_text import WrappedLabel, one_line

_NO_SCORE = "No label could be scored."
_ONE_METHOD = "One method alone was compared: there is no difference to tell."
_OVERVIEW = (
    "Mean over features, 95 % interval, number of features. Methods that label "
    "different features are not compared by their means, but by their differences."
)
_DIFFERENCES = (
    "First less second, on the features that both have a score of. p is of Wilcoxon’s "
    "signed-rank test, two-sided; p (Holm) is corrected for all tests of the table."
)
_DIFFERENCE_HEAD = (
    *("Scorer", "First", "Second", "n", "Difference", "95 %", "p", "p (Holm)", ""),
)
_MEAN_HEAD = (
    *("Scorer", "Measure", "Method", "Mean", "95 %", "Features", "On common (n)"),
    *("Another label", "Top token", "Texts failed"),
)
_COST_HEAD = (
    *("Method", "What", "Labels", "Prompts", "Prompt tokens", "Answer tokens", "Cost"),
)
_METHOD_HEAD = ("Method", "What it goes by", "Labelled", "Why not the others")


class OverviewPage(QScrollArea):
    """The figure, and methods × scorers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.figure = ComparisonFigure()
        self.none = WrappedLabel(_NO_SCORE, role="muted")
        self.table = CellTable("Means by method and scorer")
        _fill(
            self,
            "Overview",
            self.figure,
            self.none,
            WrappedLabel(_OVERVIEW, role="muted", small=True),
            self.table,
        )

    def set_theme(self, theme: Theme) -> None:
        self.figure.set_theme(theme)

    def show_section(self, section: ComparisonSection) -> None:
        self.figure.show_plot(section.plot)
        self.none.setVisible(section.plot is None)
        means = {(row.method, row.scorer): row for row in section.means}
        scorers = list(dict.fromkeys(row.scorer for row in section.means))
        writing = {
            cost.method: f"{cost.prompt_tokens} + {cost.answer_tokens}, {cost.dollars}"
            for cost in section.costs
            if cost.what == "to write"
        }
        rows = [
            [
                method.method,
                method.labelled,
                *(_mean(means.get((method.method, scorer))) for scorer in scorers),
                writing.get(method.method, "nothing asked"),
            ]
            for method in section.methods
        ]
        head = ("Method", "Labelled", *scorers, "Tokens and cost of a label")
        self.table.show_rows(head, rows)
        self.table.fit()


class DifferencesPage(QWidget):
    """Pairs of methods by scorer, with their test."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = CellTable("Differences on the same features", wide=(8,))
        self.said = WrappedLabel(role="muted", small=True)
        column = QVBoxLayout(self)
        column.addWidget(self.said)
        column.addWidget(self.table, 1)

    def show_section(self, section: ComparisonSection) -> None:
        rows, strong = [], []
        for at, row in enumerate(section.differences):
            numbers = (row.n, row.mean, row.interval, row.p, row.p_holm)
            rows.append([row.scorer, row.one, row.other, *numbers, row.verdict])
            if row.better:
                strong += [(at, 1 if row.better == row.one else 2), (at, 8)]
        self.said.setText(_DIFFERENCES if rows else _ONE_METHOD)
        self.table.setVisible(bool(rows))
        words = (0, 1, 2, 8)
        self.table.show_rows(_DIFFERENCE_HEAD, rows, words=words, strong=strong)


class DetailsPage(QScrollArea):
    """All means with their baselines, what labels cost, and what to know."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.notes = WrappedLabel()
        self.means = CellTable("Means")
        self.methods = CellTable("Methods", wide=(1, 3))
        self.costs = CellTable("What a label takes")
        _fill(
            self,
            "Details",
            _title("What to know"),
            self.notes,
            _title("Methods"),
            self.methods,
            _title("Means"),
            self.means,
            _title("What a label takes"),
            self.costs,
        )

    def show_section(self, section: ComparisonSection) -> None:
        self.notes.setText("\n".join(map(one_line, section.notes)))
        self.methods.show_rows(
            _METHOD_HEAD,
            [[m.method, m.title, m.labelled, m.why_not] for m in section.methods],
            words=(0, 1, 3),
        )
        self.means.show_rows(
            _MEAN_HEAD, [_all(row) for row in section.means], words=(0, 1, 2)
        )
        self.costs.show_rows(_COST_HEAD, section.costs, words=(0, 1))
        for table in (self.methods, self.means, self.costs):
            table.fit()


def _mean(row: MeanRow | None) -> str:
    if row is None or row.mean == NONE:
        return NONE
    interval = f" ({row.interval})" if row.interval != NONE else ""
    return f"{row.mean}{interval}, {row.n.split(' ')[0]}"


def _all(row: MeanRow) -> Sequence[str]:
    return (
        *(row.scorer, row.measure, row.method, row.mean, row.interval, row.n),
        *(row.common, row.another, row.top_token, row.failed),
    )


def _title(text: str) -> WrappedLabel:
    return WrappedLabel(text, role="title")


def _fill(area: QScrollArea, name: str, *widgets: QWidget) -> None:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(12, 12, 12, 12)
    column.setSpacing(10)
    for widget in widgets:
        column.addWidget(widget)
    column.addStretch(1)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setAccessibleName(name)
    area.setWidget(page)
