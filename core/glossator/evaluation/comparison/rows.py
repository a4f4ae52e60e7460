"""A comparison of methods in words and numbers, as tables and pages print it."""

from collections.abc import Sequence
from typing import NamedTuple

from glossator.evaluation.comparison.means import (
    LabelCost,
    MethodMean,
    coverage,
    label_costs,
    method_means,
)
from glossator.evaluation.comparison.method_comparison import (
    ComparisonTable,
    Measure,
    MethodComparison,
)
from glossator.evaluation.comparison.pairs import (
    FEWEST_PAIRS,
    PairedDifference,
    paired_differences,
)
from glossator.evaluation.label_scores.as_in_source import negative_gaps
from glossator.evaluation.label_scores.label_score import Interval

NONE = "–"
_MINUS = "−"


class MethodRow(NamedTuple):
    method: str
    title: str
    labelled: str
    """Features, and of how many."""
    why_not: str
    """Why the others have no label."""


class MeanRow(NamedTuple):
    method: str
    scorer: str
    measure: str
    n: str
    """Features, and of how many."""
    mean: str
    interval: str
    common: str
    """Mean over the features that all methods have a score of, and their number."""
    another: str
    """What another feature's label gets."""
    top_token: str
    failed: str
    """Share of the texts without an answer."""


class DifferenceRow(NamedTuple):
    scorer: str
    one: str
    other: str
    n: str
    mean: str
    interval: str
    p: str
    p_holm: str
    verdict: str
    better: str
    """The method that is shown to be better; "" where neither is."""


class CostRow(NamedTuple):
    method: str
    what: str
    """To write the label, or to score it by what."""
    n: str
    """Labels."""
    calls: str
    """A label, as are those that follow."""
    prompt_tokens: str
    answer_tokens: str
    dollars: str


def mean_rows(comparison: MethodComparison, table: ComparisonTable) -> list[MeanRow]:
    return [
        _mean_row(mean, len(table.features)) for mean in method_means(comparison, table)
    ]


def difference_rows(
    comparison: MethodComparison, table: ComparisonTable
) -> list[DifferenceRow]:
    return [_difference_row(pair) for pair in paired_differences(comparison, table)]


def cost_rows(comparison: MethodComparison, table: ComparisonTable) -> list[CostRow]:
    return [_cost_row(cost) for cost in label_costs(comparison, table)]


def method_rows(
    comparison: MethodComparison, table: ComparisonTable
) -> list[MethodRow]:
    return [
        MethodRow(
            method=found.method,
            title=comparison.title(found.method),
            labelled=f"{found.n_labelled} of {found.n_features}",
            why_not="; ".join(
                f"{n} × {reason.rstrip('.')}" for reason, n in found.reasons.items()
            ),
        )
        for found in coverage(comparison, table)
    ]


def notes(comparison: MethodComparison, table: ComparisonTable) -> list[str]:
    """What to know before a number of the table is believed."""
    n = len(table.features)
    drawn = (
        f"{n} features, drawn at random (seed {comparison.settings.seed}) of "
        f"{comparison.n_candidates:,} with examples enough"
    )
    held_out = table.mode == "repaired"
    told = [
        f"{drawn}. Every method labelled the same features from the same examples, and "
        "every label of a feature was scored on the same texts"
        + (", none of which a method had seen." if held_out else "."),
        "Means are over features, each weighing the same; intervals hold 95 % of 2,000 "
        "samples drawn of them anew. A feature that a method did not label, or whose "
        "label could not be scored, counts neither as good nor as bad: compare methods "
        "by the features that all of them labelled, or by their differences.",
        "p is of Wilcoxon's signed-rank test of the differences, feature by feature, "
        "two-sided, by permuting signs; p (Holm) is corrected for all tests of the "
        f"table. With fewer than {FEWEST_PAIRS} common features there is no test.",
    ]
    if not held_out:
        told.append(
            "As in the source: labels from the five strongest examples, scored on the "
            "next ten and on ten texts of other features, taken whole, repeated ones "
            "left in, so that a text may be in both; five texts a prompt, asked once; "
            "answers that cannot be read are wrong. The wording of the prompts is ours."
        )
        told += _negative_gaps(comparison, table)
    if comparison.settings.baselines and held_out:
        told.append(
            "Another label: what the method's label of another feature of like tier "
            "gets on the same texts. Top token: what the commonest top token gets as a "
            "label. A method that does not beat both says little of a feature."
        )
    cached = sum(asked.cached for asked in table.asked)
    if cached:
        told.append(
            f"{cached:,} answers had been paid for by another project; costs are told "
            "as if they had been asked for anew."
        )
    return [*told, *comparison.problems]


