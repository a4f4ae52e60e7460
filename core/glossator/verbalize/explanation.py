"""The explanation in what a verbalizer wrote."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from glossator.verbalize.verbalization import Ending

CLOSING = "</explanation>"
_BODY = re.compile(r"<explanation>(.*?)(</explanation>|\Z)", re.DOTALL)


class Explanation(NamedTuple):
    text: str
    """Without tags, special tokens and space around it."""
    ending: Ending


def extract(written: str, special_tokens: Iterable[str]) -> Explanation:
    """Take out the explanation; all of the text where it stands in no tags.

    Parameters
    ----------
    special_tokens : of the tokenizer, as it writes them.
    """
    for token in special_tokens:
        written = written.replace(token, "")
    found = _BODY.search(written)
    if found is None:
        return Explanation(written.strip(), "no tags")
    if found[2]:
        return Explanation(found[1].strip(), "")
    return Explanation(_without_cut_tag(found[1]).strip(), "truncated")


def _without_cut_tag(text: str) -> str:
    """A closing tag may be cut, too, where the longest length was reached."""
    for length in range(len(CLOSING) - 1, 1, -1):
        if text.endswith(CLOSING[:length]):
            return text[:-length]
    return text
