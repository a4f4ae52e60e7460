"""Whatever evidence holds: evidence, none, or an EvidenceError with file and field."""

import copy
import gzip
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glossator.errors import EvidenceError
from glossator.evidence import evidence_file
from glossator.evidence.feature_evidence import EvidenceSource
from glossator.evidence.feature_folder import FeatureFolder
from glossator.evidence.neuronpedia import NeuronpediaRows
from glossator.evidence.open_source import open_evidence
from glossator.evidence.saedashboard import SaeDashboardBatches
from glossator.graph.attribution_graph import FeatureKey
from glossator.graph.feature_ids import cantor
from tests.core.graph_documents import (
    Json,
    as_bytes,
    batch_feature,
    dashboard_batch,
    feature_json,
    neuron_row,
    write_packed,
)

KEY = FeatureKey("gemma-2-2b", "clt-hp", 2, 9)
BATCH_KEY = FeatureKey("gpt2-small", "res-jb", 0, 0)
PACKED_KEY = FeatureKey("m", "s", 2, 0)
FILE = f"{cantor(2, 9)}.json"


def _ask(path: Path, key: FeatureKey, *parts: str) -> None:
    """Opening or asking is refused, and the text names all the parts."""
    with pytest.raises(EvidenceError) as refused:
        open_evidence(path).evidence(key)
    text = str(refused.value)
    assert str(path) in text
    for part in parts:
        assert part in text


def _write(path: Path, document: object) -> Path:
    path.write_bytes(as_bytes(document))
    return path


# A field is missing or wrong

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (NAN, "tokens_acts_list[1]"),
        (INF, "tokens_acts_list[1]"),
        (1e39, "tokens_acts_list"),
        (-1e300, "tokens_acts_list"),
        (None, "tokens_acts_list"),
        ("x", "tokens_acts_list"),
    ],
)
def test_activation_of_a_feature_file(
    tmp_path: Path, value: object, field: str
) -> None:
    document = feature_json()
    document["examples_quantiles"][0]["examples"][0]["tokens_acts_list"][1] = value
    _write(tmp_path / FILE, document)
    with pytest.raises(EvidenceError) as refused:
        FeatureFolder(tmp_path).evidence(KEY)
    assert str(tmp_path / FILE) in str(refused.value)
    assert field in str(refused.value)


@pytest.mark.parametrize("value", [NAN, INF, 1e39, None, "x"])
def test_activation_of_a_dashboard(tmp_path: Path, value: object) -> None:
    for key, made in (
        (KEY, lambda row: row),
        (KEY, lambda row: [row]),
        (BATCH_KEY, dashboard_batch),
    ):
        record = neuron_row(2, 9) if key == KEY else batch_feature(0)
        record["activations"][0]["values"][1] = value
        path = _write(tmp_path / "f.json", made(record))
        _ask(path, key, "activations", "values")


def test_mismatched_lengths(tmp_path: Path) -> None:
    example = (["a", "b"], [1.0])
    for document, key, field in (
        (neuron_row(2, 9, [example]), KEY, "activations[0].values"),
        (
            dashboard_batch(batch_feature(0, [example])),
            BATCH_KEY,
            "features[0].activations[0].values",
        ),
    ):
        _ask(_write(tmp_path / "f.json", document), key, field, "1 values for 2 tokens")
    folder = tmp_path / "folder"
    folder.mkdir()
    _write(folder / FILE, feature_json({"a": [], "b": [(["a"], [1.0]), example]}))
    _ask(folder, KEY, "examples_quantiles[1].examples[1].tokens_acts_list")


@pytest.mark.parametrize(
    "path",
    [
        "examples_quantiles",
        "examples_quantiles.0.quantile_name",
        "examples_quantiles.0.examples",
        "examples_quantiles.0.examples.0.tokens",
        "examples_quantiles.0.examples.0.tokens_acts_list",
    ],
)
def test_missing_key_of_a_feature_file(tmp_path: Path, path: str) -> None:
    document = feature_json()
    _remove(document, path)
    _write(tmp_path / FILE, document)
    with pytest.raises(EvidenceError) as refused:
        FeatureFolder(tmp_path).evidence(KEY)
    assert path.split(".")[-1] in str(refused.value)
    assert "missing" in str(refused.value)


@pytest.mark.parametrize(
    "path",
    ["model_id", "layer", "features", "features.0.feature_index"]
    + [f"features.0.activations.0.{key}" for key in ("tokens", "values")],
)
def test_missing_key_of_a_batch(tmp_path: Path, path: str) -> None:
    document = dashboard_batch()
    _remove(document, path)
    key = path.split(".")[-1]
    _ask(_write(tmp_path / "f.json", document), BATCH_KEY, key, "missing")


