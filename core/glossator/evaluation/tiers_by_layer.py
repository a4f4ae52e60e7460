"""Tiers by layer: what chance would bring of them, and whether they lie as supposed."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from glossator.evaluation.association import Association, association
from glossator.evaluation.layer_questions import (
    LEVEL,
    QUESTIONS,
    LayerQuestion,
    Verdict,
)
from glossator.graph.attribution_graph import AttributionGraph, FeatureKey, NodeKind
from glossator.protocol.decision import ProtocolResult, Tier

TierCounts: TypeAlias = dict[int, Counter[Tier]]
"""Number of features by layer and tier."""
Thirds: TypeAlias = tuple[int, int, int]
"""Numbers of features of early, middle and late layers."""
Shares: TypeAlias = tuple[float | None, float | None, float | None]
"""The same as shares, None where there are no features."""

CALLED: frozenset[Tier] = frozenset({"input", "output", "cross"})
"""Tiers that claim more agreement than chance brings."""
PLACED: frozenset[Tier] = CALLED | {"obscure"}
"""Tiers that say what a feature is like; the others say what is lacking."""
_FEWEST = 5
_WITH_LAYER = (NodeKind.FEATURE, NodeKind.ATTENTION, NodeKind.ERROR)


def tier_counts(
    results: Iterable[tuple[FeatureKey, ProtocolResult]],
) -> TierCounts:
    """Number of features by layer and tier; each feature is given once."""
    table: TierCounts = {}
    for feature, result in results:
        table.setdefault(feature.layer, Counter())[result.tier] += 1
    return dict(sorted(table.items()))


def sense_counts(results: Iterable[ProtocolResult]) -> Counter[tuple[Tier, int]]:
    """Number of features by tier and number of senses, where there are several."""
    return Counter(
        (result.tier, len(result.scores.senses.senses))
        for result in results
        if result.scores.senses is not None
    )


def layers_of(graphs: Iterable[AttributionGraph]) -> int | None:
    """Number of layers up to the highest with a feature or error; None without any."""
    highest = -1
    for graph in graphs:
        inside = np.isin(graph.nodes.kind, _WITH_LAYER)
        highest = max(highest, int(graph.nodes.layer[inside].max(initial=-1)))
    return highest + 1 or None


def layer_thirds(n_layers: int) -> tuple[range, range, range]:
    """Early, middle and late layers; middle is from 1/3 to 2/3 of the depth."""
    last = max(n_layers - 1, 1)
    middle, late = -(-last // 3), 2 * last // 3 + 1
    return range(middle), range(middle, late), range(late, n_layers)


# -- expected false discoveries -----------------------------------------------------


@dataclass(frozen=True)
class ExpectedFalse:
    """How many of the features called input, output or cross chance would bring."""

    n_called: int
    """With a p of their own; each result's own decision says which."""
    n_scored: int
    """With a p of their own, whatever their tier."""
    n_without_p: int
    """Scored, but against no null that gives one."""
    share: float | None
    """Expected share of false ones; None where none is called."""

    @property
    def expected(self) -> float | None:
        """Expected number of false ones."""
        return None if self.share is None else self.share * self.n_called

    @property
    def sentence(self) -> str:
        left_out = ""
        if self.n_without_p:
            they_have = "it has" if self.n_without_p == 1 else "they have"
            left_out = f" {_features(self.n_without_p)} left out: {they_have} no p."
        if self.share is None or self.expected is None:
            return f"No feature with a p is called input, output or cross.{left_out}"
        are = "is" if self.n_called == 1 else "are"
        share = f"{_brief(100 * self.share)} % ({_brief(self.expected)})"
        return (
            f"{_features(self.n_called)} {are} called input, output or cross; of these "
            f"about {share} are expected to be so by chance (Benjamini–Hochberg)."
            f"{left_out}"
        )


def expected_false(results: Iterable[ProtocolResult]) -> ExpectedFalse:
    """Reckon the false discoveries by Benjamini and Hochberg's adjusted p.

    The hypotheses are all features with a p (`FeatureScores.p`), the discoveries those
    whose tier is called. The adjusted p of their weakest is the share of false ones
    among all features with a p as small; should some of these not be called (as
    routing by raw scores may have it), the false ones may still all be. Too large by
    the share of true ones among all features, and too small by about one feature
    where the weakest one's p lies well below the threshold's.
    """
    from scipy.stats import false_discovery_control

    scored = [result for result in results if result.tier in PLACED]
    with_p = [(result, p) for result in scored if (p := _p(result)) is not None]
    called = np.array([result.tier in CALLED for result, _ in with_p], dtype=np.bool_)
    share = None
    if called.any():
        values = np.array([p for _, p in with_p])
        weakest = float(false_discovery_control(values)[called].max())
        reached = int((values <= values[called].max()).sum())
        share = min(weakest * reached / int(called.sum()), 1.0)
    return ExpectedFalse(
        n_called=int(called.sum()),
        n_scored=len(with_p),
        n_without_p=len(scored) - len(with_p),
        share=share,
    )


def _p(result: ProtocolResult) -> float | None:
    """The p on which a feature was called: of its windows, or else of its senses."""
    senses = result.scores.senses
    if result.tier == "cross" and not result.decision.passed and senses is not None:
        return senses.p
    return result.scores.p


