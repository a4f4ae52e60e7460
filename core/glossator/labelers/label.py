"""What a labelling method gives back."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from glossator.evidence.feature_evidence import FeatureEvidence
from glossator.protocol.decision import ProtocolResult


@dataclass(frozen=True)
class Label:
    """A proposed label."""

    text: str
    method: str
    reason: str
    """What in the evidence led to it, in one sentence."""


@dataclass(frozen=True)
class NoLabel:
    """The method gives no label. Never a sentence stored as one."""

    method: str
    reason: str


@runtime_checkable
class Labeler(Protocol):
    """One method of labelling."""

    @property
    def name(self) -> str: ...

    def label(
        self, evidence: FeatureEvidence, result: ProtocolResult
    ) -> Label | NoLabel: ...
