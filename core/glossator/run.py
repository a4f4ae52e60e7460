"""The protocol over a project: score, decide, label, as one generator.

The generator only computes: it gets frozen input and yields progress with finished
outcomes; whoever drives it applies them to the project (`outcome_edits`).
"""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from glossator.errors import EvidenceError
from glossator.evidence.feature_evidence import EvidenceSource, FeatureEvidence
from glossator.graph.attribution_graph import FeatureKey
from glossator.labelers.label import Label, Labeler, NoLabel
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
    CHEAP_TIERS,
    FeatureScores,
    ProtocolResult,
    TierDecision,
)
from glossator.protocol.embedder import Embedder, SentenceEmbedder
from glossator.protocol.embedding_store import EmbeddingStore
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.protocol.scoring import (
    Nulls,
    decide,
    embed_texts,
    find_nulls,
    null_pool,
    score_feature,
)
from glossator.protocol.windows import FeatureWindows, cut_windows
from glossator.settings import embeddings_file

_BATCH = 25
"""Outcomes handed over at once: small enough to apply between two frames."""


@dataclass(frozen=True)
class FeatureOutcome:
    """What a run found out about one feature."""

    feature: FeatureKey
    result: ProtocolResult
    label: Label | NoLabel
    evidence_origin: str


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
    """What a run did."""

    outcomes: tuple[FeatureOutcome, ...]
    problems: tuple[str, ...]
    """Evidence that could not be read, one sentence each."""
    device: str
    settings: ProtocolSettings

    @property
    def cross_scored(self) -> int:
        """Features for which the literal routing had to score the cross window."""
        return sum(o.result.literal.cross_scored for o in self.outcomes)


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
    embedder = SentenceEmbedder(settings.embedder)
    store = EmbeddingStore(embeddings_file(), embedder.name)
    try:
        report = yield from run_protocol(
            given.scope,
            given.at_hand,
            opened.sources,
            embedder,
            TokenFrequency(settings.n_examples),
            store,
            settings,
            cancel,
        )
    finally:
        store.close()
    return replace(report, problems=opened.problems + report.problems)


def run_protocol(
    scope: Sequence[FeatureKey],
    at_hand: Sequence[FeatureKey],
    evidence: EvidenceSource,
    embedder: Embedder,
    labeler: Labeler,
    store: EmbeddingStore,
    settings: ProtocolSettings,
    cancel: CancelToken,
) -> Generator[Progress, None, RunReport]:
    """Score, route and (in tier 1) label features.

    Parameters
    ----------
    scope : the features to decide on.
    at_hand : all features of the source; the null is drawn from them.
    store : embeddings that are known; a run that is stopped and started again
        continues from there.

    Raises
    ------
    Cancelled
        between two batches. Outcomes yielded before stay valid.
    """
    settings = settings.checked()
    pool = null_pool(at_hand, settings)
    reading = yield from _read_evidence(
        list(dict.fromkeys((*scope, *pool))), evidence, settings, cancel
    )
    cut = reading.cut
    texts = (t for c in cut.values() for w in c.windows.values() for t in w.texts)
    embeddings = yield from embed_texts(texts, embedder, store, cancel)
    yield Progress(0, len(scope), "drawing the null")
    pooled = [cut[feature] for feature in pool if feature in cut]
    nulls = find_nulls(pooled, embeddings, embedder.name, settings)

    def outcome(feature: FeatureKey) -> FeatureOutcome:
        if feature not in cut:
            reason = reading.why_not(feature)
            result = _no_evidence(reason, settings, embedder.name, nulls)
            return FeatureOutcome(feature, result, NoLabel(labeler.name, reason), "")
        known = reading.found[feature]
        scores = score_feature(cut[feature], embeddings, nulls)
        result = decide(scores, settings, embedder.name, nulls)
        label = _label(labeler, known, result)
        return FeatureOutcome(feature, result, label, known.origin)

    outcomes: list[FeatureOutcome] = []
    for start in range(0, len(scope), _BATCH):
        cancel.check()
        batch = tuple(outcome(feature) for feature in scope[start : start + _BATCH])
        outcomes += batch
        yield RunProgress(len(outcomes), len(scope), "deciding tiers", batch)
    problems = tuple(reading.unreadable.values())
    return RunReport(tuple(outcomes), problems, embedder.device, settings)


@dataclass(frozen=True)
class _Reading:
    """What the evidence came to."""

    found: dict[FeatureKey, FeatureEvidence]
    cut: dict[FeatureKey, FeatureWindows]
    """Of the features found."""
    unreadable: dict[FeatureKey, str]

    def why_not(self, feature: FeatureKey) -> str:
        problem = self.unreadable.get(feature)
        if problem:
            return f"its evidence cannot be read: {problem}."
        return "no source of evidence knows the feature."


def _read_evidence(
    wanted: Sequence[FeatureKey],
    evidence: EvidenceSource,
    settings: ProtocolSettings,
    cancel: CancelToken,
) -> Generator[Progress, None, _Reading]:
    reading = _Reading({}, {}, {})
    for done, feature in enumerate(wanted):
        cancel.check()
        if done % _BATCH == 0:
            yield Progress(done, len(wanted), "reading evidence")
        try:
            known = _usable_evidence(evidence, feature)
        except EvidenceError as error:
            reading.unreadable[feature] = str(error)
            continue
        if known is not None:
            reading.found[feature] = known
            reading.cut[feature] = cut_windows(known, settings)
    return reading


def _usable_evidence(
    source: EvidenceSource, feature: FeatureKey
) -> FeatureEvidence | None:
    found = source.evidence(feature)
    if found is not None and np.isinf(found.max_activation):
        raise EvidenceError("an activation is infinite", source=found.origin)
    return found


def _label(
    labeler: Labeler, evidence: FeatureEvidence, result: ProtocolResult
) -> Label | NoLabel:
    if result.tier in CHEAP_TIERS:
        return labeler.label(evidence, result)
    return NoLabel(labeler.name, f"{result.tier} features are left to the review.")


def _no_evidence(
    reason: str, settings: ProtocolSettings, embedder: str, nulls: Nulls
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
        embedder=embedder,
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
        elif last and last.status == "proposed" and last.method == label.method:
            # The same method proposed a label once and now has none to give.
            withdrawn = LabelRevision(
                text="",
                status="withdrawn",
                method=label.method,
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
