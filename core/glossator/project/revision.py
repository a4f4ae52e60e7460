"""Labels with their history: a list of revisions that only ever grows."""

from datetime import UTC, datetime
from typing import Literal, NewType
from weakref import WeakKeyDictionary

import msgspec

from glossator.graph.attribution_graph import AttributionGraph, FeatureKey, NodeIndex

GraphId = NewType("GraphId", int)
Subject = NewType("Subject", str)
"""What a label or note is about: a feature (everywhere) or one node of one graph."""

Status = Literal["imported", "proposed", "accepted", "edited", "rejected", "withdrawn"]
"""`edited`: accepted in one's own words; `withdrawn`: a first label was undone."""

HUMAN: frozenset[Status] = frozenset({"accepted", "edited"})
_NOT_SHOWN: frozenset[Status] = frozenset({"rejected", "withdrawn"})


def feature_subject(feature: FeatureKey) -> Subject:
    kind = "a" if feature.attention else "f"
    return Subject(f"{kind}:{feature.layer}:{feature.index}")


_of_graphs: WeakKeyDictionary[AttributionGraph, tuple[Subject, ...]] = (
    WeakKeyDictionary()
)


def feature_subjects(graph: AttributionGraph) -> tuple[Subject, ...]:
    """Subject of each of a graph's features, in their order; made once a graph."""
    if graph not in _of_graphs:
        _of_graphs[graph] = tuple(map(feature_subject, graph.features))
    return _of_graphs[graph]


def node_subject(graph: GraphId, node: NodeIndex) -> Subject:
    return Subject(f"n:{graph}:{node}")


def now() -> str:
    """The time as it is stored: UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def storable(text: str) -> str:
    """Replace lone surrogates, which JSON can hold and no file of text can."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


LIBRARY = "library"
"""The method of proposals that are a person's words, from another project."""


class LabelRevision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One state of a label, and how it came about."""

    text: str
    status: Status
    author: str = ""
    """The person; "" for a method."""
    method: str = ""
    """The labeler; "" for a person."""
    model: str = ""
    prompt_hash: str = ""
    evidence: str = ""
    """Where the examples came from."""
    tier: str = ""
    reason: str = ""
    examples: tuple[str, ...] = ()
    """Ids of the examples that the method saw, where others were kept back."""
    at: str = ""
    seconds: float = 0.0
    """How long a person had the feature before them; 0 where not known."""
    via: Literal["", "undo", "redo"] = ""
    restores: int = 0
    """Number of the revision that undo or redo sets again; 0 where there is none."""

    @property
    def shown(self) -> bool:
        return self.status not in _NOT_SHOWN and bool(self.text)

    @property
    def by_person(self) -> bool:
        return self.status in HUMAN

    @property
    def from_library(self) -> bool:
        """Proposed by the label library, and not decided on."""
        return self.status == "proposed" and self.method == LIBRARY


class Declined(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The last time a method that was asked for a label gave none, and why."""

    method: str
    reason: str
    """A sentence."""
    model: str = ""
    at: str = ""
