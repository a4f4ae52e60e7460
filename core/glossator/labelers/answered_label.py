"""The label in what a language model answers; whatever else it says is no label."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from glossator.llm.chat_model import Answer, ChatPrompt

_LETTERS_A_WORD = 10
_A_LIST = 3
"""Entries from which on what only lists its tokens is no label."""
_MOST_ENTRIES = 4
_SENTENCE = 5
"""Words from which on something with a verb is taken for a sentence."""
_PASSAGE = 8
"""Words in a row from which on what stands in the question is copied from it."""
_ALIKE = 0.8
"""Share of common words from which on two labels are one."""
_TALKS = 2
"""Words up to which what begins like talk may yet be a label."""

_THOUGHT = re.compile(r"\s*<think>.*?</think>", re.DOTALL)
_BULLET = re.compile(r"(?:[-*•–#]+|\d{1,2}[.)])\s+")
_LEAD = re.compile(
    r"(?:the |a |short |feature )*"
    r"\[?(?:label|answer|name|explanation)\]?(?: is)?\s*[:=]\s*",
    re.IGNORECASE,
)
_SAY = re.compile(r"says?[\s:]+(?=\S)", re.IGNORECASE)
_QUOTES = "\"'“”‘’«»"
_STRENGTH = re.compile(r"\s*\((?:10|\d)\)")
_REFUSAL = re.compile(
    r"\b(?:as an ai|as a language model|cannot determine|"
    r"(?:unable|not able) to (?:determine|identify|find|tell|say|provide|help)|"
    r"not enough (?:information|context|data|examples|evidence)|"
    r"i (?:cannot|can not|can['’]t|do not|don['’]t|am not|am unable|am sorry)|"
    r"i['’]m (?:not|unable|sorry))\b|"
    r"^\W*sorry\b[,.!;]* (?:but |i\b)|"
    r"^\W*(?:unclear|unknown|none|no label|no explanation|n/a|not applicable)\W*$",
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
_TALK = re.compile(
    r"(?:here(?:['’]s| is| are)|based on|sure|certainly|of course)\b", re.IGNORECASE
)
_EMPTY = frozenset({"word", "words", "token", "tokens", "text", "texts", "example"})
"""True of every feature."""


@dataclass(frozen=True)
class Reading:
    """How a method's answers are read."""

    marker: str = ""
    """The label follows the last of it and a colon; "" where it stands first."""
    opening: str = ""
    """Words that the label is to continue; taken off where the answer repeats them."""
    most_words: int = 12
    """Twice what is asked for, or so."""
    sentences: bool = False
    """Whether a sentence will do. Else what is one, or lists tokens, is no label."""
    says: bool = False
    """Whether "say" at the beginning is taken off, as it is said anyway."""
    never: str = ""
    """What no label holds: a regular expression."""


@dataclass(frozen=True)
class Unusable:
    """Why an answer is no label, as in "which is a sentence"."""

    why: str
    part: str = field(default="", compare=False)
    """What stands where the label was to be; "" where that is not known."""


def label_in(
    answer: Answer, reading: Reading, prompt: ChatPrompt, listed: Sequence[str] = ()
) -> str | Unusable:
    """The label where the method has it, without quotes and the like.

    Parameters
    ----------
    prompt : what was answered; what only repeats its instructions is no label.
    listed : the feature's own tokens in it, which may be repeated, if not all of them.
    """
    text = _THOUGHT.sub("", answer.text, count=1).strip()
    if text.startswith("<think>"):
        return Unusable("which thinks aloud and comes to no end")
    cut = answer.ended == "length"
    told = _told(text, reading, cut=cut)
    if isinstance(told, Unusable):
        return told
    line = _first(told, reading)
    label = _usable(line, reading, prompt, listed, cut=cut and "\n" not in told)
    return replace(label, part=line) if isinstance(label, Unusable) else label


def _usable(
    line: str,
    reading: Reading,
    prompt: ChatPrompt,
    listed: Sequence[str],
    *,
    cut: bool,
) -> str | Unusable:
    if _REFUSAL.search(line):
        return Unusable("which refuses")
    if reading.sentences:
        label: str | Unusable = Unusable("which is cut off") if cut else line
    else:
        label = _without_repetition(_STRENGTH.sub("", line), cut=cut)
    if isinstance(label, Unusable):
        return label
    return _problem(label, reading, prompt, listed) or label


