"""Work for the job slot: found by name in the process that runs it."""

import os
import signal
import time
from collections.abc import Generator

from glossator.errors import InputError
from glossator.progress import CancelToken, Progress


def count(given: int, cancel: CancelToken) -> Generator[Progress, None, int]:
    """Count to `given`, or until cancelled."""
    for done in range(given):
        cancel.check()
        yield Progress(done, given, "counting")
        time.sleep(0.005)
    return given


def refuse(given: str, cancel: CancelToken) -> Generator[Progress, None, None]:
    yield Progress(0, 1, "trying")
    raise InputError("is no good", field=given)


def break_down(given: str, cancel: CancelToken) -> Generator[Progress, None, None]:
    yield Progress(0, 1, "trying")
    raise ZeroDivisionError(given)


def die(given: None, cancel: CancelToken) -> Generator[Progress, None, None]:
    yield Progress(0, 1, "trying")
    os.kill(os.getpid(), signal.SIGKILL)
