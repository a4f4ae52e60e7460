"""Where the boxes of the supernode view stand: ranked and ordered by Graphviz."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

_GAP_X, _GAP_Y = 32.0, 64.0
_SHIFT = 12.0
_POINTS = 72.0
"""Graphviz reckons in inches."""
_MOST_IN, _MOST_OUT, _MOST_LINKS = 2, 1, 400
"""Links that Graphviz heeds, of a box and in all: more of them pull a drawing wide, and
take longer than in proportion."""
_TOO_WIDE = 1.6
"""Times as wide as the room: such a drawing is folded."""
_QUICK = 'nslimit="0.5" nslimit1="1" mclimit="0.2"'
"""How long Graphviz looks for something better; it holds up the window."""


@dataclass(frozen=True)
class BoxSpace:
    """What the layout has to know of a box; sizes in scene units."""

    key: str
    layer: float
    column: float
    width: float
    height: float
    position: tuple[float, float] | None = None
    """Centre, where a person put it."""


Centre = tuple[float, float]
Pair = tuple[str, str]


def lay_out_boxes(
    boxes: Sequence[BoxSpace], links: Sequence[Pair], aspect: float = 1.0
) -> dict[str, Centre]:
    """Centre of each box: what feeds others low (larger y), early tokens left.

    Boxes that were put somewhere stay there; no two boxes overlap.

    Parameters
    ----------
    links : strongest first; each box stands for the strongest of its own.
    aspect : height by width of the room there is.
    """
    placed: dict[str, Centre] = {}
    if not boxes:
        return placed
    fixed = [box for box in boxes if box.position is not None]
    free = [box for box in boxes if box.position is None]
    for box in fixed:
        assert box.position is not None
        placed[box.key] = free_place(box, box.position, fixed, placed)
    if not free:
        return placed
    wanted = _wanted(boxes, links, aspect)
    if not fixed:
        return wanted
    # The drawing is laid where those that stay lie in it.
    by_x, by_y = (
        sum(placed[box.key][axis] - wanted[box.key][axis] for box in fixed) / len(fixed)
        for axis in (0, 1)
    )
    shifted = {key: (x + by_x, y + by_y) for key, (x, y) in wanted.items()}
    in_way = [(box, placed[box.key]) for box in fixed]
    crowded = [
        box
        for box in free
        if any(_covers(box, shifted[box.key], *other) for other in in_way)
    ]
    placed = shifted | placed
    for box in crowded:
        del placed[box.key]
    for box in crowded:
        placed[box.key] = free_place(box, shifted[box.key], boxes, placed)
    return placed


def _covers(box: BoxSpace, at: Centre, other: BoxSpace, there: Centre) -> bool:
    """Whether boxes at these places cover one another, or nearly."""
    wide = abs(at[0] - there[0]) < (box.width + other.width) / 2 + _SHIFT
    return wide and abs(at[1] - there[1]) < (box.height + other.height) / 2 + _SHIFT / 2


def free_place(
    box: BoxSpace,
    wanted: Centre,
    boxes: Sequence[BoxSpace],
    placed: dict[str, Centre],
) -> Centre:
    """The place nearest to the wanted one, along its row, that covers no other box."""
    others = [
        (other, placed[other.key])
        for other in boxes
        if other.key != box.key and other.key in placed
    ]
    in_way = [
        (x, (other.width + box.width) / 2 + _SHIFT)
        for other, (x, y) in others
        if abs(y - wanted[1]) < (other.height + box.height) / 2 + _SHIFT / 2
    ]
    x = wanted[0]
    options = [x]
    for middle, reach in in_way:
        options += [middle - reach, middle + reach]
    clear = [
        option
        for option in options
        if all(abs(option - middle) >= reach - 1e-6 for middle, reach in in_way)
    ]
    return min(clear, key=lambda option: abs(option - x)), wanted[1]


def _wanted(
    boxes: Sequence[BoxSpace], links: Sequence[Pair], aspect: float
) -> dict[str, Centre]:
    """Linked boxes as Graphviz draws them, and beneath them those without a link."""
    heeded = _heeded(boxes, links)
    ends = {key for link in heeded for key in link}
    linked = [box for box in boxes if box.key in ends]
    loose = [box for box in boxes if box.key not in ends]
    drawn = _drawn(linked, heeded)
    left, top, right, bottom = _bounds(linked, drawn)
    if (right - left) * aspect > _TOO_WIDE * (bottom - top):
        width = _width(linked, aspect)
        narrow = width / (right - left)
        near = {key: (x * narrow, y) for key, (x, y) in drawn.items()}
        drawn = _stacked(_folded(linked, drawn, width), near, 0.0)
        left, top, right, bottom = _bounds(linked, drawn)
    room = max(right - left, _width(loose, aspect))
    middle = {box.key: ((left + right) / 2, 0.0) for box in loose}
    shelves = _stacked(_shelves(loose, room), middle, bottom + _GAP_Y)
    return drawn | shelves


def _heeded(boxes: Sequence[BoxSpace], links: Sequence[Pair]) -> list[Pair]:
    """Strongest links from low to high mean layer; those lead nowhere in circles."""
    layer = {box.key: box.layer for box in boxes}
    leaves: Counter[str] = Counter()
    meets: Counter[str] = Counter()
    heeded: list[Pair] = []
    for source, target in links:
        if source not in layer or target not in layer:
            continue
        worth = meets[target] < _MOST_IN or leaves[source] < _MOST_OUT
        if layer[source] < layer[target] and worth:
            leaves[source] += 1
            meets[target] += 1
            heeded.append((source, target))
    return heeded[:_MOST_LINKS]


def _drawn(boxes: Sequence[BoxSpace], links: Sequence[Pair]) -> dict[str, Centre]:
    """Centres as Graphviz's ``dot`` has them; it gets numbers, never a text."""
    if not boxes:
        return {}
    from pygraphviz import AGraph

    number = {
        box.key: at
        for at, box in enumerate(sorted(boxes, key=lambda b: (b.column, b.key)))
    }
    sizes = (
        f"{number[box.key]} [width={box.width / _POINTS:.4f} "
        f"height={box.height / _POINTS:.4f}]"
        for box in sorted(boxes, key=lambda b: number[b.key])
    )
    arrows = (f"{number[source]}->{number[target]}" for source, target in links)
    graph = AGraph(
        f"digraph {{ graph [rankdir=BT splines=false nodesep={_GAP_X / _POINTS} "
        f"ranksep={_GAP_Y / _POINTS} {_QUICK}] "
        'node [shape=box fixedsize=true label=""] '
        f"{' '.join(sizes)} {' '.join(arrows)} }}"
    )
    graph.layout(prog="dot")
    centres = {}
    for box in boxes:
        x, y = graph.get_node(number[box.key]).attr["pos"].split(",")
        centres[box.key] = (float(x), -float(y))
    graph.close()
    return _early_left(boxes, centres)


