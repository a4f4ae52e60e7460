"""Cut what labels are scored on out of the evidence.

Positives are held-out examples, spread over their activations. Each negative is as long
as one of them and has its top token in the same place, shares no run of words with any
example of the feature, and is taken once.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from random import Random
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from glossator.evaluation.label_scores.excerpt import (
    FEWEST,
    CommonTokens,
    Excerpt,
    ScoredExamples,
    lacking,
)
from glossator.evaluation.label_scores.label_score import NotScored
from glossator.evidence.feature_evidence import ActivationExample, FeatureEvidence
from glossator.evidence.token_text import clean_example, is_special
from glossator.graph.attribution_graph import FeatureKey
from glossator.labelers.held_out import held_out, shown_evidence, text_runs
from glossator.labelers.shown_example import ShownExample, shown_examples

Run: TypeAlias = tuple[str, ...]
"""Words that follow one another."""

_QUANTILES = 5
_LOOKED_AT = 40
"""Candidates for each negative that is wanted."""
_PLACES = 4
"""Tried in a text in which no token is active."""


@dataclass(frozen=True)
class CutSettings:
    most: int = 20
    """Positives; as many negatives."""
    width: int = 32
    """Tokens of a text, fewer where it ends."""
    seed: int = 0


CUT = CutSettings()


@dataclass(frozen=True)
class _Candidate:
    """A text that may become a negative."""

    cuts: tuple[ShownExample, ...]
    """The text around one place or several; one of them is taken."""
    runs: frozenset[Run]

    @property
    def text(self) -> str:
        return "".join(self.cuts[0].texts).strip()


class NegativePool:
    """Examples of many features, of which each is a negative of the others."""

    def __init__(self, evidence: Iterable[FeatureEvidence]) -> None:
        self._evidence = {one.feature: one for one in evidence}
        self._ordered = sorted(self._evidence, key=str)
        self._candidates: dict[FeatureKey, tuple[_Candidate, ...]] = {}

    def beside(self, feature: FeatureKey, random: Random) -> Iterator[_Candidate]:
        """Others' examples at random: one of each feature before a second of any."""
        others = [key for key in self._ordered if key != feature]
        random.shuffle(others)
        orders: dict[FeatureKey, list[_Candidate]] = {}
        turn = 0
        while others:
            for key in others:
                if key not in orders:
                    known = self._of(key)
                    orders[key] = random.sample(known, len(known))
                yield from orders[key][turn : turn + 1]
            turn += 1
            others = [key for key in others if len(orders[key]) > turn]

    def _of(self, feature: FeatureKey) -> tuple[_Candidate, ...]:
        if feature not in self._candidates:
            evidence = shown_evidence(self._evidence[feature], hold_out=False)
            self._candidates[feature] = tuple(
                _Candidate((shown,), frozenset(text_runs(clean_example(example))))
                for example, shown in zip(
                    evidence.examples,
                    shown_examples(evidence.examples, len(evidence.examples)),
                    strict=True,
                )
            )
        return self._candidates[feature]


def cut_examples(
    evidence: FeatureEvidence,
    pool: NegativePool,
    settings: CutSettings = CUT,
) -> ScoredExamples | NotScored:
    """What the labels of a feature are scored on; a reason where it is too little."""
    split = held_out(evidence)
    if len(split.test) < FEWEST:
        why = split.all_shown or f"{len(split.test)} held-out examples are too few"
        return NotScored(reason=f"{why}.")
    positives = _positives(split.test, settings)
    own = _runs_of_active(evidence.examples)
    random = Random(f"{settings.seed} {evidence.feature}")
    beside = pool.beside(evidence.feature, random)
    others = _negatives(positives, beside, own, random)
    silent = _negatives(positives, _silent(evidence.examples, random), own, random)
    negatives = silent if len(silent) == len(positives) else others
    lack = lacking([*positives, *negatives])
    if lack:
        return NotScored(reason=lack)
    tokens = common_tokens(split.train.examples)
    return ScoredExamples(positives, negatives, others, tokens)


