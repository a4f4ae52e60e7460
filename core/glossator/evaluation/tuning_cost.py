"""What the tiers of a project cost to label, under given settings."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from glossator.protocol.decision import CHEAP_TIERS, Tier

TOKENS_IN, TOKENS_OUT = 3000, 100
"""Of a frontier model for one cross feature: 20 to 40 marked examples, one sentence."""


@dataclass(frozen=True)
class Assumptions:
    """What costs are reckoned with besides the tokens of a call."""

    price_in: float | None = None
    """Of a million tokens; None where unknown."""
    price_out: float | None = None
    seconds: float = 30.0
    """Of a person for one feature."""


@dataclass(frozen=True)
class TierCost:
    """How many features go to each tier, and what that takes."""

    features: Mapping[Tier, int]

    @property
    def cheap_labels(self) -> int:
        return sum(n for tier, n in self.features.items() if tier in CHEAP_TIERS)

    @property
    def frontier_calls(self) -> int:
        return self.features.get("cross", 0)

    @property
    def tokens_in(self) -> int:
        return self.frontier_calls * TOKENS_IN

    @property
    def tokens_out(self) -> int:
        return self.frontier_calls * TOKENS_OUT

    @property
    def left_to_person(self) -> int:
        """Features that no method labels: obscure ones, and those without evidence."""
        return sum(self.features.values()) - self.cheap_labels - self.frontier_calls

    def minutes(self, assumed: Assumptions) -> float:
        """Of a person."""
        return self.left_to_person * assumed.seconds / 60

    def price(self, assumed: Assumptions) -> float | None:
        """None where either price is unknown."""
        if assumed.price_in is None or assumed.price_out is None:
            return None
        whole = self.tokens_in * assumed.price_in + self.tokens_out * assumed.price_out
        return whole / 1e6


def scaled(counts: Counter[Tier], n_features: int) -> TierCost:
    """From the features that were scored to all; rounded so that the sum is right."""
    n_scored = counts.total()
    if not n_scored:
        return TierCost({"no evidence": n_features} if n_features else {})
    exact = {tier: n * n_features / n_scored for tier, n in counts.items()}
    whole = {tier: int(n) for tier, n in exact.items()}
    missing = n_features - sum(whole.values())
    for tier in sorted(exact, key=lambda tier: whole[tier] - exact[tier])[:missing]:
        whole[tier] += 1
    return TierCost(whole)
