"""A project in the window whose features are decided on, and evidence of them."""

from pathlib import Path

from PySide6.QtWidgets import QApplication, QDialog

from glossator.graph.attribution_graph import FeatureKey
from glossator.project.edits import SetResult
from glossator.project.revision import feature_subject
from glossator.protocol.decision import Tier
from glossator_gui.main_window import MainWindow
from tests.core.graph_documents import (
    as_bytes,
    batch_feature,
    dashboard_batch,
    feature_node,
    tracer_graph,
)
from tests.core.labelled_features import result

TIERS: tuple[Tier, ...] = (
    "input",
    "input",
    "cross",
    "cross",
    "cross",
    "obscure",
    "insufficient",
)
"""By the index of the feature."""


def open_scored(window: MainWindow, folder: Path) -> list[FeatureKey]:
    """Open a project with a feature of each of `TIERS`."""
    info = {"neuronpedia_source_set": "res-jb"}
    nodes = [feature_node(0, index, 1) for index in range(len(TIERS))]
    graph = tracer_graph(nodes, [], scan="gpt2-small", info=None, feature_details=info)
    path, evidence = folder / "graph.json", folder / "batch.json"
    path.write_bytes(as_bytes(graph))
    batch = [batch_feature(at, _examples(f"word{at}")) for at in range(len(TIERS))]
    evidence.write_bytes(as_bytes(dashboard_batch(*batch)))
    window.session.open_files([path])
    window.session.add_evidence(evidence)
    features = list(window.session.state.features())
    found = [SetResult(feature_subject(f), result(TIERS[f.index])) for f in features]
    window.session.apply("run protocol", found)
    return features


def _examples(own: str) -> list[tuple[list[str], list[float]]]:
    return [
        (["the", f" {own}", f" {after}"], [0.0, 9.0 - at, 0.0])
        for at, after in enumerate(("lamp", "river", "stone", "cloud"))
    ]


def shown_dialog(window: MainWindow) -> QDialog:
    """The one that is open."""
    QApplication.processEvents()
    (dialog,) = (d for d in window.findChildren(QDialog) if d.isVisible())
    return dialog
