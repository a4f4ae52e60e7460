"""Files of weights: how little is read of them, and what damaged ones say."""

import json
import os
import struct
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from glossator.errors import ReplacementError
from glossator.model.open_replacement import open_replacement
from glossator.model.weight_file import open_weights
from tests.core.transcoder_files import (
    made_layer,
    write_cross_layer,
    write_gemma_scope,
    write_per_layer,
)

CPU = torch.device("cpu")
IO_COUNTERS = Path("/proc/self/io")
GEMMA = 2304
"""d_model of Gemma 2 2B."""
INDICES = tuple(range(5, 16_000, 533))
"""Thirty features that lie far apart."""

needs_counters = pytest.mark.skipif(
    not IO_COUNTERS.exists(), reason="only Linux counts the bytes that are read"
)


class Count:
    bytes = 0


@contextmanager
def counted() -> Iterator[Count]:
    """Bytes that this process asks of files meanwhile."""

    def so_far() -> int:
        fields = dict(line.split(": ") for line in IO_COUNTERS.read_text().splitlines())
        return int(fields["rchar"])

    count = Count()
    # What it takes to look is not what is looked for.
    before = so_far()
    looking = so_far() - before
    before = so_far()
    yield count
    count.bytes = so_far() - before - looking


def sparse(path: Path, arrays: dict[str, tuple[int, ...]]) -> int:
    """A safetensors file of zeros that takes no room on the disk; its size."""
    header: dict[str, object] = {}
    end = 0
    for key, shape in arrays.items():
        start, end = end, end + 4 * int(np.prod(shape))
        header[key] = {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + end)
    return path.stat().st_size


