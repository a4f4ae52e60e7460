"""Evidence of whatever origin as one JSON object, with nothing lost."""

import msgspec
import numpy as np

from glossator.evidence.evidence_file import activation_column, decode
from glossator.evidence.feature_evidence import (
    ActivationExample,
    FeatureEvidence,
    Histogram,
    LogitEffect,
    StoredExplanation,
)
from glossator.graph.attribution_graph import FeatureKey


class _Example(msgspec.Struct):
    tokens: list[str]
    activations: list[float]
    group: str = ""
    repeated: bool = False


class _Histogram(msgspec.Struct):
    edges: list[float]
    counts: list[float]


class _Explanation(msgspec.Struct, array_like=True):
    """As a list, of which older stores have the first two."""

    text: str
    method: str
    model: str = ""
    at: str = ""


class _Evidence(msgspec.Struct):
    examples: list[_Example]
    top_logits: list[tuple[str, float | None]] = []
    bottom_logits: list[tuple[str, float | None]] = []
    density: float | None = None
    histogram: _Histogram | None = None
    explanations: list[_Explanation] = []


def encode_evidence(evidence: FeatureEvidence) -> bytes:
    """Write all but feature and origin, which are told beside it."""
    histogram = evidence.histogram
    record = _Evidence(
        examples=[
            _Example(
                list(example.tokens),
                example.activations.tolist(),
                example.group,
                example.repeated,
            )
            for example in evidence.examples
        ],
        top_logits=[(e.token, e.value) for e in evidence.top_logits],
        bottom_logits=[(e.token, e.value) for e in evidence.bottom_logits],
        density=evidence.density,
        histogram=(
            _Histogram(histogram.edges.tolist(), histogram.counts.tolist())
            if histogram
            else None
        ),
        explanations=[
            _Explanation(e.text, e.method, e.model, e.at) for e in evidence.explanations
        ],
    )
    return msgspec.json.encode(record)


def decode_evidence(data: bytes, feature: FeatureKey, origin: str) -> FeatureEvidence:
    """Read what `encode_evidence` wrote; raises EvidenceError."""
    record = decode(data, _Evidence, source=origin)
    return FeatureEvidence(
        feature=feature,
        examples=tuple(
            ActivationExample(
                tokens=tuple(example.tokens),
                activations=activation_column(
                    example.activations,
                    len(example.tokens),
                    source=origin,
                    field=f"examples[{at}].activations",
                ),
                group=example.group,
                repeated=example.repeated,
            )
            for at, example in enumerate(record.examples)
        ),
        origin=origin,
        top_logits=tuple(LogitEffect(*effect) for effect in record.top_logits),
        bottom_logits=tuple(LogitEffect(*effect) for effect in record.bottom_logits),
        density=record.density,
        histogram=_histogram(record.histogram),
        explanations=tuple(
            StoredExplanation(e.text, e.method, e.model, e.at)
            for e in record.explanations
        ),
    )


def _histogram(record: _Histogram | None) -> Histogram | None:
    """None where the numbers are none of a histogram."""
    if record is None or len(record.edges) != len(record.counts) + 1:
        return None
    return Histogram.of(np.array(record.edges), np.array(record.counts))
