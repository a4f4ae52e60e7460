"""How long work tells where it is, and how it is told to wait or stop."""

import threading
from collections.abc import Generator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from glossator.errors import Cancelled

ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Progress:
    """A step of a job."""

    done: int
    """Units finished."""
    total: int
    """Units in all; 0 where that is not known yet."""
    what: str
    """The stage, in words for the status bar."""


class ProgressListener(Protocol):
    def __call__(self, progress: Progress) -> None: ...


def drive(
    work: Generator[Progress, None, ResultT], on_progress: ProgressListener
) -> ResultT:
    """Run a generator to its end and return its result."""
    while True:
        try:
            step = next(work)
        except StopIteration as finished:
            result: ResultT = finished.value
            return result
        on_progress(step)


class CancelToken:
    """Asked by a job between batches; set by whoever started it, from any thread."""

    def __init__(self) -> None:
        self._cancelled = False
        self._may_run = threading.Event()
        self._may_run.set()

    def cancel(self) -> None:
        self._cancelled = True
        self._may_run.set()

    def pause(self) -> None:
        self._may_run.clear()

    def resume(self) -> None:
        self._may_run.set()

    @property
    def paused(self) -> bool:
        return not self._may_run.is_set()

    @property
    def cancelled(self) -> bool:
        return self._cancelled

    def check(self) -> None:
        """Wait while paused.

        Raises
        ------
        Cancelled
            if the job is to stop.
        """
        self._may_run.wait()
        if self._cancelled:
            raise Cancelled("stopped on request")
