"""The protocol over a project: score, decide, label, as one generator.

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
from glossator.labelers.fallback import Fallback
from glossator.labelers.label import Label, Labeler, NoLabel, OneByOne, Scored
from glossator.labelers.label_settings import LabelSettings
from glossator.labelers.sense_words import SenseWords
from glossator.labelers.small_llm import SmallLlm
from glossator.labelers.token_frequency import TokenFrequency
from glossator.llm.chat_model import ChatModel
from glossator.llm.open_chat_model import open_chat_model
from glossator.progress import CancelToken, Progress
from glossator.project.edits import AddRevision, AnyEdit, SetResult
from glossator.project.open_files import (
    evidence_paths,
    opaque_numbers,
    open_evidence_paths,
)
from glossator.project.project import Project
from glossator.project.revision import LabelRevision, feature_subject, now
from glossator.project.state import ProjectState
from glossator.protocol.decision import (
    FeatureScores,
    ProtocolResult,
    Tier,
    TierDecision,
)
from glossator.protocol.embedder import SentenceEmbedder
from glossator.protocol.embedding_store import EmbeddingStore
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
_LABELLED = 4 * _BATCH
"""Features labelled at once: what a run that is stopped asks a language model again."""


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
    labelling: LabelSettings


@dataclass(frozen=True)
class RunReport:
    """What a run did; its outcomes went ahead with the progress."""

    tiers: Mapping[str, int]
    """Number of features by tier as shown."""
    labels: Mapping[str, int]
    """Number of labels by method, proposed or not."""
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
    labelling: LabelSettings,
) -> RunInput:
    """Take from a project what a run needs, so that it may go on elsewhere."""
    return RunInput(
        scope=tuple(scope),
        at_hand=project.state.features(),
        evidence_paths=evidence_paths(project),
        opaque_numbers=opaque_numbers(project.state),
        settings=settings.checked(),
        labelling=labelling.checked(),
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
    InputError, WebError
        if embedder or language model cannot be opened, before anything is scored.
    """
    yield Progress(0, 0, "opening evidence")
    opened = open_evidence_paths(
        given.evidence_paths, opaque=given.opaque_numbers, features=given.at_hand
    )
    chat_model = None
    if given.labelling.tier1 == "small_llm":
        yield Progress(0, 0, "opening the language model")
        chat_model = open_chat_model(given.labelling.llm, given.labelling.llm_model)
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
            tier_labelers(settings, chat_model),
            settings,
            cancel,
        )
    finally:
        store.close()
    return replace(report, problems=opened.problems + report.problems)


def tier_labelers(
    settings: ProtocolSettings, chat_model: ChatModel | None = None
) -> dict[Tier, Labeler]:
    """Words that tell senses apart, and for input and output features counted tokens.

    Parameters
    ----------
    chat_model : names input and output features; tokens are counted where it cannot.
    """
    counting = TokenFrequency(settings.n_examples)
    cheap: Labeler = OneByOne(counting)
    if chat_model is not None:
        cheap = Fallback(SmallLlm(chat_model, settings), counting)
    return {"input": cheap, "output": cheap, "cross": OneByOne(SenseWords(settings))}


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
    Cancelled, ModelError
        between two batches, on request or if a labeler cannot go on. Outcomes yielded
        before stay valid.
    """
    settings = settings.checked()
    reader = EvidenceReader(evidence, settings)
    pool = yield from reader.read_pool(null_pool(at_hand, settings), cancel)
    nulls = yield from find_nulls(pool, parts, settings, cancel)
    tiers: Counter[str] = Counter()
    labels: Counter[str] = Counter()
    cross_scored = 0
    for start in range(0, len(scope), CHUNK):
        chunk = tuple(dict.fromkeys(scope[start : start + CHUNK]))
        deciding = _decided(chunk, reader, nulls, parts, settings, cancel)
        decided = yield from _in_scope(deciding, start, len(chunk), len(scope))
        for at in range(0, len(decided), _LABELLED):
            piece = decided[at : at + _LABELLED]
            naming = _outcomes(piece, labelers, cancel)
            outcomes = yield from _in_scope(naming, start + at, len(piece), len(scope))
            tiers.update(outcome.result.shown_tier for outcome in outcomes)
            labels.update(
                o.label.method for o in outcomes if isinstance(o.label, Label)
            )
            cross_scored += sum(o.result.literal.cross_scored for o in outcomes)
            yield from _handed_over(outcomes, start + at, len(scope), cancel)
    problems = tuple(reader.unreadable.values())
    device = parts.embedder.device
    return RunReport(tiers, labels, cross_scored, problems, device, settings)


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
    """Edits that store outcomes. A machine never replaces what a person said."""
    edits: list[AnyEdit] = []
    for outcome in outcomes:
        subject = feature_subject(outcome.feature)
        edits.append(SetResult(subject, outcome.result))
        last = state.last_revision(subject)
        label = outcome.label
        if isinstance(label, Label):
            same = last is not None and last.shown and last.text == label.text
            if not same and state.machine_may_label(outcome.feature, label.text):
                edits.append(AddRevision(subject, _proposal(outcome, label)))
        elif last and last.status == "proposed" and last.method in outcome.methods:
            # A method of this run proposed a label once and now has none to give.
            withdrawn = LabelRevision(
                text="",
                status="withdrawn",
                method=last.method,
                reason=label.reason,
                at=now(),
            )
            edits.append(AddRevision(subject, withdrawn))
    return edits


def _proposal(outcome: FeatureOutcome, label: Label) -> LabelRevision:
    return LabelRevision(
        text=label.text,
        status="proposed",
        method=label.method,
        model=label.model,
        prompt_hash=label.prompt_hash,
        evidence=outcome.evidence_origin,
        tier=outcome.result.tier,
        reason=label.reason,
        at=now(),
    )
