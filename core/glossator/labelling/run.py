"""Labels by the methods that were chosen for each tier.

It goes over features that the protocol has decided on (`run`). What it will ask is
known before (`labelling.plan`). As with a run, the generator only computes, from frozen
input; `label_edits` stores what it finds.
"""

import time
from collections import Counter
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from glossator.errors import Cancelled, ModelError
from glossator.graph.attribution_graph import FeatureKey
from glossator.labelers.label import Label, LabelsProgress, NoLabel, Scored
from glossator.labelers.label_settings import TierNumber
from glossator.labelling.tasks import (
    LabelInput,
    Task,
    TaskEvidence,
    TierLabelers,
    tasks_by_tier,
)
from glossator.llm.call import Call
from glossator.progress import CancelToken, Progress
from glossator.project.edits import AnyEdit
from glossator.project.proposals import Proposal, asked_edits, proposal_edits
from glossator.project.revision import now
from glossator.project.state import ProjectState

_BATCH = 1000
"""Features asked about together: their questions are held in memory."""
_TOLD = 25
_PAUSE = 0.5
"""Labels go to the project so many at a time, or after so many seconds."""


@dataclass(frozen=True)
class LabelOutcome:
    """What a method said of one feature."""

    feature: FeatureKey
    said: Label | NoLabel
    tier: str
    evidence_origin: str
    model: str
    """That was asked, whether it gave a label or not."""


@dataclass(frozen=True)
class LabelProgress(Progress):
    """A step, with what is final and what was asked for it."""

    outcomes: tuple[LabelOutcome, ...] = ()
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True)
class LabelReport:
    """What labelling did; its outcomes went ahead with the progress."""

    labels: Mapping[str, int]
    """Number of labels by method."""
    declined: Mapping[str, int]
    """Number of features that got none, by reason."""
    n_calls: int
    n_stored: int
    """Answers that were there already."""
    tokens: int
    dollars: float | None
    """None where a price is not known."""
    problems: tuple[str, ...]


def label_locally(
    given: LabelInput, cancel: CancelToken
) -> Generator[Progress, None, LabelReport]:
    """Label features by the method of their tier; everything is opened in here.

    What a model answered is stored at once: a run that is started again asks for the
    rest. What it has no answer for stays without a label, with a reason.

    Raises
    ------
    Cancelled
        on request. Outcomes yielded before stay valid.
    InputError, WebError
        if evidence, a model or the stored answers cannot be opened.
    ModelError
        if a model that was opened then answers nothing at all.
    """
    labelers = TierLabelers.of(given.settings, given.labelling, given.account)
    return (yield from label_with(labelers, given, cancel))


def label_with(
    labelers: TierLabelers, given: LabelInput, cancel: CancelToken
) -> Generator[Progress, None, LabelReport]:
    """The same with labelers that may have been opened before."""
    yield Progress(0, 0, "opening evidence")
    evidence = TaskEvidence.open(given)
    tally = _Tally()
    try:
        for tier, tasks in tasks_by_tier(given).items():
            yield Progress(0, len(tasks), "opening the language model")
            for step in _labelled(tier, tasks, evidence, labelers, cancel):
                tally.count(step, labelers.models.take_calls())
                yield tally.handed_over(step)
    except (Cancelled, ModelError):
        # What was asked, and what came of it, is told of however it ends.
        tally.count(None, labelers.models.take_calls())
        yield tally.handed_over(Progress(0, 0, "stopping"), at_once=True)
        raise
    yield tally.handed_over(Progress(0, 0, "storing labels"), at_once=True)
    return tally.report(evidence.problems)


def label_edits(state: ProjectState, outcomes: Iterable[LabelOutcome]) -> list[AnyEdit]:
    """Edits that store outcomes; a person's and a file's labels stay."""
    edits: list[AnyEdit] = []
    for one in outcomes:
        edits += asked_edits(state, one.feature, one.said, one.model)
        if isinstance(one.said, Label):
            proposal = Proposal(one.feature, one.said, one.tier, one.evidence_origin)
            edits += proposal_edits(state, proposal)
    return edits


