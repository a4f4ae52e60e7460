"""How like a label is to what verbalizers say of the feature: an aid, no score.

A verbalizer may make up what it says, and a label may be right where it is unlike it.
So this stands beside labels for a person to see, is of a type of its own, and goes into
no mean of scores.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from glossator.progress import CancelToken, Progress
from glossator.protocol.embedder import Embedder
from glossator.protocol.embedding_store import EmbeddingStore
from glossator.protocol.embeddings import Embeddings, embed_texts


@dataclass(frozen=True)
class Verbalized:
    """A label, and what was said of its feature."""

    label: str
    said: tuple[str, ...]
    """Texts of verbalizations."""


@dataclass(frozen=True)
class VerbalizationLikeness:
    """Cosines in [-1, 1], mean over the verbalizations; None where there are none."""

    n: int
    """Verbalizations with text."""
    whole: float | None
    last: float | None
    """With their last paragraph, which is of the last token where there are several."""


def verbalization_likeness(
    batch: Sequence[Verbalized],
    embedder: Embedder,
    store: EmbeddingStore,
    cancel: CancelToken,
) -> Generator[Progress, None, list[VerbalizationLikeness]]:
    """Compare labels with verbalizations, in their order.

    Raises
    ------
    Cancelled
        between two batches of texts.
    """
    labels = [one.label.strip() for one in batch]
    wholes = [[text.strip() for text in one.said if text.strip()] for one in batch]
    lasts = [[text.split("\n\n")[-1].strip() for text in own] for own in wholes]
    distinct = {text for text in labels if text}
    distinct.update(text for own in (*wholes, *lasts) for text in own)
    embeddings = yield from embed_texts(distinct, embedder, store, cancel)
    return [
        VerbalizationLikeness(
            n=len(whole),
            whole=_mean_cosine(label, whole, embeddings),
            last=_mean_cosine(label, last, embeddings),
        )
        for label, whole, last in zip(labels, wholes, lasts, strict=True)
    ]


def _mean_cosine(
    label: str, texts: Sequence[str], embeddings: Embeddings
) -> float | None:
    if not label or not texts:
        return None
    return float((embeddings.of(texts) @ embeddings.of([label])[0]).mean())
