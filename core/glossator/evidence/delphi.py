"""Latent caches of EleutherAI's delphi: every activation on a corpus, and no examples.

``latents/{hookpoint}/`` holds ``config.json`` and ``{first}_{last}.safetensors``, each
for a range of latents: ``locations`` [n, 3] (row of the corpus, position in it, latent
less ``first``), ``activations`` [n], ``tokens`` [rows, positions] (ids). Examples are
cut from that here.

``reference``: delphi ``latents/cache.py`` (``save_splits``), ``latents/loader.py``.
"""

import re
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from glossator.errors import EvidenceError
from glossator.evidence.delphi_split import DelphiSplit, Entries
from glossator.evidence.evidence_file import decode, read_bytes
from glossator.evidence.feature_evidence import (
    LARGEST,
    ActivationExample,
    FeatureEvidence,
    Histogram,
    strongest_first,
)
from glossator.graph.attribution_graph import FeatureKey

_SPLIT = re.compile(r"(\d{1,12})_(\d{1,12})\.safetensors")
_LAYER = re.compile(r"(?:^|\.)(?:layers?|blocks?|h)[._](\d{1,4})(?!\d)|^(\d{1,4})-")
_CONTEXT = 32
"""Tokens of an example on each side of the top token."""
_N_TOP = 40
_N_QUANTILES, _N_PER_QUANTILE = 5, 5
_N_BINS = 50


class DelphiCache:
    """Evidence from the folder of a hookpoint, of several, or of a run.

    A feature is looked up by layer and index, for the files name no source set; a row
    of the corpus gives one example at most. What is found of the features named at the
    beginning is kept, so that each file is read through a few times for all of them.
    """

    def __init__(
        self,
        folder: Path,
        features: Collection[FeatureKey] | None = None,
        *,
        tokenizer: str | None = None,
    ) -> None:
        """Find the hookpoints; nothing of them is read yet.

        Parameters
        ----------
        features : those that will be asked for.
        tokenizer : folder or name of the model's; by default that of the model which
            the cache names, if the local cache of Hugging Face's holds it.

        Raises
        ------
        EvidenceError
            if there are no hookpoints.
        """
        self._folder = folder
        self._asked = frozenset(features or ())
        self._hookpoints = [
            _Hookpoint(place, tokenizer) for place in _hookpoint_folders(folder)
        ]
        if not self._hookpoints:
            message = "no latent cache of delphi ({hookpoint}/0_1023.safetensors)"
            raise EvidenceError(message, source=folder)

    @property
    def name(self) -> str:
        return f"delphi latents {self._folder}"

    def evidence(self, feature: FeatureKey) -> FeatureEvidence | None:
        if feature.attention:
            return None
        found = [point for point in self._hookpoints if point.layer == feature.layer]
        if len(found) > 1:
            # Transcoders stand at the MLP.
            found = [p for p in found if p.folder.name.endswith("mlp")] or found
        if len(found) > 1:
            names = ", ".join(point.folder.name for point in found)
            raise EvidenceError(
                f"layer {feature.layer} is there {len(found)} times ({names}); give "
                "the folder of one",
                source=self._folder,
            )
        asked = {key for key in self._asked if key.layer == feature.layer}
        return found[0].evidence(feature, asked) if found else None


def recognises(path: Path) -> bool:
    """Whether a folder looks like a latent cache, or a part of one."""
    return bool(_hookpoint_folders(path))


def _hookpoint_folders(folder: Path) -> list[Path]:
    for depth in ("", "*/", "latents/*/"):
        found = {
            path.parent
            for path in folder.glob(f"{depth}*_*.safetensors")
            if _SPLIT.fullmatch(path.name)
        }
        if found:
            return sorted(found)
    return []


class _Tokenizer(Protocol):
    def convert_ids_to_tokens(self, ids: list[int]) -> Sequence[str | None]: ...


class _Config(msgspec.Struct):
    model_name: str | None = None


