"""Figures: read back as XML, pixels and PDF, whatever the texts and the settings."""

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from glossator.errors import InputError
from glossator.evidence.token_text import visible_token
from glossator.export.colours import TIER_COLOURS
from glossator.export.figure.box_arrows import routed
from glossator.export.figure.box_scene import placed_boxes
from glossator.export.figure.callouts import Box, Callout, overlap, place_callouts
from glossator.export.figure.link_scene import MAX_NODES
from glossator.export.figure.links import draw_link_graph
from glossator.export.figure.paper import drawing, elided, text_width, wrapped
from glossator.export.figure.supernodes import draw_supernodes
from glossator.export.images import export_pdf, export_png, export_svg
from glossator.export.target import (
    AnnotatedGraph,
    DrawnGraph,
    Exporter,
    ExportOptions,
)
from glossator.graph.attribution_graph import NodeIndex
from glossator.graph.graph_file import read_graph
from glossator.project.edits import PutSupernode, SetPins, Supernode
from glossator.project.open_files import state_of
from glossator.project.supernodes.supernode_graph import (
    SupernodeBox,
    SupernodeLink,
    supernode_graph,
)
from tests.core.annotated_graphs import ONE, annotated, demo
from tests.core.graph_documents import (
    Json,
    embedding_node,
    feature_node,
    link,
    logit_node,
    tracer_graph,
    tracer_links,
    tracer_nodes,
)

Export: TypeAlias = Callable[[AnnotatedGraph, DrawnGraph], bytes]

FORMATS: dict[str, Exporter] = {
    "svg": export_svg,
    "png": export_png,
    "pdf": export_pdf,
}
SVG = "{http://www.w3.org/2000/svg}"
NASTY = (
    "$\\frac{1}{$",
    "</text><script>alert(1)</script>",
    "日本語",
    "مرحبا",
    "\x00\x07\x1b[31m",
    "\u202eevil",
    "a\nb",
    "\ud800",
    "&amp; \"q\" 'r' ]]>",
    "हिन्दी",
    "👩‍👩‍👧",
    "w" * 400,
)


def written(
    graph: AnnotatedGraph,
    folder: Path,
    form: str = "svg",
    drawn: DrawnGraph = "links",
    *,
    transparent: bool = False,
) -> bytes:
    path = folder / f"out.{form}"
    FORMATS[form](graph, path, ExportOptions(drawn=drawn, transparent=transparent))
    return path.read_bytes()


def texts_of(svg: bytes) -> list[str]:
    """Every text of a figure; the document is checked to be well-formed."""
    root = ElementTree.fromstring(svg)
    return ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]


def grouped(nodes: list[Json], links: list[Json], **metadata: Any) -> AnnotatedGraph:
    """Every node but the first is pinned, two are a supernode."""
    document = tracer_graph(nodes, links, **metadata)
    pins = tuple(NodeIndex(n) for n in range(1, len(nodes)))
    pair = Supernode(name="the pair", members=(1, 2))
    return annotated(document, [SetPins(ONE, pins), PutSupernode(ONE, 1, pair)])


# -- the link graph --------------------------------------------------------------------


def test_the_link_graph_tells_tokens_layers_logits_and_labels(tmp_path: Path) -> None:
    texts = texts_of(written(demo(), tmp_path))
    assert {"<bos>", "The", "·capital", "Logits", "E", "0", "2"} <= set(texts)
    assert {"·Austin 75 %", "·Dallas 12 %"} <= set(texts)
    assert "everywhere" in texts
    assert "here alone" not in texts  # of a node that is not marked
    assert "<bos>The capital" in texts
    assert any("8 of 8 links shown" in text for text in texts)
    legend = {"cross", "output", "no tier", "pinned", "in a supernode", "error"}
    assert legend <= set(texts)
    assert "obscure" not in texts


def test_nodes_have_the_colours_of_their_tiers(tmp_path: Path) -> None:
    svg = written(demo(), tmp_path).decode()
    assert TIER_COLOURS["cross"].lower() in svg.lower()
    assert TIER_COLOURS["obscure"].lower() not in svg.lower()


