"""What comes back of a graph that was written and read again, in odd states."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from glossator.errors import InputError
from glossator.export.annotated_document import annotated_document
from glossator.export.target import AnnotatedGraph
from glossator.graph.attribution_graph import NodeIndex
from glossator.graph.graph_file import parse_graph
from glossator.project.edits import AddRevision, AnyEdit, SetPins
from glossator.project.open_files import state_of
from glossator.project.reviewing.review import accept_edits
from glossator.project.revision import LabelRevision, feature_subject, node_subject
from glossator.project.supernodes.grouping import group_edits, rename_edits
from tests.core.annotated_graphs import ONE, annotated
from tests.core.graph_documents import Json, graph_of, tracer_graph, tracer_nodes
from tests.core.test_graph_variants import attention_graph

PLACE = Path("again.json")


def written(document: Json, edits: Sequence[AnyEdit] = ()) -> Json:
    before = annotated(document, edits)
    return annotated_document(before.state, before.number)


def opened(document: Json) -> AnnotatedGraph:
    return AnnotatedGraph(*state_of(graph_of(document), PLACE))


def captioned(**captions: str) -> Json:
    """The usual graph with captions by node id (``n2_9_1``)."""
    nodes = tracer_nodes()
    for node in nodes:
        node["clerp"] = captions.get(f"n{node['node_id']}", node["clerp"])
    return tracer_graph(nodes)


def own_label(at: int, text: str) -> AddRevision:
    revision = LabelRevision(text=text, status="edited", author="ann", at="2026")
    return AddRevision(node_subject(ONE, NodeIndex(at)), revision)


def accepted(document: Json) -> Json:
    before = annotated(document)
    feature = before.graph.features[1]
    return written(document, accept_edits(before.state, feature, "cities", "ann"))


def test_a_document_of_ours_is_equal_when_nothing_is_edited() -> None:
    document = accepted(tracer_graph())
    again = opened(document)
    assert annotated_document(again.state, ONE) == document


def test_data_of_another_version_stays_until_it_is_edited() -> None:
    document = accepted(tracer_graph())
    document["metadata"]["info"]["glossator"] |= {"version": "0.0.1", "more": [1]}
    again = opened(document)
    assert annotated_document(again.state, ONE) == document


def test_a_lone_node_without_the_other_id_can_be_pinned() -> None:
    nodes = tracer_nodes()
    del nodes[6]["jsNodeId"]
    document = tracer_graph(nodes, state={"pinnedIds": ["0_7-0"]})
    again = opened(written(document, [SetPins(ONE, (NodeIndex(2), NodeIndex(6)))]))
    assert again.graph.imported.pins == (2, 6)
    assert again.graph.imported.unresolved_pins == ()


def test_a_node_keeps_a_label_that_another_one_brought() -> None:
    document = captioned(n2_9_2="brought")
    again = opened(written(document, [own_label(4, "mine")]))
    assert again.state.label_at(ONE, NodeIndex(3)) == "brought"
    assert again.state.label_at(ONE, NodeIndex(4)) == "mine"


@pytest.mark.parametrize("status", ["imported", "accepted"])
def test_a_label_of_a_feature_lasts_under_those_of_its_nodes(status: str) -> None:
    document = captioned(n0_7_1="shared")
    before = annotated(document)
    feature = before.graph.features[0]
    edits: list[AnyEdit] = [own_label(2, "mine")]
    if status == "accepted":
        edits += accept_edits(before.state, feature, "shared", "ann")
    document = written(document, edits)
    again = opened(document)
    assert again.state.label_at(ONE, NodeIndex(2)) == "mine"
    last = again.state.last_revision(feature_subject(feature))
    assert last is not None
    assert (last.text, last.status) == ("shared", status)
    assert annotated_document(again.state, ONE) == document


def test_such_a_label_is_not_revived_where_another_tool_labelled_the_node() -> None:
    document = written(captioned(n0_7_1="shared"), [own_label(2, "mine")])
    document["nodes"][2]["clerp"] = "theirs"
    again = opened(document)
    assert again.state.label(again.graph.features[0]) == "theirs"


def test_a_label_that_begins_with_a_space_needs_no_override() -> None:
    """An override would name the attention feature of the same number too."""
    document = attention_graph()
    attention, transcoder = document["nodes"][2:4]
    attention["clerp"], transcoder["clerp"] = "of attention", "  of the transcoder"
    before = annotated(document)
    nodes = [NodeIndex(2), NodeIndex(3)]
    out = written(document, group_edits(before.state, ONE, nodes, "both"))
    again = opened(out)
    assert again.state.label_at(ONE, NodeIndex(2)) == "of attention"
    assert again.state.label_at(ONE, NodeIndex(3)) == "  of the transcoder"


def test_entries_of_the_state_that_were_not_edited_stay_as_they_were() -> None:
    groups: list[Json] = [
        {"label": "one", "nodes": ["0_7_1"], "colour": "red"},
        {"label": "two", "nodes": ["2_9_1"], "colour": "blue"},
        {"of": "another version"},
    ]
    overrides = [["0_7_1", "sharks"], ["2_9_1", "a", "b"], [999, "stale"]]
    state = {"supernodes": json.dumps(groups), "clerps": overrides}
    document = tracer_graph(state=state)
    before = annotated(document)
    edits = [
        *rename_edits(before.state, ONE, 1, "uno"),
        *accept_edits(before.state, before.graph.features[0], "whales", "ann"),
    ]
    params = written(document, edits)["qParams"]
    assert params["supernodes"] == [groups[0] | {"label": "uno"}, *groups[1:]]
    assert params["clerps"] == overrides[1:]


def test_a_number_too_long_to_write_is_told() -> None:
    text = json.dumps(tracer_graph()).replace("0.8", "9" * 5000, 1)
    state, number = state_of(parse_graph(text.encode(), source="made.json"), PLACE)
    with pytest.raises(InputError, match=r"capital: cannot write \(.*4300 digits"):
        annotated_document(state, number)
