"""A graph comparison as plain text."""

import textwrap
import unicodedata
from collections.abc import Collection, Sequence

from glossator.evidence.token_text import visible_token
from glossator.graph.attribution_graph import FeatureKey
from glossator.graph_comparison.features import ComparedFeature, Where
from glossator.graph_comparison.graph_comparison import GraphComparison
from glossator.graph_comparison.rows import (
    FACT_HEAD,
    FEATURE_HEAD,
    LABEL_HEAD,
    LINK_HEAD,
    LOGIT_HEAD,
    SUPERNODE_HEAD,
    fact_cells,
    feature_cells,
    label_cells,
    link_cells,
    logit_cells,
    notes,
    supernode_cells,
)

_WIDTH = 80
_LONGEST = 36
"""Of a cell; the exports hold all of it."""


def graph_comparison_text(comparison: GraphComparison, *, most: int) -> str:
    """Facts, and of each table the rows that matter most.

    Parameters
    ----------
    most : rows of each table.
    """
    labels = {one.feature: _label(one) for one in comparison.features}

    def named(feature: FeatureKey) -> str:
        return f"{feature} {labels[feature]}".rstrip()

    def features_in(where: Where) -> list[ComparedFeature]:
        return [one for one in comparison.features if one.where == where]

    other = [
        one for one in features_in("both") if one.label_match not in ("same", "none")
    ]
    links = comparison.links
    parts = [
        f"A  {_printed(comparison.a.name)}\nB  {_printed(comparison.b.name)}",
        "\n".join(textwrap.fill(_printed(note), _WIDTH) for note in notes(comparison)),
        "\n".join(_lines(FACT_HEAD, list(fact_cells(comparison)))),
        _table("Logits", LOGIT_HEAD, list(map(logit_cells, comparison.logits)), most),
        _features("Features in both", features_in("both"), most),
        _features("Features only in A", features_in("only in A"), most),
        _features("Features only in B", features_in("only in B"), most),
        _table(
            "Labels that differ",
            LABEL_HEAD,
            list(map(label_cells, other)),
            most,
            range(len(LABEL_HEAD)),
        ),
        _table(
            "Supernodes",
            SUPERNODE_HEAD,
            list(map(supernode_cells, comparison.supernodes)),
            most,
            (0, 1, 4),
        ),
        _table(
            "Links between features in both, by what differs",
            LINK_HEAD,
            [link_cells(link, named) for link in links.strongest(most)],
            most,
            (0, 1),
            n=len(links),
        ),
    ]
    return "\n\n".join(part for part in parts if part)


def _label(one: ComparedFeature) -> str:
    return next((at.label for at in (one.a, one.b) if at and at.label), "")


def _features(title: str, features: Sequence[ComparedFeature], most: int) -> str:
    """Where features are, without the column that the title says."""
    head = [name for name in FEATURE_HEAD if name != "In"]
    rows = [(cells[0], *cells[2:]) for cells in map(feature_cells, features)]
    return _table(title, head, rows, most)


def _table(
    title: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    most: int,
    words: Collection[int] = (0,),
    *,
    n: int | None = None,
) -> str:
    """A titled table of the first rows; "" where there is none."""
    n = len(rows) if n is None else n
    if not n:
        return ""
    of = f" ({most} of {n:,})" if n > most else f" ({n})"
    return "\n".join([f"{title}{of}", *_lines(head, rows[:most], words)])


def _lines(
    head: Sequence[str], rows: Sequence[Sequence[str]], words: Collection[int] = (0,)
) -> list[str]:
    """Rows as lines of text, words to the left and numbers to the right."""
    cells = [[_short(_printed(cell)) if cell else "" for cell in row] for row in rows]
    table = [list(head), *cells]
    widths = [max(map(_width, column)) for column in zip(*table, strict=True)]
    lines = []
    for row in table:
        padded = []
        for at, (cell, width) in enumerate(zip(row, widths, strict=True)):
            room = " " * (width - _width(cell))
            padded.append(cell + room if at in words else room + cell)
        lines.append("  ".join(padded).rstrip())
    return lines


def _printed(text: str) -> str:
    """Text of whatever origin on one line, and no orders to the terminal."""
    return visible_token(" ".join(text.split())) if text else ""


def _short(text: str) -> str:
    if _width(text) <= _LONGEST:
        return text
    kept = ""
    for character in text:
        if _width(kept + character) >= _LONGEST:
            break
        kept += character
    return f"{kept}…"


def _width(text: str) -> int:
    """Columns of a terminal."""
    return sum(
        0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )
