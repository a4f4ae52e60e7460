"""Export graphs of a project file, each to its place."""

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import NamedTuple

from glossator.errors import GlossatorError
from glossator.export.target import AnnotatedGraph, ExportOptions
from glossator.export.targets import TARGETS
from glossator.progress import CancelToken, Progress
from glossator.project.open_files import (
    evidence_paths,
    opaque_numbers,
    open_evidence_paths,
)
from glossator.project.project import Project
from glossator.project.revision import GraphId


class ExportOrder(NamedTuple):
    """What to export; it can be sent to another process."""

    project: Path
    target: str
    """Its name in `TARGETS`."""
    places: Mapping[GraphId, Path]
    options: ExportOptions


class ExportReport(NamedTuple):
    """What an export of some graphs did."""

    paths: tuple[Path, ...]
    notes: tuple[str, ...]
    problems: tuple[str, ...]
    """Graphs that could not be exported, one sentence each."""


def export_project(
    given: ExportOrder, cancel: CancelToken
) -> Generator[Progress, None, ExportReport]:
    """Write graphs of a project; one that fails does not stop the others.

    Raises
    ------
    ProjectError
        if the project cannot be read.
    Cancelled
        if it is to stop; graphs that are written stay.
    """
    target = TARGETS[given.target]
    paths: dict[Path, None] = {}
    notes: list[str] = []
    problems: list[str] = []
    yield Progress(0, len(given.places), "reading the project")
    project = Project(given.project, read_only=True)
    try:
        state, named = project.state, evidence_paths(project)
        comparison = next(reversed(project.comparisons()), None)
    finally:
        project.close()
    evidence = open_evidence_paths(
        named, opaque=opaque_numbers(state), features=state.features()
    )
    for done, (number, path) in enumerate(given.places.items()):
        yield Progress(done, len(given.places), f"exporting {path.name}")
        cancel.check()
        annotated = AnnotatedGraph(state, number, evidence.sources, comparison)
        try:
            written = target.export(annotated, path, given.options)
        except GlossatorError as error:
            problems.append(str(error))
            continue
        paths.update(dict.fromkeys(written.paths))
        about = f"{path.name}: " if len(given.places) > 1 else ""
        notes += [f"{about}{note}" for note in written.notes]
    return ExportReport(tuple(paths), tuple(notes), tuple(problems))
