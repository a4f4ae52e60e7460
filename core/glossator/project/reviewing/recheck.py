"""Saying again, blindly, what accepted features stand for: how firm labels are."""

import random
from collections.abc import Iterable
from typing import Literal

from glossator.graph.attribution_graph import FeatureKey
from glossator.project.edits import AddRevision, AnyEdit, Recheck, SetRechecks
from glossator.project.revision import LabelRevision, feature_subject, now
from glossator.project.state import ProjectState

Verdict = Literal["same", "different", "better"]

SHARE, LEAST, MOST = 0.1, 5, 50
"""Of the accepted features a tenth, at least 5 (or all) and at most 50 at a time."""


def sample_size(n_accepted: int) -> int:
    """How many of so many accepted features are re-checked."""
    return min(n_accepted, MOST, max(LEAST, round(SHARE * n_accepted)))


def recheck_sample(
    state: ProjectState, features: Iterable[FeatureKey], seed: int
) -> list[FeatureKey]:
    """Draw accepted features in random order; those not re-checked yet come first."""
    accepted = [f for f in features if state.review_state(f) == "accepted"]
    drawn = random.Random(seed).sample(accepted, len(accepted))
    drawn.sort(key=lambda f: len(state.rechecks.get(feature_subject(f), ())))
    chosen = drawn[: sample_size(len(accepted))]
    random.Random(seed).shuffle(chosen)
    return chosen


def recheck_edits(
    state: ProjectState,
    feature: FeatureKey,
    again: str,
    verdict: Verdict,
    author: str,
    *,
    seconds: float = 0.0,
) -> list[AnyEdit]:
    """Keep what was said again; words that are better become the label."""
    subject = feature_subject(feature)
    before = state.label(feature)
    at = now()
    recheck = Recheck(
        before=before,
        again=again,
        verdict=verdict,
        author=author,
        at=at,
        seconds=seconds,
    )
    edits: list[AnyEdit] = [
        SetRechecks(subject, (*state.rechecks.get(subject, ()), recheck))
    ]
    if verdict == "better" and again != before:
        result = state.result(feature)
        revision = LabelRevision(
            text=again,
            status="edited",
            author=author,
            reason="better words, found in a blind re-check",
            tier=result.tier if result else "",
            seconds=seconds,
            at=at,
        )
        edits.append(AddRevision(subject, revision))
    return edits
