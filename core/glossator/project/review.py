"""The edits a reviewer makes, and the queue of what is left to review."""

import getpass
from collections.abc import Iterable
from typing import Literal, get_args

import numpy as np

from glossator.graph.attribution_graph import FeatureKey
from glossator.project.edits import AddRevision, AnyEdit, SetMark
from glossator.project.revision import LabelRevision, feature_subject, now
from glossator.project.state import ProjectState

QueueName = Literal[
    "to review",
    "obscure",
    "cross",
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


def accept_edits(
    state: ProjectState, feature: FeatureKey, text: str, author: str
) -> list[AnyEdit]:
    """Accept a label; in other words than proposed it counts as edited."""
    subject = feature_subject(feature)
    before = state.last_revision(subject)
    unchanged = before is not None and before.shown and before.text == text
    result = state.result(feature)
    revision = LabelRevision(
        text=text,
        status="accepted" if unchanged else "edited",
        author=author,
        method=before.method if unchanged and before else "",
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


def in_queue(state: ProjectState, feature: FeatureKey, queue: QueueName) -> bool:
    """Whether a feature waits in a queue. What a person accepted waits in none."""
    review = state.review_state(feature)
    skipped = bool(state.marks.get(feature_subject(feature)))
    if queue == "all":
        return True
    if queue in ("accepted", "rejected"):
        return review == queue
    if queue == "skipped":
        return skipped
    if skipped or review == "accepted":
        return False
    if queue == "to review":
        return True
    if queue in ("proposed", "imported"):
        return review == queue
    result = state.result(feature)
    if queue == "not scored":
        return result is None
    return result is not None and result.tier == queue


def ordered_queue(
    state: ProjectState, features: Iterable[FeatureKey], queue: QueueName
) -> list[FeatureKey]:
    """Features of a queue, most influential first."""
    importance = _importance(state)
    waiting = [feature for feature in features if in_queue(state, feature, queue)]
    return sorted(waiting, key=lambda f: (importance.get(f, np.inf), f.layer, f.index))


def _importance(state: ProjectState) -> dict[FeatureKey, float]:
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
