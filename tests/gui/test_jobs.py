"""Jobs run in a process, computations in a thread, and every end of one is told."""

import gc
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QObject, Qt
from pytestqt.qtbot import QtBot

from glossator.errors import InputError
from glossator.progress import Progress
from glossator_gui.jobs import Computation, ComputationSlot, JobSlot, Work
from tests.gui.work import break_down, count, die, refuse

SECONDS = 30_000


class Heard:
    """Everything a slot has said."""

    def __init__(self, slot: JobSlot) -> None:
        self.progress: list[Progress] = []
        self.ends: list[object] = []
        slot.progressed.connect(self.progress.append)
        slot.succeeded.connect(lambda result: self.ends.append(("succeeded", result)))
        slot.failed.connect(lambda text: self.ends.append(("failed", text)))
        slot.stopped.connect(lambda: self.ends.append("stopped"))


@pytest.fixture
def slot() -> Iterator[JobSlot]:
    slot = JobSlot()
    yield slot
    slot.end()


@pytest.fixture
def heard(slot: JobSlot) -> Heard:
    return Heard(slot)


def test_progress_then_the_result(slot: JobSlot, heard: Heard, qtbot: QtBot) -> None:
    slot.start(count, 5)
    assert slot.running
    qtbot.waitUntil(lambda: bool(heard.ends), timeout=SECONDS)
    assert heard.ends == [("succeeded", 5)]
    assert [progress.done for progress in heard.progress] == [0, 1, 2, 3, 4]
    assert not slot.running


@pytest.mark.parametrize(
    ("work", "text"),
    [(refuse, "the field: is no good"), (break_down, "ZeroDivisionError: the field")],
)
def test_an_error_is_told_in_one_sentence(
    slot: JobSlot, heard: Heard, qtbot: QtBot, work: Work[str], text: str
) -> None:
    slot.start(work, "the field")
    qtbot.waitUntil(lambda: bool(heard.ends), timeout=SECONDS)
    assert heard.ends == [("failed", text)]


def test_a_process_that_dies_is_told(slot: JobSlot, heard: Heard, qtbot: QtBot) -> None:
    slot.start(die, None)
    qtbot.waitUntil(lambda: bool(heard.ends), timeout=SECONDS)
    assert heard.ends == [("failed", "the process that computes ended unexpectedly")]
    assert not slot.running


def test_cancel_stops_between_two_steps(
    slot: JobSlot, heard: Heard, qtbot: QtBot
) -> None:
    slot.start(count, 100_000)
    qtbot.waitUntil(lambda: len(heard.progress) > 3, timeout=SECONDS)
    slot.cancel()
    qtbot.waitUntil(lambda: bool(heard.ends), timeout=SECONDS)
    assert heard.ends == ["stopped"]
    assert len(heard.progress) < 100_000


def test_pause_waits_and_resume_goes_on(
    slot: JobSlot, heard: Heard, qtbot: QtBot
) -> None:
    slot.start(count, 400)
    qtbot.waitUntil(lambda: len(heard.progress) > 3, timeout=SECONDS)
    slot.pause()
    assert slot.paused
    qtbot.wait(300)
    at_rest = len(heard.progress)
    qtbot.wait(300)
    assert len(heard.progress) == at_rest < 400
    slot.resume()
    qtbot.waitUntil(lambda: bool(heard.ends), timeout=SECONDS)
    assert heard.ends == [("succeeded", 400)]


def test_cancel_while_paused(slot: JobSlot, heard: Heard, qtbot: QtBot) -> None:
    slot.start(count, 100_000)
    qtbot.waitUntil(lambda: len(heard.progress) > 3, timeout=SECONDS)
    slot.pause()
    slot.cancel()
    qtbot.waitUntil(lambda: bool(heard.ends), timeout=SECONDS)
    assert heard.ends == ["stopped"]


def test_a_new_start_silences_the_old_job(
    slot: JobSlot, heard: Heard, qtbot: QtBot
) -> None:
    slot.start(count, 100_000)
    qtbot.waitUntil(lambda: len(heard.progress) > 3, timeout=SECONDS)
    slot.start(count, 2)
    heard.progress.clear()
    qtbot.waitUntil(lambda: bool(heard.ends), timeout=SECONDS)
    assert heard.ends == [("succeeded", 2)]
    assert {progress.total for progress in heard.progress} == {2}