def _labelled(
    tier: TierNumber,
    tasks: Sequence[Task],
    evidence: TaskEvidence,
    labelers: TierLabelers,
    cancel: CancelToken,
) -> Generator[Progress, None, None]:
    """Label the features of a tier; outcomes go with the progress."""
    method = labelers.labelling.method(tier)
    labeler, chat = labelers.labeler(tier)
    failed = ""
    any_label = False
    for start in range(0, len(tasks), _BATCH):
        cancel.check()
        tried = tasks[start : start + _BATCH]
        known = [(task, one) for task in tried if (one := evidence.scored(task))]
        batch = _Batch(known, chat.name if chat else "")
        said: Sequence[Label | NoLabel]
        try:
            if failed:
                said = [NoLabel(method, failed)] * len(known)
            else:
                scored = [one for _, one in known]
                said = yield from _streamed(
                    labeler.labels(scored, cancel), batch, start, len(tasks)
                )
        except ModelError as error:
            if not any_label:
                raise
            failed = f"the language model failed: {error.message}."
            said = [NoLabel(method, failed)] * len(known)
        any_label = any_label or any(isinstance(one, Label) for one in said)
        rest = batch.outcomes(enumerate(said))
        done = start + len(tried)
        yield LabelProgress(done, len(tasks), f"labelling: {method}", rest)


def _streamed(
    labelling: Generator[Progress, None, list[Label | NoLabel]],
    batch: "_Batch",
    start: int,
    total: int,
) -> Generator[Progress, None, list[Label | NoLabel]]:
    """Hand over what goes ahead; progress is counted in features of the tier."""
    while True:
        try:
            step = next(labelling)
        except StopIteration as finished:
            said: list[Label | NoLabel] = finished.value
            return said
        share = step.done / step.total if step.total else 0.0
        done = start + int(share * len(batch.known))
        ahead = step.said if isinstance(step, LabelsProgress) else ()
        yield LabelProgress(done, total, step.what, batch.outcomes(ahead))


@dataclass
class _Batch:
    """Features that are labelled together, and which of them are told of."""

    known: Sequence[tuple[Task, Scored]]
    model: str
    _told: set[int] = field(default_factory=set)

    def outcomes(
        self, said: Iterable[tuple[int, Label | NoLabel]]
    ) -> tuple[LabelOutcome, ...]:
        """Of those that were not told of before."""
        fresh = [(at, one) for at, one in said if at not in self._told]
        self._told.update(at for at, _ in fresh)
        return tuple(
            LabelOutcome(
                task.feature, one, task.result.tier, scored.evidence.origin, self.model
            )
            for at, one in fresh
            for task, scored in [self.known[at]]
        )


@dataclass
class _Tally:
    """What came of a run so far, and what of it was not handed over."""

    labels: Counter[str] = field(default_factory=Counter)
    declined: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    stored: int = 0
    tokens: int = 0
    dollars: float | None = 0.0
    started: str = field(default_factory=now)
    _outcomes: list[LabelOutcome] = field(default_factory=list)
    _calls: list[Call] = field(default_factory=list)
    _handed_over: float = field(default_factory=time.monotonic)

    def count(self, step: Progress | None, calls: Sequence[Call]) -> None:
        outcomes = step.outcomes if isinstance(step, LabelProgress) else ()
        self._outcomes += outcomes
        self._calls += calls
        for one in outcomes:
            if isinstance(one.said, Label):
                self.labels[one.said.method] += 1
            else:
                self.declined[one.said.reason] += 1
        for call in calls:
            if call.cached or call.at < self.started:
                # Of another project, or of a run of this one that was stopped.
                self.stored += 1
                continue
            self.calls += 1
            self.tokens += call.prompt_tokens + call.answer_tokens
            known = self.dollars is not None and call.cost is not None
            self.dollars = (self.dollars or 0) + (call.cost or 0) if known else None

    def handed_over(self, step: Progress, *, at_once: bool = False) -> Progress:
        """A step with all that waits, if that is much or waits for long."""
        waited = time.monotonic() - self._handed_over
        if not at_once and len(self._outcomes) < _TOLD and waited < _PAUSE:
            return Progress(step.done, step.total, step.what)
        outcomes, calls = tuple(self._outcomes), tuple(self._calls)
        self._outcomes, self._calls = [], []
        self._handed_over = time.monotonic()
        return LabelProgress(step.done, step.total, step.what, outcomes, calls)

    def report(self, problems: tuple[str, ...]) -> LabelReport:
        return LabelReport(
            labels=dict(self.labels),
            declined=dict(self.declined),
            n_calls=self.calls,
            n_stored=self.stored,
            tokens=self.tokens,
            dollars=self.dollars,
            problems=problems,
        )
