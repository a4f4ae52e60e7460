"""One thing that a person can do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Needs = Literal["nothing", "project", "selection"]
MenuName = Literal[
    "File",
    "Edit",
    "Select",
    "Review",
    "Graph",
    "Supernodes",
    "Protocol",
    "View",
    "Help",
]

Handler: TypeAlias = Callable[[], None]


@dataclass(frozen=True)
class ActionSpec:
    """What the person can do."""

    name: str
    text: str
    menu: MenuName
    keys: tuple[str, ...] = ()
    tip: str = ""
    needs: Needs = "project"
    checkable: bool = False
    on_tool_bar: bool = False
    separator: bool = False
    """A line above it in its menu."""
    changes: bool = False
    """It changes the project, or begins what does: not for one that is only read."""
    submenu: str = ""
    """The submenu of its menu that it stands in."""
    one_of: str = ""
    """Of the checkable actions with this, one is chosen."""

    @property
    def plain_text(self) -> str:
        return self.text.rstrip("…")


def hindrance(
    spec: ActionSpec, *, project: bool, selection: bool, read_only: bool
) -> str:
    """Why it cannot be done now; "" if it can."""
    if spec.needs != "nothing" and not project:
        return "Open a graph or a project first"
    if spec.changes and read_only:
        return "The project is open read-only"
    if spec.needs == "selection" and not selection:
        return "Select a node first"
    return ""


def tip_with_key(spec: ActionSpec) -> str:
    keys = f" ({spec.keys[0]})" if spec.keys else ""
    return (spec.tip or spec.plain_text) + keys
