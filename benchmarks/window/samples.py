"""What both windows are measured by."""

from pathlib import Path
from typing import TypeAlias

Samples: TypeAlias = dict[str, list[float]]
"""By what was done: milliseconds, but for names that end in ``_s`` and ``_mb``."""

CANVAS = (1400, 900)
"""Pixels: of our canvas alone, and of the viewer's whole page."""


def memory_of(process: int) -> float | None:
    """Megabytes that a process has in memory now; None where it is not told."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return None
    held = next(line.split()[1] for line in lines if line.startswith("VmRSS"))
    return int(held) / 1000
