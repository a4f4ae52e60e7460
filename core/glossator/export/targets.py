"""All targets that a graph can be exported to."""

from collections.abc import Mapping
from dataclasses import dataclass

from glossator.export.circuit_tracer import export_circuit_tracer
from glossator.export.csv_labels import export_csv
from glossator.export.gexf import export_gexf
from glossator.export.graph_json import export_graph_json
from glossator.export.graphml import export_graphml
from glossator.export.images import export_pdf, export_png, export_svg
from glossator.export.jsonl_labels import export_jsonl
from glossator.export.neuronpedia import export_neuronpedia
from glossator.export.node_link import export_node_link
from glossator.export.report.page import export_html
from glossator.export.scores import export_scores
from glossator.export.snippet import export_snippet
from glossator.export.target import Exporter
from glossator.export.verbalizations import export_verbalizations


@dataclass(frozen=True)
class Target:
    title: str
    """In a menu."""
    suffix: str
    """With its dot."""
    export: Exporter
    purpose: str
    """Half a sentence."""
    draws: bool = False
    """Whether it shows either the link graph or the graph of the supernodes."""
    is_image: bool = False
    """Whether it may go without a background."""


TARGETS: Mapping[str, Target] = {
    "graph-json": Target(
        "Graph JSON",
        ".json",
        export_graph_json,
        "the original plus the edits, and nothing else",
    ),
    "neuronpedia": Target(
        "Neuronpedia",
        ".json",
        export_neuronpedia,
        "to upload, with a link and a subgraph to save",
    ),
    "circuit-tracer": Target(
        "circuit-tracer",
        ".json",
        export_circuit_tracer,
        "for circuit-tracer's viewer, with the address that shows the supernodes",
    ),
    "csv": Target("Labels as CSV", ".csv", export_csv, "labels with their provenance"),
    "jsonl": Target(
        "Labels as JSON Lines", ".jsonl", export_jsonl, "labels with their provenance"
    ),
    "scores": Target(
        "Scores as CSV",
        ".csv",
        export_scores,
        "every score of the protocol, with simpler measures beside it",
    ),
    "verbalizations": Target(
        "Verbalizations as JSON Lines",
        ".jsonl",
        export_verbalizations,
        "what verbalizers say of the features, to import elsewhere",
    ),
    "graphml": Target(
        "GraphML", ".graphml", export_graphml, "for networkx, Cytoscape, yEd", True
    ),
    "gexf": Target(
        "GEXF", ".gexf", export_gexf, "for Gephi, with places and colours", True
    ),
    "node-link": Target(
        "Node-link JSON", ".json", export_node_link, "for networkx and D3", True
    ),
    "svg": Target("SVG Figure", ".svg", export_svg, "a figure to edit", True, True),
    "png": Target(
        "PNG Figure", ".png", export_png, "a figure, twice as fine", True, True
    ),
    "pdf": Target("PDF Figure", ".pdf", export_pdf, "a figure to print", True, True),
    "html": Target(
        "HTML Report",
        ".html",
        export_html,
        "figures, supernodes, labels with their evidence, scores, in one file",
    ),
    "snippet": Target(
        "Python Snippet",
        ".py",
        export_snippet,
        "supernodes as circuit-tracer features, for interventions",
    ),
}
"""By the name that ``--to`` takes."""
