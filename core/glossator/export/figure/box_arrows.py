"""Arrows between boxes: apart from one another, and around other boxes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from glossator.export.figure.box_scene import DrawnBox, Point
from glossator.graph.attribution_graph import FloatColumn
from glossator.project.supernodes.supernode_graph import SupernodeLink

Edge = Literal["top", "bottom", "left", "right"]

_OUTWARDS: dict[Edge, Point] = {
    "top": (0.0, -1.0),
    "bottom": (0.0, 1.0),
    "left": (-1.0, 0.0),
    "right": (1.0, 0.0),
}
_APART, _OF_EDGE = 13.0, 0.76
"""Between arrows at an edge in points, and the part of the edge they may use."""
_BOWS = (0.0, 25.0, -25.0, 50.0, -50.0, 80.0, -80.0, 120.0, -120.0, 170.0, -170.0)
"""Ways around: how far a curve's handles are pushed aside, in points."""
_LENGTH = 400.0
"""Points of a bow that count as much as passing behind a box all along."""
_ALONG = np.linspace(0.04, 0.96, 24)
_MARGIN = 3.0


class Curve(NamedTuple):
    """A cubic curve and its arrow head."""

    points: FloatColumn
    """Its ends, and between them its two handles, shape (4, 2)."""
    head: FloatColumn
    """Shape (3, 2)."""

    def at(self, along: FloatColumn) -> FloatColumn:
        """Points of the curve, shape (n, 2), for parts of the way in [0, 1]."""
        t = along[:, None]
        ways = np.hstack([(1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3])
        found: FloatColumn = ways @ self.points
        return found


@dataclass(frozen=True)
class Arrow:
    link: SupernodeLink
    curve: Curve

    @property
    def width(self) -> float:
        return _width(self.link)


def _width(link: SupernodeLink) -> float:
    """In points, by share."""
    return 0.75 + 4.5 * min(abs(link.share) / 0.5, 1.0)


@dataclass(frozen=True)
class _End:
    """Where an arrow meets a box."""

    box: DrawnBox
    edge: Edge
    other: DrawnBox
    shift: float = 0.0
    """Along the edge, from its middle."""

    @property
    def point(self) -> NDArray[np.float64]:
        across, down = _OUTWARDS[self.edge]
        middle = np.array([self.box.x, self.box.y])
        half = np.array([self.box.width / 2, self.box.height / 2])
        outwards = np.array([across, down])
        along = np.abs(outwards[::-1])
        point: NDArray[np.float64] = middle + outwards * half + along * self.shift
        return point


def routed(boxes: Sequence[DrawnBox], links: Sequence[SupernodeLink]) -> list[Arrow]:
    """An arrow a link, in the order given."""
    by_key = {box.box.key: box for box in boxes}
    ends: list[_End] = []
    for link in links:
        source, target = by_key[link.source], by_key[link.target]
        leaves, meets = _edges(source, target)
        ends += [_End(source, leaves, target), _End(target, meets, source)]
    ends = _spread(ends)
    areas = np.array([box.area for box in boxes])
    return [
        Arrow(link, _curve(link, ends[2 * at], ends[2 * at + 1], boxes, areas))
        for at, link in enumerate(links)
    ]


def _edges(source: DrawnBox, target: DrawnBox) -> tuple[Edge, Edge]:
    reach = (source.height + target.height) / 2 + 12
    if target.y < source.y - reach:
        return "top", "bottom"
    if target.y > source.y + reach:
        return "bottom", "top"
    return ("right", "left") if target.x >= source.x else ("left", "right")


def _spread(ends: Sequence[_End]) -> list[_End]:
    """Put ends at the same edge side by side, in the order of where they lead."""
    held: dict[tuple[str, Edge], list[int]] = {}
    for at, end in enumerate(ends):
        held.setdefault((end.box.box.key, end.edge), []).append(at)
    placed = list(ends)
    for (_, edge), members in held.items():
        level = edge in ("left", "right")
        members.sort(key=lambda at: _bearing(ends[at], level=level))
        box = ends[members[0]].box
        room = (box.height if level else box.width) * _OF_EDGE
        pitch = min(_APART, room / max(len(members) - 1, 1))
        for rank, at in enumerate(members):
            shift = (rank - (len(members) - 1) / 2) * pitch
            placed[at] = replace(ends[at], shift=shift)
    return placed


def _bearing(end: _End, *, level: bool) -> float:
    """By which arrows at an edge are ordered so that few cross."""
    across, down = end.other.x - end.box.x, end.other.y - end.box.y
    return down / (abs(across) + 1) if level else across / (abs(down) + 1)


def _curve(
    link: SupernodeLink,
    source: _End,
    target: _End,
    boxes: Sequence[DrawnBox],
    areas: FloatColumn,
) -> Curve:
    """The curve that passes behind the fewest boxes with the least of a bow."""
    keys = (link.source, link.target)
    others = areas[[box.box.key not in keys for box in boxes]]
    best, least = _bent(link, source, target, 0.0), np.inf
    for bow in _BOWS:
        curve = _bent(link, source, target, bow)
        cost = _hidden(curve, others) + abs(bow) / _LENGTH
        if cost < least:
            best, least = curve, cost
        if bow == 0.0 and cost == 0.0:
            break
    return best


def _bent(link: SupernodeLink, source: _End, target: _End, bow: float) -> Curve:
    size = 3.0 + 1.4 * _width(link)
    start, tip = source.point, target.point
    leaves = np.array(_OUTWARDS[source.edge])
    away = np.array(_OUTWARDS[target.edge])
    stop = tip + away * size
    length = float(np.hypot(*(stop - start)))
    bend = min(max(length * 0.4, 9.0), 140.0)
    aside = np.abs(away[::-1]) * bow
    across = away[::-1] * size * 0.55
    return Curve(
        np.array(
            [
                start,
                start + leaves * bend + aside,
                stop + away * bend + aside,
                # The line ends inside the head, so that no gap shows.
                stop + 0.3 * (tip - stop),
            ]
        ),
        np.array([tip, stop + across, stop - across]),
    )


def _hidden(curve: Curve, areas: FloatColumn) -> float:
    """Part of the way that runs behind boxes."""
    points = curve.at(_ALONG)
    x, y = points[:, :1], points[:, 1:]
    inside = (x > areas[:, 0] - _MARGIN) & (x < areas[:, 2] + _MARGIN)
    inside &= (y > areas[:, 1] - _MARGIN) & (y < areas[:, 3] + _MARGIN)
    return float(inside.any(axis=1).mean()) if len(areas) else 0.0
