"""Null distributions: what unrelated windows score."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from glossator.protocol.correlation import correlation
from glossator.protocol.null_distribution import (
    DrawnNull,
    NullDistribution,
    ShippedCell,
    ShippedNull,
    ShippedNulls,
    ShippedWindow,
    draw_nulls,
    pair_order,
    read_shipped_nulls,
    shipped_null,
)
from glossator.protocol.protocol_settings import (
    WINDOW_NAMES,
    ProtocolSettings,
    Window,
    WindowName,
)
from tests.core.unrelated_windows import Floats, made_features

Ints = NDArray[np.int64]
Features = list[dict[WindowName, Floats]]


def stacked(features: Features, name: WindowName) -> Floats:
    return np.concatenate([held[name] for held in features])


def by_hand_centre(features: Features, name: WindowName) -> Floats:
    means = np.array([held[name].mean(axis=0) for held in features])
    centre: Floats = means.mean(axis=0)
    return np.asarray(centre / np.linalg.norm(centre))


def adjusted(vectors: Floats, centre: Floats) -> Floats:
    """Without what windows share with any others."""
    found: Floats = vectors - np.outer(vectors @ centre, centre)
    return found


def examples_of(null: DrawnNull, vectors: Floats) -> Ints:
    """Which windows each draw is of: all cosines differ, so each tells its pair."""
    placed = adjusted(vectors, null.centre)
    rows, columns = np.triu_indices(len(vectors), 1)
    values = (placed @ placed.T)[rows, columns]
    order = np.argsort(values)
    place = np.searchsorted(values[order], null.pairs).clip(1, len(values) - 1)
    below = null.pairs - values[order][place - 1] < values[order][place] - null.pairs
    nearest = order[place - below]
    assert np.abs(values[nearest] - null.pairs).max() < 1e-6
    found = []
    for draw in nearest:
        pairs = [{int(rows[at]), int(columns[at])} for at in draw]
        # In the order (0, 1), (0, 2), (1, 2), (0, 3), ...
        (first,) = pairs[0] & pairs[1]
        others = [pairs[j * (j - 1) // 2] - {first} for j in range(1, null.n_max)]
        at = [first, *(min(other) for other in others)]
        assert pairs == [{at[i], at[j]} for j in range(null.n_max) for i in range(j)]
        found.append(at)
    return np.array(found)


@pytest.fixture(scope="module")
def features() -> Features:
    return made_features(9)


@pytest.fixture(scope="module")
def nulls(features: Features) -> dict[WindowName, DrawnNull]:
    return draw_nulls(features, n_max=6, draws=600, seed=3)


def test_a_draw_is_of_examples_of_different_features(
    features: Features, nulls: dict[WindowName, DrawnNull]
) -> None:
    owner = np.repeat(range(9), [len(held["input"]) for held in features])
    for name in WINDOW_NAMES:
        chosen = examples_of(nulls[name], stacked(features, name))
        owners = np.sort(owner[chosen], axis=1)
        assert (owners[:, 1:] > owners[:, :-1]).all()


def test_all_windows_are_drawn_of_the_same_examples(
    features: Features, nulls: dict[WindowName, DrawnNull]
) -> None:
    found = [examples_of(nulls[w], stacked(features, w)) for w in WINDOW_NAMES]
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])


def test_features_are_drawn_alike_and_so_are_the_examples_of_each(
    features: Features, nulls: dict[WindowName, DrawnNull]
) -> None:
    chosen = examples_of(nulls["input"], stacked(features, "input"))
    counts = np.bincount(chosen.ravel())
    sizes = [len(held["input"]) for held in features]
    expected = np.repeat([600 * 6 / 9 / size for size in sizes], sizes)
    assert len(counts) == sum(sizes)
    assert counts == pytest.approx(expected, rel=0.35)
    # Any place of a draw may hold any feature, for smaller sets are its beginning.
    assert len(set(chosen[:, 0])) == len(set(chosen[:, 5])) == sum(sizes)


def mean_product(vectors: Floats, weights: Floats) -> Floats:
    """Of two different rows of each set, pair by pair."""
    n = vectors.shape[1]
    pairs = [(i, j) for j in range(n) for i in range(j)]
    total = sum(weights[i] * weights[j] for i, j in pairs)
    found: Floats = sum(
        weights[i] * weights[j] / total * (vectors[:, i] * vectors[:, j]).sum(axis=1)
        for i, j in pairs
    )
    return found


@pytest.mark.parametrize("n", [2, 3, 5, 6])
def test_scores_are_those_of_the_first_windows_of_a_draw(
    features: Features, nulls: dict[WindowName, DrawnNull], n: int
) -> None:
    for name, null in nulls.items():
        vectors = stacked(features, name)
        chosen = adjusted(vectors, null.centre)[examples_of(null, vectors)][:, :n]
        expected = mean_product(chosen, np.ones(n))
        assert null.scores(n) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("n", [2, 4, 6])
@pytest.mark.parametrize("scale", [1e-38, 1.0, 1e38])
def test_weighted_scores_weigh_pairs(
    features: Features, nulls: dict[WindowName, DrawnNull], n: int, scale: float
) -> None:
    weights = np.array([3.0, 1.0, 0.5, 2.0, 0.25, 7.0])[:n]
    for name, null in nulls.items():
        vectors = stacked(features, name)
        chosen = adjusted(vectors, null.centre)[examples_of(null, vectors)][:, :n]
        found = null.weighted_scores(weights * scale)
        assert found == pytest.approx(mean_product(chosen, weights), abs=1e-6)
        products = chosen @ chosen.swapaxes(1, 2)
        products[:, np.arange(n), np.arange(n)] = 0.0
        alike = correlation(products, np.tile(weights, (600, 1)))
        assert found == pytest.approx(alike, abs=1e-6)
        equal = null.weighted_scores(np.full(n, scale))
        assert equal == pytest.approx(null.scores(n), abs=1e-6)


def test_the_centre_counts_each_feature_once(
    features: Features, nulls: dict[WindowName, DrawnNull]
) -> None:
    for name, null in nulls.items():
        assert null.centre == pytest.approx(by_hand_centre(features, name), abs=1e-6)
    many = [*features[1:], {w: np.tile(v, (50, 1)) for w, v in features[0].items()}]
    again = draw_nulls(many, n_max=6, draws=100, seed=3)
    for name, null in again.items():
        assert null.centre == pytest.approx(nulls[name].centre, abs=1e-6)


def test_what_goes_from_a_cosine_is_what_any_windows_share(
    features: Features, nulls: dict[WindowName, DrawnNull]
) -> None:
    for name, null in nulls.items():
        vectors = stacked(features, name)
        m = by_hand_centre(features, name)
        rows, columns = pair_order(null.n_max)
        chosen = vectors[examples_of(null, vectors)]
        one, other = chosen[:, rows], chosen[:, columns]
        cosine = (one * other).sum(axis=2)
        assert null.pairs == pytest.approx(cosine - (one @ m) * (other @ m), abs=1e-6)


@given(st.integers(2, 40), st.integers(2, 40))
def test_pairs_of_fewer_windows_come_first(one: int, other: int) -> None:
    few, many = sorted((one, other))
    rows, columns = pair_order(few)
    assert len(rows) == few * (few - 1) // 2
    assert (rows < columns).all()
    assert len(set(zip(rows, columns, strict=True))) == len(rows)
    later = pair_order(many)
    assert np.array_equal(later[0][: len(rows)], rows)
    assert np.array_equal(later[1][: len(rows)], columns)


def test_windows_of_one_feature_never_meet() -> None:
    # Each feature's windows agree with each other and with no one else's.
    features: Features = [{"input": np.tile(row, (4, 1))} for row in np.eye(5)]
    null = draw_nulls(features, n_max=5, draws=200, seed=0)["input"]
    assert null.centre == pytest.approx(np.full(5, np.sqrt(0.2)))
    assert np.allclose(null.pairs, -0.2)


def test_a_draw_is_known_for_every_number_of_windows() -> None:
    null = draw_nulls(made_features(8), n_max=6, draws=100, seed=0)["cross"]
    known = {n: null.of_n(n) for n in range(-1, 9)}
    assert [n for n, cell in known.items() if cell is not None] == [2, 3, 4, 5, 6]
    for n, cell in known.items():
        if cell is not None:
            assert cell.mean == pytest.approx(null.scores(n).mean())
            assert cell.sd == pytest.approx(null.scores(n).std(ddof=1))
            assert cell.draws == 100
    assert null.origin == "windows of 8 features at hand, 100 draws"


def test_larger_sets_spread_less() -> None:
    null = draw_nulls(made_features(60), n_max=20, draws=1000, seed=0)["input"]
    sd = [float(null.scores(n).std()) for n in (3, 6, 12, 20)]
    assert sd == sorted(sd, reverse=True)


def test_a_seed_fixes_the_draws() -> None:
    nulls = [
        draw_nulls(made_features(40), n_max=10, draws=300, seed=seed)["output"].pairs
        for seed in (7, 7, 8)
    ]
    assert np.array_equal(nulls[0], nulls[1])
    assert not np.array_equal(nulls[0], nulls[2])
    assert len(np.unique(nulls[0].sum(axis=1))) == 300, "no chunk repeats another"


def test_the_mean_is_that_of_pairs_between_features() -> None:
    features = made_features(40)
    null = draw_nulls(features, n_max=20, draws=4000, seed=0)["input"]
    means = np.array([held["input"].mean(axis=0) for held in features])
    means = adjusted(means, null.centre)
    between = means @ means.T
    expected = (between.sum() - np.trace(between)) / (40 * 39)
    for n in (3, 10, 20):
        cell = null.of_n(n)
        assert cell is not None
        assert cell.mean == pytest.approx(expected, abs=5 * cell.sd / 4000**0.5)


@pytest.mark.parametrize("n", [3, 8, 20])
def test_z_of_unrelated_sets_has_mean_zero_and_spread_one(n: int) -> None:
    features = made_features(60)
    cell = draw_nulls(features, n_max=20, draws=4000, seed=0)["cross"].of_n(n)
    again = draw_nulls(features, n_max=20, draws=4000, seed=1)["cross"]
    assert cell is not None
    z = cell.z_of(again.scores(n))
    assert z.mean() == pytest.approx(0.0, abs=0.08)
    assert z.std() == pytest.approx(1.0, abs=0.06)
    assert z[:9] == pytest.approx([cell.z(score) for score in again.scores(n)[:9]])


@pytest.mark.parametrize("n", [3, 20])
def test_p_is_even_over_draws_of_the_null_itself(n: int) -> None:
    features = made_features(60)
    cell = draw_nulls(features, n_max=20, draws=4000, seed=0)["input"].of_n(n)
    again = draw_nulls(features, n_max=20, draws=4000, seed=1)["input"].scores(n)
    assert cell is not None
    p = np.array([cell.p(score) for score in again])
    for level in (0.01, 0.05, 0.25, 0.5, 0.9):
        spread = (level * (1 - level) / 4000) ** 0.5
        assert (p <= level).mean() == pytest.approx(level, abs=6 * spread)


# -- one distribution ------------------------------------------------------------------


CELL = NullDistribution(0.2, 0.05, np.array([0.1, 0.2, 0.3]), draws=99)


@pytest.mark.parametrize(("score", "z"), [(0.2, 0.0), (0.3, 2.0), (0.1, -2.0)])
def test_z(score: float, z: float) -> None:
    assert CELL.z(score) == pytest.approx(z)
    assert CELL.z_of(np.array([score, 0.2])) == pytest.approx([z, 0.0])


def test_z_of_a_null_without_spread() -> None:
    flat = NullDistribution(0.2, 0.0, np.array([0.2, 0.2]), draws=9)
    assert flat.z(0.9) == 0.0
    assert flat.z_of(np.array([0.9, 0.1])).tolist() == [0.0, 0.0]


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


SCORES = st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=40)


@settings(deadline=None)
@given(SCORES, st.floats(-1, 1), st.floats(-1, 1))
def test_a_higher_score_is_no_more_likely(
    scores: list[float], one: float, other: float
) -> None:
    cell = NullDistribution.of(np.array(scores))
    low, high = sorted((one, other))
    assert 1 / (len(scores) + 1) <= cell.p(high) <= cell.p(low) <= 1
    assert cell.z(high) >= cell.z(low)


@settings(deadline=None)
@given(SCORES)
def test_p_is_the_share_of_draws_that_reach_a_score(scores: list[float]) -> None:
    cell = NullDistribution.of(np.array(scores))
    n = len(scores)
    for score in scores:
        reached = sum(other >= score for other in scores)
        # Levels run from 1 at the least draw to 0 at the greatest.
        expected = max((reached - 1) / (n - 1), 1 / (n + 1))
        assert cell.p(score) == pytest.approx(expected)


# -- the null that is shipped ----------------------------------------------------------


SHIPPED = ShippedNulls(
    embedder="mini",
    origin="9 features",
    draws=500,
    windows={
        "[-2, 0]": ShippedWindow(
            centre=[0.6, 0.0],
            by_n={n: ShippedCell(0.2, 0.1, [0.0, 0.2, 0.4]) for n in (2, 3, 4)},
        )
    },
)


def test_shipped() -> None:
    null = shipped_null(SHIPPED, Window(-2, 0), "mini")
    assert isinstance(null, ShippedNull)
    assert null.origin == "shipped null (9 features)"
    assert null.centre.tolist() == [0.6, 0.0]
    cell = null.of_n(3)
    assert cell is not None
    assert cell.z(0.4) == pytest.approx(2.0)
    assert cell.p(0.9) == pytest.approx(1 / 501)
    assert null.of_n(4) is not None
    assert null.of_n(2) is None, "fewer windows give no score"
    assert null.of_n(5) is None


@pytest.mark.parametrize(
    ("window", "embedder"), [(Window(-3, 0), "mini"), (Window(-2, 0), "other")]
)
def test_no_shipped_null_of_another_window_or_embedder(
    window: Window, embedder: str
) -> None:
    assert shipped_null(SHIPPED, window, embedder) is None


def test_what_is_shipped_serves_the_default_settings() -> None:
    shipped = read_shipped_nulls()
    settings = ProtocolSettings()
    for name in WINDOW_NAMES:
        null = shipped_null(shipped, settings.window(name), "all-MiniLM-L6-v2")
        assert null is not None
        assert null.centre.shape == (384,)
        assert np.linalg.norm(null.centre) == pytest.approx(1.0, abs=1e-3)
        cells = [null.of_n(n) for n in range(3, settings.n_examples + 1)]
        sd = [cell.sd for cell in cells if cell is not None]
        assert len(sd) == len(cells)
        assert sd == sorted(sd, reverse=True)
        for cell in cells:
            assert cell is not None
            # Of windows about the centre, unrelated pairs agree in nothing.
            assert abs(cell.mean) < 0.01
            assert (np.diff(cell.quantiles) >= 0).all()
            assert cell.p(cell.mean) == pytest.approx(0.5, abs=0.15)
