"""The protocol over a project: score, decide, label what counting can label.

Labels that a language model writes are asked for afterwards (`labelling.run`), when it
is known how many there are and what they cost.

The generator only computes: it gets frozen input and yields progress with finished
outcomes; whoever drives it applies them to the project (`outcome_edits`).
"""

from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

import msgspec

from glossator.evidence.feature_evidence import EvidenceSource, FeatureEvidence
from glossator.evidence_reader import EvidenceReader
from glossator.graph.attribution_graph import FeatureKey
from glossator.labelers.by_tier import labels_by_tier
from glossator.labelers.label import Label, Labeler, NoLabel, OneByOne, Scored
from glossator.labelers.sense_words import SenseWords
from glossator.labelers.token_frequency import TokenFrequency
from glossator.progress import CancelToken, Progress
from glossator.project.edits import AnyEdit, SetResult
from glossator.project.open_files import (
    evidence_paths,
    opaque_numbers,
    open_evidence_paths,
)
from glossator.project.project import Project
from glossator.project.proposals import Proposal, proposal_edits, withdrawal_edits
from glossator.project.revision import feature_subject
from glossator.project.state import ProjectState
from glossator.protocol.decision import (
    FeatureScores,
    ProtocolResult,
    Tier,
    TierDecision,
)
from glossator.protocol.embedder import SentenceEmbedder
from glossator.protocol.embedding_store import EmbeddingStore, trim_store
from glossator.protocol.evidence_scores import (
    CHUNK,
    ScoringParts,
    find_nulls,
    score_evidence,
)
from glossator.protocol.null_store import NullStore
from glossator.protocol.nulls import Nulls, null_pool
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.protocol.routing import decide
from glossator.settings import embeddings_file, nulls_folder

ResultT = TypeVar("ResultT")

_BATCH = 25
"""Outcomes handed over at once: small enough to apply between two frames."""


@dataclass(frozen=True)
class FeatureOutcome:
    """What a run found out about one feature."""

    feature: FeatureKey
    result: ProtocolResult
    label: Label | NoLabel
    evidence_origin: str
    methods: frozenset[str]
    """That the run may label by: what they proposed before, they propose anew or not
    at all.
    """


class _Decided(NamedTuple):
    feature: FeatureKey
    result: ProtocolResult
    evidence: FeatureEvidence | None


@dataclass(frozen=True)
class RunProgress(Progress):
    """A step of a run, with the outcomes that are final."""

    outcomes: tuple[FeatureOutcome, ...] = ()


@dataclass(frozen=True)
class RunInput:
    """All that a run reads, independent of the project it was taken from."""

    scope: tuple[FeatureKey, ...]
    """The features to decide on."""
    at_hand: tuple[FeatureKey, ...]
    """All features of the source; the null is drawn from them."""
    evidence_paths: tuple[str, ...]
    opaque_numbers: bool
    settings: ProtocolSettings
    embeddings_bytes: int = 2 << 30
    """What embeddings are kept between runs takes so much of the disk at most."""


@dataclass(frozen=True)
class RunReport:
    """What a run did; its outcomes went ahead with the progress."""

    tiers: Mapping[str, int]
    """Number of features by tier as shown."""
    cross_scored: int
    """Features for which the literal routing had to score the cross window."""
    problems: tuple[str, ...]
    """Evidence that could not be read, one sentence each."""
    device: str
    settings: ProtocolSettings


def run_input(
    project: Project,
    scope: Sequence[FeatureKey],
    settings: ProtocolSettings,
) -> RunInput:
    """Take from a project what a run needs, so that it may go on elsewhere."""
    return RunInput(
        scope=tuple(scope),
        at_hand=project.state.features(),
        evidence_paths=evidence_paths(project),
        opaque_numbers=opaque_numbers(project.state),
        settings=settings.checked(),
    )


def run_locally(
    given: RunInput, cancel: CancelToken
) -> Generator[Progress, None, RunReport]:
    """Run the protocol with the local embedder; everything is opened in here.

    So the caller's thread does no work, and shares nothing with the run.

    Raises
    ------
    Cancelled
        as `run_protocol`.
    InputError
        if the embedder cannot be opened, before anything is scored.
    """
    yield Progress(0, 0, "opening evidence")
    opened = open_evidence_paths(
        given.evidence_paths, opaque=given.opaque_numbers, features=given.at_hand
    )
    yield Progress(0, 0, "loading the embedder")
    settings = given.settings
    embedder = SentenceEmbedder(settings.embedder, precision=settings.precision)
    store = EmbeddingStore(embeddings_file(), embedder.name)
    try:
        report = yield from run_protocol(
            given.scope,
            given.at_hand,
            opened.sources,
            ScoringParts(embedder, store, NullStore(nulls_folder())),
            tier_labelers(settings),
            settings,
            cancel,
        )
    finally:
        store.close()
        trim_store(embeddings_file(), given.embeddings_bytes)
    return replace(report, problems=opened.problems + report.problems)


def tier_labelers(settings: ProtocolSettings) -> dict[Tier, Labeler]:
    """Words that tell senses apart; of input and output features counted tokens."""
    counting = OneByOne(TokenFrequency(settings.n_examples))
    senses = OneByOne(SenseWords(settings))
    return {"input": counting, "output": counting, "cross": senses}