def _early_left(
    boxes: Sequence[BoxSpace], centres: dict[str, Centre]
) -> dict[str, Centre]:
    """The same, mirrored where the tokens run to the left."""
    mean_x = sum(x for x, _ in centres.values()) / len(centres)
    mean_column = sum(box.column for box in boxes) / len(boxes)
    along = sum(
        (centres[box.key][0] - mean_x) * (box.column - mean_column) for box in boxes
    )
    if along >= 0:
        return centres
    return {key: (2 * mean_x - x, y) for key, (x, y) in centres.items()}


def _bounds(
    boxes: Sequence[BoxSpace], centres: dict[str, Centre]
) -> tuple[float, float, float, float]:
    """Left, top, right, bottom."""
    if not boxes:
        return 0.0, 0.0, 0.0, 0.0
    at = [(box, *centres[box.key]) for box in boxes]
    return (
        min(x - box.width / 2 for box, x, _ in at),
        min(y - box.height / 2 for box, _, y in at),
        max(x + box.width / 2 for box, x, _ in at),
        max(y + box.height / 2 for box, _, y in at),
    )


def _width(boxes: Sequence[BoxSpace], aspect: float) -> float:
    """Of a sheet of such a shape that the boxes cover."""
    area = sum((box.width + _GAP_X) * (box.height + _GAP_Y) for box in boxes)
    return math.sqrt(area / aspect)


def _folded(
    boxes: Sequence[BoxSpace], centres: dict[str, Centre], width: float
) -> list[list[BoxSpace]]:
    """Graphviz's rows from the top, those too wide split by layer; none reordered."""
    rows: dict[float, list[BoxSpace]] = {}
    for box in boxes:
        rows.setdefault(centres[box.key][1], []).append(box)
    folded: list[list[BoxSpace]] = []
    for _, row in sorted(rows.items()):
        for part in _shelves(row, width):
            part.sort(key=lambda box: centres[box.key][0])
            folded.append(part)
    return folded


def _shelves(boxes: Sequence[BoxSpace], width: float) -> list[list[BoxSpace]]:
    """Rows about as long as that, from the top: late layers first, by token."""
    if not boxes:
        return []
    needed = sum(box.width + _GAP_X for box in boxes)
    n_rows = min(math.ceil(needed / max(width, 1.0)), len(boxes))
    size = math.ceil(len(boxes) / n_rows)
    late = sorted(boxes, key=lambda box: (-box.layer, box.column, box.key))
    return [
        sorted(late[at : at + size], key=lambda box: (box.column, box.key))
        for at in range(0, len(late), size)
    ]


def _stacked(
    rows: Iterable[Sequence[BoxSpace]], wanted: dict[str, Centre], top: float
) -> dict[str, Centre]:
    """Rows under one another, each box as near to its wanted x as its row lets it."""
    centres: dict[str, Centre] = {}
    for row in rows:
        height = max(box.height for box in row)
        xs = _spread(row, [wanted[box.key][0] for box in row])
        for box, x in zip(row, xs, strict=True):
            centres[box.key] = (x, top + height / 2)
        top += height + _GAP_Y
    return centres


def _spread(row: Sequence[BoxSpace], wanted: Sequence[float]) -> list[float]:
    """Close together in the given order, around the middle of what is wanted."""
    xs = [0.0]
    for before, box in pairwise(row):
        xs.append(xs[-1] + (before.width + box.width) / 2 + _GAP_X)
    drift = (sum(wanted) - sum(xs)) / len(xs)
    return [x + drift for x in xs]
