"""What a person's decisions say of the methods, of the time they take, and of the rest.

Everything is reckoned from the revisions, of which those that were undone do not count.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal, NamedTuple

from glossator.evaluation.label_scores.label_score import Interval
from glossator.evaluation.label_scores.statistics import share, wilson
from glossator.graph.attribution_graph import FeatureKey
from glossator.project.edits import Recheck
from glossator.project.revision import (
    GraphId,
    LabelRevision,
    Status,
    feature_subject,
)
from glossator.project.state import ProjectState, not_undone
from glossator.protocol.decision import TIERS

Outcome = Literal["accepted", "edited", "rejected", "written"]
"""What a person made of a proposal; `written` where there was none."""

IMPORTED = "imported"
"""Stands for the method of a label that came with a file."""
NOT_SCORED = "not scored"

AIM = 0.25
"""The most of a graph's feature nodes that should be left to a person."""

_PROPOSALS = ("proposed", "imported")
_OUTCOMES: Mapping[Status, Outcome] = {
    "accepted": "accepted",
    "edited": "edited",
    "rejected": "rejected",
}
_FOR_A_PERSON = frozenset({"obscure", "insufficient", "no evidence"})


class Decision(NamedTuple):
    """A person's last word on a proposal, or on a feature that had none."""

    feature: FeatureKey
    outcome: Outcome
    method: str
    """That proposed the label; "" where none did."""
    tier: str
    """When it was decided."""


def decisions(state: ProjectState) -> list[Decision]:
    """All decisions on the project's features."""
    found: list[Decision] = []
    for feature in state.features():
        history = state.revisions.get(feature_subject(feature))
        if history:
            found += _decided(feature, not_undone(history))
    return found


def _decided(
    feature: FeatureKey, history: Iterable[LabelRevision]
) -> Iterator[Decision]:
    """One for each proposal on which there is a person's word."""
    proposal: LabelRevision | None = None
    word: Decision | None = None
    for revision in history:
        if revision.status in _PROPOSALS or revision.status == "withdrawn":
            if word is not None:
                yield word
            proposal = revision if revision.shown else None
            word = None
            continue
        tier = revision.tier or NOT_SCORED
        if revision.status == "rejected" and proposal is None and word is None:
            continue
        if word is not None and word.outcome == "rejected":
            # What was written after a refusal is no edit of what was refused.
            yield word
            word = proposal = None
        outcome: Outcome = "written"
        if proposal is not None:
            outcome = _OUTCOMES[revision.status]
        word = Decision(feature, outcome, method_of(proposal), tier)
    if word is not None:
        yield word


def method_of(proposal: LabelRevision | None) -> str:
    """The name under which a proposal's method is counted."""
    if proposal is None:
        return ""
    return IMPORTED if proposal.status == "imported" else proposal.method


@dataclass(frozen=True)
class Acceptance:
    """What became of the proposals of a tier or of a method."""

    name: str
    accepted: int
    """Unchanged."""
    edited: int
    rejected: int
    written: int = 0
    """Labels where there was no proposal; they do not count in the share."""

    @property
    def decided(self) -> int:
        return self.accepted + self.edited + self.rejected

    @property
    def share(self) -> float | None:
        """Of the decided proposals, those accepted unchanged."""
        return share(self.accepted, self.decided)

    @property
    def interval(self) -> Interval | None:
        return wilson(self.accepted, self.decided)


@dataclass(frozen=True)
class Pace:
    """Seconds from when a feature was shown to the decision on it."""

    name: str
    n: int
    median: float


@dataclass(frozen=True)
class LeftToPerson:
    """What of a graph the machine cannot settle, in features: one decision each."""

    slug: str
    feature_nodes: int
    features: int
    left: int
    """No method and no file has a label for them, or the protocol finds no pattern."""
    open: int
    """Of these, not decided yet."""
    to_confirm: int
    """Of the others, those whose label waits for a person's yes."""

    @property
    def share(self) -> float:
        """Decisions by feature node; `AIM` at most is wanted."""
        return self.left / self.feature_nodes if self.feature_nodes else 0.0


