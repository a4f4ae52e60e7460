"""What is said of each node of a graph, kept up with the changes of a project."""

from collections.abc import Collection, Iterator

from glossator.graph.attribution_graph import BoolColumn, NodeIndex
from glossator.project.node_text import node_labels, node_tiers
from glossator.project.revision import GraphId, Subject, feature_subjects
from glossator.project.state import ProjectState


class NodeAnnotations:
    """Tier, label and author of each node's annotation.

    To look at every node after every decision takes a tenth of a second in a graph of
    67,000; a decision is about one feature.
    """

    def __init__(self, state: ProjectState, number: GraphId) -> None:
        self._state, self._number = state, number
        graph = state.graphs[number].graph
        self._graph = graph
        self._at = {s: at for at, s in enumerate(feature_subjects(graph))}
        self.tiers = node_tiers(state, number)
        """A new list whenever one of them is another; so are the labels."""
        self.labels = node_labels(state, number)
        self._by_person = state.nodes_by_person(number)

    def refresh(self, subjects: Collection[Subject]) -> None:
        """Take in that something is said anew of these features and nodes."""
        state, number = self._state, self._number
        nodes = list(self._nodes(subjects))
        features = self._graph.nodes.is_feature
        labels = {n: state.label_at(number, n) for n in nodes if features[n]}
        if any(self.labels[node] != label for node, label in labels.items()):
            self.labels = self.labels.copy()
            for node, label in labels.items():
                self.labels[node] = label
        tiers = {node: state.tier_at(number, node) for node in nodes}
        if any(self.tiers[node] != tier for node, tier in tiers.items()):
            self.tiers = self.tiers.copy()
            for node, tier in tiers.items():
                self.tiers[node] = tier
        for node in nodes:
            self._by_person[node] = state.by_person_at(number, node)

    def kept(self) -> BoolColumn:
        """Nodes that pruning never hides: pinned, grouped, or labelled by a person."""
        kept: BoolColumn = self._by_person | self._state.held_nodes(self._number)
        return kept

    def _nodes(self, subjects: Collection[Subject]) -> Iterator[NodeIndex]:
        """Nodes of the features, and the nodes themselves."""
        graph, prefix = self._graph, f"n:{self._number}:"
        for subject in subjects:
            if subject in self._at:
                nodes = graph.nodes_of(graph.features[self._at[subject]])
                yield from map(NodeIndex, nodes.tolist())
            elif subject.startswith(prefix):
                yield NodeIndex(int(subject.removeprefix(prefix)))
