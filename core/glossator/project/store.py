"""The SQLite file below a project: opening, transactions, rows."""

import hashlib
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from glossator.errors import ProjectError
from glossator.project.revision import GraphId, Subject, now
from glossator.project.schema import (
    APPLICATION_ID,
    MIGRATIONS,
    migrate,
    version_of,
)

ValueTable = Literal["result", "mark", "note", "draft"]
"""Tables that hold one value a subject."""


class GraphRow(NamedTuple):
    id: GraphId
    slug: str
    path: str
    sha256: str
    original: bytes


class StepRow(NamedTuple):
    id: int
    title: str
    at: str
    done: bool


class Store:
    """An open project file. Every method that fails raises ProjectError."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open a file, creating it where it does not exist (unless `read_only`)."""
        self.path = path
        if read_only and not path.is_file():
            raise ProjectError(f"{path}: no such project file")
        with self._explained("open"):
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}",
                uri=True,
                isolation_level=None,
                timeout=2,
            )
        try:
            with self._explained("open"):
                self._prepare(read_only=read_only)
        except ProjectError:
            self._connection.close()
            raise

    def _prepare(self, *, read_only: bool) -> None:
        connection = self._connection
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (n_tables,) = connection.execute(
            "SELECT count(*) FROM sqlite_master"
        ).fetchone()
        if n_tables and application != APPLICATION_ID:
            raise ProjectError(f"{self.path}: a database, but no Glossator project")
        if version_of(connection) > len(MIGRATIONS):
            raise ProjectError(
                f"{self.path}: made by a newer version (format "
                f"{version_of(connection)}, this one reads up to {len(MIGRATIONS)})"
            )
        connection.execute("PRAGMA foreign_keys = ON")
        if read_only:
            return
        # The file alone must hold everything that was committed, and one process at a
        # time may write: a rollback journal (no -wal beside it) and an exclusive lock.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("COMMIT")
        migrate(connection)

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            text = str(error)
            if "locked" in text:
                text = "it is open in another window or program; close it there first"
            raise ProjectError(f"{self.path}: cannot {doing} ({text})") from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; on disk when the block is left."""
        with self._explained("save"):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def rows(self, query: str, *values: str | int) -> list[tuple[str, ...]]:
        with self._explained("read"):
            return self._connection.execute(query, values).fetchall()

    # -- what a project holds -------------------------------------------------------

    def meta(self) -> dict[str, str]:
        return {row[0]: row[1] for row in self.rows("SELECT key, value FROM meta")}

    def put_meta(self, key: str, value: str) -> None:
        self._write("INSERT OR REPLACE INTO meta VALUES (?, ?)", key, value)

    def settings(self) -> dict[str, str]:
        return {row[0]: row[1] for row in self.rows("SELECT key, value FROM setting")}

    def put_setting(self, key: str, value: str) -> None:
        self._write("INSERT OR REPLACE INTO setting VALUES (?, ?)", key, value)

    def add_graph(self, slug: str, path: str, original: bytes) -> GraphId:
        cursor = self._write(
            "INSERT INTO graph (slug, path, sha256, original, added) "
            "VALUES (?, ?, ?, ?, ?)",
            slug,
            path,
            hashlib.sha256(original).hexdigest(),
            zlib.compress(original, 6),
            now(),
        )
        return GraphId(int(cursor.lastrowid or 0))

    def graphs(self) -> list[GraphRow]:
        with self._explained("read"):
            rows = self._connection.execute(
                "SELECT id, slug, path, sha256, original FROM graph ORDER BY id"
            ).fetchall()
        try:
            return [
                GraphRow(GraphId(i), slug, path, sha, zlib.decompress(blob))
                for i, slug, path, sha, blob in rows
            ]
        except zlib.error as error:
            raise ProjectError(f"{self.path}: a stored graph is broken") from error

    def add_revision(self, subject: Subject, data: str) -> int:
        cursor = self._write(
            "INSERT INTO revision (subject, data) VALUES (?, ?)", subject, data
        )
        return int(cursor.lastrowid or 0)

    def put_value(self, table: ValueTable, subject: Subject, data: str | None) -> None:
        if data is None:
            self._write(f"DELETE FROM {table} WHERE subject = ?", subject)
        else:
            self._write(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", subject, data)

    def values(self, table: ValueTable) -> list[tuple[Subject, str]]:
        rows = self.rows(f"SELECT subject, data FROM {table}")
        return [(Subject(subject), data) for subject, data in rows]

    def put_pins(self, graph: GraphId, data: str) -> None:
        self._write("INSERT OR REPLACE INTO pins VALUES (?, ?)", graph, data)

    def put_supernode(self, graph: GraphId, number: int, data: str | None) -> None:
        if data is None:
            self._write(
                "DELETE FROM supernode WHERE graph = ? AND number = ?", graph, number
            )
        else:
            self._write(
                "INSERT OR REPLACE INTO supernode VALUES (?, ?, ?)", graph, number, data
            )

    # -- history --------------------------------------------------------------------

    def add_step(self, title: str) -> int:
        """Start a step; what was undone before can no longer be redone."""
        self._write("DELETE FROM step WHERE done = 0")
        cursor = self._write(
            "INSERT INTO step (title, at, done) VALUES (?, ?, 1)", title, now()
        )
        return int(cursor.lastrowid or 0)

    def add_step_edit(self, step: int, seq: int, edit: str, inverse: str) -> None:
        self._write(
            "INSERT INTO step_edit VALUES (?, ?, ?, ?)", step, seq, edit, inverse
        )

    def n_step_edits(self, step: int) -> int:
        (row,) = self.rows("SELECT count(*) FROM step_edit WHERE step = ?", step)
        return int(row[0])

    def set_done(self, step: int, *, done: bool) -> None:
        self._write("UPDATE step SET done = ? WHERE id = ?", int(done), step)

    def next_step(self, *, done: bool) -> StepRow | None:
        """The step to undo (`done`) or to redo (not `done`)."""
        order = "DESC" if done else "ASC"
        rows = self.rows(
            "SELECT id, title, at FROM step WHERE done = ? "
            f"ORDER BY id {order} LIMIT 1",
            int(done),
        )
        return StepRow(int(rows[0][0]), rows[0][1], rows[0][2], done) if rows else None

    def step_edits(self, step: int) -> list[tuple[str, str]]:
        rows = self.rows(
            "SELECT edit, inverse FROM step_edit WHERE step = ? ORDER BY seq", step
        )
        return [(edit, inverse) for edit, inverse in rows]

    def _write(self, statement: str, *values: str | int | bytes) -> sqlite3.Cursor:
        with self._explained("save"):
            return self._connection.execute(statement, values)

    # -- the file itself ------------------------------------------------------------

    def save_copy(self, target: Path) -> None:
        """Write a consistent copy, replacing `target` only when it is whole."""
        part = target.with_name(f".{target.name}.part")
        try:
            part.unlink(missing_ok=True)
            with self._explained("copy"), closing(sqlite3.connect(part)) as copy:
                self._connection.backup(copy)
            part.replace(target)
        except OSError as error:
            raise ProjectError(f"{target}: cannot save ({error.strerror})") from error
        finally:
            part.unlink(missing_ok=True)

    def integrity_problems(self) -> list[str]:
        with self._explained("read"):
            checks = self._connection.execute("PRAGMA integrity_check").fetchall()
            keys = self._connection.execute("PRAGMA foreign_key_check").fetchall()
        problems = [str(row[0]) for row in checks if row[0] != "ok"]
        return problems + [f"{row[0]}: row {row[1]} points nowhere" for row in keys]
