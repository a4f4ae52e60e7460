"""Graphs of every toolchain: features found, state found, nothing lost."""

import json
from pathlib import Path
from typing import cast
from urllib.parse import quote

import numpy as np
import pytest

from glossator.export.annotated_document import annotated_document
from glossator.graph.attribution_graph import FeatureKey, NodeIndex, NodeKind
from glossator.graph.feature_ids import cantor
from glossator.project.edits import AddRevision, PutSupernode, SetNote, SetPins
from glossator.project.effects import show_edit
from glossator.project.open_files import state_of
from glossator.project.project import Project
from glossator.project.reviewing.review import reject_edits
from glossator.project.revision import LabelRevision, feature_subject, node_subject
from tests.core.graph_documents import (
    Json,
    anthropic_graph,
    as_bytes,
    embedding_node,
    error_node,
    feature_node,
    graph_of,
    link,
    logit_node,
    tracer_graph,
    tracer_links,
    tracer_nodes,
)


def attention_node(layer: int, index: int, position: int, **more: object) -> Json:
    """A lorsa feature as Neuronpedia's generator writes it: layers are integers."""
    node_id = f"{layer}_lor_{index}_{position}"
    return feature_node(
        layer,
        index,
        position,
        node_id=node_id,
        jsNodeId=node_id,
        feature_type="lorsa",
        clerp=f"F{cantor(layer, index)}",
        qk_tracing_results={
            "pair_wise_contributors": [["E_10_1", "E_11_2", 0.5]],
            "top_q_marginal_contributors": [["E_11_2", 0.5]],
            "top_k_marginal_contributors": [["E_10_1", 0.25]],
        },
    ) | dict(more)


def attention_graph() -> Json:
    """Transcoder and attention features that share a layer and an index."""
    number = f"F{cantor(1, 17)}"
    transcoder = feature_node(1, 17, 2, node_id="1_cro_17_2", clerp=number)
    attention = attention_node(1, 17, 2)
    nodes = [
        embedding_node(10, 1),
        embedding_node(11, 2),
        attention,
        transcoder,
        error_node(1, 2, node_id="1_error_attn_2", feature_type="lorsa error"),
        error_node(1, 2, node_id="1_error_mlp_2"),
        error_node(1, 2, node_id="1_bias_mlp_2", feature_type="bias"),
        logit_node(" Austin", 0.75, node_id="3_5_2"),
    ]
    for node in nodes:
        if node["layer"] != "E":
            node["layer"] = int(node["layer"])
    links = [
        link("E_10_1", "1_lor_17_2", 1.0),
        link("1_lor_17_2", "1_cro_17_2", 2.0),
        link("1_cro_17_2", "3_5_2", 0.5),
        link("1_bias_mlp_2", "3_5_2", 0.5),
    ]
    document = tracer_graph(
        nodes,
        links,
        state={},
        feature_details={
            "neuronpedia_source_set": "llama-scope-2-transcoder-8x-k64",
            "neuronpedia_lorsa_source_set": "llama-scope-2-lorsa-8x-k64",
        },
    )
    document["qk_only_nodes"] = {"0_lor_3_1": attention_node(0, 3, 1)}
    return document


TRANSCODER = FeatureKey("gemma-2-2b", "llama-scope-2-transcoder-8x-k64", 1, 17)
ATTENTION = FeatureKey("gemma-2-2b", "llama-scope-2-lorsa-8x-k64", 1, 17, True)


def test_attention_features_are_features_of_their_own() -> None:
    graph = graph_of(attention_graph())
    assert graph.features == (ATTENTION, TRANSCODER)
    assert graph.warnings == ()
    assert graph.nodes_of(ATTENTION).tolist() == [2]
    assert graph.nodes.kind[4:7].tolist() == [
        NodeKind.ERROR,
        NodeKind.ERROR,
        NodeKind.OTHER,
    ]
    assert feature_subject(ATTENTION) != feature_subject(TRANSCODER)
    # ``F`` and the feature's number, as its generator captions nodes, is no label.
    assert graph.imported.labels == {}


def test_labels_of_attention_features_come_back(tmp_path: Path) -> None:
    original = attention_graph()
    project = Project(tmp_path / "a.gloss")
    number = project.add_graph(graph_of(original), tmp_path / "a.json")
    said = {ATTENTION: "attends to the subject", TRANSCODER: "capitals"}
    project.apply(
        "label",
        [
            AddRevision(
                feature_subject(feature),
                LabelRevision(text=text, status="edited", author="ana"),
            )
            for feature, text in said.items()
        ]
        + [SetNote(feature_subject(ATTENTION), "head 3?")],
    )
    document = annotated_document(project.state, number)
    project.close()
    assert document["qk_only_nodes"] == original["qk_only_nodes"]
    graph = graph_of(document)
    state, _ = state_of(graph, Path("a.json"))
    assert {feature: state.label(feature) for feature in graph.features} == said
    last = state.last_revision(feature_subject(ATTENTION))
    assert last is not None
    assert (last.status, last.author) == ("edited", "ana")
    assert state.notes == {feature_subject(ATTENTION): "head 3?"}


