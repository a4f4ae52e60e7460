"""A language model that answers prompts, wherever it runs.

An answer and a failure are values of different types: no reason for a failure can be
taken for what a model said.
"""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, TypeAlias

from glossator.progress import CancelToken, Progress

Role = Literal["system", "user", "assistant"]


class Turn(NamedTuple):
    """What one side of a conversation says."""

    role: Role
    text: str


@dataclass(frozen=True)
class ChatPrompt:
    """A conversation that the model is to continue."""

    turns: tuple[Turn, ...]
    """A system turn at most as the first; the last one is the user's."""
    about: str = ""
    """What it asks about (a project's subject); it is told in the call log alone."""

    def without_system(self) -> "ChatPrompt":
        """The same, with the system turn's text before the first question."""
        first, *rest = self.turns
        if first.role != "system" or not rest:
            return self
        text = f"{first.text}\n\n{rest[0].text}"
        return ChatPrompt((Turn("user", text), *rest[1:]), self.about)


@dataclass(frozen=True)
class Wanted:
    """What kind of answer is asked for, the same of every prompt of a batch."""

    max_tokens: int
    """Of an answer, without what a model thinks before it."""
    temperature: float = 0.0
    """0 is without sampling, where the model allows."""
    one_line: bool = False
    """Only the first line that holds text is wanted; a model may end there."""
    odds: bool = False
    """Also how likely each token of the answer was, where the model tells."""
    purpose: str = ""
    """Method or scorer that asks; it is told in the call log alone."""


class TokenOdds(NamedTuple):
    """A token of an answer, and what might have stood in its place."""

    token: str
    likely: tuple[tuple[str, float], ...]
    """The likeliest tokens, this one among them if it is, with probabilities."""


class Usage(NamedTuple):
    """What a call used, as the model's side counts it."""

    prompt_tokens: int
    answer_tokens: int
    """Thoughts included."""
    cost: float | None = None
    """US dollars, where the server tells."""


@dataclass(frozen=True)
class Answer:
    text: str
    """Never blank."""
    ended: Literal["stop", "length"]
    """By itself, or because it had the length asked for."""
    usage: Usage | None = None
    """None where the server does not tell."""
    odds: tuple[TokenOdds, ...] = ()
    """Empty where they were not asked for, or the model does not tell."""


@dataclass(frozen=True)
class NoAnswer:
    reason: str
    lasting: bool = False
    """Whether other prompts would fare the same now."""
    usage: Usage | None = None
    """Of an answer that was paid for and holds no text."""


Reply: TypeAlias = Answer | NoAnswer


class Replied(NamedTuple):
    """A prompt's reply, as soon as it is there."""

    at: int
    """Number of the prompt among those taken, 0-based."""
    reply: Reply
    seconds: float
    """From the first attempt to the reply, pauses included."""
    attempts: int = 1


@dataclass(frozen=True)
class AnswerProgress(Progress):
    """A step of answering, with the replies that have come since the last one."""

    replied: tuple[Replied, ...] = ()


class ChatModel(Protocol):
    """Answers prompts; of the same prompt as nearly the same as the model allows."""

    @property
    def name(self) -> str:
        """The model, and where it runs or of which revision it is."""
        ...

    def complete(
        self, prompts: Iterable[ChatPrompt], cancel: CancelToken, wanted: Wanted
    ) -> Generator[Progress, None, list[Reply]]:
        """Answer each prompt, in their order.

        Every reply goes ahead with an `AnswerProgress`, once. Prompts are taken from
        the iterable as late as the model can, so that whoever gives them may end.
        Once a failure is lasting, nothing more is asked, and what was taken fails
        alike.

        Raises
        ------
        Cancelled
            between two replies; what is under way is called off.
        ModelError
            if the model cannot be run.
        """
        ...
