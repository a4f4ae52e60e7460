"""``glossator tune``: settings, from the tiers that a person judged."""

import argparse
from pathlib import Path

from glossator.commands.command import Commands, add_command
from glossator.evaluation.tuning_cost import Assumptions
from glossator.evaluation.tuning_report import report_json, report_text
from glossator.tune import tune_projects


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "tune",
        run,
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


def run(options: argparse.Namespace) -> int:
    report = tune_projects(options.projects)
    assumed = Assumptions(options.price_in, options.price_out, options.seconds)
    print((report_json if options.json else report_text)(report, assumed))
    return 0
