"""Tuning over projects: read judged tiers and evidence, then compare settings.

As with a run, the generator only computes, from frozen input; it applies nothing.
"""

from collections.abc import Generator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from glossator.errors import EvidenceError, ProjectError
from glossator.evaluation.tuning import TuningReport, check_judged, tune
from glossator.evaluation.tuning_grid import TuningGrid
from glossator.evaluation.tuning_scores import JudgedEvidence, TuningSource
from glossator.evidence.feature_evidence import EvidenceSource, FeatureEvidence
from glossator.graph.attribution_graph import FeatureKey
from glossator.progress import CancelToken, Progress
from glossator.progress_bar import drive_with_bar
from glossator.project.edits import JudgedTier
from glossator.project.open_files import (
    evidence_paths,
    opaque_numbers,
    open_evidence_paths,
)
from glossator.project.project import Project
from glossator.protocol.embedder import SentenceEmbedder
from glossator.protocol.embedding_store import EmbeddingStore
from glossator.protocol.evidence_scores import ScoringParts
from glossator.protocol.null_store import NullStore
from glossator.protocol.nulls import null_pool
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.settings import embeddings_file, nulls_folder

_SETTING = "protocol"
_BATCH = 25


@dataclass(frozen=True)
class JudgedProject:
    """All that tuning reads of one project."""

    judged: tuple[tuple[FeatureKey, JudgedTier], ...]
    at_hand: tuple[FeatureKey, ...]
    """All features of the source; the null is drawn from them."""
    evidence_paths: tuple[str, ...]
    opaque_numbers: bool


@dataclass(frozen=True)
class TuneInput:
    projects: tuple[JudgedProject, ...]
    current: ProtocolSettings
    grid: TuningGrid = field(default_factory=TuningGrid)


def tune_input(projects: Sequence[Project], current: ProtocolSettings) -> TuneInput:
    """Take from projects what tuning needs, so that it may go on elsewhere.

    Raises
    ------
    InputError
        if too few features are judged.
    """
    found = []
    for project in projects:
        state = project.state
        features = state.features()
        judged = [(f, t) for f in features if (t := state.judged_tier(f)) is not None]
        found.append(
            JudgedProject(
                judged=tuple(judged),
                at_hand=features,
                evidence_paths=evidence_paths(project),
                opaque_numbers=opaque_numbers(state),
            )
        )
    check_judged([tier for one in found for _, tier in one.judged])
    return TuneInput(tuple(found), current.checked())


def tune_locally(
    given: TuneInput, cancel: CancelToken
) -> Generator[Progress, None, TuningReport]:
    """Compare settings with the local embedder; everything is opened in here.

    Raises
    ------
    InputError
        if too few of the judged features have evidence.
    Cancelled
        on request; what was embedded until then is stored.
    """
    current = given.current
    sources = []
    for project in given.projects:
        source = yield from _read(project, current, cancel)
        sources.append(source)
    yield Progress(0, 0, "loading the embedder")
    embedder = SentenceEmbedder(current.embedder, precision=current.precision)
    store = EmbeddingStore(embeddings_file(), embedder.name)
    try:
        parts = ScoringParts(embedder, store, NullStore(nulls_folder()))
        return (yield from tune(sources, current, given.grid, parts, cancel))
    finally:
        store.close()


def _read(
    project: JudgedProject, settings: ProtocolSettings, cancel: CancelToken
) -> Generator[Progress, None, TuningSource]:
    yield Progress(0, 0, "opening evidence")
    opened = open_evidence_paths(
        project.evidence_paths,
        opaque=project.opaque_numbers,
        features=project.at_hand,
    )
    pool = null_pool(project.at_hand, settings)
    wanted = dict.fromkeys([*pool, *(feature for feature, _ in project.judged)])
    known: dict[FeatureKey, FeatureEvidence] = {}
    for done, feature in enumerate(wanted):
        cancel.check()
        if done % _BATCH == 0:
            yield Progress(done, len(wanted), "reading evidence")
        found = _evidence(opened.sources, feature)
        if found is not None:
            known[feature] = found
    judged = (JudgedEvidence(known[f], t) for f, t in project.judged if f in known)
    held = tuple(known[feature] for feature in pool if feature in known)
    return TuningSource(
        judged=tuple(judged),
        pool=held,
        n_features=len(project.at_hand),
        n_unknown=len(pool) - len(held),
        n_judged_unknown=sum(feature not in known for feature, _ in project.judged),
    )


def _evidence(source: EvidenceSource, feature: FeatureKey) -> FeatureEvidence | None:
    """None where nothing is known, or what is known cannot be read or reckoned with."""
    try:
        found = source.evidence(feature)
    except EvidenceError:
        return None
    return None if found is None or np.isinf(found.max_activation) else found


def stored_settings(project: Project) -> ProtocolSettings:
    """The settings of the project's last run; the defaults where there are none."""
    try:
        return msgspec.json.decode(
            project.setting(_SETTING) or "{}", type=ProtocolSettings
        )
    except msgspec.MsgspecError:
        return ProtocolSettings()


def tune_projects(paths: Sequence[Path]) -> TuningReport:
    """Compare settings on the judged features of project files, with a progress bar.

    The current settings are those of the last run in the first project.

    Raises
    ------
    InputError, ProjectError
        if a project cannot be read, or too few features are judged.
    """
    with ExitStack() as opened:
        projects = []
        for path in paths:
            if not path.is_file():
                raise ProjectError(f"{path}: no such project file")
            project = Project(path, read_only=True)
            opened.callback(project.close)
            projects.append(project)
        given = tune_input(projects, stored_settings(projects[0]))
    return drive_with_bar(tune_locally(given, CancelToken()))
