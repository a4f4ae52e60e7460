"""The command ``glossator``."""

import io
import sys
import textwrap
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

import glossator
from glossator.commands.command import Command, Parser, Run
from glossator.errors import GlossatorError
from glossator.settings import (
    preferences_file,
    projects_folder,
    window_settings_file,
)

COMMANDS: Mapping[str, str] = {
    "demo": "demo",
    "open": "open_window",
    "label": "label",
    "fetch": "fetch",
    "collect": "collect",
    "verbalize": "verbalize",
    "export": "export",
    "import": "import_labels",
    "library": "library",
    "quality": "quality",
    "tiers": "tiers",
    "tune": "tune",
    "compare-methods": "compare_methods",
    "compare-graphs": "compare_graphs",
    "calls": "calls",
    "info": "info",
    "verify": "verify",
}
"""Each with its module in `glossator.commands`, in the order of the help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; errors are one line on stderr and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given == ["--version"]:  # at once: nothing else is read
        print(f"glossator {glossator.__version__}")
        return 0
    if given and given[0] not in COMMANDS and Path(given[0]).is_file():
        given = ["open", *given]
    options = build_parser(given[0] if given else "").parse_args(given)
    try:
        if options.reset_settings:
            return reset_settings()
        run: Run = options.run
        return run(options)
    except GlossatorError as error:
        from glossator.file_summary import one_line

        print(f"glossator: {one_line(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("glossator: stopped; what was finished is stored", file=sys.stderr)
        return 130


def build_parser(name: str = "") -> Parser:
    """The options of one command; of all where it is none."""
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
              glossator graph.json           (the same as glossator open graph.json)
              glossator label graph.json --evidence features/ --out work.gloss
              glossator export work.gloss --to graph-json --out annotated.json
              glossator import work.gloss labels.csv
            """),
    )
    parser.add_argument(
        "--version", action="version", version=f"glossator {glossator.__version__}"
    )
    parser.add_argument(
        "--reset-settings",
        action="store_true",
        help="put the window's settings aside and go by the usual ones",
    )
    resets = name == "--reset-settings"
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=not resets
    )
    wanted = {name: COMMANDS[name]} if name in COMMANDS else COMMANDS
    for module in wanted.values() if not resets else ():
        command: Command = import_module(f"glossator.commands.{module}")
        command.add(commands)
    return parser


def reset_settings() -> int:
    """Put the user's settings aside; projects, labels and keys stay."""
    put_aside = []
    for path in (window_settings_file(), preferences_file()):
        if path.exists():
            kept = path.with_name(f"{path.name}.old")
            path.replace(kept)
            put_aside.append(str(kept))
    print(
        f"The settings are reset; the old ones are in {', '.join(put_aside)}."
        if put_aside
        else "The settings are the usual ones already."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
