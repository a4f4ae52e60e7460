"""The command ``glossator``."""

import io
import sys
import textwrap
from collections.abc import Sequence

import glossator
from glossator.commands import (
    calls,
    collect,
    compare_methods,
    demo,
    export,
    fetch,
    import_labels,
    info,
    label,
    library,
    open_window,
    tiers,
    tune,
    verbalize,
    verify,
)
from glossator.commands.command import Command, Parser, Run
from glossator.errors import GlossatorError
from glossator.file_summary import one_line
from glossator.settings import projects_folder

COMMANDS: tuple[Command, ...] = (
    demo,
    open_window,
    label,
    fetch,
    collect,
    verbalize,
    export,
    import_labels,
    library,
    tiers,
    tune,
    compare_methods,
    calls,
    info,
    verify,
)
"""In the order of the help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; errors are one line on stderr and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    options = build_parser().parse_args(arguments)
    try:
        run: Run = options.run
        return run(options)
    except GlossatorError as error:
        print(f"glossator: {one_line(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("glossator: stopped; what was finished is stored", file=sys.stderr)
        return 130


def build_parser() -> Parser:
    parser = Parser(
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
              evidence   feature JSON of Anthropic and circuit-tracer, Neuronpedia
                         features and bulk exports, SAEDashboard batches, delphi
                         caches, and what fetch and collect write
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
    for command in COMMANDS:
        command.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
