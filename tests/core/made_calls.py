"""Calls of language models, as tests want them."""

from glossator.llm.call import Call
from glossator.llm.chat_model import TokenOdds, Turn

ODDS = (TokenOdds("tools", (("tools", 0.75), ("hammers", 0.25))),)


def call_of(key: str, text: str = "tools", **fields: object) -> Call:
    given: dict[str, object] = {
        "id": f"{key}-id",
        "key": key,
        "at": "2026-11-21T10:00:00.000+00:00",
        "model": "m",
        "account": "a",
        "turns": (Turn("system", "Be brief."), Turn("user", "☃?")),
        "max_tokens": 32,
        "text": text,
        "odds": ODDS,
        "prompt_tokens": 7,
        "answer_tokens": 2,
        "cost": 0.5,
    }
    return Call(**(given | fields))  # type: ignore[arg-type]  # of mixed types
