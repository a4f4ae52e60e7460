"""The vectors of a feature that are put into words, and what speaks against each.

Two kinds: what the feature writes (its decoder row), which no verbalizer was trained
on; and what the model holds where the feature is most active, at the top token of an
example, which is what verbalizers were trained on.
"""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from glossator.errors import VerbalizeError
from glossator.evidence.token_text import CleanExample, readable_tokens
from glossator.graph.attribution_graph import FeatureKey
from glossator.model.replacement import Replacement
from glossator.progress import CancelToken, Progress
from glossator.verbalize.description import Vectors
from glossator.verbalize.halving import HalvingBatches
from glossator.verbalize.verbalization import About

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase

    from glossator.model.language_model import LanguageModel

LEAST_CONTEXT = 50
"""Tokens: verbalizers were trained on activations with no fewer before them."""
SPIKE = 5.0
"""Times the median norm of the text's other positions."""
NO_ACTIVATION = "a decoder row, which is no activation"
"""Of a feature's own vector, always."""

_ROWS = 8


@dataclass(frozen=True, eq=False)
class GivenVector:
    """A vector, where it comes from, and why it may be another kind of vector."""

    vector: Float[ndarray, " d_model"]
    """Raw, float32."""
    about: About
    layer: int
    """Whose output it is, or is added to."""
    example: str = ""
    """Text up to and with the top token."""
    extrapolates: str = ""

    @property
    def norm(self) -> float:
        return float(np.linalg.norm(self.vector))


def random_directions(n: int, d_model: int, *, seed: int = 0) -> Vectors:
    """Unit vectors without a meaning: their texts are the verbalizer's habits."""
    drawn = np.random.default_rng(seed).standard_normal((n, d_model))
    unit = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return np.asarray(unit, np.float32)


def decoder_vectors(
    replacement: Replacement,
    features: Iterable[FeatureKey],
    layer: int,
    cancel: CancelToken,
) -> Generator[Progress, None, dict[FeatureKey, GivenVector]]:
    """Read what features write, at the verbalizer's layer where they write there.

    Else it is what they write in their own layer; `GivenVector.layer` tells.

    Raises
    ------
    ReplacementError
        if a feature does not exist, or a file is not of its layout.
    """
    import torch

    by_layer: dict[int, list[FeatureKey]] = {}
    for feature in features:
        by_layer.setdefault(feature.layer, []).append(feature)
    found: dict[FeatureKey, GivenVector] = {}
    for done, (own, members) in enumerate(by_layer.items()):
        yield Progress(done, len(by_layer), "reading decoder rows")
        cancel.check()
        indices = [feature.index for feature in members]
        rows = replacement.layer_features(own, indices, device=torch.device("cpu"))
        written = rows.directions()
        at = layer if layer in written else min(written)
        why = NO_ACTIVATION
        if at != layer:
            why += f"; written in layer {at}, read as of layer {layer}"
        for feature, row in zip(members, written[at], strict=True):
            vector = row.float().numpy()
            found[feature] = GivenVector(vector, "feature", at, extrapolates=why)
    return found


class CutText(NamedTuple):
    """An example's text up to and with its top token."""

    text: str
    top: str
    """Text of the top token."""


def cut_after_top(example: CleanExample) -> CutText:
    """Cut an example; tokens that begin a text are left for the tokenizer to add."""
    first = 0
    while first < example.top and example.special[first]:
        first += 1
    texts = example.texts[first : example.top + 1]
    return CutText("".join(texts), texts[-1])


class _Row(NamedTuple):
    """A text as tokens."""

    at: int
    """Which of the texts."""
    ids: tuple[int, ...]


def example_vectors(
    model: "LanguageModel",
    tokenizer: "PreTrainedTokenizerBase",
    texts: Sequence[CutText],
    layer: int,
    cancel: CancelToken,
) -> Generator[Progress, None, list[GivenVector]]:
    """Read a block's output at the last token of each text.

    Parameters
    ----------
    tokenizer : the model's, which adds what begins a text as in the verbalizer's
        training.

    Raises
    ------
    ModelError
        if the model has no such layer.
    VerbalizeError
        if a text has no tokens.
    """
    rows = sorted(_tokenized(model, tokenizer, texts), key=lambda row: len(row.ids))
    hook = f"blocks.{layer}.hook_resid_post"
    found: dict[int, GivenVector] = {}
    yield Progress(0, len(rows), "reading activations")

    def read(batch: Sequence[_Row]) -> list[GivenVector]:
        vectors, norms = _read(model, [row.ids for row in batch], hook)
        return [
            GivenVector(
                vector,
                "example",
                layer,
                texts[row.at].text,
                _doubts(model, row.ids, texts[row.at], norms[n, : len(row.ids)]),
            )
            for n, (row, vector) in enumerate(zip(batch, vectors, strict=True))
        ]

    for batch in HalvingBatches(_ROWS).over(rows, read):
        for given in batch:
            found[rows[len(found)].at] = given
        yield Progress(len(found), len(rows), "reading activations")
        cancel.check()
    return [found[at] for at in range(len(texts))]


def _tokenized(
    model: "LanguageModel",
    tokenizer: "PreTrainedTokenizerBase",
    texts: Sequence[CutText],
) -> list[_Row]:
    """With what begins a text; of what is too long for the model the end."""
    rows = []
    for at, cut in enumerate(texts):
        whole: list[int] = tokenizer.encode(cut.text, add_special_tokens=True)
        bare: list[int] = tokenizer.encode(cut.text, add_special_tokens=False)
        if not bare:
            raise VerbalizeError("an example without text", field=f"examples[{at}]")
        lead = whole[: len(whole) - len(bare)]
        rows.append(_Row(at, (*lead, *bare[len(lead) - model.longest :])))
    return rows


def _read(
    model: "LanguageModel", batch: Sequence[tuple[int, ...]], hook: str
) -> tuple[Vectors, Float[ndarray, "n n_tokens"]]:
    """The value at each row's last token, and the norms at all of them."""
    import torch

    ids = torch.zeros(len(batch), max(map(len, batch)), dtype=torch.int64)
    for row, tokens in enumerate(batch):
        ids[row, : len(tokens)] = torch.tensor(tokens)
    last = torch.tensor([len(tokens) - 1 for tokens in batch])

    def at_last(value: "Tensor") -> "Tensor":
        return value[torch.arange(len(batch)), last.to(value.device)].float().cpu()

    def norms(value: "Tensor") -> "Tensor":
        length: Tensor = torch.linalg.vector_norm(value.float(), dim=-1)
        return length.cpu()

    vectors, lengths = model.read(ids, [(hook, at_last), (hook, norms)])
    return vectors.numpy(), lengths.numpy()


def _doubts(
    model: "LanguageModel",
    ids: Sequence[int],
    cut: CutText,
    norms: Float[ndarray, " n_tokens"],
) -> str:
    """Why the last position is not one that verbalizers were trained on."""
    why = []
    end = readable_tokens(model.token_texts(ids))[-1]
    if end != cut.top:
        why.append(f"tokenised anew the text ends in {end!r}, not in {cut.top!r}")
    if len(ids) <= LEAST_CONTEXT:
        why.append(f"{len(ids) - 1} tokens before it, fewer than {LEAST_CONTEXT}")
    others = norms[1:-1]
    if len(others) and norms[-1] > SPIKE * np.median(others):
        times = norms[-1] / np.median(others)
        why.append(f"its norm is {times:.0f} times that of other positions")
    return "; ".join(why)
