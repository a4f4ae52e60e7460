"""The tokens whose logits a feature raises and lowers most, by its own output."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch  # noqa: TID253  # only loaded once a model runs
from jaxtyping import Bool, Float
from torch import Tensor  # noqa: TID253

from glossator.model.language_model import LanguageModel
from glossator.model.replacement import LayerFeatures

_N_SHOWN = 10
_AT_ONCE = 64
"""Features: each has a number for every token of the vocabulary."""


class LogitTokens(NamedTuple):
    """Strongest effects first."""

    top: tuple[str, ...]
    bottom: tuple[str, ...]


def logit_tokens(
    model: LanguageModel, layers: Sequence[LayerFeatures]
) -> Iterator[LogitTokens]:
    """One a feature, layer by layer.

    The direction that a feature writes passes the gain of the final norm and the
    unembedding (`LanguageModel.unembed`). What a feature of a cross-layer transcoder
    writes to several layers is added up.
    """
    unembed = model.unembed()
    known = torch.tensor(
        [bool(text) for text in model.vocabulary], device=unembed.device
    )
    for layer in layers:
        directions = torch.stack(list(layer.directions().values())).sum(0)
        directions = directions.to(unembed.device)
        for start in range(0, len(directions), _AT_ONCE):
            effects = directions[start : start + _AT_ONCE] @ unembed
            yield from _of_part(model, effects, known)


def _of_part(
    model: LanguageModel,
    effects: Float[Tensor, "n d_vocab"],
    known: Bool[Tensor, " d_vocab"],
) -> Iterator[LogitTokens]:
    n = min(_N_SHOWN, int(known.sum()))
    top = effects.masked_fill(~known, -torch.inf).topk(n).indices.tolist()
    bottom = (-effects).masked_fill(~known, -torch.inf).topk(n).indices.tolist()
    for high, low in zip(top, bottom, strict=True):
        yield LogitTokens(tuple(model.token_texts(high)), tuple(model.token_texts(low)))
