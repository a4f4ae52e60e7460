"""Tokens as text: whitespace marks, byte pieces and special tokens of tokenizers.

Stored tokens are never rewritten; what is made here is read by embedders, labelers
and eyes. An example becomes text here, too: cut at special tokens, and each text once.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise
from unicodedata import bidirectional, category

from glossator.evidence.feature_evidence import ActivationExample

_SAME_TEXT_REACH = 6
"""Examples are one if their text is equal this many tokens around the top token."""

_SPECIAL = re.compile(
    r"<\|[^|<>]{1,40}\|>|<｜[^｜<>]{1,40}｜>|</?s>|\[(?:CLS|SEP|PAD|MASK|UNK)\]|"
    r"<(?:bos|eos|pad|unk|mask|(?:start|end)_of_(?:turn|image)|unused\d{1,4})>|"
    r"<(?:repo_?name|file_sep|filename|gh_stars|empty_output|(?:issue|jupyter)_[a-z]+)>"
)
_MARKS = {"▁": " ", "↵": "\n", "⏎": "\n"}
"""SentencePiece's for space, Neuronpedia's for newline."""
_VISIBLE = {"\n": "⏎", "\t": "→", "\r": "↵"}
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Printable by Unicode's categories, and yet not to be seen."""
_MOST_MARKS = 4
"""On one letter: more of them would cover the lines above and below."""
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_ISOLATE, _END = "\u2068", "\u2069"
"""First strong isolate, and its end (Unicode UAX 9)."""
_ISOLATED = re.compile(f"{_ISOLATE}({_RIGHT_TO_LEFT.pattern}[^\u2066-\u2069\n]*){_END}")
"""As `isolated` makes them: kept, for they can move nothing outside."""


def is_special(token: str) -> bool:
    """Whether the token is no text but a mark of the tokenizer (``<bos>``)."""
    if "<" not in token and "[" not in token:
        return False
    return _SPECIAL.fullmatch(token.strip()) is not None


def _byte_alphabet() -> dict[str, int]:
    """Letters by which byte-level BPE writes bytes (GPT-2 ``bytes_to_unicode``)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    shifted = [byte for byte in range(256) if byte not in printable]
    alphabet = {chr(byte): byte for byte in printable}
    return alphabet | {chr(256 + n): byte for n, byte in enumerate(shifted)}


def _letters(low: int, high: int) -> str:
    """The letters of the bytes low..high, both included, as a regular expression."""
    return f"[{''.join(_LETTER[byte] for byte in range(low, high + 1))}]"


_BYTE = _byte_alphabet()
_LETTER = {byte: letter for letter, byte in _BYTE.items()}
_CONTROLS = str.maketrans({_LETTER[byte]: chr(byte) for byte in (*range(0x21), 0x7F)})
_TAIL = _letters(0x80, 0xBF)
_PAIR = _letters(0xC2, 0xDF) + _TAIL
_LONGER = f"{_letters(0xE0, 0xEF)}{_TAIL}{{2}}|{_letters(0xF0, 0xF4)}{_TAIL}{{3}}"
_CHARACTER = re.compile(f"{_PAIR}|{_LONGER}")
"""The bytes of a character of UTF-8."""
_SURE_CHARACTER = re.compile(
    f"{_LONGER}|{_letters(0xC2, 0xDF)}[\u0100-\u0143]|(?:{_PAIR}){{2}}|"
    f"[ÂÃÎÏÐÑ]{_TAIL}|[ØÙ](?![«»]){_TAIL}"
)
"""Letters that are bytes: such hardly meet in real text, as ``ß«`` and ``É»`` do."""
_CUT_CHARACTER = re.compile(
    f"^{_TAIL}{{1,3}}|{_letters(0xC2, 0xDF)}\\Z|{_letters(0xE0, 0xF4)}{_TAIL}{{0,2}}\\Z"
)
_ESCAPE = re.compile(r"<0x([0-9A-Fa-f]{2})>|\\x([89A-Fa-f][0-9A-Fa-f])")
"""Byte tokens of SentencePiece, and the escapes of circuit-tracer's feature files."""
_UNIT = re.compile(f"{_ESCAPE.pattern}|.", re.DOTALL)
_DECODED_WORD = re.compile(r" \S")
_ONLY_MARKS = re.compile("(?:č?[Ċ\n]|[Ġĉ])+")


