"""A prompt that a language model was asked, with what came of it and what it cost."""

import hashlib
import json
from typing import Literal

import msgspec

from glossator.llm.chat_model import (
    Answer,
    ChatPrompt,
    NoAnswer,
    Reply,
    TokenOdds,
    Turn,
    Usage,
    Wanted,
)


class Call(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An entry of the call log."""

    id: str
    """32 hexadecimal digits; the same wherever the call is told of."""
    key: str
    """See `call_key`."""
    at: str
    """When the reply came: UTC, ISO 8601."""
    model: str
    account: str
    """Project that asked."""
    purpose: str = ""
    about: str = ""
    turns: tuple[Turn, ...]
    max_tokens: int
    temperature: float = 0.0
    text: str = ""
    """The answer; "" where there is none."""
    ended: Literal["stop", "length"] = "stop"
    odds: tuple[TokenOdds, ...] = ()
    failure: str = ""
    """Why there is no answer."""
    prompt_tokens: int = 0
    answer_tokens: int = 0
    """Thoughts included."""
    estimated: bool = False
    """Whether the tokens are counted by letters, since the server did not tell."""
    cost: float | None = None
    """US dollars; None where no price is known."""
    seconds: float = 0.0
    attempts: int = 1
    cached: bool = False
    """Whether another account had asked before: the tokens are of then, and free."""

    @property
    def reply(self) -> Reply:
        used = Usage(self.prompt_tokens, self.answer_tokens)
        usage = None if self.estimated else used
        if self.failure:
            return NoAnswer(self.failure, usage=usage)
        return Answer(self.text, self.ended, usage, self.odds)


def call_key(model: str, prompt: ChatPrompt, wanted: Wanted) -> str:
    """Digest of all that decides an answer, and of nothing that does not."""
    decides = {
        "model": model,
        "turns": [[turn.role, turn.text] for turn in prompt.turns],
        "max_tokens": wanted.max_tokens,
        "temperature": float(wanted.temperature),
        "one_line": wanted.one_line,
        "odds": wanted.odds,
    }
    canonical = json.dumps(decides, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
