"""Ask what the protocol shall run over, and how."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QGroupBox,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from glossator.errors import InputError
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator_gui.dialogs.protocol_box import ProtocolBox
from glossator_gui.dialogs.room import make_room
from glossator_gui.dialogs.scope_box import ScopeBox
from glossator_gui.views.plain_text import WrappedLabel

ScopeName = Literal["all", "unlabelled", "visible", "selection"]

_SCOPES: tuple[tuple[ScopeName, str], ...] = (
    ("all", "All features"),
    ("unlabelled", "Features without a label"),
    ("visible", "What is visible after pruning"),
    ("selection", "The selection"),
)
_AFTERWARDS = (
    "Input and output features get the tokens they stand for as labels, counted here. "
    "What a language model would be asked for, and about what it costs, is shown when "
    "the run is over; nothing is asked before."
)


@dataclass(frozen=True)
class RunChoice:
    scope: ScopeName
    settings: ProtocolSettings
    then_plan: bool
    """Plan labels by language models when the run is over."""


class RunDialog(QDialog):
    """Scope and settings of a run."""

    start_requested = Signal(object)
    """RunChoice."""

    def __init__(
        self,
        sizes: Mapping[ScopeName, int],
        settings: ProtocolSettings,
        evidence: str,
        *,
        then_plan: bool,
        parent: QWidget | None = None,
    ) -> None:
        """Build the dialog.

        Parameters
        ----------
        sizes : number of features of each scope; empty scopes cannot be chosen.
        evidence : what the evidence of the project is, in one sentence.
        then_plan : what was chosen the last time.
        """
        super().__init__(parent)
        self.setWindowTitle("Run Protocol")
        self.scopes = ScopeBox("Scope", [(text, sizes[name]) for name, text in _SCOPES])
        self.protocol = ProtocolBox("Settings", settings)
        self.then_plan = QCheckBox("Then plan labels by language models")
        self.then_plan.setChecked(then_plan)
        self.buttons = QDialogButtonBox()
        start = self.buttons.addButton("Run", QDialogButtonBox.ButtonRole.AcceptRole)
        start.setProperty("primary", True)
        start.setDefault(True)
        start.setEnabled(self.scopes.any)
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self._on_accepted)
        self.buttons.rejected.connect(self.reject)
        self.problem = WrappedLabel(role="warning")
        self.problem.hide()
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        columns = QHBoxLayout()
        columns.setSpacing(12)
        what = QVBoxLayout()
        what.setSpacing(12)
        what.addWidget(self.scopes)
        what.addWidget(self._label_box())
        what.addStretch(1)
        columns.addLayout(what, 1)
        columns.addWidget(self.protocol)
        layout.addLayout(columns)
        layout.addWidget(WrappedLabel(evidence, role="muted"))
        layout.addWidget(self.problem)
        layout.addWidget(self.buttons)

    def _label_box(self) -> QGroupBox:
        box = QGroupBox("Labels")
        box.setMinimumWidth(360)
        column = QVBoxLayout(box)
        column.addWidget(self.then_plan)
        column.addWidget(WrappedLabel(_AFTERWARDS, role="muted", small=True))
        return box

    def _on_accepted(self) -> None:
        try:
            settings = self.protocol.settings().checked()
        except InputError as error:
            self.problem.setText(str(error))
            self.problem.show()
            make_room(self)
            return
        scope, _ = _SCOPES[self.scopes.chosen]
        self.start_requested.emit(
            RunChoice(scope, settings, self.then_plan.isChecked())
        )
        self.accept()
