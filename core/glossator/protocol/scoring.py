"""Score features: the correlation of their windows, each placed in its null."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from glossator.protocol.correlation import (
    Cosines,
    PerFeature,
    Weights,
    correlation,
    cosines,
    effective_n,
    jackknife_error,
)
from glossator.protocol.decision import FeatureScores, Sense, Senses, WindowScore
from glossator.protocol.embeddings import Embeddings
from glossator.protocol.null_distribution import (
    DrawnNull,
    Null,
    NullDistribution,
    beside_centre,
)
from glossator.protocol.nulls import Nulls, largest_z, share_as_large
from glossator.protocol.protocol_settings import (
    MIN_EXAMPLES,
    WINDOW_NAMES,
    ProtocolSettings,
    WindowName,
)
from glossator.protocol.senses import find_senses
from glossator.protocol.windows import FeatureWindows


def score_features(
    features: Sequence[FeatureWindows],
    embeddings: Embeddings,
    nulls: Nulls,
    settings: ProtocolSettings,
) -> list[FeatureScores]:
    """All three window scores of each feature, whatever the routing will look at."""
    if not features:
        return []
    measured = {
        name: _measure(features, name, embeddings, nulls.of[name], settings)
        for name in WINDOW_NAMES
    }
    return [
        _feature_scores(feature, at, measured, nulls, settings)
        for at, feature in enumerate(features)
    ]


@dataclass(frozen=True, eq=False)
class _Measured:
    """One window of several features; rows are features, columns examples."""

    adjusted: Cosines
    """What pairs share beyond what any windows like them do; raw without a null."""
    activations: Weights
    """At the top token; 0 where the window holds no text."""
    raw: PerFeature
    weighted: PerFeature
    raw_chance: PerFeature
    """What unrelated windows that lie like these would score."""
    weighted_chance: PerFeature
    error: PerFeature
    effective_n: PerFeature

    def used(self, feature: int) -> tuple[int, ...]:
        """The examples that hold text."""
        return tuple(int(i) for i in np.flatnonzero(self.activations[feature]))


def _measure(
    features: Sequence[FeatureWindows],
    name: WindowName,
    embeddings: Embeddings,
    null: Null | None,
    settings: ProtocolSettings,
) -> _Measured:
    width = max(MIN_EXAMPLES, *(len(feature.activations) for feature in features))
    # Where no text is embedded, nothing tells its width but the null.
    d_embed = len(null.centre) if null else embeddings.vectors.shape[1]
    vectors = np.zeros((len(features), width, d_embed))
    activations = np.zeros((len(features), width))
    for at, feature in enumerate(features):
        used = [i for i, text in enumerate(feature.texts[name]) if text]
        if used:
            vectors[at, used] = embeddings.of([feature.texts[name][i] for i in used])
            activations[at, used] = np.array(feature.activations)[used]
    held = activations > 0
    equal = held.astype(np.float64)
    found = cosines(vectors)
    adjusted = found
    if null is not None:
        adjusted = cosines(beside_centre(vectors, null.centre))
    raw, weighted = correlation(found, equal), correlation(found, activations)
    return _Measured(
        adjusted=adjusted,
        activations=activations,
        raw=raw,
        weighted=weighted,
        raw_chance=raw - correlation(adjusted, equal),
        weighted_chance=weighted - correlation(adjusted, activations),
        error=jackknife_error(found, activations if settings.weighted else equal),
        effective_n=effective_n(activations),
    )


def _feature_scores(
    feature: FeatureWindows,
    at: int,
    measured: Mapping[WindowName, _Measured],
    nulls: Nulls,
    settings: ProtocolSettings,
) -> FeatureScores:
    drawn: dict[WindowName, Draws] = {}
    scores: dict[WindowName, WindowScore | None] = {}
    for name, held in measured.items():
        if settings.weighted:
            drawn.update(_weighted_draws(name, held.activations[at], nulls))
        scores[name] = _window_score(name, held, at, nulls, drawn.get(name))
    z, n = _placed(scores)
    p = nulls.p_of_largest(z, n)
    if drawn and len(drawn) == len(z):
        p = share_as_large(largest_z(list(drawn.values())), max(z.values()))
    return FeatureScores(
        n_examples=feature.n_examples,
        n_distinct=feature.n_distinct,
        n_special=feature.n_special,
        input=scores["input"],
        output=scores["output"],
        cross=scores["cross"],
        p=p,
        senses=_senses(z, at, measured, nulls, settings),
    )


Draws = Float[ndarray, " draws"]


def _weighted_draws(
    name: WindowName, activations: Float[ndarray, " n_windows"], nulls: Nulls
) -> dict[WindowName, Draws]:
    """What unrelated windows of the same weights score; nothing if none were drawn."""
    null = nulls.of[name]
    weights = activations[activations > 0]
    if not isinstance(null, DrawnNull) or len(weights) < MIN_EXAMPLES:
        return {}
    return {name: null.weighted_scores(weights)}


def _window_score(
    name: WindowName, held: _Measured, at: int, nulls: Nulls, weighted: Draws | None
) -> WindowScore | None:
    n = len(held.used(at))
    if n < MIN_EXAMPLES:
        return None
    null = nulls.of[name]
    cell = null.of_n(n) if null else None
    of_weights = None if weighted is None else NullDistribution.of(weighted)
    raw, adjusted = float(held.raw[at]), float(held.raw[at] - held.raw_chance[at])
    heavy = float(held.weighted[at])
    heavy_adjusted = heavy - float(held.weighted_chance[at])
    deciding, chance = cell, raw - adjusted
    if of_weights is not None:
        deciding, chance = of_weights, heavy - heavy_adjusted
    return WindowScore(
        n_used=n,
        raw=raw,
        weighted=heavy,
        effective_n=float(held.effective_n[at]),
        jackknife_error=float(held.error[at]),
        null_mean=chance + deciding.mean if deciding else None,
        null_sd=deciding.sd if deciding else None,
        z=cell.z(adjusted) if cell else None,
        p=cell.p(adjusted) if cell else None,
        weighted_z=of_weights.z(heavy_adjusted) if of_weights else None,
        weighted_p=of_weights.p(heavy_adjusted) if of_weights else None,
    )


def _placed(
    scores: Mapping[WindowName, WindowScore | None],
) -> tuple[dict[WindowName, float], dict[WindowName, int]]:
    """The z that decide, and how many windows they are of."""
    z: dict[WindowName, float] = {}
    n: dict[WindowName, int] = {}
    for name, score in scores.items():
        if score is not None and score.deciding_z is not None:
            z[name], n[name] = score.deciding_z, score.n_used
    return z, n


def _senses(
    z: Mapping[WindowName, float],
    at: int,
    measured: Mapping[WindowName, _Measured],
    nulls: Nulls,
    settings: ProtocolSettings,
) -> Senses | None:
    """Senses in the cross window, or in any if none passes as a whole."""
    obscure = all(value < settings.z_threshold for value in z.values())
    looked_at = [name for name in WINDOW_NAMES if name in z]
    if not obscure:
        looked_at = [name for name in looked_at if name == "cross"]
    found: Senses | None = None
    for name in looked_at:
        used = measured[name].used(at)
        unrelated = nulls.branches(name, len(used))
        if unrelated is None:
            continue
        part = measured[name].adjusted[at][np.ix_(used, used)]
        p, branches = find_senses(part, unrelated, p=settings.sense_p / len(looked_at))
        p = min(1.0, p * len(looked_at))
        if branches and (found is None or p < found.p):
            senses = tuple(
                Sense(
                    examples=tuple(used[i] for i in branch.examples),
                    raw=branch.raw,
                    z=branch.z,
                )
                for branch in branches
            )
            found = Senses(window=name, senses=senses, p=p)
    return found
