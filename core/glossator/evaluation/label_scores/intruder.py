"""Find the intruder: whether there is anything to a feature that can be seen at all.

It needs no label and scores none. Four held-out examples of like activation and a
negative are shown with their marks; the model says which does not belong. What no
reader can tell apart, no label of a few words can.
"""

import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from random import Random
from typing import NamedTuple

import msgspec

from glossator.evaluation.label_scores.asking import ask, numbered, said_again, spent
from glossator.evaluation.label_scores.excerpt import Excerpt, ScoredExamples
from glossator.evaluation.label_scores.label_score import Interval, Spent
from glossator.evaluation.label_scores.questions import fuzz_marks
from glossator.evaluation.label_scores.statistics import share, wilson
from glossator.graph.attribution_graph import FeatureKey
from glossator.labelers.marked_text import marked_text
from glossator.llm.chat_model import Answer, ChatModel, ChatPrompt, Reply, Wanted
from glossator.llm.prompt_file import stored_prompt
from glossator.progress import CancelToken, Progress

_SHOWN = 5
"""Texts in one trial, the intruder among them."""
CHANCE = 1 / _SHOWN
_MAX_TOKENS = 50
_PROMPT = "score_intruder"
_NUMBER = re.compile(r"\d+")


class FeatureToTry(NamedTuple):
    feature: FeatureKey
    examples: ScoredExamples
    about: str = ""
    """See `LabelToScore.about`."""


class IntruderTrial(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    part: int
    """Of the positives by activation, 0 the strongest, that the four are of."""
    intruder: str
    """Its text's id."""
    right: bool | None
    """None where the answer names no text."""


class IntruderScore(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How often the intruder is found; chance is one in five."""

    n: int
    n_failed: int = 0
    rate: float | None = None
    """Share found, of the trials with an answer."""
    interval: Interval | None = None
    as_wrong: float | None = None
    """Share of all trials."""
    trials: tuple[IntruderTrial, ...] = ()
    model: str = ""
    prompt_hash: str = ""
    spent: Spent = Spent()


@dataclass(frozen=True)
class _Trial:
    part: int
    intruder: str
    place: int
    """Of the intruder, 1-based."""
    prompt: ChatPrompt

    def stricter(self) -> ChatPrompt:
        return said_again(self.prompt, "score_intruder_again", n=str(_SHOWN))

    def readable(self, text: str) -> bool:
        return _named(text) is not None

    def judged(self, reply: Reply) -> IntruderTrial:
        named = _named(reply.text) if isinstance(reply, Answer) else None
        right = None if named is None else named == self.place
        return IntruderTrial(part=self.part, intruder=self.intruder, right=right)


def _named(text: str) -> int | None:
    """The number in an answer that names one text, however often."""
    numbers = {int(number) for number in _NUMBER.findall(text)}
    named = numbers.pop() if len(numbers) == 1 else 0
    return named if 1 <= named <= _SHOWN else None


@dataclass(frozen=True)
class IntruderScorer:
    model: ChatModel
    n_trials: int = 10
    """Of each feature, at most; no negative is the intruder twice."""
    name: str = "intruder"

    @property
    def wanted(self) -> Wanted:
        return Wanted(_MAX_TOKENS, purpose=self.name)

    def asked(self, batch: Sequence[FeatureToTry]) -> list[ChatPrompt]:
        """All that the model would be asked at first."""
        return [trial.prompt for one in batch for trial in self._trials(one)]

    def scores(
        self, batch: Sequence[FeatureToTry], cancel: CancelToken
    ) -> Generator[Progress, None, list[IntruderScore]]:
        """Try features, in their order.

        Raises
        ------
        Cancelled
            on request.
        ModelError
            if the model cannot be asked at all.
        """
        trials = [self._trials(one) for one in batch]
        flat = [trial for own in trials for trial in own]
        replies = yield from ask(self.model, flat, cancel, self.wanted)
        heard = zip(flat, replies, strict=True)
        return [self._score(list(islice(heard, len(own)))) for own in trials]

    def _trials(self, one: FeatureToTry) -> list[_Trial]:
        examples = one.examples
        random = Random(f"{self.name} {one.feature}")
        parts = _parts(examples.positives)
        n = min(self.n_trials, len(examples.negatives))
        intruders = random.sample(examples.negatives, n)
        trials = []
        for at, intruder in enumerate(intruders):
            part = at % len(parts)
            shown = random.sample(parts[part], _SHOWN - 1)
            place = random.randrange(_SHOWN)
            shown.insert(place, intruder)
            texts = numbered(
                [
                    marked_text(text.texts, fuzz_marks(text, examples.positives))
                    for text in shown
                ]
            )
            prompt = replace(
                stored_prompt(_PROMPT).filled(texts=texts), about=one.about
            )
            trials.append(_Trial(part, intruder.text_id, place + 1, prompt))
        return trials

    def _score(
        self, heard: Sequence[tuple[_Trial, tuple[Reply, ...]]]
    ) -> IntruderScore:
        trials = tuple(trial.judged(replies[-1]) for trial, replies in heard)
        n_right = sum(trial.right is True for trial in trials)
        n_judged = sum(trial.right is not None for trial in trials)
        return IntruderScore(
            n=len(trials),
            n_failed=len(trials) - n_judged,
            rate=share(n_right, n_judged),
            interval=wilson(n_right, n_judged),
            as_wrong=share(n_right, len(trials)),
            trials=trials,
            model=self.model.name,
            prompt_hash=stored_prompt(_PROMPT).hash,
            spent=spent([reply for _, replies in heard for reply in replies]),
        )


def _parts(positives: Sequence[Excerpt]) -> list[list[Excerpt]]:
    """Examples of like activation, as many parts as there are four for each."""
    n = max(len(positives) // (_SHOWN - 1), 1)
    parts: list[list[Excerpt]] = [[] for _ in range(n)]
    for rank, positive in enumerate(positives):
        parts[rank * n // len(positives)].append(positive)
    return parts
