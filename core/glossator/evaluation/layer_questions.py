"""What is supposed of tiers and layers, as questions and the words of their answers.

The source of the protocol supposes that features of early layers are of the input, that
those of late layers are of the output, and that what is abstract (cross and obscure)
lies between.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from glossator.protocol.decision import Tier

Verdict = Literal["yes", "not shown", "reversed", "not testable"]

LEVEL = 0.05
"""One-sided p below which the answer is yes."""

_PLACES = ("early", "in the middle", "late")
_REACH = "from first to last layer"


@dataclass(frozen=True)
class LayerQuestion:
    text: str
    name: str
    """Of the tiers, as an adjective."""
    tiers: frozenset[Tier]
    shape: Literal["falls", "rises", "peaks"]

    @property
    def supposed(self) -> str:
        match self.shape:
            case "falls":
                return "get rarer with depth"
            case "rises":
                return "get more frequent with depth"
            case "peaks":
                return "are most frequent in the middle third"

    @property
    def opposite(self) -> str:
        match self.shape:
            case "falls":
                return "get more frequent with depth"
            case "rises":
                return "get rarer with depth"
            case "peaks":
                return "are rarer in the middle third than elsewhere"

    def answer(self, verdict: Verdict, effect: float, p: float) -> str:
        """The verdict in a few words; `effect` as a share."""
        change = f"{100 * effect:+.0f}".replace("-", "−").replace("−0", "+0")
        points = f"{change} point{'' if change[1:] == '1' else 's'}"
        over = "against the other two" if self.shape == "peaks" else _REACH
        match verdict:
            case "yes":
                return f"Yes: {points} {over}."
            case "reversed":
                return f"No, the reverse: {points} {over}."
            case _:
                # A small p alone makes no peak: one of the other thirds has more.
                but = " together, not each" if p < LEVEL else ""
                return f"Not shown: {points} {over}{but}."

    def sentence(
        self, verdict: Verdict, shares: Sequence[float | None], p: float
    ) -> str:
        """The answer, to be read without the question."""
        found = ", ".join(
            f"{percent(share)} {place}"
            for share, place in zip(shares, _PLACES, strict=True)
            if share is not None
        )
        subject = f"{self.name} features"
        match verdict:
            case "yes":
                said = f"{subject} {self.supposed}"
            case "reversed":
                said = f"{subject} {self.opposite}, against what is supposed"
            case _:
                said = f"that {subject} {self.supposed} is not shown"
        return f"{said[0].upper()}{said[1:]}: {found} ({p_words(p)})."

    def untestable(self, reason: str) -> str:
        return (
            f"Whether {self.name} features {self.supposed} cannot be tested: {reason}."
        )


QUESTIONS = (
    LayerQuestion("Input rarer with depth?", "input", frozenset({"input"}), "falls"),
    LayerQuestion(
        "Output more frequent with depth?",
        "output",
        frozenset({"output"}),
        "rises",
    ),
    LayerQuestion(
        "Cross most frequent in the middle?", "cross", frozenset({"cross"}), "peaks"
    ),
    LayerQuestion(
        "Obscure most frequent in the middle?",
        "obscure",
        frozenset({"obscure"}),
        "peaks",
    ),
    LayerQuestion(
        "Cross or obscure most frequent in the middle?",
        "cross or obscure",
        frozenset({"cross", "obscure"}),
        "peaks",
    ),
)


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def p_words(p: float) -> str:
    if p < 0.001:
        return "p < 0.001"
    return "p > 0.999" if p > 0.999 else f"p = {p:.3f}"
