"""A chat model that answers by a rule: for tests, dry runs and demonstrations."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from glossator.llm.chat_model import (
    Answer,
    AnswerProgress,
    ChatPrompt,
    NoAnswer,
    Replied,
    Reply,
    Usage,
    Wanted,
)
from glossator.progress import CancelToken, Progress

_LETTERS_A_TOKEN = 4


class AnswerRule(Protocol):
    """What is answered to a prompt; a text, or why there is none."""

    def __call__(self, prompt: ChatPrompt, wanted: Wanted, /) -> str | NoAnswer: ...


@dataclass
class ScriptedModel:
    """Answers one prompt after another; tokens are counted by letters."""

    rule: AnswerRule
    name: str = "scripted"
    asked: list[ChatPrompt] = field(default_factory=list)
    """Prompts that were answered, in order."""

    def complete(
        self, prompts: Iterable[ChatPrompt], cancel: CancelToken, wanted: Wanted
    ) -> Generator[Progress, None, list[Reply]]:
        """Answer as `ChatModel.complete` says."""
        found: list[Reply] = []
        for at, prompt in enumerate(prompts):
            cancel.check()
            if found and isinstance(found[-1], NoAnswer) and found[-1].lasting:
                reply: Reply = found[-1]
            else:
                self.asked.append(prompt)
                reply = _reply(prompt, self.rule(prompt, wanted))
            found.append(reply)
            yield AnswerProgress(
                at + 1, 0, "asking the language model", (Replied(at, reply, 0.0),)
            )
        return found


def _reply(prompt: ChatPrompt, said: str | NoAnswer) -> Reply:
    if isinstance(said, NoAnswer):
        return said
    usage = Usage(
        sum(len(turn.text) for turn in prompt.turns) // _LETTERS_A_TOKEN + 1,
        len(said) // _LETTERS_A_TOKEN + 1,
    )
    if not said.strip():
        return NoAnswer("the answer is empty", usage=usage)
    return Answer(said, "stop", usage)
