"""circuit-tracer's own viewer, in a real browser, opens what is exported for it.

It needs Chromium, pip and npm. Where one of them, or a package, cannot be had the tests
skip, unless ``GLOSSATOR_VIEWER=required`` makes that an error.
"""

import os
from pathlib import Path
from typing import NamedTuple

import pytest

from glossator.demo import demo_project
from glossator.export.circuit_tracer import VIEWER, export_circuit_tracer
from glossator.export.graph_json import export_graph_json
from glossator.export.target import AnnotatedGraph, ExportOptions
from glossator.graph.attribution_graph import AttributionGraph, NodeIndex, NodeKind
from glossator.project.edits import AddRevision, SetPins
from glossator.project.open_files import state_of
from glossator.project.project import Project
from glossator.project.reviewing.review import accept_edits
from glossator.project.revision import GraphId, LabelRevision, node_subject
from glossator.project.state import ProjectState
from glossator.project.supernodes.grouping import group_edits
from tests.core.graph_documents import (
    Json,
    anthropic_graph,
    embedding_node,
    error_node,
    feature_node,
    graph_of,
    logit_node,
    tracer_graph,
)
from tests.e2e.viewer.browser import Page, browser, opened
from tests.e2e.viewer.packages import Unavailable, wheel_files
from tests.e2e.viewer.server import routes, serving

NAMES = ('say "Paris"', "Länder, Städte & Flüsse", "100% sure? a+b #1 <b>'\\")
LABELS = [f'label {n}: "é", 50% & <i>+#' for n in range(8)]


class Viewer(NamedTuple):
    cache: Path
    files: dict[str, bytes]


@pytest.fixture(scope="session")
def viewer(tmp_path_factory: pytest.TempPathFactory) -> Viewer:
    """The viewer's files; skips where they or a browser cannot be had."""
    named = os.environ.get("GLOSSATOR_VIEWER_CACHE")
    cache = Path(named) if named else tmp_path_factory.mktemp("viewer")
    cache.mkdir(parents=True, exist_ok=True)
    try:
        browser()
        return Viewer(cache, routes(cache))
    except Unavailable as reason:
        if os.environ.get("GLOSSATOR_VIEWER") == "required":
            raise
        pytest.skip(f"circuit-tracer's viewer: {reason}")


class Exported(NamedTuple):
    """A graph of a project, as written for the viewer."""

    state: ProjectState
    graph: AttributionGraph
    folder: Path
    query: str

    def label(self, node: int) -> str:
        return self.state.label_at(GraphId(1), NodeIndex(node))


def exported(state: ProjectState, folder: Path) -> Exported:
    annotated = AnnotatedGraph(state, GraphId(1))
    folder.mkdir()
    path = folder / f"{annotated.graph.slug}.json"
    export_circuit_tracer(annotated, path, ExportOptions())
    address = path.with_suffix(".url.txt").read_text().strip()
    assert address.startswith(f"{VIEWER}?slug={annotated.graph.slug}")
    return Exported(state, annotated.graph, folder, address.removeprefix(VIEWER))


def shown(viewer: Viewer, folder: Path, query: str, tmp_path: Path) -> Page:
    profile = tmp_path / f"profile-{len(list(tmp_path.iterdir()))}"
    with serving(viewer.files, folder) as root:
        return opened(
            f"{root}/index.html{query}",
            profile,
            screenshot=profile.with_suffix(".png"),
        )


def boxes(page: Page) -> list[str]:
    """What is written on the subgraph's boxes."""
    return sorted(page.texts("node-text-container"))


# -- the demo --------------------------------------------------------------------------


def annotate(project: Project) -> None:
    """Label eight features and one node apart, pin six nodes, group six."""
    number, state = GraphId(1), project.state
    graph = state.graphs[number].graph
    two = next(f for f in graph.features if len(graph.nodes_of(f)) == 2)
    chosen = [two, *(f for f in graph.features if f != two)][: len(LABELS)]
    for feature, label in zip(chosen, LABELS, strict=True):
        project.apply("accept label", accept_edits(state, feature, label, "Ana"))
    first, second = (NodeIndex(int(at)) for at in graph.nodes_of(two))
    own = LabelRevision(text="only here", status="edited", author="Ana")
    project.apply("label node", [AddRevision(node_subject(number, first), own)])
    nodes = [NodeIndex(int(graph.nodes_of(f)[0])) for f in chosen[1:]]
    logit = int((graph.nodes.kind == NodeKind.LOGIT).argmax())
    embedding = int((graph.nodes.kind == NodeKind.EMBEDDING).argmax())
    pins = (first, second, nodes[6], logit, embedding)
    project.apply("pin", [SetPins(number, pins)])
    for at, name in enumerate(NAMES):
        members = nodes[2 * at : 2 * at + 2]
        project.apply("group", group_edits(state, number, members, name))


@pytest.fixture
def demo(tmp_path: Path) -> Exported:
    project = demo_project(tmp_path / "demo.gloss")
    annotate(project)
    project.close()
    return exported(project.state, tmp_path / "graphs")


def single_boxes(demo: Exported) -> list[str]:
    """Boxes of the pins that are in no supernode."""
    logit = int((demo.graph.nodes.kind == NodeKind.LOGIT).argmax())
    return [
        "only here",
        LABELS[0],
        LABELS[7],
        demo.graph.nodes.caption[logit],
        f'Emb: “{demo.graph.prompt_tokens[0]}"',
    ]


