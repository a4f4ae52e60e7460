"""What each format tells of a feature."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from glossator.errors import EvidenceError
from glossator.evidence.feature_evidence import (
    ActivationExample,
    CombinedEvidence,
    FeatureEvidence,
    Histogram,
    LogitEffect,
    StoredExplanation,
)
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
BATCH_KEY = FeatureKey("gpt2-small", "res-jb", 0, 1)
EXAMPLES = [(["a", "b"], [0.5, 1.0]), (["c", "d"], [3.0, 3.0]), ([], [])]


def _known(found: FeatureEvidence | None) -> FeatureEvidence:
    assert found is not None
    return found


def _check_examples(evidence: FeatureEvidence, groups: list[str]) -> None:
    """The examples of EXAMPLES: strongest first, the empty one left out."""
    assert [example.tokens for example in evidence.examples] == [("c", "d"), ("a", "b")]
    assert [example.top for example in evidence.examples] == [0, 1]
    assert [example.activation for example in evidence.examples] == [3.0, 1.0]
    assert [example.group for example in evidence.examples] == groups
    assert evidence.max_activation == 3.0


def test_feature_file(tmp_path: Path) -> None:
    document = feature_json({"Top": EXAMPLES[:1], "Rest": EXAMPLES[1:]})
    document["examples_quantiles"][1]["examples"][0]["is_repeated_datapoint"] = True
    path = tmp_path / f"{cantor(2, 9)}.json"
    path.write_bytes(as_bytes(document))
    evidence = _known(FeatureFolder(tmp_path).evidence(KEY))
    _check_examples(evidence, ["Rest", "Top"])
    assert [example.repeated for example in evidence.examples] == [True, False]
    assert evidence.feature == KEY
    assert evidence.origin == str(path)
    assert evidence.top_logits == (LogitEffect(" cat", None),)
    assert evidence.bottom_logits == (LogitEffect("zzz", None),)
    assert evidence.density == 0.01
    assert evidence.histogram is not None
    assert evidence.histogram.edges.tolist() == [0.0, 2.0, 4.0]
    assert evidence.histogram.counts.tolist() == [3.0, 1.0]


def test_files_named_by_opaque_numbers(tmp_path: Path) -> None:
    (tmp_path / "9.json").write_bytes(as_bytes(feature_json()))
    assert FeatureFolder(tmp_path).evidence(KEY) is None
    assert _known(FeatureFolder(tmp_path, opaque_numbers=True).evidence(KEY)).examples


def test_packed_layers(tmp_path: Path) -> None:
    features = [feature_json({"q": [([name], [1.0])]}) for name in "ab"]
    write_packed(tmp_path, {2: [features[0], None, features[1]], 5: [features[0]]})
    folder = FeatureFolder(tmp_path)

    def first_token(layer: int, index: int) -> str | None:
        found = folder.evidence(FeatureKey("m", "s", layer, index))
        return found.examples[0].tokens[0] if found else None

    assert [first_token(2, index) for index in range(4)] == ["a", None, "b", None]
    assert first_token(5, 0) == "a"
    assert first_token(3, 0) is None


def test_dashboard_batch(tmp_path: Path) -> None:
    record = batch_feature(1, EXAMPLES)
    record["activations"][1] |= {"bin_min": 2.0, "bin_max": 4.5, "bin_contains": 0.25}
    path = tmp_path / "batch-0.json"
    path.write_bytes(as_bytes(dashboard_batch(batch_feature(0), record)))
    source = SaeDashboardBatches([path], name="x")
    assert source.features == (FeatureKey("gpt2-small", "res-jb", 0, 0), BATCH_KEY)
    evidence = _known(source.evidence(BATCH_KEY))
    _check_examples(evidence, ["2 to 4.5", "Top activations"])
    _check_columns(evidence)
    assert source.evidence(KEY) is None


def _check_columns(evidence: FeatureEvidence) -> None:
    assert evidence.top_logits == (LogitEffect(" cat", 1.5), LogitEffect(" dog", 1.25))
    assert evidence.bottom_logits == (LogitEffect("zzz", -1.0),)
    assert evidence.density == 0.01
    assert evidence.histogram is not None
    assert evidence.histogram.edges.tolist() == [0.0, 2.0, 4.0]


@pytest.mark.parametrize("index", ["9", 9])
@pytest.mark.parametrize("in_list", [True, False])
def test_neuronpedia_row(tmp_path: Path, index: str | int, in_list: bool) -> None:
    row = neuron_row(2, 9, EXAMPLES) | {"index": index}
    row["activations"][0] |= {"binMin": 0.5, "binMax": 2}
    row["explanations"] += [
        {"description": None, "typeName": "x"},
        {
            "id": "clsxqq2xd0000vvp2k5itlhqj",
            "description": "dogs",
            "explanationModelName": "claude",
        },
    ]
    path = tmp_path / "f.json.gz"
    document = [neuron_row(0, 0), row] if in_list else row
    path.write_bytes(gzip.compress(as_bytes(document)))
    evidence = _known(NeuronpediaRows([path], name="x").evidence(KEY))
    _check_examples(evidence, ["Top activations", "0.5 to 2"])
    _check_columns(evidence)
    assert evidence.explanations == (
        StoredExplanation("animals", "np_max-act", "gpt-4o-mini"),
        StoredExplanation("dogs", "", "claude", "2024-02-22T21:33:42.097+00:00"),
    )


def test_logits_of_another_length_lose_their_values(tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    path.write_bytes(as_bytes(neuron_row(2, 9, pos_values=[1.0])))
    evidence = _known(NeuronpediaRows([path], name="x").evidence(KEY))
    assert evidence.top_logits == (LogitEffect(" cat", None), LogitEffect(" dog", None))


@pytest.mark.parametrize(
    ("centres", "edges"),
    [
        ([1.0, 3.0, 5.0], [0.0, 2.0, 4.0, 6.0]),
        # No bin begins below zero, unless its centre lies there.
        ([0.0, 2.0], [0.0, 1.0, 3.0]),
        ([-1.0, 1.0], [-2.0, 0.0, 2.0]),
    ],
)
def test_edges_lie_halfway_between_centres(
    tmp_path: Path, centres: list[float], edges: list[float]
) -> None:
    row = neuron_row(
        2,
        9,
        freq_hist_data_bar_values=centres,
        freq_hist_data_bar_heights=[1.0] * len(centres),
    )
    path = tmp_path / "f.json"
    path.write_bytes(as_bytes(row))
    histogram = _known(NeuronpediaRows([path], name="x").evidence(KEY)).histogram
    assert histogram is not None
    assert histogram.edges.tolist() == edges


@pytest.mark.parametrize(
    ("centres", "heights"),
    [
        ([], []),
        ([1.0], [1.0]),
        ([1.0, 2.0], [1.0]),
        ([1.0, 1.0], [1.0, 2.0]),
        ([3.0, 1.0], [1.0, 2.0]),
        ([1.0, 2.0, 3.0, 2.5], [1.0, 2.0, 3.0, 4.0]),
        ([-1.7e308, 1.7e308], [1.0, 2.0]),
        ([-1.2e308, 3.0], [1.0, 2.0]),
        ([1.0, 2.0], [1.7e308, 1.7e308]),
        ([1.0, 2.0], [-1.0, 2.0]),
    ],
)
def test_no_histogram_of_bins_that_do_not_rise(
    tmp_path: Path, centres: list[float], heights: list[float]
) -> None:
    row = neuron_row(
        2, 9, freq_hist_data_bar_values=centres, freq_hist_data_bar_heights=heights
    )
    path = tmp_path / "f.json"
    path.write_bytes(as_bytes(row))
    assert _known(NeuronpediaRows([path], name="x").evidence(KEY)).histogram is None


@pytest.mark.parametrize(
    "changes",
    [
        {"act_min": 4.0},
        {"act_max": None},
        {"histogram": []},
        {"act_min": None},
        {"act_min": -1.7e308, "act_max": 1.7e308},
        {"histogram": [1.7e308, 1.7e308]},
        {"histogram": [3, -1]},
    ],
)
def test_no_histogram_without_its_range(tmp_path: Path, changes: Json) -> None:
    path = tmp_path / f"{cantor(2, 9)}.json"
    path.write_bytes(as_bytes(feature_json(**changes)))
    assert _known(FeatureFolder(tmp_path).evidence(KEY)).histogram is None


def test_example_of_zeros_has_its_first_token_on_top() -> None:
    example = ActivationExample(("a", "b"), np.zeros(2, np.float32))
    assert (example.top, example.activation) == (0, 0.0)


@pytest.mark.parametrize(
    ("activation", "share"),
    [(-1, 0), (0, 0), (0.5, 0.3), (1, 0.6), (2, 0.6), (2.5, 0.8), (3, 1), (9, 1)],
)
def test_percentile(activation: float, share: float) -> None:
    # Six in [0, 1], none in [1, 2], four in [2, 3].
    histogram = Histogram(np.arange(4.0), np.array([6.0, 0.0, 4.0]))
    assert histogram.percentile(activation) == pytest.approx(share)


def test_percentile_of_nothing() -> None:
    assert Histogram(np.arange(3.0), np.zeros(2)).percentile(1.0) == 0.0


# Which format is it?


@pytest.mark.parametrize(
    ("file", "document", "kind"),
    [
        ("47.json", feature_json(), FeatureFolder),
        ("batch-0.json", dashboard_batch(), SaeDashboardBatches),
        ("20.json", neuron_row(2, 9), NeuronpediaRows),
        ("20.json", [neuron_row(2, 9)], NeuronpediaRows),
    ],
)
@pytest.mark.parametrize("whole_folder", [True, False])
def test_format_is_told_by_content(
    tmp_path: Path, file: str, document: object, kind: type, whole_folder: bool
) -> None:
    path = tmp_path / file
    path.write_bytes(as_bytes(document))
    source = open_evidence(tmp_path if whole_folder else path)
    assert isinstance(source, kind)
    assert str(tmp_path) in source.name


def test_packed_folder_is_told_by_its_index(tmp_path: Path) -> None:
    write_packed(tmp_path, {2: [feature_json()]})
    source = open_evidence(tmp_path)
    assert source.evidence(FeatureKey("m", "s", 2, 0)) is not None


def test_opaque_numbers_are_passed_on(tmp_path: Path) -> None:
    (tmp_path / "9.json").write_bytes(as_bytes(feature_json()))
    assert open_evidence(tmp_path, opaque_numbers=True).evidence(KEY) is not None


# Several sources


def test_the_first_source_that_knows_is_asked(tmp_path: Path) -> None:
    made: list[Callable[[], Json]] = [
        lambda: neuron_row(2, 9, EXAMPLES[:1]),
        lambda: neuron_row(2, 9, EXAMPLES[1:]),
    ]
    sources = []
    for at, make in enumerate(made):
        path = tmp_path / f"{at}.json"
        path.write_text(json.dumps(make()))
        sources.append(NeuronpediaRows([path], name=str(at)))
    combined = CombinedEvidence((sources[0], sources[1]))
    assert _known(combined.evidence(KEY)).max_activation == 1.0
    assert combined.evidence(BATCH_KEY) is None
    assert CombinedEvidence().name == "no evidence"
    assert combined.name == "Neuronpedia features 0, Neuronpedia features 1"


# Real ones


@pytest.mark.shared
def test_real_batches(shared: Path) -> None:
    source = open_evidence(shared / "features")
    assert isinstance(source, SaeDashboardBatches)
    found = {key.index: _known(source.evidence(key)) for key in source.features}
    assert {(k.model, k.source_set, k.layer) for k in source.features} == {
        ("gpt2-small", "res-jb", 0)
    }
    counts = {index: len(evidence.examples) for index, evidence in found.items()}
    assert counts == {0: 38, 1: 35, 2: 52, 3: 44}
    for index, evidence in found.items():
        assert {len(example.tokens) for example in evidence.examples} == {127}
        assert len(evidence.top_logits) == len(evidence.bottom_logits) == 10
        assert (evidence.max_activation > 0) == (index != 1)
        activations = [example.activation for example in evidence.examples]
        assert activations == sorted(activations, reverse=True)


def test_sources_are_asked_in_order_and_a_broken_one_hides_no_other(
    tmp_path: Path,
) -> None:
    key = FeatureKey("m", "s", 0, 0)
    broken, good = tmp_path / "broken", tmp_path / "good"
    for folder, text in ((broken, "{"), (good, json.dumps(feature_json()))):
        folder.mkdir()
        (folder / "0.json").write_text(text)
    both = CombinedEvidence((FeatureFolder(broken), FeatureFolder(good)))
    found = both.evidence(key)
    assert found is not None
    assert str(good) in found.origin
    with pytest.raises(EvidenceError, match="broken"):
        CombinedEvidence((FeatureFolder(broken),)).evidence(key)
    assert both.evidence(FeatureKey("m", "s", 1, 1)) is None