def test_kinds_of_nodes_have_the_glyphs_of_the_window(tmp_path: Path) -> None:
    """Attention features point up, nodes of no known kind down."""
    nodes = [
        feature_node(0, 7, 1, feature_type="lorsa"),
        feature_node(2, 9, 2, feature_type="bias"),
    ]
    graph = annotated(tracer_graph(nodes, []))
    n_highest = []
    for collection in draw_link_graph(graph).axes.collections[:2]:
        (outline,) = collection.get_paths()
        corners = np.unique(np.round(np.asarray(outline.vertices), 6), axis=0)
        assert len(corners) == 3
        n_highest.append(int((corners[:, 1] == corners[:, 1].max()).sum()))
    assert n_highest == [2, 1], "the other node, then the attention feature"
    assert {"attention feature", "other node"} <= set(
        texts_of(written(graph, tmp_path))
    )


def test_without_marks_the_most_influential_labels_show(tmp_path: Path) -> None:
    nodes = tracer_nodes()
    nodes[2]["clerp"], nodes[3]["clerp"] = "first", "second"
    texts = texts_of(written(annotated(tracer_graph(nodes)), tmp_path))
    assert {"first", "second"} <= set(texts)
    assert "pinned" not in texts


def test_signs_are_told_by_colour_and_dash(tmp_path: Path) -> None:
    """Links among pinned nodes: 0/7 raises 2/9, the embedding lowers it."""
    graph = annotated(tracer_graph(), [SetPins(ONE, (NodeIndex(1), NodeIndex(4)))])
    svg = written(graph, tmp_path).decode()
    lowers = re.findall(r"stroke: #8e3fa8[^\"]*|[^\"]*stroke: #8e3fa8", svg)
    assert len(lowers) == 2  # the link, and its sample in the legend
    assert all("stroke-dasharray" in style for style in lowers)


def test_too_many_nodes_leave_the_least_influential_out(tmp_path: Path) -> None:
    n = MAX_NODES + 50
    nodes = [
        feature_node(at % 20, at, 1, influence=(at + 1) / (n + 1)) for at in range(n)
    ]
    last = NodeIndex(n - 1)
    graph = annotated(tracer_graph(nodes, []), [SetPins(ONE, (last,))])
    texts = texts_of(written(graph, tmp_path))
    assert any(f"{MAX_NODES + 1:,} of {n:,} nodes shown" in text for text in texts)


def test_labels_that_find_no_room_are_counted(tmp_path: Path) -> None:
    nodes = [
        feature_node(layer, at, 1, clerp=f"a rather long label {at}")
        for layer in range(20)
        for at in range(20)
    ]
    pins = tuple(NodeIndex(n) for n in range(len(nodes)))
    graph = annotated(tracer_graph(nodes, []), [SetPins(ONE, pins)])
    path = tmp_path / "out.svg"
    (note,) = export_svg(graph, path, ExportOptions()).notes
    found = re.fullmatch(
        r"(\d+) of 400 labels of marked nodes had no room in the figure.", note
    )
    shown = sum("a rather long" in text for text in texts_of(path.read_bytes()))
    assert found is not None
    assert int(found[1]) + shown == 400
    assert shown > 20


# -- the supernodes --------------------------------------------------------------------


def test_supernodes_have_names_counts_and_shares(tmp_path: Path) -> None:
    nodes = tracer_nodes()
    graph = grouped(nodes, tracer_links())
    texts = texts_of(written(graph, tmp_path, drawn="supernodes"))
    assert {"the pair", "2 nodes", "raises", "lowers"} <= set(texts)
    _, links = supernode_graph(graph.state, ONE)
    strongest = max(links, key=lambda link: abs(link.share))
    assert f"{100 * strongest.share:+.0f} %".replace("-", "−") in texts


def test_nothing_grouped_or_pinned_is_said(tmp_path: Path) -> None:
    path = tmp_path / "out.svg"
    path.write_text("before")
    with pytest.raises(InputError, match="nothing is grouped or pinned"):
        export_svg(annotated(tracer_graph()), path, ExportOptions(drawn="supernodes"))
    assert path.read_text() == "before"


