"""How near a reconstructed vector comes to the given one, in three figures."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from glossator.errors import VerbalizeError
from glossator.verbalize.description import Vectors
from glossator.verbalize.published import pair_for
from glossator.verbalize.verbalization import Reconstruction

_SOURCE = "the example transcripts published with the checkpoints"
_LEAST = 1e-6
"""Vectors that differ less have no variance to explain."""


class Baseline(NamedTuple):
    """What always answering the mean would get as error: the variance of vectors."""

    variance: float
    """Mean square per coordinate of vectors scaled to norm sqrt(d), in [0, 1]."""
    source: str


def known_baseline(base_model: str, layer: int) -> Baseline | None:
    """Look up the variance of a published pair; None for any other model or layer."""
    pair = pair_for(base_model)
    if pair is None or pair.layer != layer:
        return None
    return Baseline(pair.baseline, _SOURCE)


def baseline(vectors: Vectors) -> Baseline:
    """Measure the variance of a reference set: activations of the layer, many texts.

    With u a vector scaled to norm sqrt(d) and mu the mean of all u, the mean of
    |u - mu|^2 / d, which is 1 - |mu|^2 / d.

    Raises
    ------
    VerbalizeError
        if there are fewer than two vectors, or one has no direction.
    """
    length = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    if len(vectors) < 2 or not (np.isfinite(length) & (length > 0)).all():
        raise VerbalizeError(
            "a baseline takes two or more vectors, none of them zero or infinite",
            field="vectors",
        )
    mean = (vectors / length).mean(axis=0)
    return Baseline(float(1.0 - mean @ mean), f"{len(vectors)} vectors")


def compared(
    found: Float[ndarray, " d_model"],
    given: Float[ndarray, " d_model"],
    reference: Baseline | None,
) -> Reconstruction:
    """Compare directions.

    Both scaled to norm sqrt(d), the mean square error per coordinate is 2 (1 - cosine);
    the fraction of variance explained is 1 - error / baseline, negative where the mean
    of all vectors would have come nearer.
    """
    one, other = found.astype(np.float64), given.astype(np.float64)
    product = float(np.linalg.norm(one) * np.linalg.norm(other))
    cosine = float(np.clip(one @ other / product, -1.0, 1.0)) if product > 0 else 0.0
    error = 2.0 * (1.0 - cosine)
    explained = error_explained(error, reference.variance if reference else None)
    return Reconstruction(cosine=cosine, mse=error, fve=explained)


def error_explained(error: float, variance: float | None) -> float | None:
    """Fraction of variance explained; None where there is none to explain, or known."""
    if variance is None or not variance > _LEAST:
        return None
    return 1.0 - error / variance
