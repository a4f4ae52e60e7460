"""The edits a reviewer makes, and the queues that a feature waits in."""

import getpass
from typing import Literal, NamedTuple, get_args

from glossator.graph.attribution_graph import FeatureKey
from glossator.project.edits import (
    AddRevision,
    AnyEdit,
    JudgedTier,
    SetFlag,
    SetJudgement,
    SetMark,
    SetTags,
)
from glossator.project.revision import LabelRevision, feature_subject, now, storable
from glossator.project.state import ProjectState

QueueName = Literal[
    "to review",
    "obscure",
    "cross",
    "declined",
    "proposed",
    "imported",
    "insufficient",
    "no evidence",
    "not scored",
    "skipped",
    "flagged",
    "rejected",
    "accepted",
    "all",
]

QUEUES: tuple[QueueName, ...] = get_args(QueueName)


def person() -> str:
    """Name under which this user's decisions are recorded."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown user"


class TakenFrom(NamedTuple):
    """What a person took the words of a label from."""

    text: str
    method: str
    model: str
    reason: str


def accept_edits(
    state: ProjectState,
    feature: FeatureKey,
    text: str,
    author: str,
    taken: TakenFrom | None = None,
    *,
    seconds: float = 0.0,
) -> list[AnyEdit]:
    """Accept a label; in other words than proposed it counts as edited.

    Parameters
    ----------
    seconds : for how long the person had the feature; 0 where that is not known.
    taken : where the person took the words from, if not from the label in force; what
        became of them since counts as edited, too.
    """
    subject = feature_subject(feature)
    before = state.last_revision(subject)
    unchanged = before is not None and before.shown and before.text == text
    if taken is None and unchanged and before is not None:
        taken = TakenFrom(text, before.method, before.model, "")
    result = state.result(feature)
    revision = LabelRevision(
        text=text,
        status="accepted" if taken and taken.text == text else "edited",
        author=author,
        method=taken.method if taken else "",
        model=storable(taken.model) if taken else "",
        reason=storable(taken.reason) if taken else "",
        tier=result.tier if result else "",
        seconds=seconds,
        at=now(),
    )
    return [AddRevision(subject, revision), SetMark(subject, "")]


def reject_edits(
    state: ProjectState, feature: FeatureKey, author: str, *, seconds: float = 0.0
) -> list[AnyEdit]:
    """Refuse the label in force; nothing to refuse makes no edit."""
    subject = feature_subject(feature)
    before = state.last_revision(subject)
    if before is None or not before.shown:
        return []
    result = state.result(feature)
    revision = LabelRevision(
        text=before.text,
        status="rejected",
        author=author,
        method=before.method,
        tier=result.tier if result else before.tier,
        seconds=seconds,
        at=now(),
    )
    return [AddRevision(subject, revision), SetMark(subject, "")]


def skip_edits(feature: FeatureKey) -> list[AnyEdit]:
    """Put a feature off: it leaves its queue for the one of skipped features."""
    return [SetMark(feature_subject(feature), "skipped")]


def flag_edits(state: ProjectState, feature: FeatureKey) -> list[AnyEdit]:
    """Mark a feature to come back to, or take the mark off; it stays in its queue."""
    subject = feature_subject(feature)
    return [SetFlag(subject, subject not in state.flags)]


def tag_edits(state: ProjectState, feature: FeatureKey, tag: int) -> list[AnyEdit]:
    """Put a tag (one of `TAGS`) on a feature, or take it off."""
    subject = feature_subject(feature)
    tags = set(state.tags.get(subject, ())) ^ {tag}
    return [SetTags(subject, tuple(sorted(tags)))]


def judge_edits(feature: FeatureKey, tier: JudgedTier | None) -> list[AnyEdit]:
    """Say of which tier a feature is, or take it back; no tier is changed by it."""
    return [SetJudgement(feature_subject(feature), tier)]


def queues_of(state: ProjectState, feature: FeatureKey) -> tuple[QueueName, ...]:
    """The queues a feature waits in. What a person accepted waits for nobody."""
    subject = feature_subject(feature)
    review = state.review_state(feature)
    always: list[QueueName] = ["all"]
    if subject in state.flags:
        always.append("flagged")
    skipped: tuple[QueueName, ...] = ("skipped",) if state.marks.get(subject) else ()
    if review == "accepted" or (skipped and review == "rejected"):
        return (*always, *skipped, review)
    if skipped:
        return (*always, "skipped")
    result = state.results.get(subject)
    queues: list[QueueName] = [*always, "to review"]
    if review != "unlabelled":
        queues.append(review)
    if result is None:
        queues.append("not scored")
    elif result.tier != "input" and result.tier != "output":
        queues.append(result.tier)
    if state.why_no_label(feature):
        queues.append("declined")
    return tuple(queues)
