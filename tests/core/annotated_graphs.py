"""A graph with every kind of annotation, for tests of what is exported."""

from collections.abc import Sequence
from pathlib import Path

from hypothesis import strategies as st

from glossator.export.target import AnnotatedGraph
from glossator.graph.attribution_graph import NodeIndex
from glossator.project.edits import (
    AddRevision,
    AnyEdit,
    PutSupernode,
    SetJudgement,
    SetNote,
    SetPins,
    SetResult,
    Supernode,
)
from glossator.project.effects import show_edit
from glossator.project.open_files import state_of
from glossator.project.revision import (
    GraphId,
    LabelRevision,
    feature_subject,
    node_subject,
)
from glossator.protocol.decision import (
    FeatureScores,
    ProtocolResult,
    Tier,
    TierDecision,
    WindowScore,
)
from tests.core.graph_documents import (
    Json,
    feature_node,
    graph_of,
    link,
    tracer_graph,
    tracer_links,
    tracer_nodes,
)

ONE = GraphId(1)
ANY_TEXT = st.lists(
    st.sampled_from("'=\"\\#<&\t\n\r\x00\x0b\x85\u2028\u202e\ud83d\uffff")
    | st.characters(exclude_categories=())
).map("".join)
"""With what is troublesome in some file oftener than chance has it."""
NASTY = "=1+1 \"q\", 'a';\tb\\n\u2028<b>&amp;]]> ☃ é\r\nnext"
NASTY_NAME = "'''\"\"\"] + exit() #\u2028\n\\"


def annotated(document: Json, edits: Sequence[AnyEdit] = ()) -> AnnotatedGraph:
    """A graph and what was done to it."""
    state, number = state_of(graph_of(document), Path("made.json"))
    for at, edit in enumerate(edits):
        show_edit(state, edit, 100_000 + at)
    return AnnotatedGraph(state, number)


def demo_document() -> Json:
    """The usual graph with two unlabelled features more, and with links twice."""
    nodes = [
        *tracer_nodes(),
        feature_node(1, 30, 1, influence=None, activation=None),
        feature_node(1, 31, 2, influence=0.9, activation=0.5),
    ]
    links = [
        *tracer_links(),
        link("E_10_1", "0_7_1", 0.5),
        link("1_30_1", "4_5_2", -4.0),
    ]
    return tracer_graph(nodes, links)


def demo() -> AnnotatedGraph:
    """Labels of each origin, notes, pins, and supernodes of every kind.

    Nodes: 0, 1 embeddings; 2 feature 0/7; 3, 4 feature 2/9; 5 error; 6, 7 logits;
    8 feature 1/30; 9 feature 1/31.
    """
    before = annotated(demo_document())
    subjects = [feature_subject(f) for f in before.state.features()]
    seven, nine, thirty = subjects[:3]
    edits: list[AnyEdit] = [
        AddRevision(
            seven, LabelRevision(text="a", status="proposed", method="token_frequency")
        ),
        AddRevision(
            seven,
            LabelRevision(
                text=NASTY,
                status="edited",
                author='ann, "the" 2nd',
                model="gpt-x",
                prompt_hash="abc",
                evidence="demo:features",
                tier="input",
                reason="5 of 5 say -ing",
                at="2026-01-02T03:04:05.678+00:00",
            ),
        ),
        AddRevision(
            nine, LabelRevision(text="everywhere", status="accepted", author="ann")
        ),
        AddRevision(
            node_subject(ONE, NodeIndex(3)),
            LabelRevision(text="here alone", status="edited"),
        ),
        AddRevision(
            node_subject(ONE, NodeIndex(4)),
            LabelRevision(text="everywhere", status="imported"),
        ),
        AddRevision(thirty, LabelRevision(text="refused", status="rejected")),
        SetNote(thirty, "-look again"),
        SetJudgement(seven, "output"),
        SetResult(seven, result("cross", 3.25)),
        SetResult(nine, result("output", -1.5)),
        SetPins(ONE, (NodeIndex(7), NodeIndex(9), NodeIndex(2))),
        PutSupernode(ONE, 1, Supernode(name=NASTY_NAME, members=(2, 5, 6))),
        PutSupernode(
            ONE, 2, Supernode(name="two", members=(4, 2), position=(30.0, -70.0))
        ),
        PutSupernode(ONE, 4, Supernode(name="none", members=())),
    ]
    return annotated(demo_document(), edits)


def result(tier: Tier, z: float) -> ProtocolResult:
    """Input without null, output without score."""
    decision = TierDecision(
        tier=tier, routing="calibrated", threshold=3.0, reason="made"
    )
    return ProtocolResult(
        scores=FeatureScores(
            n_examples=20,
            n_distinct=18,
            input=_score(0.25, None),
            cross=_score(0.5, z),
        ),
        calibrated=decision,
        literal=decision,
        routing="calibrated",
        embedder="made",
    )


def _score(raw: float, z: float | None) -> WindowScore:
    return WindowScore(n_used=18, raw=raw, weighted=raw, jackknife_error=0.01, z=z)
