"""Text as it is searched: without case, accents and compatibility forms."""

import re
import unicodedata
from functools import lru_cache

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")


def folded(text: str) -> str:
    """The text without case and accents, the same as that of its characters."""
    if not text.isascii():
        text = _BEYOND_ASCII.sub(_plain, text)
    return text.lower()


def _plain(match: re.Match[str]) -> str:
    return _without_marks(match[0])


@lru_cache(maxsize=1 << 14)
def _without_marks(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    kept = "".join(c for c in decomposed if not unicodedata.combining(c))
    return kept.casefold()


def folded_words(query: str) -> tuple[str, ...]:
    """The words of a query, all of which are to be found; the longest first."""
    return tuple(sorted(set(folded(query).split()), key=lambda word: -len(word)))


def spans(text: str, words: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """Where words of a folded query stand in a text: each one's first place, rising."""
    letters: list[str] = []
    origin: list[int] = []
    for at, character in enumerate(text):
        piece = folded(character)
        letters.append(piece)
        origin += [at] * len(piece)
    line = "".join(letters)
    found: list[tuple[int, int]] = []
    for word in words:
        start = line.find(word)
        if start >= 0:
            found.append((origin[start], origin[start + len(word) - 1] + 1))
    return tuple(sorted(found))
