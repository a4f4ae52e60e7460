"""The nulls of a run: what they are drawn from, and all windows together."""

import random
from dataclasses import replace

import numpy as np
import pytest

from glossator.graph.attribution_graph import FeatureKey
from glossator.protocol.null_distribution import (
    MIN_FEATURES,
    DrawnNull,
    NullDistribution,
    ShippedNull,
    draw_nulls,
)
from glossator.protocol.nulls import (
    POOL,
    NullPool,
    Nulls,
    drawn_nulls,
    largest_z,
    null_pool,
    pool_windows,
    share_as_large,
    shipped_nulls,
)
from glossator.protocol.protocol_settings import (
    WINDOW_NAMES,
    ProtocolSettings,
    Window,
    WindowName,
)
from glossator.protocol.windows import FeatureWindows
from tests.core.unrelated_windows import (
    Floats,
    embeddings_of,
    made_features,
    windows_of,
)

SETTINGS = ProtocolSettings(n_examples=10, null_draws=2000)


def cut(
    name: str, *, n: int = 3, lacking: tuple[WindowName, ...] = ()
) -> FeatureWindows:
    """A feature of n examples; some windows may hold no text."""
    vectors = {
        window: np.full((n, 4), np.nan if window in lacking else 0.5)
        for window in WINDOW_NAMES
    }
    return windows_of(vectors, name=name, activations=[1.0] * n)[0]


# -- which features --------------------------------------------------------------------


def keys(n: int) -> list[FeatureKey]:
    return [FeatureKey("m", "s", at % 7, at) for at in range(n)]


def test_all_features_are_drawn_from_where_they_are_few() -> None:
    features = keys(POOL)
    assert null_pool(features, SETTINGS) == tuple(sorted(features))


def test_a_large_source_is_sampled() -> None:
    features = keys(POOL + 500)
    found = null_pool(features, SETTINGS)
    assert len(set(found)) == len(found) == POOL
    assert set(found) < set(features)
    assert list(found) == sorted(found)
    random.Random(1).shuffle(features)
    assert null_pool(features, SETTINGS) == found, "whatever the order"
    assert null_pool(features, ProtocolSettings(seed=21)) != found
    per_layer = np.bincount([feature.layer for feature in found])
    assert per_layer == pytest.approx(np.full(7, POOL / 7), rel=0.2)


# -- which examples --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n_features", "n_examples", "drawn"),
    [
        (MIN_FEATURES - 1, 10, False),
        (MIN_FEATURES, 10, True),
        (MIN_FEATURES, MIN_FEATURES, True),
        (MIN_FEATURES, MIN_FEATURES + 1, False),
        (MIN_FEATURES + 1, MIN_FEATURES + 1, True),
        (0, 10, False),
    ],
)
def test_a_null_needs_as_many_features_as_windows_and_thirty(
    n_features: int, n_examples: int, drawn: bool
) -> None:
    settings = ProtocolSettings(n_examples=n_examples, null_draws=100)
    features = [cut(f"f{at}") for at in range(n_features)]
    pool = pool_windows(features, settings)
    assert (pool is not None) is drawn
    if pool is not None:
        assert pool.windows == WINDOW_NAMES
        assert len(pool.texts) == n_features
        known = {text: np.eye(9)[at % 9] for at, text in enumerate(_texts(pool))}
        nulls = drawn_nulls(pool, embeddings_of(known), settings)
        assert all(isinstance(null, DrawnNull) for null in nulls.of.values())


def _texts(pool: NullPool) -> list[str]:
    return sorted(pool.distinct_texts())


def test_features_without_text_are_none_to_draw_from() -> None:
    features = [cut(f"f{at}") for at in range(MIN_FEATURES)]
    empty = cut("none", lacking=WINDOW_NAMES)
    found = pool_windows([*features[:-1], empty], SETTINGS)
    assert found is None
    found = pool_windows([*features, empty], SETTINGS)
    assert found is not None
    assert len(found.texts) == MIN_FEATURES


def test_an_example_is_drawn_with_all_its_windows() -> None:
    """One whose output window holds no text is none to draw from."""
    features = [cut(f"f{at}") for at in range(MIN_FEATURES)]
    first = features[0]
    broken = replace(
        first, texts={**first.texts, "output": ("", *first.texts["output"][1:])}
    )
    found = pool_windows([broken, *features[1:]], SETTINGS)
    assert found is not None
    assert found.texts[0] == {
        "input": ("f0 input 1", "f0 input 2"),
        "output": ("f0 output 1", "f0 output 2"),
        "cross": ("f0 cross 1", "f0 cross 2"),
    }
    assert found.distinct_texts() == {
        f"f{f} {w} {at}"
        for f in range(MIN_FEATURES)
        for w in WINDOW_NAMES
        for at in range(3)
        if (f, at) != (0, 0)
    }


