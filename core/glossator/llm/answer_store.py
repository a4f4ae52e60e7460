"""Answers of language models on disk, since they were paid for.

One SQLite file of the user's, for all projects: whoever asks the same of the same model
gets the answer that is there. Each is on disk before it is used, so that a process that
is killed has lost none.
"""

import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from glossator.errors import InputError
from glossator.llm.call import Call

APPLICATION_ID = 0x474C414E
"""Of SQLite files of this kind: "GLAN"."""
_VERSION = 1
_SCHEMA = (
    """CREATE TABLE answer (
        key TEXT PRIMARY KEY, -- call_key
        data BLOB NOT NULL    -- Call as JSON, zlib
    ) STRICT""",
    """CREATE TABLE refused (
        model TEXT NOT NULL,
        parameter TEXT NOT NULL,
        PRIMARY KEY (model, parameter)
    ) STRICT""",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {_VERSION}",
)
_PATIENCE = 30.0
"""Seconds to wait while another process writes."""


class AnswerStoreError(InputError):
    """The file of answers cannot be read or written."""


class StoreSize(NamedTuple):
    answers: int
    bytes: int
    """Of the file."""


class AnswerStore:
    """Calls that were answered, by their key, and what models refuse to be told.

    It may be used by several processes and threads: it holds no connection between two
    calls. Every method raises AnswerStoreError.
    """

    def __init__(self, path: Path) -> None:
        """Open a file, made first where there is none."""
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        except OSError as error:
            raise AnswerStoreError(
                f"cannot be made ({error.strerror})", source=path
            ) from error
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            if not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                for statement in _SCHEMA:
                    connection.execute(statement)
            connection.execute("COMMIT")
            self._check_kind(connection)

    @property
    def path(self) -> Path:
        return self._path

    # -- answers --------------------------------------------------------------------

    def find(self, key: str) -> Call | None:
        """The call that had the answer first."""
        with self._connected() as connection:
            row = connection.execute(
                "SELECT data FROM answer WHERE key = ?", (key,)
            ).fetchone()
        if row is None:
            return None
        try:
            return msgspec.json.decode(zlib.decompress(row[0]), type=Call)
        except (zlib.error, msgspec.MsgspecError) as error:
            raise AnswerStoreError(
                f"a stored answer is broken ({error})", source=self._path, field=key
            ) from error

    def holds(self, key: str) -> bool:
        with self._connected() as connection:
            found = connection.execute("SELECT 1 FROM answer WHERE key = ?", (key,))
            return found.fetchone() is not None

    def keep(self, calls: Iterable[Call]) -> None:
        """Store calls that were answered; on disk when this returns.

        An answer that is there stays, so that all get the same.
        """
        rows = [(call.key, zlib.compress(msgspec.json.encode(call))) for call in calls]
        if rows:
            self._write("INSERT OR IGNORE INTO answer VALUES (?, ?)", rows)

    # -- what models refuse ---------------------------------------------------------

    def known(self, model_name: str) -> frozenset[str]:
        """Parameters that a model is known to refuse."""
        with self._connected() as connection:
            rows = connection.execute(
                "SELECT parameter FROM refused WHERE model = ?", (model_name,)
            ).fetchall()
        return frozenset(parameter for (parameter,) in rows)

    def add(self, model_name: str, parameter: str) -> None:
        """Remember that a model refuses a parameter."""
        refused = [(model_name, parameter)]
        self._write("INSERT OR IGNORE INTO refused VALUES (?, ?)", refused)

    # -- the file -------------------------------------------------------------------

    def size(self) -> StoreSize:
        with self._connected() as connection:
            (n,) = connection.execute("SELECT count(*) FROM answer").fetchone()
        return StoreSize(int(n), self._path.stat().st_size)

    def clear(self) -> None:
        """Forget everything: what is asked again is paid again."""
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("DELETE FROM answer")
            connection.execute("DELETE FROM refused")
            connection.execute("COMMIT")
            connection.execute("VACUUM")

    def _write(
        self, statement: str, rows: list[tuple[str, bytes]] | list[tuple[str, str]]
    ) -> None:
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(statement, rows)
            connection.execute("COMMIT")

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        # Not to create: answers written to a new file would hide that one is gone.
        place = f"{self._path.absolute().as_uri()}?mode=rw"
        try:
            with closing(
                sqlite3.connect(
                    place, uri=True, isolation_level=None, timeout=_PATIENCE
                )
            ) as connection:
                yield connection
        except sqlite3.Error as error:
            raise AnswerStoreError(
                f"stored answers cannot be read or written ({error})", source=self._path
            ) from error

    def _check_kind(self, connection: sqlite3.Connection) -> None:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if application != APPLICATION_ID:
            raise AnswerStoreError(
                "a database, but none of stored answers", source=self._path
            )
        if version > _VERSION:
            raise AnswerStoreError(
                f"made by a newer version (format {version}, this one reads up to "
                f"{_VERSION})",
                source=self._path,
            )
