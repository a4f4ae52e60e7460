"""Neuronpedia's bulk export, written as its exporter writes it."""

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from glossator.errors import EvidenceError
from glossator.evidence.feature_evidence import (
    FeatureEvidence,
    LogitEffect,
    StoredExplanation,
)
from glossator.evidence.neuronpedia_export import NeuronpediaExport, recognises
from glossator.graph.attribution_graph import FeatureKey
from tests.core.graph_documents import Json, neuron_row

MODEL, SOURCE = "gemma-2-2b", "20-clt-hp"
SIZE = 8
"""Features a batch; the exporter's is 1024."""
N = 40


def key(index: int, layer: int = 20, model: str = MODEL) -> FeatureKey:
    return FeatureKey(model, "clt-hp", layer, index)


def head(index: int, source: str = SOURCE) -> Json:
    return {"modelId": MODEL, "layer": source, "index": str(index)}


def feature_line(index: int, **more: object) -> Json:
    row = neuron_row(20, index)
    del row["activations"], row["explanations"]
    return (
        head(index)
        | {"frac_nonzero": index / 1000}
        | {
            name: row[name]
            for name in row
            if name.startswith(("pos_", "neg_", "freq_"))
        }
        | {"vector": [], "hookName": "x"}
        | more
    )


def explanation_line(index: int, text: str, **more: object) -> Json:
    return (
        {"id": "c0"}
        | head(index)
        | {
            "authorId": "c1",
            "description": text,
            "embedding": "[0.5,0.25]",
            "typeName": "oai_token-act-pair",
            "explanationModelName": "gpt-4o-mini",
            "umap_x": 0.5,
        }
        | more
    )


def activation_line(index: int, peak: float, **more: object) -> Json:
    """An example whose second token is the top one."""
    return (
        {"id": "c2"}
        | head(index)
        | {
            "creatorId": "c1",
            "dataSource": 'x "index": "999" y',
            "tokens": ["▁of", f"▁{index}", '"index": "7"'],
            "maxValue": peak,
            "minValue": 0,
            "values": [0.0, peak, 0.25],
            "maxValueTokenIndex": 1,
            "dfaValues": [],
            "dfaMaxValue": None,
            "dfaTargetIndex": None,
            "binContains": -1.0,
            "binMin": -1.0,
            "binMax": peak,
        }
        | more
    )


def write_batches(folder: Path, batches: Iterable[Sequence[Json]]) -> None:
    folder.mkdir(parents=True)
    for number, lines in enumerate(batches):
        text = "".join(json.dumps(line) + "\n" for line in lines)
        path = folder / f"batch-{number}.jsonl.gz"
        path.write_bytes(gzip.compress(text.encode(), 5))


def in_batches(lines: Sequence[Json], size: int) -> list[Sequence[Json]]:
    return [lines[start : start + size] for start in range(0, len(lines), size)]


def write_source(folder: Path, n: int = N) -> Path:
    """A source of n features, each with two examples and one or two explanations."""
    as_text = sorted(range(n), key=str)
    write_batches(
        folder / "features", in_batches([feature_line(i) for i in as_text], SIZE)
    )
    explanations = [
        explanation_line(i, f"{way} {i}")
        for i in as_text
        for way in (["first", "second"] if i % 3 == 0 else ["only"])
    ]
    write_batches(folder / "explanations", in_batches(explanations, SIZE))
    write_batches(
        folder / "activations",
        [
            # The exporter asks for no order inside a batch.
            [
                activation_line(i, i + peak)
                for peak in (1.0, 3.0)
                for i in reversed(batch)
            ]
            for batch in (range(s, min(s + SIZE, n)) for s in range(0, n, SIZE))
        ],
    )
    for name in ("model", "release", "source", "sourceset"):
        (folder / f"{name}.jsonl").write_text(json.dumps({"id": name}) + "\n")
    return folder


def known(found: FeatureEvidence | None) -> FeatureEvidence:
    assert found is not None
    return found


def check(found: FeatureEvidence | None, index: int) -> None:
    evidence = known(found)
    assert evidence.feature == key(index)
    assert [e.activation for e in evidence.examples] == [index + 3.0, index + 1.0]
    assert [e.top for e in evidence.examples] == [1, 1]
    assert evidence.examples[0].tokens[1] == f"▁{index}"
    assert {e.group for e in evidence.examples} == {"Top activations"}
    assert evidence.density == index / 1000
    assert evidence.top_logits[0] == LogitEffect(" cat", 1.5)
    assert evidence.histogram is not None
    ways = ["first", "second"] if index % 3 == 0 else ["only"]
    assert evidence.explanations == tuple(
        StoredExplanation(f"{way} {index}", "oai_token-act-pair", "gpt-4o-mini")
        for way in ways
    )


@pytest.mark.parametrize("named", [True, False])
def test_every_feature_is_found(tmp_path: Path, named: bool) -> None:
    write_source(tmp_path / "v1" / MODEL / SOURCE)
    features = [key(index) for index in range(N)] if named else None
    export = NeuronpediaExport(tmp_path / "v1", features)
    for index in range(N):
        check(export.evidence(key(index)), index)


