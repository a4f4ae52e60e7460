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


def tip_with_key(spec: ActionSpec) -> str:
    keys = f" ({spec.keys[0]})" if spec.keys else ""
    return (spec.tip or spec.text.rstrip("…")) + keys
