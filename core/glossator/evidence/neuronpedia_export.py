"""Neuronpedia's bulk export: gzipped JSON lines, a thousand features a file.

``v1/{model}/{layer}-{source set}/`` holds the folders ``features``, ``explanations``
and ``activations`` of ``batch-{n}.jsonl.gz``. The first two are ordered by index as
text ("10" before "9"). Activations lie, in any order, in the batch of their index, each
batch for as many features. Lines are Neuronpedia's rows, taken apart.

``reference``: neuronpedia ``neuronpedia_utils/export-data.py``.
"""

import gzip
import re
import zlib
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from glossator.errors import EvidenceError
from glossator.evidence.evidence_file import MAX_BYTES, activation_column, decode
from glossator.evidence.feature_evidence import FeatureEvidence
from glossator.evidence.neuronpedia import (
    WireExplanation,
    WireRow,
    WireRowActivation,
    row_evidence,
)
from glossator.graph.attribution_graph import FeatureKey

_KINDS = ("features", "explanations", "activations")
BATCH = re.compile(r"batch-(\d{1,9})\.jsonl(?:\.gz)?")
INDEX = re.compile(rb'"index"\s*:\s*"?(\d{1,18})\b')
"""Inside a text the quotes would be escaped, so that the first match is the key's."""
_SOURCE = re.compile(rb'"(modelId|layer)"\s*:\s*"([^"\\]{1,200})"')
_MOST_LINE = 64 * 2**20
_TRIED_LINES = 100
"""Lines at the beginning of a file of which one must tell whose they are."""


class BatchLine(NamedTuple):
    place: str
    """File and number of the line, for errors."""
    data: bytes


class NeuronpediaExport:
    """Evidence from a folder of the export: of one source, of a model, or of several.

    What a file holds of the features that were named at the beginning is kept, packed,
    so that each file is read once for all of them. For others it is read again.
    """

    def __init__(
        self, folder: Path, features: Collection[FeatureKey] | None = None
    ) -> None:
        """Find the sources; nothing of them is read yet.

        Parameters
        ----------
        features : those that will be asked for.

        Raises
        ------
        EvidenceError
            if there are no sources.
        """
        self._folder = folder
        self._sources = [_Source(place) for place in source_folders(folder)]
        if not self._sources:
            message = (
                "no export of Neuronpedia (features/batch-0.jsonl.gz and the like)"
            )
            raise EvidenceError(message, source=folder)
        self._asked: dict[tuple[str, str], set[int]] = defaultdict(set)
        for feature in features or ():
            self._asked[_names(feature)].add(feature.index)

    @property
    def name(self) -> str:
        return f"Neuronpedia export {self._folder}"

    def evidence(self, feature: FeatureKey) -> FeatureEvidence | None:
        names = _names(feature)
        for source in self._sources:
            # Its folder may be called otherwise where it is the only one.
            named = len(self._sources) == 1 or source.folder.name == names[1]
            if named and source.names == names:
                return source.evidence(feature, self._asked.get(names, ()))
        return None


def recognises(path: Path) -> bool:
    """Whether a folder looks like an export, or a part of one."""
    return bool(source_folders(path))


def _names(feature: FeatureKey) -> tuple[str, str]:
    """Model and source id, as they stand in the lines."""
    return feature.model, f"{feature.layer}-{feature.source_set}"


def source_folders(folder: Path) -> list[Path]:
    for depth in ("", "*/", "*/*/"):
        found = {
            batch.parent.parent
            for kind in _KINDS
            for batch in folder.glob(f"{depth}{kind}/batch-*.jsonl*")
            if BATCH.fullmatch(batch.name)
        }
        if found:
            return sorted(found)
    return []


