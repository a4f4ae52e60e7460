"""Neuronpedia feature JSON: ``Neuron`` rows, one a file or a list in one."""

from collections.abc import Iterable
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
from glossator.graph.attribution_graph import FeatureKey


class WireRowActivation(WireActivation):
    bin_min: float | None = msgspec.field(default=None, name="binMin")
    bin_max: float | None = msgspec.field(default=None, name="binMax")


class WireExplanation(msgspec.Struct):
    description: str | None = None
    type_name: str | None = msgspec.field(default=None, name="typeName")
    model_name: str | None = msgspec.field(default=None, name="explanationModelName")


class _RowHeader(msgspec.Struct, kw_only=True):
    model_id: str = msgspec.field(name="modelId")
    source: str = msgspec.field(name="layer")
    """``{layer}-{source set}``."""
    index: str | int


class WireRow(DashboardRecord, kw_only=True):
    index: str | int
    activations: list[WireRowActivation] = msgspec.field(default_factory=list)
    explanations: list[WireExplanation] = msgspec.field(default_factory=list)


class NeuronpediaRows:
    """Evidence from saved Neuronpedia features; each file is read when needed."""

    def __init__(self, files: Iterable[Path], *, name: str) -> None:
        self._name = name
        self._places: dict[FeatureKey, tuple[Path, int]] = {}
        self._last: tuple[Path, list[bytes]] | None = None
        for path in files:
            for at, row in enumerate(_rows(path)):
                self._places[_key(row, path, at)] = (path, at)

    @property
    def name(self) -> str:
        return f"Neuronpedia features {self._name}"

    @property
    def features(self) -> tuple[FeatureKey, ...]:
        return tuple(self._places)

    def evidence(self, feature: FeatureKey) -> FeatureEvidence | None:
        place = self._places.get(feature)
        if place is None:
            return None
        path, at = place
        if self._last is None or self._last[0] != path:
            self._last = (path, _rows(path))
        rows = self._last[1]
        if at >= len(rows) or _key(rows[at], path, at) != feature:
            raise EvidenceError("the file changed since it was opened", source=path)
        record = decode(rows[at], WireRow, source=f"{path}[{at}]")
        return to_evidence(
            record,
            record.activations,
            feature,
            groups=tuple(_group(a) for a in record.activations),
            origin=str(path),
            field=f"[{at}]",
            explanations=tuple(
                StoredExplanation(e.description, e.type_name or e.model_name or "")
                for e in record.explanations
                if e.description
            ),
        )


def _rows(path: Path) -> list[bytes]:
    """The rows of a file, undecoded: a broken one does not hide the others."""
    data = read_bytes(path)
    if data.lstrip()[:1] == b"{":
        return [data]
    return [bytes(row) for row in decode(data, list[msgspec.Raw], source=path)]


def _key(row: bytes, path: Path, at: int) -> FeatureKey:
    header = decode(row, _RowHeader, source=f"{path}[{at}]")
    layer, _, source_set = header.source.partition("-")
    try:
        return FeatureKey(header.model_id, source_set, int(layer), int(header.index))
    except ValueError:
        raise EvidenceError(
            f"{header.source!r}, {header.index!r} name no feature",
            source=path,
            field=f"[{at}].layer, index",
        ) from None


def _group(activation: WireRowActivation) -> str:
    low, high = activation.bin_min, activation.bin_max
    if low is None or high is None or low < 0:
        return "Top activations"
    return f"{low:.3g} to {high:.3g}"