@pytest.fixture
def _warm(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Import what is imported when a row is first read."""
    folder = tmp_path_factory.mktemp("warm")
    write_per_layer(folder, 0, made_layer(0, jump=True))
    write_gemma_scope(folder, 1, made_layer(1, jump=True))
    for layer in range(2):
        open_replacement(folder).layer_features(layer, (0,), device=CPU).directions()


@needs_counters
@pytest.mark.usefixtures("_warm")
def test_only_rows_of_the_asked_features_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    n, d = 262_144, GEMMA
    shapes: dict[str, tuple[int, ...]] = {
        "W_enc": (n, d),
        "W_dec": (n, d),
        "b_enc": (n,),
        "b_dec": (d,),
        "activation_function.threshold": (n,),
    }
    size = sparse(tmp_path / "layer_0.safetensors", shapes)
    with counted() as count:
        found = open_replacement(tmp_path).layer_features(0, INDICES, device=CPU)
        found.directions()
    needed = len(INDICES) * (2 * d + 2) * 4
    with capsys.disabled():
        print(f"\nper layer: {count.bytes:,} bytes of {size:,}; rows are {needed:,}")
    assert count.bytes < needed + 20_000


@needs_counters
@pytest.mark.usefixtures("_warm")
def test_only_decoders_of_the_asked_features_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    n, d, written = 98_304, GEMMA, 26
    encoder: dict[str, tuple[int, ...]] = {
        "W_enc_0": (n, d),
        "b_enc_0": (n,),
        "b_dec_0": (d,),
    }
    size = sparse(tmp_path / "W_enc_0.safetensors", encoder)
    size += sparse(tmp_path / "W_dec_0.safetensors", {"W_dec_0": (n, written, d)})
    with counted() as encoders:
        found = open_replacement(tmp_path).layer_features(0, INDICES, device=CPU)
    with counted() as decoders:
        assert len(found.directions()) == written
    rows = len(INDICES) * d * 4
    with capsys.disabled():
        print(
            f"\ncross-layer: {encoders.bytes:,} + {decoders.bytes:,} bytes of "
            f"{size:,}; rows are {rows:,} + {rows * written:,}"
        )
    assert encoders.bytes < rows + 20_000
    assert decoders.bytes < rows * written + 20_000


@needs_counters
@pytest.mark.usefixtures("_warm")
@pytest.mark.parametrize("kind", ["npz", "safetensors"])
def test_only_columns_of_the_asked_features_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    n, d = 16_384, 256
    numbers = made_layer(0, jump=True, n_features=n, d_model=d)
    assert numbers.threshold is not None
    path = tmp_path / "layer_0/params"
    path.parent.mkdir()
    arrays = {
        "W_enc": numbers.encoder.T.contiguous(),
        "W_dec": numbers.decoder,
        "b_enc": numbers.bias,
        "b_dec": numbers.output_bias,
        "threshold": numbers.threshold,
    }
    if kind == "npz":
        numpy = {key: array.numpy() for key, array in arrays.items()}
        np.savez(path, allow_pickle=False, **numpy)
    else:
        lower = {key.replace("W_", "w_"): array for key, array in arrays.items()}
        save_file(lower, path.with_suffix(".safetensors"))
    size = path.with_suffix(f".{kind}").stat().st_size
    far = range(5, n, 2000)
    neighbours = (*far, *(index + 1 for index in far))
    with counted() as count:
        found = open_replacement(tmp_path, reads="mlp.hook_in").layer_features(
            0, neighbours, device=CPU
        )
        directions = found.directions()
    assert torch.equal(directions[0], numbers.decoder[list(neighbours)])
    read = torch.randn(3, d)
    expected = numbers.activations(read)[:, list(neighbours)]
    torch.testing.assert_close(found.activations(read), expected, atol=1e-4, rtol=0)
    columns = len(neighbours) * d * 4
    with capsys.disabled():
        print(
            f"\ntransposed {kind}: {count.bytes:,} bytes of {size:,}; "
            f"columns and rows are {2 * columns:,}"
        )
    # Each entry of a zip archive costs a few reads of its table of contents.
    assert count.bytes < 2 * columns + 100_000


def test_a_compressed_matrix_is_never_whole_in_memory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    n, d = 16_384, 256
    column = (np.arange(n) % 7).astype(np.float32)
    matrix = np.ascontiguousarray(np.broadcast_to(column, (d, n)))
    np.savez_compressed(tmp_path / "x.npz", wide=matrix, tall=matrix.T.copy())
    arrays = open_weights(tmp_path / "x.npz")
    for key, shape in (("wide", (d, n)), ("tall", (n, d))):
        stored = arrays.array(key, *shape)
        tracemalloc.start()
        found = stored.columns(INDICES) if key == "wide" else stored.rows(INDICES)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert (found == column[list(INDICES), None]).all()
        with capsys.disabled():
            print(f"\ncompressed, {key}: peak {peak:,} of {matrix.nbytes:,} bytes")
        assert peak < matrix.nbytes / 2


@pytest.mark.parametrize("packed", [True, False])
def test_matrices_that_numpy_wrote_column_by_column(
    tmp_path: Path, packed: bool
) -> None:
    matrix = np.asfortranarray(np.arange(35.0).reshape(5, 7))
    path = tmp_path / "x.npz"
    if packed:
        np.savez_compressed(path, m=matrix)
    else:
        np.savez(path, m=matrix)
    found = open_weights(path).array("m", 5, 7)
    assert found.rows((4, 0)).tolist() == matrix[[4, 0]].tolist()
    assert found.columns((6, 1)).tolist() == matrix[:, [6, 1]].T.tolist()


@pytest.mark.parametrize("gap", [1, 2, 1023, 1024, 1025, 4000])
def test_columns_that_are_read_together_come_out_apart(
    tmp_path: Path, gap: int
) -> None:
    """Around the distance at which one read becomes two."""
    matrix = torch.arange(3 * 9000, dtype=torch.float32).reshape(3, 9000)
    save_file({"m": matrix}, tmp_path / "x.safetensors")
    found = open_weights(tmp_path / "x.safetensors").array("m", 3, "n")
    indices = [5 + gap, 5, 5 + 2 * gap, 5, 8999]
    assert np.array_equal(found.columns(indices), matrix[:, indices].T.numpy())


# Damaged files


def _safetensors(header: object, data: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def _entry(shape: list[int], start: int, end: int, dtype: str = "F32") -> object:
    return {"m": {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}}


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"", "neither safetensors nor npz"),
        (b"\xff" * 8, "neither safetensors nor npz"),
        (struct.pack("<Q", 2**40) + b"{}", "neither safetensors nor npz"),
        (struct.pack("<Q", 4) + b"{{{{", "not readable as JSON"),
        (_safetensors([1]), "expected `object`"),
        (_safetensors({"m": {"dtype": "F32", "shape": [1]}}), "m: data_offsets"),
        (_safetensors(_entry([2], 0, 4), bytes(4)), "m: shape [2] does not fit 4"),
        (_safetensors(_entry([-1, -1], 0, 4), bytes(4)), "m: shape [-1, -1] does not"),
        (_safetensors(_entry([2], 0, 8), bytes(4)), "m: lies beyond the file's end"),
        (_safetensors(_entry([1], -8, -4), bytes(4)), "m: lies beyond the file's end"),
        (_safetensors(_entry([2**40, 2**40], 0, 4), bytes(4)), "m: shape"),
        (b"PK\x03\x04" + bytes(60), "the zip archive is broken"),
    ],
)
def test_a_damaged_file_names_itself_and_its_key(
    tmp_path: Path, data: bytes, part: str
) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(data)
    with pytest.raises(ReplacementError) as refused:
        open_weights(path)
    assert str(path) in str(refused.value)
    assert part in str(refused.value)


def _npz(path: Path, array: bytes, *, packed: bool = False) -> Path:
    kind = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", kind) as archive:
        archive.writestr("m.npy", array)
    return path


def _npy(header: str, data: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text + data


HEADER = "{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }"


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize(
    ("array", "part"),
    [
        (b"", "m: no array of numpy"),
        (b"no numpy", "m: no array of numpy"),
        (_npy(HEADER % "2,", bytes(4)), "m: shape [2] does not fit"),
        (_npy(HEADER % "2**40, 2**40", bytes(4)), "m: no array of numpy"),
        (_npy(HEADER % f"{2**40}, {2**40}", bytes(4)), "m: shape"),
        (_npy(HEADER % "-1, -1", bytes(4)), "m: shape [-1, -1] does not"),
        (_npy(HEADER % "1,", bytes(4), b"\x02\x00"), "not version 1.0"),
        (_npy("[" * 60_000, bytes(4)), "m: no array of numpy"),
        (_npy("__import__('os').abort()", bytes(4)), "m: no array of numpy"),
    ],
)
def test_a_damaged_array_of_an_npz(
    tmp_path: Path, array: bytes, part: str, packed: bool
) -> None:
    path = _npz(tmp_path / "x.npz", array, packed=packed)
    with pytest.raises(ReplacementError) as refused:
        open_weights(path)
    assert str(path) in str(refused.value)
    assert part in str(refused.value)


def test_objects_are_no_weights_and_are_not_unpickled(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.abort, ()  # type: ignore[return-value]

    path = tmp_path / "x.npz"
    np.savez(path, trap=np.array([Trap()], dtype=object), m=np.ones(3))
    assert list(open_weights(path).arrays) == ["m"]


def test_a_bomb_is_told_by_what_it_claims(tmp_path: Path) -> None:
    """More than deflate can pack: the claim is refused before anything is unzipped."""
    path = _npz(tmp_path / "x.npz", _npy(HEADER % "9,", bytes(36)), packed=True)
    data = path.read_bytes()
    true_size = len(_npy(HEADER % "9,", bytes(36)))
    at = data.rindex(b"PK\x01\x02") + 24
    assert struct.unpack_from("<I", data, at) == (true_size,)
    path.write_bytes(data[:at] + struct.pack("<I", 2**31) + data[at + 4 :])
    with pytest.raises(ReplacementError, match="m: cannot unzip to 2,147,483,648"):
        open_weights(path)


@pytest.mark.parametrize("packed", [True, False])
def test_an_array_that_is_cut_off_after_its_header(
    tmp_path: Path, packed: bool
) -> None:
    buffer = BytesIO()
    np.save(buffer, np.random.default_rng(0).random((300, 40)))
    path = _npz(tmp_path / "x.npz", buffer.getvalue(), packed=packed)
    data = bytearray(path.read_bytes())
    found = open_weights(path).array("m", 300, 40)
    if packed:
        data[60_000:61_000] = bytes(1000)
    else:
        del data[5000:]
    path.write_bytes(data)
    with pytest.raises(ReplacementError, match=r"x\.npz.*(?:broken|cut off)"):
        found.rows((0, 299))


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    write_cross_layer(tmp_path, 0, made_layer(0, jump=False, cross=True))
    found = open_replacement(tmp_path).layer_features(0, (1,), device=CPU)
    (tmp_path / "W_dec_0.safetensors").unlink()
    with pytest.raises(ReplacementError, match=r"W_dec_0\.safetensors: No such file"):
        found.directions()
