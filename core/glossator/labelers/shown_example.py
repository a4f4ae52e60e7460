"""An activation example as prompts show it: readable, and cut at special tokens.

It is one line: breaks and what cannot be seen become visible signs, so that no text can
pass for another part of a prompt.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from glossator.evidence.example_text import example_text
from glossator.evidence.feature_evidence import ActivationExample
from glossator.evidence.token_text import is_special, visible_token
from glossator.labelers.held_out import example_id


@dataclass(frozen=True)
class ShownExample:
    id: str
    texts: tuple[str, ...]
    """One a token; joined they are the text."""
    activations: tuple[float, ...]
    """One a token."""
    top: int

    @property
    def activation(self) -> float:
        return self.activations[self.top]

    @property
    def top_token(self) -> str:
        return bare_token(self.texts[self.top])

    @property
    def next_token(self) -> str:
        """The one after the top token; "" at the end of the text."""
        after = self.texts[self.top + 1 : self.top + 2]
        return bare_token(after[0]) if after else ""

    def around(self, reach: int) -> str:
        """Text of the top token and so many tokens on each side."""
        low = max(self.top - reach, 0)
        return "".join(self.texts[low : self.top + reach + 1]).strip()


def shown_examples(
    examples: Sequence[ActivationExample], most: int
) -> list[ShownExample]:
    """The first of them. Their top tokens are active, and no special ones."""
    return [_shown(example) for example in examples[:most]]


def bare_token(text: str) -> str:
    """A token on its own: without spaces around it, unless it is all space."""
    return visible_token(text.strip(" ") or text)


def _shown(example: ActivationExample) -> ShownExample:
    pieces = example_text(_stretch(example), whole=True).pieces
    return ShownExample(
        id=example_id(example),
        texts=tuple(piece.text for piece in pieces),
        activations=tuple(piece.activation for piece in pieces),
        top=next(at for at, piece in enumerate(pieces) if piece.top),
    )


def _stretch(example: ActivationExample) -> ActivationExample:
    """The text around the top token that no special token parts from it."""
    special = [at for at, token in enumerate(example.tokens) if is_special(token)]
    low = max((at + 1 for at in special if at < example.top), default=0)
    high = min((at for at in special if at > example.top), default=len(example.tokens))
    return replace(
        example,
        tokens=example.tokens[low:high],
        activations=example.activations[low:high],
    )
