"""Direct and total effects between neurons under the half (RelP) rule.

Attention patterns and RMSNorm denominators are frozen, so between two MLPs the network
is linear. A neuron a = silu(g) * u is followed with da = ½σ(g)u·dg + ½silu(g)·du, the
half rule for a product and the identity rule for silu of relevance patching (RelP,
arXiv 2508.21258). With no biases in the model every value is then exactly the sum of
the direct effects on it.
"""

from dataclasses import dataclass

import torch
from model import Model, Trace
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, eq=False)
class Settings:
    """What goes into a graph before pruning."""

    n_candidates: int = 1000
    logit_mass: float = 0.95
    """Logits are taken, most probable first, until they hold this probability."""
    max_logits: int = 10


@dataclass(frozen=True, eq=False)
class Attribution:
    """The full graph of one prompt, before pruning.

    Nodes are ordered candidates, errors, tokens, logits, as in circuit-tracer.
    ``adjacency[t, s]`` is the direct effect of node s on node t.
    """

    trace: Trace
    candidates: Tensor
    """[k, 3] int64 rows (layer, position, neuron), strongest first"""
    activations: Tensor
    """[k] the neuron's signed activation"""
    errors: Tensor
    """[e, 2] int64 rows (layer, position): all other neurons there, together"""
    logit_ids: Tensor
    """[m] int64"""
    logit_probs: Tensor
    """[m]"""
    adjacency: Tensor
    """[n, n] float32"""
    row_gap: float
    """Largest |sum of direct effects − value| over candidates and logits."""
    total_gap: float
    """Largest |sum of total effects of embeddings − (logit − mean logit)|."""


@dataclass(frozen=True, eq=False)
class _Rules:
    """Half-rule coefficients, [L, T, d_mlp] each."""

    gate: Tensor
    up: Tensor


def _half_rule(trace: Trace) -> _Rules:
    gates, ups = trace.gates, trace.ups
    return _Rules(
        gate=0.5 * torch.sigmoid(gates) * ups, up=0.5 * functional.silu(gates)
    )


def _back_through_attention(
    model: Model, trace: Trace, layer: int, grad: Tensor
) -> Tensor:
    """Carry gradients [R, T, d_model] from after the attention block to before it."""
    weights = model.layers[layer]
    rows, length, _ = grad.shape
    per_head = (grad @ weights.attn_out).reshape(
        rows, length, model.n_heads, model.d_head
    )
    value_grad = torch.einsum("hqk,rqhd->rkhd", trace.patterns[layer], per_head)
    shared = value_grad.reshape(rows, length, model.n_kv_heads, -1, model.d_head).sum(3)
    normed_grad = shared.reshape(rows, length, -1) @ weights.value
    scale = trace.attn_scale[layer][:, None] * weights.attn_norm
    return grad + normed_grad * scale


def _logit_gradients(model: Model, trace: Trace, ids: Tensor) -> Tensor:
    """Return d(logit − mean logit)/d(final residual), [m, T, d_model]."""
    direction = (model.embed[ids] - model.embed.mean(0)) * model.final_norm
    grad = torch.zeros(len(ids), len(trace.ids), model.embed.shape[1])
    grad[:, -1] = direction * trace.final_scale[-1]
    return grad


def _target_logits(trace: Trace, settings: Settings) -> tuple[Tensor, Tensor]:
    probs, ids = trace.logits.softmax(-1).topk(settings.max_logits)
    before = torch.cumsum(probs, 0) - probs
    n = int((before < settings.logit_mass).sum())
    return ids[:n], probs[:n]


def _total_effects(
    model: Model, trace: Trace, logit_ids: Tensor
) -> tuple[Tensor, Tensor]:
    """Return total effects on the logits: neurons [m, L, T, d_mlp], tokens [m, T]."""
    rules = _half_rule(trace)
    grad = _logit_gradients(model, trace, logit_ids)
    effects = []
    for index in reversed(range(len(model.layers))):
        layer = model.layers[index]
        neuron_grad = grad @ layer.down
        effects.append(neuron_grad * trace.neurons[index])
        normed_grad = (neuron_grad * rules.gate[index]) @ layer.gate
        normed_grad += (neuron_grad * rules.up[index]) @ layer.up
        scale = trace.mlp_scale[index][:, None] * layer.mlp_norm
        grad = _back_through_attention(model, trace, index, grad + normed_grad * scale)
    return torch.stack(effects[::-1], 1), (grad * trace.embed).sum(-1)


def _candidates(effects: Tensor, probs: Tensor, n: int) -> Tensor:
    """Pick the n neurons of largest Σ p·|total effect|, never at position 0."""
    strength = torch.einsum("m,mltd->ltd", probs, effects.abs())
    strength[:, 0] = 0
    best = strength.flatten().topk(n).indices
    return torch.stack(torch.unravel_index(best, strength.shape), 1)


