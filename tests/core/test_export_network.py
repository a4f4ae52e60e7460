"""GraphML, GEXF and node-link JSON: each is read back by networkx as it was made."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias, get_args
from xml.etree import ElementTree

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glossator.export import network as network_module
from glossator.export.colours import TIER_COLOURS
from glossator.export.gexf import export_gexf
from glossator.export.graphml import export_graphml
from glossator.export.network import link_network, network, visible
from glossator.export.node_link import export_node_link
from glossator.export.target import (
    AnnotatedGraph,
    DrawnGraph,
    Exporter,
    ExportOptions,
)
from glossator.graph.attribution_graph import NodeIndex
from glossator.graph.graph_file import read_graph
from glossator.layout.link_graph import lay_out
from glossator.project.edits import (
    AddRevision,
    PutSupernode,
    SetPins,
    SetResult,
    Supernode,
)
from glossator.project.open_files import state_of
from glossator.project.revision import LabelRevision, feature_subject, storable
from glossator.project.supernodes.supernode_graph import supernode_graph
from glossator.protocol.decision import TIERS
from glossator_resources import demo_folder
from tests.core.annotated_graphs import (
    ANY_TEXT,
    NASTY,
    NASTY_NAME,
    ONE,
    annotated,
    demo,
    demo_document,
    result,
)
from tests.core.graph_documents import (
    anthropic_graph,
    attribute_graph,
    feature_node,
    tracer_graph,
)

Graph: TypeAlias = "nx.Graph[str]"
DRAWN: tuple[DrawnGraph, ...] = get_args(DrawnGraph)


def read_node_link(path: Path) -> Graph:
    def refuse(constant: str) -> float:
        raise AssertionError(f"{constant} is no JSON")

    data = json.loads(path.read_bytes().decode(), parse_constant=refuse)
    return nx.node_link_graph(data, edges="links")


def read_graphml(path: Path) -> Graph:
    return nx.read_graphml(path)


def read_gexf(path: Path) -> Graph:
    """Without what GEXF adds: ids of links, places and colours, its graph's mode."""
    graph: Graph = nx.read_gexf(path, version="1.3")
    for _, values in graph.nodes(data=True):
        del values["viz"]
    for *_, values in graph.edges(data=True):
        del values["id"]
    return graph


FORMATS: dict[str, tuple[Exporter, Callable[[Path], Graph]]] = {
    "node-link": (export_node_link, read_node_link),
    "graphml": (export_graphml, read_graphml),
    "gexf": (export_gexf, read_gexf),
}


def parts(graph: Graph) -> tuple[dict[str, Any], dict[tuple[str, str], Any]]:
    assert graph.is_directed()
    assert not graph.is_multigraph()
    links = {(source, target): v for source, target, v in graph.edges(data=True)}
    return dict(graph.nodes.items()), links


def assert_reads_back(made: AnnotatedGraph, folder: Path) -> None:
    for drawn in DRAWN:
        options = ExportOptions(drawn=drawn)
        wanted = network(made, options)
        for name, (export, read) in FORMATS.items():
            path = folder / f"{name}-{drawn}"
            assert export(made, path, options) == ((path,), wanted.notes)
            found = read(path)
            assert parts(found) == parts(wanted.graph), name
            if name != "gexf":
                assert found.graph.items() >= wanted.graph.graph.items()


# -- what is read back -----------------------------------------------------------------


