"""Small documents in the formats of the field, as JSON values to alter and to write."""

import gzip
import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from glossator.graph.attribution_graph import AttributionGraph
from glossator.graph.feature_ids import cantor
from glossator.graph.graph_file import parse_graph

Json: TypeAlias = dict[str, Any]

TOKENS = ("<bos>", "The", " capital")
N_LAYERS = 3


def as_bytes(document: object) -> bytes:
    """JSON in UTF-8; lone surrogates stay, as Python's writers leave them."""
    return json.dumps(document).encode()


def graph_of(document: object) -> AttributionGraph:
    return parse_graph(as_bytes(document), source="made.json")


# Graphs of circuit-tracer and Neuronpedia


def feature_node(layer: int, index: int, position: int, **more: object) -> Json:
    """A feature as circuit-tracer writes it since schema 1."""
    return {
        "node_id": f"{layer}_{index}_{position}",
        "jsNodeId": f"{layer}_{index}-0",
        "feature": cantor(layer, index),
        "feature_type": "cross layer transcoder",
        "layer": str(layer),
        "ctx_idx": position,
        "clerp": "",
        "token_prob": 0.0,
        "is_target_logit": False,
        "run_idx": 0,
        "reverse_ctx_idx": 0,
        "influence": 0.5,
        "activation": 2.0,
    } | more


def error_node(layer: int, position: int, **more: object) -> Json:
    return {
        "node_id": f"0_{layer}_{position}",
        "jsNodeId": f"{layer}_{position}-0",
        "feature": -1,
        "feature_type": "mlp reconstruction error",
        "layer": str(layer),
        "ctx_idx": position,
        "clerp": "",
        "token_prob": 0.0,
        "influence": 0.7,
    } | more


def embedding_node(token_id: int, position: int, **more: object) -> Json:
    return {
        "node_id": f"E_{token_id}_{position}",
        "jsNodeId": f"E_{token_id}-{position}",
        "feature": position,
        "feature_type": "embedding",
        "layer": "E",
        "ctx_idx": position,
        "clerp": "",
        "token_prob": 0.0,
        "influence": 0.3,
    } | more


def logit_node(
    token: str, probability: float, *, token_id: int = 5, position: int = 2, **more: Any
) -> Json:
    return {
        "node_id": f"{N_LAYERS + 1}_{token_id}_{position}",
        "jsNodeId": f"L_{token_id}-{position}",
        "feature": token_id,
        "feature_type": "logit",
        "layer": str(N_LAYERS + 1),
        "ctx_idx": position,
        "clerp": f'Output "{token}" (p={probability:.3f})',
        "token_prob": probability,
        "is_target_logit": True,
        "influence": None,
    } | more


def link(source: str, target: str, weight: float | None) -> Json:
    return {"source": source, "target": target, "weight": weight}


def tracer_nodes() -> list[Json]:
    """Two embeddings, three nodes of two features, an error, two logits."""
    return [
        embedding_node(10, 1),
        embedding_node(11, 2),
        feature_node(0, 7, 1, influence=0.2),
        feature_node(2, 9, 1, influence=0.6),
        feature_node(2, 9, 2, influence=0.8),
        error_node(1, 2),
        logit_node(" Austin", 0.75),
        logit_node(" Dallas", 0.125, token_id=6),
    ]


def tracer_links() -> list[Json]:
    return [
        link("E_10_1", "0_7_1", 2.0),
        link("0_7_1", "2_9_2", 3.0),
        link("E_11_2", "2_9_2", -1.0),
        link("0_1_2", "4_5_2", -0.5),
        link("2_9_2", "4_5_2", 1.5),
        link("2_9_1", "4_6_2", 1.0),
    ]


