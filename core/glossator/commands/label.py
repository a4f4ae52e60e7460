"""``glossator label``: the protocol without a window."""

import argparse
from pathlib import Path
from typing import get_args

from glossator.commands.command import Commands, add_command
from glossator.commands.graphs import warn
from glossator.errors import InputError
from glossator.evaluation.tier_report import format_tier_table
from glossator.evaluation.tiers_by_layer import (
    expected_false,
    sense_counts,
    tier_counts,
)
from glossator.graph.graph_file import read_graph
from glossator.headless import label_project
from glossator.labelers.label_settings import CheapMethod, LabelSettings
from glossator.project.open_files import add_evidence_path, add_graphs
from glossator.project.project import Project
from glossator.protocol.protocol_settings import (
    WHOLE,
    WINDOW_NAMES,
    ExampleChoice,
    Precision,
    ProtocolSettings,
    Window,
)


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "label",
        run,
        "run the protocol without a window",
        "Score all features of the graphs, label input and output features by token "
        "frequency or a small language model, and store everything in a project for "
        "review.",
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
        metavar="PROJECT",
        help="project file; it is continued where it exists",
    )
    _add_thresholds(parser)
    _add_examples(parser)
    _add_embedder(parser)
    _add_labelling(parser)


def _add_thresholds(parser: argparse.ArgumentParser) -> None:
    default = ProtocolSettings()
    parser.add_argument(
        "--routing", choices=("calibrated", "literal"), default=default.routing
    )
    parser.add_argument(
        "--z",
        type=float,
        default=default.z_threshold,
        help="calibrated threshold (default: %(default)s)",
    )
    parser.add_argument(
        "--raw",
        type=float,
        default=default.raw_threshold,
        help="literal threshold (default: %(default)s)",
    )
    for name in WINDOW_NAMES:
        parser.add_argument(
            f"--raw-{name}",
            type=float,
            help=f"literal threshold of the {name} window, where it has its own",
        )


def _add_examples(parser: argparse.ArgumentParser) -> None:
    default = ProtocolSettings()
    parser.add_argument(
        "--n-examples",
        type=int,
        default=default.n_examples,
        metavar="N",
        help="examples scored (default: %(default)s)",
    )
    for name in WINDOW_NAMES:
        parser.add_argument(
            f"--{name}-window",
            type=_window_option,
            metavar="L,R",
            help="tokens relative to the top token, or: whole",
        )
    parser.add_argument(
        "--examples",
        choices=get_args(ExampleChoice),
        default=default.examples,
        help="the strongest, or some of each stretch of the activation range "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--weighted",
        action="store_true",
        help="weigh pairs of examples by activation",
    )
    parser.add_argument("--seed", type=int, default=default.seed)


def _add_embedder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--embedder",
        default="",
        metavar="MODEL",
        help="sentence-transformers model by name or folder "
        "(default: the packaged all-MiniLM-L6-v2)",
    )
    parser.add_argument(
        "--precision",
        choices=get_args(Precision),
        default=ProtocolSettings().precision,
        help="of the embedder: auto is bf16 on CUDA where scores agree, else exact",
    )


def _add_labelling(parser: argparse.ArgumentParser) -> None:
    default = LabelSettings()
    parser.add_argument(
        "--labeler",
        choices=get_args(CheapMethod),
        default=default.tier1,
        help="of input and output features (default: %(default)s)",
    )
    parser.add_argument(
        "--llm",
        default=default.llm,
        metavar="MODEL",
        help="of small_llm: folder, name on the model hub, or address of a server that "
        "speaks OpenAI's protocol, as in http://localhost:11434/v1; a key is read from "
        "OPENAI_API_KEY",
    )
    parser.add_argument(
        "--llm-model",
        default=default.llm_model,
        metavar="NAME",
        help="which of the server's models (default: its only one)",
    )


def _window_option(text: str) -> Window:
    if text == "whole":
        return WHOLE
    try:
        left, right = (int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no window; write LEFT,RIGHT as in -2,0, or: whole"
        ) from None
    return Window(left, right)


def settings_of(options: argparse.Namespace) -> ProtocolSettings:
    default = ProtocolSettings()
    return ProtocolSettings(
        n_examples=options.n_examples,
        input_window=options.input_window or default.input_window,
        output_window=options.output_window or default.output_window,
        cross_window=options.cross_window or default.cross_window,
        routing=options.routing,
        z_threshold=options.z,
        raw_threshold=options.raw,
        raw_threshold_of={
            name: own
            for name in WINDOW_NAMES
            if (own := getattr(options, f"raw_{name}")) is not None
        },
        examples=options.examples,
        weighted=options.weighted,
        precision=options.precision,
        embedder=options.embedder,
        seed=options.seed,
    )


def labelling_of(options: argparse.Namespace) -> LabelSettings:
    if options.llm and options.labeler != "small_llm":
        raise InputError("is for --labeler small_llm alone", source="--llm")
    return LabelSettings(
        tier1=options.labeler, llm=options.llm, llm_model=options.llm_model
    )


def run(options: argparse.Namespace) -> int:
    paths: list[Path] = options.graphs
    settings = settings_of(options).checked()
    labelling = labelling_of(options).checked()
    graphs = [read_graph(path) for path in paths]
    for path, graph in zip(paths, graphs, strict=True):
        warn(path, graph)
    out: Path = options.out
    existed = out.exists()
    project = add_graphs(out, graphs, paths)
    try:
        for evidence in options.evidence:
            add_evidence_path(project, str(evidence.absolute()))
        label_and_report(project, settings, labelling)
        print(f"wrote {out}")
    except BaseException:
        if not existed and not project.steps().undo:
            project.close()
            out.unlink()
        raise
    finally:
        project.close()
    return 0


def label_and_report(
    project: Project,
    settings: ProtocolSettings,
    labelling: LabelSettings = LabelSettings(),  # noqa: B008 - it is frozen
) -> None:
    report = label_project(project, settings, labelling)
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
    if labelling.tier1 == "small_llm":
        by_model = report.labels.get("small_llm", 0)
        counted = report.labels.get("token_frequency", 0)
        print(f"{by_model} labels by {labelling.llm}, {counted} by token frequency")
