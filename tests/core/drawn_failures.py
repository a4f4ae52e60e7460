"""A chat server of which a drawn share of requests fails, with its own account."""

import random
from collections import Counter
from dataclasses import dataclass, field

from tests.core.llm_server import Act, ChatServer, Seen, answers, fails, resets


@dataclass
class DrawnFailures:
    """Which attempts at a question fail is drawn by the question.

    So it is the same in whatever order they come.
    """

    share: float
    answered: Counter[str] = field(default_factory=Counter)
    """How often a question was answered."""
    failed: Counter[str] = field(default_factory=Counter)

    def __call__(self, seen: Seen) -> Act | None:
        question = seen.question
        drawn = random.Random(f"{question} {self.failed[question]}")
        if drawn.random() < self.share:
            self.failed[question] += 1
            return drawn.choice([fails(500), fails(429), resets])
        self.answered[question] += 1
        return None

    @property
    def share_of_failed(self) -> float:
        failed = self.failed.total()
        return failed / (failed + self.answered.total())


def flaky(chat: ChatServer, share: float) -> DrawnFailures:
    """Let a server fail, and answer each question in its own words."""
    failures = DrawnFailures(share)
    chat.rule = failures
    chat.default = answers(answer_to)
    return failures


def answer_to(question: str) -> str:
    return f"label {random.Random(question).random()}"
