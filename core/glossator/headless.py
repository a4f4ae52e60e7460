"""Run the protocol, and methods that ask models, without a window."""

import sys
from collections.abc import Sequence

from glossator.labelling.plan import LabelPlan, plan_with
from glossator.labelling.run import LabelProgress, LabelReport, label_edits, label_with
from glossator.labelling.tasks import LabelInput, TierLabelers, label_input
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


def label_project(project: Project, settings: ProtocolSettings) -> RunReport:
    """Run the protocol over all features of a project, storing as it goes."""
    given = run_input(project, project.state.features(), settings)
    step: int | None = None

    def store(progress: Progress) -> None:
        nonlocal step
        if isinstance(progress, RunProgress):
            edits = outcome_edits(project.state, progress.outcomes)
            step = project.apply("run protocol", edits, into=step) or step

    report = drive_with_bar(run_locally(given, CancelToken()), store)
    _warn(report.problems)
    return report


def plan_project(project: Project, labelers: TierLabelers) -> LabelPlan:
    """What `ask_models` would ask about the features that have a tier."""
    given = _all_features(project, labelers)
    return drive_with_bar(plan_with(labelers, given, CancelToken()))


def ask_models(project: Project, labelers: TierLabelers) -> LabelReport:
    """Label by the methods of each tier, storing labels and calls as they come."""
    given = _all_features(project, labelers)
    step: int | None = None

    def store(progress: Progress) -> None:
        nonlocal step
        if isinstance(progress, LabelProgress):
            project.log_calls(progress.calls)
            edits = label_edits(project.state, progress.outcomes)
            step = project.apply("label by methods", edits, into=step) or step

    report = drive_with_bar(label_with(labelers, given, CancelToken()), store)
    _warn(report.problems)
    return report


def _all_features(project: Project, labelers: TierLabelers) -> LabelInput:
    features = project.state.features()
    return label_input(project, features, labelers.settings, labelers.labelling)


def _warn(problems: Sequence[str]) -> None:
    for problem in problems:
        print(f"warning: {problem}", file=sys.stderr)
