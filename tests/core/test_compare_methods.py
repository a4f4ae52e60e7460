"""``glossator compare-methods`` against a server by which one method is better."""

import csv
import io
import pickle
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest

from glossator.cli import main
from glossator.comparing.given import (
    AskedModels,
    ChosenModel,
    CompareInput,
    compare_input,
    usable_methods,
)
from glossator.comparing.run import CompareProgress, compare_locally
from glossator.errors import Cancelled, InputError
from glossator.evaluation.comparison.means import (
    coverage,
    label_costs,
    method_means,
)
from glossator.evaluation.comparison.method_comparison import (
    ComparisonSettings,
    GivenLabel,
    MethodComparison,
)
from glossator.evaluation.comparison.pairs import paired_differences
from glossator.llm.call import Call
from glossator.progress import CancelToken, Progress, drive
from glossator.project.project import Project
from glossator.protocol.protocol_settings import ProtocolSettings
from tests.conftest import share_embeddings
from tests.core.llm_server import ChatServer, Seen, answers, chat_server, fails
from tests.core.planted_methods import (
    ERRS,
    GAIN,
    GOOD,
    POOR,
    answer,
    ids_in,
    made_project,
    plant,
    word_of,
)

pytestmark = [pytest.mark.model, pytest.mark.usefixtures("embedded_once")]

N = 16


class Output(NamedTuple):
    code: int
    out: str
    err: str


class Run(Protocol):
    def __call__(self, *options: str | Path, methods: str = ...) -> Output: ...


class Finished(NamedTuple):
    """A comparison of both methods, with all that came of it."""

    out: str
    comparison: MethodComparison
    calls: list[Call]
    table: Path
    page: Path


def command(path: Path, server: ChatServer, *options: str | Path) -> list[str]:
    """Arguments of the command; options given twice count the second time."""
    arguments = [
        *("compare-methods", path, "--methods", f"{GOOD},{POOR}"),
        *("--scorers", "detection,embedding", "--features", N, "--llm", server.url),
    ]
    return [str(argument) for argument in (*arguments, *options)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return made_project(tmp_path)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with chat_server() as server:
        plant(server)
        yield server


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], path: Path, server: ChatServer) -> Run:
    """The command over the project, with both methods and the server."""

    def run(*options: str | Path, methods: str = f"{GOOD},{POOR}") -> Output:
        try:
            code = main(command(path, server, *options, "--methods", methods))
        except SystemExit as left:
            code = int(left.code or 0)
        printed = capsys.readouterr()
        return Output(code, printed.out, printed.err)

    return run


@pytest.fixture(scope="module")
def finished(
    tmp_path_factory: pytest.TempPathFactory, kept_embeddings: Path
) -> Finished:
    """What several tests look at and none changes."""
    folder = tmp_path_factory.mktemp("finished")
    path = made_project(folder)
    table, page = folder / "labels.csv", folder / "page.html"
    with pytest.MonkeyPatch.context() as patch, chat_server() as server:
        patch.delenv("OPENAI_API_KEY", raising=False)
        for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
            patch.setenv(name, str(folder / name))
        share_embeddings(kept_embeddings)
        plant(server)
        out = io.StringIO()
        with redirect_stdout(out):
            code = main(command(path, server, "--csv", table, "--report", page))
    assert code == 0
    (comparison,) = stored(path)
    return Finished(out.getvalue(), comparison, logged(path), table, page)


def stored(path: Path) -> list[MethodComparison]:
    project = Project(path, read_only=True)
    try:
        return [one.comparison for one in project.comparisons()]
    finally:
        project.close()


def logged(path: Path) -> list[Call]:
    project = Project(path, read_only=True)
    try:
        return list(project.calls())
    finally:
        project.close()


def test_the_better_method_is_shown_to_be_better(finished: Finished) -> None:
    comparison = finished.comparison
    assert f"{GOOD} is better" in finished.out
    (table,) = comparison.tables
    assert len(table.features) == N
    good, poor = (
        mean for mean in method_means(comparison, table) if mean.scorer == "detection"
    )
    assert good.own.interval is not None
    assert poor.own.interval is not None
    assert good.own.interval[0] < 1 - ERRS < good.own.interval[1]
    assert poor.own.mean == pytest.approx(0.5, abs=0.06)
    pairs = {pair.scorer: pair for pair in paired_differences(comparison, table)}
    detection = pairs["detection"]
    assert detection.mean == pytest.approx(GAIN, abs=0.06)
    assert detection.interval is not None
    assert detection.interval[0] > 0.2
    for pair in pairs.values():
        assert pair.n == N
        assert pair.p_holm is not None
        assert pair.p_holm < 0.001
        assert pair.better == GOOD


