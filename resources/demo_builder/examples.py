"""Activation examples and statistics of signed neurons over a corpus."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from corpus import Corpus
from model import BOS_ID, Model, stream_neurons
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]

N_TOP = 20
N_MID = 5
MID_RANGE = (0.2, 0.6)
"""Share of the largest activation that counts as mid-range."""
CONTEXT = 20
"""Tokens shown to each side of the top token."""
DENSITY_FLOOR = 0.1
"""A token counts as active above this share of the feature's largest activation."""
N_BINS = 40
QUANTILES = (0.5, 0.9, 0.99, 0.999, 1.0)
BATCH_TOKENS = 2048


@dataclass(frozen=True, order=True)
class Feature:
    """One sign of one MLP neuron."""

    layer: int
    neuron: int
    negative: bool

    @property
    def index(self) -> int:
        """Index inside the layer."""
        return 2 * self.neuron + self.negative

    @property
    def sign(self) -> int:
        """The sign that makes its activation positive."""
        return -1 if self.negative else 1


@dataclass(frozen=True, eq=False)
class Activations:
    """Neurons over the corpus; rows are the documents' tokens, end to end, no BOS."""

    values: NDArray[np.float16]
    """[n_tokens, n_neurons] signed"""
    columns: dict[tuple[int, int], int]
    """(layer, neuron) to column"""
    ids: IntArray
    """[n_tokens]"""
    starts: IntArray
    """[n_documents + 1] first row of each document"""


@dataclass(frozen=True, eq=False)
class Example:
    """A stretch of text around the top token of a document."""

    ids: IntArray
    activations: FloatArray
    top: int
    """Offset of the top token."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the corpus shows of one feature; activations are max(0, sign · a)."""

    top: tuple[Example, ...]
    mid: tuple[Example, ...]
    act_max: float
    density: float
    quantiles: tuple[float, ...]
    """Of all tokens, at ``QUANTILES``"""
    histogram: tuple[int, ...]
    """Counts of positive activations in ``N_BINS`` equal bins over (0, act_max]"""


def _batches(lengths: list[int]) -> Iterator[list[int]]:
    """Group documents of similar length into batches of ``BATCH_TOKENS`` tokens."""
    order = sorted(range(len(lengths)), key=lambda i: (lengths[i], i))
    batch: list[int] = []
    for index in order:
        if batch and (len(batch) + 1) * (lengths[index] + 1) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


@torch.no_grad()
def collect(model: Model, corpus: Corpus, features: list[Feature]) -> Activations:
    """Run the corpus and keep the neurons of the features.

    The result takes 2 bytes for each token and neuron.
    """
    neurons = sorted({(f.layer, f.neuron) for f in features})
    columns = {neuron: column for column, neuron in enumerate(neurons)}
    by_layer: list[list[int]] = [[] for _ in model.layers]
    for layer, neuron in neurons:
        by_layer[layer].append(neuron)
    lengths = [len(document.ids) for document in corpus.documents]
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    values = np.empty((starts[-1], len(neurons)), dtype=np.float16)
    batches = list(_batches(lengths))
    for done, batch in enumerate(batches):
        width = max(lengths[i] for i in batch) + 1
        ids = torch.full((len(batch), width), BOS_ID)
        for row, i in enumerate(batch):
            ids[row, 1 : lengths[i] + 1] = torch.tensor(corpus.documents[i].ids)
        layers = enumerate(stream_neurons(model, ids))
        kept = torch.cat([acts[..., by_layer[index]] for index, acts in layers], -1)
        for row, i in enumerate(batch):
            values[starts[i] : starts[i + 1]] = kept[row, 1 : lengths[i] + 1].numpy()
        if done % 25 == 0 or done + 1 == len(batches):
            print(f"  corpus batch {done + 1} of {len(batches)}", flush=True)
    flat = [token for document in corpus.documents for token in document.ids]
    return Activations(values, columns, np.array(flat, dtype=np.int64), starts)


