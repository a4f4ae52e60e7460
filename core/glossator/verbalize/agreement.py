"""How alike the samples of one vector are: what all of them say is less likely made up.

The measure is the protocol's: the mean cosine of the texts' embeddings over all pairs.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np

from glossator.progress import CancelToken, Progress
from glossator.protocol.correlation import correlation, cosines
from glossator.protocol.embedder import Embedder
from glossator.protocol.embedding_store import EmbeddingStore
from glossator.protocol.embeddings import Embeddings, embed_texts
from glossator.verbalize.verbalization import paragraphs


@dataclass(frozen=True)
class Agreement:
    """Mean cosines in [-1, 1]; None where fewer than two samples have such a part."""

    whole: float | None
    message: float | None
    phrase: float | None
    token: float | None


def agreements(
    samples: Sequence[Sequence[str]],
    embedder: Embedder,
    store: EmbeddingStore,
    cancel: CancelToken,
) -> Generator[Progress, None, tuple[Agreement, ...]]:
    """Measure the agreement of the samples of each vector, by paragraph and whole.

    Paragraphs are compared with those in the same place; what a sample lacks is left
    out.

    Raises
    ------
    Cancelled
        between two batches of texts.
    """
    split = [[paragraphs(text) for text in texts] for texts in samples]
    parts = [
        (
            [text.strip() for text in texts],
            [part.message for part in one],
            [part.phrase for part in one],
            [part.token for part in one],
        )
        for texts, one in zip(samples, split, strict=True)
    ]
    distinct = {text for one in parts for same in one for text in same if text}
    embeddings = yield from embed_texts(distinct, embedder, store, cancel)
    return tuple(
        Agreement(*(_mean_cosine(same, embeddings) for same in one)) for one in parts
    )


def _mean_cosine(texts: Sequence[str], embeddings: Embeddings) -> float | None:
    present = [text for text in texts if text]
    if len(present) < 2:
        return None
    unit = embeddings.of(present).astype(np.float64)[None]
    found = correlation(cosines(unit), np.ones((1, len(present))))[0]
    return float(np.clip(found, -1.0, 1.0))
