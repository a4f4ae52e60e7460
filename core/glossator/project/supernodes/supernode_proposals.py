"""Groups of nodes that may belong together, each with its reasons in words.

From a notebook::

    given = grouping_input(project.state, graph_id)
    for group in propose_supernodes(given):
        print(group.name, group.members, group.reason)

A person accepts a proposal with `group_edits` or refuses it with `refuse_edits`.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Literal

import numpy as np

from glossator.graph.attribution_graph import (
    AttributionGraph,
    FeatureKey,
    FloatColumn,
    NodeIndex,
)
from glossator.graph.influence import node_influence
from glossator.progress import CancelToken, Progress
from glossator.project.edits import AnyEdit, SetRefusedGroups
from glossator.project.revision import GraphId
from glossator.project.state import ProjectState
from glossator.project.supernodes.node_likeness import (
    clusters_of,
    label_likeness,
    mean_likeness,
    mutual_chains,
    role_likeness,
)
from glossator.protocol.embeddings import Embeddings
from glossator.settings import embeddings_file

Kind = Literal["same label", "similar label", "same role", "linked"]
"""What speaks for a group; where two claim a node, the earlier kind has it."""

MOST_NODES = 1_000
"""Of the most influence, that are looked at."""
_LIKE_LABELS, _LIKE_ROLES = 0.7, 0.8
"""Least mean cosine within a group."""
_MOST_MEMBERS = 12
"""Of a group by role or links: a larger one is no circuit's part."""
_REFUSED_PART = 0.6
"""Of a group that were refused together: it is not proposed again."""
_NAMED = 3


@dataclass(frozen=True)
class Candidate:
    """A feature node that is in no supernode."""

    node: NodeIndex
    feature: FeatureKey
    label: str
    """ "" where it has none."""
    influence: float
    """Its share of the nodes' effect on the logits, in [0, 1]."""


