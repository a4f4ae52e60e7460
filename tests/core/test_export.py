"""The exported graph: the original plus the edits and nothing else."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import jsonschema
import msgspec
import pytest

from glossator.errors import InputError
from glossator.export.annotated_document import annotated_document
from glossator.export.graph_json import export_graph_json
from glossator.export.target import AnnotatedGraph, ExportOptions
from glossator.export.target_file import write_whole
from glossator.graph.attribution_graph import AttributionGraph, NodeIndex, NodeKind
from glossator.graph.graph_file import parse_graph, read_graph
from glossator.project.edits import (
    AddRevision,
    AnyEdit,
    PutSupernode,
    SetNote,
    SetPins,
    Supernode,
)
from glossator.project.effects import show_edit
from glossator.project.open_files import add_graphs, state_of
from glossator.project.project import Project
from glossator.project.reviewing.review import accept_edits
from glossator.project.revision import (
    GraphId,
    LabelRevision,
    feature_subject,
    node_subject,
)
from glossator.project.state import ProjectState
from glossator.project.supernodes.grouping import (
    group_edits,
    rename_edits,
    ungroup_edits,
)
from tests.core.graph_documents import (
    Json,
    anthropic_graph,
    as_bytes,
    attribute_graph,
    decimal_graph,
    feature_node,
    graph_of,
    tracer_graph,
    tracer_nodes,
)

ONE = GraphId(1)
REAL = (
    "gemma-clt/bird-clt-hp.json",
    "gemma-clt/gemma-2-2b-clt-hp-Dallas.json",
    "gemma-clt/gemma-clt-fact-dallas-austin_2025-11-16T23-27-39-100Z.json",
    "gemma-plt/gemma-small-big-en.json",
    "haiku/bomb-comma.json",
    "haiku/calc-36-plus-59.json",
    "haiku/capital-state-dallas.json",
    "haiku/opposite_of_small.json",
    "haiku/rabbit-poem.json",
)


def make_edits(state: ProjectState, edits: list[AnyEdit]) -> None:
    for at, edit in enumerate(edits):
        show_edit(state, edit, 100_000 + at)


def read_again(document: object) -> tuple[ProjectState, AttributionGraph]:
    graph = parse_graph(
        json.dumps(document, ensure_ascii=False).encode(), source="again.json"
    )
    return state_of(graph, Path("again.json"))[0], graph


def labels_of(state: ProjectState) -> list[str]:
    graph = state.graphs[ONE].graph
    return [state.label_at(ONE, NodeIndex(node)) for node in range(len(graph))]


def groups_of(
    state: ProjectState,
) -> list[tuple[str, tuple[int, ...], tuple[str, ...]]]:
    groups = state.supernodes.get(ONE, {}).values()
    return [(group.name, group.members, group.unresolved) for group in groups]


def same_annotations(document: object, state: ProjectState) -> None:
    """Reading an export gives what was seen when it was written."""
    again, _ = read_again(document)
    assert labels_of(again) == labels_of(state)
    assert again.pins.get(ONE, ()) == state.pins.get(ONE, ())
    assert groups_of(again) == groups_of(state)


# -- real graphs -----------------------------------------------------------------------


@pytest.mark.shared
@pytest.mark.parametrize("name", REAL)
def test_an_unedited_real_graph_is_equal(
    shared: Path, tmp_path: Path, name: str
) -> None:
    path = shared / "graphs" / name
    project = add_graphs(tmp_path / "p.gloss", [read_graph(path)], [path])
    project.close()
    project = Project(project.path)
    out = tmp_path / "out.json"
    export_graph_json(AnnotatedGraph(project.state, ONE), out, ExportOptions())
    project.close()
    assert json.loads(out.read_bytes()) == json.loads(path.read_bytes())


def edited_as_by_a_person(project: Project) -> None:
    """Labels accepted, changed, proposed and refused; groups made, named, dissolved."""
    state = project.state
    features = state.features()
    for at, feature in enumerate(features[:40]):
        subject = feature_subject(feature)
        if at % 4 == 0:
            project.apply("accept", accept_edits(state, feature, f"say {at} ☃", "ann"))
        elif at % 4 == 1 and (text := state.label(feature)):
            project.apply("accept", accept_edits(state, feature, text, "ann"))
        elif at % 4 == 2:
            status = "proposed" if at % 8 == 2 else "rejected"
            revision = LabelRevision(
                text=f"label {at}",
                status=cast(Any, status),
                method="token_frequency",
                tier="input",
                reason="5 of 5",
                at="2026-01-01",
            )
            project.apply(status, [AddRevision(subject, revision)])
        project.apply("note", [SetNote(subject, f"note {at}" if at % 5 == 0 else "")])
    graph = state.graphs[ONE].graph
    kinds = graph.nodes.kind
    members = [
        NodeIndex(int(node)) for node in (kinds == NodeKind.FEATURE).nonzero()[0]
    ]
    project.apply("group", group_edits(state, ONE, members[10:14], "our group"))
    numbers = list(state.supernodes[ONE])
    project.apply("rename", rename_edits(state, ONE, numbers[0], "renamed"))
    if len(numbers) > 2:
        project.apply("ungroup", ungroup_edits(ONE, numbers[1]))
    pins = (*state.pins[ONE][1:], NodeIndex(0), NodeIndex(len(graph) - 1))
    project.apply("pin", [SetPins(ONE, tuple(dict.fromkeys(pins)))])


@pytest.mark.shared
@pytest.mark.parametrize("name", REAL)
def test_an_edited_real_graph_reads_back(
    shared: Path, tmp_path: Path, name: str
) -> None:
    path = shared / "graphs" / name
    project = add_graphs(tmp_path / "p.gloss", [read_graph(path)], [path])
    edited_as_by_a_person(project)
    state = project.state
    out = tmp_path / "out.json"
    export_graph_json(AnnotatedGraph(state, ONE), out, ExportOptions())
    again = add_graphs(tmp_path / "again.gloss", [read_graph(out)], [out])
    assert labels_of(again.state) == labels_of(state)
    assert again.state.pins == state.pins
    assert groups_of(again.state) == groups_of(state)
    assert again.state.notes == state.notes
    for feature in state.features():
        then, now = (
            s.last_revision(feature_subject(feature)) for s in (state, again.state)
        )
        if then is not None and then.shown and then.status != "imported":
            assert now is not None
            kept = {"restores": 0, "via": "", "reason": "", "model": ""}
            assert msgspec.structs.replace(now, **kept) == msgspec.structs.replace(
                then, **kept
            )
            assert now.reason == (then.reason or f"found in {out.name}")
    original, document = json.loads(path.read_bytes()), json.loads(out.read_bytes())
    schema = json.loads((shared / "schemas" / "graph-schema.json").read_bytes())
    validator = jsonschema.Draft7Validator(schema)
    assert validator.is_valid(document) or not validator.is_valid(original)
    assert without_annotations(document) == without_annotations(original)
    again.close()
    project.close()


def without_annotations(document: Json) -> Json:
    """Everything in a graph that is not ours to change."""
    rest = json.loads(json.dumps(document))
    (rest["metadata"].get("info") or {}).pop("glossator", None)
    if not rest["metadata"].get("info"):
        rest["metadata"].pop("info", None)
    for key in ("pinnedIds", "supernodes", "clerps"):
        rest["qParams"].pop(key, None)
    for node in rest["nodes"]:
        node.pop("clerp", None)
    return cast(Json, rest)


# -- made graphs -----------------------------------------------------------------------


def unknown_keys() -> Json:
    document = tracer_graph(
        [feature_node(0, 7, 1, colour="red", qk={"a": [1.0, None, 1e300]})],
        [],
        state={"gridsnap": "1,2", "hiddenIds": ["0_7_1"], "sg_pos": ""},
        ours={"nested": [True, False, None, 0.1, 12345678901234567890]},
    )
    document["qk_only_nodes"] = {"x": {"y": 1}}
    return document


def string_state() -> Json:
    """As circuit-tracer's own Save writes it."""
    return tracer_graph(
        state={
            "pinnedIds": "2_9_2,0_7_1,9_9_9",
            "supernodes": '[["A","2_9_1","8_8_8"]]',
            "clerps": '[["2_9_1","from clerps"]]',
            "linkType": None,
            "pruningThreshold": "0.6",
        }
    )


