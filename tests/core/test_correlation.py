"""The closed forms equal their definitions."""

import math
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from jaxtyping import TypeCheckError
from numpy.typing import NDArray

from glossator.evidence.open_source import open_evidence
from glossator.evidence.saedashboard import SaeDashboardBatches
from glossator.protocol.correlation import (
    correlation,
    effective_n,
    jackknife_error,
    unit_vectors,
    weighted_correlation,
)
from glossator.protocol.embedder import SentenceEmbedder
from glossator.protocol.protocol_settings import WINDOW_NAMES, ProtocolSettings
from glossator.protocol.windows import cut_windows

Floats = NDArray[np.float64]

EAST, NORTH = [1.0, 0.0], [0.0, 1.0]
SQRT_HALF = math.sqrt(0.5)


def by_pairs(unit: Floats, weights: Floats | None = None) -> float:
    """Mean cosine, pair by pair."""
    weights = np.ones(len(unit)) if weights is None else weights
    pairs = list(combinations(range(len(unit)), 2))
    total = sum(weights[i] * weights[j] for i, j in pairs)
    return float(
        sum(weights[i] * weights[j] / total * (unit[i] @ unit[j]) for i, j in pairs)
    )


def by_leaving_out(unit: Floats) -> float:
    n = len(unit)
    left = np.array([by_pairs(np.delete(unit, i, axis=0)) for i in range(n)])
    return float(np.sqrt((n - 1) / n * ((left - left.mean()) ** 2).sum()))


@st.composite
def units(draw: st.DrawFn, least: int = 2) -> Floats:
    n = draw(st.integers(least, 12))
    d = draw(st.integers(1, 8))
    vectors = draw(
        arrays.arrays(np.float64, (n, d), elements=st.floats(-1, 1, width=32))
    )
    lengths = np.linalg.norm(vectors, axis=1)
    vectors[lengths < 1e-3] = 1.0
    return unit_vectors(vectors)


@given(units())
def test_equals_the_double_loop(unit: Floats) -> None:
    assert correlation(unit) == pytest.approx(by_pairs(unit), abs=1e-6)


@given(units(), st.data())
def test_weighted_equals_the_double_loop(unit: Floats, data: st.DataObject) -> None:
    weights = np.array(
        data.draw(
            st.lists(
                st.floats(-38, 38).map(lambda power: 10.0**power),
                min_size=len(unit),
                max_size=len(unit),
            )
        )
    )
    found = weighted_correlation(unit, weights)
    assert found == pytest.approx(by_pairs(unit, weights), abs=1e-6)


@given(units(least=3))
def test_error_equals_leaving_out(unit: Floats) -> None:
    assert jackknife_error(unit) == pytest.approx(by_leaving_out(unit), abs=1e-6)


@given(units())
def test_equal_weights_change_nothing(unit: Floats) -> None:
    weights = np.full(len(unit), 3.5)
    assert weighted_correlation(unit, weights) == pytest.approx(
        correlation(unit), abs=1e-9
    )


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
    assert correlation(np.array(rows)) == pytest.approx(expected)


def test_weighted_by_hand() -> None:
    # Pairs: (east, east) 1 * 2, (east, north) 1 * 3 and 2 * 3; only the first agrees.
    unit = np.array([EAST, EAST, NORTH])
    assert weighted_correlation(unit, np.array([1.0, 2.0, 3.0])) == pytest.approx(
        2 / 11
    )


def test_error_by_hand() -> None:
    # Left out: north gives 1, either east gives 0; mean 1/3, (2/3)(6/9) under the root.
    unit = np.array([EAST, EAST, NORTH])
    assert jackknife_error(unit) == pytest.approx(2 / 3)
    assert jackknife_error(np.array([EAST] * 4)) == pytest.approx(0.0)


def test_effective_number() -> None:
    assert effective_n(np.array([2.0, 2.0, 2.0])) == pytest.approx(3.0)
    assert effective_n(np.array([1.0, 3.0])) == pytest.approx(1.6)


def test_scaling_to_length_one() -> None:
    unit = unit_vectors(np.array([[3.0, 4.0], [0.0, 0.0], [0.0, -2.0]], np.float32))
    assert unit.tolist() == [[0.6, 0.8], [0.0, 0.0], [0.0, -1.0]]
    assert unit.dtype == np.float64


@pytest.mark.parametrize("function", [unit_vectors, correlation, jackknife_error])
@pytest.mark.parametrize(
    "wrong", [np.ones(3), np.ones((2, 2, 2)), np.ones((2, 2), dtype=np.int64)]
)
def test_another_shape_is_refused(function: object, wrong: Floats) -> None:
    assert callable(function)
    with pytest.raises(TypeCheckError):
        function(wrong)


def test_weights_of_another_number_are_refused() -> None:
    with pytest.raises(TypeCheckError):
        weighted_correlation(np.ones((3, 2)), np.ones(2))


@pytest.mark.shared
@pytest.mark.model
def test_real_windows(shared: Path) -> None:
    source = open_evidence(shared / "features")
    assert isinstance(source, SaeDashboardBatches)
    embedder = SentenceEmbedder(device="cpu")
    checked = 0
    for key in source.features:
        evidence = source.evidence(key)
        assert evidence is not None
        windows = cut_windows(evidence, ProtocolSettings()).windows
        for name in WINDOW_NAMES:
            texts = windows[name].texts
            if len(texts) < 3:
                continue
            vectors = np.empty((len(texts), 384), np.float32)
            for batch in embedder.embed(texts):
                vectors[batch.at] = batch.vectors
            unit = unit_vectors(vectors)
            weights = np.array(windows[name].activations)
            assert correlation(unit) == pytest.approx(by_pairs(unit), abs=1e-6)
            assert weighted_correlation(unit, weights) == pytest.approx(
                by_pairs(unit, weights), abs=1e-6
            )
            assert jackknife_error(unit) == pytest.approx(
                by_leaving_out(unit), abs=1e-6
            )
            checked += 1
    # Feature 1 has no activation at all.
    assert checked == 9
