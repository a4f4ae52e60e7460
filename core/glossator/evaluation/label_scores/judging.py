"""Scores by a language model that judges, text by text, whether a label fits.

Texts are asked about a few at a time, in an order that the feature alone decides, so
that all labels of a feature are judged on the same batches. A reply without a list of
the right length is asked for once more, in other words; what fails then stays failed.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from random import Random
from typing import NamedTuple, Protocol, TypeAlias

from glossator.evaluation.label_scores.answered_list import read_list, read_odds
from glossator.evaluation.label_scores.asking import (
    ask,
    numbered,
    said_again,
    spent,
)
from glossator.evaluation.label_scores.excerpt import Excerpt
from glossator.evaluation.label_scores.label_score import (
    LabelToScore,
    NotScored,
    Outcome,
    Scoring,
)
from glossator.evaluation.label_scores.reckoning import judged_score
from glossator.labelers.newest_verbalizer import on_one_line
from glossator.llm.chat_model import Answer, ChatModel, ChatPrompt, Reply, Wanted
from glossator.llm.prompt_file import stored_prompt
from glossator.progress import CancelToken, Progress

_MAX_TOKENS = 100
"""Of a list, with room for a sentence before it."""


@dataclass(frozen=True)
class JudgingSettings:
    batch: int = 5
    """Texts in one prompt."""
    ask_again: bool = True
    """Once, where an answer cannot be read."""
    verbatim: bool = False
    """Texts with their line breaks and whatever else they hold."""


class ShownText(NamedTuple):
    excerpt: Excerpt
    text: str
    """As it stands in the prompt."""


class Asked(NamedTuple):
    """What a label claims, and the texts to judge by it."""

    claim: str
    texts: list[ShownText]


class Question(Protocol):
    """What is asked about texts."""

    @property
    def name(self) -> str: ...

    @property
    def prompt(self) -> str:
        """Name of the stored prompt, with places for a label and texts."""
        ...

    def asked(self, label: LabelToScore, *, verbatim: bool) -> Asked | NotScored: ...


@dataclass(frozen=True)
class JudgingScorer:
    """Scores labels by one question."""

    question: Question
    model: ChatModel
    settings: JudgingSettings = field(default_factory=JudgingSettings)

    @property
    def name(self) -> str:
        return self.question.name

    @property
    def wanted(self) -> Wanted:
        return Wanted(_MAX_TOKENS, odds=True, purpose=self.name)

    def asked(self, batch: Sequence[LabelToScore]) -> list[ChatPrompt]:
        groups = [self._groups(label) for label in batch]
        return [group.prompt for group in _all_of(groups)]

    def scores(
        self, batch: Sequence[LabelToScore], cancel: CancelToken
    ) -> Generator[Progress, None, list[Scoring]]:
        groups = [self._groups(label) for label in batch]
        flat = _all_of(groups)
        replies = yield from ask(
            self.model, flat, cancel, self.wanted, again=self.settings.ask_again
        )
        heard = zip(flat, replies, strict=True)
        return [
            own
            if isinstance(own, NotScored)
            else self._score(label, list(islice(heard, len(own))))
            for label, own in zip(batch, groups, strict=True)
        ]

    def _groups(self, label: LabelToScore) -> list["_Group"] | NotScored:
        """The texts by batches; the last one may be smaller."""
        asked = self.question.asked(label, verbatim=self.settings.verbatim)
        if isinstance(asked, NotScored):
            return asked
        Random(f"{self.name} {label.feature}").shuffle(asked.texts)
        claim, step = on_one_line(asked.claim), self.settings.batch
        batches = [asked.texts[i : i + step] for i in range(0, len(asked.texts), step)]
        return [
            _Group(tuple(shown), replace(self._filled(claim, shown), about=label.about))
            for shown in batches
        ]

    def _filled(self, claim: str, shown: Sequence[ShownText]) -> ChatPrompt:
        texts = numbered([one.text for one in shown])
        return stored_prompt(self.question.prompt).filled(label=claim, texts=texts)

    def _score(self, label: LabelToScore, heard: Sequence["_Heard"]) -> Scoring:
        return judged_score(
            self.name,
            label.text,
            [one for group, replies in heard for one in group.outcomes(replies[-1])],
            model=self.model.name,
            prompt_hash=stored_prompt(self.question.prompt).hash,
            spent=spent([reply for _, replies in heard for reply in replies]),
        )


class _Group(NamedTuple):
    """Texts that are judged in one prompt."""

    shown: tuple[ShownText, ...]
    prompt: ChatPrompt

    def stricter(self) -> ChatPrompt:
        n = len(self.shown)
        form = str([at % 2 for at in range(n)])
        return said_again(self.prompt, "score_again", n=str(n), form=form)

    def readable(self, text: str) -> bool:
        return read_list(text, len(self.shown)) is not None

    def outcomes(self, reply: Reply) -> list[Outcome]:
        n = len(self.shown)
        answers: Sequence[bool | None] = (None,) * n
        likenesses: Sequence[float | None] = (None,) * n
        if isinstance(reply, Answer):
            answers = read_list(reply.text, n) or answers
            likenesses = read_odds(reply.text, n, reply.odds) or likenesses
        return [
            Outcome(
                text_id=shown.excerpt.text_id,
                positive=shown.excerpt.positive,
                answer=answer,
                likeness=likeness,
                quantile=shown.excerpt.quantile,
            )
            for shown, answer, likeness in zip(
                self.shown, answers, likenesses, strict=True
            )
        ]


_Heard: TypeAlias = tuple[_Group, tuple[Reply, ...]]


def _all_of(groups: Sequence[list[_Group] | NotScored]) -> list[_Group]:
    return [group for own in groups if not isinstance(own, NotScored) for group in own]
