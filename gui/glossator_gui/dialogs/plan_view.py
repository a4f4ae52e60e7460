"""What labelling would ask, of whom, and about what it costs."""

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QGridLayout,
    QGroupBox,
    QLabel,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from glossator.labelers.label_settings import LabelSettings
from glossator.labelers.methods import FoundMethods
from glossator.labelling.plan import LabelPlan, PlannedTier
from glossator_gui.dialogs.label_settings_box import TIER_NAMES
from glossator_gui.views.plain_text import WrappedLabel, one_line, plain_tooltip

_HEAD = (
    "Tier",
    "Method",
    "Model",
    "Features",
    "Prompts",
    "Answered",
    "Prompt tokens",
    "Answer tokens",
    "About",
    "At most",
)
_WIDE = (1, 2)
"""Columns of text that may be long."""
_LINES = 14
_NO_PLAN = (
    "Nothing is asked yet. The plan tells how many prompts there are and about what "
    "they cost; a server is asked for the list of its models alone."
)
_NOTHING = "For these features no method is chosen that has more to do than a run did."
_COUNTED = (
    "Tokens are counted by letters, rather too many than too few; answers that are "
    "stored cost nothing."
)


def money(dollars: float | None) -> str:
    """An amount of US dollars as it is shown; small ones with two figures."""
    if dollars is None:
        return "not known"
    if dollars == 0:
        return "$0"
    return f"${dollars:.2f}" if dollars >= 0.1 else f"${dollars:.2g}"


def counted(features: int) -> str:
    return "1 feature" if features == 1 else f"{features:,} features"


class Planned(Protocol):
    """What a plan comes to."""

    @property
    def dollars(self) -> float | None: ...
    @property
    def tokens(self) -> int: ...


class Limits(Protocol):
    """What it may come to; None is without limit."""

    @property
    def dollars(self) -> float | None: ...
    @property
    def tokens(self) -> int | None: ...


def over_budget(plan: Planned, limits: Limits) -> str:
    """Why a plan does not fit its limits, in a sentence; "" where it does."""
    cost = plan.dollars
    if limits.dollars is not None and cost is not None and cost > limits.dollars:
        return (
            f"It would cost about {money(cost)}, and {money(limits.dollars)} may be "
            "spent: raise the limit, choose fewer features, or a model that costs less."
        )
    if limits.tokens is not None and plan.tokens > limits.tokens:
        return (
            f"It would use about {plan.tokens:,} tokens, and {limits.tokens:,} may be "
            "used: raise the limit or choose fewer features."
        )
    return ""


