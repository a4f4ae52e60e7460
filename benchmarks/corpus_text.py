"""Real text in tokens, with an index of its words: what planted features are made of.

WordNet's glosses and examples, the prose of the World Factbook and State of the Union
messages from 1940 on, read by ``resources/demo_builder`` and taken whole (2.4 million
words). Dictionary entries are shuffled, so that neighbours in a document share no topic
unless they are in one entry; prose keeps its order. Texts that repeat are left out.

Tokens are like those of a language model: a word has its leading space, punctuation and
groups of up to three digits are tokens of their own, and a word that occurs fewer than
``RARE`` times is cut into pieces of five letters.
"""

import re
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

Half = Literal["first", "second"]
Split = Literal["dev", "test"]

DOCUMENT_TOKENS = 160
"""A document ends with the passage that reaches as many."""
MARGIN = 8
"""Tokens that a top token has on either side of it at least."""
RARE = 10
_DEMO_BUILDER = Path(__file__).parents[1] / "resources" / "demo_builder"
_PIECE = 5
_SEED = 7
_DEPTH = 2
_THINGS = frozenset({"05", "06", "08", "13", "15", "17", "18", "20", "27", "28"})
"""WordNet's files of animals, artifacts, the body, food, places, natural objects,
persons, plants, substances and time (lexnames(5WN))."""
_PERSONS = "18"
_SPECIFIC = 6
"""Steps from WordNet's root to the noun of a class; what is nearer is too loose."""
_TOKEN = re.compile(
    r"'(?:s|t|re|ve|m|ll|d)\b| ?[^\W\d_]+| ?\d{1,3}|\n| ?[^\s\w]+| ?_+|\s"
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'(])")


@dataclass(frozen=True)
class SemanticClass:
    """Words of one kind: the hyponyms of a noun in WordNet."""

    name: str
    words: tuple[str, ...]
    """Lower case."""


@dataclass(frozen=True, eq=False)
class Corpus:
    """Documents, and where in them which word stands.

    The arrays have one entry a token of all documents on end.
    """

    documents: tuple[tuple[str, ...], ...]
    """Tokens; joined they are the text. A newline stands between dictionary entries."""
    classes: tuple[SemanticClass, ...] = ()

    def half(self, half: Half) -> "Corpus":
        """The documents that a hash puts into this half; the other has the rest."""
        odd = half == "second"
        chosen = (d for d in self.documents if _checksum("".join(d)) % 2 == odd)
        return replace(self, documents=tuple(chosen))

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        return tuple(token for document in self.documents for token in document)

    @cached_property
    def bounds(self) -> NDArray[np.int64]:
        """First token of each document, and the number of tokens."""
        lengths = [len(document) for document in self.documents]
        return np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))

    @cached_property
    def document(self) -> NDArray[np.int64]:
        """Which document the token is in."""
        return np.repeat(np.arange(len(self.documents)), np.diff(self.bounds))

    @cached_property
    def passage(self) -> NDArray[np.int64]:
        """Which dictionary entry or stretch of prose the token is in."""
        return np.cumsum(self._newline) + self.document

    @cached_property
    def eligible(self) -> NDArray[np.int64]:
        """Tokens that may be top tokens: no newline, and ``MARGIN`` from the ends."""
        at = np.arange(len(self.tokens))
        inside = (at - self.bounds[self.document] >= MARGIN) & (
            self.bounds[self.document + 1] - at > MARGIN
        )
        return np.flatnonzero(inside & ~self._newline)

    @cached_property
    def _newline(self) -> NDArray[np.bool_]:
        return np.array([token == "\n" for token in self.tokens], dtype=bool)

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """Whole words in lower case, sorted."""
        return tuple(sorted({word for word in self._folded if word}))

    @cached_property
    def number(self) -> dict[str, int]:
        """Place of each word in the vocabulary."""
        return {word: at for at, word in enumerate(self.vocabulary)}

    @cached_property
    def words(self) -> NDArray[np.int64]:
        """Place in the vocabulary, -1 where the token is no whole word."""
        number = {**self.number, "": -1}
        return np.array([number[word] for word in self._folded], dtype=np.int64)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Tokens of each word of the vocabulary."""
        found = np.bincount(self.words[self.words >= 0], minlength=len(self.vocabulary))
        return found.astype(np.int64)

    @cached_property
    def _by_word(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        order = np.argsort(self.words, kind="stable")
        return order, np.searchsorted(
            self.words[order], np.arange(len(self.vocabulary) + 1)
        )

    def occurrences(self, phrase: tuple[int, ...]) -> NDArray[np.int64]:
        """Where the words stand side by side: the place of the first, rising."""
        order, first = self._by_word
        found = order[first[phrase[0]] : first[phrase[0] + 1]]
        for offset, word in enumerate(phrase[1:], 1):
            found = found[found + offset < len(self.words)]
            found = found[self.words[found + offset] == word]
        last = found + len(phrase) - 1
        together: NDArray[np.int64] = found[self.document[found] == self.document[last]]
        return together

    @cached_property
    def _folded(self) -> list[str]:
        """Lower case without the space; "" for anything that is no whole word."""
        found = []
        for document in self.documents:
            joined = [*(token[0].isalpha() for token in document[1:]), False]
            inside = False
            for token, goes_on in zip(document, joined, strict=True):
                word = token.strip()
                letters = word.isalpha()
                whole = letters and not inside and not goes_on
                found.append(word.lower() if whole else "")
                inside = letters and goes_on
        return found


def split_of(word: str) -> Split:
    """Whether settings may be tuned on the word: the two sets share no word stem."""
    return "dev" if _checksum(word.lower()[:4]) % 2 == 0 else "test"


def _checksum(text: str) -> int:
    return zlib.crc32(text.encode())


def read_corpus(cache: Path | None = None) -> Corpus:
    """Fetch the texts, unless the folder has them, and cut them into documents.

    Parameters
    ----------
    cache : folder for fetched archives; None is one of the user's cache folders.

    Raises
    ------
    SystemExit
        if a source is missing or is not the one that was pinned.
    """
    sys.path.append(str(_DEMO_BUILDER))
    from corpus import read_texts, read_wordnet_file

    cache = cache or user_cache_path("glossator") / "benchmarks"
    texts, _ = read_texts(cache)
    entries = texts.pop("wordnet")
    np.random.default_rng(_SEED).shuffle(entries)
    prose = [_SENTENCE_END.split(text) for part in texts.values() for text in part]
    nouns = read_wordnet_file(cache, "data.noun")
    senses = read_wordnet_file(cache, "index.noun")
    others = [read_wordnet_file(cache, f"index.{p}") for p in ("verb", "adj", "adv")]
    classes = semantic_classes(nouns, senses, "\n".join(others))
    return make_corpus([entries], prose, classes)


def make_corpus(
    dictionaries: Sequence[Sequence[str]],
    prose: Sequence[Sequence[str]],
    classes: Iterable[SemanticClass] = (),
) -> Corpus:
    """Cut texts into tokens and documents.

    Parameters
    ----------
    dictionaries : lists of entries, which stand on lines of their own.
    prose : texts as lists of sentences.
    """
    seen: set[str] = set()
    parts = [("\n", text) for text in dictionaries] + [(" ", text) for text in prose]
    runs = [(joint, _distinct(passages, seen)) for joint, passages in parts]
    tally = Counter(
        word.lower()
        for _, run in runs
        for passage in run
        for word in re.findall(r"[^\W\d_]+", passage)
    )
    common = {word for word, count in tally.items() if count >= RARE}
    documents = [
        document for joint, run in runs for document in _documents(run, joint, common)
    ]
    return Corpus(tuple(documents), tuple(classes))


def _distinct(passages: Iterable[str], seen: set[str]) -> list[str]:
    """Leave out what was there already, but for numbers, case and punctuation."""
    kept = []
    for passage in passages:
        key = " ".join(re.findall(r"[^\W\d_]+", passage.lower()))
        if key and key not in seen:
            seen.add(key)
            kept.append(passage)
    return kept


def _documents(
    passages: Iterable[str], joint: str, common: set[str]
) -> Iterator[tuple[str, ...]]:
    tokens: list[str] = []
    for passage in passages:
        tokens += _tokens(joint + passage if tokens else passage, common)
        if len(tokens) >= DOCUMENT_TOKENS:
            yield tuple(tokens)
            tokens = []
    if tokens:
        yield tuple(tokens)


def _tokens(text: str, common: set[str]) -> Iterator[str]:
    for match in _TOKEN.finditer(text):
        token = match[0]
        word = token.lstrip()
        if len(word) <= _PIECE or not word.isalpha() or word.lower() in common:
            yield token
        else:
            first = _PIECE + len(token) - len(word)
            yield token[:first]
            yield from (token[i : i + _PIECE] for i in range(first, len(token), _PIECE))


def semantic_classes(nouns: str, senses: str, others: str) -> list[SemanticClass]:
    """Classes of words that lie at most ``_DEPTH`` steps under one noun of a thing.

    A word belongs to the classes of its first sense. Left out are words that are verbs,
    adjectives or adverbs as well, and names of persons, which are mostly other words.

    Parameters
    ----------
    nouns, senses, others : WordNet's ``data.noun``, its ``index.noun``, and the lines
        of the other indexes (formats: wndb(5WN)).
    """
    synsets = dict(_synsets(nouns))
    first_sense = _first_senses(senses, others)
    members: defaultdict[str, set[str]] = defaultdict(set)
    for place, synset in synsets.items():
        if synset.named and synset.file == _PERSONS:
            continue
        words = {w.lower() for w in synset.words if first_sense.get(w.lower()) == place}
        above = [place]
        for _ in range(_DEPTH):
            above = [parent for child in above for parent in synsets[child].parents]
            for parent in above:
                members[parent] |= words
    steps: dict[str, int] = {}
    return [
        SemanticClass(synset.words[0].replace("_", " "), tuple(sorted(members[place])))
        for place, synset in synsets.items()
        if synset.file in _THINGS
        and members[place]
        and _steps_from_root(place, synsets, steps) >= _SPECIFIC
    ]


@dataclass(frozen=True)
class _Synset:
    words: tuple[str, ...]
    file: str
    parents: tuple[str, ...]
    named: bool
    """One thing with a name, as Greenland."""


def _synsets(nouns: str) -> Iterator[tuple[str, _Synset]]:
    for line in nouns.splitlines():
        if line.startswith(" "):
            continue
        place, *fields = line.split(" | ")[0].split()
        n_words = int(fields[2], 16)
        pointers = fields[4 + 2 * n_words :]
        up = [
            (kind, parent)
            for kind, parent in zip(pointers[::4], pointers[1::4], strict=False)
            if kind in ("@", "@i")
        ]
        yield (
            place,
            _Synset(
                words=tuple(fields[3 : 3 + 2 * n_words : 2]),
                file=fields[0],
                parents=tuple(parent for _, parent in up),
                named=any(kind == "@i" for kind, _ in up),
            ),
        )


def _first_senses(senses: str, others: str) -> dict[str, str]:
    """Place in ``data.noun`` of the commonest sense of words that are nouns only."""
    other = {line.split(" ", 1)[0] for line in others.splitlines()}
    return {
        fields[0]: fields[-int(fields[2])]
        for line in senses.splitlines()
        if not line.startswith(" ")
        and (fields := line.split())[0] not in other
        and fields[0].isalpha()
    }


def _steps_from_root(
    place: str, synsets: dict[str, _Synset], known: dict[str, int]
) -> int:
    if place not in known:
        parents = synsets[place].parents
        above = [_steps_from_root(parent, synsets, known) for parent in parents]
        known[place] = 1 + min(above, default=-1)
    return known[place]
