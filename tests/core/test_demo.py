"""The embedded demo: real graphs, real evidence, and the command that labels it."""

from pathlib import Path

import numpy as np
import pytest

from glossator.cli import main
from glossator.evidence.feature_folder import FeatureFolder
from glossator.graph.attribution_graph import NodeKind
from glossator.graph.graph_file import read_graph
from glossator.protocol.null_distribution import read_shipped_nulls, shipped_null
from glossator.protocol.protocol_settings import (
    WINDOW_NAMES,
    ProtocolSettings,
)
from glossator_resources import demo_folder

GRAPHS = sorted((demo_folder() / "graphs").glob("*.json"))


def test_three_prompts_share_one_source() -> None:
    graphs = [read_graph(path) for path in GRAPHS]
    assert len(graphs) >= 3
    assert {(g.model, g.source_set) for g in graphs} == {
        ("smollm2-135m-instruct", "mlp-neurons-signed")
    }
    for graph in graphs:
        assert graph.warnings == ()
        assert "4-bit" in graph.description
        kinds = graph.nodes.kind
        assert {int(kind) for kind in kinds} == {
            NodeKind.FEATURE,
            NodeKind.ERROR,
            NodeKind.EMBEDDING,
            NodeKind.LOGIT,
        }
        layers = graph.nodes.layer
        assert np.all(layers[graph.links.source] < layers[graph.links.target])


def test_every_feature_has_evidence_that_contains_its_activation() -> None:
    folder = FeatureFolder(demo_folder() / "features")
    for path in GRAPHS:
        for feature in read_graph(path).features:
            evidence = folder.evidence(feature)
            assert evidence is not None
            assert len(evidence.examples) >= 20
            assert evidence.histogram is not None
            assert len(evidence.top_logits) == 10


def test_the_shipped_null_knows_the_default_windows() -> None:
    settings = ProtocolSettings()
    shipped = read_shipped_nulls()
    for name in WINDOW_NAMES:
        null = shipped_null(shipped, settings.window(name), "all-MiniLM-L6-v2")
        assert null is not None
        assert set(range(3, settings.n_examples + 1)) <= set(null.by_n)
        assert shipped_null(shipped, settings.window(name), "another") is None
    # The more windows, the less they agree by chance.
    spread = {n: cell.sd for n, cell in shipped.windows["[-8, 8]"].by_n.items()}
    assert spread[5] > 1.5 * spread[10] > 2.25 * spread[20]


@pytest.mark.model
@pytest.mark.usefixtures("embedded_once")
def test_the_command_labels_and_exports_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert main(["demo", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "No display here" in said
    header = next(line for line in said.splitlines() if line.startswith("layer"))
    assert header.split()[1:4] == ["input", "output", "cross"]
    total = next(line for line in said.splitlines() if line.startswith("  all"))
    features = {f for path in GRAPHS for f in read_graph(path).features}
    assert sum(map(int, total.split()[1:])) == len(features)
    written = sorted(tmp_path.glob("*.json"))
    assert [path.name for path in written] == [path.name for path in GRAPHS]
    for path in written:
        labels = read_graph(path).imported.labels.values()
        assert {label.status for label in labels} == {"proposed"}
        assert len(labels) > 20
