"""How much a run may use of language models, and no more."""

from dataclasses import dataclass, field
from math import isfinite
from typing import NamedTuple

from glossator.errors import InputError
from glossator.llm.chat_model import NoAnswer


class Amount(NamedTuple):
    """What one or several calls use."""

    tokens: int = 0
    """Prompts and answers."""
    dollars: float = 0.0
    """0 where no price is known."""

    def plus(self, other: "Amount") -> "Amount":
        return Amount(self.tokens + other.tokens, self.dollars + other.dollars)


@dataclass
class Budget:
    """A limit to tokens, to US dollars, or to both; None is without limit.

    What a call takes at worst is reserved before it is made, and set free for what it
    took once that is known. So calls under way cannot exceed the limit together either;
    and those that were called off stay reserved, since they may have to be paid.
    """

    tokens: int | None = None
    dollars: float | None = None
    used: Amount = field(default=Amount(), init=False)
    _reserved: list[Amount] = field(default_factory=list, init=False)
    _is_spent: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        for name in ("tokens", "dollars"):
            limit: float | None = getattr(self, name)
            if limit is not None and not (isfinite(limit) and limit >= 0):
                raise InputError(f"{limit} is no amount to spend", field=name)

    @property
    def is_spent(self) -> bool:
        """Whether a call was refused: none is made any more."""
        return self._is_spent

    def reserve(self, worst: Amount) -> bool:
        """Set aside what a call takes at worst; False where too little is left."""
        if self._is_spent or not self._reaches(worst):
            return False
        self._reserved.append(worst)
        return True

    def settle(self, worst: Amount, used: Amount) -> None:
        """Put what a call took in place of what was reserved for it."""
        self._reserved.remove(worst)
        self.used = self.used.plus(used)

    def refuse(self) -> NoAnswer:
        """What is answered to all that is asked from now on."""
        self._is_spent = True
        limits = []
        if self.tokens is not None:
            limits.append(f"{self.tokens:,} tokens ({self.used.tokens:,} used)")
        if self.dollars is not None:
            limits.append(f"${self.dollars:g} (${self.used.dollars:.4f} used)")
        told = " and ".join(limits)
        return NoAnswer(
            f"the budget of {told} does not reach for the next prompt", lasting=True
        )

    def _reaches(self, worst: Amount) -> bool:
        taken = self.used.plus(worst)
        for held in self._reserved:
            taken = taken.plus(held)
        return (self.tokens is None or taken.tokens <= self.tokens) and (
            self.dollars is None or taken.dollars <= self.dollars
        )
