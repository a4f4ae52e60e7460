"""The window, where it is installed and could be seen."""

import os
import platform
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

from glossator.errors import InputError

WINDOW_GROUP = "glossator.window"


class WindowEntry(Protocol):
    """What the window registers in the entry point group ``glossator.window``."""

    def __call__(self, files: Sequence[Path], *, demo: bool = False) -> int:
        """Show files, or the demo; the exit code."""


def display_available() -> bool:
    """Whether a window could be seen: a display, and a platform that uses it."""
    if os.environ.get("QT_QPA_PLATFORM", "").split(":")[0] in ("offscreen", "minimal"):
        return False
    if platform.system() != "Linux":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def find_window() -> WindowEntry:
    """Raises InputError if it is not installed, or cannot start."""
    found = list(entry_points(group=WINDOW_GROUP))
    if not found:
        raise InputError(
            "the window is not installed; install it with: pip install glossator"
        )
    try:
        entry: WindowEntry = found[0].load()
    except ImportError as error:
        raise InputError(
            f"the window cannot start ({error}); install Qt with: "
            "pip install PySide6-Essentials pyqtgraph"
        ) from error
    return entry
