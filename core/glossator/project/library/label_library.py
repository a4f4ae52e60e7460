"""The label library: what a person's projects say of features, in one SQLite file.

It follows the projects (`library_keeper`), and takes entries that others give. Several
programs may use it at once: each call is one connection, and at most one transaction.
``docs/label-library.md`` describes the file.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from glossator.errors import LibraryError
from glossator.graph.attribution_graph import FeatureKey
from glossator.project.library.library_entry import LibraryEntry
from glossator.project.revision import storable

APPLICATION_ID = 0x474C4C42
"""``GLLB``: marks a SQLite file as a label library."""
_WAIT = 2.0
"""Seconds for which another program may keep it busy."""

_FIRST = (
    """CREATE TABLE label (
        id INTEGER PRIMARY KEY,
        model TEXT NOT NULL,
        source_set TEXT NOT NULL,
        layer INTEGER NOT NULL,
        number INTEGER NOT NULL,
        attention INTEGER NOT NULL,
        text TEXT NOT NULL,
        status TEXT NOT NULL,
        author TEXT NOT NULL,
        method TEXT NOT NULL,
        labeler_model TEXT NOT NULL,
        tier TEXT NOT NULL,
        at TEXT NOT NULL,
        project TEXT NOT NULL,
        project_id TEXT NOT NULL,
        graph TEXT NOT NULL,
        revision INTEGER NOT NULL,
        path TEXT NOT NULL
    ) STRICT""",
    """CREATE UNIQUE INDEX label_once ON label (
        model, source_set, layer, number, attention, project_id, path, project, author
    )""",
    "CREATE INDEX label_of_project ON label (project_id, path)",
)
MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST,)
"""Number n brings a file from version n - 1 to n; none is ever changed."""

_FEATURE = ("model", "source_set", "layer", "number", "attention")
_SAID = (
    *("text", "status", "author", "method", "labeler_model", "tier", "at"),
    *("project", "project_id", "graph", "revision"),
)
_COLUMNS = ", ".join((*_FEATURE, *_SAID))
_OF_FEATURE = " AND ".join(f"{name} = ?" for name in _FEATURE)
_KEYS = ("model", "source_set", "layer", "index", "attention", *_SAID)
"""Names in a `LibraryEntry` of the columns."""
_KNOWN = "text != ''"
"""Of a forgotten label a row without text stays: the project still says it."""


class FollowedProject(NamedTuple):
    """A project file on this machine."""

    id: str
    path: str
    """Absolute."""
    name: str


class LibraryCount(NamedTuple):
    model: str
    source_set: str
    project: str
    n_labels: int


class LabelLibrary:
    """A file of labels; where there is none, an empty one. Raises LibraryError."""

    def __init__(self, path: Path) -> None:
        """Name the file; it is made when there is something to write."""
        self.path = path

    # -- what is known ----------------------------------------------------------------

    def known(
        self, features: Iterable[FeatureKey]
    ) -> dict[FeatureKey, list[LibraryEntry]]:
        """What was said of features, the newest first; those without are left out."""
        query = (
            f"SELECT {_COLUMNS} FROM label WHERE {_OF_FEATURE} AND {_KNOWN} "
            "ORDER BY at DESC, id DESC"
        )
        found: dict[FeatureKey, list[LibraryEntry]] = {}
        with self._connected() as connection:
            for feature in features:
                rows = connection.execute(query, _place(feature)).fetchall()
                if rows:
                    found[feature] = self._entries(rows)
        return found

    def entries(self, model: str = "") -> list[LibraryEntry]:
        """All labels, or those of a model's features, in an order of their own."""
        query = (
            f"SELECT {_COLUMNS} FROM label WHERE {_KNOWN} AND (? = '' OR model = ?) "
            f"ORDER BY {_COLUMNS}"
        )
        with self._connected() as connection:
            return self._entries(connection.execute(query, (model, model)).fetchall())

    def counts(self) -> list[LibraryCount]:
        """Number of labels by model, source set and project."""
        with self._connected() as connection:
            rows = connection.execute(
                "SELECT model, source_set, project, count(*) FROM label "
                f"WHERE {_KNOWN} GROUP BY model, source_set, project ORDER BY 1, 2, 3"
            ).fetchall()
        return [LibraryCount(*row) for row in rows]

    def _entries(self, rows: Iterable[Sequence[str | int]]) -> list[LibraryEntry]:
        named = [dict(zip(_KEYS, row, strict=True)) for row in rows]
        try:
            return msgspec.convert(named, list[LibraryEntry], strict=False)
        except msgspec.ValidationError as error:
            raise LibraryError(
                f"{self.path}: a stored label is broken ({error})"
            ) from error

    # -- what projects say ------------------------------------------------------------

    def held_of(self, project: FollowedProject) -> dict[FeatureKey, int]:
        """Features of which it holds what a project says, with the revision's number.

        Forgotten labels count. What it held of the project under a path where there is
        no file any more is the moved project's now.
        """
        with self._connected() as connection:
            paths = connection.execute(
                "SELECT DISTINCT path FROM label WHERE project_id = ? "
                "AND path NOT IN ('', ?)",
                (project.id, project.path),
            ).fetchall()
        gone = [path for (path,) in paths if not Path(path).is_file()]
        if gone:
            with self._transaction() as connection:
                connection.executemany(
                    "UPDATE OR REPLACE label SET path = ?, project = ? "
                    "WHERE project_id = ? AND path = ?",
                    [(project.path, project.name, project.id, path) for path in gone],
                )
        with self._connected() as connection:
            rows = connection.execute(
                f"SELECT {', '.join(_FEATURE)}, revision FROM label "
                "WHERE project_id = ? AND path = ?",
                (project.id, project.path),
            ).fetchall()
        return {
            FeatureKey(model, source_set, layer, number, bool(attention)): revision
            for model, source_set, layer, number, attention, revision in rows
        }

    def follow(
        self,
        project: FollowedProject,
        said: Sequence[LibraryEntry],
        withdrawn: Iterable[FeatureKey],
    ) -> None:
        """Take over what a project says now; what it says no more goes.

        What was imported of the same project for the same feature is outdated by that.
        """
        place = (project.id, project.path)
        with self._transaction() as connection:
            connection.executemany(
                "DELETE FROM label WHERE project_id = ? AND path = ? AND "
                f"{_OF_FEATURE}",
                ((*place, *_place(feature)) for feature in withdrawn),
            )
            connection.executemany(
                "DELETE FROM label WHERE project_id = ? AND path IN (?, '') AND "
                f"{_OF_FEATURE}",
                ((*place, *_place(entry.feature)) for entry in said),
            )
            connection.executemany(
                f"INSERT INTO label ({_COLUMNS}, path) VALUES ({_marks(len(_KEYS))})",
                ((*_values(entry), project.path) for entry in said),
            )

    # -- what a person gives and takes ------------------------------------------------

    def add(self, entries: Iterable[LibraryEntry]) -> int:
        """Take entries from elsewhere, unless theirs is here and as new; how many."""
        is_here = (
            "SELECT 1 FROM label WHERE project_id = ? AND author = ? "
            f"AND (project_id != '' OR project = ?) AND {_OF_FEATURE} "
            f"AND at >= ? AND {_KNOWN}"
        )
        n_added = 0
        with self._transaction() as connection:
            for entry in entries:
                origin = (entry.project_id, entry.author, entry.project)
                key = (*origin, *_place(entry.feature), entry.at)
                if connection.execute(is_here, key).fetchone() is None:
                    connection.execute(
                        f"INSERT OR REPLACE INTO label ({_COLUMNS}, path) "
                        f"VALUES ({_marks(len(_KEYS))})",
                        (*_values(entry), ""),
                    )
                    n_added += 1
        return n_added

    def forget(self, entries: Iterable[LibraryEntry]) -> None:
        """Forget labels. A project says its own still, but no more to the library."""
        chosen = [
            (*_place(e.feature), e.project_id, e.project, e.author, e.text)
            for e in entries
        ]
        these = (
            f"WHERE {_OF_FEATURE} AND project_id = ? AND project = ? AND author = ? "
            "AND text = ?"
        )
        with self._transaction() as connection:
            connection.executemany(f"DELETE FROM label {these} AND path = ''", chosen)
            connection.executemany(
                "UPDATE label SET text = '', author = '', method = '', tier = '', "
                f"labeler_model = '', at = '', graph = '' {these}",
                chosen,
            )

    # -- the file ---------------------------------------------------------------------

    def verify(self) -> list[str]:
        """Everything that is wrong with the file, one sentence each."""
        with self._connected() as connection:
            problems = [
                line
                for (text,) in connection.execute("PRAGMA integrity_check")
                if text != "ok"
                for line in text.splitlines()
            ]
            rows = connection.execute(
                f"SELECT {_COLUMNS}, id FROM label WHERE {_KNOWN}"
            ).fetchall()
        for *row, number in rows:
            try:
                self._entries([row])
            except LibraryError as error:
                text = str(error).removeprefix(f"{self.path}: ")
                problems.append(f"label {number}: {text}")
        return problems

    @contextmanager
    def _connected(self, *, make: bool = False) -> Iterator[sqlite3.Connection]:
        """Open the file; where there is none and none is to be made, an empty one."""
        place = ":memory:"
        if make or self.path.exists():
            # To write, even for who only reads: what a killed program left unfinished
            # could not be rolled back otherwise.
            mode = "rwc" if make else "rw"
            place = f"{self.path.absolute().as_uri()}?mode={mode}"
        try:
            if make:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(
                sqlite3.connect(place, uri=True, isolation_level=None, timeout=_WAIT)
            ) as connection:
                self._prepare(connection)
                yield connection
        except OSError as error:
            raise LibraryError(
                f"{self.path}: cannot be made ({error.strerror})"
            ) from error
        except sqlite3.Error as error:
            text = str(error)
            if "locked" in text:
                text = "another program keeps it busy; try again"
            raise LibraryError(f"{self.path}: cannot be used ({text})") from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; on disk when the block is left."""
        with self._connected(make=True) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Check whose file it is, and bring it to the newest version."""
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (n_tables,) = connection.execute(
            "SELECT count(*) FROM sqlite_master"
        ).fetchone()
        version = _version(connection)
        if n_tables and application != APPLICATION_ID:
            raise LibraryError(f"{self.path}: a database, but no label library")
        if version > len(MIGRATIONS):
            raise LibraryError(
                f"{self.path}: made by a newer version (format {version}, this one "
                f"reads up to {len(MIGRATIONS)})"
            )
        # What is forgotten is not to be found in the file by who looks closely.
        connection.execute("PRAGMA secure_delete = ON")
        if version < len(MIGRATIONS):
            connection.execute("BEGIN IMMEDIATE")
            # Another program may have done it since.
            for number in range(_version(connection), len(MIGRATIONS)):
                for statement in MIGRATIONS[number]:
                    connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
            connection.execute("COMMIT")


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _place(feature: FeatureKey) -> tuple[str, str, int, int, bool]:
    return (
        storable(feature.model),
        storable(feature.source_set),
        feature.layer,
        feature.index,
        feature.attention,
    )


def _values(entry: LibraryEntry) -> tuple[str | int, ...]:
    return tuple(getattr(entry, key) for key in _KEYS)


def _marks(n_keys: int) -> str:
    """Places for that many values and the path."""
    return ", ".join("?" * (n_keys + 1))
