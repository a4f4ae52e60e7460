"""The options of the command ``glossator``, and its help."""

import argparse
import re
import textwrap
from pathlib import Path
from typing import NoReturn, TypeAlias, get_args

import glossator
from glossator.evaluation.tuning_cost import Assumptions
from glossator.export.target import DrawnGraph
from glossator.export.targets import TARGETS
from glossator.protocol.protocol_settings import (
    WHOLE,
    WINDOW_NAMES,
    ExampleChoice,
    Precision,
    ProtocolSettings,
    Window,
)
from glossator.settings import projects_folder


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


def build_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="glossator",
        description=(
            "Label an attribution graph: score its features, label what is cheap to "
            "label, review the rest, group nodes into supernodes, export the annotated "
            "graph."
        ),
        epilog=textwrap.dedent(f"""\
            files
              graphs     JSON of circuit-tracer, Neuronpedia, Anthropic or EleutherAI,
                         gzipped or not, or circuit-tracer's .pt
              evidence   a folder of circuit-tracer feature JSON, Neuronpedia features,
                         or SAEDashboard batches
              projects   one .gloss file each; graphs that are opened without one get
                         theirs in {projects_folder()}

            exit codes
              0  done;  1  verify found problems;  2  bad input, one line says which;
              130  interrupted

            examples
              glossator demo
              glossator open graph.json
              glossator label graph.json --evidence features/ --out work.gloss
              glossator export work.gloss --to graph-json --out annotated.json
              glossator import work.gloss labels.csv
            """),
    )
    parser.add_argument(
        "--version", action="version", version=f"glossator {glossator.__version__}"
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_demo(commands)
    _add_open(commands)
    _add_label(commands)
    _add_export(commands)
    _add_import(commands)
    _add_tiers(commands)
    _add_tune(commands)
    _add_info(commands)
    _add_verify(commands)
    return parser


class _Parser(argparse.ArgumentParser):
    """Keeps the layout of texts, and says what is wrong in one line."""

    def __init__(self, **options: object) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(**options)  # type: ignore[arg-type]  # argparse's own options
        self.description = textwrap.fill(self.description or "", 80)
        # What may begin with a minus and is no option: numbers, and windows (-2,0).
        self._negative_number_matcher = re.compile(r"-\d+(,-?\d+)?$|-\d*\.\d+$")

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"


def _add(
    commands: Commands, name: str, summary: str, text: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=summary, description=text)
    parser.set_defaults(command=name)
    return parser


def _add_demo(commands: Commands) -> None:
    parser = _add(
        commands,
        "demo",
        "label the embedded demo",
        "Run the protocol on the embedded attribution graphs of SmolLM2-135M-Instruct, "
        "in a window where there is a display. Without a window it prints the tier "
        "table by layer and writes one annotated SLUG.json a prompt.",
    )
    parser.add_argument("--headless", action="store_true", help="without a window")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="where headless output is written (default: the current folder)",
    )


def _add_open(commands: Commands) -> None:
    parser = _add(
        commands,
        "open",
        "open graphs or a project in the window",
        "Open a project, or graphs of one model and source. Graphs without a project "
        "get one that is found again when the same graph is opened.",
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")


def _add_label(commands: Commands) -> None:
    parser = _add(
        commands,
        "label",
        "run the protocol without a window",
        "Score all features of the graphs, label input and output features by token "
        "frequency, and store everything in a project for review.",
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


def _add_export(commands: Commands) -> None:
    parser = _add(
        commands,
        "export",
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


def _add_import(commands: Commands) -> None:
    parser = _add(
        commands,
        "import",
        "take labels from elsewhere into a project",
        "Add the labels, notes, pins and supernodes that another file, or a link, "
        "holds for the project's features. What a person said in the project stays.",
    )
    parser.add_argument("project", type=Path, metavar="PROJECT")
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="a project, a graph, a table (CSV, JSON Lines) with columns layer, index "
        "and label, or the link of a graph's page on Neuronpedia",
    )


def _add_tiers(commands: Commands) -> None:
    parser = _add(
        commands,
        "tiers",
        "tiers by layer, with tests",
        "Print how many features of each layer are of which tier, how many of them are "
        "expected to be so by chance, and whether input features are early, output "
        "features late, cross and obscure ones in the middle: for each graph of one "
        "project, or for several projects, and for all together.",
    )
    parser.add_argument("projects", nargs="+", type=Path, metavar="PROJECT")
    parser.add_argument("--graph", metavar="SLUG", help="one graph of each project")


def _add_tune(commands: Commands) -> None:
    parser = _add(
        commands,
        "tune",
        "propose settings by the tiers you judged",
        "Compare settings of the protocol on the features whose tier a person has "
        "judged in the window, and print which to use, how well they agree with the "
        "person, and what labelling would cost. Nothing is changed.",
    )
    parser.add_argument("projects", nargs="+", type=Path, metavar="PROJECT")
    for name, what in (("in", "read"), ("out", "written")):
        parser.add_argument(
            f"--price-{name}",
            type=float,
            metavar="X",
            help=f"price of a million tokens {what} by the LLM for cross features",
        )
    parser.add_argument(
        "--seconds",
        type=float,
        default=Assumptions().seconds,
        help="of a person for a feature that no method labels (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="as JSON")


def _add_info(commands: Commands) -> None:
    parser = _add(
        commands,
        "info",
        "say what a file holds",
        "Print the counts of a graph, a project or evidence, one NAME VALUE a line.",
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="as JSON")


def _add_verify(commands: Commands) -> None:
    parser = _add(
        commands,
        "verify",
        "check a project file",
        "Check that a project file is whole: database, stored graphs, history.",
    )
    parser.add_argument("project", type=Path, metavar="PROJECT")
