"""What decisions tell, of methods, of their time, and of what is left."""

from pathlib import Path

import pytest

from glossator.cli import main
from glossator.graph.attribution_graph import FeatureKey
from glossator.project.edits import AddRevision, AnyEdit, SetRechecks, SetResult
from glossator.project.project import Project
from glossator.project.reviewing.recheck import (
    LEAST,
    MOST,
    recheck_edits,
    recheck_sample,
    sample_size,
)
from glossator.project.reviewing.review import accept_edits, reject_edits
from glossator.project.reviewing.review_quality import (
    Acceptance,
    decisions,
    is_left_to_person,
    left_to_person,
    review_quality,
)
from glossator.project.revision import (
    GraphId,
    LabelRevision,
    Status,
    feature_subject,
)
from glossator.project.state import ProjectState
from glossator.protocol.decision import Tier
from tests.core.graph_documents import feature_node, graph_of, tracer_graph
from tests.core.labelled_features import result
from tests.core.test_review import SEVEN, add, state_with

MANY = tracer_graph([feature_node(1, at, at % 3) for at in range(8)], [])


def said(
    feature: FeatureKey, text: str, status: Status, method: str = "", tier: str = ""
) -> AnyEdit:
    revision = LabelRevision(text=text, status=status, method=method, tier=tier)
    return AddRevision(feature_subject(feature), revision)


def tiered(feature: FeatureKey, tier: Tier) -> AnyEdit:
    return SetResult(feature_subject(feature), result(tier))


def outcomes(state: ProjectState) -> list[tuple[str, str]]:
    return [(one.outcome, one.method) for one in decisions(state)]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["x"], [("accepted", "m")]),
        (["y"], [("edited", "m")]),
        ([None], [("rejected", "m")]),
        (["x", "y"], [("edited", "m")]),
        (["x", None], [("rejected", "m")]),
        ([None, "y"], [("rejected", "m"), ("written", "")]),
        ([], []),
    ],
)
def test_what_becomes_of_a_proposal(
    texts: list[str | None], expected: list[tuple[str, str]]
) -> None:
    state = state_with(said(SEVEN, "x", "proposed", "m"))
    for text in texts:
        if text is None:
            add(state, reject_edits(state, SEVEN, "ann"))
        else:
            add(state, accept_edits(state, SEVEN, text, "ann"))
    assert outcomes(state) == expected


def test_a_label_out_of_nothing_is_written() -> None:
    state = state_with()
    add(state, accept_edits(state, SEVEN, "x", "ann"))
    assert outcomes(state) == [("written", "")]


def test_a_label_of_a_file_is_imported_whatever_its_method() -> None:
    state = state_with(said(SEVEN, "x", "imported", "someone"))
    add(state, accept_edits(state, SEVEN, "x", "ann"))
    assert outcomes(state) == [("accepted", "imported")]


def test_a_decision_that_was_undone_does_not_count(tmp_path: Path) -> None:
    project = Project(tmp_path / "p.gloss")
    project.add_graph(graph_of(tracer_graph()), Path("g.json"))
    project.apply("propose", [said(SEVEN, "x", "proposed", "m")])
    project.apply("accept", accept_edits(project.state, SEVEN, "x", "ann", seconds=3))
    project.undo()
    assert outcomes(project.state) == []
    assert review_quality(project.state).pace == ()
    project.redo()
    assert outcomes(project.state) == [("accepted", "m")]
    assert [one.n for one in review_quality(project.state).pace] == [1, 1]
    project.close()


def reviewed() -> ProjectState:
    """Of eight features: five proposals by two methods, four decided on."""
    state = state_with(document=MANY)
    features = state.features()
    tiers: tuple[Tier, ...] = ("input", "input", "cross", "obscure", "insufficient")
    add(state, [tiered(f, t) for f, t in zip(features, tiers, strict=False)])
    for feature, method in zip(features[:5], "mmkkk", strict=True):
        add(state, [said(feature, "x", "proposed", method)])
    for feature, text in ((features[0], "x"), (features[1], "y"), (features[2], "x")):
        add(state, accept_edits(state, feature, text, "ann", seconds=2.0))
    add(state, reject_edits(state, features[3], "ann", seconds=8.0))
    add(state, accept_edits(state, features[5], "own", "ann", seconds=30.0))
    return state


def test_acceptance_by_tier_and_method() -> None:
    quality = review_quality(reviewed())
    assert quality.by_method == (
        Acceptance("k", accepted=1, edited=0, rejected=1),
        Acceptance("m", accepted=1, edited=1, rejected=0),
    )
    assert quality.by_tier == (
        Acceptance("input", accepted=1, edited=1, rejected=0),
        Acceptance("cross", accepted=1, edited=0, rejected=0),
        Acceptance("obscure", accepted=0, edited=0, rejected=1),
        Acceptance("not scored", accepted=0, edited=0, rejected=0, written=1),
    )
    half, interval = quality.by_method[1].share, quality.by_method[1].interval
    assert half == 0.5
    assert interval == pytest.approx((0.0945, 0.9055), abs=1e-4)
    assert quality.by_tier[-1].share is None


