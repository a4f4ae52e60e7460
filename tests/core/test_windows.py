"""Windows of text around the top token."""

import numpy as np
import pytest

from glossator.evidence.feature_evidence import (
    ActivationExample,
    FeatureEvidence,
    strongest_first,
)
from glossator.evidence.token_text import (
    CleanExample,
    clean_example,
    distinct_examples,
)
from glossator.graph.attribution_graph import FeatureKey
from glossator.protocol.protocol_settings import WHOLE, ProtocolSettings, Window
from glossator.protocol.windows import chosen_examples, cut_windows

KEY = FeatureKey("m", "s", 0, 0)


def example(
    text: str, activation: float = 1.0, *, repeated: bool = False
) -> ActivationExample:
    """Tokens as words; the one in capitals is the top token."""
    words = text.split(" ")
    tops = [at for at, word in enumerate(words) if word.isupper()]
    activations = np.zeros(len(words), np.float32)
    activations[tops[0] if tops else 0] = activation
    tokens = tuple(word if word[:1] == "<" else f"▁{word}" for word in words)
    return ActivationExample(tokens, activations, repeated=repeated)


def evidence(*examples: ActivationExample) -> FeatureEvidence:
    return FeatureEvidence(KEY, strongest_first(list(examples)), "here")


@pytest.mark.parametrize(
    ("text", "left", "right", "expected"),
    [
        ("a b TOP c d", -1, 0, "b TOP"),
        ("a b TOP c d", -2, 0, "a b TOP"),
        ("a b TOP c d", 1, 2, "c d"),
        ("a b TOP c d", -1, 1, "b TOP c"),
        ("a b TOP c d", 0, 0, "TOP"),
        # Beside the top token
        ("a b TOP c d", -2, -1, "a b"),
        ("a b TOP c d", 2, 2, "d"),
        # Clipped at the ends
        ("a b TOP c d", -9, 9, "a b TOP c d"),
        ("TOP c", -3, 0, "TOP"),
        ("a TOP", 1, 3, ""),
        ("a TOP c", 2, 3, ""),
        ("TOP c", -3, -1, ""),
        # Cut at special tokens
        ("a <bos> b TOP c <eos> d", -9, 9, "b TOP c"),
        ("<bos> TOP c", -1, 0, "TOP"),
        ("a <bos> TOP c", -2, -1, ""),
        ("a TOP <eos> c", 1, 2, ""),
        ("a TOP <eos> c", 2, 2, ""),
        ("a <bos> b TOP", -3, -3, ""),
        ("a <pad> <bos> b TOP", -9, 0, "b TOP"),
        ("a TOP c <eos> <eos>", 1, 9, "c"),
        # The top token itself is special
        ("a <BOS> b", 0, 1, ""),
        ("a <BOS> b", -1, 1, ""),
        ("a <BOS> b", -1, -1, ""),
    ],
)
def test_text_of_a_window(text: str, left: int, right: int, expected: str) -> None:
    made = example(text.replace("<BOS>", "TOP"))
    if "<BOS>" in text:
        made = ActivationExample(("a", "<bos>", "b"), made.activations)
    assert clean_example(made).text(left, right) == expected


def test_whitespace_alone_is_no_text() -> None:
    made = ActivationExample(("TOP", "\n", "▁▁"), np.array([1, 0, 0], np.float32))
    assert clean_example(made).text(1, 2) == ""


def test_all_three_windows_and_their_activations() -> None:
    settings = ProtocolSettings(
        input_window=Window(-1, 0),
        output_window=Window(1, 1),
        cross_window=Window(-1, 1),
    )
    windows = cut_windows(
        evidence(example("a b TOP c", 2.0), example("x TOP", 3.0)), settings
    )
    assert windows.activations == (3.0, 2.0)
    assert windows.texts["input"] == ("x TOP", "b TOP")
    # Where the top token is the last, nothing follows.
    assert windows.texts["output"] == ("", "c")
    assert windows.texts["cross"] == ("x TOP", "b TOP c")
    assert windows.distinct_texts() == {"x TOP", "b TOP", "c", "b TOP c"}


def test_the_whole_example_is_its_text_between_special_tokens() -> None:
    before, after = ("w " * 250).strip(), ("v " * 250).strip()
    settings = ProtocolSettings(cross_window=WHOLE)
    found = cut_windows(
        evidence(
            example(f"x <bos> {before} TOP {after} <eos> y", 2.0),
            example(f"{before} UP {after}", 1.0),
        ),
        settings,
    )
    assert found.texts["cross"] == (f"{before} TOP {after}", f"{before} UP {after}")
    assert str(WHOLE) == "whole example"


