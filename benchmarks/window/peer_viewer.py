"""circuit-tracer's viewer in headless Chromium: from an input event to the paint."""

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.window.chromium import Tab, tab
from benchmarks.window.graphs import Size
from benchmarks.window.samples import CANVAS, Samples
from tests.e2e.viewer.browser import browser
from tests.e2e.viewer.packages import Unavailable
from tests.e2e.viewer.server import routes, serving

__all__ = ["Unavailable", "measure"]

OPENINGS = 3
GESTURES = 15
_EMPTY = "empty"
_ON_PAINT = """
var taken
const painted = () => new Promise(done => requestAnimationFrame(() => {
  const channel = new MessageChannel()
  channel.port1.onmessage = () => done(performance.now())
  channel.port2.postMessage(0)
}))
const after = kind => new Promise(done => addEventListener(kind,
  event => painted().then(now => done(now - event.timeStamp)),
  {once: true, capture: true}))
const present = found => new Promise(done => {
  const look = () => found() ? painted().then(done) : requestAnimationFrame(look)
  look()
})
"""
"""A message that is posted while a frame is made comes when it is painted."""
_SHOWN = """
present(() => document.querySelectorAll('.link-graph text.node').length > 50)
"""
_CHOOSE = """
(async () => {
  const choice = document.querySelector('select.graph-prompt-select')
  const start = performance.now()
  choice.value = %s
  choice.dispatchEvent(new Event('change'))
  const shown = () => document.querySelectorAll('.link-graph text.node').length > 50
  return await present(shown) - start
})()
"""
_PLACES = """
Array.from(document.querySelectorAll('.link-graph text.node'))
  .filter((node, at, all) => at %% Math.ceil(all.length / %d) == 0)
  .map(node => node.getBoundingClientRect())
  .map(box => [(box.left + box.right) / 2, (box.top + box.bottom) / 2])
"""
_SLIDE = """
(async () => {
  const slider = document.querySelector('.slider-container input')
  const drawn = () => document.querySelector('.link-graph text.node')
  const old = drawn(), start = performance.now()
  slider.value = %s
  slider.dispatchEvent(new Event('input'))
  return await present(() => drawn() && drawn() != old) - start
})()
"""


def measure(graphs: Sequence[tuple[Size, Path]], cache: Path) -> dict[Size, Samples]:
    """What was measured of each graph.

    Raises
    ------
    Unavailable
        if the browser or the viewer cannot be had.
    """
    program = browser()
    cache.mkdir(parents=True, exist_ok=True)
    files = routes(cache)
    samples = {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        data = Path(folder) / "graphs"
        data.mkdir()
        _write_list(data, graphs)
        for size, _ in graphs:
            profile = Path(folder) / f"profile-{size.nodes}"
            with serving(files, data) as root, tab(program, profile, CANVAS) as page:
                samples[size] = _measure_one(page, root, size)
    return samples


def _write_list(data: Path, graphs: Sequence[tuple[Size, Path]]) -> None:
    """Name every graph once an opening: page and browser keep what they have read."""
    listed: list[dict[str, object]] = [{"slug": _EMPTY, "scan": "", "prompt": ""}]
    (data / f"{_EMPTY}.json").write_text("{}")
    for size, path in graphs:
        for number in range(2 * OPENINGS):
            slug = f"{size.slug}-{number}"
            os.symlink(path, data / f"{slug}.json")
            listed.append(
                {"slug": slug, "scan": "", "prompt": slug, "node_threshold": 1}
            )
    (data / "graph-metadata.json").write_text(json.dumps({"graphs": listed}))


def _measure_one(page: Tab, root: str, size: Size) -> Samples:
    samples: Samples = {"first_paint_s": [], "switch_s": []}
    for number in range(OPENINGS):
        page.ask("Page.navigate", url=f"{root}/index.html?slug={size.slug}-{number}")
        samples["first_paint_s"].append(page.evaluate(_ON_PAINT + _SHOWN) / 1000)
    if held := page.renderer_memory():
        samples["memory_mb"] = [held]
    for number in range(OPENINGS, 2 * OPENINGS):
        _visit(page, f"{root}/index.html?slug={_EMPTY}")
        slug = json.dumps(f"{size.slug}-{number}")
        samples["switch_s"].append(page.evaluate(_CHOOSE % slug) / 1000)
    places = page.evaluate(_PLACES % GESTURES)
    samples["hover"] = [_hover(page, x, y) for x, y in places]
    samples["select"] = [_click(page, x, y) for x, y in places]
    samples["pin"] = [_click(page, x, y, modifiers=2) for x, y in places]
    samples["prune"] = [
        page.evaluate(_SLIDE % share) for share in ("0.6", "0.7", "0.5")
    ]
    return samples


def _visit(page: Tab, address: str) -> None:
    page.ask("Page.navigate", url=address)
    ready = "!!document.querySelector('select.graph-prompt-select option')"
    while not page.evaluate(ready):
        pass
    page.evaluate(_ON_PAINT)


def _hover(page: Tab, x: float, y: float) -> float:
    page.mouse("mouseMoved", x, y - 300)
    page.evaluate("painted()")
    page.evaluate("taken = after('mousemove'); 0")
    page.mouse("mouseMoved", x, y)
    return float(page.evaluate("taken"))


def _click(page: Tab, x: float, y: float, modifiers: int = 0) -> float:
    page.mouse("mouseMoved", x, y)
    page.evaluate("painted()")
    page.evaluate("taken = after('click'); 0")
    for kind in ("mousePressed", "mouseReleased"):
        page.mouse(kind, x, y, button="left", clickCount=1, modifiers=modifiers)
    return float(page.evaluate("taken"))
