"""What was measured, as tables and as one JSON object."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

import numpy as np

from benchmarks.window.graphs import FIFTY_THOUSAND, SHARED, TEN_THOUSAND, Size
from benchmarks.window.samples import Samples

BySize: TypeAlias = Mapping[Size, Samples]

_DONE = {
    "first_paint_s": "file on disk → first paint",
    "switch_s": "same in a page that is up",
    "hover": "hover",
    "select": "click → links drawn",
    "pan": "pan",
    "zoom": "zoom",
    "pin": "pin → painted",
    "prune": "pruning slider",
    "accept": "accept → next item",
    "memory_mb": "memory",
}
_LIMITS = {"hover": 16, "select": 50, "pan": 33, "zoom": 33, "accept": 50}
"""Milliseconds, at the 95th percentile."""
_LINE = "{:<30}{:>5}{:>12}{:>12}{:>12}{:>12}"


def tables(ours: BySize, peer: BySize, program: Samples) -> Iterator[str]:
    for size, samples in ours.items():
        yield f"{size}: Glossator"
        yield from _table(samples)
        if size in peer:
            yield f"{size}: circuit-tracer’s viewer in Chromium"
            yield from _table(peer[size])
    yield "The program"
    yield _LINE.format("", "n", "median", "95 %", "99.9 %", "most")
    for name, what in (
        ("start_s", "start → window"),
        ("version_s", "glossator --version"),
        ("run_s", "the demo’s protocol"),
        ("blocked", "gaps while it runs"),
        ("idle_blocked", "gaps while idle"),
        ("accept_demo", "accept → next item, demo"),
    ):
        yield _row(what, name, program[name], 99.9)


def _table(samples: Samples) -> Iterator[str]:
    yield _LINE.format("", "n", "median", "95 %", "limit", "most")
    for name, what in _DONE.items():
        if name in samples:
            yield _row(what, name, samples[name])
    yield ""


def _row(what: str, name: str, taken: list[float], percentile: float = 0) -> str:
    unit = "s" if name.endswith("_s") else "MB" if name.endswith("_mb") else "ms"
    limit = f"{_LIMITS[name]} ms" if name in _LIMITS else ""

    def shown(value: float) -> str:
        return f"{value:.2f} {unit}" if unit == "s" else f"{value:.1f} {unit}"

    return _LINE.format(
        what,
        len(taken),
        shown(float(np.median(taken))),
        shown(quantile(taken, 95)),
        shown(quantile(taken, percentile)) if percentile else limit,
        shown(max(taken)),
    )


def quantile(taken: list[float], percent: float) -> float:
    return float(np.percentile(taken, percent))


def summary(ours: BySize, peer: BySize, program: Samples) -> dict[str, float | None]:
    """The figures that have limits; null where nothing was measured."""
    ten, fifty = ours.get(TEN_THOUSAND, {}), ours.get(FIFTY_THOUSAND, {})
    accepts = [*ten.get("accept", []), *program["accept_demo"]]
    figures = {
        "hover_ms_p95_10k": _p95(ten, "hover"),
        "select_ms_p95_10k": _p95(ten, "select"),
        "pan_ms_p95_10k": _p95(ten, "pan", "zoom"),
        "pan_ms_p95_50k": _p95(fifty, "pan", "zoom"),
        "first_paint_s_10k": _p95(ten, "first_paint_s"),
        "accept_ms_p95": quantile(accepts, 95),
        "blocked_ms_p999": quantile(program["blocked"], 99.9),
        "idle_blocked_ms_p999": quantile(program["idle_blocked"], 99.9),
        "start_s": quantile(program["start_s"], 95),
        "peer_first_paint_ratio": _ratio(ours, peer, SHARED[0], "first_paint_s"),
        "peer_click_ratio": _ratio(ours, peer, SHARED[1], "select"),
    }
    return {
        name: None if value is None else round(value, 3)
        for name, value in figures.items()
    }


def _p95(samples: Samples, *names: str) -> float | None:
    found = [quantile(samples[name], 95) for name in names if name in samples]
    return max(found, default=None)


def _ratio(ours: BySize, peer: BySize, size: Size, name: str) -> float | None:
    """The peer's median over ours: above 1, ours is faster."""
    if size not in ours or size not in peer:
        return None
    return float(np.median(peer[size][name]) / np.median(ours[size][name]))
