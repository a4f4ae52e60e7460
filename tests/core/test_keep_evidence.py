"""Evidence taken out of large files once, into a store that loses nothing."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from glossator.errors import Cancelled, EvidenceError
from glossator.evidence.evidence_record import decode_evidence, encode_evidence
from glossator.evidence.evidence_store import EvidenceStore
from glossator.evidence.feature_evidence import (
    ActivationExample,
    FeatureEvidence,
    Histogram,
    LogitEffect,
    StoredExplanation,
)
from glossator.evidence.keep import KeepPlan, KeepReport, keep_evidence
from glossator.evidence.open_source import open_evidence, reads_whole_files
from glossator.graph.attribution_graph import FeatureKey
from glossator.progress import CancelToken
from tests.core.test_neuronpedia_export import MODEL, SOURCE, check, key, write_source

FEATURE = FeatureKey("model", "set", 3, 7)


def example(values: Sequence[float], *, repeated: bool = False) -> ActivationExample:
    tokens = tuple(f"▁{n}\u2028\x00🦊" for n in range(len(values)))
    activations = np.array(values, dtype=np.float32)
    return ActivationExample(tokens, activations, "Top activations", repeated)


FULL = FeatureEvidence(
    feature=FEATURE,
    examples=(example([0.1, 3.3]), example([1 / 3], repeated=True)),
    origin="somewhere",
    top_logits=(LogitEffect("▁a", 1.25), LogitEffect("b", None)),
    bottom_logits=(LogitEffect("c", -2.5),),
    density=0.01,
    histogram=Histogram(np.array([0.0, 1.0, 2.0]), np.array([5.0, 1.0])),
    explanations=(
        StoredExplanation("capitals", "np_max-act", "gpt-4o-mini", "2026-01-01"),
    ),
)


def test_a_record_holds_all_of_the_evidence() -> None:
    again = decode_evidence(encode_evidence(FULL), FEATURE, "elsewhere")
    assert again.origin == "elsewhere"
    for before, after in zip(FULL.examples, again.examples, strict=True):
        assert (after.tokens, after.group) == (before.tokens, before.group)
        assert after.repeated == before.repeated
        assert np.array_equal(after.activations, before.activations)
    assert again.top_logits == FULL.top_logits
    assert again.bottom_logits == FULL.bottom_logits
    assert again.density == FULL.density
    assert again.explanations == FULL.explanations
    assert again.histogram is not None
    assert FULL.histogram is not None
    assert np.array_equal(again.histogram.edges, FULL.histogram.edges)
    assert np.array_equal(again.histogram.counts, FULL.histogram.counts)


def test_a_record_of_before_explanations_had_models() -> None:
    older = b'{"examples": [], "explanations": [["capitals", "np_max-act"]]}'
    (told,) = decode_evidence(older, FEATURE, "elsewhere").explanations
    assert told == StoredExplanation("capitals", "np_max-act")


def test_a_bare_record_and_a_broken_one() -> None:
    bare = FeatureEvidence(feature=FEATURE, examples=(), origin="x")
    again = decode_evidence(encode_evidence(bare), FEATURE, "x")
    assert (again.examples, again.histogram, again.density) == ((), None, None)
    broken = b'{"examples": [{"tokens": ["a", "b"], "activations": [1.0]}]}'
    with pytest.raises(EvidenceError, match=r"x: examples\[0\]\.activations: 1 values"):
        decode_evidence(broken, FEATURE, "x")


def run(plan: KeepPlan, cancel: CancelToken | None = None) -> KeepReport:
    work = keep_evidence(plan, cancel or CancelToken())
    while True:
        try:
            next(work)
        except StopIteration as end:
            report: KeepReport = end.value
            return report


@pytest.fixture
def plan(tmp_path: Path) -> KeepPlan:
    write_source(tmp_path / "v1" / MODEL / SOURCE)
    unknown = FeatureKey("other", "set", 1, 1)
    return KeepPlan(tmp_path / "v1", (key(9), key(0), key(10), unknown))


def test_only_the_features_of_the_graph_are_kept(plan: KeepPlan) -> None:
    assert reads_whole_files(plan.path)
    report = run(plan)
    assert (report.n_kept, report.n_features, report.problems) == (3, 4, ())
    assert report.text == "Evidence of 3 of 4 features kept"
    store = open_evidence(plan.store)
    assert isinstance(store, EvidenceStore)
    assert not reads_whole_files(plan.store)
    assert set(store.features) == {key(0), key(9), key(10)}
    for index in (0, 9, 10):
        check(store.evidence(key(index)), index)


def test_stopped_it_has_kept_what_was_read(plan: KeepPlan) -> None:
    cancel = CancelToken()
    work = keep_evidence(plan, cancel)
    while next(work).done < 1:
        pass
    cancel.cancel()
    with pytest.raises(Cancelled):
        next(work)
    assert len(EvidenceStore(plan.store).features) == 1
    assert run(plan).n_kept == 3


def test_a_record_that_cannot_be_read_is_told_and_the_others_kept(
    plan: KeepPlan,
) -> None:
    batch = plan.path / MODEL / SOURCE / "activations" / "batch-0.jsonl.gz"
    batch.write_bytes(batch.read_bytes()[:-20])
    report = run(plan)
    assert report.problems
    assert "unreadable" in report.text
    assert str(batch) in report.problems[0]