def _told(text: str, reading: Reading, *, cut: bool) -> str | Unusable:
    """What stands where the label is to be."""
    if reading.marker:
        marker = re.compile(rf"{re.escape(reading.marker)}[*_`\s]*:", re.IGNORECASE)
        found = list(marker.finditer(text))
        if found:
            text = text[found[-1].end() :].strip()
        elif _REFUSAL.search(text.partition("\n")[0]):
            return Unusable("which refuses")
        else:
            why = "is cut off before" if cut else "holds no"
            return Unusable(f"which {why} “{reading.marker}:”")
    line = text.partition("\n")[0].casefold()
    at = line.rfind(reading.opening.casefold()) if reading.opening else -1
    if at >= 0:
        text = text[at + len(reading.opening) :].lstrip(": \n")
    return text or Unusable("which holds no text")


def _first(text: str, reading: Reading) -> str:
    """The first line, bare; where that begins a list of lines, all of its entries."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    entries = []
    for line in lines:
        if not _BULLET.match(line):
            break
        entries.append(_bare(line, reading))
    return ", ".join(entries) if len(entries) > 1 else _bare(lines[0], reading)


def _bare(line: str, reading: Reading) -> str:
    """Without what stands around a label: bullets, quotes, emphasis, ``Label:``."""
    line = "".join(c for c in " ".join(line.split()) if c.isprintable())
    leads = (_BULLET, _LEAD, _SAY) if reading.says else (_BULLET, _LEAD)
    before = None
    while line != before:
        before = line
        for lead in leads:
            found = lead.match(line)
            line = line[found.end() :] if found else line
        n_quotes = sum(line.count(quote) for quote in _QUOTES)
        around = line[:1] in _QUOTES and line[-1:] in _QUOTES
        if n_quotes == 1 or (n_quotes == 2 and around):
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


def _problem(
    label: str, reading: Reading, prompt: ChatPrompt, listed: Sequence[str]
) -> Unusable | None:
    n_words = len(label.split())
    if not any(c.isalnum() for c in label) or "\ufffd" in label:
        return Unusable("which holds no word")
    if max(n_words, len(label) / _LETTERS_A_WORD) > reading.most_words:
        return Unusable(f"which is prose ({n_words} words)")
    if _plain(label) in _EMPTY:
        return Unusable("which is true of any feature")
    if label.endswith(":"):
        return Unusable("which announces a label and gives none")
    if reading.never and re.search(reading.never, label, re.IGNORECASE):
        return Unusable("which speaks of how it was asked")
    if n_words > _TALKS and _TALK.match(label):
        return Unusable("which talks to a person")
    own = {_plain(token) for token in listed}
    if not reading.sentences:
        unfit = _sentence_or_list(label, n_words, own)
        if unfit:
            return unfit
    if _repeats(label, reading, prompt, own):
        return Unusable("which repeats the prompt")
    return None


def _sentence_or_list(label: str, n_words: int, own: set[str]) -> Unusable | None:
    """Speaks of the tokens or to a person, or is long and has a verb; or a list."""
    has_verb = _VERB.search(label) is not None
    if has_verb and (n_words >= _SENTENCE or _SUBJECT.match(label) is not None):
        return Unusable("which is a sentence")
    entries = [_plain(entry) for entry in label.split(",")]
    if len(entries) > _MOST_ENTRIES:
        return Unusable(f"which is a list of {len(entries)}")
    if len(entries) >= _A_LIST and own.issuperset(entries):
        return Unusable("which only lists the tokens")
    return None


def _repeats(label: str, reading: Reading, prompt: ChatPrompt, own: set[str]) -> bool:
    """Whether it was said before: as an answer, or, if several words, at all.

    What the question says of the feature itself may be said again, but no passage.
    """
    *said, question = prompt.turns
    words = _plain(label)
    if words in own:
        return False
    if f" {words} " in f" {_plain(question.text)} ":
        return len(words.split()) >= _PASSAGE
    if " " in words and any(f" {words} " in f" {_plain(turn.text)} " for turn in said):
        return True
    answers = (turn.text for turn in said if turn.role == "assistant")
    labels = (_told(text, reading, cut=False) for text in answers)
    return any(isinstance(text, str) and _same(words, _plain(text)) for text in labels)


def _same(one: str, other: str) -> bool:
    """Whether nearly all words are the same."""
    ours, theirs = set(one.split()), set(other.split())
    return len(ours & theirs) >= _ALIKE * len(ours | theirs)


def _plain(text: str) -> str:
    """To compare by: words alone, without strengths."""
    return " ".join(re.findall(r"\w+", _STRENGTH.sub("", text).casefold()))
