"""SAEDashboard batch files: one JSON with some features of one layer."""

from pathlib import Path

import msgspec

from glossator.evidence.dashboard_record import (
    DashboardRecord,
    WireActivation,
    to_evidence,
)
from glossator.evidence.evidence_file import decode, read_bytes
from glossator.evidence.feature_evidence import FeatureEvidence
from glossator.evidence.record_files import RecordFiles, StoredRecord
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
    features: list[msgspec.Raw]
    """Undecoded: a broken feature does not hide the others."""


class _Header(msgspec.Struct):
    feature_index: int


class SaeDashboardBatches(RecordFiles):
    """Evidence from SAEDashboard batches."""

    kind = "SAEDashboard batches"

    def records(self, path: Path) -> list[StoredRecord]:
        batch = decode(read_bytes(path), WireBatch, source=path)
        records = []
        for at, raw in enumerate(batch.features):
            field, data = f"features[{at}]", bytes(raw)
            header = decode(data, _Header, source=f"{path}: {field}")
            key = FeatureKey(
                batch.model_id, batch.sae_set, batch.layer, header.feature_index
            )
            records.append(StoredRecord(key, data, field))
        return records

    def decoded(self, record: StoredRecord, path: Path) -> FeatureEvidence:
        feature = decode(
            record.data, WireBatchFeature, source=f"{path}: {record.field}"
        )
        return to_evidence(
            feature,
            feature.activations,
            record.feature,
            groups=tuple(_group(a) for a in feature.activations),
            origin=str(path),
            field=record.field,
        )


def _group(activation: WireBatchActivation) -> str:
    if activation.bin_min < 0 and activation.bin_contains < 0:
        return "Top activations"
    return f"{activation.bin_min:.3g} to {activation.bin_max:.3g}"
