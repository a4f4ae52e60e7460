"""Prompts as they are kept: a text with turns and places to fill in.

A line ``### system``, ``### user`` or ``### assistant`` begins a turn; ``$name`` is a
place. A prompt is told apart from its later versions by its hash.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import cache, cached_property
from string import Template
from typing import get_args

from glossator.llm.chat_model import ChatPrompt, Role, Turn

_ROLES: tuple[Role, ...] = get_args(Role)
_HEAD = re.compile(rf"^### ({'|'.join(_ROLES)})$", re.MULTILINE)


@dataclass(frozen=True)
class PromptFile:
    """A prompt without what it is to be asked of."""

    text: str

    @cached_property
    def hash(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()[:12]

    @cached_property
    def turns(self) -> tuple[Turn, ...]:
        """With places not filled in."""
        _, *parts = _HEAD.split(self.text)
        roles: dict[str, Role] = {role: role for role in _ROLES}
        return tuple(
            Turn(roles[head], text.strip())
            for head, text in zip(parts[::2], parts[1::2], strict=True)
        )

    def filled(self, **values: str) -> ChatPrompt:
        """Fill in all places; what is filled in is not looked at again."""
        return ChatPrompt(
            tuple(
                Turn(turn.role, Template(turn.text).substitute(values))
                for turn in self.turns
            )
        )


@cache
def stored_prompt(name: str) -> PromptFile:
    """A prompt that comes with the program."""
    from glossator_resources import prompt_text

    return PromptFile(prompt_text(name))
