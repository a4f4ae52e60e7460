"""Find: nodes by their texts, and where they were found."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glossator.graph.attribution_graph import NodeIndex
from glossator.project.edits import (
    AddRevision,
    AnyEdit,
    PutSupernode,
    SetNote,
    SetTags,
    SetVerbalizations,
    Supernode,
)
from glossator.project.effects import show_edit
from glossator.project.finding.find import Field, NodeTexts
from glossator.project.finding.folded_text import folded, spans
from glossator.project.revision import GraphId, LabelRevision, Status, Subject
from glossator.project.state import ProjectGraph, ProjectState
from glossator.verbalize.verbalization import Verbalization
from tests.core.graph_documents import (
    embedding_node,
    feature_node,
    graph_of,
    logit_node,
    tracer_graph,
)

ONE = GraphId(1)
TOKENS = ("<bos>", "The", " caf\u00e9", "\n", "東京")
EMBEDDING, EARLY, EARLY_AGAIN, LATE, OTHER, LOGIT = range(6)
F7, F9, F12 = Subject("f:0:7"), Subject("f:2:9"), Subject("f:12:345")


def label(subject: Subject, text: str, status: Status = "accepted") -> AnyEdit:
    return AddRevision(subject, LabelRevision(text=text, status=status))


def said(*texts: str) -> tuple[Verbalization, ...]:
    return tuple(Verbalization(text=t, about="feature", origin="nla") for t in texts)


ABOUT: tuple[AnyEdit, ...] = (
    label(F7, "Straße names in München"),
    label(F9, "capitals of U.S. states"),
    label(F12, "a refused guess", "rejected"),
    label(Subject("n:1:2"), "its own words"),
    SetNote(F9, "fires after\nDallas, too"),
    SetTags(F9, (2, 12)),
    SetVerbalizations(
        F12, said("A travel blog.", f"{'far ' * 40}the NEEDLE" + " b" * 99)
    ),
    PutSupernode(ONE, 3, Supernode(name="Texas", members=(LATE,), note="say it out")),
)


def state_of(*edits: AnyEdit) -> ProjectState:
    nodes = [
        embedding_node(10, 2),
        feature_node(0, 7, 1, influence=0.4),
        feature_node(0, 7, 4, influence=0.3),
        feature_node(2, 9, 2, influence=0.9),
        feature_node(12, 345, 3, influence=0.2),
        logit_node(" Austin", 0.75, position=4),
    ]
    graph = graph_of(tracer_graph(nodes, [], prompt_tokens=list(TOKENS)))
    state = ProjectState(graphs={ONE: ProjectGraph(ONE, Path("made.json"), graph)})
    for edit in edits:
        show_edit(state, edit, 1)
    return state


@pytest.fixture(scope="module")
def texts() -> NodeTexts:
    return NodeTexts(state_of(*ABOUT), ONE)


@pytest.mark.parametrize(
    ("query", "nodes", "field"),
    [
        ("capitals", [LATE], "label"),
        ("CAPITALS states", [LATE], "label"),
        ("strasse munchen", [EARLY], "label"),
        ("own words", [EARLY_AGAIN], "label"),
        ("refused", [], None),
        ("austin", [LOGIT], "label"),
        ("CAFE", [EMBEDDING, LATE], "token"),
        ("東京", [EARLY_AGAIN, LOGIT], "token"),
        ("⏎", [OTHER], "token"),
        ("12_345_3", [OTHER], "node id"),
        ("12/345", [OTHER], "feature"),
        ("12/34", [OTHER], "feature"),
        ("2/345", [], None),
        ("345", [OTHER], "feature"),
        ("E_10", [EMBEDDING], "node id"),
        ("l12", [OTHER], "layer"),
        ("L1", [], None),
        ("@2", [EMBEDDING, LATE], "position"),
        ("@4 straße", [], None),
        ("#2", [LATE], "tag"),
        ("#1", [], None),
        ("dallas fires", [LATE], "note"),
        ("texas", [LATE], "supernode"),
        ("say it", [LATE], "supernode note"),
        ("needle", [OTHER], "verbalization"),
        ("blog needle l12", [OTHER], "verbalization"),
        ("capitals needle", [], None),
        ("  ", [], None),
    ],
)
def test_every_field_is_searched(
    texts: NodeTexts, query: str, nodes: list[int], field: Field | None
) -> None:
    found = texts.find(query)
    assert sorted(found.tolist()) == nodes
    if nodes:
        assert texts.hit(NodeIndex(int(found[0])), query).field == field


def test_a_hit_says_where(texts: NodeTexts) -> None:
    hit = texts.hit(NodeIndex(OTHER), "needle")
    assert hit.excerpt.startswith("…")
    assert hit.excerpt.endswith("…")
    assert len(hit.excerpt) < 120
    assert [hit.excerpt[a:b] for a, b in hit.spans] == ["NEEDLE"]
    two = texts.hit(NodeIndex(LATE), "dallas fires")
    assert two.excerpt == "fires after Dallas, too"
    assert [two.excerpt[a:b] for a, b in two.spans] == ["fires", "Dallas"]


def test_names_come_before_what_is_said_and_influence_decides() -> None:
    edits = (*ABOUT, SetNote(F7, "capitals"), SetNote(F12, "capitals"))
    texts = NodeTexts(state_of(*edits), ONE)
    assert texts.find("capitals").tolist() == [LATE, OTHER, EARLY_AGAIN, EARLY]


@pytest.mark.parametrize(
    ("edit", "query", "node"),
    [
        (label(F12, "fresh words"), "fresh", OTHER),
        (label(F9, "", "withdrawn"), "capitals", None),
        (SetNote(F12, "fresh note"), "fresh", OTHER),
        (SetNote(F9, ""), "dallas", None),
        (SetTags(F12, (5,)), "#5", OTHER),
        (SetTags(F9, ()), "#2", None),
        (SetVerbalizations(F7, said("fresh sample")), "fresh", EARLY),
        (SetVerbalizations(F12, ()), "needle", None),
        (label(Subject("n:1:2"), "fresh own"), "fresh", EARLY_AGAIN),
        (PutSupernode(ONE, 3, None), "texas", None),
    ],
)
def test_a_change_is_taken_in(edit: AnyEdit, query: str, node: int | None) -> None:
    state = state_of(*ABOUT)
    texts = NodeTexts(state, ONE)
    assert bool(len(texts.find(query))) == (node is None)
    show_edit(state, edit, 2)
    texts.refresh(state)
    found = texts.find(query).tolist()
    assert found == [] if node is None else node in found


@given(st.text(max_size=30))
def test_folding_characters_folds_the_text(text: str) -> None:
    assert folded(text) == "".join(map(folded, text))
    composed = unicodedata.normalize("NFC", text)
    assert folded(composed) == folded(unicodedata.normalize("NFD", composed))


@given(st.text(max_size=20), st.text(max_size=20), st.text(min_size=1, max_size=6))
def test_spans_are_of_the_text(before: str, after: str, word: str) -> None:
    sought = folded(word)
    for start, end in spans(before + word + after, (sought,)):
        assert sought in folded((before + word + after)[start:end])
