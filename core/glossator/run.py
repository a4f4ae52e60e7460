"""The protocol over a project: score, decide, label, as one generator.

The generator only computes: it gets frozen input and yields progress with finished
outcomes; whoever drives it applies them to the project (`outcome_edits`).
"""

from collections import Counter
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import msgspec
import numpy as np

from glossator.errors import EvidenceError
from glossator.evidence.feature_evidence import EvidenceSource
from glossator.graph.attribution_graph import FeatureKey
from glossator.labelers.label import Label, Labeler, NoLabel
from glossator.labelers.sense_words import SenseWords
from glossator.labelers.token_frequency import TokenFrequency
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
    CutEvidence,
    ScoringParts,
    cut_evidence,
    find_nulls,
    score_evidence,
)
from glossator.protocol.null_store import NullStore
from glossator.protocol.nulls import null_pool
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.protocol.routing import decide
from glossator.protocol.windows import FeatureWindows
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
    project: Project, scope: Sequence[FeatureKey], settings: ProtocolSettings
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
    """
    yield Progress(0, 0, "opening evidence")
    opened = open_evidence_paths(given.evidence_paths, opaque=given.opaque_numbers)
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
    return replace(report, problems=opened.problems + report.problems)


def tier_labelers(settings: ProtocolSettings) -> dict[Tier, Labeler]:
    """What costs next to nothing: counted tokens, and words that tell senses apart."""
    counting = TokenFrequency(settings.n_examples)
    return {"input": counting, "output": counting, "cross": SenseWords(settings)}


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
        between two batches. Outcomes yielded before stay valid.
    """
    settings = settings.checked()
    reader = _EvidenceReader(evidence, settings)
    pool = yield from reader.read_pool(null_pool(at_hand, settings), cancel)
    nulls = yield from find_nulls(pool, parts, settings, cancel)
    tiers: Counter[str] = Counter()
    cross_scored = 0
    for start in range(0, len(scope), CHUNK):
        read = {f: reader.read(f) for f in scope[start : start + CHUNK]}
        known = [found for found in read.values() if found is not None]
        scoring = score_evidence(known, nulls, parts, settings, cancel)
        scores = yield from _in_scope(scoring, start, len(read), len(scope))
        scored = {k.evidence.feature: s for k, s in zip(known, scores, strict=True)}
        outcomes = []
        for feature, found in read.items():
            result = (
                decide(scored[feature], settings, parts.embedder.name, nulls.origin)
                if found
                else _no_evidence(reader.why_not(feature), settings, parts)
            )
            outcomes.append(_outcome(feature, found, result, labelers))
        tiers.update(outcome.result.shown_tier for outcome in outcomes)
        cross_scored += sum(o.result.literal.cross_scored for o in outcomes)
        for at in range(0, len(outcomes), _BATCH):
            cancel.check()
            batch = tuple(outcomes[at : at + _BATCH])
            done = start + at + len(batch)
            yield RunProgress(done, len(scope), "scoring features", batch)
    problems = tuple(reader.unreadable.values())
    return RunReport(tiers, cross_scored, problems, parts.embedder.device, settings)


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


class _EvidenceReader:
    """Reads evidence once a feature, and remembers what could not be read."""

    def __init__(self, source: EvidenceSource, settings: ProtocolSettings) -> None:
        self._source = source
        self._settings = settings
        self._pool: dict[FeatureKey, CutEvidence | None] = {}
        self.unreadable: dict[FeatureKey, str] = {}

    def read_pool(
        self, pool: Sequence[FeatureKey], cancel: CancelToken
    ) -> Generator[Progress, None, list[FeatureWindows]]:
        """Read the features that the null is drawn from, and keep them."""
        for done, feature in enumerate(pool):
            cancel.check()
            if done % _BATCH == 0:
                yield Progress(done, len(pool), "reading evidence")
            self._pool[feature] = self.read(feature)
        return [found.windows for found in self._pool.values() if found]

    def read(self, feature: FeatureKey) -> CutEvidence | None:
        """None where nothing is known, or what is known cannot be read."""
        if feature in self._pool:
            return self._pool[feature]
        try:
            found = self._source.evidence(feature)
            if found is not None and np.isinf(found.max_activation):
                raise EvidenceError("an activation is infinite", source=found.origin)
        except EvidenceError as error:
            self.unreadable[feature] = str(error)
            return None
        return cut_evidence(found, self._settings) if found else None

    def why_not(self, feature: FeatureKey) -> str:
        problem = self.unreadable.get(feature)
        if problem:
            return f"its evidence cannot be read: {problem}."
        return "no source of evidence knows the feature."


def _outcome(
    feature: FeatureKey,
    found: CutEvidence | None,
    result: ProtocolResult,
    labelers: Mapping[Tier, Labeler],
) -> FeatureOutcome:
    methods = frozenset(labeler.name for labeler in labelers.values())
    labeler = labelers.get(result.tier)
    label: Label | NoLabel
    if found is None:
        label = NoLabel("", result.decision.reason)
    elif labeler is None:
        label = NoLabel("", f"{result.tier} features are left to the review.")
    else:
        label = labeler.label(found.evidence, result)
    origin = found.evidence.origin if found else ""
    return FeatureOutcome(feature, result, label, origin, methods)


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
        evidence=outcome.evidence_origin,
        tier=outcome.result.tier,
        reason=label.reason,
        at=now(),
    )
