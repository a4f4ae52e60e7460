"""What a file is and how much it holds, for people and for scripts."""

from pathlib import Path
from typing import TypeAlias

import msgspec

from glossator.errors import EvidenceError, GraphFileError
from glossator.evidence.evidence_store import EvidenceStore
from glossator.evidence.neuronpedia import NeuronpediaRows
from glossator.evidence.open_source import open_evidence
from glossator.evidence.saedashboard import SaeDashboardBatches
from glossator.graph.attribution_graph import NodeKind
from glossator.graph.graph_file import read_graph
from glossator.project.open_files import (
    evidence_paths,
    is_evidence_store,
    is_project_file,
    state_of,
)
from glossator.project.project import Project
from glossator.project.reviewing.review_quality import left_to_person
from glossator.project.revision import GraphId
from glossator.project.state import ProjectState

Summary: TypeAlias = dict[str, "str | int | list[str] | list[Summary]"]


def summarise(path: Path) -> Summary:
    """Counts of a graph, a project or evidence.

    Raises
    ------
    GlossatorError
        if the file is none of these.
    """
    if is_project_file(path):
        return _project(path)
    if path.is_dir() or is_evidence_store(path):
        return _evidence(path)
    try:
        graph = read_graph(path)
    except GraphFileError as no_graph:
        # A list, or an object without a graph's keys, may be evidence.
        is_json = isinstance(no_graph.__cause__, msgspec.ValidationError)
        if not is_json or no_graph.field not in ("", "metadata", "nodes", "links"):
            raise
        try:
            return _evidence(path)
        except EvidenceError:
            raise no_graph from None
    state, number = state_of(graph, path)
    return {"kind": "attribution graph", "file": str(path), **_graph(state, number)}


def _graph(state: ProjectState, number: GraphId) -> Summary:
    graph = state.graphs[number].graph
    kinds = graph.nodes.kind
    features = [f for f in graph.features if state.label(f)]
    return {
        "slug": graph.slug,
        "model": graph.model,
        "source": graph.source_set or "not named",
        "tokens": len(graph.prompt_tokens),
        "nodes": len(graph),
        "links": len(graph.links),
        "supernodes": len(state.supernodes.get(number, {})),
        "pinned nodes": len(state.pins.get(number, ())),
        "feature nodes": int(graph.nodes.is_feature.sum()),
        "error nodes": int((kinds == NodeKind.ERROR).sum()),
        "logits": int((kinds == NodeKind.LOGIT).sum()),
        "features": len(graph.features),
        "labelled features": len(features),
        "labelled nodes": sum(
            bool(state.label_at(number, node))
            for feature in graph.features
            for node in graph.nodes_of(feature)
        ),
        "left to a person": left_to_person(state, number).left,
        "warnings": list(graph.warnings),
    }


def _project(path: Path) -> Summary:
    project = Project(path, read_only=True)
    try:
        state = project.state
        reviewed = [state.review_state(feature) for feature in state.features()]
        return {
            "kind": "project",
            "file": str(path),
            "model": state.model,
            "source": state.source_set or "not named",
            "graphs": [_graph(state, number) for number in state.graphs],
            "features": len(reviewed),
            "accepted": reviewed.count("accepted"),
            "proposed": reviewed.count("proposed"),
            "scored": len(state.results),
            "evidence": list(evidence_paths(project)),
        }
    finally:
        project.close()


def _evidence(path: Path) -> Summary:
    source = open_evidence(path)
    summary: Summary = {"kind": "evidence", "file": str(path), "source": source.name}
    if isinstance(source, SaeDashboardBatches | NeuronpediaRows | EvidenceStore):
        summary["features"] = len(source.features)
    return summary


def one_line(text: str) -> str:
    """Text of whatever origin, fit for a terminal: one line, and no orders to it."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode()
        for char in text
    )


def as_lines(summary: Summary, indent: str = "") -> list[str]:
    """``name value`` a line, numbers without separators."""
    lines: list[str] = []
    for name, value in summary.items():
        if not isinstance(value, list):
            lines.append(f"{indent}{name} {one_line(str(value))}")
            continue
        for item in value:
            if isinstance(item, dict):
                lines += [f"{indent}{name.removesuffix('s')}", *as_lines(item, "  ")]
            else:
                lines.append(f"{indent}{name.removesuffix('s')}: {one_line(str(item))}")
    return lines
