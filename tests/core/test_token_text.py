"""Tokens of each tokenizer family as text, one text a token."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glossator.evidence.open_source import open_evidence
from glossator.evidence.saedashboard import SaeDashboardBatches
from glossator.evidence.token_text import is_special, readable_tokens, visible_token


@pytest.mark.parametrize(
    ("tokens", "texts"),
    [
        # Gemma, Llama 2
        (["▁The", "▁big", "dog"], [" The", " big", "dog"]),
        (["▁", "▁▁", "a▁b"], [" ", "  ", "a b"]),
        (["▁caf", "é", "▁naïve"], [" caf", "é", " naïve"]),
        (["▁»", "Spaß", "«"], [" »", "Spaß", "«"]),
        (["▁caf", "Ã©"], [" caf", "Ã©"]),
        # GPT-2, Llama 3, Qwen, SmolLM2
        (["The", "Ġbig", "Ċ", "ĊĊ"], ["The", " big", "\n", "\n\n"]),
        (["Ċ", "ĉĉ", "if", "Ġx", "čĊ"], ["\n", "\t\t", "if", " x", "\r\n"]),
        (["Ġdef", "ĉreturn"], [" def", "\treturn"]),
        (["ĠcafÃ©", "Ġna", "Ã¯", "ve"], [" café", " na", "ï", "ve"]),
        (["âĢ", "Ļ", "s"], ["’", "", "s"]),
        ([" âĢ", "ľ", "Hello", "âĢ", "Ŀ"], [" “", "", "Hello", "”", ""]),
        (["ðŁ", "ĺ", "Ģ", "!"], ["😀", "", "", "!"]),
        (["ð", "Ł", "ĺ", "Ģ"], ["😀", "", "", ""]),
        (["ĠðŁĺĢ"], [" 😀"]),
        (["ä¸Ń", "åĽ½"], ["中", "国"]),
        (["ĠbÄĻdÄĻ"], [" będę"]),
        (["ĠÄł", "Ä", "Ĭ"], [" Ġ", "Ċ", ""]),
        # SAEDashboard's mixture: spaces and some marks real, the rest in bytes
        (
            [" –", " it", "âĢ", "Ļ", "s", " Â£", "5"],
            [" –", " it", "’", "", "s", " £", "5"],
        ),
        # Byte fallback
        (["<0xE2>", "<0x80>", "<0x99>", "s"], ["’", "", "", "s"]),
        (["▁", "<0xF0>", "<0x9F>", "<0x98>", "<0x80>"], [" ", "😀", "", "", ""]),
        (["<0x0A>", "a"], ["\n", "a"]),
        # Hex escapes of circuit-tracer's feature files
        ([r"\xe2", r"\x80", r"\x99", "s"], ["’", "", "", "s"]),
        ([r"\xe2\x80\x99s"], ["’s"]),
        ([r"caf\xc3\xa9"], ["café"]),
        # Neuronpedia's newline
        (["a", "↵", "⏎"], ["a", "\n", "\n"]),
        ([], []),
        ([""], [""]),
    ],
)
def test_readable(tokens: list[str], texts: list[str]) -> None:
    assert list(readable_tokens(tokens)) == texts


@pytest.mark.parametrize(
    "tokens",
    [
        # Accented words of languages whose letters are in the byte alphabet.
        [" café", " naïve", " Über"],
        [" będę", " ćma", " łódź"],
        [" čaj", " ďábel", " ěna"],
        [" ığdır", " değil"],
        [" Çıkar", " kapı", " sınır"],
        [" Çık", " Москва", "x"],
        [" România", " fată"],
        [" ĉu", " ĝi", " aŭ"],
        ["»", "Spaß", "«"],
        ["« CAFÉ", "»"],
        [" Ā", " ġ"],
        # Scripts outside it
        ["日本", "語"],
        [" Москва", " Ελλάδα", " مرحبا"],
        ["😀", "é"],
        # Bytes that make no character
        ["âĢ", "a"],
        ["<0xE2>", "a"],
        ["<0xFF>", "<0x80>"],
        [r"\xff", r"\x80"],
        ["<0xC3>", "©"],
        # What only looks like a byte
        [r"\x41\x1b[0m"],
        ["<0xZZ>", "<0x4>", r"\xg1"],
        ["plain", " text", "\n", "\t"],
        ["�"],
    ],
)
def test_text_that_stays(tokens: list[str]) -> None:
    assert list(readable_tokens(tokens)) == tokens


def test_a_character_cut_at_the_end_spares_the_rest() -> None:
    assert readable_tokens(["Ļ", "it", "âĢ", "Ļ", "s", "âĢ"]) == (
        *("Ļ", "it", "’", "", "s", "âĢ"),
    )


@given(st.lists(st.text(max_size=6), max_size=6))
def test_one_text_a_token(tokens: list[str]) -> None:
    assert len(readable_tokens(tokens)) == len(tokens)


@given(st.lists(st.text(st.characters(max_codepoint=0x7E), max_size=6), max_size=6))
def test_plain_ascii_stays(tokens: list[str]) -> None:
    if any(mark in token for token in tokens for mark in ("<0x", "\\x")):
        return
    assert list(readable_tokens(tokens)) == tokens


def _byte_level(text: str) -> str:
    """Text in GPT-2's byte alphabet, by its definition (``bytes_to_unicode``)."""
    kept = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [byte for byte in range(256) if byte not in kept]
    alphabet = {byte: chr(byte) for byte in kept}
    alphabet |= {byte: chr(256 + n) for n, byte in enumerate(rest)}
    return "".join(alphabet[byte] for byte in text.encode())


