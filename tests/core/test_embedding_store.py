"""What was embedded before."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from glossator.protocol.embedding_store import EmbeddingStore

VECTORS = np.arange(6, dtype=np.float32).reshape(2, 3)


def _held(store: EmbeddingStore, *texts: str) -> dict[str, list[float]]:
    known = store.load(texts)
    found = zip(known.at, known.vectors, strict=True)
    return {texts[at]: vector.tolist() for at, vector in found}


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "new" / "e.sqlite"
    store = EmbeddingStore(path, "mini")
    assert _held(store, "a") == {}
    store.add(["a", "b"], VECTORS)
    store.close()
    again = EmbeddingStore(path, "mini")
    assert _held(again, "b", "c", "a") == {"a": [0, 1, 2], "b": [3, 4, 5]}
    again.close()
    other = EmbeddingStore(path, "maxi")
    assert _held(other, "a") == {}
    other.close()


def test_many_texts_at_once(tmp_path: Path) -> None:
    texts = [f"text {n}" for n in range(1203)]
    store = EmbeddingStore(tmp_path / "e.sqlite", "mini")
    store.add(texts, np.arange(1203, dtype=np.float32)[:, None])
    assert _held(store, *texts) == {text: [float(n)] for n, text in enumerate(texts)}
    store.close()


def test_what_is_known_stays(tmp_path: Path) -> None:
    store = EmbeddingStore(tmp_path / "e.sqlite", "mini")
    store.add(["a"], VECTORS[:1])
    store.add(["a"], VECTORS[1:])
    assert _held(store, "a") == {"a": [0, 1, 2]}
    store.close()


def test_float64_is_stored_as_float32(tmp_path: Path) -> None:
    store = EmbeddingStore(tmp_path / "e.sqlite", "mini")
    store.add(["a"], VECTORS[:1].astype(np.float64))
    assert _held(store, "a") == {"a": [0, 1, 2]}
    store.close()


@pytest.mark.parametrize("text", ["", "é中😀", "a\0b", "\ud800"])
def test_any_text(tmp_path: Path, text: str) -> None:
    store = EmbeddingStore(tmp_path / "e.sqlite", "mini")
    store.add([text], VECTORS[:1])
    assert _held(store, text) == {text: [0, 1, 2]}
    store.close()


def _garbage(path: Path) -> None:
    path.write_bytes(b"no database at all, and long enough to be looked at" * 99)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _other_table(path: Path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE vector (other TEXT)")
    connection.close()


def _other_vectors(path: Path) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE vector SET float32 = x'0102'")
    connection.close()


def _null_vectors(path: Path) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE vector SET float32 = NULL")
    connection.close()


def _no_numbers(path: Path) -> None:
    connection = sqlite3.connect(path)
    nan = np.full(3, np.nan, np.float32).tobytes()
    with connection:
        connection.execute("UPDATE vector SET float32 = ?", (nan,))
    connection.close()


@pytest.mark.parametrize(
    "spoil",
    [
        _garbage,
        _cut,
        _folder,
        _other_table,
        _other_vectors,
        _null_vectors,
        _no_numbers,
    ],
)
def test_a_spoilt_file_holds_nothing(tmp_path: Path, spoil: object) -> None:
    path = tmp_path / "e.sqlite"
    store = EmbeddingStore(path, "mini")
    store.add([f"text {n}" for n in range(99)], np.ones((99, 50), np.float32))
    store.add(["a", "b"], VECTORS)
    store.close()
    assert callable(spoil)
    spoil(path)
    spoilt = EmbeddingStore(path, "mini")
    assert _held(spoilt, "a", "b") == {}
    spoilt.add(["c", "d"], VECTORS)
    spoilt.close()
    spoilt.close()
    spoilt.add(["e", "f"], VECTORS)
    assert _held(spoilt, "c") == {}


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = EmbeddingStore(tmp_path / "file" / "e.sqlite", "mini")
    store.add(["a", "b"], VECTORS)
    assert _held(store, "a") == {}


def test_a_file_that_may_only_be_read(tmp_path: Path) -> None:
    path = tmp_path / "e.sqlite"
    store = EmbeddingStore(path, "mini")
    store.add(["a"], VECTORS[:1])
    # Another program holds the file: to this one it is the same as read-only.
    other = sqlite3.connect(path)
    other.execute("BEGIN EXCLUSIVE")
    locked = EmbeddingStore(path, "mini")
    locked.add(["b"], VECTORS[1:])
    assert _held(locked, "a", "b") == {}
    locked.close()
    other.rollback()
    other.close()
    assert _held(store, "a", "b") == {"a": [0, 1, 2]}
    store.close()


def test_a_spoilt_vector_alone_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "e.sqlite"
    store = EmbeddingStore(path, "mini")
    store.add(["a"], VECTORS[:1])
    # Of another length than the rest, and of the same.
    for text, vector in (("b", b"\0" * 8), ("c", b"\0" * 12)):
        store.add([text], VECTORS[1:])
        connection = sqlite3.connect(path)
        with connection:
            connection.execute(
                "UPDATE vector SET float32 = ? WHERE rowid = "
                "(SELECT max(rowid) FROM vector)",
                (vector,),
            )
        connection.close()
    assert _held(store, "a", "b", "c") == {"a": [0, 1, 2]}
    store.close()


def test_a_file_of_the_earlier_layout_is_used_on(tmp_path: Path) -> None:
    path = tmp_path / "e.sqlite"
    earlier = sqlite3.connect(path)
    with earlier:
        earlier.execute("CREATE TABLE embedding (key BLOB PRIMARY KEY, vector BLOB)")
        earlier.execute("INSERT INTO embedding VALUES (x'00', x'00000000')")
    earlier.close()
    store = EmbeddingStore(path, "mini")
    store.add(["a"], VECTORS[:1])
    assert _held(store, "a") == {"a": [0, 1, 2]}
    store.close()
    after = sqlite3.connect(path)
    tables = after.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    assert tables.fetchall() == [("vector",)]
    after.close()


def test_two_programs_share_the_file(tmp_path: Path) -> None:
    path = tmp_path / "e.sqlite"
    one, two = EmbeddingStore(path, "mini"), EmbeddingStore(path, "mini")
    one.add(["a"], VECTORS[:1])
    two.add(["a", "b"], VECTORS[::-1])
    assert _held(one, "a", "b") == {"a": [0, 1, 2], "b": [0, 1, 2]}
    assert _held(two, "a", "b") == _held(one, "a", "b")
    one.close()
    two.close()