@pytest.mark.parametrize(
    "path", ["layer", "index", "activations.0.tokens", "activations.0.values"]
)
def test_missing_key_of_a_row(tmp_path: Path, path: str) -> None:
    document = neuron_row(2, 9)
    _remove(document, path)
    key = path.split(".")[-1]
    _ask(_write(tmp_path / "f.json", document), KEY, key, "missing")


def _remove(document: Json, path: str) -> None:
    *steps, last = (int(p) if p.isdigit() else p for p in path.split("."))
    place: Any = document
    for step in steps:
        place = place[step]
    del place[last]


@pytest.mark.parametrize(
    "changes", [{"layer": "x-clt"}, {"index": "1x"}, {"index": "9" * 5000}]
)
def test_a_row_that_names_no_feature(tmp_path: Path, changes: Json) -> None:
    path = _write(tmp_path / "f.json", [neuron_row(2, 9) | changes])
    _ask(path, KEY, "[0].layer, index", "name no feature")


def test_a_broken_record_spares_its_neighbours(tmp_path: Path) -> None:
    broken = neuron_row(2, 9, activations=5)
    rows = _write(tmp_path / "rows.json", [broken, neuron_row(2, 10)])
    _ask(rows, KEY, "activations")
    neighbour = FeatureKey(KEY.model, KEY.source_set, 2, 10)
    assert NeuronpediaRows([rows], name="x").evidence(neighbour) is not None
    batch = _write(
        tmp_path / "batch.json",
        dashboard_batch(batch_feature(0, activations=5), batch_feature(1)),
    )
    _ask(batch, BATCH_KEY, "features[0]", "activations")
    neighbour = FeatureKey("gpt2-small", "res-jb", 0, 1)
    assert SaeDashboardBatches([batch], name="x").evidence(neighbour) is not None


def _opened(rows: Path, batch: Path) -> list[tuple[EvidenceSource, FeatureKey]]:
    return [
        (NeuronpediaRows([rows], name="x"), KEY),
        (SaeDashboardBatches([batch], name="x"), BATCH_KEY),
    ]


def test_a_file_that_changed_since_it_was_opened(tmp_path: Path) -> None:
    rows = _write(tmp_path / "r.json", [neuron_row(0, 0), neuron_row(2, 9)])
    batch = _write(
        tmp_path / "b.json", dashboard_batch(batch_feature(7), batch_feature(0))
    )
    sources, others = (_opened(rows, batch) for _ in range(2))
    _write(rows, [neuron_row(2, 9), neuron_row(0, 0)])
    _write(batch, dashboard_batch(batch_feature(7)))
    for source, key in sources:
        with pytest.raises(EvidenceError, match="changed"):
            source.evidence(key)
    rows.unlink()
    batch.unlink()
    for source, key in others:
        with pytest.raises(EvidenceError, match="No such file"):
            source.evidence(key)


# No evidence at all


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no json",
        b"[]",
        b"{}",
        b"[5]",
        b"5",
        b'{"other": 1}',
        b"[" * 100_000,
        b'{"modelId":' + b"[" * 100_000,
        b'{"modelId": "\xff"}',
        b'{"modelId": "\\ud800"}',
        b'{"modelId": 5}',
    ],
    ids=lambda data: repr(data[:14]),
)
def test_no_evidence(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "f.json"
    path.write_bytes(data)
    _ask(path, KEY)


BROKEN_GZIP = gzip.compress(as_bytes(neuron_row(2, 9)), mtime=0)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        BROKEN_GZIP[:-9],
        BROKEN_GZIP[:12] + b"\xff\xff\xff" + BROKEN_GZIP[15:],
    ],
    ids=["empty", "plain", "cut", "altered"],
)
def test_broken_gzip(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "f.json.gz"
    path.write_bytes(data)
    _ask(path, KEY)
    folder = tmp_path / "packed"
    folder.mkdir()
    (folder / "index.json.gz").write_bytes(data)
    _ask(folder, KEY, "index.json.gz")


def test_unzipped_size_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_file, "MAX_BYTES", 10_000)
    path = tmp_path / "f.json.gz"
    path.write_bytes(gzip.compress(b" " * 10_001))
    _ask(path, KEY, "more than 10,000 bytes")
    write_packed(tmp_path, {2: [feature_json(transcoder_id="x" * 10_000)]})
    _ask(tmp_path, PACKED_KEY, "more than 10,000 bytes")


def test_nothing_there(tmp_path: Path) -> None:
    _ask(tmp_path / "absent", KEY, "no such file")
    _ask(tmp_path, KEY, "no .json file")
    (tmp_path / "x.json").mkdir()
    _ask(tmp_path, KEY)


# Packed layers


