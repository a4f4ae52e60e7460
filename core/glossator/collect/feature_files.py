"""Write feature JSON as Anthropic's and circuit-tracer's viewers read it.

Packed, as `glossator.evidence.feature_folder` tells; or one file a feature, as
circuit-tracer's viewer asks for (``./{scan}/{feature}.json``).
"""

import gzip
import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import msgspec

from glossator.evidence.evidence_file import decode, read_bytes
from glossator.evidence.feature_folder import INDEX_NAME, WireLayer, unpacked
from glossator.graph.feature_ids import cantor


class WrittenExample(msgspec.Struct, frozen=True):
    tokens: list[str]
    tokens_acts_list: list[float | int]
    train_token_ind: int
    """Place of the top token."""
    is_repeated_datapoint: bool = False


class WrittenQuantile(msgspec.Struct, frozen=True):
    quantile_name: str
    examples: list[WrittenExample]


class WrittenFeature(msgspec.Struct, frozen=True, kw_only=True):
    """Evidence of a feature; `feature_folder.WireFeature` reads the same."""

    index: int
    """Of layer and in-layer index, by `cantor`."""
    transcoder_id: str
    examples_quantiles: list[WrittenQuantile]
    top_logits: list[str]
    bottom_logits: list[str]
    act_min: float | int
    act_max: float | int
    quantile_values: list[float | int]
    histogram: list[int]
    activation_frequency: float


@dataclass(frozen=True)
class FeatureRecord:
    layer: int
    index: int
    content: WrittenFeature


def write_packed(folder: Path, records: Iterable[FeatureRecord]) -> None:
    """Write one file a layer and, last of all, the index; records sorted by feature.

    A file appears under its name once it is complete.
    """
    folder.mkdir(parents=True, exist_ok=True)
    index: dict[str, WireLayer] = {}
    for layer, own in groupby(records, key=lambda record: record.layer):
        data, offsets = bytearray(), [0]
        for record in own:
            offsets += [len(data)] * (record.index + 1 - len(offsets))
            packed = _zipped(msgspec.json.encode(record.content))
            data += struct.pack("<I", len(packed)) + packed
            offsets.append(len(data))
        name = f"layer_{layer}.bin"
        _replace(folder / name, bytes(data))
        index[str(layer)] = WireLayer(filename=name, offsets=offsets)
    _replace(folder / INDEX_NAME, _zipped(msgspec.json.encode(index)))


def write_feature_files(folder: Path, out: Path) -> int:
    """Write the records of a packed folder as ``{number}.json``, one a feature.

    The number pairs layer and index as graphs of schema 1 do. Returns how many.

    Raises
    ------
    EvidenceError
        if the folder is not packed evidence.
    """
    source = folder / INDEX_NAME
    index = decode(read_bytes(source), dict[str, WireLayer], source=source)
    out.mkdir(parents=True, exist_ok=True)
    written = 0
    for layer, lying in index.items():
        path = folder / Path(lying.filename).name
        data = read_bytes(path)
        for at, (start, stop) in enumerate(
            zip(lying.offsets, lying.offsets[1:], strict=False)
        ):
            if stop > start:
                content = unpacked(data[start:stop], f"{path}[{at}]")
                (out / f"{cantor(int(layer), at)}.json").write_bytes(content)
                written += 1
    return written


def _zipped(data: bytes) -> bytes:
    return gzip.compress(data, 9, mtime=0)


def _replace(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    os.replace(part, path)
