"""The list of noughts and ones in what a language model answers."""

import re

import msgspec

from glossator.llm.chat_model import TokenOdds

_LIST = re.compile(r"\[[^\[\]]*\]")
_DIGIT = re.compile(r"[01]")
_BESIDE = re.compile(r"[\s\[\],\"']*")
_MEANS: dict[object, bool] = {0: False, 1: True, "0": False, "1": True}
"""Python takes True and 1.0 for 1, and JSON's true is True."""


def read_list(text: str, n: int) -> tuple[bool, ...] | None:
    """The last list of n noughts and ones, over several lines or not; None without."""
    found = _last_list(text, n)
    return found[1] if found else None


def read_odds(text: str, n: int, odds: tuple[TokenOdds, ...]) -> tuple[float, ...]:
    """How likely a one was in each place of the list, where noughts and ones are all.

    Empty where that cannot be told: no odds are known, or a token holds several.
    """
    found = _last_list(text, n)
    said = "".join(one.token for one in odds)
    start = said.rfind(found[0]) if found else -1
    if found is None or start < 0:
        return ()
    end = start + len(found[0])
    shares: list[float | None] = []
    at = 0
    for one in odds:
        inside = one.token[max(start - at, 0) : max(end - at, 0)]
        at += len(one.token)
        if _DIGIT.search(inside):
            shares.append(_share_of_one(one))
    known = tuple(share for share in shares if share is not None)
    return known if len(known) == len(shares) == n else ()


def _last_list(text: str, n: int) -> tuple[str, tuple[bool, ...]] | None:
    for written in reversed(_LIST.findall(text)):
        try:
            entries = msgspec.json.decode(written, type=list[bool | float | str])
        except msgspec.DecodeError:
            continue
        read = [_MEANS.get(entry) for entry in entries]
        answers = tuple(entry for entry in read if entry is not None)
        if len(answers) == len(entries) == n:
            return written, answers
    return None


def _share_of_one(one: TokenOdds) -> float | None:
    """Of the probability of both digits; None where the token holds more than one."""
    if _digit(one.token) is None:
        return None
    of = {"0": 0.0, "1": 0.0}
    for token, probability in one.likely:
        digit = _digit(token)
        if digit is not None:
            of[digit] += probability
    both = of["0"] + of["1"]
    return of["1"] / both if both > 0 else None


def _digit(token: str) -> str | None:
    """The only digit of a token that has nothing else but a list's signs."""
    digits = _DIGIT.findall(token)
    bare = _DIGIT.sub("", token)
    return digits[0] if len(digits) == 1 and _BESIDE.fullmatch(bare) else None