# -- tests of what is supposed ------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Stratum:
    """Distinct features that are compared with one another alone."""

    depths: Float[ndarray, " n_features"]
    """0 for the first layer, 1 for the last."""
    tiers: tuple[Tier, ...]


def stratum(
    results: Mapping[FeatureKey, ProtocolResult], n_layers: int | None = None
) -> Stratum:
    """Depths and tiers of features of one model.

    Parameters
    ----------
    n_layers : of the model; where None, those up to the highest feature at hand.
    """
    layers = np.array([feature.layer for feature in results], dtype=np.float64)
    last = max(layers.max(initial=0), (n_layers or 1) - 1, 1)
    return Stratum(layers / last, tuple(result.tier for result in results.values()))


@dataclass(frozen=True)
class LayerTest:
    """One question, its answer, and what it rests on."""

    question: str
    hits: Thirds
    """Features of the tiers in question."""
    totals: Thirds
    """Features of any tier but insufficient and no evidence."""
    verdict: Verdict
    answer: str
    """The verdict in a few words."""
    sentence: str
    """The answer with shares and p, to be read without the question."""
    z: float | None = None
    """Larger the more it is as supposed; see `Association`."""
    p: float | None = None
    """One-sided; None where it is not testable."""
    effect: float | None = None
    """Share in the last layer less that in the first, on a line; for a peak, share in
    the middle less that outside."""

    @property
    def shares(self) -> Shares:
        return _shares(self.hits, self.totals)


def layer_tests(strata: Sequence[Stratum]) -> tuple[LayerTest, ...]:
    """Put every question to the features of all strata.

    Input and output: test for trend over the depth. Cross and obscure: Fisher's exact
    test of the middle third against the other two; the answer is yes only if, besides,
    neither of the two has a larger share. Each p is for its question alone.
    """
    placed = [_placed(one) for one in strata]
    return tuple(_tested(question, placed) for question in QUESTIONS)


def _placed(one: Stratum) -> Stratum:
    """Without features of which the protocol says nothing."""
    keep = [tier in PLACED for tier in one.tiers]
    tiers = tuple(tier for tier in one.tiers if tier in PLACED)
    return Stratum(one.depths[np.array(keep, dtype=np.bool_)], tiers)


def _tested(question: LayerQuestion, strata: Sequence[Stratum]) -> LayerTest:
    hits = [
        np.array([tier in question.tiers for tier in one.tiers], dtype=np.bool_)
        for one in strata
    ]
    thirds = [_third(one.depths) for one in strata]
    totals = _by_third(thirds)
    n_hits = _by_third([third[hit] for third, hit in zip(thirds, hits, strict=True)])
    sign = -1.0 if question.shape == "falls" else 1.0
    peaks = question.shape == "peaks"
    scores = [
        (third == 1).astype(np.float64) if peaks else sign * one.depths
        for one, third in zip(strata, thirds, strict=True)
    ]
    enough = sum(totals) >= _FEWEST
    found = association(scores, hits, exact=peaks) if enough else None
    if found is None:
        reason = _why_not(question, n_hits, totals)
        return LayerTest(
            question=question.text,
            hits=n_hits,
            totals=totals,
            verdict="not testable",
            answer=f"Not testable: {reason}.",
            sentence=question.untestable(reason),
        )
    shares = _shares(n_hits, totals)
    highest = not peaks or shares[1] == max(share or 0.0 for share in shares)
    verdict = _verdict(found, highest=highest)
    return LayerTest(
        question=question.text,
        hits=n_hits,
        totals=totals,
        verdict=verdict,
        answer=question.answer(verdict, sign * found.slope, found.p),
        sentence=question.sentence(verdict, shares, found.p),
        z=found.z,
        p=found.p,
        effect=sign * found.slope,
    )


def _third(depths: Float[ndarray, " n"]) -> Int[ndarray, " n"]:
    """0, 1 or 2 for early, middle and late, as `layer_thirds` has it."""
    third: Int[ndarray, " n"] = (depths >= 1 / 3).astype(np.int64) + (depths > 2 / 3)
    return third


def _by_third(thirds: Sequence[Int[ndarray, " _"]]) -> Thirds:
    early, middle, late = sum(
        (np.bincount(third, minlength=3) for third in thirds), np.zeros(3, dtype=int)
    ).tolist()
    return early, middle, late


def _shares(hits: Thirds, totals: Thirds) -> Shares:
    early, middle, late = (
        hit / total if total else None for hit, total in zip(hits, totals, strict=True)
    )
    return early, middle, late


def _verdict(found: Association, *, highest: bool) -> Verdict:
    if found.p < LEVEL:
        return "yes" if highest else "not shown"
    return "reversed" if found.p_reverse < LEVEL else "not shown"


def _why_not(question: LayerQuestion, hits: Thirds, totals: Thirds) -> str:
    n = sum(totals)
    if n < _FEWEST:
        return f"{_features(n)} with a tier, fewer than {_FEWEST}"
    if not sum(hits):
        return f"no feature is {question.name}"
    if hits == totals:
        return f"every feature is {question.name}"
    if question.shape == "peaks" and totals[1] in (0, n):
        return f"{'every' if totals[1] else 'no'} feature lies in the middle third"
    return "features that differ in tier do not differ in depth"


def _brief(value: float) -> str:
    """Two digits, or all before the point."""
    return f"{value:.0f}" if value >= 9.95 else f"{value:.2g}"


def _features(n: int) -> str:
    return f"{n:,} feature{'' if n == 1 else 's'}"