def without_state() -> Json:
    document = tracer_graph()
    del document["qParams"]
    return document


def shared_by_nodes() -> Json:
    """One label of two positions, and a feature labelled at one of its two nodes."""
    nodes = tracer_nodes()
    nodes[3]["clerp"] = "one of two"
    nodes[2]["clerp"] = None
    return tracer_graph(nodes)


def own_earlier_export() -> Json:
    document = tracer_graph()
    document["nodes"][2]["clerp"] = "ours"
    document["metadata"]["info"]["glossator"] = {
        "version": "0.0.1",
        "labels": [{"layer": 0, "index": 7, "text": "ours", "status": "accepted"}],
        "notes": [],
    }
    return document


MADE = {
    "tracer": tracer_graph,
    "decimal": decimal_graph,
    "anthropic": anthropic_graph,
    "attribute": attribute_graph,
    "unknown keys": unknown_keys,
    "string state": string_state,
    "without state": without_state,
    "partly labelled": shared_by_nodes,
}


@pytest.mark.parametrize("name", MADE)
def test_an_unedited_graph_is_equal(name: str) -> None:
    document = MADE[name]()
    state, number = state_of(graph_of(document), Path("made.json"))
    assert annotated_document(state, number) == json.loads(as_bytes(document))


def test_not_a_number_stays_as_it_was() -> None:
    """Python writes it although JSON knows none; nothing of the file is dropped."""
    text = as_bytes(tracer_graph()).replace(b'"activation": 2.0', b'"activation": NaN')
    state, number = state_of(parse_graph(text, source="x"), Path("x"))
    document = annotated_document(state, number)
    assert json.dumps(document) == json.dumps(json.loads(text))


