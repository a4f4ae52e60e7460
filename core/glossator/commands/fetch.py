"""``glossator fetch``: evidence from a service that a graph names."""

import argparse
from pathlib import Path

from glossator.commands.command import Commands, add_command
from glossator.commands.graphs import graphs_of, use_evidence
from glossator.errors import GlossatorError, InputError
from glossator.evidence.fetch import fetch_evidence
from glossator.evidence.offers import Offer, offers_of, plan_fetch
from glossator.file_summary import one_line
from glossator.progress import CancelToken
from glossator.progress_bar import drive_with_bar
from glossator.project.open_files import is_project_file


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "fetch",
        run,
        "fetch evidence over the network",
        "Ask a service that the graph names for the evidence of its features, and keep "
        "it in the cache, where it works without a network. What is stored is not "
        "asked for again, so an interrupted fetch goes on where it stopped.",
    )
    parser.add_argument("source", type=Path, metavar="PROJECT_OR_GRAPH")
    parser.add_argument(
        "--plan",
        action="store_true",
        help="only list the services and what would be asked; nothing is sent",
    )
    parser.add_argument(
        "--service",
        type=int,
        default=1,
        metavar="N",
        help="number of the service in the list of --plan (default: %(default)s)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="where to keep it, instead of the cache; such a file is evidence anywhere",
    )
    parser.epilog = (
        "A key of Neuronpedia, where it is wanted, is read from NEURONPEDIA_API_KEY."
    )


def run(options: argparse.Namespace) -> int:
    source: Path = options.source
    graphs = graphs_of(source)
    offers = tuple({o.service: o for g in graphs for o in offers_of(g)}.values())
    if not offers:
        raise InputError(
            "names no place where its features are described", source=source
        )
    features = tuple(dict.fromkeys(f for graph in graphs for f in graph.features))
    if options.plan:
        for number, offer in enumerate(offers, start=1):
            print(one_line(f"{number}. {offer.service.title} ({offer.reason})"))
            print(one_line(f"   {plan_fetch(offer, features, options.out).text}"))
        return 0
    plan = plan_fetch(_chosen(offers, options.service), features, options.out)
    print(one_line(plan.text))
    report = drive_with_bar(fetch_evidence(plan, CancelToken()))
    print(one_line(report.text))
    if is_project_file(source) and plan.store.is_file():
        use_evidence(source, plan.store)
    print(f"wrote {plan.store}")
    if report.stopped:
        raise GlossatorError(f"{report.stopped}; fetch again to go on")
    return 0


def _chosen(offers: tuple[Offer, ...], number: int) -> Offer:
    if not 1 <= number <= len(offers):
        raise InputError(
            f"{number} is none of the {len(offers)} services; --plan lists them",
            source="--service",
        )
    return offers[number - 1]