class _Source:
    """The three folders of a source."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._features = _OrderedBatches(folder / _KINDS[0])
        self._explanations = _OrderedBatches(folder / _KINDS[1])
        self._activations = _NumberedBatches(folder / _KINDS[2])

    @cached_property
    def names(self) -> tuple[str, str]:
        """Model and source id, by the first line that tells; raises EvidenceError."""
        kinds = (self._features, self._explanations, self._activations)
        firsts = [batches.files[0][1] for batches in kinds if batches.files]
        for path in firsts:
            with suppress(EvidenceError):
                for line in islice(lines_of(path), _TRIED_LINES):
                    found = dict(_SOURCE.findall(line.data))
                    if len(found) == 2:
                        return found[b"modelId"].decode(), found[b"layer"].decode()
        raise EvidenceError("no line tells modelId and layer", source=firsts[0])

    def evidence(
        self, feature: FeatureKey, asked: Collection[int]
    ) -> FeatureEvidence | None:
        index = feature.index
        features = self._features.lines(index, asked)
        explanations = self._explanations.lines(index, asked)
        activations = self._activations.lines(index, asked)
        if not (features or explanations or activations):
            return None
        row = WireRow(index=index)
        for line in features[:1]:
            row = decode(line.data, WireRow, source=line.place)
        row.explanations = [
            decode(line.data, WireExplanation, source=line.place)
            for line in explanations
        ]
        row.activations = [_activation(line) for line in activations]
        # As one row they are read like any other of Neuronpedia.
        return row_evidence(msgspec.json.encode(row), feature, str(self.folder))


def _activation(line: BatchLine) -> WireRowActivation:
    found = decode(line.data, WireRowActivation, source=line.place)
    n = len(found.tokens)
    activation_column(found.values, n, source=line.place, field="values")
    return found


class _Batches(ABC):
    """The files of one folder; absent ones are missed only where they are needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[Path, dict[int, bytes] | EvidenceError] = {}

    @cached_property
    def files(self) -> list[tuple[int, Path]]:
        """Number and path, by number."""
        found = {}
        for path in sorted(self._folder.glob("batch-*.jsonl*")):
            if match := BATCH.fullmatch(path.name):
                found[int(match[1])] = path
        return sorted(found.items())

    @abstractmethod
    def holding(self, index: int) -> list[Path]:
        """Files that may hold a feature's lines; raises EvidenceError."""

    def lines(self, index: int, asked: Collection[int]) -> list[BatchLine]:
        """Find a feature's lines.

        Parameters
        ----------
        asked : features whose lines are looked for and kept, if this is one of them.

        Raises
        ------
        EvidenceError
            if a file that may hold some is damaged.
        """
        found: list[BatchLine] = []
        for path in self.holding(index):
            if index in asked:
                found += _unpacked(self._all_asked(path, asked).get(index))
            else:
                found += _scanned(path, (index,)).get(index, ())
        return found

    def _all_asked(self, path: Path, asked: Collection[int]) -> dict[int, bytes]:
        if path not in self._kept:
            try:
                found = _scanned(path, asked)
                self._kept[path] = {i: _packed(lines) for i, lines in found.items()}
            except EvidenceError as error:
                self._kept[path] = error
        kept = self._kept[path]
        if isinstance(kept, EvidenceError):
            raise kept
        return kept


class _OrderedBatches(_Batches):
    """Batches in the order of their features' indices as text."""

    def holding(self, index: int) -> list[Path]:
        text = str(index)
        # Lines of one feature may begin in one batch and go on in the next.
        return [
            path
            for first, next_first, path in self._spans
            if first <= text and (next_first is None or text <= next_first)
        ]

    @cached_property
    def _spans(self) -> list[tuple[str, str | None, Path]]:
        """Of each file the first index, and that of the file after."""
        firsts = [(_first_index(path), path) for _, path in self.files]
        known = [str(first) for first, _ in firsts if first is not None]
        if known != sorted(known):
            return [("", None, path) for _, path in firsts]
        spans: list[tuple[str, str | None, Path]] = []
        at, begun = 0, ""
        for first, path in firsts:
            if first is not None:
                at, begun = at + 1, str(first)
            spans.append((begun, known[at] if at < len(known) else None, path))
        return spans


class _NumberedBatches(_Batches):
    """Batches each of the same number of features, a power of two: 1024 or 256."""

    def holding(self, index: int) -> list[Path]:
        bits = self._bits
        return [
            path
            for number, path in self.files
            if bits is None or index >> bits == number
        ]

    @cached_property
    def _bits(self) -> int | None:
        """The logarithm of that number; None where the files do not tell."""
        for number, path in self.files:
            first = _first_index(path) if number else None
            if first is not None:
                fitting = [bits for bits in range(40) if first >> bits == number]
                return fitting[0] if fitting else None
        return None


def _first_index(path: Path) -> int | None:
    """Index of the first line that has one; None where the file does not tell."""
    with suppress(EvidenceError):
        for line in islice(lines_of(path), _TRIED_LINES):
            if match := INDEX.search(line.data):
                return int(match[1])
    return None


def _scanned(path: Path, wanted: Collection[int]) -> dict[int, list[BatchLine]]:
    """Lines of some features, by index; other lines may be of any form."""
    found: dict[int, list[BatchLine]] = {}
    for line in lines_of(path):
        match = INDEX.search(line.data)
        if match and (index := int(match[1])) in wanted:
            found.setdefault(index, []).append(line)
    return found


def lines_of(path: Path) -> Iterator[BatchLine]:
    """Stream the lines of a file.

    Raises
    ------
    EvidenceError
        where it is damaged or cut off, or has too much in it.
    """
    number, room = 0, MAX_BYTES
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            while data := stream.readline(_MOST_LINE + 1):
                number += 1
                room -= len(data)
                place = f"{path}, line {number}"
                if len(data) > _MOST_LINE or room < 0:
                    raise EvidenceError("the file is too long", source=place)
                yield BatchLine(place, data)
    except (OSError, EOFError, zlib.error) as error:
        message = f"the file is damaged or cut off ({error})"
        raise EvidenceError(message, source=f"{path}, line {number + 1}") from error


def _packed(lines: list[BatchLine]) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(lines), 1)


def _unpacked(packed: bytes | None) -> list[BatchLine]:
    if packed is None:
        return []
    return msgspec.msgpack.decode(zlib.decompress(packed), type=list[BatchLine])
