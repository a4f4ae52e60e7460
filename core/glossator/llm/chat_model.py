"""A language model that answers prompts, wherever it runs.

An answer and a failure are values of different types: no reason for a failure can be
taken for what a model said.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from glossator.progress import CancelToken, Progress

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True)
class Turn:
    """What one side of a conversation says."""

    role: Role
    text: str


@dataclass(frozen=True)
class ChatPrompt:
    """A conversation that the model is to continue."""

    turns: tuple[Turn, ...]
    """A system turn at most as the first; the last one is the user's."""

    def without_system(self) -> "ChatPrompt":
        """The same, with the system turn's text before the first question."""
        first, *rest = self.turns
        if first.role != "system" or not rest:
            return self
        text = f"{first.text}\n\n{rest[0].text}"
        return ChatPrompt((Turn("user", text), *rest[1:]))


@dataclass(frozen=True)
class Answer:
    text: str
    """Never blank."""
    ended: Literal["stop", "length"]
    """By itself, or because it had the length asked for."""


@dataclass(frozen=True)
class NoAnswer:
    reason: str
    lasting: bool = False
    """Whether other prompts would fare the same now."""


Reply: TypeAlias = Answer | NoAnswer


class ChatModel(Protocol):
    """Answers prompts; of the same prompt as nearly the same as the model allows."""

    @property
    def name(self) -> str:
        """The model, and where it runs or of which revision it is."""
        ...

    def complete(
        self,
        prompts: Sequence[ChatPrompt],
        cancel: CancelToken,
        *,
        max_tokens: int,
        one_line: bool = False,
    ) -> Generator[Progress, None, list[Reply]]:
        """Answer each prompt, without sampling where the model allows.

        Parameters
        ----------
        max_tokens : of an answer.
        one_line : whether only the first line of an answer that holds text is wanted;
            a model may end there.

        Raises
        ------
        Cancelled
            between two batches.
        ModelError
            if the model cannot be run.
        """
        ...
