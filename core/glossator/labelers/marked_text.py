"""A text whose marked tokens stand between ``<<`` and ``>>``."""

import re
from collections.abc import Container, Sequence
from itertools import groupby

_OPEN, _CLOSE = "\ue000", "\ue001"
"""In place of the marks at first: as private signs they are in no shown text."""
_LIKE_MARKS = re.compile(
    f"<{{2,}}|>{{2,}}|[<>](?=[{_OPEN}{_CLOSE}])|(?<=[{_OPEN}{_CLOSE}])[<>]"
)
_HARMLESS = str.maketrans("<>", "‹›")


def marked_text(texts: Sequence[str], marked: Container[int]) -> str:
    """Join tokens; marked ones in a row share a pair of marks, inside of any space.

    Parameters
    ----------
    texts : as `ShownExample` has them. What of them is or could extend a mark becomes
        ``‹`` or ``›``.
    """
    parts = []
    for inside, run in groupby(range(len(texts)), key=lambda at: at in marked):
        text = "".join(texts[at] for at in run)
        lead = len(text) - len(text.lstrip(" ")) if text.strip(" ") else 0
        bare = text[lead:]
        parts.append(f"{text[:lead]}{_OPEN}{bare}{_CLOSE}" if inside else text)
    told = _LIKE_MARKS.sub(lambda found: found[0].translate(_HARMLESS), "".join(parts))
    return told.replace(_OPEN, "<<").replace(_CLOSE, ">>").strip()