def _packed(
    folder: Path, record: bytes, offsets: object, filename: str = "l.bin"
) -> None:
    (folder / "l.bin").write_bytes(record)
    index = {"2": {"filename": filename, "offsets": offsets}}
    (folder / "index.json.gz").write_bytes(gzip.compress(as_bytes(index)))


RECORD = gzip.compress(as_bytes(feature_json()), mtime=0)
WHOLE = struct.pack("<I", len(RECORD)) + RECORD
ZLIB = zlib.compress(as_bytes(feature_json()))


@pytest.mark.parametrize(
    "record", [WHOLE, struct.pack("<I", len(ZLIB)) + ZLIB], ids=["gzip", "zlib"]
)
def test_a_whole_record(tmp_path: Path, record: bytes) -> None:
    _packed(tmp_path, record, [0, len(record)])
    assert FeatureFolder(tmp_path).evidence(PACKED_KEY) is not None


@pytest.mark.parametrize(
    ("record", "offsets"),
    [
        (WHOLE, [0, len(WHOLE) - 1]),
        (WHOLE, [1, len(WHOLE)]),
        (WHOLE, [-5, len(WHOLE)]),
        (WHOLE, [2**70, 2**70 + 9]),
        (WHOLE, [10**6, 10**6 + 9]),
        (WHOLE, [0, 3]),
        (WHOLE, [0, 2**40]),
        (WHOLE[: len(WHOLE) // 2], [0, len(WHOLE)]),
        (b"", [0, len(WHOLE)]),
        (struct.pack("<I", 2) + b"{}", [0, 6]),
        (struct.pack("<I", 0), [0, 4]),
        (struct.pack("<I", 2**32 - 1) + RECORD[:-3], [0, len(WHOLE)]),
        (WHOLE[:20] + b"\xff\xff\xff" + WHOLE[23:], [0, len(WHOLE)]),
    ],
)
def test_a_broken_record(tmp_path: Path, record: bytes, offsets: list[int]) -> None:
    _packed(tmp_path, record, offsets)
    _ask(tmp_path, PACKED_KEY, "l.bin[0]")


@pytest.mark.parametrize("offsets", [[], [0], [0, 0], [9, 3]])
def test_offsets_without_a_record(tmp_path: Path, offsets: list[int]) -> None:
    _packed(tmp_path, WHOLE, offsets)
    assert FeatureFolder(tmp_path).evidence(PACKED_KEY) is None


@pytest.mark.parametrize("offsets", [None, "x", ["x"], [1.5, 2]])
def test_offsets_of_another_type(tmp_path: Path, offsets: object) -> None:
    _packed(tmp_path, WHOLE, offsets)
    _ask(tmp_path, PACKED_KEY, "index.json.gz", "offsets")


@pytest.mark.parametrize(
    "filename",
    [
        "../secret.bin",
        "{outside}",
        "sub/../../secret.bin",
        "",
        "..",
        ".",
        "a\0b",
        "x" * 999,
    ],
)
def test_a_file_name_does_not_leave_the_folder(tmp_path: Path, filename: str) -> None:
    outside = tmp_path / "secret.bin"
    outside.write_bytes(WHOLE)
    folder = tmp_path / "folder"
    folder.mkdir()
    filename = filename.format(outside=outside)
    _packed(folder, WHOLE, [0, len(WHOLE)], filename)
    _ask(folder, PACKED_KEY)


# Anything at all

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([2**70, -1, "\ud800", 1e300, -1.7e308]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


def _places(value: Any) -> list[tuple[Any, Any]]:
    keys: list[Any] = []
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list):
        keys = list(range(len(value)))
    found = [(value, key) for key in keys]
    for key in keys:
        found += _places(value[key])
    return found


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.sampled_from(
        [
            (FILE, KEY, feature_json()),
            ("rows.json", KEY, [neuron_row(2, 9)]),
            ("batch.json", BATCH_KEY, dashboard_batch()),
        ]
    ),
    st.lists(st.tuples(st.integers(0, 10**6), JSON_VALUES, st.booleans()), max_size=3),
)
def test_evidence_or_an_error_that_is_ours(
    tmp_path: Path,
    case: tuple[str, FeatureKey, Any],
    changes: list[tuple[int, object, bool]],
) -> None:
    name, key, document = case
    document = copy.deepcopy(document)
    for pick, value, removed in changes:
        places = _places(document)
        if not places:
            break
        container, place = places[pick % len(places)]
        if removed:
            del container[place]
        else:
            container[place] = copy.deepcopy(value)
    path = tmp_path / name
    path.write_text(json.dumps(document))
    refusal = ""
    try:
        found = open_evidence(path).evidence(key)
    except EvidenceError as error:
        refusal, found = str(error), None
    if refusal:
        assert str(path) in refusal
    if found is not None and found.histogram is not None:
        assert 0 <= found.histogram.percentile(1.0) <= 1
