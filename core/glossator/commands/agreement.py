"""Whether a person agrees to what asking language models costs."""

import sys

from glossator.errors import InputError


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
