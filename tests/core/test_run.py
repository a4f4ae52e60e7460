"""The protocol over a project, with the real embedder."""

import random
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from glossator.errors import Cancelled, EvidenceError
from glossator.evidence.feature_evidence import ActivationExample, FeatureEvidence
from glossator.evidence.open_source import open_evidence
from glossator.graph.attribution_graph import FeatureKey
from glossator.labelers.label import Label, NoLabel
from glossator.labelers.token_frequency import TokenFrequency
from glossator.progress import CancelToken, Progress, drive
from glossator.project.edits import AddRevision, AnyEdit, SetResult
from glossator.project.effects import show_edit
from glossator.project.open_files import add_graphs
from glossator.project.project import Project
from glossator.project.revision import LabelRevision, Status, feature_subject
from glossator.project.state import ProjectState
from glossator.protocol.embedder import EmbeddedBatch, Embedder, SentenceEmbedder
from glossator.protocol.embedding_store import EmbeddingStore
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.run import (
    FeatureOutcome,
    RunProgress,
    RunReport,
    outcome_edits,
    run_protocol,
)
from glossator.tier_table import format_tier_table, tier_table
from tests.core.graph_documents import Json, feature_node, graph_of, tracer_graph

pytestmark = pytest.mark.model

MODEL, SOURCE = "gpt2-small", "res-jb"
SETTINGS = ProtocolSettings(null_draws=100, n_examples=5)
WORDS = [
    "river",
    "stone",
    "lamp",
    "paper",
    "cloud",
    "engine",
    "violin",
    "harbour",
    "pepper",
    "window",
    "candle",
    "meadow",
    "ladder",
    "button",
    "rocket",
    "garden",
    "pencil",
    "anchor",
    "basket",
    "feather",
    "mirror",
]


def key(index: int, layer: int = 1) -> FeatureKey:
    return FeatureKey(MODEL, SOURCE, layer, index)


@pytest.fixture(scope="module")
def minilm() -> SentenceEmbedder:
    return SentenceEmbedder(device="cpu")


@dataclass
class Counting:
    """The real embedder, counting what it is asked for."""

    inner: SentenceEmbedder
    texts: Counter[str] = field(default_factory=Counter)

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def device(self) -> str:
        return self.inner.device

    def embed(self, texts: Sequence[str]) -> Iterator[EmbeddedBatch]:
        for batch in self.inner.embed(texts):
            self.texts.update(texts[at] for at in batch.at)
            yield batch


@dataclass
class Made:
    """Evidence by rule: of every three features one fires on a word, one before a
    word, one anywhere; the last of all have too few examples, none, or are broken.
    """

    asked: list[FeatureKey] = field(default_factory=list)
    name: str = "made"

    def evidence(self, feature: FeatureKey) -> FeatureEvidence | None:
        self.asked.append(feature)
        if feature == UNKNOWN:
            return None
        if feature == UNREADABLE:
            raise EvidenceError("unreadable record", source="made", field="[99]")
        n = 2 if feature == SCARCE else 5
        rng = random.Random(feature.index)
        return FeatureEvidence(
            feature, tuple(self._example(feature.index, rng) for _ in range(n)), "made"
        )

    def _example(self, index: int, rng: random.Random) -> ActivationExample:
        tokens = [f" {word}" for word in rng.choices(WORDS, k=11)]
        if index % 3 == 0:
            tokens[3:6] = [" bit", " of", f" {WORDS[index // 3 % len(WORDS)]}"]
        elif index % 3 == 1:
            tokens[6:9] = [f" {WORDS[index // 3 % len(WORDS)]}", " is", " here"]
        values = np.zeros(11, np.float32)
        values[5] = 1 + rng.random()
        return ActivationExample(tuple(tokens), values)


ALL = [key(index) for index in range(33)]
UNKNOWN, UNREADABLE, SCARCE = key(97), key(98), key(99)
EVERY_KIND = [*ALL, UNKNOWN, UNREADABLE, SCARCE]
INPUT, OUTPUT = key(0), key(1)


