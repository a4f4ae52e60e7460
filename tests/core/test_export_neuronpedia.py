"""The graph that Neuronpedia takes, its page's address, its saved subgraph."""

import json
import math
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from glossator.export.annotated_document import encoded
from glossator.export.neuronpedia import LARGEST, export_neuronpedia
from glossator.export.neuronpedia_document import neuronpedia_document
from glossator.export.target import AnnotatedGraph, ExportOptions, Written
from glossator.graph.attribution_graph import NodeIndex
from glossator.graph.feature_ids import cantor
from glossator.graph.graph_file import parse_graph, read_graph
from glossator.graph.json_file.neuronpedia_url import LinkState, parse_link, share_link
from glossator.project.edits import (
    AddRevision,
    PutSupernode,
    SetPins,
    Supernode,
)
from glossator.project.importing.label_import import import_edits
from glossator.project.importing.label_sources import read_labels
from glossator.project.open_files import add_graphs, state_of
from glossator.project.reviewing.review import accept_edits
from glossator.project.revision import (
    GraphId,
    LabelRevision,
    feature_subject,
    node_subject,
)
from glossator.project.state import ProjectState
from glossator.project.supernodes.grouping import group_edits, rename_edits
from tests.core.graph_documents import (
    Json,
    anthropic_graph,
    as_bytes,
    attribute_graph,
    decimal_graph,
    error_node,
    feature_node,
    graph_of,
    logit_node,
    tracer_graph,
    tracer_nodes,
)
from tests.core.test_export import (
    REAL,
    edited_as_by_a_person,
    groups_of,
    labels_of,
    make_edits,
    read_again,
    string_state,
)

ONE = GraphId(1)
ODD = 'say "Austin", [x]\n🦊 né & 50% + <b>'


def state_made_of(document: Json) -> ProjectState:
    return state_of(graph_of(document), Path("made.json"))[0]


def export(state: ProjectState, path: Path) -> Written:
    return export_neuronpedia(AnnotatedGraph(state, ONE), path, ExportOptions())


class Exported:
    """The three files, read."""

    def __init__(self, state: ProjectState, folder: Path) -> None:
        self.written = export(state, folder / "out.json")
        self.notes = self.written.notes
        self.document: Json = json.loads((folder / "out.json").read_bytes())
        self.params: Json = self.document["qParams"]
        address = (folder / "out.neuronpedia-link.txt").read_text(encoding="utf-8")
        body = (folder / "out.neuronpedia-subgraph.json").read_bytes()
        self.address = address.strip()
        link = parse_link(self.address)
        assert link is not None
        self.link = link
        self.body: Json = json.loads(body)

    def told(self, part: str) -> str:
        (note,) = (note for note in self.notes if part in note)
        return note


def saved_as(link: LinkState) -> Json:
    return {
        "modelId": link.model,
        "slug": link.slug,
        "pinnedIds": list(link.pins),
        "supernodes": [[group.name, *group.members] for group in link.supernodes],
        "clerps": [list(label) for label in link.labels],
        "pruningThreshold": link.pruning_threshold,
        "densityThreshold": link.density_threshold,
    }


def same_annotations(exported: Exported, state: ProjectState) -> None:
    """Reading the document gives what was seen, and all three files say the same."""
    again, _ = read_again(exported.document)
    assert labels_of(again) == labels_of(state)
    assert again.pins.get(ONE, ()) == state.pins.get(ONE, ())
    kept = [group for group in groups_of(state) if group[1] or group[2]]
    assert groups_of(again) == kept
    params = exported.params
    assert list(exported.link.pins) == params["pinnedIds"]
    groups = [[group.name, *group.members] for group in exported.link.supernodes]
    assert groups == params["supernodes"]
    assert [list(label) for label in exported.link.labels] == params["clerps"]
    assert exported.body == saved_as(exported.link)


# -- real graphs -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def schema(shared: Path) -> jsonschema.Draft7Validator:
    text = (shared / "schemas" / "graph-schema.json").read_bytes()
    return jsonschema.Draft7Validator(json.loads(text))


