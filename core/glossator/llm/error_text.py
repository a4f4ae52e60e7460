"""What a server says of an error, in the several shapes in which servers say it."""

from collections.abc import Iterator

import msgspec

from glossator.web_answer import without_tags

_TELLING = frozenset(
    {"error", "message", "detail", "param", "loc", "msg", "metadata", "raw"}
)
"""Keys of what says something; others give back what was sent."""
_DEEPEST = 6
_LONGEST = 4000
"""Letters that are read."""
_TOLD = 200


def error_text(body: bytes) -> str:
    """All that an error says, its markup left out."""
    text = body[: 4 * _LONGEST].decode(errors="replace")
    try:
        text = " ".join(_said(msgspec.json.decode(body))) or text
    except (msgspec.DecodeError, RecursionError):
        text = without_tags(text)
    return text[:_LONGEST]


def excerpt(text: str, secret: str = "") -> str:
    """The beginning of what a server says, on one line and without control signs.

    Parameters
    ----------
    secret : a key that may be in it, and is not told.
    """
    line = " ".join((text.replace(secret, "***") if secret else text).split())
    line = line if len(line) <= _TOLD else f"{line[: _TOLD - 1]}…"
    return "".join(c if c.isprintable() else "\ufffd" for c in line)


def _said(error: object, depth: int = 0) -> Iterator[str]:
    if isinstance(error, str):
        yield error
    elif isinstance(error, list) and depth < _DEEPEST:
        for part in error:
            yield from _said(part, depth + 1)
    elif isinstance(error, dict) and depth < _DEEPEST:
        for key, part in error.items():
            if key in _TELLING:
                yield from _said(part, depth + 1)
