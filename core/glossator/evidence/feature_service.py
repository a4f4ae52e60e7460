"""What can be asked for evidence over the web, and what it may answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, TypeAlias

from glossator.graph.attribution_graph import FeatureKey
from glossator.web_request import WebClient

RecordKind = Literal["neuronpedia row", "feature JSON", "evidence"]


@dataclass(frozen=True)
class Record:
    """A feature's record as the service gives it; the store sees whether it decodes."""

    feature: FeatureKey
    kind: RecordKind
    data: bytes
    """JSON, plain."""
    origin: str
    """The address of this feature's record."""


@dataclass(frozen=True)
class Absent:
    """The service says that it does not know the feature."""

    feature: FeatureKey
    origin: str


@dataclass(frozen=True)
class Failed:
    """Nothing usable came; it may be asked for again."""

    feature: FeatureKey
    reason: str
    answered: bool
    """Whether the server is well, and the record is not."""


Answer: TypeAlias = Record | Absent | Failed


class Cost(NamedTuple):
    """About what it takes to ask for some features."""

    requests: int
    n_bytes: int
    """Before zipping; it crosses the net smaller."""


class FeatureService(Protocol):
    """A frozen value that can be pickled; only `fetch` touches the network."""

    @property
    def title(self) -> str:
        """What a person would call it."""
        ...

    @property
    def address(self) -> str:
        """Under which everything is asked for."""
        ...

    @property
    def sends_key(self) -> bool:
        """Whether a key of the person is at hand and goes along."""
        ...

    def serves(self, feature: FeatureKey) -> bool:
        """Whether the feature has a name by which it could be asked for."""
        ...

    def cost(self, features: Sequence[FeatureKey]) -> Cost: ...

    def fetch(
        self, features: Sequence[FeatureKey], web: WebClient
    ) -> Iterator[Sequence[Answer]]:
        """One answer a feature, in any order; together those of one request.

        Raises
        ------
        Unavailable
            if it makes no sense to ask for more now.
        """
        ...
