"""Embeddings on disk, so that no text is embedded twice; safe to delete."""

import hashlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray

_SCHEMA = "CREATE TABLE IF NOT EXISTS embedding (key BLOB PRIMARY KEY, vector BLOB)"
_CHUNK = 500


class EmbeddingStore:
    """Vectors of one embedder by the hash of their text.

    Whatever goes wrong with the file costs time, never the run: the store then holds
    nothing.
    """

    def __init__(self, path: Path, embedder: str) -> None:
        self._embedder = embedder
        self._connection: sqlite3.Connection | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=1)
            self._connection.execute("PRAGMA synchronous = OFF")
            self._connection.execute(_SCHEMA)
        except (OSError, sqlite3.Error):
            self.close()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def load(self, texts: Sequence[str]) -> dict[str, Float[ndarray, " d_embed"]]:
        """Vectors of those texts that are known."""
        if self._connection is None:
            return {}
        keys = {self._key(text): text for text in texts}
        found: dict[str, Float[ndarray, " d_embed"]] = {}
        wanted = list(keys)
        try:
            for start in range(0, len(wanted), _CHUNK):
                part = wanted[start : start + _CHUNK]
                marks = ",".join("?" * len(part))
                rows = self._connection.execute(
                    f"SELECT key, vector FROM embedding WHERE key IN ({marks})", part
                )
                for key, stored in rows:
                    vector = _vector(stored)
                    if vector is not None:
                        found[keys[key]] = vector
        except sqlite3.Error:
            self.close()
        return found

    def add(
        self, texts: Sequence[str], vectors: Float[ndarray, "n_texts d_embed"]
    ) -> None:
        if self._connection is None:
            return
        rows = [
            (self._key(text), np.ascontiguousarray(vector, np.float32).tobytes())
            for text, vector in zip(texts, vectors, strict=True)
        ]
        try:
            with self._connection:
                self._connection.executemany(
                    "INSERT OR IGNORE INTO embedding VALUES (?, ?)", rows
                )
        except sqlite3.Error:
            self.close()

    def _key(self, text: str) -> bytes:
        named = f"{self._embedder}\0{text}"
        return hashlib.sha256(named.encode("utf-8", errors="surrogatepass")).digest()


def _vector(stored: object) -> Float[ndarray, " d_embed"] | None:
    """The vector as it was stored; None where the file was spoilt."""
    if not isinstance(stored, bytes) or len(stored) % 4 or not stored:
        return None
    vector = np.frombuffer(stored, dtype=np.float32)
    return vector if np.isfinite(vector).all() else None