class _Hookpoint:
    """Folder of one hookpoint."""

    def __init__(self, folder: Path, tokenizer: str | None) -> None:
        self.folder = folder
        self._tokenizer_name = tokenizer
        self._kept: dict[FeatureKey, FeatureEvidence] = {}
        self._searched: set[FeatureKey] = set()

    @cached_property
    def layer(self) -> int | None:
        found = _LAYER.search(self.folder.name)
        return int(found[1] or found[2]) if found else None

    def evidence(
        self, feature: FeatureKey, asked: Collection[FeatureKey]
    ) -> FeatureEvidence | None:
        if feature in self._searched:
            return self._kept.get(feature)
        split = self._split_of(feature.index)
        if split is None:
            return None
        if feature not in asked:
            return dict(self._made(split, [feature])).get(feature)
        together = [key for key in asked if split.first <= key.index <= split.last]
        self._kept.update(self._made(split, together))
        self._searched.update(together)
        return self._kept.get(feature)

    def _split_of(self, index: int) -> DelphiSplit | None:
        for split in self._splits:
            if split.first <= index <= split.last:
                return split
        return None

    @cached_property
    def _splits(self) -> list[DelphiSplit]:
        return [
            DelphiSplit(path, int(match[1]), int(match[2]))
            for path in sorted(self.folder.iterdir())
            if (match := _SPLIT.fullmatch(path.name))
        ]

    def _made(
        self, split: DelphiSplit, features: Sequence[FeatureKey]
    ) -> Iterator[tuple[FeatureKey, FeatureEvidence]]:
        by_latent = {feature.index: feature for feature in features}
        n_rows, n_positions = split.corpus
        for latent, entries in split.entries(by_latent):
            feature = by_latent[latent]
            active = entries.activations > 0
            if not (entries.activations[active] <= LARGEST).all():
                message = f"latent {latent} has an activation that is no number"
                raise EvidenceError(message, source=split.path, field="activations")
            entries = entries.part(active)
            if len(entries.rows):
                yield (
                    feature,
                    FeatureEvidence(
                        feature=feature,
                        examples=self._examples(split, entries),
                        origin=str(split.path),
                        density=len(entries.rows) / (n_rows * n_positions),
                        histogram=_histogram(entries.activations),
                    ),
                )

    def _examples(
        self, split: DelphiSplit, entries: Entries
    ) -> tuple[ActivationExample, ...]:
        starts = np.flatnonzero(np.diff(entries.rows, prepend=-1))
        peaks = np.maximum.reduceat(entries.activations, starts)
        stops = np.append(starts[1:], len(entries.rows))
        return strongest_first(
            [
                self._example(split, entries.part(slice(starts[at], stops[at])), group)
                for at, group in _chosen(peaks)
            ]
        )

    def _example(
        self, split: DelphiSplit, row: Entries, group: str
    ) -> ActivationExample:
        """Cut the tokens around the top one; entries are those of one row."""
        top = int(row.positions[np.argmax(row.activations)])
        low = max(0, top - _CONTEXT)
        ids = split.tokens(int(row.rows[0]))[low : top + _CONTEXT + 1]
        tokens = self._tokens(ids, split.path)
        activations = np.zeros(len(ids), np.float32)
        here = (row.positions >= low) & (row.positions < low + len(ids))
        activations[row.positions[here] - low] = row.activations[here]
        return ActivationExample(tokens, activations, group)

    def _tokens(self, ids: list[int], source: Path) -> tuple[str, ...]:
        found: Sequence[str | None] = (None,)
        # Of a number that no tokenizer can have.
        with suppress(OverflowError):
            found = self._tokenizer.convert_ids_to_tokens(ids)
        if None in found:
            message = f"the tokenizer lacks some of {sorted(set(ids))[-3:]}"
            raise EvidenceError(
                f"{message}; is it that of the model?", source=source, field="tokens"
            )
        return tuple(sys.intern(token) for token in found if token is not None)

    @cached_property
    def _tokenizer(self) -> _Tokenizer:
        from transformers import AutoTokenizer

        config = self.folder / "config.json"
        name = self._tokenizer_name
        if name is None:
            name = decode(read_bytes(config), _Config, source=config).model_name
        try:
            # A name out of a file is looked up in the cache alone.
            found: _Tokenizer = AutoTokenizer.from_pretrained(
                name, local_files_only=self._tokenizer_name is None
            )
        except Exception as error:
            lines = str(error).strip().splitlines() or [type(error).__name__]
            raise EvidenceError(
                f"the tokenizer of {name!r} cannot be opened; give the folder or the "
                f"name of the model's tokenizer ({lines[0]})",
                source=config,
                field="model_name",
            ) from error
        return found


def _chosen(peaks: NDArray[np.float32]) -> Iterator[tuple[int, str]]:
    """Choose rows by their largest activations: the top ones, and some a quantile."""
    ranked = np.argsort(-peaks, kind="stable")
    for at in ranked[:_N_TOP]:
        yield int(at), "Top activations"
    rest = ranked[_N_TOP:]
    for part in np.array_split(rest, _N_QUANTILES):
        if len(part):
            group = f"{peaks[part[-1]]:.3g} to {peaks[part[0]]:.3g}"
            places = np.linspace(0, len(part) - 1, min(_N_PER_QUANTILE, len(part)))
            for at in part[places.round().astype(np.int64)]:
                yield int(at), group


def _histogram(activations: NDArray[np.float32]) -> Histogram | None:
    counts, edges = np.histogram(
        activations, _N_BINS, range=(0.0, float(activations.max()))
    )
    return Histogram.of(edges, counts.astype(np.float64))
