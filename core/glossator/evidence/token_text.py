"""Tokens as text: whitespace marks, byte pieces and special tokens of tokenizers.

Stored tokens are never rewritten; what is made here is read by embedders, labelers
and eyes.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

_SPECIAL = re.compile(
    r"<\|[^|<>]{1,40}\|>|</?s>|\[(?:CLS|SEP|PAD|MASK|UNK)\]|"
    r"<(?:bos|eos|pad|unk|mask|start_of_turn|end_of_turn)>",
)
_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>|\\x([0-9A-Fa-f]{2})")
_MARKS = str.maketrans({"▁": " ", "↵": "\n", "⏎": "\n"})
_VISIBLE = {"\n": "⏎", "\t": "→", "\r": "↵"}


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
    bytes that make no UTF-8 stay as they are stored.
    """
    pieces = [piece for at, token in enumerate(tokens) for piece in _pieces(at, token)]
    texts = [""] * len(tokens)
    start = 0
    while start < len(pieces):
        end = start + 1
        if pieces[start].byte is not None:
            while end < len(pieces) and pieces[end].byte is not None:
                end += 1
            for token, text in _decode_run(pieces[start:end]):
                texts[token] += text
        else:
            texts[pieces[start].token] += pieces[start].text
        start = end
    return tuple(text.translate(_MARKS) for text in texts)


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


def _decode_run(run: list[_Piece]) -> list[tuple[int, str]]:
    """Characters of neighbouring bytes, each with the token of its first byte."""
    decoded = []
    at = 0
    while at < len(run):
        for length in (4, 3, 2, 1):
            part = run[at : at + length]
            text = _as_character(part) if len(part) == length else None
            if text is not None:
                decoded.append((part[0].token, text))
                at += length
                break
        else:
            decoded.append((run[at].token, run[at].text))
            at += 1
    return decoded


def _as_character(part: list[_Piece]) -> str | None:
    """The one character the bytes spell, else None."""
    spelled = bytes(piece.byte or 0 for piece in part)
    try:
        text = spelled.decode()
    except UnicodeDecodeError:
        return None
    return text if len(text) == 1 else None


def visible_token(text: str) -> str:
    """A token's text for display: no character of it is invisible or moves others."""
    if text == "":
        return "∅"
    shown = "".join(_VISIBLE.get(c, c) for c in text)
    lead = len(shown) - len(shown.lstrip(" "))
    shown = "·" * lead + shown[lead:]
    return "".join(
        c if c.isprintable() or c == " " else f"U+{ord(c):04X}" for c in shown
    )
