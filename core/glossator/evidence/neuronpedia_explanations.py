"""Explanations alone, out of Neuronpedia's bulk export: nothing else of it is read."""

from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path

import msgspec

from glossator.errors import EvidenceError
from glossator.evidence.evidence_file import decode
from glossator.evidence.feature_evidence import StoredExplanation
from glossator.evidence.neuronpedia import (
    WireExplanation,
    row_feature,
    stored_explanation,
)
from glossator.evidence.neuronpedia_export import (
    BATCH,
    INDEX,
    lines_of,
    source_folders,
)
from glossator.graph.attribution_graph import FeatureKey

FOLDER = "explanations"
_SUFFIXES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")


class _Clues(msgspec.Struct):
    """Keys that tell a line of explanations from any other."""

    model_id: str = msgspec.field(name="modelId")
    source: str = msgspec.field(name="layer")
    description: str | None


def holds_explanations(path: Path) -> bool:
    """Whether a file is JSON lines of explanations, by the first."""
    return path.name.lower().endswith(_SUFFIXES) and _source_of(path) is not None


def explanation_files(
    place: Path, features: Collection[FeatureKey]
) -> tuple[Path, ...]:
    """Files that may explain features; none where the place is of another kind.

    Parameters
    ----------
    place : one file, the folder of them, or a folder of the export: of a source, of a
        model, or of several.
    features : as Neuronpedia calls them.
    """
    if place.is_file():
        return (place,) if holds_explanations(place) else ()
    folders = [folder / FOLDER for folder in source_folders(place)]
    sources = {(f.model, f"{f.layer}-{f.source_set}") for f in features}
    return tuple(
        path
        for folder in folders or [place]
        for path in sorted(folder.glob("batch-*.jsonl*"))
        if BATCH.fullmatch(path.name) and _source_of(path) in sources
    )


def read_explanations(
    path: Path, features: Collection[FeatureKey]
) -> Iterator[tuple[FeatureKey, StoredExplanation]]:
    """Read what a file says of features; lines of others may be of any form.

    Raises
    ------
    EvidenceError
        that names the line, where one of a feature cannot be read.
    """
    indices = {feature.index for feature in features}
    for line in lines_of(path):
        match = INDEX.search(line.data)
        if match is None or int(match[1]) not in indices:
            continue
        feature = row_feature(line.data, line.place)
        if feature in features:
            wire = decode(line.data, WireExplanation, source=line.place)
            told = stored_explanation(wire)
            if told is not None:
                yield feature, told


def _source_of(path: Path) -> tuple[str, str] | None:
    """Model and source id, by the first line; None where it explains nothing."""
    try:
        for line in islice(lines_of(path), 1):
            clues = msgspec.json.decode(line.data, type=_Clues)
            return clues.model_id, clues.source
    except (EvidenceError, msgspec.DecodeError, UnicodeDecodeError):
        pass
    return None