@pytest.mark.parametrize(
    "made",
    [
        demo(),
        annotated(anthropic_graph()),
        annotated(attribute_graph()),
        annotated(tracer_graph([feature_node(0, 1, 1)], [])),
    ],
    ids=["demo", "anthropic", "attribute", "one node"],
)
def test_each_file_reads_back(made: AnnotatedGraph, tmp_path: Path) -> None:
    assert_reads_back(made, tmp_path)


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(ANY_TEXT, min_size=6, max_size=6))
def test_any_text_reads_back(
    texts: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    label, name, token, prompt, caption, slug = texts
    document = tracer_graph(prompt=prompt, slug=slug, prompt_tokens=["a", token, "c"])
    document["nodes"][6]["clerp"] = caption
    seven = feature_subject(demo().graph.features[0])
    made = annotated(
        document,
        [
            AddRevision(seven, LabelRevision(text=label, status="edited")),
            PutSupernode(ONE, 1, Supernode(name=name, members=(2, 6))),
            PutSupernode(ONE, 2, Supernode(name=label, members=(2, 4))),
        ],
    )
    assert_reads_back(made, tmp_path_factory.mktemp("any"))


@pytest.mark.parametrize(
    "name", sorted(path.name for path in (demo_folder() / "graphs").glob("*.json"))
)
def test_a_graph_of_the_demo_reads_back(name: str, tmp_path: Path) -> None:
    path = demo_folder() / "graphs" / name
    state, number = state_of(read_graph(path), path)
    assert_reads_back(AnnotatedGraph(state, number), tmp_path)


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        "gemma-clt/gemma-2-2b-clt-hp-Dallas.json",
        "gemma-plt/gemma-small-big-en.json",
        "haiku/calc-36-plus-59.json",
    ],
)
def test_a_real_graph_reads_back(shared: Path, tmp_path: Path, name: str) -> None:
    path = shared / "graphs" / name
    state, number = state_of(read_graph(path), path)
    made = AnnotatedGraph(state, number)
    assert_reads_back(made, tmp_path)
    found = link_network(made).graph
    assert len(found) == len(made.graph)
    effects = sum(values["effect"] for *_, values in found.edges(data=True))
    assert effects == pytest.approx(made.graph.links.weight.sum())


# -- text ------------------------------------------------------------------------------


