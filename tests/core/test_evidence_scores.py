"""From evidence to scores: whatever the chunks, stops and stores, the same numbers."""

import gc
import math
import weakref
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import msgspec
import numpy as np
import pytest

from glossator.errors import Cancelled
from glossator.evidence.feature_evidence import FeatureEvidence
from glossator.graph.attribution_graph import FeatureKey
from glossator.progress import CancelToken, Progress, drive
from glossator.protocol.embedder import Embedder, SentenceEmbedder
from glossator.protocol.protocol_settings import (
    WINDOW_NAMES,
    ProtocolSettings,
    Window,
)
from glossator.protocol.windows import cut_windows
from glossator.run import FeatureOutcome, RunProgress
from tests.core.made_run import (
    ALL,
    SETTINGS,
    Counting,
    Finished,
    Made,
    Stopping,
    Stores,
    finish,
    key,
    outcomes_in,
    start,
)

pytestmark = pytest.mark.model

BESIDE = [key(index) for index in range(40, 55)]
"""Features that are not at hand when the null is drawn."""
SCOPE = [*BESIDE, *ALL[:15]]


@pytest.fixture(scope="module")
def minilm() -> SentenceEmbedder:
    return SentenceEmbedder(device="cpu")


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    stores = Stores(tmp_path)
    yield stores
    stores.embeddings.close()


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    stores = Stores(tmp_path_factory.mktemp("warm"))
    yield stores
    stores.embeddings.close()


@pytest.fixture(scope="module")
def ran(minilm: SentenceEmbedder, warm: Stores) -> Finished:
    """In one piece."""
    return finish(start(minilm, warm, SCOPE))


def numbers(outcome: FeatureOutcome) -> dict[str, float]:
    """All scores of a feature by their path."""
    found: dict[str, float] = {}

    def collect(path: str, value: object) -> None:
        if isinstance(value, dict):
            for name, part in value.items():
                collect(f"{path}.{name}", part)
        elif isinstance(value, float | int):
            found[path] = float(value)

    collect("", msgspec.to_builtins(outcome.result.scores))
    return found


def check_same(
    found: Sequence[FeatureOutcome], expected: Sequence[FeatureOutcome]
) -> None:
    """The same tiers and labels, and scores but for rounding."""
    assert [o.feature for o in found] == [o.feature for o in expected]
    for one, other in zip(found, expected, strict=True):
        assert one.label == other.label
        assert one.result.shown_tier == other.result.shown_tier
        assert one.result.literal.tier == other.result.literal.tier
        mine, theirs = numbers(one), numbers(other)
        assert set(mine) == set(theirs)
        for path, value in mine.items():
            # z are in standard deviations of some hundredths.
            rounding = 1e-3 if path.endswith(("z", "p")) else 1e-6
            assert value == pytest.approx(theirs[path], abs=rounding), path


# -- numbers ---------------------------------------------------------------------------


def embedded(embedder: Embedder, texts: Sequence[str]) -> np.ndarray:
    """One by one, so that nothing of the texts beside them enters."""
    batches = [next(iter(embedder.embed([text]))) for text in texts]
    return np.array([batch.vectors[0] for batch in batches], np.float64)


def by_pairs(vectors: np.ndarray, weights: Sequence[float]) -> float:
    pairs = list(combinations(range(len(vectors)), 2))
    total = math.fsum(weights[i] * weights[j] for i, j in pairs)
    return (
        math.fsum(
            weights[i] * weights[j] * float(vectors[i] @ vectors[j]) for i, j in pairs
        )
        / total
    )


def test_raw_scores_are_mean_cosines_of_the_embedded_windows(
    minilm: SentenceEmbedder, ran: Finished
) -> None:
    source = Made()
    for feature in (BESIDE[0], BESIDE[1], ALL[0], ALL[2]):
        evidence = source.evidence(feature)
        assert evidence is not None
        windows = cut_windows(evidence, SETTINGS)
        scores = ran.of(feature).result.scores
        for name in WINDOW_NAMES:
            score = scores.of(name)
            assert score is not None
            vectors = embedded(minilm, windows.texts[name])
            expected = by_pairs(vectors, [1.0] * len(vectors))
            assert score.raw == pytest.approx(expected, abs=1e-6)
            expected = by_pairs(vectors, windows.activations)
            assert score.weighted == pytest.approx(expected, abs=1e-6)


