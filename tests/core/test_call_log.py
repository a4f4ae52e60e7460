"""The project's log of calls: it only grows, goes along with copies, and adds up."""

import csv
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from glossator.cli import main
from glossator.errors import ProjectError
from glossator.llm.chat_model import Turn
from glossator.project.call_log import Spent
from glossator.project.edits import SetNote
from glossator.project.open_files import add_graphs, checked_project
from glossator.project.project import Project
from glossator.project.revision import Subject
from glossator.project.schema import MIGRATIONS
from tests.core.graph_documents import graph_of, tracer_graph
from tests.core.made_calls import call_of

F7 = Subject("f:0:7")
CALLS = (
    call_of("1", purpose="small_llm", about=F7),
    call_of("2", purpose="small_llm", about="f:0:8", cached=True, cost=0.0),
    call_of("3", "", purpose="detection", about=F7, failure="no", cost=None),
    call_of("4", purpose="small_llm", cost=0.25, answer_tokens=90),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "work.gloss"
    add_graphs(path, [graph_of(tracer_graph())], [tmp_path / "graph.json"]).close()
    return path


@pytest.fixture
def project(path: Path) -> Iterator[Project]:
    project = Project(path)
    yield project
    project.close()


def tamper(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as other:
        for statement in statements:
            other.execute(statement)
        other.commit()


def test_calls_come_back_in_the_order_they_were_logged(project: Project) -> None:
    project.log_calls(CALLS[:2])
    project.log_calls(CALLS[2:])
    project.close()
    reopened = Project(project.path)
    assert tuple(reopened.calls()) == CALLS
    assert [call.key for call in reopened.calls(F7)] == ["1", "3"]
    assert list(reopened.calls(Subject("f:9:9"))) == []
    assert reopened.verify() == []
    reopened.close()


def test_a_call_is_logged_once(project: Project) -> None:
    project.log_calls(CALLS)
    project.log_calls([msgspec.structs.replace(CALLS[0], text="other"), CALLS[3]])
    assert tuple(project.calls()) == CALLS


def test_what_was_spent(project: Project) -> None:
    assert project.spent() == ()
    project.log_calls(CALLS)
    project.log_calls([call_of("5", purpose="detection", model="n")])
    assert project.spent() == (
        Spent("m", "small_llm", 2, 0, 1, 14, 92, 0.75, 0),
        Spent("m", "detection", 1, 1, 0, 7, 2, 0.0, 1),
        Spent("n", "detection", 1, 0, 0, 7, 2, 0.5, 0),
    )


def test_many_calls_are_read_as_they_are_wanted(project: Project) -> None:
    project.log_calls(call_of(f"{n}") for n in range(1001))
    coming = project.calls()
    assert next(coming).key == "0"
    project.log_calls([call_of("late")])
    keys = [call.key for call in coming]
    assert keys == [*map(str, range(1, 1001)), "late"]


def test_undo_leaves_the_log(project: Project) -> None:
    project.apply("note", [SetNote(F7, "x")])
    project.log_calls(CALLS)
    assert project.undo() == "note"
    assert project.undo() == ""
    assert tuple(project.calls()) == CALLS


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM call", "UPDATE call SET cost = 0", "UPDATE call SET id = 1"],
)
def test_the_log_is_append_only(project: Project, statement: str) -> None:
    project.log_calls(CALLS)
    project.close()
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        tamper(project.path, statement)


def test_calls_are_logged_all_or_none(project: Project) -> None:
    ((n_pages,),) = project._store.rows("PRAGMA page_count")
    project._store.rows(f"PRAGMA max_page_count = {int(n_pages) + 3}")
    text = "".join(f"{n * 7919:x}" for n in range(90_000))
    with pytest.raises(ProjectError, match="full"):
        project.log_calls([*CALLS, call_of("big", text)])
    assert list(project.calls()) == []
    assert project.spent() == ()


def test_a_copy_keeps_log_and_account(project: Project, tmp_path: Path) -> None:
    project.log_calls(CALLS)
    target = tmp_path / "copy.gloss"
    project.save_copy(target)
    copy = Project(target)
    assert tuple(copy.calls()) == CALLS
    assert copy.id == project.id
    assert copy.verify() == []
    copy.close()


def test_every_project_has_an_account_of_its_own(
    project: Project, tmp_path: Path
) -> None:
    other = Project(tmp_path / "other.gloss")
    assert len(project.id) == len(other.id) == 32
    assert project.id != other.id
    account = other.id
    other.close()
    again = Project(other.path)
    assert again.id == account
    again.close()


# -- older files -----------------------------------------------------------------------


@pytest.fixture
def older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As a program wrote it that knew verbalizations, and nothing later."""
    with monkeypatch.context() as then:
        then.setattr("glossator.project.schema.MIGRATIONS", MIGRATIONS[:3])
        path = tmp_path / "older.gloss"
        add_graphs(path, [graph_of(tracer_graph())], [tmp_path / "g.json"]).close()
    return path


def test_an_older_project_gets_a_log(older: Path) -> None:
    project = Project(older)
    account = project.id
    assert len(account) == 32
    project.log_calls(CALLS)
    project.close()
    again = Project(older)
    assert (again.id, tuple(again.calls())) == (account, CALLS)
    assert again.verify() == []
    again.close()


def test_an_older_project_that_is_only_read_has_no_log(older: Path) -> None:
    content = older.read_bytes()
    project = Project(older, read_only=True)
    assert (project.id, list(project.calls()), project.spent()) == ("", [], ())
    assert project.verify() == []
    project.close()
    assert older.read_bytes() == content


# -- verify ----------------------------------------------------------------------------

FREE_HAND = "DROP TRIGGER call_is_fixed"
DAMAGED: dict[str, tuple[str, str]] = {
    "data": ("UPDATE call SET data = x'00' WHERE number = 2", "call 2: "),
    "cost": (
        "UPDATE call SET cost = 0 WHERE number = 4",
        "call 4: its columns are not",
    ),
    "subject": ("UPDATE call SET subject = 'f:1:1' WHERE number = 1", "call 1: its "),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_verify_finds(project: Project, name: str) -> None:
    project.log_calls(CALLS)
    project.close()
    assert checked_project(project.path) == []
    statement, message = DAMAGED[name]
    tamper(project.path, FREE_HAND, statement)
    (problem,) = checked_project(project.path)
    assert problem.startswith(message)


def test_a_broken_call_is_told(project: Project) -> None:
    project.log_calls(CALLS)
    project.close()
    tamper(project.path, FREE_HAND, DAMAGED["data"][0])
    reopened = Project(project.path)
    with pytest.raises(ProjectError, match=r"work\.gloss: call 2 of the log is broken"):
        list(reopened.calls())
    reopened.close()


# -- the command -----------------------------------------------------------------------


def test_totals_are_printed(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.log_calls([*CALLS, call_of("5", prompt_tokens=12_000, model="n\nm")])
    project.close()
    assert main(["calls", str(project.path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    cells = [line.split() for line in lines]
    assert cells[1] == ["2", "0", "1", "14", "92", "0.7500", "small_llm,", "m"]
    assert cells[2] == ["1", "1", "0", "7", "2", "0.0000", "detection,", "m"]
    assert cells[3][:6] == ["1", "0", "0", "12,000", "2", "0.5000"]
    assert lines[3].endswith("  no purpose, n\\nm")
    assert cells[4] == ["4", "1", "1", "12,021", "96", "1.2500", "in", "all"]
    assert lines[5] == "What 1 of the calls cost is not known."


def test_nothing_was_asked(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calls", str(path)]) == 0
    assert capsys.readouterr().out == "no language model was asked\n"


def test_calls_as_csv(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    formula = call_of("5", '=HYPERLINK("x")\n☃', turns=(Turn("user", "-1, ☃"),))
    project.log_calls([*CALLS, formula])
    project.close()
    target = tmp_path / "calls.csv"
    assert main(["calls", str(project.path), "--csv", str(target)]) == 0
    assert str(target) in capsys.readouterr().out
    with target.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["key"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert rows[0]["prompt"] == "system: Be brief.\n\nuser: ☃?"
    assert (rows[0]["cost"], rows[0]["subject"]) == ("0.5", "f:0:7")
    assert (rows[2]["failure"], rows[2]["cost"], rows[2]["ended"]) == ("no", "", "")
    assert rows[1]["cached"] == "1"
    assert rows[4]["answer"] == '\'=HYPERLINK("x")\n☃'


def damage(path: Path) -> None:
    path.write_bytes(b"x" * 4000)


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (Path.unlink, "no such project file"),
    "broken": (damage, "not a database"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line(
    path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    breaks, message = BAD[name]
    breaks(path)
    assert main(["calls", str(path)]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