def readable_tokens(tokens: Sequence[str]) -> tuple[str, ...]:
    """Text of each token; joined they are the text of the example.

    Bytes of one character that lie in several tokens are joined in the first of them;
    bytes that make no UTF-8 stay as they are stored. The letters by which byte-level
    BPE writes bytes are letters of real words, too (``č``, ``ğ``, ``É``): without its
    marks for space and newline they are read as bytes only where the whole example
    can be read so.
    """
    joined = "".join(tokens)
    escaped = "<0x" in joined or "\\x" in joined
    if joined.isascii() and not escaped:
        return tuple(tokens)
    sentence_piece = "▁" in joined and "▁" in _SPECIAL.sub("", joined)
    texts = tuple(tokens)
    for mark, text in _MARKS.items():
        if mark in joined and (sentence_piece or mark != "▁"):
            texts = tuple(token.replace(mark, text) for token in texts)
    if not sentence_piece and _is_byte_level(tokens):
        return _read_letters(texts)
    if escaped:
        return _read_escapes(texts)
    return texts if sentence_piece else _read_mixture(texts)


def _is_byte_level(tokens: Sequence[str]) -> bool:
    """Whether its marks are no capitals of Maltese, whose tokens begin with spaces."""
    listed = "\n".join(tokens)
    marks = listed.count("Ġ") + listed.count("Ċ")
    return marks > len(_DECODED_WORD.findall(listed))


def _read_letters(tokens: Sequence[str]) -> tuple[str, ...]:
    """Tokens of byte-level BPE, where each letter is a byte."""
    spelled = tuple(map(_with_controls, tokens))
    letters = "".join(spelled)
    return spelled if letters.isascii() else _with_characters(spelled, list(letters))


@lru_cache(maxsize=1 << 16)
def _with_controls(token: str) -> str:
    """Letters that stand for ASCII are that; kept, for the tokens of a text recur."""
    return token.translate(_CONTROLS)


def _read_mixture(tokens: Sequence[str]) -> tuple[str, ...]:
    """Text, or such of which only what is not ASCII is in bytes (SAEDashboard)."""
    spelled = tuple(
        _with_controls(token) if _ONLY_MARKS.fullmatch(token) else token
        for token in tokens
    )
    letters = "".join(spelled)
    if not _SURE_CHARACTER.search(letters):
        return spelled
    rest = _CHARACTER.sub("", _CUT_CHARACTER.sub("", letters))
    if any(not c.isascii() and (c in _BYTE or c.isalpha()) for c in rest):
        return spelled
    return _with_characters(spelled, list(letters))


def _read_escapes(tokens: Sequence[str]) -> tuple[str, ...]:
    """Tokens of which each byte that is not part of a whole character is escaped."""
    spelled: list[str] = []
    units: list[str] = []
    for token in tokens:
        letters = ""
        for match in _UNIT.finditer(token):
            code = match[1] or match[2]
            byte = int(code, 16) if code else 0
            units.append(chr(byte) if code and byte < 0x80 else match[0])
            letters += _LETTER[byte]
        spelled.append(letters)
    return _with_characters(spelled, units)


def _with_characters(spelled: Sequence[str], units: list[str]) -> tuple[str, ...]:
    """Join units to tokens, characters in place of their bytes.

    Parameters
    ----------
    spelled : of each token a letter for each of its units, which tells its byte.
    units : of all tokens; becomes the text.
    """
    for match in _CHARACTER.finditer("".join(spelled)):
        read = bytes(_BYTE[letter] for letter in match[0])
        if character := read.decode(errors="ignore"):
            start, end = match.span()
            units[start:end] = [character] + [""] * (end - start - 1)
    ends = list(accumulate(map(len, spelled), initial=0))
    return tuple("".join(units[a:b]) for a, b in pairwise(ends))


def shown_tokens(tokens: Sequence[str]) -> tuple[str, ...]:
    """The tokens of a text for display, each by itself.

    A token whose bytes only complete the character of one before is shown as bytes.
    """
    return tuple(
        visible_token(text) if text or not token else _as_bytes(token)
        for token, text in zip(tokens, readable_tokens(tokens), strict=True)
    )


def _as_bytes(token: str) -> str:
    escaped = [int(match[1] or match[2], 16) for match in _ESCAPE.finditer(token)]
    found = escaped or [_BYTE[letter] for letter in token if letter in _BYTE]
    return "".join(f"\\x{byte:02x}" for byte in found) or visible_token(token)


def visible_token(text: str) -> str:
    """A token's text for display: no character of it is invisible or moves others."""
    if text == "":
        return "∅"
    words = text.strip(" ")
    lead = len(text) - len(text.lstrip(" "))
    return "·" * lead + visible_text(words) + "·" * (len(text) - lead - len(words))