def put(*places: tuple[float, float]) -> AnnotatedGraph:
    edits = [
        PutSupernode(ONE, at, Supernode(name=f"n{at}", members=(at + 1,), position=p))
        for at, p in enumerate(places, start=1)
    ]
    return annotated(tracer_graph(), edits)


def test_boxes_stand_where_a_person_put_them() -> None:
    boxes, links = supernode_graph(put((300.0, 40.0), (-100.0, -260.0)).state, ONE)
    drawn, kept = placed_boxes(boxes, links)
    assert kept
    assert drawn[1].x - drawn[0].x == pytest.approx(-400 * 0.75)
    assert drawn[1].y - drawn[0].y == pytest.approx(-300 * 0.75)


@pytest.mark.parametrize("far", [9_000.0, 1e308])
def test_boxes_too_far_apart_are_laid_out_anew(tmp_path: Path, far: float) -> None:
    graph = put((far, 0.0), (-far, far))
    path = tmp_path / "out.png"
    done = export_png(graph, path, ExportOptions(drawn="supernodes"))
    assert "laid out anew" in done.notes[0]
    with Image.open(path) as image:
        assert max(image.size) < 3_000


def box(key: str, layer: float, position: tuple[float, float]) -> SupernodeBox:
    return SupernodeBox(
        key, key, (0,), "supernode", layer, 0.0, (None,), position=position
    )


def test_arrows_go_around_boxes_and_apart() -> None:
    boxes = [box("a", 0, (0, 0)), box("b", 1, (0, -150)), box("c", 2, (0, -300))]
    links = [
        SupernodeLink("a", "c", 1.0, 0.5),
        SupernodeLink("a", "b", 1.0, 0.4),
        SupernodeLink("b", "c", -1.0, -0.3),
    ]
    with drawing():
        drawn, _ = placed_boxes(boxes, links)
        arrows = routed(drawn, links)
    middle = drawn[1].area
    along = arrows[0].curve.at(np.linspace(0, 1, 50))
    inside = (along[:, 0] > middle.left) & (along[:, 0] < middle.right)
    inside &= (along[:, 1] > middle.top) & (along[:, 1] < middle.bottom)
    assert not inside.any()
    starts = [arrow.curve.points[0] for arrow in arrows[:2]]
    assert abs(starts[0][0] - starts[1][0]) > 5
    tips = [arrow.curve.head[0] for arrow in arrows]
    assert [float(tip[1]) for tip in tips] == pytest.approx(
        [drawn[2].area.bottom, middle.bottom, drawn[2].area.bottom]
    )


# -- files -----------------------------------------------------------------------------


@pytest.mark.parametrize("drawn", ["links", "supernodes"])
@pytest.mark.parametrize("form", FORMATS)
def test_the_same_graph_gives_the_same_bytes(
    tmp_path: Path, form: str, drawn: DrawnGraph
) -> None:
    first = written(demo(), tmp_path, form, drawn)
    assert written(demo(), tmp_path, form, drawn) == first


@pytest.mark.parametrize("form", FORMATS)
def test_settings_of_the_user_change_nothing(tmp_path: Path, form: str) -> None:
    """A matplotlibrc may be dark, or ask for TeX."""
    first = written(demo(), tmp_path, form)
    dark: dict[Any, Any] = {
        "figure.facecolor": "black",
        "savefig.facecolor": "black",
        "savefig.bbox": "tight",
        "axes.facecolor": "black",
        "text.color": "white",
        "text.usetex": True,
        "svg.fonttype": "path",
        "font.size": 30,
    }
    with mpl.rc_context(dark):
        assert written(demo(), tmp_path, form) == first
        assert mpl.rcParams["text.usetex"]


@pytest.mark.parametrize("drawn", ["links", "supernodes"])
def test_a_png_is_opaque_white_or_has_no_ground(
    tmp_path: Path, drawn: DrawnGraph
) -> None:
    draw = draw_supernodes if drawn == "supernodes" else draw_link_graph
    sheet = draw(demo())
    opaque = Image.open(io.BytesIO(written(demo(), tmp_path, "png", drawn)))
    inches = np.array([sheet.width, sheet.height]) / 72
    assert np.abs(np.array(opaque.size) - 200 * inches).max() <= 1
    corners = [(0, 0), (opaque.width - 1, 0), (0, opaque.height - 1)]
    assert {opaque.convert("RGBA").getpixel(at) for at in corners} == {
        (255, 255, 255, 255)
    }
    data = written(demo(), tmp_path, "png", drawn, transparent=True)
    clear = Image.open(io.BytesIO(data))
    assert clear.size == opaque.size
    alpha = clear.getchannel("A")
    assert {alpha.getpixel(at) for at in corners} == {0}
    assert alpha.getextrema() == (0, 255)


