"""Graphs of a project by name, and what was mended to read one."""

import sys
from pathlib import Path

from glossator.errors import InputError
from glossator.file_summary import one_line
from glossator.graph.attribution_graph import AttributionGraph
from glossator.project.project import Project
from glossator.project.revision import GraphId


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
