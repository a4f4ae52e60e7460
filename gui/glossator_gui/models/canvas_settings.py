"""How the graph of a project is looked at, kept with the project."""

from dataclasses import dataclass

import msgspec

from glossator.graph.neighbourhood import MOST_HOPS
from glossator.layout.drawn_links import ALL_LINKS, LinkChoice

_PERCENT = (5, 100)


@dataclass(frozen=True)
class CanvasSettings:
    """Nothing of this changes what the project says."""

    choice: LinkChoice = ALL_LINKS
    hops: int = 1
    """Links away from the selection at which nodes stay lit."""
    dims: bool = True
    minimap: bool = True
    node_percent: int = 100
    """Of the influence whose nodes are shown."""
    link_percent: int = 100


def stored_text(settings: CanvasSettings) -> str:
    return msgspec.json.encode(settings).decode()


def from_stored(text: str) -> CanvasSettings:
    """What was stored; the default where it says nothing that can be used."""
    try:
        settings = msgspec.json.decode(text, type=CanvasSettings)
    except msgspec.MsgspecError:
        return CanvasSettings()
    low, high = _PERCENT
    usable = (
        0 <= settings.hops <= MOST_HOPS
        and low <= settings.node_percent <= high
        and low <= settings.link_percent <= high
        and 0 <= settings.choice.least_share <= 1
        and (settings.choice.top_k is None or settings.choice.top_k > 0)
    )
    return settings if usable else CanvasSettings()
