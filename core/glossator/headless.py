"""Run the protocol without a window: a progress bar, then a report."""

import sys

from glossator.labelers.label_settings import LabelSettings
from glossator.progress import CancelToken, Progress
from glossator.progress_bar import drive_with_bar
from glossator.project.project import Project
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.run import (
    RunProgress,
    RunReport,
    outcome_edits,
    run_input,
    run_locally,
)


def label_project(
    project: Project, settings: ProtocolSettings, labelling: LabelSettings
) -> RunReport:
    """Run the protocol over all features of a project, storing as it goes."""
    given = run_input(project, project.state.features(), settings, labelling)
    step: int | None = None

    def store(progress: Progress) -> None:
        nonlocal step
        if isinstance(progress, RunProgress):
            edits = outcome_edits(project.state, progress.outcomes)
            step = project.apply("run protocol", edits, into=step) or step

    report = drive_with_bar(run_locally(given, CancelToken()), store)
    for problem in report.problems:
        print(f"warning: {problem}", file=sys.stderr)
    return report
