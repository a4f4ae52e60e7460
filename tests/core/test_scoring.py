"""Scores of features: each equals its definition, and its place among draws."""

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest

from glossator.protocol.decision import FeatureScores, WindowScore
from glossator.protocol.null_distribution import (
    DrawnNull,
    NullDistribution,
    ShippedNull,
    beside_centre,
    draw_nulls,
)
from glossator.protocol.nulls import Nulls
from glossator.protocol.protocol_settings import (
    WINDOW_NAMES,
    ProtocolSettings,
    WindowName,
)
from glossator.protocol.scoring import score_features
from glossator.protocol.windows import FeatureWindows
from tests.core.unrelated_windows import (
    Floats,
    embeddings_of,
    made_features,
    unit,
    windows_of,
)

N = 12
SETTINGS = ProtocolSettings(n_examples=N, null_draws=300)
WEIGHTED = ProtocolSettings(n_examples=N, null_draws=300, weighted=True)
NO_NULLS = Nulls(dict.fromkeys(WINDOW_NAMES))
POOL = made_features(60, n_examples=(8, 9))


@pytest.fixture(scope="module")
def nulls() -> Nulls:
    return Nulls(dict(draw_nulls(POOL, n_max=N, draws=300, seed=5)))


class Made:
    """Features of given vectors, to be scored together."""

    def __init__(self) -> None:
        self.windows: list[FeatureWindows] = []
        self.known: dict[str, Floats] = {"": np.zeros(32)}

    def add(
        self,
        vectors: dict[WindowName, Floats],
        activations: Sequence[float] | None = None,
    ) -> None:
        n = len(vectors["input"])
        feature, known = windows_of(
            vectors,
            name=f"f{len(self.windows)}",
            activations=activations or [1.0 + (n - at) / n for at in range(n)],
        )
        self.windows.append(feature)
        self.known |= known

    def scores(
        self, nulls: Nulls, settings: ProtocolSettings = SETTINGS
    ) -> list[FeatureScores]:
        return score_features(self.windows, embeddings_of(self.known), nulls, settings)


def unrelated(n: int, rng: np.random.Generator) -> dict[WindowName, Floats]:
    """Examples of n different features of the pool."""
    chosen = [
        (int(f), int(rng.integers(len(POOL[f]["input"]))))
        for f in rng.choice(len(POOL), size=n, replace=False)
    ]
    return {w: np.array([POOL[f][w][at] for f, at in chosen]) for w in WINDOW_NAMES}


def by_pairs(vectors: Floats, weights: Floats) -> float:
    vectors = vectors.astype(np.float64)
    pairs = list(combinations(range(len(vectors)), 2))
    total = math.fsum(weights[i] * weights[j] for i, j in pairs)
    return math.fsum(
        weights[i] * weights[j] / total * float(vectors[i] @ vectors[j])
        for i, j in pairs
    )


def only(score: WindowScore | None) -> WindowScore:
    assert score is not None
    return score


def check_window(
    score: WindowScore | None, vectors: Floats, activations: Floats, weighted: bool
) -> None:
    """Against the sums over pairs of the windows that hold text."""
    held = ~np.isnan(vectors).any(axis=1)
    if held.sum() < 3:
        assert score is None
        return
    found = only(score)
    used, weights = vectors[held], activations[held]
    ones = np.ones(len(used))
    assert found.n_used == len(used)
    assert found.raw == pytest.approx(by_pairs(used, ones), abs=1e-6)
    assert found.weighted == pytest.approx(by_pairs(used, weights), abs=1e-6)
    expected = weights.sum() ** 2 / (weights**2).sum()
    assert found.effective_n == pytest.approx(expected)
    deciding = weights if weighted else ones
    left = np.array(
        [
            by_pairs(np.delete(used, i, axis=0), np.delete(deciding, i))
            for i in range(len(used))
        ]
    )
    error = math.sqrt((len(used) - 1) / len(used) * ((left - left.mean()) ** 2).sum())
    assert found.jackknife_error == pytest.approx(error, abs=1e-6)


@pytest.mark.parametrize("settings", [SETTINGS, WEIGHTED])
@pytest.mark.parametrize("with_nulls", [True, False])
def test_scores_equal_their_definitions(
    nulls: Nulls, settings: ProtocolSettings, with_nulls: bool
) -> None:
    rng = np.random.default_rng(7)
    made, given = Made(), []
    for at in range(25):
        vectors = unrelated(int(rng.integers(3, N + 1)), rng)
        for name in WINDOW_NAMES:
            empty = rng.random(len(vectors[name])) < at / 25
            vectors[name][empty] = np.nan
        activations = np.sort(rng.lognormal(size=len(vectors["input"])))[::-1]
        given.append((vectors, activations))
        made.add(vectors, activations.tolist())
    found = made.scores(nulls if with_nulls else NO_NULLS, settings)
    for scores, (vectors, activations) in zip(found, given, strict=True):
        for name in WINDOW_NAMES:
            check_window(scores.of(name), vectors[name], activations, settings.weighted)
    assert any(scores.output is None for scores in found)
    assert any(scores.output is not None for scores in found)


