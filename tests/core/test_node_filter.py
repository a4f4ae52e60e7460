"""Filters: each of their criteria, in words, and saved by name."""

from collections.abc import Iterable

import msgspec
import pytest

from glossator.graph.attribution_graph import FeatureKey, NodeKind
from glossator.project.edits import AddRevision, SetFlag, SetPins, SetResult, SetTags
from glossator.project.effects import show_edit
from glossator.project.finding.find import NodeTexts
from glossator.project.finding.node_filter import (
    ENDLESS,
    NodeFilter,
    matching_features,
    matching_nodes,
)
from glossator.project.finding.saved_filters import (
    filter_text,
    save_filter,
    saved_filters,
)
from glossator.project.revision import LabelRevision
from glossator.project.state import ProjectState
from glossator.protocol.decision import (
    FeatureScores,
    ProtocolResult,
    TierDecision,
    WindowScore,
)
from tests.core.test_find import (
    ABOUT,
    EARLY,
    EARLY_AGAIN,
    EMBEDDING,
    F7,
    F9,
    F12,
    LATE,
    LOGIT,
    ONE,
    OTHER,
    state_of,
)


def of_z(*zs: float | None) -> ProtocolResult:
    """Scored as cross, with a z for each of the windows."""
    windows = [
        WindowScore(n_used=9, raw=0.1, weighted=0.1, jackknife_error=0.0, z=z)
        for z in zs
    ]
    scores = FeatureScores(
        n_examples=9, n_distinct=9, input=windows[0], output=windows[1], cross=None
    )
    decision = TierDecision(
        tier="cross", routing="calibrated", threshold=3.0, reason="made"
    )
    return ProtocolResult(
        scores=scores,
        calibrated=decision,
        literal=decision,
        routing="calibrated",
        embedder="none",
    )


@pytest.fixture(scope="module")
def state() -> ProjectState:
    proposed = LabelRevision(text="café noises", status="proposed", method="small-llm")
    return state_of(
        *ABOUT,
        AddRevision(F12, proposed),
        SetFlag(F7, True),
        SetTags(F7, (1,)),
        SetResult(F9, of_z(1.5, 4.0)),
        SetResult(F12, of_z(None, None)),
        SetPins(ONE, (LOGIT, EARLY)),
    )


def density(feature: FeatureKey) -> float | None:
    return {7: 0.25, 9: 0.001}.get(feature.index)


EVERY = {EMBEDDING, EARLY, EARLY_AGAIN, LATE, OTHER, LOGIT}

CASES: list[tuple[NodeFilter, Iterable[int], str]] = [
    (NodeFilter(), EVERY, "everything"),
    (NodeFilter(text="CAFE"), {EMBEDDING, LATE, OTHER}, "“CAFE”"),
    (NodeFilter(layers=(2, 12)), {LATE, OTHER}, "layer 2 to 12"),
    (NodeFilter(layers=(0, 0)), {EARLY, EARLY_AGAIN}, "layer 0"),
    (NodeFilter(layers=(-1, 0)), {EMBEDDING, EARLY, EARLY_AGAIN}, "layer up to 0"),
    (NodeFilter(layers=(2, ENDLESS)), {LATE, OTHER, LOGIT}, "layer from 2"),
    (NodeFilter(positions=(3, 4)), {EARLY_AGAIN, OTHER, LOGIT}, "position 3 to 4"),
    (
        NodeFilter(kinds=(NodeKind.EMBEDDING, NodeKind.LOGIT)),
        {EMBEDDING, LOGIT},
        "tokens or logits",
    ),
    (
        NodeFilter(reviews=("accepted", "unlabelled")),
        {EARLY, EARLY_AGAIN, LATE},
        "accepted or unlabelled",
    ),
    (NodeFilter(methods=("small-llm",)), {OTHER}, "by small-llm"),
    (
        NodeFilter(methods=("",)),
        {EARLY, EARLY_AGAIN, LATE},
        "by no named method",
    ),
    (NodeFilter(tiers=("cross",)), {LATE, OTHER}, "cross"),
    (NodeFilter(tiers=("not scored",)), {EARLY, EARLY_AGAIN}, "not scored"),
    (NodeFilter(tags=(1, 2)), {EARLY, EARLY_AGAIN, LATE}, "tag 1 or tag 2"),
    (NodeFilter(tags=(12,)), {LATE}, "tag 12"),
    (NodeFilter(flagged=True), {EARLY, EARLY_AGAIN}, "flagged"),
    (NodeFilter(flagged=False), {LATE, OTHER}, "not flagged"),
    (NodeFilter(least_z=4.0), {LATE}, "z ≥ 4"),
    (NodeFilter(most_z=3.9), (), "z ≤ 3.9"),
    (NodeFilter(least_z=1, most_z=5), {LATE}, "1 ≤ z ≤ 5"),
    (
        NodeFilter(most_influence=0.3),
        {EMBEDDING, EARLY_AGAIN, OTHER},
        "influence ≤ 0.3",
    ),
    (NodeFilter(least_density=0.01), {EARLY, EARLY_AGAIN}, "density ≥ 0.01"),
    (NodeFilter(most_density=0.01), {LATE}, "density ≤ 0.01"),
    (NodeFilter(in_supernode=True), {LATE}, "in a supernode"),
    (NodeFilter(in_supernode=False), EVERY - {LATE}, "not in a supernode"),
    (NodeFilter(pinned=True), {LOGIT, EARLY}, "pinned"),
    (NodeFilter(pinned=False), EVERY - {LOGIT, EARLY}, "not pinned"),
    (
        NodeFilter(layers=(0, 2), flagged=False, text="capitals"),
        {LATE},
        "layer 0 to 2 · not flagged · “capitals”",
    ),
]


