"""What is shown of a graph comparison, as cells of tables."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from glossator.graph.attribution_graph import FeatureKey
from glossator.graph_comparison.features import ComparedFeature, FeatureAt
from glossator.graph_comparison.graph_comparison import GraphComparison
from glossator.graph_comparison.links import ComparedLink
from glossator.graph_comparison.logits import ComparedLogit
from glossator.graph_comparison.supernodes import ComparedSupernode
from glossator.project.node_text import shown_tokens

NONE = "–"

FEATURE_HEAD = (
    *("Feature", "In", "Positions A", "Positions B"),
    *("Influence A", "Influence B", "Activation A", "Activation B"),
)
LABEL_HEAD = ("Feature", "Labels", "A", "Status A", "B", "Status B")
SUPERNODE_HEAD = (
    *("Supernode", "Of", "In the other", "Nodes there", "Twin in B", "Jaccard"),
)
LINK_HEAD = (
    *("From", "To", "Share A", "Share B", "Difference", "Weight A", "Weight B"),
)
LOGIT_HEAD = ("Token", "A", "B", "Difference")
FACT_HEAD = ("", "A", "B")

_MINUS = "−"
_MOST_POSITIONS = 6
_LONG_TEXT = 80

ValueT = TypeVar("ValueT")


def feature_cells(one: ComparedFeature) -> tuple[str, ...]:
    return (
        str(one.feature),
        one.where,
        *_both(one, _positions),
        *_both(one, lambda at: number(at.influence)),
        *_both(one, lambda at: number(at.activation)),
    )


def label_cells(one: ComparedFeature) -> tuple[str, ...]:
    texts, states = _both(one, lambda at: at.label), _both(one, _status)
    match = "no label" if one.label_match == "none" else one.label_match
    return str(one.feature), match, texts[0], states[0], texts[1], states[1]


def supernode_cells(one: ComparedSupernode) -> tuple[str, ...]:
    twin = one.twin
    said = NONE
    if twin is not None:
        said = "same name" if twin.same_name else twin.name
    return (
        one.supernode.name,
        one.of,
        f"{one.n_shared} of {one.n} parts",
        str(len(one.nodes)),
        said,
        f"{twin.jaccard:.2f}" if twin else NONE,
    )


def link_cells(
    link: ComparedLink, label: Callable[[FeatureKey], str]
) -> tuple[str, ...]:
    """The cells of a link; `label` says what stands for its features."""
    apart = (link.share_b or 0.0) - (link.share_a or 0.0)
    return (
        label(link.source),
        label(link.target),
        percent(link.share_a),
        percent(link.share_b),
        _signed(apart),
        number(link.weight_a),
        number(link.weight_b),
    )


def logit_cells(logit: ComparedLogit) -> tuple[str, ...]:
    apart = (logit.b or 0.0) - (logit.a or 0.0)
    return logit.shown, percent(logit.a), percent(logit.b), _signed(apart)


def fact_cells(comparison: GraphComparison) -> Iterator[tuple[str, str, str]]:
    """What each of the graphs is, a line a fact."""
    graphs = comparison.a.graph, comparison.b.graph
    replacement = (score.replacement for score in comparison.scores)
    completeness = (score.completeness for score in comparison.scores)
    facts: list[tuple[str, Sequence[str]]] = [
        ("Tokens", [f"{len(graph.prompt_tokens):,}" for graph in graphs]),
        ("Nodes", [f"{len(graph):,}" for graph in graphs]),
        ("Links", [f"{len(graph.links):,}" for graph in graphs]),
        ("Features", [f"{len(graph.features):,}" for graph in graphs]),
        (
            "Labelled features",
            [f"{len(side.labels):,}" for side in (comparison.a, comparison.b)],
        ),
        (
            "Supernodes",
            [f"{len(side.supernodes):,}" for side in (comparison.a, comparison.b)],
        ),
        ("Replacement score", [number(score) for score in replacement]),
        ("Completeness score", [number(score) for score in completeness]),
    ]
    for name, (a, b) in facts:
        yield name, a, b


def notes(comparison: GraphComparison) -> list[str]:
    """What to know before the tables are read, one sentence each."""
    said = [comparison.source_text, prompt_text(comparison)]
    for name, score in zip("AB", comparison.scores, strict=True):
        if score.reason:
            said.append(f"Scores of {name}: {score.reason}")
    if comparison.same_source:
        counts, labels = comparison.n_features, comparison.n_labels
        said.append(
            f"Features: {counts['both']:,} in both, {counts['only in A']:,} only in "
            f"A, {counts['only in B']:,} only in B."
        )
        said.append(
            f"Labels of those in both: {labels['same']:,} the same, "
            f"{labels['differs']:,} differ, {labels['only in A']:,} only in A, "
            f"{labels['only in B']:,} only in B, {labels['none']:,} in neither."
        )
    return said


def prompt_text(comparison: GraphComparison) -> str:
    prompt = comparison.prompt
    if prompt.same:
        return "The prompt is the same."
    end_a, end_b = (
        len(tokens) - prompt.n_after for tokens in (prompt.tokens_a, prompt.tokens_b)
    )
    only_a = shown_tokens(comparison.a.graph)[prompt.n_before : end_a]
    only_b = shown_tokens(comparison.b.graph)[prompt.n_before : end_b]
    return (
        f"The prompts share {_tokens(prompt.n_before)} at their beginning and "
        f"{_tokens(prompt.n_after)} at their end; between them, A has "
        f"{_quoted(only_a)} and B {_quoted(only_b)}."
    )


def number(value: float | None) -> str:
    return NONE if value is None else f"{value:.3g}".replace("-", _MINUS)


def percent(value: float | None) -> str:
    return NONE if value is None else f"{value:.1%}".replace("-", _MINUS)


def _signed(value: float) -> str:
    return f"{value:+.1%}".replace("-", _MINUS)


def _both(one: ComparedFeature, say: Callable[[FeatureAt], str]) -> tuple[str, str]:
    a, b = (say(at) if at else "" for at in (one.a, one.b))
    return a or NONE, b or NONE


def _positions(at: FeatureAt) -> str:
    shown = " ".join(map(str, at.positions[:_MOST_POSITIONS]))
    rest = len(at.positions) - _MOST_POSITIONS
    return f"{shown} +{rest}" if rest > 0 else shown


def _status(at: FeatureAt) -> str:
    return at.revision.status if at.revision else ""


def _tokens(n: int) -> str:
    return f"{n or 'no'} token{'' if n == 1 else 's'}"


def _quoted(tokens: Sequence[str]) -> str:
    text = "".join(tokens)
    if len(text) > _LONG_TEXT:
        text = f"{text[: _LONG_TEXT // 2]}…{text[-_LONG_TEXT // 2 :]}"
    return f"“{text}”" if text else "nothing"
