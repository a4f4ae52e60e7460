"""Examples kept back from labelling: nothing of them is seen."""

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glossator.evidence.feature_evidence import ActivationExample
from glossator.evidence.token_text import (
    clean_example,
    distinct_examples,
    is_special,
    readable_tokens,
)
from glossator.labelers.held_out import (
    FEWEST,
    SHARED_RUN,
    Split,
    example_id,
    held_out,
    shown_evidence,
)
from tests.core.labelled_features import demo_features, evidence, example, falling

WORDS = [f"w{n}" for n in range(200)]


def unrelated(n: int) -> list[str]:
    """Texts of words that no other one has."""
    return [f"a{at}|*b{at}|c{at}|d{at}" for at in range(n)]


def ids(examples: Sequence[ActivationExample]) -> list[str]:
    return [example_id(one) for one in examples]


def words(one: ActivationExample) -> list[str]:
    texts = zip(one.tokens, readable_tokens(one.tokens), strict=True)
    read = [text.strip().lower() for token, text in texts if not is_special(token)]
    return [text for text in read if text]


def shared_text(split: Split) -> list[tuple[str, str]]:
    """Pairs of examples on different sides with a text or a long run in common."""
    found = []
    for shown in split.train.examples:
        for kept in split.test:
            ours, theirs = (f" {' '.join(words(one))} " for one in (shown, kept))
            runs = (
                f" {' '.join(words(kept)[at : at + SHARED_RUN])} "
                for at in range(len(words(kept)) - SHARED_RUN + 1)
            )
            if ours == theirs or any(run in ours for run in runs):
                found.append((ours, theirs))
    return found


# -- which example goes where ----------------------------------------------------------


def test_ranks_alternate_where_no_text_is_shared() -> None:
    known = evidence(falling(unrelated(11)))
    split = held_out(known)
    assert ids(split.train.examples) == ids(known.examples[::2])
    assert ids(split.test) == ids(known.examples[1::2])
    assert split.all_shown == ""
    assert all(any(kept is one for one in known.examples) for kept in split.test)


def test_the_rest_of_the_evidence_stays() -> None:
    known = evidence(falling(unrelated(12)), ["x", "y"])
    train = held_out(known).train
    assert train.top_logits == known.top_logits
    assert (train.feature, train.origin) == (known.feature, known.origin)


@pytest.mark.parametrize("n", [0, 1, FEWEST - 1])
def test_of_few_examples_none_is_kept_back(n: int) -> None:
    known = evidence(falling(unrelated(n)))
    split = held_out(known)
    assert ids(split.train.examples) == ids(known.examples)
    assert split.test == ()
    assert split.all_shown == f"{n} distinct examples are too few to keep some back"


def test_repeated_texts_count_once() -> None:
    texts = unrelated(FEWEST - 1)
    split = held_out(evidence(falling(texts + texts)))
    assert len(split.train.examples) == FEWEST - 1
    assert split.test == ()


def test_what_is_of_no_use_is_on_neither_side() -> None:
    extra = [
        example("a|*<bos>|b", 99),
        example("silent|b", 0),
        ActivationExample(("x", "y"), np.ones(2, np.float32), repeated=True),
    ]
    known = evidence([*extra, *falling(unrelated(12))])
    split = held_out(known)
    assert sorted(ids([*split.train.examples, *split.test])) == sorted(
        ids(known.examples[len(extra) :])
    )


def test_of_equal_examples_always_the_same_is_taken() -> None:
    """Whatever their other activations, and never one that is marked as repeated."""
    texts = unrelated(12)
    first, second = example("a+0.1|*b|c", 20), example("a|*b|c+0.1", 20)
    orders = ([first, second, *falling(texts)], [*falling(texts), second, first])
    found = [held_out(evidence(order)).train.examples[0] for order in orders]
    assert found[0] is found[1]
    marked = replace(first, activations=second.activations, repeated=True)
    for order in ([marked, second, *falling(texts)], [second, marked]):
        assert held_out(evidence(order)).train.examples[0] is second


def test_overlapping_stretches_stay_together() -> None:
    """The first and the third share nothing with each other but with the second."""
    document = "|".join(WORDS[:40]).split("|")
    stretches = [
        "|".join(("*" if at == 2 else "") + word for at, word in enumerate(part))
        for part in (document[:16], document[8:24], document[16:32])
    ]
    texts = unrelated(12)
    order = [texts[0], stretches[2], *texts[1:5], stretches[0], *texts[5:]]
    split = held_out(evidence(falling([*order, stretches[1]])))
    together = set(ids(falling(stretches)))
    assert len(together) == 3
    shown, kept = set(ids(split.train.examples)), set(ids(split.test))
    assert together <= shown or together <= kept
    assert shared_text(split) == []
    assert len(kept) <= len(shown)


