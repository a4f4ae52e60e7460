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


TAGS = range(1, 10)
"""Numbers of the tags that a feature or a supernode may bear; each has a colour."""


class Supernode(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A named group of nodes of one graph."""

    name: str
    members: tuple[int, ...]
    unresolved: tuple[str, ...] = ()
    """Member ids of the file that no node has."""
    position: tuple[float, float] | None = None
    """Centre in the supernode view, in scene units; None lays it out."""
    colour: int = 0
    """One of `TAGS`; 0 for none."""
    note: str = ""
    expanded: bool = False
    """Whether the supernode view shows its members."""


class Recheck(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a person said of a feature again, without seeing the label it had."""

    before: str
    """The accepted label."""
    again: str
    """What was said blindly."""
    verdict: Literal["same", "different", "better"]
    """Of both, seen side by side; `better`: the new one was taken."""
    author: str = ""
    at: str = ""
    seconds: float = 0.0


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


class SetTags(Edit, frozen=True, tag=True):
    """Set which tags a feature bears, rising."""

    subject: Subject
    tags: tuple[int, ...]


class SetFlag(Edit, frozen=True, tag=True):
    """Set whether a feature is marked to come back to."""

    subject: Subject
    flagged: bool


class SetRechecks(Edit, frozen=True, tag=True):
    """Set the blind re-checks of a feature, oldest first."""

    subject: Subject
    rechecks: tuple[Recheck, ...]


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


class SetRefusedGroups(Edit, frozen=True, tag=True):
    """Set the groups that were proposed for a graph and that a person refused."""

    graph: GraphId
    groups: tuple[tuple[int, ...], ...]


AnyEdit: TypeAlias = (
    AddRevision
    | SetResult
    | SetMark
    | SetNote
    | SetTags
    | SetFlag
    | SetRechecks
    | SetJudgement
    | SetDeclined
    | SetVerbalizations
    | SetPins
    | PutSupernode
    | SetRefusedGroups
)