def test_only_what_was_edited_differs() -> None:
    document = unknown_keys()
    state, number = state_of(graph_of(document), Path("made.json"))
    (feature,) = state.features()
    make_edits(state, accept_edits(state, feature, "new", "ann"))
    out = cast(Json, annotated_document(state, number))
    info = out["metadata"]["info"]
    own = info.pop("glossator")
    assert out["nodes"][0].pop("clerp") == "new"
    del document["nodes"][0]["clerp"]
    assert out == json.loads(as_bytes(document))
    assert own["labels"][0] | {"at": ""} == {
        "layer": 0,
        "index": 7,
        "text": "new",
        "status": "edited",
        "author": "ann",
        "at": "",
    }


def test_our_data_is_replaced_and_goes_with_the_last_label() -> None:
    document = own_earlier_export()
    state, number = state_of(graph_of(document), Path("made.json"))
    (feature, _) = state.features()
    refused = LabelRevision(text="ours", status="rejected")
    make_edits(state, [AddRevision(feature_subject(feature), refused)])
    out = cast(Json, annotated_document(state, number))
    (own,) = out["metadata"]["info"]["glossator"]["labels"]
    assert (own["text"], own["status"]) == ("ours", "rejected")
    assert out["nodes"][2]["clerp"] == ""
    undone = LabelRevision(text="", status="withdrawn")
    make_edits(state, [AddRevision(feature_subject(feature), undone)])
    out = cast(Json, annotated_document(state, number))
    assert "glossator" not in out["metadata"]["info"]
    assert out["nodes"][2]["clerp"] == ""