def tracer_graph(
    nodes: Sequence[Json] | None = None,
    links: Sequence[Json] | None = None,
    *,
    state: Json | None = None,
    **metadata: object,
) -> Json:
    """A graph of circuit-tracer, schema 1: features are Cantor numbers."""
    return {
        "metadata": {
            "slug": "capital",
            "scan": "gemma-2-2b",
            "prompt_tokens": list(TOKENS),
            "prompt": "".join(TOKENS),
            "node_threshold": 0.8,
            "schema_version": 1,
            "info": {"transcoder_set": "mntss/clt-gemma-2-2b-2.5M"},
        }
        | metadata,
        "qParams": {} if state is None else state,
        "nodes": list(tracer_nodes() if nodes is None else nodes),
        "links": list(tracer_links() if links is None else links),
    }


def decimal_graph() -> Json:
    """A graph of circuit-tracer 0.1, schema 0: feature = layer * 10**5 + index."""
    document = tracer_graph()
    del document["metadata"]["schema_version"]
    for node in document["nodes"]:
        if node["feature_type"] == "cross layer transcoder":
            layer, index, _ = (int(part) for part in node["node_id"].split("_"))
            node["feature"] = layer * 10**5 + index
    return document


# Graphs of Anthropic


def anthropic_graph(*, state: Json | None = None) -> Json:
    """Opaque feature ids; pins and supernodes speak of jsNodeId; human labels."""

    def feature(layer: int, number: int, position: int, **more: object) -> Json:
        back = len(TOKENS) - position
        return {
            "node_id": f"{layer}_{number}_{position}",
            "jsNodeId": f"{layer}_{number}_-{back}",
            "feature": number,
            "feature_type": "cross layer transcoder",
            "layer": str(layer),
            "ctx_idx": position,
            "run_idx": 0,
            "reverse_ctx_idx": back,
            "clerp": "",
        } | more

    nodes = [
        embedding_node(10, 1, jsNodeId="E_10_-2"),
        feature(3, 10502022, 1, clerp="[Texas] cities of Texas"),
        feature(3, 10502022, 2, clerp="cities of Texas"),
        feature(7, 4412, 2, feature_type="unexplored node"),
        error_node(5, 2, node_id="0_998877_2", jsNodeId="5_998877_-1"),
        logit_node(" Austin", 0.75, node_id="18_55_2", jsNodeId="18_55_-1", layer="18"),
    ]
    return {
        "metadata": {
            "slug": "capital-haiku",
            "scan": "jackl-circuits-runs-1-4-sofa-v3_0",
            "prompt_tokens": list(TOKENS),
            "prompt": "".join(TOKENS),
        },
        "qParams": {
            "linkType": "both",
            "pinnedIds": ["3_10502022_-2", "18_55_-1", "9_1_-9"],
            "clickedId": "",
            "supernodes": [["Texas", "3_10502022_-2", "3_10502022_-1"]],
            "sg_pos": "",
        }
        if state is None
        else state,
        "nodes": nodes,
        "links": [
            link("E_10_1", "3_10502022_1", 1.0),
            link("3_10502022_2", "18_55_2", 2.0),
        ],
    }


# Graphs of EleutherAI's attribute


def attribute_graph() -> Json:
    """Ids by role, Cantor features without a schema version, logits at layer -1."""

    def node(node_id: str, kind: str, layer: str, **more: object) -> Json:
        return {
            "node_id": node_id,
            "jsNodeId": f"{node_id}-0",
            "feature": None,
            "feature_type": kind,
            "layer": layer,
            "ctx_idx": int(node_id.split("_")[1]),
            "clerp": "",
            "influence": 0.4,
        } | more

    return {
        "metadata": {
            "slug": "capital-eleuther",
            "scan": "smollm2-135m",
            "prompt_tokens": list(TOKENS),
            "prompt": "".join(TOKENS),
        },
        "qParams": {"linkType": "both"},
        "nodes": [
            node("input_1", "embedding", "E"),
            node(
                "intermediate_1_2_30",
                "cross layer transcoder",
                "2",
                feature=cantor(2, 30),
            ),
            node("error_2_1", "mlp reconstruction error", "1"),
            node("output_2_0", "logit", "-1", token_prob=0.5, clerp='"x" (p=0.500)'),
        ],
        "links": [
            link("input_1", "intermediate_1_2_30", 0.25),
            link("intermediate_1_2_30", "output_2_0", 0.5),
        ],
    }