def value_text(value: float | None, measure: Measure, *, signed: bool = False) -> str:
    """A number of that measure, or a difference of two."""
    if value is None:
        return NONE
    digits = 3 if measure == "gap" else 2
    rounded = round(value, digits) + 0.0  # no negative zero
    sign = "+" if signed and rounded else ""
    return f"{rounded:{sign}.{digits}f}".replace("-", _MINUS)


def interval_text(
    interval: Interval | None, measure: Measure, *, signed: bool = False
) -> str:
    if interval is None:
        return NONE
    low, high = (value_text(end, measure, signed=signed) for end in interval)
    return f"{low} to {high}"


def p_text(p: float | None) -> str:
    if p is None:
        return NONE
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def dollars_text(dollars: float | None) -> str:
    if dollars is None:
        return "not known"
    return (
        "$0"
        if dollars == 0
        else f"${dollars:.2g}"
        if dollars < 1
        else f"${dollars:,.2f}"
    )


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines of text, the first column to the left."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (head, *rows)
    ]


def _negative_gaps(comparison: MethodComparison, table: ComparisonTable) -> list[str]:
    """How many labels of a method are less like their own texts than like others'."""
    told = []
    for method in comparison.names:
        scores = (feature.score_of(method, "embedding") for feature in table.features)
        found = negative_gaps([score for score in scores if score is not None])
        if found.share is None:
            continue
        low, high = found.interval or (0.0, 1.0)
        told.append(
            f"{method}: {found.share:.0%} of {found.n} labels have a negative gap "
            f"({low:.0%} to {high:.0%})."
        )
    return told


def _mean_row(mean: MethodMean, n_features: int) -> MeanRow:
    measure, common = mean.measure, mean.common
    another = mean.baselines.get("another label")
    top_token = mean.baselines.get("top token")
    failed = f"{mean.n_failed / mean.n_texts:.0%}" if mean.n_texts else NONE
    return MeanRow(
        method=mean.method,
        scorer=mean.scorer,
        measure=measure,
        n=f"{mean.own.n} of {n_features}",
        mean=value_text(mean.own.mean, measure),
        interval=interval_text(mean.own.interval, measure),
        common=f"{value_text(common.mean, measure)} ({common.n})",
        another=value_text(another.mean if another else None, measure),
        top_token=value_text(top_token.mean if top_token else None, measure),
        failed=failed.replace("%", " %"),
    )


def _difference_row(pair: PairedDifference) -> DifferenceRow:
    return DifferenceRow(
        scorer=pair.scorer,
        one=pair.one,
        other=pair.other,
        n=str(pair.n),
        mean=value_text(pair.mean, pair.measure, signed=True),
        interval=interval_text(pair.interval, pair.measure, signed=True),
        p=p_text(pair.p),
        p_holm=p_text(pair.p_holm),
        verdict=pair.verdict,
        better=pair.better,
    )


def _cost_row(cost: LabelCost) -> CostRow:
    return CostRow(
        method=cost.method,
        what=f"to score by {cost.scorer}" if cost.scorer else "to write",
        n=str(cost.n_labels),
        calls=f"{cost.calls:.1f}",
        prompt_tokens=f"{cost.prompt_tokens:,.0f}",
        answer_tokens=f"{cost.answer_tokens:,.0f}",
        dollars=dollars_text(cost.dollars),
    )
