"""SAEDashboard batch files: one JSON with some features of one layer."""

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

from glossator.errors import EvidenceError
from glossator.evidence.dashboard_record import (
    DashboardRecord,
    WireActivation,
    to_evidence,
)
from glossator.evidence.evidence_file import decode, read_bytes
from glossator.evidence.feature_evidence import FeatureEvidence
from glossator.graph.attribution_graph import FeatureKey

RecordT = TypeVar("RecordT")


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
    features: list[msgspec.Raw]
    """Undecoded: a broken feature does not hide the others."""


class _Header(msgspec.Struct):
    feature_index: int


class SaeDashboardBatches:
    """Evidence from SAEDashboard batches; each file is read when it is needed."""

    def __init__(self, files: Iterable[Path], *, name: str) -> None:
        self._name = name
        self._places: dict[FeatureKey, tuple[Path, int]] = {}
        self._last: tuple[Path, WireBatch] | None = None
        for path in files:
            batch = decode(read_bytes(path), WireBatch, source=path)
            for at in range(len(batch.features)):
                self._places[_key(batch, path, at)] = (path, at)

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
        batch = self._last[1]
        if at >= len(batch.features) or _key(batch, path, at) != feature:
            raise EvidenceError("the file changed since it was opened", source=path)
        record = _feature(batch, WireBatchFeature, path, at)
        return to_evidence(
            record,
            record.activations,
            feature,
            groups=tuple(_group(a) for a in record.activations),
            origin=str(path),
            field=f"features[{at}]",
        )


def _feature(batch: WireBatch, record: type[RecordT], path: Path, at: int) -> RecordT:
    return decode(bytes(batch.features[at]), record, source=f"{path}: features[{at}]")


def _key(batch: WireBatch, path: Path, at: int) -> FeatureKey:
    header = _feature(batch, _Header, path, at)
    return FeatureKey(batch.model_id, batch.sae_set, batch.layer, header.feature_index)


def _group(activation: WireBatchActivation) -> str:
    if activation.bin_min < 0 and activation.bin_contains < 0:
        return "Top activations"
    return f"{activation.bin_min:.3g} to {activation.bin_max:.3g}"
