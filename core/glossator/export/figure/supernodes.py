"""The figure of the supernodes: a box each, and the summed links between them."""

from collections.abc import Sequence

import numpy as np
from matplotlib.patches import Circle, PathPatch, Polygon
from matplotlib.path import Path

from glossator.errors import InputError
from glossator.export.colours import (
    MUTED,
    NEGATIVE,
    POSITIVE,
    SURFACE,
    UNTIERED,
    tier_colour,
)
from glossator.export.figure.box_arrows import Arrow, routed
from glossator.export.figure.box_scene import (
    COUNT_LINE,
    COUNT_SIZE,
    DOT,
    DOT_GAP,
    MAX_DOTS,
    NAME_LINE,
    NAME_SIZE,
    DrawnBox,
    foot_width,
    placed_boxes,
    shown_links,
)
from glossator.export.figure.callouts import Box, overlap
from glossator.export.figure.heading import Heading
from glossator.export.figure.legend import Entry, Glyph, Group, Legend, Stroke, Words
from glossator.export.figure.paper import Sheet, drawing, text_width
from glossator.export.target import AnnotatedGraph
from glossator.project.supernodes.supernode_graph import SupernodeLink, supernode_graph
from glossator.protocol.decision import TIERS

_MARGIN = 14.0
_LEAST_WIDTH = 420.0
_FILL = "#eceef1"
_SHARE_SIZE = 6.8
_LEAST_SHARE = 0.005
"""Smaller ones would read 0 %."""
_ALONG = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82)


def draw_supernodes(annotated: AnnotatedGraph) -> Sheet:
    """Draw the supernodes, and pinned nodes in none, where a person put them.

    Raises
    ------
    InputError
        if nothing is grouped or pinned.
    """
    boxes, links = supernode_graph(annotated.state, annotated.number)
    graph = annotated.graph
    if not boxes:
        raise InputError(
            "nothing is grouped or pinned here, so there are no supernodes to draw",
            source=graph.slug,
        )
    with drawing():
        drawn, kept = placed_boxes(boxes, links)
        shown = shown_links(links)
        arrows = routed(drawn, shown)
        content = _extent(drawn, arrows)
        width = max(content.right - content.left + 2 * _MARGIN, _LEAST_WIDTH)
        facts = [graph.slug, graph.model, graph.source_set]
        facts += _counts(drawn, len(arrows), len(links))
        if not kept:
            facts.append("laid out anew")
        title = graph.prompt or graph.slug or "Supernodes"
        heading = Heading.of(title, facts, width - 2 * _MARGIN)
        legend = Legend(_groups(drawn, arrows), width - 2 * _MARGIN)
        top = _MARGIN + heading.height + 12
        foot = top + content.bottom - content.top + 16
        sheet = Sheet(width, foot + legend.height + _MARGIN, heading.name)
        by = (width - content.right - content.left) / 2, top - content.top
        drawn = [box.moved(*by) for box in drawn]
        heading.draw(sheet, _MARGIN, _MARGIN)
        arrows = routed(drawn, shown)
        for arrow in reversed(arrows):
            _draw_arrow(sheet, arrow)
        _draw_shares(sheet, arrows, drawn)
        for box in drawn:
            _draw_box(sheet, box)
        legend.draw(sheet, _MARGIN, foot)
        if not kept:
            sheet.notes.append(
                "The boxes lay too far apart for a page; they were laid out anew."
            )
        return sheet


