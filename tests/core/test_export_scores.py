"""The table of scores holds the project's own numbers."""

import csv
from pathlib import Path

import msgspec
import pytest

from glossator.export.csv_file import write_csv
from glossator.export.scores import ScoreRow, export_scores, score_rows
from glossator.export.target import AnnotatedGraph, ExportOptions
from glossator.export.targets import TARGETS
from glossator.graph.graph_file import read_graph
from glossator.graph.influence import direct_shares
from glossator.project.edits import AddRevision, SetJudgement, SetResult
from glossator.project.formula_guard import unguarded
from glossator.project.open_files import state_of
from glossator.project.revision import LabelRevision, feature_subject
from glossator.protocol.decision import (
    Comparators,
    FeatureScores,
    ProtocolResult,
    Sense,
    Senses,
    TierDecision,
    WindowScore,
)
from glossator_resources import demo_folder
from tests.core.annotated_graphs import NASTY, annotated, demo, demo_document

INPUT = WindowScore(
    n_used=17,
    raw=0.1 + 0.2,
    weighted=1 / 3,
    effective_n=12.5,
    jackknife_error=1e-17,
    null_mean=0.05,
    null_sd=0.01,
    z=-2.5,
    p=0.993,
)
CROSS = WindowScore(
    n_used=19,
    raw=0.25,
    weighted=0.75,
    effective_n=7.125,
    jackknife_error=0.02,
    z=1.5,
    p=0.07,
    weighted_z=8.25,
    weighted_p=9.999e-5,
)
SCORES = FeatureScores(
    n_examples=40,
    n_distinct=31,
    n_special=2,
    input=INPUT,
    cross=CROSS,
    p=2e-4,
    senses=Senses(
        window="cross",
        senses=(
            Sense(examples=(0, 2, 4, 5), raw=0.5, z=9.0),
            Sense(examples=(1, 3, 6, 7), raw=0.4, z=8.0),
        ),
        p=0.005,
    ),
    comparators=Comparators(
        top_token_share=0.125, next_in_logits=0.0, logit_coherence=-0.0625
    ),
)
RESULT = ProtocolResult(
    scores=SCORES,
    calibrated=TierDecision(
        tier="cross", routing="calibrated", threshold=3.0, reason="made"
    ),
    literal=TierDecision(
        tier="obscure", routing="literal", threshold=0.5, reason="made"
    ),
    routing="literal",
    embedder="made",
)
EXPECTED = {
    "judged_tier": "output",
    "tier": "obscure",
    "routing": "literal",
    "calibrated_tier": "cross",
    "literal_tier": "obscure",
    "n_senses": "2",
    "sense_p": 0.005,
    "n_examples": "40",
    "n_distinct": "31",
    "p": 2e-4,
    "n_input": "17",
    "raw_input": 0.1 + 0.2,
    "weighted_input": 1 / 3,
    "error_input": 1e-17,
    "z_input": -2.5,
    "p_input": 0.993,
    "n_output": "",
    "raw_output": "",
    "weighted_output": "",
    "error_output": "",
    "z_output": "",
    "p_output": "",
    "n_cross": "19",
    "raw_cross": 0.25,
    "weighted_cross": 0.75,
    "error_cross": 0.02,
    # The run weighed pairs: these decided.
    "z_cross": 8.25,
    "p_cross": 9.999e-5,
    "effective_n": 7.125,
    "top_token_share": 0.125,
    "next_token_share": "",
    "top_in_logits": "",
    "next_in_logits": 0.0,
    "logit_coherence": -0.0625,
}