def run(
    embedder: Embedder,
    store: EmbeddingStore,
    scope: Sequence[FeatureKey] = ALL,
    *,
    at_hand: Sequence[FeatureKey] = ALL,
    settings: ProtocolSettings = SETTINGS,
    source: Made | None = None,
) -> RunReport:
    work = run_protocol(
        scope,
        at_hand,
        source or Made(),
        embedder,
        TokenFrequency(settings.n_examples),
        store,
        settings,
        CancelToken(),
    )
    return drive(work, lambda progress: None)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddingStore]:
    store = EmbeddingStore(tmp_path / "embeddings.sqlite", "all-MiniLM-L6-v2")
    yield store
    store.close()


@pytest.fixture(scope="module")
def report(
    minilm: SentenceEmbedder, tmp_path_factory: pytest.TempPathFactory
) -> RunReport:
    """A run over all kinds of features."""
    store = EmbeddingStore(tmp_path_factory.getbasetemp() / "warm.sqlite", minilm.name)
    found = run(minilm, store, EVERY_KIND)
    store.close()
    return found


@pytest.fixture
def warm(
    report: RunReport, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmbeddingStore]:
    """A store that knows all texts of that run."""
    path = tmp_path_factory.getbasetemp() / "warm.sqlite"
    store = EmbeddingStore(path, "all-MiniLM-L6-v2")
    yield store
    store.close()


def outcome(report: RunReport, feature: FeatureKey) -> FeatureOutcome:
    (found,) = (o for o in report.outcomes if o.feature == feature)
    return found


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
def test_real_features(
    minilm: SentenceEmbedder, store: EmbeddingStore, shared: Path
) -> None:
    """Four features are too few for a null: the shipped one is used, and said so."""
    features = graph_of(gpt2_graph(range(4))).features
    work = run_protocol(
        features,
        features,
        open_evidence(shared / "features"),
        minilm,
        TokenFrequency(),
        store,
        ProtocolSettings(),
        CancelToken(),
    )
    report = drive(work, lambda progress: None)
    by_index = {o.feature.index: o.result for o in report.outcomes}
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
    assert report.problems == ()


def test_tiers_of_features_made_so(report: RunReport) -> None:
    tiers = [outcome(report, feature).result.tier for feature in ALL]
    assert tiers[0::3] == ["input"] * 11
    assert tiers[1::3] == ["output"] * 11
    assert set(tiers[2::3]) <= {"obscure", "cross"}
    label = outcome(report, INPUT).label
    assert isinstance(label, Label)
    assert label.text == "bit of river"
    assert label.method == "token_frequency"
    label = outcome(report, OUTPUT).label
    assert isinstance(label, Label)
    assert label.text == "say river"
    assert all(
        isinstance(outcome(report, feature).label, NoLabel) for feature in ALL[2::3]
    )
    assert outcome(report, INPUT).evidence_origin == "made"
    assert outcome(report, INPUT).result.null_origin.startswith("windows of 3")


def test_features_without_evidence(report: RunReport) -> None:
    result = outcome(report, UNKNOWN).result
    assert result.tier == result.literal.tier == "no evidence"
    assert "no source of evidence knows" in result.decision.reason
    assert isinstance(outcome(report, UNKNOWN).label, NoLabel)
    assert outcome(report, SCARCE).result.tier == "insufficient"
    label = outcome(report, SCARCE).label
    assert label == NoLabel(
        "token_frequency", "insufficient features are left to the review."
    )


def test_an_unreadable_record_is_a_problem_and_no_more(report: RunReport) -> None:
    assert report.problems == ("made: [99]: unreadable record",)
    result = outcome(report, UNREADABLE).result
    assert result.tier == "no evidence"
    assert "unreadable record" in result.decision.reason
    assert len(report.outcomes) == 36


