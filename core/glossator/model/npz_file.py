"""Arrays of an npz file, in place where they are uncompressed.

``reference``: numpy ``lib/format.py``; PKWARE APPNOTE 4.3.7 (local file header).
"""

import math
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from io import BufferedIOBase
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from glossator.errors import ReplacementError
from glossator.model.stored_array import (
    Numbers,
    PlacedArray,
    StoredArray,
    StreamedArray,
    TransposedArray,
)

_MOST_RATIO = 1032
"""Deflate cannot shrink data further."""
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, struct.error)


def npz_arrays(path: Path) -> dict[str, StoredArray]:
    """Read names and shapes; nothing is unpickled.

    Raises
    ------
    ReplacementError
        if the archive or a header is broken, or a shape does not fit its data.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except _BROKEN as error:
        message = f"the zip archive is broken or cut off ({error})"
        raise ReplacementError(message, source=path) from error
    arrays: dict[str, StoredArray] = {}
    for entry in entries:
        key = entry.filename.removesuffix(".npy")
        if key != entry.filename and (array := _array(path, entry, key)):
            arrays[key] = array
    return arrays


def _array(path: Path, entry: zipfile.ZipInfo, key: str) -> StoredArray | None:
    """An array of floats, at most a matrix; None for others."""
    packed = entry.compress_type == zipfile.ZIP_DEFLATED
    if entry.flag_bits & 1 or not (packed or entry.compress_type == zipfile.ZIP_STORED):
        message = "encrypted, or not compressed by numpy"
        raise ReplacementError(message, source=path, field=key)
    if entry.file_size > _MOST_RATIO * max(entry.compress_size, 1):
        message = f"cannot unzip to {entry.file_size:,} bytes"
        raise ReplacementError(message, source=path, field=key)
    with _unzipped(path, entry) as stream:
        shape, fortran, dtype = _header(stream, path, key)
        length = stream.tell()
    if dtype.kind != "f" or dtype.itemsize > 8 or len(shape) > 2:
        return None
    n_bytes = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or length + n_bytes != entry.file_size:
        message = f"shape {list(shape)} does not fit {entry.file_size:,} bytes"
        raise ReplacementError(message, source=path, field=key)
    stored = shape[::-1] if fortran else shape
    array: StoredArray
    if packed:
        opener = partial(_unzipped, path, entry, skip=length)
        array = StreamedArray(path, opener, stored, Numbers(dtype))
    else:
        start = _data_start(path, entry) + length
        array = PlacedArray(path, start, stored, Numbers(dtype))
    return TransposedArray(array) if fortran else array


def _header(
    stream: BufferedIOBase, path: Path, key: str
) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, whether columns lie one after another, and type of number."""
    try:
        # Version 2 is for records of very many fields, and its headers unbounded.
        if npy.read_magic(stream) != (1, 0):
            raise ValueError("not version 1.0 of the format")
        shape, fortran, dtype = npy.read_array_header_1_0(stream)
    except ValueError as error:
        message = f"no array of numpy ({str(error).splitlines()[0]})"
        raise ReplacementError(message, source=path, field=key) from error
    return shape, fortran and len(shape) == 2, dtype


def _data_start(path: Path, entry: zipfile.ZipInfo) -> int:
    with path.open("rb") as file:
        file.seek(entry.header_offset)
        _, n_name, n_extra = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    return entry.header_offset + _LOCAL_HEADER.size + int(n_name) + int(n_extra)


@contextmanager
def _unzipped(
    path: Path, entry: zipfile.ZipInfo, *, skip: int = 0
) -> Iterator[BufferedIOBase]:
    """The bytes of an entry.

    Raises
    ------
    ReplacementError
        if they are broken or cut off, also while they are read.
    """
    try:
        with zipfile.ZipFile(path) as archive, archive.open(entry) as stream:
            assert isinstance(stream, BufferedIOBase)
            stream.read(skip)
            yield stream
    except _BROKEN as error:
        message = f"the zip archive is broken or cut off ({error})"
        raise ReplacementError(message, source=path, field=entry.filename) from error