def test_a_huge_sheet_has_fewer_pixels_an_inch(tmp_path: Path) -> None:
    nodes = [feature_node(layer, 1, 1) for layer in range(300)]
    links = [link(f"{n}_1_1", f"{n + 1}_1_1", 1.0) for n in range(299)]
    pins = tuple(NodeIndex(n) for n in range(300))
    graph = annotated(tracer_graph(nodes, links), [SetPins(ONE, pins)])
    data = written(graph, tmp_path, "png", "supernodes")
    width, height = Image.open(io.BytesIO(data)).size
    assert 30e6 < width * height <= 61e6


def test_a_pdf_holds_its_fonts_and_title(tmp_path: Path) -> None:
    data = written(demo(), tmp_path, "pdf")
    assert data.startswith(b"%PDF-")
    assert b"/FontFile2" in data
    assert b"DejaVuSans" in data
    assert b"(<bos>The capital)" in data
    assert b"CreationDate" not in data


@pytest.mark.parametrize("drawn", ["links", "supernodes"])
def test_an_svg_points_nowhere_outside(tmp_path: Path, drawn: DrawnGraph) -> None:
    data = written(demo(), tmp_path, drawn=drawn)
    assert b"<!DOCTYPE" not in data
    root = ElementTree.fromstring(data)
    assert root.findtext(f"{SVG}title") == "<bos>The capital"
    ids = {element.get("id") for element in root.iter()}
    for element in root.iter():
        for name, value in element.attrib.items():
            assert "://" not in value
            if name.endswith("href"):
                assert value.removeprefix("#") in ids
    assert b"sans-serif" in data


# -- text of others --------------------------------------------------------------------


def nasty_graph() -> AnnotatedGraph:
    """Each text is a token, a label and the name of a supernode."""
    nodes: list[Json] = []
    for at, text in enumerate(NASTY):
        nodes.append(embedding_node(at, at))
        nodes += [feature_node(layer, at, at, clerp=text) for layer in range(2)]
    nodes.append(logit_node(NASTY[0], 0.5, position=len(NASTY) - 1))
    links = [link(f"0_{at}_{at}", f"1_{at + 1}_{at + 1}", 1.0) for at in range(9)]
    document = tracer_graph(
        nodes,
        links,
        prompt_tokens=list(NASTY),
        prompt="".join(NASTY),
        slug="../<b>$",
    )
    edits = [
        PutSupernode(
            ONE, at + 1, Supernode(name=text, members=(3 * at + 1, 3 * at + 2))
        )
        for at, text in enumerate(NASTY)
        if text != "\ud800"  # no project stores it
    ]
    return annotated(document, edits)


@pytest.mark.parametrize("drawn", ["links", "supernodes"])
@pytest.mark.parametrize("form", FORMATS)
def test_any_text_can_be_drawn(tmp_path: Path, form: str, drawn: DrawnGraph) -> None:
    assert written(nasty_graph(), tmp_path, form, drawn)


@pytest.mark.parametrize("drawn", ["links", "supernodes"])
def test_text_is_kept_as_it_is_or_made_visible(
    tmp_path: Path, drawn: DrawnGraph
) -> None:
    texts = texts_of(written(nasty_graph(), tmp_path, drawn=drawn))
    whole = "".join(texts).replace(" ", "")  # long ones are broken into lines
    for text in NASTY[:-1]:
        if text == "\ud800":
            continue
        shown = visible_token(" ".join(text.split()))
        assert shown.replace(" ", "") in whole, text
    assert not any(ord(c) < 32 or c == "\u202e" for text in texts for c in text)
    assert any(re.fullmatch(r"w+…", text) for text in texts)


