"""``glossator import``: labels from elsewhere into a project."""

import argparse
from pathlib import Path

from glossator.commands.command import Commands, add_command
from glossator.errors import ProjectError
from glossator.file_summary import one_line
from glossator.project.importing.label_import import import_edits, import_report
from glossator.project.importing.label_sources import read_labels
from glossator.project.project import Project


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "import",
        run,
        "take labels from elsewhere into a project",
        "Add the labels, notes, pins and supernodes that another file, or a link, "
        "holds for the project's features. What a person said in the project stays.",
    )
    parser.add_argument("project", type=Path, metavar="PROJECT")
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="a project, a graph, a table (CSV, JSON Lines) with columns layer, index "
        "and label, JSON Lines of verbalizations (layer, index, text, origin), or the "
        "link of a graph's page on Neuronpedia",
    )


def run(options: argparse.Namespace) -> int:
    path: Path = options.project
    if not path.is_file():
        raise ProjectError(f"{path}: no such project file")
    project = Project(path)
    try:
        found = read_labels(options.source, project.state)
        edits = import_edits(project.state, found)
        project.apply(f"import labels from {found.source}", edits)
        for line in import_report(found, edits):
            print(one_line(line))
    finally:
        project.close()
    return 0