def test_seconds_by_tier() -> None:
    found = [(one.name, one.n, one.median) for one in review_quality(reviewed()).pace]
    assert found == [
        *[("input", 2, 2.0), ("cross", 1, 2.0), ("obscure", 1, 8.0)],
        *[("not scored", 1, 30.0), ("all", 5, 2.0)],
    ]


def test_what_is_left_to_a_person() -> None:
    state = reviewed()
    left = {f.index for f in state.features() if is_left_to_person(state, f)}
    # Obscure, insufficient, and those that nobody proposed a label for.
    assert left == {3, 4, 5, 6, 7}
    found = left_to_person(state, GraphId(1))
    assert (found.feature_nodes, found.features) == (8, 8)
    assert (found.left, found.open, found.to_confirm) == (5, 4, 0)
    assert found.share == 5 / 8
    add(state, [said(state.features()[6], "theirs", "imported")])
    found = left_to_person(state, GraphId(1))
    assert (found.left, found.open, found.to_confirm) == (4, 3, 1)


def test_a_project_without_decisions_has_no_figures() -> None:
    quality = review_quality(ProjectState())
    assert not (quality.by_tier)
    assert not (quality.by_method)
    assert not (quality.pace)
    assert quality.graphs == ()
    assert quality.rechecked.share is None


# -- blind re-checks ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "size"), [(0, 0), (3, 3), (20, LEAST), (200, 20), (9000, MOST)]
)
def test_a_tenth_is_re_checked(n: int, size: int) -> None:
    assert sample_size(n) == size


def test_the_sample_is_of_accepted_features_not_checked_yet() -> None:
    state = state_with(document=MANY)
    features = state.features()
    for feature in features[:7]:
        add(state, accept_edits(state, feature, "x", "ann"))
    sample = recheck_sample(state, features, seed=1)
    assert len(sample) == len(set(sample)) == LEAST
    assert set(sample) <= set(features[:7])
    assert sample == recheck_sample(state, features, seed=1)
    others = {tuple(recheck_sample(state, features, seed)) for seed in range(8)}
    assert len(others) > 1
    for feature in sample:
        add(state, recheck_edits(state, feature, "x", "same", "ann"))
    again = recheck_sample(state, features, seed=1)
    assert set(features[:7]) - set(sample) <= set(again)


@pytest.mark.parametrize(
    ("verdict", "label"), [("same", "x"), ("different", "x"), ("better", "words")]
)
def test_better_words_become_the_label(verdict: str, label: str) -> None:
    state = state_with()
    add(state, accept_edits(state, SEVEN, "x", "ann"))
    edits = recheck_edits(state, SEVEN, "words", verdict, "ann", seconds=5.0)  # type: ignore[arg-type]
    add(state, edits)
    assert state.label(SEVEN) == label
    (recheck,) = state.rechecks[feature_subject(SEVEN)]
    assert (recheck.before, recheck.again, recheck.verdict) == ("x", "words", verdict)
    assert (recheck.author, recheck.seconds) == ("ann", 5.0)
    assert isinstance(edits[0], SetRechecks)


def test_what_re_checks_found() -> None:
    state = state_with(document=MANY)
    for feature, verdict in zip(
        state.features(), ("same", "same", "different", "better"), strict=False
    ):
        add(state, accept_edits(state, feature, "x", "ann"))
        add(state, recheck_edits(state, feature, "y", verdict, "ann"))  # type: ignore[arg-type]
    found = review_quality(state).rechecked
    assert (found.n, found.same, found.different, found.better) == (4, 2, 1, 1)
    assert found.share == 0.5
    assert found.interval is not None


# -- the command --------------------------------------------------------------------


def test_the_command_tells_what_is_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "p.gloss"
    project = Project(path)
    project.add_graph(graph_of(MANY), Path("g.json"))
    features = project.state.features()
    proposals = [said(f, "x", "proposed", "m") for f in features[:6]]
    project.apply("run", [*proposals, *(tiered(f, "input") for f in features[:6])])
    project.apply(
        "accept", accept_edits(project.state, features[0], "x", "ann", seconds=4)
    )
    project.close()
    assert main(["quality", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "2 decisions left to a person of 8 feature nodes (25%, within" in lines[0]
    assert "100% accepted unchanged [21% to 100%], 1 of 1" in lines[1]
    assert lines[-1] == "seconds per label, all: 4.0 (n 1)"
    assert main(["quality", str(path), "--json"]) == 0
    assert '"share": 0.25' in capsys.readouterr().out
    assert main(["quality", str(tmp_path / "none.gloss")]) == 2
