"""Whatever a file holds: a graph, or a GraphFileError that names file and field."""

import copy
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glossator.errors import GraphFileError
from glossator.graph.attribution_graph import AttributionGraph, NodeIndex
from glossator.graph.graph_file import parse_graph, read_graph
from tests.core.graph_documents import (
    Json,
    anthropic_graph,
    as_bytes,
    attribute_graph,
    feature_node,
    graph_of,
    link,
    tracer_graph,
)

SOURCE = "made.json"


def _refusal(data: bytes) -> str:
    """Text of the error; the file is named in it."""
    with pytest.raises(GraphFileError) as refused:
        parse_graph(data, source=SOURCE)
    text = str(refused.value)
    assert text.startswith(f"{SOURCE}: ")
    return text


def _set(document: Json, path: str, value: object) -> Json:
    *steps, last = (int(p) if p.isdigit() else p for p in path.split("."))
    place: Any = document
    for step in steps:
        place = place[step]
    place[last] = value
    return document


def _field(path: str) -> str:
    """``nodes.2.layer`` as errors write it: ``nodes[2].layer``."""
    return "".join(f"[{p}]" if p.isdigit() else f".{p}" for p in path.split("."))[1:]


REQUIRED = [
    "metadata",
    "nodes",
    "links",
    "metadata.slug",
    "metadata.scan",
    "metadata.prompt_tokens",
    "nodes.2.node_id",
    "nodes.2.layer",
    "nodes.2.ctx_idx",
    "nodes.2.feature_type",
    "links.1.source",
    "links.1.target",
    "links.1.weight",
]


@pytest.mark.parametrize("path", REQUIRED)
def test_missing_key(path: str) -> None:
    document = tracer_graph()
    *steps, last = path.split(".")
    place: Any = document
    for step in steps:
        place = place[int(step) if step.isdigit() else step]
    del place[last]
    text = _refusal(as_bytes(document))
    # An element of a list is named by number where msgspec tells it.
    assert last in text
    assert "missing" in text
    assert steps == [] or steps[0] in text


WRONG: list[tuple[str, object]] = [
    ("metadata", []),
    ("nodes", {}),
    ("links", None),
    ("qParams", []),
    ("metadata.slug", 1),
    ("metadata.scan", None),
    ("metadata.prompt", 3),
    ("metadata.prompt_tokens", "abc"),
    ("metadata.prompt_tokens.1", 7),
    ("metadata.schema_version", "1"),
    ("metadata.info", "x"),
    ("metadata.info.transcoder_set", 1),
    ("metadata.feature_details", []),
    ("nodes.2", "x"),
    ("nodes.2.node_id", 7),
    ("nodes.2.layer", None),
    ("nodes.2.layer", 1.5),
    ("nodes.2.ctx_idx", "1"),
    ("nodes.2.ctx_idx", None),
    ("nodes.2.feature_type", None),
    ("nodes.2.feature", "7"),
    ("nodes.2.feature", 1.5),
    ("nodes.2.jsNodeId", None),
    ("nodes.2.clerp", 1),
    ("nodes.2.token_prob", "x"),
    ("nodes.2.influence", "x"),
    ("nodes.2.activation", []),
    ("links.1", []),
    ("links.1.source", None),
    ("links.1.target", 7),
    ("links.1.weight", "1"),
]


@pytest.mark.parametrize(("path", "value"), WRONG)
def test_wrong_type(path: str, value: object) -> None:
    text = _refusal(as_bytes(_set(tracer_graph(), path, value)))
    # msgspec counts elements of a list as [...]; the key is what it must name.
    field = _field(path)
    generic = "".join("[...]" if p.isdigit() else f".{p}" for p in path.split("."))[1:]
    assert f"{SOURCE}: {field}: " in text or f"{SOURCE}: {generic}: " in text


BAD_VALUES: list[tuple[str, object]] = [
    ("nodes.2.layer", "x"),
    ("nodes.2.layer", ""),
    ("nodes.2.layer", "1.5"),
    ("nodes.2.layer", "E"),
    ("nodes.2.layer", -5),
    ("nodes.2.layer", 2**31 - 1),
    ("nodes.2.layer", 2**70),
    ("nodes.2.layer", "9" * 5000),
    ("nodes.2.ctx_idx", -1),
    ("nodes.2.ctx_idx", 2**40),
    ("nodes.2.ctx_idx", 2**70),
    ("nodes.2.feature", -1),
    ("nodes.2.feature", 2**63),
    ("nodes.2.feature", 2**70),
]


@pytest.mark.parametrize(("path", "value"), BAD_VALUES)
def test_bad_value(path: str, value: object) -> None:
    text = _refusal(as_bytes(_set(tracer_graph(), path, value)))
    assert f"{SOURCE}: {_field(path)}: " in text


