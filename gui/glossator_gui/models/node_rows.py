"""What the node table shows of each node, kept up as the project changes."""

from collections.abc import Iterable

import numpy as np

from glossator.graph.attribution_graph import (
    BoolColumn,
    FeatureKey,
    NodeIndex,
    NodeKind,
)
from glossator.project.edits import Supernode
from glossator.project.finding.node_filter import largest_z, shown_tier
from glossator.project.node_text import shown_tokens
from glossator.project.project import Change
from glossator.project.revision import GraphId, Subject, feature_subject
from glossator.project.state import ProjectState
from glossator_gui.views.node_table.columns import COLUMNS, Column, Value

KIND_NAMES = {
    NodeKind.FEATURE: "feature",
    NodeKind.ATTENTION: "attention feature",
    NodeKind.ERROR: "error",
    NodeKind.EMBEDDING: "token",
    NodeKind.LOGIT: "logit",
    NodeKind.OTHER: "other",
}

_OF_FEATURES = (
    Column.LABEL,
    Column.STATUS,
    Column.METHOD,
    Column.TIER,
    Column.Z,
    Column.TAGS,
    Column.FLAG,
    Column.NOTE,
)
"""What is the same at all nodes of a feature."""


class NodeRows:
    """One list of values a column, one value a node."""

    def __init__(
        self,
        state: ProjectState,
        number: GraphId,
        concealed: frozenset[FeatureKey] = frozenset(),
    ) -> None:
        """Of `concealed` features it tells nothing that a person said."""
        self._number = number
        self._concealed = concealed
        graph = state.graphs[number].graph
        self._graph = graph
        nodes, tokens = graph.nodes, shown_tokens(graph)
        n = len(nodes)
        self.values: dict[Column, list[Value]] = {
            column: [None] * n for column in COLUMNS
        }
        self._subjects = [feature_subject(feature) for feature in graph.features]
        self._at = {subject: at for at, subject in enumerate(self._subjects)}
        numbers = graph.feature_number.tolist()
        names = [str(feature) for feature in graph.features]
        kinds = {int(kind): name for kind, name in KIND_NAMES.items()}
        self._put(Column.ID, nodes.node_id)
        self._put(Column.KIND, [kinds[kind] for kind in nodes.kind.tolist()])
        self._put(Column.LAYER, nodes.layer.tolist())
        self._put(Column.FEATURE, [names[at] if at >= 0 else "" for at in numbers])
        positions = nodes.position.tolist()
        self._put(Column.POSITION, positions)
        self._put(
            Column.TOKEN,
            [tokens[at] if 0 <= at < len(tokens) else "" for at in positions],
        )
        self._put(Column.ACTIVATION, nodes.activation.tolist())
        self._put(Column.INFLUENCE, nodes.influence.tolist())
        self._put(Column.LABEL, nodes.caption)
        self._show_features(state, range(len(graph.features)))
        self._show_pins(state)
        self._show_supernodes(state)

    @property
    def labelled(self) -> BoolColumn:
        """Nodes that can bear labels and notes."""
        return self._graph.nodes.is_feature

    def refresh(self, state: ProjectState, change: Change) -> list[int]:
        """Take in a change; the nodes of which something may be different now."""
        subjects = change.subjects
        features = sorted({self._at[s] for s in subjects if s in self._at})
        self._show_features(state, features)
        changed = {n for at in features for n in self._nodes(at)}
        changed |= self._show_own(state, subjects)
        if "pins" in change.kinds:
            changed |= self._show_pins(state)
        if "supernodes" in change.kinds:
            changed |= self._show_supernodes(state)
        return sorted(changed)

    def _put(self, column: Column, values: Iterable[Value]) -> None:
        self.values[column][:] = values

    def _nodes(self, at: int) -> list[int]:
        nodes: list[int] = self._graph.nodes_of(self._graph.features[at]).tolist()
        return nodes

    def _show_features(self, state: ProjectState, features: Iterable[int]) -> None:
        own = state.own_labels(self._number)
        columns = [self.values[column] for column in _OF_FEATURES]
        for at in features:
            feature, subject = self._graph.features[at], self._subjects[at]
            hidden = feature in self._concealed
            last = None if hidden else state.last_revision(subject)
            shown = last if last is not None and last.shown else None
            said: tuple[Value, ...] = (
                shown.text if shown else "",
                "unlabelled" if hidden else state.review_state(feature),
                shown.method if shown else "",
                shown_tier(state, feature),
                largest_z(state.results.get(subject)),
                state.tags.get(subject, ()),
                subject in state.flags,
                "" if hidden else state.notes.get(subject, ""),
            )
            for node in self._nodes(at):
                for column, value in zip(columns, said, strict=True):
                    column[node] = value
                if node in own and not hidden:
                    label = state.label_at(self._number, NodeIndex(node))
                    self.values[Column.LABEL][node] = label

    def _show_own(self, state: ProjectState, subjects: Iterable[Subject]) -> set[int]:
        """Labels that nodes bear of their own."""
        prefix = f"n:{self._number}:"
        nodes = {int(s.removeprefix(prefix)) for s in subjects if s.startswith(prefix)}
        for node in nodes:
            label = state.label_at(self._number, NodeIndex(node))
            self.values[Column.LABEL][node] = label
        return nodes

    def _show_pins(self, state: ProjectState) -> set[int]:
        pinned = np.zeros(len(self._graph), dtype=bool)
        pinned[list(state.pins.get(self._number, ()))] = True
        return self._replace(Column.PINNED, pinned.tolist())

    def _show_supernodes(self, state: ProjectState) -> set[int]:
        names: list[Value] = [""] * len(self._graph)
        held: Iterable[Supernode] = state.supernodes.get(self._number, {}).values()
        for supernode in held:
            for member in supernode.members:
                before = names[member]
                name = supernode.name
                names[member] = f"{before}, {name}" if before else name
        return self._replace(Column.SUPERNODE, names)

    def _replace(self, column: Column, values: list[Value]) -> set[int]:
        """The nodes at which a column is different now."""
        before = self.values[column]
        changed = {
            node
            for node, (old, new) in enumerate(zip(before, values, strict=True))
            if old != new
        }
        before[:] = values
        return changed
