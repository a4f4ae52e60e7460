"""``glossator tiers``: tiers by layer, with tests."""

import argparse
from pathlib import Path

from glossator.commands.command import Commands, add_command
from glossator.commands.graphs import chosen_graphs
from glossator.evaluation.tier_report import ScoredFeatures, tiers_report_text
from glossator.evaluation.tiers_by_layer import layers_of
from glossator.project.project import Project


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "tiers",
        run,
        "tiers by layer, with tests",
        "Print how many features of each layer are of which tier, how many of them are "
        "expected to be so by chance, and whether input features are early, output "
        "features late, cross and obscure ones in the middle: for each graph of one "
        "project, or for several projects, and for all together.",
    )
    parser.add_argument("projects", nargs="+", type=Path, metavar="PROJECT")
    parser.add_argument("--graph", metavar="SLUG", help="one graph of each project")


def run(options: argparse.Namespace) -> int:
    paths: list[Path] = options.projects
    parts = [
        part
        for path in paths
        for part in _scored_parts(path, options.graph, by_graph=len(paths) == 1)
    ]
    print(tiers_report_text(parts))
    return 0


def _scored_parts(
    path: Path, slug: str | None, *, by_graph: bool
) -> list[ScoredFeatures]:
    """What the protocol said of a project's graphs, one by one or together."""
    project = Project(path, read_only=True)
    project.close()
    state = project.state
    chosen = chosen_graphs(project, slug)
    groups = [[n] for n in chosen] if by_graph else [chosen]
    parts = []
    for group in groups:
        graphs = [state.graphs[number].graph for number in group]
        features = dict.fromkeys(f for graph in graphs for f in graph.features)
        results = {f: r for f in features if (r := state.result(f)) is not None}
        name = graphs[0].slug if by_graph else str(path)
        parts.append(ScoredFeatures(name, results, layers_of(graphs)))
    return parts
