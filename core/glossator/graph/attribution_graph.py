"""An attribution graph as columns: one array per property, never an object a link."""

from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import Literal, NamedTuple, NewType, TypeAlias

import numpy as np
from numpy.typing import NDArray

NodeIndex = NewType("NodeIndex", int)
"""Position of a node in the columns; the only node identity used inside."""

FloatColumn: TypeAlias = NDArray[np.float64]
IndexColumn: TypeAlias = NDArray[np.int32]
BoolColumn: TypeAlias = NDArray[np.bool_]

StateIds = Literal["node_id", "jsNodeId"]
"""Which of a node's two ids the pins and supernodes of its file speak of."""

EMBEDDING_LAYER = -1
MANY_LINKS = 200_000
"""More than anyone looks at, and few enough to be looked through in no time."""


class NodeKind(IntEnum):
    FEATURE = 0
    ERROR = 1
    EMBEDDING = 2
    LOGIT = 3
    OTHER = 4
    """A kind this version does not know (biases): drawn, kept."""
    ATTENTION = 5
    """A feature of an attention layer's replacement (lorsa)."""


FEATURE_KINDS = (NodeKind.FEATURE, NodeKind.ATTENTION)


@dataclass(frozen=True, order=True)
class FeatureKey:
    """A feature of a model, the same in every graph of its source set."""

    model: str
    source_set: str
    layer: int
    index: int
    """Index inside the layer; for Anthropic's graphs the opaque global id."""
    attention: bool = False
    """Of an attention layer's replacement, which numbers its features by itself."""

    def __str__(self) -> str:
        return f"{self.layer}/{'a' if self.attention else ''}{self.index}"


@dataclass(frozen=True, eq=False)
class NodeColumns:
    """The nodes; every field has one entry a node."""

    node_id: tuple[str, ...]
    """Id in the file; not unique in older files."""
    js_id: tuple[str, ...]
    kind: NDArray[np.int8]
    """NodeKind."""
    layer: IndexColumn
    """-1 for embeddings; logits sit one above the highest other layer."""
    position: IndexColumn
    """Token position, 0-based."""
    index: NDArray[np.int64]
    """In-layer feature index; -1 for nodes that are no features."""
    wire_feature: NDArray[np.int64]
    """The file's own number for the feature; -1 where there is none."""
    activation: FloatColumn
    """NaN where the file tells none."""
    influence: FloatColumn
    """Cumulative share in (0, 1], small is important; NaN where unknown."""
    probability: FloatColumn
    """Of the token, for logits; else 0."""
    caption: tuple[str, ...]
    """The file's text for the node."""

    def __len__(self) -> int:
        return len(self.node_id)

    @cached_property
    def is_feature(self) -> BoolColumn:
        """Nodes that are features, of whatever replacement."""
        features: BoolColumn = np.isin(self.kind, FEATURE_KINDS)
        return features


@dataclass(frozen=True, eq=False)
class LinkColumns:
    """The links; every field has one entry a link."""

    source: IndexColumn
    target: IndexColumn
    weight: FloatColumn
    """Direct effect of source on target, signed, finite."""

    def __len__(self) -> int:
        return len(self.source)


@dataclass(frozen=True)
class ImportedSupernode:
    name: str
    members: tuple[NodeIndex, ...]
    unresolved: tuple[str, ...] = ()
    """Member ids that no node has; carried through on export."""


@dataclass(frozen=True)
class ImportedLabel:
    """A label found in the file, and what the file says of its origin."""

    text: str
    status: str = "imported"
    author: str = ""
    method: str = ""
    tier: str = ""
    reason: str = ""
    at: str = ""
    of_node: bool = False
    """It was made for the node alone, not for its feature."""
    by_hand: bool = False
    """Someone set it in a viewer; else it may be what a service knew of the feature."""


@dataclass(frozen=True)
class ImportedState:
    """Annotations that came with the file, resolved to nodes."""

    labels: dict[NodeIndex, ImportedLabel]
    """Of feature nodes, without the ``[supernode]`` prefix."""
    pins: tuple[NodeIndex, ...] = ()
    supernodes: tuple[ImportedSupernode, ...] = ()
    notes: dict[NodeIndex, str] | None = None
    unresolved_pins: tuple[str, ...] = ()
    hidden: dict[NodeIndex, ImportedLabel] = field(default_factory=dict)
    """By a feature's first node: a label that shows nowhere, since all of its nodes
    carry their own, or since a person refused it."""


class Connections(NamedTuple):
    """What a node is linked with on one side, strongest first."""

    nodes: IndexColumn
    weights: FloatColumn
    shares: FloatColumn
    """Signed share of the target's summed absolute input, in [-1, 1]."""


