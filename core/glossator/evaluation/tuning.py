"""Tune the protocol's settings on features whose tier a person has judged.

It proposes and applies nothing: out comes which settings to use, how well they and the
current ones agree with the person, and what either would cost.
"""

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int
from numpy import ndarray

from glossator.errors import InputError
from glossator.evaluation.tuning_choice import (
    MAX_FOLDS,
    REPEATS,
    CrossValidation,
    cross_validate,
    standard_error,
)
from glossator.evaluation.tuning_cost import TierCost, scaled
from glossator.evaluation.tuning_grid import RULES, RuleName, TuningGrid
from glossator.evaluation.tuning_rules import (
    N_JUDGED,
    Candidate,
    Truth,
    candidates,
    kept_thresholds,
    macro_f1,
    rule_of,
)
from glossator.evaluation.tuning_scores import (
    TUNED,
    TuningSource,
    score_cuts,
    score_pool,
)
from glossator.progress import CancelToken, Progress
from glossator.protocol.decision import Tier
from glossator.protocol.evidence_scores import ScoringParts
from glossator.protocol.protocol_settings import ProtocolSettings

MIN_JUDGED = 8
MIN_OF_TIER = 3
"""Fewer features of a tier cannot be parted into folds; its F1 does not count."""


@dataclass(frozen=True)
class Agreement:
    """How well settings agree with the person, on features they were not fitted on."""

    name: str
    settings: ProtocolSettings
    """As fitted on all judged features."""
    accuracy: float
    accuracy_error: float
    """Standard error, as of all: from the spread over folds."""
    macro_f1: float
    macro_f1_error: float
    confusion: tuple[tuple[float, ...], ...]
    """Features by judged (4) and decided tier (`TUNED`), mean over repeats."""


@dataclass(frozen=True)
class TuningReport:
    judged: Mapping[Tier, int]
    """Features with evidence by the tier a person says."""
    n_left_out: int
    """Judged features without evidence."""
    n_tried: int
    """Settings compared, thresholds aside."""
    n_folds: int
    n_repeats: int
    current: Agreement
    proposed: Agreement
    """Measured on folds that had no part in the choice."""
    literal: Agreement
    """The best with one raw threshold."""
    by_window: Agreement
    """The best with a raw threshold a window."""
    gain: float
    """Macro-F1 of the proposal less that of the current settings."""
    gain_error: float
    current_cost: TierCost
    proposed_cost: TierCost
    n_scored: int
    """Features that the costs are reckoned from."""

    @property
    def is_clear(self) -> bool:
        """Whether the proposal is better by more than a standard error."""
        return self.gain > self.gain_error


def check_judged(tiers: Sequence[Tier]) -> dict[Tier, int]:
    """Number of judged features by tier.

    Raises
    ------
    InputError
        if they are too few to tune on; says how many are needed.
    """
    counts = Counter(tiers)
    found = {tier: counts[tier] for tier in TUNED[:N_JUDGED]}
    enough = sum(n >= MIN_OF_TIER for n in found.values())
    if len(tiers) < MIN_JUDGED or enough < 2:
        held = ", ".join(f"{n} {tier}" for tier, n in found.items() if n) or "none"
        raise InputError(
            f"{len(tiers)} judged features can be used ({held}); tuning needs at "
            f"least {MIN_JUDGED}, and {MIN_OF_TIER} of each of two tiers"
        )
    return found


