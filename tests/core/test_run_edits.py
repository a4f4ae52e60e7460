"""What a run does to a project."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from glossator.evidence.feature_evidence import ActivationExample, FeatureEvidence
from glossator.graph.attribution_graph import FeatureKey
from glossator.labelers.label import NoLabel
from glossator.project.edits import AddRevision, AnyEdit, SetResult
from glossator.project.effects import show_edit
from glossator.project.open_files import add_graphs
from glossator.project.project import Project
from glossator.project.revision import LabelRevision, Status, feature_subject
from glossator.project.state import ProjectState
from glossator.protocol.embedder import SentenceEmbedder
from glossator.run import outcome_edits
from tests.core.graph_documents import Json, feature_node, graph_of, tracer_graph
from tests.core.made_run import (
    ALL,
    EVERY_KIND,
    INPUT,
    MODEL,
    OUTPUT,
    SOURCE,
    Finished,
    Made,
    Stores,
    finish,
    start,
)

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def minilm() -> SentenceEmbedder:
    return SentenceEmbedder(device="cpu")


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    stores = Stores(tmp_path_factory.mktemp("warm"))
    yield stores
    stores.embeddings.close()


@pytest.fixture(scope="module")
def ran(minilm: SentenceEmbedder, stores: Stores) -> Finished:
    """A run over all kinds of features."""
    return finish(start(minilm, stores, EVERY_KIND))


def gpt2_graph() -> Json:
    return tracer_graph(
        [feature_node(0, 0, 1)],
        [],
        scan=MODEL,
        info=None,
        feature_details={"neuronpedia_source_set": SOURCE},
    )


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
    ran: Finished,
    before: list[tuple[str, Status, str]],
    expected: list[tuple[str, Status]],
) -> None:
    """A machine never replaces a person's word, nor proposes what was refused."""
    edits = outcome_edits(state_saying(*before), [ran.of(INPUT)])
    assert isinstance(edits[0], SetResult), "the result is stored in any case"
    assert revisions_in(edits) == expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ([], []),
        ([("old", "proposed", OURS)], [("", "withdrawn")]),
        ([("old", "proposed", "other method")], []),
        ([("old", "proposed", "sense_words")], [("", "withdrawn")]),
        ([("old", "accepted", OURS)], []),
        ([("old", "withdrawn", OURS)], []),
    ],
)
def test_what_no_label_does(
    ran: Finished,
    before: list[tuple[str, Status, str]],
    expected: list[tuple[str, Status]],
) -> None:
    """What the run's own methods proposed goes with its reason."""
    found = ran.of(INPUT)
    assert found.methods == {OURS, "sense_words"}
    none = replace(found, label=NoLabel("", "none now."))
    edits = outcome_edits(state_saying(*before), [none])
    assert revisions_in(edits) == expected


def test_a_proposal_tells_its_origin(ran: Finished) -> None:
    (_, edit) = outcome_edits(ProjectState(), [ran.of(INPUT)])
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


def test_a_run_is_one_step_of_the_project(ran: Finished, tmp_path: Path) -> None:
    graph = graph_of(gpt2_graph())
    project = add_graphs(tmp_path / "p.gloss", [graph], [tmp_path / "g.json"])
    step: int | None = None
    for at in range(0, len(ran.outcomes), 10):
        batch = ran.outcomes[at : at + 10]
        edits = outcome_edits(project.state, batch)
        step = project.apply("run protocol", edits, into=step) or step
    assert len(project.state.results) == 36
    project.close()
    project = Project(project.path)
    assert project.state.result(OUTPUT) == ran.of(OUTPUT).result
    assert project.state.label(OUTPUT) == "say river"
    assert outcome_edits(project.state, ran.outcomes) == [
        SetResult(feature_subject(o.feature), o.result) for o in ran.outcomes
    ]
    assert project.apply("again", outcome_edits(project.state, ran.outcomes)) is None
    assert project.undo() == "run protocol"
    assert project.state.results == {}
    assert project.state.label(OUTPUT) == ""
    assert project.steps() == ("", "run protocol")
    edits = outcome_edits(project.state, ran.outcomes)
    assert revisions_in(edits), "a run that was undone may propose again"
    project.close()


def test_an_activation_beyond_all_bounds(
    minilm: SentenceEmbedder, stores: Stores, tmp_path: Path
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

    ran = finish(start(minilm, stores, source=Hostile()))
    assert ran.report.problems == ("hostile: an activation is infinite",)
    assert ran.of(INPUT).result.tier == "no evidence"
    graph = graph_of(gpt2_graph())
    project = add_graphs(tmp_path / "p.gloss", [graph], [tmp_path / "g.json"])
    project.apply("run", outcome_edits(project.state, ran.outcomes))
    project.close()
    project = Project(project.path)
    assert len(project.state.results) == len(ALL)
    project.close()
