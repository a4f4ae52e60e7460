"""What helps to find out why something went wrong; nothing of the person's work."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import PySide6
from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication

import glossator
from glossator.project.state import ProjectState
from glossator_gui.desktop.crash_log import CRASH_NAME, LOG_NAME, SECRET, tail

_PACKAGES = ("torch", "sentence-transformers", "transformers", "numpy", "pyqtgraph")
_LINES = 30


@dataclass(frozen=True)
class Situation:
    """What of the window is told."""

    state: ProjectState
    path: Path | None
    """Of the open project."""
    read_only: bool
    device: str
    settings: Sequence[tuple[str, str]]
    log_folder: Path


def diagnostics(now: Situation, *, details: bool) -> str:
    """Versions, machine, sizes and the last lines of the log.

    Parameters
    ----------
    details : also prompts and labels in errors, whole paths and file names. Without it
        nothing of a graph, a label, a key or a folder is told.
    """
    parts = [
        _section("Versions", _versions()),
        _section("Machine", _machine(now.device)),
        _section("Settings", now.settings),
        _section("Project", _project(now, details=details)),
        _section("Log", [("", line) for line in _log(now.log_folder, details=details)]),
        _section(
            "Crashes", [("", line) for line in _crash(now.log_folder, details=details)]
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _section(title: str, lines: Sequence[tuple[str, str]]) -> str:
    shown = [f"  {name}: {value}" if name else f"  {value}" for name, value in lines]
    return "\n".join([title, *(shown or ["  none"])])


def _versions() -> list[tuple[str, str]]:
    found = [
        ("Glossator", glossator.__version__),
        ("Python", platform.python_version()),
        ("Qt", qVersion()),
        ("PySide6", PySide6.__version__),
    ]
    for name in _PACKAGES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            found.append((name, "not installed"))
    return found


def _machine(device: str) -> list[tuple[str, str]]:
    screens = [
        f"{screen.size().width()}×{screen.size().height()} at "
        f"{screen.devicePixelRatio():g}"
        for screen in QGuiApplication.screens()
    ]
    return [
        ("System", f"{platform.system()} {platform.release()} {platform.machine()}"),
        ("Processors", str(os.cpu_count() or "unknown")),
        ("Qt platform", QGuiApplication.platformName()),
        ("Screens", ", ".join(screens)),
        ("Models run on", device or "not known yet"),
    ]


def _project(now: Situation, *, details: bool) -> list[tuple[str, str]]:
    if now.path is None:
        return []
    state = now.state
    entries = list(state.graphs.values())
    labelled = sum(bool(state.label(feature)) for feature in state.features())
    held = [
        ("Opened", "read-only" if now.read_only else "to work on"),
        ("File size", f"{_size(now.path):,} bytes"),
        ("Model", state.model),
        *(
            ("Graph", f"{len(entry.graph):,} nodes, {len(entry.graph.links):,} links")
            for entry in entries
        ),
        ("Features", f"{len(state.features()):,}, {labelled:,} with a label"),
        ("Supernodes", f"{sum(len(held) for held in state.supernodes.values()):,}"),
    ]
    if not details:
        return held
    prompts = [("Prompt", repr(entry.graph.prompt)) for entry in entries]
    return [("File", str(now.path)), *held, *prompts]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _log(folder: Path, *, details: bool) -> list[str]:
    lines = tail(folder / LOG_NAME, _LINES)
    return lines if details else [line.split(SECRET)[0] for line in lines]


def _crash(folder: Path, *, details: bool) -> list[str]:
    """The last lines of the crash log; without details, where in the code it was."""
    lines = tail(folder / CRASH_NAME, _LINES)
    return lines if details else [place for line in lines if (place := _place(line))]


def _place(line: str) -> str:
    """A line of a traceback without its folder; "" for what may quote the person's."""
    text = line.strip()
    if text.startswith(("-- ", "Fatal Python error:", "Thread 0x")):
        return text
    if text.startswith('File "') and '", line ' in text:
        place, rest = text.removeprefix('File "').split('", line ', 1)
        return f"{Path(place).name}, line {rest}"
    name = text.split(":")[0]
    is_error = name.replace(".", "").isidentifier() and name.endswith(
        ("Error", "Exception", "Interrupt", "Warning")
    )
    return name if is_error and line == line.lstrip() else ""