class _Chooser:
    """Takes examples of one feature: one a document, none that looks like another."""

    def __init__(
        self, table: Activations, signed: FloatArray, words: list[str]
    ) -> None:
        self.table, self.signed, self.words = table, signed, words
        self.seen: set[tuple[str, ...]] = set()
        self.documents: set[int] = set()

    def offer(self, document: int, row: int) -> Example | None:
        """Return the example around a token, or None if it repeats another."""
        start, end = self.table.starts[document], self.table.starts[document + 1]
        near = self._text(max(start, row - 4), min(end, row + 5))
        before = ("before", *self._text(max(start, row - 3), row + 1))
        if document in self.documents or near in self.seen or before in self.seen:
            return None
        self.documents.add(document)
        self.seen |= {near, before}
        first, last = max(start, row - CONTEXT), min(end, row + CONTEXT + 1)
        return Example(
            self.table.ids[first:last], self.signed[first:last], int(row - first)
        )

    def _text(self, first: int, last: int) -> tuple[str, ...]:
        return tuple(self.words[token] for token in self.table.ids[first:last])


def _document_peaks(
    signed: FloatArray, starts: IntArray
) -> tuple[FloatArray, IntArray]:
    """Return the largest activation of each document and its row."""
    peaks = np.maximum.reduceat(signed, starts[:-1])
    is_peak = signed == np.repeat(peaks, np.diff(starts))
    rows = np.flatnonzero(is_peak)
    first = np.searchsorted(rows, starts[:-1])
    return peaks, rows[first]


def _top_examples(
    chooser: _Chooser, peaks: FloatArray, rows: IntArray
) -> tuple[Example, ...]:
    examples: list[Example] = []
    for document in np.argsort(-peaks, kind="stable"):
        if len(examples) == N_TOP or peaks[document] <= 0:
            break
        example = chooser.offer(int(document), int(rows[document]))
        if example is not None:
            examples.append(example)
    return tuple(examples)


def _mid_examples(
    chooser: _Chooser, peaks: FloatArray, rows: IntArray
) -> tuple[Example, ...]:
    """Take examples evenly over the ranks of the mid-range documents."""
    low, high = (share * peaks.max() for share in MID_RANGE)
    inside = np.flatnonzero((peaks >= low) & (peaks <= high))
    ranked = inside[np.argsort(-peaks[inside], kind="stable")]
    examples = []
    for step in range(N_MID):
        stretch = ranked[
            len(ranked) * step // N_MID : len(ranked) * (step + 1) // N_MID
        ]
        # From the middle of the stretch on: the first that repeats no other.
        for document in stretch[len(stretch) // 2 :]:
            example = chooser.offer(int(document), int(rows[document]))
            if example is not None:
                examples.append(example)
                break
    return tuple(examples)


def evidence(table: Activations, feature: Feature, words: list[str]) -> Evidence:
    """Choose the examples of one feature and measure it.

    Parameters
    ----------
    words
        The text of every token id, lower case and stripped; two stretches with the
        same words within 4 tokens of the top token, or with the same top token and 3
        words before it, count as repeats.
    """
    column = table.columns[feature.layer, feature.neuron]
    signed = np.maximum(feature.sign * table.values[:, column].astype(np.float32), 0)
    peaks, rows = _document_peaks(signed, table.starts)
    chooser = _Chooser(table, signed, words)
    act_max = float(signed.max())
    positive = signed[signed > 0]
    counts, _ = np.histogram(positive, bins=N_BINS, range=(0, act_max or 1.0))
    return Evidence(
        top=_top_examples(chooser, peaks, rows),
        mid=_mid_examples(chooser, peaks, rows),
        act_max=act_max,
        density=float((signed > DENSITY_FLOOR * act_max).mean()),
        quantiles=tuple(float(q) for q in np.quantile(signed, QUANTILES)),
        histogram=tuple(int(count) for count in counts),
    )
