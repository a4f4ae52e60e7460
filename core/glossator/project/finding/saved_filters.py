"""Filters in words, and those that a project keeps by name."""

from collections.abc import Iterable
from typing import Protocol

import msgspec

from glossator.graph.attribution_graph import EMBEDDING_LAYER, NodeKind
from glossator.project.finding.node_filter import ENDLESS, NodeFilter, Range

_SETTING = "filters"
_KINDS = {
    NodeKind.FEATURE: "features",
    NodeKind.ATTENTION: "attention features",
    NodeKind.ERROR: "errors",
    NodeKind.EMBEDDING: "tokens",
    NodeKind.LOGIT: "logits",
    NodeKind.OTHER: "other nodes",
}


class Settings(Protocol):
    """Where a project keeps settings."""

    def setting(self, key: str) -> str: ...

    def put_setting(self, key: str, value: str) -> None: ...


def saved_filters(project: Settings) -> dict[str, NodeFilter]:
    """Filters by name, in the order of the names.

    One that is broken, or asks for what only a newer version knows, is left out.
    """
    found: dict[str, NodeFilter] = {}
    for name, stored in _stored(project).items():
        try:
            found[name] = _read(stored)
        except msgspec.MsgspecError:
            continue
    return dict(sorted(found.items(), key=lambda item: item[0].casefold()))


def save_filter(project: Settings, name: str, wanted: NodeFilter | None) -> None:
    """Keep a filter under a name, in place of another; None forgets it.

    What cannot be read stays as it is.
    """
    stored = _stored(project)
    stored.pop(name, None)
    if wanted is not None:
        stored[name] = msgspec.Raw(msgspec.json.encode(wanted))
    project.put_setting(_SETTING, msgspec.json.encode(stored).decode())


def _stored(project: Settings) -> dict[str, msgspec.Raw]:
    text = project.setting(_SETTING)
    try:
        return msgspec.json.decode(text, type=dict[str, msgspec.Raw]) if text else {}
    except msgspec.MsgspecError:
        return {}


def _read(stored: msgspec.Raw) -> NodeFilter:
    return msgspec.json.decode(stored, type=NodeFilter)


def filter_text(wanted: NodeFilter) -> str:
    """A filter in words, as in ``layer 3 to 12 · obscure or cross · flagged``."""
    said = [
        _range("layer", wanted.layers, EMBEDDING_LAYER),
        _range("position", wanted.positions, 0),
        _any(_KINDS[kind] for kind in wanted.kinds),
        _any(wanted.reviews),
        _any(f"by {m}" if m else "by no named method" for m in wanted.methods),
        _any(wanted.tiers),
        _any(f"tag {tag}" for tag in wanted.tags),
        _yes("flagged", wanted.flagged),
        _limits("z", wanted.least_z, wanted.most_z),
        _limits("influence", None, wanted.most_influence),
        _limits("density", wanted.least_density, wanted.most_density),
        _yes("in a supernode", wanted.in_supernode),
        _yes("pinned", wanted.pinned),
        f"“{wanted.text.strip()}”" if wanted.text.strip() else "",
    ]
    return " · ".join(part for part in said if part) or "everything"


def _range(what: str, bounds: Range | None, least: int) -> str:
    if bounds is None:
        return ""
    low, high = bounds
    if low == high:
        return f"{what} {low}"
    if high >= ENDLESS:
        return f"{what} from {low}"
    return f"{what} up to {high}" if low <= least else f"{what} {low} to {high}"


def _any(names: Iterable[str]) -> str:
    return " or ".join(names)


def _yes(what: str, wanted: bool | None) -> str:
    return "" if wanted is None else what if wanted else f"not {what}"


def _limits(what: str, least: float | None, most: float | None) -> str:
    if least is None and most is None:
        return ""
    if least is None:
        return f"{what} ≤ {most:g}"
    return f"{what} ≥ {least:g}" if most is None else f"{least:g} ≤ {what} ≤ {most:g}"
