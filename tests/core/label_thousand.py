"""A project of a thousand features, and a process that labels them all."""

import sys
from pathlib import Path

from glossator.graph.attribution_graph import FeatureKey
from glossator.graph.graph_file import read_graph
from glossator.headless import ask_models
from glossator.labelers.label_settings import LabelSettings
from glossator.labelling.tasks import TierLabelers
from glossator.project.edits import SetResult
from glossator.project.open_files import add_evidence_path, add_graphs
from glossator.project.project import Project
from glossator.project.revision import feature_subject
from glossator.protocol.decision import FeatureScores, ProtocolResult, TierDecision
from glossator.protocol.protocol_settings import ProtocolSettings
from tests.core.graph_documents import (
    as_bytes,
    batch_feature,
    dashboard_batch,
    feature_node,
    tracer_graph,
)

N = 1000
AT_ONCE = 16
_CROSS = TierDecision(
    tier="cross", routing="calibrated", threshold=3.0, reason="made for a test."
)
RESULT = ProtocolResult(
    scores=FeatureScores(n_examples=3, n_distinct=3),
    calibrated=_CROSS,
    literal=_CROSS,
    routing="calibrated",
    embedder="none",
)


def word(feature: FeatureKey) -> str:
    """The one that the examples of a feature have in common."""
    return f"word{feature.index:04}"


def make_project(path: Path) -> None:
    """All features are called cross; each is about a word of its own."""
    info = {"neuronpedia_source_set": "res-jb"}
    nodes = [feature_node(0, index, 1) for index in range(N)]
    graph = tracer_graph(nodes, [], scan="gpt2-small", info=None, feature_details=info)
    file, evidence = path.with_suffix(".json"), path.with_name("batch.json")
    file.write_bytes(as_bytes(graph))
    batch = (batch_feature(index, _examples(f"word{index:04}")) for index in range(N))
    evidence.write_bytes(as_bytes(dashboard_batch(*batch)))
    project = add_graphs(path, [read_graph(file)], [file])
    add_evidence_path(project, str(evidence))
    found = [SetResult(feature_subject(f), RESULT) for f in project.state.features()]
    project.apply("run protocol", found)
    project.close()


def _examples(own: str) -> list[tuple[list[str], list[float]]]:
    return [
        (["the", f" {own}", f" {after}"], [0.0, 9.0, 0.0])
        for after in ("lamp", "river", "stone")
    ]


def label_all(path: Path, server: str) -> None:
    labelling = LabelSettings(
        tier2="np_max-act",
        frontier=server,
        prompt_price=3.0,
        answer_price=15.0,
        at_once=AT_ONCE,
    ).checked()
    project = Project(path)
    try:
        labelers = TierLabelers.of(ProtocolSettings(), labelling, project.id)
        ask_models(project, labelers)
    finally:
        project.close()


if __name__ == "__main__":
    label_all(Path(sys.argv[1]), sys.argv[2])
