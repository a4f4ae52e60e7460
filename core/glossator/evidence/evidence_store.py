"""Fetched records in one SQLite file a service, which works offline and elsewhere.

Whatever is in the file was whole when it was written. It may be copied whenever
nothing is being fetched into it.
"""

import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from glossator.errors import EvidenceError
from glossator.evidence.evidence_file import unzipped
from glossator.evidence.evidence_record import decode_evidence
from glossator.evidence.feature_evidence import FeatureEvidence
from glossator.evidence.feature_folder import feature_evidence
from glossator.evidence.feature_service import Absent, Failed, Record
from glossator.evidence.neuronpedia import row_evidence
from glossator.graph.attribution_graph import FeatureKey

APPLICATION_ID = 0x474C4556
"""Of SQLite files of this kind: "GLEV"."""
_VERSION = 1
_KEY = "model, source_set, layer, number, attention"
_SCHEMA = (
    "CREATE TABLE service (title TEXT NOT NULL, address TEXT NOT NULL)",
    f"""CREATE TABLE record (
        model TEXT NOT NULL,
        source_set TEXT NOT NULL,
        layer INTEGER NOT NULL,
        number INTEGER NOT NULL,
        attention INTEGER NOT NULL,
        kind TEXT NOT NULL,    -- '' where the service does not know the feature
        origin TEXT NOT NULL,  -- address
        fetched TEXT NOT NULL, -- UTC, ISO 8601
        json BLOB,             -- zlib
        PRIMARY KEY ({_KEY})
    )""",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {_VERSION}",
)
_OF_FEATURE = (
    "model = ? AND source_set = ? AND layer = ? AND number = ? AND attention = ?"
)


class EvidenceStoreError(EvidenceError):
    """The file itself cannot be read or written."""


class _Decoder(Protocol):
    def __call__(
        self, data: bytes, feature: FeatureKey, origin: str, /
    ) -> FeatureEvidence: ...


_DECODERS: Mapping[str, _Decoder] = {
    "neuronpedia row": row_evidence,
    "feature JSON": feature_evidence,
    "evidence": decode_evidence,
}


class EvidenceStore:
    """Records by feature, and the features that the service does not know.

    It holds no connection between two calls. Every method raises EvidenceError.
    """

    def __init__(self, path: Path) -> None:
        """Open a file that exists."""
        self._path = path
        with self._connected() as connection:
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if application != APPLICATION_ID:
                raise EvidenceStoreError(
                    "a database, but none of fetched evidence", source=path
                )
            if version > _VERSION:
                raise EvidenceStoreError(
                    f"made by a newer version (format {version}, this one reads up "
                    f"to {_VERSION})",
                    source=path,
                )
            service = connection.execute("SELECT title, address FROM service")
            self.title, self.address = map(str, service.fetchone() or ("", ""))

    @classmethod
    def create(cls, path: Path, title: str, address: str) -> "EvidenceStore":
        """Open a file, made first where there is none."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(path, isolation_level=None)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                if not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                    for statement in _SCHEMA:
                        connection.execute(statement)
                    named = (title, address)
                    connection.execute("INSERT INTO service VALUES (?, ?)", named)
                connection.execute("COMMIT")
        except (OSError, sqlite3.Error) as error:
            raise EvidenceStoreError(
                f"cannot be made ({error})", source=path
            ) from error
        return cls(path)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        # To write: only so can what a killed process left unfinished be rolled back.
        place = f"{self._path.absolute().as_uri()}?mode=rw"
        try:
            with closing(
                sqlite3.connect(place, uri=True, isolation_level=None)
            ) as connection:
                yield connection
        except sqlite3.Error as error:
            told = f"cannot be read or written ({error})"
            raise EvidenceStoreError(told, source=self._path) from error

    @property
    def path(self) -> Path:
        return self._path

    @property
    def name(self) -> str:
        return f"{self.title} (fetched) {self._path}"

    @property
    def features(self) -> tuple[FeatureKey, ...]:
        """Features with a record, in the order in which they were fetched."""
        return self._features("kind <> ''")

    @property
    def absent(self) -> tuple[FeatureKey, ...]:
        """Features that the service does not know."""
        return self._features("kind = ''")

    def _features(self, which: str) -> tuple[FeatureKey, ...]:
        with self._connected() as connection:
            rows = connection.execute(
                f"SELECT {_KEY} FROM record WHERE {which} ORDER BY rowid"
            ).fetchall()
        return tuple(FeatureKey(m, s, lay, n, bool(a)) for m, s, lay, n, a in rows)

    def without(self, features: Iterable[FeatureKey]) -> tuple[FeatureKey, ...]:
        """Those of which nothing is stored, not even that they are unknown."""
        held = {*self.features, *self.absent}
        return tuple(feature for feature in features if feature not in held)

    def add(self, answers: Iterable[Record | Absent]) -> list[Failed]:
        """Store answers at once, each in place of what there was of its feature.

        Returns
        -------
        Those of which the record does not decode; of them nothing is stored.
        """
        fetched = datetime.now(UTC).isoformat(timespec="seconds")
        rows, refused = [], []
        for answer in answers:
            kind, data = "", None
            if isinstance(answer, Record):
                try:
                    _DECODERS[answer.kind](answer.data, answer.feature, answer.origin)
                except EvidenceError as error:
                    refused.append(Failed(answer.feature, str(error), answered=True))
                    continue
                kind, data = answer.kind, zlib.compress(answer.data)
            row = (*_columns(answer.feature), kind, answer.origin, fetched, data)
            rows.append(row)
        if rows:
            with self._connected() as connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(
                    f"INSERT OR REPLACE INTO record VALUES ({', '.join('?' * 9)})", rows
                )
                connection.execute("COMMIT")
        return refused

    def evidence(self, feature: FeatureKey) -> FeatureEvidence | None:
        with self._connected() as connection:
            row = connection.execute(
                "SELECT kind, origin, fetched, json FROM record "
                f"WHERE ({_KEY}) = (?, ?, ?, ?, ?)",
                _columns(feature),
            ).fetchone()
        if row is None or row[0] == "":
            return None
        kind, origin, fetched, data = row
        where = f"{self._path}: {feature}"
        if kind not in _DECODERS or not isinstance(data, bytes):
            raise EvidenceError(f"a record of no known kind, {kind!r}", source=where)
        plain = unzipped(data, source=where)
        try:
            return _DECODERS[kind](plain, feature, f"{origin}, fetched {fetched}")
        except EvidenceError as error:
            raise EvidenceError(
                error.message, source=where, field=error.field
            ) from error


def _columns(feature: FeatureKey) -> tuple[str, str, int, int, bool]:
    return (
        feature.model,
        feature.source_set,
        feature.layer,
        feature.index,
        feature.attention,
    )
