"""The graphs that both windows open: made up once, and kept for the next time."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from benchmarks.graph_generator import GraphRecipe, write_graph


@dataclass(frozen=True)
class Size:
    nodes: int
    links: int

    def __str__(self) -> str:
        return f"{self.nodes:,} nodes / {self.links:,} links"

    @property
    def slug(self) -> str:
        return f"made-{self.nodes}-{self.links}-0"


TEN_THOUSAND = Size(10_000, 200_000)
FIFTY_THOUSAND = Size(50_000, 5_000_000)
SHARED = (
    Size(694, 24_000),
    Size(15_000, 175_000),
    Size(34_000, 388_000),
    Size(67_000, 776_000),
)
"""Those that circuit-tracer's viewer opens, too."""
SMALL = (Size(694, 24_000), Size(2_000, 40_000))
PINS = 20
LABELLED = 0.5
"""Share of the feature nodes whose label the file brings."""


def made(folder: Path, size: Size) -> Path:
    """The file of a graph, in the system's cache."""
    recipe = GraphRecipe(size.nodes, size.links, pins=PINS, labelled=LABELLED)
    name = hashlib.sha256(repr(recipe).encode()).hexdigest()[:12]
    path = folder / f"window-{size.nodes}-{name}.json"
    if not path.exists():
        part = path.with_suffix(".part")
        write_graph(part, recipe)
        part.replace(path)
    with path.open("rb") as file:
        while file.read(2**20):
            pass
    return path