def tune(
    sources: Sequence[TuningSource],
    current: ProtocolSettings,
    grid: TuningGrid,
    parts: ScoringParts,
    cancel: CancelToken,
) -> Generator[Progress, None, TuningReport]:
    """Compare settings on judged features, and propose some.

    Parameters
    ----------
    sources : each draws its null from its own features.
    current : what is compared with; embedder and seed stay as they are there.

    Raises
    ------
    InputError
        if too few features are judged.
    Cancelled
        between two settings, or two batches of the embedder.
    """
    judged = [one.tier for source in sources for one in source.judged]
    counts = check_judged(judged)
    truth = np.array([TUNED.index(tier) for tier in judged])
    classes = [at for at, n in enumerate(counts.values()) if n >= MIN_OF_TIER]
    n_folds = min(MAX_FOLDS, *(counts[TUNED[at]] for at in classes))
    cuts = yield from score_cuts(sources, grid.cuts(current), parts, cancel)
    tried = candidates(cuts, grid, current)
    crossed = yield from cross_validate(tried, truth, n_folds, classes, cancel)
    choice = _Choice(tried, truth, crossed)
    proposed = choice.best(RULES, "proposed")
    now = choice.agreement("current", current, crossed.counts[_CURRENT])
    n_scored, (current_cost, proposed_cost) = yield from _costs(
        sources, [current, proposed.settings], parts, cancel
    )
    return TuningReport(
        judged=counts,
        n_left_out=sum(source.n_judged_unknown for source in sources),
        n_tried=len(tried),
        n_folds=n_folds,
        n_repeats=REPEATS,
        current=now,
        proposed=proposed,
        literal=choice.best(("literal",), "literal, one threshold"),
        by_window=choice.best(("literal by window",), "literal, a threshold a window"),
        gain=proposed.macro_f1 - now.macro_f1,
        gain_error=choice.gain_error(),
        current_cost=current_cost,
        proposed_cost=proposed_cost,
        n_scored=n_scored,
    )


_CURRENT = 0
"""The first candidate."""


@dataclass(frozen=True, eq=False)
class _Choice:
    """Candidates, and what is known of how they agree with the person."""

    tried: Sequence[Candidate]
    truth: Truth
    crossed: CrossValidation

    def best(self, rules: Sequence[RuleName], name: str) -> Agreement:
        """The choice among candidates of some rules."""
        among = [at for at, one in enumerate(self.tried) if one.rule in rules]
        chosen = self.tried[self.crossed.chosen(among)]
        everyone = np.ones(len(self.truth), dtype=np.bool_)
        thresholds = chosen.fit(self.truth, everyone, self.crossed.classes)
        settings = chosen.settings_with(thresholds)
        return self.agreement(name, settings, self.crossed.nested(among))

    def gain_error(self) -> float:
        """Standard error of the proposal's macro-F1 less that of the current one."""
        proposed = self.crossed.nested(range(len(self.tried)))
        gain = macro_f1(proposed, self.crossed.classes) - macro_f1(
            self.crossed.counts[_CURRENT], self.crossed.classes
        )
        return float(standard_error(gain))

    def agreement(
        self,
        name: str,
        settings: ProtocolSettings,
        tables: Int[ndarray, "n_repeats n_folds 4 5"],
    ) -> Agreement:
        n = len(self.truth)
        classes = self.crossed.classes
        hits = np.trace(tables, axis1=-2, axis2=-1)
        whole = tables.sum(axis=1)
        f1 = macro_f1(tables, classes)
        return Agreement(
            name=name,
            settings=settings,
            accuracy=float(hits.sum(axis=1).mean() / n),
            accuracy_error=float(standard_error(hits / tables.sum(axis=(-2, -1)))),
            macro_f1=float(macro_f1(whole, classes).mean()),
            macro_f1_error=float(standard_error(f1)),
            confusion=tuple(tuple(row) for row in whole.mean(axis=0).tolist()),
        )


def _costs(
    sources: Sequence[TuningSource],
    ways: Sequence[ProtocolSettings],
    parts: ScoringParts,
    cancel: CancelToken,
) -> Generator[Progress, None, tuple[int, list[TierCost]]]:
    """What the features of all sources cost under each settings.

    Reckoned from those that the null is drawn from: all, or a random sample of them.
    """
    costs = []
    n_scored = sum(len(source.pool) + source.n_unknown for source in sources)
    for settings in ways:
        total: Counter[Tier] = Counter()
        for source in sources:
            scored = yield from score_pool(source, settings, parts, cancel)
            one = Candidate(settings, rule_of(settings), False, scored)
            tiers = one.tiers(kept_thresholds(settings, one.rule))[0]
            counts: Counter[Tier] = Counter(TUNED[at] for at in tiers)
            counts["no evidence"] += source.n_unknown
            total.update(scaled(counts, source.n_features).features)
        costs.append(TierCost(total))
    return n_scored, costs
