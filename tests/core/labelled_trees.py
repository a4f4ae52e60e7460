"""``glossator label`` over a few features that all are called input."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from glossator.cli import main
from glossator.graph.attribution_graph import FeatureKey
from glossator.project.project import Project
from glossator.project.revision import LabelRevision, feature_subject
from tests.core.graph_documents import (
    as_bytes,
    batch_feature,
    dashboard_batch,
    feature_node,
    tracer_graph,
)

TREES = ("oak", "elm", "maple", "birch", "pine")
FISH = ("pike", "trout", "carp", "salmon", "eel")
PARIS = ("paris",) * 5
_AFTER = ("lamp", "seven", "quickly", "of", "violin")


class Output(NamedTuple):
    code: int
    out: str
    err: str


class LabelCommand:
    """The command, with a graph, its evidence and the project that it writes."""

    def __init__(self, folder: Path, printed: pytest.CaptureFixture[str]) -> None:
        self._printed = printed
        self.project = folder / "work.gloss"
        self.graph = write_graph(folder / "graph.json")
        self.evidence = folder / "batch.json"
        features = (
            batch_feature(number, examples(tops))
            for number, tops in enumerate((TREES, FISH, PARIS))
        )
        self.evidence.write_bytes(as_bytes(dashboard_batch(*features)))

    def __call__(self, *options: str, graphs: tuple[Path, ...] = ()) -> Output:
        arguments = ["label", *(graphs or (self.graph,)), "--evidence", self.evidence]
        if "--out" not in options:
            arguments += ["--out", self.project]
        arguments += ["--routing", "literal", "--raw", "-1"]
        try:
            code = main([str(argument) for argument in (*arguments, *options)])
        except SystemExit as left:
            code = int(left.code or 0)
        printed = self._printed.readouterr()
        return Output(code, printed.out, printed.err)

    @contextmanager
    def opened(self) -> Iterator[Project]:
        project = Project(self.project)
        try:
            yield project
        finally:
            project.close()

    def features(self) -> tuple[FeatureKey, ...]:
        with self.opened() as project:
            return project.state.features()

    def labels(self) -> list[LabelRevision]:
        """Those in force, of the features in order."""
        with self.opened() as project:
            subjects = map(feature_subject, project.state.features())
            found = [project.state.last_revision(subject) for subject in subjects]
        return [revision for revision in found if revision is not None]


def write_graph(path: Path, source: str = "res-jb") -> Path:
    """A graph of three features."""
    nodes = [feature_node(0, index, 1) for index in range(3)]
    info = {"neuronpedia_source_set": source}
    graph = tracer_graph(nodes, [], scan="gpt2-small", info=None, feature_details=info)
    graph["metadata"]["slug"] = path.stem
    path.write_bytes(as_bytes(graph))
    return path


def examples(tops: tuple[str, ...]) -> list[tuple[list[str], list[float]]]:
    return [
        ([f"{at}", f" {top}", f" {after}"], [0.0, 9.0 - at, 0.0])
        for at, (top, after) in enumerate(zip(tops, _AFTER, strict=True))
    ]
