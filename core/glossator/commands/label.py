"""``glossator label``: the protocol, and labels by chosen methods, without a window."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from glossator.commands.agreement import agreed
from glossator.commands.command import Commands, add_command
from glossator.commands.export import write_graph
from glossator.commands.graphs import warn
from glossator.commands.labelling_options import add_labelling_options, labelling_of
from glossator.commands.library import join_library
from glossator.commands.protocol_options import add_protocol_options, settings_of
from glossator.errors import InputError
from glossator.evaluation.tier_report import format_tier_table
from glossator.evaluation.tiers_by_layer import (
    expected_false,
    sense_counts,
    tier_counts,
)
from glossator.export.target import AnnotatedGraph, ExportOptions
from glossator.export.target_file import file_names
from glossator.export.targets import TARGETS
from glossator.graph.attribution_graph import AttributionGraph
from glossator.graph.graph_file import read_graph
from glossator.headless import ask_models, label_project, plan_project
from glossator.labelers.label_settings import LabelSettings
from glossator.labelers.methods import known_methods
from glossator.labelling.plan import LabelPlan
from glossator.labelling.tasks import TierLabelers
from glossator.project.open_files import (
    PROJECT_SUFFIX,
    add_evidence_path,
    add_graphs,
    file_stem,
)
from glossator.project.project import Project
from glossator.protocol.protocol_settings import ProtocolSettings


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "label",
        run,
        "run the protocol without a window",
        "Score all features of the graphs, label input and output features by token "
        "frequency, have chosen methods label the features of each tier, and store "
        "everything in a project for review.",
    )
    parser.add_argument("graphs", nargs="+", type=Path, metavar="GRAPH")
    parser.add_argument(
        "--evidence",
        type=Path,
        action="append",
        required=True,
        metavar="PATH",
        help="file or folder with activation examples; may be given several times",
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="PLACE",
        help=f"project file (NAME{PROJECT_SUFFIX}), continued where it exists; or a "
        "folder, for graphs of any models: it gets a project for each set of features, "
        "and each graph with its labels",
    )
    add_protocol_options(parser)
    add_labelling_options(parser)


def run(options: argparse.Namespace) -> int:
    for problem in known_methods().problems:
        print(f"warning: {problem}", file=sys.stderr)
    settings, labelling = settings_of(options), labelling_of(options)
    graphs = {path: read_graph(path) for path in options.graphs}
    for path, graph in graphs.items():
        warn(path, graph)
    out: Path = options.out
    if out.suffix == PROJECT_SUFFIX or out.is_file():
        _label_into(out, graphs, options, settings, labelling)
        return 0
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot create ({error.strerror})", source=out) from error
    for name, own in _by_features(graphs).items():
        print(f"{name}: {len(own)} graph{'s' if len(own) > 1 else ''}")
        _label_into(out / name, own, options, settings, labelling)
        _write_graphs(out / name)
    return 0


def _by_features(
    graphs: dict[Path, AttributionGraph],
) -> dict[str, dict[Path, AttributionGraph]]:
    """Graphs by the name of the project that their features are labelled in."""
    found: dict[tuple[str, str], dict[Path, AttributionGraph]] = {}
    for path, graph in graphs.items():
        found.setdefault((graph.model, graph.source_set), {})[path] = graph
    named: dict[str, dict[Path, AttributionGraph]] = {}
    for (model, source_set), own in found.items():
        stem = name = file_stem(f"{model}-{source_set}")
        n = 2
        while f"{name}{PROJECT_SUFFIX}" in named:
            name = f"{stem}-{n}"
            n += 1
        named[f"{name}{PROJECT_SUFFIX}"] = own
    return named


def _label_into(
    out: Path,
    graphs: dict[Path, AttributionGraph],
    options: argparse.Namespace,
    settings: ProtocolSettings,
    labelling: LabelSettings,
) -> None:
    existed = out.exists()
    project = add_graphs(out, list(graphs.values()), list(graphs))
    try:
        for evidence in options.evidence:
            add_evidence_path(project, str(evidence.absolute()))
        join_library(project)
        labelers = TierLabelers.of(settings, labelling, project.id)
        labelers.open()
        label_and_report(project, settings)
        if labelling.asks:
            _plan_and_ask(project, labelers, options)
        print(f"wrote {out}")
    except BaseException:
        if not existed and not project.steps().undo:
            project.close()
            out.unlink()
        raise
    finally:
        project.close()


def label_and_report(project: Project, settings: ProtocolSettings) -> None:
    report = label_project(project, settings)
    state = project.state
    scored = {f: r for f in state.features() if (r := state.result(f)) is not None}
    print(format_tier_table(tier_counts(scored.items()), sense_counts(scored.values())))
    print(expected_false(scored.values()).sentence)
    proposed = sum(state.review_state(f) == "proposed" for f in scored)
    print(
        f"{len(scored)} features on {report.device}, {settings.routing} routing; "
        f"{proposed} labels proposed, the rest waits for review; literal routing at "
        f"{settings.raw_threshold:g} would score cross for {report.cross_scored}"
    )


def _plan_and_ask(
    project: Project, labelers: TierLabelers, options: argparse.Namespace
) -> None:
    plan = plan_project(project, labelers)
    for line in plan_lines(plan):
        print(line)
    if options.plan or not agreed(plan.n_calls, plan.dollars, yes=options.yes):
        return
    report = ask_models(project, labelers)
    for method, n in sorted(report.labels.items()):
        print(f"{n} labels by {method}")
    for reason, n in sorted(report.declined.items(), key=lambda entry: -entry[1]):
        print(f"{n} without a label: {reason}")
    print(
        f"{report.n_calls} calls and {report.n_stored} stored answers, "
        f"{report.tokens:,} tokens, {shown_dollars(report.dollars)}"
    )


def plan_lines(plan: LabelPlan) -> Sequence[str]:
    """A plan as it is printed."""
    lines = []
    for tier in plan.tiers:
        asked = tier.estimate
        by = f" asks {tier.model}" if tier.model else ""
        lines.append(
            f"tier {tier.tier}: {tier.method}{by} about {tier.n_features} features: "
            f"{asked.calls} calls ({asked.cached} answered before), "
            f"about {asked.prompt_tokens:,} tokens of prompts and "
            f"{asked.answer_tokens:,} of answers, {shown_dollars(asked.cost)} "
            f"(at most {shown_dollars(tier.most.cost)})"
        )
    lines.append(f"{plan.n_left} features are left to the review")
    return lines


def shown_dollars(dollars: float | None) -> str:
    if dollars is None:
        return "at a price that is not known"
    return f"${dollars:.2f}" if dollars == 0 or dollars >= 0.1 else f"${dollars:.4f}"


def _write_graphs(path: Path) -> None:
    """Write the annotated graphs of a project, and its labels, beside it."""
    project = Project(path, read_only=True)
    project.close()
    graph_json = TARGETS["graph-json"]
    names = file_names(project.state.graphs, graph_json.suffix)
    for number, name in names.items():
        annotated = AnnotatedGraph(project.state, number)
        write_graph(graph_json, annotated, path.parent / name, ExportOptions())
