"""A graph comparison as a folder of tables, or as one JSON file."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from glossator.errors import InputError
from glossator.export.csv_file import write_csv
from glossator.export.target_file import write_whole
from glossator.graph_comparison.features import ComparedFeature, FeatureAt
from glossator.graph_comparison.graph_comparison import GraphComparison
from glossator.graph_comparison.supernodes import ComparedSupernode


class SideRecord(msgspec.Struct, frozen=True, kw_only=True):
    side: str
    name: str
    graph: str
    model: str
    source_set: str
    prompt: str
    tokens: int
    nodes: int
    links: int
    features: int
    labelled_features: int
    supernodes: int
    replacement_score: float | None
    completeness_score: float | None
    why_no_score: str


class FeatureRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A feature, its label in each graph included."""

    layer: int
    index: int
    attention: bool
    found: str
    """"both", "only in A" or "only in B"."""
    nodes_a: tuple[str, ...]
    """Node ids."""
    nodes_b: tuple[str, ...]
    positions_a: tuple[int, ...]
    positions_b: tuple[int, ...]
    influence_a: float | None
    influence_b: float | None
    activation_a: float | None
    activation_b: float | None
    labels: str
    """"same", "differs", "only in A", "only in B" or "none"."""
    label_a: str
    label_b: str
    status_a: str
    status_b: str


class LinkRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over the links between the nodes of two features."""

    source_layer: int
    source_index: int
    source_attention: bool
    target_layer: int
    target_index: int
    target_attention: bool
    weight_a: float | None
    weight_b: float | None
    share_a: float | None
    share_b: float | None


class SupernodeRecord(msgspec.Struct, frozen=True, kw_only=True):
    side: str
    name: str
    members: tuple[str, ...]
    """Node ids."""
    parts: int
    parts_in_other: int
    nodes_in_other: tuple[str, ...]
    twin: str
    jaccard: float | None
    same_name: bool


class LogitRecord(msgspec.Struct, frozen=True, kw_only=True):
    token: str
    probability_a: float | None
    probability_b: float | None


class _Tables(msgspec.Struct, frozen=True):
    """In the order of the JSON; each a table."""

    sides: Sequence[SideRecord]
    features: Sequence[FeatureRecord]
    supernodes: Sequence[SupernodeRecord]
    links: Sequence[LinkRecord]
    logits: Sequence[LogitRecord]


_RECORDS: Mapping[str, type[msgspec.Struct]] = {
    "sides": SideRecord,
    "features": FeatureRecord,
    "supernodes": SupernodeRecord,
    "links": LinkRecord,
    "logits": LogitRecord,
}


def write_graph_comparison_csv(
    comparison: GraphComparison, folder: Path
) -> tuple[Path, ...]:
    """Write a table each of sides, features, supernodes, links and logits.

    Raises
    ------
    InputError
        if they cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot create ({error.strerror})", source=folder) from error
    tables = _tables(comparison)
    paths = []
    for name, record in _RECORDS.items():
        path = folder / f"{name}.csv"
        write_csv(path, record, getattr(tables, name))
        paths.append(path)
    return tuple(paths)


def write_graph_comparison_json(comparison: GraphComparison, path: Path) -> None:
    """Write all of it, with whether features are the same things in both.

    Raises
    ------
    InputError
        if it cannot be written.
    """
    document = {
        "same_source": comparison.same_source,
        "same_prompt": comparison.prompt.same,
        "tokens_before": comparison.prompt.n_before,
        "tokens_after": comparison.prompt.n_after,
        "tokens_a": comparison.prompt.tokens_a,
        "tokens_b": comparison.prompt.tokens_b,
        **msgspec.structs.asdict(_tables(comparison)),
    }
    write_whole(path, msgspec.json.format(msgspec.json.encode(document)) + b"\n")


def _tables(comparison: GraphComparison) -> _Tables:
    return _Tables(
        sides=tuple(_sides(comparison)),
        features=[_feature(comparison, one) for one in comparison.features],
        supernodes=[_supernode(comparison, one) for one in comparison.supernodes],
        links=tuple(_links(comparison)),
        logits=[
            LogitRecord(token=one.token, probability_a=one.a, probability_b=one.b)
            for one in comparison.logits
        ],
    )


def _sides(comparison: GraphComparison) -> Iterator[SideRecord]:
    sides = {"A": comparison.a, "B": comparison.b}
    for (letter, side), scores in zip(sides.items(), comparison.scores, strict=True):
        graph = side.graph
        yield SideRecord(
            side=letter,
            name=side.name,
            graph=graph.slug,
            model=graph.model,
            source_set=graph.source_set,
            prompt=graph.prompt,
            tokens=len(graph.prompt_tokens),
            nodes=len(graph),
            links=len(graph.links),
            features=len(graph.features),
            labelled_features=len(side.labels),
            supernodes=len(side.supernodes),
            replacement_score=scores.replacement,
            completeness_score=scores.completeness,
            why_no_score=scores.reason,
        )


def _feature(comparison: GraphComparison, one: ComparedFeature) -> FeatureRecord:
    cells = {
        f"{name}_{letter}": value
        for letter, at, ids in (
            ("a", one.a, comparison.a.graph.nodes.node_id),
            ("b", one.b, comparison.b.graph.nodes.node_id),
        )
        for name, value in _feature_cells(at, ids).items()
    }
    key = one.feature
    return msgspec.convert(
        {
            "layer": key.layer,
            "index": key.index,
            "attention": key.attention,
            "found": one.where,
            "labels": one.label_match,
            **cells,
        },
        FeatureRecord,
    )


def _feature_cells(at: FeatureAt | None, ids: Sequence[str]) -> dict[str, object]:
    return {
        "nodes": tuple(ids[node] for node in at.nodes) if at else (),
        "positions": at.positions if at else (),
        "influence": at.influence if at else None,
        "activation": at.activation if at else None,
        "label": at.label if at else "",
        "status": at.revision.status if at and at.revision else "",
    }


def _supernode(comparison: GraphComparison, one: ComparedSupernode) -> SupernodeRecord:
    here, there = comparison.a.graph.nodes.node_id, comparison.b.graph.nodes.node_id
    if one.of == "B":
        here, there = there, here
    return SupernodeRecord(
        side=one.of,
        name=one.supernode.name,
        members=tuple(here[node] for node in one.supernode.members),
        parts=one.n,
        parts_in_other=one.n_shared,
        nodes_in_other=tuple(there[node] for node in one.nodes),
        twin=one.twin.name if one.twin else "",
        jaccard=one.twin.jaccard if one.twin else None,
        same_name=one.twin is not None and one.twin.same_name,
    )


def _links(comparison: GraphComparison) -> Iterator[LinkRecord]:
    for link in comparison.links.strongest():
        yield LinkRecord(
            source_layer=link.source.layer,
            source_index=link.source.index,
            source_attention=link.source.attention,
            target_layer=link.target.layer,
            target_index=link.target.index,
            target_attention=link.target.attention,
            weight_a=link.weight_a,
            weight_b=link.weight_b,
            share_a=link.share_a,
            share_b=link.share_b,
        )
