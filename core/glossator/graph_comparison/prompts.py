"""Where two prompts differ, and which positions are the same place in both."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile


@dataclass(frozen=True)
class PromptDifference:
    """One stretch of tokens that differs, between what both begin and end with."""

    tokens_a: tuple[str, ...]
    tokens_b: tuple[str, ...]
    n_before: int
    """Tokens that both begin with."""
    n_after: int
    """Tokens that both end with, not counted among the former."""

    @property
    def same(self) -> bool:
        return self.tokens_a == self.tokens_b

    @property
    def only_a(self) -> tuple[str, ...]:
        return self.tokens_a[self.n_before : len(self.tokens_a) - self.n_after]

    @property
    def only_b(self) -> tuple[str, ...]:
        return self.tokens_b[self.n_before : len(self.tokens_b) - self.n_after]

    def position_in_b(self, position: int) -> int | None:
        """The same place in B; None inside a stretch of another length."""
        shift = len(self.tokens_b) - len(self.tokens_a)
        if position < self.n_before or not shift:
            return position
        at_end = position >= len(self.tokens_a) - self.n_after
        return position + shift if at_end else None


def compare_prompts(a: Sequence[str], b: Sequence[str]) -> PromptDifference:
    before = _n_same(a, b)
    after = _n_same(a[before:][::-1], b[before:][::-1])
    return PromptDifference(tuple(a), tuple(b), before, after)


def _n_same(a: Sequence[str], b: Sequence[str]) -> int:
    """Length of what both begin with."""
    pairs = zip(a, b, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
