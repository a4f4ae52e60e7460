"""A BERT sentence model on texts of equal token length: no padding, so no mask.

The same arithmetic as the model's own, in fewer steps: one matrix for queries, keys and
values and, where oneDNN is at hand, each linear layer with what follows it in one call.
"""

from dataclasses import dataclass

import torch  # noqa: TID253  # only loaded once something is to be embedded
from jaxtyping import Float, Int
from torch import Tensor, nn  # noqa: TID253
from torch.nn import functional as F  # noqa: TID253
from transformers import BertModel  # noqa: TID253

_FEW_TOKENS = 24
"""Up to here plain products beat the fused attention kernel on a CPU."""


@dataclass(frozen=True, eq=False)
class _Linear:
    weight: Tensor
    bias: Tensor

    def of(self, x: Tensor) -> Tensor:
        return F.linear(x.to(self.weight.dtype), self.weight, self.bias)

    def gelu(self, x: Tensor) -> Tensor:
        return F.gelu(self.of(x))

    def added(self, x: Tensor, to: Tensor) -> Tensor:
        return to + self.of(x)


class _OneDnnLinear(_Linear):
    """With the weight in oneDNN's own layout; the operators torch.compile uses."""

    def of(self, x: Tensor) -> Tensor:
        return self._call(x, "none")

    def gelu(self, x: Tensor) -> Tensor:
        return self._call(x, "gelu")

    def added(self, x: Tensor, to: Tensor) -> Tensor:
        if to.dtype != self.weight.dtype:
            return super().added(x, to)
        operator = torch.ops.mkldnn._linear_pointwise.binary
        found: Tensor = operator(x, to, self.weight, self.bias, "add")
        return found

    def _call(self, x: Tensor, then: str) -> Tensor:
        operator = torch.ops.mkldnn._linear_pointwise
        x = x.to(self.weight.dtype)
        found: Tensor = operator(x, self.weight, self.bias, then, [], "none")
        return found


@dataclass(frozen=True, eq=False)
class _Norm:
    weight: Tensor
    bias: Tensor
    epsilon: float

    def of(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias, self.epsilon)


@dataclass(frozen=True, eq=False)
class _Layer:
    query_key_value: _Linear
    attended: _Linear
    attended_norm: _Norm
    inner: _Linear
    outer: _Linear
    outer_norm: _Norm


class BertForward:
    """Unit vectors: the mean of the last layer over a text's tokens."""

    def __init__(self, model: BertModel, dtype: torch.dtype, *, one_dnn: bool) -> None:
        """Take a model's weights.

        Parameters
        ----------
        dtype : of the matrix products; sums and norms are float32.
        one_dnn : whether oneDNN multiplies; torch's own products do otherwise.

        Raises
        ------
        RuntimeError, AttributeError
            if this torch has no such operators, or the model is built another way.
        """

        def linear(*layers: nn.Module) -> _Linear:
            weight = torch.cat([layer.get_parameter("weight") for layer in layers])
            bias = torch.cat([layer.get_parameter("bias") for layer in layers])
            weight, bias = weight.detach().to(dtype), bias.detach().to(dtype)
            if not one_dnn:
                return _Linear(weight, bias)
            return _OneDnnLinear(
                torch.ops.mkldnn._reorder_linear_weight(weight.contiguous()), bias
            )

        def norm(layer: nn.Module) -> _Norm:
            weight, bias = layer.get_parameter("weight"), layer.get_parameter("bias")
            epsilon = model.config.layer_norm_eps
            return _Norm(weight.detach().float(), bias.detach().float(), epsilon)

        def parameter(name: str) -> Tensor:
            return model.get_parameter(f"embeddings.{name}.weight").detach().float()

        def layer(at: int) -> _Layer:
            def part(name: str) -> nn.Module:
                return model.get_submodule(f"encoder.layer.{at}.{name}")

            three = ("query", "key", "value")
            return _Layer(
                linear(*(part(f"attention.self.{name}") for name in three)),
                linear(part("attention.output.dense")),
                norm(part("attention.output.LayerNorm")),
                linear(part("intermediate.dense")),
                linear(part("output.dense")),
                norm(part("output.LayerNorm")),
            )

        self._words = parameter("word_embeddings")
        self._places = (
            parameter("position_embeddings") + parameter("token_type_embeddings")[0]
        )
        self._norm = norm(model.get_submodule("embeddings.LayerNorm"))
        self._layers = [layer(at) for at in range(model.config.num_hidden_layers)]
        self._n_heads: int = model.config.num_attention_heads

    @torch.inference_mode()
    def of(self, ids: Int[Tensor, "n_texts n_tokens"]) -> Float[Tensor, "n_texts d"]:
        n_texts, n_tokens = ids.shape
        fused = ids.device.type != "cpu" or n_tokens > _FEW_TOKENS
        x = self._norm.of(F.embedding(ids, self._words) + self._places[:n_tokens])
        x = x.flatten(0, 1)
        for layer in self._layers:
            three = layer.query_key_value.of(x)
            heads = three.view(n_texts, n_tokens, 3, self._n_heads, -1)
            seen = attend(heads, fused=fused)
            x = layer.attended_norm.of(layer.attended.added(seen, to=x))
            x = layer.outer_norm.of(layer.outer.added(layer.inner.gelu(x), to=x))
        return F.normalize(x.view(n_texts, n_tokens, -1).mean(1), dim=1)


def attend(
    query_key_value: Float[Tensor, "n_texts n_tokens 3 n_heads d_head"], *, fused: bool
) -> Float[Tensor, "n_rows d"]:
    """What each token takes from all tokens of its text, heads side by side."""
    parts = query_key_value.permute(2, 0, 3, 1, 4)
    if fused:
        seen = F.scaled_dot_product_attention(*parts)
    else:
        query, key, value = parts.contiguous()
        weights = (query @ key.mT).mul_(query.shape[-1] ** -0.5)
        # Along the last axis, the softmax of a few numbers would take longest of all.
        weights = weights.permute(3, 0, 1, 2).contiguous().softmax(0)
        seen = weights.permute(1, 2, 3, 0) @ value
    rows: Tensor = seen.transpose(1, 2).flatten(2).flatten(0, 1)
    return rows
