"""Lists between tags, an item a line, as the methods of Neuronpedia show them."""

import re
from collections.abc import Iterable

_TAG = re.compile(
    r"<(?=/?(?:NEXT_TOKENS|TOP_TOKENS|PROMOTED_TOKENS|TEXTS)\s*>)", re.IGNORECASE
)


def listed_lines(items: Iterable[str]) -> str:
    """Join items without line breaks; none passes for the end of its list."""
    return "\n".join(_TAG.sub("‹", item) for item in items)
