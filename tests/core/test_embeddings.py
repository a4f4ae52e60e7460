"""Each distinct text is embedded once, with the same numbers however it is done."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from glossator.errors import Cancelled
from glossator.progress import CancelToken, Progress, drive
from glossator.protocol.embedder import EmbeddedBatch, Embedder, SentenceEmbedder
from glossator.protocol.embedding_store import EmbeddingStore
from glossator.protocol.embeddings import Embeddings, embed_texts

TEXTS = [
    " ".join(["river", "stone", "Dallas", "of", "two", "running"][n % 6 :: 2] * (n % 5))
    + f" {n}"
    for n in range(60)
]


@pytest.fixture(scope="module")
def minilm() -> SentenceEmbedder:
    return SentenceEmbedder(device="cpu")


@pytest.fixture
def small(minilm: SentenceEmbedder, monkeypatch: pytest.MonkeyPatch) -> Embedder:
    """Makes many batches of few texts."""
    monkeypatch.setattr(minilm, "_batch_tokens", 40)
    return minilm


@dataclass
class Counting:
    """The given vectors, and what was asked for."""

    vectors: dict[str, list[float]]
    asked: list[str] = field(default_factory=list)
    name: str = "counting"
    model: str = "counting"
    device: str = "cpu"

    def embed(self, texts: Sequence[str]) -> Iterator[EmbeddedBatch]:
        self.asked += texts
        for at, text in enumerate(texts):
            vector = np.array([self.vectors[text]], np.float32)
            yield EmbeddedBatch(np.array([at]), vector)


def _store(path: Path) -> EmbeddingStore:
    return EmbeddingStore(path, "mini")


def _embed(
    texts: Sequence[str],
    embedder: Embedder,
    store: EmbeddingStore,
    steps: list[Progress] | None = None,
) -> Embeddings:
    def note(progress: Progress) -> None:
        if steps is not None:
            steps.append(progress)

    return drive(embed_texts(texts, embedder, store, CancelToken()), note)


def test_each_distinct_text_once_and_the_store_first(tmp_path: Path) -> None:
    embedder = Counting({"a": [3, 4], "b": [0, 0], "c": [0, 2]})
    store = _store(tmp_path / "e.sqlite")
    _embed(["b", "b"], embedder, store)
    steps: list[Progress] = []
    found = _embed(["c", "a", "b", "a", "c"], embedder, store, steps)
    assert embedder.asked == ["b", "a", "c"]
    assert [(step.done, step.total) for step in steps] == [(1, 3), (2, 3), (3, 3)]
    assert found.of(["a", "b", "a"]).tolist() == [
        pytest.approx([0.6, 0.8]),
        [0, 0],
        pytest.approx([0.6, 0.8]),
    ]
    assert found.vectors.dtype == np.float32
    store.close()


def test_nothing_to_embed(tmp_path: Path) -> None:
    store = _store(tmp_path / "e.sqlite")
    found = _embed([], Counting({}), store)
    assert len(found.vectors) == len(found.row) == len(found.of([])) == 0
    store.close()


def test_without_a_store(tmp_path: Path) -> None:
    store = _store(tmp_path / "e.sqlite")
    store.close()
    assert _embed(["a"], Counting({"a": [1, 0]}), store).of(["a"]).tolist() == [[1, 0]]


@pytest.mark.model
def test_a_warm_run_has_the_same_bits(tmp_path: Path, minilm: SentenceEmbedder) -> None:
    store = _store(tmp_path / "e.sqlite")
    cold = _embed(TEXTS, minilm, store)
    warm = _embed(TEXTS, Counting({}), store)
    assert warm.vectors.tobytes() == cold.vectors.tobytes()
    assert warm.row == cold.row
    lengths = np.linalg.norm(cold.vectors, axis=1)
    assert lengths == pytest.approx(np.ones(len(lengths)), abs=1e-6)
    store.close()


@pytest.mark.model
def test_resumed_after_any_batch_it_has_the_same_bits(
    tmp_path: Path, small: Embedder
) -> None:
    whole = _store(tmp_path / "whole.sqlite")
    steps: list[Progress] = []
    expected = _embed(TEXTS, small, whole, steps)
    whole.close()
    assert len(steps) > 10
    for stop in range(len(steps) - 1):
        store, cancel = _store(tmp_path / f"{stop}.sqlite"), CancelToken()
        work = embed_texts(TEXTS, small, store, cancel)
        for _ in range(stop + 1):
            next(work)
        cancel.cancel()
        with pytest.raises(Cancelled):
            next(work)
        # The batch that was under way is kept too.
        assert len(store.load(TEXTS).at) == steps[stop + 1].done
        resumed = _embed(TEXTS, small, store)
        assert resumed.vectors.tobytes() == expected.vectors.tobytes()
        store.close()


@pytest.mark.model
def test_other_batches_change_nothing_but_rounding(
    tmp_path: Path, minilm: SentenceEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = _store(tmp_path / "e.sqlite")
    closed.close()
    expected = _embed(TEXTS, minilm, closed).vectors
    for tokens in (1, 40, 333):
        monkeypatch.setattr(minilm, "_batch_tokens", tokens)
        found = _embed(TEXTS, minilm, closed).vectors
        assert np.abs(found - expected).max() < 1e-6
