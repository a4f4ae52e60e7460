"""What a project holds, in memory, and what it means for a feature or a node."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from glossator.graph.attribution_graph import (
    AttributionGraph,
    BoolColumn,
    FeatureKey,
    NodeIndex,
)
from glossator.project.edits import JudgedTier, Mark, Recheck, Supernode
from glossator.project.revision import (
    Declined,
    GraphId,
    LabelRevision,
    Subject,
    feature_subject,
    feature_subjects,
    node_subject,
)
from glossator.protocol.decision import ProtocolResult, Tier
from glossator.verbalize.verbalization import Verbalization

ReviewState = Literal["accepted", "imported", "proposed", "rejected", "unlabelled"]


@dataclass(frozen=True, eq=False)
class ProjectGraph:
    """A graph of the project."""

    id: GraphId
    path: Path
    """Where it was read from; the project holds its own copy."""
    graph: AttributionGraph


class NumberedRevision(NamedTuple):
    number: int
    """Rises with every revision of the project."""
    revision: LabelRevision

    @property
    def said(self) -> int:
        """Number of the revision that first said it: undo and redo repeat it."""
        return self.revision.restores or self.number


@dataclass
class ProjectState:
    """Everything visible; changed by `Project` alone."""

    model: str = ""
    source_set: str = ""
    graphs: dict[GraphId, ProjectGraph] = field(default_factory=dict)
    revisions: dict[Subject, list[NumberedRevision]] = field(default_factory=dict)
    results: dict[Subject, ProtocolResult] = field(default_factory=dict)
    marks: dict[Subject, Mark] = field(default_factory=dict)
    notes: dict[Subject, str] = field(default_factory=dict)
    tags: dict[Subject, tuple[int, ...]] = field(default_factory=dict)
    flags: set[Subject] = field(default_factory=set)
    rechecks: dict[Subject, tuple[Recheck, ...]] = field(default_factory=dict)
    judgements: dict[Subject, JudgedTier] = field(default_factory=dict)
    declined: dict[Subject, Declined] = field(default_factory=dict)
    verbalizations: dict[Subject, tuple[Verbalization, ...]] = field(
        default_factory=dict
    )
    pins: dict[GraphId, tuple[NodeIndex, ...]] = field(default_factory=dict)
    supernodes: dict[GraphId, dict[int, Supernode]] = field(default_factory=dict)
    refused_groups: dict[GraphId, tuple[tuple[int, ...], ...]] = field(
        default_factory=dict
    )

    def features(self) -> tuple[FeatureKey, ...]:
        """Distinct features of all graphs, in the order of the graphs."""
        found: dict[FeatureKey, None] = {}
        for entry in self.graphs.values():
            found.update(dict.fromkeys(entry.graph.features))
        return tuple(found)

    def last_revision(self, subject: Subject) -> LabelRevision | None:
        """The revision in force, whatever its status."""
        history = self.revisions.get(subject)
        return history[-1].revision if history else None

    def label(self, feature: FeatureKey) -> str:
        """The feature's label; "" where it has none."""
        return self.label_of(feature_subject(feature))

    def label_of(self, subject: Subject) -> str:
        """The label in force of a subject itself; "" where it has none."""
        last = self.last_revision(subject)
        return last.text if last and last.shown else ""

    def label_at(self, graph: GraphId, node: NodeIndex) -> str:
        """The label shown at a node: its own, or its feature's; "" where none.

        A node's own label that came with a file gives way to what a person has said
        of the feature since.
        """
        revision = self.revision_at(graph, node)
        return revision.text if revision and revision.shown else ""

    def own_labels(self, graph: GraphId) -> frozenset[NodeIndex]:
        """Nodes of a graph that carry labels of their own."""
        prefix = f"n:{graph}:"
        return frozenset(
            NodeIndex(int(subject.removeprefix(prefix)))
            for subject in self.revisions
            if subject.startswith(prefix)
        )

    def revision_at(self, graph: GraphId, node: NodeIndex) -> LabelRevision | None:
        own = self.revisions.get(node_subject(graph, node))
        feature = self.graphs[graph].graph.feature_of(node)
        shared = self.revisions.get(feature_subject(feature), []) if feature else []
        if not own or not own[-1].revision.shown:
            return shared[-1].revision if shared else None
        if own[-1].revision.status == "imported" and shared:
            said = shared[-1].revision
            newer = shared[-1].said > own[-1].said
            if newer and (said.by_person or said.status == "rejected"):
                return said
            if said.shown and said.text == own[-1].revision.text:
                return said
        return own[-1].revision

    def review_state(self, feature: FeatureKey) -> ReviewState:
        last = self.last_revision(feature_subject(feature))
        if last is None:
            return "unlabelled"
        match last.status:
            case "accepted" | "edited":
                return "accepted"
            case "withdrawn":
                return "unlabelled"
            case _:
                return last.status

    def machine_may_label(self, feature: FeatureKey, text: str) -> bool:
        """Whether a method may propose: never over a person's or a file's label.

        What the label library proposes is a person's, too.
        """
        last = self.last_revision(feature_subject(feature))
        from_library = last is not None and last.from_library
        return not from_library and self.may_propose(feature, text)

    def may_propose(self, feature: FeatureKey, text: str) -> bool:
        """Whether there is no label here that stands, and nobody refused this one."""
        history = self.revisions.get(feature_subject(feature), [])
        if history and history[-1].revision.status not in (
            "proposed",
            "withdrawn",
            "rejected",
        ):
            return False
        refused = (h for h in not_undone(history) if h.status == "rejected")
        return all(text != revision.text for revision in refused)

    def why_no_label(self, feature: FeatureKey) -> Declined | None:
        """Why the feature has no label, where a method was asked for one."""
        if self.label(feature):
            return None
        return self.declined.get(feature_subject(feature))

    def result(self, feature: FeatureKey) -> ProtocolResult | None:
        return self.results.get(feature_subject(feature))

    def judged_tier(self, feature: FeatureKey) -> JudgedTier | None:
        """The tier that a person says the feature is of; None where nobody did."""
        return self.judgements.get(feature_subject(feature))

    def verbalized(self, feature: FeatureKey) -> tuple[Verbalization, ...]:
        """What verbalizers say of a feature and of its examples, oldest first."""
        return self.verbalizations.get(feature_subject(feature), ())

    def tier_at(self, graph: GraphId, node: NodeIndex) -> Tier | None:
        """Tier of a node's feature; None where there is none."""
        feature = self.graphs[graph].graph.feature_of(node)
        result = self.result(feature) if feature else None
        return result.tier if result else None

    def kept_nodes(self, graph: GraphId) -> BoolColumn:
        """Nodes that pruning never hides: pinned, grouped, or labelled by a person."""
        kept: BoolColumn = self.nodes_by_person(graph) | self.held_nodes(graph)
        return kept

    def held_nodes(self, graph: GraphId) -> BoolColumn:
        """Nodes that are pinned or in a supernode."""
        held = np.zeros(len(self.graphs[graph].graph), dtype=np.bool_)
        held[list(self.pins.get(graph, ()))] = True
        for supernode in self.supernodes.get(graph, {}).values():
            held[list(supernode.members)] = True
        return held

    def nodes_by_person(self, graph: GraphId) -> BoolColumn:
        """Nodes of which a person has said the last word, here or in the file."""
        entry = self.graphs[graph]
        by_person = [
            last is not None and last.by_person
            for last in map(self.last_revision, feature_subjects(entry.graph))
        ]
        # A node that is no feature has the number -1: the last entry.
        said = np.array([*by_person, False])[entry.graph.feature_number]
        for node in {*self.own_labels(graph), *entry.graph.imported.labels}:
            said[node] = self.by_person_at(graph, node)
        return said

    def by_person_at(self, graph: GraphId, node: NodeIndex) -> bool:
        """Whether a person has said the last word of a node, here or in the file."""
        entry = self.graphs[graph].graph
        feature = entry.feature_of(node)
        of_feature = self.last_revision(feature_subject(feature)) if feature else None
        own = self.last_revision(node_subject(graph, node))
        if any(last is not None and last.by_person for last in (of_feature, own)):
            return True
        written = entry.imported.labels.get(node)
        return (
            written is not None
            and written.by_hand
            and written.text == self.label_at(graph, node)
        )

    def supernode_of(self, graph: GraphId, node: NodeIndex) -> int | None:
        """Number of the first supernode that holds the node."""
        for number, supernode in self.supernodes.get(graph, {}).items():
            if node in supernode.members:
                return number
        return None


def not_undone(history: list[NumberedRevision]) -> list[LabelRevision]:
    """Revisions that led to the one in force, without what was undone since."""
    kept: list[NumberedRevision] = []
    for entry in history:
        if entry.revision.via == "undo":
            while kept and kept[-1].said != entry.revision.restores:
                kept.pop()
        else:
            kept.append(entry)
    return [entry.revision for entry in kept]
