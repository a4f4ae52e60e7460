"""The texts that labels are scored on: positives and negatives of one feature."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

FEWEST = 5
"""Texts of either kind below which there is no score."""
_ACTIVE = 0.3
"""Share of an excerpt's largest activation from which on a token counts as active."""


@dataclass(frozen=True)
class Excerpt:
    """Part of an example's text: the feature is active in it, or it is a negative."""

    text_id: str
    """Of the example that it was cut from."""
    texts: tuple[str, ...]
    """One a token; joined they are the text."""
    activations: tuple[float, ...]
    """One a token; all 0 in a negative, unless they are another feature's."""
    top: int
    """Position of the top token; of a negative, what stands in its place."""
    positive: bool
    quantile: int | None = None
    """Of the held-out examples by activation, 0 the strongest; None in a negative."""
    alike: int | None = None
    """Of a negative, which positive it has the length of."""

    @property
    def active(self) -> frozenset[int]:
        """Positions of the active tokens; none in a text without activations."""
        largest = max(self.activations)
        if largest <= 0:
            return frozenset()
        return frozenset(
            at
            for at, activation in enumerate(self.activations)
            if activation >= _ACTIVE * largest
        )

    def around_top(self, left: int, right: int) -> str:
        """Text of the tokens left..right of the top one, both included."""
        low, high = max(self.top + left, 0), max(self.top + right + 1, 0)
        return "".join(self.texts[low:high]).strip()


class CommonTokens(NamedTuple):
    """The commonest ones of some examples, in lower case; "" where none holds text."""

    top: str = ""
    next: str = ""
    """Right after the top one."""


@dataclass(frozen=True)
class ScoredExamples:
    """What every label of one feature is scored on."""

    positives: tuple[Excerpt, ...]
    """Held out, strongest first."""
    negatives: tuple[Excerpt, ...]
    """Texts without activation if enough are stored; else other features' examples."""
    others: tuple[Excerpt, ...]
    """Other features' examples, for questions about what follows a top token."""
    tokens: CommonTokens
    """Of the examples that are not held out."""


def lacking(excerpts: Sequence[Excerpt]) -> str:
    """Why these are too few to score on, as a sentence; "" where they are enough."""
    n_positive = sum(one.positive for one in excerpts)
    n_negative = len(excerpts) - n_positive
    if min(n_positive, n_negative) >= FEWEST:
        return ""
    return (
        f"there are {n_positive} positives and {n_negative} negatives with text; "
        f"{FEWEST} of each are needed."
    )
