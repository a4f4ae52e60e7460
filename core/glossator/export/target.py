"""What every export takes and gives; one file a target."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from glossator.evidence.feature_evidence import CombinedEvidence, EvidenceSource
from glossator.graph.attribution_graph import AttributionGraph
from glossator.project.comparisons import StoredComparison
from glossator.project.revision import GraphId
from glossator.project.state import ProjectState

DrawnGraph = Literal["links", "supernodes"]
"""The link graph of all nodes, or the collapsed graph of the supernodes."""


@dataclass(frozen=True, eq=False)
class AnnotatedGraph:
    """One graph of a project, what was said of it, what is known of its features."""

    state: ProjectState
    number: GraphId
    evidence: EvidenceSource = field(default_factory=lambda: CombinedEvidence(()))
    comparison: StoredComparison | None = None
    """The newest one of the project's labelling methods."""

    @property
    def graph(self) -> AttributionGraph:
        return self.state.graphs[self.number].graph


@dataclass(frozen=True)
class ExportOptions:
    """What a person may choose; a target ignores what it has no use for."""

    drawn: DrawnGraph = "links"
    transparent: bool = False
    """No background, for images."""


class Written(NamedTuple):
    """What an export did."""

    paths: tuple[Path, ...]
    """The file asked for, then those beside it."""
    notes: tuple[str, ...] = ()
    """What the target cannot hold or show, one sentence each."""


class Exporter(Protocol):
    """Writes a file, whole or not at all.

    Raises
    ------
    InputError
        if it cannot be written; what was there before is then untouched.
    """

    def __call__(
        self, annotated: AnnotatedGraph, path: Path, options: ExportOptions
    ) -> Written: ...
