"""One side of a graph comparison: a graph with what was said of it at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from glossator.graph.attribution_graph import AttributionGraph, FeatureKey
from glossator.graph.graph_file import read_graph
from glossator.project.edits import Supernode
from glossator.project.open_files import is_project_file, state_of
from glossator.project.project import Project
from glossator.project.revision import GraphId, LabelRevision, feature_subject
from glossator.project.state import ProjectState


@dataclass(frozen=True, eq=False)
class Side:
    name: str
    graph: AttributionGraph
    labels: Mapping[FeatureKey, LabelRevision]
    """Of the features that have one."""
    own_labels: Mapping[FeatureKey, tuple[str, ...]]
    """What single nodes of a feature are labelled instead."""
    supernodes: tuple[Supernode, ...]


def still(state: ProjectState) -> ProjectState:
    """The state as it is now, to be read while edits go on changing the other.

    Of labels and supernodes; whatever else it holds is not to be read.
    """
    return ProjectState(
        graphs=dict(state.graphs),
        revisions={subject: history[:] for subject, history in state.revisions.items()},
        supernodes={number: dict(held) for number, held in state.supernodes.items()},
    )


def side_of(state: ProjectState, number: GraphId, name: str = "") -> Side:
    """A graph of a project, as it is seen now.

    Parameters
    ----------
    name : how it is called beside the other; the graph's own where there is none.
    """
    graph = state.graphs[number].graph
    labels: dict[FeatureKey, LabelRevision] = {}
    for feature in graph.features:
        last = state.last_revision(feature_subject(feature))
        if last is not None and last.shown:
            labels[feature] = last
    return Side(
        name=name or graph.slug,
        graph=graph,
        labels=labels,
        own_labels=_own_labels(state, number, labels),
        supernodes=tuple(state.supernodes.get(number, {}).values()),
    )


def sides_in(path: Path) -> tuple[Side, ...]:
    """Every graph of a project, or the one of a graph file.

    Raises
    ------
    GlossatorError
        if it cannot be read.
    """
    if not is_project_file(path):
        state, number = state_of(read_graph(path), path)
        return (side_of(state, number, path.name),)
    project = Project(path, read_only=True)
    project.close()
    state = project.state
    return tuple(
        side_of(state, number, f"{entry.graph.slug} ({path.name})")
        for number, entry in state.graphs.items()
    )


def _own_labels(
    state: ProjectState, number: GraphId, labels: Mapping[FeatureKey, LabelRevision]
) -> dict[FeatureKey, tuple[str, ...]]:
    graph = state.graphs[number].graph
    found: dict[FeatureKey, dict[str, None]] = {}
    for node in sorted(state.own_labels(number)):
        feature = graph.feature_of(node)
        if feature is None:
            continue
        text = state.label_at(number, node)
        shared = labels.get(feature)
        if text and (shared is None or text != shared.text):
            found.setdefault(feature, {})[text] = None
    return {feature: tuple(texts) for feature, texts in found.items()}