class _Ledger:
    """Direct effects while the gradients travel down; rows are logits, then neurons."""

    def __init__(
        self, model: Model, trace: Trace, logit_ids: Tensor, candidates: Tensor
    ) -> None:
        self.model, self.trace = model, trace
        n_layers, length = len(model.layers), len(trace.ids)
        # Rows sorted by falling layer: the active ones are always a prefix.
        self.order = torch.argsort(candidates[:, 0], descending=True, stable=True)
        self.sorted = candidates[self.order]
        self.n_logits = self.active = len(logit_ids)
        rows = self.n_logits + len(candidates)
        self.grad = torch.zeros(rows, length, model.embed.shape[1])
        self.grad[: self.n_logits] = _logit_gradients(model, trace, logit_ids)
        self.on_candidates = torch.zeros(rows, len(candidates))
        self.on_errors = torch.zeros(rows, n_layers, length - 1)
        self.on_tokens = torch.zeros(rows, length)

    def credit_layer(self, index: int) -> None:
        """Book the effects of the MLP output of one layer on all active rows."""
        down, active = self.model.layers[index].down, self.active
        out = self.trace.mlp_out[index]
        self.on_tokens[:active, 0] += self.grad[:active, 0] @ out[0]
        for position in range(1, len(self.trace.ids)):
            grad = self.grad[:active, position]
            here = (self.sorted[:, 0] == index) & (self.sorted[:, 1] == position)
            which = here.nonzero()[:, 0]
            neurons = self.sorted[which, 2]
            outputs = down[:, neurons] * self.trace.neurons[index, position, neurons]
            effects = grad @ outputs
            self.on_candidates[:active, self.order[which]] = effects
            rest = grad @ out[position] - effects.sum(1)
            self.on_errors[:active, index, position - 1] = rest

    def start_layer(self, index: int, rules: _Rules) -> None:
        """Start the gradients of this layer's neurons at the MLP input."""
        layer = self.model.layers[index]
        n = int((self.sorted[:, 0] == index).sum())
        first = self.active - self.n_logits
        _, positions, neurons = self.sorted[first : first + n].T
        sign = self.trace.neurons[index, positions, neurons].sign()
        gate_part = rules.gate[index, positions, neurons] * sign
        up_part = rules.up[index, positions, neurons] * sign
        grad = gate_part[:, None] * layer.gate[neurons]
        grad += up_part[:, None] * layer.up[neurons]
        grad *= self.trace.mlp_scale[index, positions][:, None] * layer.mlp_norm
        rows = torch.arange(self.active, self.active + n)
        self.grad[rows, positions] = grad
        self.active += n

    def run(self) -> None:
        """Go from the logits to the embeddings."""
        rules = _half_rule(self.trace)
        for index in reversed(range(len(self.model.layers))):
            self.credit_layer(index)
            self.start_layer(index, rules)
            self.grad[: self.active] = _back_through_attention(
                self.model, self.trace, index, self.grad[: self.active]
            )
        self.on_tokens += (self.grad * self.trace.embed).sum(-1)


def _adjacency(ledger: _Ledger) -> Tensor:
    """Lay the booked effects out as [candidates, errors, tokens, logits]²."""
    rows = torch.cat(
        [ledger.on_candidates, ledger.on_errors.flatten(1), ledger.on_tokens], 1
    )
    size = rows.shape[1] + ledger.n_logits
    adjacency = torch.zeros(size, size)
    adjacency[ledger.order, : rows.shape[1]] = rows[ledger.n_logits :]
    adjacency[-ledger.n_logits :, : rows.shape[1]] = rows[: ledger.n_logits]
    return adjacency


@torch.no_grad()
def attribute(model: Model, trace: Trace, settings: Settings) -> Attribution:
    """Build the unpruned graph of one prompt.

    Position 0 (BOS) holds an attention sink whose terms are the same in every prompt;
    all of them are credited to the BOS embedding.
    """
    logit_ids, probs = _target_logits(trace, settings)
    effects, token_totals = _total_effects(model, trace, logit_ids)
    candidates = _candidates(effects, probs, settings.n_candidates)
    ledger = _Ledger(model, trace, logit_ids, candidates)
    ledger.run()
    adjacency = _adjacency(ledger)
    layers, positions, neurons = candidates.T
    activations = trace.neurons[layers, positions, neurons]
    logits = trace.logits[logit_ids] - trace.logits.mean()
    sums = adjacency.sum(1)
    gap = torch.cat(
        [sums[: len(candidates)] - activations.abs(), sums[-len(logit_ids) :] - logits]
    )
    errors = torch.cartesian_prod(
        torch.arange(len(model.layers)), torch.arange(1, len(trace.ids))
    )
    return Attribution(
        trace=trace,
        candidates=candidates,
        activations=activations,
        errors=errors,
        logit_ids=logit_ids,
        logit_probs=probs,
        adjacency=adjacency,
        row_gap=float(gap.abs().max()),
        total_gap=float((token_totals.sum(1) - logits).abs().max()),
    )
