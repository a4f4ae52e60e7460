"""What a model does not let itself be told, as its server says in refusing.

Which parameters a model takes depends on the model, the server and the year; no list of
ours would stay true. So all are sent, and one that is refused is left out from then on.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from glossator.llm.error_text import error_text

OPTIONAL = {
    "temperature": re.compile(r"\btemperature\b", re.IGNORECASE),
    "logprobs": re.compile(r"log_?probs?", re.IGNORECASE),
    "max_tokens": re.compile(r"\bmax_tokens\b"),
    "max_completion_tokens": re.compile(r"\bmax_completion_tokens\b"),
    "system": re.compile(
        r"\bsystem (role|message|turn|prompt|instruction)s?\b"
        r"|\brole\b.{0,20}\bsystem\b|\bgot system\b"
        r"|developer instruction|roles must alternate",
        re.IGNORECASE,
    ),
}
"""How each is named; "system" is the turn of that role."""
_LIMITS = frozenset({"max_tokens", "max_completion_tokens"})
_NOT_KNOWN = re.compile(
    r"unsupported|not supported|not support\b|unknown|unrecogni[sz]ed|unexpected"
    r"|not (permitted|allowed)|deprecated|instead",
    re.IGNORECASE,
)
"""A limit that is too high for one prompt is named, too, and yet not refused."""


class RefusedParameters(Protocol):
    """Remembers, by a model's name, which parameters it refuses."""

    def known(self, model_name: str) -> frozenset[str]: ...

    def add(self, model_name: str, parameter: str) -> None: ...


@dataclass
class RefusedHere:
    """Remembers as long as this process lives."""

    _found: dict[str, frozenset[str]] = field(default_factory=dict)

    def known(self, model_name: str) -> frozenset[str]:
        return self._found.get(model_name, frozenset())

    def add(self, model_name: str, parameter: str) -> None:
        self._found[model_name] = self.known(model_name) | {parameter}


def refused_in(status: int, body: bytes, sent: Iterable[str]) -> frozenset[str]:
    """Which of the parameters that were sent an error names as refused."""
    if status not in (400, 422, 500):
        return frozenset()
    text = error_text(body)
    named = {name for name in sent if OPTIONAL[name].search(text)}
    if status == 500:
        # Of servers that fail in the model's chat template.
        named &= {"system"}
    if not _NOT_KNOWN.search(text):
        named -= _LIMITS
    return frozenset(named)
