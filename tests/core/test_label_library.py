"""The label library's file: what goes in comes out, whoever else writes to it."""

import json
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from glossator.errors import InputError, LibraryError, ProjectError
from glossator.graph.attribution_graph import FeatureKey
from glossator.project.library import label_library
from glossator.project.library.label_library import (
    APPLICATION_ID,
    MIGRATIONS,
    FollowedProject,
    LabelLibrary,
)
from glossator.project.library.library_entry import (
    LibraryEntry,
    entry_lines,
    read_entries,
)
from glossator.project.project import Project

HOSTILE = (
    "=cmd|' /C calc'!A0",
    "a\x00b\x1b[31m\r\n\u2028\u202e",
    "<b>bold</b> & {{x}} %s",
    "m" * 2**20,
    "🦊 né ﷺ",
)


@pytest.fixture
def library(tmp_path: Path) -> LabelLibrary:
    return LabelLibrary(tmp_path / "data" / "labels.sqlite")


def entry(index: int, text: str, **more: object) -> LibraryEntry:
    told = {
        "model": "gemma-2-2b",
        "source_set": "clt-hp",
        "layer": 20,
        "index": index,
        "text": text,
        "author": "ann",
        "at": "2026-05-01T10:00:00.000+00:00",
        "project": "work",
        "project_id": "1f",
        "graph": "capital",
        "revision": 3,
    }
    return LibraryEntry(**(told | more))  # type: ignore[arg-type]


def here(path: Path, project_id: str = "1f") -> FollowedProject:
    return FollowedProject(project_id, str(path), path.stem)


def texts(library: LabelLibrary) -> list[str]:
    return [one.text for one in library.entries()]


# -- the file -------------------------------------------------------------------------


def test_where_there_is_no_file_there_is_an_empty_library(
    library: LabelLibrary,
) -> None:
    assert library.entries() == []
    assert library.known([entry(1, "x").feature]) == {}
    assert library.counts() == []
    assert library.verify() == []
    assert not library.path.exists(), "reading makes no file"


def test_a_new_file_says_what_it_is(library: LabelLibrary) -> None:
    library.add([entry(1, "cities")])
    with closing(sqlite3.connect(library.path)) as file:
        assert file.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert file.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    assert library.verify() == []
    with pytest.raises(ProjectError, match="no Glossator project"):
        Project(library.path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"this is no database at all, only text" * 40, "not a database"),
        ("foreign", "a database, but no label library"),
        ("newer", "made by a newer version .format 99"),
    ],
    ids=["text", "foreign", "newer"],
)
def test_a_file_that_is_none_of_ours_is_named(
    library: LabelLibrary, content: bytes | str, told: str
) -> None:
    library.path.parent.mkdir()
    if isinstance(content, bytes):
        library.path.write_bytes(content)
    else:
        with closing(sqlite3.connect(library.path)) as file:
            file.execute("CREATE TABLE t (x)")
            if content == "newer":
                file.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                file.execute("PRAGMA user_version = 99")
            file.commit()
    before = library.path.read_bytes()
    with pytest.raises(LibraryError, match=told) as error:
        library.add([entry(1, "cities")])
    assert str(library.path) in str(error.value)
    with pytest.raises(LibraryError, match=told):
        library.entries()
    assert library.path.read_bytes() == before


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    library = LabelLibrary(tmp_path / "file" / "labels.sqlite")
    with pytest.raises(LibraryError, match="cannot be"):
        library.add([entry(1, "cities")])


def test_a_label_that_was_tampered_with_is_found(library: LabelLibrary) -> None:
    library.add([entry(1, "cities"), entry(2, "towns")])
    with closing(sqlite3.connect(library.path)) as file:
        file.execute("UPDATE label SET status = 'rejected' WHERE number = 2")
        file.commit()
    (problem,) = library.verify()
    assert problem.startswith("label 2: a stored label is broken")
    assert "status" in problem
    with pytest.raises(LibraryError, match="status"):
        library.entries()


# -- what is known --------------------------------------------------------------------


def test_what_was_said_of_a_feature_is_told_newest_first(library: LabelLibrary) -> None:
    library.add(
        [
            entry(1, "old", author="ann", at="2026-01-01"),
            entry(1, "new", author="bob", at="2026-03-01T00:00:00Z"),
            entry(1, "undated", author="cy", at=""),
            entry(1, "in attention", attention=True),
            entry(2, "other"),
        ]
    )
    feature = FeatureKey("gemma-2-2b", "clt-hp", 20, 1)
    unknown = FeatureKey("gemma-2-2b", "", 20, 1)
    known = library.known([feature, unknown])
    assert list(known) == [feature]
    assert [one.text for one in known[feature]] == ["new", "old", "undated"]


