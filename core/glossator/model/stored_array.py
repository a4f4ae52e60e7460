"""Rows and columns of an array in a file, read without the rest of it.

By plain reads and not by a memory map: each page fault of a map reads ahead (128 KB
unless the system says otherwise, often megabytes), so that a few rows or one column of
a mapped matrix end up as most of it.
"""

import math
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from io import BufferedIOBase, FileIO
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, Shaped
from numpy import ndarray

from glossator.errors import ReplacementError

_PAGE = 4096
"""Bytes: columns nearer than this are read together, for the disk does so anyway."""
_BLOCK = 2**20
"""Bytes of a compressed array that are in memory at a time."""


@dataclass(frozen=True)
class Numbers:
    """How numbers are stored."""

    dtype: np.dtype
    bfloat16: bool = False
    """The upper half of a float32, in a dtype of two bytes."""

    def as_float32(
        self, stored: Shaped[ndarray, "*shape"]
    ) -> Float32[ndarray, "*shape"]:
        if self.bfloat16:
            return (stored.astype(np.uint32) << 16).view(np.float32)
        # float64 beyond its range becomes infinite, which the arithmetic shows.
        with np.errstate(over="ignore"):
            return stored.astype(np.float32)


@runtime_checkable
class StoredArray(Protocol):
    """An array in a file; nothing of it is kept."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def rows(self, indices: Sequence[int]) -> Float32[ndarray, "n ..."]:
        """Read entries along the first axis, in the order of the indices.

        Raises
        ------
        ReplacementError
            if the file is gone, cut off or broken; so does `columns`.
        """
        ...

    def columns(self, indices: Sequence[int]) -> Float32[ndarray, "n n_rows"]:
        """Read entries along the second axis of a matrix, each as a row."""
        ...


@dataclass(frozen=True)
class TransposedArray:
    """A matrix with its axes exchanged."""

    inner: StoredArray

    @property
    def shape(self) -> tuple[int, ...]:
        return self.inner.shape[::-1]

    def rows(self, indices: Sequence[int]) -> Float32[ndarray, "n ..."]:
        return self.inner.columns(indices)

    def columns(self, indices: Sequence[int]) -> Float32[ndarray, "n n_rows"]:
        return self.inner.rows(indices)


class _Run(NamedTuple):
    """Neighbouring columns that are read at once."""

    start: int
    stop: int
    at: int
    """Where they begin among all that are read of a row."""


@dataclass(frozen=True)
class PlacedArray:
    """An array that lies in a file as it is, row after row."""

    path: Path
    offset: int
    """Bytes before it."""
    shape: tuple[int, ...]
    numbers: Numbers

    def rows(self, indices: Sequence[int]) -> Float32[ndarray, "n ..."]:
        found = np.empty((len(indices), *self.shape[1:]), self.numbers.dtype)
        row_bytes = math.prod(self.shape[1:]) * self.numbers.dtype.itemsize
        with _opened(self.path) as file:
            for at, index in enumerate(indices):
                _fill(file, self.offset + index * row_bytes, found[at : at + 1])
        return self.numbers.as_float32(found)

    def columns(self, indices: Sequence[int]) -> Float32[ndarray, "n n_rows"]:
        n_rows, n_columns = self.shape
        size = self.numbers.dtype.itemsize
        runs, where = _runs(indices, _PAGE // size)
        row = np.empty(sum(run.stop - run.start for run in runs), self.numbers.dtype)
        found = np.empty((len(indices), n_rows), self.numbers.dtype)
        with _opened(self.path) as file:
            for n in range(n_rows):
                for start, stop, at in runs:
                    place = self.offset + (n * n_columns + start) * size
                    _fill(file, place, row[at : at + stop - start])
                found[:, n] = row[where]
        return self.numbers.as_float32(found)


@runtime_checkable
class Opener(Protocol):
    def __call__(self) -> AbstractContextManager[BufferedIOBase]:
        """Open the numbers of an array, at the first."""
        ...


@dataclass(frozen=True)
class StreamedArray:
    """An array that must be read from its beginning, for it is compressed."""

    path: Path
    opener: Opener
    shape: tuple[int, ...]
    numbers: Numbers

    def rows(self, indices: Sequence[int]) -> Float32[ndarray, "n ..."]:
        wanted = np.asarray(indices, dtype=np.int64)
        found = np.empty((len(wanted), *self.shape[1:]), self.numbers.dtype)
        for first, block in self._blocks():
            here = (wanted >= first) & (wanted < first + len(block))
            found[here] = block[wanted[here] - first]
        return self.numbers.as_float32(found)

    def columns(self, indices: Sequence[int]) -> Float32[ndarray, "n n_rows"]:
        wanted = np.asarray(indices, dtype=np.int64)
        found = np.empty((len(wanted), self.shape[0]), self.numbers.dtype)
        for first, block in self._blocks():
            found[:, first : first + len(block)] = block[:, wanted].T
        return self.numbers.as_float32(found)

    def _blocks(self) -> Iterator[tuple[int, Shaped[ndarray, "n ..."]]]:
        """Some rows at a time, and the number of the first of them."""
        row_bytes = math.prod(self.shape[1:]) * self.numbers.dtype.itemsize
        n_block = max(1, _BLOCK // max(1, row_bytes))
        with self.opener() as stream:
            for first in range(0, self.shape[0], n_block):
                n = min(n_block, self.shape[0] - first)
                data = stream.read(n * row_bytes)
                if len(data) < n * row_bytes:
                    raise ReplacementError("the file is cut off", source=self.path)
                block = np.frombuffer(data, self.numbers.dtype)
                yield first, block.reshape(n, *self.shape[1:])


def _runs(indices: Sequence[int], gap: int) -> tuple[list[_Run], Shaped[ndarray, " n"]]:
    """Join columns less than `gap` apart; and where each index then lies."""
    columns, inverse = np.unique(np.asarray(indices, np.int64), return_inverse=True)
    cuts = np.flatnonzero(np.diff(columns) >= gap) + 1
    runs: list[_Run] = []
    where = np.empty_like(columns)
    at, first = 0, 0
    for part in np.split(columns, cuts):
        if not len(part):
            break
        runs.append(_Run(int(part[0]), int(part[-1]) + 1, at))
        where[first : first + len(part)] = part - part[0] + at
        first += len(part)
        at += runs[-1].stop - runs[-1].start
    return runs, where[inverse]


def _opened(path: Path) -> FileIO:
    try:
        file = path.open("rb", buffering=0)
    except OSError as error:
        raise ReplacementError(error.strerror or str(error), source=path) from error
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
    return file


def _fill(file: FileIO, place: int, into: Shaped[ndarray, "..."]) -> None:
    """Read as many bytes as `into` has."""
    rest = into.reshape(-1).view(np.uint8).data
    file.seek(place)
    while len(rest):
        n = file.readinto(rest)
        if not n:
            raise ReplacementError("the file is cut off", source=Path(str(file.name)))
        rest = rest[n:]
