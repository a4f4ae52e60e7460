"""How features are labelled, whatever the protocol decides them to be."""

from typing import Literal, get_args

import msgspec

from glossator.errors import InputError
from glossator.labelers.methods import Method, method_named
from glossator.llm.open_chat_model import check_chat_model
from glossator.llm.prices import GivenPrice
from glossator.protocol.decision import Tier

TierNumber = Literal[1, 2, 3]

COUNTED = "token_frequency"
REVIEW = ""
"""In place of a method: left to a person."""

TIERS_OF: dict[TierNumber, tuple[Tier, ...]] = {
    1: ("input", "output"),
    2: ("cross",),
    3: ("obscure",),
}


class LabelSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Which methods label which features, by which models, at what cost at most."""

    tier1: str = COUNTED
    """Method for input and output features."""
    tier2: str = REVIEW
    """Method for cross features; where they have several senses, the words that tell
    these apart are proposed anyway.
    """
    tier3: str = REVIEW
    """Method for obscure features: what it proposes is a hypothesis for the review."""
    llm: str = ""
    """Chat model of tier 1: folder, name on the model hub, provider or address."""
    llm_model: str = ""
    """Which of the server's models; "" is its only one."""
    frontier: str = ""
    """Chat model of tiers 2 and 3, likewise."""
    frontier_model: str = ""
    hold_out: bool = True
    """Keep half of each feature's examples back, so that labels can be scored."""
    dollars: float | None = None
    """A run never costs more; None is without limit."""
    tokens: int | None = None
    """A run never uses more, prompts and answers together."""
    prompt_price: float | None = None
    """US dollars per million tokens of `frontier`, where its price is not known."""
    answer_price: float | None = None
    at_once: int = 8
    """Requests under way at a time."""
    patience: float = 120.0
    """Seconds that a server has for an answer."""

    def method(self, tier: TierNumber) -> str:
        return {1: self.tier1, 2: self.tier2, 3: self.tier3}[tier]

    def model(self, tier: TierNumber) -> tuple[str, str]:
        """The chat model of a tier, and which of its server's."""
        if tier == 1:
            return self.llm, self.llm_model
        return self.frontier, self.frontier_model

    def price(self, tier: TierNumber) -> GivenPrice | None:
        """The person's own price, where the tier asks the model that it is of."""
        if self.prompt_price is None or self.answer_price is None:
            return None
        if self.model(tier) != self.model(2):
            return None
        return GivenPrice(self.prompt_price, self.answer_price)

    def asks_about(self, tier: TierNumber) -> bool:
        """Whether more is to be done than what a run of the protocol does by itself."""
        return self.method(tier) not in (COUNTED, REVIEW)

    @property
    def asks(self) -> bool:
        return any(self.asks_about(tier) for tier in get_args(TierNumber))

    def checked(self) -> "LabelSettings":
        """Return self.

        Raises
        ------
        InputError
            if a value cannot be used; names the setting.
        """
        for tier in get_args(TierNumber):
            self._check_tier(tier)
        self._check_limits()
        return self

    def _check_tier(self, tier: TierNumber) -> None:
        name = self.method(tier)
        if name == REVIEW:
            return
        method: Method = method_named(name, field=f"tier{tier}")
        unfit = [t for t in TIERS_OF[tier] if t not in method.tiers]
        if unfit:
            raise InputError(
                f"{name} does not label {' and '.join(unfit)} features",
                field=f"tier{tier}",
            )
        if "chat model" in method.needs:
            named, model = self.model(tier)
            check_chat_model(named, model, field="llm" if tier == 1 else "frontier")

    def _check_limits(self) -> None:
        limits = (
            ("dollars", self.dollars),
            ("tokens", self.tokens),
            ("prompt_price", self.prompt_price),
            ("answer_price", self.answer_price),
        )
        for name, value in limits:
            if value is not None and not 0 <= value < float("inf"):
                raise InputError(f"{value:g} is no amount", field=name)
        if (self.prompt_price is None) != (self.answer_price is None):
            raise InputError(
                "give the price of prompt tokens and of answer tokens, or neither",
                field="prompt_price",
            )
        if not 1 <= self.at_once <= 256:
            raise InputError(f"{self.at_once} is not in 1..256", field="at_once")
        if not 1 <= self.patience <= 3600:
            raise InputError(f"{self.patience:g} s is not in 1..3600", field="patience")
