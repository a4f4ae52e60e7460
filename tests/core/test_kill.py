"""An acknowledged edit survives ``kill -9``, whenever it comes."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, NamedTuple

import pytest

from glossator.project.open_files import add_graphs
from glossator.project.project import Project
from tests.core.graph_documents import graph_of, tracer_graph
from tests.core.kill_writer import digest, n_revisions

N_KILLS = 200
LONGEST_WAIT = 0.15
"""Seconds between a child's first acknowledged edit and its end."""

pytestmark = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="the writer forks, which this system cannot"
)


class Ack(NamedTuple):
    """What a child said was true."""

    digest: str
    n_revisions: int


class Death(NamedTuple):
    """The last words of a child."""

    n_acks: int
    last: Ack
    under_way: str
    """The edit that had begun and had not returned; "" where there was none."""
    expected: str
    """Digest that edit should lead to; "-" for undo and redo."""


def _kill_one(writer: subprocess.Popen[str], rng: random.Random, seed: str) -> Death:
    """Start a child, kill it somewhere in its work, and hear what it said."""
    to_writer, from_writer = _pipes(writer)
    to_writer.write(f"{seed}\n")
    to_writer.flush()
    start, pid = from_writer.readline().split()
    assert start == "start"
    lines: list[list[str]] = []
    while not lines or lines[-1][0] != "ack":
        lines.append(from_writer.readline().split())
    time.sleep(rng.random() ** 3 * LONGEST_WAIT)
    os.kill(int(pid), signal.SIGKILL)
    while lines[-1][0] != "dead":
        lines.append(from_writer.readline().split())
    assert os.WTERMSIG(int(lines.pop()[1])) == signal.SIGKILL
    acks = [line for line in lines if line[0] == "ack"]
    _, what, expected = lines[-1] if lines[-1][0] == "begin" else ("", "", "")
    return Death(len(acks), Ack(acks[-1][2], int(acks[-1][3])), what, expected)


def _pipes(writer: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    assert writer.stdin is not None
    assert writer.stdout is not None
    return writer.stdin, writer.stdout


def _is_lost(project: Project, death: Death) -> bool:
    """Whether the file holds neither what was acknowledged nor that and one edit."""
    if n_revisions(project.state) < death.last.n_revisions:
        return True
    seen = digest(project.state)
    if seen in (death.last.digest, death.expected):
        return False
    # An undo or redo under way may have got through whole: then its opposite leads
    # back to what was acknowledged.
    if death.under_way == "undo":
        project.redo()
    elif death.under_way == "redo":
        project.undo()
    return digest(project.state) != death.last.digest


def test_200_kills_lose_nothing_acknowledged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "killed.gloss"
    journal = Path(f"{path}-journal")
    graph = graph_of(tracer_graph())
    add_graphs(path, [graph], [tmp_path / "graph.json"]).close()
    rng = random.Random(7)
    writer = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("kill_writer.py")), str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    killed = under_way = rolled_back = n_acks = lost = 0
    started = time.monotonic()
    with writer:
        while under_way < N_KILLS and killed < 2 * N_KILLS:
            death = _kill_one(writer, rng, f"{killed}")
            killed += 1
            n_acks += death.n_acks
            under_way += bool(death.under_way)
            rolled_back += journal.exists() and journal.read_bytes()[:1] not in (
                b"",
                b"\0",
            )
            project = Project(path)
            assert project.verify() == [], death
            lost += _is_lost(project, death)
            project.close()
            assert os.listdir(tmp_path) == [path.name], "a side file stays"
        to_writer, _ = _pipes(writer)
        to_writer.close()
    with capsys.disabled():
        print(
            f"\n{killed} kills, {under_way} while an edit was under way, {rolled_back} "
            f"inside a transaction; {n_acks} edits acknowledged, {lost} lost; "
            f"{path.stat().st_size:,} bytes, {time.monotonic() - started:.0f} s"
        )
    assert under_way == N_KILLS
    assert rolled_back > 0
    assert lost == 0
