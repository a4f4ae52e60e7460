"""``glossator import``: labels from elsewhere into a project."""

import argparse
from pathlib import Path

from glossator.commands.command import Commands, add_command
from glossator.errors import ProjectError
from glossator.file_summary import one_line
from glossator.progress import CancelToken
from glossator.progress_bar import drive_with_bar
from glossator.project.importing.explanations import (
    find_explanations,
    plan_explanations,
    plan_own_explanations,
)
from glossator.project.importing.found_labels import FoundLabels
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
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "source",
        nargs="?",
        metavar="SOURCE",
        help="a project, a graph, a table (CSV, JSON Lines) with columns layer, index "
        "and label, JSON Lines of verbalizations (layer, index, text, origin), the "
        "link of a graph's page on Neuronpedia, or explanations, which are proposed: "
        "Neuronpedia's export, whole or in part, or evidence that brings some",
    )
    source.add_argument(
        "--explanations",
        action="store_true",
        help="propose the explanations that the project's own evidence brings",
    )


def run(options: argparse.Namespace) -> int:
    path: Path = options.project
    if not path.is_file():
        raise ProjectError(f"{path}: no such project file")
    project = Project(path)
    try:
        found = _found(options, project)
        edits = import_edits(project.state, found)
        project.apply(f"import labels from {found.source}", edits)
        for line in import_report(found, edits):
            print(one_line(line))
    finally:
        project.close()
    return 0


def _found(options: argparse.Namespace, project: Project) -> FoundLabels:
    plan = (
        plan_own_explanations(project)
        if options.explanations
        else plan_explanations(options.source, project.state)
    )
    if plan is None:
        return read_labels(options.source, project.state)
    return drive_with_bar(find_explanations(plan, CancelToken()))
