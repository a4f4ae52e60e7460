"""Explanations that a source stores, as proposals for a project's features."""

import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from glossator.errors import EvidenceError, InputError
from glossator.evidence.feature_evidence import StoredExplanation
from glossator.evidence.neuronpedia_api import NeuronpediaApi
from glossator.evidence.neuronpedia_explanations import (
    explanation_files,
    holds_explanations,
    read_explanations,
)
from glossator.evidence.offers import offers_of
from glossator.evidence.open_source import open_evidence
from glossator.graph.attribution_graph import FeatureKey
from glossator.progress import CancelToken, Progress
from glossator.project.graph_import import found_in
from glossator.project.importing.found_labels import FoundExplanations, FoundLabels
from glossator.project.library.library_entry import checked_time
from glossator.project.open_files import (
    evidence_paths,
    is_evidence_store,
    opaque_numbers,
    resolved,
)
from glossator.project.project import Project
from glossator.project.revision import LabelRevision, storable
from glossator.project.state import ProjectState

PREFERRED = ("np_max-act-logits", "np_max-act")
"""Methods whose explanations Neuronpedia itself prefers for the nodes of graphs."""
_UNNAMED = "Neuronpedia"
"""The method of explanations whose own is not told."""
_ORDER = f"{', then '.join(PREFERRED)}, then others, the newest first"
_STAGE = "reading explanations"
_TOLD = 25
"""Features after which progress is told."""
_MOST_TOLD = 3
"""Records that could not be read and are named."""
_ROW = re.compile(rb"\s*\[?\s*\{[^{}\[\]]{0,500}\"modelId\"", re.DOTALL)
"""How a saved row of Neuronpedia, or a list of them, begins."""


@dataclass(frozen=True)
class ExplanationPlan:
    """Where explanations are looked for, and of what; it can be pickled."""

    source: str
    """Its name, for "found in …"."""
    places: tuple[Path, ...]
    features: Mapping[FeatureKey, FeatureKey]
    """Those of the project, by what Neuronpedia calls them."""
    opaque_numbers: bool


def plan_explanations(
    source: str | Path, state: ProjectState
) -> ExplanationPlan | None:
    """Explanations that a person named a file or a folder of; None for other things.

    It may be Neuronpedia's export, whole, in part or one file of explanations, or any
    evidence that brings explanations along.
    """
    path = Path(source)
    if not _may_explain(path):
        return None
    return ExplanationPlan(
        storable(path.name), (path,), _names(state), opaque_numbers(state)
    )


def plan_own_explanations(project: Project) -> ExplanationPlan:
    """Those that the project's evidence brings along.

    Raises
    ------
    InputError
        if it has no evidence.
    """
    places = tuple(resolved(path) for path in evidence_paths(project))
    if not places:
        raise InputError(
            "no evidence, which could bring explanations", source="project"
        )
    state = project.state
    return ExplanationPlan("the evidence", places, _names(state), opaque_numbers(state))


def _may_explain(path: Path) -> bool:
    try:
        if path.is_dir() or is_evidence_store(path):
            return True
        if not path.is_file():
            return False
        with path.open("rb") as file:
            is_row = path.suffix == ".json" and bool(_ROW.match(file.read(600)))
    except (OSError, ValueError):  # A null byte, in what was pasted.
        return False
    return is_row or holds_explanations(path)


def _names(state: ProjectState) -> dict[FeatureKey, FeatureKey]:
    """Features by their own names, and by those of Neuronpedia if graphs tell them."""
    names = {
        FeatureKey(f.model, f.source_set, f.layer, f.index): f
        for f in state.features()
        if not f.attention
    }
    for entry in state.graphs.values():
        services = [offer.service for offer in offers_of(entry.graph)]
        for service in services:
            if isinstance(service, NeuronpediaApi):
                for feature in filter(service.serves, entry.graph.features):
                    names.setdefault(service.named(feature), feature)
    return names


# -- reading --------------------------------------------------------------------------


@dataclass
class _Reading:
    """What was read so far, by feature of the project."""

    said: dict[FeatureKey, list[LabelRevision]] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)

    def add(self, feature: FeatureKey, told: StoredExplanation, origin: str) -> None:
        revision = LabelRevision(
            text=storable(told.text.strip()),
            status="proposed",
            method=storable(told.method) or _UNNAMED,
            model=storable(told.model),
            reason=found_in(storable(origin)),
            at=checked_time(told.at),
        )
        self.said.setdefault(feature, []).append(revision)


def find_explanations(
    plan: ExplanationPlan, cancel: CancelToken
) -> Generator[Progress, None, FoundLabels]:
    """Read what the places say of the features.

    Raises
    ------
    Cancelled
        between two files, or two features.
    EvidenceError
        if a file of explanations is damaged: nothing of it is used then.
    """
    reading = _Reading()
    for place in plan.places:
        cancel.check()
        yield Progress(0, 0, _STAGE)
        files = explanation_files(place, plan.features)
        if files:
            yield from _read_files(reading, files, place, plan, cancel)
        else:
            yield from _read_evidence(reading, place, plan, cancel)
    problems = reading.unreadable[:_MOST_TOLD]
    if len(reading.unreadable) > _MOST_TOLD:
        problems.append(f"{len(reading.unreadable)} records could not be read.")
    if not reading.said:
        problems.append(f"{plan.source} explains no feature of the project.")
    return FoundLabels(
        plan.source,
        explanations=tuple(
            FoundExplanations(feature, in_order(said))
            for feature, said in reading.said.items()
        ),
        problems=tuple(problems),
    )


def _read_files(
    reading: _Reading,
    files: Sequence[Path],
    place: Path,
    plan: ExplanationPlan,
    cancel: CancelToken,
) -> Generator[Progress, None, None]:
    for done, path in enumerate(files):
        cancel.check()
        yield Progress(done, len(files), _STAGE)
        origin = str(path.relative_to(place.parent))
        for name, told in read_explanations(path, plan.features):
            reading.add(plan.features[name], told, origin)


def _read_evidence(
    reading: _Reading, place: Path, plan: ExplanationPlan, cancel: CancelToken
) -> Generator[Progress, None, None]:
    features = tuple(dict.fromkeys(plan.features.values()))
    try:
        source = open_evidence(
            place, opaque_numbers=plan.opaque_numbers, features=features
        )
    except EvidenceError as error:
        reading.unreadable.append(str(error))
        return
    for done, feature in enumerate(features):
        cancel.check()
        if done % _TOLD == 0:
            yield Progress(done, len(features), _STAGE)
        try:
            evidence = source.evidence(feature)
        except EvidenceError as error:
            reading.unreadable.append(str(error))
            continue
        for told in evidence.explanations if evidence else ():
            reading.add(feature, told, place.name)


def in_order(said: Sequence[LabelRevision]) -> tuple[LabelRevision, ...]:
    """Each text once, the preferred first: by method, then the newest."""
    newest = sorted(said, key=lambda revision: revision.at, reverse=True)
    ordered = sorted(newest, key=lambda revision: _rank(revision.method))
    distinct: dict[str, LabelRevision] = {}
    for revision in ordered:
        distinct.setdefault(revision.text, revision)
    kept = tuple(distinct.values())
    if len(kept) == 1:
        return kept
    return tuple(
        msgspec.structs.replace(
            revision,
            reason=f"{revision.reason}, number {at} of the {len(kept)} explanations "
            f"there: {_ORDER}",
        )
        for at, revision in enumerate(kept, 1)
    )


def _rank(method: str) -> int:
    return PREFERRED.index(method) if method in PREFERRED else len(PREFERRED)