@pytest.mark.parametrize("form", ["0_{layer}_{position}", "{layer}_-1_{position}"])
def test_error_ids_before_and_after_the_middle_of_2026(form: str) -> None:
    nodes = [
        feature_node(0, 2, 1),
        error_node(2, 1, node_id=form.format(layer=2, position=1)),
        logit_node(" Austin", 0.75),
    ]
    links = [
        link("0_2_1", nodes[1]["node_id"], 0.5),
        link(nodes[1]["node_id"], "4_5_2", 2.0),
    ]
    graph = graph_of(tracer_graph(nodes, links))
    shared = form.startswith("0")
    assert graph.nodes.kind.tolist()[:2] == [NodeKind.FEATURE, NodeKind.ERROR]
    assert str(graph.features[0]) == "0/2"
    assert any("used more than once" in text for text in graph.warnings) == shared
    assert graph.links.target.tolist()[-1] == 2


def linked(query: str, **state: object) -> Json:
    url = f"https://www.neuronpedia.org/gemma-2-2b/graph?slug=capital&{query}"
    return tracer_graph(
        state={"linkType": "both", **state}, info={"neuronpedia_link": url}
    )


LINKED_STATE = (
    "pinnedIds=2_9_2%2C0_7_1&supernodes="
    + quote('[["a, b","2_9_2","2_9_1"]]')
    + "&clerps="
    + quote(json.dumps([[f"2_{cantor(2, 9)}_2", "capitals & cities"]]))
)


def test_state_that_only_the_link_holds() -> None:
    graph = graph_of(linked(LINKED_STATE))
    imported = graph.imported
    assert imported.pins == (4, 2)
    assert [(s.name, s.members) for s in imported.supernodes] == [("a, b", (4, 3))]
    assert {at: label.text for at, label in imported.labels.items()} == {
        4: "capitals & cities"
    }
    assert graph.warnings == ()


def test_the_file_itself_is_heard_before_its_link() -> None:
    graph = graph_of(
        linked(
            LINKED_STATE,
            pinnedIds=["2_9_1"],
            supernodes=[["own", "2_9_1"]],
            clerps=[[f"2_{cantor(2, 9)}_2", "own"]],
        )
    )
    assert graph.imported.pins == (3,)
    assert [s.name for s in graph.imported.supernodes] == ["own"]
    assert [label.text for label in graph.imported.labels.values()] == ["own"]


def test_edits_reach_the_link_that_held_the_state() -> None:
    """Else what was removed would come back from it."""
    original = linked("embed=true&" + LINKED_STATE)
    state, number = state_of(graph_of(original), Path("a.json"))
    assert annotated_document(state, number) == original
    show_edit(state, SetPins(number, ()), 1)
    show_edit(state, PutSupernode(number, 1, None), 2)
    feature = state.graphs[number].graph.features[1]
    refused = LabelRevision(text="capitals & cities", status="rejected")
    show_edit(state, AddRevision(feature_subject(feature), refused), 3)
    document = annotated_document(state, number)
    address = cast(Json, document["metadata"])["info"]["neuronpedia_link"]
    assert "embed=true" in address
    imported = graph_of(document).imported
    assert (imported.pins, imported.supernodes, imported.labels) == ((), (), {})


def test_a_link_that_cannot_be_read_is_told() -> None:
    graph = graph_of(linked("supernodes=%5B%22a"))
    assert graph.imported.supernodes == ()
    assert graph.warnings[0].startswith("metadata.info.neuronpedia_link: supernodes")
    graph = graph_of(tracer_graph(info={"neuronpedia_link": "no address"}))
    assert graph.warnings == ()


def test_stale_state_is_counted_and_kept() -> None:
    state = {
        "pinnedIds": ["2_9_2", "gone", "gone too"],
        "supernodes": [["a", "2_9_2", "away"], ["b", "2_9_2", "0_7_1"]],
        "clerps": [["9_9_9", "of nothing"]],
    }
    document = tracer_graph(state=state)
    graph = graph_of(document)
    assert graph.warnings == (
        "qParams.pinnedIds: 2 of 3 pin(s) name no node (first: 'gone'); they are kept "
        "for export.",
        "qParams.supernodes: 1 member(s) name no node (first: 'away'); they are kept "
        "for export.",
        "qParams.supernodes: 1 node(s) are members of more than one supernode (first: "
        "'2_9_2'); they are kept in each.",
        "qParams.clerps: 1 label(s) are of no node (first: '9_9_9'); they are kept for "
        "export.",
    )
    project_state, number = state_of(graph, Path("a.json"))
    assert annotated_document(project_state, number) == document


def test_a_feature_number_of_any_size_is_unpaired_exactly() -> None:
    sizes = [0, 1, 2**20, 2**26, 2**30, 2**31]
    nodes = [feature_node(3, index, 1) for index in sizes]
    graph = graph_of(tracer_graph(nodes, []))
    assert graph.nodes.index.tolist() == sizes
    assert graph.warnings == ()