def test_each_score_is_placed_among_draws_of_as_many_windows(nulls: Nulls) -> None:
    rng = np.random.default_rng(8)
    made, given = Made(), [unrelated(n, rng) for n in (3, 5, 8, 12)]
    for vectors in given:
        made.add(vectors)
    for scores, vectors in zip(made.scores(nulls), given, strict=True):
        for name in WINDOW_NAMES:
            null = nulls.of[name]
            assert isinstance(null, DrawnNull)
            score = only(scores.of(name))
            cell = null.of_n(score.n_used)
            assert cell is not None
            adjusted = by_pairs(
                beside_centre(vectors[name], null.centre), np.ones(score.n_used)
            )
            assert score.z == pytest.approx(cell.z(adjusted), abs=1e-3)
            assert score.p == pytest.approx(cell.p(adjusted), abs=2e-3)
            assert score.weighted_z is score.weighted_p is None
            assert score.null_mean is not None
            assert score.null_sd == cell.sd
            # What is shown tells the same z.
            shown = (score.raw - score.null_mean) / cell.sd
            assert shown == pytest.approx(score.z, abs=1e-6)


def test_weighted_scores_are_placed_among_draws_of_the_same_weights(
    nulls: Nulls,
) -> None:
    rng = np.random.default_rng(9)
    vectors = unrelated(9, rng)
    vectors["cross"][4] = np.nan
    activations = [90.0, 30.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0]
    made = Made()
    made.add(vectors, activations)
    (scores,) = made.scores(nulls, WEIGHTED)
    of_draws, z = [], []
    for name in WINDOW_NAMES:
        null = nulls.of[name]
        assert isinstance(null, DrawnNull)
        held = ~np.isnan(vectors[name]).any(axis=1)
        weights = np.array(activations)[held]
        adjusted = by_pairs(beside_centre(vectors[name][held], null.centre), weights)
        draws = NullDistribution.of(null.weighted_scores(weights))
        score = only(scores.of(name))
        assert score.weighted_z == pytest.approx(draws.z(adjusted), abs=1e-3)
        assert score.weighted_p == pytest.approx(draws.p(adjusted), abs=2e-3)
        assert score.deciding_z == score.weighted_z
        assert score.null_sd == pytest.approx(draws.sd)
        assert score.null_mean is not None
        shown = (score.weighted - score.null_mean) / draws.sd
        assert shown == pytest.approx(score.weighted_z, abs=1e-6)
        # One heavy window: fewer that count, and a wider spread of draws.
        cell = null.of_n(score.n_used)
        assert cell is not None
        assert draws.sd > 1.5 * cell.sd
        of_draws.append(draws.z_of(null.weighted_scores(weights)))
        z.append(score.deciding_z or 0.0)
    largest = np.max(of_draws, axis=0)
    reached = int((largest >= max(z)).sum())
    assert scores.p == pytest.approx((reached + 1) / (len(largest) + 1))


def test_equal_activations_weigh_nothing(nulls: Nulls) -> None:
    made = Made()
    made.add(unrelated(8, np.random.default_rng(3)), [2.5] * 8)
    (plain,), (weighted,) = made.scores(nulls), made.scores(nulls, WEIGHTED)
    assert weighted.p == plain.p
    for name in WINDOW_NAMES:
        one, other = only(plain.of(name)), only(weighted.of(name))
        assert other.weighted == pytest.approx(one.raw)
        assert other.weighted_z == pytest.approx(one.z, abs=1e-3)
        assert other.effective_n == pytest.approx(8)


@pytest.mark.parametrize("settings", [SETTINGS, WEIGHTED])
def test_unrelated_sets_reach_a_p_of_five_percent_five_times_of_a_hundred(
    settings: ProtocolSettings,
) -> None:
    nulls = Nulls(dict(draw_nulls(POOL, n_max=N, draws=3000, seed=5)))
    rng = np.random.default_rng(10)
    made, n = Made(), 1200
    steep = [float(2 ** (N - at)) ** 0.5 for at in range(N)]
    for _ in range(n):
        made.add(unrelated(N, rng), steep)
    scores = made.scores(nulls, settings)
    p = np.array([found.p for found in scores])
    for level in (0.05, 0.3):
        spread = (level * (1 - level) / n) ** 0.5
        assert (p <= level).mean() == pytest.approx(level, abs=4 * spread)
    for name in WINDOW_NAMES:
        z = np.array([only(found.of(name)).deciding_z for found in scores])
        assert z.mean() == pytest.approx(0.0, abs=0.15)
        assert z.std() == pytest.approx(1.0, abs=0.1)
    senses = sum(found.senses is not None for found in scores)
    assert senses <= n * settings.sense_p + 4 * (n * settings.sense_p) ** 0.5