def test_both_routings_are_in_each_result(report: RunReport) -> None:
    for each in report.outcomes:
        result = each.result
        assert (result.calibrated.routing, result.literal.routing) == (
            "calibrated",
            "literal",
        )
        assert result.calibrated.threshold == SETTINGS.z_threshold
        assert result.literal.threshold == SETTINGS.raw_threshold
        assert result.decision == result.calibrated
    scored = [o for o in report.outcomes if o.result.literal.cross_scored]
    assert report.cross_scored == len(scored)
    assert 0 < len(scored) < 36
    assert outcome(report, UNKNOWN) not in scored
    assert {o.result.literal.tier for o in scored} <= {"cross", "obscure"}
    assert {o.result.literal.tier for o in report.outcomes if o not in scored} == {
        "input",
        "output",
        "insufficient",
        "no evidence",
    }


def test_the_routing_that_was_chosen_decides(
    minilm: SentenceEmbedder, warm: EmbeddingStore
) -> None:
    settings = ProtocolSettings(
        null_draws=100, n_examples=5, routing="literal", raw_threshold=0.95
    )
    report = run(minilm, warm, ALL[2:9:3], settings=settings)
    assert {o.result.decision.routing for o in report.outcomes} == {"literal"}
    assert [o.result.tier for o in report.outcomes] == ["obscure"] * 3
    assert all(isinstance(o.label, NoLabel) for o in report.outcomes)
    assert report.cross_scored == 3
    assert report.device == "cpu"


def test_the_order_of_the_scope_changes_nothing(
    report: RunReport, minilm: SentenceEmbedder, tmp_path: Path
) -> None:
    scope = EVERY_KIND.copy()
    random.Random(1).shuffle(scope)
    store = EmbeddingStore(tmp_path / "other.sqlite", minilm.name)
    shuffled = run(minilm, store, scope, at_hand=ALL[::-1])
    store.close()
    assert [o.feature for o in shuffled.outcomes] == scope
    by_feature = {o.feature: o for o in report.outcomes}
    assert {o.feature: o for o in shuffled.outcomes} == by_feature


def test_a_part_of_the_scope_scores_alike(
    report: RunReport, minilm: SentenceEmbedder, warm: EmbeddingStore
) -> None:
    """The null is of the features at hand, not of those selected."""
    part = run(minilm, warm, [OUTPUT])
    ((alone,), among) = (part.outcomes, outcome(report, OUTPUT))
    assert alone.result.tier == among.result.tier
    assert alone.result.scores.output is not None
    assert among.result.scores.output is not None
    assert alone.result.scores.output.z == pytest.approx(
        among.result.scores.output.z, abs=1e-4
    )


# -- stopping --------------------------------------------------------------------------


def test_each_text_is_embedded_once(
    minilm: SentenceEmbedder, store: EmbeddingStore
) -> None:
    counting = Counting(minilm)
    run(counting, store)
    assert set(counting.texts.values()) == {1}
    again = Counting(minilm)
    run(again, store)
    assert again.texts == Counter()


def stages(progress: list[Progress]) -> list[str]:
    return list(dict.fromkeys(step.what for step in progress))


def test_a_cancelled_run_is_continued(
    minilm: SentenceEmbedder, store: EmbeddingStore, tmp_path: Path
) -> None:
    whole = Counting(minilm)
    other = EmbeddingStore(tmp_path / "other.sqlite", minilm.name)
    expected = run(whole, other)
    other.close()

    first, cancel = Counting(minilm), CancelToken()
    work = run_protocol(
        ALL, ALL, Made(), first, TokenFrequency(5), store, SETTINGS, cancel
    )

    def cancel_half_way(progress: Progress) -> None:
        half = progress.done > progress.total // 2
        if progress.what == "embedding windows" and half:
            cancel.cancel()

    with pytest.raises(Cancelled):
        drive(work, cancel_half_way)
    stored = store.load(list(first.texts))
    assert len(whole.texts) // 2 < len(stored) < len(whole.texts)

    second = Counting(minilm)
    report = run(second, store)
    assert set(second.texts).isdisjoint(stored)
    assert set(second.texts) | set(stored) == set(whole.texts)
    assert [o.result.tier for o in report.outcomes] == [
        o.result.tier for o in expected.outcomes
    ]