class Held:
    """A number that is not to be had before the gate is open."""

    gate = threading.Event()

    def __reduce__(self) -> tuple[type[int], tuple[int]]:
        assert self.gate.wait(SECONDS / 1000), "nobody came to open it"
        return int, (3,)


def test_a_start_does_not_wait_for_what_is_handed_over(
    slot: JobSlot, heard: Heard, qtbot: QtBot
) -> None:
    slot.start(count, cast(int, Held()))
    assert slot.running
    Held.gate.set()
    qtbot.waitUntil(lambda: bool(heard.ends), timeout=SECONDS)
    assert heard.ends == [("succeeded", 3)]


def test_a_job_that_is_ended_takes_no_more_of_what_it_is_given(
    slot: JobSlot, heard: Heard, qtbot: QtBot
) -> None:
    before = threading.active_count()
    slot.start(refuse, "much of it" * 1_000_000)
    slot.end()
    qtbot.waitUntil(lambda: threading.active_count() <= before, timeout=SECONDS)
    assert heard.ends == []


def test_a_process_that_cannot_start_is_told(
    slot: JobSlot, heard: Heard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    slot.start(count, 5)
    assert len(heard.ends) == 1
    assert "no process can be started" in str(heard.ends[0])
    assert not slot.running


def refused() -> object:
    raise InputError("is no good", field="the field")


def broken() -> object:
    raise ZeroDivisionError("the field")


@pytest.mark.parametrize(
    ("computation", "text"),
    [(refused, "the field: is no good"), (broken, "ZeroDivisionError: the field")],
)
def test_an_error_of_a_computation_is_told_in_one_sentence(
    qtbot: QtBot, computation: Computation, text: str
) -> None:
    slot = ComputationSlot()
    with qtbot.waitSignal(slot.failed, timeout=SECONDS) as told:
        slot.start(computation)
    assert told.args == [text]
    assert not slot.running
    with qtbot.waitSignal(slot.succeeded, timeout=SECONDS) as found:
        slot.start(lambda: "the next one")
    assert found.args == ["the next one"]


def test_an_ended_computation_is_waited_for_and_not_heard(qtbot: QtBot) -> None:
    slot = ComputationSlot()
    told: list[object] = []
    slot.succeeded.connect(told.append)
    begun = threading.Event()
    finished: list[str] = []

    def slow() -> object:
        begun.set()
        time.sleep(0.2)
        finished.append("the first")
        return "the first"

    slot.start(slow)
    slot.start(lambda: "never begun")
    assert begun.wait(SECONDS / 1000)
    slot.end()
    assert finished == ["the first"]
    assert not slot.running
    slot.start(lambda: "the last")
    qtbot.waitUntil(lambda: bool(told), timeout=SECONDS)
    qtbot.wait(50)
    assert told == ["the last"]


def test_what_a_computation_held_is_let_go(qtbot: QtBot) -> None:
    slot = ComputationSlot()
    held: list[weakref.ref[Heavy]] = []
    for _ in range(3):
        heavy = Heavy()
        held.append(weakref.ref(heavy))
        with qtbot.waitSignal(slot.succeeded, timeout=SECONDS):
            slot.start(heavy)
        del heavy
    gc.collect()
    assert [ref() for ref in held] == [None] * 3


class Heavy:
    """A computation with all that it reads."""

    def __call__(self) -> object:
        return "done"


def test_garbage_of_the_window_is_not_collected_in_a_thread(
    qtbot: QtBot, collecting: None
) -> None:
    slot = ComputationSlot()
    destroyed_in: list[threading.Thread] = []
    garbage = Knotted()
    garbage.destroyed.connect(
        lambda: destroyed_in.append(threading.current_thread()),
        Qt.ConnectionType.DirectConnection,
    )
    del garbage
    with qtbot.waitSignal(slot.succeeded, timeout=SECONDS):
        slot.start(lambda: [[] for _ in range(100_000)])
    qtbot.waitUntil(gc.isenabled, timeout=SECONDS)
    gc.collect()
    assert destroyed_in == [threading.main_thread()]


@pytest.fixture
def collecting() -> Iterator[None]:
    """Garbage is collected as Python does it by itself."""
    as_in_tests = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*as_in_tests)


class Knotted(QObject):
    """Refers to itself, so that only the collector frees it."""

    def __init__(self) -> None:
        super().__init__()
        self.itself = self
