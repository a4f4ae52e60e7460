"""Agreement with another person on the same features."""

import json
from pathlib import Path

import pytest

from glossator.evaluation.label_agreement import (
    TextPair,
    agreement_on_kinds,
    label_similarities,
)
from glossator.graph.attribution_graph import FeatureKey
from glossator.labelers.label import Label
from glossator.progress import CancelToken, drive
from glossator.project.importing.label_sources import read_labels
from glossator.project.project import Project
from glossator.project.proposals import Proposal, proposal_edits
from glossator.project.reviewing.review import accept_edits, judge_edits, reject_edits
from glossator.project.reviewing.second_annotator import (
    SecondAnnotator,
    second_annotator,
)
from tests.core.graph_documents import feature_node, graph_of, tracer_graph

GRAPH = tracer_graph([feature_node(1, at, 0) for at in range(6)], [])


@pytest.mark.parametrize(
    ("pairs", "kappa"),
    [
        ([("a", "a"), ("b", "b")], 1.0),
        ([("a", "b"), ("b", "a")], -1.0),
        ([("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")], 0.0),
        # J. Cohen's formula on 20 of 25 and 15 of 25: (0.7 - 0.5) / (1 - 0.5)
        ([("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15,
         0.4),
        ([("a", "a")] * 4, None),
        ([], None),
    ],
)  # fmt: skip
def test_kappa(pairs: list[tuple[str, str]], kappa: float | None) -> None:
    found = agreement_on_kinds(pairs)
    assert found.n == len(pairs)
    assert found.kappa == (None if kappa is None else pytest.approx(kappa))


@pytest.mark.parametrize(
    ("ours", "theirs", "equal"),
    [("A  city", "a city", True), ("Straße", "STRASSE", True), ("a", "b", False)],
)
def test_words_are_equal_in_any_case(ours: str, theirs: str, equal: bool) -> None:
    assert TextPair(ours, theirs).equal is equal


def opened(path: Path) -> Project:
    project = Project(path)
    project.add_graph(graph_of(GRAPH), Path("g.json"))
    return project


def label(project: Project, feature: FeatureKey, text: str) -> None:
    project.apply("accept", accept_edits(project.state, feature, text, "ann"))


def propose(project: Project, feature: FeatureKey, text: str) -> None:
    proposal = Proposal(feature, Label(text, "m", "r."), "input", "here")
    project.apply("propose", proposal_edits(project.state, proposal))


@pytest.fixture
def ours(tmp_path: Path) -> Project:
    """Three labels of a person, one refused, one proposal; two judged tiers."""
    project = opened(tmp_path / "ours.gloss")
    features = project.state.features()
    for feature, text in zip(features, ("capitals", "fruit", "verbs"), strict=False):
        label(project, feature, text)
    propose(project, features[3], "noise")
    project.apply("reject", reject_edits(project.state, features[3], "ann"))
    propose(project, features[4], "machine")
    for feature, tier in zip(features, ("input", "cross"), strict=False):
        project.apply("judge", judge_edits(feature, tier))  # type: ignore[arg-type]
    return project


def theirs_as_project(tmp_path: Path) -> Path:
    project = opened(tmp_path / "theirs.gloss")
    features = project.state.features()
    label(project, features[0], "Capitals")
    label(project, features[1], "names of fruit")
    propose(project, features[2], "x")
    project.apply("reject", reject_edits(project.state, features[2], "bob"))
    label(project, features[3], "white noise")
    label(project, features[4], "human")
    for feature, tier in zip(features, ("input", "output"), strict=False):
        project.apply("judge", judge_edits(feature, tier))  # type: ignore[arg-type]
    project.close()
    return tmp_path / "theirs.gloss"


def theirs_as_table(tmp_path: Path) -> Path:
    rows = [
        {"label": "Capitals", "judged_tier": "input"},
        {"label": "names of fruit", "judged_tier": "output"},
        {"label": "x", "status": "rejected"},
        {"label": "white noise"},
        {"label": "human"},
    ]
    path = tmp_path / "theirs.jsonl"
    lines = (
        json.dumps({"layer": 1, "index": at, **row}) for at, row in enumerate(rows)
    )
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize("made", [theirs_as_project, theirs_as_table])
def test_another_person_is_held_against_this_one(
    ours: Project, tmp_path: Path, made: object
) -> None:
    assert callable(made)
    before = ours.steps()
    found = second_annotator(ours.state, read_labels(made(tmp_path), ours.state))
    check(found)
    assert ours.steps() == before, "nothing of it enters the project"
    ours.close()


def check(found: SecondAnnotator) -> None:
    assert [one.feature.index for one in found.opinions] == [0, 1, 2, 3]
    assert found.pairs == (
        TextPair("capitals", "Capitals"),
        TextPair("fruit", "names of fruit"),
    )
    assert (found.on_labels.n, found.on_labels.equal) == (2, 1)
    assert (found.on_tiers.n, found.on_tiers.equal) == (2, 1)
    # Accepted by both twice; refused there, refused here.
    assert (found.on_decisions.n, found.on_decisions.equal) == (4, 2)
    assert found.on_decisions.kappa == pytest.approx(-1 / 3)
    assert [one.feature.index for one in found.opinions if one.differs] == [1, 2, 3]


def test_labels_alike_in_meaning_are_more_similar() -> None:
    pairs = [
        TextPair("names of fruit", "fruit names"),
        TextPair("names of fruit", "closing brackets in code"),
        TextPair("same", "same"),
    ]
    alike, apart, same = drive(
        label_similarities(pairs, CancelToken()), lambda progress: None
    )
    assert same == pytest.approx(1.0, abs=1e-5)
    assert alike > 0.8 > apart + 0.3
    assert drive(label_similarities([], CancelToken()), lambda progress: None) == ()