@given(st.text())
def test_legal_text_stays(text: str) -> None:
    """The characters of XML 1.0; but its readers rewrite a carriage return."""
    legal = re.sub("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)
    assert visible(legal) == legal
    assert len(visible(text)) == len(text)


def test_other_characters_become_visible() -> None:
    shown = visible("\x00\x0b\x1f\r\ufffe\uffff\ud83d|\udc00")
    assert shown == "␀␋␟␍\ufffd\ufffd\ufffd|\ufffd"
    assert visible("\ud83d\ude00") == "😀"


def test_the_notes_tell_of_replaced_characters() -> None:
    notes = link_network(demo()).notes
    assert (
        "Characters that XML cannot hold are replaced by visible ones, in texts: 1."
        in notes
    )


# -- nodes -----------------------------------------------------------------------------


def test_a_node_has_all_that_is_seen_of_it() -> None:
    nodes = link_network(demo()).graph.nodes
    assert nodes["n2"] == {
        "label": NASTY.replace("\r", "␍"),
        "node_id": "0_7_1",
        "kind": "feature",
        "layer": 0,
        "position": 1,
        "token": "The",
        "index": 7,
        "influence": 0.2,
        "activation": 2.0,
        "tier": "cross",
        "status": "edited",
        "pinned": True,
        "supernode": NASTY_NAME,
        "supernode_id": "s1",
        "supernodes": f"{NASTY_NAME} | two",
    }
    assert nodes["n6"] == {
        "label": 'Output " Austin" (p=0.750)',
        "caption": 'Output " Austin" (p=0.750)',
        "node_id": "4_5_2",
        "kind": "logit",
        "layer": 3,
        "position": 2,
        "token": " capital",
        "probability": 0.75,
        "pinned": False,
        "supernode": NASTY_NAME,
        "supernode_id": "s1",
    }
    assert (nodes["n3"]["label"], nodes["n4"]["label"]) == ("here alone", "everywhere")
    assert nodes["n8"] == {
        "label": "1/30",
        "node_id": "1_30_1",
        "kind": "feature",
        "layer": 1,
        "position": 1,
        "token": "The",
        "index": 30,
        "pinned": False,
    }


def test_a_network_tells_its_graph() -> None:
    assert link_network(demo()).graph.graph == {
        "name": "capital",
        "model": "gemma-2-2b",
        "source_set": "clt-gemma-2-2b-2.5M",
        "prompt": "<bos>The capital",
    }


def test_supernodes_are_the_nodes_of_the_second_graph() -> None:
    options = ExportOptions(drawn="supernodes")
    found, notes = network(demo(), options)
    assert list(found) == ["s1", "s2", "n7", "n9"]
    assert found.nodes["s2"] == {
        "label": "two",
        "kind": "supernode",
        "size": 2,
        "members": "n4 n2",
        "member_ids": "2_9_2 0_7_1",
        "layer": 1.0,
        "column": 1.5,
        "tier": "output",
        "tiers": "output 1, cross 1",
    }
    _, links = supernode_graph(demo().state, ONE)
    assert {(s, t): v for s, t, v in found.edges(data=True)} == {
        (link.source, link.target): {
            "weight": abs(link.weight),
            "effect": link.weight,
            "share": link.share,
        }
        for link in links
    }
    assert notes == (
        "Supernodes without members are left out: 1.",
        "The links of a node in several supernodes count for the first; such nodes: 1.",
    )


# -- links -----------------------------------------------------------------------------


def test_links_between_the_same_nodes_are_summed() -> None:
    found, notes = link_network(demo())
    assert found["n0"]["n2"] == {"weight": 2.5, "effect": 2.5, "share": 1.0}
    assert found.number_of_edges() == 7
    assert (
        "Links between the same two nodes are one, their effects summed: "
        "1 of 8 went into others." in notes
    )


def test_weights_are_sizes_and_effects_are_signed() -> None:
    """Layouts fail on negative weights."""
    found, notes = link_network(demo())
    assert found["n8"]["n6"] == {"weight": 4.0, "effect": -4.0, "share": -4 / 6}
    assert notes[0].startswith("The weight of a link is the size of its effect")
    plain = tracer_graph([feature_node(0, 1, 1), feature_node(1, 2, 1)])
    plain["links"] = [{"source": "0_1_1", "target": "1_2_1", "weight": 1.0}]
    assert link_network(annotated(plain)).notes == ()


def test_of_too_many_links_the_strongest_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(network_module, "MOST_LINKS", 3)
    found, notes = link_network(demo())
    effects = [values["effect"] for *_, values in found.edges(data=True)]
    assert sorted(effects) == [-4.0, 2.5, 3.0]
    assert len(found) == 10
    assert any(
        note.startswith("The weakest links are left out: 4 of 8.") for note in notes
    )


# -- GEXF ------------------------------------------------------------------------------

GEXF, VIZ = "{http://gexf.net/1.3}", "{http://gexf.net/1.3/viz}"
SCHEMA = {
    f"{GEXF}gexf": {
        "version",
        "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation",
    },
    f"{GEXF}meta": {"lastmodifieddate"},
    f"{GEXF}creator": set(),
    f"{GEXF}description": set(),
    f"{GEXF}graph": {"defaultedgetype", "mode"},
    f"{GEXF}attributes": {"class", "mode"},
    f"{GEXF}attribute": {"id", "title", "type"},
    f"{GEXF}nodes": set(),
    f"{GEXF}node": {"id", "label"},
    f"{GEXF}edges": set(),
    f"{GEXF}edge": {"id", "source", "target", "weight"},
    f"{GEXF}attvalues": set(),
    f"{GEXF}attvalue": {"for", "value"},
    f"{VIZ}color": {"r", "g", "b", "a"},
    f"{VIZ}position": {"x", "y", "z"},
    f"{VIZ}size": {"value"},
    f"{VIZ}shape": {"value"},
}
"""Of each element what the schema of GEXF 1.3 lets it have, as far as we use it."""


def gexf_of(
    made: AnnotatedGraph, folder: Path, drawn: DrawnGraph = "links"
) -> ElementTree.Element:
    path = folder / "g.gexf"
    export_gexf(made, path, ExportOptions(drawn=drawn))
    return ElementTree.parse(path).getroot()


def nodes_of(root: ElementTree.Element) -> dict[str, ElementTree.Element]:
    return {node.attrib["id"]: node for node in root.iter(f"{GEXF}node")}


def viz(element: ElementTree.Element, name: str) -> dict[str, str]:
    found = element.find(f"{VIZ}{name}")
    assert found is not None
    return found.attrib


@pytest.mark.parametrize("drawn", DRAWN)
def test_a_file_keeps_to_the_schema_of_gexf_1_3(
    tmp_path: Path, drawn: DrawnGraph
) -> None:
    root = gexf_of(demo(), tmp_path, drawn)
    assert root.attrib["version"] == "1.3"
    assert [child.tag for child in root] == [f"{GEXF}meta", f"{GEXF}graph"]
    for element in root.iter():
        assert set(element.attrib) <= SCHEMA[element.tag], element.tag
    types = {attribute.attrib["type"] for attribute in root.iter(f"{GEXF}attribute")}
    assert types <= {"string", "long", "double", "boolean"}
    for node in nodes_of(root).values():
        assert float(viz(node, "size")["value"]) > 0
        assert viz(node, "shape")["value"] in ("disc", "square", "diamond", "triangle")


def test_nodes_stand_where_the_window_shows_them(tmp_path: Path) -> None:
    made = demo()
    layout = lay_out(made.graph, np.ones(len(made.graph), dtype=np.bool_))
    nodes = nodes_of(gexf_of(made, tmp_path)).values()
    x = [float(viz(node, "position")["x"]) for node in nodes]
    y = [float(viz(node, "position")["y"]) for node in nodes]
    assert np.corrcoef(x, layout.x)[0, 1] == pytest.approx(1)
    assert np.corrcoef(y, layout.y)[0, 1] == pytest.approx(1)
    assert y[6] > y[0], "logits above embeddings: up is up in Gephi"


def test_a_supernode_stands_where_it_was_put(tmp_path: Path) -> None:
    nodes = nodes_of(gexf_of(demo(), tmp_path, "supernodes"))
    place = viz(nodes["s2"], "position")
    assert (float(place["x"]), float(place["y"])) == (30.0, 70.0)
    low, high = (viz(nodes[key], "position")["y"] for key in ("n9", "s1"))
    assert float(low) < float(high)


def test_a_tier_is_a_colour_and_influence_a_size(tmp_path: Path) -> None:
    nodes = nodes_of(gexf_of(demo(), tmp_path))
    colours = {}
    for key in ("n2", "n3"):
        channels = viz(nodes[key], "color")
        colours[key] = bytes(int(channels[c]) for c in "rgb").hex()
    assert colours == {"n2": "e69f00", "n3": "009e73"}
    sizes = {key: float(viz(node, "size")["value"]) for key, node in nodes.items()}
    assert sizes["n2"] > sizes["n3"] > sizes["n4"] > sizes["n9"]
    assert sizes["n6"] > sizes["n7"], "the likelier logit"


def test_a_link_is_coloured_by_its_sign(tmp_path: Path) -> None:
    root = gexf_of(demo(), tmp_path)
    effect = next(
        attribute.attrib["id"]
        for attribute in root.iter(f"{GEXF}attribute")
        if attribute.attrib["title"] == "effect"
    )
    seen = set()
    for edge in root.iter(f"{GEXF}edge"):
        (value,) = edge.iterfind(f".//{GEXF}attvalue[@for='{effect}']")
        assert float(edge.attrib["weight"]) == abs(float(value.attrib["value"]))
        seen.add((float(value.attrib["value"]) < 0, viz(edge, "color")["r"]))
    assert seen == {(False, "24"), (True, "142")}


def test_every_tier_has_a_colour_of_its_own(tmp_path: Path) -> None:
    assert set(TIER_COLOURS) == set(TIERS)
    nine = feature_subject(demo().graph.features[1])
    found = set()
    for tier in TIERS:
        made = annotated(demo_document(), [SetResult(nine, result(tier, 1.0))])
        node = nodes_of(gexf_of(made, tmp_path))["n3"]
        found.add(tuple(viz(node, "color").values()))
    assert len(found) == len(TIERS)


def test_a_file_tells_what_it_shows(tmp_path: Path) -> None:
    root = gexf_of(demo(), tmp_path)
    assert root.findtext(f"{GEXF}meta/{GEXF}description") == (
        "capital: <bos>The capital"
    )
    assert (root.findtext(f"{GEXF}meta/{GEXF}creator") or "").startswith("Glossator")


def test_a_pin_shows_in_both_graphs() -> None:
    made = annotated(demo_document(), [SetPins(ONE, (NodeIndex(9),))])
    assert link_network(made).graph.nodes["n9"]["pinned"] is True
    assert list(network(made, ExportOptions(drawn="supernodes")).graph) == ["n9"]


def test_half_an_emoji_in_a_prompt(tmp_path: Path) -> None:
    made = annotated(tracer_graph(prompt="half \ud83d"))
    assert_reads_back(made, tmp_path)
    assert link_network(made).graph.graph["prompt"] == storable("half \ud83d")
