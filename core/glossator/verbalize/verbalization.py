"""A verbalization: what an activation verbalizer says of one vector."""

from typing import Literal

import msgspec

About = Literal["feature", "example"]
"""The vector: the feature's decoder row, or the residual stream at a top token."""

Ending = Literal["", "truncated", "no tags"]
"""How the text ended where it did not end as trained: cut at the longest length, or
without the tags that an explanation stands between.
"""


class Reconstruction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How near the reconstructor comes to the vector, given the text alone."""

    cosine: float
    mse: float
    """Of both vectors scaled to norm sqrt(d): 2 (1 - cosine), in [0, 4]."""
    fve: float | None = None
    """Fraction of variance explained; None where the baseline is not known."""


class Verbalization(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One sample of text for one vector. A hypothesis: it may confabulate."""

    text: str
    """The explanation, without its tags."""
    about: About
    origin: str
    """Who made it: the verbalizer's folder or hub name, a service, or a file."""
    example: str = ""
    """Text of the example, cut after its top token; "" for a feature's own vector."""
    layer: int | None = None
    """The verbalizer reads the output of this block, 0-based."""
    sample: int = 0
    """Which of several samples of the same vector, 0-based."""
    temperature: float | None = None
    ending: Ending = ""
    reconstruction: Reconstruction | None = None
    agreement: float | None = None
    """How alike all samples of the vector are: mean cosine of their embeddings over all
    pairs, in [-1, 1]; None with one sample, or where it was not measured.
    """
    norm: float | None = None
    """Of the vector, before it was scaled for injection."""
    extrapolates: str = ""
    """Why the vector is not of the kind that the verbalizer was trained on."""
    at: str = ""
    """When it was made, or imported: UTC, ISO 8601."""


class Paragraphs(msgspec.Struct, frozen=True):
    """The parts that published verbalizers write; "" where one is missing."""

    message: str
    """Kind of text and what it is about."""
    phrase: str
    """The words around."""
    token: str
    """The last token, and what is expected next; further paragraphs stay with it."""


def paragraphs(text: str) -> Paragraphs:
    """Split at blank lines: of three parts the last keeps whatever follows.

    A text of one paragraph is all message. Published verbalizers separate by blank
    lines; no wording of a part can be relied on.
    """
    parts = [part.strip() for part in text.strip().split("\n\n", 2)]
    message, phrase, token = [*parts, "", ""][:3]
    return Paragraphs(message, phrase, token)
