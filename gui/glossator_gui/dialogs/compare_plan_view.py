"""What a comparison of methods would ask, of whom, and about what it costs."""

from collections.abc import Iterator

from PySide6.QtWidgets import QGroupBox, QStackedWidget, QVBoxLayout, QWidget

from glossator.comparing.given import AskedModels
from glossator.comparing.plan import ComparisonPlan, PlannedAsking
from glossator_gui.dialogs.plan_view import counted, money, over_budget
from glossator_gui.views.cell_table import CellTable
from glossator_gui.views.plain_text import WrappedLabel, one_line

_HEAD = (
    "For",
    "Rules",
    "Model",
    "Prompts",
    "Answered",
    "Prompt tokens",
    "Answer tokens",
    "About",
)
_WORDS = (0, 1, 2)
_NO_PLAN = (
    "Nothing is asked yet. The plan tells how many prompts there are and about what "
    "they cost; a server is asked for the list of its models alone."
)
_NOTHING = "No language model is asked."
_COUNTED = (
    "Tokens are counted by letters, rather too many than too few. No label of the "
    "project changes; answers are stored, and what was answered once costs nothing."
)


class ComparePlanView(QGroupBox):
    """A plan as a table, or a sentence on why there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Plan", parent)
        self.said = WrappedLabel(_NO_PLAN, role="muted")
        self.table = CellTable("Plan", wide=(2,))
        self.problem = WrappedLabel(role="warning")
        self.note = WrappedLabel(role="muted", small=True)
        empty, planned = QWidget(), QWidget()
        said = QVBoxLayout(empty)
        said.addWidget(self.said)
        said.addStretch(1)
        column = QVBoxLayout(planned)
        column.setSpacing(6)
        column.addWidget(self.table, 1)
        for widget in (self.problem, self.note):
            column.addWidget(widget)
        for layout in (said, column):
            layout.setContentsMargins(0, 0, 0, 0)
        self._pages = QStackedWidget()
        self._pages.addWidget(empty)
        self._pages.addWidget(planned)
        QVBoxLayout(self).addWidget(self._pages)

    @property
    def has_plan(self) -> bool:
        return self._pages.currentIndex() == 1

    def say(self, text: str, *, role: str = "muted") -> None:
        """Show a sentence in place of a plan."""
        self.said.setText(text)
        self.said.setProperty("role", role)
        self.said.style().polish(self.said)
        self._pages.setCurrentIndex(0)

    def show_plan(self, plan: ComparisonPlan, models: AskedModels) -> None:
        rows = [_row(planned) for planned in plan.all]
        together = [
            *("Together", "", _NOTHING if not rows else ""),
            f"{plan.n_calls:,}",
            f"{sum(p.estimate.cached for p in plan.all):,}",
            f"{sum(p.estimate.prompt_tokens for p in plan.all):,}",
            f"{sum(p.estimate.answer_tokens for p in plan.all):,}",
            money(plan.dollars),
        ]
        strong = [(len(rows), column) for column in range(len(_HEAD))]
        self.table.show_rows(_HEAD, [*rows, together], words=_WORDS, strong=strong)
        self.table.setEnabled(True)
        self._warn(over_budget(plan, models))
        self.note.setText(" ".join(_notes(plan)))
        self.note.show()
        self._pages.setCurrentIndex(1)
        self.table.scrollToBottom()

    def show_stale(self, why: str) -> None:
        """What is planned is no longer what is chosen."""
        if not self.has_plan:
            self.say(why)
            return
        self.table.setEnabled(False)
        self.note.hide()
        self._warn(why)

    def _warn(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.setVisible(bool(text))


def _row(planned: PlannedAsking) -> list[str]:
    estimate = planned.estimate
    return [
        planned.what,
        planned.mode,
        planned.model,
        f"{estimate.calls:,}",
        f"{estimate.cached:,}",
        f"{estimate.prompt_tokens:,}",
        f"{estimate.answer_tokens:,}",
        money(estimate.cost),
    ]


def _notes(plan: ComparisonPlan) -> Iterator[str]:
    """What there is to know besides, a sentence each."""
    for mode, n in plan.n_features.items():
        yield f"{counted(n)} of {plan.n_candidates:,} ({mode})."
    for reason, n in plan.left_out.items():
        yield f"Left out: {counted(n)}, {one_line(reason).rstrip('.')}."
    if plan.dollars is None:
        yield "A price is not known: give the model’s own, or limit the tokens."
    if plan.problems:
        yield (
            f"{len(plan.problems)} piece(s) of evidence could not be read. The first: "
            f"{one_line(plan.problems[0])}"
        )
    yield _COUNTED
