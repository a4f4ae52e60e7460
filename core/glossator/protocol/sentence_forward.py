"""Run a sentence-transformers model the fastest way that agrees with its own."""

import copy
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import groupby
from typing import Protocol, runtime_checkable

import numpy as np
import torch  # noqa: TID253  # only loaded once something is to be embedded
from jaxtyping import Float
from numpy import ndarray
from sentence_transformers import SentenceTransformer  # noqa: TID253
from tokenizers import Tokenizer
from transformers import BertModel  # noqa: TID253

from glossator.protocol.bert_forward import BertForward

Vectors = Float[ndarray, "n_texts d_embed"]

EXACT = 1e-5
"""Largest difference of a cosine that is rounding in float32."""
BF16 = 5e-3
"""The same in bfloat16."""

_SENTENCE = (
    "the capital of Texas is Austin , and in 1989 Dr. Müller said 'nearly two-thirds "
    "of them' ; def main(args): return x+1 中国 — however, dogs DON'T like it at all"
)
_PROBED = (1, 2, 3, 5, 7, 11, 18)
"""Words a text."""


@runtime_checkable
class Forward(Protocol):
    @property
    def n_threads(self) -> int:
        """How many may call it at a time, best all of them."""
        ...

    def of(self, texts: Sequence[str], ids: Sequence[Sequence[int]]) -> Vectors:
        """Unit vectors of texts of equal token length."""
        ...


class StockForward:
    """The model's own way, for any model; texts may differ in length."""

    n_threads = 1

    def __init__(self, model: SentenceTransformer) -> None:
        self._model = model

    def of(self, texts: Sequence[str], ids: Sequence[Sequence[int]]) -> Vectors:
        vectors = self._model.encode(
            list(texts),
            batch_size=len(texts),
            convert_to_numpy=True,
            show_progress_bar=False,
            normalize_embeddings=True,
        )
        return np.asarray(vectors, dtype=np.float32)


class FastForward:
    """For BERT models that take the mean over tokens."""

    def __init__(
        self, model: SentenceTransformer, *, bf16: bool, one_dnn: bool
    ) -> None:
        """Raises RuntimeError, AttributeError or ValueError where it does not apply."""
        bert = [part for part in model.modules() if isinstance(part, BertModel)]
        if len(bert) != 1:
            raise ValueError("no BERT model")
        self._device = model.device
        # A thread a core, each with batches of its own, never waits for the others.
        on_cpu = model.device.type == "cpu"
        self.n_threads = torch.get_num_threads() if on_cpu else 1
        dtype = torch.bfloat16 if bf16 else torch.float32
        self._bert = BertForward(bert[0], dtype, one_dnn=one_dnn)

    def of(self, texts: Sequence[str], ids: Sequence[Sequence[int]]) -> Vectors:
        rows = torch.tensor(ids, dtype=torch.int64).to(self._device)
        vectors: Vectors = self._bert.of(rows).cpu().numpy()
        return vectors


@contextmanager
def forward_threads(n: int) -> Iterator[ThreadPoolExecutor]:
    """N threads that share torch's cores."""
    cores = torch.get_num_threads()
    each = max(1, cores // n)
    pool = ThreadPoolExecutor(n, initializer=torch.set_num_threads, initargs=(each,))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
        # Threads to come would have as many as the last that asked.
        torch.set_num_threads(cores)


def fastest_forward(model: SentenceTransformer, *, bf16: bool) -> Forward:
    """The first that gives the vectors of the model itself, up to rounding."""
    limit, every = (BF16, 1) if bf16 else (EXACT, 5)
    for one_dnn in (True, False):
        if one_dnn and not _one_dnn_helps(model.device, bf16=bf16):
            continue
        try:
            forward = FastForward(model, bf16=bf16, one_dnn=one_dnn)
            if difference(forward, model, every=every) <= limit:
                return forward
        except (RuntimeError, AttributeError, ValueError):
            pass
    return StockForward(copy.deepcopy(model).bfloat16() if bf16 else model)


def bf16_agrees(model: SentenceTransformer) -> bool:
    return difference(fastest_forward(model, bf16=True), model) <= BF16


def difference(
    forward: Forward, model: SentenceTransformer, *, every: int = 1
) -> float:
    """Largest difference of the cosine of two of some 200 short texts, or fewer."""
    words = _SENTENCE.split()
    texts = [" ".join(words[at : at + n]) for n in _PROBED for at in range(len(words))]
    texts = texts[::every]
    expected = _vectors(StockForward(model), model, texts)
    found = _vectors(forward, model, texts)
    return float(np.abs(found @ found.T - expected @ expected.T).max())


def _vectors(
    forward: Forward, model: SentenceTransformer, texts: Sequence[str]
) -> Vectors:
    ids = token_ids(model, texts)
    order = sorted(range(len(texts)), key=lambda at: len(ids[at]))
    parts = [
        forward.of([texts[at] for at in same], [ids[at] for at in same])
        for _, group in groupby(order, key=lambda at: len(ids[at]))
        for same in [list(group)]
    ]
    return np.concatenate(parts)


def token_ids(model: SentenceTransformer, texts: Sequence[str]) -> list[list[int]]:
    """Special tokens included, cut at the model's longest."""
    backend = getattr(model.tokenizer, "backend_tokenizer", None)
    longest = model.max_seq_length
    if not isinstance(backend, Tokenizer) or longest is None:
        ids: list[list[int]] = model.tokenizer(
            list(texts), truncation=True, max_length=longest
        )["input_ids"]
        return ids
    # The same without what the tokenizer adds to it; it sets both itself when called.
    backend.no_padding()
    backend.enable_truncation(longest)
    return [encoding.ids for encoding in backend.encode_batch_fast(list(texts))]


def _one_dnn_helps(device: torch.device, *, bf16: bool) -> bool:
    here: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if device.type != "cpu" or not here:
        return False
    # Without the instructions for it, bf16 would be slower than float32.
    return not bf16 or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
