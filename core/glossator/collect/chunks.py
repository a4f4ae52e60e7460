"""Documents as stretches of tokens that fit the model's context, and as batches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, runtime_checkable

import msgspec
import numpy as np
from jaxtyping import Int32
from numpy import ndarray

from glossator.collect.corpus import Corpus, Document, after

_BUFFER_TOKENS = 1 << 17
"""Held to find stretches of like length; a longer document is held whole."""
_GROUP = 64
"""Documents that are made tokens of at a time."""


@runtime_checkable
class Encoder(Protocol):
    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, without special tokens."""
        ...


@dataclass(frozen=True, eq=False)
class Chunk:
    """A stretch of a document that is run by itself."""

    number: int
    """Counted over the corpus."""
    ids: Int32[ndarray, " n_tokens"]
    """Without BOS; at least one."""


class Place(msgspec.Struct, frozen=True):
    """How much of a corpus lies before."""

    documents: int = 0
    chunks: int = 0
    tokens: int = 0


@dataclass(frozen=True, eq=False)
class Buffer:
    """Chunks of whole documents, the shortest first."""

    chunks: tuple[Chunk, ...]
    end: Place
    """What lies before the next buffer."""


def buffers(
    corpus: Corpus, encoder: Encoder, longest: int, max_tokens: int, start: Place
) -> Iterator[Buffer]:
    """Cut a corpus; the same cuts from wherever a buffer starts.

    Parameters
    ----------
    longest : tokens of a chunk.
    max_tokens : tokens after which no further chunk is taken; 0 is no bound.
    """
    documents = after(corpus, start.documents)
    held: list[Chunk] = []
    place = start
    while group := list(islice(documents, _GROUP)):
        for ids in _token_ids(group, encoder):
            for at in range(0, len(ids), longest):
                if max_tokens and place.tokens >= max_tokens:
                    break
                chunk = Chunk(place.chunks, np.array(ids[at : at + longest], np.int32))
                held.append(chunk)
                place = Place(
                    place.documents, place.chunks + 1, place.tokens + len(chunk.ids)
                )
            place = msgspec.structs.replace(place, documents=place.documents + 1)
        full = bool(max_tokens) and place.tokens >= max_tokens
        if full or place.tokens - start.tokens >= _BUFFER_TOKENS:
            yield Buffer(_shortest_first(held), place)
            held, start = [], place
        if full:
            return
    if held:
        yield Buffer(_shortest_first(held), place)


def _token_ids(documents: Sequence[Document], encoder: Encoder) -> list[Sequence[int]]:
    texts = [document for document in documents if isinstance(document, str)]
    encoded = iter(encoder.encode_all(texts))
    return [next(encoded) if isinstance(d, str) else d for d in documents]


def _shortest_first(chunks: Sequence[Chunk]) -> tuple[Chunk, ...]:
    return tuple(sorted(chunks, key=lambda chunk: (len(chunk.ids), chunk.number)))


def take_batch(chunks: Sequence[Chunk], start: int, n_tokens: int) -> Sequence[Chunk]:
    """The next chunks that make at most so many tokens, padded; at least one."""
    stop = start + 1
    while (
        stop < len(chunks)
        and (stop + 1 - start) * (len(chunks[stop].ids) + 1) <= n_tokens
    ):
        stop += 1
    return chunks[start:stop]
