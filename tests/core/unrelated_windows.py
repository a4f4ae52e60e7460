"""Vectors of windows, made up: unrelated ones, common ones, and such as agree."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from glossator.protocol.embeddings import Embeddings
from glossator.protocol.protocol_settings import WINDOW_NAMES, WindowName
from glossator.protocol.windows import FeatureWindows

Floats: TypeAlias = NDArray[np.floating]

D_EMBED = 32


def unit(vectors: Floats) -> Floats:
    scaled: Floats = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return scaled


def made_features(
    n: int, *, seed: int = 1, n_examples: tuple[int, int] = (1, 6)
) -> list[dict[WindowName, Floats]]:
    """Features of several examples that lean to a way of their own.

    Windows are of a language: all lean to one way, some more than others, and those of
    one example are like each other. Of the precision that embedders have.
    """
    rng = np.random.default_rng(seed)
    language = np.ones(D_EMBED) / np.sqrt(D_EMBED)
    found = []
    for _ in range(n):
        of_feature = rng.normal(size=D_EMBED)
        count = int(rng.integers(*n_examples))
        of_example = rng.normal(size=(count, D_EMBED))
        held: dict[WindowName, Floats] = {}
        for name in WINDOW_NAMES:
            common = rng.uniform(0, 4, size=(count, 1)) * language
            own = rng.normal(size=(count, D_EMBED))
            vectors = unit(own + of_example + of_feature + common)
            held[name] = vectors.astype(np.float32)
        found.append(held)
    return found


def windows_of(
    vectors: Mapping[WindowName, Floats], *, name: str, activations: Sequence[float]
) -> tuple[FeatureWindows, dict[str, Floats]]:
    """A feature whose texts stand for vectors; a vector that is NaN is no text."""
    texts: dict[WindowName, tuple[str, ...]] = {}
    known: dict[str, Floats] = {}
    for window in WINDOW_NAMES:
        row = []
        for at, vector in enumerate(vectors[window]):
            text = "" if np.isnan(vector).any() else f"{name} {window} {at}"
            row.append(text)
            if text:
                known[text] = vector
        texts[window] = tuple(row)
    n = len(activations)
    feature = FeatureWindows(
        n_examples=n,
        n_distinct=n,
        n_special=0,
        activations=tuple(activations),
        texts=texts,
        top_tokens=("x",) * n,
        next_tokens=("",) * n,
    )
    return feature, known


def embeddings_of(known: Mapping[str, Floats]) -> Embeddings:
    vectors = np.array(list(known.values())).astype(np.float32)
    return Embeddings(vectors, {text: at for at, text in enumerate(known)})