@pytest.mark.parametrize(
    "name", ["tracer", "decimal", "anthropic", "attribute", "string state"]
)
def test_any_node_can_be_pinned_and_grouped(name: str) -> None:
    """Ids that several nodes share are written so that the right one is found."""
    document = MADE[name]()
    if name == "tracer":  # layer-0 feature 2 shares the id of layer 2's error
        document["nodes"] += [
            feature_node(0, 2, 1),
            tracer_nodes()[5] | {"node_id": "0_2_1", "jsNodeId": "2_1-0", "layer": "2"},
        ]
    if name == "anthropic":  # the same occurrence from the end, twice
        document["nodes"].append(
            document["nodes"][3] | {"node_id": "7_4412_1", "ctx_idx": 1}
        )
    state, _ = state_of(graph_of(document), Path("made.json"))
    everything = tuple(NodeIndex(n) for n in range(len(state.graphs[ONE].graph)))
    pins = everything[::-1]
    make_edits(state, [SetPins(ONE, pins)])
    make_edits(state, group_edits(state, ONE, everything, "all"))
    same_annotations(annotated_document(state, ONE), state)


def test_ids_that_no_node_has_stay() -> None:
    state, _ = state_of(graph_of(string_state()), Path("made.json"))
    make_edits(state, [SetPins(ONE, (NodeIndex(2),))])
    make_edits(state, rename_edits(state, ONE, 1, "B"))
    params = cast(Json, annotated_document(state, ONE)["qParams"])
    assert params["pinnedIds"] == ["0_7_1", "9_9_9"]
    assert params["supernodes"] == [["B", "2_9_1", "8_8_8"]]
    assert params["pruningThreshold"] == "0.6"
    assert params["clerps"] == '[["2_9_1","from clerps"]]'


def test_an_old_override_never_wins_over_a_new_label() -> None:
    state, _ = state_of(graph_of(string_state()), Path("made.json"))
    (_, nine) = state.features()
    make_edits(state, accept_edits(state, nine, "new", "ann"))
    document = annotated_document(state, ONE)
    same_annotations(document, state)
    assert cast(Json, document["qParams"])["clerps"] == []


def test_dropping_an_override_leaves_other_nodes_their_label() -> None:
    """circuit-tracer's overrides by the bare number are of several nodes at once."""
    document = decimal_graph()
    document["metadata"]["scan"] = "custom-1234"
    document["nodes"][2]["feature"] = document["nodes"][3]["feature"] = 9
    document["nodes"][2]["node_id"] = "0_9_1"
    document["links"] = []
    document["qParams"] = {"clerps": [["9", "from clerps"]]}
    state, _ = state_of(graph_of(document), Path("made.json"))
    assert labels_of(state)[2] == labels_of(state)[3] == "from clerps"
    (first, _, *_) = state.features()
    make_edits(state, accept_edits(state, first, "new", "ann"))
    assert labels_of(state)[2] == "new"
    same_annotations(annotated_document(state, ONE), state)


@pytest.mark.parametrize("change", ["rename", "ungroup"])
def test_a_caption_that_names_its_supernode(change: str) -> None:
    """``[Texas] cities``: the prefix is told by the supernode's name alone."""
    state, _ = state_of(graph_of(anthropic_graph()), Path("made.json"))
    assert labels_of(state)[1] == "cities of Texas"
    make_edits(
        state,
        rename_edits(state, ONE, 1, "TX")
        if change == "rename"
        else ungroup_edits(ONE, 1),
    )
    same_annotations(annotated_document(state, ONE), state)


def test_a_label_that_looks_like_such_a_caption() -> None:
    state, _ = state_of(graph_of(anthropic_graph()), Path("made.json"))
    (first, _) = state.features()
    make_edits(state, accept_edits(state, first, "[Texas] in brackets", "ann"))
    same_annotations(annotated_document(state, ONE), state)


