"""Null distributions: what unrelated windows score."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from glossator.protocol.correlation import unit_vectors
from glossator.protocol.null_distribution import (
    NullDistribution,
    ShippedCell,
    ShippedNull,
    draw_null,
    shipped_null,
)
from glossator.protocol.protocol_settings import Window

Floats = NDArray[np.float64]


def made_features(n: int, *, seed: int = 1, d: int = 6) -> list[Floats]:
    """Features of one to five windows that lean to a way of their own."""
    rng = np.random.default_rng(seed)
    return [
        unit_vectors(rng.normal(size=d) + rng.normal(size=(rng.integers(1, 6), d)))
        for _ in range(n)
    ]


@pytest.mark.parametrize(
    ("rows", "score"),
    [
        # All features alike, two ways apart, and evenly over three ways.
        ([[1.0, 0.0]] * 3, 1.0),
        ([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], 1 / 3),
        ([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], 0.0),
    ],
)
def test_by_hand(rows: list[list[float]], score: float) -> None:
    # As many features as are drawn: every draw is the same set.
    features = [np.array([row]) for row in rows]
    cell = draw_null(features, n_max=3, draws=100, seed=0).by_n[3]
    assert cell.mean == pytest.approx(score)
    assert cell.sd == pytest.approx(0.0, abs=1e-7)
    assert cell.quantiles == pytest.approx(np.full(100, score))
    assert cell.draws == 100


def test_windows_of_one_feature_never_meet() -> None:
    # Each feature's windows agree with each other and with no one else's.
    features = [np.tile(row, (4, 1)) for row in np.eye(5)]
    null = draw_null(features, n_max=5, draws=200, seed=0)
    assert all(np.allclose(cell.quantiles, 0.0) for cell in null.by_n.values())


def test_every_size_from_three() -> None:
    null = draw_null(made_features(8), n_max=6, draws=100, seed=0)
    assert sorted(null.by_n) == [3, 4, 5, 6]
    assert null.origin == "windows of 8 features at hand, 100 draws"


def test_larger_sets_spread_less() -> None:
    null = draw_null(made_features(60), n_max=20, draws=1000, seed=0)
    sd = [null.by_n[n].sd for n in (3, 6, 12, 20)]
    assert sd == sorted(sd, reverse=True)


def test_a_seed_fixes_the_draws() -> None:
    features = made_features(40)
    nulls = [draw_null(features, n_max=10, draws=200, seed=seed) for seed in (7, 7, 8)]
    first, same, other = (null.by_n[10].quantiles for null in nulls)
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_the_mean_is_the_mean_cosine_between_features() -> None:
    features = made_features(40)
    means = np.array([vectors.mean(axis=0) for vectors in features])
    between = means @ means.T
    n = len(features)
    expected = (between.sum() - np.trace(between)) / (n * (n - 1))
    null = draw_null(features, n_max=20, draws=4000, seed=0)
    for size in (3, 10, 20):
        cell = null.by_n[size]
        assert cell.mean == pytest.approx(expected, abs=5 * cell.sd / 4000**0.5)


CELL = NullDistribution(0.2, 0.05, np.array([0.1, 0.2, 0.3]), draws=99)


@pytest.mark.parametrize(("score", "z"), [(0.2, 0.0), (0.3, 2.0), (0.1, -2.0)])
def test_z(score: float, z: float) -> None:
    assert CELL.z(score) == pytest.approx(z)


def test_z_of_a_null_without_spread() -> None:
    assert NullDistribution(0.2, 0.0, np.array([0.2, 0.2]), draws=9).z(0.9) == 0.0


@pytest.mark.parametrize(
    ("score", "p"),
    [(0.0, 1.0), (0.1, 1.0), (0.15, 0.75), (0.2, 0.5), (0.25, 0.25), (0.3, 0.01)],
)
def test_p(score: float, p: float) -> None:
    assert CELL.p(score) == pytest.approx(p)


def test_p_counts_draws_of_the_same_score() -> None:
    alike = NullDistribution(0.2, 0.0, np.full(10, 0.2), draws=10)
    assert alike.p(0.2) == 1.0
    assert alike.p(0.21) == pytest.approx(1 / 11)
    half = NullDistribution(0.2, 0.1, np.array([0.0, 0.2, 0.2, 0.2, 0.3]), draws=99)
    assert half.p(0.2) == pytest.approx(0.75)


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_a_higher_score_is_no_more_likely(one: float, other: float) -> None:
    cell = draw_null(made_features(12), n_max=5, draws=100, seed=0).by_n[5]
    low, high = sorted((one, other))
    assert 1 / 101 <= cell.p(high) <= cell.p(low) <= 1
    assert cell.z(high) >= cell.z(low)


def test_p_is_even_over_draws_of_the_null_itself() -> None:
    features = made_features(60)
    cell = draw_null(features, n_max=5, draws=2000, seed=0).by_n[5]
    again = draw_null(features, n_max=5, draws=2000, seed=1).by_n[5]
    p = np.array([cell.p(score) for score in again.quantiles])
    for level in (0.05, 0.25, 0.5, 0.9):
        assert (p <= level).mean() == pytest.approx(level, abs=0.04)


def test_a_feature_without_windows_of_its_own_is_a_bug_of_the_caller() -> None:
    with pytest.raises(ValueError, match=r"larger sample|population"):
        draw_null(made_features(3), n_max=4, draws=100, seed=0)


SHIPPED = ShippedNull(
    embedder="mini",
    origin="9 features",
    draws=500,
    windows={"[-2, 0]": {3: ShippedCell(0.2, 0.1, [0.0, 0.2, 0.4])}},
)


def test_shipped() -> None:
    null = shipped_null(SHIPPED, Window(-2, 0), "mini")
    assert null is not None
    assert null.origin == "shipped null (9 features)"
    assert sorted(null.by_n) == [3]
    assert null.by_n[3].z(0.4) == pytest.approx(2.0)
    assert null.by_n[3].p(0.9) == pytest.approx(1 / 501)


@pytest.mark.parametrize(
    ("window", "embedder"), [(Window(-3, 0), "mini"), (Window(-2, 0), "other")]
)
def test_no_shipped_null_of_another_window_or_embedder(
    window: Window, embedder: str
) -> None:
    assert shipped_null(SHIPPED, window, embedder) is None
