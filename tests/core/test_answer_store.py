"""Answers on disk: none is lost, whoever writes and however it ends."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from glossator.llm.answer_store import AnswerStore, AnswerStoreError
from glossator.llm.call import call_key
from glossator.llm.chat_model import (
    Answer,
    ChatPrompt,
    NoAnswer,
    Turn,
    Usage,
    Wanted,
)
from tests.core.made_calls import ODDS, call_of


@pytest.fixture
def store(tmp_path: Path) -> AnswerStore:
    return AnswerStore(tmp_path / "deep" / "answers.sqlite")


def test_a_call_comes_back_as_it_was(store: AnswerStore) -> None:
    call = call_of("k", seconds=1.5, attempts=2, purpose="detection", about="f:0:1")
    store.keep([call])
    again = AnswerStore(store.path).find("k")
    assert again == call
    assert again.reply == Answer("tools", "stop", Usage(7, 2), ODDS)
    assert (store.holds("k"), store.holds("other")) == (True, False)
    assert store.find("other") is None


def test_what_a_call_replied() -> None:
    assert call_of("k", estimated=True, odds=()).reply == Answer("tools", "stop")
    failed = call_of("k", "", failure="no")
    assert failed.reply == NoAnswer("no", usage=Usage(7, 2))


def test_the_first_answer_stays(store: AnswerStore) -> None:
    store.keep([call_of("k", "first"), call_of("l")])
    store.keep([call_of("k", "second")])
    found = store.find("k")
    assert found is not None
    assert found.text == "first"
    assert store.size().answers == 2


def test_clearing_gives_the_space_back(store: AnswerStore) -> None:
    empty = store.size()
    assert empty.answers == 0
    store.keep(call_of(f"{n}", os.urandom(500).hex()) for n in range(100))
    store.add("m", "seed")
    full = store.size()
    assert full.answers == 100
    assert full.bytes > empty.bytes + 50_000
    store.clear()
    assert store.size() == empty
    assert store.find("1") is None
    assert store.known("m") == frozenset()


def test_refused_parameters(store: AnswerStore) -> None:
    for parameter in ("seed", "temperature", "seed"):
        store.add("m", parameter)
    assert store.known("m") == {"seed", "temperature"}
    assert store.known("another") == frozenset()


PROMPT = ChatPrompt((Turn("system", "x"), Turn("user", "y")), about="f:0:1")
WANTED = Wanted(32, purpose="small_llm")
OTHERS: dict[str, tuple[str, ChatPrompt, Wanted]] = {
    "model": ("n", PROMPT, WANTED),
    "text": ("m", ChatPrompt((Turn("system", "x"), Turn("user", "z"))), WANTED),
    "role": ("m", ChatPrompt((Turn("user", "x"), Turn("user", "y"))), WANTED),
    "joined": ("m", ChatPrompt((Turn("system", "xy"), Turn("user", ""))), WANTED),
    "length": ("m", PROMPT, Wanted(33)),
    "temperature": ("m", PROMPT, Wanted(32, 0.5)),
    "one line": ("m", PROMPT, Wanted(32, one_line=True)),
    "odds": ("m", PROMPT, Wanted(32, odds=True)),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_decides_an_answer_is_in_its_key(name: str) -> None:
    assert call_key(*OTHERS[name]) != call_key("m", PROMPT, WANTED)


def test_what_does_not_decide_an_answer_is_not_in_its_key() -> None:
    elsewhere = ChatPrompt(PROMPT.turns, about="f:9:9")
    key = call_key("m", elsewhere, Wanted(32, purpose="detection"))
    assert key == call_key("m", PROMPT, WANTED)
    assert key.startswith("c46c40ec8ebfa242"), "answers are to be found for good"


# -- files that are none ---------------------------------------------------------------


def write_text(path: Path) -> None:
    path.write_text("SQLite format 3? No, a letter to a friend. " * 99)


def write_foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE recipe (name TEXT)")


def write_newer(path: Path) -> None:
    AnswerStore(path)
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 2")


def truncate(path: Path) -> None:
    AnswerStore(path).keep(call_of(f"{n}") for n in range(100))
    os.truncate(path, path.stat().st_size // 2 + 100)


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "text": (write_text, "not a database"),
    "foreign": (write_foreign, "a database, but none of stored answers"),
    "newer": (write_newer, "newer version .format 2, this one reads up to 1"),
    "truncated": (truncate, "malformed"),
    "folder": (Path.mkdir, "unable to open"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_is_none_is_refused_and_left(tmp_path: Path, name: str) -> None:
    path = tmp_path / "answers.sqlite"
    breaks, message = BROKEN[name]
    breaks(path)
    content = path.read_bytes() if path.is_file() else b""
    with pytest.raises(AnswerStoreError, match=message) as raised:
        AnswerStore(path).find("1")
    assert str(raised.value).startswith(str(path))
    assert (path.read_bytes() if path.is_file() else b"") == content


def test_a_place_that_cannot_hold_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AnswerStoreError, match=r"answers: cannot be made \("):
        AnswerStore(tmp_path / "file" / "answers")


def test_a_broken_answer_is_told(store: AnswerStore) -> None:
    store.keep([call_of("k"), call_of("l")])
    with closing(sqlite3.connect(store.path)) as other:
        other.execute("UPDATE answer SET data = x'00' WHERE key = 'k'")
        other.commit()
    with pytest.raises(AnswerStoreError, match=r"answers\.sqlite: k: .* is broken"):
        store.find("k")
    assert store.find("l") == call_of("l")


def test_answers_are_not_written_to_a_file_that_is_gone(store: AnswerStore) -> None:
    store.path.unlink()
    with pytest.raises(AnswerStoreError, match=r"answers\.sqlite: stored answers"):
        store.keep([call_of("k")])
    assert not store.path.exists()


# -- several processes, and the end of one ---------------------------------------------

WRITER = """
import sys
from pathlib import Path
from glossator.llm.answer_store import AnswerStore
from tests.core.made_calls import call_of
name, n = sys.argv[2], int(sys.argv[3])
store = AnswerStore(Path(sys.argv[1]))
for at in range(n):
    store.keep([call_of(f"{name}{at}", name * 400)])
    print(at, flush=True)
"""


def writer(path: Path, name: str, n: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), name, str(n)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    """Both make the file, too: whoever comes second finds it."""
    path = tmp_path / "answers.sqlite"
    with writer(path, "a", 60) as one, writer(path, "b", 60) as other:
        one.communicate()
        other.communicate()
    assert (one.returncode, other.returncode) == (0, 0)
    store = AnswerStore(path)
    assert store.size().answers == 120
    assert all(store.holds(f"{name}{at}") for name in "ab" for at in range(60))


def test_kills_lose_no_answer(tmp_path: Path) -> None:
    path = tmp_path / "answers.sqlite"
    for kill in range(5):
        with writer(path, f"{kill}-", 1000) as process:
            assert process.stdout is not None
            told = [int(process.stdout.readline()) for _ in range(kill * 7 + 3)]
            process.kill()
            told += [int(line) for line in process.stdout if line.endswith("\n")]
        store = AnswerStore(path)
        assert all(store.holds(f"{kill}-{at}") for at in told)
        held = sum(store.holds(f"{kill}-{at}") for at in range(1000))
        assert len(told) <= held <= len(told) + 1, "at most one is not told of"
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