def visible_text(text: str, *, joins: bool = False) -> str:
    """Text for display, its spaces as they are, everything invisible spelled out.

    Parameters
    ----------
    joins : it goes on where other text ends, and may begin with a mark on its last
        letter; else such a mark has no letter to stand on.
    """
    if text.isascii() and text.isprintable():
        return text
    parts = _ISOLATED.split(text)
    parts[::2] = [
        _spelled(part, joins=joins or at > 0) for at, part in enumerate(parts[::2])
    ]
    parts[1::2] = [f"{_ISOLATE}{_spelled(part)}{_END}" for part in parts[1::2]]
    return "".join(parts)


def _spelled(text: str, *, joins: bool = False) -> str:
    found: list[str] = []
    marks = 0 if joins else _MOST_MARKS
    for c in text:
        if c in _VISIBLE:
            found.append(_VISIBLE[c])
            marks = _MOST_MARKS
        elif c in _BLANK or not c.isprintable():
            found.append(f"U+{ord(c):04X}")
            marks = _MOST_MARKS
        elif category(c).startswith("M"):
            found.append(c if marks < _MOST_MARKS else f"U+{ord(c):04X}")
            marks += 1
        else:
            found.append(c)
            marks = 0 if c != " " else _MOST_MARKS
    return "".join(found)


def isolated(text: str) -> str:
    """Text whose stretches that are read from right to left leave the rest in place.

    For display alone, and the same when it is done again. Such a stretch goes from one
    letter of these scripts to another, with no letter of other scripts between.
    """
    if not _RIGHT_TO_LEFT.search(text):
        return text
    parts = _ISOLATED.split(text)
    parts[::2] = [_with_isolates(part) for part in parts[::2]]
    parts[1::2] = [f"{_ISOLATE}{part}{_END}" for part in parts[1::2]]
    return "".join(parts)


def isolated_pieces(pieces: Sequence[str]) -> list[str]:
    """Pieces of one text, each with the isolates that begin or end in it."""
    whole = isolated("".join(pieces))
    found, at = [], 0
    for piece in pieces:
        start, left = at, len(piece)
        while left or whole[at : at + 1] == _END:
            left -= whole[at] not in (_ISOLATE, _END)
            at += 1
        found.append(whole[start:at])
    return found


def _with_isolates(text: str) -> str:
    found, start, end = [], -1, 0
    done = 0
    for at, c in enumerate(f"{text}\n"):
        direction = bidirectional(c)
        if direction in ("R", "AL"):
            start, end = at if start < 0 else start, at + 1
        elif direction == "NSM" and end == at:
            end += 1
        elif direction in ("L", "B") and start >= 0:
            found += [text[done:start], _ISOLATE, text[start:end], _END]
            done, start, end = end, -1, 0
    return "".join([*found, text[done:]])


@dataclass(frozen=True)
class CleanExample:
    """An example as text, ready to be cut."""

    texts: tuple[str, ...]
    """Readable text of each token."""
    special: tuple[bool, ...]
    top: int
    activation: float

    @cached_property
    def _stretch(self) -> range:
        """Positions around the top one that no special token parts from it."""
        if not any(self.special):
            return range(len(self.texts))
        cuts = [at for at, special in enumerate(self.special) if special]
        before, after = bisect_right(cuts, self.top), bisect_left(cuts, self.top)
        return range(
            cuts[before - 1] + 1 if before else 0,
            cuts[after] if after < len(cuts) else len(self.texts),
        )

    def text(self, left: int, right: int) -> str:
        """Text of the tokens left..right of the top one, both included.

        Clipped at the ends and at special tokens; "" where nothing is left of it. A
        character of several tokens is whole if the top one or one before it is of it.
        """
        low = max(self._stretch.start, self.top + left)
        high = min(self._stretch.stop, self.top + right + 1)
        while self._stretch.start < low <= self.top and not self.texts[low]:
            low -= 1
        return "".join(self.texts[low:high]).strip() if low < high else ""


def clean_example(example: ActivationExample) -> CleanExample:
    return CleanExample(
        texts=readable_tokens(example.tokens),
        special=tuple(map(is_special, example.tokens)),
        top=example.top,
        activation=example.activation,
    )


def distinct_examples(examples: Sequence[ActivationExample]) -> list[CleanExample]:
    """Usable examples, strongest first, each text near the top token once.

    A fifth of the stored examples of public features repeat one another; a repeated
    text would count as agreement. Of equal texts the strongest stays; the order of
    equal activations is that of their texts, whatever the order of the source.
    """
    usable = [
        clean_example(example)
        for example in examples
        if example.activation > 0
        and not example.repeated
        and not is_special(example.tokens[example.top])
    ]
    usable.sort(key=lambda clean: (-clean.activation, "".join(clean.texts), clean.top))
    reach = _SAME_TEXT_REACH
    found: dict[str, CleanExample] = {}
    for clean in usable:
        found.setdefault(" ".join(clean.text(-reach, reach).split()), clean)
    return list(found.values())