def test_every_method_gets_the_same_features_and_texts(finished: Finished) -> None:
    labelling: dict[str, dict[str, set[str]]] = {GOOD: {}, POOR: {}}
    scoring: dict[tuple[str, str], set[str]] = {}
    for call in finished.calls:
        question = call.turns[-1].text
        if call.purpose in labelling:
            labelling[call.purpose][call.about] = ids_in(question)
        else:
            (label,) = re.findall(r"^Label: (.*)$", question, re.MULTILINE)
            texts = scoring.setdefault((call.about, label), set())
            texts |= ids_in(question)
    assert labelling[GOOD].keys() == labelling[POOR].keys()
    assert len(labelling[GOOD]) == N
    tested: dict[str, set[str]] = {}
    for (about, label), texts in scoring.items():
        assert tested.setdefault(about, texts) == texts, label
        for seen in labelling.values():
            assert seen[about]
            assert seen[about].isdisjoint(texts), about


def test_a_second_start_asks_nothing_and_says_the_same(
    path: Path, run: Run, server: ChatServer
) -> None:
    run()
    n_asked = len(server.asked)
    again = run()
    assert len(server.asked) == n_asked
    assert "in all 0 calls" in again.out
    first, second = stored(path)
    assert second == first


@pytest.mark.parametrize(
    ("tokens", "purposes"),
    [("9000", {GOOD}), ("60000", {GOOD, POOR, "detection"})],
    ids=["labels", "scores"],
)
def test_a_budget_ends_it_and_a_larger_one_goes_on(
    path: Path, run: Run, server: ChatServer, tokens: str, purposes: set[str]
) -> None:
    stopped = run("--budget-tokens", tokens)
    assert stopped.code == 2
    assert "what was answered is stored: start again with more" in stopped.err
    assert {call.purpose for call in logged(path)} == purposes
    n_first = len(server.asked)
    assert 0 < n_first == len(logged(path))
    assert stored(path) == []
    assert run().code == 0
    prompts = [repr(seen.body["messages"]) for seen in server.asked]
    assert n_first < len(prompts) == len(set(prompts)) == len(logged(path))


def test_what_is_asked_is_told_first(path: Path, run: Run, server: ChatServer) -> None:
    output = run("--plan")
    assert output.code == 0
    assert server.asked == []
    assert f"2 methods on {N} of 30 features, repaired" in output.out
    told = re.search(r"in all ([\d,]+) calls", output.out)
    assert told is not None
    run()
    # A label that is the commonest top token is asked about once.
    assert N * 2 < len(server.asked) <= int(told[1].replace(",", ""))


def test_a_model_that_costs_is_only_asked_once_that_is_agreed_to(
    path: Path, run: Run, server: ChatServer
) -> None:
    priced = ("--prompt-price", "3", "--answer-price", "15")
    refused = run(*priced)
    assert (refused.code, server.asked) == (2, [])
    assert "--yes" in refused.err
    assert run(*priced, "--yes").code == 0
    (comparison,) = stored(path)
    (table,) = comparison.tables
    spent = sum(call.cost or 0 for call in logged(path))
    per_label = [cost for cost in label_costs(comparison, table) if cost.method == GOOD]
    write, detect = per_label
    assert (write.scorer, write.calls) == ("", 1.0)
    assert detect.scorer == "detection"
    assert detect.calls > 5
    assert write.dollars is not None
    assert detect.dollars is not None
    assert 0 < write.dollars < detect.dollars
    assert (write.dollars + detect.dollars) * N < spent


def test_features_without_a_label_are_counted_apart(
    path: Path, run: Run, server: ChatServer
) -> None:
    """Some answers are no label, and one method labels two tiers alone."""

    def rule(seen: Seen) -> None:
        return None

    unlucky = {word_of(index) for index in range(0, 30, 3)}

    def sometimes(question: str) -> str:
        said = answer(question)
        if "<TOP_TOKENS>" in question and said.split()[-1] in unlucky:
            return "I cannot tell."
        return said

    server.rule, server.default = rule, answers(sometimes)
    assert run(methods=f"{GOOD},token_frequency").code == 0
    (comparison,) = stored(path)
    (table,) = comparison.tables
    good, counted = coverage(comparison, table)
    assert good.n_labelled < N
    assert sum(good.reasons.values()) == N - good.n_labelled
    assert all("the language model answered" in reason for reason in good.reasons)
    assert counted.n_labelled < N
    assert set(counted.reasons) <= {
        "does not label cross features.",
        "does not label obscure features.",
    }
    (pair,) = (
        one
        for one in paired_differences(comparison, table)
        if one.scorer == "detection"
    )
    both = sum(
        all(feature.label_by(name) for name in (GOOD, "token_frequency"))
        for feature in table.features
    )
    assert pair.n == both < min(good.n_labelled, counted.n_labelled)


