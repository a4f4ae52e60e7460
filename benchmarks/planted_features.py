"""Features with a known tier, planted in real text, to measure the protocol with.

A planted feature is evidence like any other: examples around a top token, strongest
first, chosen so that a property holds in all but the share of noise.

input
    The top token is one word, one of up to three inflections, or ends a phrase of two.
output
    The next token is one word, begins a phrase of two, or is of one class of words.
cross
    A word, or a class of words, is within 8 tokens of the top token, in its passage,
    but not in [-2, 3].
obscure
    Top tokens at random.
polysemantic
    Half of the examples each for two of the above: two topics (cross and cross),
    "polysemantic words" (input and input), "polysemantic mixed" (input and cross).

Every example is from another document, and no two share the four tokens before or after
the top token, so boilerplate does not count as a pattern. What is not planted varies:
at most every tenth example has the same top token (output, cross) or next token (input,
cross). Real features are less pure: figures on planted ones are optimistic.

The words are chosen by ``planted_words``.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import cycle
from math import ceil
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpus_text import MARGIN, Corpus, Split
from benchmarks.planted_words import Pattern, Place, patterns
from glossator.evidence.feature_evidence import ActivationExample, FeatureEvidence
from glossator.graph.attribution_graph import FeatureKey

TrueTier = Literal["input", "output", "cross", "obscure"]
PlantedKind = Literal[
    "input",
    "output",
    "cross",
    "obscure",
    "polysemantic",
    "polysemantic words",
    "polysemantic mixed",
]

CONTEXT = 32
"""Tokens of an example on either side of the top one, fewer at a document's ends."""
TOP_ACTIVATION = 10.0
_FALL = 0.97
"""Activation of an example over that of the one before."""
_FAR = (*range(-MARGIN, -3), *range(3, MARGIN + 1))
"""Where the top token of a cross feature is, seen from the word."""
_NEAR = range(-2, 4)
_ALIKE = 4
_SENSES: dict[PlantedKind, tuple[Place, ...]] = {
    "input": ("input",),
    "output": ("output",),
    "cross": ("cross",),
    "obscure": (),
    "polysemantic": ("cross", "cross"),
    "polysemantic words": ("input", "input"),
    "polysemantic mixed": ("input", "cross"),
}


@dataclass(frozen=True)
class PlantedFeature:
    evidence: FeatureEvidence
    truth: TrueTier
    """"obscure" for several senses, as the protocol's source has it."""
    polysemantic: bool
    senses: tuple[int | None, ...]
    """Which sense each example shows, from 0; None for noise and for obscure ones."""
    description: str


def plant(
    corpus: Corpus,
    *,
    kind: PlantedKind,
    n: int,
    noise: float,
    count: int,
    seed: int,
    words: Split,
) -> list[PlantedFeature]:
    """Make features of one kind, no two of the same words.

    Parameters
    ----------
    n : examples of each.
    noise : share of them that are replaced by random ones, in [0, 1].

    Raises
    ------
    ValueError
        if the corpus has too few words that occur often and variedly enough.
    """
    _require_documents(corpus, n)
    number = list(_SENSES).index(kind)
    rng = np.random.default_rng(
        [seed, number, round(1000 * noise), n, int(words == "dev")]
    )
    pools = {
        place: _mixed(patterns(corpus, place, words), rng)
        for place in dict.fromkeys(_SENSES[kind])
    }
    n_noise = round(noise * n) if pools else n
    used: set[int] = set()
    planted: list[PlantedFeature] = []
    while len(planted) < count:
        drawing = _Drawing(corpus, rng)
        names = []
        for sense, place in enumerate(_SENSES[kind]):
            share = (n - n_noise + sense) // len(_SENSES[kind])
            for pattern in pools[place]:
                new = used.isdisjoint(pattern.words)
                if new and drawing.add(place, pattern, share, sense=sense):
                    used |= pattern.words
                    names.append(f"{place}: {pattern.name}")
                    break
            else:
                raise ValueError(f"{kind}: words for {len(planted)} of {count} only")
        drawing.add_random(n_noise)
        planted.append(drawing.feature(len(planted), kind, ", ".join(names) or kind))
    return planted


def random_features(
    corpus: Corpus, *, count: int, n: int, seed: int
) -> list[FeatureEvidence]:
    """Features without a pattern: n examples each, all from different documents.

    Raises
    ------
    ValueError
        if there are fewer than 2 n documents.
    """
    _require_documents(corpus, n)
    rng = np.random.default_rng([seed, n])
    tops = rng.choice(corpus.eligible, size=(count, n))
    while (repeated := _repeats_document(corpus, tops)).any():
        tops[repeated] = rng.choice(corpus.eligible, size=(int(repeated.sum()), n))
    return [_evidence(corpus, index, row.tolist()) for index, row in enumerate(tops)]


def _require_documents(corpus: Corpus, n: int) -> None:
    """Twice as many as examples, so that random ones are soon found."""
    held = len(np.unique(corpus.document[corpus.eligible]))
    if held < 2 * n:
        raise ValueError(f"{n} examples need {2 * n} documents, there are {held}")


