"""What commands do with the graphs of a file, and with a project's evidence."""

import sys
from pathlib import Path

from glossator.errors import InputError
from glossator.file_summary import one_line
from glossator.graph.attribution_graph import AttributionGraph
from glossator.graph.graph_file import read_graph
from glossator.project.open_files import add_evidence_path, is_project_file
from glossator.project.project import Project
from glossator.project.revision import GraphId


def graphs_of(source: Path) -> list[AttributionGraph]:
    """The graphs of a project, or the one of a graph file."""
    if not is_project_file(source):
        return [read_graph(source)]
    project = Project(source, read_only=True)
    project.close()
    return [entry.graph for entry in project.state.graphs.values()]


def use_evidence(path: Path, place: Path) -> None:
    """Let a project look for evidence at a place, before any other."""
    project = Project(path)
    try:
        add_evidence_path(project, str(place.absolute()))
    finally:
        project.close()


def chosen_graphs(project: Project, slug: str | None) -> list[GraphId]:
    """All graphs of a project, or the one of that name; raises InputError."""
    graphs = project.state.graphs
    chosen = [n for n, g in graphs.items() if slug in (None, g.graph.slug)]
    if not chosen:
        slugs = ", ".join(entry.graph.slug for entry in graphs.values())
        raise InputError(
            f"no graph {slug!r}; the project holds {slugs or 'none'}",
            source=project.path,
        )
    return chosen


def warn(path: Path, graph: AttributionGraph) -> None:
    """Say on stderr what was mended or left aside to read a graph."""
    for warning in graph.warnings:
        print(one_line(f"{path}: {warning}"), file=sys.stderr)