@pytest.mark.parametrize(
    "text", HOSTILE, ids=["formula", "control", "html", "1MB", "u"]
)
def test_any_text_comes_back(library: LabelLibrary, tmp_path: Path, text: str) -> None:
    said = entry(1, text, author=text[:99], project="'; DROP TABLE label; --")
    library.add([said])
    assert library.entries() == [said]
    exported = tmp_path / "out.jsonl"
    exported.write_bytes(entry_lines(library.entries()))
    assert exported.read_bytes().count(b"\n") == 1
    assert read_entries(exported) == [said]


# -- what projects say ----------------------------------------------------------------


def test_a_project_s_labels_are_followed(library: LabelLibrary, tmp_path: Path) -> None:
    work = here(tmp_path / "work.gloss")
    one, two = entry(1, "cities"), entry(2, "towns", revision=4)
    library.follow(work, [one, two], [])
    assert library.held_of(work) == {one.feature: 3, two.feature: 4}
    library.follow(work, [entry(1, "villages", revision=5)], [two.feature])
    assert texts(library) == ["villages"]
    assert library.held_of(work) == {one.feature: 5}


def test_each_project_takes_back_only_its_own(
    library: LabelLibrary, tmp_path: Path
) -> None:
    work, other = here(tmp_path / "work.gloss"), here(tmp_path / "other.gloss", "2e")
    said = entry(1, "cities")
    library.follow(work, [said], [])
    library.follow(other, [entry(1, "cities", project="other", project_id="2e")], [])
    library.follow(work, [], [said.feature])
    assert [one.project for one in library.entries()] == ["other"]


def test_a_moved_project_keeps_its_labels_a_copied_one_has_its_own(
    library: LabelLibrary, tmp_path: Path
) -> None:
    first, moved = tmp_path / "work.gloss", tmp_path / "moved.gloss"
    first.touch()
    said = entry(1, "cities")
    library.follow(here(first), [said], [])
    assert library.held_of(here(moved)) == {}, "a copy: the first is still there"
    first.rename(moved)
    assert library.held_of(here(moved)) == {said.feature: 3}
    assert [one.project for one in library.entries()] == ["moved"]
    library.follow(here(moved), [], [said.feature])
    assert texts(library) == []


# -- what people give and take --------------------------------------------------------


def test_what_is_here_and_as_new_is_not_taken_again(library: LabelLibrary) -> None:
    assert library.add([entry(1, "cities"), entry(2, "towns")]) == 2
    assert library.add([entry(1, "cities"), entry(2, "towns")]) == 0
    newer = entry(1, "capitals", at="2026-06-01")
    assert library.add([entry(1, "villages", at="2025-01-01"), newer]) == 1
    assert texts(library) == ["capitals", "towns"]


def test_what_a_project_here_says_is_not_doubled_by_its_own_export(
    library: LabelLibrary, tmp_path: Path
) -> None:
    work = here(tmp_path / "work.gloss")
    said = entry(1, "cities")
    library.follow(work, [said], [])
    assert library.add([said, msgspec.structs.replace(said, project="old")]) == 0
    library.follow(work, [], [said.feature])
    assert library.add([said]) == 1, "brought back from where it was exported to"
    library.follow(work, [entry(1, "towns", revision=9)], [])
    assert texts(library) == ["towns"], "the project knows better"


def test_labels_of_several_people_without_a_project(library: LabelLibrary) -> None:
    bare = {"project": "", "project_id": "", "graph": "", "revision": 0}
    library.add([entry(1, "cities", **bare), entry(1, "towns", author="bob", **bare)])
    assert texts(library) == ["cities", "towns"]


def test_what_is_forgotten_is_gone_from_the_file_and_stays_away(
    library: LabelLibrary, tmp_path: Path
) -> None:
    work = here(tmp_path / "work.gloss")
    followed, given = entry(1, "followed secret"), entry(2, "given secret")
    library.follow(work, [followed], [])
    library.add([given, entry(3, "kept")])
    library.forget([followed, given])
    assert texts(library) == ["kept"]
    assert library.held_of(work) == {followed.feature: 3}, "it was said, and heard"
    assert b"secret" not in library.path.read_bytes()
    assert [count.n_labels for count in library.counts()] == [1]
    assert library.verify() == []


# -- JSON lines -----------------------------------------------------------------------


def test_an_export_comes_back_bit_for_bit(
    library: LabelLibrary, tmp_path: Path
) -> None:
    library.add([entry(n, text) for n, text in enumerate(HOSTILE)])
    work = here(tmp_path / "two.gloss", "2e")
    mine = entry(
        9, "own", project="two", project_id="2e", status="edited", tier="input"
    )
    library.follow(work, [mine], [])
    first = entry_lines(library.entries())
    exported = tmp_path / "labels.jsonl"
    exported.write_bytes(b"\xef\xbb\xbf" + first.replace(b"\n", b"\r\n\n"))
    again = LabelLibrary(tmp_path / "again.sqlite")
    assert again.add(read_entries(exported)) == len(HOSTILE) + 1
    assert entry_lines(again.entries()) == first
    assert str(tmp_path) not in first.decode(), "no path of this machine"