def _repeats_document(corpus: Corpus, tops: NDArray[np.int64]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (
        np.diff(np.sort(corpus.document[tops], axis=1), axis=1) == 0
    ).any(axis=1)
    return found


def _evidence(corpus: Corpus, index: int, tops: Sequence[int]) -> FeatureEvidence:
    return FeatureEvidence(
        feature=FeatureKey("planted", "planted", 0, index),
        examples=tuple(_example(corpus, top, rank) for rank, top in enumerate(tops)),
        origin="planted",
    )


def _example(corpus: Corpus, top: int, rank: int) -> ActivationExample:
    document = corpus.document[top]
    start = max(int(corpus.bounds[document]), top - CONTEXT)
    end = min(int(corpus.bounds[document + 1]), top + CONTEXT + 1)
    return ActivationExample(
        tokens=corpus.tokens[start:end],
        activations=_activations(end - start, top - start, rank),
    )


@lru_cache(maxsize=1 << 14)
def _activations(length: int, top: int, rank: int) -> NDArray[np.float32]:
    """Silence but for the top token; shared by the examples that look alike."""
    found = np.zeros(length, dtype=np.float32)
    found[top] = TOP_ACTIVATION * _FALL**rank
    found.flags.writeable = False
    return found


class _Drawing:
    """The examples of one feature, while they are chosen."""

    def __init__(self, corpus: Corpus, rng: np.random.Generator) -> None:
        self.corpus = corpus
        self.rng = rng
        self.documents: set[int] = set()
        self.chosen: list[tuple[int, int | None]] = []
        """Top token, and the sense it shows."""

    def add(self, place: Place, pattern: Pattern, n: int, *, sense: int) -> bool:
        """Choose n examples of the pattern; none, and False, where it is too rare."""
        tops, members = _candidates(self.corpus, place, pattern)
        order = self.rng.permutation(len(tops))
        room = Counter[tuple[str, object]]()
        found: dict[int, int] = {}
        for top, member in zip(
            tops[order].tolist(), members[order].tolist(), strict=True
        ):
            if len(found) == n:
                break
            document = int(self.corpus.document[top])
            keys = self._limits(place, top, n)
            keys["member", member] = ceil(2 * n / len(pattern.phrases))
            free = all(room[key] < limit for key, limit in keys.items())
            if free and document not in self.documents and document not in found:
                room.update(keys.keys())
                found[document] = top
        if len(found) < n:
            return False
        self.documents |= found.keys()
        self.chosen += [(top, sense) for top in found.values()]
        return True

    def _limits(self, place: Place, top: int, n: int) -> dict[tuple[str, object], int]:
        """How many examples of a sense may be equal in what."""
        folded = [
            t.lower() for t in self.corpus.tokens[top - _ALIKE : top + _ALIKE + 1]
        ]
        limits: dict[tuple[str, object], int] = {
            ("before", tuple(folded[:_ALIKE])): 1,
            ("after", tuple(folded[_ALIKE + 1 :])): 1,
        }
        few = max(1, n // 10)
        if place != "input":
            limits["top", folded[_ALIKE]] = few
        if place != "output":
            limits["next", folded[_ALIKE + 1]] = few
        return limits

    def add_random(self, n: int) -> None:
        wanted = len(self.chosen) + n
        while len(self.chosen) < wanted:
            top = int(self.rng.choice(self.corpus.eligible))
            document = int(self.corpus.document[top])
            if document not in self.documents:
                self.documents.add(document)
                self.chosen.append((top, None))

    def feature(
        self, index: int, kind: PlantedKind, description: str
    ) -> PlantedFeature:
        """What was chosen, in random order of strength."""
        order = [self.chosen[i] for i in self.rng.permutation(len(self.chosen))]
        places = _SENSES[kind]
        return PlantedFeature(
            evidence=_evidence(self.corpus, index, [top for top, _ in order]),
            truth=places[0] if len(places) == 1 else "obscure",
            polysemantic=len(places) > 1,
            senses=tuple(sense for _, sense in order),
            description=description,
        )


def _candidates(
    corpus: Corpus, place: Place, pattern: Pattern
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Top tokens that show the pattern, and the phrase of it that each shows."""
    found = [corpus.occurrences(phrase) for phrase in pattern.phrases]
    members = np.repeat(np.arange(len(found)), [len(at) for at in found])
    first = np.concatenate(found)
    if place == "input":
        tops = first + len(pattern.phrases[0]) - 1
    elif place == "output":
        tops = first - 1
    else:
        tops = np.repeat(first, len(_FAR)) + np.tile(_FAR, len(first))
        members, source = np.repeat(members, len(_FAR)), np.repeat(first, len(_FAR))
        inside = (tops >= 0) & (tops < len(corpus.words))
        tops, members, source = tops[inside], members[inside], source[inside]
        inside = corpus.passage[tops] == corpus.passage[source]
        tops, members = tops[inside], members[inside]
    eligible = _in_sorted(tops, corpus.eligible)
    tops, members = tops[eligible], members[eligible]
    if place == "cross":
        near = np.zeros(len(tops), dtype=bool)
        for offset in _NEAR:
            near |= _in_sorted(tops + offset, np.sort(first))
        tops, members = tops[~near], members[~near]
    return tops, members


def _in_sorted(
    values: NDArray[np.int64], within: NDArray[np.int64]
) -> NDArray[np.bool_]:
    at = np.minimum(np.searchsorted(within, values), len(within) - 1)
    found: NDArray[np.bool_] = within[at] == values
    return found


def _mixed(
    forms: Sequence[Sequence[Pattern]], rng: np.random.Generator
) -> Iterator[Pattern]:
    """Patterns of each form in turn, each form in random order, until all are used."""
    left = [
        iter([form[i] for i in rng.permutation(len(form)).tolist()]) for form in forms
    ]
    empty = 0
    for form in cycle(left):
        pattern = next(form, None)
        empty = 0 if pattern is not None else empty + 1
        if pattern is not None:
            yield pattern
        elif empty == len(left):
            return