def _tops(examples: list[ActivationExample]) -> list[float]:
    return [clean.activation for clean in distinct_examples(examples)]


def test_equal_text_near_the_top_counts_once() -> None:
    far = "z " * 5 + "a b TOP c"
    near = "y " + "z " * 4 + "a b TOP c"
    assert _tops([example(far, 3.0), example(far, 2.0)]) == [3.0]
    # Equal six tokens to either side, though not further.
    assert _tops([example(far, 3.0), example(near, 2.0)]) == [3.0]
    assert _tops([example(far[2:], 3.0), example(near[2:], 2.0)]) == [3.0]
    closer = "y " + "z " * 3 + "a b TOP c"
    assert _tops([example(far[2:], 3.0), example(closer, 2.0)]) == [3.0, 2.0]
    assert _tops([example("a b TOP c", 3.0), example("a b TOP d", 2.0)]) == [3.0, 2.0]
    # Case is no difference to the embedder, yet it is one to a reader.
    assert _tops([example("a TOP b", 3.0), example("A TOP b", 2.0)]) == [3.0, 2.0]


def test_spacing_is_no_difference() -> None:
    spaced = ActivationExample(("▁a", "▁▁▁TOP"), np.array([0, 2], np.float32))
    assert _tops([example("a TOP", 3.0), spaced]) == [3.0]


@pytest.mark.parametrize("activation", [0.0, -1.0, float("nan")])
def test_only_positive_activations_are_usable(activation: float) -> None:
    silent = ActivationExample(("a",), np.array([activation], np.float32))
    assert _tops([silent, example("a TOP", 1.0)]) == [1.0]


def test_marked_repetitions_are_left_out() -> None:
    assert _tops([example("a TOP", 3.0, repeated=True), example("b TOP", 1.0)]) == [1.0]


def test_counts() -> None:
    special = ActivationExample(("<bos>", "a"), np.array([5, 0], np.float32))
    silent = ActivationExample(("<bos>", "a"), np.array([0, 0], np.float32))
    same = [example("a TOP", 2.0), example("a TOP", 1.0)]
    found = cut_windows(
        evidence(special, silent, *same, example("b TOP")), ProtocolSettings()
    )
    assert (found.n_examples, found.n_distinct, found.n_special) == (5, 2, 1)


def test_no_evidence_gives_empty_windows() -> None:
    found = cut_windows(evidence(), ProtocolSettings())
    assert (found.n_examples, found.n_distinct, found.n_special) == (0, 0, 0)
    assert found.activations == ()
    assert all(texts == () for texts in found.texts.values())
    assert found.distinct_texts() == set()


def test_the_strongest_are_taken() -> None:
    many = [example(f"w{n} TOP", n + 1.0) for n in range(30)]
    settings = ProtocolSettings(n_examples=5, input_window=Window(-1, 0))
    found = cut_windows(evidence(*many), settings)
    assert found.texts["input"] == tuple(f"w{n} TOP" for n in range(29, 24, -1))
    assert found.n_distinct == 30


def test_ties_are_taken_in_an_order_of_their_own() -> None:
    many = [example(f"{word} TOP") for word in ("c", "a", "d", "b")]
    settings = ProtocolSettings(n_examples=3, input_window=Window(-1, 0))
    for order in (many, many[::-1]):
        texts = cut_windows(evidence(*order), settings).texts["input"]
        assert texts == ("a TOP", "b TOP", "c TOP")


def test_of_equal_texts_the_strongest_stays_whatever_the_order() -> None:
    same = [example("a TOP", 1.0), example("a TOP", 9.0)]
    assert _tops(same) == [9.0]
    assert _tops(same[::-1]) == [9.0]


def test_of_equal_texts_and_activations_one_stays_whatever_the_order() -> None:
    """Equal six tokens around the top token, not further: the first by its text."""
    same = "z z z z a b TOP c"
    examples = [example(f"{word} {same}", 2.0) for word in ("y", "x")]
    for order in (examples, examples[::-1]):
        (kept,) = distinct_examples(order)
        assert kept.text(-9, 9) == f"x {same}"
    repeating = [
        ActivationExample(("▁a", "▁a"), np.array(row, np.float32))
        for row in ([0, 1], [1, 0])
    ]
    for order in (repeating, repeating[::-1]):
        (kept,) = distinct_examples(order)
        assert kept.top == 0


