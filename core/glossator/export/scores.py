"""``scores``: every number that the protocol knows of each feature, as one table."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from glossator.export.csv_file import write_csv
from glossator.export.target import AnnotatedGraph, ExportOptions, Written
from glossator.graph.attribution_graph import FeatureKey
from glossator.graph.influence import direct_shares
from glossator.project.edits import JudgedTier
from glossator.project.revision import feature_subject
from glossator.protocol.decision import Comparators, FeatureScores, Tier, WindowScore
from glossator.protocol.protocol_settings import RoutingName


class ScoreRow(msgspec.Struct, frozen=True, kw_only=True):
    """Scores of a feature with the simpler measures beside them.

    Empty where a number is not known. `Comparators` and `WindowScore` say what each is.
    """

    layer: int
    index: int
    attention: bool
    label: str
    judged_tier: JudgedTier | Literal[""]
    tier: Tier | Literal[""]
    routing: RoutingName | Literal[""]
    calibrated_tier: Tier | Literal[""]
    literal_tier: Tier | Literal[""]
    n_senses: int | None
    sense_p: float | None
    n_examples: int | None
    n_distinct: int | None
    p: float | None
    n_input: int | None
    raw_input: float | None
    weighted_input: float | None
    error_input: float | None
    z_input: float | None
    p_input: float | None
    n_output: int | None
    raw_output: float | None
    weighted_output: float | None
    error_output: float | None
    z_output: float | None
    p_output: float | None
    n_cross: int | None
    raw_cross: float | None
    weighted_cross: float | None
    error_cross: float | None
    z_cross: float | None
    p_cross: float | None
    effective_n: float | None
    """Of the cross window's activation weights."""
    top_token_share: float | None
    next_token_share: float | None
    top_in_logits: float | None
    next_in_logits: float | None
    logit_coherence: float | None
    direct_share: float | None
    """Part of the feature's influence in the graph that goes straight to the logits."""


def export_scores(
    annotated: AnnotatedGraph, path: Path, options: ExportOptions
) -> Written:
    """Write a row a feature (`ScoreRow`), in the order of the graph."""
    rows = list(score_rows(annotated))
    write_csv(path, ScoreRow, rows)
    n_unscored = sum(row.tier == "" for row in rows)
    if not n_unscored:
        return Written((path,))
    note = f"The protocol has not run over {n_unscored} of {len(rows)} features."
    return Written((path,), (note,))


def score_rows(annotated: AnnotatedGraph) -> Iterator[ScoreRow]:
    """One row a feature of the graph."""
    direct = direct_shares(annotated.graph)
    for feature in annotated.graph.features:
        yield _row(annotated, feature, direct.get(feature))


def _row(
    annotated: AnnotatedGraph, feature: FeatureKey, direct: float | None
) -> ScoreRow:
    state = annotated.state
    result = state.result(feature)
    scores = result.scores if result else FeatureScores(n_examples=0, n_distinct=0)
    held = scores.comparators or Comparators()
    numbers = {
        name: value
        for window, score in (
            ("input", scores.input),
            ("output", scores.output),
            ("cross", scores.cross),
        )
        for name, value in _columns(window, score).items()
    }
    fields = {
        "layer": feature.layer,
        "index": feature.index,
        "attention": feature.attention,
        "label": state.label(feature),
        "judged_tier": state.judgements.get(feature_subject(feature), ""),
        "tier": result.tier if result else "",
        "routing": result.routing if result else "",
        "calibrated_tier": result.calibrated.tier if result else "",
        "literal_tier": result.literal.tier if result else "",
        "n_senses": len(scores.senses.senses) if scores.senses else None,
        "sense_p": scores.senses.p if scores.senses else None,
        "n_examples": scores.n_examples if result else None,
        "n_distinct": scores.n_distinct if result else None,
        "p": scores.p,
        "effective_n": scores.cross.effective_n if scores.cross else None,
        "direct_share": direct,
        **msgspec.structs.asdict(held),
        **numbers,
    }
    return msgspec.convert(fields, ScoreRow)


def _columns(window: str, score: WindowScore | None) -> dict[str, float | None]:
    """The columns of one window."""
    return {
        f"n_{window}": score.n_used if score else None,
        f"raw_{window}": score.raw if score else None,
        f"weighted_{window}": score.weighted if score else None,
        f"error_{window}": score.jackknife_error if score else None,
        f"z_{window}": score.deciding_z if score else None,
        f"p_{window}": score.deciding_p if score else None,
    }
