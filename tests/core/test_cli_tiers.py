"""``glossator tiers``, and the options of ``label`` that set the protocol."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, get_args

import pytest

from glossator.cli import build_parser, main
from glossator.commands.protocol_options import settings_of
from glossator.project.edits import SetResult
from glossator.project.open_files import add_graphs
from glossator.project.project import Project
from glossator.project.revision import feature_subject
from glossator.protocol.decision import (
    FeatureScores,
    ProtocolResult,
    Sense,
    Senses,
    Tier,
    TierDecision,
)
from glossator.protocol.protocol_settings import (
    WHOLE,
    WINDOW_NAMES,
    ExampleChoice,
    Precision,
    ProtocolSettings,
    Window,
)
from tests.core.graph_documents import Json, feature_node, graph_of, tracer_graph

N_LAYERS = 9


class Output(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Output]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str | Path) -> Output:
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as left:
            code = int(left.code or 0)
        printed = capsys.readouterr()
        return Output(code, printed.out, printed.err)

    return run


def result(tier: Tier, senses: Senses | None = None) -> ProtocolResult:
    decision = TierDecision(
        tier=tier, routing="calibrated", threshold=3.0, reason="made"
    )
    return ProtocolResult(
        scores=FeatureScores(n_examples=20, n_distinct=20, p=0.001, senses=senses),
        calibrated=decision,
        literal=decision,
        routing="calibrated",
        embedder="made",
    )


TWO = Senses(
    window="cross",
    senses=tuple(Sense(examples=(0, 1, 2, 3), raw=0.5, z=9.0) for _ in range(2)),
    p=0.005,
)


def tier_of(layer: int) -> Tier:
    """As is supposed: input features early, output features late."""
    return "input" if layer < 3 else "cross" if layer < 6 else "output"


def document(slug: str, indices: range) -> Json:
    nodes = [
        feature_node(layer, index, 1) for layer in range(N_LAYERS) for index in indices
    ]
    return tracer_graph(nodes, [], slug=slug)


def make_project(path: Path, graphs: dict[str, range], *, scored: bool = True) -> Path:
    """Ten features a layer and graph."""
    made = [graph_of(document(slug, indices)) for slug, indices in graphs.items()]
    project = add_graphs(path, made, [path.with_name(f"{s}.json") for s in graphs])
    if scored:
        edits = []
        for feature in project.state.features():
            tier = tier_of(feature.layer)
            senses = TWO if tier == "cross" and feature.index % 10 == 0 else None
            edits.append(SetResult(feature_subject(feature), result(tier, senses)))
        project.apply("run protocol", edits)
    project.close()
    return path


def rows(text: str) -> dict[str, list[str]]:
    """The first table, by its first column."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        cells = line.split()
        if cells and (cells[0].isdigit() or cells[0] in ("layer", "all")):
            found.setdefault(cells[0], cells[1:])
    return found


def test_tiers_of_one_graph(run: Run, tmp_path: Path) -> None:
    path = make_project(tmp_path / "a.gloss", {"capital": range(10)})
    before = path.read_bytes()
    output = run("tiers", path)
    assert (output.code, output.err) == (0, "")
    assert path.read_bytes() == before, "it only reads"
    lines = output.out.splitlines()
    assert lines[0] == "capital"
    table = rows(output.out)
    assert table["layer"] == ["input", "output", "cross"]
    assert table["0"] == ["10", "·", "·"]
    assert table["4"] == ["·", "·", "10"]
    assert table["8"] == ["·", "10", "·"]
    assert table["all"] == ["30", "30", "30"]
    assert "of these: cross, 2 senses (3)" in lines
    assert "90 features are called input, output or cross" in output.out
    assert "Of 9 layers" in output.out
    assert "early 0–2, middle 3–5, late 6–8" in output.out
    assert "Input rarer with depth?" in output.out
    assert output.out.count("Yes: ") >= 3
    assert "compared inside each" not in output.out


