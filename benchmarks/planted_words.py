"""Which words can be planted: chosen by their frequency in the corpus, not by hand.

Words for "dev" and words for "test" share no stem, so that what is tuned on the one is
tested on words that it has not seen.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Literal

import numpy as np

from benchmarks.corpus_text import MARGIN, Corpus, Split, split_of

Place = Literal["input", "output", "cross"]
"""Where the pattern is, seen from the top token."""

CLASS_WORDS = 24
_MIN_WORD = 4
_MIN_HITS = 60
_MIN_PHRASES = 25
_MIN_MEMBER_HITS = 5
_MAX_SHARE = 1e-3
"""Of all words; what is commoner is a function word or nearly one."""
_TOPIC_SAMPLE = 40
_TOPIC_AGAIN = 3
_TOPICAL = 0.15
"""Share of the words that are taken for topics."""
_CLASS_MIN = 4


@dataclass(frozen=True)
class Pattern:
    """Words to look for, as places in the corpus's vocabulary."""

    name: str
    phrases: tuple[tuple[int, ...], ...]

    @property
    def words(self) -> frozenset[int]:
        return frozenset(word for phrase in self.phrases for word in phrase)


@lru_cache(maxsize=16)
def patterns(
    corpus: Corpus, place: Place, words: Split
) -> tuple[tuple[Pattern, ...], ...]:
    """What may be planted there, by form: a word, and what is wider than a word."""
    usable = _usable_words(corpus, words)
    single = tuple(Pattern(corpus.vocabulary[word], ((word,),)) for word in usable)
    match place:
        case "input":
            return (
                single,
                _inflections(corpus, usable, words),
                _phrases(corpus, words),
            )
        case "output":
            return single, _phrases(corpus, words), _classes(corpus, words)
        case "cross":
            topics = _most_topical(corpus, usable)
            return tuple(single[at] for at in topics), _classes(corpus, words)


def _usable_words(corpus: Corpus, words: Split) -> list[int]:
    most = _MAX_SHARE * int(corpus.counts.sum())
    return [
        number
        for number, word in enumerate(corpus.vocabulary)
        if len(word) >= _MIN_WORD
        and _MIN_HITS <= corpus.counts[number] <= most
        and split_of(word) == words
    ]


def _inflections(
    corpus: Corpus, usable: Iterable[int], words: Split
) -> tuple[Pattern, ...]:
    """Words with the one or two commonest of their inflections."""
    found = []
    for number in usable:
        known = [
            corpus.number[form]
            for form in _inflected(corpus.vocabulary[number])
            if form in corpus.number and split_of(form) == words
        ]
        known = [form for form in known if corpus.counts[form] >= _MIN_MEMBER_HITS]
        known.sort(key=lambda form: (-corpus.counts[form], form))
        if known:
            group = (number, *known[:2])
            name = "/".join(corpus.vocabulary[form] for form in group)
            found.append(Pattern(name, tuple((form,) for form in group)))
    return tuple(found)


def _inflected(word: str) -> list[str]:
    if word.endswith("e"):
        return [word + "s", word + "d", word[:-1] + "ing"]
    if word.endswith("y"):
        return [word[:-1] + "ies", word[:-1] + "ied", word + "ing", word + "s"]
    return [word + "s", word + "es", word + "ed", word + "ing"]


def _phrases(corpus: Corpus, words: Split) -> tuple[Pattern, ...]:
    """Two words, not of the commonest kind both, that stand side by side often."""
    size = len(corpus.vocabulary)
    rare = corpus.counts <= _MAX_SHARE * corpus.counts.sum()
    fit = np.array(
        [
            len(word) >= _MIN_WORD and split_of(word) == words
            for word in corpus.vocabulary
        ]
    )
    left, right = corpus.words[:-1], corpus.words[1:]
    both = (left >= 0) & (right >= 0) & fit[left] & fit[right]
    both &= rare[left] | rare[right]
    pairs, counts = np.unique(left[both] * size + right[both], return_counts=True)
    found = (divmod(int(pair), size) for pair in pairs[counts >= _MIN_PHRASES])
    return tuple(
        Pattern(f"{corpus.vocabulary[a]} {corpus.vocabulary[b]}", ((a, b),))
        for a, b in found
    )


def _classes(corpus: Corpus, words: Split) -> tuple[Pattern, ...]:
    """The commonest words of each class; no two classes of the same words."""
    most = _MAX_SHARE * int(corpus.counts.sum())
    found: dict[tuple[int, ...], str] = {}
    for group in corpus.classes:
        known = [corpus.number[w] for w in group.words if w in corpus.number]
        known = [
            word
            for word in known
            if _MIN_MEMBER_HITS <= corpus.counts[word] <= most
            and len(corpus.vocabulary[word]) >= _MIN_WORD
            and split_of(corpus.vocabulary[word]) == words
        ]
        known.sort(key=lambda word: (-corpus.counts[word], word))
        chosen = tuple(known[:CLASS_WORDS])
        if len(chosen) >= _CLASS_MIN and corpus.counts[list(chosen)].sum() >= _MIN_HITS:
            found.setdefault(chosen, group.name)
    return tuple(
        Pattern(f"kinds of {name}", tuple((word,) for word in chosen))
        for chosen, name in found.items()
    )


def _most_topical(corpus: Corpus, usable: Sequence[int]) -> list[int]:
    """Places in ``usable`` of the share whose surroundings are least like the corpus.

    Surroundings: the words within ``MARGIN`` of equally many occurrences; likeness:
    the Kullback-Leibler divergence of their frequencies, over the words that recur
    (the others only tell how rare words are in the text at hand).
    """
    rng = np.random.default_rng(0)
    rarity = -np.log(corpus.counts / corpus.counts.sum())
    offsets = np.array([*range(-MARGIN, 0), *range(1, MARGIN + 1)])
    divergence = np.zeros(len(usable))
    for at, word in enumerate(usable):
        found = rng.choice(corpus.occurrences((word,)), _TOPIC_SAMPLE, replace=False)
        around = np.clip(found[:, None] + offsets, 0, len(corpus.words) - 1)
        near = corpus.words[around]
        seen, counts = np.unique(near[near >= 0], return_counts=True)
        share = counts / counts.sum()
        again = counts >= _TOPIC_AGAIN
        divergence[at] = share[again] @ (np.log(share) + rarity[seen])[again]
    order = np.argsort(-divergence, kind="stable")
    return [int(at) for at in order[: ceil(len(usable) * _TOPICAL)]]
