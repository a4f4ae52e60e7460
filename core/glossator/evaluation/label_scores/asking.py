"""What all scorers that ask a language model have in common."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Protocol

from glossator.errors import ModelError
from glossator.evaluation.label_scores.label_score import Spent
from glossator.llm.chat_model import (
    Answer,
    ChatModel,
    ChatPrompt,
    NoAnswer,
    Reply,
    Wanted,
)
from glossator.llm.prompt_file import stored_prompt
from glossator.progress import CancelToken, Progress


class Query(Protocol):
    """Something to ask, with a second way to ask it."""

    @property
    def prompt(self) -> ChatPrompt: ...

    def stricter(self) -> ChatPrompt:
        """What is asked where the first answer cannot be read.

        Another prompt, so that no cache answers it.
        """
        ...

    def readable(self, text: str) -> bool: ...


def ask(
    model: ChatModel,
    queries: Sequence[Query],
    cancel: CancelToken,
    wanted: Wanted,
    *,
    again: bool = True,
) -> Generator[Progress, None, list[tuple[Reply, ...]]]:
    """Have queries answered, in their order; of several replies the last counts.

    Parameters
    ----------
    again : what cannot be read is asked for once more.

    Raises
    ------
    Cancelled
        on request.
    ModelError
        if the model cannot be asked at all.
    """
    prompts = [query.prompt for query in queries]
    first = yield from _complete(model, prompts, cancel, wanted)
    replies: list[tuple[Reply, ...]] = [(reply,) for reply in first]
    missed = [
        at
        for at, (query, reply) in enumerate(zip(queries, first, strict=True))
        if again and not (isinstance(reply, Answer) and query.readable(reply.text))
    ]
    prompts = [queries[at].stricter() for at in missed]
    second = yield from _complete(model, prompts, cancel, wanted)
    for at, reply in zip(missed, second, strict=True):
        replies[at] = (first[at], reply)
    return replies


def _complete(
    model: ChatModel,
    prompts: Sequence[ChatPrompt],
    cancel: CancelToken,
    wanted: Wanted,
) -> Generator[Progress, None, list[Reply]]:
    replies = yield from model.complete(prompts, cancel, wanted)
    for reply in replies:
        if isinstance(reply, NoAnswer) and reply.lasting:
            raise ModelError(reply.reason, source=model.name)
    return replies


def numbered(texts: Sequence[str]) -> str:
    """One text a line."""
    return "\n".join(f"Text {at}: {text}" for at, text in enumerate(texts, 1))


def said_again(prompt: ChatPrompt, stored: str, **values: str) -> ChatPrompt:
    """The same question, with the form of the answer asked for more plainly.

    Parameters
    ----------
    stored : name of the stored prompt with a place for the question.
    """
    *before, question = prompt.turns
    asked = stored_prompt(stored).filled(question=question.text, **values)
    return replace(prompt, turns=(*before, *asked.turns))


def spent(replies: Sequence[Reply]) -> Spent:
    """Calls, with what they used as far as the model's side tells."""
    used = [reply.usage for reply in replies if reply.usage is not None]
    costs = [usage.cost for usage in used if usage.cost is not None]
    return Spent(
        calls=len(replies),
        prompt_tokens=sum(usage.prompt_tokens for usage in used),
        answer_tokens=sum(usage.answer_tokens for usage in used),
        cost=sum(costs) if costs else None,
    )
