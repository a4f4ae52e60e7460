"""Embed texts: each distinct one once, and none that the store holds."""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from glossator.progress import CancelToken, Progress
from glossator.protocol.embedder import EmbeddedBatch, Embedder
from glossator.protocol.embedding_store import EmbeddingStore


@dataclass(frozen=True, eq=False)
class Embeddings:
    """Unit vectors of distinct texts."""

    vectors: Float[ndarray, "n_texts d_embed"]
    row: dict[str, int]

    def of(self, texts: Sequence[str]) -> Float[ndarray, "n_windows d_embed"]:
        return self.vectors[[self.row[text] for text in texts]]


def embed_texts(
    texts: Iterable[str],
    embedder: Embedder,
    store: EmbeddingStore,
    cancel: CancelToken,
) -> Generator[Progress, None, Embeddings]:
    """Embed each distinct text once; what the store holds is not embedded again.

    Raises
    ------
    Cancelled
        between two batches; what was embedded until then is in the store.
    """
    distinct = sorted(set(texts))
    parts = [store.load(distinct)]
    unknown = np.ones(len(distinct), dtype=np.bool)
    unknown[parts[0].at] = False
    missing = np.flatnonzero(unknown)
    done = len(parts[0].at)
    yield Progress(done, len(distinct), "embedding windows")
    for batch in embedder.embed([distinct[at] for at in missing]):
        at = missing[batch.at]
        store.add([distinct[i] for i in at], batch.vectors)
        cancel.check()
        parts.append(EmbeddedBatch(at, batch.vectors))
        done += len(at)
        yield Progress(done, len(distinct), "embedding windows")
    row = {text: at for at, text in enumerate(distinct)}
    return Embeddings(_unit(_in_order(parts, len(distinct))), row)


def _in_order(
    parts: Sequence[EmbeddedBatch], n_texts: int
) -> Float[ndarray, "n_texts d_embed"]:
    width = max(part.vectors.shape[1] for part in parts)
    together = np.empty((n_texts, width), dtype=parts[-1].vectors.dtype)
    for part in parts:
        if len(part.at):
            together[part.at] = part.vectors
    return together


def _unit(vectors: Float[ndarray, "n d"]) -> Float[ndarray, "n d"]:
    """Rows of length 1, in the precision given; a zero row stays zero."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    length[length == 0] = 1
    unit: Float[ndarray, "n d"] = vectors / length
    return unit