def test_an_example_on_a_special_token_hides_no_other() -> None:
    special = ActivationExample(("<bos>", "▁TOP"), np.array([9, 0], np.float32))
    assert _tops([special, example("<bos> TOP", 1.0)]) == [1.0]


def test_texts_that_differ_beyond_a_special_token_are_one() -> None:
    examples = [example(f"{word} <eos> a TOP", 2.0) for word in ("x", "y")]
    assert _tops(examples) == [2.0]


@pytest.mark.parametrize(
    ("top", "left", "right", "expected"),
    [
        (1, 0, 0, "安"),
        (2, 0, 0, "安"),
        (2, -1, 0, "安"),
        (2, -2, 0, "天安"),
        (3, -1, 0, "安门"),
        (3, -1, -1, "安"),
        (0, 1, 1, "安"),
        # What follows begins after the top token's character.
        (1, 1, 1, ""),
        (1, 1, 2, "门"),
        (2, 1, 1, "门"),
    ],
)
def test_a_character_is_not_cut(top: int, left: int, right: int, expected: str) -> None:
    activations = np.zeros(6, np.float32)
    activations[top] = 1
    made = ActivationExample(("å¤©", "å®", "ī", "éĹ", "¨", "Ċ"), activations)
    assert clean_example(made).text(left, right) == expected


def test_an_empty_token_lets_no_special_token_in() -> None:
    made = ActivationExample(
        ("a", "<eos>", "", "TOP"), np.array([0, 0, 0, 1], np.float32)
    )
    assert clean_example(made).text(-1, 0) == "TOP"


def test_top_and_next_tokens_are_in_lower_case() -> None:
    found = cut_windows(
        evidence(example("a TOP  Next", 2.0), example("b TOP <eos> x", 1.0)),
        ProtocolSettings(),
    )
    assert found.top_tokens == ("top", "top")
    assert found.next_tokens == ("next", "")


def _usable(activations: list[float]) -> list[CleanExample]:
    return distinct_examples(
        [example(f"w{n} TOP", activation) for n, activation in enumerate(activations)]
    )


def _chosen(activations: list[float], n: int) -> list[float]:
    chosen = chosen_examples(_usable(activations), n, "quantiles")
    return [clean.activation for clean in chosen]


def test_quantiles_take_as_many_from_each_part_of_the_range() -> None:
    # Nine of ten examples lie in the upper half.
    activations = [n / 2 + 50 for n in range(1, 100)] + [n + 0.5 for n in range(50)]
    found = _chosen(activations, 20)
    assert [int(activation / 10) for activation in found[1:]] == sorted(
        [9, *(2 * list(range(9)))], reverse=True
    )
    assert found == sorted(found, reverse=True)
    # The strongest of each part
    assert found[0] == max(activations)
    assert {9.5, 8.5, 49.5, 48.5} <= set(found)


def test_quantiles_fill_up_where_parts_are_empty() -> None:
    assert _chosen([100, 99, 98, 97, 5, 4, 3], 5) == [100, 99, 98, 5, 4]
    assert _chosen([100, 99, 98, 97, 5], 4) == [100, 99, 98, 5]
    # What the remainder does not reach is the lowest part.
    assert _chosen([100, 60, 20, 1], 2) == [100, 60]


def test_quantiles_are_all_examples_where_there_are_few() -> None:
    usable = _usable([5, 1, 3])
    assert chosen_examples(usable, 3, "quantiles") == usable
    assert chosen_examples(usable, 9, "quantiles") == usable
    assert chosen_examples(usable, 9, "top") == usable
    assert chosen_examples([], 9, "quantiles") == []


def test_quantiles_do_not_depend_on_the_order_of_the_source() -> None:
    many = [example(f"w{n:02} TOP", 1.0 + n % 7) for n in range(40)]
    settings = ProtocolSettings(n_examples=10, examples="quantiles")
    found = cut_windows(evidence(*many), settings)
    assert cut_windows(evidence(*many[::-1]), settings) == found
    assert len(found.activations) == 10
    assert list(found.activations) == sorted(found.activations, reverse=True)
    assert set(found.activations) == {1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0}
    strongest = cut_windows(evidence(*many), ProtocolSettings(n_examples=10))
    assert set(strongest.activations) == {7.0, 6.0}
