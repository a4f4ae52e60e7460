"""Run the protocol without a window: a progress bar, then a report."""

import sys

from tqdm import tqdm

from glossator.progress import CancelToken, Progress, drive
from glossator.project.project import Project
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.run import (
    RunProgress,
    RunReport,
    outcome_edits,
    run_input,
    run_locally,
)


def label_project(project: Project, settings: ProtocolSettings) -> RunReport:
    """Run the protocol over all features of a project, storing as it goes."""
    given = run_input(project, project.state.features(), settings)
    step: int | None = None
    # A log gets a line now and then, a terminal a moving bar.
    pace = 0.1 if sys.stderr.isatty() else 10.0
    with tqdm(leave=False, file=sys.stderr, mininterval=pace) as bar:

        def on_progress(progress: Progress) -> None:
            nonlocal step
            if bar.desc != f"{progress.what}: ":
                bar.reset(progress.total or None)
                bar.set_description(progress.what, refresh=False)
            bar.update(progress.done - bar.n)
            if isinstance(progress, RunProgress):
                edits = outcome_edits(project.state, progress.outcomes)
                step = project.apply("run protocol", edits, into=step) or step

        report = drive(run_locally(given, CancelToken()), on_progress)
    for problem in report.problems:
        print(f"warning: {problem}", file=sys.stderr)
    return report
