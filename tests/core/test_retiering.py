"""Re-tiering from stored scores against fresh runs, and its quick preview."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glossator.demo import demo_project
from glossator.graph.attribution_graph import FeatureKey
from glossator.progress import CancelToken, Progress, drive
from glossator.project.edits import SetResult
from glossator.project.open_files import (
    evidence_paths,
    opaque_numbers,
    open_evidence_paths,
)
from glossator.project.revision import Subject, feature_subject
from glossator.protocol.decision import (
    FeatureScores,
    ProtocolResult,
    Sense,
    Senses,
    TierDecision,
    WindowScore,
)
from glossator.protocol.embedder import SentenceEmbedder
from glossator.protocol.embedding_store import EmbeddingStore
from glossator.protocol.evidence_scores import ScoringParts
from glossator.protocol.null_store import NullStore
from glossator.protocol.protocol_settings import WINDOW_NAMES, ProtocolSettings
from glossator.protocol.routing import decide
from glossator.retiering import (
    StoredScores,
    retier_edits,
    retiered,
    settings_in_force,
)
from glossator.run import RunProgress, run_protocol

LOW = ProtocolSettings(z_threshold=3.0, raw_threshold=0.5, null_draws=1000)
HIGH = msgspec.structs.replace(
    LOW, z_threshold=5.0, raw_threshold=0.2, raw_threshold_of={"output": 0.3}
)
Results = Mapping[FeatureKey, ProtocolResult]


@pytest.fixture(scope="module")
def runs(
    tmp_path_factory: pytest.TempPathFactory, kept_embeddings: Path
) -> tuple[Results, Results]:
    """Some of the demo's features, run with either settings."""
    folder = tmp_path_factory.mktemp("runs")
    embedder = SentenceEmbedder(device="cpu")
    store = EmbeddingStore(kept_embeddings, embedder.name)
    parts = ScoringParts(embedder, store, NullStore(folder))
    project = demo_project(folder / "demo.gloss")
    features = project.state.features()[::8]
    paths, opaque = evidence_paths(project), opaque_numbers(project.state)
    project.close()
    evidence = open_evidence_paths(paths, opaque=opaque).sources

    def run(settings: ProtocolSettings) -> Results:
        found: dict[FeatureKey, ProtocolResult] = {}

        def keep(progress: Progress) -> None:
            if isinstance(progress, RunProgress):
                found.update((o.feature, o.result) for o in progress.outcomes)

        work = run_protocol(
            features, features, evidence, parts, {}, settings, CancelToken()
        )
        drive(work, keep)
        return found

    both = run(LOW), run(HIGH)
    store.close()
    return both


def without_senses(result: ProtocolResult) -> ProtocolResult:
    """Senses and what is said of them left out."""
    scores = msgspec.structs.replace(result.scores, senses=None)
    calibrated = msgspec.structs.replace(result.calibrated, reason="")
    return msgspec.structs.replace(result, scores=scores, calibrated=calibrated)


@pytest.mark.model
def test_lowering_the_threshold_decides_as_a_run_does(
    runs: tuple[Results, Results],
) -> None:
    low, high = runs
    again = {f: retiered(result, LOW) for f, result in high.items()}
    assert {f: r.tier for f, r in again.items()} == {f: r.tier for f, r in low.items()}
    for feature, result in again.items():
        assert without_senses(result) == without_senses(low[feature])
        if result.scores == low[feature].scores:
            assert result == low[feature]


@pytest.mark.model
def test_raising_it_differs_from_a_run_in_senses_of_what_no_longer_passes(
    runs: tuple[Results, Results],
) -> None:
    low, high = runs
    same = 0
    for feature, result in low.items():
        again = retiered(result, HIGH)
        if result.scores == high[feature].scores:
            assert again == high[feature]
            same += 1
            continue
        assert result.calibrated.passed
        assert not high[feature].calibrated.passed
        assert again.calibrated.passed == ()
        assert again.literal == high[feature].literal
        assert {again.tier, high[feature].tier} <= {"cross", "obscure"}
    assert same > len(low) / 2
    assert any(low[f].tier != high[f].tier for f in low)


@pytest.mark.model
def test_the_preview_tells_what_re_tiering_decides(
    runs: tuple[Results, Results],
) -> None:
    results = list(runs[0].values())
    scores = StoredScores.of(results)
    assert scores.tiers(LOW) == [result.tier for result in results]
    for routing in ("calibrated", "literal"):
        for at in np.linspace(-1, 8, 19).tolist():
            settings = msgspec.structs.replace(
                HIGH, routing=routing, z_threshold=at, raw_threshold=at / 10
            )
            told = scores.tiers(settings)
            assert told == [retiered(r, settings).tier for r in results]


