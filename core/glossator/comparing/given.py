"""What a comparison of labelling methods reads, independent of its project."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from glossator.errors import InputError
from glossator.evaluation.comparison.method_comparison import MODES, ComparisonSettings
from glossator.evaluation.comparison.scorers import EMBEDDING, JUDGING, SCORERS
from glossator.labelers.held_out import FEWEST
from glossator.labelers.methods import Method, known_methods, method_named
from glossator.labelling.tasks import Task, TaskEvidence
from glossator.llm.answer_store import AnswerStore
from glossator.llm.budget import Budget
from glossator.llm.chat_models import ChatModels
from glossator.llm.open_chat_model import check_chat_model
from glossator.llm.prices import GivenPrice
from glossator.llm.recorded_model import RecordedModel
from glossator.project.open_files import (
    evidence_paths,
    opaque_numbers,
    open_evidence_paths,
)
from glossator.project.project import Project
from glossator.protocol.decision import Tier
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.settings import answers_file

DECIDED: tuple[Tier, ...] = ("input", "output", "cross", "obscure")
"""Tiers of features with examples enough to say something."""
MOST_FEATURES = 5000

_SEES_ALL = frozenset({"sense_words"})
"""Methods that go by senses, which are of all examples: none is kept back of them."""


class ChosenModel(NamedTuple):
    """A chat model, as `open_chat_model` takes it."""

    named: str = ""
    """"" is none."""
    model: str = ""
    price: GivenPrice | None = None
    """The person's own, where it is not known."""


NO_MODEL = ChosenModel()


@dataclass(frozen=True)
class AskedModels:
    """Who writes labels, who scores them, and what that may take."""

    labels: ChosenModel = NO_MODEL
    """The same for all methods."""
    scoring: ChosenModel = NO_MODEL
    dollars: float | None = None
    """A comparison never costs more; None is without limit."""
    tokens: int | None = None
    at_once: int = 8
    patience: float = 120.0
    """Seconds that a server has for an answer."""


class OpenedModels(NamedTuple):
    """Both on one budget."""

    models: ChatModels
    labels: RecordedModel | None
    scoring: RecordedModel | None


@dataclass(frozen=True)
class CompareInput:
    tasks: tuple[Task, ...]
    """The features that may be drawn."""
    evidence_paths: tuple[str, ...]
    opaque_numbers: bool
    protocol: ProtocolSettings
    settings: ComparisonSettings
    models: AskedModels
    account: str
    """See `Project.id`."""

    @property
    def methods(self) -> list[Method]:
        return [method_named(name) for name in self.settings.methods]

    def open_evidence(self) -> TaskEvidence:
        features = [task.feature for task in self.tasks]
        return TaskEvidence(
            open_evidence_paths(
                self.evidence_paths, opaque=self.opaque_numbers, features=features
            )
        )

    def open_models(self) -> OpenedModels:
        """Open those that are asked anything.

        Raises
        ------
        InputError, WebError
            if one cannot be opened.
        """
        chosen = self.models
        models = ChatModels(
            AnswerStore(answers_file()),
            Budget(chosen.tokens, chosen.dollars),
            self.account,
            at_once=chosen.at_once,
            patience=chosen.patience,
        )
        write = any("chat model" in method.needs for method in self.methods)
        judge = any(name in JUDGING for name in self.settings.scorers)
        return OpenedModels(
            models,
            labels=models.opened(*chosen.labels) if write else None,
            scoring=models.opened(*chosen.scoring) if judge else None,
        )


def compare_input(
    project: Project,
    settings: ComparisonSettings,
    models: AskedModels,
    protocol: ProtocolSettings,
) -> CompareInput:
    """Take from a project what a comparison needs.

    Raises
    ------
    InputError
        if a setting cannot be used, or no feature can be drawn.
    """
    state = project.state
    tiers = settings.tiers or DECIDED
    tasks = tuple(
        Task(feature, result, state.verbalized(feature))
        for feature in state.features()
        if (result := state.result(feature)) is not None
        and result.tier in tiers
        and result.scores.n_distinct >= FEWEST
    )
    _check(settings, models)
    _check_methods(settings.methods, models, _any_verbalized(tasks))
    if not tasks:
        raise InputError(
            f"no feature of tier {', '.join(tiers)} has {FEWEST} distinct examples; "
            "run the protocol first, with evidence",
            source=project.path,
        )
    return CompareInput(
        tasks=tasks,
        evidence_paths=evidence_paths(project),
        opaque_numbers=opaque_numbers(state),
        protocol=protocol.checked(),
        settings=settings,
        models=models,
        account=project.id,
    )


def comparable_methods() -> dict[str, Method]:
    """All methods of which examples can be kept back."""
    known = known_methods().by_name
    return {name: method for name, method in known.items() if name not in _SEES_ALL}


def usable_methods(project: Project, *, with_model: bool) -> tuple[str, ...]:
    """Those of them that need nothing that is missing."""
    state = project.state
    verbalized = any(state.verbalized(feature) for feature in state.features())
    return tuple(
        name
        for name, method in comparable_methods().items()
        if (with_model or "chat model" not in method.needs)
        and (verbalized or "verbalizations" not in method.needs)
    )


def usable_scorers(*, with_model: bool) -> tuple[str, ...]:
    """The source's benchmarks, as far as there is a model to ask."""
    return ("detection", "fuzz", EMBEDDING) if with_model else (EMBEDDING,)


def _any_verbalized(tasks: Sequence[Task]) -> bool:
    return any(task.verbalizations for task in tasks)


def _check(settings: ComparisonSettings, models: AskedModels) -> None:
    _check_named("scorers", settings.scorers, SCORERS)
    _check_named("tiers", settings.tiers, DECIDED, may_lack=True)
    _check_named("modes", settings.modes, MODES)
    if not 1 <= settings.n_features <= MOST_FEATURES:
        raise InputError(
            f"{settings.n_features} is not in 1..{MOST_FEATURES}", field="n_features"
        )
    if any(name in JUDGING for name in settings.scorers):
        check_chat_model(*models.scoring[:2], field="scorer_llm")
    if not 1 <= models.at_once <= 256:
        raise InputError(f"{models.at_once} is not in 1..256", field="at_once")
    if not 1 <= models.patience <= 3600:
        raise InputError(f"{models.patience:g} s is not in 1..3600", field="patience")


def _check_named(
    field: str, given: Sequence[str], known: Sequence[str], *, may_lack: bool = False
) -> None:
    unknown = [name for name in given if name not in known]
    if unknown:
        raise InputError(
            f"there is no {unknown[0]!r}, but {', '.join(known)}", field=field
        )
    if not given and not may_lack:
        raise InputError("name one at least", field=field)
    if len(set(given)) < len(given):
        raise InputError("names one twice", field=field)


def _check_methods(
    names: Sequence[str], models: AskedModels, any_verbalized: bool
) -> None:
    _check_named("methods", names, list(known_methods().by_name))
    for name in names:
        needs = method_named(name).needs
        if name in _SEES_ALL:
            raise InputError(
                f"{name} sees all examples of a feature: none is left to score it on",
                field="methods",
            )
        if "chat model" in needs:
            check_chat_model(*models.labels[:2], field="llm")
        if "verbalizations" in needs and not any_verbalized:
            raise InputError(
                f"{name} needs verbalizations, and the project holds none of these "
                "features",
                field="methods",
            )
