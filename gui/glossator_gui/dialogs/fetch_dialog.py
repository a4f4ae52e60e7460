"""Ask which service may be asked for evidence; nothing is asked before."""

from collections.abc import Mapping, Sequence
from typing import Literal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QGroupBox,
    QHBoxLayout,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from glossator.errors import EvidenceError
from glossator.evidence.offers import FetchPlan, Offer, plan_fetch
from glossator.graph.attribution_graph import FeatureKey
from glossator_gui.dialogs.scope_box import ScopeBox
from glossator_gui.views.plain_text import WrappedLabel, one_line

FetchScope = Literal["all", "selection"]

_SCOPES: tuple[tuple[FetchScope, str], ...] = (
    ("all", "All features of the project"),
    ("selection", "The selection"),
)
_NOTHING = (
    "The graphs of this project name no place where their features are described. "
    "Add a file or a folder of evidence, or compute it here: Collect Evidence…"
)
_RULE = (
    "Only addresses and feature numbers are sent. What comes is kept in the cache, and "
    "works without a network from then on."
)
_WIDTH = 560


class FetchDialog(QDialog):
    """Shows what would be asked, of whom, and how much."""

    fetch_requested = Signal(object)
    """FetchPlan."""

    def __init__(
        self,
        offers: Sequence[Offer],
        scopes: Mapping[FetchScope, Sequence[FeatureKey]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Fetch Evidence")
        self._offers = offers
        self._scopes = scopes
        self._plan: FetchPlan | None = None
        self.services = QButtonGroup(self)
        self.scopes = ScopeBox(
            "For", [(text, len(scopes[name])) for name, text in _SCOPES]
        )
        self.plan = WrappedLabel()
        self.plan.setAccessibleName("What would be fetched")
        self.buttons = QDialogButtonBox()
        role = QDialogButtonBox.ButtonRole.AcceptRole
        self.fetch = self.buttons.addButton("Fetch", role)
        self.fetch.setProperty("primary", True)
        self.fetch.setDefault(True)
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self._lay_out()
        self.buttons.accepted.connect(self._on_accepted)
        self.buttons.rejected.connect(self.reject)
        self.services.idToggled.connect(self._show_plan)
        self.scopes.changed.connect(self._show_plan)
        self._show_plan()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addWidget(self._service_box())
        if self._offers:
            layout.addWidget(self.scopes)
            layout.addWidget(self.plan)
            layout.addWidget(WrappedLabel(_RULE, role="muted"))
        layout.addStretch(1)
        layout.addWidget(self.buttons)
        self.resize(_WIDTH, layout.totalHeightForWidth(_WIDTH))

    def _service_box(self) -> QGroupBox:
        box = QGroupBox("Ask")
        layout = QVBoxLayout(box)
        layout.setSpacing(4)
        for number, offer in enumerate(self._offers):
            button = QRadioButton(one_line(offer.service.title).replace("&", "&&"))
            button.setChecked(number == 0)
            self.services.addButton(button, number)
            reason = WrappedLabel(
                f"{offer.host} — {offer.reason}", role="muted", small=True
            )
            below = QHBoxLayout()
            below.setContentsMargins(22, 0, 0, 6)
            below.addWidget(reason)
            layout.addWidget(button)
            layout.addLayout(below)
        if not self._offers:
            layout.addWidget(WrappedLabel(_NOTHING))
        return box

    def _show_plan(self) -> None:
        self._plan = None
        if self._offers:
            offer = self._offers[max(self.services.checkedId(), 0)]
            scope = _SCOPES[self.scopes.chosen][0]
            try:
                self._plan = plan_fetch(offer, self._scopes[scope])
                self.plan.setText(self._plan.text)
            except EvidenceError as error:
                self.plan.setText(str(error))
        plan = self._plan
        # Also where all is stored: the project is then to look there.
        self.fetch.setEnabled(bool(plan and (plan.features or plan.n_stored)))
        self.fetch.setText("Fetch" if not plan or plan.features else "Use")

    def _on_accepted(self) -> None:
        if self._plan is not None:
            self.fetch_requested.emit(self._plan)
        self.accept()