def run_protocol(
    scope: Sequence[FeatureKey],
    at_hand: Sequence[FeatureKey],
    evidence: EvidenceSource,
    parts: ScoringParts,
    labelers: Mapping[Tier, Labeler],
    settings: ProtocolSettings,
    cancel: CancelToken,
) -> Generator[Progress, None, RunReport]:
    """Score, route and label features, a chunk at a time.

    Memory does not grow with the number of features. A run that is stopped and started
    again continues from what the stores hold.

    Parameters
    ----------
    scope : the features to decide on.
    at_hand : all features of the source; the null is drawn from them.
    labelers : by tier; features of other tiers are left to the review.

    Raises
    ------
    Cancelled
        between two batches, on request. Outcomes yielded before stay valid.
    """
    settings = settings.checked()
    reader = EvidenceReader(evidence, settings)
    pool = yield from reader.read_pool(null_pool(at_hand, settings), cancel)
    nulls = yield from find_nulls(pool, parts, settings, cancel)
    tiers: Counter[str] = Counter()
    cross_scored = 0
    for start in range(0, len(scope), CHUNK):
        chunk = tuple(dict.fromkeys(scope[start : start + CHUNK]))
        deciding = _decided(chunk, reader, nulls, parts, settings, cancel)
        decided = yield from _in_scope(deciding, start, len(chunk), len(scope))
        outcomes = yield from _outcomes(decided, labelers, cancel)
        tiers.update(outcome.result.shown_tier for outcome in outcomes)
        cross_scored += sum(o.result.literal.cross_scored for o in outcomes)
        yield from _handed_over(outcomes, start, len(scope), cancel)
    problems = tuple(reader.unreadable.values())
    device = parts.embedder.device
    return RunReport(tiers, cross_scored, problems, device, settings)


def _in_scope(
    work: Generator[Progress, None, ResultT], start: int, size: int, total: int
) -> Generator[Progress, None, ResultT]:
    """Count the progress of a chunk in features of the scope."""
    while True:
        try:
            step = next(work)
        except StopIteration as finished:
            result: ResultT = finished.value
            return result
        share = step.done / step.total if step.total else 0.0
        yield Progress(start + int(share * size), total, step.what)


def _decided(
    features: Sequence[FeatureKey],
    reader: EvidenceReader,
    nulls: Nulls,
    parts: ScoringParts,
    settings: ProtocolSettings,
    cancel: CancelToken,
) -> Generator[Progress, None, list[_Decided]]:
    """Read, score and route a chunk."""
    read = {feature: reader.read(feature) for feature in features}
    known = [found for found in read.values() if found is not None]
    scores = yield from score_evidence(known, nulls, parts, settings, cancel)
    scored = {k.evidence.feature: s for k, s in zip(known, scores, strict=True)}
    return [
        _Decided(
            feature,
            decide(scored[feature], settings, parts.embedder.name, nulls.origin)
            if found
            else _no_evidence(reader.why_not(feature), settings, parts),
            found.evidence if found else None,
        )
        for feature, found in read.items()
    ]


def _outcomes(
    decided: Sequence[_Decided], labelers: Mapping[Tier, Labeler], cancel: CancelToken
) -> Generator[Progress, None, list[FeatureOutcome]]:
    """Label what there is evidence of."""
    methods = frozenset[str]().union(*(own.methods for own in labelers.values()))
    batch = [Scored(one.evidence, one.result) for one in decided if one.evidence]
    labels = iter((yield from labels_by_tier(batch, labelers, cancel)))
    return [
        FeatureOutcome(
            one.feature,
            one.result,
            next(labels) if one.evidence else NoLabel("", one.result.decision.reason),
            one.evidence.origin if one.evidence else "",
            methods,
        )
        for one in decided
    ]


def _handed_over(
    outcomes: Sequence[FeatureOutcome], start: int, total: int, cancel: CancelToken
) -> Iterator[RunProgress]:
    for at in range(0, len(outcomes), _BATCH):
        cancel.check()
        batch = tuple(outcomes[at : at + _BATCH])
        done = start + at + len(batch)
        yield RunProgress(done, total, "scoring features", batch)


def _no_evidence(
    reason: str, settings: ProtocolSettings, parts: ScoringParts
) -> ProtocolResult:
    template = TierDecision(
        tier="no evidence",
        routing="calibrated",
        threshold=settings.z_threshold,
        reason=reason,
        cross_scored=False,
    )
    return ProtocolResult(
        scores=FeatureScores(n_examples=0, n_distinct=0),
        calibrated=template,
        literal=msgspec.structs.replace(
            template, routing="literal", threshold=settings.raw_threshold
        ),
        routing=settings.routing,
        embedder=parts.embedder.name,
    )


def outcome_edits(
    state: ProjectState, outcomes: Iterable[FeatureOutcome]
) -> list[AnyEdit]:
    """Edits that store outcomes; what another method proposed stays."""
    edits: list[AnyEdit] = []
    for outcome in outcomes:
        feature, label = outcome.feature, outcome.label
        subject = feature_subject(feature)
        edits.append(SetResult(subject, outcome.result))
        last = state.last_revision(subject)
        proposed = last is not None and last.status == "proposed"
        if proposed and last and last.method not in outcome.methods:
            continue
        if isinstance(label, Label):
            tier, origin = outcome.result.tier, outcome.evidence_origin
            edits += proposal_edits(state, Proposal(feature, label, tier, origin))
        elif proposed:
            # A method of this run proposed a label once and now has none to give.
            edits += withdrawal_edits(state, feature, label.reason)
    return edits
