"""Two graphs held against each other."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from glossator.graph.attribution_graph import AttributionGraph, NodeKind
from glossator.graph.scores import GraphScores, graph_scores
from glossator.graph_comparison.features import (
    ComparedFeature,
    LabelMatch,
    Where,
    compare_features,
)
from glossator.graph_comparison.links import ComparedLinks, compare_links
from glossator.graph_comparison.logits import ComparedLogit, compare_logits
from glossator.graph_comparison.prompts import PromptDifference, compare_prompts
from glossator.graph_comparison.side import Side
from glossator.graph_comparison.supernodes import (
    ComparedSupernode,
    compare_supernodes,
)


@dataclass(frozen=True, eq=False)
class GraphComparison:
    """What two graphs have in common, and what not."""

    a: Side
    b: Side
    prompt: PromptDifference
    features: tuple[ComparedFeature, ...]
    links: ComparedLinks
    supernodes: tuple[ComparedSupernode, ...]
    logits: tuple[ComparedLogit, ...]
    scores: tuple[GraphScores, GraphScores]
    """Of A and of B."""

    @property
    def same_source(self) -> bool:
        """Whether a feature's number means the same in both."""
        return _source(self.a.graph) == _source(self.b.graph)

    @property
    def source_text(self) -> str:
        """Of which model and source set the graphs are."""
        a, b = self.a.graph, self.b.graph
        if not self.same_source:
            return (
                f"A is of {_source_name(a)}, B of {_source_name(b)}: no feature of one "
                "is in the other. Tokens, logits and scores are compared all the same."
            )
        said = f"Both are of {_source_name(a)}"
        if not (a.source_set or a.opaque_features):
            said += ", which is taken for the same"
        if _n_attention(a) and _n_attention(b) and a.attention_set != b.attention_set:
            said += "; no attention feature is in both, for these are of two sets"
        return f"{said}."

    @cached_property
    def n_features(self) -> Counter[Where]:
        return Counter(one.where for one in self.features)

    @cached_property
    def n_labels(self) -> Counter[LabelMatch]:
        """Of the features that both graphs have."""
        return Counter(one.label_match for one in self.features if one.where == "both")


def compare_graphs(a: Side, b: Side) -> GraphComparison:
    """Compare two graphs; half a second for ten thousand nodes each."""
    prompt = compare_prompts(a.graph.prompt_tokens, b.graph.prompt_tokens)
    features = compare_features(a, b)
    shared = [one.feature for one in features if one.where == "both"]
    return GraphComparison(
        a=a,
        b=b,
        prompt=prompt,
        features=features,
        links=compare_links(a.graph, b.graph, shared),
        supernodes=compare_supernodes(a, b, prompt),
        logits=tuple(compare_logits(a.graph, b.graph)),
        scores=(graph_scores(a.graph), graph_scores(b.graph)),
    )


def _source(graph: AttributionGraph) -> tuple[str, str]:
    return graph.model, graph.source_set


def _source_name(graph: AttributionGraph) -> str:
    return " / ".join((graph.model, graph.source_set or "an unnamed source set"))


def _n_attention(graph: AttributionGraph) -> int:
    return int((graph.nodes.kind == NodeKind.ATTENTION).sum())
