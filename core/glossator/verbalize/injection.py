"""The prompt of a verbalizer, and the vector in the marker's place."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jaxtyping import Float

from glossator.errors import VerbalizeError
from glossator.verbalize.sidecar import MARKER_FIELD, Marker, VerbalizerSidecar

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase

PLACE = "<INJECT>"
"""Stands in a person's own prompt where the vector goes."""


@dataclass(frozen=True)
class Prompt:
    """Tokens of the whole turn, and which of them the vector replaces."""

    ids: tuple[int, ...]
    position: int


def canonical_prompt(
    tokenizer: "PreTrainedTokenizerBase", sidecar: VerbalizerSidecar
) -> Prompt:
    """Render the prompt of the training, and check that the tokenizer still agrees.

    Raises
    ------
    VerbalizeError
        if the marker is no token of its own, or stands between other tokens.
    """
    marker = sidecar.marker
    found = tokenizer.encode(marker.text, add_special_tokens=False)
    if found != [marker.token] or marker.token == tokenizer.unk_token_id:
        raise VerbalizeError(
            f"{marker.text!r} is {found} to the tokenizer, not [{marker.token}]",
            field="tokens.injection_token_id",
        )
    content = sidecar.template.replace(MARKER_FIELD, marker.text)
    return _rendered(tokenizer, content, marker, "prompt_templates.av")


def custom_prompt(
    tokenizer: "PreTrainedTokenizerBase", marker: Marker, content: str
) -> Prompt:
    """Render a person's own prompt, with `PLACE` once and tightly between tags.

    As in ``What is <concept><INJECT></concept>?``

    Raises
    ------
    VerbalizeError
        if the tokens beside the vector are not those of the training.
    """
    if content.count(PLACE) != 1:
        raise VerbalizeError(
            f"{PLACE} is to appear once, not {content.count(PLACE)} times",
            field="prompt",
        )
    return _rendered(tokenizer, content.replace(PLACE, marker.text), marker, "prompt")


def _rendered(
    tokenizer: "PreTrainedTokenizerBase", content: str, marker: Marker, field: str
) -> Prompt:
    """Wrap a message as one user turn, by the checkpoint's own chat template."""
    from jinja2 import TemplateError

    turn = [{"role": "user", "content": content}]
    try:
        text = tokenizer.apply_chat_template(
            turn, tokenize=False, add_generation_prompt=True
        )
    except (ValueError, TemplateError) as error:
        told = str(error).partition("\n")[0]
        raise VerbalizeError(told, field="chat_template") from error
    # The template has written the first token already.
    ids = tokenizer.encode(str(text), add_special_tokens=False)
    places = [at for at, token in enumerate(ids) if token == marker.token]
    if len(places) != 1:
        raise VerbalizeError(
            f"the marker {marker.text!r} is {len(places)} of the prompt's tokens, "
            "expected one",
            field=field,
        )
    (position,) = places
    beside = ids[max(position - 1, 0)], ids[min(position + 1, len(ids) - 1)]
    if beside != (marker.left, marker.right):
        left, right = map(tokenizer.decode, beside)
        raise VerbalizeError(
            f"the vector would stand between {left!r} and {right!r}, tokens "
            f"{list(beside)}; in training it was {[marker.left, marker.right]}, so "
            "that it is to stand between > and </",
            field=field,
        )
    return Prompt(tuple(ids), position)


def inject(
    rows: "Float[Tensor, 'n_tokens d_model']",
    position: int,
    vectors: "Float[Tensor, 'batch d_model']",
    scale: float,
) -> "Float[Tensor, 'batch n_tokens d_model']":
    """Replace the marker's row by each vector, at norm `scale`; float32.

    Parameters
    ----------
    rows : embeddings of the prompt, as the first block gets them.
    vectors : not zero; only their direction counts.
    """
    wide = vectors.float()
    norm = wide.norm(dim=1, keepdim=True).clamp_min(1e-12)
    injected = rows.float().repeat(len(vectors), 1, 1)
    injected[:, position] = wide * scale / norm
    return injected
