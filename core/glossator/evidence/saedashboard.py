"""SAEDashboard batch files: one JSON with some features of one layer."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from glossator.evidence.dashboard_record import (
    DashboardRecord,
    WireActivation,
    to_evidence,
)
from glossator.evidence.evidence_file import decode, read_bytes
from glossator.evidence.feature_evidence import FeatureEvidence
from glossator.graph.attribution_graph import FeatureKey


class WireBatchActivation(WireActivation):
    bin_min: float = -1
    bin_max: float = 0
    bin_contains: float = -1


class WireBatchFeature(DashboardRecord, kw_only=True):
    feature_index: int
    activations: list[WireBatchActivation] = msgspec.field(default_factory=list)


class WireBatch(msgspec.Struct):
    model_id: str
    layer: int
    sae_set: str
    features: list[WireBatchFeature]


class _Header(msgspec.Struct):
    feature_index: int


class _BatchHeader(msgspec.Struct):
    """What is read at first: which features the file holds."""

    model_id: str
    layer: int
    sae_set: str
    features: list[_Header]


class SaeDashboardBatches:
    """Evidence from SAEDashboard batches; each file is read when it is needed."""

    def __init__(self, files: Iterable[Path], *, name: str) -> None:
        self._name = name
        self._places: dict[FeatureKey, tuple[Path, int]] = {}
        self._last: tuple[Path, WireBatch] | None = None
        for path in files:
            header = decode(read_bytes(path), _BatchHeader, source=path)
            for at, feature in enumerate(header.features):
                key = FeatureKey(
                    header.model_id, header.sae_set, header.layer, feature.feature_index
                )
                self._places[key] = (path, at)

    @property
    def name(self) -> str:
        return f"SAEDashboard batches {self._name}"

    @property
    def features(self) -> tuple[FeatureKey, ...]:
        return tuple(self._places)

    def evidence(self, feature: FeatureKey) -> FeatureEvidence | None:
        place = self._places.get(feature)
        if place is None:
            return None
        path, at = place
        if self._last is None or self._last[0] != path:
            self._last = (path, decode(read_bytes(path), WireBatch, source=path))
        record = self._last[1].features[at]
        return to_evidence(
            record,
            record.activations,
            feature,
            groups=tuple(_group(a) for a in record.activations),
            origin=str(path),
            field=f"features[{at}]",
        )


def _group(activation: WireBatchActivation) -> str:
    if activation.bin_min < 0 and activation.bin_contains < 0:
        return "Top activations"
    return f"{activation.bin_min:.3g} to {activation.bin_max:.3g}"
