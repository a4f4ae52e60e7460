"""A comparison of methods as a table: a row a feature, method and scorer."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from glossator.evaluation.comparison.method_comparison import (
    ComparedFeature,
    ComparisonTable,
    GivenLabel,
    Measure,
    MethodComparison,
    Mode,
    NotGiven,
    Said,
    baseline_of,
    interval_of,
    measure_of,
    value_of,
)
from glossator.evaluation.label_scores.label_score import LabelScore
from glossator.export.csv_file import write_csv
from glossator.protocol.decision import Tier


class ComparisonRow(msgspec.Struct, frozen=True, kw_only=True):
    """A label with one score; empty where there is none.

    Columns that `LabelScore` has, too, are its numbers.
    """

    mode: Mode
    model: str
    source_set: str
    layer: int
    index: int
    attention: bool
    tier: Tier
    method: str
    label: str = ""
    labeler_model: str = ""
    prompt_hash: str = ""
    why_no_label: str = ""
    scorer: str = ""
    measure: Measure | Literal[""] = ""
    value: float | None = None
    """The number that means are of."""
    low: float | None = None
    """Of its 95 % interval, as far as the texts alone tell."""
    high: float | None = None
    another_label: float | None = None
    """The same of another feature's label, and of the commonest top token."""
    top_token: float | None = None
    n_positive: int | None = None
    n_negative: int | None = None
    n_failed: int | None = None
    tpr: float | None = None
    tnr: float | None = None
    balanced_accuracy: float | None = None
    as_wrong: float | None = None
    f1: float | None = None
    auc: float | None = None
    gap: float | None = None
    scoring_model: str = ""
    why_not_scored: str = ""


def write_comparison_csv(comparison: MethodComparison, path: Path) -> int:
    """Write a row a label and score; returns how many formulas were guarded against.

    Raises
    ------
    InputError
        if it cannot be written.
    """
    return write_csv(path, ComparisonRow, comparison_rows(comparison))


def comparison_rows(comparison: MethodComparison) -> Iterator[ComparisonRow]:
    """Mode by mode, feature by feature, in the order of the methods."""
    for table in comparison.tables:
        for feature in table.features:
            for said in feature.said:
                yield from _rows(table, feature, said)


def _rows(
    table: ComparisonTable, feature: ComparedFeature, said: Said
) -> Iterator[ComparisonRow]:
    scores = [one.score for one in feature.scores if one.method == said.method]
    missing = [one for one in feature.not_scored if one.method == said.method]
    label = _label_cells(table, feature, said)
    for score in scores:
        cells = label | _score_cells(score, measure_of(table, score.scorer))
        yield _row(cells)
    for one in missing:
        yield _row(label | {"scorer": one.scorer, "why_not_scored": one.reason})
    if not scores and not missing:
        yield _row(label)


def _row(cells: Mapping[str, object]) -> ComparisonRow:
    return msgspec.convert(cells, ComparisonRow)


def _label_cells(
    table: ComparisonTable, feature: ComparedFeature, said: Said
) -> dict[str, object]:
    key = feature.feature
    cells: dict[str, object] = {
        "mode": table.mode,
        "model": key.model,
        "source_set": key.source_set,
        "layer": key.layer,
        "index": key.index,
        "attention": key.attention,
        "tier": feature.tier,
        "method": said.method,
    }
    match said:
        case GivenLabel():
            return cells | {
                "label": said.text,
                "labeler_model": said.model,
                "prompt_hash": said.prompt_hash,
            }
        case NotGiven():
            return cells | {"why_no_label": said.reason}


def _score_cells(score: LabelScore, measure: Measure) -> dict[str, object]:
    low, high = interval_of(score, measure) or (None, None)
    same = {
        name: getattr(score, name)
        for name in ComparisonRow.__struct_fields__
        if name in LabelScore.__struct_fields__ and name not in ("label", "model")
    }
    return same | {
        "measure": measure,
        "value": value_of(score, measure),
        "low": low,
        "high": high,
        "another_label": baseline_of(score, "another label", measure),
        "top_token": baseline_of(score, "top token", measure),
        "scoring_model": score.model,
    }
