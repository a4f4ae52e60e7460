"""Choose settings by judged tiers, and say how well the choice does.

Thresholds are fitted on all folds but one and measured on that one, by macro-F1. Of
the settings that are worse than the best by no more than a standard error, those
nearest to the defaults are taken: the one-standard-error rule (Breiman et al.,
Classification and Regression Trees, 1984), here of the difference, because all settings
are measured on the same features. What that does for features it has not seen is
measured on folds that had no part in it, the choice among settings included.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from glossator.evaluation.tuning_rules import (
    Candidate,
    Truth,
    macro_f1,
    tier_counts,
)
from glossator.progress import CancelToken, Progress

MAX_FOLDS = 5
REPEATS = 3
_ROUNDING = 1e-9

Folds = Int[ndarray, " n_features"]
"""The fold of each feature."""


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """How all candidates do on folds that they were not fitted on."""

    scores: Float[ndarray, "n_candidates n_repeats n_folds n_folds"]
    """[..., o, i]: macro-F1 on fold i, fitted on all folds but i and o."""
    counts: Int[ndarray, "n_candidates n_repeats n_folds 4 5"]
    """Judged and decided tiers on a fold, fitted on all others."""
    changes: Int[ndarray, " n_candidates"]
    classes: tuple[int, ...]

    def chosen(self, among: Sequence[int]) -> int:
        """The candidate to take, judged by all folds."""
        whole = np.diagonal(self.scores, axis1=-2, axis2=-1)
        return choose(whole, self.changes, among)

    def nested(self, among: Sequence[int]) -> Int[ndarray, "n_repeats n_folds 4 5"]:
        """Tables of each fold, of candidates chosen and fitted without it."""
        n_repeats, n_folds = self.counts.shape[1:3]
        tables = np.empty(self.counts.shape[1:], dtype=np.int64)
        for repeat in range(n_repeats):
            for o in range(n_folds):
                others = [i for i in range(n_folds) if i != o]
                inner = self.scores[:, repeat : repeat + 1, o, others]
                at = choose(inner, self.changes, among)
                tables[repeat, o] = self.counts[at, repeat, o]
        return tables


def stratified_folds(truth: Truth, n_folds: int, seed: int) -> Folds:
    """Folds as equal as can be in size and in the share of each tier."""
    rng = np.random.default_rng(seed)
    by_tier = np.argsort(truth + rng.random(len(truth)))
    folds = np.empty(len(truth), dtype=np.int64)
    folds[by_tier] = np.arange(len(truth)) % n_folds
    return folds


def cross_validate(
    tried: Sequence[Candidate],
    truth: Truth,
    n_folds: int,
    classes: Sequence[int],
    cancel: CancelToken,
) -> Generator[Progress, None, CrossValidation]:
    """Fit every candidate without each fold and each two, and measure it there."""
    scores = np.empty((len(tried), REPEATS, n_folds, n_folds))
    counts = np.empty((len(tried), REPEATS, n_folds, 4, 5), dtype=np.int64)
    folds = [stratified_folds(truth, n_folds, seed) for seed in range(REPEATS)]
    for at, candidate in enumerate(tried):
        cancel.check()
        yield Progress(at, len(tried), "comparing settings")
        for repeat, fold in enumerate(folds):
            for o in range(n_folds):
                for i in range(o, n_folds):
                    known = (fold != o) & (fold != i)
                    thresholds = candidate.fit(truth, known, classes)
                    tiers = candidate.tiers(thresholds)
                    on = [
                        tier_counts(truth[fold == part], tiers[:, fold == part])[0]
                        for part in (o, i)
                    ]
                    scores[at, repeat, i, o], scores[at, repeat, o, i] = macro_f1(
                        np.stack(on), classes
                    )
                    if i == o:
                        counts[at, repeat, o] = on[0]
    changes = np.array([candidate.changes for candidate in tried])
    return CrossValidation(scores, counts, changes, tuple(classes))


def choose(
    scores: Float[ndarray, "n_candidates n_repeats n_folds"],
    changes: Int[ndarray, " n_candidates"],
    among: Sequence[int],
) -> int:
    """The one-standard-error rule; of equally near ones the better."""
    held = list(among)
    part = scores[held]
    mean = part.mean(axis=(1, 2))
    behind = part[mean.argmax()] - part
    allowed = standard_error(behind) + _ROUNDING
    near = np.flatnonzero(behind.mean(axis=(1, 2)) <= allowed)
    return held[min(near, key=lambda at: (changes[held[at]], -mean[at]))]


def standard_error(
    of_folds: Float[ndarray, "*rows n_repeats n_folds"],
) -> Float[ndarray, "*rows"]:
    """Of the mean over folds; repeats share their features and add no certainty."""
    n_folds = of_folds.shape[-1]
    of_repeat = of_folds.std(axis=-1, ddof=1) / np.sqrt(n_folds)
    error: Float[ndarray, "*rows"] = of_repeat.mean(axis=-1)
    return error
