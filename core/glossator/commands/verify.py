"""``glossator verify``: whether a project file is whole."""

import argparse
import sys
from pathlib import Path

from glossator.commands.command import Commands, add_command
from glossator.file_summary import one_line
from glossator.project.open_files import checked_project


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "verify",
        run,
        "check a project file",
        "Check that a project file is whole: database, stored graphs, history.",
    )
    parser.add_argument("project", type=Path, metavar="PROJECT")


def run(options: argparse.Namespace) -> int:
    problems = checked_project(options.project)
    for problem in problems:
        line = one_line(f"{options.project}: {problem}")
        print(f"glossator: {line}", file=sys.stderr)
    if not problems:
        print(f"{options.project}: no problem found")
    return 1 if problems else 0