def test_graphs_of_one_project_are_told_one_by_one_and_together(
    run: Run, tmp_path: Path
) -> None:
    # Five features a layer are of both graphs.
    graphs = {"one": range(10), "two": range(5, 15)}
    path = make_project(tmp_path / "a.gloss", graphs)
    output = run("tiers", path)
    assert output.code == 0, output.err
    heads = [line for line in output.out.splitlines() if line in graphs]
    assert heads == ["one", "two"]
    assert "All 2, compared inside each by relative depth" in output.out
    each, together = output.out.split("All 2, compared")
    assert each.count("90 features are called") == 2
    assert "135 features are called" in together, "none is counted twice"


def test_one_graph_is_chosen(run: Run, tmp_path: Path) -> None:
    path = make_project(tmp_path / "a.gloss", {"one": range(10), "two": range(5, 15)})
    output = run("tiers", path, "--graph", "two")
    assert output.code == 0, output.err
    assert output.out.splitlines()[0] == "two"
    assert "one\n" not in output.out
    assert "All 2" not in output.out


def test_several_projects(run: Run, tmp_path: Path) -> None:
    one = make_project(tmp_path / "a.gloss", {"one": range(10), "two": range(10, 12)})
    other = make_project(tmp_path / "b.gloss", {"one": range(4)})
    output = run("tiers", one, other)
    assert output.code == 0, output.err
    parts = output.out.split("\n\n\n")
    assert [part.splitlines()[0] for part in parts[:2]] == [str(one), str(other)]
    assert rows(parts[0])["all"] == ["36", "36", "36"], "its graphs together"
    assert rows(parts[1])["all"] == ["12", "12", "12"]
    assert parts[2].startswith("All 2, compared inside each by relative depth")
    chosen = run("tiers", one, other, "--graph", "one")
    parts = chosen.out.split("\n\n\n")
    assert rows(parts[0])["all"] == ["30", "30", "30"]
    assert rows(parts[1])["all"] == ["12", "12", "12"]


def test_a_project_that_was_never_scored(run: Run, tmp_path: Path) -> None:
    path = make_project(tmp_path / "a.gloss", {"one": range(2)}, scored=False)
    output = run("tiers", path)
    assert output.code == 0
    assert output.out == "one\n\nNo feature is scored.\n"
    other = make_project(tmp_path / "b.gloss", {"one": range(10)})
    both = run("tiers", path, other)
    assert both.code == 0
    assert "No feature is scored." in both.out
    assert "All 2, compared" in both.out


def test_mistakes_are_one_line(run: Run, tmp_path: Path) -> None:
    path = make_project(tmp_path / "a.gloss", {"one": range(2), "two": range(2)})
    other = make_project(tmp_path / "b.gloss", {"three": range(2)})
    garbage = tmp_path / "c.gloss"
    garbage.write_bytes(b"no project at all" * 99)
    for arguments, told in (
        ((path, "--graph", "none"), "no graph 'none'; the project holds one, two"),
        ((path, other, "--graph", "one"), "no graph 'one'; the project holds three"),
        ((tmp_path / "absent.gloss",), "absent.gloss"),
        ((path, tmp_path / "absent.gloss"), "absent.gloss"),
        ((garbage,), "c.gloss"),
        ((), "PROJECT"),
    ):
        output = run("tiers", *arguments)
        assert (output.code, output.out) == (2, "")
        assert len(output.err.splitlines()) == 1
        assert output.err.startswith("glossator")
        assert told in output.err
    assert not (tmp_path / "absent.gloss").exists()


# -- options that set the protocol -----------------------------------------------------


def settings(*options: str) -> ProtocolSettings:
    given = ["label", "g.json", "--evidence", "e", "--out", "p.gloss", *options]
    return settings_of(build_parser().parse_args(given))


