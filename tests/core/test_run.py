"""The protocol over a project, with the real embedder."""

import random
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from glossator.errors import Cancelled
from glossator.evidence.open_source import open_evidence
from glossator.labelers.label import Label, NoLabel
from glossator.progress import CancelToken, Progress, drive
from glossator.protocol.embedder import SentenceEmbedder
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.run import RunProgress
from tests.core.graph_documents import Json, feature_node, graph_of, tracer_graph
from tests.core.made_run import (
    ALL,
    EVERY_KIND,
    INPUT,
    MODEL,
    OUTPUT,
    SCARCE,
    SETTINGS,
    SOURCE,
    UNKNOWN,
    UNREADABLE,
    Counting,
    Finished,
    Stores,
    finish,
    start,
)

pytestmark = pytest.mark.model


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
    """Stores that know what the run over all kinds of features needed."""
    stores = Stores(tmp_path_factory.mktemp("warm"))
    yield stores
    stores.embeddings.close()


@pytest.fixture(scope="module")
def ran(minilm: SentenceEmbedder, warm: Stores) -> Finished:
    """A run over all kinds of features."""
    return finish(start(minilm, warm, EVERY_KIND))


# -- what a run finds ------------------------------------------------------------------


def gpt2_graph(features: Sequence[int]) -> Json:
    nodes = [feature_node(0, index, 1) for index in features]
    return tracer_graph(
        nodes,
        [],
        scan=MODEL,
        info=None,
        feature_details={"neuronpedia_source_set": SOURCE},
    )


@pytest.mark.shared
def test_real_features(minilm: SentenceEmbedder, stores: Stores, shared: Path) -> None:
    """Four features are too few for a null: the shipped one is used, and said so."""
    features = graph_of(gpt2_graph(range(4))).features
    ran = finish(
        start(
            minilm,
            stores,
            features,
            at_hand=features,
            settings=ProtocolSettings(),
            source=open_evidence(shared / "features"),
        )
    )
    by_index = {o.feature.index: o.result for o in ran.outcomes}
    assert by_index[1].tier == by_index[1].literal.tier == "insufficient"
    assert by_index[1].scores.n_distinct == 0
    # Of feature 3's 29 texts two are alike near the top token.
    assert [by_index[index].scores.n_distinct for index in (0, 2, 3)] == [24, 31, 28]
    for index in (0, 2, 3):
        result = by_index[index]
        for window in (result.scores.input, result.scores.output, result.scores.cross):
            assert window is not None
            assert 18 <= window.n_used <= 20
            assert -1 <= window.raw <= 1
            assert window.z is not None
        assert result.tier in ("input", "output", "cross", "obscure")
        assert result.null_origin.startswith("shipped null")
    assert ran.report.problems == ()


def test_tiers_of_features_made_so(ran: Finished) -> None:
    tiers = [ran.of(feature).result.tier for feature in ALL]
    assert tiers[0::3] == ["input"] * 11
    assert tiers[1::3] == ["output"] * 11
    # Of features that fire anywhere chance calls one now and then.
    obscure = [ran.of(f) for f in ALL[2::3] if ran.of(f).result.tier == "obscure"]
    assert len(obscure) >= 9
    label = ran.of(INPUT).label
    assert isinstance(label, Label)
    assert label.text == "bit of river"
    assert label.method == "token_frequency"
    label = ran.of(OUTPUT).label
    assert isinstance(label, Label)
    assert label.text == "say river"
    assert all(isinstance(outcome.label, NoLabel) for outcome in obscure)
    assert ran.of(INPUT).evidence_origin == "made"
    assert ran.of(INPUT).result.null_origin.startswith("windows of 33")


def test_features_without_evidence(ran: Finished) -> None:
    result = ran.of(UNKNOWN).result
    assert result.tier == result.literal.tier == "no evidence"
    assert "no source of evidence knows" in result.decision.reason
    assert isinstance(ran.of(UNKNOWN).label, NoLabel)
    assert ran.of(SCARCE).result.tier == "insufficient"
    label = ran.of(SCARCE).label
    assert label == NoLabel("", "insufficient features are left to the review.")


def test_an_unreadable_record_is_a_problem_and_no_more(ran: Finished) -> None:
    assert ran.report.problems == ("made: [99]: unreadable record",)
    result = ran.of(UNREADABLE).result
    assert result.tier == "no evidence"
    assert "unreadable record" in result.decision.reason
    assert len(ran.outcomes) == 36


def test_both_routings_are_in_each_result(ran: Finished) -> None:
    for each in ran.outcomes:
        result = each.result
        assert (result.calibrated.routing, result.literal.routing) == (
            "calibrated",
            "literal",
        )
        assert result.calibrated.threshold == SETTINGS.z_threshold
        assert result.literal.threshold == SETTINGS.raw_threshold
        assert result.decision == result.calibrated
    scored = [o for o in ran.outcomes if o.result.literal.cross_scored]
    assert ran.report.cross_scored == len(scored)
    assert 0 < len(scored) < 36
    assert ran.of(UNKNOWN) not in scored
    assert {o.result.literal.tier for o in scored} <= {"cross", "obscure"}
    assert {o.result.literal.tier for o in ran.outcomes if o not in scored} == {
        "input",
        "output",
        "insufficient",
        "no evidence",
    }


