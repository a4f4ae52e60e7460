"""Run a generator with a progress bar on stderr."""

import sys
from collections.abc import Generator
from typing import TypeVar

from tqdm import tqdm

from glossator.progress import Progress, ProgressListener, drive

ResultT = TypeVar("ResultT")


def drive_with_bar(
    work: Generator[Progress, None, ResultT],
    on_progress: ProgressListener = lambda progress: None,
) -> ResultT:
    """Its result; each step is shown, then handed on."""
    # A log gets a line now and then, a terminal a moving bar.
    pace = 0.1 if sys.stderr.isatty() else 10.0
    with tqdm(leave=False, file=sys.stderr, mininterval=pace) as bar:

        def show(progress: Progress) -> None:
            if bar.desc != f"{progress.what}: ":
                bar.reset(progress.total or None)
                bar.set_description(progress.what, refresh=False)
            bar.update(progress.done - bar.n)
            on_progress(progress)

        return drive(work, show)
