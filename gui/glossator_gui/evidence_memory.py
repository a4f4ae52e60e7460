"""The evidence of the open project, and what was read of it lately."""

from collections import OrderedDict
from collections.abc import Callable, Sequence

from glossator.errors import EvidenceError
from glossator.evidence.feature_evidence import CombinedEvidence, FeatureEvidence
from glossator.graph.attribution_graph import FeatureKey
from glossator.project.open_files import (
    OpenedEvidence,
    evidence_paths,
    opaque_numbers,
    open_evidence_paths,
)
from glossator.project.project import Project

_REMEMBERED = 64
"""Features whose evidence is kept in memory."""


class EvidenceMemory:
    """An unreadable record is told once, and counts as nothing known."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._opened = OpenedEvidence(CombinedEvidence(), ())
        self._read: OrderedDict[FeatureKey, FeatureEvidence | None] = OrderedDict()

    @property
    def any(self) -> bool:
        return bool(self._opened.sources.sources)

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be opened, one sentence each."""
        return self._opened.problems

    def open(self, project: Project | None) -> None:
        """Open what a project names; what was read before is forgotten."""
        self._read.clear()
        if project is None:
            self._opened = OpenedEvidence(CombinedEvidence(), ())
            return
        self._opened = open_evidence_paths(
            evidence_paths(project),
            opaque=opaque_numbers(project.state),
            features=project.state.features(),
        )

    def told_known(self, features: Sequence[FeatureKey]) -> str:
        """How many of some features it knows, for a person to read."""
        known = sum(self.of(feature) is not None for feature in features)
        return f"it knows {known} of the first {len(features)} features"

    def of(self, feature: FeatureKey) -> FeatureEvidence | None:
        """What is known of a feature."""
        if feature in self._read:
            self._read.move_to_end(feature)
            return self._read[feature]
        try:
            found = self._opened.sources.evidence(feature)
        except EvidenceError as error:
            self._tell(str(error))
            found = None
        self._read[feature] = found
        if len(self._read) > _REMEMBERED:
            self._read.popitem(last=False)
        return found
