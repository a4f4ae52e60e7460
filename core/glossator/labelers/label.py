"""What a labelling method gets, and what it gives back."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from glossator.evidence.feature_evidence import FeatureEvidence
from glossator.llm.chat_model import ChatPrompt, Wanted
from glossator.progress import CancelToken, Progress
from glossator.protocol.decision import ProtocolResult
from glossator.verbalize.verbalization import Verbalization


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
    examples: tuple[str, ...] = ()
    """Ids of the examples that the method saw (`held_out.example_id`): on all others
    it can be scored.
    """


@dataclass(frozen=True)
class NoLabel:
    """The method gives no label. Never a sentence stored as one."""

    method: str
    reason: str


class Scored(NamedTuple):
    """A feature to label."""

    evidence: FeatureEvidence
    result: ProtocolResult
    verbalizations: tuple[Verbalization, ...] = ()
    """What verbalizers said of the feature and of its examples."""


@dataclass(frozen=True)
class LabelsProgress(Progress):
    """A step of labelling, with what is final; it is in the result, too."""

    said: tuple[tuple[int, Label | NoLabel], ...] = ()
    """By number of the feature in the batch."""


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

        What takes long goes ahead, once, with a `LabelsProgress`.

        Raises
        ------
        Cancelled
            on request.
        ModelError
            if the method cannot go on at all.
        """
        ...


@runtime_checkable
class Asking(Protocol):
    """A labeler that asks a chat model; what it will ask is known before it does."""

    @property
    def wanted(self) -> Wanted: ...

    @property
    def expected_tokens(self) -> int:
        """Of a typical answer."""
        ...

    def asked(self, batch: Sequence[Scored]) -> list[ChatPrompt]:
        """The prompts, of those features that it asks about."""
        ...


@runtime_checkable
class FeatureLabeler(Protocol):
    """A method that takes no time to speak of, and so one feature at a time."""

    @property
    def name(self) -> str: ...

    def label(self, scored: Scored) -> Label | NoLabel: ...


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
        return [self.method.label(scored) for scored in batch]
