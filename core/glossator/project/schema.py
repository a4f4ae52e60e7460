"""The tables of the project file, as numbered migrations that are never changed.

``docs/project-file.md`` describes them for readers of the file.
"""

import sqlite3
from collections.abc import Mapping

APPLICATION_ID = 0x474C4F53
"""``GLOS``: marks a SQLite file as ours."""

_FIRST = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE graph (
    id INTEGER PRIMARY KEY,
    slug TEXT NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL UNIQUE,
    original BLOB NOT NULL,
    added TEXT NOT NULL
) STRICT;
CREATE TABLE revision (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    subject TEXT NOT NULL,
    data TEXT NOT NULL
) STRICT;
CREATE INDEX revision_subject ON revision (subject);
CREATE TRIGGER revision_is_kept BEFORE DELETE ON revision
BEGIN SELECT RAISE(ABORT, 'revisions are append-only'); END;
CREATE TRIGGER revision_is_fixed BEFORE UPDATE ON revision
BEGIN SELECT RAISE(ABORT, 'revisions are append-only'); END;
CREATE TABLE result (subject TEXT PRIMARY KEY, data TEXT NOT NULL) STRICT;
CREATE TABLE mark (subject TEXT PRIMARY KEY, data TEXT NOT NULL) STRICT;
CREATE TABLE note (subject TEXT PRIMARY KEY, data TEXT NOT NULL) STRICT;
CREATE TABLE draft (subject TEXT PRIMARY KEY, data TEXT NOT NULL) STRICT;
CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE pins (
    graph INTEGER PRIMARY KEY REFERENCES graph (id),
    data TEXT NOT NULL
) STRICT;
CREATE TABLE supernode (
    graph INTEGER NOT NULL REFERENCES graph (id),
    number INTEGER NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (graph, number)
) STRICT;
CREATE TABLE step (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    at TEXT NOT NULL,
    done INTEGER NOT NULL
) STRICT;
CREATE TABLE step_edit (
    step INTEGER NOT NULL REFERENCES step (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    edit TEXT NOT NULL,
    inverse TEXT NOT NULL,
    PRIMARY KEY (step, seq)
) STRICT;
"""

_JUDGEMENTS = """
CREATE TABLE judgement (subject TEXT PRIMARY KEY, data TEXT NOT NULL) STRICT;
"""

_VERBALIZATIONS = """
CREATE TABLE verbalization (subject TEXT PRIMARY KEY, data TEXT NOT NULL) STRICT;
"""

_DECLINED = """
CREATE TABLE declined (subject TEXT PRIMARY KEY, data TEXT NOT NULL) STRICT;
"""

_CALLS = """
INSERT INTO meta VALUES ('id', lower(hex(randomblob(16))));
CREATE TABLE call (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    at TEXT NOT NULL,
    model TEXT NOT NULL,
    purpose TEXT NOT NULL,
    subject TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    answer_tokens INTEGER NOT NULL,
    cost REAL,
    failed INTEGER NOT NULL,
    cached INTEGER NOT NULL,
    data BLOB NOT NULL
) STRICT;
CREATE INDEX call_subject ON call (subject);
CREATE TRIGGER call_is_kept BEFORE DELETE ON call
BEGIN SELECT RAISE(ABORT, 'the call log is append-only'); END;
CREATE TRIGGER call_is_fixed BEFORE UPDATE ON call
BEGIN SELECT RAISE(ABORT, 'the call log is append-only'); END;
"""

_COMPARISONS = """
CREATE TABLE comparison (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    data BLOB NOT NULL
) STRICT;
CREATE TRIGGER comparison_is_kept BEFORE DELETE ON comparison
BEGIN SELECT RAISE(ABORT, 'comparisons are append-only'); END;
CREATE TRIGGER comparison_is_fixed BEFORE UPDATE ON comparison
BEGIN SELECT RAISE(ABORT, 'comparisons are append-only'); END;
"""

_REVIEW_AT_SPEED = """
CREATE TABLE tags (subject TEXT PRIMARY KEY, data TEXT NOT NULL) STRICT;
CREATE TABLE flag (subject TEXT PRIMARY KEY, data TEXT NOT NULL) STRICT;
CREATE TABLE recheck (subject TEXT PRIMARY KEY, data TEXT NOT NULL) STRICT;
CREATE TABLE refused_groups (
    graph INTEGER PRIMARY KEY REFERENCES graph (id),
    data TEXT NOT NULL
) STRICT;
"""

MIGRATIONS: tuple[str, ...] = (
    _FIRST,
    _JUDGEMENTS,
    _VERBALIZATIONS,
    _DECLINED,
    _CALLS,
    _COMPARISONS,
    _REVIEW_AT_SPEED,
)

SINCE: Mapping[str, int] = {
    "judgement": 2,
    "verbalization": 3,
    "declined": 4,
    "call": 5,
    "comparison": 6,
    "tags": 7,
    "flag": 7,
    "recheck": 7,
    "refused_groups": 7,
}
"""Version that brought a table; the others are in all."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables to the newest version; each migration is one transaction."""
    version = version_of(connection)
    for number in range(version, len(MIGRATIONS)):
        connection.executescript(
            f"BEGIN IMMEDIATE;{MIGRATIONS[number]}"
            f"PRAGMA application_id = {APPLICATION_ID};"
            f"PRAGMA user_version = {number + 1};COMMIT;"
        )


def version_of(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)