@pytest.mark.shared
@pytest.mark.parametrize("name", REAL)
def test_an_edited_real_graph(
    shared: Path, schema: jsonschema.Draft7Validator, tmp_path: Path, name: str
) -> None:
    path = shared / "graphs" / name
    project = add_graphs(tmp_path / "p.gloss", [read_graph(path)], [path])
    edited_as_by_a_person(project)
    project.apply(
        "odd", accept_edits(project.state, project.state.features()[3], ODD, "ann")
    )
    exported = Exported(project.state, tmp_path)
    assert list(schema.iter_errors(exported.document)) == []
    same_annotations(exported, project.state)
    graph = project.state.graphs[ONE].graph
    labelled = [text for at, text in enumerate(labels_of(project.state)) if text]
    assert [text for _, text in exported.params["clerps"]] == labelled
    for at in graph.nodes.is_feature.nonzero()[0].tolist():
        node = exported.document["nodes"][at]
        assert node["clerp"] == labels_of(project.state)[at]
    # The address alone, on the graph as it was downloaded, shows the same again.
    fresh = add_graphs(tmp_path / "fresh.gloss", [read_graph(path)], [path])
    refused = [
        feature
        for feature in fresh.state.features()
        if fresh.state.label(feature) and not project.state.label(feature)
    ]
    found = read_labels(exported.address, fresh.state)
    fresh.apply("import", import_edits(fresh.state, found))
    assert [
        text
        for at, text in enumerate(labels_of(fresh.state))
        if graph.feature_of(NodeIndex(at)) not in refused
    ] == [
        text
        for at, text in enumerate(labels_of(project.state))
        if graph.feature_of(NodeIndex(at)) not in refused
    ]
    assert set(project.state.pins[ONE]) <= set(fresh.state.pins[ONE])
    ours = {frozenset(group[1]) for group in groups_of(project.state)}
    assert ours <= {frozenset(group[1]) for group in groups_of(fresh.state)}
    fresh.close()
    project.close()


@pytest.mark.shared
@pytest.mark.parametrize("name", REAL)
def test_an_unedited_real_graph_keeps_the_rest(
    shared: Path, schema: jsonschema.Draft7Validator, tmp_path: Path, name: str
) -> None:
    path = shared / "graphs" / name
    state, _ = state_of(read_graph(path), path)
    exported = Exported(state, tmp_path)
    assert list(schema.iter_errors(exported.document)) == []
    same_annotations(exported, state)
    before: Json = json.loads(path.read_bytes())
    after = exported.document
    assert after["links"] == before["links"]
    assert after["qParams"]["pinnedIds"] == before["qParams"]["pinnedIds"]
    groups = [
        [(name, sorted(ids)) for name, *ids in document["qParams"]["supernodes"]]
        for document in (before, after)
    ]
    assert groups[0] == groups[1], "a member that no node has may be the last now"
    for document in (before, after):
        document["metadata"]["info"].pop("neuronpedia_link", None)
        for node in document["nodes"]:
            del node["clerp"]
    assert after["metadata"] == before["metadata"]
    assert after["nodes"] == before["nodes"]


@pytest.mark.shared
def test_a_real_graph_whose_link_is_by_another_name(
    shared: Path, tmp_path: Path
) -> None:
    (name,) = (name for name in REAL if "fact-dallas" in name)
    state, _ = state_of(read_graph(shared / "graphs" / name), Path(name))
    exported = Exported(state, tmp_path)
    assert exported.link.slug == "gemma-clt-fact-dallas-austin"
    assert exported.document["metadata"]["slug"] == "factthecapitalof-1756519483440"
    assert exported.told("The link leads to 'gemma-clt-fact-dallas-austin'")


@pytest.mark.shared
def test_real_logits_lose_the_name_of_their_supernode(
    shared: Path, tmp_path: Path
) -> None:
    """``[Output "big" or "large"] Output "large"``: the page would read "big"."""
    path = shared / "graphs" / "gemma-plt/gemma-small-big-en.json"
    state, _ = state_of(read_graph(path), path)
    texts = [
        node["clerp"]
        for node in Exported(state, tmp_path).document["nodes"]
        if node["feature_type"] == "logit"
    ]
    assert texts[:2] == ['Output "large" (p=0.420)', 'Output "big" (p=0.390)']


# -- labels ----------------------------------------------------------------------------


