"""A project that another has open can be read as it is, and not be written."""

import threading
from pathlib import Path

import pytest

from glossator.errors import NotWritable, ProjectError
from glossator.project.project import Project
from glossator.project.snapshot import read_locked


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "work.gloss"


def test_a_locked_project_is_refused_by_what_can_be_told_apart(path: Path) -> None:
    held = Project(path)
    with pytest.raises(NotWritable) as refused:
        Project(path)
    assert refused.value.path == path
    assert "open in another window" in refused.value.reason
    held.close()


def test_a_snapshot_is_of_the_moment_and_cannot_be_written(
    path: Path, tmp_path: Path
) -> None:
    held = Project(path)
    held.put_setting("queue", "then")
    snapshot = Project(path, snapshot=True)
    assert snapshot.read_only
    held.put_setting("queue", "later")
    assert snapshot.setting("queue") == "then"
    with pytest.raises(ProjectError, match="readonly"):
        snapshot.put_setting("queue", "mine")
    copy = tmp_path / "copy.gloss"
    snapshot.save_copy(copy)
    snapshot.close()
    assert held.setting("queue") == "later"
    held.close()
    mine = Project(copy)
    assert (mine.setting("queue"), mine.verify()) == ("then", [])
    mine.close()
    assert [file.name for file in tmp_path.iterdir() if "journal" in file.name] == []


def test_a_project_nobody_holds_is_read_likewise_and_stays_free(path: Path) -> None:
    Project(path).close()
    snapshot = Project(path, snapshot=True)
    other = Project(path)
    other.put_setting("queue", "mine")
    assert snapshot.setting("queue") == ""
    snapshot.close()
    other.close()


def test_what_is_written_meanwhile_is_never_read_in_part(path: Path) -> None:
    """Two settings are always written together; every snapshot has both or none."""
    begun, over = threading.Event(), threading.Event()

    def write() -> None:
        held = Project(path)
        held.put_setting("a", "0")
        held.put_setting("b", "0")
        for at in range(40):
            with held._store.transaction():
                held._store.put_setting("a", f"{at} " * 2_000)
                held._store.put_setting("b", f"{at} " * 2_000)
            begun.set()
            over.wait(0.07)
        held.close()

    writer = threading.Thread(target=write)
    writer.start()
    begun.wait()
    seen = set()
    for _ in range(5):
        connection = read_locked(path)
        rows = dict(connection.execute("SELECT key, value FROM setting").fetchall())
        assert rows["a"] == rows["b"]
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        seen.add(rows["a"])
        connection.close()
    over.set()
    writer.join()
    assert seen
