"""What a label that should do worse gets on the same texts.

A score says little by itself: texts of one feature may be alike in ways that any label
catches. Beside each stand the score of another feature's label, and that of the
commonest top token (for ``say X``, of the commonest next token) as a label.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from random import Random
from typing import TypeAlias

import msgspec

from glossator.evaluation.label_scores.label_score import (
    Baseline,
    BaselineName,
    LabelScore,
    LabelToScore,
    Scorer,
    Scoring,
)
from glossator.llm.chat_model import ChatPrompt
from glossator.progress import CancelToken, Progress

_Worse: TypeAlias = list[tuple[BaselineName, LabelToScore]]
"""A label's baselines."""


@dataclass(frozen=True)
class BesideBaselines:
    """A scorer that scores the baselines, too: three times as much is asked.

    Another feature's label is drawn from those of a batch that have the same tier and
    the same form, so a batch is better large.
    """

    scorer: Scorer
    seed: int = 0

    @property
    def name(self) -> str:
        return self.scorer.name

    def asked(self, batch: Sequence[LabelToScore]) -> list[ChatPrompt]:
        worse = [one for label in batch for _, one in self._worse(label, batch)]
        return self.scorer.asked([*batch, *worse])

    def scores(
        self, batch: Sequence[LabelToScore], cancel: CancelToken
    ) -> Generator[Progress, None, list[Scoring]]:
        worse = [self._worse(label, batch) for label in batch]
        flat = [one for own in worse for _, one in own]
        found = yield from self.scorer.scores([*batch, *flat], cancel)
        theirs = iter(found[len(batch) :])
        return [
            _beside(score, own, list(islice(theirs, len(own))))
            for score, own in zip(found[: len(batch)], worse, strict=True)
        ]

    def _worse(self, label: LabelToScore, batch: Sequence[LabelToScore]) -> _Worse:
        texts: list[tuple[BaselineName, str]] = []
        alike = sorted(
            {
                other.text
                for other in batch
                if other.feature != label.feature
                and other.tier == label.tier
                and (other.said is None) == (label.said is None)
                and other.text.casefold() != label.text.casefold()
            }
        )
        if alike:
            random = Random(f"{self.seed} {label.feature}")
            texts.append(("another label", random.choice(alike)))
        tokens = label.examples.tokens
        if label.said is None and tokens.top:
            texts.append(("top token", tokens.top))
        if label.said is not None and tokens.next:
            texts.append(("top token", f"say {tokens.next}"))
        return [(name, replace(label, text=text)) for name, text in texts]


def _beside(score: Scoring, worse: _Worse, scores: Sequence[Scoring]) -> Scoring:
    if not isinstance(score, LabelScore):
        return score
    baselines = tuple(
        Baseline(name=name, score=msgspec.structs.replace(other, outcomes=()))
        for (name, _), other in zip(worse, scores, strict=True)
        if isinstance(other, LabelScore)
    )
    return msgspec.structs.replace(score, baselines=baselines)
