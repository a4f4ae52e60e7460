"""Ask how features shall be labelled; what it takes is shown before it is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from glossator.errors import InputError
from glossator.labelers.label_settings import LabelSettings, TierNumber
from glossator.labelers.methods import known_methods
from glossator.labelling.plan import LabelPlan
from glossator.progress import Progress
from glossator.project.project import Change
from glossator_gui.dialogs.label_settings_box import LabelSettingsBox
from glossator_gui.dialogs.plan_view import PlanView, counted, money, over_budget
from glossator_gui.dialogs.room import make_room
from glossator_gui.dialogs.scope_box import ScopeBox
from glossator_gui.views.plain_text import one_line

LabelScope = Literal["all", "unlabelled", "declined", "visible", "selection"]

_SCOPES: tuple[tuple[LabelScope, str], ...] = (
    ("all", "All that a machine may label"),
    ("unlabelled", "Of these, those without a label"),
    ("declined", "Of these, those declined before"),
    ("visible", "Of these, those visible after pruning"),
    ("selection", "Of these, those selected"),
)
_PAUSE_MS = 700
"""Without a change, after which a plan is made anew."""
_WIDTH = 1080
_NONE = (
    "There is no feature that the protocol has scored and a machine may label: run the "
    "protocol first. What a person or a file labelled is left alone."
)
_ANEW = "The plan is made anew…"
_ANOTHER = "Another model is named: press Plan."
_FROM_FILE = (
    "This project names {models}. Nobody was asked yet: press Plan if that is what you "
    "want."
)


@dataclass(frozen=True)
class LabelChoice:
    scope: LabelScope
    settings: LabelSettings


class LabelDialog(QDialog):
    """Enter makes a plan and never pays: labelling has a button of its own."""

    plan_requested = Signal(object)
    """LabelChoice."""
    label_requested = Signal(object)
    """LabelChoice that was planned."""

    def __init__(
        self,
        sizes: Mapping[LabelScope, int],
        settings: LabelSettings,
        parent: QWidget | None = None,
    ) -> None:
        """Build the dialog.

        Parameters
        ----------
        sizes : number of features of each scope; empty scopes cannot be chosen.
        settings : what is proposed.
        """
        super().__init__(parent)
        self.setWindowTitle("Label with Language Models")
        self.scopes = ScopeBox("For", [(text, sizes[name]) for name, text in _SCOPES])
        self.labelling = LabelSettingsBox(settings, beside=self.scopes)
        self.plan_view = PlanView(known_methods())
        self._asked: LabelChoice | None = None
        """That is being planned, or was."""
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self.plan = QPushButton("Plan")
        self.buttons = QDialogButtonBox()
        role = QDialogButtonBox.ButtonRole.AcceptRole
        self.label = self.buttons.addButton("Label", role)
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.plan.setDefault(True)
        self.plan.setProperty("primary", True)
        self.plan.setEnabled(self.scopes.any)
        self.label.setProperty("primary", True)
        self.label.setEnabled(False)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addWidget(self.labelling)
        layout.addWidget(self.plan_view, 1)
        below = QHBoxLayout()
        below.addWidget(self.plan)
        below.addStretch(1)
        below.addWidget(self.buttons)
        layout.addLayout(below)
        if not self.scopes.any:
            self.plan_view.say(_NONE, role="warning")
        self.resize(_WIDTH, 0)
        self._connect()

    def _connect(self) -> None:
        self.plan.clicked.connect(self.request_plan)
        self.label.clicked.connect(self._on_label)
        self.buttons.rejected.connect(self.reject)
        self.scopes.changed.connect(self.show_changed)
        self.labelling.changed.connect(self.show_changed)
        self._pause.timeout.connect(self.request_plan)
        self.finished.connect(self.labelling.end)

    def choice(self) -> LabelChoice:
        scope, _ = _SCOPES[self.scopes.chosen]
        return LabelChoice(scope, self.labelling.settings())

    # -- what happens ---------------------------------------------------------------

    def request_plan(self) -> None:
        """Ask for a plan of what is chosen, if it can be."""
        self._pause.stop()
        self._offer_label(False)
        chosen = self.choice()
        self._asked = chosen
        try:
            chosen.settings.checked()
        except InputError as error:
            self.show_problem(str(error))
            return
        self.plan_view.say("Planning…")
        self.plan_requested.emit(chosen)

    def propose_plan(self) -> None:
        """Leave it to the person whether the models that are named are asked."""
        named = ", ".join(sorted(asked_models(self.choice().settings)))
        self.plan_view.say(_FROM_FILE.format(models=one_line(named)))

    def show_progress(self, progress: Progress) -> None:
        if self._is_current():
            share = (
                f" ({progress.done:,} of {progress.total:,})" if progress.done else ""
            )
            self.plan_view.say(f"Planning: {progress.what}{share}…")

    def show_plan(self, plan: LabelPlan) -> None:
        """Show what was asked for, unless something else is chosen now."""
        if not self._is_current() or self._asked is None:
            return
        settings = self._asked.settings
        self.plan_view.show_plan(plan, settings)
        n = sum(planned.n_features for planned in plan.tiers)
        self.label.setText(f"Label {counted(n)} ({_about(plan.dollars)})")
        self._offer_label(bool(n) and not over_budget(plan, settings))
        make_room(self)

    def show_problem(self, text: str) -> None:
        """Say why there is no plan."""
        if self._is_current():
            self.show_failure(text)

    def show_failure(self, text: str) -> None:
        """Say what went wrong, in place of a plan."""
        self.plan_view.say(text, role="warning")

    def show_changed(self) -> None:
        """What was planned is not what would be done now: plan it anew, once.

        A server that was not planned with is not asked before a person says so: its
        address may be half typed.
        """
        self._offer_label(False)
        self.label.setText("Label")
        self._pause.stop()
        if self._asked is None:
            return
        if asked_models(self._asked.settings) >= asked_models(self.choice().settings):
            self.plan_view.show_stale(_ANEW)
            self._pause.start()
        else:
            self.plan_view.show_stale(_ANOTHER)

    def note_change(self, change: Change) -> None:
        """What is labelled by now, a plan no longer holds for."""
        if change.kinds & {"labels", "results", "verbalizations"}:
            self.show_changed()

    def _offer_label(self, offered: bool) -> None:
        """One of the two buttons is what comes next."""
        self.label.setEnabled(offered)
        self.plan.setProperty("primary", not offered)
        self.plan.style().polish(self.plan)

    def _is_current(self) -> bool:
        return self._asked == self.choice()

    def _on_label(self) -> None:
        if self._asked is not None:
            self.label_requested.emit(self._asked)
            self.accept()


def asked_models(settings: LabelSettings) -> frozenset[str]:
    """Folders, hub names, providers and addresses of the models that are asked."""
    known = known_methods().by_name
    return frozenset(
        settings.model(tier)[0]
        for tier in get_args(TierNumber)
        if (method := known.get(settings.method(tier))) and "chat model" in method.needs
    )


def _about(dollars: float | None) -> str:
    if dollars is None:
        return "at a cost that is not known"
    return f"about {money(dollars)}" if dollars else "at no cost"
