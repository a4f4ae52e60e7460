"""What language models cost, in US dollars.

Prices are those that the person gives, or those that the package genai-prices lists:
they come with its release and change with it alone, nothing is asked of the network.
Release 0.2.3 knows changes of prices until November 2026. A discount for prompts that a
server still remembers is not reckoned with, so that a computed cost is rather too high;
what a server itself says of a cost goes first.
"""

from dataclasses import dataclass
from math import isfinite
from typing import Protocol

from glossator.errors import InputError
from glossator.llm.server_address import is_loopback

_MILLION = 1_000_000


class Price(Protocol):
    """What a model's tokens cost."""

    def cost(self, prompt_tokens: int, answer_tokens: int) -> float:
        """US dollars of one call."""
        ...


@dataclass(frozen=True)
class GivenPrice:
    """A price that does not depend on how much is asked."""

    prompt: float
    """US dollars of a million tokens."""
    answer: float

    def __post_init__(self) -> None:
        for field in ("prompt", "answer"):
            price: float = getattr(self, field)
            if not (isfinite(price) and price >= 0):
                raise InputError(
                    f"{price} is no price of a million tokens", field=f"{field} price"
                )

    def cost(self, prompt_tokens: int, answer_tokens: int) -> float:
        return (prompt_tokens * self.prompt + answer_tokens * self.answer) / _MILLION


FREE = GivenPrice(0.0, 0.0)


@dataclass(frozen=True)
class ListedPrice:
    """A price of genai-prices, which may rise with the length of the prompt."""

    model: str
    address: str

    def cost(self, prompt_tokens: int, answer_tokens: int) -> float:
        """Raise LookupError where the list does not hold it."""
        from genai_prices import Usage, calc_price

        usage = Usage(input_tokens=prompt_tokens, output_tokens=answer_tokens)
        found = calc_price(usage, self.model, provider_api_url=self.address)
        price = found.model_price
        if price.input_mtok is None or price.output_mtok is None:
            raise LookupError(f"{self.model}: what its tokens cost is not listed")
        return float(found.total_price)


def price_of(
    model: str, address: str = "", given: GivenPrice | None = None
) -> Price | None:
    """The price of a model; None where it is not known.

    Parameters
    ----------
    model : as its server names it.
    address : of the server; "" is a model in this process. On this machine nothing
        costs anything.
    given : the person's own, which goes first.
    """
    if given is not None:
        return given
    if not address or is_loopback(address):
        return FREE
    listed = ListedPrice(model, address)
    try:
        listed.cost(1, 1)
    except LookupError:
        return None
    return listed


def list_of_prices() -> str:
    """Name and release of the list, for whoever is to trust its prices."""
    from genai_prices import __version__

    return f"genai-prices {__version__}"
