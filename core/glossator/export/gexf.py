"""``gexf``: GEXF 1.3, for Gephi; with places, colours, sizes and shapes."""

import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import numpy as np

import glossator
from glossator.export.colours import NEGATIVE, POSITIVE, tier_colour
from glossator.export.network import commonest_tier, network
from glossator.export.target import AnnotatedGraph, ExportOptions, Written
from glossator.export.target_file import write_whole
from glossator.graph.attribution_graph import AttributionGraph, NodeKind
from glossator.layout.link_graph import lay_out
from glossator.project.node_text import node_tiers
from glossator.project.supernodes.supernode_graph import supernode_graph

if TYPE_CHECKING:
    import networkx as nx

_XSI = "http://www.w3.org/2001/XMLSchema-instance"

_PITCH = 20.0
"""Gephi's units a node of a link graph has."""
_ASPECT = 0.6
"""Height by width of a link graph."""
_LEAST_SIZE, _MOST_SIZE = 4.0, 16.0
_UNKNOWN_IMPORTANCE = 0.5

_SHAPES = {
    NodeKind.FEATURE: "disc",
    NodeKind.ERROR: "diamond",
    NodeKind.EMBEDDING: "square",
    NodeKind.LOGIT: "square",
}
_OTHER_SHAPE = "triangle"
_LETTER, _LINE, _LEAST_WIDTH, _MOST_WIDTH = 7.0, 44.0, 84.0, 200.0
"""Room of a supernode's title in the window, in its units."""


class Colour(TypedDict):
    r: int
    g: int
    b: int
    a: float


class Place(TypedDict):
    x: float
    y: float
    z: float


class Viz(TypedDict, total=False):
    """What networkx writes into the viz module of GEXF."""

    color: Colour
    size: float
    shape: str
    position: Place


def export_gexf(
    annotated: AnnotatedGraph, path: Path, options: ExportOptions
) -> Written:
    """Write the link graph or the graph of the supernodes, laid out as in the window.

    A node's colour is its tier, its size its influence, its shape its kind; a link's
    colour is the sign of its effect.
    """
    found = network(annotated, options)
    if options.drawn == "links":
        _place_nodes(annotated, found.graph)
    else:
        _place_boxes(annotated, found.graph)
    _colour_links(found.graph)
    write_whole(path, _document(found.graph))
    return Written((path,), found.notes)


def _document(graph: "nx.DiGraph[str]") -> bytes:
    """The file as networkx writes it, mended where the schema of GEXF 1.3 differs."""
    from networkx.readwrite.gexf import GEXFWriter

    writer = GEXFWriter(graph, version="1.3")
    writer.xml.set("xmlns:xsi", _XSI)
    # The schema knows no name of a graph; what it is goes to the description.
    name = writer.graph_element.attrib.pop("name")
    meta = writer.xml.find("meta")
    meta.find("creator").text = f"Glossator {glossator.__version__}"
    description = meta.makeelement("description", {})
    description.text = f"{name}: {graph.graph.get('prompt', '')}"
    meta.append(description)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _place_nodes(annotated: AnnotatedGraph, graph: "nx.DiGraph[str]") -> None:
    source = annotated.graph
    layout = lay_out(source, np.ones(len(source), dtype=np.bool_))
    row = _ASPECT * _PITCH * layout.width / max(layout.n_rows - 1, 1)
    tiers = node_tiers(annotated.state, annotated.number)
    kinds = [NodeKind(kind) for kind in source.nodes.kind.tolist()]
    sizes = _sizes(source)
    for at, key in enumerate(graph):
        graph.nodes[key]["viz"] = Viz(
            color=_colour(tier_colour(tiers[at])),
            size=sizes[at],
            shape=_SHAPES.get(kinds[at], _OTHER_SHAPE),
            position=Place(
                x=float(layout.x[at]) * _PITCH, y=float(layout.y[at]) * row, z=0.0
            ),
        )


def _sizes(graph: AttributionGraph) -> list[float]:
    """Larger for the more important; for a logit, the more likely."""
    influence = graph.nodes.influence
    importance = np.where(np.isnan(influence), _UNKNOWN_IMPORTANCE, 1 - influence)
    importance = np.where(
        graph.nodes.kind == NodeKind.LOGIT, graph.nodes.probability, importance
    )
    sizes = _LEAST_SIZE + (_MOST_SIZE - _LEAST_SIZE) * np.clip(importance, 0, 1)
    return [float(size) for size in sizes]


def _place_boxes(annotated: AnnotatedGraph, graph: "nx.DiGraph[str]") -> None:
    from glossator.layout.boxes import BoxSpace, lay_out_boxes

    boxes, links = supernode_graph(annotated.state, annotated.number)
    spaces = [
        BoxSpace(
            box.key,
            box.layer,
            box.column,
            min(max(_LETTER * len(box.title), _LEAST_WIDTH), _MOST_WIDTH),
            _LINE,
            box.position,
        )
        for box in boxes
    ]
    centres = lay_out_boxes(
        spaces, [(link.source, link.target) for link in links], _ASPECT
    )
    for box in boxes:
        x, y = centres[box.key]
        graph.nodes[box.key]["viz"] = Viz(
            color=_colour(tier_colour(commonest_tier(box.tiers))),
            size=_MOST_SIZE * math.sqrt(len(box.members)),
            shape="disc",
            # Down is up in Gephi.
            position=Place(x=x, y=-y, z=0.0),
        )


def _colour_links(graph: "nx.DiGraph[str]") -> None:
    positive, negative = Viz(color=_colour(POSITIVE)), Viz(color=_colour(NEGATIVE))
    for _, _, values in graph.edges(data=True):
        values["viz"] = positive if values["effect"] >= 0 else negative


def _colour(hexadecimal: str) -> Colour:
    r, g, b = bytes.fromhex(hexadecimal.removeprefix("#"))
    return Colour(r=r, g=g, b=b, a=1.0)
