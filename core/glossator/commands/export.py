"""``glossator export``: write an annotated graph."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from glossator.commands.command import Commands, add_command
from glossator.commands.graphs import chosen_graphs, warn
from glossator.errors import GlossatorError, InputError
from glossator.export.project_export import ExportOrder, export_project
from glossator.export.target import AnnotatedGraph, DrawnGraph, ExportOptions
from glossator.export.target_file import file_names
from glossator.export.targets import TARGETS, Target
from glossator.file_summary import one_line
from glossator.graph.graph_file import read_graph
from glossator.progress import CancelToken, drive
from glossator.project.open_files import is_project_file, state_of
from glossator.project.project import Project
from glossator.project.revision import GraphId


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "export",
        run,
        "write an annotated graph",
        "Write a graph with its labels, pins and supernodes.",
    )
    parser.epilog = "targets\n" + "\n".join(
        f"  {name:<16}{target.purpose}" for name, target in TARGETS.items()
    )
    parser.add_argument("source", type=Path, metavar="PROJECT_OR_GRAPH")
    parser.add_argument("--to", choices=tuple(TARGETS), required=True)
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help="file, or folder where a project holds several graphs",
    )
    parser.add_argument("--graph", metavar="SLUG", help="one graph of a project")
    parser.add_argument(
        "--drawn",
        choices=get_args(DrawnGraph),
        default="links",
        help="of figures and networks: the link graph, or that of the supernodes",
    )
    parser.add_argument(
        "--transparent", action="store_true", help="images without a background"
    )


def run(options: argparse.Namespace) -> int:
    source: Path = options.source
    out: Path = options.out
    target = TARGETS[options.to]
    chosen = ExportOptions(drawn=options.drawn, transparent=options.transparent)
    if not is_project_file(source):
        if out.exists() and out.samefile(source):
            raise InputError("the export would replace the graph itself", source=out)
        graph = read_graph(source)
        warn(source, graph)
        state, number = state_of(graph, source)
        write_graph(target, AnnotatedGraph(state, number), out, chosen)
        return 0
    places = _places(source, out, target, options.graph)
    order = ExportOrder(source, options.to, places, chosen)
    report = drive(export_project(order, CancelToken()), lambda progress: None)
    _tell(report.paths, report.notes)
    if report.problems:
        raise GlossatorError(report.problems[0])
    return 0


def _places(
    source: Path, out: Path, target: Target, slug: str | None
) -> dict[GraphId, Path]:
    """Where the graphs of a project go: several into a folder, which is made."""
    project = Project(source, read_only=True)
    project.close()
    graphs = project.state.graphs
    chosen = chosen_graphs(project, slug)
    names = file_names(graphs, target.suffix)
    places = {n: out if len(chosen) == 1 else out / names[n] for n in chosen}
    try:
        for path in places.values():
            path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot create ({error.strerror})", source=out) from error
    return places


def write_graph(
    target: Target, annotated: AnnotatedGraph, path: Path, options: ExportOptions
) -> None:
    written = target.export(annotated, path, options)
    _tell(written.paths, written.notes)


def _tell(paths: Sequence[Path], notes: Sequence[str]) -> None:
    for path in paths:
        print(f"wrote {path}")
    for note in notes:
        print(one_line(note))