def test_letters_without_a_font_are_told(tmp_path: Path) -> None:
    nodes = [feature_node(0, 1, 1, clerp="𒀀 cuneiform")]
    graph = annotated(tracer_graph(nodes, []))
    for form, export in FORMATS.items():
        notes = export(graph, tmp_path / "out", ExportOptions()).notes
        assert ("𒀀" in " ".join(notes)) == (form != "svg")


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=80),
    st.floats(20, 200),
    st.integers(1, 4),
)
@settings(deadline=None, max_examples=60)
def test_lines_fit_and_lose_nothing_but_the_end(
    text: str, room: float, most: int
) -> None:
    with drawing():
        text = visible_token(" ".join(text.split())) if text.split() else ""
        lines = wrapped(text, 8.0, room, most)
        assert len(lines) <= most
        for line in lines:
            assert len(line) <= 1 or text_width(line, 8.0) <= room
        if lines and not lines[-1].endswith("…"):
            assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        part = elided(text, 8.0, room)
        assert text.startswith(part.removesuffix("…"))
        assert (part == text) == (text_width(text, 8.0) <= room)


# -- places of labels ------------------------------------------------------------------


@given(
    st.lists(
        st.tuples(
            st.floats(0, 300), st.floats(0, 200), st.floats(5, 80), st.booleans()
        ),
        min_size=1,
        max_size=40,
    )
)
@settings(deadline=None, max_examples=60)
def test_labels_cover_neither_nodes_nor_one_another(
    wanted: list[tuple[float, float, float, bool]],
) -> None:
    frame = Box(0.0, 0.0, 300.0, 200.0)
    callouts = [Callout("x", x, y, 3.0, w, 8.0, far) for x, y, w, far in wanted]
    nodes = np.array([[c.x, c.y, 3.0] for c in callouts]).T
    placed = place_callouts(callouts, frame, nodes)
    for at, one in enumerate(placed):
        box = one.box
        assert frame.left <= box.left <= box.right <= frame.right
        assert frame.top <= box.top <= box.bottom <= frame.bottom
        assert not any(overlap(box, other.box) for other in placed[:at])
        for x, y, radius in nodes.T:
            assert not overlap(box, Box(x - radius, y - radius, x + radius, y + radius))
        assert one.lead is None or one.callout.far


def test_a_crowded_label_stands_off_at_the_end_of_a_line() -> None:
    ring = [(100 + x, 100 + y) for x in (-9, 0, 9) for y in (-9, 0, 9)]
    nodes = np.array([[x, y, 4.0] for x, y in ring], dtype=np.float64).T
    near = Callout("text", 100, 100, 4.0, 30, 8)
    far = Callout("text", 100, 100, 4.0, 30, 8, far=True)
    frame = Box(0.0, 0.0, 200.0, 200.0)
    assert place_callouts([near], frame, nodes) == []
    (placed,) = place_callouts([far], frame, nodes)
    assert placed.lead is not None


# -- start-up, real graphs -------------------------------------------------------------


def test_nothing_is_loaded_before_something_is_drawn() -> None:
    code = (
        "import sys, json, glossator.export.images, glossator.export.report.page;"
        "heavy = {'matplotlib', 'jinja2', 'networkx', 'scipy'};"
        "print(json.dumps(sorted(heavy & set(sys.modules))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == []


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        "haiku/bomb-comma.json",
        "haiku/calc-36-plus-59.json",
        "haiku/rabbit-poem.json",
        "gemma-plt/gemma-small-big-en.json",
        "gemma-clt/gemma-2-2b-clt-hp-Dallas.json",
    ],
)
def test_real_graphs(shared: Path, tmp_path: Path, name: str) -> None:
    path = shared / "graphs" / name
    state, number = state_of(read_graph(path), path)
    graph = AnnotatedGraph(state, number)
    links = texts_of(written(graph, tmp_path))
    assert {f"{text}" for text in ("Logits", "E", "Nodes")} <= set(links)
    boxes = " ".join(texts_of(written(graph, tmp_path, drawn="supernodes")))
    for supernode in state.supernodes[number].values():
        assert " ".join(supernode.name.split())[:12] in boxes
    for form in FORMATS:
        assert len(written(graph, tmp_path, form)) < 5e6