def test_one_pair_for_each_node_by_the_encoded_number(tmp_path: Path) -> None:
    state = state_made_of(tracer_graph())
    seven, nine = state.features()
    make_edits(state, accept_edits(state, nine, ODD, "ann"))
    own = LabelRevision(text="here", status="edited", author="ann")
    make_edits(state, accept_edits(state, seven, "seven", "ann"))
    make_edits(state, [AddRevision(node_subject(ONE, NodeIndex(3)), own)])
    exported = Exported(state, tmp_path)
    assert exported.params["clerps"] == [
        [f"0_{cantor(0, 7)}_1", "seven"],
        [f"2_{cantor(2, 9)}_1", "here"],
        [f"2_{cantor(2, 9)}_2", ODD],
    ]
    texts = [node["clerp"] for node in exported.document["nodes"]]
    assert texts[2:5] == ["seven", "here", ODD]
    assert texts[6] == 'Output " Austin" (p=0.750)'
    same_annotations(exported, state)


def test_a_decimal_number_stays_decimal(tmp_path: Path) -> None:
    state = state_made_of(decimal_graph())
    _, nine = state.features()
    make_edits(state, accept_edits(state, nine, "nine", "ann"))
    exported = Exported(state, tmp_path)
    assert exported.params["clerps"] == [
        ["2_200009_1", "nine"],
        ["2_200009_2", "nine"],
    ]
    same_annotations(exported, state)


def test_a_number_that_is_another_node_s_index_labels_one_alone(
    tmp_path: Path,
) -> None:
    """Feature 2 of layer 0 has the number 5, under which feature 5 can be found."""
    assert cantor(0, 2) == 5
    nodes = [feature_node(0, 2, 1), feature_node(0, 5, 1)]
    state = state_made_of(tracer_graph(nodes, []))
    two, _ = state.features()
    make_edits(state, accept_edits(state, two, "two", "ann"))
    exported = Exported(state, tmp_path)
    assert ["0_5_1", "two"] in exported.params["clerps"]
    assert [f"0_{cantor(0, 5)}_1", ""] in exported.params["clerps"]
    same_annotations(exported, state)


def test_a_rejected_label_is_gone(tmp_path: Path) -> None:
    document = tracer_graph(state={"clerps": [["2_9_1", "wrong"], ["2_9_2", "wrong"]]})
    document["nodes"][3]["clerp"] = "wrong"
    state = state_made_of(document)
    _, nine = state.features()
    refused = LabelRevision(text="wrong", status="rejected", author="ann")
    make_edits(state, [AddRevision(feature_subject(nine), refused)])
    exported = Exported(state, tmp_path)
    assert exported.params["clerps"] == []
    assert exported.document["nodes"][3]["clerp"] == ""
    same_annotations(exported, state)


def test_overrides_of_what_is_no_feature_node_stay(tmp_path: Path) -> None:
    link = share_link(LinkState(slug="capital", model="gemma-2-2b", labels=()))
    document = tracer_graph(state={"clerps": [["9_9_9", "stale"]]})
    document["metadata"]["info"]["neuronpedia_link"] = (
        f"{link}&clerps=" + '[["8_8_8","in the link"],["9_9_9","older"]]'
    )
    exported = Exported(state_made_of(document), tmp_path)
    assert sorted(exported.params["clerps"]) == [
        ["8_8_8", "in the link"],
        ["9_9_9", "stale"],
    ]


def test_a_caption_with_its_supernode_s_name_is_the_bare_label(tmp_path: Path) -> None:
    state = state_made_of(anthropic_graph())
    exported = Exported(state, tmp_path)
    assert exported.document["nodes"][1]["clerp"] == "cities of Texas"
    make_edits(state, accept_edits(state, state.features()[0], "[Texas] odd", "ann"))
    make_edits(state, rename_edits(state, ONE, 1, "TX"))
    same_annotations(Exported(state, tmp_path), state)


# -- pins and supernodes ---------------------------------------------------------------


@pytest.mark.parametrize("make", [anthropic_graph, tracer_graph, attribute_graph])
def test_ids_are_those_the_page_speaks(tmp_path: Path, make: Any) -> None:
    state = state_made_of(make(state={}) if make is not attribute_graph else make())
    graph = state.graphs[ONE].graph
    everything = [NodeIndex(at) for at in range(len(graph))]
    make_edits(state, group_edits(state, ONE, everything, "all"))
    exported = Exported(state, tmp_path)
    known = graph.nodes.js_id if make is anthropic_graph else graph.nodes.node_id
    assert exported.params["pinnedIds"] == list(known)
    assert exported.params["supernodes"] == [["all", *known]]
    same_annotations(exported, state)


