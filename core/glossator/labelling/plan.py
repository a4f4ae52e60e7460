"""What labelling by chosen methods will ask, and about what it costs, beforehand."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from glossator.labelers.label import Asking
from glossator.labelers.label_settings import TierNumber
from glossator.labelling.tasks import (
    LabelInput,
    Task,
    TaskEvidence,
    TierLabelers,
    tasks_by_tier,
)
from glossator.llm.estimate import Estimate, Expected, estimated
from glossator.llm.prices import FREE
from glossator.progress import CancelToken, Progress

_TOLD = 100
"""Features after which progress is told."""


class PlannedTier(NamedTuple):
    """What is to be done about the features of one tier."""

    tier: TierNumber
    method: str
    model: str
    """Chat model that will be asked; "" where none is."""
    n_features: int
    n_declined: int
    """Of which the method says at once that it has no label."""
    estimate: Estimate
    most: Estimate
    """If every answer were as long as it may be, thoughts included."""


@dataclass(frozen=True)
class LabelPlan:
    tiers: tuple[PlannedTier, ...]
    n_left: int
    """Features that no method was chosen for."""
    problems: tuple[str, ...]
    """Evidence that could not be read, one sentence each."""

    @property
    def dollars(self) -> float | None:
        """Estimated cost; None where a price is not known."""
        costs = [planned.estimate.cost for planned in self.tiers]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if len(known) == len(costs) else None

    @property
    def tokens(self) -> int:
        """Estimated, prompts and answers together."""
        return sum(
            planned.estimate.prompt_tokens + planned.estimate.answer_tokens
            for planned in self.tiers
        )

    @property
    def n_calls(self) -> int:
        return sum(planned.estimate.calls for planned in self.tiers)


def plan_labels(
    given: LabelInput, cancel: CancelToken
) -> Generator[Progress, None, LabelPlan]:
    """Find out what `label_locally` would ask, and about what that costs.

    A server is asked for the list of its models, and for nothing else.

    Raises
    ------
    Cancelled
        on request.
    InputError, WebError
        if evidence, a model or the stored answers cannot be opened.
    """
    labelers = TierLabelers.of(given.settings, given.labelling, given.account)
    return (yield from plan_with(labelers, given, cancel))


def plan_with(
    labelers: TierLabelers, given: LabelInput, cancel: CancelToken
) -> Generator[Progress, None, LabelPlan]:
    """The same with labelers that may have been opened before."""
    yield Progress(0, 0, "opening evidence")
    evidence = TaskEvidence.open(given)
    planned = []
    for tier, tasks in tasks_by_tier(given).items():
        yield Progress(0, len(tasks), "opening the language model")
        planning = _planned(tier, tasks, evidence, labelers, cancel)
        planned.append((yield from planning))
    return LabelPlan(
        tiers=tuple(planned),
        n_left=len(given.tasks) - sum(p.n_features for p in planned),
        problems=evidence.problems,
    )


def _planned(
    tier: TierNumber,
    tasks: Sequence[Task],
    evidence: TaskEvidence,
    labelers: TierLabelers,
    cancel: CancelToken,
) -> Generator[Progress, None, PlannedTier]:
    method = labelers.labelling.method(tier)
    labeler, chat = labelers.labeler(tier)
    thinking = chat.thinking if chat else 0
    expected: list[Expected] = []
    longest: list[Expected] = []
    for start in range(0, len(tasks), _TOLD):
        cancel.check()
        yield Progress(start, len(tasks), "writing the questions")
        batch = tasks[start : start + _TOLD]
        scored = [one for task in batch if (one := evidence.scored(task))]
        if isinstance(labeler, Asking):
            wanted, likely = labeler.wanted, labeler.expected_tokens
            for prompt in labeler.asked(scored):
                expected.append(Expected(prompt, wanted, likely))
                longest.append(Expected(prompt, wanted, wanted.max_tokens + thinking))
    name, price = (chat.name, chat.price) if chat else ("", FREE)
    return PlannedTier(
        tier=tier,
        method=method,
        model=name,
        n_features=len(tasks),
        n_declined=len(tasks) - len(expected) if chat else 0,
        estimate=estimated(name, expected, labelers.models.answers, price),
        most=estimated(name, longest, labelers.models.answers, price),
    )
