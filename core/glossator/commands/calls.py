"""``glossator calls``: what language models were asked for a project, at what cost."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import msgspec

from glossator.commands.command import Commands, add_command
from glossator.export.csv_file import write_csv
from glossator.file_summary import one_line
from glossator.llm.call import Call
from glossator.project.call_log import Spent
from glossator.project.project import Project

_TITLES = ("calls", "failed", "cached", "prompt tokens", "answer tokens", "dollars")
_WIDTH = 15


class CallLine(msgspec.Struct, frozen=True):
    """A line of the CSV file: its fields are the columns."""

    at: str
    model: str
    purpose: str
    subject: str
    prompt_tokens: int
    answer_tokens: int
    estimated: int
    """1 where the tokens are counted by letters."""
    cost: float | None
    cached: int
    failure: str
    seconds: float
    attempts: int
    max_tokens: int
    temperature: float
    prompt: str
    answer: str
    ended: str
    id: str
    key: str


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "calls",
        run,
        "what language models were asked, at what cost",
        "Print how often language models were asked for a project, how many tokens "
        "they read and wrote, and what that cost, by model and purpose; or write every "
        "prompt with its answer to a file.",
    )
    parser.add_argument("project", type=Path, metavar="PROJECT")
    parser.add_argument(
        "--csv", type=Path, metavar="FILE", help="write all calls to FILE"
    )


def run(options: argparse.Namespace) -> int:
    project = Project(options.project, read_only=True)
    try:
        if options.csv is None:
            print(_table(project.spent()))
        else:
            write_csv(options.csv, CallLine, map(_line, project.calls()))
            print(f"{options.csv}: all calls of {options.project}")
    finally:
        project.close()
    return 0


def _table(spent: Sequence[Spent]) -> str:
    if not spent:
        return "no language model was asked"
    lines = ["".join(title.rjust(_WIDTH) for title in _TITLES)]
    lines += [
        f"{_numbers(one)}  {one_line(one.purpose or 'no purpose')}, "
        f"{one_line(one.model)}"
        for one in spent
    ]
    if len(spent) > 1:
        lines.append(f"{_numbers(_sum(spent))}  in all")
    if unpriced := sum(one.unpriced for one in spent):
        lines.append(f"What {unpriced:,} of the calls cost is not known.")
    return "\n".join(lines)


def _numbers(one: Spent) -> str:
    counts = one[2:7]
    cells = [f"{count:,}" for count in counts]
    return "".join(cell.rjust(_WIDTH) for cell in (*cells, f"{one.dollars:,.4f}"))


def _sum(spent: Sequence[Spent]) -> Spent:
    columns = list(zip(*spent, strict=True))[2:]
    return Spent("", "", *map(sum, columns))


def _line(call: Call) -> CallLine:
    turns = call.turns
    return CallLine(
        at=call.at,
        model=call.model,
        purpose=call.purpose,
        subject=call.about,
        prompt_tokens=call.prompt_tokens,
        answer_tokens=call.answer_tokens,
        estimated=int(call.estimated),
        cost=call.cost,
        cached=int(call.cached),
        failure=call.failure,
        seconds=round(call.seconds, 3),
        attempts=call.attempts,
        max_tokens=call.max_tokens,
        temperature=call.temperature,
        prompt="\n\n".join(f"{turn.role}: {turn.text}" for turn in turns),
        answer=call.text,
        ended="" if call.failure else call.ended,
        id=call.id,
        key=call.key,
    )