def test_a_label_of_one_node_alone() -> None:
    state, _ = state_of(graph_of(tracer_graph()), Path("made.json"))
    (_, nine) = state.features()
    own = LabelRevision(text="here", status="edited", author="ann", at="2026-01-01")
    make_edits(state, accept_edits(state, nine, "everywhere", "ann"))
    make_edits(state, [AddRevision(node_subject(ONE, NodeIndex(3)), own)])
    document = annotated_document(state, ONE)
    same_annotations(document, state)
    again, _ = read_again(document)
    shown = [again.revision_at(ONE, NodeIndex(node)) for node in (3, 4)]
    assert [(r.text, r.status, r.author) for r in shown if r] == [
        ("here", "edited", "ann"),
        ("everywhere", "edited", "ann"),
    ]


def test_labels_of_another_graph_of_the_project_are_written(tmp_path: Path) -> None:
    first, second = tracer_graph(slug="first"), tracer_graph(slug="second")
    graphs = [graph_of(first), graph_of(second)]
    project = add_graphs(
        tmp_path / "p.gloss", graphs, [tmp_path / "1.json", tmp_path / "2.json"]
    )
    (_, nine) = project.state.features()
    project.apply("accept", accept_edits(project.state, nine, "both", "ann"))
    for number in (ONE, GraphId(2)):
        document = cast(Json, annotated_document(project.state, number))
        assert [node["clerp"] for node in document["nodes"][2:5]] == [
            "",
            "both",
            "both",
        ]
    project.close()


def test_half_an_emoji_is_written_as_it_was_read(tmp_path: Path) -> None:
    document = tracer_graph(prompt="half \ud83d")
    document["nodes"][2]["clerp"] = "label \ud83d"
    state, _ = state_of(graph_of(document), Path("made.json"))
    out = tmp_path / "out.json"
    export_graph_json(AnnotatedGraph(state, ONE), out, ExportOptions())
    out.read_bytes().decode("utf-8")
    assert json.loads(out.read_bytes()) == document


def test_the_file_is_compact_and_readable(tmp_path: Path) -> None:
    state, _ = state_of(graph_of(tracer_graph(prompt="né ☃")), Path("made.json"))
    out = tmp_path / "out.json"
    export_graph_json(AnnotatedGraph(state, ONE), out, ExportOptions())
    assert "né ☃".encode() in out.read_bytes()
    assert b": " not in out.read_bytes()


# -- writing ---------------------------------------------------------------------------


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    write_whole(path, b"one")
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["out.json"]
    mask = os.umask(0)
    os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask, "not that of a temporary file"


@pytest.mark.parametrize("name", ["none/out.json", "folder"])
def test_a_file_that_cannot_be_written(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="cannot write") as raised:
        write_whole(tmp_path / name, b"data")
    assert raised.value.source == tmp_path / name
    assert os.listdir(tmp_path) == ["folder"]


@pytest.mark.skipif(sys.platform == "win32", reason="no limit to set")
def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """A process that may write 64 KiB at most: the rest of the file fails."""
    path = tmp_path / "out.json"
    path.write_bytes(b"old")
    code = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from glossator.errors import InputError\n"
        "from glossator.export.target_file import write_whole\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))\n"
        "try:\n"
        "    write_whole(Path(sys.argv[1]), b'x' * 10**6)\n"
        "except InputError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{path}: cannot write (File too large)\n"
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["out.json"]


def test_members_are_pinned_where_viewers_draw_them_only_then() -> None:
    state, _ = state_of(graph_of(tracer_graph()), Path("made.json"))
    make_edits(state, group_edits(state, ONE, [NodeIndex(2), NodeIndex(4)], "A"))
    params = cast(Json, annotated_document(state, ONE)["qParams"])
    assert params == {
        "pinnedIds": ["0_7_1", "2_9_2"],
        "supernodes": [["A", "0_7_1", "2_9_2"]],
    }


def test_a_supernode_without_members_survives() -> None:
    state, _ = state_of(graph_of(tracer_graph()), Path("made.json"))
    make_edits(state, [PutSupernode(ONE, 1, Supernode(name="empty", members=()))])
    same_annotations(annotated_document(state, ONE), state)
