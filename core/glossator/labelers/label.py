"""What a labelling method gets, and what it gives back."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from glossator.evidence.feature_evidence import FeatureEvidence
from glossator.progress import CancelToken, Progress
from glossator.protocol.decision import ProtocolResult


@dataclass(frozen=True)
class Label:
    """A proposed label."""

    text: str
    method: str
    reason: str
    """What in the evidence led to it, in one sentence."""
    model: str = ""
    """The language model that wrote it; "" where none did."""
    prompt_hash: str = ""


@dataclass(frozen=True)
class NoLabel:
    """The method gives no label. Never a sentence stored as one."""

    method: str
    reason: str


class Scored(NamedTuple):
    """A feature to label."""

    evidence: FeatureEvidence
    result: ProtocolResult


@runtime_checkable
class Labeler(Protocol):
    """One way of labelling the features of a tier."""

    @property
    def methods(self) -> frozenset[str]:
        """Under which it may propose labels."""
        ...

    def labels(
        self, batch: Sequence[Scored], cancel: CancelToken
    ) -> Generator[Progress, None, list[Label | NoLabel]]:
        """Label features, in their order; progress counts them.

        Raises
        ------
        Cancelled
            on request.
        ModelError
            if the method cannot go on at all.
        """
        ...


@runtime_checkable
class FeatureLabeler(Protocol):
    """A method that takes no time to speak of, and so one feature at a time."""

    @property
    def name(self) -> str: ...

    def label(
        self, evidence: FeatureEvidence, result: ProtocolResult
    ) -> Label | NoLabel: ...


@dataclass(frozen=True)
class OneByOne:
    """Makes a labeler of such a method."""

    method: FeatureLabeler

    @property
    def methods(self) -> frozenset[str]:
        return frozenset({self.method.name})

    def labels(
        self, batch: Sequence[Scored], cancel: CancelToken
    ) -> Generator[Progress, None, list[Label | NoLabel]]:
        yield from ()
        return [self.method.label(*scored) for scored in batch]
