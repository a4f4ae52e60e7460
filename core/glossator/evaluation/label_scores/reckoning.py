"""From what came of each text to a score."""

from collections.abc import Sequence

from glossator.evaluation.label_scores.label_score import (
    Interval,
    LabelScore,
    Outcome,
    QuantileScore,
    Spent,
)
from glossator.evaluation.label_scores.statistics import (
    Counts,
    area,
    area_interval,
    gap,
    gap_interval,
)


def judged_score(
    scorer: str,
    label: str,
    outcomes: Sequence[Outcome],
    *,
    model: str,
    prompt_hash: str,
    spent: Spent,
) -> LabelScore:
    """Of answers. The AUC is of their odds if every answer has some, else of them.

    By answers alone the AUC is the balanced accuracy, and so is its interval.
    """
    counts = Counts.of(outcomes)
    ranked = _ranked(outcomes)
    auc = _area(ranked)
    interval = auc_interval = counts.interval
    if auc is not None and _with_odds(outcomes):
        auc_interval = area_interval(
            auc, counts.judged_positive, counts.judged_negative
        )
    return LabelScore(
        scorer=scorer,
        label=label,
        n_positive=counts.n_positive,
        n_negative=counts.n_negative,
        n_failed=counts.failed_positive + counts.failed_negative,
        tpr=counts.tpr,
        tnr=counts.tnr,
        balanced_accuracy=counts.balanced_accuracy,
        interval=interval,
        as_wrong=counts.as_wrong,
        f1=counts.f1,
        auc=auc,
        auc_interval=auc_interval,
        by_quantile=_by_quantile(outcomes, ranked),
        outcomes=tuple(outcomes),
        model=model,
        prompt_hash=prompt_hash,
        spent=spent,
    )


def likeness_score(
    scorer: str, label: str, outcomes: Sequence[Outcome], *, model: str
) -> LabelScore:
    """Of cosines: nothing is judged, so there is no rate but the AUC."""
    ranked = _ranked(outcomes)
    auc = _area(ranked)
    likenesses = _split(ranked)
    interval: Interval | None = None
    if auc is not None:
        interval = area_interval(auc, *map(len, likenesses))
    return LabelScore(
        scorer=scorer,
        label=label,
        n_positive=sum(one.positive for one in outcomes),
        n_negative=sum(not one.positive for one in outcomes),
        n_failed=len(outcomes) - len(ranked),
        auc=auc,
        auc_interval=interval,
        gap=gap(*likenesses),
        gap_interval=gap_interval(*likenesses),
        by_quantile=_by_quantile(outcomes, ranked),
        outcomes=tuple(outcomes),
        model=model,
    )


_Ranked = list[tuple[Outcome, float]]
"""What did not fail, with what it is ranked by."""


def _with_odds(outcomes: Sequence[Outcome]) -> bool:
    return all(one.likeness is not None for one in outcomes if one.answer is not None)


def _ranked(outcomes: Sequence[Outcome]) -> _Ranked:
    if not _with_odds(outcomes):
        return [(one, float(one.answer)) for one in outcomes if one.answer is not None]
    return [(one, one.likeness) for one in outcomes if one.likeness is not None]


def _split(ranked: _Ranked) -> tuple[list[float], list[float]]:
    """Of the positives, and of the negatives."""
    return (
        [value for one, value in ranked if one.positive],
        [value for one, value in ranked if not one.positive],
    )


def _area(ranked: _Ranked) -> float | None:
    return area(*_split(ranked))


def _by_quantile(
    outcomes: Sequence[Outcome], ranked: _Ranked
) -> tuple[QuantileScore, ...]:
    quantiles = sorted({one.quantile for one in outcomes if one.quantile is not None})
    return tuple(
        QuantileScore(
            quantile=quantile,
            n_positive=sum(one.quantile == quantile for one in outcomes),
            tpr=Counts.of([one for one in outcomes if one.quantile == quantile]).tpr,
            auc=_area(
                [
                    (one, value)
                    for one, value in ranked
                    if not one.positive or one.quantile == quantile
                ]
            ),
        )
        for quantile in quantiles
    )
