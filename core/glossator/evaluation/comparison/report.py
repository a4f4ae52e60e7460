"""A comparison of methods as plain text."""

import textwrap

from glossator.evaluation.comparison.apart import Apart, furthest_apart
from glossator.evaluation.comparison.method_comparison import (
    ComparisonTable,
    MethodComparison,
)
from glossator.evaluation.comparison.rows import (
    aligned,
    cost_rows,
    difference_rows,
    mean_rows,
    method_rows,
    notes,
)
from glossator.evidence.token_text import visible_token

_APART = 5
_WIDTH = 80


def comparison_text(comparison: MethodComparison) -> str:
    """Means, differences, labels furthest apart and costs of each mode."""
    return "\n\n\n".join(_table_text(comparison, table) for table in comparison.tables)


def _table_text(comparison: MethodComparison, table: ComparisonTable) -> str:
    parts = [
        f"{len(comparison.methods)} methods on {len(table.features)} features, "
        f"{table.mode}",
        _means(comparison, table),
        _methods(comparison, table),
        _differences(comparison, table),
        _apart(table),
        _costs(comparison, table),
        "\n".join(textwrap.fill(note, _WIDTH) for note in notes(comparison, table)),
    ]
    return "\n\n".join(part for part in parts if part)


def _means(comparison: MethodComparison, table: ComparisonTable) -> str:
    rows = mean_rows(comparison, table)
    if not rows:
        return "No label could be scored."
    head = (
        "method",
        "scorer",
        "mean",
        "95 %",
        "features",
        "on common",
        "another label",
        "top token",
        "failed",
    )
    lines = aligned(
        head,
        [
            (
                row.method,
                row.scorer,
                row.mean,
                row.interval,
                row.n,
                row.common,
                row.another,
                row.top_token,
                row.failed,
            )
            for row in rows
        ],
    )
    measures = dict.fromkeys(f"{row.scorer}: {row.measure}" for row in rows)
    return "\n".join([*lines, "; ".join(measures)])


def _methods(comparison: MethodComparison, table: ComparisonTable) -> str:
    return "\n".join(
        f"{row.method}: {row.labelled} labelled"
        + (f" ({row.why_not})" if row.why_not else "")
        for row in method_rows(comparison, table)
    )


def _differences(comparison: MethodComparison, table: ComparisonTable) -> str:
    rows = difference_rows(comparison, table)
    if not rows:
        return ""
    head = ("first less second", "scorer", "n", "mean", "95 %", "p", "p (Holm)", "")
    cells = [
        (
            f"{row.one} − {row.other}",
            row.scorer,
            row.n,
            row.mean,
            row.interval,
            row.p,
            row.p_holm,
            row.verdict,
        )
        for row in rows
    ]
    return "\n".join(aligned(head, cells))


def _apart(table: ComparisonTable) -> str:
    pairs = furthest_apart(table, _APART)
    if not pairs:
        return ""
    return "\n".join(["Labels furthest apart", *map(_pair, pairs)])


def _pair(pair: Apart) -> str:
    one, other = (_quoted(text) for text in pair.labels)
    return (
        f"{pair.feature.feature}  distance {pair.distance:.2f}  "
        f"{pair.one}: {one}  {pair.other}: {other}"
    )


def _quoted(text: str) -> str:
    return f"“{visible_token(' '.join(text.split()))}”"


def _costs(comparison: MethodComparison, table: ComparisonTable) -> str:
    rows = cost_rows(comparison, table)
    if not rows:
        return "No language model was asked."
    head = (
        "a label of",
        "",
        "labels",
        "calls",
        "prompt tokens",
        "answer tokens",
        "cost",
    )
    return "\n".join(aligned(head, rows))
