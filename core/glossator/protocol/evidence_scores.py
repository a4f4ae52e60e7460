"""From evidence to scores: cut, embed, place in the null; chunk by chunk of features.

A chunk's distinct texts go to the embedder in one stream; texts of earlier chunks come
from the store. Only the features that the null is drawn from stay in memory.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import msgspec

from glossator.evidence.feature_evidence import FeatureEvidence
from glossator.progress import CancelToken, Progress
from glossator.protocol.comparators import compare, embedded_logits, promoted_tokens
from glossator.protocol.decision import FeatureScores
from glossator.protocol.embedder import Embedder
from glossator.protocol.embedding_store import EmbeddingStore
from glossator.protocol.embeddings import embed_texts
from glossator.protocol.null_store import NullStore
from glossator.protocol.nulls import Nulls, drawn_nulls, pool_windows, shipped_nulls
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.protocol.scoring import score_features
from glossator.protocol.windows import FeatureWindows, cut_windows

CHUNK = 256
"""Features scored together: some 15,000 texts, enough for full batches."""


@dataclass(frozen=True)
class ScoringParts:
    """What scoring needs besides evidence and settings."""

    embedder: Embedder
    embeddings: EmbeddingStore
    nulls: NullStore


@dataclass(frozen=True, eq=False)
class CutEvidence:
    """A feature's evidence with what of it is embedded."""

    evidence: FeatureEvidence
    windows: FeatureWindows
    promoted: tuple[str, ...]
    """Its top logits as text."""

    def distinct_texts(self) -> set[str]:
        return self.windows.distinct_texts() | set(embedded_logits(self.promoted))


def cut_evidence(evidence: FeatureEvidence, settings: ProtocolSettings) -> CutEvidence:
    return CutEvidence(
        evidence, cut_windows(evidence, settings), promoted_tokens(evidence)
    )


def find_nulls(
    pool: Sequence[FeatureWindows],
    parts: ScoringParts,
    settings: ProtocolSettings,
    cancel: CancelToken,
) -> Generator[Progress, None, Nulls]:
    """The nulls of features at hand: as stored, drawn anew, or the shipped ones.

    Raises
    ------
    Cancelled
        between two batches; what was embedded until then is stored.
    """
    held = pool_windows(pool, settings)
    if held is None:
        return shipped_nulls(settings, parts.embedder.model)
    digest = held.digest(parts.embedder.name, settings)
    known = parts.nulls.load(digest)
    if known is not None:
        return known
    texts = held.distinct_texts()
    embeddings = yield from embed_texts(texts, parts.embedder, parts.embeddings, cancel)
    yield Progress(0, 0, "drawing the null")
    drawn = drawn_nulls(held, embeddings, settings)
    parts.nulls.add(digest, drawn)
    return drawn


def score_evidence(
    known: Sequence[CutEvidence],
    nulls: Nulls,
    parts: ScoringParts,
    settings: ProtocolSettings,
    cancel: CancelToken,
) -> Generator[Progress, None, list[FeatureScores]]:
    """Scores and comparators of a chunk of features.

    Raises
    ------
    Cancelled
        between two batches; what was embedded until then is stored.
    """
    texts = {text for cut in known for text in cut.distinct_texts()}
    embeddings = yield from embed_texts(texts, parts.embedder, parts.embeddings, cancel)
    scores = score_features([cut.windows for cut in known], embeddings, nulls, settings)
    return [
        msgspec.structs.replace(
            score, comparators=compare(cut.windows, cut.promoted, embeddings)
        )
        for cut, score in zip(known, scores, strict=True)
    ]
