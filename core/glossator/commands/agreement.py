"""What asking language models may cost, and whether a person agrees to it."""

import argparse
import sys

from glossator.errors import InputError
from glossator.labelers.label_settings import LabelSettings


def add_limits(group: argparse._ArgumentGroup) -> None:
    """Options for the most that is asked, and for agreeing to it."""
    default = LabelSettings()
    group.add_argument(
        "--budget-dollars", type=float, metavar="N", help="it never costs more"
    )
    group.add_argument(
        "--budget-tokens", type=int, metavar="N", help="it never uses more"
    )
    group.add_argument(
        "--at-once",
        type=int,
        default=default.at_once,
        metavar="N",
        help="requests under way at a time (default: %(default)s)",
    )
    group.add_argument(
        "--patience",
        type=float,
        default=default.patience,
        metavar="SECONDS",
        help="for one answer (default: %(default)g)",
    )
    group.add_argument(
        "--plan", action="store_true", help="print the plan and ask no model"
    )
    group.add_argument(
        "--yes", action="store_true", help="agree to what the plan costs"
    )


def agreed(n_calls: int, dollars: float | None, *, yes: bool) -> bool:
    """Ask, unless it costs nothing or was agreed to before.

    Parameters
    ----------
    dollars : None where a price is not known.

    Raises
    ------
    InputError
        if nobody is there to ask.
    """
    if yes or n_calls == 0 or dollars == 0:
        return True
    if not sys.stdin.isatty():
        raise InputError(
            "asking the models costs something; agree to the plan with --yes"
        )
    return input("Ask? [y/N] ").strip().lower() in ("y", "yes")
