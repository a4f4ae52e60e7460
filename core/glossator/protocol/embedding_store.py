"""Embeddings on disk, so that no text is embedded twice; safe to delete."""

import hashlib
import math
import sqlite3
import zlib
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from glossator.protocol.embedder import EmbeddedBatch

_SCHEMA = """
PRAGMA page_size = 8192;
PRAGMA synchronous = OFF;
DROP TABLE IF EXISTS embedding;
CREATE TABLE IF NOT EXISTS vector (key BLOB PRIMARY KEY, crc INTEGER, float32 BLOB);
"""
"""Five vectors of MiniLM a page. `embedding` is how earlier versions called theirs."""

_CHUNK = 500


def trim_store(path: Path, most: int) -> None:
    """Forget the embeddings that were stored first until a file has `most` bytes."""
    try:
        size = path.stat().st_size
        if size <= most:
            return
        with closing(sqlite3.connect(path, timeout=1)) as connection:
            (n,) = connection.execute("SELECT count(*) FROM vector").fetchone()
            with connection:
                connection.execute(
                    "DELETE FROM vector WHERE rowid IN "
                    "(SELECT rowid FROM vector ORDER BY rowid LIMIT ?)",
                    (math.ceil(n * (1 - most / size)),),
                )
            connection.execute("VACUUM")
    except (OSError, sqlite3.Error):
        # It is open elsewhere, or no store: the next run will see to it.
        return


class EmbeddingStore:
    """Vectors of one embedder by the hash of their text.

    Whatever goes wrong with the file costs time, never the run: the store then holds
    nothing.
    """

    def __init__(self, path: Path, embedder: str) -> None:
        named = f"{embedder}\0".encode(errors="surrogatepass")
        self._hash = hashlib.blake2b(named, digest_size=16)
        self._connection: sqlite3.Connection | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=1)
            self._connection.executescript(_SCHEMA)
        except (OSError, sqlite3.Error):
            self.close()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def load(self, texts: Sequence[str]) -> EmbeddedBatch:
        """Those of the texts that are known; the texts distinct."""
        place = {self._key(text): at for at, text in enumerate(texts)}
        keys, at, vectors = list(place), list[int](), list[bytes]()
        for start in range(0, len(keys), _CHUNK):
            for key, crc, vector in self._rows(keys[start : start + _CHUNK]):
                if isinstance(vector, bytes) and zlib.crc32(vector) == crc:
                    at.append(place[key])
                    vectors.append(vector)
        if not at:
            return EmbeddedBatch(np.empty(0, np.int64), np.empty((0, 0), np.float32))
        together = np.frombuffer(b"".join(vectors), np.float32)
        return EmbeddedBatch(np.array(at), together.reshape(len(at), -1))

    def add(
        self, texts: Sequence[str], vectors: Float[ndarray, "n_texts d_embed"]
    ) -> None:
        if self._connection is None:
            return
        stored = [vector.tobytes() for vector in vectors.astype(np.float32, copy=False)]
        rows = [
            (self._key(text), zlib.crc32(vector), vector)
            for text, vector in zip(texts, stored, strict=True)
        ]
        try:
            with self._connection:
                self._connection.executemany(
                    "INSERT OR IGNORE INTO vector VALUES (?, ?, ?)", rows
                )
        except sqlite3.Error:
            self.close()

    def _rows(self, keys: list[bytes]) -> list[tuple[bytes, object, object]]:
        if self._connection is None:
            return []
        marks = ",".join("?" * len(keys))
        chosen = f"SELECT key, crc, float32 FROM vector WHERE key IN ({marks})"
        try:
            return self._connection.execute(chosen, keys).fetchall()
        except sqlite3.Error:
            self.close()
            return []

    def _key(self, text: str) -> bytes:
        digest = self._hash.copy()
        digest.update(text.encode(errors="surrogatepass"))
        return digest.digest()