def test_a_feature_without_any_number() -> None:
    node = feature_node(2, 9, 1, feature=None, node_id="x")
    assert "nodes[0].feature" in _refusal(as_bytes(tracer_graph([node], [])))


def test_an_index_too_large_to_pair() -> None:
    node = feature_node(2, 9, 1, feature=None, node_id=f"2_{'9' * 18}_1")
    assert "nodes[0].feature" in _refusal(as_bytes(tracer_graph([node], [])))


@pytest.mark.parametrize("path", ["nodes", "metadata.prompt_tokens"])
def test_an_empty_list(path: str) -> None:
    text = _refusal(as_bytes(_set(tracer_graph(), path, [])))
    assert f"{SOURCE}: {path}: the list is empty" in text


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"no json",
        b"[]",
        b"{}",
        b"null",
        b"3",
        b'"x"',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"nodes":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        as_bytes(tracer_graph())[:-1] + b', "x": ' + b"[" * 100_000 + b"]" * 100_000,
        b"\xff\xfe\x00",
        b'{"metadata": "\xff"}',
        b"\x89PNG\r\n",
        b"PK\x03\x04",
        b"\x1f\x8b",
        b"\x1f\x8bbroken",
        gzip.compress(b"{}", mtime=0),
        gzip.compress(as_bytes(tracer_graph()), mtime=0)[:-9],
        gzip.compress(as_bytes(tracer_graph()), mtime=0)[:40],
        gzip.compress(as_bytes(tracer_graph()), mtime=0).replace(b"\x00", b"\x01"),
        gzip.compress(as_bytes(tracer_graph()), mtime=0) + b"trailing",
    ],
    ids=lambda data: repr(data[:12]),
)
def test_no_graph_at_all(data: bytes) -> None:
    _refusal(data)


def test_deep_nesting_beside_the_graph() -> None:
    data = as_bytes(tracer_graph())[:-1] + b', "x": ' + b"[" * 10**5 + b"]" * 10**5
    assert "not readable as JSON" in _refusal(data + b"}")


def test_invalid_utf8_in_a_label() -> None:
    data = as_bytes(tracer_graph()).replace(b"Austin", b"Aus\xfftin")
    assert "not readable as JSON" in _refusal(data)


def test_truncated_anywhere() -> None:
    data = as_bytes(tracer_graph())
    for end in range(len(data)):
        with pytest.raises(GraphFileError, match=SOURCE):
            parse_graph(data[:end], source=SOURCE)


def test_gzip_truncated_anywhere() -> None:
    data = gzip.compress(as_bytes(tracer_graph()))
    for end in range(len(data)):
        with pytest.raises(GraphFileError, match=SOURCE):
            parse_graph(data[:end], source=SOURCE)


def test_a_folder_and_an_absent_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent.json"):
        with pytest.raises(GraphFileError) as refused:
            read_graph(path)
        assert str(refused.value).startswith(f"{path}: ")


# Repaired, and said so


def _warned(document: Json, *parts: str) -> AttributionGraph:
    graph = graph_of(document)
    assert any(all(part in said for part in parts) for said in graph.warnings)
    return graph


@pytest.mark.parametrize(
    "weight", [None, float("nan"), float("inf"), float("-inf")], ids=str
)
def test_a_weight_that_is_no_number(weight: float | None) -> None:
    links = [link("E_10_1", "0_7_1", 2.0), link("E_10_1", "0_7_1", weight)]
    graph = _warned(tracer_graph(links=links), "links[1].weight", "1 such link(s)")
    assert graph.links.weight.tolist() == [2.0, 0.0]
    assert graph.input_share.tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("source", "target", "end"),
    [("x", "0_7_1", "source"), ("0_7_1", "x", "target"), ("x", "x", "source")],
)
def test_a_link_to_a_missing_node(source: str, target: str, end: str) -> None:
    links = [link("E_10_1", "0_7_1", 2.0), link(source, target, 1.0)]
    graph = _warned(tracer_graph(links=links), f"links[1].{end}: no node 'x'", "1 link")
    assert len(graph.links) == 1


def test_a_position_beyond_the_prompt() -> None:
    document = _set(tracer_graph(), "nodes.2.ctx_idx", 3)
    graph = _warned(document, "nodes[2].ctx_idx", "1 node(s)", "3 prompt tokens")
    assert graph.token_at(int(graph.nodes.position[2])) == ""


@pytest.mark.parametrize("key", ["activation", "influence"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), None], ids=str)
def test_a_property_that_is_no_number_is_unknown(key: str, value: float | None) -> None:
    graph = graph_of(_set(tracer_graph(), f"nodes.2.{key}", value))
    assert np.isnan(getattr(graph.nodes, key)[2])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None], ids=str)
