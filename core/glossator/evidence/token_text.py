"""Tokens as text: whitespace marks, byte pieces and special tokens of tokenizers.

Stored tokens are never rewritten; what is made here is read by embedders, labelers
and eyes.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_SPECIAL = re.compile(
    r"<\|[^|<>]{1,40}\|>|</?s>|\[(?:CLS|SEP|PAD|MASK|UNK)\]|"
    r"<(?:bos|eos|pad|unk|mask|start_of_turn|end_of_turn)>",
)
_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>|\\x([89A-Fa-f][0-9A-Fa-f])")
"""Byte tokens of SentencePiece, and the escapes of circuit-tracer's feature files."""
_MARKS = str.maketrans({"▁": " ", "↵": "\n", "⏎": "\n"})
_VISIBLE = {"\n": "⏎", "\t": "→", "\r": "↵"}
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Printable by Unicode's categories, and yet not to be seen."""


def is_special(token: str) -> bool:
    """Whether the token is no text but a mark of the tokenizer (``<bos>``)."""
    return _SPECIAL.fullmatch(token.strip()) is not None


def _byte_alphabet() -> dict[str, int]:
    """Characters by which byte-level BPE writes bytes (GPT-2 ``bytes_to_unicode``)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    alphabet = {chr(byte): byte for byte in printable}
    shifted = (byte for byte in range(256) if byte not in printable)
    alphabet.update((chr(256 + n), byte) for n, byte in enumerate(shifted))
    return alphabet


_ALPHABET = {c: byte for c, byte in _byte_alphabet().items() if ord(c) > 0x7E}


class _Piece(NamedTuple):
    token: int
    text: str
    """As stored."""
    byte: int | None
    """The byte it may stand for."""
    certain: bool
    """Whether it cannot be anything but a byte."""


def readable_tokens(tokens: Sequence[str]) -> tuple[str, ...]:
    """Text of each token; joined they are the text of the example.

    Bytes of one character that lie in several tokens are joined in the first of them;
    bytes that make no UTF-8 stay as they are stored. The letters by which byte-level
    BPE writes bytes are letters of real words, too (``č``, ``ğ``, ``É``): they are
    read as bytes only where the whole example can be read so.
    """
    if all(token.isascii() and not _BYTE.search(token) for token in tokens):
        return tuple(tokens)
    pieces = [piece for at, token in enumerate(tokens) for piece in _pieces(at, token)]
    sentence_piece = any("▁" in token for token in tokens)
    byte_level = not sentence_piece and any(_BPE_MARK.search(t) for t in tokens)
    found = list(_characters(pieces, byte_level=byte_level))
    if sentence_piece or not (byte_level or _all_read(pieces, found)):
        found = [(at, n) for at, n in found if pieces[at].certain]
    texts = [""] * len(tokens)
    ends = dict(found)
    start = 0
    while start < len(pieces):
        length = ends.get(start, 0)
        token = pieces[start].token
        if length:
            texts[token] += _spelled(pieces[start : start + length])
        elif sentence_piece:
            texts[token] += pieces[start].text
        else:
            texts[token] += _unmarked(
                pieces, start, tokens[token], byte_level=byte_level
            )
        start += max(length, 1)
    return tuple(text.translate(_MARKS) for text in texts)


_BPE_MARK = re.compile("[ĠĊ]")
_ONLY_MARKS = re.compile("[ĠĊĉč]+")


def _unmarked(
    pieces: Sequence[_Piece], at: int, stored: str, *, byte_level: bool
) -> str:
    """Byte-level BPE's letters for space, newline and, among its like, tab."""
    letter = pieces[at].text
    if letter == "Ġ":
        return " "
    if letter == "Ċ":
        return "\n"
    if letter == "č" and at + 1 < len(pieces) and pieces[at + 1].text == "Ċ":
        return "\r"
    if letter == "ĉ" and (byte_level or _ONLY_MARKS.fullmatch(stored)):
        return "\t"
    return letter


def _pieces(at: int, token: str) -> list[_Piece]:
    pieces = []
    start = 0
    for match in _BYTE.finditer(token):
        pieces += [_character(at, c) for c in token[start : match.start()]]
        byte = int(match[1] or match[2], 16)
        pieces.append(_Piece(at, match[0], byte, certain=True))
        start = match.end()
    return pieces + [_character(at, c) for c in token[start:]]


def _character(at: int, character: str) -> _Piece:
    return _Piece(at, character, _ALPHABET.get(character), certain=False)


def _characters(
    pieces: Sequence[_Piece], *, byte_level: bool
) -> Iterator[tuple[int, int]]:
    """Where bytes spell a character: its first piece, and the number of pieces."""
    at = 0
    while at < len(pieces):
        for length in (4, 3, 2, 1):
            part = pieces[at : at + length]
            if len(part) == length and _is_character(part, byte_level):
                yield at, length
                at += length
                break
        else:
            at += 1


def _is_character(part: Sequence[_Piece], byte_level: bool) -> bool:
    first = part[0]
    if any(p.byte is None or p.certain != first.certain for p in part):
        return False
    if not first.certain:
        if len(part) == 1:
            return False
        # Two such letters occur side by side in real text (``ß«``, ``É»``); with
        # these leads, of the Latin letters and signs, or with rarer letters, hardly.
        rare = first.text in "ÂÃ" or any(ord(p.text) > 0xFF for p in part)
        if not (byte_level or rare):
            return False
    try:
        return len(_spelled(part)) == 1
    except UnicodeDecodeError:
        return False


def _spelled(part: Sequence[_Piece]) -> str:
    return bytes(piece.byte or 0 for piece in part).decode()


def _all_read(pieces: Sequence[_Piece], found: Sequence[tuple[int, int]]) -> bool:
    """Whether no letter but ASCII is left over, save where the ends cut a character."""
    read = {at + n for at, length in found for n in range(length)}
    first = 0
    while first < len(pieces) and 0x80 <= (pieces[first].byte or 0) < 0xC0:
        first += 1
    last = len(pieces)
    while last > first and last > len(pieces) - 3 and pieces[last - 1].byte is not None:
        last -= 1
    return not any(
        not pieces[at].certain
        and at not in read
        and (pieces[at].byte is not None or _is_foreign_letter(pieces[at].text))
        for at in range(first, last)
    )


def _is_foreign_letter(character: str) -> bool:
    return not character.isascii() and character.isalpha()


def visible_token(text: str) -> str:
    """A token's text for display: no character of it is invisible or moves others."""
    if text == "":
        return "∅"
    shown = "".join(_VISIBLE.get(c, c) for c in text)
    lead = len(shown) - len(shown.lstrip(" "))
    shown = "·" * lead + shown[lead:]
    return "".join(
        c if c.isprintable() and c not in _BLANK else f"U+{ord(c):04X}" for c in shown
    )
