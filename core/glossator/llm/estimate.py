"""What asking a language model will take, before it is asked.

Tokens are counted by letters, since a server does not tell its tokenizer: three letters
of a word, another sign of ASCII, or two bytes of any other script are one. That errs on
the safe side: of English prose it counts 1.4 to 1.8 times the true number, of code and
tables 1.2 to 1.4 times, of Chinese 1.5 times (figures of MiniLM's tokenizer, and for
English of GPT-2's). Made-up words and long runs of capitals can be more.
"""

import re
from collections.abc import Iterable
from math import ceil
from typing import NamedTuple

from glossator.llm.answer_store import AnswerStore
from glossator.llm.call import call_key
from glossator.llm.chat_model import ChatPrompt, Wanted
from glossator.llm.prices import Price

_WORD = re.compile(r"[A-Za-z]+")
_ASCII = re.compile(r"[\x00-\x1f!-@\[-`{-\x7f]")
_LETTERS = 3
"""Of a word, a token."""
_BYTES = 2
"""Of another script, a token."""
_TURN = 8
"""Tokens that say whose turn it is."""


class Expected(NamedTuple):
    """A prompt that is going to be asked."""

    prompt: ChatPrompt
    wanted: Wanted
    answer_tokens: int
    """That are likely, thoughts included; `Wanted.max_tokens` is the most."""


class Estimate(NamedTuple):
    calls: int
    """That will be made."""
    cached: int
    """Prompts that are answered already, or are asked twice: they cost nothing."""
    prompt_tokens: int
    answer_tokens: int
    cost: float | None
    """US dollars; None where no price is known."""


def estimated(
    model: str, expected: Iterable[Expected], answers: AnswerStore, price: Price | None
) -> Estimate:
    """What a list of prompts will take; those that are answered take nothing.

    Raises
    ------
    AnswerStoreError
        if the stored answers cannot be read.
    """
    seen = set[str]()
    calls = cached = prompt_tokens = answer_tokens = 0
    cost = 0.0
    for one in expected:
        key = call_key(model, one.prompt, one.wanted)
        if key in seen or answers.holds(key):
            cached += 1
            continue
        seen.add(key)
        calls += 1
        tokens = tokens_of_prompt(one.prompt)
        prompt_tokens += tokens
        answer_tokens += one.answer_tokens
        if price is not None:
            cost += price.cost(tokens, one.answer_tokens)
    known = None if price is None else cost
    return Estimate(calls, cached, prompt_tokens, answer_tokens, known)


def tokens_of_prompt(prompt: ChatPrompt) -> int:
    return sum(tokens_of_text(turn.text) + _TURN for turn in prompt.turns)


def tokens_of_text(text: str) -> int:
    """At most about as many tokens as a language model makes of a text."""
    words = sum(ceil(len(word) / _LETTERS) for word in _WORD.findall(text))
    signs = len(_ASCII.findall(text))
    ascii_text = text.encode("ascii", "ignore")
    others = len(text.encode("utf-8", "surrogatepass")) - len(ascii_text)
    return words + signs + ceil(others / _BYTES)
