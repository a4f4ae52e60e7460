"""The labels as a table: what each row tells, and that every text survives."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from glossator.export.csv_labels import export_csv
from glossator.export.jsonl_labels import export_jsonl
from glossator.export.label_rows import LabelRow, label_rows
from glossator.export.target import AnnotatedGraph, ExportOptions
from glossator.graph.attribution_graph import NodeIndex
from glossator.graph.graph_file import read_graph
from glossator.project.edits import AddRevision, SetJudgement, SetNote
from glossator.project.formula_guard import guarded, unguarded
from glossator.project.open_files import state_of
from glossator.project.revision import (
    LabelRevision,
    feature_subject,
    node_subject,
    storable,
)
from tests.core.annotated_graphs import (
    ANY_TEXT,
    NASTY,
    NASTY_NAME,
    ONE,
    annotated,
    demo,
    demo_document,
)
from tests.core.graph_documents import anthropic_graph, feature_node, tracer_graph

SEVEN, NINE, THIRTY, _ = (feature_subject(feature) for feature in demo().graph.features)


def csv_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def json_rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def cell(value: object) -> str:
    """A value of a row as the table shows it."""
    if isinstance(value, tuple):
        separator = " | " if isinstance(next(iter(value), 0), str) else " "
        return separator.join(map(str, value))
    return "" if value is None else str(value)


# -- rows ------------------------------------------------------------------------------


def test_a_row_tells_all_that_is_known_of_a_label() -> None:
    first = label_rows(demo())[0]
    assert first == LabelRow(
        graph="capital",
        model="gemma-2-2b",
        source_set="clt-gemma-2-2b-2.5M",
        kind="feature",
        layer=0,
        index=7,
        node_id="",
        positions=(1,),
        label=NASTY,
        status="edited",
        author='ann, "the" 2nd',
        method="",
        labeler_model="gpt-x",
        prompt_hash="abc",
        evidence="demo:features",
        tier="input",
        reason="5 of 5 say -ing",
        at="2026-01-02T03:04:05.678+00:00",
        note="",
        scored_tier="cross",
        judged_tier="output",
        routing="calibrated",
        z_input=None,
        z_output=None,
        z_cross=3.25,
        raw_input=0.25,
        raw_output=None,
        raw_cross=0.5,
        supernodes=(NASTY_NAME, "two"),
        influence=0.2,
        activation=2.0,
    )


def test_a_feature_has_one_row_for_all_its_nodes() -> None:
    (row,) = [row for row in label_rows(demo()) if (row.index, row.node_id) == (9, "")]
    assert row.positions == (1, 2)
    assert (row.label, row.status) == ("everywhere", "accepted")
    assert (row.influence, row.tier) == (0.6, "output")


def test_a_node_has_a_row_where_it_shows_another_label() -> None:
    (row,) = [row for row in label_rows(demo()) if row.node_id]
    assert (row.node_id, row.positions, row.label) == ("2_9_1", (1,), "here alone")
    assert (row.layer, row.index, row.supernodes) == (2, 9, ())


def test_a_label_of_the_file_gives_way_to_a_person_s() -> None:
    """As in the window: the node shows what was said of the feature since."""
    nine = LabelRevision(text="new", status="edited")
    own = LabelRevision(text="of the file", status="imported")
    four = node_subject(ONE, NodeIndex(4))
    made = annotated(demo_document(), [AddRevision(four, own), AddRevision(NINE, nine)])
    assert [row.label for row in label_rows(made)] == ["new"]


def test_a_refused_label_is_not_shown_but_the_note_is() -> None:
    (row,) = [row for row in label_rows(demo()) if row.index == 30]
    assert (row.label, row.status, row.note) == ("", "", "-look again")
    assert (row.method, row.scored_tier, row.z_input) == ("", "", None)
    assert (row.influence, row.activation) == (None, None)


def test_a_note_of_a_node_has_a_row_of_its_own() -> None:
    error = node_subject(ONE, NodeIndex(5))
    (row,) = label_rows(annotated(demo_document(), [SetNote(error, "odd")]))
    assert (row.kind, row.layer, row.index) == ("error", 1, None)
    assert (row.node_id, row.label, row.note) == ("0_1_2", "", "odd")


def test_a_judged_feature_without_a_label_has_a_row() -> None:
    (row,) = label_rows(annotated(demo_document(), [SetJudgement(NINE, "obscure")]))
    assert (row.index, row.label, row.status, row.note) == (9, "", "", "")
    assert (row.judged_tier, row.scored_tier, row.tier) == ("obscure", "", "")


def test_a_node_of_a_judged_feature_tells_it_too() -> None:
    own = AddRevision(
        node_subject(ONE, NodeIndex(3)), LabelRevision(text="x", status="edited")
    )
    rows = label_rows(annotated(demo_document(), [own, SetJudgement(NINE, "cross")]))
    assert [(row.node_id, row.judged_tier) for row in rows] == [
        ("", "cross"),
        ("2_9_1", "cross"),
    ]


def test_an_attention_feature_is_told_from_its_namesake() -> None:
    attention = feature_node(1, 4, 1, feature_type="lorsa", node_id="1_lor_4_1")
    document = tracer_graph([attention, feature_node(1, 4, 2)], [])
    features = annotated(document).graph.features
    said = [
        AddRevision(feature_subject(f), LabelRevision(text=text, status="edited"))
        for f, text in zip(features, ("heads", "neurons"), strict=True)
    ]
    rows = label_rows(annotated(document, said))
    assert [(row.kind, row.layer, row.index, row.label) for row in rows] == [
        ("attention", 1, 4, "heads"),
        ("feature", 1, 4, "neurons"),
    ]
    assert rows[0].source_set != rows[1].source_set


def test_labels_of_anthropic_s_graphs() -> None:
    rows = label_rows(annotated(anthropic_graph()))
    assert [(row.layer, row.index, row.label, row.status) for row in rows] == [
        (3, 10502022, "cities of Texas", "imported")
    ]
    assert rows[0].supernodes == ("Texas",)


# -- files -----------------------------------------------------------------------------


@pytest.mark.parametrize("made", [demo(), annotated(anthropic_graph())])
def test_both_files_hold_every_row(made: AnnotatedGraph, tmp_path: Path) -> None:
    rows = label_rows(made)
    written = export_jsonl(made, tmp_path / "l.jsonl", ExportOptions())
    assert written.paths == (tmp_path / "l.jsonl",)
    for row, found in zip(rows, json_rows(tmp_path / "l.jsonl"), strict=True):
        values = {name: getattr(row, name) for name in LabelRow.__struct_fields__}
        lists = {"positions": list(row.positions), "supernodes": list(row.supernodes)}
        assert found == values | lists
    export_csv(made, tmp_path / "l.csv", ExportOptions())
    for row, texts in zip(rows, csv_rows(tmp_path / "l.csv"), strict=True):
        assert tuple(texts) == LabelRow.__struct_fields__
        for name, text in texts.items():
            assert unguarded(text) == cell(getattr(row, name)), name


def test_what_an_import_reads_is_there() -> None:
    assert {
        "model",
        "source_set",
        "layer",
        "index",
        "node_id",
        "label",
        "status",
        "author",
        "method",
        "tier",
        "reason",
        "at",
        "note",
        "judged_tier",
    } <= set(LabelRow.__struct_fields__)


def test_without_labels_there_is_a_table_without_rows(tmp_path: Path) -> None:
    made = annotated(tracer_graph())
    assert export_csv(made, tmp_path / "l.csv", ExportOptions()).notes == ()
    with (tmp_path / "l.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [list(LabelRow.__struct_fields__)]
    export_jsonl(made, tmp_path / "l.jsonl", ExportOptions())
    assert (tmp_path / "l.jsonl").read_bytes() == b""


def test_no_cell_runs_in_a_spreadsheet(tmp_path: Path) -> None:
    written = export_csv(demo(), tmp_path / "l.csv", ExportOptions())
    (note,) = written.notes
    assert note.startswith("Text that begins like a formula")
    assert "in cells: 2." in note
    rows = csv_rows(tmp_path / "l.csv")
    assert rows[0]["label"] == "'" + NASTY
    assert rows[2]["note"] == "'-look again"
    assert rows[1]["z_cross"] == "-1.5", "our own numbers stay numbers"
    texts = [text for row in rows for name, text in row.items() if name[:2] != "z_"]
    assert not [text for text in texts if text[:1] in ("=", "+", "-", "@", "\t", "\r")]


def test_excel_is_told_the_encoding(tmp_path: Path) -> None:
    export_csv(demo(), tmp_path / "l.csv", ExportOptions())
    data = (tmp_path / "l.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbfgraph,model,")
    assert "☃ é".encode() in data


@given(st.text(st.sampled_from("'=-\ra")))
@example("＝1")
def test_the_apostrophe_comes_off_exactly(text: str) -> None:
    safe = guarded(text)
    assert unguarded(safe) == text
    assert safe[:1] not in ("=", "+", "-", "@", "\t", "\r", "\n", "＝")


@given(label=ANY_TEXT, note=ANY_TEXT, author=ANY_TEXT)
def test_any_text_survives(
    label: str, note: str, author: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("any")
    said = LabelRevision(text=label, status="edited", author=author)
    made = annotated(demo_document(), [AddRevision(SEVEN, said), SetNote(SEVEN, note)])
    wanted = [] if not (label or note) else [(storable(label), storable(note))]
    export_jsonl(made, folder / "l.jsonl", ExportOptions())
    found = json_rows(folder / "l.jsonl")
    assert [(row["label"], row["note"]) for row in found] == wanted
    export_csv(made, folder / "l.csv", ExportOptions())
    rows = csv_rows(folder / "l.csv")
    assert [(unguarded(row["label"]), unguarded(row["note"])) for row in rows] == wanted
    if label:
        assert unguarded(rows[0]["author"]) == found[0]["author"] == storable(author)


@pytest.mark.shared
@pytest.mark.parametrize(
    "name", ["haiku/capital-state-dallas.json", "gemma-plt/gemma-small-big-en.json"]
)
def test_a_real_graph(shared: Path, tmp_path: Path, name: str) -> None:
    path = shared / "graphs" / name
    state, number = state_of(read_graph(path), path)
    made = AnnotatedGraph(state, number)
    export_csv(made, tmp_path / "l.csv", ExportOptions())
    export_jsonl(made, tmp_path / "l.jsonl", ExportOptions())
    rows, found = csv_rows(tmp_path / "l.csv"), json_rows(tmp_path / "l.jsonl")
    assert rows
    assert [unguarded(row["label"]) for row in rows] == [row["label"] for row in found]
    labels = {
        (row["layer"], row["index"]): row["label"]
        for row in found
        if not row["node_id"]
    }
    for feature in made.graph.features:
        key = (feature.layer, feature.index)
        assert labels.get(key, "") == state.label(feature)
