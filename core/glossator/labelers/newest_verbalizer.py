"""What the verbalizer that was asked last says of a feature."""

from collections.abc import Sequence

from glossator.verbalize.verbalization import Verbalization


def of_newest(said: Sequence[Verbalization]) -> list[Verbalization]:
    """Its first sample of each vector that it has words for.

    Parameters
    ----------
    said : in the order in which it was added; of the same time the later is newer.
    """
    said = [one for one in said if one.text.strip()]
    if not said:
        return []
    newest_first = sorted(said, key=lambda one: one.at)[::-1]
    newest = newest_first[0]
    first: dict[str, Verbalization] = {}
    for one in sorted(newest_first, key=lambda one: one.sample):
        if (one.origin, one.layer) == (newest.origin, newest.layer):
            first.setdefault(one.example, one)
    return list(first.values())


def on_one_line(text: str) -> str:
    """All of a text, its paragraphs one after the other."""
    line = " ".join(text.split())
    return "".join(c if c.isprintable() else "\ufffd" for c in line)
