"""``glossator demo``: label the embedded demo."""

import argparse
import tempfile
from pathlib import Path

from glossator.commands import window
from glossator.commands.command import Commands, add_command
from glossator.commands.export import write_graph
from glossator.commands.label import label_and_report
from glossator.demo import demo_project
from glossator.errors import InputError
from glossator.export.target import AnnotatedGraph, ExportOptions
from glossator.export.target_file import file_names
from glossator.export.targets import TARGETS
from glossator.file_summary import one_line
from glossator.protocol.protocol_settings import ProtocolSettings


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "demo",
        run,
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


def run(options: argparse.Namespace) -> int:
    out: Path = options.out
    headless: bool = options.headless
    if not headless and not window.display_available():
        print("No display here: running the demo without a window.")
        headless = True
    if headless:
        return _without_window(out)
    return window.find_window()((), demo=True)


def _without_window(out: Path) -> int:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot create ({error.strerror})", source=out) from error
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        project = demo_project(Path(folder) / "demo.gloss")
        try:
            for entry in project.state.graphs.values():
                print(
                    f"{one_line(entry.graph.slug)}: {entry.graph.prompt!r}, "
                    f"{len(entry.graph)} nodes, {len(entry.graph.links)} links"
                )
            print(next(iter(project.state.graphs.values())).graph.description)
            label_and_report(project, ProtocolSettings())
            target = TARGETS["graph-json"]
            names = file_names(project.state.graphs, target.suffix)
            for number in project.state.graphs:
                annotated = AnnotatedGraph(project.state, number)
                write_graph(target, annotated, out / names[number], ExportOptions())
        finally:
            project.close()
    return 0
