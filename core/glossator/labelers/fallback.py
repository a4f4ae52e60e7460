"""A second method for the features that a first one has no label for."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

from glossator.labelers.label import (
    FeatureLabeler,
    Label,
    Labeler,
    NoLabel,
    Scored,
)
from glossator.progress import CancelToken, Progress


@dataclass(frozen=True)
class Fallback:
    """Labels by the first method, else by the second, and tells why the first failed.

    The label says by its method which of them it is of.
    """

    first: Labeler
    second: FeatureLabeler

    @property
    def methods(self) -> frozenset[str]:
        return self.first.methods | {self.second.name}

    def labels(
        self, batch: Sequence[Scored], cancel: CancelToken
    ) -> Generator[Progress, None, list[Label | NoLabel]]:
        found = yield from self.first.labels(batch, cancel)
        return [
            label if isinstance(label, Label) else self._instead(label, scored)
            for label, scored in zip(found, batch, strict=True)
        ]

    def _instead(self, failed: NoLabel, scored: Scored) -> Label | NoLabel:
        second = self.second.label(*scored)
        return replace(second, reason=f"{failed.reason} Instead: {second.reason}")