def test_windows_without_text_are_left_out(
    minilm: SentenceEmbedder, stores: Stores
) -> None:
    """The examples have five tokens after the top one."""
    far = msgspec.structs.replace(
        SETTINGS, output_window=Window(6, 8), cross_window=Window(5, 9)
    )
    ran = finish(start(minilm, stores, ALL[:3], settings=far))
    for outcome in ran.outcomes:
        scores = outcome.result.scores
        assert scores.output is None
        assert scores.cross is not None
        assert scores.cross.n_used == 5
        assert scores.input is not None
        assert scores.input.z is not None


def test_each_feature_has_its_comparators(ran: Finished) -> None:
    held = {o.feature: o.result.scores.comparators for o in ran.outcomes}
    saying = held[ALL[1]]
    assert saying is not None
    assert saying.next_token_share == 1.0
    assert saying.logit_coherence is not None
    on_word = held[ALL[0]]
    assert on_word is not None
    assert on_word.top_token_share == 1.0
    assert all(found is not None for found in held.values())


def test_too_few_features_take_the_shipped_null(
    minilm: SentenceEmbedder, stores: Stores, tmp_path: Path
) -> None:
    ran = finish(start(minilm, stores, ALL[:2], at_hand=ALL[:29]))
    for outcome in ran.outcomes:
        assert outcome.result.null_origin.startswith("shipped null")
        assert outcome.result.scores.p is not None
    assert not (tmp_path / "nulls").exists()
    ran = finish(start(minilm, stores, ALL[:2], at_hand=ALL[:30]))
    for outcome in ran.outcomes:
        assert outcome.result.null_origin.startswith("windows of 30 features")


# -- chunks ----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 7, 29, 30])
def test_chunks_change_no_result(
    minilm: SentenceEmbedder,
    ran: Finished,
    stores: Stores,
    monkeypatch: pytest.MonkeyPatch,
    size: int,
) -> None:
    monkeypatch.setattr("glossator.run.CHUNK", size)
    found = finish(start(minilm, stores, SCOPE))
    check_same(found.outcomes, ran.outcomes)
    assert found.report.tiers == ran.report.tiers
    assert found.report.cross_scored == ran.report.cross_scored
    batches = [step for step in found.steps if isinstance(step, RunProgress)]
    done = [step.done for step in batches]
    assert done == sorted(done)
    assert done[-1] == len(SCOPE)
    # A chunk's outcomes are handed over before the next is embedded.
    assert len(batches) >= len(SCOPE) / max(size, 25)


@dataclass
class Watched(Made):
    """Counts how much of the evidence it gave is still held."""

    pool: frozenset[FeatureKey] = frozenset()
    given: list["weakref.ref[FeatureEvidence]"] = field(default_factory=list)
    most: int = 0

    def evidence(self, feature: FeatureKey) -> FeatureEvidence | None:
        found = super().evidence(feature)
        if found is not None and feature not in self.pool:
            self.given.append(weakref.ref(found))
            self.most = max(self.most, self.held())
        return found

    def held(self) -> int:
        return sum(known() is not None for known in self.given)