@pytest.mark.parametrize("place", [f"v1/{MODEL}/{SOURCE}", f"v1/{MODEL}", "v1"])
def test_the_folder_of_a_source_a_model_or_several(tmp_path: Path, place: str) -> None:
    write_source(tmp_path / "v1" / MODEL / SOURCE)
    assert recognises(tmp_path / place)
    export = NeuronpediaExport(tmp_path / place)
    check(export.evidence(key(9)), 9)
    assert known(export.evidence(key(9))).origin == str(
        tmp_path / "v1" / MODEL / SOURCE
    )
    assert str(tmp_path / place) in export.name


def test_another_layer_model_or_feature_is_unknown(tmp_path: Path) -> None:
    write_source(tmp_path / "v1" / MODEL / SOURCE)
    export = NeuronpediaExport(tmp_path / "v1")
    assert export.evidence(key(9, layer=2)) is None
    assert export.evidence(key(9, model="gemma-2-9b")) is None
    assert export.evidence(key(N)) is None
    assert export.evidence(key(10**6)) is None


def test_a_source_may_lie_in_a_folder_of_any_name(tmp_path: Path) -> None:
    write_source(tmp_path / "downloaded")
    check(NeuronpediaExport(tmp_path / "downloaded").evidence(key(3)), 3)


def test_several_sources_of_a_model(tmp_path: Path) -> None:
    write_source(tmp_path / MODEL / SOURCE)
    other = tmp_path / MODEL / "2-clt-hp"
    line = activation_line(5, 9.0) | head(5, "2-clt-hp")
    write_batches(other / "activations", [[line]])
    export = NeuronpediaExport(tmp_path / MODEL, [key(5), key(5, layer=2)])
    check(export.evidence(key(5)), 5)
    assert known(export.evidence(key(5, layer=2))).max_activation == 9.0


def test_what_was_not_downloaded_is_not_missed(tmp_path: Path) -> None:
    source = write_source(tmp_path / SOURCE)
    for kind in ("features", "explanations"):
        for path in (source / kind).iterdir():
            path.unlink()
    for number in (0, 1, 3, 4):
        (source / f"activations/batch-{number}.jsonl.gz").unlink()
    export = NeuronpediaExport(source)
    found = known(export.evidence(key(2 * SIZE)))
    assert len(found.examples) == 2
    assert (found.density, found.top_logits, found.explanations) == (None, (), ())
    assert export.evidence(key(0)) is None


def test_files_that_were_unzipped(tmp_path: Path) -> None:
    source = write_source(tmp_path / SOURCE)
    for path in source.glob("*/*.gz"):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    check(NeuronpediaExport(source).evidence(key(30)), 30)


def test_lines_of_a_feature_may_go_on_in_the_next_file(tmp_path: Path) -> None:
    lines = [explanation_line(index, text) for index, text in [(1, "a"), (2, "b")]]
    more = [explanation_line(index, text) for index, text in [(2, "c"), (3, "d")]]
    write_batches(tmp_path / "explanations", [lines, more])
    found = known(NeuronpediaExport(tmp_path).evidence(key(2)))
    assert [explanation.text for explanation in found.explanations] == ["b", "c"]


def test_intervals_name_their_examples(tmp_path: Path) -> None:
    line = activation_line(1, 2.0, binMin=0.5, binMax=2.125, binContains=0.25)
    write_batches(tmp_path / "activations", [[line]])
    (example,) = known(NeuronpediaExport(tmp_path).evidence(key(1))).examples
    assert example.group == "0.5 to 2.12"


