"""The embedded demo as a project."""

from pathlib import Path

from glossator.graph.graph_file import read_graph
from glossator.project.open_files import DEMO_PREFIX, add_evidence_path, add_graphs
from glossator.project.project import Project
from glossator_resources import demo_folder


def demo_project(path: Path) -> Project:
    """Open or create a project with the demo's graphs and their evidence."""
    paths = sorted((demo_folder() / "graphs").glob("*.json"))
    project = add_graphs(path, [read_graph(p) for p in paths], paths)
    add_evidence_path(project, f"{DEMO_PREFIX}features")
    return project
