"""Feature JSON of Anthropic's and circuit-tracer's viewers, in a local folder.

Two layouts (circuit-tracer ``frontend/feature_models.py``, ``util.js``): one
``{number}.json`` a feature, or ``index.json.gz`` with one ``layer_*.bin`` a layer,
whose records are a little-endian uint32 length and that many bytes of gzipped
(or zlib-compressed) JSON.
"""

import struct
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from glossator.errors import EvidenceError
from glossator.evidence.evidence_file import (
    activation_column,
    decode,
    read_bytes,
    unzipped,
)
from glossator.evidence.feature_evidence import (
    ActivationExample,
    FeatureEvidence,
    Histogram,
    LogitEffect,
    strongest_first,
)
from glossator.graph.attribution_graph import FeatureKey
from glossator.graph.feature_ids import cantor

_MAX_RECORD = 64 * 2**20


class WireExample(msgspec.Struct):
    tokens: list[str]
    tokens_acts_list: list[float]
    is_repeated_datapoint: bool = False


class WireQuantile(msgspec.Struct):
    quantile_name: str
    examples: list[WireExample]


class WireFeature(msgspec.Struct):
    examples_quantiles: list[WireQuantile]
    top_logits: list[str] = []
    bottom_logits: list[str] = []
    act_min: float | None = None
    act_max: float | None = None
    histogram: list[float] = []
    activation_frequency: float | None = None


class WireLayer(msgspec.Struct):
    filename: str
    offsets: list[int]


PackedIndex = dict[str, WireLayer]
"""By layer, where its records lie."""
INDEX_NAME = "index.json.gz"


class Place(NamedTuple):
    """Where a packed record lies: bytes start..stop of a file beside the index."""

    filename: str
    start: int
    stop: int


def find_record(index: PackedIndex, feature: FeatureKey) -> Place | None:
    """None where the index has no record of the feature; file names lose folders."""
    layer = index.get(str(feature.layer))
    if layer is None or feature.index + 1 >= len(layer.offsets):
        return None
    start, stop = layer.offsets[feature.index : feature.index + 2]
    return Place(Path(layer.filename).name, start, stop) if stop > start else None


def check_place(place: Place, source: str) -> None:
    """Refuse what cannot be a record's place, before anything is read there."""
    size = place.stop - place.start
    if size > _MAX_RECORD:
        raise EvidenceError(f"a record of {size:,} bytes", source=source)
    if place.start < 0 or place.filename in ("", ".."):
        raise EvidenceError(
            f"no place of a record: {place.filename!r}, {place.start}", source=source
        )


def unpacked(record: bytes, source: str) -> bytes:
    """The JSON of a packed record."""
    try:
        (length,) = struct.unpack_from("<I", record)
    except struct.error as error:
        raise EvidenceError(f"unreadable record ({error})", source=source) from error
    return unzipped(record[4 : 4 + length], source=source)


class FeatureFolder:
    """Evidence from a folder of feature JSON, read one feature at a time."""

    def __init__(self, folder: Path, *, opaque_numbers: bool = False) -> None:
        """Open a folder.

        Parameters
        ----------
        opaque_numbers : the files are named by the feature's global id (Anthropic's
            graphs) and not by the pairing of layer and index.
        """
        self._folder = folder
        self._opaque = opaque_numbers
        index = folder / INDEX_NAME
        self._index = (
            decode(read_bytes(index), PackedIndex, source=index)
            if index.is_file()
            else None
        )

    @property
    def name(self) -> str:
        return f"feature folder {self._folder}"

    def evidence(self, feature: FeatureKey) -> FeatureEvidence | None:
        if feature.attention:
            return None  # the folder's numbers are those of the transcoders
        if self._index is None:
            number = (
                feature.index if self._opaque else cantor(feature.layer, feature.index)
            )
            path = self._folder / f"{number}.json"
            if not path.is_file():
                return None
            return feature_evidence(read_bytes(path), feature, str(path))
        place = find_record(self._index, feature)
        return self._packed(feature, place) if place else None

    def _packed(self, feature: FeatureKey, place: Place) -> FeatureEvidence:
        path = self._folder / place.filename
        where = f"{path}[{feature.index}]"
        check_place(place, where)
        try:
            with path.open("rb") as file:
                file.seek(place.start)
                record = file.read(place.stop - place.start)
        except (OSError, ValueError) as error:
            raise EvidenceError(f"unreadable record ({error})", source=where) from error
        return feature_evidence(unpacked(record, where), feature, where)


def feature_evidence(data: bytes, feature: FeatureKey, origin: str) -> FeatureEvidence:
    """Decode a feature's JSON; `origin` is where it lies, for errors, too."""
    wire = decode(data, WireFeature, source=origin)
    examples = []
    for q, quantile in enumerate(wire.examples_quantiles):
        for e, example in enumerate(quantile.examples):
            activations = activation_column(
                example.tokens_acts_list,
                len(example.tokens),
                source=origin,
                field=f"examples_quantiles[{q}].examples[{e}].tokens_acts_list",
            )
            if example.tokens:
                examples.append(
                    ActivationExample(
                        tokens=tuple(example.tokens),
                        activations=activations,
                        group=quantile.quantile_name,
                        repeated=example.is_repeated_datapoint,
                    )
                )
    return FeatureEvidence(
        feature=feature,
        examples=strongest_first(examples),
        origin=origin,
        top_logits=tuple(LogitEffect(token, None) for token in wire.top_logits),
        bottom_logits=tuple(LogitEffect(token, None) for token in wire.bottom_logits),
        density=wire.activation_frequency,
        histogram=_histogram(wire),
    )


def _histogram(wire: WireFeature) -> Histogram | None:
    low, high = wire.act_min, wire.act_max
    if not wire.histogram or low is None or high is None or not low < high:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        edges = np.linspace(low, high, len(wire.histogram) + 1)
    return Histogram.of(edges, np.array(wire.histogram, dtype=np.float64))