def test_a_probability_that_is_no_number_is_zero(value: float | None) -> None:
    graph = graph_of(_set(tracer_graph(), "nodes.6.token_prob", value))
    assert graph.nodes.probability[6] == 0


# Small, odd, and right


def test_one_token_one_layer_one_node_no_links() -> None:
    document = tracer_graph([feature_node(0, 3, 0)], [], prompt_tokens=["a"])
    graph = graph_of(document)
    assert (len(graph), len(graph.links), graph.warnings) == (1, 0, ())
    assert len(graph.inputs_of(NodeIndex(0)).nodes) == 0
    assert graph.input_share.tolist() == []


def test_only_logits() -> None:
    nodes = tracer_graph()["nodes"][-2:]
    assert graph_of(tracer_graph(nodes, [])).nodes.layer.tolist() == [1, 1]


def test_lone_surrogates_become_marks_that_can_be_stored() -> None:
    document = tracer_graph(prompt_tokens=["\ud83d", "\ude00", "a"], prompt="\ud83d!")
    document["nodes"][2]["clerp"] = "half \udc00"
    document["nodes"][2]["node_id"] = "\ud800"
    graph = graph_of(document)
    for text in (
        *graph.prompt_tokens,
        graph.prompt,
        *(label.text for label in graph.imported.labels.values()),
        *graph.nodes.node_id,
    ):
        assert text.encode()
    assert graph.imported.labels[NodeIndex(2)].text == "half \ufffd"


def test_a_byte_order_mark() -> None:
    data = b"\xef\xbb\xbf" + as_bytes(tracer_graph())
    assert len(parse_graph(data, source=SOURCE)) == 8


def test_very_large_weights_keep_finite_shares() -> None:
    links = [link("E_10_1", "0_7_1", 1.7e308), link("E_11_2", "0_7_1", -1.7e308)]
    graph = graph_of(tracer_graph(links=links))
    assert np.isfinite(graph.input_share).all()


# Anything at all

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**80), 2**80)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["", "E", "-1", "2_9_1", "0_1_2", "\ud800", "[", '[["x"]]']),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a document."""
    keys: list[Any] = []
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list):
        keys = list(range(len(value)))
    found = [(value, key) for key in keys]
    for key in keys:
        found += _places(value[key])
    return found


STATEFUL = tracer_graph(
    state={
        "pinnedIds": ["2_9_1"],
        "supernodes": [["a", "2_9_1"]],
        "clerps": [["2_9_1", "b"]],
    },
    info={"glossator": {"version": "1", "labels": [], "notes": []}},
)


def _use(graph: AttributionGraph) -> None:
    """Ask for all that is derived."""
    assert np.isfinite(graph.input_share).all()
    for node in range(len(graph)):
        graph.inputs_of(NodeIndex(node))
        graph.outputs_of(NodeIndex(node))
    assert sum(len(graph.nodes_of(key)) for key in graph.features) <= len(graph)


def _graph_or_refusal(data: bytes) -> AttributionGraph | str:
    try:
        return parse_graph(data, source=SOURCE)
    except GraphFileError as error:
        return str(error)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from([lambda: STATEFUL, anthropic_graph, attribute_graph]),
    st.lists(st.tuples(st.integers(0, 10**6), JSON_VALUES, st.booleans()), max_size=3),
)
def test_a_graph_or_an_error_that_is_ours(
    made: Callable[[], Json], changes: list[tuple[int, object, bool]]
) -> None:
    document = copy.deepcopy(made())
    for pick, value, removed in changes:
        places = _places(document)
        if not places:
            break
        container, key = places[pick % len(places)]
        if removed:
            del container[key]
        else:
            container[key] = copy.deepcopy(value)
    read = _graph_or_refusal(json.dumps(document).encode())
    if isinstance(read, str):
        assert SOURCE in read
    else:
        _use(read)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_bytes_that_are_no_graph(data: bytes) -> None:
    with pytest.raises(GraphFileError, match=SOURCE):
        parse_graph(data, source=SOURCE)


@pytest.mark.parametrize(
    ("group", "key", "field"),
    [("nodes", "node_id", "nodes[2].node_id"), ("links", "weight", "links[2].weight")],
)
@pytest.mark.parametrize("broken", [0.5, float("nan")])
def test_the_number_of_the_record_is_told(
    group: str, key: str, field: str, broken: float
) -> None:
    """With NaN elsewhere the file is read by another decoder, and it tells as much."""
    document = tracer_graph()
    document[group][2][key] = ["no such type"]
    document["links"][0]["weight"] = broken
    with pytest.raises(GraphFileError) as caught:
        graph_of(document)
    assert caught.value.field == field
