"""The columns that Neuronpedia and SAEDashboard share, turned into evidence."""

from collections.abc import Sequence

import msgspec
import numpy as np

from glossator.evidence.evidence_file import activation_column
from glossator.evidence.feature_evidence import (
    ActivationExample,
    FeatureEvidence,
    Histogram,
    LogitEffect,
    StoredExplanation,
    strongest_first,
)
from glossator.graph.attribution_graph import FeatureKey


class WireActivation(msgspec.Struct):
    tokens: list[str]
    values: list[float]


class DashboardRecord(msgspec.Struct, kw_only=True):
    """Base of both formats' feature records (Neuronpedia ``Neuron`` row)."""

    pos_str: list[str] = []
    pos_values: list[float] = []
    neg_str: list[str] = []
    neg_values: list[float] = []
    frac_nonzero: float | None = None
    freq_hist_data_bar_values: list[float] = []
    """Centres of the bins."""
    freq_hist_data_bar_heights: list[float] = []


def to_evidence(
    record: DashboardRecord,
    activations: Sequence[WireActivation],
    feature: FeatureKey,
    *,
    groups: Sequence[str],
    origin: str,
    field: str,
    explanations: tuple[StoredExplanation, ...] = (),
) -> FeatureEvidence:
    """Build the evidence of one record.

    Parameters
    ----------
    groups : the interval each activation was drawn from, one an activation.
    origin, field : the file, and the path of the record in it, for errors.
    """
    examples = []
    for at, activation in enumerate(activations):
        values = activation_column(
            activation.values,
            len(activation.tokens),
            source=origin,
            field=f"{field}.activations[{at}].values".lstrip("."),
        )
        if activation.tokens:
            examples.append(
                ActivationExample(
                    tokens=tuple(activation.tokens),
                    activations=values,
                    group=groups[at],
                )
            )
    return FeatureEvidence(
        feature=feature,
        examples=strongest_first(examples),
        origin=origin,
        top_logits=_logits(record.pos_str, record.pos_values),
        bottom_logits=_logits(record.neg_str, record.neg_values),
        density=record.frac_nonzero,
        histogram=_histogram(record),
        explanations=explanations,
    )


def _logits(tokens: list[str], values: list[float]) -> tuple[LogitEffect, ...]:
    known = len(values) == len(tokens)
    return tuple(
        LogitEffect(token, values[at] if known else None)
        for at, token in enumerate(tokens)
    )


def _histogram(record: DashboardRecord) -> Histogram | None:
    centres = np.array(record.freq_hist_data_bar_values, dtype=np.float64)
    heights = np.array(record.freq_hist_data_bar_heights, dtype=np.float64)
    if len(centres) < 2 or len(centres) != len(heights):
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        step = float(np.median(np.diff(centres)))
        edges = np.concatenate((centres - step / 2, [centres[-1] + step / 2]))
    if centres[0] >= 0:
        edges[0] = max(edges[0], 0.0)
    return Histogram.of(edges, heights)
