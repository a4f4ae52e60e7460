"""The list in an answer, and how likely its ones were."""

import pytest

from glossator.evaluation.label_scores.answered_list import read_list, read_odds
from glossator.llm.chat_model import TokenOdds

RIGHT = (True, False, True)


@pytest.mark.parametrize(
    "text",
    [
        "[1, 0, 1]",
        "[1,0,1]",
        "[\n  1,\n  0,\n  1\n]",
        "```json\n[1, 0, 1]\n```",
        "Only the first and last fit: [1, 0, 1]",
        "[true, false, true]",
        "[1.0, 0.0, 1.0]",
        '["1", "0", "1"]',
        "Text [1] and [2] first.\n\n[1, 0, 1]",
        "I thought [0, 0, 0] at first, but [1, 0, 1].",
        '{"answer": [1, 0, 1]}',
    ],
)
def test_what_can_be_read(text: str) -> None:
    assert read_list(text, 3) == RIGHT


@pytest.mark.parametrize(
    "text",
    [
        "1, 0, 1",
        "The first and the last.",
        "[1, 0]",
        "[1, 0, 1, 1]",
        "[1, 0, 2]",
        "[1, 0, null]",
        "[1, 0, 0.5]",
        "[yes, no, yes]",
        "[1 0 1]",
        "[1, 0, 1",
        "[]",
        "",
    ],
)
def test_what_cannot(text: str) -> None:
    assert read_list(text, 3) is None


def token(text: str, **likely: float) -> TokenOdds:
    names = {"one": "1", "nought": "0", "spaced": " 1", "close": "1]", "other": "x"}
    return TokenOdds(text, tuple((names[name], p) for name, p in likely.items()))


def test_odds_are_of_both_digits_in_their_place() -> None:
    odds = (
        token("["),
        token("1", one=0.6, nought=0.2, other=0.1),
        token(", "),
        token("0", nought=0.5, one=0.1, spaced=0.4),
        token(","),
        token(" 1", spaced=0.7),
        token("]"),
    )
    assert read_odds("[1, 0, 1]", 3, odds) == pytest.approx((0.75, 0.5, 1.0))


def test_only_digits_of_the_list_count() -> None:
    odds = (
        token("Text "),
        token("1", one=0.01, nought=0.99),
        token(" fits: ["),
        token("1", one=0.8, nought=0.2),
        token("]"),
    )
    assert read_odds("Text 1 fits: [1]", 1, odds) == pytest.approx((0.8,))


@pytest.mark.parametrize(
    "odds",
    [
        (),
        (token("[1, 0]", one=1.0),),
        (token("["), token("1", other=0.9), token(", "), token("0", nought=1.0)),
        (token("something else"),),
    ],
    ids=["none", "several in a token", "neither digit", "another text"],
)
def test_without_odds_of_every_answer_there_are_none(
    odds: tuple[TokenOdds, ...],
) -> None:
    assert read_odds("[1, 0]", 2, odds) == ()
