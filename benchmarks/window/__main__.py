"""How fast the window answers, beside circuit-tracer's viewer on the same graphs.

``python -m benchmarks.window`` prints tables, then one line of JSON. The canvas is of
1400 × 900 pixels, drawn by Qt's rasteriser without a display; every event is posted to
the widget that would get it, and counts until the canvas has been painted. The viewer
runs in headless Chromium on a page of that size: there an event counts from its time
stamp until a message that was posted while the frame was made. Both are up when a graph
is opened: our window without a project, the browser without a page; what the viewer
takes where its page is up, too, stands below. Where the browser or the viewer cannot be
had, its figures are null.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tqdm import tqdm

from benchmarks.window import peer_viewer, start
from benchmarks.window.graphs import (
    FIFTY_THOUSAND,
    SHARED,
    SMALL,
    TEN_THOUSAND,
    Size,
    made,
)
from benchmarks.window.report import summary, tables
from benchmarks.window.samples import Samples


def in_own_process(module: str, *arguments: str) -> Samples:
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.window.{module}", *arguments],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    samples: Samples = json.loads(done.stdout.splitlines()[-1])
    return samples


def main() -> None:
    parser = argparse.ArgumentParser(description="Time what the window does.")
    parser.add_argument(
        "--small", action="store_true", help="small graphs, to try this out"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(tempfile.gettempdir()) / "glossator-benchmark",
        help="where the graphs and the viewer are kept for the next time",
    )
    given = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")
    given.folder.mkdir(parents=True, exist_ok=True)
    sizes = SMALL if given.small else (TEN_THOUSAND, FIFTY_THOUSAND, *SHARED)
    graphs = {size: made(given.folder, size) for size in tqdm(sizes, unit="graph")}
    ours: dict[Size, Samples] = {}
    for size, path in tqdm(graphs.items(), unit="graph", desc="Glossator"):
        ours[size] = in_own_process("our_window", str(path))
    program = start.measure() | in_own_process("heartbeat")
    compared = [(size, graphs[size]) for size in sizes if size in SHARED]
    peer, missing = {}, ""
    try:
        cache = os.environ.get("GLOSSATOR_VIEWER_CACHE", str(given.folder / "viewer"))
        peer = peer_viewer.measure(compared, Path(cache))
    except peer_viewer.Unavailable as reason:
        missing = f"circuit-tracer’s viewer is not compared: {reason}"
    for line in tables(ours, peer, program):
        print(line)
    print(missing or f"load of the machine: {os.getloadavg()}")
    print(json.dumps(summary(ours, peer, program)))


if __name__ == "__main__":
    main()
