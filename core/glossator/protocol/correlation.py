"""The correlation score in closed form: one pass over the vectors, no pair loop.

With n unit vectors e_i and S = sum e_i, the mean of cos(e_i, e_j) over pairs i < j is
(|S|^2 - n) / (n (n - 1)). With pair weights w_i w_j it is the sum over i of w_i e_i
times the sum of the later w_j e_j, by the same sum of the weights.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

Vectors = Float[ndarray, "n_windows d_embed"]
Weights = Float[ndarray, " n_windows"]


def unit_vectors(vectors: Vectors) -> Vectors:
    """Scale rows to length 1, in float64; a zero row stays zero."""
    wide = vectors.astype(np.float64)
    length = np.linalg.norm(wide, axis=1, keepdims=True)
    unit: Vectors = np.divide(wide, length, out=np.zeros_like(wide), where=length > 0)
    return unit


def correlation(unit: Vectors) -> float:
    """Mean cosine over all pairs; rows of length 1, at least two."""
    n = len(unit)
    total = unit.sum(axis=0)
    return float((total @ total - n) / (n * (n - 1)))


def weighted_correlation(unit: Vectors, weights: Weights) -> float:
    """Mean cosine with pair weights w_i w_j; weights positive."""
    # The pairs with each row's successors, summed: the closed form subtracts two equal
    # numbers where one weight dwarfs the others.
    scaled = weights / weights.max()
    rows = scaled[:, None] * unit
    later = np.cumsum(rows[:0:-1], axis=0)[::-1]
    later_weights = np.cumsum(scaled[:0:-1])[::-1]
    agreement = np.einsum("ij,ij->", rows[:-1], later)
    return float(agreement / (scaled[:-1] @ later_weights))


def jackknife_error(unit: Vectors) -> float:
    """Standard error of `correlation` by leaving one window out; at least three."""
    n = len(unit)
    rest = unit.sum(axis=0) - unit
    left_out = (np.einsum("ij,ij->i", rest, rest) - (n - 1)) / ((n - 1) * (n - 2))
    return float(np.sqrt((n - 1) / n * np.sum((left_out - left_out.mean()) ** 2)))


def effective_n(weights: Weights) -> float:
    """Number of equal weights that would weigh as much: (sum w)^2 / sum w^2."""
    return float(weights.sum() ** 2 / (weights @ weights))