def test_a_list_made_by_hand_needs_little(tmp_path: Path) -> None:
    path = tmp_path / "hand.jsonl"
    path.write_text('{"model":"m","source_set":"s","layer":0,"index":7,"text":"a"}\n')
    (said,) = read_entries(path)
    assert said.feature == FeatureKey("m", "s", 0, 7)
    assert (said.status, said.project) == ("accepted", "")


GOOD = json.loads(entry_lines([entry(1, "cities")]))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"layer": -1}, "layer: -1 cannot be used: expected `int` >= 0"),
        ({"index": "7"}, 'index: "7" cannot be used: expected `int`'),
        ({"index": 2**63}, "index: 9223372036854775808 cannot be used"),
        ({"status": "proposed"}, 'status: "proposed" cannot be used'),
        ({"text": ""}, 'text: "" cannot be used'),
        ({"text": " \n"}, "text: says nothing"),
        ({"at": "tomorrow"}, 'at: "tomorrow" cannot be used'),
        ({"version": 2}, "version: 2 cannot be used"),
        ({"model": None}, "model: null cannot be used"),
    ],
    ids=lambda value: "-".join(map(str, value)) if isinstance(value, dict) else None,
)
def test_a_broken_line_is_named_and_nothing_is_taken(
    tmp_path: Path, changed: dict[str, object], told: str
) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(f"{json.dumps(GOOD)}\n\n{json.dumps(GOOD | changed)}\n")
    with pytest.raises(InputError) as error:
        read_entries(path)
    assert str(error.value).startswith(f"{path}: line 3, {told}")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("[1]", "line 1: expected `object`, got `array`"),
        ('{"text": "a"', "line 1: no JSON object"),
        ('{"text": "\\ud800"}', "line 1: no JSON object"),
        ("{}", "line 1, model: the key is missing"),
        ("[" * 100_000, "line 1: "),
        ('{"model": "m", "layer": -1, ', "line 1, layer: expected `int` >= 0"),
    ],
    ids=["array", "cut off", "surrogate", "empty", "deep", "both"],
)
def test_what_is_no_entry_is_named(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(line)
    with pytest.raises(InputError) as error:
        read_entries(path)
    assert str(error.value).startswith(f"{path}: {told}")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.jsonl: No such file"):
        read_entries(tmp_path / "none.jsonl")


# -- several programs -----------------------------------------------------------------

N_WRITERS, N_EACH = 4, 25


def _write(path: Path, writer: int) -> None:
    # On a slow disk a writer waits for all that the others have to write.
    label_library._WAIT = 60.0
    library = LabelLibrary(path)
    work = FollowedProject(str(writer), f"/p{writer}.gloss", f"p{writer}")
    for n in range(N_EACH):
        more = {"project_id": str(writer), "project": f"p{writer}"}
        library.follow(work, [entry(n, f"{writer}.{n}", **more)], [])


def test_several_programs_write_at_once(library: LabelLibrary) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [
        context.Process(target=_write, args=(library.path, number))
        for number in range(N_WRITERS)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * N_WRITERS
    assert len(library.entries()) == N_WRITERS * N_EACH
    assert library.verify() == []


def test_a_busy_file_is_told(
    library: LabelLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glossator.project.library.label_library._WAIT", 0.01)
    library.add([entry(1, "cities")])
    with closing(sqlite3.connect(library.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LibraryError, match="keeps it busy"):
            library.add([entry(2, "towns")])
    assert library.add([entry(2, "towns")]) == 1


WRITER = """
import sys
from pathlib import Path
from glossator.project.library.label_library import FollowedProject, LabelLibrary
from glossator.project.library.library_entry import LibraryEntry
library = LabelLibrary(Path(sys.argv[1]))
work = FollowedProject("1f", "/work.gloss", "work")
for round in range(10**6):
    said = [
        LibraryEntry(model="m", source_set="s", layer=0, index=n, text=str(round),
                     project_id="1f", project="work", revision=round)
        for n in range(300)
    ]
    library.follow(work, said, [])
    print(round, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_a_killed_writer_leaves_all_or_nothing(library: LabelLibrary) -> None:
    for n_rounds in (1, 2, 4, 7, 11):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(library.path)],
            stdout=subprocess.PIPE,
            text=True,
        )
        with writer:
            assert writer.stdout is not None
            acknowledged = -1
            for _ in range(n_rounds):
                acknowledged = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            rest = writer.stdout.read().split()
            acknowledged = int(rest[-1]) if rest else acknowledged
        found = texts(library)
        assert len(found) == 300
        assert len(set(found)) == 1, "no part of a round"
        assert int(found[0]) in (acknowledged, acknowledged + 1)
        assert library.verify() == []