def test_labels_that_should_do_worse_stand_beside(finished: Finished) -> None:
    comparison = finished.comparison
    means = {
        mean.method: mean
        for mean in method_means(comparison, comparison.tables[0])
        if mean.scorer == "detection"
    }
    good = means[GOOD]
    another = good.baselines["another label"].mean
    top_token = good.baselines["top token"].mean
    assert good.own.mean is not None
    assert another is not None
    assert another < good.own.mean - 0.2
    # Here the top token is the best label there is.
    assert top_token == pytest.approx(good.own.mean)
    assert means[POOR].baselines["top token"].mean == pytest.approx(top_token)


def test_they_can_be_left_out(path: Path, run: Run, server: ChatServer) -> None:
    run("--no-baselines")
    (comparison,) = stored(path)
    assert not any(
        one.score.baselines
        for feature in comparison.tables[0].features
        for one in feature.scores
    )
    about_labels = {GOOD, POOR}
    judged = [call for call in logged(path) if call.purpose not in about_labels]
    assert len(judged) == sum(
        -(-(one.score.n_positive + one.score.n_negative) // 5)
        for feature in comparison.tables[0].features
        for one in feature.scores
        if one.score.scorer == "detection"
    )


def test_the_source_s_table_stands_beside_the_repaired_one(
    path: Path, run: Run
) -> None:
    output = run("--mode", "both")
    assert output.code == 0, output.err
    (comparison,) = stored(path)
    repaired, source = comparison.tables
    assert (repaired.mode, source.mode) == ("repaired", "as in the source")
    assert "accuracy, failures as wrong" in output.out
    assert "detection: balanced accuracy; embedding: AUC" in output.out
    assert [f.feature for f in source.features] == [
        f.feature for f in repaired.features
    ]
    for feature in source.features:
        scored = feature.score_of(GOOD, "detection")
        assert scored is not None
        assert (scored.n_positive, scored.n_negative) == (10, 10)
    # Its labels are of the five strongest examples.
    shown = Counter(
        len(ids_in(call.turns[-1].text))
        for call in logged(path)
        if call.purpose == GOOD
    )
    assert shown[5] == len(source.features)
    assert len(shown) == 2


def test_the_labels_furthest_apart_come_with_what_they_were_made_of(
    finished: Finished,
) -> None:
    (table,) = finished.comparison.tables
    for feature in table.features:
        index = feature.feature.index
        (distance,) = feature.distances
        assert {distance.one, distance.other} == {GOOD, POOR}
        assert distance.distance > 0.1
        assert feature.label_by(GOOD) == word_of(index)
        (piece,) = (p for p in feature.shown[0].pieces if p.top)
        assert piece.text.strip() == word_of(index)
        assert piece.activation == feature.largest == 10.0
    assert "Labels furthest apart" in finished.out


def test_a_row_a_label_and_score_is_written(finished: Finished) -> None:
    with finished.table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == N * 2 * 2
    feature = finished.comparison.tables[0].features[0]
    score = feature.score_of(GOOD, "detection")
    assert score is not None
    (row,) = (
        row
        for row in rows
        if row["method"] == GOOD
        and row["scorer"] == "detection"
        and int(row["index"]) == feature.feature.index
    )
    assert f"wrote {finished.table}" in finished.out
    assert row["label"] == word_of(feature.feature.index)
    assert float(row["value"]) == score.balanced_accuracy
    assert (row["measure"], row["why_no_label"]) == ("balanced accuracy", "")
    page = finished.page.read_text(encoding="utf-8")
    assert "<h2>repaired</h2>" in page
    assert word_of(feature.feature.index) in page


def test_graphs_are_put_into_a_project_first(
    path: Path, tmp_path: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    project = Project(path, read_only=True)
    (entry,) = project.state.graphs.values()
    project.close()
    graph = tmp_path / "graph.json"
    graph.write_bytes(entry.graph.original)
    arguments = ["compare-methods", graph, "--methods", "token_frequency"]
    assert main([str(a) for a in arguments]) == 2
    assert "graphs need --evidence and --out" in capsys.readouterr().err
    out = tmp_path / "new.gloss"
    arguments += [
        "--evidence",
        tmp_path / "batch.json",
        "--out",
        out,
        "--features",
        "5",
    ]
    assert main([str(a) for a in arguments]) == 0
    (comparison,) = stored(out)
    assert comparison.settings.scorers == ("embedding",)
    assert len(comparison.tables[0].features) == 5


def given_for(path: Path, server: ChatServer, **more: object) -> CompareInput:
    project = Project(path, read_only=True)
    try:
        fields = {
            "methods": (GOOD, POOR),
            "scorers": ("detection", "embedding"),
            "n_features": N,
        }
        settings = ComparisonSettings(**(fields | more))  # type: ignore[arg-type]
        chosen = ChosenModel(server.url)
        models = AskedModels(labels=chosen, scoring=chosen)
        return compare_input(project, settings, models, ProtocolSettings())
    finally:
        project.close()


def test_it_stops_on_request_and_tells_of_all_that_was_asked(
    path: Path, server: ChatServer
) -> None:
    cancel = CancelToken()
    told: list[Call] = []

    def listen(progress: Progress) -> None:
        if isinstance(progress, CompareProgress):
            told.extend(progress.calls)
        if len(told) > 70:
            cancel.cancel()

    with pytest.raises(Cancelled):
        drive(compare_locally(given_for(path, server), cancel), listen)
    assert {call.purpose for call in told} == {GOOD, POOR, "detection"}
    assert 70 < len(told) <= len(server.asked)
    assert len({call.id for call in told}) == len(told)


def test_a_model_that_is_asked_nothing_is_not_opened(
    path: Path, server: ChatServer
) -> None:
    given = given_for(
        path, server, methods=("token_frequency",), scorers=("embedding",), n_features=2
    )
    comparison = drive(compare_locally(given, CancelToken()), lambda step: None)
    assert (comparison.label_model, comparison.scoring_model) == ("", "")
    assert server.seen == []


def test_the_same_seed_draws_the_same_features(path: Path, server: ChatServer) -> None:
    def drawn(seed: int) -> list[int]:
        given = given_for(
            path,
            server,
            methods=("token_frequency",),
            scorers=("embedding",),
            seed=seed,
        )
        comparison = drive(compare_locally(given, CancelToken()), lambda step: None)
        (table,) = comparison.tables
        assert all(
            isinstance(said, GivenLabel) == (feature.tier in ("input", "output"))
            for feature in table.features
            for said in feature.said
        )
        return [feature.feature.index for feature in table.features]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_features_may_be_of_some_tiers_alone(path: Path, server: ChatServer) -> None:
    given = given_for(path, server, tiers=("cross",))
    assert {task.result.tier for task in given.tasks} == {"cross"}


def test_its_input_can_be_sent_to_another_process(
    path: Path, server: ChatServer
) -> None:
    given = given_for(path, server)
    assert pickle.loads(pickle.dumps(given)) == given


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"methods": ("sense_words",)}, "sense_words sees all examples"),
        ({"methods": ("baez",)}, "needs verbalizations"),
        ({"methods": ("nobody",)}, "methods: there is no 'nobody'"),
        ({"methods": ()}, "methods: name one"),
        ({"methods": (GOOD, GOOD)}, "methods: names one twice"),
        ({"scorers": ("guess",)}, "scorers: there is no 'guess'"),
        ({"tiers": ("insufficient",)}, "tiers: there is no 'insufficient'"),
        ({"n_features": 0}, "n_features: 0 is not in 1"),
    ],
    ids=[
        "leaks",
        "no-verbalization",
        "unknown",
        "none",
        "twice",
        "scorer",
        "tier",
        "n",
    ],
)
def test_what_cannot_be_compared_is_refused(
    path: Path, server: ChatServer, more: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        given_for(path, server, **more)
    assert server.seen == []


def test_methods_that_lack_nothing_are_offered(path: Path) -> None:
    project = Project(path, read_only=True)
    with_model = usable_methods(project, with_model=True)
    assert usable_methods(project, with_model=False) == ("token_frequency",)
    project.close()
    assert {GOOD, POOR, "token_frequency", "small_llm"} <= set(with_model)
    assert {"baez", "nla", "sense_words"}.isdisjoint(with_model)


def test_too_few_features_for_the_source_s_rule_are_refused_before_asking(
    run: Run, server: ChatServer
) -> None:
    output = run("--mode", "as-in-source", "--features", "8")
    assert output.code == 2
    assert "at least 11 are needed" in output.err
    assert server.asked == []


def test_a_server_that_refuses_stops_it(
    path: Path, run: Run, server: ChatServer
) -> None:
    server.rule = lambda seen: fails(401)
    output = run()
    assert output.code == 2
    assert output.out.count("\n") < 10
    assert stored(path) == []