def test_evidence_outside_the_null_is_not_kept(
    minilm: SentenceEmbedder,
    stores: Stores,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("glossator.run.CHUNK", 4)
    source = Watched(pool=frozenset(ALL))
    many = [key(index) for index in range(40, 80)]
    gc.disable()  # Nothing may wait for it.
    try:
        ran = finish(start(minilm, stores, many, source=source))
        assert len(source.given) == len(ran.outcomes) == 40
        assert source.most <= 2 * 4
        assert source.held() == 0
    finally:
        gc.enable()


def test_evidence_is_read_once(minilm: SentenceEmbedder, warm: Stores) -> None:
    source = Made()
    finish(start(minilm, warm, SCOPE, source=source))
    assert Counter(source.asked) == Counter({*ALL, *SCOPE})


# -- stops -----------------------------------------------------------------------------


def test_a_run_stopped_at_every_batch_ends_the_same(
    minilm: SentenceEmbedder,
    ran: Finished,
    stores: Stores,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("glossator.run.CHUNK", 10)
    embedded: Counter[str] = Counter()
    kept: list[FeatureOutcome] = []
    found: tuple[FeatureOutcome, ...] = ()
    n_stopped = 0
    while not found and n_stopped < 200:
        cancel = CancelToken()
        stopping = Stopping(minilm, cancel=cancel)
        steps: list[Progress] = []
        try:
            steps.extend(start(stopping, stores, SCOPE, cancel=cancel))
            found = outcomes_in(steps)
        except Cancelled:
            assert stopping.n_batches == 1
            n_stopped += 1
            embedded += stopping.texts
            # What was handed over before the stop stays valid.
            kept = [*kept, *outcomes_in(steps)]
    assert 5 < n_stopped < 200, "a run that is continued comes to its end"
    assert set(embedded.values()) == {1}, "no text was embedded twice"
    check_same(found, ran.outcomes)
    assert kept
    by_feature = {o.feature: o for o in ran.outcomes}
    check_same(kept, [by_feature[o.feature] for o in kept])


def test_a_run_stopped_at_every_step_ends_the_same(
    minilm: SentenceEmbedder,
    ran: Finished,
    warm: Stores,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("glossator.run.CHUNK", 8)
    whole = finish(start(minilm, warm, SCOPE))
    check_same(whole.outcomes, ran.outcomes)
    n_stopped = 0
    for at in range(len(whole.steps) - 1):
        cancel = CancelToken()
        steps: list[Progress] = []
        try:
            for step in start(minilm, warm, SCOPE, cancel=cancel):
                steps.append(step)
                if len(steps) == at + 1:
                    cancel.cancel()
        except Cancelled:
            n_stopped += 1
        found = outcomes_in(steps)
        assert found == whole.outcomes[: len(found)]
    assert n_stopped > len(whole.steps) / 2
    assert finish(start(minilm, warm, SCOPE)).outcomes == whole.outcomes


def test_a_stopped_run_leaves_no_half_null(
    minilm: SentenceEmbedder, stores: Stores, tmp_path: Path
) -> None:
    cancel = CancelToken()

    def cancel_there(progress: Progress) -> None:
        if progress.what == "drawing the null":
            cancel.cancel()

    with pytest.raises(Cancelled):
        drive(start(minilm, stores, SCOPE, cancel=cancel), cancel_there)
    assert [path.suffix for path in (tmp_path / "nulls").iterdir()] in ([], [".npz"])


# -- stores ----------------------------------------------------------------------------


def test_a_warm_run_gives_the_very_same(
    minilm: SentenceEmbedder, stores: Stores
) -> None:
    settings = ProtocolSettings(null_draws=100, n_examples=8, weighted=True)
    cold = Counting(minilm)
    first = finish(start(cold, stores, SCOPE[:12], settings=settings))
    again = Counting(minilm)
    second = finish(start(again, stores, SCOPE[:12], settings=settings))
    assert cold.texts
    assert again.texts == Counter()
    assert second.outcomes == first.outcomes
    assert "drawing the null" in first.stages()
    assert "drawing the null" not in second.stages()


def test_a_stored_null_needs_no_text_of_those_it_was_drawn_from(
    minilm: SentenceEmbedder, ran: Finished, stores: Stores, tmp_path: Path
) -> None:
    finish(start(minilm, stores, ALL[:1]))
    (tmp_path / "other").mkdir()
    other = Stores(tmp_path / "other")
    other.nulls = stores.nulls
    counting = Counting(minilm)
    found = finish(start(counting, other, BESIDE))
    other.embeddings.close()
    check_same(found.outcomes, ran.outcomes[: len(BESIDE)])
    source = Made()
    evidence = [known for f in ALL if (known := source.evidence(f)) is not None]
    pool = {t for e in evidence for t in cut_windows(e, SETTINGS).texts["cross"]}
    assert len(pool) > 100
    assert counting.texts
    assert pool.isdisjoint(counting.texts)


def test_a_null_is_drawn_anew_for_other_settings(
    minilm: SentenceEmbedder, stores: Stores, tmp_path: Path
) -> None:
    for n, settings in enumerate(
        (
            SETTINGS,
            msgspec.structs.replace(SETTINGS, seed=21),
            msgspec.structs.replace(SETTINGS, null_draws=101),
            msgspec.structs.replace(SETTINGS, input_window=Window(-1, 0)),
        ),
        start=1,
    ):
        finish(start(minilm, stores, ALL[:2], settings=settings))
        assert len(list((tmp_path / "nulls").iterdir())) == n
    same = msgspec.structs.replace(SETTINGS, z_threshold=1.0, routing="literal")
    finish(start(minilm, stores, ALL[:2], settings=same))
    assert len(list((tmp_path / "nulls").iterdir())) == 4


def test_spoilt_stores_cost_time_alone(
    minilm: SentenceEmbedder, ran: Finished, tmp_path: Path
) -> None:
    first = Stores(tmp_path)
    finish(start(minilm, first, SCOPE[:2]))
    first.embeddings.close()
    for path in (tmp_path / "nulls").iterdir():
        path.write_bytes(b"spoilt" * 99)
    (tmp_path / "embeddings.sqlite").write_bytes(b"spoilt" * 99)
    again = Stores(tmp_path)
    found = finish(start(minilm, again, SCOPE[:20]))
    again.embeddings.close()
    check_same(found.outcomes, ran.outcomes[:20])
