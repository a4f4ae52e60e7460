"""Proposed supernodes: sensible groups, said why, and not again once refused."""

from collections.abc import Generator
from pathlib import Path

import pytest

from glossator.graph.attribution_graph import NodeIndex
from glossator.progress import CancelToken, Progress
from glossator.project.edits import AddRevision, SetRefusedGroups
from glossator.project.effects import show_edit
from glossator.project.open_files import state_of
from glossator.project.revision import GraphId, LabelRevision, feature_subject
from glossator.project.state import ProjectState
from glossator.project.supernodes.grouping import group_edits
from glossator.project.supernodes.supernode_proposals import (
    ProposedSupernode,
    embed_labels,
    grouping_input,
    own_influence,
    propose_supernodes,
    refuse_edits,
)
from glossator.protocol.embeddings import Embeddings
from tests.core.graph_documents import (
    embedding_node,
    feature_node,
    graph_of,
    link,
    logit_node,
    tracer_graph,
)

ONE = GraphId(1)
TEXAS = {"Texas": (0, 1), "the state of Texas": (2,), "a verb": (3,)}


def state() -> ProjectState:
    """Eight features, the most influential first; 4 and 5 of one role, 6 feeds 7."""
    features = [
        feature_node(layer, 10 + at, 1, influence=(at + 1) / 10)
        for at, layer in enumerate((1, 2, 3, 3, 4, 4, 5, 6))
    ]
    tokens = [embedding_node(at, at - 5, influence=None) for at in (5, 6)]
    logit = logit_node("x", 0.9, influence=None)
    names = [feature["node_id"] for feature in features]
    early, late = (token["node_id"] for token in tokens)
    links = [
        *(link(early, name, 1.0) for name in names[:4]),
        *(link(late, name, 2.0) for name in names[:2]),
        *(link(names[0], name, 3.0) for name in names[4:6]),
        link(names[1], names[3], 0.1),
        *(link(names[at], logit["node_id"], 1.0) for at in (2, 4, 5)),
        link(names[3], names[6], 0.1),
        link(late, names[6], 1.0),
        link(names[6], names[7], 4.0),
        link(early, names[7], 1.0),
        link(names[7], logit["node_id"], -2.0),
    ]
    document = tracer_graph([*features, *tokens, logit], links)
    return state_of(graph_of(document), Path("g.json"))[0]


def label(state: ProjectState, texts: dict[str, tuple[int, ...]]) -> None:
    graph = state.graphs[ONE].graph
    for text, nodes in texts.items():
        for node in nodes:
            feature = graph.feature_of(NodeIndex(node))
            assert feature is not None
            revision = LabelRevision(text=text, status="accepted")
            show_edit(state, AddRevision(feature_subject(feature), revision), 1)


def alike(*pairs: tuple[str, str]) -> Embeddings:
    """Vectors of the labels of `TEXAS`: those of a pair are close."""
    import numpy as np

    labels = list(TEXAS)
    vectors = np.eye(len(labels))
    for one, other in pairs:
        vectors[labels.index(other)] += 2 * vectors[labels.index(one)]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Embeddings(vectors, {text: at for at, text in enumerate(labels)})


def proposals(
    state: ProjectState, embeddings: Embeddings | None = None
) -> dict[str, ProposedSupernode]:
    found = propose_supernodes(grouping_input(state, ONE), embeddings)
    nodes = [node for group in found for node in group.members]
    assert len(nodes) == len(set(nodes)), "a node is in one proposal at most"
    assert all(len(group.members) > 1 and group.reason for group in found)
    assert sorted(found, key=lambda group: -group.influence) == list(found)
    return {group.kind: group for group in found}


def test_roles_and_links_are_told_without_any_label() -> None:
    found = proposals(state())
    assert set(found["same role"].members) == {4, 5}
    assert "1.00" in found["same role"].reason
    assert set(found["linked"].members) == {6, 7}
    assert "80%" in found["linked"].reason
    assert "same label" not in found


def test_own_influence_is_what_a_node_adds() -> None:
    own = own_influence(state().graphs[ONE].graph)
    assert own[:8] == pytest.approx([0.1] * 8)


def test_the_same_label_goes_before_a_role() -> None:
    given = state()
    label(given, {"Texas": (0, 4), "texas": (2,)})
    found = proposals(given)
    assert found["same label"].members == (0, 2, 4)
    assert found["same label"].name == "Texas"
    assert found["same label"].influence == pytest.approx(0.3)
    assert found["same label"].reason == "The same label at 3 nodes, of 3 features."
    assert "same role" not in found


def test_labels_of_like_meaning_need_embeddings() -> None:
    given = state()
    label(given, TEXAS)
    assert proposals(given)["same label"].members == (0, 1)
    found = proposals(given, alike(("Texas", "the state of Texas")))
    assert found["similar label"].members == (0, 1, 2)
    assert "“the state of Texas”" in found["similar label"].reason
    assert "same label" not in found
    assert proposals(given, alike())["same label"].members == (0, 1)


def test_what_is_grouped_is_not_proposed() -> None:
    given = state()
    for edit in group_edits(given, ONE, [NodeIndex(4)], "mine"):
        show_edit(given, edit, 1)
    assert set(proposals(given)) == {"linked"}


def test_what_was_refused_or_all_but_is_not_proposed_again() -> None:
    given = state()
    label(given, {"Texas": (0, 1, 2)})
    (edit,) = refuse_edits(given, ONE, proposals(given)["same label"].members)
    assert isinstance(edit, SetRefusedGroups)
    assert edit.groups == ((0, 1, 2),)
    show_edit(given, edit, 1)
    assert "same label" not in proposals(given)
    label(given, {"Texas": (3,)})
    assert "same label" not in proposals(given), "three of four were refused"
    label(given, {"Texas": (4, 5, 6)})
    assert len(proposals(given)["same label"].members) == 7, "another group by now"


def test_a_graph_without_features_has_no_proposals() -> None:
    document = tracer_graph([embedding_node(5, 0), logit_node("x", 0.9)], [])
    empty = state_of(graph_of(document), Path("g.json"))[0]
    assert proposals(empty) == {}


@pytest.mark.model
@pytest.mark.usefixtures("embedded_once")
def test_the_packaged_embedder_tells_labels_of_like_meaning() -> None:
    given = state()
    label(given, TEXAS)
    told, embeddings = finished(
        embed_labels(grouping_input(given, ONE).labels, CancelToken())
    )
    assert told[0].what == "loading the embedder"
    assert proposals(given, embeddings)["similar label"].members == (0, 1, 2)


def finished(
    work: Generator[Progress, None, Embeddings],
) -> tuple[list[Progress], Embeddings]:
    told: list[Progress] = []
    while True:
        try:
            told.append(next(work))
        except StopIteration as end:
            return told, end.value
