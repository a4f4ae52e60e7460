"""What labelling by chosen methods reads: features, their evidence, and chat models.

It goes over features that the protocol has decided on (`run`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, get_args

from glossator.errors import EvidenceError
from glossator.graph.attribution_graph import FeatureKey
from glossator.labelers.label import Labeler, Scored
from glossator.labelers.label_settings import TIERS_OF, LabelSettings, TierNumber
from glossator.labelers.methods import MethodParts, method_named
from glossator.llm.answer_store import AnswerStore
from glossator.llm.budget import Budget
from glossator.llm.chat_models import ChatModels
from glossator.llm.recorded_model import RecordedModel
from glossator.project.open_files import (
    OpenedEvidence,
    evidence_paths,
    opaque_numbers,
    open_evidence_paths,
)
from glossator.project.project import Project
from glossator.protocol.decision import ProtocolResult
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.settings import answers_file
from glossator.verbalize.verbalization import Verbalization


class Task(NamedTuple):
    """A feature to label, with what the project knows of it."""

    feature: FeatureKey
    result: ProtocolResult
    verbalizations: tuple[Verbalization, ...]


@dataclass(frozen=True)
class LabelInput:
    """All that labelling reads, independent of the project it was taken from."""

    tasks: tuple[Task, ...]
    evidence_paths: tuple[str, ...]
    opaque_numbers: bool
    settings: ProtocolSettings
    """Those of the project's run: they say which examples count."""
    labelling: LabelSettings
    account: str
    """The project's id: its calls are told apart from others' of the same prompts."""


def label_input(
    project: Project,
    scope: Sequence[FeatureKey],
    settings: ProtocolSettings,
    labelling: LabelSettings,
) -> LabelInput:
    """Take from a project what labelling needs: features that have been decided on.

    Left out is what a person or a file labelled.
    """
    state = project.state
    return LabelInput(
        tasks=tuple(
            Task(feature, result, state.verbalized(feature))
            for feature in dict.fromkeys(scope)
            if (result := state.result(feature)) is not None
            and state.machine_may_label(feature, "")
        ),
        evidence_paths=evidence_paths(project),
        opaque_numbers=opaque_numbers(state),
        settings=settings.checked(),
        labelling=labelling.checked(),
        account=project.id,
    )


def tasks_by_tier(given: LabelInput) -> dict[TierNumber, list[Task]]:
    """The features of the tiers that a method was chosen for."""
    labelling = given.labelling
    found: dict[TierNumber, list[Task]] = {}
    for tier in get_args(TierNumber):
        tasks = [task for task in given.tasks if task.result.tier in TIERS_OF[tier]]
        if tasks and labelling.asks_about(tier):
            found[tier] = tasks
    return found


@dataclass
class TaskEvidence:
    """The evidence of the features, looked up as it is needed."""

    opened: OpenedEvidence
    unreadable: dict[FeatureKey, str] = field(default_factory=dict)

    @classmethod
    def open(cls, given: LabelInput) -> "TaskEvidence":
        features = [task.feature for task in given.tasks]
        return cls(
            open_evidence_paths(
                given.evidence_paths, opaque=given.opaque_numbers, features=features
            )
        )

    def scored(self, task: Task) -> Scored | None:
        """None where there is no evidence any more, or it cannot be read."""
        try:
            found = self.opened.sources.evidence(task.feature)
        except EvidenceError as error:
            self.unreadable[task.feature] = str(error)
            return None
        return Scored(found, task.result, task.verbalizations) if found else None

    @property
    def problems(self) -> tuple[str, ...]:
        return self.opened.problems + tuple(self.unreadable.values())


@dataclass(frozen=True)
class TierLabelers:
    """The method of each tier, with the chat model that it asks."""

    settings: ProtocolSettings
    labelling: LabelSettings
    models: ChatModels

    @classmethod
    def of(
        cls, settings: ProtocolSettings, labelling: LabelSettings, account: str
    ) -> "TierLabelers":
        """Nothing is opened yet but the stored answers, which may raise InputError."""
        budget = Budget(labelling.tokens, labelling.dollars)
        models = ChatModels(
            AnswerStore(answers_file()),
            budget,
            account,
            at_once=labelling.at_once,
            patience=labelling.patience,
        )
        return cls(settings, labelling, models)

    def open(self) -> None:
        """Open all chat models that are going to be asked, before any work is done.

        Raises
        ------
        InputError, WebError
            if one cannot be opened.
        """
        for tier in get_args(TierNumber):
            if self.labelling.asks_about(tier):
                self.labeler(tier)

    def labeler(self, tier: TierNumber) -> tuple[Labeler, RecordedModel | None]:
        """The method of a tier; what it asks is opened unless it is, as by `open`."""
        labelling = self.labelling
        method = method_named(labelling.method(tier), field=f"tier{tier}")
        chat = None
        if "chat model" in method.needs:
            chat = self.models.opened(*labelling.model(tier), labelling.price(tier))
        parts = MethodParts(self.settings, chat, labelling.hold_out)
        return method.make(parts), chat
