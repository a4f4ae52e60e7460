"""What is scored, by what, and what comes of it.

A score says how well whoever reads a label alone tells texts on which the feature is
active (positives) from others (negatives). What could not be judged is told apart: it
is neither right nor wrong.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, runtime_checkable

import msgspec

from glossator.evaluation.label_scores.excerpt import ScoredExamples
from glossator.graph.attribution_graph import FeatureKey
from glossator.llm.chat_model import ChatPrompt
from glossator.progress import CancelToken, Progress
from glossator.protocol.decision import Tier

Interval: TypeAlias = tuple[float, float]
"""Low and high end, 95 %."""

BaselineName = Literal["another label", "top token"]

_SAY = "say "


@dataclass(frozen=True)
class LabelToScore:
    feature: FeatureKey
    text: str
    """The label."""
    examples: ScoredExamples
    tier: Tier | None = None
    """None where it is not known; baselines are taken from the same tier."""
    about: str = ""
    """What its prompts ask about, for the call log (`ChatPrompt.about`)."""

    @property
    def said(self) -> str | None:
        """What the label says comes next, as in ``say X``; None if it does not."""
        label = self.text.strip()
        if label[: len(_SAY)].casefold() != _SAY:
            return None
        return label[len(_SAY) :].strip() or None


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of one text."""

    text_id: str
    positive: bool
    """What it is."""
    answer: bool | None = None
    """What it was taken for; None where that failed, or nothing was to be answered."""
    likeness: float | None = None
    """Larger for what is rather taken for a positive: the odds of the answer, or a
    cosine; None where there is none.
    """
    quantile: int | None = None
    """Of the positives by activation, 0 the strongest."""


class QuantileScore(msgspec.Struct, frozen=True, kw_only=True):
    """The positives of one quantile alone, against all negatives."""

    quantile: int
    n_positive: int
    tpr: float | None
    auc: float | None


class Spent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a language model was asked."""

    calls: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    cost: float | None = None
    """US dollars, where the server tells."""


class LabelScore(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How well one label does with one scorer.

    A rate of which there is nothing to reckon from is None, never 0.
    """

    scorer: str
    label: str
    """The text that was scored."""
    n_positive: int
    n_negative: int
    n_failed: int = 0
    """Texts, of both kinds, without an answer; all rates but `as_wrong` are of the
    others.
    """
    tpr: float | None = None
    """Share of the positives that are taken for such."""
    tnr: float | None = None
    """Share of the negatives that are taken for such."""
    balanced_accuracy: float | None = None
    """Mean of both: 0.5 is chance, and whoever always answers the same gets it."""
    interval: Interval | None = None
    """Of the balanced accuracy."""
    as_wrong: float | None = None
    """Balanced accuracy if failures were wrong answers."""
    f1: float | None = None
    """Of the positives."""
    auc: float | None = None
    """Chance that a positive is likelier taken for one than a negative, ties a half."""
    auc_interval: Interval | None = None
    gap: float | None = None
    """Mean cosine with the positives less that with the negatives."""
    gap_interval: Interval | None = None
    by_quantile: tuple[QuantileScore, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    baselines: tuple["Baseline", ...] = ()
    model: str = ""
    """That was asked, or that embedded."""
    prompt_hash: str = ""
    spent: Spent = Spent()

    @property
    def chief(self) -> float | None:
        """Balanced accuracy where texts are judged, else AUC; by both 0.5 is chance."""
        return self.auc if self.balanced_accuracy is None else self.balanced_accuracy

    @property
    def chief_interval(self) -> Interval | None:
        return self.auc_interval if self.balanced_accuracy is None else self.interval


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """What a label that should do worse gets on the same texts."""

    name: BaselineName
    score: LabelScore


class NotScored(msgspec.Struct, frozen=True, kw_only=True):
    """There is no score. Never a number stored as one."""

    scorer: str = ""
    """"" where no scorer can."""
    reason: str


Scoring: TypeAlias = LabelScore | NotScored


@runtime_checkable
class Scorer(Protocol):
    """One way to score labels."""

    @property
    def name(self) -> str: ...

    def asked(self, batch: Sequence[LabelToScore]) -> list[ChatPrompt]:
        """All that a language model would be asked at first; what fails is asked again.

        Empty where none is asked.
        """
        ...

    def scores(
        self, batch: Sequence[LabelToScore], cancel: CancelToken
    ) -> Generator[Progress, None, list[Scoring]]:
        """Score labels, in their order.

        Raises
        ------
        Cancelled
            on request.
        ModelError
            if the model cannot be asked at all.
        """
        ...
