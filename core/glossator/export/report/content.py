"""What the report says of a graph as a whole, as values ready to be printed."""

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import PurePath
from typing import NamedTuple

import numpy as np

import glossator
from glossator.evidence.feature_evidence import CombinedEvidence
from glossator.export.report.text import (
    counted,
    moment,
    number,
    one_line,
    shortened,
    signed_percent,
)
from glossator.export.target import AnnotatedGraph
from glossator.graph.attribution_graph import NodeIndex, NodeKind
from glossator.graph.scores import (
    COMPLETENESS,
    REPLACEMENT,
    GraphScores,
    graph_scores,
    pinned_scores,
)
from glossator.project.node_text import node_name, node_tiers, shown_tokens
from glossator.project.revision import feature_subject, now
from glossator.project.state import ReviewState
from glossator.project.supernodes.supernode_graph import SupernodeLink, supernode_graph
from glossator.protocol.decision import Tier

_MOST_LINKS = 6
"""Summed links told of each supernode, on either side."""
_LEAST_SHARE = 0.0005
"""Smaller ones would read 0.0 %."""
_REVIEW: dict[ReviewState, str] = {
    "accepted": "accepted or written by a person",
    "imported": "came with a file, not yet reviewed",
    "proposed": "proposed by a method, not yet reviewed",
    "rejected": "rejected",
    "unlabelled": "without a label",
}


class Fact(NamedTuple):
    name: str
    value: str


class Count(NamedTuple):
    name: str
    n: int
    tier: Tier | None = None


@dataclass(frozen=True)
class ScoreLine:
    name: str
    explained: str
    whole: str
    pinned: str


@dataclass(frozen=True)
class Member:
    name: str
    where: str
    tier: Tier | None


@dataclass(frozen=True)
class SummedLink:
    name: str
    share: str
    negative: bool


@dataclass(frozen=True)
class SupernodeRow:
    name: str
    grouped: bool
    """False for a pinned node in no supernode."""
    members: tuple[Member, ...]
    inputs: tuple[SummedLink, ...]
    outputs: tuple[SummedLink, ...]
    n_more: int
    """Weaker links that are not told."""
    unresolved: int
    """Members that the file names and no node is."""


def facts(annotated: AnnotatedGraph) -> list[Fact]:
    """What the graph is."""
    graph = annotated.graph
    kinds = graph.nodes.kind
    attention = (kinds == NodeKind.ATTENTION).any()
    nodes = ", ".join(
        counted(n, one, many)
        for kind, one, many in (
            (NodeKind.FEATURE, "feature", ""),
            (NodeKind.ATTENTION, "attention feature", ""),
            (NodeKind.ERROR, "error", ""),
            (NodeKind.EMBEDDING, "embedding", ""),
            (NodeKind.LOGIT, "logit", ""),
            (NodeKind.OTHER, "other", "others"),
        )
        if (n := int((kinds == kind).sum()))
    )
    found = [
        Fact("Model", graph.model),
        Fact("Source set", graph.source_set or "not named"),
        Fact("Attention source set", graph.attention_set if attention else ""),
        Fact("Prompt", counted(len(graph.prompt_tokens), "token")),
        Fact("Nodes", f"{len(graph):,}: {nodes}" if nodes else "none"),
        Fact("Links", f"{len(graph.links):,}"),
        Fact("Distinct features", f"{len(graph.features):,}"),
        Fact("About", graph.description),
    ]
    return [Fact(name, one_line(value)) for name, value in found if value]


def provenance(annotated: AnnotatedGraph) -> list[Fact]:
    """Which file, which program, which protocol."""
    graph, state = annotated.graph, annotated.state
    entry = state.graphs[annotated.number]
    evidence = annotated.evidence
    sources = (
        evidence.sources if isinstance(evidence, CombinedEvidence) else (evidence,)
    )
    runs = Counter(
        f"{result.routing} routing, threshold {result.decision.threshold:g}, "
        f"embedder {result.embedder}; null: {result.null_origin or 'none'}"
        for feature in graph.features
        if (result := state.result(feature)) is not None
    )
    found = [
        Fact("File", entry.path.name),
        Fact("SHA-256", hashlib.sha256(graph.original).hexdigest() + " (unzipped)"),
        Fact("Repaired on reading", " ".join(graph.warnings)),
        *(
            Fact("Protocol", f"{run} ({counted(n, 'feature')})")
            for run, n in runs.items()
        ),
        Fact("Evidence", ", ".join(PurePath(s.name).name for s in sources) or "none"),
        Fact("Written", f"{moment(now())} by Glossator {glossator.__version__}"),
    ]
    return [Fact(name, one_line(value)) for name, value in found if value]