@dataclass(frozen=True, eq=False)
class GroupingInput:
    """What proposals are made from; changes no more, so it may go to a thread."""

    graph: AttributionGraph
    candidates: tuple[Candidate, ...]
    """The most influential first."""
    refused: tuple[frozenset[int], ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Distinct labels of the candidates."""
        return tuple(dict.fromkeys(c.label for c in self.candidates if c.label))


@dataclass(frozen=True)
class ProposedSupernode:
    members: tuple[NodeIndex, ...]
    """The most influential first."""
    name: str
    kind: Kind
    reason: str
    """In words, one sentence."""
    influence: float
    """Sum over the members."""


def grouping_input(state: ProjectState, number: GraphId) -> GroupingInput:
    """Take from a project what proposals for one of its graphs are made from."""
    graph = state.graphs[number].graph
    held = state.supernodes.get(number, {}).values()
    grouped = {member for supernode in held for member in supernode.members}
    influence = own_influence(graph)
    order = np.argsort(-influence, kind="stable")
    free = (NodeIndex(node) for node in order.tolist() if node not in grouped)
    features = ((node, graph.feature_of(node)) for node in free)
    candidates = (
        Candidate(
            node, feature, state.label_at(number, node).strip(), float(influence[node])
        )
        for node, feature in features
        if feature is not None
    )
    refused = state.refused_groups.get(number, ())
    return GroupingInput(
        graph,
        tuple(islice(candidates, MOST_NODES)),
        tuple(frozenset(group) for group in refused),
    )


def own_influence(graph: AttributionGraph) -> FloatColumn:
    """Each node's own share of the effect on the logits, from the cumulative ones."""
    cumulative = np.nan_to_num(node_influence(graph), nan=1.0)
    order = np.argsort(cumulative, kind="stable")
    own = np.empty(len(cumulative))
    own[order] = np.diff(cumulative[order], prepend=0.0)
    return own


def embed_labels(
    labels: tuple[str, ...], cancel: CancelToken
) -> Generator[Progress, None, Embeddings]:
    """Embed labels with the packaged embedder, to tell which are alike.

    Raises
    ------
    InputError
        if the embedder cannot be opened.
    Cancelled
        between two batches.
    """
    from glossator.protocol.embedder import SentenceEmbedder
    from glossator.protocol.embedding_store import EmbeddingStore
    from glossator.protocol.embeddings import embed_texts

    yield Progress(0, 0, "loading the embedder")
    embedder = SentenceEmbedder()
    with closing(EmbeddingStore(embeddings_file(), embedder.name)) as store:
        return (yield from embed_texts(labels, embedder, store, cancel))


def propose_supernodes(
    given: GroupingInput, embeddings: Embeddings | None = None
) -> tuple[ProposedSupernode, ...]:
    """Propose groups of at least two nodes, no node in two of them.

    The largest summed influence comes first; what a person refused, or all but, is
    left out.

    Parameters
    ----------
    embeddings : of `given.labels`; a label without one is like no other.
    """
    kept: list[ProposedSupernode] = []
    free = given.candidates
    for find in (partial(_by_label, embeddings=embeddings), _by_role, _by_link):
        found = [
            group
            for group in find(given.graph, free)
            if not _is_refused(given, group.members)
        ]
        taken = {node for group in found for node in group.members}
        free = tuple(one for one in free if one.node not in taken)
        kept += found
    return tuple(sorted(kept, key=lambda group: -group.influence))


def refuse_edits(
    state: ProjectState, graph: GraphId, members: Sequence[int]
) -> list[AnyEdit]:
    """Remember that nodes do not belong together."""
    refused = state.refused_groups.get(graph, ())
    return [SetRefusedGroups(graph, (*refused, tuple(sorted(map(int, members)))))]


def _is_refused(given: GroupingInput, members: Sequence[NodeIndex]) -> bool:
    return any(
        len(group.intersection(members)) >= _REFUSED_PART * len(members)
        for group in given.refused
    )


def _by_label(
    graph: AttributionGraph,
    free: Sequence[Candidate],
    embeddings: Embeddings | None,
) -> Iterator[ProposedSupernode]:
    by_label: dict[str, list[Candidate]] = {}
    for one in free:
        if one.label:
            by_label.setdefault(one.label.casefold(), []).append(one)
    labels = [members[0].label for members in by_label.values()]
    likeness = label_likeness(labels, embeddings)
    for at in clusters_of(likeness, _LIKE_LABELS):
        members = [one for row in at for one in by_label[labels[row].casefold()]]
        if len(members) < 2:
            continue
        if len(at) == 1:
            n = len({one.feature for one in members})
            features = "one feature" if n == 1 else f"{n} features"
            reason = f"The same label at {len(members)} nodes, of {features}."
            yield _group(members, "same label", reason)
            continue
        quoted = _listed([f"“{labels[row]}”" for row in at])
        mean = mean_likeness(likeness, at)
        reason = f"Labels of like meaning (mean cosine {mean:.2f}): {quoted}."
        yield _group(members, "similar label", reason)


def _by_role(
    graph: AttributionGraph, free: Sequence[Candidate]
) -> Iterator[ProposedSupernode]:
    likeness = role_likeness(graph, [one.node for one in free])
    for at in clusters_of(likeness, _LIKE_ROLES):
        if 1 < len(at) <= _MOST_MEMBERS:
            mean = mean_likeness(likeness, at)
            reason = f"Like inputs and like outputs (mean cosine of links {mean:.2f})."
            yield _group([free[row] for row in at], "same role", reason)


def _by_link(
    graph: AttributionGraph, free: Sequence[Candidate]
) -> Iterator[ProposedSupernode]:
    by_node = {one.node: one for one in free}
    for chain, share in mutual_chains(graph, tuple(by_node)):
        if len(chain) <= _MOST_MEMBERS:
            reason = (
                "Adjacent: each is the other’s strongest link "
                f"(at least {share:.0%} of its input)."
            )
            yield _group([by_node[node] for node in chain], "linked", reason)


def _group(members: Sequence[Candidate], kind: Kind, reason: str) -> ProposedSupernode:
    ranked = sorted(members, key=lambda one: -one.influence)
    labelled = next((one.label for one in ranked if one.label), "")
    return ProposedSupernode(
        members=tuple(one.node for one in ranked),
        name=labelled or str(ranked[0].feature),
        kind=kind,
        reason=reason,
        influence=sum(one.influence for one in ranked),
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(sorted(names)[:_NAMED])
    more = len(names) - _NAMED
    return f"{shown} and {more} more" if more > 0 else shown
