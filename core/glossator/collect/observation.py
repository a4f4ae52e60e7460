"""Run chunks through the model and see what the features do at each token."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch  # noqa: TID253  # only loaded once a model runs
from jaxtyping import Float, Float32, Int, Int32, Int64, UInt64
from numpy import ndarray
from torch import Tensor  # noqa: TID253

from glossator.collect.chunks import Chunk
from glossator.collect.histogram import bin_counts
from glossator.collect.repeats import repeat_keys, word_numbers
from glossator.errors import ModelError
from glossator.graph.attribution_graph import FeatureKey
from glossator.model.language_model import LanguageModel
from glossator.model.replacement import LayerFeatures, Replacement


@dataclass(frozen=True, eq=False)
class Windows:
    """Stretches of text around given tokens, as wide as they were asked for."""

    ids: Int32[ndarray, "n width"]
    """From the left; what follows `length` is 0."""
    activations: Float32[ndarray, "n width"]
    top: Int[ndarray, " n"]
    """Where the given token is."""
    length: Int[ndarray, " n"]


@dataclass(frozen=True, eq=False)
class Observation:
    """Some chunks and what the features did; nothing is counted at BOS."""

    numbers: Int64[ndarray, " batch"]
    """Of the chunks."""
    lengths: Int64[ndarray, " batch"]
    ids: Int32[ndarray, "batch tokens"]
    """Padded with 0."""
    near: UInt64[ndarray, "batch tokens"]
    before: UInt64[ndarray, "batch tokens"]
    """Of `repeat_keys`."""
    activations: Float[Tensor, "batch tokens features"]
    """Float32; minus infinity on padding."""
    peaks: Float32[ndarray, "batch features"]
    """Largest activation of a chunk."""
    tops: Int64[ndarray, "batch features"]
    """The first token that has it."""
    bins: Int[Tensor, "features bins"]
    """Of `bin_counts`."""

    @classmethod
    def of(
        cls,
        chunks: Sequence[Chunk],
        activations: Float[Tensor, "batch tokens features"],
        words: Int64[ndarray, " d_vocab"],
    ) -> "Observation":
        """What activations (float32, changed on padding) tell.

        Parameters
        ----------
        words : of `word_numbers`.
        """
        lengths = np.array([len(chunk.ids) for chunk in chunks], dtype=np.int64)
        ids = padded(chunks)
        outside = torch.arange(ids.shape[1]) >= torch.from_numpy(lengths)[:, None]
        activations.masked_fill_(outside.to(activations.device)[..., None], -torch.inf)
        peaks, tops = (found.cpu().numpy() for found in activations.max(dim=1))
        near, before = repeat_keys(ids, lengths, words)
        return cls(
            numbers=np.array([chunk.number for chunk in chunks], dtype=np.int64),
            lengths=lengths,
            ids=ids,
            near=near,
            before=before,
            activations=activations,
            peaks=peaks,
            tops=tops,
            bins=bin_counts(activations),
        )

    def windows(
        self,
        rows: Int[ndarray, " n"],
        tokens: Int[ndarray, " n"],
        features: Int[ndarray, " n"],
        reach: int,
    ) -> Windows:
        """The tokens around given ones, and what given features do there."""
        first = np.maximum(tokens - reach, 0)
        last = np.minimum(tokens + reach + 1, self.lengths[rows])
        at = first[:, None] + np.arange(2 * reach + 1)
        inside = at < last[:, None]
        at = np.where(inside, at, 0)
        places = [
            torch.from_numpy(index).to(self.activations.device)
            for index in np.broadcast_arrays(rows[:, None], at, features[:, None])
        ]
        seen = self.activations[tuple(places)].cpu().numpy()
        return Windows(
            ids=np.where(inside, self.ids[rows[:, None], at], 0).astype(np.int32),
            activations=np.where(inside, seen, 0).astype(np.float32),
            top=tokens - first,
            length=last - first,
        )


class Observer:
    """A model and the features that are watched in it, in one order."""

    def __init__(
        self,
        model: LanguageModel,
        replacement: Replacement,
        features: Sequence[FeatureKey],
        bos: int | None,
    ) -> None:
        """Read the rows of the features.

        Raises
        ------
        ReplacementError
            if there is no such feature.
        """
        by_layer: dict[int, list[int]] = {}
        for layer, index in sorted({(f.layer, f.index) for f in features}):
            by_layer.setdefault(layer, []).append(index)
        self.layers: list[LayerFeatures] = [
            replacement.layer_features(layer, indices, device=model.device)
            for layer, indices in by_layer.items()
        ]
        self.features = [
            (layer.layer, index) for layer in self.layers for index in layer.indices
        ]
        self.model = model
        self._bos = bos
        self._words = word_numbers(model.vocabulary)

    def observe(self, chunks: Sequence[Chunk]) -> Observation:
        """Run chunks, padded to the longest.

        Raises
        ------
        ModelError
            if an activation is not finite.
        """
        seen = Observation.of(chunks, self._run(padded(chunks)), self._words)
        if not np.isfinite(seen.peaks).all():
            raise ModelError(
                f"activations in {self.model.dtype} are not finite; set dtype float32",
                source=self.model.name,
            )
        return seen

    def _run(
        self, ids: Int32[ndarray, "batch tokens"]
    ) -> Float[Tensor, "batch tokens features"]:
        """Set BOS before each row and run; its activations are left out.

        Without BOS the first token stands in its place, and counts as not active.
        """
        given = torch.from_numpy(ids).long()
        if self._bos is not None:
            first = torch.full((len(given), 1), self._bos)
            given = torch.cat([first, given], dim=1)
        readers = [(layer.reads, layer.activations) for layer in self.layers]
        found = torch.cat(self.model.read(given, readers), dim=-1)
        if self._bos is not None:
            return found[:, 1:]
        found[:, 0] = 0.0
        return found


def padded(chunks: Sequence[Chunk]) -> Int32[ndarray, "batch tokens"]:
    """Token ids of chunks, 0 behind the shorter ones."""
    ids = np.zeros((len(chunks), max(len(chunk.ids) for chunk in chunks)), np.int32)
    for row, chunk in enumerate(chunks):
        ids[row, : len(chunk.ids)] = chunk.ids
    return ids
