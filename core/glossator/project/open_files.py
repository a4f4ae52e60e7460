"""From the files a person names to an open project."""

import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from glossator.errors import EvidenceError, InputError, ProjectError
from glossator.evidence import evidence_store
from glossator.evidence.feature_evidence import CombinedEvidence
from glossator.evidence.open_source import open_evidence
from glossator.graph.attribution_graph import AttributionGraph, FeatureKey
from glossator.graph.graph_file import read_graph
from glossator.project.effects import show_edit
from glossator.project.graph_import import imported_edits
from glossator.project.project import Project
from glossator.project.revision import GraphId
from glossator.project.state import ProjectGraph, ProjectState

PROJECT_SUFFIX = ".gloss"
DEMO_PREFIX = "demo:"
"""Marks a path inside the package's demo, which may lie elsewhere tomorrow."""

_EVIDENCE = "evidence"
_SQLITE_MAGIC = b"SQLite format 3\0"
_SQLITE_HEADER = 100


def is_project_file(path: Path) -> bool:
    """Whether a file is a project, by its content; a missing one by its name.

    Any database counts but one of fetched evidence: opening it then says what it lacks.
    """
    try:
        return _application(path) not in (None, evidence_store.APPLICATION_ID)
    except OSError:
        return path.suffix == PROJECT_SUFFIX


def is_evidence_store(path: Path) -> bool:
    """Whether a file holds fetched evidence, by its content."""
    try:
        return _application(path) == evidence_store.APPLICATION_ID
    except OSError:
        return False


def _application(path: Path) -> int | None:
    """What a database says it is of (SQLite, file format §1.3.14); None for others."""
    with path.open("rb") as file:
        header = file.read(_SQLITE_HEADER)
    if not header.startswith(_SQLITE_MAGIC):
        return None
    return int.from_bytes(header[68:72])


class OpenPlan(NamedTuple):
    """What opening some files would do; nothing is changed yet."""

    target: Path
    """The project file; it may not exist yet."""
    graphs: tuple[AttributionGraph, ...]
    paths: tuple[Path, ...]


def plan_open(files: Sequence[Path], *, projects: Path) -> OpenPlan:
    """Read what a person named: a project file, graphs, or graphs into a project.

    Parameters
    ----------
    projects : folder for the project of graphs that come without one; opening the same
        graph again continues there.

    Raises
    ------
    InputError, ProjectError
        if any of the files cannot be used.
    """
    named = [path for path in files if is_project_file(path)]
    if len(named) > 1:
        raise InputError("one project can be open at a time", source=named[1])
    if named and not named[0].is_file():
        raise ProjectError(f"{named[0]}: no such project file")
    paths = tuple(path for path in files if path not in named)
    graphs = tuple(read_graph(path) for path in paths)
    target = named[0] if named else projects / _project_name(graphs[0])
    return OpenPlan(target, graphs, paths)


def open_files(files: Sequence[Path], *, projects: Path) -> Project:
    """Open or create the project that `plan_open` names."""
    plan = plan_open(files, projects=projects)
    return add_graphs(plan.target, plan.graphs, plan.paths)


def add_graphs(
    target: Path, graphs: Sequence[AttributionGraph], paths: Sequence[Path]
) -> Project:
    """Open or create a project file and add graphs of one model and source to it."""
    for graph, path in zip(graphs, paths, strict=True):
        first = graphs[0]
        if (graph.model, graph.source_set) != (first.model, first.source_set):
            raise InputError(
                f"{graph.model} / {graph.source_set} differs from "
                f"{first.model} / {first.source_set} of {paths[0]}; one project holds "
                "graphs of one model and source",
                source=path,
                field="metadata.scan",
            )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ProjectError(f"{target}: cannot create ({error.strerror})") from error
    existed = os.path.lexists(target)
    try:
        project = Project(target)
        try:
            for graph, path in zip(graphs, paths, strict=True):
                project.add_graph(graph, path.absolute())
        except BaseException:
            project.close()
            raise
    except BaseException:
        if not existed:
            with suppress(OSError):
                target.unlink()
        raise
    return project


def _project_name(graph: AttributionGraph) -> str:
    digest = hashlib.sha256(graph.original).hexdigest()[:8]
    return f"{file_stem(graph.slug)}-{digest}{PROJECT_SUFFIX}"


def file_stem(slug: str) -> str:
    """A graph's name as a file's: letters, digits, ``_.-``; never a path."""
    return re.sub(r"[^\w.-]+", "-", slug).strip(".-")[:80] or "graph"


def state_of(graph: AttributionGraph, path: Path) -> tuple[ProjectState, GraphId]:
    """A graph with the annotations it brings, without a project file."""
    number = GraphId(1)
    state = ProjectState(model=graph.model, source_set=graph.source_set)
    edits = imported_edits(state, number, graph, origin=path.name)
    state.graphs[number] = ProjectGraph(number, path, graph)
    for at, edit in enumerate(edits):
        show_edit(state, edit, at + 1)
    return state, number


def evidence_paths(project: Project) -> tuple[str, ...]:
    """Where the project looks for evidence, in order."""
    stored = project.setting(_EVIDENCE)
    paths: list[str] = json.loads(stored) if stored else []
    return tuple(paths)


def add_evidence_path(project: Project, path: str) -> None:
    """Remember a file or folder of evidence; the newest is asked first.

    Raises
    ------
    EvidenceError
        if it holds no evidence.
    """
    open_evidence(resolved(path), opaque_numbers=opaque_numbers(project.state))
    others = [known for known in evidence_paths(project) if known != path]
    project.put_setting(_EVIDENCE, json.dumps([path, *others]))


class OpenedEvidence(NamedTuple):
    """What a list of evidence paths comes to now."""

    sources: CombinedEvidence
    problems: tuple[str, ...]
    """Entries that could not be opened, one sentence each."""


def open_evidence_paths(
    paths: Sequence[str],
    *,
    opaque: bool,
    features: Collection[FeatureKey] | None = None,
) -> OpenedEvidence:
    """Open evidence; what is gone is told, not fatal.

    Parameters
    ----------
    opaque, features : see `open_evidence`.
    """
    sources, problems = [], []
    for path in paths:
        try:
            place = resolved(path)
            sources.append(
                open_evidence(place, opaque_numbers=opaque, features=features)
            )
        except EvidenceError as error:
            problems.append(str(error))
    return OpenedEvidence(CombinedEvidence(tuple(sources)), tuple(problems))


def resolved(path: str) -> Path:
    """The place of an evidence path on this machine."""
    if path.startswith(DEMO_PREFIX):
        from glossator_resources import demo_folder

        return demo_folder() / path.removeprefix(DEMO_PREFIX)
    return Path(path)


def opaque_numbers(state: ProjectState) -> bool:
    """Whether evidence files are named by global feature ids (`FeatureFolder`)."""
    return any(entry.graph.opaque_features for entry in state.graphs.values())


def checked_project(path: Path) -> list[str]:
    """Problems of a project file; raises ProjectError where it cannot be opened."""
    project = Project(path, read_only=True)
    try:
        return project.verify()
    except sqlite3.DatabaseError as error:
        return [str(error)]
    finally:
        project.close()