class PlanView(QGroupBox):
    """A plan as a table, or a sentence on why there is none."""

    def __init__(self, methods: FoundMethods, parent: QWidget | None = None) -> None:
        super().__init__("Plan", parent)
        self._methods = methods
        self.said = WrappedLabel(_NO_PLAN, role="muted")
        self.note = WrappedLabel(role="muted", small=True)
        self.problem = WrappedLabel(role="warning")
        self._rows: list[list[str]] = []
        self._table = QWidget()
        self._planned = QWidget()
        self._column = QVBoxLayout(self._planned)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        for widget in (self._table, self.problem, self.note):
            self._column.addWidget(widget)
        self._column.addStretch(1)
        self._pages = QStackedWidget()
        self._pages.addWidget(_at_top(self.said))
        self._pages.addWidget(self._planned)
        QVBoxLayout(self).addWidget(self._pages)
        # It keeps its height, whatever it says: three tiers, a total, and notes.
        self.setMinimumHeight(_LINES * self.fontMetrics().lineSpacing())

    @property
    def rows(self) -> list[list[str]]:
        """What stands in the table, the line of heads left out."""
        return self._rows

    def say(self, text: str, *, role: str = "muted") -> None:
        """Show a sentence in place of a plan."""
        self._rows = []
        self.said.setText(text)
        self.said.setProperty("role", role)
        self.said.style().polish(self.said)
        self._pages.setCurrentIndex(0)

    def show_plan(self, plan: LabelPlan, settings: LabelSettings) -> None:
        if not plan.tiers:
            self.say(_NOTHING)
            return
        self._rows = self._told(plan)
        table = _table(self._rows)
        self._column.replaceWidget(self._table, table)
        self._table.deleteLater()
        self._table = table
        too_much = over_budget(plan, settings)
        self.problem.setText(too_much)
        self.problem.setVisible(bool(too_much))
        self.note.setText(" ".join(_notes(plan, settings)))
        self.note.show()
        self._pages.setCurrentIndex(1)

    def show_stale(self, why: str) -> None:
        """What is planned is no longer what is chosen."""
        if not self._rows:
            self.say(why)
            return
        self._table.setEnabled(False)
        self.note.hide()
        self.problem.setText(why)
        self.problem.show()

    def _told(self, plan: LabelPlan) -> list[list[str]]:
        rows = [self._row(planned) for planned in plan.tiers]
        if len(rows) > 1:
            most = [planned.most.cost for planned in plan.tiers]
            dearest = None if None in most else sum(cost or 0 for cost in most)
            sums = [
                sum(p.n_features for p in plan.tiers),
                plan.n_calls,
                sum(p.estimate.cached for p in plan.tiers),
                sum(p.estimate.prompt_tokens for p in plan.tiers),
                sum(p.estimate.answer_tokens for p in plan.tiers),
            ]
            cost = [money(plan.dollars), money(dearest)]
            rows.append(["Together", "", "", *(f"{n:,}" for n in sums), *cost])
        return rows

    def _row(self, planned: PlannedTier) -> list[str]:
        method = self._methods.by_name.get(planned.method)
        estimate = planned.estimate
        numbers = (
            planned.n_features,
            estimate.calls,
            estimate.cached,
            estimate.prompt_tokens,
            estimate.answer_tokens,
        )
        return [
            TIER_NAMES[planned.tier],
            one_line(method.title if method else planned.method),
            one_line(planned.model) or "none",
            *(f"{n:,}" for n in numbers),
            money(estimate.cost),
            money(planned.most.cost),
        ]


def _notes(plan: LabelPlan, settings: LabelSettings) -> list[str]:
    """What there is to know besides, a sentence each."""
    notes = []
    if plan.n_left:
        be = "is" if plan.n_left == 1 else "are"
        notes.append(f"{counted(plan.n_left)} {be} left as before.")
    declined = sum(planned.n_declined for planned in plan.tiers)
    if declined:
        notes.append(
            f"For {counted(declined)} there is nothing to ask: no label comes of it."
        )
    if plan.dollars is None:
        notes.append("A price is not known: give the model’s own, or limit the tokens.")
    if plan.problems:
        notes.append(
            f"{len(plan.problems)} piece(s) of evidence could not be read. The first: "
            f"{one_line(plan.problems[0])}"
        )
    if settings.dollars is not None or settings.tokens is not None:
        notes.append("What the limit does not reach for stays without a label.")
    return [*notes, _COUNTED]


def _at_top(widget: QWidget) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(widget)
    column.addStretch(1)
    return page


def _table(rows: Sequence[Sequence[str]]) -> QWidget:
    table = QWidget()
    grid = QGridLayout(table)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(4)
    for column in _WIDE:
        grid.setColumnStretch(column, 1)
        grid.setColumnMinimumWidth(column, 130)
    for at, cells in enumerate([_HEAD, *rows]):
        role = "muted" if at == 0 else "title" if cells[0] == "Together" else ""
        for column, text in enumerate(cells):
            grid.addWidget(_cell(text, column, role), at, column)
    told = [
        "; ".join(f"{h}: {c}" for h, c in zip(_HEAD, row, strict=True) if c)
        for row in rows
    ]
    table.setAccessibleName("Plan")
    table.setAccessibleDescription(". ".join(told))
    return table


def _cell(text: str, column: int, role: str) -> QLabel:
    if column in _WIDE:
        cell: QLabel = WrappedLabel(text, role=role, max_lines=1)
        cell.setToolTip(plain_tooltip("All of it:", text) if text else "")
    else:
        cell = QLabel(text)
        cell.setTextFormat(Qt.TextFormat.PlainText)
        cell.setProperty("role", role)
    side = (
        Qt.AlignmentFlag.AlignRight
        if column > max(_WIDE)
        else Qt.AlignmentFlag.AlignLeft
    )
    cell.setAlignment(side | Qt.AlignmentFlag.AlignTop)
    return cell