@dataclass(frozen=True, eq=False)
class AttributionGraph:
    """How a model got from a prompt to an answer."""

    slug: str
    model: str
    source_set: str
    """Name of the transcoder (or neuron) set; "" where the file does not tell."""
    attention_set: str
    """Name of the attention replacement's set."""
    prompt: str
    prompt_tokens: tuple[str, ...]
    description: str
    nodes: NodeColumns
    links: LinkColumns
    imported: ImportedState
    state_ids: StateIds
    opaque_features: bool
    """True where feature numbers are global ids and say nothing of the layer."""
    warnings: tuple[str, ...]
    """What had to be repaired to read the file, one sentence each."""
    original: bytes
    """The file as it was read (unzipped)."""

    def __len__(self) -> int:
        return len(self.nodes)

    @cached_property
    def features(self) -> tuple[FeatureKey, ...]:
        """Distinct features, in the order of their first node."""
        return tuple(self._nodes_by_feature)

    @cached_property
    def _nodes_by_feature(self) -> dict[FeatureKey, IndexColumn]:
        found: dict[FeatureKey, list[int]] = {}
        for node in np.flatnonzero(self.nodes.is_feature).tolist():
            found.setdefault(self._key(node), []).append(node)
        return {key: np.array(at, dtype=np.int32) for key, at in found.items()}

    def _key(self, node: int) -> FeatureKey:
        attention = bool(self.nodes.kind[node] == NodeKind.ATTENTION)
        return FeatureKey(
            self.model,
            self.attention_set if attention else self.source_set,
            int(self.nodes.layer[node]),
            int(self.nodes.index[node]),
            attention,
        )

    def prepare(self) -> None:
        """Work out now what is otherwise worked out when it is first asked for."""
        _ = self.feature_number, self.input_share, self.strongest_links
        _ = self._by_source, self._by_target

    def feature_of(self, node: NodeIndex) -> FeatureKey | None:
        return self._key(node) if self.nodes.is_feature[node] else None

    def nodes_of(self, feature: FeatureKey) -> IndexColumn:
        """Nodes at which the feature is active; empty where it is not in the graph."""
        return self._nodes_by_feature.get(feature, np.empty(0, dtype=np.int32))

    @cached_property
    def feature_number(self) -> IndexColumn:
        """Of each node the place of its feature in `features`; -1 where it is none."""
        number = np.full(len(self), -1, dtype=np.int32)
        for at, nodes in enumerate(self._nodes_by_feature.values()):
            number[nodes] = at
        return number

    @cached_property
    def input_total(self) -> FloatColumn:
        """Sum of absolute link weights into each node."""
        return np.bincount(
            self.links.target,
            weights=np.abs(self.links.weight),
            minlength=len(self.nodes),
        ).astype(np.float64)

    @cached_property
    def input_share(self) -> FloatColumn:
        """Signed share of each link in its target's input, one entry a link."""
        total = self.input_total[self.links.target]
        return np.divide(
            self.links.weight, total, out=np.zeros_like(total), where=total > 0
        )

    @cached_property
    def strongest_links(self) -> NDArray[np.int64]:
        """The links of the largest weights, at most `MANY_LINKS`, the largest first."""
        size = np.abs(self.links.weight)
        first = np.arange(len(size))
        if len(size) > MANY_LINKS:
            first = np.sort(np.argpartition(-size, MANY_LINKS)[:MANY_LINKS])
        return first[np.argsort(-size[first], kind="stable")]

    @cached_property
    def _by_target(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return _grouped(self.links.target, len(self.nodes))

    @cached_property
    def _by_source(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return _grouped(self.links.source, len(self.nodes))

    def links_into(self, node: NodeIndex) -> NDArray[np.int64]:
        order, start = self._by_target
        return order[start[node] : start[node + 1]]

    def links_from(self, node: NodeIndex) -> NDArray[np.int64]:
        order, start = self._by_source
        return order[start[node] : start[node + 1]]

    def links_into_any(self, nodes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Links into nodes, those of each in a run."""
        return _runs(*self._by_target, nodes)

    def links_from_any(self, nodes: NDArray[np.int64]) -> NDArray[np.int64]:
        return _runs(*self._by_source, nodes)

    def inputs_of(self, node: NodeIndex) -> Connections:
        links = self.links_into(node)
        return self._connections(links, self.links.source[links])

    def outputs_of(self, node: NodeIndex) -> Connections:
        links = self.links_from(node)
        return self._connections(links, self.links.target[links])

    def _connections(self, links: NDArray[np.int64], ends: IndexColumn) -> Connections:
        shares = self.input_share[links]
        order = np.argsort(-np.abs(shares), kind="stable")
        return Connections(ends[order], self.links.weight[links][order], shares[order])

    def token_at(self, position: int) -> str:
        if 0 <= position < len(self.prompt_tokens):
            return self.prompt_tokens[position]
        return ""


def _grouped(
    ends: IndexColumn, n_nodes: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Links sorted by one end, and where each node's run starts (n_nodes + 1)."""
    # Numbers of 16 bits are sorted by their digits, five times as fast.
    keys = ends.astype(np.uint16) if n_nodes <= 2**16 else ends
    order = np.argsort(keys, kind="stable").astype(np.int64)
    counts = np.bincount(ends, minlength=n_nodes)
    return order, np.concatenate(([0], np.cumsum(counts))).astype(np.int64)


def _runs(
    order: NDArray[np.int64], start: NDArray[np.int64], nodes: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The runs of these nodes in `order`, one after another."""
    counts = start[nodes + 1] - start[nodes]
    ahead = np.cumsum(counts) - counts
    at = np.repeat(start[nodes] - ahead, counts) + np.arange(counts.sum())
    found: NDArray[np.int64] = order[at]
    return found
