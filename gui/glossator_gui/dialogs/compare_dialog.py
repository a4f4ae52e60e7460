"""Ask which labelling methods shall be compared; what it takes is shown before."""

from collections.abc import Collection

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from glossator.comparing.plan import ComparisonPlan
from glossator.errors import InputError
from glossator.progress import Progress
from glossator_gui.dialogs.compare_box import CompareBox, CompareChoice
from glossator_gui.dialogs.compare_plan_view import ComparePlanView
from glossator_gui.dialogs.plan_view import money, over_budget

_SIZE = 1240, 690
_ANOTHER = "Something else is chosen now: press Plan."


class CompareDialog(QDialog):
    """Enter makes a plan and never pays: comparing has a button of its own."""

    plan_requested = Signal(object)
    """CompareChoice."""
    compare_requested = Signal(object)
    """CompareChoice that was planned."""

    def __init__(
        self,
        proposed: CompareChoice,
        usable: Collection[str],
        parent: QWidget | None = None,
    ) -> None:
        """Build the dialog.

        Parameters
        ----------
        usable : methods that lack nothing but, it may be, a model.
        """
        super().__init__(parent)
        self.setWindowTitle("Compare Labelling Methods")
        self.box = CompareBox(proposed, usable)
        self.plan_view = ComparePlanView()
        self._asked: CompareChoice | None = None
        """That is being planned, or was."""
        self.plan = QPushButton("Plan")
        self.buttons = QDialogButtonBox()
        role = QDialogButtonBox.ButtonRole.AcceptRole
        self.compare = self.buttons.addButton("Compare", role)
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.plan.setDefault(True)
        self.compare.setAutoDefault(False)
        self.compare.setProperty("primary", True)
        self._offer(False)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addWidget(self.box)
        layout.addWidget(self.plan_view, 1)
        below = QHBoxLayout()
        below.addWidget(self.plan)
        below.addStretch(1)
        below.addWidget(self.buttons)
        layout.addLayout(below)
        self.resize(*_SIZE)
        self.plan.clicked.connect(self.request_plan)
        self.compare.clicked.connect(self._on_compare)
        self.buttons.rejected.connect(self.reject)
        self.box.changed.connect(self._on_changed)
        self.finished.connect(self.box.end)

    def request_plan(self) -> None:
        """Ask for a plan of what is chosen, if it can be."""
        self._offer(False)
        try:
            self._asked = self.box.choice()
        except InputError as error:
            self.show_failure(str(error))
            return
        self.plan_view.say("Planning…")
        self.plan_requested.emit(self._asked)

    def show_progress(self, progress: Progress) -> None:
        if self._asked is not None:
            self.plan_view.say(f"Planning: {progress.what}…")

    def show_plan(self, plan: ComparisonPlan) -> None:
        """Show what was asked for, unless something else is chosen now."""
        if self._asked is None:
            return
        models = self._asked.models
        self.plan_view.show_plan(plan, models)
        self.compare.setText(f"Compare ({_about(plan.dollars)})")
        self._offer(not over_budget(plan, models))

    def show_problem(self, text: str) -> None:
        """Say why there is no plan."""
        if self._asked is not None:
            self.show_failure(text)

    def show_failure(self, text: str) -> None:
        """Say what went wrong, in place of a plan."""
        self.plan_view.say(text, role="warning")

    def _on_changed(self) -> None:
        """What was planned is not what would be done now."""
        if self._asked is not None:
            self._asked = None
            self.plan_view.show_stale(_ANOTHER)
        self.compare.setText("Compare")
        self._offer(False)

    def _offer(self, offered: bool) -> None:
        """One of the two buttons is what comes next."""
        self.compare.setEnabled(offered)
        self.plan.setProperty("primary", not offered)
        self.plan.style().polish(self.plan)

    def _on_compare(self) -> None:
        if self._asked is not None:
            self.compare_requested.emit(self._asked)
            self.accept()


def _about(dollars: float | None) -> str:
    if dollars is None:
        return "at a cost that is not known"
    return f"about {money(dollars)}" if dollars else "at no cost"
