"""Run the protocol without a window: a progress bar, then a report."""

import sys
from collections.abc import Iterable

from tqdm import tqdm

from glossator.labelers.token_frequency import TokenFrequency
from glossator.progress import CancelToken, Progress, drive
from glossator.project.open_files import project_evidence
from glossator.project.project import Project
from glossator.protocol.embedder import SentenceEmbedder
from glossator.protocol.embedding_store import EmbeddingStore
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.run import RunProgress, RunReport, outcome_edits, run_protocol
from glossator.settings import embeddings_file


def label_project(project: Project, settings: ProtocolSettings) -> RunReport:
    """Run the protocol over all features of a project, storing as it goes."""
    settings = settings.checked()
    features = project.state.features()
    evidence = project_evidence(project)
    _tell(evidence.problems)
    embedder = SentenceEmbedder(settings.embedder)
    store = EmbeddingStore(embeddings_file(), embedder.name)
    run = run_protocol(
        features,
        features,
        evidence.sources,
        embedder,
        TokenFrequency(settings.n_examples),
        store,
        settings,
        CancelToken(),
    )
    step: int | None = None
    with tqdm(total=0, unit="", leave=False, file=sys.stderr) as bar:

        def on_progress(progress: Progress) -> None:
            nonlocal step
            bar.set_description(progress.what, refresh=False)
            bar.total, bar.n = progress.total, progress.done
            bar.refresh()
            if isinstance(progress, RunProgress):
                edits = outcome_edits(project.state, progress.outcomes)
                step = project.apply("run protocol", edits, into=step) or step

        try:
            report = drive(run, on_progress)
        finally:
            store.close()
    _tell(report.problems)
    return report


def _tell(problems: Iterable[str]) -> None:
    for problem in problems:
        print(f"warning: {problem}", file=sys.stderr)
