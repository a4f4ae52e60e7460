"""Days of use compressed: seeded gestures on the real window, and what must hold.

`GLOSSATOR_SOAK` is the number of gestures, `GLOSSATOR_SOAK_SEED` where they begin.
"""

import os
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from glossator.project.project import Project
from glossator_gui.main_window import MainWindow
from tests.core.kill_writer import visible
from tests.gui.left_behind import complaints, held, resident_mb, settle
from tests.gui.random_use import RandomUse
from tests.gui.used_project import make_project

FEW_DAYS = 3
GESTURES = int(os.environ.get("GLOSSATOR_SOAK", "400"))
SEED = int(os.environ.get("GLOSSATOR_SOAK_SEED", "1"))
A_DAY = min(GESTURES // FEW_DAYS, 1250)
"""Gestures on one project; then comes the next one."""
BETWEEN_CHECKS = 125
MORE_MEMORY = 0.1
"""Share by which memory may differ: what allocators keep for later."""


@pytest.fixture
def window() -> Iterator[MainWindow]:
    window = MainWindow()
    window.show()
    yield window
    window.close()
    window.deleteLater()
    settle()


def check_file(window: MainWindow, copy: Path, start: dict[str, object]) -> None:
    """It equals memory; in it undo leads to the start, and redo back to the present."""
    project = window.session.project
    assert project is not None
    copy.unlink(missing_ok=True)
    project.save_copy(copy)
    stored = Project(copy)
    now = visible(project.state)
    assert visible(stored.state) == now
    while stored.undo():
        pass
    assert visible(stored.state) == start
    while stored.redo():
        pass
    if not project.steps().redo:
        assert visible(stored.state) == now
    assert stored.verify() == []
    stored.close()


def undo_to_the_start_and_redo(window: MainWindow, start: dict[str, object]) -> int:
    """In the window, as a person would; how many steps there were."""
    project, actions = window.session.project, window.actions_by_name
    assert project is not None
    now, steps = visible(project.state), 0
    while actions["undo"].isEnabled():
        actions["undo"].trigger()
        steps += 1
    assert visible(project.state) == start
    for _ in range(steps):
        actions["redo"].trigger()
    assert visible(project.state) == now
    return steps


def a_day(window: MainWindow, path: Path, seed: int, gestures: int) -> int:
    """Use a new project; the number of steps that its history has then.

    It begins with a run and every action once: what the window makes on first use is
    there from the first day on.
    """
    path.unlink(missing_ok=True)
    make_project(path)
    fresh = Project(path, read_only=True)
    start = visible(fresh.state)
    fresh.close()
    window.open_files([path])
    use = RandomUse(window, seed, path)
    with complaints() as said:
        n = -1
        try:
            use.every_action()
            assert not said, said[0]
            for n in range(gestures):
                use.step()
                assert not said, said[0]
                if n % BETWEEN_CHECKS == 0:
                    settle()
                    check_file(window, path.with_name("check.gloss"), start)
            settle()
            check_file(window, path.with_name("check.gloss"), start)
            steps = undo_to_the_start_and_redo(window, start)
            assert not said, said[0]
        except BaseException as error:
            last = "\n".join(use.done)
            raise AssertionError(f"seed {seed}, gesture {n}, after\n{last}") from error
    use.end()
    window.session.take(None)
    return steps


def grew(left: list[Counter[str]], what: str) -> bool:
    """Whether there was more of it after every day."""
    return all(one[what] < next_[what] for one, next_ in pairwise(left))


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_random_use_leaves_everything_as_it_should_be(
    window: MainWindow, tmp_path: Path
) -> None:
    days = GESTURES // A_DAY
    memory, left = [], []
    for day in range(days):
        steps = a_day(window, tmp_path / "used.gloss", SEED + day, A_DAY)
        left.append(held(window))
        memory.append(resident_mb())
        print(f"day {day + 1}: {steps} steps, {memory[-1]:.0f} MB")
    early = days // 4
    more = left[-1] - left[early]
    if days == FEW_DAYS:
        # On the second day something may be used for the first time.
        more = Counter({what: n for what, n in more.items() if grew(left, what)})
    assert dict(more) == {}
    assert memory[-1] <= memory[early] * (1 + MORE_MEMORY)