def _extent(boxes: Sequence[DrawnBox], arrows: Sequence[Arrow]) -> Box:
    areas = np.array([box.area for box in boxes])
    along = np.linspace(0, 1, 12)
    ways = [arrow.curve.at(along) for arrow in arrows]
    points = np.vstack([areas[:, :2], areas[:, 2:], *ways])
    low, high = points.min(axis=0) - 3, points.max(axis=0) + 3
    return Box(float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def _counts(boxes: Sequence[DrawnBox], n_shown: int, n_links: int) -> list[str]:
    n = sum(box.grouped for box in boxes)
    alone = len(boxes) - n
    texts = [f"{n} supernode{'' if n == 1 else 's'}"] if n else []
    if alone:
        texts.append(f"{alone} pinned node{'' if alone == 1 else 's'}")
    texts.append(f"{n_shown:,} of {n_links:,} summed links shown")
    return texts


def _groups(boxes: Sequence[DrawnBox], arrows: Sequence[Arrow]) -> list[Group]:
    held = {tier for box in boxes for tier in box.box.tiers}
    tiers: list[Entry] = [
        Glyph(tier, "o", tier_colour(tier)) for tier in TIERS if tier in held
    ]
    tiers.append(Glyph("no tier", "o", UNTIERED))
    groups = [Group("Members", tuple(tiers))] if len(tiers) > 1 else []
    if arrows:
        links: tuple[Entry, ...] = (
            Stroke("raises", POSITIVE, 1.6),
            Stroke("lowers", NEGATIVE, 1.6, dashed=True),
            Words("width and number: share of the target's input"),
        )
        groups.append(Group("Links", links))
    return groups


# -- boxes --------------------------------------------------------------------------


def _draw_box(sheet: Sheet, drawn: DrawnBox) -> None:
    area = drawn.area
    sheet.rectangle(
        area.left,
        area.top,
        drawn.width,
        drawn.height,
        fill=_FILL if drawn.grouped else SURFACE,
        edge=MUTED,
        line=0.7,
        rounded=5.0,
        z=5.0,
    )
    foot = COUNT_LINE if drawn.grouped else 0.0
    beside = 0.0 if drawn.grouped else DOT + 2 * DOT_GAP
    y = drawn.y - (len(drawn.lines) * NAME_LINE + foot) / 2 + NAME_LINE / 2
    for line in drawn.lines:
        sheet.write(
            drawn.x + beside / 2, y, line, NAME_SIZE, side="center", bold=drawn.grouped
        )
        y += NAME_LINE
    if drawn.grouped:
        left = drawn.x - foot_width(drawn) / 2
        y += (COUNT_LINE - NAME_LINE) / 2 + 1
        sheet.write(left, y, drawn.count, COUNT_SIZE, colour=MUTED)
        left += text_width(drawn.count, COUNT_SIZE) + 4
    else:
        widest = max(text_width(line, NAME_SIZE) for line in drawn.lines)
        left, y = drawn.x - (widest + beside) / 2, drawn.y
    for at, tier in enumerate(drawn.box.tiers[:MAX_DOTS]):
        x = left + at * (DOT + DOT_GAP) + DOT / 2
        sheet.add(Circle((x, y), DOT / 2, color=tier_colour(tier), lw=0, zorder=6))


# -- arrows -------------------------------------------------------------------------


def _colour(link: SupernodeLink) -> str:
    return NEGATIVE if link.weight < 0 else POSITIVE


def _draw_arrow(sheet: Sheet, arrow: Arrow) -> None:
    link, curve, width = arrow.link, arrow.curve, arrow.width
    opacity = 0.35 + 0.5 * min(abs(link.share) / 0.3, 1.0)
    codes = [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]
    dashes = max(6.0 / width, 2.0), max(3.6 / width, 1.2)
    sheet.add(
        PathPatch(
            Path(curve.points, codes),
            fill=False,
            edgecolor=_colour(link),
            linewidth=width,
            linestyle=(0, dashes) if link.weight < 0 else "solid",
            capstyle="butt",
            alpha=opacity,
            zorder=2.0,
        )
    )
    sheet.add(
        Polygon(
            curve.head,
            facecolor=_colour(link),
            edgecolor="none",
            alpha=opacity,
            zorder=2.1,
        )
    )


def _draw_shares(
    sheet: Sheet, arrows: Sequence[Arrow], boxes: Sequence[DrawnBox]
) -> None:
    """Write each arrow's share on it, the strongest first, where there is room."""
    taken = [box.area for box in boxes]
    for arrow in arrows:
        if abs(arrow.link.share) < _LEAST_SHARE:
            continue
        text = f"{arrow.link.share:+.0%}".replace("-", "−").replace("%", " %")
        half, tall = text_width(text, _SHARE_SIZE) / 2 + 1.5, _SHARE_SIZE * 0.6
        for x, y in arrow.curve.at(np.array(_ALONG)).tolist():
            spot = Box(x - half, y - tall, x + half, y + tall)
            if any(overlap(spot, other) for other in taken):
                continue
            taken.append(spot)
            sheet.rectangle(
                spot.left,
                spot.top,
                2 * half,
                2 * tall,
                fill=SURFACE,
                alpha=0.85,
                rounded=1.5,
                z=3.0,
            )
            colour = _colour(arrow.link)
            sheet.write(x, y, text, _SHARE_SIZE, colour=colour, side="center", z=4.0)
            break
