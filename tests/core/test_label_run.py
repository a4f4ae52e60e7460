"""Labels by chosen methods, from the command to the project."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from glossator.llm.prompt_file import stored_prompt
from glossator.project.reviewing.review import accept_edits, queues_of, reject_edits
from glossator.project.revision import feature_subject
from tests.core.labelled_trees import FISH, TREES, LabelCommand, write_graph
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


@pytest.fixture
def command(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> LabelCommand:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    return LabelCommand(tmp_path, capsys)


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with chat_server() as server:
        server.by_prompt = {"oak": says("“trees”"), "pike": says("I'm sorry, no.")}
        yield server


def test_labels_tell_who_wrote_them(command: LabelCommand, server: ChatServer) -> None:
    output = command("--tier1", "small_llm", "--llm", server.url)
    assert output.code == 0, output.err
    assert "1 labels by small_llm" in output.out
    trees, fish, paris = command.labels()
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
    assert len(server.asked) == 2


def test_a_plan_is_printed_first(command: LabelCommand, server: ChatServer) -> None:
    output = command("--tier1", "small_llm", "--llm", server.url, "--plan")
    assert output.code == 0, output.err
    told = f"tier 1: small_llm asks {MODEL} at {server.url} about 3 features: 2 calls"
    assert told in output.out
    assert "$0.00 (at most $0.00)" in output.out
    assert server.asked == []
    assert {label.method for label in command.labels()} == {"token_frequency"}


def test_why_there_is_no_label_is_kept(
    command: LabelCommand, server: ChatServer
) -> None:
    """The counted label stays; without one, the feature waits in a queue of its own."""
    command("--tier1", "small_llm", "--llm", server.url)
    _, fish, _ = command.features()
    with command.opened() as project:
        declined = project.state.declined[feature_subject(fish)]
        assert (declined.method, declined.model) == (
            "small_llm",
            f"{MODEL} at {server.url}",
        )
        assert "“I'm sorry, no”" in declined.reason
        assert "declined" not in queues_of(project.state, fish)
        project.apply("reject", reject_edits(project.state, fish, "ana"))
        assert "declined" in queues_of(project.state, fish)


def test_answers_are_not_asked_for_again(
    command: LabelCommand, server: ChatServer
) -> None:
    chosen = ("--tier1", "small_llm", "--llm", server.url)
    first = command(*chosen)
    labels = command.labels()
    again = command(*chosen)
    assert "2 calls and 0 stored answers" in first.out
    assert "0 calls (2 answered before)" in again.out
    assert "0 calls and 2 stored answers" in again.out
    assert len(server.asked) == 2
    assert command.labels() == labels
    with command.opened() as project:
        assert [call.purpose for call in project.calls()] == ["small_llm"] * 2


def test_a_run_of_the_protocol_keeps_what_a_model_proposed(
    command: LabelCommand, server: ChatServer
) -> None:
    command("--tier1", "small_llm", "--llm", server.url)
    assert command().code == 0
    assert command.labels()[0].text == "trees"


def test_a_person_s_label_stays(command: LabelCommand, server: ChatServer) -> None:
    command()
    trees, *_ = command.features()
    with command.opened() as project:
        project.apply("accept", accept_edits(project.state, trees, "wood", "ana"))
    output = command("--tier1", "small_llm", "--llm", server.url)
    assert "about 2 features" in output.out
    assert (command.labels()[0].text, command.labels()[0].author) == ("wood", "ana")
    asked = [seen.body["messages"][-1]["content"] for seen in server.asked]
    assert not any("oak" in text for text in asked)


CROSS = ("--raw-input", "1", "--raw-output", "1")
"""Makes cross features of all."""


def test_what_costs_money_needs_a_word(
    command: LabelCommand, server: ChatServer
) -> None:
    server.by_prompt = {}
    server.default = says("Explanation: things")
    chosen = (*CROSS, "--tier2", "np_max-act", "--frontier", server.url)
    prices = ("--prompt-price", "3", "--answer-price", "15")
    refused = command(*chosen, *prices)
    assert refused.code == 2
    assert "agree to the plan with --yes" in refused.err
    assert server.asked == []
    agreed = command(*chosen, *prices, "--yes")
    assert agreed.code == 0, agreed.err
    assert "3 labels by np_max-act" in agreed.out
    with command.opened() as project:
        (spent,) = project.spent()
        assert spent.dollars is not None
        assert spent.dollars > 0


def test_the_most_that_it_costs_holds_for_models_that_think(
    command: LabelCommand, server: ChatServer
) -> None:
    """Three answers of 240 tokens, and 1,024 more that each may be thought."""
    chosen = (*CROSS, "--tier2", "np_max-act", "--frontier", server.url)
    output = command(*chosen, "--prompt-price", "0", "--answer-price", "1000", "--plan")
    assert output.code == 0, output.err
    assert "(at most $3.79)" in output.out


def test_a_budget_is_a_hard_stop(command: LabelCommand, server: ChatServer) -> None:
    server.by_prompt = {}
    server.default = says("Explanation: things")
    chosen = (*CROSS, "--tier2", "np_max-act", "--frontier", server.url, "--yes")
    nothing = command(*chosen, "--budget-tokens", "100")
    assert nothing.code == 2
    assert "the budget of 100 tokens" in nothing.err
    assert server.asked == []
    one = command(*chosen, "--budget-tokens", "2800", "--at-once", "1")
    assert one.code == 0, one.err
    assert "1 labels by np_max-act" in one.out
    assert "2 without a label: the language model failed: the budget" in one.out
    assert len(server.asked) == 1


def test_what_a_server_no_longer_answers_waits(
    command: LabelCommand, server: ChatServer
) -> None:
    server.by_prompt = {}
    server.acts = [says("Explanation: things"), fails(401)]
    chosen = (*CROSS, "--tier2", "np_max-act", "--frontier", server.url)
    output = command(*chosen, "--at-once", "1")
    assert output.code == 0, output.err
    assert "1 labels by np_max-act" in output.out
    assert "2 without a label: the language model failed: status 401" in output.out


def test_a_server_that_answers_nothing_ends_the_run(
    command: LabelCommand, server: ChatServer
) -> None:
    """Rather than telling of each feature what is wrong with the server."""
    server.by_prompt = {}
    server.default = fails(401)
    command()
    before = command.labels()
    output = command("--tier1", "small_llm", "--llm", server.url)
    assert output.code == 2
    assert f"{MODEL} at {server.url}: status 401" in output.err.splitlines()[-1]
    assert command.labels() == before
    with command.opened() as project:
        assert project.state.declined == {}
        assert [bool(call.failure) for call in project.calls()] != []


def test_a_model_in_this_process(
    command: LabelCommand, server: ChatServer, tmp_path: Path
) -> None:
    asked = []
    for tops in (TREES, FISH):
        listed = (f"{top} ({10 - at})" for at, top in enumerate(tops))
        asked.append(stored_prompt("name_input").filled(tokens=", ".join(listed)))
    answers = dict(zip(asked, (f"trees\nall{ENDS}", f"fish{ENDS}"), strict=True))
    folder = save_tiny_chat(tmp_path / "tiny", answers)
    output = command("--tier1", "small_llm", "--llm", str(folder))
    assert output.code == 0, output.err
    assert [(label.text, label.model) for label in command.labels()][:2] == [
        ("trees", str(folder)),
        ("fish", str(folder)),
    ]
    assert server.seen == []


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--tier1", "small_llm"], "llm: name a language model, or its server"),
        (["--tier1", "small_llm", "--llm", "ftp://host"], "'ftp://host' is no addr"),
        (["--tier1", "large"], "tier1: there is no method 'large'"),
        (["--tier2", "small_llm"], "tier2: small_llm does not label cross features"),
        (["--tier2", "nla", "--budget-dollars", "-1"], "dollars: -1 is no amount"),
        (["--tier2", "nla", "--prompt-price", "1"], "give the price of prompt tokens"),
        (["--at-once", "0"], "at_once: 0 is not in 1..256"),
    ],
)
def test_options_that_do_not_fit(
    command: LabelCommand, options: list[str], reason: str
) -> None:
    output = command(*options)
    assert (output.code, output.out) == (2, "")
    assert reason in output.err.splitlines()[-1]
    assert not command.project.exists(), "nothing is left of a failed start"


def test_a_model_that_cannot_be_asked_is_told_before_the_work(
    command: LabelCommand, server: ChatServer
) -> None:
    def refused(*options: str) -> str:
        output = command("--tier1", "small_llm", "--llm", *options)
        assert (output.code, output.out) == (2, "")
        assert not command.project.exists(), "nothing is left of a failed start"
        return output.err.splitlines()[-1]

    gone = unused_address()
    assert f"{gone}: no server answers there" in refused(gone)
    assert "no such folder" in refused("no/model")
    server.models = lists("llama", "qwen")
    assert "name one of the server's models" in refused(server.url)


def test_many_graphs_go_to_a_folder(
    command: LabelCommand, server: ChatServer, tmp_path: Path
) -> None:
    """A project for each set of features, and each graph with its labels."""
    graphs = tuple(write_graph(tmp_path / f"{name}.json") for name in ("one", "two"))
    other = write_graph(tmp_path / "three.json", "other-set")
    out = tmp_path / "labelled"
    options = ("--tier1", "small_llm", "--llm", server.url, "--out", str(out))
    output = command(*options, graphs=(*graphs, other))
    assert output.code == 0, output.err
    assert sorted(path.name for path in out.iterdir()) == [
        "gpt2-small-other-set.gloss",
        "gpt2-small-res-jb.gloss",
        "one.json",
        "three.json",
        "two.json",
    ]
    for name in ("one", "two"):
        nodes = json.loads((out / f"{name}.json").read_bytes())["nodes"]
        assert "trees" in {node.get("ppClerp") or node.get("clerp") for node in nodes}
    assert len(server.asked) == 2, "a feature is asked about once"
