"""The SQLite file below a project: opening, transactions, rows."""

import hashlib
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Literal, NamedTuple

from glossator.errors import NotWritable, ProjectError
from glossator.project.revision import GraphId, Subject, now, storable
from glossator.project.schema import (
    APPLICATION_ID,
    MIGRATIONS,
    SINCE,
    migrate,
    version_of,
)
from glossator.project.snapshot import read_locked, sealed

ValueTable = Literal[
    "result",
    "mark",
    "note",
    "tags",
    "flag",
    "recheck",
    "judgement",
    "declined",
    "verbalization",
    "draft",
]
"""Tables that hold one value a subject."""

LaterTable = Literal["call", "comparison", "refused_groups"]
"""Other tables that older files have not."""


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


class CallRow(NamedTuple):
    """An entry of the call log; its fields are named as the columns."""

    id: str
    at: str
    model: str
    purpose: str
    subject: Subject
    prompt_tokens: int
    answer_tokens: int
    cost: float | None
    failed: int
    """1 where it is."""
    cached: int
    data: bytes


class Store:
    """An open project file. Every method that fails raises ProjectError."""

    def __init__(
        self, path: Path, *, read_only: bool = False, snapshot: bool = False
    ) -> None:
        """Open a file, creating it where it does not exist (unless `read_only`).

        A `snapshot` is read-only, and is of the file as it is now: it may be locked.
        """
        read_only = read_only or snapshot
        self.path = path
        self.read_only = read_only
        self._place = path.absolute()
        if read_only and not path.is_file():
            raise ProjectError(f"{path}: no such project file")
        with self._explained("open"):
            if read_only and not snapshot:
                self._finish_rollback()
            self._connection = (
                self._snapshot()
                if snapshot
                else self._connect("ro" if read_only else "rwc")
            )
        try:
            with self._explained("open"):
                self._prepare(read_only=read_only)
        except ProjectError:
            self._connection.close()
            raise
        self._identity = _identity(self._place)

    def _connect(
        self, mode: Literal["ro", "rw", "rwc"], *, patience_s: float = 2
    ) -> sqlite3.Connection:
        # A file may be opened in one thread and used in another, never in both at once.
        return sqlite3.connect(
            f"{self._place.as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            timeout=patience_s,
            check_same_thread=False,
        )

    def _snapshot(self) -> sqlite3.Connection:
        try:
            self._finish_rollback(patience_s=0)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            return read_locked(self._place)
        with closing(self._connect("ro")) as connection:
            copy = sqlite3.connect(":memory:", isolation_level=None)
            connection.backup(copy)
        return sealed(copy)

    def _finish_rollback(self, *, patience_s: float = 2) -> None:
        """Take out what a killed process wrote of an unfinished transaction.

        SQLite does so at the first reading, which a read-only connection cannot.
        """
        with closing(self._connect("ro", patience_s=patience_s)) as connection:
            try:
                connection.execute("PRAGMA application_id").fetchone()
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_READONLY_ROLLBACK:
                    raise
        with closing(self._connect("rw")) as connection:
            connection.execute("PRAGMA application_id").fetchone()

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
        # SQLite has rolled back what a killed process left unfinished, and holds the
        # lock: a journal that still lies there is spent, and would stay for good if
        # nothing were edited.
        with suppress(OSError):
            Path(f"{self.path.resolve()}-journal").unlink()
        migrate(connection)

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            text = str(error)
            if doing == "open" and "readonly" in text:
                raise NotWritable(self.path, "it is protected from writing") from error
            if "locked" in text:
                text = "it is open in another window or program; close it there first"
                if doing == "open":
                    raise NotWritable(self.path, text) from error
            raise ProjectError(f"{self.path}: cannot {doing} ({text})") from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; on disk when the block is left."""
        if _identity(self._place) != self._identity:
            raise ProjectError(
                f"{self.path}: cannot save (the file was moved or deleted while it "
                "was open)"
            )
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
        self._write("INSERT OR REPLACE INTO meta VALUES (?, ?)", key, storable(value))

    def settings(self) -> dict[str, str]:
        return {row[0]: row[1] for row in self.rows("SELECT key, value FROM setting")}

    def put_setting(self, key: str, value: str) -> None:
        self._write("INSERT OR REPLACE INTO setting VALUES (?, ?)", key, value)

    def add_graph(self, slug: str, path: str, original: bytes) -> GraphId:
        cursor = self._write(
            "INSERT INTO graph (slug, path, sha256, original, added) "
            "VALUES (?, ?, ?, ?, ?)",
            storable(slug),
            storable(path),
            hashlib.sha256(original).hexdigest(),
            zlib.compress(original, 1),
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
        """Rows of a table; none where an older file, only read, has no such table."""
        if not self.has(table):
            return []
        rows = self.rows(f"SELECT subject, data FROM {table}")
        return [(Subject(subject), data) for subject, data in rows]

    def has(self, table: ValueTable | LaterTable) -> bool:
        """Whether the file is of a version that has the table."""
        ((version,),) = self.rows("PRAGMA user_version")
        return int(version) >= SINCE.get(table, 1)

    def put_pins(self, graph: GraphId, data: str) -> None:
        self._write("INSERT OR REPLACE INTO pins VALUES (?, ?)", graph, data)

    def put_refused_groups(self, graph: GraphId, data: str) -> None:
        self._write("INSERT OR REPLACE INTO refused_groups VALUES (?, ?)", graph, data)

    def refused_groups(self) -> list[tuple[GraphId, str]]:
        if not self.has("refused_groups"):
            return []
        rows = self.rows("SELECT graph, data FROM refused_groups")
        return [(GraphId(int(graph)), data) for graph, data in rows]

    def put_supernode(self, graph: GraphId, number: int, data: str | None) -> None:
        if data is None:
            self._write(
                "DELETE FROM supernode WHERE graph = ? AND number = ?", graph, number
            )
        else:
            self._write(
                "INSERT OR REPLACE INTO supernode VALUES (?, ?, ?)", graph, number, data
            )

    # -- calls of language models ---------------------------------------------------

    def add_call(self, row: CallRow) -> None:
        """Log a call; one that is in the log already stays as it is."""
        columns = ", ".join(row._fields)
        marks = ", ".join("?" * len(row))
        self._write(f"INSERT OR IGNORE INTO call ({columns}) VALUES ({marks})", *row)

    def calls_after(
        self, number: int, subject: Subject | None, limit: int
    ) -> list[tuple[int, CallRow]]:
        """A page of the log with the calls' numbers, oldest first."""
        if not self.has("call"):
            return []
        columns = ", ".join(CallRow._fields)
        with self._explained("read"):
            rows = self._connection.execute(
                f"SELECT number, {columns} FROM call "
                "WHERE number > ? AND subject = ifnull(?, subject) "
                "ORDER BY number LIMIT ?",
                (number, subject, limit),
            ).fetchall()
        return [(number, CallRow(*row)) for number, *row in rows]

    # -- comparisons of methods -----------------------------------------------------

    def add_comparison(self, data: bytes) -> int:
        cursor = self._write(
            "INSERT INTO comparison (at, data) VALUES (?, ?)", now(), data
        )
        return int(cursor.lastrowid or 0)

    def comparisons(self) -> list[tuple[int, str, bytes]]:
        """Id, time and data of each, the newest last."""
        if not self.has("comparison"):
            return []
        with self._explained("read"):
            return self._connection.execute(
                "SELECT id, at, data FROM comparison ORDER BY id"
            ).fetchall()

    # -- history --------------------------------------------------------------------

    def add_step(self, title: str) -> int:
        """Start a step; what was undone before can no longer be redone."""
        self._write("DELETE FROM step WHERE done = 0")
        cursor = self._write(
            "INSERT INTO step (title, at, done) VALUES (?, ?, 1)", title, now()
        )
        return int(cursor.lastrowid or 0)

    def add_step_edits(self, step: int, pairs: Sequence[tuple[str, str]]) -> None:
        """Add edits, each with its inverse, behind those that the step has."""
        seq = self.n_step_edits(step)
        rows = [(step, seq + at, *pair) for at, pair in enumerate(pairs)]
        with self._explained("save"):
            self._connection.executemany(
                "INSERT INTO step_edit VALUES (?, ?, ?, ?)", rows
            )

    def n_step_edits(self, step: int) -> int:
        (row,) = self.rows("SELECT count(*) FROM step_edit WHERE step = ?", step)
        return int(row[0])

    def is_done(self, step: int) -> bool:
        """Whether the step exists and is not undone."""
        rows = self.rows("SELECT done FROM step WHERE id = ?", step)
        return bool(rows and rows[0][0])

    def edits_after(self, step: int) -> list[str]:
        """Edits of all later steps, undone or not."""
        rows = self.rows("SELECT edit FROM step_edit WHERE step > ?", step)
        return [edit for (edit,) in rows]

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

    def _write(
        self, statement: str, *values: str | float | bytes | None
    ) -> sqlite3.Cursor:
        with self._explained("save"):
            return self._connection.execute(statement, values)

    # -- the file itself ------------------------------------------------------------

    def save_copy(self, target: Path) -> None:
        """Write a consistent copy, replacing `target` only when it is whole."""
        if _identity(target) == self._identity:
            raise ProjectError(f"{target}: cannot save a copy over the project itself")
        part = target.with_name(f".{target.name}.part")
        try:
            part.unlink(missing_ok=True)
            with closing(sqlite3.connect(part)) as copy:
                self._connection.backup(copy)
            # A journal of the replaced file would be played back into the new one.
            Path(f"{target}-journal").unlink(missing_ok=True)
            part.replace(target)
        except OSError as error:
            raise ProjectError(f"{target}: cannot save ({error.strerror})") from error
        except sqlite3.Error as error:
            raise ProjectError(f"{target}: cannot save ({error})") from error
        finally:
            part.unlink(missing_ok=True)

    def integrity_problems(self) -> list[str]:
        """What SQLite finds wrong, and graphs that are not as they were added."""
        problems = [
            line
            for (text,) in self.rows("PRAGMA integrity_check")
            if text != "ok"
            for line in text.splitlines()
            if not line.startswith("***")
        ]
        problems += [
            f"{row[0]}: row {row[1]} points nowhere"
            for row in self.rows("PRAGMA foreign_key_check")
        ]
        return problems + [
            f"graph {row.id} ({row.slug}) is not the one that was added"
            for row in self.graphs()
            if hashlib.sha256(row.original).hexdigest() != row.sha256
        ]


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from another that takes its name; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