# Evidence

EXAMPLE = (["A", " big", " dog"], [0.0, 0.5, 2.0])
"""Tokens, and the activation at each."""


def feature_json(
    examples: Mapping[str, Iterable[tuple[Sequence[str], Sequence[float]]]]
    | None = None,
    **more: object,
) -> Json:
    """A feature of Anthropic's and circuit-tracer's viewers; examples by quantile."""
    groups = {"Top activations": [EXAMPLE]} if examples is None else examples
    return {
        "index": 0,
        "transcoder_id": "made",
        "examples_quantiles": [
            {
                "quantile_name": name,
                "examples": [
                    {
                        "tokens": list(tokens),
                        "tokens_acts_list": list(activations),
                        "train_token_ind": 0,
                        "is_repeated_datapoint": False,
                    }
                    for tokens, activations in group
                ],
            }
            for name, group in groups.items()
        ],
        "top_logits": [" cat"],
        "bottom_logits": ["zzz"],
        "act_min": 0.0,
        "act_max": 4.0,
        "histogram": [3, 1],
        "activation_frequency": 0.01,
    } | more


def _columns(more: Mapping[str, object]) -> Json:
    return {
        "pos_str": [" cat", " dog"],
        "pos_values": [1.5, 1.25],
        "neg_str": ["zzz"],
        "neg_values": [-1.0],
        "frac_nonzero": 0.01,
        "freq_hist_data_bar_values": [1.0, 3.0],
        "freq_hist_data_bar_heights": [3, 1],
    } | dict(more)


def batch_feature(
    number: int,
    examples: Iterable[tuple[Sequence[str], Sequence[float]]] = (EXAMPLE,),
    **more: object,
) -> Json:
    return {
        "feature_index": number,
        "activations": [
            {
                "bin_min": -1.0,
                "bin_max": 2.0,
                "bin_contains": -1.0,
                "tokens": list(tokens),
                "values": list(values),
                "qualifying_token_index": 0,
            }
            for tokens, values in examples
        ],
    } | _columns(more)


def dashboard_batch(*features: Json, layer: int = 0) -> Json:
    """A batch of SAEDashboard."""
    return {
        "model_id": "gpt2-small",
        "layer": layer,
        "sae_set": "res-jb",
        "features": list(features) or [batch_feature(0)],
    }


def neuron_row(
    layer: int,
    index: int,
    examples: Iterable[tuple[Sequence[str], Sequence[float]]] = (EXAMPLE,),
    **more: object,
) -> Json:
    """A feature of Neuronpedia's API."""
    return {
        "modelId": "gemma-2-2b",
        "layer": f"{layer}-clt-hp",
        "index": str(index),
        "activations": [
            {
                "tokens": list(tokens),
                "values": list(values),
                "maxValue": max(values, default=0.0),
                "binMin": None,
                "binMax": None,
            }
            for tokens, values in examples
        ],
        "explanations": [
            {
                "description": "animals",
                "typeName": "np_max-act",
                "explanationModelName": "gpt-4o-mini",
            }
        ],
    } | _columns(more)


def write_packed(folder: Path, layers: Mapping[int, Sequence[Json | None]]) -> None:
    """Features in circuit-tracer's binary layout; None is a feature without record."""
    index = {}
    for layer, features in layers.items():
        data, offsets = b"", [0]
        for feature in features:
            if feature is not None:
                packed = gzip.compress(as_bytes(feature))
                data += struct.pack("<I", len(packed)) + packed
            offsets.append(len(data))
        name = f"layer_{layer}.bin"
        (folder / name).write_bytes(data)
        index[str(layer)] = {"filename": name, "offsets": offsets}
    (folder / "index.json.gz").write_bytes(gzip.compress(as_bytes(index)))
