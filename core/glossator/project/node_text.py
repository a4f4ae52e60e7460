"""What is shown of each node of a graph: its tier, its label, its name."""

from weakref import WeakKeyDictionary

from glossator.evidence import token_text
from glossator.evidence.token_text import visible_token
from glossator.graph.attribution_graph import AttributionGraph, NodeIndex, NodeKind
from glossator.project.revision import GraphId, feature_subjects
from glossator.project.state import ProjectState
from glossator.protocol.decision import Tier

_KIND_NAMES = {
    NodeKind.FEATURE: "feature",
    NodeKind.ATTENTION: "attention feature",
    NodeKind.ERROR: "error",
    NodeKind.EMBEDDING: "token",
    NodeKind.LOGIT: "logit",
    NodeKind.OTHER: "node",
}

_of_graphs: WeakKeyDictionary[AttributionGraph, tuple[str, ...]] = WeakKeyDictionary()


def shown_tokens(graph: AttributionGraph) -> tuple[str, ...]:
    """The prompt's tokens with every character visible."""
    if graph not in _of_graphs:
        _of_graphs[graph] = token_text.shown_tokens(graph.prompt_tokens)
    return _of_graphs[graph]


def shown_token_at(graph: AttributionGraph, position: int) -> str:
    """A token of the prompt as it is shown; ∅ beyond its end."""
    tokens = shown_tokens(graph)
    return tokens[position] if 0 <= position < len(tokens) else visible_token("")


def node_tiers(state: ProjectState, number: GraphId) -> list[Tier | None]:
    """Tier of each node of a graph; None for nodes without one."""
    graph = state.graphs[number].graph
    results = [state.results.get(subject) for subject in feature_subjects(graph)]
    # A node that is no feature has the number -1: the last entry.
    tiers = [*(result.tier if result else None for result in results), None]
    return [tiers[feature] for feature in graph.feature_number.tolist()]


def node_labels(state: ProjectState, number: GraphId) -> list[str]:
    """Label of each node; for nodes that are no features the file's own text."""
    graph = state.graphs[number].graph
    labels = list(graph.nodes.caption)
    of_features = [state.label_of(subject) for subject in feature_subjects(graph)]
    own = state.own_labels(number)
    for at, feature in enumerate(graph.feature_number.tolist()):
        if feature >= 0:
            node = NodeIndex(at)
            labels[at] = (
                state.label_at(number, node) if node in own else of_features[feature]
            )
    return labels


def node_title(graph: AttributionGraph, node: NodeIndex) -> str:
    kind = NodeKind(int(graph.nodes.kind[node]))
    layer = int(graph.nodes.layer[node])
    if graph.nodes.is_feature[node]:
        return f"Layer {layer} · {_KIND_NAMES[kind]} {int(graph.nodes.index[node])}"
    token = shown_token_at(graph, int(graph.nodes.position[node]))
    if kind == NodeKind.EMBEDDING:
        return f"Token {token}"
    if kind == NodeKind.LOGIT:
        return graph.nodes.caption[node] or "Logit"
    return f"Layer {layer} · {_KIND_NAMES[kind]} at {token}"


def node_name(state: ProjectState, number: GraphId, node: NodeIndex) -> str:
    """The label of a node, or the shortest thing that tells it from others."""
    graph = state.graphs[number].graph
    kind = NodeKind(int(graph.nodes.kind[node]))
    feature = graph.feature_of(node)
    if feature is not None:
        return state.label_at(number, node) or str(feature)
    if kind == NodeKind.LOGIT and graph.nodes.caption[node]:
        return graph.nodes.caption[node]
    token = shown_token_at(graph, int(graph.nodes.position[node]))
    return f"{_KIND_NAMES[kind]} {token}"


def elsewhere_text(positions: int, graphs: int) -> str:
    """At how many other places a feature is active; "" where at none."""
    at = f"at {positions:,} other position{'s' if positions > 1 else ''}"
    within = f"in {graphs:,} other graph{'s' if graphs > 1 else ''}"
    places = [text for text, n in ((at, positions), (within, graphs)) if n]
    return f"also active {' and '.join(places)}" if places else ""
