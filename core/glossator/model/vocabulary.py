r"""Text of every token of a vocabulary by itself, in the form that evidence stores.

A space is a space, whatever the tokenizer writes for it. A token that holds part of a
character only shows its bytes as ``\xe2``; `glossator.evidence.token_text` joins them.
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_BYTE_TOKEN = re.compile(r"<0x([0-9A-F]{2})>")
"""SentencePiece's token for a byte."""
_ESCAPED = "backslashreplace"
"""How Python decodes broken UTF-8 to our form."""


def stored_texts(tokenizer: "PreTrainedTokenizerBase") -> tuple[str, ...]:
    """One text an id, up to the highest; "" where an id has no token."""
    numbers = tokenizer.get_vocab()
    texts = [""] * (max(numbers.values(), default=-1) + 1)
    # Added tokens stand in the vocabulary as they are, not as bytes.
    added = {token.content for token in tokenizer.added_tokens_decoder.values()}
    letters = _byte_letters(tokenizer)
    for token, number in numbers.items():
        if token in added:
            texts[number] = token
        elif letters:
            texts[number] = _from_letters(token, letters)
        else:
            texts[number] = _from_pieces(token)
    return tuple(texts)


def _byte_letters(tokenizer: "PreTrainedTokenizerBase") -> dict[str, int]:
    """By which letter byte-level BPE writes which byte; empty for other tokenizers."""
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    backend = getattr(tokenizer, "backend_tokenizer", None)
    if "ByteLevel" not in repr(getattr(backend, "decoder", None)):
        return {}
    letters: dict[int, str] = bytes_to_unicode()  # type: ignore[no-untyped-call]
    return {letter: byte for byte, letter in letters.items()}


def _from_letters(token: str, letters: dict[str, int]) -> str:
    if not all(letter in letters for letter in token):
        return token
    return bytes(letters[letter] for letter in token).decode("utf-8", _ESCAPED)


def _from_pieces(token: str) -> str:
    """SentencePiece's; WordPiece marks inner pieces, and words are parted by spaces."""
    byte = _BYTE_TOKEN.fullmatch(token)
    if byte:
        return bytes.fromhex(byte[1]).decode("utf-8", _ESCAPED)
    return token.replace("▁", " ")