@pytest.mark.parametrize(("wanted", "nodes", "words"), CASES)
def test_each_criterion(
    state: ProjectState, wanted: NodeFilter, nodes: Iterable[int], words: str
) -> None:
    found = matching_nodes(state, ONE, wanted, density=density)
    assert set(found.nonzero()[0].tolist()) == set(nodes)
    assert filter_text(wanted) == words
    assert msgspec.json.decode(msgspec.json.encode(wanted), type=NodeFilter) == wanted


def test_features_pass_by_any_of_their_nodes(state: ProjectState) -> None:
    features = state.features()
    wanted = NodeFilter(positions=(4, 4))
    assert matching_features(state, features, wanted) == features[:1]
    everything = matching_features(state, reversed(features), NodeFilter())
    assert everything == features[::-1]
    texts = {ONE: NodeTexts(state, ONE)}
    said = matching_features(state, features, NodeFilter(text="needle"), texts=texts)
    assert [feature.index for feature in said] == [345]


def test_evidence_is_asked_only_for_what_all_else_lets_through(
    state: ProjectState,
) -> None:
    asked: list[int] = []

    def noting(feature: FeatureKey) -> float | None:
        asked.append(feature.index)
        return 0.5

    matching_nodes(state, ONE, NodeFilter(flagged=True), density=noting)
    assert not asked
    wanted = NodeFilter(least_density=0.1, flagged=True, positions=(1, 1))
    assert matching_nodes(state, ONE, wanted, density=noting).nonzero()[0] == [EARLY]
    assert asked == [7]
    assert not matching_nodes(state, ONE, NodeFilter(least_density=0.0)).any()


class Kept:
    def __init__(self) -> None:
        self.text = ""

    def setting(self, key: str) -> str:
        return self.text if key == "filters" else ""

    def put_setting(self, key: str, value: str) -> None:
        assert key == "filters"
        self.text = value


def test_filters_are_kept_by_name() -> None:
    kept = Kept()
    assert saved_filters(kept) == {}
    for wanted, _, words in CASES:
        save_filter(kept, words, wanted)
    saved = saved_filters(kept)
    assert saved == {words: wanted for wanted, _, words in CASES}
    assert list(saved) == sorted(saved, key=str.casefold)
    save_filter(kept, "flagged", NodeFilter(flagged=False))
    save_filter(kept, "pinned", None)
    assert saved_filters(kept)["flagged"] == NodeFilter(flagged=False)
    assert "pinned" not in saved_filters(kept)


def test_what_cannot_be_read_is_left_out_and_stays() -> None:
    kept = Kept()
    kept.text = (
        '{"new": {"colour": 3}, "bad": {"layers": "x"}, "ok": {"flagged": true}}'
    )
    assert saved_filters(kept) == {"ok": NodeFilter(flagged=True)}
    save_filter(kept, "mine", NodeFilter(pinned=True))
    assert list(saved_filters(kept)) == ["mine", "ok"]
    assert '"colour"' in kept.text
    assert '"x"' in kept.text
    kept.text = "no JSON"
    assert saved_filters(kept) == {}


def test_a_label_taken_back_has_no_method() -> None:
    state = state_of(*ABOUT)
    wanted = NodeFilter(methods=("",))
    assert matching_nodes(state, ONE, wanted)[LATE]
    show_edit(state, AddRevision(F9, LabelRevision(text="", status="withdrawn")), 2)
    assert not matching_nodes(state, ONE, wanted)[LATE]
