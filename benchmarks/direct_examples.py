"""What collecting should find, by plain means: transformers, whole matrices, words.

Texts run one by one, every activation is kept, and examples are chosen from all of them
by comparing words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import LlamaForCausalLM

Ids = Sequence[int]
Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class DirectExample:
    """An example as it should be written."""

    ids: tuple[int, ...]
    top: int
    """Place of the top token."""
    activation: float


def direct_neurons(
    model: LlamaForCausalLM, texts: Sequence[Ids], bos: int, neurons: Sequence[Ids]
) -> list[Matrix]:
    """Inputs of the down projections, [n_tokens, n_neurons] a text, without BOS.

    Parameters
    ----------
    neurons : layer and neuron of each column.
    """
    seen: dict[int, torch.Tensor] = {}
    handles = [
        layer.mlp.down_proj.register_forward_pre_hook(
            lambda module, given, at=at: seen.update({at: given[0][0]})
        )
        for at, layer in enumerate(model.model.layers)
    ]
    found = []
    for ids in texts:
        with torch.no_grad():
            model.model(torch.tensor([[bos, *ids]]), use_cache=False)
        columns = [seen[layer][1:, neuron] for layer, neuron in neurons]
        found.append(torch.stack(columns, dim=1).float().numpy())
    for handle in handles:
        handle.remove()
    return found


def direct_examples(
    texts: Sequence[Ids],
    activations: Sequence[Matrix],
    words: Sequence[str],
    *,
    n: int,
    context: int,
) -> list[DirectExample]:
    """The n strongest of all texts that repeat none that is stronger.

    Parameters
    ----------
    activations : of one feature, [n_tokens] a text.
    words : of each token, without case and spaces.
    context : tokens shown on each side of the top token.
    """
    seen: set[tuple[str, ...]] = set()
    examples: list[DirectExample] = []
    # Where peaks differ by rounding alone, the first text of them counts.
    peaks = [float(f"{values.max():.5g}") for values in activations]
    for at in sorted(range(len(texts)), key=lambda at: -peaks[at]):
        if len(examples) == n or peaks[at] <= 0:
            break
        ids, top = texts[at], int(np.argmax(activations[at]))
        near = tuple(words[i] for i in ids[max(0, top - 4) : top + 5])
        before = ("before", *(words[i] for i in ids[max(0, top - 3) : top + 1]))
        if near in seen or before in seen:
            continue
        seen |= {near, before}
        first = max(0, top - context)
        shown = tuple(ids[first : top + context + 1])
        examples.append(DirectExample(shown, top - first, float(activations[at][top])))
    return examples