def test_a_shared_id_is_told_and_still_read_back(tmp_path: Path) -> None:
    nodes = [*tracer_nodes(), feature_node(0, 2, 1), error_node(2, 1)]
    state = state_made_of(tracer_graph(nodes))
    make_edits(state, [SetPins(ONE, (NodeIndex(9), NodeIndex(2)))])
    exported = Exported(state, tmp_path)
    assert exported.params["pinnedIds"] == ["2_1-0", "0_7_1"]
    assert exported.told("share their id").startswith("1 pinned or grouped node(s)")
    same_annotations(exported, state)


def test_state_as_circuit_tracer_saves_it_becomes_lists(tmp_path: Path) -> None:
    exported = Exported(state_made_of(string_state()), tmp_path)
    assert exported.params == {
        "pinnedIds": ["2_9_2", "0_7_1", "9_9_9"],
        "supernodes": [["A", "2_9_1", "8_8_8"]],
        "clerps": [
            [f"2_{cantor(2, 9)}_1", "from clerps"],
            [f"2_{cantor(2, 9)}_2", "from clerps"],
        ],
        "linkType": "both",
        "clickedId": "",
        "sg_pos": "",
        "pruningThreshold": "0.6",
    }
    assert exported.body["pruningThreshold"] == 0.6
    assert exported.told("1 member(s) of supernodes are not pinned")


def test_what_the_page_will_not_draw_is_told(tmp_path: Path) -> None:
    nodes = [feature_node(0, at, 1) for at in range(201)]
    state = state_made_of(tracer_graph(nodes, []))
    make_edits(state, [SetPins(ONE, tuple(map(NodeIndex, range(201))))])
    for number, (name, members) in enumerate(
        [("same", (1, 2)), ("same", (3,)), ("0_4_1", (4,)), ("empty", ())]
    ):
        group = Supernode(name=name, members=members)
        make_edits(state, [PutSupernode(ONE, number, group)])
    exported = Exported(state, tmp_path)
    assert exported.told("the first 200 of 201 pins")
    assert exported.told("1 name(s) are those of several supernodes (first: 'same')")
    assert exported.told("'0_4_1', is the id of a pinned node")
    assert exported.told("1 supernode(s) without members are left out")
    assert len(exported.notes) == 4
    same_annotations(exported, state)


def test_members_that_are_pinned_need_no_note(tmp_path: Path) -> None:
    state = state_made_of(tracer_graph())
    make_edits(state, group_edits(state, ONE, [NodeIndex(2), NodeIndex(4)], "A"))
    assert Exported(state, tmp_path).notes == ()


# -- the link --------------------------------------------------------------------------


def test_a_link_in_the_file_is_renewed(tmp_path: Path) -> None:
    old = LinkState(
        slug="capital",
        model="gemma-2-2b",
        pins=("0_7_1",),
        labels=(("2_9_1", "old"),),  # type: ignore[arg-type]  # a pair is enough
        pruning_threshold=0.7,
        density_threshold=0.99,
    )
    document = tracer_graph()
    document["metadata"]["info"]["neuronpedia_link"] = share_link(old)
    state = state_made_of(document)
    _, nine = state.features()
    assert state.label(nine) == "old"
    make_edits(state, accept_edits(state, nine, "new", "ann"))
    make_edits(state, [SetPins(ONE, ())])
    exported = Exported(state, tmp_path)
    assert exported.document["metadata"]["info"]["neuronpedia_link"] == exported.address
    assert exported.body["pruningThreshold"] == 0.7
    assert exported.body["densityThreshold"] == 0.99
    same_annotations(exported, state)


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [(0.8, 0.8), (None, None), ("0.7", 0.7), (7, None), (math.nan, None)],
)
def test_the_file_s_own_threshold(
    tmp_path: Path, threshold: object, expected: float | None
) -> None:
    document = tracer_graph(node_threshold=threshold)
    exported = Exported(state_made_of(document), tmp_path)
    assert exported.body["pruningThreshold"] == expected
    assert exported.body["densityThreshold"] is None