@pytest.mark.parametrize(
    "stage", ["reading evidence", "embedding windows", "deciding tiers"]
)
def test_every_stage_can_be_cancelled(
    minilm: SentenceEmbedder, store: EmbeddingStore, stage: str
) -> None:
    cancel = CancelToken()
    seen: list[Progress] = []
    work = run_protocol(
        ALL, ALL, Made(), minilm, TokenFrequency(5), store, SETTINGS, cancel
    )

    def cancel_there(progress: Progress) -> None:
        seen.append(progress)
        if progress.what == stage:
            cancel.cancel()

    with pytest.raises(Cancelled, match="stopped on request"):
        drive(work, cancel_there)
    assert stages(seen)[-1] == stage


def test_a_paused_run_waits(minilm: SentenceEmbedder, tmp_path: Path) -> None:
    cancel = CancelToken()
    steps: list[Progress] = []
    moved, ended = threading.Event(), threading.Event()

    def work() -> None:
        store = EmbeddingStore(tmp_path / "thread.sqlite", minilm.name)
        job = run_protocol(
            ALL, ALL, Made(), minilm, TokenFrequency(5), store, SETTINGS, cancel
        )
        for step in job:
            steps.append(step)
            moved.set()
        store.close()
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
    assert stages(steps)[-1] == "deciding tiers"
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


def test_outcomes_come_in_batches(
    minilm: SentenceEmbedder, warm: EmbeddingStore
) -> None:
    steps: list[Progress] = []
    work = run_protocol(
        ALL, ALL, Made(), minilm, TokenFrequency(5), warm, SETTINGS, CancelToken()
    )
    report = drive(work, lambda progress: steps.append(progress))
    batches = [step for step in steps if isinstance(step, RunProgress)]
    assert [len(batch.outcomes) for batch in batches] == [25, 8]
    assert [(batch.done, batch.total) for batch in batches] == [(25, 33), (33, 33)]
    assert sum((b.outcomes for b in batches), ()) == report.outcomes
    assert stages(steps) == [
        "reading evidence",
        "embedding windows",
        "drawing the null",
        "deciding tiers",
    ]


# -- what a run does to a project ------------------------------------------------------


def state_saying(*revisions: tuple[str, Status, str]) -> ProjectState:
    state = ProjectState()
    for at, (text, status, method) in enumerate(revisions):
        revision = LabelRevision(text=text, status=status, method=method)
        show_edit(state, AddRevision(feature_subject(INPUT), revision), at + 1)
    return state


def revisions_in(edits: Sequence[AnyEdit]) -> list[tuple[str, Status]]:
    return [
        (edit.revision.text, edit.revision.status)
        for edit in edits
        if isinstance(edit, AddRevision)
    ]


OURS = "token_frequency"


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ([], [("bit of river", "proposed")]),
        ([("other", "proposed", OURS)], [("bit of river", "proposed")]),
        ([("bit of river", "proposed", OURS)], []),
        ([("other", "rejected", OURS)], [("bit of river", "proposed")]),
        ([("bit of river", "rejected", OURS)], []),
        ([("bit of river", "rejected", ""), ("other", "proposed", "")], []),
        ([("other", "withdrawn", OURS)], [("bit of river", "proposed")]),
        ([("other", "accepted", "")], []),
        ([("other", "edited", "")], []),
        ([("other", "imported", "")], []),
    ],
)
def test_what_a_label_does(
    report: RunReport,
    before: list[tuple[str, Status, str]],
    expected: list[tuple[str, Status]],
) -> None:
    """A machine never replaces a person's word, nor proposes what was refused."""
    edits = outcome_edits(state_saying(*before), [outcome(report, INPUT)])
    assert isinstance(edits[0], SetResult), "the result is stored in any case"
    assert revisions_in(edits) == expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ([], []),
        ([("old", "proposed", OURS)], [("", "withdrawn")]),
        ([("old", "proposed", "other method")], []),
        ([("old", "accepted", OURS)], []),
        ([("old", "withdrawn", OURS)], []),
    ],
)
def test_what_no_label_does(
    report: RunReport,
    before: list[tuple[str, Status, str]],
    expected: list[tuple[str, Status]],
) -> None:
    """Only a method's own earlier proposal goes with its reason."""
    found = outcome(report, INPUT)
    none = FeatureOutcome(INPUT, found.result, NoLabel(OURS, "none now."), "made")
    edits = outcome_edits(state_saying(*before), [none])
    assert revisions_in(edits) == expected


