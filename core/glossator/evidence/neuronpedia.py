"""Neuronpedia feature JSON: ``Neuron`` rows, one a file or a list in one."""

import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from glossator.errors import EvidenceError
from glossator.evidence.dashboard_record import (
    DashboardRecord,
    WireActivation,
    to_evidence,
)
from glossator.evidence.evidence_file import decode, read_bytes
from glossator.evidence.feature_evidence import FeatureEvidence, StoredExplanation
from glossator.evidence.record_files import RecordFiles, StoredRecord
from glossator.graph.attribution_graph import FeatureKey

_CUID = re.compile(r"c([0-9a-z]{8})[0-9a-z]{16}")
"""``c``, milliseconds since 1970 in base 36, counter, host and chance: the first cuids
(github.com/paralleldrive/cuid), which Neuronpedia's database gives."""
_FIRST_CUIDS = 1.3e9


class WireRowActivation(WireActivation):
    bin_min: float | None = msgspec.field(default=None, name="binMin")
    bin_max: float | None = msgspec.field(default=None, name="binMax")


class WireExplanation(msgspec.Struct):
    id: str | None = None
    """A cuid, which begins with the time."""
    description: str | None = None
    type_name: str | None = msgspec.field(default=None, name="typeName")
    model_name: str | None = msgspec.field(default=None, name="explanationModelName")
    created: str | None = msgspec.field(default=None, name="createdAt")
    """Not in the export."""


class _RowHeader(msgspec.Struct, kw_only=True):
    model_id: str = msgspec.field(name="modelId")
    source: str = msgspec.field(name="layer")
    """``{layer}-{source set}``."""
    index: str | int


class WireRow(DashboardRecord, kw_only=True):
    index: str | int
    activations: list[WireRowActivation] = msgspec.field(default_factory=list)
    explanations: list[WireExplanation] = msgspec.field(default_factory=list)


class NeuronpediaRows(RecordFiles):
    """Evidence from saved Neuronpedia features."""

    kind = "Neuronpedia features"

    def records(self, path: Path) -> list[StoredRecord]:
        data = read_bytes(path)
        rows = (
            [data]
            if data.lstrip()[:1] == b"{"
            else [bytes(row) for row in decode(data, list[msgspec.Raw], source=path)]
        )
        return [
            StoredRecord(row_feature(row, path, f"[{at}]"), row, f"[{at}]")
            for at, row in enumerate(rows)
        ]

    def decoded(self, record: StoredRecord, path: Path) -> FeatureEvidence:
        return row_evidence(record.data, record.feature, str(path), record.field)


def row_evidence(
    data: bytes, feature: FeatureKey, origin: str, field: str = ""
) -> FeatureEvidence:
    """Decode a row; `field` is its path in the document, for errors."""
    row = decode(data, WireRow, source=f"{origin}{field}")
    return to_evidence(
        row,
        row.activations,
        feature,
        groups=tuple(_group(a) for a in row.activations),
        origin=origin,
        field=field,
        explanations=tuple(
            told for e in row.explanations if (told := stored_explanation(e))
        ),
    )


def stored_explanation(wire: WireExplanation) -> StoredExplanation | None:
    """None where it says nothing."""
    if not wire.description or not wire.description.strip():
        return None
    return StoredExplanation(
        wire.description,
        wire.type_name or "",
        wire.model_name or "",
        wire.created or _time_of(wire.id or ""),
    )


def _time_of(cuid: str) -> str:
    """When an id was made; "" where it is none, or of a time before there were any."""
    match = _CUID.fullmatch(cuid)
    seconds = int(match[1], 36) / 1000 if match else 0.0
    if seconds < _FIRST_CUIDS:
        return ""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def row_feature(data: bytes, source: Path | str, field: str = "") -> FeatureKey:
    """Tell which feature a row is of."""
    header = decode(data, _RowHeader, source=f"{source}{field}")
    layer, _, source_set = header.source.partition("-")
    try:
        return FeatureKey(header.model_id, source_set, int(layer), int(header.index))
    except ValueError:
        raise EvidenceError(
            f"{header.source!r}, {header.index!r} name no feature",
            source=source,
            field=f"{field}.layer, index".lstrip("."),
        ) from None


def _group(activation: WireRowActivation) -> str:
    low, high = activation.bin_min, activation.bin_max
    if low is None or high is None or low < 0:
        return "Top activations"
    return f"{low:.3g} to {high:.3g}"
