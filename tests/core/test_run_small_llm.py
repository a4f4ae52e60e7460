"""Runs that ask a small language model, from the command to the project."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from glossator.cli import main
from glossator.llm.prompt_file import stored_prompt
from glossator.project.project import Project
from glossator.project.revision import LabelRevision, feature_subject
from glossator.settings import embeddings_file
from tests.core.graph_documents import (
    as_bytes,
    batch_feature,
    dashboard_batch,
    feature_node,
    tracer_graph,
)
from tests.core.llm_server import (
    MODEL,
    ChatServer,
    chat_server,
    fails,
    lists,
    says,
    unused_address,
)
from tests.core.tiny_chat import ENDS, save_tiny_chat

pytestmark = pytest.mark.model

TREES = ("oak", "elm", "maple", "birch", "pine")
FISH = ("pike", "trout", "carp", "salmon", "eel")
_AFTER = ("lamp", "seven", "quickly", "of", "violin")


class Output(NamedTuple):
    code: int
    out: str
    err: str


class Run:
    """``glossator label`` over three features that all are called input."""

    def __init__(self, folder: Path, printed: pytest.CaptureFixture[str]) -> None:
        self._printed = printed
        self.project = folder / "work.gloss"
        self._graph, self._evidence = folder / "graph.json", folder / "batch.json"
        nodes = [feature_node(0, index, 1) for index in range(3)]
        info = {"neuronpedia_source_set": "res-jb"}
        graph = tracer_graph(
            nodes, [], scan="gpt2-small", info=None, feature_details=info
        )
        self._graph.write_bytes(as_bytes(graph))
        batch = dashboard_batch(
            *(
                batch_feature(number, examples(tops))
                for number, tops in enumerate((TREES, FISH, ("paris",) * 5))
            )
        )
        self._evidence.write_bytes(as_bytes(batch))

    def __call__(self, *options: str) -> Output:
        arguments = ["label", self._graph, "--evidence", self._evidence]
        arguments += ["--out", self.project, "--routing", "literal", "--raw", "-1"]
        try:
            code = main([str(argument) for argument in (*arguments, *options)])
        except SystemExit as left:
            code = int(left.code or 0)
        printed = self._printed.readouterr()
        return Output(code, printed.out, printed.err)

    def labels(self) -> list[LabelRevision]:
        project = Project(self.project, read_only=True)
        subjects = map(feature_subject, project.state.features())
        found = [project.state.last_revision(subject) for subject in subjects]
        project.close()
        return [revision for revision in found if revision is not None]


def examples(tops: tuple[str, ...]) -> list[tuple[list[str], list[float]]]:
    return [
        ([f"{at}", f" {top}", f" {after}"], [0.0, 9.0 - at, 0.0])
        for at, (top, after) in enumerate(zip(tops, _AFTER, strict=True))
    ]


@pytest.fixture
def run(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    return Run(tmp_path, capsys)


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with chat_server() as server:
        server.by_prompt = {"oak": says("“trees”"), "pike": says("I'm sorry, no.")}
        yield server


def test_labels_tell_who_wrote_them(run: Run, server: ChatServer) -> None:
    output = run("--labeler", "small_llm", "--llm", server.url)
    assert output.code == 0, output.err
    assert f"1 labels by {server.url}, 2 by token frequency" in output.out
    trees, fish, paris = run.labels()
    assert (trees.text, trees.status, trees.method, trees.tier) == (
        "trees",
        "proposed",
        "small_llm",
        "input",
    )
    assert trees.model == f"{MODEL} at {server.url}"
    assert trees.prompt_hash == stored_prompt("name_input").hash
    for counted in (fish, paris):
        assert (counted.method, counted.model) == ("token_frequency", "")
    assert "which refuses. Instead: " in fish.reason
    assert "nothing to sum up. Instead: 5 of 5" in paris.reason
    assert len(server.asked) == 2


def test_the_next_run_replaces_a_proposal(run: Run, server: ChatServer) -> None:
    assert run().code == 0
    assert {label.method for label in run.labels()} == {"token_frequency"}
    assert run("--labeler", "small_llm", "--llm", server.url).code == 0
    assert run.labels()[0].text == "trees"


def test_a_model_in_this_process(run: Run, server: ChatServer, tmp_path: Path) -> None:
    asked = []
    for tops in (TREES, FISH):
        listed = (f"{top} ({10 - at})" for at, top in enumerate(tops))
        asked.append(stored_prompt("name_input").filled(tokens=", ".join(listed)))
    answers = dict(zip(asked, (f"trees\nall{ENDS}", f"fish{ENDS}"), strict=True))
    folder = save_tiny_chat(tmp_path / "tiny", answers)
    output = run("--labeler", "small_llm", "--llm", str(folder))
    assert output.code == 0, output.err
    assert [(label.text, label.model) for label in run.labels()][:2] == [
        ("trees", str(folder)),
        ("fish", str(folder)),
    ]
    assert server.seen == []


def refused(run: Run, *options: str) -> str:
    output = run(*options)
    assert (output.code, output.out) == (2, "")
    assert not run.project.exists(), "nothing is left of a failed start"
    return output.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--labeler", "small_llm"], "llm: name a small language model"),
        (["--llm", "some/model"], "--llm: is for --labeler small_llm alone"),
        (["--labeler", "small_llm", "--llm", "ftp://host"], "'ftp://host' is no addr"),
        (["--labeler", "large"], "invalid choice: 'large'"),
    ],
)
def test_options_that_do_not_fit(run: Run, options: list[str], reason: str) -> None:
    assert reason in refused(run, *options)


def test_a_model_that_cannot_be_asked_is_told_before_the_work(
    run: Run, server: ChatServer
) -> None:
    chosen = ("--labeler", "small_llm", "--llm")
    gone = unused_address()
    assert f"{gone}: no server answers there" in refused(run, *chosen, gone)
    assert "no such folder" in refused(run, *chosen, "no/model")
    server.models = lists("llama", "qwen")
    assert "name one of the server's models" in refused(run, *chosen, server.url)
    assert not embeddings_file().exists()


def test_a_server_that_gives_up_ends_the_run(run: Run, server: ChatServer) -> None:
    """Rather than labelling everything in another way than was chosen."""
    server.by_prompt = {}
    server.default = fails(401)
    chosen = ("--labeler", "small_llm", "--llm", server.url)
    output = run(*chosen)
    assert output.code == 2
    assert f"{MODEL} at {server.url}: status 401" in output.err.splitlines()[-1]
    assert run("--labeler", "token_frequency").code == 0
    before = run.labels()
    assert run(*chosen).code == 2
    assert run.labels() == before, "what was proposed stays"
