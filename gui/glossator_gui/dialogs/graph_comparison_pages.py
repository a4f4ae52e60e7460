"""What each table of a graph comparison shows; made away from the window's thread."""

from collections.abc import Sequence
from dataclasses import dataclass

from glossator.graph.attribution_graph import FeatureKey
from glossator.graph_comparison.features import ComparedFeature
from glossator.graph_comparison.graph_comparison import GraphComparison
from glossator.graph_comparison.links import ComparedLink
from glossator.graph_comparison.rows import (
    fact_cells,
    feature_cells,
    label_cells,
    link_cells,
    logit_cells,
    notes,
    supernode_cells,
)
from glossator.graph_comparison.supernodes import ComparedSupernode
from glossator_gui.dialogs.graph_comparison_table import Filter, TableRow

MOST_LINKS = 2_000
"""Nobody reads more; the export holds all."""


def _one(name: str, kind: str) -> Filter:
    return Filter(name, frozenset((kind,)))


FEATURE_FILTERS = (
    Filter("All features", None),
    _one("In both", "both"),
    _one("Only in A", "only in A"),
    _one("Only in B", "only in B"),
)
LABEL_FILTERS = (
    Filter("Different", frozenset(("differs", "only in A", "only in B"))),
    _one("Differ", "differs"),
    _one("Only in A", "only in A"),
    _one("Only in B", "only in B"),
    _one("The same", "same"),
    Filter("All features in both", None),
)
SUPERNODE_FILTERS = (
    Filter("All supernodes", None),
    _one("Different", "different"),
    _one("The same", "same"),
    _one("Only in one", "only in one"),
)
LINK_FILTERS = (
    Filter("All links", None),
    _one("In both", "both"),
    _one("Of other sign", "other sign"),
    _one("Only in A", "only in A"),
    _one("Only in B", "only in B"),
)


@dataclass(frozen=True, eq=False)
class ComparisonPages:
    """A graph comparison with all that is shown of it."""

    comparison: GraphComparison
    notes: Sequence[str]
    facts: Sequence[tuple[str, ...]]
    logits: Sequence[tuple[str, ...]]
    features: Sequence[TableRow]
    """Of `ComparedFeature`, as `labels`."""
    labels: Sequence[TableRow]
    supernodes: Sequence[TableRow]
    """Of `ComparedSupernode`."""
    links: Sequence[TableRow]
    """Of `ComparedLink`; those that differ most."""


def pages_of(comparison: GraphComparison) -> ComparisonPages:
    shared = [one for one in comparison.features if one.where == "both"]
    labels = {one.feature: _label(one) for one in shared}

    def named(feature: FeatureKey) -> str:
        return f"{feature}  {labels[feature]}".rstrip()

    return ComparisonPages(
        comparison=comparison,
        notes=notes(comparison),
        facts=list(fact_cells(comparison)),
        logits=list(map(logit_cells, comparison.logits)),
        features=[
            TableRow(_with_label(one), one.where, one) for one in comparison.features
        ],
        labels=[TableRow(label_cells(one), one.label_match, one) for one in shared],
        supernodes=[
            TableRow(supernode_cells(one), _supernode_kind(one), one)
            for one in comparison.supernodes
        ],
        links=[
            TableRow(link_cells(link, named), _link_kind(link), link)
            for link in comparison.links.strongest(MOST_LINKS)
        ],
    )


def _with_label(one: ComparedFeature) -> tuple[str, ...]:
    name, *cells = feature_cells(one)
    return name, _label(one), *cells


def _label(one: ComparedFeature) -> str:
    return next((at.label for at in (one.a, one.b) if at and at.label), "")


def _supernode_kind(one: ComparedSupernode) -> str:
    if one.twin is None:
        return "only in one"
    same = one.twin.same_name and one.twin.jaccard == 1
    return "same" if same else "different"


def _link_kind(link: ComparedLink) -> str:
    if link.weight_a is None:
        return "only in B"
    if link.weight_b is None:
        return "only in A"
    return "other sign" if link.weight_a * link.weight_b < 0 else "both"