def test_the_routing_that_was_chosen_decides(
    minilm: SentenceEmbedder, warm: Stores
) -> None:
    settings = ProtocolSettings(
        null_draws=100, n_examples=5, routing="literal", raw_threshold=0.95
    )
    ran = finish(start(minilm, warm, ALL[2:9:3], settings=settings))
    assert {o.result.decision.routing for o in ran.outcomes} == {"literal"}
    assert [o.result.tier for o in ran.outcomes] == ["obscure"] * 3
    assert all(isinstance(o.label, NoLabel) for o in ran.outcomes)
    assert ran.report.cross_scored == 3
    assert ran.report.device == "cpu"


def test_the_order_of_the_scope_changes_nothing(
    ran: Finished, minilm: SentenceEmbedder, stores: Stores
) -> None:
    scope = EVERY_KIND.copy()
    random.Random(1).shuffle(scope)
    shuffled = finish(start(minilm, stores, scope, at_hand=ALL[::-1]))
    assert [o.feature for o in shuffled.outcomes] == scope
    by_feature = {o.feature: o for o in ran.outcomes}
    assert {o.feature: o for o in shuffled.outcomes} == by_feature


def test_a_part_of_the_scope_scores_alike(
    ran: Finished, minilm: SentenceEmbedder, warm: Stores
) -> None:
    """The null is of the features at hand, not of those selected."""
    part = finish(start(minilm, warm, [OUTPUT]))
    assert part.outcomes == (ran.of(OUTPUT),)


# -- stopping --------------------------------------------------------------------------


def test_each_text_is_embedded_once(minilm: SentenceEmbedder, stores: Stores) -> None:
    counting = Counting(minilm)
    finish(start(counting, stores))
    assert set(counting.texts.values()) == {1}
    again = Counting(minilm)
    finish(start(again, stores))
    assert again.texts == Counter()


@pytest.mark.parametrize(
    "stage", ["reading evidence", "embedding windows", "drawing the null"]
)
def test_every_stage_can_be_cancelled(
    minilm: SentenceEmbedder, stores: Stores, stage: str
) -> None:
    cancel = CancelToken()
    seen: list[str] = []

    def cancel_there(progress: Progress) -> None:
        seen.append(progress.what)
        if progress.what == stage:
            cancel.cancel()

    with pytest.raises(Cancelled, match="stopped on request"):
        drive(start(minilm, stores, cancel=cancel), cancel_there)
    assert stage in seen
    assert "scoring features" not in seen


def test_a_paused_run_waits(minilm: SentenceEmbedder, tmp_path: Path) -> None:
    cancel = CancelToken()
    steps: list[Progress] = []
    moved, ended = threading.Event(), threading.Event()

    def work() -> None:
        stores = Stores(tmp_path)
        for step in start(minilm, stores, cancel=cancel):
            steps.append(step)
            moved.set()
        stores.embeddings.close()
        ended.set()

    cancel.pause()
    thread = threading.Thread(target=work)
    thread.start()
    assert not moved.wait(0.3), "it waits before it reads anything"
    cancel.resume()
    assert moved.wait(30)
    cancel.pause()
    n_steps = -1
    while n_steps != len(steps):
        n_steps = len(steps)
        ended.wait(0.5)
    assert not ended.is_set()
    cancel.resume()
    assert ended.wait(60)
    thread.join()
    assert steps[-1].what == "scoring features"
    assert not cancel.paused


def test_cancel_wakes_a_paused_run() -> None:
    cancel = CancelToken()
    cancel.pause()
    raised: list[Cancelled] = []

    def wait() -> None:
        try:
            cancel.check()
        except Cancelled as error:
            raised.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    assert cancel.paused
    assert not cancel.cancelled
    cancel.cancel()
    thread.join(10)
    assert len(raised) == 1


def test_outcomes_come_in_batches(minilm: SentenceEmbedder, warm: Stores) -> None:
    ran = finish(start(minilm, warm))
    batches = [step for step in ran.steps if isinstance(step, RunProgress)]
    assert [len(batch.outcomes) for batch in batches] == [25, 8]
    assert [(batch.done, batch.total) for batch in batches] == [(25, 33), (33, 33)]
    assert [o.feature for o in ran.outcomes] == ALL


def test_the_stages_of_a_run(minilm: SentenceEmbedder, stores: Stores) -> None:
    first = finish(start(minilm, stores))
    assert first.stages() == [
        "reading evidence",
        "embedding windows",
        "drawing the null",
        "scoring features",
    ]
    again = finish(start(minilm, stores))
    assert again.stages() == [
        "reading evidence",
        "embedding windows",
        "scoring features",
    ]
    for step in (*first.steps, *again.steps):
        assert 0 <= step.done <= step.total or step.total == 0


def test_tiers_are_counted_as_they_are_shown(ran: Finished) -> None:
    shown = Counter(o.result.shown_tier for o in ran.outcomes)
    assert ran.report.tiers == shown
    assert shown["no evidence"] == 2
    assert ran.report.settings == SETTINGS


def test_an_empty_scope(minilm: SentenceEmbedder, warm: Stores) -> None:
    ran = finish(start(minilm, warm, []))
    assert ran.outcomes == ()
    assert ran.report.tiers == {}
    nothing = finish(start(minilm, warm, [], at_hand=[]))
    assert nothing.report.problems == ()
