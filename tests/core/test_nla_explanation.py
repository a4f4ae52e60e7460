"""The explanation is found in what a verbalizer wrote, whole or not."""

import pytest

from glossator.verbalize.explanation import extract
from glossator.verbalize.verbalization import Ending, Paragraphs, paragraphs

SPECIAL = ("<|im_end|>", "<|endoftext|>")


@pytest.mark.parametrize(
    ("written", "text", "ending"),
    [
        ("<explanation>\none\n\ntwo\n</explanation>", "one\n\ntwo", ""),
        ("Sure. <explanation>one</explanation> two", "one", ""),
        ("<explanation>a</explanation><explanation>b</explanation>", "a", ""),
        ("<explanation> one\n\ntw", "one\n\ntw", "truncated"),
        ("<explanation>one</explan", "one", "truncated"),
        ("<explanation>one</", "one", "truncated"),
        ("<explanation>1 < 2 <", "1 < 2 <", "truncated"),
        ("<explanation>one<|im_end|>", "one", "truncated"),
        ("one\n\ntwo<|im_end|><|endoftext|>", "one\n\ntwo", "no tags"),
        ("<explanation></explanation>", "", ""),
        ("", "", "no tags"),
        ("one</explanation>", "one</explanation>", "no tags"),
    ],
)
def test_extraction(written: str, text: str, ending: Ending) -> None:
    assert extract(written, SPECIAL) == (text, ending)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a\n\nb\n\nc", ("a", "b", "c")),
        ("a\n\nb\n\nc\n\nd", ("a", "b", "c\n\nd")),
        ("a\nb\n\nc", ("a\nb", "c", "")),
        (" a ", ("a", "", "")),
        ("", ("", "", "")),
    ],
)
def test_paragraphs_of_an_explanation(text: str, parts: tuple[str, str, str]) -> None:
    assert paragraphs(text) == Paragraphs(*parts)