def test_a_window_that_hardly_ever_holds_text_has_no_null() -> None:
    full = [cut(f"f{at}") for at in range(MIN_FEATURES - 1)]
    bare = [cut(f"g{at}", lacking=("output",)) for at in range(5)]
    found = pool_windows([*full, *bare], SETTINGS)
    assert found is not None
    assert found.windows == ("input", "cross")
    assert len(found.texts) == MIN_FEATURES + 4
    known = {text: np.eye(40)[at % 40] for at, text in enumerate(_texts(found))}
    nulls = drawn_nulls(found, embeddings_of(known), SETTINGS)
    assert nulls.of["output"] is None
    assert isinstance(nulls.of["cross"], DrawnNull)
    assert "output" not in nulls.origin
    assert nulls.branches("output", 10) is None


def test_windows_that_no_example_fills_together_give_no_null() -> None:
    features = [
        cut(f"f{at}{lack}", lacking=(lack,))
        for at in range(MIN_FEATURES)
        for lack in WINDOW_NAMES
    ]
    assert pool_windows(features, SETTINGS) is None


def test_the_digest_tells_what_would_be_drawn() -> None:
    features = [cut(f"f{at}") for at in range(MIN_FEATURES)]
    pool = pool_windows(features, SETTINGS)
    again = pool_windows(features, SETTINGS)
    assert pool is not None
    assert again is not None
    digest = pool.digest("mini", SETTINGS)
    assert again.digest("mini", SETTINGS) == digest
    assert digest.isalnum()
    moved = _with_first(pool, ("f0 input ", "0f0 input 1", "f0 input 2"))
    others = [
        pool.digest("maxi", SETTINGS),
        pool.digest("mini", ProtocolSettings(n_examples=11, null_draws=2000)),
        pool.digest("mini", ProtocolSettings(n_examples=10, null_draws=2001)),
        pool.digest("mini", ProtocolSettings(n_examples=10, null_draws=2000, seed=1)),
        replace(pool, texts=pool.texts[::-1]).digest("mini", SETTINGS),
        replace(pool, texts=pool.texts[1:]).digest("mini", SETTINGS),
        replace(pool, windows=("input", "cross")).digest("mini", SETTINGS),
        _with_first(pool, ("f0 input 0", "f0 input 1", "x")).digest("mini", SETTINGS),
        # The same letters, cut elsewhere
        moved.digest("mini", SETTINGS),
    ]
    assert len({digest, *others}) == 1 + len(others)
    # What decides on scores is no part of the null.
    same = ProtocolSettings(
        n_examples=10, null_draws=2000, z_threshold=1, weighted=True
    )
    assert pool.digest("mini", same) == digest
    strange = _with_first(pool, ("\ud800", "", "\0"))
    assert strange.digest("mini", SETTINGS) not in others


def _with_first(pool: NullPool, texts: tuple[str, ...]) -> NullPool:
    return replace(pool, texts=({**pool.texts[0], "input": texts}, *pool.texts[1:]))


# -- all windows together --------------------------------------------------------------


def of_vectors(n: int, *, seed: int, draws: int = 2000) -> dict[WindowName, DrawnNull]:
    """Draws from the same 60 features, by another seed."""
    return draw_nulls(made_features(60), n_max=n, draws=draws, seed=seed)


@pytest.mark.parametrize("windows", [WINDOW_NAMES, ("input", "cross"), ("output",)])
def test_five_of_a_hundred_unrelated_sets_have_a_p_of_five_percent(
    windows: tuple[WindowName, ...],
) -> None:
    nulls = Nulls(dict(of_vectors(12, seed=0)))
    other = of_vectors(12, seed=1)
    n = dict.fromkeys(windows, 12) | ({"input": 7} if "input" in windows else {})
    z: dict[WindowName, Floats] = {}
    for name in windows:
        cell = nulls.of[name].of_n(n[name])  # type: ignore[union-attr]
        assert cell is not None
        z[name] = cell.z_of(other[name].scores(n[name]))
    p = np.array(
        [nulls.p_of_largest({w: z[w][at] for w in windows}, n) for at in range(2000)]
    )
    for level in (0.01, 0.05, 0.2, 0.5):
        spread = (level * (1 - level) / 2000) ** 0.5
        assert (p <= level).mean() == pytest.approx(level, abs=6 * spread)