@pytest.mark.parametrize(("n_shared", "together"), [(7, False), (8, True)])
def test_only_long_runs_bind(n_shared: int, *, together: bool) -> None:
    run = "|".join(WORDS[:n_shared])
    texts = [f"*a0|{run}|b0", f"*a1|{run.upper()}|b1", *unrelated(10)]
    known = evidence(falling(texts))
    split = held_out(known)
    second = ids(known.examples)[1]
    assert (second in ids(split.train.examples)) is together


def test_whitespace_and_special_tokens_make_no_run() -> None:
    """What is between two texts neither parts a run nor makes one."""
    gaps = "|".join(["\n", " ", "<pad>"] * 8)
    texts = [f"*a{at}|{gaps}|b{at}" for at in range(12)]
    assert len(held_out(evidence(falling(texts))).test) == 6
    run = "|".join(WORDS[:8])
    texts[:2] = [f"*a0|{run}", f"*a1|{run.replace('|', '|<pad>| |')}"]
    known = evidence(falling(texts))
    assert ids(known.examples)[1] in ids(held_out(known).train.examples)


def test_examples_of_one_document_are_all_shown() -> None:
    run = "|".join(WORDS[:8])
    split = held_out(evidence(falling([f"*a{at}|{run}" for at in range(12)])))
    assert split.test == ()
    assert split.all_shown == "all 12 distinct examples share text with one another"


def test_what_a_method_sees() -> None:
    known = evidence(falling(unrelated(12) + unrelated(2)))
    kept = shown_evidence(known, hold_out=True)
    assert ids(kept.examples) == ids(held_out(known).train.examples)
    every = shown_evidence(known, hold_out=False)
    assert ids(every.examples) == ids(known.examples[:12])


# -- properties ------------------------------------------------------------------------


@st.composite
def stored_examples(draw: st.DrawFn) -> list[ActivationExample]:
    """Stretches of two documents of few words, some of them again, some in capitals."""
    documents = draw(
        st.lists(
            st.lists(st.sampled_from([*"abcdefgh", "\n", "<eos>"]), min_size=30),
            min_size=2,
            max_size=2,
        )
    )
    found = []
    for _ in range(draw(st.integers(0, 24))):
        document = documents[draw(st.integers(0, 1))]
        start = draw(st.integers(0, len(document) - 2))
        part = document[start : start + draw(st.integers(1, 20))]
        if draw(st.booleans()):
            part = [*part, draw(st.sampled_from(WORDS))]
        if draw(st.booleans()):
            part = [f" {word}".upper() if len(word) == 1 else word for word in part]
        top = draw(st.integers(0, len(part) - 1))
        values = np.zeros(len(part), np.float32)
        values[top] = draw(st.integers(0, 5))
        found.append(ActivationExample(tuple(part), values, repeated=top == 7))
    return found


@settings(max_examples=150, deadline=None)
@given(stored_examples(), st.randoms(use_true_random=False))
def test_nothing_is_on_both_sides(
    stored: list[ActivationExample], rng: random.Random
) -> None:
    split = held_out(evidence(stored))
    shown, kept = ids(split.train.examples), ids(split.test)
    assert shared_text(split) == []
    assert len(kept) <= len(shown)
    assert bool(split.all_shown) is (not kept)
    # Every distinct example is somewhere, the strongest is shown, the rest in order.
    distinct = distinct_examples(stored)
    assert len(shown) + len(kept) == len(distinct)
    for side in (split.train.examples, split.test):
        strengths = [one.activation for one in side]
        assert strengths == sorted(strengths, reverse=True)
    if distinct:
        assert split.train.examples[0].activation == distinct[0].activation
    # The order in which the source has them makes no difference.
    rng.shuffle(stored)
    again = held_out(evidence(stored))
    assert ids(again.train.examples) == shown
    assert ids(again.test) == kept


def test_the_demos_examples(tmp_path: Path) -> None:
    features = demo_features(tmp_path, 40)
    assert len(features) > 5
    for known in features:
        split = held_out(known)
        assert shared_text(split) == []
        assert len(split.test) >= 8
        shown = [one.activation for one in split.train.examples]
        ranks = [
            sum(activation > kept.activation for activation in shown)
            for kept in split.test
        ]
        assert ranks[0] <= 3
        assert ranks[-1] >= len(shown) - 3


# -- ids -------------------------------------------------------------------------------


def test_an_id_is_of_text_and_top_token() -> None:
    one = example("the|*dog")
    assert example_id(one) == example_id(clean_example(one)) == "d0fff44ab266"
    stored = ["▁The|*▁dog|▁ran", "ĠThe|*Ġdog|Ġran", " The|* dog| ran"]
    assert len({example_id(example(text)) for text in stored}) == 1
    others = [" The| dog|* ran", " The|* dog| sat", " The|* dog| \ud83d"]
    found = {example_id(example(text)) for text in (stored[0], *others)}
    assert len(found) == 4


def test_ids_of_distinct_examples_differ() -> None:
    known = falling(unrelated(12))
    assert all(a != b for a, b in combinations(ids(known), 2))
