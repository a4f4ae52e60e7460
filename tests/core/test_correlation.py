"""The closed forms equal their definitions."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from jaxtyping import TypeCheckError
from numpy.typing import NDArray

from glossator.protocol.correlation import (
    correlation,
    cosines,
    effective_n,
    jackknife_error,
)

Floats = NDArray[np.float64]

EAST, NORTH = [1.0, 0.0], [0.0, 1.0]
SQRT_HALF = math.sqrt(0.5)


def by_pairs(unit: Floats, weights: Floats) -> float:
    """Mean cosine, pair by pair."""
    pairs = list(combinations(range(len(unit)), 2))
    total = math.fsum(weights[i] * weights[j] for i, j in pairs)
    return math.fsum(
        weights[i] * weights[j] / total * (unit[i] @ unit[j]) for i, j in pairs
    )


def by_leaving_out(unit: Floats, weights: Floats) -> float:
    """Over the windows that hold text."""
    unit, weights = unit[weights > 0], weights[weights > 0]
    n = len(unit)
    left = np.array(
        [by_pairs(np.delete(unit, i, axis=0), np.delete(weights, i)) for i in range(n)]
    )
    return float(np.sqrt((n - 1) / n * ((left - left.mean()) ** 2).sum()))


def score(unit: Floats, weights: Floats | None = None) -> float:
    """Of one feature."""
    weights = np.ones(len(unit)) if weights is None else weights
    return float(correlation(cosines(unit[None]), weights[None])[0])


def error(unit: Floats, weights: Floats | None = None) -> float:
    weights = np.ones(len(unit)) if weights is None else weights
    return float(jackknife_error(cosines(unit[None]), weights[None])[0])


def number(weights: list[float]) -> float:
    return float(effective_n(np.array([weights]))[0])


def _unit(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=-1)
    vectors[lengths < 1e-3] = 1.0
    unit: Floats = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return unit


@st.composite
def units(draw: st.DrawFn, *, n_features: int | None = None) -> Floats:
    """Unit vectors of one feature, or of several."""
    shape = [draw(st.integers(2, 12)), draw(st.integers(1, 8))]
    if n_features:
        shape.insert(0, n_features)
    elements = st.floats(-1, 1, width=32)
    return _unit(draw(arrays.arrays(np.float64, tuple(shape), elements=elements)))


WEIGHT = st.floats(-38, 38).map(lambda power: 10.0**power)
"""Spread as far as float32 reaches."""


@st.composite
def weighted(
    draw: st.DrawFn, *, least: int = 2, weight: st.SearchStrategy[float] = WEIGHT
) -> tuple[Floats, Floats]:
    """A feature of which some windows may hold no text."""
    unit = draw(units())
    n = len(unit)
    weights = draw(st.lists(weight | st.just(0.0), min_size=n, max_size=n))
    assume(sum(value > 0 for value in weights) >= least)
    return unit, np.array(weights)


@settings(deadline=None)
@given(units())
def test_equals_the_double_loop(unit: Floats) -> None:
    assert score(unit) == pytest.approx(by_pairs(unit, np.ones(len(unit))), abs=1e-6)


@settings(deadline=None)
@given(weighted())
def test_weighted_equals_the_double_loop(given_: tuple[Floats, Floats]) -> None:
    unit, weights = given_
    assert score(unit, weights) == pytest.approx(by_pairs(unit, weights), abs=1e-6)


@settings(deadline=None)
@given(weighted(least=3))
def test_error_equals_leaving_out(given_: tuple[Floats, Floats]) -> None:
    unit, weights = given_
    found = error(unit, weights)
    assert found == pytest.approx(by_leaving_out(unit, weights), abs=1e-6)


@settings(deadline=None)
@given(weighted(), st.floats(-30, 30))
def test_only_the_proportions_of_weights_count(
    given_: tuple[Floats, Floats], power: float
) -> None:
    unit, weights = given_
    scaled = weights * 10.0**power
    assert score(unit, scaled) == pytest.approx(score(unit, weights), abs=1e-9)
    assert number([*scaled]) == pytest.approx(number([*weights]))
    equal = np.full(len(unit), 10.0**power)
    assert score(unit, equal) == pytest.approx(score(unit), abs=1e-9)


@settings(deadline=None)
@given(weighted(least=3))
def test_windows_without_text_count_for_nothing(
    given_: tuple[Floats, Floats],
) -> None:
    unit, weights = given_
    used = weights > 0
    kept, held = unit[used], weights[used]
    assert score(unit, weights) == pytest.approx(score(kept, held), abs=1e-9)
    assert error(unit, weights) == pytest.approx(error(kept, held), abs=1e-9)
    assert number([*weights]) == pytest.approx(number([*held]))


@settings(deadline=None)
@given(st.data())
def test_many_features_are_as_one_by_one(data: st.DataObject) -> None:
    unit = data.draw(units(n_features=4))
    weight = st.sampled_from([0.0, 1e-38, 0.5, 3.0, 1e38])
    weights = data.draw(arrays.arrays(np.float64, unit.shape[:2], elements=weight))
    found = cosines(unit)
    for function in (correlation, jackknife_error):
        together = function(found, weights)
        alone = [
            function(found[i : i + 1], weights[i : i + 1])[0] for i in range(len(unit))
        ]
        assert together == pytest.approx(alone, abs=1e-9, nan_ok=True)
    alone = [number([*row]) for row in weights]
    assert effective_n(weights) == pytest.approx(alone, nan_ok=True)


@settings(deadline=None)
@given(st.lists(WEIGHT, min_size=1, max_size=12))
def test_effective_number_equals_its_definition(weights: list[float]) -> None:
    found = number(weights)
    expected = math.fsum(weights) ** 2 / math.fsum(w * w for w in weights)
    assert found == pytest.approx(expected)
    assert 1 - 1e-9 <= found <= len(weights) + 1e-9


@settings(deadline=None)
@given(units(n_features=2))
def test_cosines_leave_a_window_and_itself_out(unit: Floats) -> None:
    found = cosines(unit)
    for i, vectors in enumerate(unit):
        expected = vectors @ vectors.T
        np.fill_diagonal(expected, 0.0)
        assert np.allclose(found[i], expected, rtol=0, atol=1e-12)
        assert not np.diagonal(found[i]).any()


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([EAST, EAST], 1.0),
        ([EAST, EAST, EAST], 1.0),
        ([EAST, NORTH], 0.0),
        ([EAST, [-1.0, 0.0]], -1.0),
        ([EAST, EAST, NORTH], 1 / 3),
        ([EAST, [SQRT_HALF, SQRT_HALF]], SQRT_HALF),
        # Three ways apart by 120 degrees: the least there is, -1 / (n - 1).
        (
            [EAST, [-0.5, math.sqrt(0.75)], [-0.5, -math.sqrt(0.75)]],
            -0.5,
        ),
    ],
)
def test_by_hand(rows: list[list[float]], expected: float) -> None:
    assert score(np.array(rows)) == pytest.approx(expected)


def test_weighted_by_hand() -> None:
    # Pairs: (east, east) 1 * 2, (east, north) 1 * 3 and 2 * 3; only the first agrees.
    unit = np.array([EAST, EAST, NORTH])
    for scale in (1.0, 1e-200, 1e200):
        weights = np.array([1.0, 2.0, 3.0]) * scale
        assert score(unit, weights) == pytest.approx(2 / 11)


def test_error_by_hand() -> None:
    # Left out: north gives 1, either east gives 0; mean 1/3, (2/3)(6/9) under the root.
    unit = np.array([EAST, EAST, NORTH])
    assert error(unit) == pytest.approx(2 / 3)
    assert error(np.array([EAST] * 4)) == pytest.approx(0.0)


def test_effective_number_by_hand() -> None:
    assert number([2.0, 2.0, 2.0]) == pytest.approx(3.0)
    assert number([1.0, 3.0]) == pytest.approx(1.6)
    assert number([1.0, 0.0, 3.0]) == pytest.approx(1.6)
    assert number([1e38, 1e-38, 1e-38]) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("weights", "no_score", "no_error"),
    [
        ([0.0, 0.0, 0.0, 0.0], True, True),
        ([0.0, 5.0, 0.0, 0.0], True, True),
        ([0.0, 5.0, 0.0, 1.0], False, True),
        ([2.0, 5.0, 0.0, 1.0], False, False),
    ],
)
def test_too_few_windows_have_no_number(
    weights: list[float], no_score: bool, no_error: bool
) -> None:
    unit = np.array([EAST, NORTH, EAST, NORTH])
    assert math.isnan(score(unit, np.array(weights))) is no_score
    assert math.isnan(error(unit, np.array(weights))) is no_error
    assert math.isnan(number(weights)) is (not any(weights))


def test_the_largest_weights_may_lie_on_windows_that_agree_with_none() -> None:
    """Nothing of the small weights' agreement is lost beside the large one."""
    unit = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    found = error(unit, np.array([1e38, 1.0, 1.0]))
    # Without the heavy window the light ones agree fully; else nothing counts.
    assert found == pytest.approx(by_leaving_out(unit, np.array([1e38, 1.0, 1.0])))
    assert found == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    "wrong", [np.ones(3), np.ones((2, 2)), np.ones((2, 2, 2), dtype=np.int64)]
)
def test_another_shape_is_refused(wrong: Floats) -> None:
    with pytest.raises(TypeCheckError):
        cosines(wrong)


@pytest.mark.parametrize("wrong", [np.ones(3), np.ones((2, 4)), np.ones((1, 3))])
def test_weights_of_another_number_are_refused(wrong: Floats) -> None:
    for function in (correlation, jackknife_error):
        with pytest.raises(TypeCheckError):
            function(np.ones((2, 3, 3)), wrong)
