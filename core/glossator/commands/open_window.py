"""``glossator open``: graphs or a project in the window."""

import argparse
from pathlib import Path

from glossator.commands import window
from glossator.commands.command import Commands, add_command
from glossator.errors import InputError


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "open",
        run,
        "open graphs or a project in the window",
        "Open a project, or graphs of one model and source. Graphs without a project "
        "get one that is found again when the same graph is opened. A window that is "
        "open already shows them.",
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")


def run(options: argparse.Namespace) -> int:
    files: list[Path] = options.files
    if not window.display_available():
        raise InputError("no display here; the window needs one", source="open")
    start = window.find_window()
    return start(files)
