"""The demo's files: graphs as JSON, evidence in circuit-tracer's binary layout."""

import gzip
import json
import struct
from dataclasses import dataclass
from pathlib import Path

import torch
from attribution import Attribution, Settings
from examples import Evidence, Example, Feature
from model import Model, Tokenizer, token_texts
from pruning import Pruned

SCAN = "smollm2-135m-instruct"
SOURCE = "mlp-neurons-signed"
N_LOGITS_SHOWN = 10
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


def cantor(layer: int, index: int) -> int:
    """Pair layer and index into one number, as graphs of schema 1 do."""
    return (layer + index) * (layer + index + 1) // 2 + index


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


def _logit_nodes(
    graph: PromptGraph, tokenizer: Tokenizer, n_layers: int
) -> dict[int, Json]:
    attribution, nodes = graph.attribution, {}
    first = len(attribution.adjacency) - len(attribution.logit_ids)
    position = len(attribution.trace.ids) - 1
    ids = attribution.logit_ids.tolist()
    for rank, (token, text) in enumerate(
        zip(ids, token_texts(tokenizer, ids), strict=True)
    ):
        prob = float(attribution.logit_probs[rank])
        layer = str(n_layers + 1)
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


def graph_json(
    graph: PromptGraph, tokenizer: Tokenizer, n_layers: int, version: str
) -> Json:
    """Lay a graph out in circuit-tracer's schema 1."""
    texts = token_texts(tokenizer, list(graph.attribution.trace.ids))
    tokens = _token_nodes(graph, texts)
    logits = _logit_nodes(graph, tokenizer, n_layers)
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


@torch.no_grad()
def logit_tokens(
    model: Model, tokenizer: Tokenizer, feature: Feature
) -> tuple[list[str], list[str]]:
    """Return the tokens that a feature's output raises and lowers most.

    The output direction passes the gain of the final norm, not its denominator.
    """
    output = model.layers[feature.layer].down[:, feature.neuron] * feature.sign
    logits = model.embed @ (output * model.final_norm)
    top = logits.topk(N_LOGITS_SHOWN).indices.tolist()
    bottom = logits.topk(N_LOGITS_SHOWN, largest=False).indices.tolist()
    return token_texts(tokenizer, top), token_texts(tokenizer, bottom)


def _number(value: float, digits: int) -> float | int:
    """Round, and write whole numbers as integers."""
    short = rounded(value, digits)
    return int(short) if short.is_integer() else short


def _example(example: Example, tokenizer: Tokenizer) -> Json:
    return {
        "tokens": token_texts(tokenizer, example.ids.tolist()),
        "tokens_acts_list": [_number(a, 3) for a in example.activations.tolist()],
        "train_token_ind": example.top,
        "is_repeated_datapoint": False,
    }


def feature_json(
    feature: Feature, found: Evidence, model: Model, tokenizer: Tokenizer
) -> Json:
    """Lay the evidence of a feature out in Anthropic's format."""
    top_logits, bottom_logits = logit_tokens(model, tokenizer, feature)
    buckets = {"Top activations": found.top, "Mid-range activations": found.mid}
    return {
        "index": cantor(feature.layer, feature.index),
        "transcoder_id": SOURCE,
        "examples_quantiles": [
            {
                "quantile_name": name,
                "examples": [_example(example, tokenizer) for example in examples],
            }
            for name, examples in buckets.items()
            if examples
        ],
        "top_logits": top_logits,
        "bottom_logits": bottom_logits,
        "act_min": 0,
        "act_max": _number(found.act_max, 5),
        "quantile_values": [_number(value, 4) for value in found.quantiles],
        "histogram": list(found.histogram),
        "activation_frequency": rounded(found.density, 4),
    }


def write_features(folder: Path, records: dict[Feature, Json], n_indices: int) -> None:
    """Write one file a layer and the index of their records.

    A record is its length as little-endian uint32 and that many bytes of gzip. The
    record of feature i lies at ``offsets[i]:offsets[i + 1]``, empty if there is none;
    ``n_indices`` is the number of features a layer can have.
    """
    folder.mkdir(parents=True, exist_ok=True)
    index: dict[str, Json] = {}
    for layer in sorted({feature.layer for feature in records}):
        own = {f.index: record for f, record in records.items() if f.layer == layer}
        data, offsets = bytearray(), [0]
        for feature in range(n_indices):
            if feature in own:
                packed = gzip.compress(compact(own[feature]).encode(), 9, mtime=0)
                data += struct.pack("<I", len(packed)) + packed
            offsets.append(len(data))
        name = f"layer_{layer}.bin"
        (folder / name).write_bytes(data)
        index[str(layer)] = {"filename": name, "offsets": offsets}
    packed = gzip.compress(compact(index).encode(), 9, mtime=0)
    (folder / "index.json.gz").write_bytes(packed)
