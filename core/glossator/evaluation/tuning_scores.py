"""Scores of judged features under many ways of cutting their examples.

As in a run, but with a fifth of its null draws: the standard deviation of 2,000 draws
is known to 2 %, which moves z by less than the judged features can tell.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from glossator.evidence.feature_evidence import FeatureEvidence
from glossator.progress import CancelToken, Progress
from glossator.protocol.decision import FeatureScores, Tier, WindowScore
from glossator.protocol.embeddings import Embeddings, embed_texts
from glossator.protocol.evidence_scores import ScoringParts
from glossator.protocol.null_distribution import DrawnNull, draw_nulls
from glossator.protocol.nulls import Nulls, pool_windows, shipped_nulls
from glossator.protocol.protocol_settings import (
    WINDOW_NAMES,
    ProtocolSettings,
    Window,
    WindowName,
)
from glossator.protocol.routing import CalibratedRouting, LiteralRouting
from glossator.protocol.scoring import score_features
from glossator.protocol.senses import UnrelatedBranches, unrelated_branches
from glossator.protocol.windows import FeatureWindows, cut_windows

TUNED: tuple[Tier, ...] = ("input", "output", "cross", "obscure", "insufficient")
"""Tiers by their number; a person judges the first four."""
_INPUT, _OUTPUT, _CROSS, _OBSCURE, _INSUFFICIENT = range(5)

_DRAWS = 2000
_SENSE_DRAWS = 400
"""Enough for a p of 0.0025; how unrelated windows fall apart takes long to draw."""
_CHUNK = 100
_ALL_OBSCURE = 100.0
"""A z threshold at which senses are looked for in every window of every feature."""


@dataclass(frozen=True, eq=False)
class JudgedEvidence:
    """A feature of which a person says the tier."""

    evidence: FeatureEvidence
    tier: Tier


@dataclass(frozen=True, eq=False)
class TuningSource:
    """Features of one model and source; their null is their own."""

    judged: tuple[JudgedEvidence, ...]
    pool: tuple[FeatureEvidence, ...]
    """Of the features that a run draws its null from, those with evidence."""
    n_features: int
    """All features at hand."""
    n_unknown: int = 0
    """Of the features that the null is drawn from, those without evidence."""
    n_judged_unknown: int = 0
    """Judged features without evidence."""


@dataclass(frozen=True, eq=False)
class _QuickNulls(Nulls):
    """Nulls that tell senses by fewer draws."""

    def branches(self, name: WindowName, n: int) -> UnrelatedBranches | None:
        null = self.of[name]
        if (name, n) not in self.known_branches and isinstance(null, DrawnNull):
            few = replace(null, pairs=null.pairs[:_SENSE_DRAWS])
            self.known_branches[name, n] = unrelated_branches(few, n)
        return self.known_branches.get((name, n))


@dataclass(frozen=True, eq=False)
class Scored:
    """What decides the tiers of some features; -inf where a window has no score."""

    z: Float[ndarray, "n_features 3"]
    raw: Float[ndarray, "n_features 3"]
    senses: Bool[ndarray, " n_features"]
    """Several of them, where no window passes as a whole."""
    lacking: Bool[ndarray, " n_features"]
    """Too few examples for any tier."""

    def part(self, chosen: Bool[ndarray, " n_features"]) -> "Scored":
        return Scored(
            z=self.z[chosen],
            raw=self.raw[chosen],
            senses=self.senses[chosen],
            lacking=self.lacking[chosen],
        )

    def calibrated(
        self, thresholds: Float[ndarray, " n_thresholds"]
    ) -> Int[ndarray, "n_thresholds n_features"]:
        """Tiers as `CalibratedRouting` has them, as numbers into `TUNED`."""
        largest = self.z.max(axis=1)
        otherwise = np.where(self.senses, _CROSS, _OBSCURE)
        passed = largest >= thresholds[:, None]
        tiers = np.where(passed, self.z.argmax(axis=1), otherwise)
        return np.where(self.lacking | np.isneginf(largest), _INSUFFICIENT, tiers)

    def literal(
        self, thresholds: Float[ndarray, "n_thresholds 3"]
    ) -> Int[ndarray, "n_thresholds n_features"]:
        """Tiers as `LiteralRouting` has them."""
        inside, after, around = (
            self.raw[:, at] >= thresholds[:, at, None] for at in range(3)
        )
        tiers = np.where(around, _CROSS, _OBSCURE)
        tiers = np.where(after, _OUTPUT, tiers)
        inside &= ~after | (self.raw[:, 0] >= self.raw[:, 1])
        tiers = np.where(inside, _INPUT, tiers)
        return np.where(self.lacking, _INSUFFICIENT, tiers)


def together(parts: Sequence[Scored]) -> Scored:
    """The features of several parts on end."""
    return Scored(
        z=np.concatenate([part.z for part in parts]),
        raw=np.concatenate([part.raw for part in parts]),
        senses=np.concatenate([part.senses for part in parts]),
        lacking=np.concatenate([part.lacking for part in parts]),
    )


def what_decides(scores: Sequence[FeatureScores], *, weighted: bool) -> Scored:
    """Take from scores that weigh pairs what decides with weights, or without."""
    z = np.full((len(scores), len(WINDOW_NAMES)), -np.inf)
    raw = z.copy()
    for at, of_feature in enumerate(scores):
        for window, name in enumerate(WINDOW_NAMES):
            score = of_feature.of(name)
            if score is not None:
                raw[at, window] = score.weighted if weighted else score.raw
                z[at, window] = _deciding_z(score, weighted=weighted)
    never = CalibratedRouting(np.inf)
    literal = LiteralRouting(dict.fromkeys(WINDOW_NAMES, np.inf))
    return Scored(
        z=z,
        raw=raw,
        senses=np.array([never.decide(s).tier == "cross" for s in scores], np.bool_),
        lacking=np.array(
            [literal.decide(s).tier == "insufficient" for s in scores], np.bool_
        ),
    )


def _deciding_z(score: WindowScore, *, weighted: bool) -> float:
    found = score.deciding_z if weighted else score.z
    return -np.inf if found is None else found


@dataclass(frozen=True, eq=False)
class CutScores:
    """The judged features of all sources, their examples cut in one way."""

    settings: ProtocolSettings
    equal: Scored
    """Pairs of examples weigh the same."""
    weighted: Scored


@dataclass(frozen=True)
class _CutSource:
    """A source's windows under one way of cutting."""

    judged: tuple[FeatureWindows, ...]
    pool: tuple[FeatureWindows, ...]

    def distinct_texts(self) -> set[str]:
        return {t for cut in self.judged + self.pool for t in cut.distinct_texts()}


