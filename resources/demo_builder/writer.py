"""The demo's graphs as JSON of circuit-tracer's schema 1."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from attribution import Attribution, Settings
from pruning import Pruned

from glossator.graph.feature_ids import cantor

SCAN = "smollm2-135m-instruct"
SOURCE = "mlp-neurons-signed"
DESCRIPTION = (
    "SmolLM2-135M-Instruct with its 4-bit (Q4_1) weights dequantised to float32. "
    "Nothing was trained to take it apart: a feature is one MLP neuron with one sign "
    "of its activation, index = 2 * neuron + (1 if the activation is negative), and "
    "an error node stands for all neurons of its layer and position that were not "
    "among the {n} candidates. Link weights are direct effects with attention "
    "patterns and RMSNorm denominators frozen and with the half (RelP) rule at the "
    "gated neurons; before pruning, the weights into a node add up to its activation, "
    "or to the logit minus the mean logit. The BOS token takes the effect of "
    "everything at its position. Before pruning, {replacement:.0%} of the influence "
    "on the logits ends in tokens and the rest in errors (replacement score); weighted "
    "by influence, {completeness:.0%} of the inputs of a node are features or tokens "
    "(completeness score). So the errors carry much here: the graph shows strong "
    "paths, not the whole computation."
)

Json = dict[str, object]


@dataclass(frozen=True, eq=False)
class PromptGraph:
    """One graph with what its file says about it."""

    slug: str
    prompt: str
    attribution: Attribution
    pruned: Pruned
    settings: Settings
    node_share: float
    edge_share: float


def rounded(value: float, digits: int) -> float:
    """Round to significant digits."""
    return float(f"{value:.{digits}g}")


@dataclass(frozen=True, order=True)
class Feature:
    """One sign of one MLP neuron."""

    layer: int
    neuron: int
    negative: bool

    @property
    def index(self) -> int:
        """Index inside the layer."""
        return 2 * self.neuron + self.negative


def kept_features(graph: PromptGraph) -> list[tuple[int, Feature]]:
    """List the features that survived pruning as (candidate, feature)."""
    which = graph.pruned.nodes[: len(graph.attribution.candidates)].nonzero()[:, 0]
    found = []
    for candidate in which.tolist():
        layer, _, neuron = graph.attribution.candidates[candidate].tolist()
        negative = bool(graph.attribution.activations[candidate] < 0)
        found.append((candidate, Feature(layer, neuron, negative)))
    return found


def _node(node_id: str, js_node_id: str, layer: str, position: int) -> Json:
    return {
        "node_id": node_id,
        "feature": -1,
        "layer": layer,
        "ctx_idx": position,
        "feature_type": "",
        "token_prob": 0.0,
        "is_target_logit": False,
        "run_idx": 0,
        "reverse_ctx_idx": 0,
        "jsNodeId": js_node_id,
        "clerp": "",
        "influence": None,
        "activation": None,
    }


def _feature_nodes(graph: PromptGraph) -> dict[int, Json]:
    nodes = {}
    for candidate, feature in kept_features(graph):
        position = int(graph.attribution.candidates[candidate, 1])
        name = f"{feature.layer}_{feature.index}"
        nodes[candidate] = _node(
            f"{name}_{position}", f"{name}-0", str(feature.layer), position
        ) | {
            "feature": cantor(feature.layer, feature.index),
            "feature_type": "cross layer transcoder",
            "activation": rounded(
                abs(float(graph.attribution.activations[candidate])), 5
            ),
        }
    return nodes


def _error_nodes(graph: PromptGraph) -> dict[int, Json]:
    nodes = {}
    first = len(graph.attribution.candidates)
    for offset, (layer, position) in enumerate(graph.attribution.errors.tolist()):
        if graph.pruned.nodes[first + offset]:
            nodes[first + offset] = _node(
                f"{layer}_-1_{position}", f"{layer}_-1-{position}", str(layer), position
            ) | {"feature_type": "mlp reconstruction error"}
    return nodes


def _token_nodes(graph: PromptGraph, texts: list[str]) -> dict[int, Json]:
    nodes = {}
    first = len(graph.attribution.candidates) + len(graph.attribution.errors)
    for position, token in enumerate(graph.attribution.trace.ids):
        nodes[first + position] = _node(
            f"E_{token}_{position}", f"E_{token}-{position}", "E", position
        ) | {
            "feature": position,
            "feature_type": "embedding",
            "clerp": f'Emb: "{texts[position]}"',
        }
    return nodes


def _logit_nodes(graph: PromptGraph, vocabulary: Sequence[str]) -> dict[int, Json]:
    attribution, nodes = graph.attribution, {}
    layer = str(len(attribution.trace.gates) + 1)
    first = len(attribution.adjacency) - len(attribution.logit_ids)
    position = len(attribution.trace.ids) - 1
    for rank, token in enumerate(attribution.logit_ids.tolist()):
        text = vocabulary[token]
        prob = float(attribution.logit_probs[rank])
        nodes[first + rank] = _node(
            f"{layer}_{token}_{position}", f"L_{token}-{position}", layer, position
        ) | {
            "feature": token,
            "feature_type": "logit",
            "token_prob": rounded(prob, 6),
            "is_target_logit": rank == 0,
            "clerp": f'Output "{text}" (p={prob:.3f})',
        }
    return nodes


def _metadata(graph: PromptGraph, texts: list[str], version: str) -> Json:
    return {
        "slug": graph.slug,
        "scan": SCAN,
        "transcoder_list": [],
        "prompt_tokens": texts,
        "prompt": graph.prompt,
        "node_threshold": graph.node_share,
        "schema_version": 1,
        "info": {
            "description": DESCRIPTION.format(
                n=graph.settings.n_candidates,
                replacement=graph.pruned.replacement,
                completeness=graph.pruned.completeness,
            ),
            "creator_name": "Glossator demo builder",
            "source_urls": [],
            "transcoder_set": SOURCE,
            "generator": {"name": "Glossator demo builder", "version": version},
        },
        "generation_settings": {
            "max_n_logits": graph.settings.max_logits,
            "desired_logit_prob": graph.settings.logit_mass,
            "max_feature_nodes": graph.settings.n_candidates,
        },
        "pruning_settings": {
            "node_threshold": graph.node_share,
            "edge_threshold": graph.edge_share,
        },
    }


def graph_json(graph: PromptGraph, vocabulary: Sequence[str], version: str) -> Json:
    """Lay a graph out in circuit-tracer's schema 1."""
    texts = [vocabulary[token] for token in graph.attribution.trace.ids]
    tokens = _token_nodes(graph, texts)
    logits = _logit_nodes(graph, vocabulary)
    nodes = _feature_nodes(graph) | _error_nodes(graph) | tokens | logits
    for row, node in nodes.items():
        if row not in logits:
            node["influence"] = rounded(float(graph.pruned.influence[row]), 5)
    links = [
        {
            "source": nodes[source]["node_id"],
            "target": nodes[target]["node_id"],
            "weight": rounded(float(graph.attribution.adjacency[target, source]), 5),
        }
        for target, source in graph.pruned.links.nonzero().tolist()
    ]
    return {
        "metadata": _metadata(graph, texts, version),
        "qParams": {
            "linkType": "both",
            "pinnedIds": [],
            "clickedId": "",
            "supernodes": [],
            "sg_pos": "",
        },
        "nodes": list(nodes.values()),
        "links": links,
    }


def compact(value: object) -> str:
    """Serialise without spaces and without escaping letters."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