def test_the_demo_at_its_address(
    viewer: Viewer, demo: Exported, tmp_path: Path
) -> None:
    page = shown(viewer, demo.folder, demo.query, tmp_path)
    assert page.complaints == ()
    assert boxes(page) == sorted([*single_boxes(demo), *NAMES])
    assert len(page.with_class("node", "pinned")) == 11
    grouped = [f"[{NAMES[at // 2]}] {LABELS[at + 1]}" for at in range(6)]
    assert sorted(page.titles("member-circle")) == sorted(
        [*single_boxes(demo), *grouped]
    )
    assert [option.text for option in page.with_tag("option")] == [
        f"{demo.graph.model} — {demo.graph.prompt}"
    ]


def test_the_demo_without_its_address(
    viewer: Viewer, demo: Exported, tmp_path: Path
) -> None:
    """Pins and labels are in the file; supernodes the viewer never takes from there."""
    page = shown(viewer, demo.folder, "", tmp_path)
    assert page.complaints == ()
    assert boxes(page) == sorted([*single_boxes(demo), *LABELS[1:7]])
    assert len(page.with_class("node", "pinned")) == 11


def test_labels_show_beside_a_clicked_node(
    viewer: Viewer, demo: Exported, tmp_path: Path
) -> None:
    logit = NodeIndex(int((demo.graph.nodes.kind == NodeKind.LOGIT).argmax()))
    clicked = f"?slug={demo.graph.slug}&clickedId={demo.graph.nodes.node_id[logit]}"
    page = shown(viewer, demo.folder, clicked, tmp_path)
    inputs = demo.graph.inputs_of(logit).nodes.tolist()
    wanted = sorted(label for at in inputs if (label := demo.label(at)))
    assert len(wanted) > 3
    told = page.texts("label")
    assert sorted(text for text in told if text in {*LABELS, "only here"}) == wanted


def test_circuit_tracers_own_decoder_reads_the_address(
    viewer: Viewer, demo: Exported
) -> None:
    """Its ``decode_url_features`` is how a graph's supernodes get into a notebook."""
    source = wheel_files(viewer.cache)["circuit_tracer/utils/decode_url_features.py"]
    module: dict[str, object] = {}
    exec(compile(source, "decode_url_features.py", "exec"), module)
    decode = module["decode_url_features"]
    assert callable(decode)
    supernodes, singles = decode(f"{VIEWER}{demo.query}")
    assert set(supernodes) == set(NAMES)
    assert [len(members) for members in supernodes.values()] == [2, 2, 2]
    assert len(singles) == 11


# -- graphs of others ------------------------------------------------------------------


def read(document: Json) -> ProjectState:
    graph = graph_of(document)
    return state_of(graph, Path("made.json"))[0]


def test_an_anthropic_graph(viewer: Viewer, tmp_path: Path) -> None:
    """Its own state speaks of ids by which this viewer finds nothing."""
    export = exported(read(anthropic_graph()), tmp_path / "graphs")
    page = shown(viewer, export.folder, export.query, tmp_path)
    assert page.complaints == ()
    assert boxes(page) == ['Output " Austin" (p=0.750)', "Texas"]
    assert len(page.with_class("node", "pinned")) == 3
    assert page.titles("member-circle").count("[Texas] cities of Texas") == 2
    page = shown(viewer, export.folder, "", tmp_path)
    assert boxes(page) == ['Output " Austin" (p=0.750)', "cities of Texas"]


def awkward_graph() -> Json:
    """All at which the viewer stops, and pins that its pruning would hide."""
    nodes = [
        embedding_node(10, 1, feature=None),
        error_node(1, 2, feature=None),
        feature_node(0, 7, 1, influence=0.9),
        feature_node(2, 9, 1),
        feature_node(2, 9, 2),
        logit_node(" Austin", 0.75, token_id=75),
        logit_node(" Dallas", 0.125, token_id=6, clerp="Dallas"),
    ]
    assert nodes[3]["feature"] == 75, "the number of a feature and of a logit"
    state = {
        "pinnedIds": ["0_7_1", "2_9_1", "2_9_2", "4_75_2"],
        "supernodes": [],
        "clerps": [["2_75_1", "plays"], ["2_75_2", "plays"], ["0_35_1", "seven"]],
    }
    return tracer_graph(nodes, state=state, node_threshold=0.5)


def test_a_graph_at_which_the_viewer_would_stop(viewer: Viewer, tmp_path: Path) -> None:
    export = exported(read(awkward_graph()), tmp_path / "graphs")
    page = shown(viewer, export.folder, export.query, tmp_path)
    assert page.complaints == ()
    assert boxes(page) == ['Output " Austin" (p=0.750)', "plays", "plays", "seven"]
    assert len(page.with_class("node", "pinned")) == 4
    plain = AnnotatedGraph(export.state, GraphId(1))
    export_graph_json(plain, export.folder / "capital.json", ExportOptions())
    page = shown(viewer, export.folder, export.query, tmp_path)
    assert len(page.complaints) == 1, "the graph as others take it stops the viewer"
    assert boxes(page) == []