def test_a_proposal_tells_its_origin(report: RunReport) -> None:
    (_, edit) = outcome_edits(ProjectState(), [outcome(report, INPUT)])
    assert isinstance(edit, AddRevision)
    revision = edit.revision
    assert (revision.method, revision.evidence, revision.tier) == (
        OURS,
        "made",
        "input",
    )
    assert revision.author == ""
    assert revision.reason == "5 of 5 examples end in 'bit of river' at the top."
    assert revision.at


def test_a_run_is_one_step_of_the_project(report: RunReport, tmp_path: Path) -> None:
    graph = graph_of(gpt2_graph([0]))
    project = add_graphs(tmp_path / "p.gloss", [graph], [tmp_path / "g.json"])
    step: int | None = None
    for start in range(0, len(report.outcomes), 10):
        batch = report.outcomes[start : start + 10]
        edits = outcome_edits(project.state, batch)
        step = project.apply("run protocol", edits, into=step) or step
    assert len(project.state.results) == 36
    project.close()
    project = Project(project.path)
    assert project.state.result(OUTPUT) == outcome(report, OUTPUT).result
    assert project.state.label(OUTPUT) == "say river"
    assert outcome_edits(project.state, report.outcomes) == [
        SetResult(feature_subject(o.feature), o.result) for o in report.outcomes
    ]
    assert project.apply("again", outcome_edits(project.state, report.outcomes)) is None
    assert project.undo() == "run protocol"
    assert project.state.results == {}
    assert project.state.label(OUTPUT) == ""
    assert project.steps() == ("", "run protocol")
    edits = outcome_edits(project.state, report.outcomes)
    assert revisions_in(edits), "a run that was undone may propose again"
    project.close()


def test_tier_table(report: RunReport) -> None:
    results = [(o.feature, o.result) for o in report.outcomes]
    elsewhere = (key(5, layer=0), outcome(report, INPUT).result)
    table = tier_table([*results, elsewhere])
    assert list(table) == [0, 1]
    assert table[0] == Counter(input=1)
    assert (table[1]["input"], table[1]["output"]) == (11, 11)
    assert (table[1]["insufficient"], table[1]["no evidence"]) == (1, 2)
    lines = format_tier_table(table).splitlines()
    assert [line.split()[0] for line in lines] == ["layer", "0", "1", "all"]
    assert lines[1].split()[1:3] == ["1", "·"]
    assert lines[3].split()[1:3] == ["12", "11"]
    assert len({len(line) for line in lines}) == 1, "columns stand below one another"


def test_an_activation_beyond_all_bounds(
    minilm: SentenceEmbedder, warm: EmbeddingStore, tmp_path: Path
) -> None:
    """What a hostile file brings must not make the project unreadable."""

    class Hostile(Made):
        def evidence(self, feature: FeatureKey) -> FeatureEvidence | None:
            found = super().evidence(feature)
            if found is None or feature != INPUT:
                return found
            first, *rest = found.examples
            values = np.where(first.activations > 0, np.float32(np.inf), np.float32(0))
            broken = ActivationExample(first.tokens, values.astype(np.float32))
            return FeatureEvidence(feature, (broken, *rest), "hostile")

    report = run(minilm, warm, source=Hostile())
    assert report.problems == ("hostile: an activation is infinite",)
    assert outcome(report, INPUT).result.tier == "no evidence"
    graph = graph_of(gpt2_graph([0]))
    project = add_graphs(tmp_path / "p.gloss", [graph], [tmp_path / "g.json"])
    project.apply("run", outcome_edits(project.state, report.outcomes))
    project.close()
    project = Project(project.path)
    assert len(project.state.results) == len(ALL)
    project.close()