def score_cuts(
    sources: Sequence[TuningSource],
    cuts: Sequence[ProtocolSettings],
    parts: ScoringParts,
    cancel: CancelToken,
) -> Generator[Progress, None, tuple[CutScores, ...]]:
    """Score the judged features under each way of cutting, in the order given.

    Those that come to the same windows share the scores of the first.

    Raises
    ------
    Cancelled
        between two ways of cutting, or two batches of the embedder.
    """
    found: list[CutScores] = []
    for group in _with_equal_windows(cuts):
        yield Progress(len(found), len(cuts), "trying settings")
        cut = [_cut_sources(sources, settings) for settings in group]
        first = [cut.index(one) for one in cut]
        scored: dict[int, list[tuple[Scored, Scored]]] = {at: [] for at in first}
        for number in range(len(sources)):
            texts = {t for at in scored for t in cut[at][number].distinct_texts()}
            embeddings = yield from embed_texts(
                texts, parts.embedder, parts.embeddings, cancel
            )
            for at, held in scored.items():
                cancel.check()
                one = cut[at][number]
                nulls = _quick_nulls(one.pool, embeddings, group[at], parts)
                held.append(_scored(one.judged, embeddings, nulls, group[at]))
                yield Progress(len(found) + at, len(cuts), "trying settings")
        equal = {at: together([one for one, _ in scored[at]]) for at in scored}
        weighted = {at: together([one for _, one in scored[at]]) for at in scored}
        found += [
            CutScores(settings, equal[at], weighted[at])
            for settings, at in zip(group, first, strict=True)
        ]
    return tuple(sorted(found, key=lambda one: cuts.index(one.settings)))


def score_pool(
    source: TuningSource,
    settings: ProtocolSettings,
    parts: ScoringParts,
    cancel: CancelToken,
) -> Generator[Progress, None, Scored]:
    """Score the features that a source's null is drawn from."""
    pool = tuple(cut_windows(one, settings) for one in source.pool)
    texts = {text for cut in pool for text in cut.distinct_texts()}
    embeddings = yield from embed_texts(texts, parts.embedder, parts.embeddings, cancel)
    nulls = _quick_nulls(pool, embeddings, settings, parts)
    found: list[tuple[Scored, Scored]] = []
    for start in range(0, len(pool), _CHUNK):
        cancel.check()
        yield Progress(start, len(pool), "counting tiers")
        part = pool[start : start + _CHUNK]
        found.append(_scored(part, embeddings, nulls, settings))
    return together(
        [weighted if settings.weighted else equal for equal, weighted in found]
    )


def _with_equal_windows(
    cuts: Sequence[ProtocolSettings],
) -> list[list[ProtocolSettings]]:
    groups: dict[tuple[Window, ...], list[ProtocolSettings]] = {}
    for settings in cuts:
        windows = tuple(settings.window(name) for name in WINDOW_NAMES)
        groups.setdefault(windows, []).append(settings)
    return list(groups.values())


def _cut_sources(
    sources: Sequence[TuningSource], settings: ProtocolSettings
) -> tuple[_CutSource, ...]:
    return tuple(
        _CutSource(
            judged=tuple(cut_windows(one.evidence, settings) for one in source.judged),
            pool=tuple(cut_windows(one, settings) for one in source.pool),
        )
        for source in sources
    )


def _quick_nulls(
    features: Sequence[FeatureWindows],
    embeddings: Embeddings,
    settings: ProtocolSettings,
    parts: ScoringParts,
) -> Nulls:
    pool = pool_windows(features, settings)
    if pool is None:
        return shipped_nulls(settings, parts.embedder.model)
    drawn = draw_nulls(
        [{n: embeddings.of(texts) for n, texts in one.items()} for one in pool.texts],
        n_max=settings.n_examples,
        draws=min(_DRAWS, settings.null_draws),
        seed=settings.seed,
    )
    return _QuickNulls({name: drawn.get(name) for name in WINDOW_NAMES})


def _scored(
    features: Sequence[FeatureWindows],
    embeddings: Embeddings,
    nulls: Nulls,
    settings: ProtocolSettings,
) -> tuple[Scored, Scored]:
    """Without and with weights."""
    scores = score_features(
        features,
        embeddings,
        nulls,
        msgspec.structs.replace(settings, weighted=True, z_threshold=_ALL_OBSCURE),
    )
    return what_decides(scores, weighted=False), what_decides(scores, weighted=True)
