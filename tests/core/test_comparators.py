"""Simpler measures beside the correlation scores, by hand."""

from collections.abc import Sequence

import numpy as np
import pytest

from glossator.evidence.feature_evidence import (
    ActivationExample,
    FeatureEvidence,
    LogitEffect,
)
from glossator.graph.attribution_graph import FeatureKey
from glossator.protocol.comparators import (
    comparable,
    compare,
    embedded_logits,
    promoted_tokens,
)
from glossator.protocol.decision import Comparators
from glossator.protocol.embeddings import Embeddings
from glossator.protocol.evidence_scores import cut_evidence
from glossator.protocol.protocol_settings import WINDOW_NAMES, ProtocolSettings
from glossator.protocol.windows import FeatureWindows

SETTINGS = ProtocolSettings(n_examples=4)


def evidence(
    texts: Sequence[tuple[str, ...]], logits: Sequence[str] = ()
) -> FeatureEvidence:
    """Examples whose second token is the top one."""
    examples = tuple(
        ActivationExample(tokens, np.array([0.0, 9.0 - at, *[0.0] * 9], np.float32))
        for at, tokens in enumerate(texts)
    )
    cut = tuple(
        ActivationExample(held.tokens, held.activations[: len(held.tokens)])
        for held in examples
    )
    effects = tuple(LogitEffect(token, None) for token in logits)
    return FeatureEvidence(FeatureKey("m", "s", 0, 0), cut, "made", effects)


def windows(top: Sequence[str], following: Sequence[str]) -> FeatureWindows:
    n = len(top)
    return FeatureWindows(
        n_examples=n,
        n_distinct=n,
        n_special=0,
        activations=(1.0,) * n,
        texts=dict.fromkeys(WINDOW_NAMES, ("x",) * n),
        top_tokens=tuple(top),
        next_tokens=tuple(following),
    )


def embedded(**vectors: Sequence[float]) -> Embeddings:
    rows = np.array(list(vectors.values()) or [[0.0]], np.float32)
    return Embeddings(rows, {text: at for at, text in enumerate(vectors)})


def measured(
    top: Sequence[str], following: Sequence[str], promoted: Sequence[str]
) -> Comparators:
    known = embedded(**{text: [1.0, 0.0] for text in promoted})
    return compare(windows(top, following), promoted, known)


def test_shares_of_the_commonest_token() -> None:
    found = measured(["a", "b", "a", "c"], ["x", "y", "z", "w"], [])
    assert found.top_token_share == 0.5
    assert found.next_token_share == 0.25
    one = measured(["a"] * 4, ["", "", "", "x"], [])
    assert one.top_token_share == 1.0
    assert one.next_token_share == 0.25, "of all examples, also those that end there"


def test_nothing_following_is_no_token() -> None:
    found = measured(["a", "b"], ["", ""], ["a"])
    assert found.next_token_share is None
    assert found.next_in_logits == 0.0
    empty = measured([], [], ["a"])
    assert empty == Comparators(logit_coherence=None)


def test_shares_among_the_promoted_tokens() -> None:
    found = measured(["paris", "rome", "x", "rome"], ["a", "", "rome", "b"], ["rome"])
    assert found.top_in_logits == 0.5
    assert found.next_in_logits == 0.25
    unknown = measured(["paris"], ["a"], [])
    assert unknown.top_in_logits is unknown.next_in_logits is None


def test_coherence_is_the_mean_cosine_of_the_promoted_tokens() -> None:
    known = embedded(a=[1.0, 0.0], b=[0.6, 0.8], c=[0.0, 1.0])
    found = compare(windows(["x"], ["y"]), ["a", "b", "c"], known)
    assert found.logit_coherence == pytest.approx((0.6 + 0.0 + 0.8) / 3)
    two = compare(windows(["x"], ["y"]), ["c", "a"], known)
    assert two.logit_coherence == pytest.approx(0.0)
    for few in (["a"], []):
        assert compare(windows(["x"], ["y"]), few, known).logit_coherence is None


def test_only_the_ten_strongest_are_held_against_one_another() -> None:
    promoted = [f"t{at}" for at in range(12)]
    assert embedded_logits(promoted) == tuple(promoted[:10])
    vectors = {text: [1.0, 0.0] for text in promoted[:10]}
    found = compare(windows(["t11"], ["t0"]), promoted, embedded(**vectors))
    assert found.logit_coherence == pytest.approx(1.0)
    # All of them count as promoted.
    assert found.top_in_logits == 1.0


@pytest.mark.parametrize(
    ("token", "text"),
    [
        ("▁Paris", "paris"),
        ("ĠParis", "paris"),
        (" Paris ", "paris"),
        ("PARIS", "paris"),
        ("ĠÃītÃ©", "été"),
        ("▁", ""),
        ("", ""),
        ("<eos>", "<eos>"),
    ],
)
def test_tokens_are_compared_as_they_are_read(token: str, text: str) -> None:
    assert comparable(token) == text


def test_promoted_tokens_are_counted_once_the_strongest_first() -> None:
    found = evidence([], ["▁Paris", " paris", "▁", "ROME", "Paris", "rome"])
    assert promoted_tokens(found) == ("paris", "rome")
    assert promoted_tokens(evidence([])) == ()


def test_a_feature_that_says_what_it_promotes() -> None:
    """From evidence to measures: tokens of several spellings are one."""
    found = evidence(
        [
            ("▁in", "▁Old", "▁Paris", "▁now"),
            ("▁of", "▁old", "▁Rome"),
            ("▁an", "▁OLD"),
            ("▁a", "▁new", "▁paris", "▁x"),
            ("▁the", "▁never", "▁scored"),
        ],
        ["Paris", "▁London"],
    )
    cut = cut_evidence(found, SETTINGS)
    assert cut.promoted == ("paris", "london")
    assert {"paris", "london"} <= cut.distinct_texts()
    assert cut.windows.distinct_texts() <= cut.distinct_texts()
    known = embedded(paris=[1.0, 0.0], london=[0.8, 0.6])
    measures = compare(cut.windows, cut.promoted, known)
    assert measures.top_token_share == 0.75
    assert measures.next_token_share == 0.5
    assert measures.top_in_logits == 0.0
    assert measures.next_in_logits == 0.5
    assert measures.logit_coherence == pytest.approx(0.8)