@pytest.mark.model
def test_only_results_that_come_out_otherwise_become_edits(
    runs: tuple[Results, Results],
) -> None:
    low, _ = runs
    stored = [(feature_subject(f), result) for f, result in low.items()]
    assert retier_edits(stored, LOW) == []
    edits = retier_edits(stored, HIGH)
    assert [edit.subject for edit in edits if isinstance(edit, SetResult)] == [
        subject for subject, _ in stored
    ], "each reason names the threshold"
    only_routing = msgspec.structs.replace(LOW, routing="literal")
    for edit in retier_edits(stored, only_routing):
        assert isinstance(edit, SetResult)
        assert edit.result is not None
        before = dict(stored)[edit.subject]
        assert edit.result == msgspec.structs.replace(before, routing="literal")


# -- made scores -----------------------------------------------------------------------

a_z = st.one_of(st.none(), st.sampled_from([-1.0, 2.9, 3.0, 3.1]), st.floats(-3, 9))


@st.composite
def a_window(draw: st.DrawFn) -> WindowScore | None:
    if draw(st.integers(0, 4)) == 0:
        return None
    z = draw(a_z)
    return WindowScore(
        n_used=5,
        raw=draw(st.sampled_from([0.1, 0.3, 0.5])),
        weighted=draw(st.sampled_from([0.1, 0.3, 0.5])),
        jackknife_error=0.0,
        z=z,
        weighted_z=None if z is None else draw(a_z),
    )


SENSES = Senses(
    window="input", senses=(Sense(examples=(0, 1, 2), raw=0.9, z=9.0),) * 2, p=0.001
)


@st.composite
def some_scores(draw: st.DrawFn) -> FeatureScores:
    return FeatureScores(
        n_examples=draw(st.sampled_from([2, 9])),
        n_distinct=draw(st.sampled_from([2, 9])),
        n_special=draw(st.sampled_from([0, 9])),
        input=draw(a_window()),
        output=draw(a_window()),
        cross=draw(a_window()),
        senses=draw(st.sampled_from([None, SENSES])),
    )


@st.composite
def some_settings(draw: st.DrawFn) -> ProtocolSettings:
    return ProtocolSettings(
        routing=draw(st.sampled_from(["calibrated", "literal"])),
        z_threshold=draw(st.sampled_from([-2.0, 2.9, 3.0, 20.0])),
        raw_threshold=draw(st.sampled_from([-0.2, 0.3, 0.4, 0.5, 1.0])),
        raw_threshold_of=draw(
            st.dictionaries(st.sampled_from(WINDOW_NAMES), st.sampled_from([0.1, 0.3]))
        ),
        weighted=draw(st.booleans()),
    )


@given(st.lists(some_scores(), max_size=8), some_settings(), some_settings())
def test_the_preview_knows_every_case(
    scores: list[FeatureScores], before: ProtocolSettings, after: ProtocolSettings
) -> None:
    results = [decide(one, before, "embedder", "null") for one in scores]
    stored = StoredScores.of(results)
    assert stored.tiers(before) == [result.tier for result in results]
    assert stored.tiers(after) == [retiered(r, after).tier for r in results]
    assert [retiered(r, after) for r in results] == [
        decide(one, after, "embedder", "null") for one in scores
    ]


def no_evidence() -> ProtocolResult:
    decision = TierDecision(
        tier="no evidence", routing="calibrated", threshold=3.0, reason="none is known"
    )
    return ProtocolResult(
        scores=FeatureScores(n_examples=0, n_distinct=0),
        calibrated=decision,
        literal=msgspec.structs.replace(decision, routing="literal", threshold=0.5),
        routing="calibrated",
        embedder="embedder",
    )


def test_without_evidence_nothing_changes() -> None:
    result = no_evidence()
    assert retiered(result, HIGH) == result
    assert retier_edits([(Subject("f:1:2"), result)], HIGH) == []
    literal = msgspec.structs.replace(HIGH, routing="literal")
    assert StoredScores.of([result]).tiers(literal) == ["no evidence"]
    assert StoredScores.of([]).tiers(HIGH) == []


def made(
    settings: ProtocolSettings, *, weighted_z: float | None = None
) -> ProtocolResult:
    score = WindowScore(
        n_used=5,
        raw=0.4,
        weighted=0.4,
        jackknife_error=0.0,
        z=4.0,
        weighted_z=weighted_z,
    )
    scores = FeatureScores(n_examples=9, n_distinct=9, output=score)
    return decide(scores, settings, "embedder", "null")


def test_the_settings_in_force_are_those_of_most_results() -> None:
    literal = msgspec.structs.replace(HIGH, routing="literal")
    results = [made(literal), made(literal), made(LOW), no_evidence()]
    stored = ProtocolSettings(n_examples=7, raw_threshold_of={"output": 0.3})
    found = settings_in_force(results, stored)
    assert (found.routing, found.z_threshold, found.n_examples) == ("literal", 5.0, 7)
    assert found.raw_threshold == stored.raw_threshold, "output has one of its own"
    assert not found.weighted
    plain = ProtocolSettings()
    assert settings_in_force([made(LOW)], plain).raw_threshold == LOW.raw_threshold
    assert settings_in_force([made(LOW, weighted_z=3.5)], plain).weighted
    assert settings_in_force([no_evidence()], HIGH) == HIGH
