"""Decisions of a reviewer, and what is left to decide."""

from pathlib import Path
from typing import get_args

import msgspec
import pytest

from glossator.graph.attribution_graph import FeatureKey
from glossator.project.edits import AddRevision, AnyEdit, SetMark, SetResult
from glossator.project.effects import show_edit
from glossator.project.open_files import state_of
from glossator.project.reviewing.review import (
    QUEUES,
    QueueName,
    accept_edits,
    flag_edits,
    person,
    queues_of,
    reject_edits,
    skip_edits,
    tag_edits,
)
from glossator.project.revision import (
    GraphId,
    LabelRevision,
    Status,
    feature_subject,
    node_subject,
)
from glossator.project.state import ProjectState
from glossator.protocol.decision import (
    TIERS,
    FeatureScores,
    ProtocolResult,
    Tier,
    TierDecision,
)
from tests.core.graph_documents import (
    Json,
    graph_of,
    tracer_graph,
)

SEVEN = FeatureKey("gemma-2-2b", "clt-gemma-2-2b-2.5M", 0, 7)


def of_tier(tier: Tier) -> ProtocolResult:
    decision = TierDecision(
        tier=tier, routing="calibrated", threshold=3.0, reason="", cross_scored=True
    )
    return ProtocolResult(
        scores=FeatureScores(n_examples=0, n_distinct=0),
        calibrated=decision,
        literal=msgspec.structs.replace(decision, tier="obscure", routing="literal"),
        routing="calibrated",
        embedder="",
    )


def state_with(*edits: AnyEdit, document: Json | None = None) -> ProjectState:
    state, _ = state_of(graph_of(document or tracer_graph()), Path("g.json"))
    add(state, edits)
    return state


def add(state: ProjectState, edits: list[AnyEdit] | tuple[AnyEdit, ...]) -> None:
    for edit in edits:
        number = 1 + sum(map(len, state.revisions.values()))
        show_edit(state, edit, number)


def proposed(text: str) -> AnyEdit:
    revision = LabelRevision(
        text=text, status="proposed", method="token_frequency", tier="input"
    )
    return AddRevision(feature_subject(SEVEN), revision)


def last(state: ProjectState) -> LabelRevision:
    found = state.last_revision(feature_subject(SEVEN))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("before", "text", "status", "method"),
    [
        ("as proposed", "as proposed", "accepted", "token_frequency"),
        ("as proposed", "in other words", "edited", ""),
        ("", "out of nothing", "edited", ""),
    ],
)
def test_accept(before: str, text: str, status: Status, method: str) -> None:
    state = state_with(
        SetResult(feature_subject(SEVEN), of_tier("cross")),
        SetMark(feature_subject(SEVEN), "skipped"),
    )
    if before:
        add(state, [proposed(before)])
    add(state, accept_edits(state, SEVEN, text, "ann"))
    revision = last(state)
    assert (revision.text, revision.status, revision.method) == (text, status, method)
    assert (revision.author, revision.tier) == ("ann", "cross")
    assert revision.at.endswith("+00:00")
    assert state.review_state(SEVEN) == "accepted"
    assert not state.marks, "what was put off is settled"


def test_accept_after_a_refusal_is_edited() -> None:
    """A refused text is not shown: accepting it is the person's own word."""
    state = state_with(proposed("x"))
    add(state, reject_edits(state, SEVEN, "ann"))
    add(state, accept_edits(state, SEVEN, "x", "ann"))
    assert last(state).status == "edited"
    assert state.label(SEVEN) == "x"


def test_reject() -> None:
    state = state_with(proposed("x"), SetMark(feature_subject(SEVEN), "skipped"))
    add(state, reject_edits(state, SEVEN, "ann"))
    revision = last(state)
    assert (revision.text, revision.status) == ("x", "rejected")
    assert (revision.author, revision.method) == ("ann", "token_frequency")
    assert state.label(SEVEN) == ""
    assert state.review_state(SEVEN) == "rejected"
    assert not state.marks
    assert reject_edits(state, SEVEN, "ann") == [], "there is nothing left to refuse"


def test_nothing_to_reject() -> None:
    assert reject_edits(state_with(), SEVEN, "ann") == []


def test_skip() -> None:
    state = state_with(proposed("x"))
    add(state, skip_edits(SEVEN))
    assert "skipped" in waits_in(state)
    assert "to review" not in waits_in(state)
    assert "proposed" not in waits_in(state)
    assert "all" in waits_in(state)


def waits_in(state: ProjectState) -> set[QueueName]:
    """Queues that feature 7 waits in."""
    return set(queues_of(state, SEVEN))


def test_every_queue_is_offered() -> None:
    assert set(QUEUES) == set(get_args(QueueName))


@pytest.mark.parametrize("tier", TIERS)
def test_queues_of_tiers(tier: Tier) -> None:
    state = state_with(SetResult(feature_subject(SEVEN), of_tier(tier)))
    own = {tier} & {"obscure", "cross", "insufficient", "no evidence"}
    assert waits_in(state) == {"all", "to review", *own}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("proposed", {"proposed", "to review", "not scored"}),
        ("imported", {"imported", "to review", "not scored"}),
        ("rejected", {"rejected", "to review", "not scored"}),
        ("withdrawn", {"to review", "not scored"}),
        ("accepted", {"accepted"}),
        ("edited", {"accepted"}),
    ],
)
def test_queues_of_labels(status: Status, expected: set[QueueName]) -> None:
    revision = LabelRevision(text="x", status=status)
    state = state_with(AddRevision(feature_subject(SEVEN), revision))
    assert waits_in(state) == {"all", *expected}


def test_a_flag_keeps_a_feature_in_its_queue() -> None:
    state = state_with(proposed("x"))
    add(state, flag_edits(state, SEVEN))
    assert waits_in(state) == {
        *("all", "flagged", "to review", "proposed", "not scored"),
    }
    add(state, accept_edits(state, SEVEN, "x", "ann"))
    assert waits_in(state) == {"all", "flagged", "accepted"}
    add(state, flag_edits(state, SEVEN))
    assert "flagged" not in waits_in(state)


def test_tags_are_put_on_and_taken_off() -> None:
    state, subject = state_with(), feature_subject(SEVEN)
    for tag in (3, 1):
        add(state, tag_edits(state, SEVEN, tag))
    assert state.tags[subject] == (1, 3)
    add(state, tag_edits(state, SEVEN, 3))
    assert state.tags[subject] == (1,)


def test_a_decision_keeps_how_long_it_took() -> None:
    state = state_with(proposed("x"))
    add(state, accept_edits(state, SEVEN, "x", "ann", seconds=4.5))
    assert last(state).seconds == 4.5
    add(state, reject_edits(state, SEVEN, "ann", seconds=2.0))
    assert last(state).seconds == 2.0


def test_a_person_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ann")
    assert person() == "ann"


def test_subjects_name_features_and_nodes() -> None:
    state = state_with()
    assert feature_subject(SEVEN) == "f:0:7"
    node = next(iter(state.graphs[GraphId(1)].graph.nodes_of(SEVEN)))
    assert node_subject(GraphId(1), node) == "n:1:2"
