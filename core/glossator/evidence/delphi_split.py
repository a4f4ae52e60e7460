"""One file of delphi's latent cache, of a range of latents: read a part at a time."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from glossator.errors import EvidenceError

_BLOCK = 2**20
"""Entries that are read at a time."""
_MOST_ENTRIES = 2**23
"""Entries of several latents that are in memory at a time; one may have more."""


class _Slice(Protocol):
    def get_shape(self) -> list[int]: ...

    def __getitem__(self, rows: slice) -> np.ndarray: ...


class _File(Protocol):
    """The part of safetensors' ``safe_open`` that is used."""

    def keys(self) -> list[str]: ...

    def get_slice(self, name: str) -> _Slice: ...


@dataclass(frozen=True, eq=False)
class Entries:
    """Where a latent is active, in the order of rows and positions."""

    rows: NDArray[np.int64]
    positions: NDArray[np.int64]
    activations: NDArray[np.float32]

    def part(self, which: slice | NDArray[np.bool_]) -> "Entries":
        return Entries(self.rows[which], self.positions[which], self.activations[which])


@dataclass(frozen=True)
class DelphiSplit:
    """A file; nothing of it is kept but how often each of its latents is active.

    Its methods raise EvidenceError where the file is not what it should be.
    """

    path: Path
    first: int
    last: int
    """Latents that it holds, both included."""

    def entries(self, latents: Collection[int]) -> Iterator[tuple[int, Entries]]:
        """Read the entries of some latents; those never active are left out."""
        group: list[int] = []
        room = _MOST_ENTRIES
        for latent in sorted(latents):
            n = int(self._counts[latent - self.first])
            if n > room:
                yield from self._read(group)
                group, room = [], _MOST_ENTRIES
            if n:
                group.append(latent)
                room -= n
        yield from self._read(group)

    def tokens(self, row: int) -> list[int]:
        """Token ids of a row of the corpus."""
        with self._opened() as file:
            found: list[int] = file.get_slice("tokens")[row : row + 1][0].tolist()
        return found

    @cached_property
    def corpus(self) -> tuple[int, int]:
        """Number of rows, and of positions in each."""
        with self._opened() as file:
            if "tokens" not in file.keys():  # noqa: SIM118 - it is no mapping
                raise EvidenceError(
                    "the cache was saved without tokens (save_tokens=False)",
                    source=self.path,
                    field="tokens",
                )
            n_rows, n_positions = _shape(file, "tokens", self.path, 2)
        return n_rows, n_positions

    @cached_property
    def _counts(self) -> NDArray[np.int64]:
        """Number of entries of each latent."""
        n_latents = self.last - self.first + 1
        limits = (*self.corpus, n_latents)
        counts = np.zeros(n_latents, np.int64)
        with self._opened() as file:
            for _, block in _locations(file, self.path):
                most = block.max(0).tolist()
                if any(m >= limit for m, limit in zip(most, limits, strict=True)):
                    raise EvidenceError(
                        f"row, position and latent up to {most}; expected less than "
                        f"{list(limits)}",
                        source=self.path,
                        field="locations",
                    )
                counts += np.bincount(block[:, 2], minlength=n_latents)
        return counts

    def _read(self, latents: list[int]) -> Iterator[tuple[int, Entries]]:
        if not latents:
            return
        wanted = np.zeros(self.last - self.first + 1, bool)
        wanted[np.array(latents) - self.first] = True
        locations: list[NDArray[np.int64]] = []
        activations: list[NDArray[np.float32]] = []
        with self._opened() as file:
            stored = file.get_slice("activations")
            for start, block in _locations(file, self.path):
                here = np.flatnonzero(wanted[block[:, 2]])
                if len(here):
                    locations.append(block[here].astype(np.int64))
                    values = stored[start : start + len(block)][here]
                    activations.append(values.astype(np.float32))
        place, value = np.concatenate(locations), np.concatenate(activations)
        # By latent, row and position, whatever their order in the file.
        order = np.lexsort((place[:, 1], place[:, 0], place[:, 2]))
        place, value = place[order], value[order]
        numbers = np.array(latents) - self.first
        starts = np.searchsorted(place[:, 2], numbers)
        stops = np.searchsorted(place[:, 2], numbers, side="right")
        for latent, start, stop in zip(latents, starts, stops, strict=True):
            rows, positions, _ = place[start:stop].T
            yield latent, Entries(rows, positions, value[start:stop])

    @contextmanager
    def _opened(self) -> Iterator[_File]:
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self.path, framework="numpy") as file:
                yield cast("_File", file)
        except OSError as error:
            message = error.strerror or str(error)
            raise EvidenceError(message, source=self.path) from error
        except (SafetensorError, TypeError, ValueError) as error:
            message = f"not readable as safetensors ({error})"
            raise EvidenceError(message, source=self.path) from error


def _shape(file: _File, key: str, path: Path, n_axes: int) -> list[int]:
    if key not in file.keys():  # noqa: SIM118 - it is no mapping
        raise EvidenceError("the key is missing", source=path, field=key)
    shape = file.get_slice(key).get_shape()
    if len(shape) != n_axes:
        message = f"shape {shape}; expected {n_axes} axes"
        raise EvidenceError(message, source=path, field=key)
    return shape


def _locations(file: _File, path: Path) -> Iterator[tuple[int, NDArray[np.integer]]]:
    """Some locations at a time, and the number of the first of them."""
    n, width = _shape(file, "locations", path, 2)
    (n_activations,) = _shape(file, "activations", path, 1)
    if width != 3 or n != n_activations:
        message = f"shape [{n}, {width}]; expected [{n_activations}, 3]"
        raise EvidenceError(message, source=path, field="locations")
    stored = file.get_slice("locations")
    for start in range(0, n, _BLOCK):
        yield start, stored[start : min(start + _BLOCK, n)]
