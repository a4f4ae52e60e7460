"""``glossator info``: what a file holds."""

import argparse
import json
from pathlib import Path

from glossator.commands.command import Commands, add_command
from glossator.file_summary import as_lines, summarise


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "info",
        run,
        "say what a file holds",
        "Print the counts of a graph, a project or evidence, one NAME VALUE a line.",
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(options: argparse.Namespace) -> int:
    summary = summarise(options.file)
    if options.json:
        print(json.dumps(summary, indent=2, ensure_ascii=False))
    else:
        print("\n".join(as_lines(summary)))
    return 0
