"""The project file: what fails leaves file and memory as they were, and says why."""

import os
import shutil
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from glossator.errors import GlossatorError, ProjectError
from glossator.project.edits import (
    AddRevision,
    AnyEdit,
    PutSupernode,
    SetJudgement,
    SetNote,
    SetPins,
    Supernode,
)
from glossator.project.open_files import add_graphs, checked_project
from glossator.project.project import Project
from glossator.project.revision import GraphId, LabelRevision, Subject
from glossator.project.schema import APPLICATION_ID, MIGRATIONS, SINCE
from tests.core.graph_documents import graph_of, tracer_graph
from tests.core.kill_writer import visible

ONE = GraphId(1)
F7 = Subject("f:0:7")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Path of a closed project: one graph, one step."""
    path = tmp_path / "folder" / "work.gloss"
    graph = graph_of(tracer_graph())
    project = add_graphs(path, [graph], [tmp_path / "graph.json"])
    project.apply("note", [SetNote(F7, "first")])
    project.close()
    return path


@pytest.fixture
def project(path: Path) -> Iterator[Project]:
    project = Project(path)
    yield project
    project.close()


def tamper(path: Path, statement: str, *values: str | int | bytes) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute(statement, values)
        other.commit()


def fill_disk(project: Project) -> None:
    """Let the file grow no further: SQLite then says that the disk is full."""
    ((n_pages,),) = project._store.rows("PRAGMA page_count")
    project._store.rows(f"PRAGMA max_page_count = {n_pages}")


BIG: list[AnyEdit] = [
    SetNote(F7, "changed"),
    SetNote(F7, "changed twice"),
    SetPins(ONE, (1, 2)),
    PutSupernode(ONE, 1, Supernode(name="x", members=(1,))),
    AddRevision(F7, LabelRevision(text="x", status="accepted")),
    SetNote(Subject("f:2:9"), "x" * 200_000),
]


def test_a_full_disk_leaves_file_and_memory(project: Project) -> None:
    before = visible(project.state)
    revisions = dict(project.state.revisions)
    fill_disk(project)
    with pytest.raises(ProjectError, match=r"work\.gloss: cannot save .*full"):
        project.apply("big", BIG)
    assert visible(project.state) == before
    assert project.state.revisions == revisions
    assert project.steps() == ("note", "")
    assert project.verify() == []
    project.close()
    project = Project(project.path)
    assert visible(project.state) == before
    assert project.apply("big", BIG) is not None, "there is room again"
    project.close()


def test_a_full_disk_stops_undo_and_redo_whole(project: Project) -> None:
    long: list[AnyEdit] = [SetNote(F7, "y" * 300_000), SetNote(F7, "")]
    project.apply("long", [*long, *BIG[2:5]])
    after = visible(project.state)
    fill_disk(project)
    with pytest.raises(ProjectError, match="full"):
        project.undo()
    assert visible(project.state) == after
    assert project.steps() == ("long", "")
    assert project.verify() == []


def test_a_full_disk_adds_no_half_graph(project: Project, tmp_path: Path) -> None:
    before = visible(project.state)
    fill_disk(project)
    document = tracer_graph(slug="other", noise=os.urandom(50_000).hex())
    with pytest.raises(ProjectError, match="full"):
        project.add_graph(graph_of(document), tmp_path / "other.json")
    assert visible(project.state) == before
    assert list(project.state.graphs) == [ONE]
    project.close()
    project = Project(project.path)
    assert list(project.state.graphs) == [ONE]
    project.close()


@pytest.mark.parametrize("remove", [shutil.rmtree, lambda p: p.rename(f"{p}-moved")])
def test_an_edit_of_a_file_that_is_gone_is_refused(
    project: Project, remove: Callable[[Path], object]
) -> None:
    """What is written to a deleted file would be lost, though acknowledged."""
    project.apply("note", [SetNote(F7, "second")])
    remove(project.path.parent)
    with pytest.raises(ProjectError, match=r"work\.gloss: .*moved or deleted"):
        project.apply("note", [SetNote(F7, "third")])
    assert project.state.notes == {F7: "second"}


HOLDER = """
import sys
from pathlib import Path
from glossator.project.project import Project
project = Project(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
"""


def test_a_project_open_elsewhere_is_refused(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "open\n"
        for read_only in (False, True):
            with pytest.raises(ProjectError, match=r"work\.gloss: .*another window"):
                Project(path, read_only=read_only)
        holder.stdin.close()
    Project(path).close()


def test_a_project_open_in_this_process_is_refused(project: Project) -> None:
    with pytest.raises(ProjectError, match="another window"):
        Project(project.path)


def make_text(path: Path) -> None:
    path.write_text("SQLite format 3? No, a letter to a friend. " * 99)


def make_foreign(path: Path) -> None:
    path.unlink()
    tamper(path, "CREATE TABLE recipe (name TEXT)")


def make_newer(path: Path) -> None:
    tamper(path, f"PRAGMA user_version = {len(MIGRATIONS) + 1}")


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def break_graph(path: Path) -> None:
    tamper(path, "UPDATE graph SET original = ?", b"no zlib")


def swap_graph(path: Path) -> None:
    tamper(path, "UPDATE graph SET original = ?", zlib.compress(b'{"nodes": []}'))


def break_note(path: Path) -> None:
    tamper(path, "INSERT INTO result VALUES ('f:0:7', '{\"scores\": 3}')")


def break_pins(path: Path) -> None:
    tamper(path, "INSERT INTO pins VALUES (1, '[0, ')")


def break_judgement(path: Path) -> None:
    tamper(path, "INSERT INTO judgement VALUES ('f:0:7', 'middle')")


def break_verbalization(path: Path) -> None:
    tamper(path, "INSERT INTO verbalization VALUES ('f:0:7', '[{\"text\": 3}]')")


def drop_table(path: Path) -> None:
    tamper(path, "DROP TABLE note")


BROKEN: dict[str, tuple[Callable[[Path], None], str]] = {
    "text": (make_text, "not a database"),
    "foreign": (make_foreign, "a database, but no Glossator project"),
    "newer": (make_newer, f"newer version .format {len(MIGRATIONS) + 1}"),
    "truncated": (truncate, "malformed"),
    "graph": (break_graph, "stored graph is broken"),
    "other graph": (swap_graph, "the key is missing"),
    "result": (break_note, "stored record is broken"),
    "pins": (break_pins, "stored record is broken"),
    "judgement": (break_judgement, "stored record is broken .Invalid enum.*middle"),
    "verbalization": (break_verbalization, "stored record is broken .Expected `str`"),
    "table": (drop_table, "no such table"),
}


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("name", BROKEN)
def test_opening_refuses_and_never_destroys(
    path: Path, name: str, read_only: bool
) -> None:
    breaks, message = BROKEN[name]
    breaks(path)
    content = path.read_bytes()
    with pytest.raises(GlossatorError, match=message) as raised:
        Project(path, read_only=read_only)
    assert str(raised.value).startswith(str(path))
    assert "\n" not in str(raised.value)
    assert path.read_bytes() == content
    assert os.listdir(path.parent) == [path.name]


def test_read_only_creates_nothing(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="no such project file"):
        Project(tmp_path / "none.gloss", read_only=True)
    assert os.listdir(tmp_path) == []


def test_a_folder_that_cannot_hold_a_project(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"none.p\.gloss: cannot open"):
        Project(tmp_path / "none" / "p.gloss")


def test_the_file_is_marked_as_ours(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        (application,) = other.execute("PRAGMA application_id").fetchone()
        (version,) = other.execute("PRAGMA user_version").fetchone()
    assert (application, version) == (APPLICATION_ID, len(MIGRATIONS))


def test_the_document_tells_every_table_and_column(path: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "project-file.md"
    rows = {
        line.split("`")[1]: line
        for line in page.read_text().splitlines()
        if line.startswith("| `")
    }
    with closing(sqlite3.connect(path)) as other:
        tables = other.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' "
            "AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        for (table,) in tables:
            for column in other.execute(f"PRAGMA table_info({table})"):
                assert f"`{column[1]}`" in rows[table], f"{table}.{column[1]}"


def make_older(path: Path) -> None:
    """As a program wrote it that knew only the first tables."""
    for table in SINCE:
        tamper(path, f"DROP TABLE {table}")
    tamper(path, "DELETE FROM meta WHERE key = 'id'")
    tamper(path, "PRAGMA user_version = 1")


def test_an_older_file_is_brought_up_to_date(path: Path) -> None:
    make_older(path)
    project = Project(path)
    assert project.state.notes == {F7: "first"}
    assert project.apply("judge", [SetJudgement(F7, "cross")]) is not None
    project.close()
    project = Project(path)
    assert project.state.judgements == {F7: "cross"}
    assert project.verify() == []
    assert [project.undo(), project.undo()] == ["judge", "note"]
    project.close()


def test_an_older_file_that_is_only_read_stays_as_it_is(path: Path) -> None:
    make_older(path)
    content = path.read_bytes()
    project = Project(path, read_only=True)
    assert (project.state.notes, project.state.judgements) == ({F7: "first"}, {})
    assert project.verify() == []
    project.close()
    assert path.read_bytes() == content


@pytest.mark.parametrize("known", range(1, len(MIGRATIONS)))
def test_an_older_program_refuses_the_file(
    path: Path, monkeypatch: pytest.MonkeyPatch, known: int
) -> None:
    monkeypatch.setattr("glossator.project.store.MIGRATIONS", MIGRATIONS[:known])
    message = rf"newer version \(format {len(MIGRATIONS)}, .* up to {known}"
    with pytest.raises(ProjectError, match=message):
        Project(path)


CRASH = """
import os, signal, sys
from pathlib import Path
from glossator.project.edits import SetNote
from glossator.project.project import Project
project = Project(Path(sys.argv[1]))
connection = project._store._connection
connection.execute("PRAGMA cache_size = 2")
connection.execute("BEGIN IMMEDIATE")
for n in range(2000):
    connection.execute("INSERT INTO note VALUES (?, ?)", (f"f:9:{n}", "x" * 200))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_looking_at_a_project_after_a_crash(path: Path) -> None:
    """Unfinished pages are in the file; its journal takes them out."""
    subprocess.run([sys.executable, "-c", CRASH, str(path)], check=False)
    assert Path(f"{path}-journal").stat().st_size > 0
    assert path.stat().st_size > 200_000
    project = Project(path, read_only=True)
    assert project.state.notes == {F7: "first"}
    assert project.verify() == []
    project.close()
    assert os.listdir(path.parent) == [path.name]


def test_a_spent_journal_does_not_stay(path: Path) -> None:
    Path(f"{path}-journal").write_bytes(bytes(512))
    Project(path).close()
    assert os.listdir(path.parent) == [path.name]


# -- verify ----------------------------------------------------------------------------


def damage_step(path: Path) -> None:
    tamper(path, 'UPDATE step_edit SET inverse = \'{"type": "Nothing"}\'')


def damage_hash(path: Path) -> None:
    tamper(path, "UPDATE graph SET sha256 = 'another'")


def damage_members(path: Path) -> None:
    tamper(path, 'INSERT INTO supernode VALUES (1, 1, \'{"name":"x","members":[99]}\')')


def damage_pins(path: Path) -> None:
    tamper(path, "INSERT INTO pins VALUES (1, '[-1]')")


def damage_reference(path: Path) -> None:
    tamper(path, "INSERT INTO step_edit VALUES (99, 0, '{}', '{}')")


REVISION = '{"text":"x","status":"accepted"}'


def damage_index(path: Path) -> None:
    """Break an entry of an index: opening does not read it."""
    tamper(path, "INSERT INTO revision VALUES (1, 'f:0:7', ?)", REVISION)
    with closing(sqlite3.connect(path)) as other:
        (page,) = other.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'revision_subject'"
        ).fetchone()
        (size,) = other.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek(page * size - 6)
        file.write(b"f:9:9")


