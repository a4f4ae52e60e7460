"""The label in what a language model answers; whatever else it says is no label."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from glossator.llm.chat_model import Answer, ChatPrompt

_MOST_WORDS = 12
_LONGEST = 80
"""Letters."""
_A_LIST = 3
"""Entries from which on what only lists its tokens is no label."""
_MOST_ENTRIES = 4
_SENTENCE = 5
"""Words from which on something with a verb is taken for a sentence."""

_THOUGHT = re.compile(r"\s*<think>.*?</think>", re.DOTALL)
_BULLET = re.compile(r"(?:[-*•–#]+|\d{1,2}[.)])\s+")
_LEAD = re.compile(
    r"(?:the |a |short |feature )*(?:label|answer|name|explanation)(?: is)?\s*[:=]\s*|"
    r"says?[\s:]+(?=\S)",
    re.IGNORECASE,
)
_QUOTES = "\"'“”‘’«»"
_STRENGTH = re.compile(r"\s*\((?:10|\d)\)")
_REFUSAL = re.compile(
    r"\b(?:sorry|as an ai|as a language model|unable to|cannot determine|not enough|"
    r"i (?:cannot|can not|can['’]t|do not|don['’]t|am not|am unable)|"
    r"i['’]m (?:not|unable))\b|"
    r"^\W*(?:unclear|unknown|none|no label|n/a|not applicable)\W*$",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"(?:this|these|those|it|they|i|we|you|"
    r"the (?:feature|neuron|tokens?|words?|list))\b",
    re.IGNORECASE,
)
_VERB = re.compile(
    r"\b(?:is|are|am|was|were|has|have|can|would|refers?|appears?|seems?|shares?|"
    r"activates?|fires?|represents?|indicates?|describes?|"
    r"(?:it|that|they|i|we)['’](?:s|re|m|ve|d))\b",
    re.IGNORECASE,
)
_TALK = re.compile(r"(?:here|based on|sure|certainly|of course)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Unusable:
    """Why an answer is no label, as in "which is a sentence"."""

    why: str


def label_in(
    answer: Answer, prompt: ChatPrompt, listed: Sequence[str]
) -> str | Unusable:
    """The label on the first line that holds text, without quotes and the like.

    Parameters
    ----------
    prompt : what was answered; what only repeats its instructions is no label.
    listed : the feature's own tokens in it, which may be repeated, if not all of them.
    """
    text = _THOUGHT.sub("", answer.text, count=1).strip()
    line, newline, _ = text.partition("\n")
    if not line:
        return Unusable("which holds no text")
    if line.lstrip().startswith("<think>"):
        return Unusable("which thinks aloud and comes to no end")
    if _REFUSAL.search(line):
        return Unusable("which refuses")
    label = _without_repetition(
        _STRENGTH.sub("", _bare(line)), cut=answer.ended == "length" and not newline
    )
    if isinstance(label, Unusable):
        return label
    return _problem(label, prompt, listed) or label


def _bare(line: str) -> str:
    """Without what stands around a label: bullets, quotes, emphasis, ``Label:``."""
    line = "".join(c for c in " ".join(line.split()) if c.isprintable())
    before = None
    while line != before:
        before = line
        for around in (_BULLET, _LEAD):
            found = around.match(line)
            line = line[found.end() :] if found else line
        if sum(line.count(quote) for quote in _QUOTES) <= 2:
            line = line.strip(_QUOTES)
        line = line.strip("*_` ").removesuffix(".")
    return line


def _without_repetition(line: str, *, cut: bool) -> str | Unusable:
    """Each entry once; a line that was cut off will do if it only repeated itself."""
    entries = [entry.strip() for entry in line.split(",")]
    if cut:
        entries.pop()
    distinct: dict[str, str] = {}
    for entry in entries:
        distinct.setdefault(entry.casefold(), entry)
    if cut and len(distinct) == len(entries):
        return Unusable("which is cut off")
    return ", ".join(entry for entry in distinct.values() if entry)


def _problem(label: str, prompt: ChatPrompt, listed: Sequence[str]) -> Unusable | None:
    n_words = len(label.split())
    if not any(c.isalnum() for c in label) or "\ufffd" in label:
        return Unusable("which holds no word")
    if n_words > _MOST_WORDS or len(label) > _LONGEST:
        return Unusable(f"which is prose ({n_words} words)")
    if label.endswith(":"):
        return Unusable("which announces a label and gives none")
    if _is_sentence(label, n_words):
        return Unusable("which is a sentence")
    own = {_plain(token) for token in listed}
    entries = [_plain(entry) for entry in label.split(",")]
    if len(entries) > _MOST_ENTRIES:
        return Unusable(f"which is a list of {len(entries)}")
    if len(entries) >= _A_LIST and own.issuperset(entries):
        return Unusable("which only lists the tokens")
    said = (f" {_plain(turn.text)} " for turn in prompt.turns[:-1])
    if _plain(label) not in own and any(f" {_plain(label)} " in text for text in said):
        return Unusable("which repeats the prompt")
    return None


def _is_sentence(label: str, n_words: int) -> bool:
    """Whether it speaks of the tokens or to a person, or is long and has a verb."""
    if _TALK.match(label):
        return n_words > 2
    has_verb = _VERB.search(label) is not None
    return has_verb and (n_words >= _SENTENCE or _SUBJECT.match(label) is not None)


def _plain(text: str) -> str:
    """To compare by: words alone, without strengths."""
    return " ".join(re.findall(r"\w+", _STRENGTH.sub("", text).casefold()))
