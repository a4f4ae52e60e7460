"""``glossator compare-graphs``: two graphs held against each other."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from glossator.commands.command import Commands, add_command
from glossator.errors import InputError
from glossator.export.graph_comparison_files import (
    write_graph_comparison_csv,
    write_graph_comparison_json,
)
from glossator.graph_comparison.graph_comparison import compare_graphs
from glossator.graph_comparison.report import graph_comparison_text
from glossator.graph_comparison.side import Side, sides_in

_MOST = 20


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "compare-graphs",
        run,
        "two graphs, or two states of one, side by side",
        "Print what two graphs have in common: features, their labels, supernodes "
        "carried over by feature, links between the same features, logits and scores. "
        "Each side is a graph file or a project; one project of two graphs is compared "
        "with itself.",
    )
    parser.add_argument("a", type=Path, metavar="A", help="a graph or a project")
    parser.add_argument("b", type=Path, nargs="?", metavar="B", help="the other side")
    parser.add_argument(
        "--graph",
        action="append",
        default=[],
        metavar="SLUG",
        help="which graph of a project; given twice, first of A and then of B",
    )
    parser.add_argument(
        "--most",
        type=int,
        default=_MOST,
        metavar="N",
        help="rows of each table that are printed (default: %(default)s)",
    )
    parser.add_argument(
        "--csv", type=Path, metavar="FOLDER", help="write all tables there"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write all of it as JSON"
    )


def run(options: argparse.Namespace) -> int:
    if options.most < 0:
        raise InputError(f"{options.most} is no number of rows", source="--most")
    a, b = _sides(options.a, options.b, options.graph)
    comparison = compare_graphs(a, b)
    print(graph_comparison_text(comparison, most=options.most))
    if options.csv:
        for path in write_graph_comparison_csv(comparison, options.csv):
            print(f"wrote {path}")
    if options.json:
        write_graph_comparison_json(comparison, options.json)
        print(f"wrote {options.json}")
    return 0


def _sides(a: Path, b: Path | None, slugs: Sequence[str]) -> tuple[Side, Side]:
    if len(slugs) > 2:
        raise InputError("two graphs are compared, not more", source="--graph")
    if b is not None:
        wanted = (slugs[0], slugs[-1]) if slugs else (None, None)
        return _one(a, wanted[0]), _one(b, wanted[1])
    sides = sides_in(a)
    if slugs:
        if len(slugs) == 1:
            raise InputError(
                "name both graphs of the project: --graph A --graph B", source=a
            )
        return _named(a, sides, slugs[0]), _named(a, sides, slugs[1])
    if len(sides) != 2:
        raise InputError(
            f"it holds {len(sides)} graph(s), {_slugs(sides)}; name a second file, or "
            "two of its graphs: --graph A --graph B",
            source=a,
        )
    return sides[0], sides[1]


def _one(path: Path, slug: str | None) -> Side:
    """The graph of a file, or one of a project's; a graph file needs no name."""
    sides = sides_in(path)
    if len(sides) == 1:
        return sides[0]
    if slug is None:
        raise InputError(
            f"it holds {len(sides)} graphs, {_slugs(sides)}; name one with --graph",
            source=path,
        )
    return _named(path, sides, slug)


def _named(path: Path, sides: Sequence[Side], slug: str) -> Side:
    for side in sides:
        if side.graph.slug == slug:
            return side
    raise InputError(f"no graph {slug!r}; it holds {_slugs(sides)}", source=path)


def _slugs(sides: Sequence[Side]) -> str:
    return ", ".join(side.graph.slug for side in sides) or "none"