def common_tokens(examples: Sequence[ActivationExample]) -> CommonTokens:
    shown = shown_examples(examples, len(examples))
    return CommonTokens(
        top=_commonest([one.top_token for one in shown]),
        next=_commonest([one.next_token for one in shown]),
    )


def _positives(
    test: Sequence[ActivationExample], settings: CutSettings
) -> tuple[Excerpt, ...]:
    """Of examples, strongest first, as many as wanted in even steps."""
    n = min(len(test), settings.most)
    ranks = ((2 * np.arange(n) + 1) * len(test) // (2 * n)).tolist()
    shown = shown_examples([test[rank] for rank in ranks], n)
    return tuple(
        replace(
            _excerpt(one, _start(one, settings.width), settings.width),
            positive=True,
            quantile=at * _QUANTILES // n,
        )
        for at, one in enumerate(shown)
    )


def _start(shown: ShownExample, width: int) -> int:
    """Of so many tokens, the top one in the middle as far as the text allows."""
    return max(min(shown.top - width // 2, len(shown.texts) - width), 0)


def _negatives(
    positives: Sequence[Excerpt],
    candidates: Iterator[_Candidate],
    own: frozenset[Run],
    random: Random,
) -> tuple[Excerpt, ...]:
    """For each positive a text of its length, if one is soon found.

    Parameters
    ----------
    own : runs of words in the feature's examples; a text with one is no negative.
    """
    wanted = random.sample(range(len(positives)), len(positives))
    taken: set[str] = set()
    found: list[Excerpt] = []
    for candidate in islice(candidates, _LOOKED_AT * len(positives)):
        if not wanted:
            break
        if candidate.text in taken or not own.isdisjoint(candidate.runs):
            continue
        fitting = (
            (shown, at)
            for shown in candidate.cuts
            for at in wanted
            if _fits(shown, positives[at])
        )
        fit = next(fitting, None)
        if fit is not None:
            taken.add(candidate.text)
            wanted.remove(fit[1])
            found.append(_negative(*fit, positives[fit[1]]))
    return tuple(found)


def _fits(shown: ShownExample, positive: Excerpt) -> bool:
    """Whether as many tokens lie on both sides of the top one."""
    after = len(positive.texts) - positive.top
    return shown.top >= positive.top and len(shown.texts) - shown.top >= after


def _negative(shown: ShownExample, alike: int, positive: Excerpt) -> Excerpt:
    width = len(positive.texts)
    cut = _excerpt(shown, shown.top - positive.top, width)
    return replace(cut, activations=(0.0,) * width, alike=alike)


def _excerpt(shown: ShownExample, low: int, width: int) -> Excerpt:
    return Excerpt(
        text_id=shown.id,
        texts=shown.texts[low : low + width],
        activations=shown.activations[low : low + width],
        top=shown.top - low,
        positive=False,
    )


def _silent(
    examples: Sequence[ActivationExample], random: Random
) -> Iterator[_Candidate]:
    """Stored texts without activation, each around a few places taken at random."""
    silent = [one for one in examples if one.activation <= 0 and not one.repeated]
    for example in random.sample(silent, len(silent)):
        held = [at for at, token in enumerate(example.tokens) if not is_special(token)]
        places = random.sample(held, min(_PLACES, len(held)))
        as_top = [
            replace(example, activations=_only(place, len(example.tokens)))
            for place in places
        ]
        if as_top:
            cuts = tuple(shown_examples(as_top, len(as_top)))
            yield _Candidate(cuts, frozenset(text_runs(clean_example(example))))


def _only(place: int, n: int) -> NDArray[np.float32]:
    activations = np.zeros(n, np.float32)
    activations[place] = 1
    return activations


def _runs_of_active(examples: Sequence[ActivationExample]) -> frozenset[Run]:
    active = (clean_example(one) for one in examples if one.activation > 0)
    return frozenset(run for one in active for run in text_runs(one))


def _commonest(tokens: Sequence[str]) -> str:
    """In lower case; of equally common ones the first, "" where there are none."""
    counts = Counter(token.lower() for token in tokens if token.strip())
    return counts.most_common(1)[0][0] if counts else ""
