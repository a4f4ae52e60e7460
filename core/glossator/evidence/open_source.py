"""Tell which kind of evidence lies at a path, and open it."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from glossator.errors import EvidenceError
from glossator.evidence import delphi, neuronpedia_export
from glossator.evidence.evidence_file import decode, read_bytes
from glossator.evidence.evidence_store import EvidenceStore
from glossator.evidence.feature_evidence import EvidenceSource
from glossator.evidence.feature_folder import INDEX_NAME, FeatureFolder
from glossator.evidence.neuronpedia import NeuronpediaRows
from glossator.evidence.saedashboard import SaeDashboardBatches
from glossator.graph.attribution_graph import FeatureKey

_SQLITE_MAGIC = b"SQLite format 3\0"


def open_evidence(
    path: Path,
    *,
    opaque_numbers: bool = False,
    features: Collection[FeatureKey] | None = None,
) -> EvidenceSource:
    """Open a file or a folder of evidence.

    Parameters
    ----------
    opaque_numbers : see `FeatureFolder`; true for Anthropic's graphs.
    features : those that will be asked for, if known: sources whose large files know
        no places then look for all of them at once.

    Raises
    ------
    EvidenceError
        if nothing there is evidence in a known format.
    """
    if not path.exists():
        raise EvidenceError("no such file or folder", source=path)
    given = _Given(path, opaque_numbers, features)
    for kind in _KINDS:
        source = kind.open(given)
        if source is not None:
            return source
    *most, last = (kind.told_by for kind in _KINDS)
    raise EvidenceError(
        f"no known evidence: expected {', '.join(most)} or {last}",
        source=given.files[0],
    )


def reads_whole_files(path: Path) -> bool:
    """Whether finding a feature there takes seconds: see `keep_evidence`."""
    return neuronpedia_export.recognises(path) or delphi.recognises(path)


class _Clues(msgspec.Struct):
    """Keys that only one of the JSON formats has."""

    examples_quantiles: msgspec.Raw = msgspec.Raw(b"")
    """Not ``Raw | None``: msgspec then takes null alone."""
    sae_set: str | None = None
    model_id: str | None = msgspec.field(default=None, name="modelId")


@dataclass(frozen=True)
class _Given:
    """A file or folder, of which no more is read than its kind takes to tell."""

    path: Path
    opaque_numbers: bool
    features: Collection[FeatureKey] | None

    @cached_property
    def files(self) -> list[Path]:
        """Itself, or the JSON files of a folder; raises EvidenceError."""
        if not self.path.is_dir():
            return [self.path]
        files = sorted([*self.path.glob("*.json"), *self.path.glob("*.json.gz")])
        if not files:
            raise EvidenceError("the folder holds no .json file", source=self.path)
        return files

    @cached_property
    def clues(self) -> _Clues:
        """Of the first record of the first file; raises EvidenceError."""
        first = self.files[0]
        data = read_bytes(first)
        if data.lstrip()[:1] == b"[":
            return next(iter(decode(data, list[_Clues], source=first)), _Clues())
        return decode(data, _Clues, source=first)


class _Opens(Protocol):
    def __call__(self, given: _Given, /) -> EvidenceSource | None:
        """Open it; None where it is of another kind."""
        ...


class _Kind(NamedTuple):
    told_by: str
    """What it is and what tells it from others, for who gave none of them."""
    open: _Opens


def _fetched(given: _Given) -> EvidenceSource | None:
    if not given.path.is_file():
        return None
    with suppress(OSError), given.path.open("rb") as file:
        if file.read(len(_SQLITE_MAGIC)) == _SQLITE_MAGIC:
            return EvidenceStore(given.path)
    return None


def _packed(given: _Given) -> EvidenceSource | None:
    if not (given.path / INDEX_NAME).is_file():
        return None
    return FeatureFolder(given.path, opaque_numbers=given.opaque_numbers)


def _export(given: _Given) -> EvidenceSource | None:
    if not neuronpedia_export.recognises(given.path):
        return None
    return neuronpedia_export.NeuronpediaExport(given.path, given.features)


def _delphi(given: _Given) -> EvidenceSource | None:
    if not delphi.recognises(given.path):
        return None
    return delphi.DelphiCache(given.path, given.features)


def _feature_json(given: _Given) -> EvidenceSource | None:
    if not bytes(given.clues.examples_quantiles):
        return None
    folder = given.path if given.path.is_dir() else given.path.parent
    return FeatureFolder(folder, opaque_numbers=given.opaque_numbers)


def _dashboards(given: _Given) -> EvidenceSource | None:
    if given.clues.sae_set is None:
        return None
    return SaeDashboardBatches(given.files, name=str(given.path))


def _rows(given: _Given) -> EvidenceSource | None:
    if given.clues.model_id is None:
        return None
    return NeuronpediaRows(given.files, name=str(given.path))


_KINDS = (
    _Kind("fetched evidence (.evidence)", _fetched),
    _Kind(f"packed features ({INDEX_NAME})", _packed),
    _Kind("an export of Neuronpedia (features/batch-0.jsonl.gz)", _export),
    _Kind("latents of delphi (0_1023.safetensors)", _delphi),
    _Kind("circuit-tracer feature JSON (examples_quantiles)", _feature_json),
    _Kind("SAEDashboard batches (sae_set)", _dashboards),
    _Kind("Neuronpedia features (modelId)", _rows),
)
"""In the order in which they are tried: those that a name or a magic number tells,
before those of which JSON is read."""