def damage_history(path: Path) -> None:
    """Break the table of the steps' edits as a whole."""
    with closing(sqlite3.connect(path)) as other:
        (page,) = other.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'step_edit'"
        ).fetchone()
        (size,) = other.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\x42" * size)


DAMAGED: dict[str, tuple[Callable[[Path], None], str]] = {
    "step": (damage_step, "step 1, edit 0: "),
    "hash": (damage_hash, "graph 1 (capital) is not the one that was added"),
    "members": (damage_members, "supernode 1 of graph 1 has a member that is no node"),
    "pins": (damage_pins, "graph 1 has a pin that is no node"),
    "reference": (damage_reference, "step_edit: row"),
    "index": (damage_index, "missing from index revision_subject"),
    "history": (damage_history, "malformed"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_verify_finds(path: Path, name: str) -> None:
    damage, message = DAMAGED[name]
    assert checked_project(path) == []
    damage(path)
    problems = checked_project(path)
    assert any(message in problem for problem in problems), problems


def test_a_broken_step_stops_undo_alone(path: Path) -> None:
    damage_step(path)
    project = Project(path)
    before = visible(project.state)
    with pytest.raises(ProjectError, match=r"work\.gloss: a stored step is broken"):
        project.undo()
    assert visible(project.state) == before
    assert project.apply("note", [SetNote(F7, "still works")]) is not None
    project.close()


# -- copies ----------------------------------------------------------------------------


def test_a_copy_while_open(project: Project, tmp_path: Path) -> None:
    target = tmp_path / "copies" / "copy #2.gloss"
    target.parent.mkdir()
    project.apply("note", [SetNote(F7, "second")])
    project.save_copy(target)
    project.apply("note", [SetNote(F7, "third")])
    assert os.listdir(target.parent) == [target.name]
    copy = Project(target)
    assert copy.state.notes == {F7: "second"}
    assert copy.verify() == []
    assert copy.undo() == "note"
    assert copy.state.notes == {F7: "first"}
    copy.close()


def test_a_copy_replaces_a_file_whole(project: Project, tmp_path: Path) -> None:
    target = tmp_path / "old.gloss"
    target.write_bytes(b"something else")
    Path(f"{target}-journal").write_bytes(b"of something else")
    project.save_copy(target)
    assert not Path(f"{target}-journal").exists(), "it would be played back"
    assert checked_project(target) == []


def test_no_copy_over_the_open_project(project: Project, tmp_path: Path) -> None:
    """The open connection would go on writing into the replaced file, for nobody."""
    link = tmp_path / "link.gloss"
    link.symlink_to(project.path)
    for target in (project.path, link):
        with pytest.raises(ProjectError, match="project itself"):
            project.save_copy(target)
    project.apply("note", [SetNote(F7, "second")])
    project.close()
    reopened = Project(project.path)
    assert reopened.state.notes == {F7: "second"}
    reopened.close()


@pytest.mark.parametrize("place", ["none/copy.gloss", "folder"])
def test_a_copy_that_fails_names_its_target(
    project: Project, tmp_path: Path, place: str
) -> None:
    target = tmp_path / place
    with pytest.raises(ProjectError, match=rf"{target}: cannot save") as raised:
        project.save_copy(target)
    assert str(raised.value).startswith(f"{target}: ")
    assert os.listdir(tmp_path) == ["folder"]


def test_a_place_that_takes_no_file_is_told(tmp_path: Path) -> None:
    """As on a read-only file system: neither opening nor tidying up can work."""
    graph = graph_of(tracer_graph())
    target = tmp_path / f"{'n' * 300}.gloss"
    with pytest.raises(ProjectError, match="cannot open"):
        add_graphs(target, [graph], [tmp_path / "graph.json"])
    assert list(tmp_path.iterdir()) == []