def test_a_long_link_is_told(tmp_path: Path) -> None:
    state = state_made_of(tracer_graph())
    (_, nine) = state.features()
    make_edits(state, accept_edits(state, nine, "x" * 3900, "ann"))
    assert Exported(state, tmp_path).notes == ()
    make_edits(state, accept_edits(state, nine, "x" * 4000, "ann"))
    exported = Exported(state, tmp_path)
    assert exported.told("out.neuronpedia-subgraph.json")
    same_annotations(exported, state)


@pytest.mark.parametrize("scan", ["mntss/gemma-scope-transcoders", "custom-12ab", ""])
def test_a_model_that_neuronpedia_cannot_know(tmp_path: Path, scan: str) -> None:
    document = tracer_graph(scan=scan)
    document["metadata"]["info"]["neuronpedia_link"] = "https://a.b/m/graph?slug=s"
    written = export(state_made_of(document), tmp_path / "out.json")
    assert written.paths == (tmp_path / "out.json",)
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]
    (note,) = written.notes
    assert note.startswith(f"metadata.scan, {scan!r}, is no model id of Neuronpedia")
    info = json.loads((tmp_path / "out.json").read_bytes())["metadata"]["info"]
    assert "neuronpedia_link" not in info


def test_a_model_that_neuronpedia_may_not_know(tmp_path: Path) -> None:
    exported = Exported(state_made_of(tracer_graph(scan="smollm2-135m")), tmp_path)
    assert exported.told("whether it knows 'smollm2-135m' could not be checked")


@pytest.mark.parametrize(
    ("slug", "called"), [("né ☃/1", "n-1"), ("../up", "..-up"), ("☃", "graph")]
)
def test_a_name_that_neuronpedia_refuses(
    tmp_path: Path, slug: str, called: str
) -> None:
    exported = Exported(state_made_of(tracer_graph(slug=slug)), tmp_path)
    assert exported.document["metadata"]["slug"] == exported.link.slug == called
    assert exported.told(f"The graph is called {called!r} there")


# -- the schema ------------------------------------------------------------------------


def worn_graph() -> Json:
    """Everything that readers do without and the schema does not."""
    lorsa = feature_node(
        2, 3, 1, feature_type="lorsa", qk_tracing_results={"pair_wise_contributors": []}
    )
    nodes = [*tracer_nodes(), lorsa]
    del nodes[2]["feature"], nodes[2]["jsNodeId"], nodes[2]["clerp"]
    nodes[3]["clerp"] = None
    nodes[3]["feature"] = None
    nodes[3]["activation"] = math.nan
    nodes[4]["influence"] = None
    nodes[5]["token_prob"] = math.inf
    nodes[6]["clerp"] = ""
    nodes[7]["clerp"] = ' say "Dallas" '
    document = tracer_graph(
        nodes,
        state={"pinnedIds": None, "clickedId": None, "sg_pos": None, "x": None},
        node_threshold="0.8",
        feature_details=None,
        generation_settings={"max_n_logits": 10.5, "batch_size": 48.0, "ours": None},
        pruning_settings=[],
    )
    del document["metadata"]["prompt"]
    document["links"][0]["weight"] = None
    document["links"][1]["weight"] = math.nan
    document["metadata"]["info"] |= {
        "description": None,
        "source_urls": None,
        "generator": {"name": None, "version": "1"},
        "create_time_ms": True,
        "neuronpedia_source_set": None,
    }
    document["qk_only_nodes"] = {
        "9_9_9": {
            "node_id": "9_9_9",
            "feature_type": "lorsa",
            "layer": 9,
            "ctx_idx": 1,
            "clerp": None,
        }
    }
    return document


