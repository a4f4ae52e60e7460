"""A project file as it stands while another process has it locked."""

import sqlite3
import time
from pathlib import Path

from glossator.errors import ProjectError

_JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")
"""Begins a rollback journal that is in use (SQLite, file format §3)."""
_SETTLED_S = 0.05
"""No clock of a file system is coarser than this."""
_TRIES = 100


def read_locked(path: Path) -> sqlite3.Connection:
    """The file as of a moment between two transactions, in memory, never written.

    The lock is of the process that writes; the bytes can be read all the same. They are
    whole if no transaction was under way before and after, and none happened between:
    then the file's time is the same.

    Raises
    ------
    ProjectError
        if it is written all the time, or cannot be read.
    """
    journal = Path(f"{path.resolve()}-journal")
    try:
        for _ in range(_TRIES):
            before = path.stat()
            if time.time() - before.st_mtime < _SETTLED_S or _in_use(journal):
                time.sleep(_SETTLED_S)
                continue
            data = path.read_bytes()
            after = path.stat()
            same = (before.st_mtime_ns, before.st_size) == (
                after.st_mtime_ns,
                after.st_size,
            )
            if same and not _in_use(journal):
                return _in_memory(data)
    except OSError as error:
        raise ProjectError(f"{path}: cannot read ({error.strerror})") from error
    raise ProjectError(f"{path}: cannot read (another program keeps writing it)")


def _in_use(journal: Path) -> bool:
    try:
        with journal.open("rb") as file:
            return file.read(len(_JOURNAL_MAGIC)) == _JOURNAL_MAGIC
    except FileNotFoundError:
        return False


def _in_memory(data: bytes) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.deserialize(data)
    return sealed(connection)


def sealed(connection: sqlite3.Connection) -> sqlite3.Connection:
    """The connection, through which nothing can be written any more."""
    connection.execute("PRAGMA query_only = ON")
    return connection
