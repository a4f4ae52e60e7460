"""Asks a server questions through the store of answers, and tells what came of it.

``ask_prompts.py URL STORE N`` asks N questions, and writes a line of JSON at the end.
"""

import sys
from pathlib import Path

import msgspec

from glossator.llm.answer_store import AnswerStore
from glossator.llm.budget import Budget
from glossator.llm.call import Call
from glossator.llm.chat_model import Answer, ChatPrompt, NoAnswer, Turn, Wanted
from glossator.llm.open_chat_model import open_chat_model
from glossator.llm.prices import GivenPrice
from glossator.llm.recorded_model import RecordedModel
from glossator.progress import CancelToken, Progress, drive

AT_ONCE = 16
PRICE = GivenPrice(1.0, 10.0)
WANTED = Wanted(32, purpose="small_llm")


class Told(msgspec.Struct):
    answers: list[str]
    """"" where there is none."""
    reasons: list[str]
    """Why."""
    calls: list[Call]


def questions(n: int) -> list[str]:
    return [f"What have these in common: {at}, {at * at}, ...?" for at in range(n)]


def prompts(n: int) -> list[ChatPrompt]:
    return [
        ChatPrompt((Turn("system", "Be brief."), Turn("user", question)), f"f:0:{at}")
        for at, question in enumerate(questions(n))
    ]


def recorded(
    url: str, store: Path, budget: Budget | None = None, account: str = "account"
) -> RecordedModel:
    answers = AnswerStore(store)
    chat = open_chat_model(url, at_once=AT_ONCE, first_pause=0.001, refused=answers)
    return RecordedModel(
        chat, answers, budget or Budget(), PRICE, account, chat.thinking
    )


def asked(model: RecordedModel, n: int) -> Told:
    def ignore(progress: Progress) -> None:
        """Let it go by."""

    replies = drive(model.complete(prompts(n), CancelToken(), WANTED), ignore)
    return Told(
        answers=[r.text if isinstance(r, Answer) else "" for r in replies],
        reasons=[r.reason for r in replies if isinstance(r, NoAnswer)],
        calls=model.take_calls(),
    )


def main() -> None:
    url, store, n = sys.argv[1:]
    told = asked(recorded(url, Path(store)), int(n))
    sys.stdout.buffer.write(msgspec.json.encode(told))


if __name__ == "__main__":
    main()
