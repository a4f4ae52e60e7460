"""Files of weights: the arrays by name, and whether they are what they should be."""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np

from glossator import json_document
from glossator.errors import ReplacementError
from glossator.model.npz_file import npz_arrays
from glossator.model.stored_array import Numbers, PlacedArray, StoredArray

_MOST_HEADER = 100 * 2**20
"""Bytes: the safetensors library refuses longer headers, too."""
_NUMBERS = {
    "F64": Numbers(np.dtype("<f8")),
    "F32": Numbers(np.dtype("<f4")),
    "F16": Numbers(np.dtype("<f2")),
    "BF16": Numbers(np.dtype("<u2"), bfloat16=True),
}


@dataclass(frozen=True)
class WeightFile:
    """The arrays of numbers in a file; only their shapes have been read."""

    path: Path
    arrays: Mapping[str, StoredArray]
    """Of floats, by key."""
    others: frozenset[str] = frozenset()
    """Keys of whole numbers and the like."""

    def array(self, key: str, *shape: int | str) -> StoredArray:
        """Find an array.

        Parameters
        ----------
        shape : what it must have; a name stands for any size.

        Raises
        ------
        ReplacementError
            if there is none, or one of another shape.
        """
        found = self.arrays.get(key)
        if found is None:
            held = ", ".join(sorted(self.arrays)[:20]) or "no numbers"
            message = f"the key is missing; the file holds {held}"
            raise ReplacementError(message, source=self.path, field=key)
        fits = len(shape) == len(found.shape) and all(
            isinstance(size, str) or size == there
            for size, there in zip(shape, found.shape, strict=True)
        )
        if not fits:
            raise ReplacementError(
                f"shape {_listed(found.shape)}; expected {_listed(shape)}",
                source=self.path,
                field=key,
            )
        return found


def open_weights(path: Path) -> WeightFile:
    """Read which arrays a file holds: safetensors, or numpy's npz.

    Raises
    ------
    ReplacementError
        if it is neither, broken or cut off.
    """
    try:
        with path.open("rb") as file:
            zipped = file.read(4) == b"PK\x03\x04"
            return (
                WeightFile(path, npz_arrays(path))
                if zipped
                else _open_safetensors(path, file)
            )
    except OSError as error:
        raise ReplacementError(error.strerror or str(error), source=path) from error


class _Entry(msgspec.Struct):
    """``reference``: huggingface/safetensors README, "Format"."""

    dtype: str
    shape: list[int]
    data_offsets: tuple[int, int]


def _open_safetensors(path: Path, file: BinaryIO) -> WeightFile:
    size = path.stat().st_size
    file.seek(0)
    start = file.read(8)
    length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
    if length > min(size - 8, _MOST_HEADER):
        raise ReplacementError(
            "neither safetensors nor npz: no header where it should be", source=path
        )
    header = json_document.decode(
        file.read(length), dict[str, msgspec.Raw], source=path, error=ReplacementError
    )
    header.pop("__metadata__", None)
    arrays: dict[str, StoredArray] = {}
    for key, raw in header.items():
        entry = json_document.decode(
            bytes(raw), _Entry, source=f"{path}: {key}", error=ReplacementError
        )
        if numbers := _NUMBERS.get(entry.dtype):
            arrays[key] = _placed(path, size, 8 + length, key, entry, numbers)
    return WeightFile(path, arrays, frozenset(header) - frozenset(arrays))


def _placed(
    path: Path, size: int, base: int, key: str, entry: _Entry, numbers: Numbers
) -> PlacedArray:
    start, end = entry.data_offsets
    n_bytes = math.prod(entry.shape) * numbers.dtype.itemsize
    if min(entry.shape, default=0) < 0 or end - start != n_bytes:
        message = f"shape {_listed(entry.shape)} does not fit {end - start:,} bytes"
        raise ReplacementError(message, source=path, field=key)
    if start < 0 or base + end > size:
        raise ReplacementError("lies beyond the file's end", source=path, field=key)
    return PlacedArray(path, base + start, tuple(entry.shape), numbers)


def _listed(shape: tuple[int | str, ...] | list[int]) -> str:
    return f"[{', '.join(map(str, shape))}]"
