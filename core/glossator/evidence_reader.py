"""The evidence of a run's features, each read once."""

from collections.abc import Generator, Sequence

import numpy as np

from glossator.errors import EvidenceError
from glossator.evidence.feature_evidence import EvidenceSource
from glossator.graph.attribution_graph import FeatureKey
from glossator.progress import CancelToken, Progress
from glossator.protocol.evidence_scores import CutEvidence, cut_evidence
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.protocol.windows import FeatureWindows

_TOLD = 25
"""Features after which progress is told."""


class EvidenceReader:
    """Reads evidence once a feature, and remembers what could not be read."""

    def __init__(self, source: EvidenceSource, settings: ProtocolSettings) -> None:
        self._source = source
        self._settings = settings
        self._pool: dict[FeatureKey, CutEvidence | None] = {}
        self.unreadable: dict[FeatureKey, str] = {}

    def read_pool(
        self, pool: Sequence[FeatureKey], cancel: CancelToken
    ) -> Generator[Progress, None, list[FeatureWindows]]:
        """Read the features that the null is drawn from, and keep them."""
        for done, feature in enumerate(pool):
            cancel.check()
            if done % _TOLD == 0:
                yield Progress(done, len(pool), "reading evidence")
            self._pool[feature] = self.read(feature)
        return [found.windows for found in self._pool.values() if found]

    def read(self, feature: FeatureKey) -> CutEvidence | None:
        """None where nothing is known, or what is known cannot be read."""
        if feature in self._pool:
            return self._pool[feature]
        try:
            found = self._source.evidence(feature)
            if found is not None and np.isinf(found.max_activation):
                raise EvidenceError("an activation is infinite", source=found.origin)
        except EvidenceError as error:
            self.unreadable[feature] = str(error)
            return None
        return cut_evidence(found, self._settings) if found else None

    def why_not(self, feature: FeatureKey) -> str:
        problem = self.unreadable.get(feature)
        if problem:
            return f"its evidence cannot be read: {problem}."
        return "no source of evidence knows the feature."
