"""The correlation score of many features at once, without a loop over pairs.

With cosines c_ij and weights w_i of a feature's windows, the score is the sum of
w_i w_j c_ij over pairs i < j by the sum of w_i w_j over the same pairs. A window that
holds no text has weight 0; equal weights give the plain mean over all pairs. Sums leave
out the diagonal instead of subtracting it, so that nothing cancels where one weight
dwarfs the others.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

Vectors = Float[ndarray, "n_features n_windows d_embed"]
Cosines = Float[ndarray, "n_features n_windows n_windows"]
"""Zero on the diagonal."""
Weights = Float[ndarray, "n_features n_windows"]
"""At least 0."""
PerFeature = Float[ndarray, " n_features"]


def cosines(unit: Vectors) -> Cosines:
    """Cosine of each two windows of a feature; rows of length 1, or zero."""
    found: Cosines = unit @ unit.swapaxes(1, 2)
    at = np.arange(unit.shape[1])
    found[:, at, at] = 0.0
    return found


def correlation(cosines: Cosines, weights: Weights) -> PerFeature:
    """Mean cosine over all pairs, weighted; at least two positive weights a feature.

    NaN where there are fewer.
    """
    scaled = _scaled(weights)
    agreement = np.einsum("fi,fij,fj->f", scaled, cosines, scaled, optimize=True)
    return _ratio(agreement, _pair_weight(scaled))


def jackknife_error(cosines: Cosines, weights: Weights) -> PerFeature:
    """Standard error of `correlation` by leaving one window out.

    Efron and Stein (1981): sqrt((n - 1) / n sum_i (C_i - mean C)^2), C_i without window
    i, n the number of windows of positive weight. NaN where n is below three.
    """
    n_windows = weights.shape[1]
    others = weights[:, None, :] * (1.0 - np.eye(n_windows))
    scaled = _scaled(others)
    agreement = np.einsum("foi,foi->fo", scaled @ cosines, scaled)
    left_out = _ratio(agreement, _pair_weight(scaled))
    used = weights > 0
    n = used.sum(axis=1)
    mean = np.where(used, left_out, 0.0).sum(axis=1) / np.maximum(n, 1)
    squares = np.where(used, left_out - mean[:, None], 0.0) ** 2
    error = np.sqrt((n - 1) / np.maximum(n, 1) * squares.sum(axis=1))
    known: PerFeature = np.where(n < 3, np.nan, error)
    return known


def effective_n(weights: Weights) -> PerFeature:
    """Number of equal weights that weigh as much: (sum w)^2 / sum w^2 (Kish 1965)."""
    scaled = _scaled(weights)
    return _ratio(scaled.sum(axis=-1) ** 2, (scaled**2).sum(axis=-1))


Rows = Float[ndarray, "*rows n_windows"]
PerRow = Float[ndarray, "*rows"]


def _scaled(weights: Rows) -> Rows:
    """The largest weight of a row becomes 1."""
    most = weights.max(axis=-1, keepdims=True)
    scaled: Rows = np.divide(weights, most, out=np.zeros_like(weights), where=most > 0)
    return scaled


def _pair_weight(scaled: Rows) -> PerRow:
    later = np.cumsum(scaled[..., ::-1], axis=-1)[..., ::-1][..., 1:]
    total: PerRow = 2.0 * (scaled[..., :-1] * later).sum(axis=-1)
    return total


def _ratio(part: PerRow, whole: PerRow) -> PerRow:
    ratio: PerRow = np.divide(
        part, whole, out=np.full_like(whole, np.nan), where=whole > 0
    )
    return ratio
