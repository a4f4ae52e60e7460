"""Windows of text around the top token."""

import numpy as np
import pytest

from glossator.evidence.feature_evidence import (
    ActivationExample,
    FeatureEvidence,
    strongest_first,
)
from glossator.graph.attribution_graph import FeatureKey
from glossator.protocol.protocol_settings import ProtocolSettings, Window
from glossator.protocol.windows import clean_example, cut_windows, distinct_examples

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
    ],
)
def test_text_of_a_window(text: str, left: int, right: int, expected: str) -> None:
    made = example(text.replace("<BOS>", "TOP"))
    if "<BOS>" in text:
        made = ActivationExample(("a", "<bos>", "b"), made.activations)
    assert clean_example(made).window_text(Window(left, right)) == expected


def test_whitespace_alone_is_no_text() -> None:
    made = ActivationExample(("TOP", "\n", "▁▁"), np.array([1, 0, 0], np.float32))
    assert clean_example(made).window_text(Window(1, 2)) == ""


def test_all_three_windows_and_their_activations() -> None:
    settings = ProtocolSettings(
        input_window=Window(-1, 0),
        output_window=Window(1, 1),
        cross_window=Window(-1, 1),
    )
    windows = cut_windows(
        evidence(example("a b TOP c", 2.0), example("x TOP", 3.0)), settings
    ).windows
    assert windows["input"].texts == ("x TOP", "b TOP")
    assert windows["input"].activations == (3.0, 2.0)
    # Where the top token is the last, nothing follows.
    assert windows["output"].texts == ("c",)
    assert windows["output"].activations == (2.0,)
    assert windows["cross"].texts == ("x TOP", "b TOP c")


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
    assert all(window.texts == () for window in found.windows.values())


def test_the_strongest_are_taken() -> None:
    many = [example(f"w{n} TOP", n + 1.0) for n in range(30)]
    settings = ProtocolSettings(n_examples=5, input_window=Window(-1, 0))
    found = cut_windows(evidence(*many), settings)
    assert found.windows["input"].texts == tuple(f"w{n} TOP" for n in range(29, 24, -1))
    assert found.n_distinct == 30


def test_ties_are_taken_in_an_order_of_their_own() -> None:
    many = [example(f"{word} TOP") for word in ("c", "a", "d", "b")]
    settings = ProtocolSettings(n_examples=3, input_window=Window(-1, 0))
    for order in (many, many[::-1]):
        texts = cut_windows(evidence(*order), settings).windows["input"].texts
        assert texts == ("a TOP", "b TOP", "c TOP")


def test_of_equal_texts_the_strongest_stays_whatever_the_order() -> None:
    same = [example("a TOP", 1.0), example("a TOP", 9.0)]
    assert _tops(same) == [9.0]
    assert _tops(same[::-1]) == [9.0]
