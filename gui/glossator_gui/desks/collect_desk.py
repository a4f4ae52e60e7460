"""Collecting evidence from the window: what is run over which texts, and the job."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget

from glossator.collect.collect_report import CollectReport
from glossator.collect.collect_run import collect_evidence
from glossator.collect.collect_settings import CollectInput, CollectSettings
from glossator.collect.corpus import CorpusFiles
from glossator.collect.proposal import Proposal, proposal
from glossator.errors import GlossatorError
from glossator.graph.attribution_graph import FeatureKey
from glossator.project.open_files import file_stem
from glossator.settings import collections_folder
from glossator_gui.actions.spec import Handler
from glossator_gui.dialogs.collect_dialog import (
    CollectChoice,
    CollectDialog,
    CollectScope,
    settings_of,
)
from glossator_gui.project_job import ProjectJob
from glossator_gui.session import Session

_SETTING = "collect"


class CollectDesk(QObject):
    """A collection that was stopped goes on when the same is asked for again."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self.session = session
        self.job = ProjectJob("collecting evidence", session, self)
        self._folder: Path | None = None
        slot = self.job.slot
        slot.succeeded.connect(self._on_succeeded)
        slot.failed.connect(
            lambda message: session.failed.emit(f"Collecting stopped: {message}")
        )
        slot.stopped.connect(
            lambda: session.told.emit(
                "Collecting cancelled. The same collection goes on from here."
            )
        )

    def handlers(self) -> Mapping[str, Handler]:
        return {"collect": self.ask}

    def ask(self) -> None:
        """Ask for model, texts and features."""
        if self.session.graph is None:
            return
        if self.job.slot.running:
            self.session.told.emit(
                "Evidence is being collected; wait until it is done."
            )
            return
        sizes = {name: len(found) for name, found in self._scopes().items()}
        dialog = CollectDialog(self._proposed(), sizes, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.start_requested.connect(self.start)
        dialog.open()

    def start(self, choice: CollectChoice) -> None:
        """Collect what a person chose; the choice is proposed the next time."""
        if self.session.project is None:
            return
        self.session.put_setting(_SETTING, msgspec.json.encode(choice).decode())
        try:
            given = self._given(choice)
        except GlossatorError as error:
            self.session.failed.emit(str(error))
            return
        self._folder = given.folder
        self.job.slot.start(collect_evidence, given)

    def _given(self, choice: CollectChoice) -> CollectInput:
        given = CollectInput(
            model=choice.model,
            replacement=choice.replacement,
            corpus=CorpusFiles((Path(choice.corpus),), choice.field),
            features=self._scopes()[choice.scope],
            folder=Path(),
            settings=settings_of(choice).checked(),
        )
        name = f"{file_stem(self.session.state.model)}-{given.digest()[:12]}"
        return replace(given, folder=collections_folder() / name)

    def _scopes(self) -> dict[CollectScope, tuple[FeatureKey, ...]]:
        return {
            "all": self.session.state.features(),
            "selection": self.session.selected_features,
        }

    def _proposed(self) -> CollectChoice:
        """What was chosen before, else what the graph says."""
        project, graph = self.session.project, self.session.graph
        stored = project.setting(_SETTING) if project else ""
        try:
            if stored:
                return msgspec.json.decode(stored, type=CollectChoice)
        except msgspec.MsgspecError:
            pass
        named = proposal(graph) if graph else Proposal("", None, "")
        default = CollectSettings()
        return CollectChoice(
            model=named.model if "/" in named.model else "",
            features_are=named.neurons or "transcoders",
            transcoders=named.transcoders,
            corpus="",
            field="text",
            n_top=default.n_top,
            context=default.context,
            million_tokens=0,
            scope="all",
        )

    def _on_succeeded(self, report: CollectReport) -> None:
        if self._folder is not None:
            self.session.add_evidence(self._folder)
        self.session.told.emit(report.text)
