"""The edits a reviewer makes, and the queue of what is left to review."""

import getpass
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple, get_args

import numpy as np

from glossator.graph.attribution_graph import FeatureKey
from glossator.project.edits import (
    AddRevision,
    AnyEdit,
    JudgedTier,
    SetJudgement,
    SetMark,
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
) -> list[AnyEdit]:
    """Accept a label; in other words than proposed it counts as edited.

    Parameters
    ----------
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
        at=now(),
    )
    return [AddRevision(subject, revision), SetMark(subject, "")]


def reject_edits(
    state: ProjectState, feature: FeatureKey, author: str
) -> list[AnyEdit]:
    """Refuse the label in force; nothing to refuse makes no edit."""
    subject = feature_subject(feature)
    before = state.last_revision(subject)
    if before is None or not before.shown:
        return []
    revision = LabelRevision(
        text=before.text,
        status="rejected",
        author=author,
        method=before.method,
        tier=before.tier,
        at=now(),
    )
    return [AddRevision(subject, revision), SetMark(subject, "")]


def skip_edits(feature: FeatureKey) -> list[AnyEdit]:
    """Put a feature off: it leaves its queue for the one of skipped features."""
    return [SetMark(feature_subject(feature), "skipped")]


def judge_edits(feature: FeatureKey, tier: JudgedTier | None) -> list[AnyEdit]:
    """Say of which tier a feature is, or take it back; no tier is changed by it."""
    return [SetJudgement(feature_subject(feature), tier)]


def queues_of(state: ProjectState, feature: FeatureKey) -> tuple[QueueName, ...]:
    """The queues a feature waits in. What a person accepted waits in none."""
    subject = feature_subject(feature)
    review = state.review_state(feature)
    skipped: tuple[QueueName, ...] = ("skipped",) if state.marks.get(subject) else ()
    if review == "accepted" or (skipped and review == "rejected"):
        return ("all", *skipped, review)
    if skipped:
        return ("all", "skipped")
    result = state.results.get(subject)
    queues: list[QueueName] = ["all", "to review"]
    if review != "unlabelled":
        queues.append(review)
    if result is None:
        queues.append("not scored")
    elif result.tier != "input" and result.tier != "output":
        queues.append(result.tier)
    if state.why_no_label(feature):
        queues.append("declined")
    return tuple(queues)


def fill_queues(
    state: ProjectState,
    features: Iterable[FeatureKey],
    importance: Mapping[FeatureKey, float],
) -> dict[QueueName, list[FeatureKey]]:
    """All queues, each with its features by `importance`: small is first."""
    ordered = sorted(
        features, key=lambda f: (importance.get(f, np.inf), f.layer, f.index)
    )
    queues: dict[QueueName, list[FeatureKey]] = {name: [] for name in QUEUES}
    for feature in ordered:
        for name in queues_of(state, feature):
            queues[name].append(feature)
    return queues


def least_influence(state: ProjectState) -> dict[FeatureKey, float]:
    """Least cumulative influence of each feature over all graphs: small is first.

    Graphs that store none (Anthropic's) are ranked by summed absolute output instead,
    on a scale that sorts alike.
    """
    best: dict[FeatureKey, float] = {}
    for entry in state.graphs.values():
        graph = entry.graph
        strength = np.zeros(len(graph))
        np.add.at(strength, graph.links.source, np.abs(graph.input_share))
        fallback = 1.0 + 1.0 / (1.0 + strength)
        rank = np.where(
            np.isnan(graph.nodes.influence), fallback, graph.nodes.influence
        )
        for feature in graph.features:
            value = float(rank[graph.nodes_of(feature)].min())
            best[feature] = min(best.get(feature, np.inf), value)
    return best