def test_a_worn_graph_is_mended(tmp_path: Path) -> None:
    state = state_made_of(worn_graph())
    exported = Exported(state, tmp_path)
    nodes, metadata = exported.document["nodes"], exported.document["metadata"]
    text = (tmp_path / "out.json").read_text(encoding="utf-8")
    assert "NaN" not in text
    assert "Infinity" not in text
    assert nodes[2]["feature"] == cantor(0, 7)
    assert nodes[2]["jsNodeId"] == "0_7_1"
    assert nodes[3]["feature"] == cantor(2, 9)
    assert [nodes[at]["clerp"] for at in (2, 3)] == ["", ""]
    assert nodes[6]["clerp"] == 'Output "4_5_2" (p=0.750)'
    assert nodes[7]["clerp"] == "Output \"say 'Dallas'\" (p=0.125)"
    assert [link["weight"] for link in exported.document["links"][:2]] == [0.0, 0.0]
    assert metadata["prompt"] == "<bos>The capital"
    assert metadata["generation_settings"] == {"batch_size": 48.0, "ours": None}
    assert metadata["info"]["generator"] == {"version": "1"}
    assert metadata["info"]["neuronpedia_source_set"] is None
    assert exported.params == {
        "linkType": "both",
        "clickedId": "",
        "sg_pos": "",
        "pinnedIds": [],
        "supernodes": [],
        "clerps": [],
    }
    assert exported.told("3 number(s) that JSON cannot hold")
    assert exported.told("2 logit(s) do not tell")
    assert exported.told("metadata.node_threshold, metadata.info.description")
    same_annotations(exported, state)


@pytest.mark.shared
def test_a_mended_graph_is_valid(
    schema: jsonschema.Draft7Validator, tmp_path: Path
) -> None:
    document = worn_graph()
    assert not schema.is_valid(json.loads(as_bytes(document)))
    exported = Exported(state_made_of(document), tmp_path)
    assert list(schema.iter_errors(exported.document)) == []


@pytest.mark.shared
@pytest.mark.parametrize(
    "make",
    [tracer_graph, decimal_graph, anthropic_graph, attribute_graph, string_state],
)
def test_every_toolchain_s_graph_is_valid(
    schema: jsonschema.Draft7Validator, tmp_path: Path, make: Any
) -> None:
    state = state_made_of(make())
    for feature in state.features():
        make_edits(state, accept_edits(state, feature, ODD, "ann"))
    exported = Exported(state, tmp_path)
    assert list(schema.iter_errors(exported.document)) == []
    same_annotations(exported, state)


# -- the file --------------------------------------------------------------------------


def test_sizes_that_neuronpedia_refuses(tmp_path: Path) -> None:
    small = tracer_graph([feature_node(0, 7, 1)], [])
    exported = Exported(state_made_of(small), tmp_path)
    size = (tmp_path / "out.json").stat().st_size
    assert exported.told(f"The graph has {size} bytes; Neuronpedia takes none below")
    big = tracer_graph(state={"padding": "x" * LARGEST})
    assert Exported(state_made_of(big), tmp_path).told(
        "The graph has 100 MiB; Neuronpedia takes up to 100."
    )


def test_files_beside_the_graph_bear_its_name(tmp_path: Path) -> None:
    path = tmp_path / "my.graph.json"
    written = export(state_made_of(tracer_graph()), path)
    assert [each.name for each in written.paths] == [
        "my.graph.json",
        "my.graph.neuronpedia-link.txt",
        "my.graph.neuronpedia-subgraph.json",
    ]
    assert sorted(tmp_path.iterdir()) == sorted(written.paths)


def test_the_project_s_graph_stays_as_it_was() -> None:
    state = state_made_of(string_state())
    before = state.graphs[ONE].graph.original
    page = neuronpedia_document(AnnotatedGraph(state, ONE), hosted_model="gemma-2-2b")
    assert state.graphs[ONE].graph.original == before
    assert parse_graph(encoded(page.document), source="x").slug == "capital"


def test_a_logit_keeps_the_form_that_pages_read(tmp_path: Path) -> None:
    texts = ['output: "95" (p=0.970)', 'Logit "a" (p=1e-05)', '"x" (p=0.500)']
    nodes = [
        logit_node("x", 0.5, token_id=at, clerp=text) for at, text in enumerate(texts)
    ]
    broken = ["Austin", 'Output "a" (p=?)', 'Output "a" (p=0.5']
    nodes += [
        logit_node("x", 0.5, token_id=9 + at, clerp=text)
        for at, text in enumerate(broken)
    ]
    state = state_made_of(tracer_graph([*tracer_nodes()[:6], *nodes], []))
    exported = Exported(state, tmp_path)
    found = [node["clerp"] for node in exported.document["nodes"][6:]]
    assert found[:3] == texts
    assert found[3:] == [
        'Output "Austin" (p=0.500)',
        "Output \"Output 'a'\" (p=0.500)",
        "Output \"Output 'a'\" (p=0.500)",
    ]
