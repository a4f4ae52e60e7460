"""Tell which kind of evidence lies at a path, and open it."""

from pathlib import Path
from typing import Literal

import msgspec

from glossator.errors import EvidenceError
from glossator.evidence.evidence_file import decode, read_bytes
from glossator.evidence.feature_evidence import EvidenceSource
from glossator.evidence.feature_folder import FeatureFolder
from glossator.evidence.neuronpedia import NeuronpediaRows
from glossator.evidence.saedashboard import SaeDashboardBatches

Kind = Literal["feature folder", "neuronpedia", "saedashboard", "other"]


class _Clues(msgspec.Struct):
    """Keys that only one of the formats has."""

    examples_quantiles: msgspec.Raw = msgspec.Raw(b"")
    """Not ``Raw | None``: msgspec then takes null alone."""
    sae_set: str | None = None
    model_id: str | None = msgspec.field(default=None, name="modelId")


def open_evidence(path: Path, *, opaque_numbers: bool = False) -> EvidenceSource:
    """Open a file or a folder of evidence.

    Parameters
    ----------
    opaque_numbers : see `FeatureFolder`; true for Anthropic's graphs.

    Raises
    ------
    EvidenceError
        if nothing there is evidence in a known format.
    """
    if not path.exists():
        raise EvidenceError("no such file or folder", source=path)
    if (path / "index.json.gz").is_file():
        return FeatureFolder(path, opaque_numbers=opaque_numbers)
    files = _json_files(path) if path.is_dir() else [path]
    if not files:
        raise EvidenceError("the folder holds no .json file", source=path)
    kind = _kind_of(files[0])
    if kind == "feature folder":
        folder = path if path.is_dir() else path.parent
        return FeatureFolder(folder, opaque_numbers=opaque_numbers)
    if kind == "saedashboard":
        return SaeDashboardBatches(files, name=str(path))
    if kind == "neuronpedia":
        return NeuronpediaRows(files, name=str(path))
    raise EvidenceError(
        "no known evidence: expected circuit-tracer feature JSON "
        "(examples_quantiles), Neuronpedia features (modelId) or SAEDashboard "
        "batches (sae_set)",
        source=files[0],
    )


def _json_files(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.json"), *folder.glob("*.json.gz")])


def _kind_of(path: Path) -> Kind:
    data = read_bytes(path)
    if data.lstrip()[:1] == b"[":
        clues = next(iter(decode(data, list[_Clues], source=path)), _Clues())
    else:
        clues = decode(data, _Clues, source=path)
    if bytes(clues.examples_quantiles):
        return "feature folder"
    if clues.sae_set is not None:
        return "saedashboard"
    return "neuronpedia" if clues.model_id is not None else "other"