def test_defaults_are_those_of_the_protocol() -> None:
    assert settings() == ProtocolSettings()


def test_every_option_reaches_the_protocol() -> None:
    found = settings(
        "--routing", "literal", "--z", "2.5", "--raw", "0.4", "--raw-input", "0.3",
        "--raw-cross", "-0.2", "--n-examples", "40", "--input-window", "-1,0",
        "--output-window", "1,5", "--cross-window", "whole", "--examples",
        "quantiles", "--weighted", "--precision", "bf16", "--embedder", "other",
        "--seed", "7",
    )  # fmt: skip
    assert found == ProtocolSettings(
        routing="literal",
        z_threshold=2.5,
        raw_threshold=0.4,
        raw_threshold_of={"input": 0.3, "cross": -0.2},
        n_examples=40,
        input_window=Window(-1, 0),
        output_window=Window(1, 5),
        cross_window=WHOLE,
        examples="quantiles",
        weighted=True,
        precision="bf16",
        embedder="other",
        seed=7,
    )
    assert found.raw_thresholds() == {"input": 0.3, "output": 0.4, "cross": -0.2}
    assert found.checked() == found


@pytest.mark.parametrize("name", WINDOW_NAMES)
def test_any_window_may_be_the_whole_example(name: str) -> None:
    found = settings(f"--{name}-window", "whole")
    windows = {w: found.window(w) for w in WINDOW_NAMES}
    assert [w for w, window in windows.items() if window == WHOLE] == [name]
    assert str(found.checked().window("cross")) == (
        "whole example" if name == "cross" else "[-8, 8]"
    )


def test_a_raw_threshold_of_nothing_is_one() -> None:
    assert settings("--raw-output", "0").raw_threshold_of == {"output": 0.0}


@pytest.mark.parametrize("choice", get_args(ExampleChoice))
def test_examples(choice: str) -> None:
    assert settings("--examples", choice).examples == choice


@pytest.mark.parametrize("precision", get_args(Precision))
def test_precision(precision: str) -> None:
    assert settings("--precision", precision).precision == precision


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--cross-window", "all"), "'all' is no window"),
        (("--cross-window", "WHOLE"), "or: whole"),
        (("--cross-window", "1"), "'1' is no window"),
        (("--cross-window", "-300,0"), "both within 256 tokens"),
        (("--examples", "weakest"), "weakest"),
        (("--precision", "fp8"), "fp8"),
        (("--raw-input", "much"), "much"),
        (("--raw-input", "1.5"), "raw_threshold_of.input"),
        (("--raw-cross", "nan"), "raw_threshold_of.cross"),
        (("--raw", "-1.01"), "raw_threshold"),
        (("--n-examples", "101"), "n_examples"),
    ],
)
def test_what_cannot_be_is_refused(
    run: Run, tmp_path: Path, options: tuple[str, ...], told: str
) -> None:
    graph = tmp_path / "g.json"
    out = tmp_path / "p.gloss"
    output = run("label", graph, "--evidence", graph, "--out", out, *options)
    assert (output.code, output.out) == (2, "")
    assert len(output.err.splitlines()) == 1
    assert told in output.err
    assert not out.exists()


def test_the_help_names_every_option(run: Run) -> None:
    told = run("label", "--help").out
    for option in (
        "--examples", "--weighted", "--precision", "--raw-input", "--raw-output",
        "--raw-cross", "--cross-window", "--seed",
    ):  # fmt: skip
        assert option in told
    assert "or: whole" in " ".join(told.split())
    told = run("tiers", "--help").out
    assert "--graph SLUG" in told
    assert "PROJECT" in told


def test_a_project_closes_after_it_was_read(run: Run, tmp_path: Path) -> None:
    path = make_project(tmp_path / "a.gloss", {"one": range(2)})
    run("tiers", path)
    project = Project(path)
    assert len(project.state.results) == 2 * N_LAYERS
    project.close()
