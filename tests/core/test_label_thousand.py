"""A thousand labels through a server that often fails, and a process that is killed."""

import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from glossator.project.project import Project
from glossator.project.revision import feature_subject
from tests.core.label_thousand import AT_ONCE, N, make_project, word
from tests.core.llm_server import ChatServer, answers, chat_server

_WORD = re.compile(r"word\d{4}")


@dataclass
class Labelling:
    """Answers with a label that tells which feature it is of."""

    answered: Counter[str] = field(default_factory=Counter)
    """How often, by the word that a feature is about."""

    def __call__(self, question: str, /) -> str:
        own = _WORD.findall(question)[-1]
        self.answered[own] += 1
        return f"Method 1 succeeds. Explanation: about {own}"


@pytest.fixture
def labelling() -> Labelling:
    return Labelling()


@pytest.fixture
def server(labelling: Labelling) -> Iterator[ChatServer]:
    with chat_server() as server:
        server.default = answers(labelling)
        server.failing = 0.2
        yield server


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "work.gloss"
    make_project(path)
    return path


def check_labels(path: Path) -> None:
    """Every feature has its own label, and had no other before."""
    project = Project(path, read_only=True)
    project.close()
    state = project.state
    histories = [state.revisions[feature_subject(f)] for f in state.features()]
    assert [len(history) for history in histories] == [1] * N
    assert {f: state.label(f) for f in state.features()} == {
        f: f"about {word(f)}" for f in state.features()
    }
    assert state.declined == {}


def check_costs(path: Path, server: ChatServer) -> None:
    """What the project's log says against what the server counted itself."""
    project = Project(path)
    (spent,) = project.spent()
    ids = [call.id for call in project.calls()]
    project.close()
    assert len(set(ids)) == len(ids)
    charged = server.charged
    told = spent.prompt_tokens + spent.answer_tokens
    true = charged.prompt_tokens + charged.answer_tokens
    assert abs(told - true) <= 0.02 * true
    dollars = (3 * charged.prompt_tokens + 15 * charged.answer_tokens) / 1e6
    assert spent.dollars == pytest.approx(dollars, rel=0.02)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_none_is_lost_and_after_a_kill_only_the_rest_is_asked(
    project: Path, server: ChatServer, labelling: Labelling
) -> None:
    script = Path(__file__).with_name("label_thousand.py")
    command = [sys.executable, "-m", f"tests.core.{script.stem}"]
    root = script.parents[2]
    with subprocess.Popen(
        [*command, str(project), server.url], cwd=root, stderr=subprocess.DEVNULL
    ) as process:
        while server.charged.calls < N // 2:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    subprocess.run(
        [*command, str(project), server.url],
        cwd=root,
        check=True,
        stderr=subprocess.DEVNULL,
    )
    check_labels(project)
    assert len(server.asked) > 1.15 * N, "a fifth of the requests fails"
    assert server.most_at_once <= AT_ONCE
    assert labelling.answered.total() - N <= AT_ONCE
    check_costs(project, server)
