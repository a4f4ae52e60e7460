"""Senses: planted groups are found, and chance makes few."""

from collections.abc import Sequence

import numpy as np
import pytest

from glossator.protocol.null_distribution import DrawnNull, beside_centre, draw_nulls
from glossator.protocol.senses import (
    Branch,
    UnrelatedBranches,
    find_senses,
    unrelated_branches,
)
from tests.core.unrelated_windows import Floats, unit

N = 20
P = 0.01
D = 256


def null_of(*, seed: int = 0, draws: int = 2500) -> DrawnNull:
    """Windows in random directions, a little to one side."""
    rng = np.random.default_rng(99)
    features: Sequence[dict[str, Floats]] = [
        {"input": _random(20, rng)} for _ in range(400)
    ]
    drawn = draw_nulls(
        features,  # type: ignore[arg-type]  # of one window
        n_max=N,
        draws=draws,
        seed=seed,
    )
    return drawn["input"]


def _random(n: int, rng: np.random.Generator) -> Floats:
    aside = np.zeros(D)
    aside[0] = 5.0
    return unit(rng.normal(size=(n, D)) + aside)


@pytest.fixture(scope="module")
def null() -> DrawnNull:
    return null_of()


@pytest.fixture(scope="module")
def unrelated(null: DrawnNull) -> UnrelatedBranches:
    found = unrelated_branches(null, N)
    assert found is not None
    return found