def test_what_an_undoing_of_json_leaves_is_the_same_graph() -> None:
    """Key order and unknown keys at every level do not matter."""
    document = tracer_graph(tracer_nodes(), tracer_links(), more={"x": 1})
    document["nodes"] = [
        dict(reversed([*node.items(), ("rgba", [1, 2]), ("label", None)]))
        for node in document["nodes"]
    ]
    document["links"] = [
        dict(reversed([*item.items(), ("color_class", "b")]))
        for item in document["links"]
    ]
    graph = graph_of(document)
    plain = graph_of(tracer_graph())
    assert graph.nodes.node_id == plain.nodes.node_id
    assert graph.links.weight.tolist() == plain.links.weight.tolist()
    state, number = state_of(graph, Path("a.json"))
    assert as_bytes(annotated_document(state, number)) == as_bytes(document)
    assert NodeIndex(2) in range(len(graph))


def test_a_key_that_names_one_node_exactly_labels_no_other() -> None:
    """``0_5_1`` is Neuronpedia's key of feature 2, and circuit-tracer's id of 5."""
    nodes = [feature_node(0, 2, 1), feature_node(0, 5, 1)]
    assert nodes[0]["feature"] == 5
    graph = graph_of(tracer_graph(nodes, [], state={"clerps": [["0_5_1", "two"]]}))
    labels = {at: label.text for at, label in graph.imported.labels.items()}
    assert labels == {0: "two"}
    alone = graph_of(tracer_graph(nodes[1:], [], state={"clerps": [["0_5_1", "five"]]}))
    assert [label.text for label in alone.imported.labels.values()] == ["five"]


def test_a_label_of_one_node_comes_back_as_such(tmp_path: Path) -> None:
    """Even where as many nodes carry a label of their own as the feature's."""
    nodes = [feature_node(0, 7, position) for position in range(3)]
    project = Project(tmp_path / "a.gloss")
    number = project.add_graph(graph_of(tracer_graph(nodes, [])), tmp_path / "a.json")
    (feature,) = project.state.features()
    own = (NodeIndex(0), NodeIndex(1))
    project.apply(
        "label",
        [
            AddRevision(subject, LabelRevision(text=text, status="edited"))
            for subject, text in (
                (feature_subject(feature), "feature's"),
                *((node_subject(number, node), "own") for node in own),
            )
        ],
    )
    document = annotated_document(project.state, number)
    project.close()
    state, again = state_of(graph_of(document), Path("a.json"))
    assert state.label(feature) == "feature's"
    assert state.own_labels(again) == frozenset(own)
    assert [state.label_at(again, NodeIndex(at)) for at in range(3)] == [
        "own",
        "own",
        "feature's",
    ]


@pytest.mark.parametrize(
    ("document", "kept"),
    [
        # An override is set by hand, a caption may be what a service knew.
        (tracer_graph(state={"clerps": [[f"2_{cantor(2, 9)}_2", "by hand"]]}), [4]),
        (tracer_graph([feature_node(2, 9, 1, clerp="baked")], []), []),
        (anthropic_graph(), None),
    ],
)
def test_labels_by_people_keep_their_nodes_in_sight(
    document: Json, kept: list[int] | None
) -> None:
    state, number = state_of(graph_of(document), Path("a.json"))
    graph = state.graphs[number].graph
    marked = {int(node) for node in state.pins.get(number, ())}
    for group in state.supernodes.get(number, {}).values():
        marked |= set(group.members)
    expected = set(graph.imported.labels) if kept is None else set(kept)
    found = set(np.flatnonzero(state.kept_nodes(number)).tolist())
    assert found == expected | marked
    assert kept is not None or expected


def test_a_label_that_was_refused_keeps_nothing_in_sight() -> None:
    clerps = [[f"2_{cantor(2, 9)}_2", "by hand"]]
    state, number = state_of(
        graph_of(tracer_graph(state={"clerps": clerps})), Path("a.json")
    )
    feature = state.graphs[number].graph.features[1]
    refused = LabelRevision(text="by hand", status="rejected")
    show_edit(state, AddRevision(feature_subject(feature), refused), 9)
    assert not state.kept_nodes(number).any()


def test_a_refused_label_stays_refused(tmp_path: Path) -> None:
    """Else a method could propose it again after the graph was passed on."""
    nodes = [feature_node(0, 7, position, clerp="towns") for position in range(2)]
    project = Project(tmp_path / "a.gloss")
    number = project.add_graph(graph_of(tracer_graph(nodes, [])), tmp_path / "a.json")
    (feature,) = project.state.features()
    project.apply("reject", reject_edits(project.state, feature, "ana"))
    document = annotated_document(project.state, number)
    project.close()
    assert [node["clerp"] for node in cast(list[Json], document["nodes"])] == ["", ""]
    state, again = state_of(graph_of(document), Path("a.json"))
    assert state.review_state(feature) == "rejected"
    assert state.label(feature) == ""
    assert not state.machine_may_label(feature, "towns")
    assert state.machine_may_label(feature, "villages")
    assert annotated_document(state, again) == document
    document["nodes"][0]["clerp"] = "hamlets"  # type: ignore[index, call-overload]
    relabelled, _ = state_of(graph_of(document), Path("a.json"))
    assert relabelled.label(feature) == "hamlets"
