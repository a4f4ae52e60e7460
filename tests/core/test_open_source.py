"""A path is opened as the kind of evidence that lies there."""

import gzip
from pathlib import Path

import pytest

from glossator.errors import EvidenceError
from glossator.evidence.delphi import DelphiCache
from glossator.evidence.evidence_store import EvidenceStore
from glossator.evidence.feature_folder import FeatureFolder
from glossator.evidence.neuronpedia import NeuronpediaRows
from glossator.evidence.neuronpedia_export import NeuronpediaExport
from glossator.evidence.open_source import open_evidence
from glossator.evidence.saedashboard import SaeDashboardBatches
from glossator.graph.attribution_graph import FeatureKey
from tests.core.graph_documents import (
    as_bytes,
    dashboard_batch,
    feature_json,
    neuron_row,
    write_packed,
)

KEY = FeatureKey("gemma-2-2b", "clt-hp", 2, 9)


def _made(kind: type, folder: Path) -> Path:
    """Evidence of a kind; where folders are told by their content, a folder."""
    if kind is EvidenceStore:
        return EvidenceStore.create(folder / "x.evidence", "x", "y").path
    if kind is NeuronpediaExport:
        (folder / "features").mkdir()
        line = gzip.compress(as_bytes(neuron_row(2, 9)) + b"\n")
        (folder / "features" / "batch-0.jsonl.gz").write_bytes(line)
    elif kind is DelphiCache:
        (folder / "0_1023.safetensors").touch()
    elif kind is FeatureFolder:
        write_packed(folder, {2: [feature_json()]})
    else:
        document = (
            dashboard_batch() if kind is SaeDashboardBatches else neuron_row(2, 9)
        )
        (folder / "x.json").write_bytes(as_bytes(document))
    return folder


@pytest.mark.parametrize(
    "kind",
    [
        EvidenceStore,
        FeatureFolder,
        NeuronpediaExport,
        DelphiCache,
        SaeDashboardBatches,
        NeuronpediaRows,
    ],
)
def test_each_kind_is_recognised(tmp_path: Path, kind: type) -> None:
    assert type(open_evidence(_made(kind, tmp_path))) is kind


def test_feature_files_are_opened_as_their_folder(tmp_path: Path) -> None:
    path = tmp_path / "9.json"
    path.write_bytes(as_bytes(feature_json()))
    for given in (path, tmp_path):
        source = open_evidence(given, opaque_numbers=True)
        assert isinstance(source, FeatureFolder)
        assert source.evidence(KEY) is not None


def test_an_export_is_read_once_for_the_features_that_are_named(
    tmp_path: Path,
) -> None:
    folder = _made(NeuronpediaExport, tmp_path)
    source = open_evidence(folder, features=[KEY])
    assert source.evidence(KEY) is not None
    (folder / "features" / "batch-0.jsonl.gz").write_bytes(b"")
    assert source.evidence(KEY) is not None


def test_what_is_none_of_them_is_told_all(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("{}")
    with pytest.raises(EvidenceError) as refused:
        open_evidence(tmp_path)
    assert str(refused.value) == (
        f"{path}: no known evidence: expected fetched evidence (.evidence), packed "
        "features (index.json.gz), an export of Neuronpedia "
        "(features/batch-0.jsonl.gz), latents of delphi (0_1023.safetensors), "
        "circuit-tracer feature JSON (examples_quantiles), SAEDashboard batches "
        "(sae_set) or Neuronpedia features (modelId)"
    )
