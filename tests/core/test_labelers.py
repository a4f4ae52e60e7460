"""Labels by counting tokens, by hand."""

import pytest

from glossator.labelers.held_out import example_id, held_out
from glossator.labelers.label import (
    FeatureLabeler,
    Label,
    Labeler,
    NoLabel,
    OneByOne,
)
from glossator.labelers.token_frequency import TokenFrequency
from glossator.protocol.decision import Tier
from tests.core.labelled_features import example, falling, labelled, scored

NAME = "token_frequency"


def _label(
    tier: Tier, texts: list[str], logits: list[str] | None = None
) -> Label | NoLabel:
    return TokenFrequency().label(scored([*map(example, texts)], tier, logits or []))


@pytest.mark.parametrize(
    ("texts", "label", "reason"),
    [
        # One token in most examples, whatever its case, marks and neighbours
        (["a|*▁Dog", "b|*▁dog", "c|*▁dog|x", "d|*▁cat"], "dog", "3 of 4"),
        (["a|*Ġdog", "b|*Ġdog", "c|*Ġcat", "d|*Ġcow"], "dog", "2 of 4"),
        # A longer n-gram that keeps them
        (
            [f"x{n}|▁New|*▁York" for n in range(4)] + ["y|*▁York"],
            "new york",
            "4 of 5",
        ),
        # Three tokens, no more
        (
            [f"x{n}|▁the|▁city|▁of|*▁York" for n in range(4)],
            "city of york",
            "4 of 4",
        ),
        # Three of four keep too few
        (
            [f"x{n}|▁New|*▁York" for n in range(3)] + ["y|*▁York"],
            "york",
            "4 of 4",
        ),
        # A special token ends the n-gram
        ([f"x{n}|<bos>|*▁York|y{n}" for n in range(4)], "york", "4 of 4"),
        # No one token in half of them: the five commonest
        (
            ["a|*▁k", "b|*▁k", "c|*▁l", *(f"d|*▁{c}" for c in "mnopq")],
            "k, l, m, n, o",
            "6 of 8",
        ),
        # Whitespace can be what counts
        (["a|*Ċ|b", "c|*Ċ|d", "e|*Ċ|f"], "⏎", "3 of 3"),
        # Bytes over two tokens are one sign
        ([f"{n}|*âĢ|Ļ|s" for n in "abc"], "’", "3 of 3"),
    ],
)
def test_input(texts: list[str], label: str, reason: str) -> None:
    found = _label("input", texts)
    assert isinstance(found, Label)
    assert (found.text, found.method) == (label, NAME)
    assert reason in found.reason


@pytest.mark.parametrize(
    ("texts", "logits", "label", "reasons"),
    [
        # The next token, without logits to check against
        (
            ["a|*b|▁Dog", "c|*d|▁dog", "e|*f|▁cat"],
            [],
            "say dog",
            ("2 of 3", "no logits"),
        ),
        # It agrees with the logits, as stored by either kind of tokenizer
        (
            ["a|*b|▁dog", "c|*d|▁dog", "e|*f|▁cat"],
            ["▁Dog", "▁cow"],
            "say dog",
            ("2 of 3", "1 of 2 next tokens", "2 top logits"),
        ),
        (
            ["a|*b|Ġdog", "c|*d|Ġdog", "e|*f|Ġcat"],
            ["Ġdog", "Ġcat", "dog"],
            "say dog",
            ("2 of 2 next tokens", "2 top logits"),
        ),
        # None agrees
        (
            ["a|*b|▁dog", "c|*d|▁dog"],
            ["cow"],
            "say dog",
            ("0 of 1 next tokens", "1 top logits"),
        ),
        # None in half of them: those that the logits confirm
        (
            ["a|*b|k", "c|*d|k", "e|*f|l", "g|*h|m", "i|*j|n"],
            ["l", "n"],
            "say l, n",
            ("2 of 5", "2 of 4 next tokens"),
        ),
        # Or, where they confirm none, the commonest
        (
            ["a|*b|k", "c|*d|k", "e|*f|l", "g|*h|m", "i|*j|n"],
            ["z"],
            "say k, l, m, n",
            ("5 of 5", "0 of 4 next tokens"),
        ),
        # Whitespace is passed over, a special token ends the text
        (["a|*b|▁|▁dog", "c|*d|\n|▁dog", "e|*f|<eos>|cow"], [], "say dog", ("2 of 3",)),
        (["a|*b", "c|*d|▁dog"], [], "say dog", ("1 of 2",)),
    ],
)
def test_output(
    texts: list[str], logits: list[str], label: str, reasons: tuple[str, ...]
) -> None:
    found = _label("output", texts, logits)
    assert isinstance(found, Label)
    assert (found.text, found.method) == (label, NAME)
    for reason in reasons:
        assert reason in found.reason


@pytest.mark.parametrize(
    ("tier", "texts", "reason"),
    [
        ("cross", ["a|*b"], "not cross"),
        ("obscure", ["a|*b"], "not obscure"),
        ("insufficient", ["a|*b"], "not insufficient"),
        ("no evidence", [], "not no evidence"),
        ("input", [], "no text"),
        ("input", ["a|*▁", "b|*▁▁"], "no text"),
        ("input", ["a|*<bos>"], "no text"),
        ("output", [], "goes on"),
        ("output", ["a|*b", "c|*d|▁", "e|*f|<eos>|g"], "goes on"),
    ],
)
def test_no_label(tier: Tier, texts: list[str], reason: str) -> None:
    found = _label(tier, texts)
    assert isinstance(found, NoLabel)
    assert found.method == NAME
    assert reason in found.reason


def test_repeated_examples_count_once() -> None:
    found = _label("input", ["a|*▁dog", "a|*▁dog", "a|*▁dog", "b|*▁cat"])
    assert isinstance(found, Label)
    assert "1 of 2" in found.reason


def test_only_the_strongest_are_counted() -> None:
    texts = [f"x{n}|*▁dog" for n in range(20)] + [f"y{n}|*▁cat" for n in range(30)]
    known = scored(falling(texts), "input")
    found = TokenFrequency().label(known)
    assert isinstance(found, Label)
    assert found.text == "dog"
    assert "20 of 20" in found.reason
    assert found.examples == tuple(map(example_id, known.evidence.examples[:20]))


def test_what_is_held_out_is_not_counted() -> None:
    texts = [f"x{n}|*▁{'dog' if n % 2 else 'cat'}" for n in range(12)]
    known = scored(falling(texts), "input")
    found = TokenFrequency(hold_out=True).label(known)
    assert isinstance(found, Label)
    assert found.text == "cat"
    assert "6 of 6" in found.reason
    assert set(found.examples).isdisjoint(
        map(example_id, held_out(known.evidence).test)
    )


def test_features_one_by_one() -> None:
    method = TokenFrequency()
    assert isinstance(method, FeatureLabeler)
    labeler = OneByOne(method)
    assert isinstance(labeler, Labeler)
    assert labeler.methods == {NAME}
    batch = [scored([example(f"{text}|*▁{text}")], "input") for text in "abc"]
    found = labelled(labeler, *batch)
    assert [getattr(label, "text", None) for label in found] == ["a a", "b b", "c c"]
    assert labelled(labeler) == []