TEXT = st.text(
    st.characters(codec="utf-8", categories=["L", "P", "S", "Nd"]), min_size=1
)


@given(TEXT, st.lists(st.integers(0, 60), max_size=5))
def test_byte_level_text_returns_however_it_is_cut(text: str, cuts: list[int]) -> None:
    # A space before it, as a tokenizer writes it, tells that these are bytes.
    whole = _byte_level(f" {text}")
    ends = sorted({min(cut, len(whole)) for cut in cuts} | {0, len(whole)})
    tokens = [whole[a:b] for a, b in itertools.pairwise(ends)]
    texts = readable_tokens(tokens)
    assert "".join(texts) == f" {text}"
    assert len(texts) == len(tokens)


@pytest.mark.shared
def test_real_examples_become_clean_text(shared: Path) -> None:
    source = open_evidence(shared / "features")
    assert isinstance(source, SaeDashboardBatches)
    marks, stored = 0, 0
    for key in source.features:
        evidence = source.evidence(key)
        assert evidence is not None
        for example in evidence.examples:
            text = "".join(readable_tokens(example.tokens)[3:-3])
            assert "âĢ" not in text
            assert "Ã" not in text
            marks += text.count("’")
            stored += "".join(example.tokens[3:-3]).count("âĢĻ")
    assert marks == stored > 100


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("<bos>", True),
        ("<eos>", True),
        ("<pad>", True),
        ("<|endoftext|>", True),
        ("<|im_start|>", True),
        ("<start_of_turn>", True),
        ("<s>", True),
        ("</s>", True),
        ("[CLS]", True),
        (" <bos> ", True),
        ("<b>", False),
        ("<", False),
        ("bos", False),
        ("<bos>x", False),
        ("<||>", False),
        ("", False),
        ("[1]", False),
    ],
)
def test_special(token: str, expected: bool) -> None:
    assert is_special(token) is expected


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", "∅"),
        (" ", "·"),
        ("  dog", "··dog"),
        ("big dog", "big dog"),
        ("\n", "⏎"),
        ("\t\r", "→↵"),
        (" \n", "·⏎"),
        ("a\u200bb", "aU+200Bb"),
        ("\u202ex", "U+202Ex"),
        ("\u00a0", "U+00A0"),
        ("\x00", "U+0000"),
        ("\ud800", "U+D800"),
        ("\u3164", "U+3164"),
        ("é😀中", "é😀中"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible_token(text) == shown


@given(st.text(st.characters()))
def test_nothing_shown_is_invisible(text: str) -> None:
    shown = visible_token(text)
    assert shown
    assert all(c.isprintable() or c == " " for c in shown)
    assert not shown.startswith(" ")