# How often files are read


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each file was unzipped, by kind and name."""
    count: Counter[str] = Counter()
    unzip = gzip.open

    def counting(path: Path) -> object:
        count["/".join(path.parts[-2:])] += 1
        return unzip(path)

    monkeypatch.setattr(gzip, "open", counting)
    return count


def test_each_file_is_read_whole_once_for_all_named_features(
    tmp_path: Path, opened: Counter[str]
) -> None:
    write_source(tmp_path / SOURCE)
    features = [key(index) for index in range(0, N, 3)]
    export = NeuronpediaExport(tmp_path / SOURCE, features)
    for feature in features + features:
        check(export.evidence(feature), feature.index)
    # Once more for the first line, which tells where to look.
    assert set(opened.values()) <= {1, 2, 3}
    assert opened["activations/batch-2.jsonl.gz"] == 1


def test_of_one_feature_only_its_batches_are_read(
    tmp_path: Path, opened: Counter[str]
) -> None:
    write_source(tmp_path / SOURCE)
    export = NeuronpediaExport(tmp_path / SOURCE)
    export.evidence(key(0))
    opened.clear()
    check(export.evidence(key(27)), 27)
    assert opened["activations/batch-3.jsonl.gz"] == 1
    assert {name.split("/")[0] for name in opened} == {
        "features",
        "explanations",
        "activations",
    }
    assert sum(opened.values()) <= 4


def test_a_damaged_file_is_not_read_again_for_each_named_feature(
    tmp_path: Path, opened: Counter[str]
) -> None:
    path = write_source(tmp_path / SOURCE) / "activations/batch-2.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-9])
    features = [key(index) for index in range(16, 24)]
    export = NeuronpediaExport(tmp_path / SOURCE, features)
    for feature in features:
        with pytest.raises(EvidenceError, match=r"batch-2\.jsonl\.gz"):
            export.evidence(feature)
    assert opened["activations/batch-2.jsonl.gz"] == 1


# Damage


def rewrite(path: Path, lines: list[bytes]) -> None:
    path.write_bytes(gzip.compress(b"\n".join(lines) + b"\n"))


def lines_of(path: Path) -> list[bytes]:
    return gzip.decompress(path.read_bytes()).splitlines()


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("kind", ["features", "explanations", "activations"])
def test_a_broken_line_hides_no_other_feature(
    tmp_path: Path, kind: str, named: bool
) -> None:
    source = write_source(tmp_path / SOURCE)
    path = source / kind / "batch-0.jsonl.gz"
    lines = lines_of(path)
    at = next(n for n, line in enumerate(lines) if b'"index": "1"' in line)
    lines[at] = lines[at][:-9]
    rewrite(path, [b"{not json", *lines])
    features = [key(index) for index in range(N)] if named else None
    export = NeuronpediaExport(source, features)
    with pytest.raises(EvidenceError) as refused:
        export.evidence(key(1))
    assert f"{path}, line {at + 2}" in str(refused.value)
    check(export.evidence(key(0)), 0)
    check(export.evidence(key(10)), 10)


@pytest.mark.parametrize(
    ("more", "part"),
    [
        ({"values": [1.0]}, "values: 1 values for 3 tokens"),
        ({"values": [0.0, float("nan"), 1.0]}, "values[1]: NaN and Infinity"),
        ({"values": [0.0, 1e300, 1.0]}, "values[1]: 1e+300 is no activation"),
        ({"tokens": 3}, "tokens: expected `array`"),
    ],
)
def test_an_activation_that_is_wrong(tmp_path: Path, more: Json, part: str) -> None:
    path = tmp_path / "activations/batch-0.jsonl.gz"
    lines = [activation_line(1, 1.0), activation_line(2, 1.0, **more)]
    write_batches(path.parent, [lines])
    export = NeuronpediaExport(tmp_path)
    with pytest.raises(EvidenceError) as refused:
        export.evidence(key(2))
    assert f"{path}, line 2: {part}" in str(refused.value)
    assert known(export.evidence(key(1))).max_activation == 1.0


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("damage", ["cut off", "flipped", "no gzip"])
def test_a_damaged_file_is_told_with_the_line_that_was_reached(
    tmp_path: Path, damage: str, named: bool
) -> None:
    source = write_source(tmp_path / SOURCE)
    path = source / "activations/batch-1.jsonl.gz"
    data = bytearray(path.read_bytes())
    if damage == "cut off":
        del data[-40:]
    elif damage == "flipped":
        data[-8] ^= 0xFF
    else:
        data = bytearray(b"no gzip")
    path.write_bytes(data)
    export = NeuronpediaExport(source, [key(9), key(10)] if named else None)
    for _ in range(2):
        with pytest.raises(EvidenceError, match=r"batch-1\.jsonl\.gz, line \d+"):
            export.evidence(key(9))
    check(export.evidence(key(30)), 30)


def test_a_file_that_is_none_hides_no_features_of_other_files(tmp_path: Path) -> None:
    source = write_source(tmp_path / SOURCE)
    (source / "features/batch-0.jsonl.gz").write_bytes(b"no gzip")
    export = NeuronpediaExport(source)
    check(export.evidence(key(9)), 9)
    with pytest.raises(EvidenceError, match=r"batch-0\.jsonl\.gz, line 1"):
        export.evidence(key(0))


def test_a_line_without_end_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import glossator.evidence.neuronpedia_export as module

    monkeypatch.setattr(module, "_MOST_LINE", 10_000)
    source = write_source(tmp_path / SOURCE)
    path = source / "activations/batch-1.jsonl.gz"
    rewrite(path, [*lines_of(path), b"x" * 20_000])
    with pytest.raises(EvidenceError, match=r"batch-1\.jsonl\.gz, line 17: .*too long"):
        NeuronpediaExport(source).evidence(key(9))


def test_no_export_at_all(tmp_path: Path) -> None:
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "batch-x.jsonl").write_text("{}")
    assert not recognises(tmp_path)
    assert not recognises(tmp_path / "gone")
    with pytest.raises(EvidenceError, match="no export of Neuronpedia"):
        NeuronpediaExport(tmp_path)


def test_lines_that_name_no_source(tmp_path: Path) -> None:
    write_batches(tmp_path / "features", [[{"index": "1"}]])
    with pytest.raises(EvidenceError, match=r"batch-0.*no line tells modelId"):
        NeuronpediaExport(tmp_path).evidence(key(1))