def feature(
    null: DrawnNull, sizes: Sequence[int], *, agree: float = 0.6, seed: int = 5
) -> Floats:
    """Cosines of groups about ways of their own, the rest unrelated.

    The members of a group stand one after the other, those that are of none last.

    Parameters
    ----------
    agree : cosine of two windows of a group, about.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for size in sizes:
        centre = _random(1, rng)
        own = _random(size, rng)
        rows.append(unit(np.sqrt(agree) * centre + np.sqrt(1 - agree) * own))
    rows.append(_random(N - sum(sizes), rng))
    vectors = beside_centre(np.concatenate(rows), null.centre)
    found: Floats = vectors @ vectors.T
    np.fill_diagonal(found, 0.0)
    return found


def groups(branches: Sequence[Branch]) -> list[tuple[int, ...]]:
    return sorted(branch.examples for branch in branches)


def test_two_planted_groups_are_two_senses(
    null: DrawnNull, unrelated: UnrelatedBranches
) -> None:
    for seed in range(10):
        cosines = feature(null, (10, 8), seed=seed)
        p, found = find_senses(cosines, unrelated, p=P)
        assert p <= P
        assert len(found) == 2
        planted = (set(range(10)), set(range(10, 18)))
        for branch, members in zip(found, planted, strict=True):
            # Of the two windows that are of none one may be taken along.
            assert members - set(branch.examples) == set()
            assert len(branch.examples) <= len(members) + 2


def test_a_sense_tells_its_score_and_the_largest_is_first(
    null: DrawnNull, unrelated: UnrelatedBranches
) -> None:
    order = np.random.default_rng(1).permutation(N)
    cosines = feature(null, (8, 12))[np.ix_(order, order)]
    _, found = find_senses(cosines, unrelated, p=P)
    assert [len(branch.examples) for branch in found] == [12, 8]
    assert groups(found) == sorted(
        tuple(sorted(np.flatnonzero(part).tolist())) for part in (order < 8, order >= 8)
    )
    for branch in found:
        n = len(branch.examples)
        part = cosines[np.ix_(branch.examples, branch.examples)]
        assert branch.raw == pytest.approx(part.sum() / (n * (n - 1)))
        cell = null.of_n(n)
        assert cell is not None
        mean = float(null.pairs.mean(dtype=np.float64))
        assert branch.z == pytest.approx((branch.raw - mean) / cell.sd)
        assert branch.z > 10


def test_the_order_of_the_examples_changes_nothing(
    null: DrawnNull, unrelated: UnrelatedBranches
) -> None:
    cosines = feature(null, (9, 8), agree=0.4)
    p, expected = find_senses(cosines, unrelated, p=P)
    assert len(expected) == 2
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(N)
        again, found = find_senses(cosines[np.ix_(order, order)], unrelated, p=P)
        assert again == p
        named = [
            tuple(sorted(int(order[at]) for at in branch.examples)) for branch in found
        ]
        assert sorted(named) == groups(expected)


def test_three_planted_groups_are_three_senses(
    null: DrawnNull, unrelated: UnrelatedBranches
) -> None:
    cosines = feature(null, (7, 7, 6), agree=0.8)
    _, found = find_senses(cosines, unrelated, p=P)
    planted = [tuple(range(7)), tuple(range(7, 14)), tuple(range(14, 20))]
    assert groups(found) == planted


def test_senses_share_no_example(null: DrawnNull, unrelated: UnrelatedBranches) -> None:
    for seed, sizes in enumerate([(10, 10), (7, 7, 6), (6, 6), (5, 5, 5, 5)]):
        _, found = find_senses(feature(null, sizes, seed=seed), unrelated, p=P)
        every = [at for branch in found for at in branch.examples]
        assert len(every) == len(set(every))


@pytest.mark.parametrize("agree", [0.3, 0.6, 0.95])
def test_one_group_is_no_two_senses(
    null: DrawnNull, unrelated: UnrelatedBranches, agree: float
) -> None:
    """Neither where all examples agree, nor where half of them do."""
    for size in (N, N // 2, N // 3):
        called = sum(
            bool(
                find_senses(
                    feature(null, (size,), agree=agree, seed=seed), unrelated, p=P
                )[1]
            )
            for seed in range(20)
        )
        assert called <= 2


def test_groups_that_agree_with_one_another_are_one(
    null: DrawnNull, unrelated: UnrelatedBranches
) -> None:
    """Two ways near each other are shades of one meaning."""
    rng = np.random.default_rng(3)
    common, ways = _random(1, rng), _random(2, rng)
    rows = [unit(1.5 * common + way + 0.2 * _random(10, rng)) for way in ways]
    vectors = beside_centre(np.concatenate(rows), null.centre)
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, 0.0)
    assert cosines[:10, 10:].mean() > 0.3
    assert cosines[:10, :10].sum() / 90 > cosines[:10, 10:].mean() + 0.05
    _, found = find_senses(cosines, unrelated, p=P)
    assert found == ()


@pytest.mark.parametrize("p", [0.01, 0.05, 0.2])
def test_unrelated_windows_fall_apart_as_seldom_as_is_said(
    unrelated: UnrelatedBranches, p: float
) -> None:
    others = null_of(seed=1)
    called = 0
    values = []
    for draw in others.pairs[:1000]:
        cosines = np.zeros((N, N))
        columns, rows = np.tril_indices(N, -1)
        cosines[rows, columns] = cosines[columns, rows] = draw
        value, found = find_senses(cosines, unrelated, p=p)
        values.append(value)
        called += len(found) > 0
        assert (len(found) > 0) <= (value <= p)
    spread = (p * (1 - p) / 1000) ** 0.5
    assert called / 1000 <= p + 4 * spread
    assert min(values) > 0
    assert max(values) <= 1


def test_a_stricter_p_finds_no_more(
    null: DrawnNull, unrelated: UnrelatedBranches
) -> None:
    for seed in range(6):
        cosines = feature(null, (10, 8), agree=0.2, seed=seed)
        counts = [
            len(find_senses(cosines, unrelated, p=p)[1]) for p in (1e-6, 0.01, 0.3)
        ]
        assert (counts[0], counts[1] > 0) == (0, counts[1] > 0)
        assert (counts[1] > 0) <= (counts[2] > 0)


@pytest.mark.parametrize("sizes", [(2, 2), (2,) * 10, (10, 2), (18, 2)])
def test_groups_of_two_are_no_senses(
    null: DrawnNull, unrelated: UnrelatedBranches, sizes: tuple[int, ...]
) -> None:
    _, found = find_senses(feature(null, sizes, agree=0.98), unrelated, p=P)
    assert found == ()


def test_identical_windows_are_one_sense(
    null: DrawnNull, unrelated: UnrelatedBranches
) -> None:
    same = np.tile(_random(1, np.random.default_rng(2)), (N, 1))
    vectors = beside_centre(same, null.centre)
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, 0.0)
    p, found = find_senses(cosines, unrelated, p=P)
    assert found == ()
    assert p > P


def test_two_texts_repeated_are_two_senses(
    null: DrawnNull, unrelated: UnrelatedBranches
) -> None:
    two = np.repeat(_random(2, np.random.default_rng(2)), 10, axis=0)
    two = beside_centre(two, null.centre)
    cosines = two @ two.T
    np.fill_diagonal(cosines, 0.0)
    _, found = find_senses(cosines, unrelated, p=P)
    assert groups(found) == [tuple(range(10)), tuple(range(10, 20))]


def test_a_null_of_identical_windows_finds_nothing() -> None:
    """It has no spread to measure by."""
    features: Sequence[dict[str, Floats]] = [{"input": np.eye(D)[:1]}] * 30
    null = draw_nulls(
        features,  # type: ignore[arg-type]  # of one window
        n_max=N,
        draws=100,
        seed=0,
    )["input"]
    unrelated = unrelated_branches(null, N)
    if unrelated is not None:
        _, found = find_senses(feature(null, (10, 10)), unrelated, p=P)
        assert found == ()


def test_too_few_windows_for_two_senses() -> None:
    null = null_of(draws=200)
    known = {n: unrelated_branches(null, n) for n in (2, 3, 5, 6, 19, 20, 21, 50)}
    assert [n for n, found in known.items() if found is None] == [2, 3, 5, 21, 50]
    for n in (6, 19):
        found = known[n]
        assert found is not None
        assert np.isfinite(found.sd[n])
        assert (np.diff(found.clearness) >= 0).all()


@pytest.mark.parametrize("n", [6, 9])
def test_senses_of_few_examples(n: int) -> None:
    null = null_of(draws=500)
    unrelated = unrelated_branches(null, n)
    assert unrelated is not None
    rng = np.random.default_rng(8)
    half = n // 2
    rows = [unit(way + 0.1 * _random(half, rng)) for way in _random(2, rng)]
    vectors = beside_centre(
        np.concatenate([*rows, _random(n - 2 * half, rng)]), null.centre
    )
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, 0.0)
    _, found = find_senses(cosines, unrelated, p=P)
    assert len(found) == 2
    assert set(range(half)) <= set(found[0].examples) | set(found[1].examples)


def test_p_counts_the_value_itself(unrelated: UnrelatedBranches) -> None:
    draws = len(unrelated.clearness)
    assert unrelated.p(1e9) == pytest.approx(1 / (draws + 1))
    assert unrelated.p(-1.0) == 1.0
    middle = float(np.median(unrelated.clearness))
    assert unrelated.p(unrelated.needed(0.05)) == pytest.approx(0.05, abs=0.01)
    assert unrelated.p(middle) >= 0.4