def test_p_of_one_drawn_window_is_its_own() -> None:
    drawn = of_vectors(10, seed=0)
    nulls = Nulls({"input": drawn["input"], "output": None, "cross": None})
    cell = drawn["input"].of_n(8)
    assert cell is not None
    for z in (-1.0, 0.3, 1.5, 9.0):
        found = nulls.p_of_largest({"input": z}, {"input": 8})
        assert found == pytest.approx(cell.p(cell.mean + z * cell.sd), abs=2 / 2000)
    assert nulls.p_of_largest({}, {}) is None


def test_the_joint_p_is_that_of_the_largest_z() -> None:
    nulls = Nulls(dict(of_vectors(10, seed=0)))
    n = dict.fromkeys(WINDOW_NAMES, 10)

    def p(*z: float) -> float:
        found = nulls.p_of_largest(dict(zip(WINDOW_NAMES, z, strict=True)), n)
        assert found is not None
        return found

    assert p(2.0, 0.0, -1.0) == p(-1.0, 0.0, 2.0) == p(2.0, 2.0, 2.0)
    assert p(3.0, 0.0, 0.0) < p(2.0, 0.0, 0.0) < p(1.0, 0.0, 0.0)
    assert p(99.0, 0.0, 0.0) == pytest.approx(1 / 2001)
    assert p(-99.0, -99.0, -99.0) == 1.0


def test_windows_not_drawn_together_are_corrected_for_their_number() -> None:
    cell = NullDistribution(0.1, 0.02, np.linspace(0.0, 0.2, 41), draws=999)
    null = ShippedNull({5: cell}, np.zeros(3), "shipped null (made)")
    nulls = Nulls({"input": null, "output": null, "cross": null})
    n = dict.fromkeys(WINDOW_NAMES, 5)
    one = cell.p(0.1 + 4 * 0.02)
    assert one == pytest.approx(0.1)
    three: dict[WindowName, float] = {"input": 4.0, "output": 0.0, "cross": -3.0}
    assert nulls.p_of_largest(three, n) == pytest.approx(3 * one)
    two: dict[WindowName, float] = {"input": 4.0, "cross": 0.0}
    assert nulls.p_of_largest(two, n) == pytest.approx(2 * one)
    assert nulls.p_of_largest({"input": 4.0}, n) == pytest.approx(one)
    assert nulls.p_of_largest({"input": -4.0, "cross": -4.0}, n) == 1.0
    assert nulls.origin == "shipped null (made)"


def test_the_value_itself_counts_among_the_draws() -> None:
    rising = np.array([0.0, 1.0, 1.0, 2.0])
    shares = [share_as_large(rising, value) for value in (-1.0, 0.0, 1.0, 1.5, 3.0)]
    assert shares == pytest.approx([1.0, 1.0, 0.8, 0.4, 0.2])


def test_the_largest_z_is_taken_draw_by_draw() -> None:
    scores = [np.array([0.0, 1.0, 2.0]), np.array([30.0, 20.0, 10.0])]
    # z are -1, 0, 1 and 1, 0, -1: of each draw the larger.
    assert largest_z(scores).tolist() == pytest.approx([0.0, 1.0, 1.0])
    flat = [np.array([0.0, 1.0, 2.0]), np.full(3, 5.0)]
    assert largest_z(flat).tolist() == pytest.approx([0.0, 0.0, 1.0])


# -- the shipped nulls -----------------------------------------------------------------


def test_shipped_nulls_of_a_run() -> None:
    settings = ProtocolSettings(output_window=Window(7, 9))
    nulls = shipped_nulls(settings, "all-MiniLM-L6-v2")
    assert isinstance(nulls.of["input"], ShippedNull)
    assert nulls.of["output"] is None, "none is shipped for that window"
    assert isinstance(nulls.of["cross"], ShippedNull)
    assert nulls.origin.startswith("shipped null (")
    assert nulls.branches("input", 20) is None, "pairs are known of draws alone"
    other = shipped_nulls(settings, "other")
    assert set(other.of.values()) == {None}
    assert other.origin == "none"