def review_counts(annotated: AnnotatedGraph) -> list[Count]:
    """How many features stand where in the review."""
    states = Counter(map(annotated.state.review_state, annotated.graph.features))
    return [
        Count(words, states[name]) for name, words in _REVIEW.items() if states[name]
    ]


def who_labelled(annotated: AnnotatedGraph) -> list[Count]:
    """How many of the labels that are shown came from whom."""
    origins: Counter[str] = Counter()
    for feature in annotated.graph.features:
        last = annotated.state.last_revision(feature_subject(feature))
        if last is not None and last.shown:
            by = last.author or last.method
            file = (
                "a file that does not tell" if last.status == "imported" else "unknown"
            )
            origins[one_line(by) if by else file] += 1
    return [Count(name, n) for name, n in origins.most_common()]


# -- scores -------------------------------------------------------------------------


def score_lines(annotated: AnnotatedGraph) -> tuple[list[ScoreLine], list[str]]:
    """Both scores of the graph and of its pinned part; why one is missing."""
    graph = annotated.graph
    pinned = np.zeros(len(graph), dtype=np.bool_)
    pinned[list(annotated.state.pins.get(annotated.number, ()))] = True
    whole, part = graph_scores(graph), pinned_scores(graph, pinned)
    lines = [
        _score_line(REPLACEMENT, whole.replacement, part.replacement),
        _score_line(COMPLETENESS, whole.completeness, part.completeness),
    ]
    return lines, _reasons(whole, part)


def _score_line(text: str, whole: float | None, pinned: float | None) -> ScoreLine:
    name, _, explained = text.partition(": ")
    return ScoreLine(name, _capital(explained), _share(whole), _share(pinned))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _share(value: float | None) -> str:
    return "–" if value is None else number(value)


def _reasons(whole: GraphScores, pinned: GraphScores) -> list[str]:
    return list(dict.fromkeys(r for r in (whole.reason, pinned.reason) if r))


# -- supernodes ---------------------------------------------------------------------


def supernode_rows(annotated: AnnotatedGraph) -> list[SupernodeRow]:
    """Supernodes, then pinned nodes in none, with their strongest summed links."""
    state, number_ = annotated.state, annotated.number
    boxes, links = supernode_graph(state, number_)
    # At the links alone: the box's own row has the whole name.
    names = {box.key: shortened(one_line(box.title)) or "Unnamed" for box in boxes}
    tiers = node_tiers(state, number_)
    tokens = shown_tokens(annotated.graph)
    inputs, outputs = _links_by_box(links)
    held = state.supernodes.get(number_, {})
    rows = []
    for key, supernode in held.items():
        rows.append(
            (f"s{key}", supernode.name, supernode.members, supernode.unresolved)
        )
    rows += [(b.key, b.title, b.members, ()) for b in boxes if b.kind == "node"]
    return [
        SupernodeRow(
            name=one_line(name) or "Unnamed",
            grouped=key.startswith("s"),
            members=tuple(
                _member(annotated, NodeIndex(node), tiers[node], tokens)
                for node in members
            ),
            inputs=_told_links(inputs[key], names, incoming=True),
            outputs=_told_links(outputs[key], names, incoming=False),
            n_more=sum(max(len(x[key]) - _MOST_LINKS, 0) for x in (inputs, outputs)),
            unresolved=len(unresolved),
        )
        for key, name, members, unresolved in rows
    ]


def _links_by_box(
    links: list[SupernodeLink],
) -> tuple[dict[str, list[SupernodeLink]], dict[str, list[SupernodeLink]]]:
    inputs: defaultdict[str, list[SupernodeLink]] = defaultdict(list)
    outputs: defaultdict[str, list[SupernodeLink]] = defaultdict(list)
    for link in sorted(links, key=lambda link: -abs(link.share)):
        if abs(link.share) < _LEAST_SHARE:
            break
        inputs[link.target].append(link)
        outputs[link.source].append(link)
    return inputs, outputs


def _told_links(
    links: list[SupernodeLink], names: dict[str, str], *, incoming: bool
) -> tuple[SummedLink, ...]:
    return tuple(
        SummedLink(
            names[link.source if incoming else link.target],
            signed_percent(link.share),
            negative=link.weight < 0,
        )
        for link in links[:_MOST_LINKS]
    )


def _member(
    annotated: AnnotatedGraph,
    node: NodeIndex,
    tier: Tier | None,
    tokens: tuple[str, ...],
) -> Member:
    graph = annotated.graph
    position = int(graph.nodes.position[node])
    token = tokens[position] if position < len(tokens) else f"#{position}"
    feature = graph.feature_of(node)
    where = f"{feature} at {token}" if feature is not None else f"at {token}"
    name = one_line(node_name(annotated.state, annotated.number, node))
    return Member(name, where, tier)
