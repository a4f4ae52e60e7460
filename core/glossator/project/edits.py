"""Everything that can be done to a project, each as a value that can be stored.

An edit sets one thing to a whole new value; its inverse sets it back. So any edit can
be undone after any restart, and undoing is no special case.
"""

from typing import Literal, TypeAlias, get_args

import msgspec

from glossator.project.revision import Declined, GraphId, LabelRevision, Subject
from glossator.protocol.decision import ProtocolResult
from glossator.verbalize.verbalization import Verbalization

Mark = Literal["", "skipped"]

JudgedTier = Literal["input", "output", "cross", "obscure"]
"""A tier that a person may say a feature is of."""

JUDGED_TIERS: tuple[JudgedTier, ...] = get_args(JudgedTier)


class Supernode(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A named group of nodes of one graph."""

    name: str
    members: tuple[int, ...]
    unresolved: tuple[str, ...] = ()
    """Member ids of the file that no node has."""
    position: tuple[float, float] | None = None
    """Centre in the supernode view, in scene units; None lays it out."""


class Edit(msgspec.Struct, frozen=True, tag=True):
    """Base of all edits."""


class AddRevision(Edit, frozen=True, tag=True):
    """Append a revision to a subject's label."""

    subject: Subject
    revision: LabelRevision


class SetResult(Edit, frozen=True, tag=True):
    """Set what the protocol says of a feature."""

    subject: Subject
    result: ProtocolResult | None


class SetMark(Edit, frozen=True, tag=True):
    """Set where a feature stands in the review."""

    subject: Subject
    mark: Mark


class SetNote(Edit, frozen=True, tag=True):
    subject: Subject
    text: str


class SetJudgement(Edit, frozen=True, tag=True):
    """Set of which tier a person says a feature is; None takes it back."""

    subject: Subject
    tier: JudgedTier | None


class SetDeclined(Edit, frozen=True, tag=True):
    """Set why a method gave no label when it was last asked; None: it gave one."""

    subject: Subject
    declined: Declined | None


class SetVerbalizations(Edit, frozen=True, tag=True):
    """Set what verbalizers say of a feature and of its examples."""

    subject: Subject
    verbalizations: tuple[Verbalization, ...]


class SetPins(Edit, frozen=True, tag=True):
    """Set the pinned nodes of a graph, in order."""

    graph: GraphId
    nodes: tuple[int, ...]


class PutSupernode(Edit, frozen=True, tag=True):
    """Create, change or (None) remove a supernode."""

    graph: GraphId
    number: int
    supernode: Supernode | None


AnyEdit: TypeAlias = (
    AddRevision
    | SetResult
    | SetMark
    | SetNote
    | SetJudgement
    | SetDeclined
    | SetVerbalizations
    | SetPins
    | PutSupernode
)