@pytest.mark.parametrize("place", ["near", "far"])
def test_unrelated_windows_near_the_centre_or_far_from_it_are_not_called(
    place: str,
) -> None:
    """Where windows lie moves the raw score, and says nothing of the feature."""
    rng = np.random.default_rng(6)
    d, way = 32, np.eye(32)[0]

    def windows(n: int, low: float, high: float) -> Floats:
        own = rng.normal(size=(n, d))
        own[:, 0] = 0.0
        common = rng.uniform(low, high, size=(n, 1))
        found: Floats = common * way + np.sqrt(1 - common**2) * unit(own)
        return found

    pool: list[dict[WindowName, Floats]] = [
        {name: windows(8, 0.2, 0.7) for name in WINDOW_NAMES} for _ in range(200)
    ]
    nulls = Nulls(dict(draw_nulls(pool, n_max=N, draws=800, seed=5)))
    made = Made()
    for _ in range(40):
        low, high = (0.6, 0.7) if place == "near" else (0.2, 0.3)
        made.add({name: windows(N, low, high) for name in WINDOW_NAMES})
    scores = [only(found.input) for found in made.scores(nulls)]
    raw = np.mean([score.raw for score in scores])
    assert raw > 0.38 if place == "near" else raw < 0.1
    z = np.array([score.z for score in scores])
    assert abs(z.mean()) < 1.0
    assert (z < 3.0).mean() > 0.95


def test_scores_do_not_depend_on_the_features_beside(nulls: Nulls) -> None:
    rng = np.random.default_rng(11)
    made = Made()
    for n in (3, 12, 1, 7, 2, 5):
        made.add(unrelated(n, rng))
    together = made.scores(nulls)
    embeddings = embeddings_of(made.known)
    for feature, expected in zip(made.windows, together, strict=True):
        (alone,) = score_features([feature], embeddings, nulls, SETTINGS)
        assert alone.p == expected.p
        for name in WINDOW_NAMES:
            one, other = alone.of(name), expected.of(name)
            assert (one is None) is (other is None)
            if one is not None and other is not None:
                assert one.raw == pytest.approx(other.raw, abs=1e-9)
                assert one.z == pytest.approx(other.z, abs=1e-6)
    assert together[2].input is together[4].input is None
    assert together[2].p is None
    assert score_features([], embeddings, nulls, SETTINGS) == []


def test_examples_are_counted_as_they_were_cut(nulls: Nulls) -> None:
    made = Made()
    made.add(unrelated(5, np.random.default_rng(1)))
    (scores,) = made.scores(nulls)
    assert (scores.n_examples, scores.n_distinct, scores.n_special) == (5, 5, 0)


def test_a_feature_without_any_text_has_no_score(nulls: Nulls) -> None:
    made = Made()
    made.add({name: np.full((4, 32), np.nan) for name in WINDOW_NAMES})
    (scores,) = made.scores(nulls)
    assert all(scores.of(name) is None for name in WINDOW_NAMES)
    assert scores.p is None
    assert scores.senses is None


def test_without_a_null_there_is_a_raw_score_alone(nulls: Nulls) -> None:
    made = Made()
    made.add(unrelated(6, np.random.default_rng(2)))
    for settings in (SETTINGS, WEIGHTED):
        (scores,) = made.scores(NO_NULLS, settings)
        assert scores.p is None
        assert scores.senses is None
        for name in WINDOW_NAMES:
            score = only(scores.of(name))
            assert score.z is score.p is score.null_mean is score.null_sd is None
            assert score.deciding_z is None
        (partly,) = made.scores(Nulls({**nulls.of, "output": None}), settings)
        assert only(partly.output).deciding_z is None
        assert only(partly.cross).deciding_z is not None
        assert partly.p is not None


def test_a_shipped_null_places_unweighted_scores_alone() -> None:
    cell = NullDistribution(0.01, 0.02, np.linspace(-0.05, 0.05, 41), draws=999)
    null = ShippedNull({6: cell}, np.zeros(32), "shipped")
    made = Made()
    vectors = unrelated(6, np.random.default_rng(2))
    made.add(vectors)
    made.add(unrelated(5, np.random.default_rng(2)))
    for settings in (SETTINGS, WEIGHTED):
        nulls = Nulls(dict.fromkeys(WINDOW_NAMES, null))
        six, five = made.scores(nulls, settings)
        score = only(six.input)
        assert score.z == pytest.approx(cell.z(score.raw), abs=1e-5)
        assert score.weighted_z is None
        assert score.deciding_z == score.z
        assert six.senses is None
        least = min(only(six.of(name)).p or 0.0 for name in WINDOW_NAMES)
        assert six.p == pytest.approx(min(1.0, 3 * least))
        assert only(five.input).z is None, "none is shipped for five windows"
        assert five.p is None
