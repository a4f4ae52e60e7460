"""What a source of labels says of the features and nodes of a project."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, TypeAlias

from glossator.errors import InputError
from glossator.graph.attribution_graph import FeatureKey, NodeIndex
from glossator.project.edits import JudgedTier, Supernode
from glossator.project.revision import (
    GraphId,
    LabelRevision,
    Subject,
    feature_subject,
    node_subject,
)
from glossator.project.state import ProjectState
from glossator.verbalize.verbalize_report import Found


class NodeKey(NamedTuple):
    """One node of one graph of the project."""

    graph: GraphId
    node: NodeIndex


LabelKey: TypeAlias = FeatureKey | NodeKey


def subject_of(key: LabelKey) -> Subject:
    return feature_subject(key) if isinstance(key, FeatureKey) else node_subject(*key)


class FoundLabel(NamedTuple):
    key: LabelKey
    revision: LabelRevision
    """As its origin tells it; what is imported of it is another revision."""


class FoundExplanations(NamedTuple):
    feature: FeatureKey
    said: tuple[LabelRevision, ...]
    """Proposals, the preferred first."""


class FoundNote(NamedTuple):
    key: LabelKey
    text: str


class FoundJudgement(NamedTuple):
    feature: FeatureKey
    tier: JudgedTier


class FoundMarks(NamedTuple):
    """Pins and supernodes of one graph of the project."""

    graph: GraphId
    pins: tuple[NodeIndex, ...]
    supernodes: tuple[Supernode, ...]


@dataclass(frozen=True)
class FoundLabels:
    source: str
    """Its name, for "found in …"."""
    labels: tuple[FoundLabel, ...] = ()
    """Of features, then of the nodes that are labelled otherwise than their feature."""
    explanations: tuple[FoundExplanations, ...] = ()
    notes: tuple[FoundNote, ...] = ()
    judgements: tuple[FoundJudgement, ...] = ()
    refused: tuple[FeatureKey, ...] = ()
    """Features whose label a person refused there; nothing of it is imported."""
    marks: tuple[FoundMarks, ...] = ()
    verbalizations: tuple[Found, ...] = ()
    unmatched: tuple[str, ...] = ()
    """Features, nodes, graphs and keys that the project does not hold."""
    problems: tuple[str, ...] = ()
    """What could not be read, one sentence each."""


@dataclass
class Gathering:
    """Collects what a source says, in terms of the project."""

    state: ProjectState
    source: str
    labels: dict[LabelKey, LabelRevision] = field(default_factory=dict)
    notes: dict[LabelKey, str] = field(default_factory=dict)
    judgements: dict[FeatureKey, JudgedTier] = field(default_factory=dict)
    refused: dict[FeatureKey, None] = field(default_factory=dict)
    marks: list[FoundMarks] = field(default_factory=list)
    verbalizations: list[Found] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _unmatched: dict[str, None] = field(default_factory=dict)

    @cached_property
    def known(self) -> frozenset[FeatureKey]:
        return frozenset(self.state.features())

    def miss(self, *names: str) -> None:
        self._unmatched.update(dict.fromkeys(names))

    def add_feature(
        self,
        feature: FeatureKey,
        revision: LabelRevision | None,
        note: str,
        judged: JudgedTier | None,
    ) -> None:
        """Take what is said of a feature everywhere."""
        if feature not in self.known:
            if note or judged or revision is not None:
                self.miss(str(feature))
            return
        if revision is not None:
            self.labels[feature] = revision
        if note:
            self.notes.setdefault(feature, note)
        if judged:
            self.judgements[feature] = judged

    def has_own(self, key: NodeKey) -> bool:
        """Whether a node of the project has had a label of its own."""
        return subject_of(key) in self.state.revisions

    def found(self) -> FoundLabels:
        ordered = sorted(self.labels.items(), key=lambda e: isinstance(e[0], NodeKey))
        return FoundLabels(
            source=self.source,
            labels=tuple(FoundLabel(key, revision) for key, revision in ordered),
            notes=tuple(FoundNote(key, text) for key, text in self.notes.items()),
            judgements=tuple(
                FoundJudgement(feature, tier)
                for feature, tier in self.judgements.items()
            ),
            refused=tuple(self.refused),
            marks=tuple(self.marks),
            verbalizations=tuple(self.verbalizations),
            unmatched=tuple(self._unmatched),
            problems=tuple(self.problems),
        )


def check_same_source(
    state: ProjectState, model: str, source_set: str, *, source: Path
) -> None:
    """Refuse labels of features of another model or source set."""
    if (model, source_set) != (state.model, state.source_set):
        raise InputError(
            f"labels of {model} / {source_set}, but the project is of "
            f"{state.model} / {state.source_set}",
            source=source,
        )
