"""Let a model compute attention its own, fast way inside TransformerLens.

TransformerLens computes attention anew, score by score, so that all of it can be
hooked. Nothing here reads scores, and over a thousand tokens that takes more than twice
as long as the model's own attention.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor
    from transformer_lens.model_bridge import TransformerBridge
    from transformer_lens.model_bridge.generalized_components import AttentionBridge

_N_TOKENS = 24
"""Both ways are compared on a text of so many."""
_ROUNDINGS = 8
"""How far they may be apart, in units of the number type's precision; one is usual."""


def use_native_attention(bridge: "TransformerBridge") -> bool:
    """Switch over where both ways give the same; tells whether it did.

    Then the hooks of scores, patterns and rotated queries no longer fire.
    """
    from transformers import PreTrainedModel

    parts, model = _rebuilt_attention(bridge), bridge.original_model
    if not parts or not isinstance(model, PreTrainedModel):
        return False
    expected = _first_output(bridge)
    try:
        model.set_attn_implementation("sdpa")
        _delegate(parts)
        if _agree(_first_output(bridge), expected):
            return True
    except (ValueError, RuntimeError, TypeError, AttributeError):
        pass  # the model knows no other way, or its attention is called otherwise
    for part in parts:
        part.__dict__.pop("forward", None)
    model.set_attn_implementation("eager")
    return False


def _rebuilt_attention(bridge: "TransformerBridge") -> "list[AttentionBridge]":
    """The attention of every layer, if all are of the kind that is computed anew."""
    from transformer_lens.model_bridge.generalized_components import (
        PositionEmbeddingsAttentionBridge,
    )

    parts = [getattr(block, "attn", None) for block in bridge.blocks]
    known: list[AttentionBridge] = [
        part for part in parts if type(part) is PositionEmbeddingsAttentionBridge
    ]
    return known if len(known) == len(parts) else []


def _delegate(parts: "Sequence[AttentionBridge]") -> None:
    from transformer_lens.model_bridge.generalized_components import AttentionBridge

    for part in parts:
        # Set past the bridge's own __setattr__, which hands names on to the model.
        object.__setattr__(part, "forward", AttentionBridge.forward.__get__(part))


def _first_output(bridge: "TransformerBridge") -> "Tensor":
    """What the attention of the first layer puts out; later layers magnify rounding."""
    import torch

    ids = torch.arange(1, _N_TOKENS + 1, device=next(bridge.parameters()).device)
    found: list[Tensor] = []

    def keep(value: "Tensor", *, hook: object) -> None:
        del hook
        found.append(value)

    with torch.no_grad():
        bridge.run_with_hooks(
            ids[None] % int(bridge.cfg.d_vocab),
            fwd_hooks=[("blocks.0.hook_attn_out", keep)],
            return_type=None,
            stop_at_layer=1,
        )
    return found[0]


def _agree(found: "Tensor", expected: "Tensor") -> bool:
    import torch

    allowed = _ROUNDINGS * torch.finfo(expected.dtype).eps
    apart = (found.float() - expected.float()).norm() / expected.float().norm()
    return float(apart) <= allowed