@dataclass(frozen=True)
class Rechecked:
    """Accepted labels that were said again blindly."""

    n: int
    same: int
    different: int
    better: int

    @property
    def share(self) -> float | None:
        return share(self.same, self.n)

    @property
    def interval(self) -> Interval | None:
        return wilson(self.same, self.n)


@dataclass(frozen=True)
class ReviewQuality:
    by_tier: tuple[Acceptance, ...]
    by_method: tuple[Acceptance, ...]
    pace: tuple[Pace, ...]
    """By tier, then of all; without those of which no time is known."""
    graphs: tuple[LeftToPerson, ...]
    rechecked: Rechecked


def review_quality(state: ProjectState) -> ReviewQuality:
    """Everything the decisions tell."""
    made = decisions(state)
    proposed = [one for one in made if one.outcome != "written"]
    rechecks = [one for said in state.rechecks.values() for one in said]
    return ReviewQuality(
        by_tier=_by(made, [one.tier for one in made], (*TIERS, NOT_SCORED)),
        by_method=_by(
            proposed,
            [one.method for one in proposed],
            sorted({one.method for one in proposed}),
        ),
        pace=tuple(_pace(state)),
        graphs=tuple(left_to_person(state, number) for number in state.graphs),
        rechecked=rechecked(rechecks),
    )


def _by(
    made: Sequence[Decision], names: Sequence[str], order: Sequence[str]
) -> tuple[Acceptance, ...]:
    counts: defaultdict[str, Counter[Outcome]] = defaultdict(Counter)
    for decision, name in zip(made, names, strict=True):
        counts[name][decision.outcome] += 1
    return tuple(
        Acceptance(
            name,
            accepted=counts[name]["accepted"],
            edited=counts[name]["edited"],
            rejected=counts[name]["rejected"],
            written=counts[name]["written"],
        )
        for name in order
        if name in counts
    )


def _pace(state: ProjectState) -> Iterator[Pace]:
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    for history in state.revisions.values():
        for revision in not_undone(history):
            if revision.seconds > 0:
                seconds[revision.tier or NOT_SCORED].append(revision.seconds)
    for name in (*TIERS, NOT_SCORED):
        if seconds[name]:
            yield Pace(name, len(seconds[name]), median(seconds[name]))
    every = [one for some in seconds.values() for one in some]
    if every:
        yield Pace("all", len(every), median(every))


def rechecked(rechecks: Iterable[Recheck]) -> Rechecked:
    counts = Counter(one.verdict for one in rechecks)
    return Rechecked(
        n=counts.total(),
        same=counts["same"],
        different=counts["different"],
        better=counts["better"],
    )


def left_to_person(state: ProjectState, number: GraphId) -> LeftToPerson:
    """Count the decisions that a graph leaves to a person."""
    graph = state.graphs[number].graph
    left = [f for f in graph.features if is_left_to_person(state, f)]
    waiting = [f for f in graph.features if state.review_state(f) != "accepted"]
    open_ = set(left) & set(waiting)
    return LeftToPerson(
        slug=graph.slug,
        feature_nodes=int(graph.nodes.is_feature.sum()),
        features=len(graph.features),
        left=len(left),
        open=len(open_),
        to_confirm=sum(f not in open_ and bool(state.label(f)) for f in waiting),
    )


def is_left_to_person(state: ProjectState, feature: FeatureKey) -> bool:
    """Whether neither the protocol nor a file settles what a feature means.

    A label that came with a file is somebody's word. A method's proposal counts where
    the protocol found a pattern; what a person decided since changes nothing of it.
    """
    history = not_undone(state.revisions.get(feature_subject(feature), []))
    if any(revision.status == "imported" for revision in history):
        return False
    result = state.result(feature)
    if result is not None and result.tier in _FOR_A_PERSON:
        return True
    return not any(r.status == "proposed" and r.shown for r in history)
