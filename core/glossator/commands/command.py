"""What the subcommands share: how one is added, and how options look."""

import argparse
import re
import textwrap
from collections.abc import Callable
from typing import NoReturn, Protocol, TypeAlias

Run: TypeAlias = Callable[[argparse.Namespace], int]


class _Layout(argparse.RawDescriptionHelpFormatter):
    """Keeps texts as they are, and each subcommand on one line with its help."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog)
        # argparse forgets that it indents subcommands.
        self._action_max_length = len("    compare-methods")


class Parser(argparse.ArgumentParser):
    """Keeps the layout of texts, and says what is wrong in one line."""

    def __init__(self, **options: object) -> None:
        options.setdefault("formatter_class", _Layout)
        super().__init__(**options)  # type: ignore[arg-type]  # argparse's own options
        self.description = textwrap.fill(self.description or "", 80)
        # What may begin with a minus and is no option: numbers, and windows (-2,0).
        self._negative_number_matcher = re.compile(r"-\d+(,-?\d+)?$|-\d*\.\d+$")

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


class Command(Protocol):
    """A module with a subcommand: its options, and what it does with them."""

    def add(self, commands: Commands) -> None: ...


def add_command(
    commands: Commands, name: str, run: Run, summary: str, text: str
) -> argparse.ArgumentParser:
    """Add a subcommand; `run` returns the exit code."""
    parser = commands.add_parser(name, help=summary, description=text)
    parser.set_defaults(run=run, command=name)
    return parser