def scored() -> AnnotatedGraph:
    """One of the features has every number."""
    before = annotated(demo_document())
    seven = feature_subject(before.state.features()[0])
    return annotated(
        demo_document(),
        [
            AddRevision(seven, LabelRevision(text=NASTY, status="edited")),
            SetJudgement(seven, "output"),
            SetResult(seven, RESULT),
        ],
    )


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_every_number_is_the_projects_own(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    given = scored()
    written = export_scores(given, path, ExportOptions())
    assert written.paths == (path,)
    rows = table(path)
    assert len(rows) == len(given.graph.features)
    (row,) = (row for row in rows if row["tier"])
    assert (row["layer"], row["index"], row["attention"]) == ("0", "7", "False")
    assert unguarded(row["label"]) == NASTY
    for column, value in EXPECTED.items():
        if isinstance(value, float):
            assert float(row[column]) == value, column
        else:
            assert row[column] == value, column
    share = direct_shares(given.graph)[given.graph.features[0]]
    assert float(row["direct_share"]) == share
    known = {"layer", "index", "attention", "label", "direct_share", *EXPECTED}
    assert set(row) == known, "no column is left to chance"


def test_columns_are_those_of_the_rows(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    export_scores(scored(), path, ExportOptions())
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbflayer,index,attention,label,")
    header = data.decode("utf-8-sig").split("\r\n", 1)[0]
    assert header.split(",") == list(ScoreRow.__struct_fields__)


def test_features_without_a_result_have_a_row_and_are_told(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    given = scored()
    written = export_scores(given, path, ExportOptions())
    n = len(given.graph.features)
    assert written.notes == (f"The protocol has not run over {n - 1} of {n} features.",)
    for row, feature in zip(table(path), given.graph.features, strict=True):
        assert (int(row["layer"]), int(row["index"])) == (feature.layer, feature.index)
        if row["tier"]:
            continue
        empty = set(row) - {"layer", "index", "attention", "label", "direct_share"}
        assert {row[column] for column in empty} == {""}


def test_a_project_whose_features_all_have_a_tier_has_no_note(tmp_path: Path) -> None:
    given = scored()
    every = [SetResult(feature_subject(f), RESULT) for f in given.graph.features]
    written = export_scores(
        annotated(demo_document(), every), tmp_path / "s.csv", ExportOptions()
    )
    assert written.notes == ()
    none = export_scores(
        annotated(demo_document()), tmp_path / "s.csv", ExportOptions()
    )
    n = len(given.graph.features)
    assert none.notes == (f"The protocol has not run over {n} of {n} features.",)


def test_the_annotated_demo_graph() -> None:
    """Labels of each origin; a refused one is none."""
    rows = {(row.layer, row.index): row for row in score_rows(demo())}
    assert rows[0, 7].label == NASTY
    assert rows[0, 7].judged_tier == "output"
    assert (rows[0, 7].tier, rows[0, 7].z_cross) == ("cross", 3.25)
    assert rows[0, 7].z_input is None
    assert rows[2, 9].label == "everywhere"
    assert rows[1, 30].label == ""
    assert rows[1, 30].tier == rows[1, 30].judged_tier == ""


def test_shares_of_a_real_graph() -> None:
    path = demo_folder() / "graphs" / "capital-of-france.json"
    graph = read_graph(path)
    state, number = state_of(graph, path)
    rows = list(score_rows(AnnotatedGraph(state, number)))
    direct = direct_shares(graph)
    assert len(rows) == len(graph.features) > 100
    for row, feature in zip(rows, graph.features, strict=True):
        assert row.direct_share == direct.get(feature)


def test_it_is_a_target_for_everyone() -> None:
    target = TARGETS["scores"]
    assert target.suffix.endswith(".csv")
    assert target.export is export_scores


class _Cells(msgspec.Struct):
    text: str
    number: float | None
    words: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()


@pytest.mark.parametrize(
    "text", ["=1+1", "-ing", "'=x", "a,b", 'say "x"', "a\r\nb", ""]
)
def test_text_of_a_cell_comes_back(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cells.csv"
    row = _Cells(text, None, ("a", "-b"), (3, -4))
    n_guarded = write_csv(path, _Cells, [row, _Cells("plain", -0.5)])
    first, second = table(path)
    assert unguarded(first["text"]) == text
    assert not first["text"].startswith(("=", "-"))
    assert n_guarded == (text in ("=1+1", "-ing", "'=x"))
    assert first["number"] == ""
    assert first["words"] == "a | -b"
    assert first["counts"] == "3 -4"
    # A number is no text: its sign stays.
    assert (second["number"], second["words"], second["counts"]) == ("-0.5", "", "")
