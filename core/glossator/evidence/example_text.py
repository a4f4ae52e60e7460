"""An activation example as pieces of text, each with its activation."""

from dataclasses import dataclass, replace

from glossator.evidence.feature_evidence import ActivationExample
from glossator.evidence.token_text import readable_tokens, visible_text, visible_token

CONTEXT = 16
"""Tokens shown on each side of the top token."""
_SPLIT = 4
"""Tokens over which one character may be spread: it has at most four bytes."""


@dataclass(frozen=True)
class Piece:
    """A token with text of its own, and those that only complete its character."""

    text: str
    activation: float
    top: bool


@dataclass(frozen=True)
class ExampleText:
    pieces: tuple[Piece, ...]
    cut_before: bool
    cut_after: bool


def example_text(example: ActivationExample, *, whole: bool = False) -> ExampleText:
    """The tokens around the top token, or all of them.

    Where no token is active there is no top token, and the beginning is shown.
    """
    active = example.activation > 0
    n = len(example.tokens)
    start = 0 if whole else max(0, example.top - CONTEXT) if active else 0
    end = n if whole else min(n, example.top + CONTEXT + 1 if active else 2 * CONTEXT)
    low, high = max(0, start - _SPLIT), min(n, end + _SPLIT)
    texts = dict(
        zip(range(low, high), readable_tokens(example.tokens[low:high]), strict=True)
    )
    joined = {at for at, text in texts.items() if not text and example.tokens[at]}
    # The bytes of one character stay together.
    while start > low and start in joined:
        start -= 1
    while end < high and end in joined:
        end += 1
    pieces: list[Piece] = []
    for at in range(start, end):
        activation = float(example.activations[at])
        top = active and at == example.top
        if at in joined and pieces:
            last = pieces[-1]
            pieces[-1] = replace(
                last,
                activation=max(last.activation, activation),
                top=last.top or top,
            )
        else:
            pieces.append(Piece(_running(texts[at]), activation, top))
    return ExampleText(tuple(pieces), cut_before=start > 0, cut_after=end < n)


def _running(text: str) -> str:
    """A token inside a text: spaces stay, marks stand on the letter before."""
    return visible_text(text, joins=True) if text else visible_token(text)
